//! `lazo report`: what follow-ups brought.

mod chart;
mod html;
mod interval;
mod page;
mod ten;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use jiff::tz::TimeZone;
use lazo::shell::report::{self, json};
use lazo::shell::wording::Language;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::uplift::{EVERY_RULE, RuleReport, Window};

use super::system::{System, Target};
use super::{Answer, replay};

/// What follow-ups brought, measured on customers who were held out of them: by rule,
/// how many were enrolled, what became of the touches, and whether more customers reach
/// the goal than without it.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    table: TableArgs,
}

#[derive(clap::Subcommand)]
enum Command {
    Interval(interval::Args),
}

#[derive(clap::Args)]
struct TableArgs {
    /// Only this rule.
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// Enrolments from then on: an RFC 3339 instant, or a date in the policy's time
    /// zone. Without it those of the last 90 days before --until.
    #[arg(long, value_name = "T")]
    from: Option<String>,
    /// Enrolments until then: an RFC 3339 instant, or the start of a date in the
    /// policy's time zone. Without it until now.
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// One JSON object a line for each rule.
    #[arg(long)]
    json: bool,
    /// In place of rules: the plan of relationships, ten questions answered by the shop's
    /// own figures and policy.
    #[arg(long, conflicts_with_all = ["rule", "from", "until", "json"])]
    plan: bool,
    /// Writes a page with charts into a file, which opens without a network.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Args {
    /// Whether it reads no system: it reckons with counts from anywhere.
    pub fn only_reckons(&self) -> bool {
        self.command.is_some()
    }
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    if let Some(Command::Interval(args)) = &args.command {
        return interval::run(args, lang);
    }
    let args = &args.table;
    let now = crate::clock::now();
    let system = System::open(target).await?;
    if args.plan {
        return ten::run(&system, args.html.as_deref(), lang).await;
    }
    let rules = system.app.rules();
    let book = &rules.book;
    expect_rule(args.rule.as_deref(), book, lang)?;
    let window = window(args, book, now, lang)?;
    let only = args.rule.as_deref();
    let store = &system.app.store;
    let ids = report::enrolled(store, book, window, only).await?;
    let bar = replay::progress(ids.len());
    let done = |count: usize| ProgressBar::set_position(&bar, count as u64);
    let measuring = report::measure(store, book, window, &ids, done).await?;
    bar.finish_and_clear();
    let reports = measuring.reports(only);
    let shown = Shown { reports: &reports, window, zone: &book.default_zone };
    if let Some(path) = &args.html {
        shown.write_html(path, &book.policy.brand.name, lang)?;
    }
    shown.print(args.json, lang)?;
    Ok(Answer::Yes)
}

/// Tells where there is no such rule, with the nearest name.
///
/// # Errors
/// Where there is none.
pub fn expect_rule(name: Option<&str>, book: &RuleBook, lang: Language) -> anyhow::Result<()> {
    if let Some(name) = name.filter(|name| *name != EVERY_RULE && book.rule(name).is_none()) {
        let names = book.rules().iter().map(|rule| rule.name.as_str());
        let hint = lazo_domain::nearest::hint_or(name, names, "lazo rules list");
        let no = lang.pick("no hay regla", "there is no rule");
        bail!("--rule: {no} {name:?}{}", lang.said(&hint));
    }
    Ok(())
}

fn window(
    args: &TableArgs,
    book: &RuleBook,
    now: Instant,
    lang: Language,
) -> anyhow::Result<Window> {
    let instant = |text: &Option<String>, name: &'static str| {
        let read = |text: &String| replay::instant(text, &book.default_zone, lang).context(name);
        text.as_ref().map(read).transpose()
    };
    let until = instant(&args.until, "--until")?.unwrap_or(now);
    let usual = report::usual(until);
    let from = instant(&args.from, "--from")?.unwrap_or(usual.from);
    if from > until {
        let behind = lang.pick("es posterior a", "is behind");
        let zone = &book.default_zone;
        bail!("--from {} {behind} --until {}", from.rfc3339_in(zone), until.rfc3339_in(zone));
    }
    Ok(Window { from, until, as_of: now })
}

/// A report that is to be shown.
pub struct Shown<'a> {
    pub reports: &'a [RuleReport],
    pub window: Window,
    pub zone: &'a TimeZone,
}

impl Shown<'_> {
    /// Prints it: for people, or as JSON.
    ///
    /// # Errors
    /// Where standard output is closed.
    pub fn print(&self, as_json: bool, lang: Language) -> anyhow::Result<()> {
        if !as_json {
            return Ok(page::print(self, lang)?);
        }
        for report in self.reports {
            out!("{}", serde_json::to_string(&json(report, self.window, self.zone))?);
        }
        Ok(())
    }

    fn write_html(&self, path: &Path, shop: &str, lang: Language) -> anyhow::Result<()> {
        let page = html::page(self, shop, lang);
        std::fs::write(path, page).with_context(|| format!("--html {}", path.display()))?;
        let written = lang.pick("se escribió", "written:");
        eprintln!("lazo: {written} {}", path.display());
        Ok(())
    }

    /// The days of the window; `None` where it has no beginning.
    fn days(&self) -> (Option<jiff::civil::Date>, jiff::civil::Date) {
        let Window { from, until, .. } = self.window;
        let from = (from > Instant::MIN).then(|| from.date_in(self.zone));
        (from, until.date_in(self.zone))
    }
}
