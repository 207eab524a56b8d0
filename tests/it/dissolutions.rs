//! Why customers leave, as reps report it: counted once by month, whatever way
//! the reports come.

use std::collections::{BTreeMap, BTreeSet};

use lazo::ingest;
use lazo::shell::intake::history;
use lazo::shell::store::{Month, TouchState};
use lazo::{dispatch, drift};
use lazo_domain::event::DissolutionReason;
use lazo_domain::instant::Instant;
use lazo_domain::stage::Stage;
use lazo_domain::touch::Reason;
use serde_json::{Value, json};

use crate::support::events::{batch, delivered, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, at, id, minutes_after, rules};

const POLICY: &str = "brand: { name: Tienda, from: hola@example.com }
default_time_zone: America/Mexico_City
default_locale: es
";

const WIN_BACK: &str = "rule: winback
status: live
purpose: service
trigger: { stage: dissolution }
steps: [{ id: mail, channel: email, template: hello, wait: 2 days, at: '09:00' }]
";

const REASONS: [&str; 7] =
    ["needs_changed", "competitor", "dissatisfied", "price", "moved", "fraud", "other"];

type Counts = BTreeMap<(Month, DissolutionReason), usize>;

async fn world() -> World {
    World::new(rules(&[("policy.yaml", POLICY), ("winback.yaml", WIN_BACK)])).await
}

fn report(customer: &str, call: &str, at: Instant, more: Value) -> String {
    let mut detail = json!({
        "call_id": call, "customer_id": customer, "occurred_at": at.to_string(),
        "outcome": "reached",
    });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    envelope("CallReported", at, detail)
}

fn because(reason: &str) -> Value {
    json!({ "dissolution_reason": reason })
}

async fn put(world: &World, events: &[String], now: Instant) {
    let response = ingest::handle(&world.app, batch(events), now).await;
    assert!(response.batch_item_failures.is_empty());
}

/// What is counted from one month to another.
async fn counted(world: &World, latest: Month, months: u16) -> Counts {
    let mut counts = Counts::new();
    for month in latest.back(months) {
        for one in world.app.store.dissolutions_of(month).await.unwrap() {
            assert_eq!(one.month, month);
            *counts.entry((month, one.reason)).or_default() += 1;
        }
    }
    counts
}

/// The same, from the texts of the events alone.
fn recounted(texts: &[String]) -> Counts {
    let mut seen = BTreeSet::new();
    let mut counts = Counts::new();
    for text in texts {
        let event: Value = serde_json::from_str(text).unwrap();
        let detail = &event["detail"];
        let key = (detail["customer_id"].to_string(), detail["call_id"].to_string());
        let Ok(reason) = serde_json::from_value(detail["dissolution_reason"].clone()) else {
            continue;
        };
        if seen.insert(key) {
            // The shop's clock is six hours behind, all year.
            let at: jiff::Timestamp = detail["occurred_at"].as_str().unwrap().parse().unwrap();
            let local = (at - jiff::SignedDuration::from_hours(6)).to_string();
            let (year, month) = (local[..4].parse().unwrap(), local[5..7].parse().unwrap());
            *counts.entry((Month { year, month }, reason)).or_default() += 1;
        }
    }
    counts
}

/// Reports of many customers, some of them twice in the list: by the queue in
/// small batches, and as history.
#[tokio::test]
async fn what_handlers_count_is_what_the_events_say() {
    let now = at("2026-11-20T12:00:00-06:00");
    for seed in 0..3 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut texts = Vec::new();
        for number in 0..120 {
            let when = minutes_after(now, -rng.i64(0..400 * 1440));
            let (customer, call) = (format!("c{}", rng.u32(0..15)), format!("call-{number}"));
            let more = match rng.u8(0..4) {
                0 => json!({ "satisfaction": 3 }),
                _ => because(rng.choice(REASONS).unwrap()),
            };
            let text = report(&customer, &call, when, more);
            let copies = 1 + rng.usize(0..3) / 2;
            texts.extend(std::iter::repeat_n(text, copies));
        }
        rng.shuffle(&mut texts);
        let world = world().await;
        let (by_queue, imported) = texts.split_at(60);
        for few in by_queue.chunks(7) {
            put(&world, few, now).await;
        }
        let mut histories: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in imported.iter().map(|text| delivered(text)) {
            let customer = event.event.customer().unwrap().clone();
            histories.entry(customer).or_default().push(event);
        }
        for _ in 0..2 {
            for (customer, events) in &histories {
                history::import(&world.app, customer, events, now).await.unwrap();
            }
        }
        let counts = counted(&world, Month { year: 2026, month: 11 }, 15).await;
        assert_eq!(counts, recounted(&texts), "seed {seed}");
        assert!(counts.values().sum::<usize>() > 60);
    }
}

#[tokio::test]
async fn who_is_forgotten_stays_counted_and_is_not_named() {
    let world = world().await;
    let now = at("2026-11-18T12:00:00-06:00");
    let month = Month { year: 2026, month: 11 };
    put(&world, &[profile("ana", now, json!({}))], now).await;
    put(&world, &[report("ana", "call-1", now, because("price"))], now).await;
    let one = Counts::from([((month, DissolutionReason::Price), 1)]);
    let later = minutes_after(now, 60);
    let erased = json!({
        "request_id": "e-1", "customer_id": "ana", "occurred_at": later.to_string(),
    });
    put(&world, &[envelope("CustomerErased", later, erased)], later).await;
    assert_eq!(counted(&world, month, 2).await, one);
    let kept = format!("{:?}", world.app.store.dissolutions_of(month).await.unwrap());
    assert!(!kept.contains("ana") && !kept.contains("call-1"), "{kept}");
    // Neither an archive that is replayed nor a straggler changes that.
    let again = [
        report("ana", "call-1", now, because("price")),
        report("ana", "call-2", now, because("moved")),
    ];
    put(&world, &again, minutes_after(now, 120)).await;
    assert_eq!(counted(&world, month, 2).await, one);
}

/// Somebody drifts away and is to be won back; then a rep learns of fraud.
#[tokio::test]
async fn fraud_ends_the_relationship_and_nobody_is_won_back() {
    let world = world().await;
    let first = at("2026-01-10T18:00:00-06:00");
    put(&world, &[profile("ana", first, json!({})), purchase("ana", "p1", first, "10.00")], first)
        .await;
    put(&world, &[profile("eva", first, json!({})), purchase("eva", "p2", first, "10.00")], first)
        .await;
    let mut now = at("2026-07-01T09:00:00-06:00");
    let reported = at("2026-07-10T12:00:00-06:00");
    let mut is_reported = false;
    while now < at("2027-12-01T00:00:00-06:00") {
        if now >= reported && !is_reported {
            is_reported = true;
            let stage = world.customer(&id("ana")).await.stages.last().unwrap().stage;
            assert_eq!(stage, Stage::Dissolution);
            put(&world, &[report("ana", "call-1", reported, because("fraud"))], now).await;
        }
        drift::run(&world.app, now, None).await.unwrap();
        dispatch::run(&world.app, now).await.unwrap();
        let days = if now < at("2026-08-01T00:00:00-06:00") { 1 } else { 20 };
        now = minutes_after(now, days * 1440);
    }
    assert_eq!(world.customer(&id("ana")).await.stages.last().unwrap().stage, Stage::Ended);
    let (_, touches) = world.app.store.ledger(&id("ana")).await.unwrap();
    assert_eq!(touches.len(), 1);
    assert_eq!(
        (touches[0].state, touches[0].reason),
        (TouchState::Cancelled, Some(Reason::Exited))
    );
    // The other one, of whom nothing was reported, got hers.
    assert_eq!(world.recorder.requests(Service::Ses).len(), 1);
    let (_, touches) = world.app.store.ledger(&id("eva")).await.unwrap();
    assert_eq!(touches[0].state, TouchState::Sent);
}
