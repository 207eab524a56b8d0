//! Events in: nothing is lost, nothing counts twice, nothing blocks others.

use std::sync::Arc;

use lazo::ingest;
use lazo::shell::intake::{self, Taken};
use lazo::shell::store::{CallStatus, EventEntry, FailureKind};
use lazo_domain::event::EventKind;
use lazo_domain::instant::Instant;
use serde_json::json;

use crate::support::events::{batch, delivered, envelope, profile, purchase};
use crate::support::{World, at, id, minutes_after};

pub fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

pub async fn events_of(world: &World, customer: &str) -> Vec<EventEntry> {
    world.app.store.ledger(&id(customer)).await.unwrap().0
}

pub fn detail(customer: &str) -> serde_json::Value {
    json!({ "customer_id": customer, "occurred_at": "2026-11-18T12:00:00-06:00" })
}

pub fn with(mut base: serde_json::Value, more: serde_json::Value) -> serde_json::Value {
    for (field, value) in more.as_object().unwrap() {
        base[field] = value.clone();
    }
    base
}

/// Records that are no events, with a word of the reason for each.
fn poison() -> Vec<(String, &'static str)> {
    let buy = |more| {
        let base = with(
            detail("eva"),
            json!({ "purchase_id": "bad-1", "total": { "amount": "1.00", "currency": "MXN" } }),
        );
        envelope("PurchaseCompleted", noon(), with(base, more))
    };
    let meet = |note: String| {
        let facts = json!({
            "interaction_id": "bad-2", "phase": "purchase", "touchpoint": "shop", "channel": "store",
            "initiated_by": "customer", "kind": "visit", "note": note,
        });
        envelope("InteractionRecorded", noon(), with(detail("eva"), facts))
    };
    let tell = |more| envelope("CustomerUpdated", noon(), with(detail("eva"), more));
    vec![
        ("this is no JSON at all".into(), "no JSON"),
        ("{\"detail-type\": \"PurchaseCompleted\"".into(), "no JSON"),
        ("[1, 2]".into(), "no JSON"),
        ("null".into(), "no JSON"),
        (String::new(), "no JSON"),
        (envelope("PurchaseImagined", noon(), detail("eva")), "unknown detail-type"),
        (buy(json!({ "customer_id": null })), "customer_id"),
        (buy(json!({ "customer_id": "" })), "customer_id"),
        (buy(json!({ "customer_id": "eva\r\nadán" })), "customer_id"),
        (buy(json!({ "purchase_id": "x".repeat(129) })), "purchase_id"),
        (buy(json!({ "total": { "amount": "12,90", "currency": "MXN" } })), "total"),
        (buy(json!({ "total": { "amount": 12.9, "currency": "MXN" } })), "total"),
        (buy(json!({ "total": { "amount": "-5.00", "currency": "MXN" } })), "total"),
        (buy(json!({ "total": { "amount": "5.00", "currency": "pesos" } })), "currency"),
        (buy(json!({ "occurred_at": "2026-02-30T12:00:00-06:00" })), "occurred_at"),
        (buy(json!({ "occurred_at": "2026-11-18T12:00:00" })), "occurred_at"),
        (buy(json!({ "occurred_at": "2062-11-18T12:00:00-06:00" })), "more than a day after"),
        (
            buy(
                json!({ "total": { "amount": "5.00", "currency": "MXN" }, "more": "n".repeat(400_000) }),
            ),
            "bytes",
        ),
        (meet("n".repeat(1_200_000)), "bytes"),
        (
            buy(json!({})).replace("\"purchase_id\"", "\"purchase_id\":\"p\",\"purchase_id\""),
            "twice",
        ),
        (buy(json!({})).replace("\"amount\"", "\"amount\":\"9.00\",\"amount\""), "twice"),
        (
            tell(json!({ "added": "x" })).replace("\"added\"", "\"added\":1,\"\\u0061dded\""),
            "twice",
        ),
    ]
}

#[tokio::test]
async fn what_is_no_event_is_kept_with_its_reason_and_blocks_nobody() {
    let world = World::shipped().await;
    let poison = poison();
    let mut bodies = vec![profile("ana", noon(), json!({}))];
    for (number, (body, _)) in poison.iter().enumerate() {
        bodies.push(body.clone());
        bodies.push(purchase("ana", &format!("p{number}"), noon(), "129.90"));
    }
    let response = ingest::handle(&world.app, batch(&bodies), noon()).await;
    assert!(response.batch_item_failures.is_empty(), "a bad record is no reason for another try");

    assert_eq!(events_of(&world, "ana").await.len(), 1 + poison.len());
    assert_eq!(events_of(&world, "eva").await.len(), 0);
    let failures = world.app.store.failures(noon()).await.unwrap();
    assert_eq!(failures.len(), poison.len());
    for failure in &failures {
        let text = world.app.store.failed_text(failure).await.unwrap();
        let (_, reason) =
            poison.iter().find(|(body, _)| *body == text).expect("the text as it came");
        assert!(failure.why.contains(reason), "{} does not tell of {reason}", failure.why);
        assert_eq!((failure.kind, failure.bytes), (FailureKind::Event, text.len()));
        assert!(
            !failure.why.contains("Bcc"),
            "a reason tells nothing of a person: {}",
            failure.why
        );
    }
}

#[tokio::test]
async fn a_bad_record_that_comes_again_is_listed_once_and_can_be_mended() {
    let world = World::shipped().await;
    let body = ["{\"nothing\": 1}"];
    let next_month = at("2026-12-02T12:00:00-06:00");
    for now in [noon(), minutes_after(noon(), 1), next_month] {
        ingest::handle(&world.app, batch(&body), now).await;
    }
    let failures = world.app.store.failures(next_month).await.unwrap();
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert_eq!(failures[0].failed_at, noon());
    assert_eq!(world.app.store.failed_text(&failures[0]).await.unwrap(), body[0]);

    world.app.store.drop_failure(&failures[0]).await.unwrap();
    assert!(world.app.store.failures(next_month).await.unwrap().is_empty());
    ingest::handle(&world.app, batch(&body), next_month).await;
    assert_eq!(
        world.app.store.failures(next_month).await.unwrap().len(),
        1,
        "and it may fail anew"
    );
}

#[tokio::test]
async fn a_duplicate_under_another_id_changes_nothing() {
    let world = World::shipped().await;
    let events = || {
        let purchase = purchase("ana", "p1", noon(), "129.90");
        let delivered = with(detail("ana"), json!({ "purchase_id": "p1" }));
        let refund = with(detail("ana"), json!({ "refund_id": "r1", "purchase_id": "p1" }));
        let opened = json!({ "complaint_id": "c1", "severity": "low", "category": "size" });
        [
            profile("ana", noon(), json!({})),
            purchase,
            envelope("PurchaseDelivered", noon(), delivered),
            envelope("PurchaseRefunded", noon(), refund),
            envelope("ComplaintOpened", noon(), with(detail("ana"), opened)),
        ]
    };
    ingest::handle(&world.app, batch(&events()), noon()).await;
    let before = world.customer(&id("ana")).await;
    let ledger = events_of(&world, "ana").await.len();
    // Another id of EventBridge's, the same batch twice over, ten years later.
    for now in [noon(), minutes_after(noon(), 10), at("2036-11-18T12:00:00Z")] {
        let twice: Vec<String> = events()
            .into_iter()
            .chain(events())
            .skip(1)
            .filter(|e| !e.contains("CustomerUpdated"))
            .collect();
        let response = ingest::handle(&world.app, batch(&twice), now).await;
        assert!(response.batch_item_failures.is_empty());
        assert_eq!(world.customer(&id("ana")).await, before);
        assert_eq!(events_of(&world, "ana").await.len(), ledger);
    }
    let again = delivered(&events()[1]);
    assert_eq!(intake::take(&world.app, &again, noon()).await.unwrap(), Taken::Duplicate);
}

#[tokio::test]
async fn a_profile_that_comes_again_changes_nothing() {
    let world = World::shipped().await;
    let text = profile("ana", noon(), json!({ "birthday": "--03-09" }));
    ingest::handle(&world.app, batch(&[&text]), noon()).await;
    let before = world.customer(&id("ana")).await;
    ingest::handle(&world.app, batch(&[&text, &text]), noon()).await;
    assert_eq!(world.customer(&id("ana")).await, before);
    assert_eq!(events_of(&world, "ana").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_batches_on_one_customer_count_every_event_once() {
    const BATCHES: usize = 20;
    let world = World::shipped().await;
    let mut left: Vec<Vec<String>> = (0..BATCHES)
        .map(|number| {
            // Each batch brings its own purchase, and one that others bring too.
            let own = purchase("ana", &format!("p{number}"), noon(), "10.00");
            vec![own, purchase("ana", &format!("shared{}", number / 4), noon(), "1.00")]
        })
        .collect();
    // What is given back comes again, as from the queue.
    for _ in 0..10 {
        let work = left.iter().map(|bodies| ingest::handle(&world.app, batch(bodies), noon()));
        let responses = futures::future::join_all(work).await;
        left = left
            .into_iter()
            .zip(responses)
            .map(|(bodies, response)| {
                let failed: Vec<String> =
                    response.batch_item_failures.into_iter().map(|f| f.item_identifier).collect();
                let numbered = bodies.into_iter().enumerate();
                numbered
                    .filter(|(n, _)| failed.contains(&format!("m{n}")))
                    .map(|(_, body)| body)
                    .collect()
            })
            .filter(|bodies: &Vec<String>| !bodies.is_empty())
            .collect();
        if left.is_empty() {
            break;
        }
    }
    assert!(left.is_empty());
    let customer = world.customer(&id("ana")).await;
    assert_eq!(customer.history.purchases.len(), BATCHES + BATCHES / 4);
    assert_eq!(events_of(&world, "ana").await.len(), BATCHES + BATCHES / 4);
    let spent = customer.history.spent(lazo_domain::history::Until::ALL, None);
    assert_eq!(spent.to_string(), "205.00");
}

#[tokio::test]
async fn a_reported_call_leaves_the_list() {
    let world = World::shipped().await;
    let told = profile(
        "ana",
        noon(),
        json!({ "relationship": "dedicated", "account_manager": "sofia.leal" }),
    );
    let buys = purchase("ana", "p1", noon(), "129.90");
    ingest::handle(&world.app, batch(&[told, buys]), noon()).await;
    let now = at("2026-11-19T11:00:00-06:00");
    lazo::dispatch::run(&world.app, now).await.unwrap();
    let open = world.app.store.open_calls("sofia.leal", now).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(world.app.store.assignees().await.unwrap(), ["sofia.leal"]);

    let touch = open[0].touch.to_string();
    let report = |call: &str, touch: &str| {
        let told =
            json!({ "call_id": call, "touch_id": touch, "outcome": "reached", "satisfaction": 5 });
        envelope("CallReported", now, with(detail("ana"), told))
    };
    // A report on a call that is not there is an event like any other.
    let strays = [
        report("c1", "no-such/ana/p1/call"),
        report("c2", "nonsense"),
        report("c3", "thank-you-call/eva/p1/call"),
    ];
    let response = ingest::handle(&world.app, batch(&strays), now).await;
    assert!(response.batch_item_failures.is_empty());
    assert_eq!(world.app.store.open_calls("sofia.leal", now).await.unwrap().len(), 1);

    for _ in 0..2 {
        ingest::handle(&world.app, batch(&[report("c4", &touch)]), now).await;
        assert!(world.app.store.open_calls("sofia.leal", now).await.unwrap().is_empty());
        let call = world.app.store.call(&open[0].touch).await.unwrap().unwrap();
        assert_eq!((call.status, call.outcome.as_deref()), (CallStatus::Done, Some("reached")));
    }
    assert_eq!(
        world.customer(&id("ana")).await.contacts.len(),
        3,
        "and it is remembered for the next"
    );
}

#[tokio::test]
async fn an_unknown_customer_is_a_new_one_and_content_is_nobody_s() {
    let world = World::shipped().await;
    let content = json!({
        "content_id": "k1", "occurred_at": "2026-11-18T12:00:00-06:00", "title": "Lentes",
        "url": "https://casalumbre.example/lentes", "topics": ["lentes"],
    });
    let bodies = [
        purchase("nobody-knew", "p1", noon(), "5.00"),
        envelope("ContentPublished", noon(), content),
    ];
    let response = ingest::handle(&world.app, batch(&bodies), noon()).await;
    assert!(response.batch_item_failures.is_empty());
    assert!(world.app.store.failures(noon()).await.unwrap().is_empty());
    let events = events_of(&world, "nobody-knew").await;
    assert_eq!((events.len(), events[0].kind), (1, EventKind::PurchaseCompleted));
}

#[tokio::test]
async fn an_event_that_is_too_old_counts_and_opens_nothing() {
    let world = World::shipped().await;
    let old = minutes_after(noon(), -4 * 24 * 60);
    let body = purchase("ana", "p1", old, "129.90");
    ingest::handle(&world.app, batch(&[body]), noon()).await;
    let customer = world.customer(&id("ana")).await;
    assert_eq!((customer.history.purchases.len(), customer.enrolments.len()), (1, 0));
    let refused = &events_of(&world, "ana").await[0].refused;
    assert_eq!(refused.len(), 2, "both thank-yous say why");
    assert!(refused.iter().all(|r| r.reason == lazo_domain::touch::Reason::TooOld));
}

/// A profile has no key of its own, and an archive brings it again years
/// later all the same.
#[tokio::test]
async fn a_profile_of_an_archive_changes_nothing() {
    let world = World::shipped().await;
    let told = profile("ana", noon(), json!({ "birthday": "1990-02-14" }));
    let bought = purchase("ana", "pur-1", noon(), "129.90");
    ingest::handle(&world.app, batch(&[&told, &bought]), noon()).await;
    let before = world.items().await;
    let years_later = minutes_after(noon(), 3 * 365 * 24 * 60);
    let taken = intake::take(&world.app, &delivered(&told), years_later).await.unwrap();
    assert_eq!(taken, Taken::Duplicate);
    assert_eq!(world.items().await, before, "not even when it was received");
}

/// Whoever replays an archive pays for reading its keys, not for writes that are
/// refused; and what is new in it counts.
#[tokio::test]
async fn an_archive_that_comes_again_is_read_at_once_and_writes_nothing() {
    let mut world = World::shipped().await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    let told = ["ana", "eva", "luz"].map(|customer| {
        let bought = purchase(customer, &format!("pur-{customer}"), noon(), "129.90");
        [profile(customer, noon(), json!({})), bought]
    });
    let archive = told.concat();
    ingest::handle(&world.app, batch(&archive), noon()).await;
    let before = world.items().await;
    world.app.store.take_cost();
    let later = minutes_after(noon(), 30 * 24 * 60);
    ingest::handle(&world.app, batch(&archive), later).await;
    let cost = world.app.store.take_cost();
    assert_eq!((cost.round_trips, cost.write_units), (1, 0.0));
    assert_eq!(cost.read_units, archive.len() as f64);
    assert_eq!(world.items().await, before);
    let missed = purchase("eva", "pur-missed", noon(), "75.10");
    let answer = ingest::handle(&world.app, batch(&[&archive[3], &missed]), later).await;
    assert!(answer.batch_item_failures.is_empty());
    assert_eq!(world.customer(&id("eva")).await.history.purchases.len(), 2);
}
