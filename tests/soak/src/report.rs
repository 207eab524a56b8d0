//! What a soak prints.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use super::oracle::Violation;
use super::{Args, Found, SHOWN};
use crate::totals::Totals;

#[derive(Serialize)]
struct SoakReport<'a> {
    seed: u64,
    years: u8,
    seconds: f64,
    #[serde(flatten)]
    totals: &'a Totals,
    first_violations: &'a [Violation],
}

/// A bar on a terminal, by the days of all shops.
pub fn progress(days: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(days), ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:30} {percent}%, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// Prints what was found, and how each violation is shown again.
///
/// # Errors
/// Where standard output takes no more.
pub fn print(args: &Args, found: &Found, took: Duration) -> anyhow::Result<()> {
    let Found { totals, violations } = found;
    let shown = &violations[..violations.len().min(SHOWN)];
    let seconds = took.as_secs_f64();
    if args.json {
        let Args { seed, years, .. } = *args;
        let report = SoakReport { seed, years, seconds, totals, first_violations: shown };
        out!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    let Totals { customers, events, duplicates, reordered, .. } = totals;
    out!("seed {}: {customers} customers, {} years, {seconds:.1} s", args.seed, args.years);
    out!("{:>12} events in, of which {duplicates} duplicates, {reordered} out of order", events);
    out!("{:>12} guests who turned out to be customers", totals.merges);
    out!("{:>12} records that fit no schema, each kept aside", totals.poisoned);
    out!(
        "{:>12} events of the mail service, and {} lost",
        totals.mail_events,
        totals.mail_events_lost
    );
    out!("{:>12} links followed", totals.clicks);
    out!(
        "{:>12} runs of handlers, {} cut off, {} with other faults",
        totals.runs,
        totals.crashes,
        totals.faults
    );
    out!(
        "{:>12} requests to AWS, {:.0} a second",
        totals.requests,
        totals.requests as f64 / seconds
    );
    for (operation, count) in &totals.operations {
        out!("{count:>24} {operation}");
    }
    out!("{:>12} mails accepted, the answer to {} lost", totals.mails, totals.answers_lost);
    out!("{:>12} mails over the quota, {} too fast, put back", totals.over_quota, totals.too_fast);
    out!("{:>12} calls and {} tasks asked for", totals.calls, totals.tasks);
    out!("{:>12} mails to somebody in the shop", totals.notices);
    out!("{:>12} versions of the rules that went live", totals.versions);
    out!("{:>12} pauses of the sending", totals.pauses);
    out!("touches:");
    for (outcome, count) in &totals.touches {
        out!("{count:>12} {outcome}");
    }
    out!("{:>12} archived events replayed", totals.replayed);
    if totals.replayed > 0 {
        out!(
            "{:>12} {} is the state before, {} after",
            "",
            totals.state_before_replay,
            totals.state_after_replay
        );
    }
    out!("{:>12} violations", totals.violations);
    for Violation { customer, what, why } in shown {
        out!("\n{what}\n  {why}");
        let Args { seed, years, customers, .. } = args;
        out!(
            "  again: cargo run --release -p lazo-soak -- --seed {seed} --customers {customers} --years {years} --only {customer}"
        );
    }
    Ok(())
}
