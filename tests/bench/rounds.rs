//! What a worker's round reads from a table with few customers and from one with
//! many, of whom equally many are due.
//!
//! ```text
//! cargo bench --bench rounds
//! ```
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../it/support/mod.rs"]
mod support;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use lazo::shell::store::Cost;
use lazo::{dispatch, drift, ingest, occasions};
use lazo_domain::instant::Instant;
use serde_json::json;
use support::events::{batch, profile, purchase};
use support::{TABLE, World, at, rules};

/// How many are due at each worker that looks at calendars, whatever the size of
/// the table; what they start is due at dispatch.
const DUE: usize = 200;

const SIZES: [usize; 2] = [2_000, 200_000];

/// How much more a round may read from the larger table.
const RATIO_MAX: f64 = 1.1;

/// How many of the others come through the handler; the rest are their copies.
const MODELS: usize = 200;

const POLICY: &str = "brand: { name: Tienda, from: hola@example.com }
default_time_zone: America/Mexico_City
";

const BIRTHDAY: &str = "rule: birthday
status: live
purpose: service
trigger: { occasion: birthday }
steps: [{ id: mail, channel: email, template: hello, at: '09:00' }]
";

const WIN_BACK: &str = "rule: winback
status: live
purpose: service
trigger: { stage: dissolution }
steps: [{ id: mail, channel: email, template: hello, at: '11:00' }]
";

const WORKERS: [&str; 3] = ["occasions", "drift", "dispatch"];

#[tokio::main]
async fn main() {
    let [few, many] = [rounds(SIZES[0]).await, rounds(SIZES[1]).await];
    println!("{DUE} due at each worker, of {} and of {} customers", SIZES[0], SIZES[1]);
    println!("{:>12} {:>21} {:>21}", "", "round trips", "read units");
    let mut within = true;
    for (worker, (few, many)) in WORKERS.iter().zip(few.iter().zip(&many)) {
        println!(
            "{worker:>12} {:>10} {:>10} {:>10} {:>10}",
            few.round_trips, many.round_trips, few.read_units, many.read_units
        );
        within &= f64::from(many.round_trips as u32)
            <= RATIO_MAX * f64::from(few.round_trips as u32)
            && many.read_units <= RATIO_MAX * few.read_units;
    }
    assert!(within, "over the bar of {RATIO_MAX}");
}

/// What the round of each worker costs on the day on which all are due.
async fn rounds(customers: usize) -> Vec<Cost> {
    let files = [("policy.yaml", POLICY), ("birthday.yaml", BIRTHDAY), ("winback.yaml", WIN_BACK)];
    let mut world = World::new(rules(&files)).await;
    let app = Arc::get_mut(&mut world.app).unwrap();
    app.store = app.store.clone().counting();
    let lately = at("2026-11-02T12:00:00-06:00");
    put(&world, "born", DUE, "--11-20", lately).await;
    // So long ago that drift begins on that very day.
    put(&world, "drifting", DUE, "--04-02", at("2026-05-23T12:00:00-06:00")).await;
    put(&world, "other", MODELS, "--04-02", lately).await;
    copy(&world, customers - 2 * DUE - MODELS).await;
    // Alarms that rang early come first; the day itself is what is counted.
    let eve = at("2026-11-19T23:00:00-06:00");
    occasions::run(&world.app, eve, None).await.unwrap();
    drift::run(&world.app, eve, None).await.unwrap();
    let midnight = at("2026-11-20T00:00:00-06:00");
    let mut costs = Vec::new();
    world.app.store.take_cost();
    assert_eq!(occasions::run(&world.app, midnight, None).await.unwrap().customers, DUE);
    costs.push(world.app.store.take_cost());
    let drifted = drift::run(&world.app, midnight, None).await.unwrap();
    assert_eq!(drifted.reviewed.customers, DUE);
    costs.push(world.app.store.take_cost());
    dispatch::run(&world.app, at("2026-11-20T11:00:00-06:00")).await.unwrap();
    costs.push(world.app.store.take_cost());
    costs
}

async fn put(world: &World, name: &str, count: usize, birthday: &str, bought: Instant) {
    for customer in (0..count).map(|n| format!("{name}-{n}")) {
        let events = [
            profile(&customer, bought, json!({ "birthday": birthday })),
            purchase(&customer, &format!("pur-{customer}"), bought, "10.00"),
        ];
        ingest::handle(&world.app, batch(&events), bought).await;
    }
}

/// Puts so many copies of the others beside them, under ids of their own.
async fn copy(world: &World, count: usize) {
    let client = world.app.store.client();
    let mut models = Vec::new();
    for n in 0..MODELS {
        let text = |text: String| AttributeValue::S(text);
        let query = client.query().table_name(TABLE);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
        let query = query.expression_attribute_values(":pk", text(format!("customer#other-{n}")));
        let query = query.expression_attribute_values(":sk", text("state".into()));
        models.push(query.send().await.unwrap().items.unwrap());
    }
    for first in (0..count).step_by(10) {
        let copies = (first..count.min(first + 10)).flat_map(|n| {
            models[n % MODELS].iter().map(move |item| {
                let mut item: HashMap<String, AttributeValue> = item.clone();
                item.insert("pk".into(), AttributeValue::S(format!("customer#copy-{n}")));
                let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            })
        });
        let write = client.batch_write_item().request_items(TABLE, copies.collect());
        let left = write.send().await.unwrap().unprocessed_items.unwrap_or_default();
        assert!(left.is_empty());
    }
}
