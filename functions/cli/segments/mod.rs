//! `lazo segments`: how many customers are in each, and how many in two at once.

mod counted;
mod suggest;

use std::path::PathBuf;

use anyhow::{Context, bail};
use lazo::shell::app::App;
use lazo::shell::rules::{RulesError, rule_files};
use lazo::shell::store::table::{Alarm, SHARDS};
use lazo::shell::wording::Language;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::segment::{Buyers, Tally};
use lazo_domain::simulation::{Period, simulate_among};
use lazo_domain::view::View;

use super::csv_rows::CsvArgs;
use super::replay::{self, Replayed};
use super::simulate::learn;
use super::system::{System, Target};
use super::{Answer, by_customer, event_files};

/// Customers read from the table by one request.
const PAGE: i32 = 100;

/// How many customers are in each segment, which segments overlap, and three examples
/// of each.
#[derive(clap::Args)]
pub struct Args {
    /// A history in place of the shop's customers: JSON, JSON Lines or CSV.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// How segments stand at that point of the history: an RFC 3339 instant, or the
    /// start of a date in the policy's time zone. Without it at the last event.
    #[arg(long, value_name = "T", requires = "events")]
    at: Option<String>,
    /// The drift model of the history, as for `lazo simulate`.
    #[arg(long, value_name = "FILE|fit|none", default_value = "none")]
    model: String,
    /// Instead of counting, write recency, frequency and money groups by the shop's own
    /// fifths, as text for segments.yaml.
    #[arg(long, conflicts_with = "json")]
    suggest: bool,
    /// One JSON object a line per segment.
    #[arg(long)]
    json: bool,
    /// How many threads; the output is the same for any number.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    csv: CsvArgs,
}

impl Args {
    /// Whether it works on a history alone, and on no system.
    pub fn reckons(&self) -> bool {
        !self.events.is_empty()
    }
}

/// What was seen of customers.
#[derive(Default)]
struct Part {
    tally: Tally,
    buyers: Buyers,
}

impl Part {
    fn take(&mut self, book: &RuleBook, view: &View<'_>) {
        self.tally.take(book.segments(), view);
        self.buyers.take(view);
    }

    fn add(&mut self, other: Part) {
        self.tally.add(other.tally);
        self.buyers.add(other.buyers);
    }
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let (part, book, at) = match args.reckons() {
        true => of_history(args, target, lang)?,
        false => {
            let system = System::open(target).await?;
            let now = crate::clock::now();
            let book = system.app.rules().book.clone();
            (of_shop(&system.app, &book, now).await?, book, now)
        }
    };
    if args.suggest {
        return suggest::print(part.buyers, &book, at, lang);
    }
    match args.json {
        true => counted::print_lines(&part.tally, &book)?,
        false => counted::print(&part.tally, &book, at, lang)?,
    }
    Ok(Answer::Yes)
}

/// Customers as a history leaves them.
fn of_history(
    args: &Args,
    target: &Target,
    lang: Language,
) -> anyhow::Result<(Part, RuleBook, Instant)> {
    let files = rule_files(target.rules.as_deref())?;
    let book = RuleBook::read(&files).map_err(RulesError::Wrong)?;
    let threads =
        args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let events = by_customer::read(&args.events, &args.csv.of_shop(&book.policy), threads)?;
    events.told.iter().for_each(|(path, told)| event_files::report(path, told));
    let last = events.all().map(|delivered| delivered.at).max();
    let at = match (&args.at, last) {
        (Some(text), _) => replay::instant(text, &book.default_zone, lang).context("--at")?,
        (None, Some(last)) => last,
        (None, None) => {
            bail!("{}", lang.pick("la historia no tiene ningún evento", "the history has no event"))
        }
    };
    // All of it counts as history: no follow-up is opened.
    let period = Period { from: at.plus_millis(1), until: at };
    let book = learn::for_segments(book, &args.model, &events.customers, period, threads)?;
    let parts = replay::each_customer(events, threads, |part: &mut Part, one| {
        let Replayed { id, events, contents, shared } = one;
        if events.iter().any(|delivered| delivered.at <= at) {
            let outcome = simulate_among(shared, id.clone(), events, contents, &book, period);
            part.take(&book, &View::of(&outcome.customer, &book, at));
        }
    })?;
    let mut sum = Part::default();
    parts.into_iter().for_each(|part| sum.add(part));
    Ok((sum, book, at))
}

/// The customers of the table: each is listed in an index of alarms, which is read page
/// by page.
async fn of_shop(app: &App, book: &RuleBook, now: Instant) -> anyhow::Result<Part> {
    let mut sum = Part::default();
    for shard in 0..SHARDS {
        let mut behind = None;
        loop {
            let page = (behind, PAGE);
            let page = app.store.ringing_page(Alarm::Occasion, shard, Instant::MAX, page).await?;
            let ids: Vec<Id> = page.places.into_iter().map(|place| place.customer).collect();
            for customer in app.store.customers(&ids).await?.into_values() {
                if customer.merged_into.is_none() {
                    sum.take(book, &View::of(&customer, book, now));
                }
            }
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
    }
    Ok(sum)
}
