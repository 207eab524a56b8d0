//! Order and repetition do not matter (1.1, 1.2), through the queue and the
//! table: as long as each event arrives before what it starts falls due.

use fastrand::Rng;
use futures::StreamExt;
use lazo::shell::rules::{Rules, rule_files, template_files};
use lazo::shell::store::TouchEntry;
use lazo::{dispatch, ingest};
use lazo_domain::customer::Customer;
use lazo_domain::instant::Instant;
use lazo_domain::message::Templates;
use lazo_domain::rulebook::RuleBook;

use crate::support::events::batch;
use crate::support::generate::{Made, Plan, history};
use crate::support::{World, at, id};

const HISTORIES: u64 = 20;

/// Everything is delivered at this instant, before anything falls due.
fn delivery() -> Instant {
    at("2026-11-18T18:00:00Z")
}

/// Half a year of history, and a busy last day.
fn made(seed: u64, customer: &str) -> Vec<Made> {
    let long = Plan { from: at("2026-05-01T00:00:00Z"), days: 200, late: 0 };
    let day = Plan { from: at("2026-11-18T09:00:00Z"), days: 1, late: 0 };
    let mut made = history(seed, customer, long);
    let recent = history(seed + 500, customer, day).into_iter();
    // The keys of the two must differ.
    made.extend(recent.map(|mut event| {
        let detail = event.detail.to_string().replace(&format!("{customer}-"), "recent-");
        event.detail = serde_json::from_str(&detail).unwrap();
        event
    }));
    made.retain(|made| {
        made.detail["occurred_at"].as_str().is_some_and(|text| at(text) < delivery())
    });
    made
}

/// How a customer ends who gets these events, in this order, in batches of so
/// many.
async fn outcome(
    world: &World,
    customer: &str,
    made: &[Made],
    size: usize,
) -> (Customer, Vec<String>) {
    let texts: Vec<String> = made.iter().map(Made::text).collect();
    for bodies in texts.chunks(size) {
        let response = ingest::handle(&world.app, batch(bodies), delivery()).await;
        assert!(response.batch_item_failures.is_empty());
    }
    let customer = id(customer);
    let after = world.customer(&customer).await;
    let mut now = delivery();
    for _ in 0..200 {
        let Some(next) = world.customer(&customer).await.next_alarm() else { break };
        now = next.max(now);
        if now > at("2027-01-31T00:00:00Z") {
            break;
        }
        dispatch::attend(&world.app, &customer, now).await.unwrap();
    }
    let mut touches: Vec<String> =
        world.app.store.ledger(&customer).await.unwrap().1.iter().map(told).collect();
    touches.sort();
    (after, touches)
}

fn told(entry: &TouchEntry) -> String {
    format!("{} {:?} {} {} {:?}", entry.touch, entry.state, entry.at, entry.due, entry.reason)
}

fn in_order(made: &[Made]) -> Vec<Made> {
    let mut sorted = made.to_vec();
    sorted.sort_by_key(|made| (made.detail["occurred_at"].as_str().map(at), made.kind));
    sorted
}

fn jumbled(made: &[Made], rng: &mut Rng) -> Vec<Made> {
    let mut jumbled = made.to_vec();
    for event in made {
        if rng.u8(0..3) == 0 {
            jumbled.push(event.clone());
        }
    }
    rng.shuffle(&mut jumbled);
    jumbled
}

/// The shipped rules that events trigger. Histories arrive here months late, in
/// any order: a stage that they once brought about is long past its time, and
/// whether it started anything depends on when it was learnt of (events#any-order).
fn rules_of_events() -> Rules {
    let mut files = rule_files(None).unwrap();
    files.retain(|(name, text)| name == "policy.yaml" || text.contains("trigger: { event:"));
    assert!(files.len() > 2);
    let templates = Templates::read(&template_files(None).unwrap());
    Rules::new(RuleBook::read(&files).unwrap(), templates)
}

async fn converges(seed: u64) -> usize {
    let customer = format!("cus-{seed}");
    let made = made(seed, &customer);
    let straight = World::new(rules_of_events()).await;
    let (expected, touches) = outcome(&straight, &customer, &in_order(&made), 10).await;
    let mut rng = Rng::with_seed(seed);
    for size in [1, 10] {
        let world = World::new(rules_of_events()).await;
        let (found, sent) = outcome(&world, &customer, &jumbled(&made, &mut rng), size).await;
        assert_eq!(found, expected, "seed {seed}");
        assert_eq!(sent, touches, "seed {seed}");
    }
    touches.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_order_and_repetition_gives_the_same_state_and_the_same_touches() {
    let touches: Vec<usize> =
        futures::stream::iter(1..=HISTORIES).map(converges).buffer_unordered(4).collect().await;
    assert!(touches.iter().sum::<usize>() >= 20, "too little happened to tell: {touches:?}");
}
