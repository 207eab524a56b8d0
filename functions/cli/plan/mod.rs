//! `lazo rules plan`: what other rules would change, rehearsed on a history.

pub mod bundles;
mod page;
mod written;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use lazo::shell::wording::Language;
use lazo_domain::event::{Body, Delivered};
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::plan::{Changed, Comparison, Enrolments, Lint, Tallies, lints};
use lazo_domain::rulebook::{RuleBook, VersionNumber};
use lazo_domain::segment::Tally;
use lazo_domain::simulation::{Period, simulate_among};
use lazo_domain::view::View;

use super::by_customer::ByCustomer;
use super::csv_rows::CsvArgs;
use super::replay::{self, Replayed};
use super::simulate::learn;
use super::system::{System, Target};
use super::{Answer, event_files, history, place, versions};
use bundles::{Differences, Side};
pub use page::changes_told;
pub use written::Planned;

/// What other rules would change: both are rehearsed on the same history, and told
/// touch by touch.
#[derive(clap::Args)]
pub struct Args {
    /// What to compare with: a rules folder, or the number of a version. Without it the
    /// version that is live, or the rules of the program where there is no store.
    #[arg(long, value_name = "DIR|VERSION")]
    base: Option<String>,
    /// The history: JSON, JSON Lines or CSV. Without it that of the store or table.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    events: Vec<PathBuf>,
    /// For how many days follow-ups are rehearsed; what is before counts as history.
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3_660))]
    days: i64,
    /// When virtual time stops: an RFC 3339 instant, or the start of a date in the
    /// policy's time zone. Without it at the last event.
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// The drift model, as for `lazo simulate`.
    #[arg(long, value_name = "FILE|fit|none", default_value = "none")]
    model: String,
    /// Writes the plan as JSON into a file as well.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The plan as one JSON object.
    #[arg(long)]
    json: bool,
    /// One JSON object a line for each touch that changes, by touch id.
    #[arg(long, conflicts_with = "json")]
    touches: bool,
    /// Ends with 1 where something would change, for a pipeline.
    #[arg(long, value_name = "WHAT")]
    fail_on: Option<FailOn>,
    /// How many threads; the output is the same for any number.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    csv: CsvArgs,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum FailOn {
    /// Any touch, rule, template or line of the policy.
    Changes,
}

/// What the two rehearsals were of.
pub(super) struct History {
    pub from: Instant,
    pub until: Instant,
    pub zone: TimeZone,
    pub events: usize,
    pub customers: usize,
    /// Calls that reps reported in the period.
    pub calls_reported: usize,
}

/// A plan, whole.
pub(super) struct Plan {
    pub base: Side,
    pub proposed: Side,
    pub history: History,
    pub differences: Differences,
    pub comparison: Comparison,
    pub lints: Vec<Lint>,
}

impl Plan {
    /// Whether the proposed rules say and do what the base does.
    pub fn is_none(&self) -> bool {
        self.differences.are_none() && self.comparison.is_none()
    }
}

/// The base of a plan: as it is named, or what is live.
async fn base(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Side> {
    let number = match args.base.as_deref() {
        Some(name) if Path::new(name).is_dir() => {
            return Side::read(Some(Path::new(name))).context("--base");
        }
        Some(name) => match name.parse().ok().and_then(VersionNumber::new) {
            Some(number) => Some(number),
            None => return Side::read(Some(Path::new(name))).context("--base"),
        },
        None => None,
    };
    if number.is_none() && target.table.is_none() && !place::has_store(&target.data) {
        return Ok(Side::read(None)?);
    }
    let system = System::open(&target.quiet()).await?;
    let store = &system.app.store;
    let live = store.live_version().await?.map(|live| live.number);
    match number.or(live) {
        Some(number) => {
            let (_, bundle) = versions::whole(store, number, lang).await?;
            Ok(Side::of(bundle, Some(number))?)
        }
        None => Ok(Side::read(None)?),
    }
}

/// Rehearses the rules of a folder, or those of the program.
pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let folder = target.rules.as_deref();
    let base = base(args, target, lang).await?;
    let threads =
        args.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    let proposed = Side::read(folder)?;
    let policy = &proposed.book.policy;
    let csv = &args.csv.of_shop(policy);
    let events = history::of(&args.events, csv, target, threads, lang).await?;
    events.told.iter().for_each(|(path, told)| event_files::report(path, told));
    let history = rehearsed(args, &events, &proposed.book, lang)?;
    let books = Books::new([&base, &proposed], &args.model, &events, &history, threads)?;
    let mut rehearsed = Rehearsed::default();
    let mut differences = Differences::between(&base.bundle, &proposed.bundle);
    let wanted = Wanted { touches: args.touches, segments: differences.bear_on_segments() };
    for part in books.rehearse(events, threads, wanted)? {
        rehearsed.add(part);
    }
    let written = (&differences.written.0, &differences.written.1);
    let Rehearsed { comparison, tallies, enrolments, mut touches, segments } = rehearsed;
    let mut lints = lints(&proposed.book, &differences.rules, written, &comparison, &tallies);
    let days = (history.until.millis() - history.from.millis()) as f64 / DAY_MILLIS as f64;
    lints.extend(enrolments.without_verdict(&proposed.book, days));
    if wanted.segments {
        differences.count_segments([&base.book, &proposed.book], &segments);
        lints.extend(empty_segments(&differences));
    }
    let plan = Plan { base, proposed, history, differences, comparison, lints };
    let json = written::plan(&plan);
    if let Some(path) = &args.out {
        let text = serde_json::to_string_pretty(&json)? + "\n";
        std::fs::write(path, text).with_context(|| format!("--out {}", path.display()))?;
    }
    if args.touches {
        touches.sort_unstable();
        for (_, line) in &touches {
            out!("{line}");
        }
    } else if args.json {
        out!("{json}");
    } else {
        page::print(&plan, lang)?;
    }
    let fails = args.fail_on == Some(FailOn::Changes) && !plan.is_none();
    Ok(if fails { Answer::No } else { Answer::Yes })
}

/// Segments of the proposed rules in which nobody of the history is.
fn empty_segments(differences: &Differences) -> Option<Lint> {
    let empty = differences.segments.iter().filter(|change| change.after == Some(0));
    let segments: Vec<String> = empty.map(|change| change.segment.clone()).collect();
    (!segments.is_empty()).then_some(Lint::EmptySegments { segments })
}

/// Which part of the history is rehearsed.
fn rehearsed(
    args: &Args,
    events: &ByCustomer,
    book: &RuleBook,
    lang: Language,
) -> anyhow::Result<History> {
    let zone = &book.default_zone;
    let last = events.all().map(|delivered| delivered.at).max();
    let until = match (&args.until, last) {
        (Some(text), _) => replay::instant(text, zone, lang).context("--until")?,
        (None, Some(last)) => last,
        (None, None) => {
            bail!("{}", lang.pick("la historia no tiene ningún evento", "the history has no event"))
        }
    };
    let from = until.plus_millis(-args.days * DAY_MILLIS);
    let is_reported = |delivered: &&Delivered| {
        (from..=until).contains(&delivered.at)
            && matches!(delivered.event.body, Body::CallReported(_))
    };
    Ok(History {
        from,
        until,
        zone: zone.clone(),
        events: events.all().count(),
        customers: events.customers.len(),
        calls_reported: events.all().filter(is_reported).count(),
    })
}

/// Both rule books, as they are rehearsed.
struct Books {
    base: RuleBook,
    proposed: RuleBook,
    period: Period,
}

/// What is looked for besides what changes.
#[derive(Clone, Copy)]
struct Wanted {
    /// A line of each touch that changes.
    touches: bool,
    /// How many are in each segment.
    segments: bool,
}

/// What one thread found.
#[derive(Default)]
struct Rehearsed {
    comparison: Comparison,
    tallies: Tallies,
    enrolments: Enrolments,
    /// Of `--touches`: touch id and line.
    touches: Vec<(String, String)>,
    /// How many are in each segment, by either side.
    segments: [Tally; 2],
}

impl Rehearsed {
    fn add(&mut self, other: Rehearsed) {
        self.comparison.add(other.comparison);
        self.tallies.add(other.tallies);
        self.enrolments.add(other.enrolments);
        self.touches.extend(other.touches);
        let [before, after] = other.segments;
        self.segments[0].add(before);
        self.segments[1].add(after);
    }
}

impl Books {
    fn new(
        sides: [&Side; 2],
        model: &str,
        events: &ByCustomer,
        history: &History,
        threads: usize,
    ) -> anyhow::Result<Books> {
        let period = Period { from: history.from, until: history.until };
        let learn = |side: &Side| {
            learn::for_segments(side.book.clone(), model, &events.customers, period, threads)
        };
        let [base, proposed] = [learn(sides[0])?, learn(sides[1])?];
        Ok(Books { base, proposed, period })
    }

    fn rehearse(
        &self,
        events: ByCustomer,
        threads: usize,
        wanted: Wanted,
    ) -> anyhow::Result<Vec<Rehearsed>> {
        replay::each_customer(events, threads, |found: &mut Rehearsed, one| {
            let Replayed { id, events, contents, shared } = one;
            let mut rehearse = |book: &RuleBook, tally: &mut Tally| {
                let outcome =
                    simulate_among(shared, id.clone(), events, contents, book, self.period);
                if wanted.segments {
                    let view = View::of(&outcome.customer, book, self.period.until);
                    tally.take(book.segments(), &view);
                }
                let zone = outcome.customer.zone(&book.default_zone).into_owned();
                (outcome.touches, zone)
            };
            let (before, zone_before) = rehearse(&self.base, &mut found.segments[0]);
            let (after, zone_after) = rehearse(&self.proposed, &mut found.segments[1]);
            found.tallies.take(&after);
            let by = (&self.proposed, &zone_after);
            found.enrolments.take(&after, events, by, self.period.until);
            let Rehearsed { comparison, touches, .. } = found;
            let sides = ((&before[..], &zone_before), (&after[..], &zone_after));
            comparison.take(sides.0, sides.1, |changed: Changed<'_>| {
                if wanted.touches {
                    touches.push(written::touch(&changed, [&zone_before, &zone_after]));
                }
            });
        })
    }
}
