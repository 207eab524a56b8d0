//! `lazo simulate`: rehearse rules on a history, by the code that will run.

mod learn;

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, Shared, simulate_among};
use lazo_domain::touch::{TouchRecord, TouchStatus};
use serde::Serialize;

use super::by_customer::ByCustomer;
use super::csv_rows::CsvArgs;
use super::{Answer, by_customer, event_files, threads};
use lazo::shell::rules;

/// Replay a history in virtual time: what would be sent, skipped, and why.
#[derive(clap::Args)]
pub struct Args {
    /// Events: JSON, JSON Lines or CSV.
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    events: Vec<PathBuf>,
    /// Earlier events count as history and open no follow-ups. An RFC 3339
    /// instant, or a date in the policy's time zone.
    #[arg(long, value_name = "T")]
    from: Option<String>,
    /// When virtual time stops: an RFC 3339 instant, or the start of a date in
    /// the policy's time zone.
    #[arg(long, value_name = "T")]
    until: String,
    /// The drift model for stages, p_alive, p_active and lifetime_value: a file
    /// that `lazo drift fit --out` wrote or `lazo drift fit --json` printed; `fit`
    /// learns one from the events before --from (from all without it); with `none`
    /// the overdue ratio judges.
    #[arg(long, value_name = "FILE|fit|none", default_value = "none")]
    model: String,
    /// Kept for commands that draw at random; the simulation draws nothing.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// One JSON object a line per touch, by (at, touch_id).
    #[arg(long)]
    json: bool,
    /// How many threads; the output is the same for any number.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    csv: CsvArgs,
}

/// A touch as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    touch_id: &'a str,
    rule: &'a str,
    customer_id: &'a str,
    step: &'a str,
    channel: &'a str,
    status: &'a str,
    at: String,
    due: String,
    reason: Option<&'a str>,
    defers: Vec<DeferLine<'a>>,
}

#[derive(Serialize)]
struct DeferLine<'a> {
    at: String,
    reason: &'a str,
    until: String,
}

/// A printed touch with what it is sorted by.
struct Printed {
    at: Instant,
    touch_id: String,
    json: Vec<u8>,
}

/// What became of the touches of a rule.
#[derive(Default)]
struct Count {
    sent: usize,
    pending: usize,
    held_out: usize,
    not_sent: BTreeMap<&'static str, usize>,
    waited: BTreeMap<&'static str, usize>,
}

#[derive(Default)]
struct Part {
    printed: Vec<Printed>,
    counts: BTreeMap<String, Count>,
}

pub fn run(args: &Args, rules_folder: Option<&Path>) -> anyhow::Result<Answer> {
    let files = rules::rule_files(rules_folder)?;
    let book = RuleBook::read(&files).map_err(rules::RulesError::Wrong)?;
    let threads =
        args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let period = Period {
        from: match &args.from {
            Some(text) => instant(text, &book.default_zone).context("--from")?,
            None => Instant::MIN,
        },
        until: instant(&args.until, &book.default_zone).context("--until")?,
    };
    if period.from > period.until {
        bail!("--from {} is behind --until {}", args.from.as_deref().unwrap_or(""), args.until);
    }
    let started = Clock::now();
    let events = by_customer::read(&args.events, &args.csv.of_shop(&book.policy), threads)?;
    events.told.iter().for_each(|(path, told)| event_files::report(path, told));
    warn_of_nothing(&events, period, args, &book.default_zone);
    let (count, customers) = (events.all().count(), events.customers.len());
    let book = learn::with_model(book, &args.model, &events.customers, period, threads)?;
    let parts = replay(events, &book, period, threads, args.json)?;
    let took = started.elapsed();
    if args.json {
        print_lines(parts)?;
    } else {
        print_counts(&book, parts, count, customers, took)?;
    }
    Ok(Answer::Yes)
}

/// Tells on standard error where the period ends before anything happened.
fn warn_of_nothing(events: &ByCustomer, period: Period, args: &Args, zone: &TimeZone) {
    let first = events.all().map(|delivered| delivered.at).min();
    if let Some(first) = first.filter(|first| *first > period.until) {
        eprintln!(
            "lazo: --until {} is before the data: the first event is of {}; give a later day",
            args.until,
            first.date_in(zone)
        );
    }
}

fn instant(text: &str, zone: &TimeZone) -> anyhow::Result<Instant> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Ok(timestamp.into());
    }
    let date: jiff::civil::Date = text.parse().map_err(|_| {
        anyhow::anyhow!("{text:?} is neither an RFC 3339 instant such as 2027-01-31T00:00:00-06:00 nor a date such as 2027-01-31")
    })?;
    Ok(lazo_domain::calendar::midnight(date, zone))
}

fn replay(
    events: ByCustomer,
    book: &RuleBook,
    period: Period,
    threads: usize,
    json: bool,
) -> anyhow::Result<Vec<Part>> {
    let ByCustomer { customers, contents, .. } = events;
    let shared = &Shared::among(&customers);
    let bar = progress(customers.len());
    let done = AtomicUsize::new(0);
    let at_once = customers.len().div_ceil(threads.max(1) * 32).max(1);
    let queue = std::sync::Mutex::new(customers.into_iter());
    let next = || {
        let mut queue = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        queue.by_ref().take(at_once).collect::<Vec<_>>()
    };
    let work = || {
        let mut part = Part::default();
        loop {
            let mut chunk = next();
            if chunk.is_empty() {
                return part;
            }
            for (id, events) in &mut chunk {
                let outcome = simulate_among(shared, id.clone(), events, &contents, book, period);
                let zone = outcome.customer.zone(&book.default_zone);
                for record in outcome.touches {
                    part.take(record, &zone, json);
                }
            }
            bar.set_position((done.fetch_add(chunk.len(), Ordering::Relaxed) + chunk.len()) as u64);
        }
    };
    let parts = threads::in_parts(threads, |_| work());
    bar.finish_and_clear();
    parts
}

/// A bar on a terminal, for what takes more than a second.
fn progress(customers: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(
        Some(customers as u64),
        indicatif::ProgressDrawTarget::stderr_with_hz(5),
    );
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} customers, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

impl Part {
    fn take(&mut self, record: TouchRecord, zone: &TimeZone, json: bool) {
        if json {
            self.printed.push(printed(&record, zone));
            return;
        }
        let count = self.counts.entry(record.touch.rule.clone()).or_default();
        match record.status {
            TouchStatus::Sent => count.sent += 1,
            TouchStatus::Pending => count.pending += 1,
            TouchStatus::HeldOut => count.held_out += 1,
            TouchStatus::Skipped | TouchStatus::Cancelled => {
                let reason = record.reason.map_or("", |reason| reason.as_str());
                *count.not_sent.entry(reason).or_default() += 1;
            }
        }
        let mut reasons: Vec<_> = record.defers.iter().map(|defer| defer.reason.as_str()).collect();
        reasons.dedup();
        reasons.iter().for_each(|reason| *count.waited.entry(reason).or_default() += 1);
    }
}

fn printed(record: &TouchRecord, zone: &TimeZone) -> Printed {
    let touch_id = record.touch.to_string();
    let line = Line {
        touch_id: &touch_id,
        rule: &record.touch.rule,
        customer_id: record.touch.customer.as_str(),
        step: &record.touch.step,
        channel: record.channel.as_str(),
        status: record.status.as_str(),
        at: record.at.rfc3339_in(zone),
        due: record.due.rfc3339_in(zone),
        reason: record.reason.map(|reason| reason.as_str()),
        defers: record
            .defers
            .iter()
            .map(|defer| DeferLine {
                at: defer.at.rfc3339_in(zone),
                reason: defer.reason.as_str(),
                until: defer.until.rfc3339_in(zone),
            })
            .collect(),
    };
    let mut json = serde_json::to_vec(&line).unwrap_or_default();
    json.push(b'\n');
    Printed { at: record.at, touch_id, json }
}

fn print_lines(parts: Vec<Part>) -> anyhow::Result<()> {
    let mut lines: Vec<Printed> = parts.into_iter().flat_map(|part| part.printed).collect();
    lines.sort_unstable_by(|a, b| (a.at, &a.touch_id).cmp(&(b.at, &b.touch_id)));
    let mut out = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    for line in lines {
        out.write_all(&line.json)?;
    }
    out.flush()?;
    Ok(())
}

fn print_counts(
    book: &RuleBook,
    parts: Vec<Part>,
    events: usize,
    customers: usize,
    took: Duration,
) -> anyhow::Result<()> {
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for (rule, part) in parts.into_iter().flat_map(|part| part.counts) {
        let sum = counts.entry(rule).or_default();
        sum.sent += part.sent;
        sum.pending += part.pending;
        sum.held_out += part.held_out;
        part.not_sent.iter().for_each(|(reason, n)| *sum.not_sent.entry(reason).or_default() += n);
        part.waited.iter().for_each(|(reason, n)| *sum.waited.entry(reason).or_default() += n);
    }
    let mut out = io::stdout().lock();
    let rate = events as f64 / took.as_secs_f64();
    writeln!(
        out,
        "{events} events of {customers} customers replayed in {:.2} s ({:.0} a second)",
        took.as_secs_f64(),
        rate
    )?;
    for rule in book.rules() {
        let count = counts.remove(&rule.name).unwrap_or_default();
        let status = format!("{:?}", rule.status).to_lowercase();
        writeln!(out, "\n{} ({status})", rule.name)?;
        writeln!(out, "  {:>8} sent", count.sent)?;
        for (reason, n) in &count.not_sent {
            writeln!(out, "  {n:>8} not sent: {reason}")?;
        }
        if count.held_out > 0 {
            writeln!(out, "  {:>8} held out", count.held_out)?;
        }
        if count.pending > 0 {
            writeln!(out, "  {:>8} still pending", count.pending)?;
        }
        for (reason, n) in &count.waited {
            writeln!(out, "  {n:>8} waited for a while: {reason}")?;
        }
    }
    Ok(())
}
