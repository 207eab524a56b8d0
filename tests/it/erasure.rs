//! Who asked to be forgotten is: in the table, its indexes, and what others are
//! told; also when an archive brings everything once more.

use std::collections::BTreeSet;

use lazo::shell::store::CallStatus;
use lazo::{dispatch, ingest};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, at, minutes_after};

/// What nobody may find afterwards, each word in a field of its own.
const SAID: [&str; 18] = [
    "Marisol",
    "Ñandú",
    "marisol.nandu",
    "525555550142",
    "1984-03-07",
    "2009-06-20",
    "rep.beatriz",
    "cerámica de Talavera",
    "zurda",
    "dijo que sí por teléfono",
    "Jarrón azul",
    "el asa llegó rota",
    "habla del hospital",
    "le llegó un plato roto",
    "se le repuso el plato",
    "prefiere tardes",
    "todo muy bonito",
    "antes.marisol",
];

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

fn erase(request: &str) -> String {
    envelope("CustomerErased", noon(), told(json!({ "request_id": request })))
}

/// A detail of Marisol's, at noon.
fn told(more: Value) -> Value {
    let mut detail = json!({ "customer_id": "mar", "occurred_at": noon().to_string() });
    for (field, value) in more.as_object().into_iter().flatten() {
        detail[field] = value.clone();
    }
    detail
}

/// All that a shop may know of somebody, in events of every kind; one of them
/// fits no schema.
fn life() -> Vec<String> {
    let of = |kind: &str, more: Value| envelope(kind, noon(), told(more));
    let money = json!({ "amount": "12000.00", "currency": "MXN" });
    let earlier = json!({ "email": "antes.marisol@example.com" });
    let more = json!({
        "birthday": "1984-03-07", "anniversaries": { "boda": "2009-06-20" },
        "relationship": "dedicated", "account_manager": "rep.beatriz",
        "interests": ["cerámica de Talavera"], "attributes": { "hand": "zurda" },
    });
    vec![
        profile("mar", minutes_after(noon(), -9), earlier),
        profile("mar", minutes_after(noon(), -5), more),
        of(
            "ConsentChanged",
            json!({ "consent_id": "c1", "channel": "email", "purpose": "all", "state": "granted", "source": "shop", "wording": "dijo que sí por teléfono" }),
        ),
        of(
            "PurchaseCompleted",
            json!({ "purchase_id": "p1", "total": money, "items": [{ "sku": "J1", "name": "Jarrón azul", "quantity": 1 }], "sold_by": "rep.beatriz" }),
        ),
        of("PurchaseCompleted", json!({ "purchase_id": "p2", "total": money })),
        of("PurchaseDelivered", json!({ "purchase_id": "p1" })),
        of(
            "PurchaseRefunded",
            json!({ "refund_id": "r1", "purchase_id": "p1", "reason": "el asa llegó rota" }),
        ),
        of(
            "InteractionRecorded",
            json!({ "interaction_id": "i1", "phase": "postpurchase", "touchpoint": "shop", "channel": "store", "initiated_by": "customer", "kind": "visit", "note": "habla del hospital" }),
        ),
        of(
            "ComplaintOpened",
            json!({ "complaint_id": "k1", "severity": "low", "category": "shipping", "description": "le llegó un plato roto" }),
        ),
        of(
            "ComplaintResolved",
            json!({ "complaint_id": "k1", "resolution": "se le repuso el plato" }),
        ),
        of(
            "CallReported",
            json!({ "call_id": "l1", "outcome": "reached", "note": "prefiere tardes" }),
        ),
        of(
            "SurveyAnswered",
            json!({ "answer_id": "s1", "touchpoint": "shop", "csat": 5, "comment": "todo muy bonito" }),
        ),
        of(
            "CustomerUpdated",
            json!({ "name": { "given": "Marisol" }, "time_zone": "Mars/Olympus" }),
        ),
    ]
}

async fn put(world: &World, events: &[String], now: Instant) {
    let response = ingest::handle(&world.app, batch(events), now).await;
    assert!(response.batch_item_failures.is_empty());
}

/// The words that stand anywhere in the table, but for the names of those who
/// work in the shop.
async fn found(world: &World) -> BTreeSet<&'static str> {
    let items = world.items().await.into_iter();
    let all = items.filter(|item| !item.contains("\"pk\":\"assignees\"")).collect::<String>();
    SAID.into_iter().filter(|word| all.contains(word)).collect()
}

#[tokio::test]
async fn nothing_of_the_person_is_left_not_even_after_a_replay() {
    let world = World::shipped().await;
    put(&world, &life(), noon()).await;
    // The resolved complaint holds calls back for a week.
    for day in 1..20 {
        dispatch::run(&world.app, minutes_after(noon(), day * 1440)).await.unwrap();
    }
    let now = minutes_after(noon(), 20 * 1440);
    let before = found(&world).await;
    assert!(before.len() >= 10, "the test says too little: {before:?}");
    assert_eq!(world.app.store.failures(now).await.unwrap().len(), 1);

    put(&world, &[erase("e1")], now).await;
    assert_eq!(found(&world).await, BTreeSet::new());
    assert!(world.app.store.failures(now).await.unwrap().is_empty());
    let erased = world.items().await;

    // The whole life once more, and the wish as well.
    put(&world, &life(), now).await;
    put(&world, &[erase("e1")], now).await;
    assert_eq!(found(&world).await, BTreeSet::new());
    assert_eq!(world.items().await, erased, "a replay changes nothing");

    // And something new: the person was not asked to be known again.
    put(&world, &[purchase("mar", "p9", now, "10.00")], now).await;
    put(&world, &[erase("e2")], minutes_after(now, 1)).await;
    for day in 0..5 {
        dispatch::run(&world.app, minutes_after(now, day * 1440)).await.unwrap();
    }
    assert_eq!(found(&world).await, BTreeSet::new());
    let mails = world.recorder.requests(Service::Ses).len();
    let after = minutes_after(now, 6 * 1440);
    dispatch::run(&world.app, after).await.unwrap();
    assert_eq!(world.recorder.requests(Service::Ses).len(), mails);
    for request in world.recorder.requests(Service::EventBridge) {
        let text = request.to_string();
        assert!(!SAID.iter().any(|word| *word != "rep.beatriz" && text.contains(word)), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_event_is_not_kept_of_who_was_forgotten() {
    let world = World::shipped().await;
    put(&world, &[purchase("mar", "p1", noon(), "10.00"), erase("e1")], noon()).await;
    let kept = async || world.app.store.failures(noon()).await.unwrap().len();
    let of = |customer: &str| purchase(customer, "p2", noon(), "10.00");
    let cut_off = |text: String| text[..text.len() - 2].to_owned();
    put(&world, &[cut_off(of("mar")), format!("[{}]", of("mar"))], noon()).await;
    assert_eq!(kept().await, 0);
    // What tells of others as well is theirs, too.
    put(&world, &[cut_off(of("eva")), format!("[{},{}]", of("mar"), of("eva"))], noon()).await;
    assert_eq!(kept().await, 2);
}

#[tokio::test]
async fn a_call_that_waits_for_a_rep_is_taken_off_the_list() {
    let world = World::shipped().await;
    let dedicated = json!({ "relationship": "dedicated", "account_manager": "rep.beatriz" });
    let large = purchase("mar", "p1", noon(), "99000.00");
    put(&world, &[profile("mar", minutes_after(noon(), -5), dedicated), large], noon()).await;
    dispatch::run(&world.app, minutes_after(noon(), 2 * 1440)).await.unwrap();
    let now = minutes_after(noon(), 2 * 1440);
    let calls = world.app.store.open_calls("rep.beatriz", now).await.unwrap();
    assert_eq!(calls.len(), 1);

    put(&world, &[erase("e1")], now).await;
    assert!(world.app.store.open_calls("rep.beatriz", now).await.unwrap().is_empty());
    let call = world.app.store.call(&calls[0].touch).await.unwrap().unwrap();
    assert_eq!((call.status, call.outcome.as_deref()), (CallStatus::Done, Some("erased")));
}
