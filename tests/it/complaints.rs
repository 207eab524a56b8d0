//! Complaints through the table: who is told of them, once, and what is counted.

use lazo::shell::intake;
use lazo::shell::rules::Rules;
use lazo::shell::store::{Moment, Month, NoticeState};
use lazo::{dispatch, ingest};
use lazo_domain::instant::Instant;
use lazo_domain::notice::{NoticeId, NoticeKind};
use serde_json::{Value, json};

use crate::support::events::{PERSONAL, batch, delivered, envelope, profile};
use crate::support::recorder::{Reply, Service};
use crate::support::{World, at, id, minutes_after};

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

async fn bring(world: &World, kind: &str, at: Instant, mut detail: Value) {
    detail["customer_id"] = "ana".into();
    detail["occurred_at"] = at.to_string().into();
    let response = ingest::handle(&world.app, batch(&[envelope(kind, at, detail)]), at).await;
    assert!(response.batch_item_failures.is_empty());
}

/// Ana complains at noon about a delivery: by the shipped policy it goes up
/// after four hours each.
async fn complained() -> World {
    let world = World::shipped().await;
    let known = profile("ana", minutes_after(noon(), -60), json!({}));
    ingest::handle(&world.app, batch(&[known]), noon()).await;
    let detail = json!({ "complaint_id": "q-1", "severity": "high", "category": "delivery" });
    bring(&world, "ComplaintOpened", noon(), detail).await;
    world
}

fn hours(hours: i64) -> Instant {
    minutes_after(noon(), hours * 60)
}

/// To whom mail went.
fn mailed(world: &World) -> Vec<String> {
    let requests = world.recorder.requests(Service::Ses);
    let to = |r: &Value| r["Destination"]["ToAddresses"][0].as_str().unwrap().to_owned();
    requests.iter().map(to).collect()
}

fn escalated(world: &World) -> Vec<Value> {
    let published = world.recorder.entries().into_iter();
    published.filter(|(kind, _)| kind == "ComplaintEscalated").map(|(_, detail)| detail).collect()
}

#[tokio::test]
async fn it_goes_up_level_by_level_and_each_is_told_once() {
    let world = complained().await;
    let open = world.app.store.open_complaints().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].complaint.as_str(), open[0].deadline), ("q-1", Some(hours(4))));
    let policy = &world.app.rules().book.policy;
    assert_eq!(policy.department(open[0].category.as_ref().map(|c| c.as_str())), "logistics");

    dispatch::run(&world.app, minutes_after(hours(4), -1)).await.unwrap();
    assert!(mailed(&world).is_empty() && escalated(&world).is_empty());
    for hour in [4, 5, 8, 9, 12, 13, 40, 400] {
        for _ in 0..2 {
            dispatch::run(&world.app, hours(hour)).await.unwrap();
        }
    }
    let everyone = ["clientes", "tienda", "direccion"];
    assert_eq!(mailed(&world), everyone.map(|name| format!("{name}@casalumbre.example")));
    let told = escalated(&world);
    let levels: Vec<_> =
        told.iter().map(|t| (t["level"].clone(), t["escalated_to"].clone())).collect();
    let expected = ["care", "store_manager", "director"];
    let expected: Vec<_> =
        (1..).zip(expected).map(|(level, to)| (json!(level), json!(to))).collect();
    assert_eq!(levels, expected);
    assert_eq!(told[0]["complaint_id"], "q-1");
    for word in PERSONAL {
        assert!(!told.iter().any(|told| told.to_string().contains(word)), "{word}");
    }
    assert_eq!(world.app.store.escalations(&id("ana")).await.unwrap().len(), 3);
    assert_eq!(world.customer(&id("ana")).await.next_due(), None);
}

#[tokio::test]
async fn resolved_in_time_nobody_is_told_and_it_is_off_the_list() {
    let world = complained().await;
    let detail = json!({ "complaint_id": "q-1", "root_cause": "carrier late" });
    bring(&world, "ComplaintResolved", hours(3), detail).await;
    dispatch::run(&world.app, hours(30)).await.unwrap();
    assert!(escalated(&world).is_empty());
    assert!(!mailed(&world).contains(&"clientes@casalumbre.example".to_owned()));
    assert!(world.app.store.open_complaints().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_mail_that_was_refused_for_now_goes_later_and_the_event_does_not_again() {
    let world = complained().await;
    world.recorder.script(Service::Ses, [Reply::Fail(429, "TooManyRequestsException")]);
    dispatch::run(&world.app, hours(4)).await.unwrap();
    assert_eq!((mailed(&world).len(), escalated(&world).len()), (1, 1));
    let next = world.customer(&id("ana")).await.next_due().unwrap();
    assert!(next > hours(4) && next < hours(5));
    dispatch::run(&world.app, next).await.unwrap();
    dispatch::run(&world.app, minutes_after(next, 10)).await.unwrap();
    assert_eq!((mailed(&world).len(), escalated(&world).len()), (2, 1));
    let parts = ["ana", "q-1", "1"];
    let notice = NoticeId::new(NoticeKind::ComplaintEscalated, &parts, "care");
    let told = world.app.store.notice(&notice).await.unwrap();
    assert_eq!(told.map(|entry| entry.state), Some(NoticeState::Sent));
}

#[tokio::test]
async fn an_event_that_the_bus_did_not_take_comes_later_and_before_the_mail() {
    let world = complained().await;
    world.recorder.script(Service::EventBridge, [Reply::Partial(1)]);
    dispatch::run(&world.app, hours(4)).await.unwrap();
    assert!(mailed(&world).is_empty());
    let next = world.customer(&id("ana")).await.next_due().unwrap();
    dispatch::run(&world.app, next).await.unwrap();
    assert_eq!((mailed(&world).len(), escalated(&world).len()), (1, 2), "the same key both times");
}

#[tokio::test]
async fn a_restored_state_goes_up_no_second_time() {
    let world = complained().await;
    let before = world.app.store.load(&id("ana")).await.unwrap().customer;
    dispatch::run(&world.app, hours(4)).await.unwrap();
    let loaded = world.app.store.load(&id("ana")).await.unwrap();
    let ledger = lazo::shell::store::Ledger::default();
    world.app.store.commit(&loaded, before, &ledger, hours(4)).await.unwrap();
    dispatch::run(&world.app, hours(5)).await.unwrap();
    assert_eq!((mailed(&world).len(), escalated(&world).len()), (1, 1));
    assert_eq!(world.customer(&id("ana")).await.next_due(), Some(hours(8)), "the next level stays");
}

#[tokio::test]
async fn it_is_asked_whether_it_is_solved_and_a_bad_answer_opens_it_again() {
    let world = complained().await;
    let resolved = json!({ "complaint_id": "q-1", "root_cause": "carrier late" });
    bring(&world, "ComplaintResolved", hours(1), resolved).await;
    let due = world.customer(&id("ana")).await.next_due().unwrap();
    dispatch::run(&world.app, due).await.unwrap();
    let calls = world.app.store.calls_about(&id("ana")).await.unwrap();
    assert_eq!(calls.len(), 1);
    let touch = calls[0].touch.to_string();
    assert_eq!(touch, "complaint-follow-up/ana/q-1/call");
    let reported = minutes_after(due, 5);
    let detail = json!({
        "call_id": "r-1", "touch_id": touch, "outcome": "reached", "satisfaction": 1,
    });
    for _ in 0..2 {
        bring(&world, "CallReported", reported, detail.clone()).await;
    }
    let open = world.app.store.open_complaints().await.unwrap();
    assert_eq!(open.len(), 1);
    let again = &open[0];
    assert_eq!((again.complaint.as_str(), again.opened_at), ("q-1~2", Some(reported)));
    assert_eq!(again.category.as_ref().unwrap().as_str(), "delivery");
    assert_eq!(again.deadline, Some(minutes_after(reported, 240)), "as severe as before");
}

/// What a month's complaints come to: opened, resolved, causes.
async fn counted(world: &World, month: Month) -> (usize, usize, Vec<String>) {
    let counted = world.app.store.complaints_of(month).await.unwrap();
    let of = |moment| counted.iter().filter(move |one| one.moment == moment);
    let opened =
        of(Moment::Opened).count() + counted.iter().filter(|one| one.was_never_opened).count();
    let cause = |one: &lazo::shell::store::CountedComplaint| {
        let text = |line: &Option<lazo_domain::event::Line>| {
            line.as_ref().map_or("?", |line| line.as_str()).to_owned()
        };
        format!("{}: {}", text(&one.category), text(&one.root_cause))
    };
    (opened, of(Moment::Resolved).count(), of(Moment::Resolved).map(cause).collect())
}

#[tokio::test]
async fn causes_are_counted_once_by_category_and_month_in_any_order() {
    let november = Month { year: 2026, month: 11 };
    let events = [
        (
            "ComplaintOpened",
            json!({ "complaint_id": "q-1", "severity": "low", "category": "delivery" }),
            hours(0),
        ),
        (
            "ComplaintResolved",
            json!({ "complaint_id": "q-1", "root_cause": "carrier late" }),
            hours(2),
        ),
        (
            "ComplaintResolved",
            json!({ "complaint_id": "q-9", "root_cause": "unclear label" }),
            hours(3),
        ),
    ];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0]] {
        let world = World::shipped().await;
        for _ in 0..2 {
            for index in order {
                let (kind, detail, at) = events[index].clone();
                bring(&world, kind, at, detail).await;
            }
        }
        let (opened, resolved, mut causes) = counted(&world, november).await;
        causes.sort();
        assert_eq!((opened, resolved), (2, 2), "{order:?}");
        assert_eq!(causes, ["?: unclear label", "delivery: carrier late"], "{order:?}");
        assert_eq!(counted(&world, november.before()).await, (0, 0, Vec::new()));
    }
}

#[tokio::test]
async fn history_is_counted_and_goes_up_nowhere() {
    let world = World::new(Rules::from(None).unwrap()).await;
    let mut texts = Vec::new();
    for number in 0..40 {
        let at = minutes_after(noon(), -number * 1440);
        let detail = json!({
            "complaint_id": format!("q-{number}"), "customer_id": "ana", "category": "product",
            "severity": "high", "occurred_at": at.to_string(),
        });
        texts.push(envelope("ComplaintOpened", at, detail));
        let detail = json!({
            "complaint_id": format!("q-{number}"), "customer_id": "ana", "root_cause": "glue",
            "occurred_at": minutes_after(at, 60).to_string(),
        });
        if number > 0 {
            texts.push(envelope("ComplaintResolved", at, detail));
        }
    }
    let events: Vec<_> = texts.iter().map(|text| delivered(text)).collect();
    let imported = intake::history::import(&world.app, &id("ana"), &events, noon()).await.unwrap();
    assert_eq!(imported.counted, texts.len());
    let months = [(2026, 11), (2026, 10)].map(|(year, month)| Month { year, month });
    let mut opened = 0;
    for month in months {
        opened += counted(&world, month).await.0;
    }
    assert_eq!(opened, 40);
    assert_eq!(world.app.store.open_complaints().await.unwrap().len(), 1);
    dispatch::run(&world.app, hours(400)).await.unwrap();
    assert!(escalated(&world).is_empty());
}

#[tokio::test]
async fn who_is_forgotten_is_off_the_list_and_goes_up_nowhere() {
    let world = complained().await;
    bring(&world, "CustomerErased", hours(1), json!({ "request_id": "e-1" })).await;
    assert!(world.app.store.open_complaints().await.unwrap().is_empty());
    dispatch::run(&world.app, hours(30)).await.unwrap();
    assert!(escalated(&world).is_empty() && mailed(&world).is_empty());
}
