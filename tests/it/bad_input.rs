//! What comes in and does not fit: kept with a reason that says what is wrong,
//! where and how it should be, or counted for what it is worth. Nobody else's
//! events wait for it.

use lazo::ingest;
use lazo::shell::intake::{self, Taken};
use lazo::shell::store::{CallStatus, FailureKind, Month};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use crate::support::events::{batch, delivered, envelope, profile, purchase};
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
    for more in [json!({ "nps": 11 }), json!({ "csat": 0 }), json!({ "csat": "5" })] {
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
        "SurveyAnswered: csat: is text, expected a whole number from 1 to 5, without quotes",
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

/// What counts in part, with what it counts without.
async fn partly(world: &World) -> Vec<String> {
    let failures = world.app.store.failures(minutes_after(noon(), 1)).await.unwrap();
    let partly = failures.into_iter().filter(|one| one.kind == FailureKind::PartlyTaken);
    partly.map(|one| one.why).collect()
}

#[tokio::test]
async fn an_event_counts_without_an_optional_field_that_does_not_fit() {
    let world = World::shipped().await;
    let long = answered(json!({ "nps": 9, "comment": "a".repeat(300_000) }));
    let bad = json!({ "email": "marisol at example", "time_zone": "Mars/Olympus", "birthday": "0000-00-00" });
    let told = profile("ana", noon(), bad);
    put(&world, &[long.clone(), told.clone()]).await;
    // It comes again, and is listed once.
    put(&world, &[long, told]).await;
    assert_eq!(world.app.store.answers(&id("ana")).await.unwrap().len(), 1);
    let ana = world.customer(&id("ana")).await;
    assert_eq!(ana.nps.latest(), Some(&9));
    assert_eq!(ana.profile.given.latest().unwrap().as_str(), "Marisol");
    assert!(ana.profile.email.latest().is_none() && ana.profile.birthday.latest().is_none());
    let rules = world.app.rules();
    let zone = ana.zone(&rules.book.default_zone);
    assert_eq!(zone.iana_name(), Some("America/Mexico_City"));
    let mut listed = partly(&world).await;
    listed.sort();
    assert_eq!(
        listed,
        [
            "counted without birthday: is no date such as 1984-03-09, or --03-09 where the year is not known; email: is no e-mail address such as ana@example.com; time_zone: is no IANA time zone such as America/Mexico_City",
            "counted without comment: has 300000 characters, at most 10000 are taken",
        ]
    );
}

#[tokio::test]
async fn what_was_left_out_of_a_profile_counts_once_it_is_mended() {
    let world = World::shipped().await;
    let app = &world.app;
    put(&world, &[profile("ana", noon(), json!({ "email": "marisol at example" }))]).await;
    assert_eq!(partly(&world).await.len(), 1);
    let mended = delivered(&profile("ana", noon(), json!({})));
    assert_eq!(intake::take(app, &mended, noon()).await.unwrap(), Taken::Counted);
    let ana = world.customer(&id("ana")).await;
    assert_eq!(ana.profile.email.latest().unwrap().as_str(), "marisol.nandu@example.com");
    // An event with a key has counted: the mended one changes nothing.
    let visit = |note: Value| {
        of_ana(
            "ComplaintOpened",
            json!({ "complaint_id": "q", "severity": "high", "category": "x", "description": note }),
        )
    };
    put(&world, &[visit(json!(7))]).await;
    assert_eq!(partly(&world).await.len(), 2);
    let mended = delivered(&visit(json!("late")));
    assert_eq!(intake::take(app, &mended, noon()).await.unwrap(), Taken::Duplicate);
}

#[tokio::test]
async fn what_somebody_forgotten_told_is_not_kept_in_part() {
    let world = World::shipped().await;
    put(&world, &[profile("ana", noon(), json!({ "phone": "nine" }))]).await;
    assert_eq!(partly(&world).await.len(), 1);
    put(&world, &[of_ana("CustomerErased", json!({ "request_id": "r" }))]).await;
    assert!(partly(&world).await.is_empty());
    put(&world, &[profile("ana", noon(), json!({ "phone": "ten" }))]).await;
    assert!(partly(&world).await.is_empty());
}

#[tokio::test]
async fn any_number_anywhere_leaves_the_others_their_way() {
    let world = World::shipped().await;
    let digits = "1234567890".repeat(5);
    let numbers = [
        "1e300",
        "-1e300",
        "1e126",
        "9.9e125",
        "1e400",
        "-1e999999",
        "1e-130",
        "1e-131",
        "1e-200",
        "-1e-400",
        "5e-324",
        "1.7976931348623157e308",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "18446744073709551615",
        &digits,
        &format!("-{digits}.5"),
        &format!("0.{digits}"),
        "0.0",
        "-0.0",
        "0e999",
        "4.0",
    ];
    let total = json!({ "amount": "9.00", "currency": "MXN" });
    let item = json!({ "sku": "a", "name": "A", "quantity": "NUMBER", "unit_price": { "amount": "NUMBER", "currency": "MXN" } });
    let fields = [
        (
            "CustomerUpdated",
            json!({ "attributes": { "v": "NUMBER", "w": 1 }, "phone": "NUMBER", "more": { "x": ["NUMBER"], "of": "P" } }),
        ),
        (
            "PurchaseCompleted",
            json!({ "purchase_id": "P", "total": total, "items": [item], "more": "NUMBER" }),
        ),
        (
            "SurveyAnswered",
            json!({ "answer_id": "P", "touchpoint": "x", "csat": 4, "nps": "NUMBER" }),
        ),
        (
            "InteractionRecorded",
            json!({ "interaction_id": "P", "phase": "purchase", "touchpoint": "x", "channel": "x", "initiated_by": "brand", "kind": "x", "satisfaction": "NUMBER", "more": "NUMBER" }),
        ),
        (
            "PurchaseRefunded",
            json!({ "refund_id": "P", "purchase_id": "P", "total": { "amount": "NUMBER", "currency": "MXN" } }),
        ),
    ];
    for (number, text) in numbers.iter().enumerate() {
        let of = |(kind, detail): &(&str, Value)| {
            let text = of_ana(kind, detail.clone()).replace("\"NUMBER\"", text);
            text.replace("\"P\"", &format!("\"p{number}\""))
        };
        let mut events: Vec<String> = fields.iter().map(of).collect();
        events.push(purchase("ana", &format!("good-{number}"), noon(), "1.00"));
        put(&world, &events).await;
    }
    let (events, _) = world.app.store.ledger(&id("ana")).await.unwrap();
    let count = |kind: &str| events.iter().filter(|one| one.kind.as_str() == kind).count();
    let all = numbers.len();
    assert_eq!(count("PurchaseCompleted"), 2 * all);
    assert_eq!((count("CustomerUpdated"), count("SurveyAnswered")), (all, all));
    assert_eq!((count("InteractionRecorded"), count("PurchaseRefunded")), (all, 0));
    let ana = world.customer(&id("ana")).await;
    assert!(ana.profile.attributes["v"].latest().is_some(), "4.0 was the last");
}

#[tokio::test]
async fn what_the_table_never_takes_is_kept_aside_and_holds_up_nobody() {
    let world = World::shipped().await;
    // Larger than any item, as no schema can tell of what adds up.
    let many: Vec<String> = (0..4)
        .map(|number| {
            let more = "x".repeat(240_000);
            let total = json!({ "amount": "9.00", "currency": "MXN" });
            let detail =
                json!({ "purchase_id": format!("p{number}"), "total": total, "more": more });
            of_ana("PurchaseCompleted", detail)
        })
        .collect();
    let mut events = vec![profile("ana", noon(), json!({}))];
    events.extend(many);
    events.push(purchase("eva", "p", noon(), "1.00"));
    put(&world, &events).await;
    let (eva, _) = world.app.store.ledger(&id("eva")).await.unwrap();
    assert_eq!(eva.len(), 1);
    let (ana, _) = world.app.store.ledger(&id("ana")).await.unwrap();
    let kept = kept(&world).await;
    assert_eq!(ana.len() - 1 + kept.len(), 4, "each counts or is kept: {kept:?}");
    assert!(kept.iter().all(|why| why.contains("cannot be written")), "{kept:?}");
}

#[tokio::test]
async fn an_event_of_the_future_waits_until_its_day_has_come() {
    let world = World::shipped().await;
    let yes = |days: i64| {
        let detail = json!({
            "consent_id": format!("y{days}"), "customer_id": "ana", "channel": "email", "purpose": "all",
            "state": "granted", "source": "form", "occurred_at": minutes_after(noon(), days * 1440 + 1).to_string(),
        });
        envelope("ConsentChanged", noon(), detail)
    };
    put(&world, &[yes(0), yes(1), yes(13_000)]).await;
    let kept = kept(&world).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|why| why.contains("is more than a day after it arrived")));
    // A day later it is tried again.
    let text = yes(1);
    assert!(intake::read(&text, noon()).is_err());
    assert!(intake::read(&text, minutes_after(noon(), 1440)).is_ok());
}
