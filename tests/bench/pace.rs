//! How much of the send rate is used: more mails are due than the rate lets out, and
//! dispatch runs by its schedule, a run each minute.
//!
//! ```text
//! cargo bench --bench pace
//! ```
//!
//! It takes as long as it measures.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../it/support/mod.rs"]
mod support;

use std::time::Duration;

use lazo::shell::alarm_sweep::Share;
use lazo::{dispatch, ingest};
use lazo_domain::instant::Instant;
use serde_json::json;
use support::events::{batch, profile, purchase};
use support::recorder::Service;
use support::{World, at, rules};

/// Mails a second, as the policy sets it.
const RATE: usize = 14;

/// How many runs the schedule starts, one a minute.
const RUNS: u64 = 2;

const MINUTE: Duration = Duration::from_secs(60);

/// What of the rate is used, at least.
const SHARE_MIN: f64 = 0.95;

const MAIL: &str = "rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: note, wait: 1 hour }]
";

#[tokio::main]
async fn main() {
    let policy =
        format!("brand: {{ name: Tienda, from: hola@example.com }}\nmails_per_second: {RATE}\n");
    let world = World::new(rules(&[("policy.yaml", &policy), ("thanks.yaml", MAIL)])).await;
    let allowed = RATE * RUNS as usize * 60;
    let bought = at("2026-11-18T10:00:00-06:00");
    for number in 0..allowed + allowed / 4 {
        let customer = format!("cus-{number:06}");
        let events = [
            profile(&customer, bought, json!({})),
            purchase(&customer, &format!("pur-{number}"), bought, "129.90"),
        ];
        assert!(
            ingest::handle(&world.app, batch(&events), bought).await.batch_item_failures.is_empty()
        );
    }
    let due = at("2026-11-18T12:00:00-06:00");
    let mut runs = Vec::new();
    for run in 0..RUNS {
        let (app, now) = (world.app.clone(), due.plus_millis(run as i64 * 60_000));
        runs.push(tokio::spawn(async move { run_once(&app, now).await }));
        tokio::time::sleep(MINUTE).await;
    }
    let sent = world.recorder.requests(Service::Ses).len();
    let share = sent as f64 / allowed as f64;
    println!(
        "mails_per_second: {RATE}; {sent} mails in {} s, {:.1} % of the rate",
        RUNS * 60,
        share * 100.0
    );
    println!("bar: {:.0} %", SHARE_MIN * 100.0);
    for run in runs {
        assert_eq!(run.await.unwrap(), 0, "none failed");
    }
    assert!(share >= SHARE_MIN, "under the bar");
}

/// A run as the schedule starts it; how many customers it could not work on.
async fn run_once(app: &lazo::shell::app::App, now: Instant) -> usize {
    dispatch::run_for(app, now, Share::ALL, dispatch::BUDGET).await.unwrap().failed
}
