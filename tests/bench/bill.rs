//! What a million purchases cost in an account, and a month in which nothing happens.
//!
//! ```text
//! cargo bench --bench bill
//! ```
//!
//! Customers who can be reached buy; each purchase is thanked for by a mail, each fifth
//! by a call as well. The real handlers take the events in batches, the mails go out,
//! SES's events come back. DynamoDB's units are those of its own answers, requests are
//! counted, and a run's time is what it took here, where the embedded DynamoDB takes its
//! part of it: on Lambda the processor is slower and DynamoDB does its work elsewhere.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "bill/prices.rs"]
mod prices;
#[path = "../it/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant as Clock};

use aws_lambda_events::sqs::SqsEvent;
use lazo::shell::alarm_sweep::Share;
use lazo::shell::store::Cost;
use lazo::{content, digest, dispatch, drift, feedback, ingest, occasions};
use lazo_domain::instant::Instant;
use serde_json::{Value, json};
use support::events::{batch, envelope, profile, purchase};
use support::recorder::Service;
use support::{CONFIGURATION_SET, TABLE, World, at, rules};

const PURCHASES: f64 = 1e6;

/// How many customers buy, and how often each.
const CUSTOMERS: usize = 250;
const TIMES: usize = 4;

/// Every so many purchases one is large, and its customer is called.
const CALLED: usize = 5;

const BATCH: usize = 10;

/// How many of SES's events a batch has.
const MAIL_EVENTS: usize = 100;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The memory of a function, in GB.
const MEMORY_GB: f64 = 0.25;

/// What it may cost, SES aside: held, and aimed at.
const MAX: f64 = 20.0;
const AIM: f64 = 15.0;

/// A month: its runs by schedule, and what the template has that costs by itself.
const RUNS: [(&str, f64); 5] = [
    ("dispatch", 30.0 * 24.0 * 60.0),
    ("content", 30.0 * 24.0 * 60.0),
    ("occasions", 30.0 * 24.0 * 4.0),
    ("digest", 30.0 * 24.0 * 4.0),
    ("drift", 30.0 * 24.0),
];
const ALARMS: f64 = 31.0;
const METRICS: f64 = 7.0;

const POLICY: &str = "brand: { name: Tienda, from: hola@example.com }
default_time_zone: America/Mexico_City
currency: MXN
";

const MAIL: &str = "rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: note, wait: 1 day, at: '10:00' }]
";

const CALL: &str = "rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: event.total.amount >= 5000.0
steps: [{ id: call, channel: call, template: note, wait: 1 day, at: '11:00' }]
";

/// What a function used.
#[derive(Clone, Copy, Default)]
struct Used {
    cost: Cost,
    runs: usize,
    time: Duration,
}

/// A shop, and what each function used in it.
struct Shop {
    world: World,
    used: BTreeMap<&'static str, Used>,
    mails_told: usize,
}

#[tokio::main]
async fn main() {
    let small = a_month_of_purchases(&[("thanks.yaml", MAIL), ("call.yaml", CALL)]).await;
    let bill = small.bill();
    println!("{} purchases of {CUSTOMERS} customers, as a million:", CUSTOMERS * TIMES);
    bill.print();
    elsewhere(&small);
    idle().await;
    growth(&small).await;
    println!("bar: {MAX} USD a million purchases, SES aside; aimed at: {AIM}");
    assert!(bill.total() <= MAX, "over the bar");
}

impl Shop {
    async fn with(files: &[(&str, &str)]) -> Shop {
        let files: Vec<_> = [("policy.yaml", POLICY)].iter().chain(files).copied().collect();
        let mut world = World::new(rules(&files)).await;
        let app = Arc::get_mut(&mut world.app).unwrap();
        app.store = app.store.clone().counting();
        Shop { world, used: BTreeMap::new(), mails_told: 0 }
    }

    fn note(&mut self, function: &'static str, begun: Clock) {
        let used = self.used.entry(function).or_default();
        let cost = self.world.app.store.take_cost();
        used.cost.round_trips += cost.round_trips;
        used.cost.read_units += cost.read_units;
        used.cost.write_units += cost.write_units;
        used.runs += 1;
        used.time += begun.elapsed();
    }

    async fn ingest(&mut self, events: SqsEvent, now: Instant) {
        let begun = Clock::now();
        let answer = ingest::handle(&self.world.app, events, now).await;
        assert!(answer.batch_item_failures.is_empty());
        self.note("ingest", begun);
    }

    async fn dispatch(&mut self, now: Instant) -> usize {
        let begun = Clock::now();
        let report = dispatch::run_for(&self.world.app, now, Share::ALL, dispatch::BUDGET).await;
        self.note("dispatch", begun);
        report.unwrap().sent
    }

    /// SES tells of each new mail that it was delivered.
    async fn feedback(&mut self, now: Instant) {
        let mails = self.world.recorder.requests(Service::Ses);
        let told: Vec<String> =
            mails[self.mails_told..].iter().map(|m| delivered(m, now)).collect();
        self.mails_told = mails.len();
        for events in told.chunks(MAIL_EVENTS) {
            let begun = Clock::now();
            let answer = feedback::handle(&self.world.app, batch(events), now).await;
            assert!(answer.batch_item_failures.is_empty());
            self.note("feedback", begun);
        }
    }

    fn sum(&self, of: impl Fn(&Used) -> f64) -> f64 {
        self.used.values().map(of).sum()
    }

    fn mails(&self) -> usize {
        self.world.recorder.requests(Service::Ses).len()
    }

    /// How many events went out on the bus.
    fn events_out(&self) -> usize {
        let requests = self.world.recorder.requests(Service::EventBridge);
        requests.iter().map(|body| body["Entries"].as_array().map_or(0, Vec::len)).sum()
    }

    /// What a million purchases cost at this rate.
    fn bill(&self) -> Bill {
        let bought = (CUSTOMERS * TIMES) as f64;
        let times = PURCHASES / bought;
        let runs = |name: &str| self.used.get(name).map_or(0.0, |used| used.runs as f64);
        let (purchases, mails) = (PURCHASES, self.mails() as f64 * times);
        // Each message is sent once; receiving and deleting go by batches.
        let messages = |count: f64, batches: f64| count + 2.0 * batches * times;
        let sqs = messages(purchases, runs("ingest")) + messages(mails, runs("feedback"));
        let mut rows = Vec::new();
        for (name, used) in &self.used {
            let [write, read] = [used.cost.write_units * times, used.cost.read_units * times];
            rows.push(Row::of("DynamoDB", name, "write units", write, prices::WRITE_UNIT));
            rows.push(Row::of("DynamoDB", name, "read units", read, prices::READ_UNIT));
            let seconds = used.time.as_secs_f64() * MEMORY_GB * times;
            rows.push(Row::of("Lambda", name, "GB-seconds", seconds, prices::GB_SECOND));
            let count = used.runs as f64 * times;
            rows.push(Row::of("Lambda", name, "requests", count, prices::LAMBDA_REQUEST));
        }
        let out = self.events_out() as f64 * times;
        rows.push(Row::of("EventBridge", "in", "events", purchases, prices::CUSTOM_EVENT));
        rows.push(Row::of("EventBridge", "out", "events", out, prices::CUSTOM_EVENT));
        rows.push(Row::of("SQS", "queues", "requests", sqs, prices::SQS_REQUEST));
        Bill { rows, mails }
    }
}

struct Row {
    service: &'static str,
    what: String,
    quantity: f64,
    usd: f64,
}

impl Row {
    fn of(service: &'static str, of: &str, unit: &str, quantity: f64, price: f64) -> Row {
        Row { service, what: format!("{of}: {unit}"), quantity, usd: quantity * price }
    }
}

struct Bill {
    rows: Vec<Row>,
    mails: f64,
}

impl Bill {
    fn total(&self) -> f64 {
        self.rows.iter().map(|row| row.usd).sum()
    }

    fn print(&self) {
        println!("{:<12} {:<24} {:>14} {:>9}", "", "", "quantity", "USD");
        for row in self.rows.iter().filter(|row| row.usd >= 0.005) {
            println!(
                "{:<12} {:<24} {:>14.0} {:>9.2}",
                row.service, row.what, row.quantity, row.usd
            );
        }
        println!("{:<12} {:<24} {:>14} {:>9.2}", "all", "SES aside", "", self.total());
        for price in prices::MAIL {
            let what = format!("at {:.2} a thousand", price * 1e3);
            println!("{:<12} {what:<24} {:>14.0} {:>9.2}", "SES", self.mails, self.mails * price);
        }
    }
}

/// Four purchases of each customer, a week apart, all that follows of them.
async fn a_month_of_purchases(files: &[(&str, &str)]) -> Shop {
    let mut shop = Shop::with(files).await;
    let begin = at("2026-06-01T12:00:00-06:00");
    let customers: Vec<String> = (0..CUSTOMERS).map(|number| format!("cus-{number:04}")).collect();
    for known in customers.chunks(BATCH) {
        let events: Vec<String> = known.iter().map(|id| profile(id, begin, address(id))).collect();
        shop.ingest(batch(&events), begin).await;
    }
    // Who the customers are is told once, and not for each purchase.
    shop.used.clear();
    for time in 0..TIMES {
        let bought = begin.plus_millis((1 + 7 * time as i64) * DAY);
        for (first, ids) in customers.chunks(BATCH).enumerate() {
            let event = |(number, id): (usize, &String)| {
                let large = (first * BATCH + number + time).is_multiple_of(CALLED);
                let amount = if large { "7300.00" } else { "420.00" };
                purchase(id, &format!("pur-{id}-{time}"), bought, amount)
            };
            let events: Vec<String> = ids.iter().enumerate().map(event).collect();
            shop.ingest(batch(&events), bought).await;
        }
        let due = bought.plus_millis(DAY);
        for hour in 0..3 {
            let now = due.plus_millis(hour * HOUR);
            shop.dispatch(now).await;
            shop.feedback(now).await;
        }
    }
    shop
}

fn address(id: &str) -> Value {
    json!({ "email": format!("{id}@example.com") })
}

/// What SES tells of a mail, by the tags that it carried.
fn delivered(mail: &Value, at: Instant) -> String {
    let tags = mail["EmailTags"].as_array().cloned().unwrap_or_default();
    let mut by_name = serde_json::Map::new();
    for tag in tags {
        by_name.insert(tag["Name"].as_str().unwrap().to_owned(), json!([tag["Value"]]));
    }
    by_name.insert("ses:configuration-set".into(), json!([CONFIGURATION_SET]));
    let about = json!({ "timestamp": at.to_string(), "messageId": "m", "tags": by_name });
    let detail = json!({ "eventType": "Delivery", "mail": about, "delivery": { "timestamp": at.to_string() } });
    envelope("Email Delivered", at, detail).replace("\"source\":\"shop\"", "\"source\":\"aws.ses\"")
}

fn elsewhere(shop: &Shop) {
    let mails = shop.bill().mails;
    println!(
        "\nelsewhere: Customer.io asks {:.0} USD for as many mails, and for 100,000 customers {:.0} USD a month\n",
        mails * prices::CUSTOMER_IO_MAIL,
        1e5 * prices::CUSTOMER_IO_PROFILE
    );
}

/// A month in which nothing happens, with as many customers as there are here.
async fn idle() {
    let shop = a_month_of_purchases(&[("thanks.yaml", MAIL)]).await;
    let app = &shop.world.app;
    let now = at("2026-08-01T12:00:00-06:00");
    occasions::run(app, now, None).await.unwrap();
    drift::run(app, now, None).await.unwrap();
    dispatch::run(app, now).await.unwrap();
    let mut usd = 0.0;
    println!("an idle month:");
    for (name, runs) in RUNS {
        app.store.take_cost();
        let begun = Clock::now();
        run(name, app, now.plus_millis(HOUR / 60)).await;
        let (time, cost) = (begun.elapsed().as_secs_f64(), app.store.take_cost());
        let units = cost.read_units * prices::READ_UNIT + cost.write_units * prices::WRITE_UNIT;
        let one = units + time * MEMORY_GB * prices::GB_SECOND + prices::LAMBDA_REQUEST;
        let cost_usd = runs * (one + prices::SCHEDULED_RUN);
        println!(
            "  {name:<10} {runs:>6} runs of {:>5.1} read units  {cost_usd:>6.2} USD",
            cost.read_units
        );
        usd += cost_usd;
    }
    let fixed = ALARMS * prices::ALARM_A_MONTH
        + METRICS * prices::METRIC_A_MONTH
        + prices::DASHBOARD_A_MONTH
        + prices::SECRET_A_MONTH;
    println!("  alarms, metrics, dashboard, secret          {fixed:>6.2} USD");
    println!("  all                                         {:>6.2} USD\n", usd + fixed);
}

async fn run(name: &str, app: &lazo::shell::app::App, now: Instant) {
    match name {
        "dispatch" => {
            dispatch::run(app, now).await.unwrap();
        }
        "content" => {
            let bounds = content::Bounds { time: None, customers: 1 };
            content::run(app, now, bounds).await.unwrap();
        }
        "occasions" => {
            occasions::run(app, now, None).await.unwrap();
        }
        "digest" => {
            digest::run(app, now).await.unwrap();
        }
        _ => {
            drift::run(app, now, None).await.unwrap();
        }
    }
}

/// What grows with what: the same with more rules, and what a customer takes up.
async fn growth(small: &Shop) {
    let more: Vec<(String, String)> = (1..=8)
        .map(|number| {
            let filter = format!("filter: event.total.amount > {number}000000.0\nsteps:");
            let rule = MAIL.replace("rule: thanks", &format!("rule: more-{number}"));
            (format!("more-{number}.yaml"), rule.replace("steps:", &filter))
        })
        .collect();
    let mut files = vec![("thanks.yaml", MAIL), ("call.yaml", CALL)];
    files.extend(more.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let with_more = a_month_of_purchases(&files).await;
    println!("with {} rules instead of 2: {:.2} USD", files.len(), with_more.bill().total());
    let client = small.world.app.store.client();
    let table = client.describe_table().table_name(TABLE).send().await.unwrap().table.unwrap();
    let bytes = table.table_size_bytes().unwrap_or(0) as f64;
    let each = bytes / (CUSTOMERS * TIMES) as f64;
    println!(
        "a purchase and what follows it takes {each:.0} bytes: {:.2} USD a month for a million",
        each * PURCHASES / 1e9 * prices::GB_STORED_A_MONTH
    );
    let trips = small.sum(|used| used.cost.round_trips as f64);
    println!("{:.1} round trips a purchase", trips / (CUSTOMERS * TIMES) as f64);
}
