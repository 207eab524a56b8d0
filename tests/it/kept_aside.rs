//! What could not be processed: found by whom it names, one entry however often it
//! comes, gone when the policy's time is over.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::StreamExt;
use lazo::ingest;
use lazo::shell::aside;
use lazo::shell::intake;
use lazo::shell::store::{FailureKind, Store};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use crate::support::events::{batch, envelope, profile};
use crate::support::{TABLE, World, at, id, minutes_after};

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

async fn put(world: &World, events: &[String], now: Instant) {
    let response = ingest::handle(&world.app, batch(events), now).await;
    assert!(response.batch_item_failures.is_empty());
}

fn erase(customer: &str, request: &str, now: Instant) -> String {
    let detail =
        json!({ "customer_id": customer, "request_id": request, "occurred_at": now.to_string() });
    envelope("CustomerErased", now, detail)
}

/// A detail that is wrong, about a customer.
fn wrong(customer: Value) -> Value {
    json!({ "customer_id": customer, "occurred_at": "soon", "note": "prefers the evening" })
}

/// Texts about a customer, in every form in which they come, each kept aside.
fn texts(customer: &str) -> Vec<String> {
    let event = |detail: Value| envelope("CustomerUpdated", noon(), detail);
    let inner = event(wrong(customer.into()));
    let message = inner.replace("evening", "morning");
    let sns = json!({ "Type": "Notification", "MessageId": "1", "Message": message }).to_string();
    let sqs = json!({ "Records": [{ "body": sns }] }).to_string();
    let escaped = inner.replace('/', "\\/");
    let mut unicode = String::new();
    for char in customer.chars() {
        unicode += &format!("\\u{:04x}", char as u32);
    }
    vec![
        event(json!(wrong(customer.into()).to_string())),
        sns,
        sqs,
        format!("[{inner}]"),
        inner[..inner.len() - 3].to_owned(),
        event(wrong(format!("  {customer} ").into())),
        escaped.replace("soon", "later"),
        inner
            .replace(&format!("\"{customer}\""), &format!("\"{unicode}\""))
            .replace("soon", "then"),
    ]
}

#[tokio::test]
async fn texts_about_a_customer_are_found_whatever_their_form() {
    for customer in ["ana", "shop/ana", "12345"] {
        let world = World::shipped().await;
        let mut about = texts(customer);
        if let Ok(number) = customer.parse::<u32>() {
            about.push(envelope("CustomerUpdated", noon(), wrong(number.into())));
        }
        let others = texts("eva");
        put(&world, &[profile(customer, minutes_after(noon(), -5), json!({}))], noon()).await;
        put(&world, &[about.clone(), others.clone()].concat(), noon()).await;
        let kept = async |store: &Store| store.failures(noon()).await.unwrap().len();
        assert_eq!(kept(&world.app.store).await, about.len() + others.len(), "{customer}");

        // An export shows them,
        let known = world.customer(&id(customer)).await;
        let found = intake::kept_aside(&world.app.store, &known, noon()).await.unwrap();
        let mut found: Vec<String> = found.into_iter().map(|(_, text)| text).collect();
        let mut expected = about.clone();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{customer}");

        // an erasure takes them away, and whatever comes of them again is not kept.
        put(&world, &[erase(customer, "e1", noon())], noon()).await;
        assert_eq!(kept(&world.app.store).await, others.len(), "{customer}");
        put(&world, &about, minutes_after(noon(), 1)).await;
        assert_eq!(kept(&world.app.store).await, others.len(), "{customer}");
        let left = world.items().await.into_iter().filter(|item| item.contains("failure#of/"));
        assert!(left.count() > 0, "those of others stay");
    }
}

/// Two who share a number, and texts that name it: of each what says whose it is.
#[tokio::test]
async fn a_text_about_another_of_the_same_number_is_the_others() {
    let world = World::shipped().await;
    let early = minutes_after(noon(), -5);
    let of = |customer: &str, more: Value| {
        let mut detail = wrong(customer.into());
        detail["phone"] = "+52 55 5555 0142".into();
        detail["note"] = more;
        envelope("CustomerUpdated", noon(), detail)
    };
    let eva = json!({ "phone": "+525555550142", "email": "eva@example.com" });
    put(&world, &[profile("ana", early, json!({})), profile("eva", early, eva)], noon()).await;
    let of_eva = of("eva", "prefers the evening".into());
    let told = [
        of_eva.clone(),
        of("ana", "prefers the morning".into()),
        // Of an address that is ana's alone.
        of("eva", "or marisol.nandu@example.com".into()),
        // Of somebody who is not known.
        of("eve", Value::Null),
    ];
    put(&world, &told, noon()).await;
    put(&world, &[erase("ana", "e1", noon())], noon()).await;
    let kept = world.app.store.failures(noon()).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(world.app.store.failed_text(&kept[0]).await.unwrap(), of_eva);
    put(&world, &[erase("eva", "e2", noon())], noon()).await;
    assert!(world.app.store.failures(noon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn texts_that_name_an_address_or_a_number_are_found_too() {
    let world = World::shipped().await;
    put(&world, &[profile("ana", minutes_after(noon(), -5), json!({}))], noon()).await;
    let of = |fields: Value| envelope("CustomerUpdated", noon(), fields);
    put(
        &world,
        &[
            of(json!({ "email": "Marisol.Nandu@example.com", "occurred_at": 1 })),
            of(json!({ "phone": "55 5555 0142", "occurred_at": 2 })),
            of(json!("{\"email\":\" marisol.nandu@example.com\"}")),
            of(json!({ "email": "other.nandu@example.com", "occurred_at": 3 })),
        ],
        noon(),
    )
    .await;
    assert_eq!(world.app.store.failures(noon()).await.unwrap().len(), 4);
    put(&world, &[erase("ana", "e1", noon())], noon()).await;
    let left = world.app.store.failures(noon()).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(world.app.store.failed_text(&left[0]).await.unwrap().contains("other.nandu"));
}

#[tokio::test]
async fn a_reason_quotes_nobody() {
    let world = World::shipped().await;
    let address = "marisol.nandu@example.com";
    let of = |kind: &str, fields: Value| {
        let mut detail = json!({ "customer_id": "ana", "occurred_at": noon().to_string() });
        detail.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        envelope(kind, noon(), detail)
    };
    let total = json!({ "amount": address, "currency": "MXN" });
    let bad = [
        of("CustomerUpdated", json!({ "name": address })),
        of("CustomerUpdated", json!({ "birthday": address })),
        of("CustomerUpdated", json!({ "customer_id": format!("{address} ") })),
        of("CustomerUpdated", json!({ "occurred_at": address })),
        of("CustomerUpdated", json!({ "attributes": { address: [address] } })),
        of("CustomerUpdated", json!({ "email": 525555550142u64 })),
        of("CustomerUpdated", json!({ "anniversaries": { "wedding": address } })),
        of("PurchaseCompleted", json!({ "purchase_id": "p", "total": total })),
        of("PurchaseCompleted", json!({ "purchase_id": "p", "total": address })),
        of(
            "PurchaseCompleted",
            json!({ "purchase_id": "p", "total": { "amount": "1", "currency": address } }),
        ),
        of("ComplaintOpened", json!({ "complaint_id": "k", "severity": address, "category": "x" })),
        of(
            "SurveyAnswered",
            json!({ "answer_id": "k", "touchpoint": "x", "csat": 525555550142u64 }),
        ),
        of(address, json!({})),
        envelope("CustomerUpdated", noon(), json!(address)),
        json!(address).to_string(),
        json!({ "detail-type": "CustomerUpdated", "time": address, "detail": {
            "customer_id": "ana", "occurred_at": noon().to_string() } })
        .to_string(),
        json!({ "detail-type": [address], "detail": {} }).to_string(),
    ];
    put(&world, &bad, noon()).await;
    let failures = world.app.store.failures(noon()).await.unwrap();
    // Of some a single field is left out instead.
    assert!(failures.len() > bad.len() - 6, "{}", failures.len());
    for failure in failures {
        let why = failure.why;
        assert!(!why.contains("nandu") && !why.contains("5555550142"), "{why}");
        assert!(why.len() > 20, "it says nothing: {why}");
    }
}

#[tokio::test]
async fn one_bad_event_is_one_entry_however_often_it_comes() {
    let world = World::shipped().await;
    for number in 0..30 {
        let now = minutes_after(noon(), number);
        let text = envelope("CustomerUpdated", now, wrong("ana".into()));
        let text = match number % 3 {
            0 => text,
            1 => text.replace("\":", "\" : \n"),
            _ => serde_json::to_string_pretty(&serde_json::from_str::<Value>(&text).unwrap())
                .unwrap(),
        };
        put(&world, &[text], now).await;
    }
    let other = envelope("CustomerUpdated", noon(), wrong("eva".into()));
    put(&world, &[other], noon()).await;
    let failures = world.app.store.failures(minutes_after(noon(), 40)).await.unwrap();
    let mut times: Vec<u64> = failures.iter().map(|failure| failure.times).collect();
    times.sort_unstable();
    assert_eq!(times, [1, 30]);
    let often = failures.iter().find(|failure| failure.times == 30).unwrap();
    assert_eq!(often.failed_at, noon());
    assert_eq!(often.last_at, Some(minutes_after(noon(), 29)));
    world.app.store.drop_failure(often).await.unwrap();
    let items = world.items().await;
    assert!(!items.iter().any(|item| item.contains(&often.id)), "all of it is gone");
}

#[tokio::test]
async fn an_erasure_does_not_read_what_was_kept_of_others() {
    let world = World::shipped().await;
    let one = async |number: usize| {
        let text = json!({ "customer_id": format!("c{number}"), "occurred_at": "soon" });
        let text = text.to_string();
        aside::keep(&world.app, FailureKind::Event, &text, "why", noon()).await.unwrap();
    };
    let all: Vec<_> = (0..3_000).map(one).collect();
    futures::stream::iter(all).buffer_unordered(16).collect::<Vec<()>>().await;
    let store = world.app.store.clone().counting();
    let ana = world.customer(&id("c77")).await;
    let found = intake::kept_aside(&store, &ana, noon()).await.unwrap();
    assert_eq!(found.len(), 1);
    let cost = store.take_cost();
    assert!(cost.read_units <= 6.0 && cost.round_trips <= 6, "{cost:?}");
}

#[tokio::test]
async fn a_text_with_very_many_names_is_found_as_well() {
    let world = World::shipped().await;
    let all: Vec<Value> = (0..300).map(|n| json!({ "customer_id": format!("c{n}") })).collect();
    let text = json!(all).to_string();
    aside::keep(&world.app, FailureKind::Event, &text, "why", noon()).await.unwrap();
    for (name, count) in [("c0", 1), ("c299", 1), ("c300", 0)] {
        let known = world.customer(&id(name)).await;
        let found = intake::kept_aside(&world.app.store, &known, noon()).await.unwrap();
        assert_eq!(found.len(), count, "{name}");
    }
}

#[tokio::test]
async fn what_was_kept_goes_when_the_policy_s_time_is_over() {
    let world = World::shipped().await;
    put(&world, &[envelope("CustomerUpdated", noon(), wrong("ana".into()))], noon()).await;
    let month = |months: i64| minutes_after(noon(), months * 31 * 24 * 60);
    let listed = async |now| world.app.store.failures_of(now, 40).await.unwrap().len();
    assert_eq!((listed(month(23)).await, listed(month(25)).await), (1, 0));
    let known = world.customer(&id("ana")).await;
    let found = intake::kept_aside(&world.app.store, &known, month(25)).await.unwrap();
    assert!(found.is_empty());
    // Every item of it is let go by itself.
    let kept = world.items().await.into_iter().filter(|item| item.contains("failure"));
    for item in kept {
        assert!(item.contains("\"expires_at\":"), "{item}");
    }
}

#[tokio::test]
async fn what_a_former_version_kept_is_found_once_the_list_was_looked_at() {
    let world = World::shipped().await;
    let text = envelope("CustomerUpdated", noon(), wrong("ana".into()));
    // As it was written then: under the text's own hash, without names and count.
    let put = async |pk: &str, sk: &str, more: &[(&str, AttributeValue)]| {
        let put = world.app.store.client().put_item().table_name(TABLE);
        let put = put.item("pk", AttributeValue::S(pk.into()));
        let mut put = put.item("sk", AttributeValue::S(sk.into()));
        for (name, value) in more {
            put = put.item(*name, value.clone());
        }
        put.send().await.unwrap();
    };
    let number = |number: i64| AttributeValue::N(number.to_string());
    let string = |text: &str| AttributeValue::S(text.into());
    let at = number(noon().millis());
    put("failure#0011", "part#000", &[("text", string(&text)), ("failed_at", at.clone())]).await;
    let listed = [
        ("id", string("0011")),
        ("kind", string("event")),
        ("why", string("found \"marisol.nandu@example.com\"")),
        ("failed_at", at),
        ("bytes", number(text.len() as i64)),
        ("parts", number(1)),
    ];
    put("failures#2026-11", "0011", &listed).await;
    let failures = world.app.store.failures(noon()).await.unwrap();
    assert!(aside::renew(&world.app, &failures).await.unwrap());
    let failures = world.app.store.failures(noon()).await.unwrap();
    assert_eq!((failures.len(), failures[0].failed_at), (1, noon()));
    assert!(!failures[0].why.contains("nandu"), "{}", failures[0].why);
    assert!(!aside::renew(&world.app, &failures).await.unwrap());
    let known = world.customer(&id("ana")).await;
    let found = intake::kept_aside(&world.app.store, &known, noon()).await.unwrap();
    assert_eq!(found.len(), 1);
    world.app.store.drop_failure(&found[0].0).await.unwrap();
    assert!(!world.items().await.iter().any(|item| item.contains("failure")));
}
