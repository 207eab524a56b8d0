//! A customer's state keeps its bounds whatever comes: no event is stuck, each is
//! counted, and each touch that ends has a record.

use lazo::dispatch;
use lazo::ingest;
use lazo::shell::intake::{self, Taken, history};
use lazo::shell::store::TouchState;
use lazo_domain::event::Delivered;
use lazo_domain::history::Until;
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use crate::support::events::{batch, delivered, envelope, profile};
use crate::support::{World, at, id, minutes_after, rules};

const THANKS: &str = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [ComplaintOpened]
steps: [{ id: task, channel: task, template: note, wait: 1 day }]
";

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

async fn world() -> World {
    World::new(rules(&[("policy.yaml", "currency: MXN"), ("thanks.yaml", THANKS)])).await
}

/// A purchase whose detail has about so many bytes.
fn purchase(number: usize, bytes: usize, categories: &[String]) -> Delivered {
    let when = minutes_after(noon(), number as i64);
    let count = categories.len().max(bytes / 400).max(1);
    let items: Vec<Value> = (0..count)
        .map(|item| {
            let name =
                format!("{number}-{item}-").repeat(300).chars().take(280).collect::<String>();
            let category = categories.get(item);
            json!({ "sku": format!("s{item}"), "name": name, "quantity": 1, "category": category })
        })
        .collect();
    delivered(&envelope(
        "PurchaseCompleted",
        when,
        json!({
            "purchase_id": format!("p-{number}"), "customer_id": "till",
            "occurred_at": when.to_string(), "items": items,
            "total": { "amount": "10.00", "currency": "MXN" },
        }),
    ))
}

async fn all_counted(world: &World, purchases: &[Delivered]) {
    for one in purchases {
        assert_eq!(intake::take(&world.app, one, one.at).await.unwrap(), Taken::Counted);
    }
    let customer = world.customer(&id("till")).await;
    assert_eq!(customer.history.count(Until::ALL), purchases.len());
}

async fn sent(world: &World) -> usize {
    let (_, touches) = world.app.store.ledger(&id("till")).await.unwrap();
    touches.iter().filter(|touch| touch.state == TouchState::Sent).count()
}

#[tokio::test]
async fn orders_of_62_kb_wait_together() {
    let world = world().await;
    let orders: Vec<Delivered> = (0..12).map(|n| purchase(n, 62_000, &[])).collect();
    assert!(orders.iter().all(|one| one.event.detail.0.len() > 50_000));
    all_counted(&world, &orders).await;
    let customer = world.customer(&id("till")).await;
    for (fired, order) in customer.fired.iter().zip(&orders) {
        assert_eq!(fired.detail, order.event.detail, "a follow-up has the whole order");
    }
    dispatch::run(&world.app, minutes_after(noon(), 3 * 1440)).await.unwrap();
    assert_eq!(sent(&world).await, 12);
}

#[tokio::test]
async fn hundreds_of_orders_under_one_id_are_followed_up() {
    let world = world().await;
    let orders: Vec<Delivered> = (0..240).map(|n| purchase(n, 1_600, &[])).collect();
    all_counted(&world, &orders).await;
    let customer = world.customer(&id("till")).await;
    assert_eq!(customer.enrolments.len(), 240);
    assert_eq!(customer.fired[239].detail, orders[239].event.detail);
}

#[tokio::test]
async fn a_thousand_purchases_with_ten_categories_each_are_history() {
    let world = world().await;
    let categories = |n: usize| (0..10).map(|c| format!("category {}", (n * 7 + c) % 90)).collect();
    let orders: Vec<Delivered> =
        (0..1_000).map(|n| purchase(n, 1, &Vec::from_iter::<Vec<String>>(categories(n)))).collect();
    let imported = history::import(&world.app, &id("till"), &orders, noon()).await.unwrap();
    assert_eq!((imported.counted, imported.known), (1_000, 0));
    let customer = world.customer(&id("till")).await;
    assert_eq!(customer.history.count(Until::ALL), 1_000);
    assert_eq!(customer.history.categories(Until::ALL).len(), 90);
}

#[tokio::test]
async fn each_of_very_many_touches_that_end_at_once_has_a_record() {
    let world = world().await;
    let orders: Vec<Delivered> = (0..120).map(|n| purchase(n, 1, &[])).collect();
    all_counted(&world, &orders).await;
    let when = minutes_after(noon(), 300);
    let complaint = envelope(
        "ComplaintOpened",
        when,
        json!({
            "complaint_id": "q-1", "customer_id": "till", "occurred_at": when.to_string(),
            "severity": "normal", "category": "quality",
        }),
    );
    let response = ingest::handle(&world.app, batch(&[complaint]), when).await;
    assert!(response.batch_item_failures.is_empty());
    let (_, touches) = world.app.store.ledger(&id("till")).await.unwrap();
    let cancelled = |state: TouchState| state == TouchState::Cancelled;
    assert_eq!(touches.iter().filter(|touch| cancelled(touch.state)).count(), 120);
    assert!(world.customer(&id("till")).await.unwritten.is_empty());
}

#[tokio::test]
async fn each_of_very_many_touches_that_expire_at_once_has_a_record() {
    let world = world().await;
    let orders: Vec<Delivered> = (0..120).map(|n| purchase(n, 1, &[])).collect();
    all_counted(&world, &orders).await;
    let report = dispatch::run(&world.app, minutes_after(noon(), 60 * 1440)).await.unwrap();
    assert_eq!((report.not_sent, report.failed), (120, 0));
    let (_, touches) = world.app.store.ledger(&id("till")).await.unwrap();
    assert_eq!(touches.len(), 120);
}

/// Long ids and texts of all kinds, as many as a bound takes.
#[tokio::test]
async fn nothing_that_a_shop_may_send_sticks() {
    let world = world().await;
    let long = |kind: &str, n: usize| {
        format!("{kind}-{n}-{}", "x".repeat(120)).chars().take(128).collect::<String>()
    };
    let text = "ñ".repeat(300);
    let mut bodies = vec![profile("till", noon(), json!({}))];
    for n in 0..40 {
        let when = minutes_after(noon(), n as i64);
        let base = json!({ "customer_id": "till", "occurred_at": when.to_string() });
        let of = |kind: &str, more: Value| {
            let mut detail = base.clone();
            more.as_object().unwrap().iter().for_each(|(k, v)| detail[k] = v.clone());
            envelope(kind, when, detail)
        };
        let attributes: serde_json::Map<String, Value> =
            (0..100).map(|a| (format!("{n}-{a}"), json!(text))).collect();
        bodies.extend([
            of("CustomerUpdated", json!({ "attributes": attributes })),
            of("PurchaseCompleted", json!({
                "purchase_id": long("p", n), "total": { "amount": "999999999999999.999999", "currency": "MXN" },
                "items": [{ "sku": text, "name": text, "category": text, "quantity": 1e9 }], "sold_by": text,
            })),
            of("PurchaseRefunded", json!({ "refund_id": long("r", n), "purchase_id": long("none", n) })),
            of("PurchaseDelivered", json!({ "purchase_id": long("never", n) })),
            of("InteractionRecorded", json!({
                "interaction_id": long("i", n), "phase": "purchase", "touchpoint": text, "channel": text,
                "initiated_by": "customer", "kind": text, "note": "ñ".repeat(9_000),
            })),
            of("ComplaintResolved", json!({ "complaint_id": long("q", n), "root_cause": text })),
        ]);
    }
    for bodies in bodies.chunks(10) {
        let response = ingest::handle(&world.app, batch(bodies), minutes_after(noon(), 200)).await;
        assert!(response.batch_item_failures.is_empty(), "{response:?}");
    }
    let kept_aside = world.app.store.failures(minutes_after(noon(), 200)).await.unwrap();
    assert!(kept_aside.is_empty(), "{kept_aside:?}");
    let customer = world.customer(&id("till")).await;
    assert_eq!(customer.history.count(Until::ALL), 40);
    assert!(customer.profile.attributes.len() <= 300);
}
