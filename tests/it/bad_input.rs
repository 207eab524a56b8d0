//! What comes in and does not fit: kept with a reason that says what is wrong,
//! where and how it should be, or counted for what it is worth. Nobody else's
//! events wait for it.

use lazo::ingest;
use lazo::store::{CallStatus, FailureKind, Month};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::{World, at, id, minutes_after};

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

/// An event about Ana, at noon.
fn of_ana(kind: &str, mut detail: Value) -> String {
    detail["customer_id"] = "ana".into();
    detail["occurred_at"] = noon().to_string().into();
    envelope(kind, noon(), detail)
}

fn answered(more: Value) -> String {
    let mut detail = json!({ "answer_id": "a1", "touchpoint": "delivery" });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    of_ana("SurveyAnswered", detail)
}

async fn put(world: &World, events: &[String]) {
    let response = ingest::handle(&world.app, batch(events), noon()).await;
    assert!(response.batch_item_failures.is_empty());
}

/// What was kept aside, with the reason.
async fn kept(world: &World) -> Vec<String> {
    let failures = world.app.store.failures(minutes_after(noon(), 1)).await.unwrap();
    assert!(failures.iter().all(|failure| failure.kind == FailureKind::Event));
    failures.into_iter().map(|failure| failure.why).collect()
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_kept_with_what_where_and_how() {
    let mut told = Vec::new();
    for more in [
        json!({ "nps": 11 }),
        json!({ "csat": 0 }),
        json!({ "csat": "5" }),
        json!({ "nps": 9, "comment": "a".repeat(100_000) }),
    ] {
        let world = World::shipped().await;
        // Whoever comes behind it is not held up.
        put(&world, &[answered(more), profile("eva", noon(), json!({}))]).await;
        told.extend(kept(&world).await);
        assert_eq!(world.app.store.answers(&id("ana")).await.unwrap(), []);
        assert!(world.customer(&id("eva")).await.profile.email.latest().is_some());
    }
    let expected = [
        "SurveyAnswered: nps: is 11, the scale is 0 to 10",
        "SurveyAnswered: csat: is 0, the scale is 1 to 5",
        "SurveyAnswered: csat: invalid type: string \"5\", expected a whole number from 1 to 5, without quotes",
        "SurveyAnswered: comment: has 100002 bytes, an event at most 65536; shorten it",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_answer_to_no_survey_counts_and_the_same_one_twice_counts_once() {
    let world = World::shipped().await;
    let of = json!({ "nps": 3, "touch_id": "recommendation-survey/ana/never-sent/mail" });
    put(&world, &[answered(of.clone())]).await;
    let before = world.items().await;
    put(&world, &[answered(of)]).await;
    assert_eq!(world.items().await, before);
    let ana = world.customer(&id("ana")).await;
    assert_eq!(ana.nps.latest(), Some(&3));
    assert_eq!(world.app.store.answers(&id("ana")).await.unwrap().len(), 1);
    assert!(kept(&world).await.is_empty());
}

#[tokio::test]
async fn a_report_of_an_unknown_call_counts_and_changes_no_other() {
    let world = World::shipped().await;
    let dedicated = json!({ "relationship": "dedicated", "account_manager": "eva" });
    let known = profile("ana", minutes_after(noon(), -2 * 1440), dedicated);
    let then = minutes_after(noon(), -1440);
    let bought = purchase("ana", "p1", then, "10.00");
    let app = &world.app;
    ingest::handle(app, batch(&[known, bought]), then).await;
    lazo::dispatch::run(app, noon()).await.unwrap();
    for (key, touch) in [
        ("c1", json!("thank-you-call/ana/p7/call")),
        ("c2", json!("thank-you-call/eva/p1/call")),
        ("c3", json!("nobody knows what this is")),
        ("c4", Value::Null),
    ] {
        let report = json!({ "call_id": key, "touch_id": touch, "outcome": "no_answer" });
        put(&world, &[of_ana("CallReported", report)]).await;
    }
    assert!(kept(&world).await.is_empty(), "{:?}", kept(&world).await);
    let calls = app.store.open_calls("eva", noon()).await.unwrap();
    assert_eq!((calls.len(), calls[0].status), (1, CallStatus::Open));
    let (events, _) = app.store.ledger(&id("ana")).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind.as_str() == "CallReported").count(), 4);
}

#[tokio::test]
async fn a_resolution_of_no_complaint_counts_as_opened_and_closed() {
    let world = World::shipped().await;
    let resolved = json!({ "complaint_id": "q9", "root_cause": "carrier" });
    for _ in 0..2 {
        put(&world, &[of_ana("ComplaintResolved", resolved.clone())]).await;
    }
    assert!(kept(&world).await.is_empty());
    assert!(world.app.store.open_complaints().await.unwrap().is_empty());
    let month = Month::of(noon(), &world.app.rules().book.default_zone);
    let counted = world.app.store.complaints_of(month).await.unwrap();
    assert_eq!(counted.len(), 1);
    assert!(counted[0].was_never_opened);
    // Whoever opens it afterwards tells what is over.
    let opened = json!({ "complaint_id": "q9", "severity": "high", "category": "delivery" });
    put(&world, &[of_ana("ComplaintOpened", opened)]).await;
    assert!(world.app.store.open_complaints().await.unwrap().is_empty());
}
