//! Calls through the table: tried again, taken by one rep, moved and withdrawn.

use lazo::shell::call_list::{self, Claim, Gone};
use lazo::shell::rules::Rules;
use lazo::shell::store::{CallStatus, TouchState};
use lazo::{dispatch, ingest};
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;
use serde_json::{Value, json};

use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, at, id, minutes_after, rules};

/// A Tuesday; Ana's thank-you call is asked for on Wednesday at eleven.
pub fn noon() -> Instant {
    at("2026-11-17T12:00:00-06:00")
}

pub fn asked() -> Instant {
    at("2026-11-18T11:00:00-06:00")
}

pub fn touch(step: &str) -> TouchId {
    let customer = id("ana");
    TouchId { rule: "thank-you-call".into(), customer, occurrence: "p1".into(), step: step.into() }
}

pub async fn bring(world: &World, kind: &str, at: Instant, mut detail: Value) {
    detail["customer_id"] = "ana".into();
    detail["occurred_at"] = at.to_string().into();
    let response = ingest::handle(&world.app, batch(&[envelope(kind, at, detail)]), at).await;
    assert!(response.batch_item_failures.is_empty());
}

async fn report(world: &World, key: &str, at: Instant, step: &str, outcome: &str) {
    let touch = touch(step).to_string();
    let detail = json!({ "call_id": key, "outcome": outcome, "touch_id": touch });
    bring(world, "CallReported", at, detail).await;
}

/// Ana's call is on the list.
pub async fn asked_for() -> World {
    let world = World::shipped().await;
    let told = json!({ "relationship": "dedicated", "account_manager": "lucia.ortega" });
    let events = [profile("ana", noon(), told), purchase("ana", "p1", noon(), "129.90")];
    ingest::handle(&world.app, batch(&events), noon()).await;
    assert_eq!(dispatch::run(&world.app, asked()).await.unwrap().sent, 1);
    world
}

async fn list(world: &World, of: &str, now: Instant) -> Vec<String> {
    let listed = call_list::open(&world.app, &[of.to_owned()], now).await.unwrap();
    listed.iter().map(|one| one.call.touch.to_string()).collect()
}

#[tokio::test]
async fn three_attempts_and_one_mail_each_once() {
    let world = asked_for().await;
    let mut now = asked();
    for (number, step) in ["call", "call.2", "call.3"].into_iter().enumerate() {
        assert_eq!(list(&world, "lucia.ortega", now).await, [touch(step).to_string()]);
        let outcome = if number == 1 { "voicemail" } else { "no_answer" };
        let reported = minutes_after(now, 20);
        for _ in 0..2 {
            report(&world, &format!("r{number}"), reported, step, outcome).await;
        }
        assert!(list(&world, "lucia.ortega", reported).await.is_empty());
        now = world.customer(&id("ana")).await.next_due().unwrap();
        for _ in 0..2 {
            dispatch::run(&world.app, now).await.unwrap();
        }
    }
    let mails = world.recorder.requests(Service::Ses);
    assert_eq!(mails.len(), 1, "the fall-back");
    let asked: Vec<String> = world
        .recorder
        .entries()
        .into_iter()
        .filter(|(kind, _)| kind == "CallRequested")
        .map(|(_, detail)| detail["touch_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(asked, ["call", "call.2", "call.3"].map(|step| touch(step).to_string()));
    let (_, ledger) = world.app.store.ledger(&id("ana")).await.unwrap();
    assert_eq!(ledger.len(), 4);
    assert!(ledger.iter().all(|entry| entry.state == TouchState::Sent), "{ledger:?}");
    assert!(world.customer(&id("ana")).await.enrolments.is_empty());
}

#[tokio::test]
async fn of_two_reps_one_gets_the_call_until_the_claim_ends() {
    let world = asked_for().await;
    let claim = |by: &'static str, now: Instant| {
        let app = world.app.clone();
        async move { call_list::claim(&app, &touch("call"), by, now).await.unwrap() }
    };
    let (one, other) = futures::join!(claim("ana.ruiz", asked()), claim("luis.paz", asked()));
    let until = minutes_after(asked(), 30);
    let won = [&one, &other].into_iter().filter(|c| **c == Claim::Yours { until }).count();
    assert_eq!(won, 1, "{one:?} {other:?}");
    let holder = if one == (Claim::Yours { until }) { "ana.ruiz" } else { "luis.paz" };
    let later = minutes_after(asked(), 29);
    assert_eq!(claim("eva.sol", later).await, Claim::Taken { by: holder.into(), until });
    assert_eq!(claim("eva.sol", until).await, Claim::Yours { until: minutes_after(until, 30) });
    report(&world, "r1", minutes_after(until, 1), "call", "reached").await;
    let call = world.app.store.call(&touch("call")).await.unwrap().unwrap();
    assert_eq!((call.status, call.claimed_by), (CallStatus::Done, None));
    let gone = Claim::Gone(Gone::Over("reached".into()));
    assert_eq!(claim("eva.sol", minutes_after(until, 2)).await, gone);
}

#[tokio::test]
async fn an_expired_call_says_so_and_its_report_counts_in_the_history() {
    let world = asked_for().await;
    let late = at("2026-11-23T11:00:00-06:00");
    dispatch::run(&world.app, late).await.unwrap();
    let claim = call_list::claim(&world.app, &touch("call"), "eva", late).await.unwrap();
    assert_eq!(claim, Claim::Gone(Gone::Expired { at: late }));
    report(&world, "r1", minutes_after(late, 5), "call", "no_answer").await;
    let ana = world.customer(&id("ana")).await;
    assert!(ana.enrolments.is_empty() && ana.contacts.len() == 1);
    // And one about a call that never was.
    report(&world, "r2", minutes_after(late, 6), "nothing/at all", "no_answer").await;
    assert_eq!(world.customer(&id("ana")).await.contacts.len(), 2);
    assert!(world.app.store.failures(late).await.unwrap().is_empty());
    assert_eq!(call_list::find(&world.app, "no/such/call/at-all").await.unwrap(), None);
}

#[tokio::test]
async fn a_wrong_number_and_a_no_take_calls_off_the_list_at_once() {
    for outcome in ["wrong_number", "do_not_call"] {
        let world = asked_for().await;
        bring(
            &world,
            "CallReported",
            minutes_after(asked(), 5),
            json!({ "call_id": "elsewhere", "outcome": outcome }),
        )
        .await;
        let call = world.app.store.call(&touch("call")).await.unwrap().unwrap();
        assert_eq!(call.status, CallStatus::Done, "{outcome}");
        let why = if outcome == "wrong_number" { "suppressed" } else { "no_consent" };
        assert_eq!(call.outcome.as_deref(), Some(why));
        assert!(list(&world, "lucia.ortega", minutes_after(asked(), 6)).await.is_empty());
    }
}

#[tokio::test]
async fn another_type_of_relationship_moves_what_nobody_has_taken() {
    let world = asked_for().await;
    let at_ten_past = minutes_after(asked(), 10);
    bring(&world, "CustomerUpdated", at_ten_past, json!({ "account_manager": "mateo.rios" })).await;
    assert!(list(&world, "lucia.ortega", at_ten_past).await.is_empty());
    assert_eq!(list(&world, "mateo.rios", at_ten_past).await, [touch("call").to_string()]);

    call_list::claim(&world.app, &touch("call"), "mateo.rios", at_ten_past).await.unwrap();
    let at_twelve_past = minutes_after(asked(), 12);
    bring(&world, "CustomerUpdated", at_twelve_past, json!({ "account_manager": "eva" })).await;
    assert_eq!(list(&world, "mateo.rios", at_twelve_past).await.len(), 1, "it is being made");

    let later = minutes_after(asked(), 15);
    bring(&world, "CustomerUpdated", later, json!({ "relationship": "transactional" })).await;
    assert!(list(&world, "mateo.rios", later).await.is_empty(), "the type allows no calls");
}

const LIST: [(&str, &str); 2] = [
    (
        "policy.yaml",
        "
default_time_zone: America/Mexico_City
default_locale: es
currency: MXN
teams: { shop: { members: [eva] }, other: { members: [luis] } }
people: { eva: { email: eva@example.com }, luis: { email: luis@example.com } }
",
    ),
    (
        "hello.yaml",
        "
rule: hello
status: live
purpose: service
during_complaint: send
trigger: { event: PurchaseCompleted }
steps: [{ id: call, channel: call, template: hello, assign_to: shop, wait: 1 day, at: '10:00' }]
",
    ),
];

#[tokio::test]
async fn the_list_goes_by_deadline_then_complaint_then_worth() {
    let world = World::new(rules(&LIST)).await;
    let early = minutes_after(noon(), -24 * 60);
    let customers = [
        ("small", "10.00", None, noon()),
        ("large", "900.00", None, noon()),
        ("grave", "1.00", Some("high"), noon()),
        ("mild", "2.00", Some("low"), noon()),
        ("first", "1.00", None, early),
    ];
    for (name, amount, severity, bought) in customers {
        let mut events = vec![
            profile(name, bought, json!({})),
            purchase(name, &format!("p-{name}"), bought, amount),
        ];
        if let Some(severity) = severity {
            let complaint = json!({
                "complaint_id": format!("q-{name}"), "customer_id": name, "category": "product",
                "occurred_at": bought.to_string(), "severity": severity,
            });
            events.push(envelope("ComplaintOpened", bought, complaint));
        }
        ingest::handle(&world.app, batch(&events), bought).await;
    }
    let now = at("2026-11-18T10:00:00-06:00");
    dispatch::run(&world.app, now).await.unwrap();
    let names = call_list::lists_of(&world.app.rules().book, "eva");
    assert_eq!(names, ["eva", "shop"]);
    let listed = call_list::open(&world.app, &names, now).await.unwrap();
    let order: Vec<&str> = listed.iter().map(|one| one.customer.id.as_str()).collect();
    assert_eq!(order, ["first", "grave", "mild", "large", "small"]);
    assert_eq!(call_list::open_of_all(&world.app, now).await.unwrap().len(), 5);
    let luis = call_list::lists_of(&world.app.rules().book, "luis");
    assert!(call_list::open(&world.app, &luis, now).await.unwrap().is_empty());
}

/// What the script says of voicemail, attempt by attempt.
#[tokio::test]
async fn the_script_leaves_a_message_on_the_last_attempt_but_one() {
    use lazo_domain::decide::call_facts;
    let world = asked_for().await;
    let rules: Rules = Rules::from(None).unwrap();
    let ana = world.customer(&id("ana")).await;
    let facts = |step: &str| call_facts(&ana, &rules.book, &touch(step), asked());
    assert_eq!(facts("call").next_on.unwrap().to_string(), "2026-11-19");
    assert_eq!((facts("call.2").attempt, facts("call.2").attempts), (2, 3));
    assert_eq!(facts("call.3").then.unwrap().as_str(), "email");
    assert_eq!(facts("call.3").next_on, None);
}
