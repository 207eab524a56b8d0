//! `lazo drift reasons`.

use std::collections::BTreeMap;

use lazo::shell::app::App;
use lazo::shell::store::Month;
use lazo::shell::wording::Language;
use lazo_domain::event::DissolutionReason;
use lazo_domain::instant::Instant;
use serde_json::json;

use super::Answer;
use crate::clock;
use crate::ranked::ranked;
use crate::system::{System, Target};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// How many months back, this one included.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=120))]
    months: u16,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

type Counts = BTreeMap<DissolutionReason, usize>;

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let now = clock::now();
    let months = counted(&system.app, args.months, now).await?;
    for (month, counts) in &months {
        match args.json {
            true => out!("{}", line(*month, counts)),
            false => {
                out!("{month}  {}", total(counts, lang));
                show(counts, lang)?;
            }
        }
    }
    if args.json {
        return Ok(Answer::Yes);
    }
    let mut all = Counts::new();
    for (reason, count) in months.iter().flat_map(|(_, counts)| counts) {
        *all.entry(*reason).or_default() += count;
    }
    match months.len() {
        0 => out!("{}", lang.pick("nadie dijo que se iba", "nobody said that they leave")),
        1 => {}
        _ => {
            out!("\n{:<7}  {}", lang.pick("total", "in all"), total(&all, lang));
            show(&all, lang)?;
        }
    }
    Ok(Answer::Yes)
}

/// The months in which a reason was reported, the latest first.
async fn counted(app: &App, months: u16, now: Instant) -> anyhow::Result<Vec<(Month, Counts)>> {
    let mut found = Vec::new();
    for month in Month::of(now, &app.rules().book.default_zone).back(months) {
        let mut counts = Counts::new();
        for one in app.store.dissolutions_of(month).await? {
            *counts.entry(one.reason).or_default() += 1;
        }
        if !counts.is_empty() {
            found.push((month, counts));
        }
    }
    Ok(found)
}

fn line(month: Month, counts: &Counts) -> serde_json::Value {
    let reasons: Vec<_> = ranked(counts)
        .into_iter()
        .map(|(reason, count)| json!({ "reason": reason, "count": count }))
        .collect();
    json!({
        "month": month.to_string(), "reported": counts.values().sum::<usize>(), "reasons": reasons,
    })
}

fn total(counts: &Counts, lang: Language) -> String {
    let total: usize = counts.values().sum();
    let reports = match total {
        1 => lang.pick("se fue", "left"),
        _ => lang.pick("se fueron", "left"),
    };
    format!("{total:>4} {reports}")
}

fn show(counts: &Counts, lang: Language) -> anyhow::Result<()> {
    for (reason, count) in ranked(counts) {
        out!("{:>13} {count:>4}  {}", "", lang.dissolution(*reason));
    }
    Ok(())
}
