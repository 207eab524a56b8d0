//! `lazo import`: history that counts and opens no follow-ups.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lazo::app::App;
use lazo::ingest::history::{Imported, import};
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use super::csv_rows::CsvArgs;
use super::system::{System, Target};
use super::{Answer, event_files};

/// How many customers are written at a time.
const CUSTOMERS_AT_ONCE: usize = 16;

/// Load history: it counts, and opens no follow-ups. Run it again after a
/// stop: what was counted is not counted twice.
#[derive(clap::Args)]
pub struct Args {
    /// CSV, JSON or JSON Lines.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    csv: CsvArgs,
}

pub async fn run(args: &Args, target: &Target) -> anyhow::Result<Answer> {
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let system = System::open(target).await?;
    let csv = args.csv.of_shop(&system.app.rules().book.policy);
    if csv.currency.is_none() && args.files.iter().any(|path| event_files::is_csv(path)) {
        bail!(
            "in which currency are the amounts? Say it with --currency, or as `currency` in policy.yaml"
        );
    }
    let events = event_files::read(&args.files, &csv, threads)?;
    event_files::report_bad(&events.bad);
    let bad = events.bad.len();
    let customers = by_customer(events.good);
    let count = customers.len();
    let imported = load(&system.app, customers, true).await?;
    out!(
        "{} events of {count} customers counted, {} were counted before, {bad} do not fit",
        imported.counted,
        imported.known
    );
    Ok(if bad == 0 { Answer::Yes } else { Answer::No })
}

/// Each customer's events in the order in which they happened.
pub fn by_customer(events: Vec<Delivered>) -> Vec<(Id, Vec<Delivered>)> {
    let mut customers: HashMap<Id, Vec<Delivered>> = HashMap::new();
    for delivered in events {
        if let Some(id) = delivered.event.customer().cloned() {
            customers.entry(id).or_default().push(delivered);
        }
    }
    let mut customers: Vec<_> = customers.into_iter().collect();
    customers.sort_by(|a, b| a.0.cmp(&b.0));
    for (_, events) in &mut customers {
        events.sort_by_key(|delivered| delivered.event.occurred_at);
    }
    customers
}

/// Imports all customers, with a progress bar where one is wanted.
///
/// # Errors
/// Where the store does not answer; what was counted stays counted.
pub async fn load(
    app: &App,
    customers: Vec<(Id, Vec<Delivered>)>,
    show: bool,
) -> anyhow::Result<Imported> {
    let now = Instant::from(jiff::Timestamp::now());
    let total: usize = customers.iter().map(|(_, events)| events.len()).sum();
    let target =
        if show { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} events, {per_sec}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_secs(1));
    let work = customers.into_iter().map(|(id, events)| {
        let bar = bar.clone();
        async move {
            let imported = import(app, &id, &events, now).await;
            bar.inc(events.len() as u64);
            imported
        }
    });
    let mut stream = futures::stream::iter(work).buffer_unordered(CUSTOMERS_AT_ONCE);
    let mut sum = Imported::default();
    while let Some(imported) = stream.next().await {
        let imported = imported?;
        sum.counted += imported.counted;
        sum.known += imported.known;
    }
    bar.finish_and_clear();
    Ok(sum)
}
