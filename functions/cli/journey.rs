//! `lazo journey`: how customers fare at each touchpoint, the worst first for
//! those who bring most.

use lazo::shell::app::App;
use lazo::shell::store::{CountedExperience, Month};
use lazo::shell::wording::Language;
use lazo_domain::event::Phase;
use lazo_domain::instant::Instant;
use lazo_domain::journey::{Share, Told, TouchpointScore, stops};
use lazo_domain::money::Currency;
use lazo_domain::policy::Policy;
use serde_json::json;

use super::Answer;
use super::system::{System, Target};
use crate::clock;

/// How customers fare at each touchpoint: by phase, the worst first for those
/// who bring most.
#[derive(clap::Args)]
pub struct Args {
    /// How many months back, this one included.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=120))]
    months: u16,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let now = clock::now();
    let told = experiences(&system.app, args.months, now).await?;
    let stops = stops(told.iter().map(|one| Told {
        phase: one.phase,
        touchpoint: one.touchpoint.as_str(),
        feeling: one.feeling,
        worth: one.worth,
    }));
    let currency = system.app.rules().book.policy.currency;
    match args.json {
        true => {
            for stop in &stops {
                out!("{}", line(stop, currency)?);
            }
        }
        false => show(&stops, &system.app.rules().book.policy, lang)?,
    }
    Ok(Answer::Yes)
}

async fn experiences(
    app: &App,
    months: u16,
    now: Instant,
) -> anyhow::Result<Vec<CountedExperience>> {
    let mut found = Vec::new();
    for month in Month::of(now, &app.rules().book.default_zone).back(months) {
        found.extend(app.store.experiences_of(month).await?);
    }
    Ok(found)
}

fn line(stop: &TouchpointScore, currency: Option<Currency>) -> anyhow::Result<serde_json::Value> {
    let mut line = serde_json::to_value(stop)?;
    let amount = format!("{:.2}", stop.worth_unhappy);
    line["worth_unhappy"] = json!({ "amount": amount, "currency": currency });
    Ok(line)
}

fn phase(phase: Phase, lang: Language) -> &'static str {
    match phase {
        Phase::Prepurchase => lang.pick("antes de la compra", "before the purchase"),
        Phase::Purchase => lang.pick("en la compra", "at the purchase"),
        Phase::Postpurchase => lang.pick("después de la compra", "after the purchase"),
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn show(stops: &[TouchpointScore], policy: &Policy, lang: Language) -> anyhow::Result<()> {
    if stops.is_empty() {
        out!("{}", lang.pick("nadie ha dicho cómo le fue", "nobody has said how it was"));
        return Ok(());
    }
    let unhappy = lang.pick("a disgusto", "unhappy");
    let by_value = lang.pick("por su valor", "by their value");
    let answers = lang.pick("respuestas", "answers");
    let happy = lang.pick("contentos", "happy");
    let value = lang.pick("aportan", "they bring");
    let mut last = None;
    for stop in stops {
        if last != Some(stop.phase) {
            if last.is_some() {
                out!();
            }
            last = Some(stop.phase);
            let name = phase(stop.phase, lang);
            out!(
                "{name:<22}{answers:>10}{happy:>11}{unhappy:>12}{by_value:>16} {:<10}{value:>16}",
                "(95 %)"
            );
        }
        let TouchpointScore { touchpoint, answers, unhappy_share: Share { share, .. }, .. } = stop;
        let glad = percent(stop.happy as f64 / *answers as f64);
        let share = percent(*share);
        let (weighed, range) = match stop.unhappy_by_value {
            Some(Share { share, low, high }) => {
                (percent(share), format!("({:.0}–{:.0} %)", low * 100.0, high * 100.0))
            }
            None => ("–".to_owned(), String::new()),
        };
        let touchpoint = lang.touchpoint(policy, touchpoint);
        let currency = policy.currency.as_ref().map_or("", Currency::as_str);
        let value = format!("{:.2} {currency}", stop.worth_unhappy);
        out!(
            "  {touchpoint:<20}{answers:>10}{glad:>11}{share:>12}{weighed:>16} {range:<10}{value:>16}"
        );
    }
    Ok(())
}
