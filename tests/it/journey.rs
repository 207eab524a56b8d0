//! What customers say of the touchpoints of their journey: counted once, with
//! what each was worth then, whatever way it comes.

use std::collections::BTreeMap;

use lazo::ingest;
use lazo::shell::intake::history;
use lazo::shell::store::{CountedExperience, Month};
use lazo_domain::event::Phase;
use lazo_domain::instant::Instant;
use lazo_domain::journey::{Feeling, Told, TouchpointScore, stops};
use serde_json::{Value, json};

use crate::support::events::{batch, delivered, envelope, profile, purchase};
use crate::support::program::Shop;
use crate::support::{World, at, minutes_after, rules};

const POLICY: &str = "brand: { name: Tienda, from: hola@example.com }
default_time_zone: America/Mexico_City
default_locale: es
currency: MXN
";

const NOVEMBER: Month = Month { year: 2026, month: 11 };

async fn world() -> World {
    World::new(rules(&[("policy.yaml", POLICY)])).await
}

async fn put(world: &World, events: &[String], now: Instant) {
    let response = ingest::handle(&world.app, batch(events), now).await;
    assert!(response.batch_item_failures.is_empty());
}

fn told(kind: &str, customer: &str, at: Instant, more: Value) -> String {
    let mut detail = json!({ "customer_id": customer, "occurred_at": at.to_string() });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    envelope(kind, at, detail)
}

fn visit(customer: &str, key: &str, at: Instant, satisfaction: Option<u8>) -> String {
    let mut fields = json!({
        "interaction_id": key, "phase": "prepurchase", "touchpoint": "showroom",
        "channel": "store", "initiated_by": "customer", "kind": "visit",
    });
    if let Some(score) = satisfaction {
        fields["satisfaction"] = score.into();
    }
    told("InteractionRecorded", customer, at, fields)
}

fn answer(customer: &str, key: &str, at: Instant, more: Value) -> String {
    let mut fields = json!({ "answer_id": key, "touchpoint": "delivery" });
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    told("SurveyAnswered", customer, at, fields)
}

fn call(customer: &str, key: &str, at: Instant, satisfaction: u8) -> String {
    let fields = json!({
        "call_id": key, "touch_id": format!("thank-you/{customer}/p/call"), "outcome": "reached",
        "satisfaction": satisfaction,
    });
    told("CallReported", customer, at, fields)
}

/// Two customers' events, the first of whom brings ten times as much.
fn events(now: Instant) -> Vec<String> {
    let on = |days: i64| minutes_after(now, days * 1440);
    vec![
        profile("ana", on(-20), json!({})),
        visit("ana", "v1", on(-19), Some(5)),
        visit("ana", "v2", on(-18), None),
        purchase("ana", "p1", on(-15), "1000.00"),
        answer("ana", "a1", on(-12), json!({ "nps": 3 })),
        answer("ana", "a2", on(-11), json!({ "comment": "Llegó roto" })),
        call("ana", "k1", on(-10), 2),
        profile("eva", on(-20), json!({})),
        purchase("eva", "p2", on(-15), "100.00"),
        answer("eva", "a3", on(-12), json!({ "csat": 5 })),
        call("eva", "k2", on(-10), 3),
    ]
}

async fn counted(world: &World) -> Vec<(Option<Phase>, String, Feeling, f64)> {
    let found = world.app.store.experiences_of(NOVEMBER).await.unwrap();
    let mut found: Vec<_> = found
        .iter()
        .map(|one| (one.phase, one.touchpoint.as_str().to_owned(), one.feeling, one.worth))
        .collect();
    found.sort_by(|a, b| a.partial_cmp(b).unwrap());
    found
}

fn journey(found: &[CountedExperience]) -> Vec<TouchpointScore> {
    stops(found.iter().map(|one| Told {
        phase: one.phase,
        touchpoint: one.touchpoint.as_str(),
        feeling: one.feeling,
        worth: one.worth,
    }))
}

#[tokio::test]
async fn each_score_counts_once_with_what_its_customer_was_worth_then() {
    let now = at("2026-11-25T12:00:00-06:00");
    let expected = vec![
        (None, "delivery".to_owned(), Feeling::Unhappy, 1000.0),
        (None, "delivery".to_owned(), Feeling::Happy, 100.0),
        (None, "thank-you".to_owned(), Feeling::Unhappy, 1000.0),
        (None, "thank-you".to_owned(), Feeling::Neutral, 100.0),
        (Some(Phase::Prepurchase), "showroom".to_owned(), Feeling::Happy, 0.0),
    ];
    let world = world().await;
    let all = events(now);
    for _ in 0..2 {
        for few in all.chunks(4) {
            put(&world, few, now).await;
        }
    }
    assert_eq!(counted(&world).await, expected);
    // What she buys later makes no word of hers weigh more.
    put(&world, &[purchase("ana", "p9", now, "9000.00")], now).await;
    assert_eq!(counted(&world).await, expected);
    let stops = journey(&world.app.store.experiences_of(NOVEMBER).await.unwrap());
    let delivery = stops.iter().find(|stop| stop.touchpoint == "delivery").unwrap();
    assert_eq!(delivery.phase, Phase::Postpurchase);
    assert!((delivery.unhappy_share.share - 0.5).abs() < 1e-9);
    assert!((delivery.unhappy_by_value.unwrap().share - 1000.0 / 1100.0).abs() < 1e-9);

    // The same as history, twice.
    let imported = self::world().await;
    let mut histories: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in all.iter().map(|text| delivered(text)) {
        histories.entry(event.event.customer().unwrap().clone()).or_default().push(event);
    }
    for _ in 0..2 {
        for (customer, events) in &histories {
            history::import(&imported.app, customer, events, now).await.unwrap();
        }
    }
    assert_eq!(counted(&imported).await, expected);
}

#[tokio::test]
async fn who_is_forgotten_stays_counted_and_is_not_named() {
    let now = at("2026-11-25T12:00:00-06:00");
    let world = world().await;
    put(&world, &events(now), now).await;
    let before = counted(&world).await;
    let erased = told("CustomerErased", "ana", now, json!({ "request_id": "e-1" }));
    put(&world, &[erased], now).await;
    put(&world, &[call("ana", "k9", now, 5), call("ana", "k1", now, 2)], now).await;
    assert_eq!(counted(&world).await, before);
    let kept = format!("{:?}", world.app.store.experiences_of(NOVEMBER).await.unwrap());
    assert!(!kept.contains("ana") && !kept.contains("k1"), "{kept}");
}

/// The command, on what was imported from a file.
#[tokio::test]
async fn the_report_tells_phase_by_phase_where_it_is_worst() {
    let shop = Shop::new();
    let now = Instant::from(jiff::Timestamp::now());
    std::fs::write(shop.path("events.jsonl"), events(now).join("\n")).unwrap();
    let run = async |words: &[&str]| {
        let output = shop.command(words).output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let empty = run(&["journey", "--lang", "en"]).await;
    assert_eq!(empty, "nobody has said how it was\n");
    run(&["import", shop.path("events.jsonl").to_str().unwrap()]).await;
    let lines = run(&["journey", "--json", "--months", "3"]).await;
    let lines: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let seen: Vec<_> = lines
        .iter()
        .map(|line| (line["phase"].as_str().unwrap(), line["touchpoint"].as_str().unwrap()))
        .collect();
    assert_eq!(
        seen,
        [("prepurchase", "showroom"), ("postpurchase", "delivery"), ("postpurchase", "thank-you")]
    );
    assert_eq!(lines[1]["worth_unhappy"]["amount"], "1000.00");
    for (lang, phase) in [("es", "después de la compra"), ("en", "after the purchase")] {
        let text = run(&["journey", "--lang", lang]).await;
        assert!(text.contains(phase) && text.contains("  delivery "), "{text}");
    }
}
