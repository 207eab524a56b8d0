//! Events of other systems: the cases of the shipped mappings, and the way that they
//! take through the table.

use std::path::Path;

use lazo::ingest;
use lazo::shell::intake::foreign;
use lazo::shell::rules::source_files;
use lazo::shell::store::FailureKind;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::source::{CaseFile, RawEvent, Request, Sample, read_sources, run_cases};
use serde_json::{Value, json};

use crate::support::events::batch;
use crate::support::{World, at, id};

fn cases() -> (CaseFile, std::path::PathBuf) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sources");
    let text = std::fs::read_to_string(folder.join("cases.json")).unwrap();
    (serde_json::from_str(&text).unwrap(), folder)
}

#[test]
fn the_shipped_mappings_have_no_faults() {
    let (sources, found) = read_sources(&source_files(None).unwrap());
    assert!(found.is_empty(), "{found:#?}");
    let names: Vec<&str> = sources.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["shopify", "square", "stripe", "woocommerce"]);
}

#[test]
fn every_case_comes_out_as_expected_alone_thrice_and_in_any_order() {
    let (file, folder) = cases();
    let load = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    let differs = run_cases(&source_files(None).unwrap(), &file, &load).unwrap();
    assert!(differs.is_empty(), "{differs:#?}");
    assert!(file.cases.len() >= 50);
}

/// The sample of a case, as a message of the queue; a post is signed by a secret of its
/// own first, and received.
pub fn message(case: &str) -> String {
    let (_, folder) = cases();
    let text = std::fs::read_to_string(folder.join(format!("samples/{case}.json"))).unwrap();
    match serde_json::from_str(&text).unwrap() {
        Sample::Event(event) => event.to_string(),
        Sample::Posted { headers, body } => {
            let (sources, _) = read_sources(&source_files(None).unwrap());
            let source = sources.get(case.split('/').next().unwrap()).unwrap();
            let small = headers.into_iter().map(|(name, value)| (name.to_lowercase(), value));
            let headers: Vec<(String, String)> = small.collect();
            let post = Request { headers: &headers, body: body.as_bytes(), url: "" };
            source.receive(&post, &["shpss_nogal_2", "whsec_nogal_1"], noon()).unwrap()
        }
    }
}

pub fn noon() -> Instant {
    at("2027-03-02T10:00:00Z")
}

async fn put(world: &World, messages: &[String], now: Instant) {
    let response = ingest::handle(&world.app, batch(messages), now).await;
    assert!(response.batch_item_failures.is_empty());
}

const NOEMI: &str = "shopify-8800000000000000123";

#[tokio::test]
async fn a_shop_s_own_events_count_once_by_bus_and_by_webhook() {
    let world = World::shipped().await;
    let (by_bus, by_post) = (message("shopify/paid"), message("shopify/paid-by-post"));
    for messages in [&[by_bus.clone(), by_post.clone()][..], &[by_post], &[by_bus]] {
        put(&world, messages, noon()).await;
    }
    let noemi = world.customer(&id(NOEMI)).await;
    assert_eq!(noemi.history.purchases.len(), 1);
    assert_eq!(noemi.profile.addresses().count(), 1);
    let (events, _) = world.app.store.ledger(&id(NOEMI)).await.unwrap();
    assert_eq!(events.len(), 2, "{events:?}");
    let owner = world.app.store.purchase_owner(&id("shopify-9900000000000000777")).await.unwrap();
    assert_eq!(owner, Some(id(NOEMI)));
    assert!(world.app.store.failures(noon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refund_waits_for_its_purchase_whichever_comes_first() {
    let (paid, back) = (message("shopify/paid"), message("shopify/refund"));
    let mut ends = Vec::new();
    let orders = [
        vec![vec![paid.clone()], vec![back.clone()]],
        vec![vec![back.clone()], vec![back.clone()], vec![paid.clone()]],
        vec![vec![back.clone(), paid.clone()]],
        vec![vec![paid.clone(), back.clone()], vec![back.clone()], vec![paid.clone()]],
    ];
    for order in orders {
        let world = World::shipped().await;
        for messages in order {
            put(&world, &messages, noon()).await;
        }
        let noemi = world.customer(&id(NOEMI)).await;
        ends.push(format!("{:?}", noemi.history.purchases));
        let later = noon().plus_millis(40 * DAY_MILLIS);
        assert!(world.app.store.failures(later).await.unwrap().is_empty());
        let purchase = id("shopify-9900000000000000777");
        assert!(world.app.store.waiting_for(&purchase).await.unwrap().is_empty());
    }
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
    assert!(ends[0].contains("20"), "{}", ends[0]);
}

#[tokio::test]
async fn what_waits_too_long_is_listed_and_what_cannot_be_mapped_is_at_once() {
    let world = World::shipped().await;
    put(&world, &[message("shopify/refund"), message("shopify/id-alone")], noon()).await;
    put(&world, &[message("shopify/created"), message("shopify/unknown-topic")], noon()).await;
    let listed = |at: Instant| {
        let store = world.app.store.clone();
        async move { store.failures(at).await.unwrap() }
    };
    let now = listed(noon()).await;
    assert_eq!(now.len(), 1, "{now:?}");
    assert!(now[0].why.contains("came without its fields"), "{now:?}");
    let later = listed(noon().plus_millis(31 * DAY_MILLIS)).await;
    let kinds: Vec<FailureKind> = later.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [FailureKind::Event, FailureKind::Waiting]);
    assert!(later[1].why.contains("did not come within 30 days"), "{later:?}");
    // And is taken all the same, once it comes.
    put(&world, &[message("shopify/paid")], noon().plus_millis(31 * DAY_MILLIS)).await;
    let left = listed(noon().plus_millis(31 * DAY_MILLIS)).await;
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn an_event_of_a_source_that_nobody_knows_is_kept() {
    let world = World::shipped().await;
    let event = json!({
        "version": "0", "id": "1", "source": "aws.partner/example.com/1", "detail-type": "x",
        "time": "2027-03-02T10:00:00Z", "detail": { "a": 1 },
    });
    let forged =
        json!({ "source": "lazo.webhooks", "detail-type": "shopfy", "detail": Value::Null });
    put(&world, &[event.to_string(), forged.to_string()], noon()).await;
    let failures = world.app.store.failures(noon()).await.unwrap();
    assert_eq!(failures.len(), 2);
    assert!(failures.iter().any(|one| one.why.contains("no source for aws.partner/example.com/1")));
}

/// A note that speaks of another system makes no event of another system: it is neither
/// mapped nor taken for one that was.
#[tokio::test]
async fn an_own_event_that_names_another_system_stays_an_own_one() {
    let world = World::shipped().await;
    let own = json!({
        "source": "shop", "detail-type": "InteractionRecorded", "time": noon().to_string(),
        "detail": {
            "interaction_id": "i1", "customer_id": "ana", "occurred_at": noon().to_string(),
            "phase": "purchase", "touchpoint": "shop", "channel": "store", "initiated_by": "brand",
            "kind": "contact", "note": "asked about aws.partner/shopify.com and lazo.webhooks",
        },
    });
    let text = own.to_string();
    assert!(RawEvent::is_likely(&text) && RawEvent::read(&text).is_none());
    let still = foreign::take_again(&world.app, &text, noon()).await.unwrap();
    assert_eq!(still.as_deref(), Some("is no event of another system"));
    put(&world, &[text], noon()).await;
    assert_eq!(world.customer(&id("ana")).await.contacts.len(), 1);
}
