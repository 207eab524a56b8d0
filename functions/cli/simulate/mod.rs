//! `lazo simulate`: rehearse rules on a history, by the code that will run.

pub mod learn;
mod summary;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::time::Instant as Clock;

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, simulate_among};
use lazo_domain::touch::TouchRecord;
use serde::Serialize;

use summary::{Counts, Summed};

use super::by_customer::ByCustomer;
use super::csv_rows::CsvArgs;
use super::replay::{self, Replayed};
use super::system::Target;
use super::{Answer, event_files, history};
use lazo::shell::rules;
use lazo::shell::wording::Language;

/// Replay a history in virtual time: how many each rule would reach, and why the
/// others hear nothing.
#[derive(clap::Args)]
pub struct Args {
    /// Events: JSON, JSON Lines or CSV. Without it those of the store or table.
    #[arg(long, value_name = "FILE", num_args = 1..)]
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
    /// Only this rule is told of; all of them are replayed, since they share what a
    /// customer may get.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
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

#[derive(Default)]
struct Part {
    printed: Vec<Printed>,
    counts: Counts,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let files = rules::rule_files(target.rules.as_deref())?;
    let book = RuleBook::read(&files).map_err(rules::RulesError::Wrong)?;
    if let Some(name) = args.rule.as_deref().filter(|name| book.rule(name).is_none()) {
        let names = book.rules().iter().map(|rule| rule.name.as_str());
        let hint = lazo_domain::nearest::hint_or(name, names, "lazo rules list");
        bail!(
            "--rule: {} {name:?}{}",
            lang.pick("no hay regla", "there is no rule"),
            lang.said(&hint)
        );
    }
    let threads =
        args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let period = Period {
        from: match &args.from {
            Some(text) => replay::instant(text, &book.default_zone, lang).context("--from")?,
            None => Instant::MIN,
        },
        until: replay::instant(&args.until, &book.default_zone, lang).context("--until")?,
    };
    if period.from > period.until {
        let behind = lang.pick("es posterior a", "is behind");
        let from = args.from.as_deref().unwrap_or_default();
        bail!("--from {from} {behind} --until {}", args.until);
    }
    let started = Clock::now();
    let csv = &args.csv.of_shop(&book.policy);
    let events = history::of(&args.events, csv, target, threads, lang).await?;
    events.told.iter().for_each(|(path, told)| event_files::report(path, told));
    warn_of_nothing(&events, period, args, &book.default_zone, lang);
    let (count, customers) = (events.all().count(), events.customers.len());
    let book = learn::with_model(book, &args.model, &events.customers, period, threads)?;
    let only = args.rule.as_deref();
    let parts = replay(events, &book, period, threads, (args.json, only))?;
    let replayed = Summed { events: count, customers, took: started.elapsed() };
    if args.json {
        print_lines(parts)?;
    } else {
        let mut counts = Counts::default();
        parts.into_iter().for_each(|part| counts.add(part.counts));
        summary::print(&book, counts, &replayed, only, lang)?;
    }
    Ok(Answer::Yes)
}

/// Tells on standard error where the period ends before anything happened.
fn warn_of_nothing(
    events: &ByCustomer,
    period: Period,
    args: &Args,
    zone: &TimeZone,
    lang: Language,
) {
    let first = events.all().map(|delivered| delivered.at).min();
    if let Some(first) = first.filter(|first| *first > period.until) {
        let (until, first) = (&args.until, first.date_in(zone));
        match lang {
            Language::Es => eprintln!(
                "lazo: --until {until} es anterior a los datos: el primer evento es del {first}; da un día posterior"
            ),
            Language::En => eprintln!(
                "lazo: --until {until} is before the data: the first event is of {first}; give a later day"
            ),
        }
    }
}

fn replay(
    events: ByCustomer,
    book: &RuleBook,
    period: Period,
    threads: usize,
    (json, only): (bool, Option<&str>),
) -> anyhow::Result<Vec<Part>> {
    replay::each_customer(events, threads, |part: &mut Part, one| {
        let Replayed { id, events, contents, shared } = one;
        let outcome = simulate_among(shared, id.clone(), events, contents, book, period);
        let zone = outcome.customer.zone(&book.default_zone);
        let mut records = outcome.touches;
        records.retain(|record| only.is_none_or(|only| only == record.touch.rule));
        part.take(&records, &zone, json);
    })
}

impl Part {
    /// The touches of one customer.
    fn take(&mut self, records: &[TouchRecord], zone: &TimeZone, json: bool) {
        match json {
            true => self.printed.extend(records.iter().map(|record| printed(record, zone))),
            false => self.counts.take(records, zone),
        }
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
