//! Whether one may call now, call backs, and reports that correct others, through the
//! table.

use lazo::shell::call_list::{self, Claim, Correction, Gone};
use lazo::shell::store::{CallStatus, TouchState};
use lazo::{dispatch, ingest};
use lazo_domain::decide::CallNow;
use lazo_domain::event::CallOutcome;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Reason, TouchId};
use serde_json::{Value, json};

use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::{World, at, id, minutes_after, rules};

/// A Tuesday; each customer's call is asked for on Wednesday at eleven.
fn noon() -> Instant {
    at("2026-11-17T12:00:00-06:00")
}

fn asked() -> Instant {
    at("2026-11-18T11:00:00-06:00")
}

fn night() -> Instant {
    at("2026-11-18T22:33:00-06:00")
}

fn touch(customer: &str, step: &str) -> TouchId {
    let (rule, occurrence) = ("hello".into(), format!("p-{customer}"));
    TouchId { rule, customer: id(customer), occurrence, step: step.into() }
}

const POLICY: &str = "
default_time_zone: America/Mexico_City
default_locale: es
currency: MXN
call_team: shop
teams: { shop: { members: [eva, luis] } }
people: { eva: { email: eva@example.com }, luis: { email: luis@example.com } }
windows: { call: { mon-fri: '09:00-19:00' } }
closed_days: ['2026-11-20']
";

const HELLO: &str = "
rule: hello
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [PurchaseRefunded]
steps:
  - id: call
    channel: call
    template: hello
    wait: 1 day
    at: '11:00'
    expires: 6 days
    attempts: { max: 2, gap: 1 day, then: task, template: missed }
";

async fn bring(world: &World, customer: &str, kind: &str, at: Instant, mut detail: Value) {
    detail["customer_id"] = customer.into();
    detail["occurred_at"] = at.to_string().into();
    let response = ingest::handle(&world.app, batch(&[envelope(kind, at, detail)]), at).await;
    assert!(response.batch_item_failures.is_empty());
}

async fn report(world: &World, step: &str, at: Instant, mut more: Value) {
    let key = format!("r-{step}-{}-{}", at.millis(), more["outcome"].as_str().unwrap());
    more["call_id"] = key.into();
    more["touch_id"] = touch("ana", step).to_string().into();
    bring(world, "ana", "CallReported", at, more).await;
}

/// Whose calls are on the list, each by the customer's own clock.
async fn asked_for(policy: &str, rule: &str, customers: &[(&str, &str)]) -> World {
    let world = World::new(rules(&[("policy.yaml", policy), ("hello.yaml", rule)])).await;
    for (name, zone) in customers {
        let told = json!({ "time_zone": zone });
        let bought = purchase(name, &format!("p-{name}"), noon(), "10.00");
        let events = [profile(name, noon(), told), bought];
        ingest::handle(&world.app, batch(&events), noon()).await;
    }
    dispatch::run(&world.app, asked()).await.unwrap();
    world
}

async fn ana() -> World {
    asked_for(POLICY, HELLO, &[("ana", "America/Mexico_City")]).await
}

async fn claim(world: &World, customer: &str, step: &str, now: Instant) -> Claim {
    call_list::claim(&world.app, &touch(customer, step), "eva", now).await.unwrap()
}

async fn list(world: &World, now: Instant) -> Vec<String> {
    let listed = call_list::open_of_all(&world.app, now).await.unwrap();
    let book = &world.app.rules().book;
    let line = |one: &call_list::Listed| {
        let opens = match one.may_be_made(book, now) {
            CallNow::Yes => String::new(),
            CallNow::Later { reason, opens } => format!(" {reason} {opens:?}"),
            CallNow::Never { reason } => format!(" never {reason}"),
        };
        format!("{} {}{opens}", one.customer.id, one.call.touch.step)
    };
    listed.iter().map(line).collect()
}

fn not_now(reason: Reason, opens: Option<&str>) -> Claim {
    Claim::NotNow { reason, opens: opens.map(at) }
}

#[tokio::test]
async fn nobody_gets_a_call_that_may_not_be_made_now() {
    let world = ana().await;
    // Half past ten at night; and the day after tomorrow is closed.
    let opens = "2026-11-19T09:00:00-06:00";
    assert_eq!(
        claim(&world, "ana", "call", night()).await,
        not_now(Reason::QuietHours, Some(opens))
    );
    let before_closed = at("2026-11-19T19:00:00-06:00");
    let monday = Some("2026-11-23T09:00:00-06:00");
    assert_eq!(
        claim(&world, "ana", "call", before_closed).await,
        not_now(Reason::QuietHours, monday)
    );
    assert_eq!(
        list(&world, night()).await,
        [format!("ana call quiet_hours {:?}", Some(at(opens)))]
    );

    let opened = json!({ "complaint_id": "k", "severity": "low", "category": "x" });
    bring(&world, "ana", "ComplaintOpened", asked(), opened).await;
    let morning = at("2026-11-19T09:30:00-06:00");
    assert_eq!(claim(&world, "ana", "call", morning).await, not_now(Reason::ComplaintOpen, None));
    bring(&world, "ana", "ComplaintResolved", asked(), json!({ "complaint_id": "k" })).await;
    // The pause outlasts the call.
    assert_eq!(claim(&world, "ana", "call", morning).await, not_now(Reason::ComplaintOpen, None));

    // Who calls all the same and reports it is heard.
    report(&world, "call", night(), json!({ "outcome": "reached", "by": "eva" })).await;
    let call = world.app.store.call(&touch("ana", "call")).await.unwrap().unwrap();
    assert_eq!((call.status, call.outcome.as_deref()), (CallStatus::Done, Some("reached")));
}

#[tokio::test]
async fn without_hours_for_calls_a_call_is_taken_at_night() {
    let policy = POLICY.replace("windows: { call: { mon-fri: '09:00-19:00' } }\n", "");
    let world = asked_for(&policy, HELLO, &[("ana", "America/Mexico_City")]).await;
    let until = minutes_after(night(), 30);
    assert_eq!(claim(&world, "ana", "call", night()).await, Claim::Yours { until });
}

#[tokio::test]
async fn what_may_be_called_now_comes_first_and_then_what_opens_first() {
    let zones = [
        ("ana", "America/Mexico_City"),
        ("bea", "Europe/Madrid"),
        ("carl", "America/Los_Angeles"),
        ("dora", "America/New_York"),
    ];
    let world = asked_for(POLICY, HELLO, &zones).await;
    // Each is asked for at eleven by their own clock.
    dispatch::run(&world.app, at("2026-11-18T13:00:00-06:00")).await.unwrap();
    let now = at("2026-11-18T17:30:00-06:00");
    // Six in New York: half an hour is left there; Madrid sleeps, Los Angeles works.
    let order: Vec<String> = list(&world, now).await;
    let opens = at("2026-11-19T09:00:00+01:00");
    let bea = format!("bea call quiet_hours {:?}", Some(opens));
    assert_eq!(order, ["dora call", "ana call", "carl call", bea.as_str()]);
}

#[tokio::test]
async fn a_refund_takes_an_open_call_off_the_list() {
    let world = ana().await;
    let back = json!({ "refund_id": "f", "purchase_id": "p-ana" });
    bring(&world, "ana", "PurchaseRefunded", minutes_after(asked(), 5), back).await;
    let now = minutes_after(asked(), 10);
    assert!(list(&world, now).await.is_empty());
    let gone = Claim::Gone(Gone::Over("exited".into()));
    assert_eq!(claim(&world, "ana", "call", now).await, gone);
}

#[tokio::test]
async fn who_asks_to_be_called_back_is_on_the_list_again_then() {
    let world = ana().await;
    let reported = minutes_after(asked(), 20);
    let named = at("2026-11-23T16:30:00-06:00");
    let promise = json!({ "outcome": "call_back", "call_back_at": named.to_string(), "by": "eva" });
    report(&world, "call", reported, promise).await;
    assert!(list(&world, reported).await.is_empty());
    assert_eq!(world.customer(&id("ana")).await.next_due(), Some(named));
    dispatch::run(&world.app, named).await.unwrap();
    assert_eq!(list(&world, named).await, ["ana call.2"]);
    let customer = world.customer(&id("ana")).await;
    let promised = lazo_domain::decide::promised(&customer, &touch("ana", "call.2"));
    assert_eq!(promised, Some((reported, Some(named))));
    assert_eq!(customer.contacts[0].by.as_ref().unwrap().as_str(), "eva");
}

/// What a report of the first call by Eva at an instant would correct.
async fn correction(world: &World, by: &str, now: Instant) -> Option<Correction> {
    let call = world.app.store.call(&touch("ana", "call")).await.unwrap().unwrap();
    call_list::correction(&world.app, &call, by, now).await.unwrap()
}

#[tokio::test]
async fn a_rep_corrects_a_report_and_is_told_what_has_gone_out() {
    let rule = HELLO.replace("max: 2", "max: 1");
    let world = asked_for(POLICY, &rule, &[("ana", "America/Mexico_City")]).await;
    let now = minutes_after(asked(), 20);
    assert!(correction(&world, "eva", now).await.is_none());
    report(&world, "call", now, json!({ "outcome": "no_answer", "by": "eva" })).await;
    let later = minutes_after(now, 5);
    let found = correction(&world, "eva", later).await.unwrap();
    assert_eq!((found.of.outcome, found.gone.len()), (CallOutcome::NoAnswer, 0));
    assert!(correction(&world, "luis", later).await.is_none());
    assert!(correction(&world, "eva", minutes_after(now, 24 * 60 + 1)).await.is_none());
    // The fall-back goes before the mistake is seen.
    dispatch::run(&world.app, later).await.unwrap();
    let found = correction(&world, "eva", minutes_after(now, 10)).await.unwrap();
    let gone: Vec<_> = found.gone.iter().map(|one| (one.touch.step.as_str(), one.state)).collect();
    assert_eq!(gone, [("call.then", TouchState::Sent)]);
    report(&world, "call", minutes_after(now, 10), json!({ "outcome": "reached", "by": "eva" }))
        .await;
    // An earlier report that comes once more does not undo the later one.
    report(&world, "call", now, json!({ "outcome": "no_answer", "by": "eva" })).await;
    let call = world.app.store.call(&touch("ana", "call")).await.unwrap().unwrap();
    assert_eq!(call.outcome.as_deref(), Some("reached"));
}

#[tokio::test]
async fn a_call_that_a_mistake_took_off_the_list_is_put_back() {
    let world = ana().await;
    let now = minutes_after(asked(), 20);
    report(&world, "call", now, json!({ "outcome": "no_answer", "by": "eva" })).await;
    let again = world.customer(&id("ana")).await.next_due().unwrap();
    dispatch::run(&world.app, again).await.unwrap();
    assert_eq!(list(&world, again).await, ["ana call.2"]);
    let first = minutes_after(again, 1);
    report(&world, "call", first, json!({ "outcome": "wrong_number", "by": "luis" })).await;
    assert!(list(&world, first).await.is_empty());
    let second = minutes_after(again, 2);
    report(&world, "call", second, json!({ "outcome": "no_answer", "by": "luis" })).await;
    assert_eq!(list(&world, second).await, ["ana call.2"]);
    assert!(world.customer(&id("ana")).await.wrong_numbers.is_empty());
}

#[tokio::test]
async fn a_task_is_done_or_not_whatever_words_it_is_told_in() {
    let rule = HELLO.replace("max: 2", "max: 1");
    for (told, kept) in
        [("done", "done"), ("not_done", "not_done"), ("reached", "done"), ("no_answer", "not_done")]
    {
        let world = asked_for(POLICY, &rule, &[("ana", "America/Mexico_City")]).await;
        let now = minutes_after(asked(), 20);
        report(&world, "call", now, json!({ "outcome": "voicemail" })).await;
        dispatch::run(&world.app, now).await.unwrap();
        assert_eq!(list(&world, night()).await, ["ana call.then"], "a task has no hours");
        report(&world, "call.then", night(), json!({ "outcome": told, "note": "closed" })).await;
        let task = world.app.store.call(&touch("ana", "call.then")).await.unwrap().unwrap();
        assert_eq!((task.status, task.outcome.as_deref()), (CallStatus::Done, Some(kept)));
        assert!(world.customer(&id("ana")).await.pending().next().is_none());
    }
}
