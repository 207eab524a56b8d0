//! History counts once, wherever an import was stopped.

use lazo::shell::intake::{self, history};
use serde_json::json;

use crate::ingest::{detail, events_of, noon, with};
use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::{World, id, minutes_after};

#[tokio::test]
async fn an_import_counts_each_event_once_and_goes_on_where_it_stopped() {
    let world = World::shipped().await;
    let customer = id("ana");
    let texts: Vec<String> = (0..150)
        .map(|n| purchase("ana", &format!("p{n}"), minutes_after(noon(), n - 100_000), "10.00"))
        .chain([profile("ana", minutes_after(noon(), -90_000), json!({}))])
        .collect();
    let events: Vec<_> = texts.iter().map(|text| delivered(text)).collect();
    let part = history::import(&world.app, &customer, &events[..70], noon()).await.unwrap();
    assert_eq!((part.counted, part.known), (70, 0));
    // One of them came over the bus meanwhile, too.
    intake::take(&world.app, &events[100], noon()).await.unwrap();
    let rest = history::import(&world.app, &customer, &events, noon()).await.unwrap();
    assert_eq!((rest.counted, rest.known), (80, 71));
    let before = world.customer(&customer).await;
    history::import(&world.app, &customer, &events, noon()).await.unwrap();
    let after = world.customer(&customer).await;
    assert_eq!(before, after);
    assert_eq!(after.history.purchases.len(), 150);
    assert!(after.enrolments.is_empty(), "history opens no follow-ups");
    assert_eq!(events_of(&world, "ana").await.len(), 151);
}

#[tokio::test]
async fn a_file_that_holds_an_event_twice_counts_it_once() {
    let world = World::shipped().await;
    let one = delivered(&purchase("ana", "p1", noon(), "10.00"));
    let other = delivered(&purchase("ana", "p2", noon(), "10.00"));
    let events = [one.clone(), other, one];
    history::import(&world.app, &id("ana"), &events, noon()).await.unwrap();
    assert_eq!(world.customer(&id("ana")).await.history.purchases.len(), 2);
}

#[tokio::test]
async fn an_import_goes_on_behind_what_the_table_never_takes() {
    let world = World::shipped().await;
    let mut events: Vec<_> = (0..4)
        .map(|number| {
            let category = |item: usize| format!("{number}-{item}-{}", "x".repeat(280));
            let item =
                |item| json!({ "sku": "a", "name": "A", "quantity": 1, "category": category(item) });
            let bought = json!({
                "purchase_id": format!("p{number}"),
                "total": { "amount": "1.00", "currency": "MXN" },
                "items": (0..500).map(item).collect::<Vec<_>>(),
            });
            let text = envelope("PurchaseCompleted", noon(), with(detail("ana"), bought));
            delivered(&text)
        })
        .collect();
    events.push(delivered(&purchase("ana", "small", noon(), "1.00")));
    let imported = history::import(&world.app, &id("ana"), &events, noon()).await.unwrap();
    assert_eq!(imported.counted + imported.refused.len(), events.len(), "{imported:?}");
    assert!(imported.refused.iter().all(|(place, _)| *place < 4), "{:?}", imported.refused);
    let known = events_of(&world, "ana").await;
    assert!(known.iter().any(|event| event.key == "small"), "{known:?}");
    assert_eq!(known.len(), imported.counted);
}
