//! Two ids that turn out to be one person.

use lazo::dispatch;
use lazo::feedback::{Resolution, settle};
use lazo::shell::app::App;
use lazo::shell::intake::{self, Taken};
use lazo::shell::store::TouchState;
use lazo_domain::event::Delivered;
use lazo_domain::history::Until;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::simulation::{Period, simulate};
use lazo_domain::touch::{Reason, TouchStatus};
use serde_json::json;

use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, at, id, minutes_after, rules};

const POLICY: &str = "
brand: { name: Casa Lumbre, from: hola@casalumbre.example }
currency: MXN
default_locale: es
";

const THANKS: &str = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: mail, channel: email, template: note, wait: 1 day }
  - { id: call, channel: call, template: note, wait: 1 day }
";

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

fn merge(key: &str, stays: &str, goes: &str, when: Instant) -> String {
    let detail = json!({
        "merge_id": key, "customer_id": stays, "merged_id": goes, "occurred_at": when.to_string(),
    });
    envelope("CustomerMerged", when, detail)
}

async fn world() -> World {
    World::new(rules(&[("policy.yaml", POLICY), ("thanks.yaml", THANKS)])).await
}

fn mails(world: &World) -> usize {
    world.recorder.requests(Service::Ses).len()
}

async fn take(world: &World, text: &str, now: Instant) -> Taken {
    intake::take(&world.app, &delivered(text), now).await.unwrap()
}

#[tokio::test]
async fn history_is_one_and_each_key_counts_once_under_both_ids() {
    let world = world().await;
    take(&world, &profile("ana", noon(), json!({})), noon()).await;
    take(&world, &purchase("guest", "p-1", noon(), "10"), noon()).await;
    take(&world, &purchase("ana", "p-2", noon(), "20"), noon()).await;
    let later = minutes_after(noon(), 60);
    assert_eq!(take(&world, &merge("m-1", "ana", "guest", later), later).await, Taken::Counted);
    assert_eq!(take(&world, &merge("m-1", "ana", "guest", later), later).await, Taken::Duplicate);
    for (customer, key) in [("ana", "p-1"), ("guest", "p-1"), ("guest", "p-2"), ("ana", "p-2")] {
        let told = take(&world, &purchase(customer, key, noon(), "10"), later).await;
        assert_eq!(told, Taken::Duplicate, "{customer} {key}");
    }
    assert_eq!(take(&world, &purchase("guest", "p-3", later, "5"), later).await, Taken::Counted);
    let person = world.app.store.person(&id("guest")).await.unwrap().customer;
    assert_eq!(person.id, id("ana"));
    assert_eq!(person.history.count(Until::ALL), 3);
    assert_eq!(person.enrolments.len(), 3);
}

#[tokio::test]
async fn what_went_out_under_one_id_does_not_go_under_the_other() {
    let world = world().await;
    for customer in ["ana", "guest"] {
        take(&world, &profile(customer, noon(), json!({})), noon()).await;
    }
    take(&world, &purchase("guest", "p-1", noon(), "10"), noon()).await;
    let tomorrow = minutes_after(noon(), 1440 + 1);
    dispatch::run(&world.app, tomorrow).await.unwrap();
    assert_eq!(mails(&world), 1);
    // The same order under the other id, and then that both are one.
    take(&world, &purchase("ana", "p-1", noon(), "10"), tomorrow).await;
    take(&world, &merge("m-1", "ana", "guest", tomorrow), tomorrow).await;
    for hours in 1..100 {
        dispatch::run(&world.app, minutes_after(tomorrow, hours * 60)).await.unwrap();
    }
    assert_eq!(mails(&world), 1, "thanked once");
    let published = world.recorder.entries();
    let calls = published.iter().filter(|(kind, _)| kind == "CallRequested").count();
    assert_eq!(calls, 1, "called once");
}

#[tokio::test]
async fn what_is_on_its_way_out_is_settled_and_goes_on_under_the_id_that_stays() {
    let world = world().await;
    for customer in ["ana", "guest"] {
        take(&world, &profile(customer, noon(), json!({})), noon()).await;
    }
    take(&world, &purchase("guest", "p-1", noon(), "10"), noon()).await;
    let tomorrow = minutes_after(noon(), 1440 + 1);
    // The sender stops behind its fence.
    let loaded = world.app.store.load(&id("guest")).await.unwrap();
    let rules = world.app.rules();
    let input = lazo_domain::decide::Input::Due;
    let decision =
        lazo_domain::decide::decide(loaded.customer.clone(), input, &rules.book, tomorrow);
    let entries = decision.sends.iter().map(|send| {
        lazo::shell::store::LedgerEntry::Touch(lazo::shell::store::TouchEntry::fence(send))
    });
    let ledger = lazo::shell::store::Ledger { entries: entries.collect() };
    world.app.store.commit(&loaded, decision.customer, &ledger, tomorrow).await.unwrap();
    take(&world, &merge("m-1", "ana", "guest", tomorrow), tomorrow).await;
    let left = world.app.store.load(&id("guest")).await.unwrap().customer;
    assert_eq!((left.merged_into, left.enrolments.len()), (Some(id("ana")), 1));
    // Nobody knows of the mail; somebody looks, and it did not go out.
    dispatch::run(&world.app, minutes_after(tomorrow, 5)).await.unwrap();
    dispatch::run(&world.app, minutes_after(tomorrow, 70)).await.unwrap();
    let word = Resolution::Resend;
    let touch = "thanks/guest/p-1/mail";
    settle(&world.app, touch, word, minutes_after(tomorrow, 80)).await.unwrap();
    for minutes in [90, 91, 92] {
        dispatch::run(&world.app, minutes_after(tomorrow, minutes)).await.unwrap();
    }
    assert_eq!(mails(&world), 1);
    let (_, touches) = world.app.store.ledger(&id("ana")).await.unwrap();
    assert!(touches.iter().any(|t| t.touch.step == "mail" && t.state == TouchState::Sent));
    assert!(world.app.store.load(&id("guest")).await.unwrap().customer.enrolments.is_empty());
}

/// `ana` is held out of this rule and `guest` is not: what was begun for the guest
/// goes no further, however far it has got.
#[tokio::test]
async fn whoever_is_held_out_under_the_id_that_stays_hears_no_more() {
    let calm = THANKS.replace("thanks", "calm").replace("purpose", "holdout: 50%\npurpose");
    let files = [("policy.yaml", POLICY), ("calm.yaml", calm.as_str())];
    let cases = [
        // It is due and has not gone yet.
        (0, 0, 0, Some(("mail", TouchState::HeldOut))),
        // The mail went, and the call is to come.
        (1, 1, 0, Some(("call", TouchState::Skipped))),
        // Somebody was asked to call: nothing else is pending.
        (2, 1, 1, None),
    ];
    for (runs, mails_sent, calls, ended) in cases {
        let world = World::new(rules(&files)).await;
        for customer in ["ana", "guest"] {
            take(&world, &profile(customer, noon(), json!({})), noon()).await;
        }
        take(&world, &purchase("guest", "p-1", noon(), "10"), noon()).await;
        let mut now = minutes_after(noon(), 1440);
        for _ in 0..runs {
            now = minutes_after(now, 1);
            dispatch::run(&world.app, now).await.unwrap();
            now = minutes_after(now, 1440);
        }
        take(&world, &merge("m-1", "ana", "guest", now), now).await;
        for hours in 1..100 {
            dispatch::run(&world.app, minutes_after(now, hours * 60)).await.unwrap();
        }
        assert_eq!(mails(&world), mails_sent, "{runs}");
        let published = world.recorder.entries();
        let asked = published.iter().filter(|(kind, _)| kind == "CallRequested").count();
        assert_eq!(asked, calls, "{runs}");
        let (_, touches) = world.app.store.ledger(&id("ana")).await.unwrap();
        let found: Vec<_> =
            touches.iter().map(|t| (t.touch.step.as_str(), t.state, t.reason)).collect();
        let expected: Vec<_> =
            ended.iter().map(|(step, state)| (*step, *state, Some(Reason::Holdout))).collect();
        assert_eq!(found, expected, "{runs}");
        assert!(world.customer(&id("ana")).await.enrolments.is_empty());
    }
}

#[tokio::test]
async fn whoever_is_forgotten_is_forgotten_under_each_id_and_a_replay_brings_nothing_back() {
    let world = world().await;
    let mut told = vec![
        profile("ana", noon(), json!({})),
        profile("guest", noon(), json!({ "email": "guest@example.com" })),
        purchase("guest", "p-1", noon(), "10"),
        merge("m-1", "ana", "guest", minutes_after(noon(), 1)),
        purchase("guest", "p-2", minutes_after(noon(), 2), "10"),
    ];
    for text in &told {
        take(&world, text, minutes_after(noon(), 3)).await;
    }
    let when = minutes_after(noon(), 10);
    let erased =
        json!({ "customer_id": "guest", "request_id": "e-1", "occurred_at": when.to_string() });
    take(&world, &envelope("CustomerErased", when, erased), when).await;
    told.reverse();
    for text in &told {
        take(&world, text, minutes_after(noon(), 20)).await;
    }
    for customer in ["ana", "guest"] {
        let person = world.app.store.person(&id(customer)).await.unwrap().customer;
        assert!(person.erased_at.is_some());
        assert_eq!(person.history.count(Until::ALL), 0);
    }
    let all = world.items().await.into_iter().collect::<String>();
    for personal in ["Marisol", "guest@example.com", "marisol.nandu"] {
        assert!(!all.contains(personal), "{personal} is still there");
    }
}

/// The state is the same in whatever order all is told.
#[tokio::test]
async fn the_order_in_which_it_is_told_makes_no_difference() {
    let told = [
        profile("ana", noon(), json!({ "birthday": "1984-03-01" })),
        profile("guest", minutes_after(noon(), -60), json!({ "email": "guest@example.com" })),
        purchase("guest", "p-1", minutes_after(noon(), -5 * 1440), "10"),
        purchase("ana", "p-1", minutes_after(noon(), -5 * 1440), "10"),
        purchase("ana", "p-2", minutes_after(noon(), -4 * 1440), "20"),
        merge("m-1", "ana", "guest", minutes_after(noon(), 1)),
    ];
    let now = minutes_after(noon(), 30);
    let mut states = Vec::new();
    for turn in 0..told.len() {
        let world = world().await;
        for text in told.iter().cycle().skip(turn).take(told.len()) {
            take(&world, text, now).await;
        }
        let mut customer = world.app.store.person(&id("ana")).await.unwrap().customer;
        // When they were looked at, and what was refused, differs.
        customer.occasions_until = None;
        customer.fired.clear();
        customer.stages.iter_mut().for_each(|entered| entered.learnt_at = None);
        states.push(serde_json::to_value(&customer).unwrap());
    }
    for (turn, state) in states.iter().enumerate() {
        assert_eq!(state, &states[0], "from {turn} on");
    }
}

/// The simulator and the handlers, with ids that become one half-way: the same
/// touches under each id.
#[tokio::test]
async fn the_simulator_goes_the_same_way() {
    let world = world().await;
    let days = |days: i64| minutes_after(noon(), days * 1440);
    let mut events: Vec<_> = [
        profile("ana", days(-9), json!({})),
        profile("guest", days(-9), json!({ "email": "guest@example.com" })),
        purchase("guest", "p-1", days(-8), "10"),
        purchase("ana", "p-1", days(-3), "10"),
        purchase("guest", "p-2", days(-1), "10"),
        purchase("ana", "p-3", minutes_after(days(0), -30), "10"),
        merge("m-1", "ana", "guest", days(0)),
        purchase("guest", "p-4", days(1), "10"),
    ]
    .iter()
    .map(|text| delivered(text))
    .collect();
    let (ids, until) = ([id("ana"), id("guest")], days(20));
    let period = Period { from: Instant::MIN, until };
    let expected = simulate(id("ana"), &mut events, &[], &world.app.rules().book, period);
    replay_people(&world.app, &ids, &events, until).await;
    let mut found = Vec::new();
    for one in &ids {
        let (_, touches) = world.app.store.ledger(one).await.unwrap();
        let sent = touches.into_iter().filter(|touch| touch.state == TouchState::Sent);
        found.extend(sent.map(|touch| (touch.touch.to_string(), touch.at)));
    }
    found.sort();
    let sent = expected.touches.iter().filter(|record| record.status == TouchStatus::Sent);
    let mut told: Vec<_> = sent.map(|record| (record.touch.to_string(), record.at)).collect();
    told.sort();
    assert_eq!(found, told);
    assert!(found.len() > 5, "{found:?}");
}

/// Brings some ids' events and wakes each for every alarm, in the order of time.
async fn replay_people(app: &App, ids: &[Id], events: &[Delivered], until: Instant) {
    let mut now = Instant::MIN;
    for delivered in events {
        wake(app, ids, &mut now, delivered.at, false).await;
        now = delivered.at;
        intake::take(app, delivered, now).await.unwrap();
    }
    wake(app, ids, &mut now, until, true).await;
}

async fn wake(app: &App, ids: &[Id], now: &mut Instant, until: Instant, inclusive: bool) {
    loop {
        let mut next: Option<(Instant, &Id)> = None;
        for one in ids {
            let customer = app.store.load(one).await.unwrap().customer;
            let alarm = customer.next_alarm().map(|alarm| (alarm.max(*now), one));
            next = next.into_iter().chain(alarm).min();
        }
        let Some((alarm, one)) = next else { return };
        if alarm > until || (alarm == until && !inclusive) {
            return;
        }
        *now = alarm;
        dispatch::attend(app, one, alarm).await.unwrap();
    }
}
