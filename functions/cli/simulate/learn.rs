//! What a simulation knows of who drifts away.

use std::path::Path;

use anyhow::Context;
use lazo_domain::drift::{Kind, Model, Sample};
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, purchase_days};

use crate::threads;

/// The rules with the model that `--model` names: `none`, `fit`, or a file that
/// `lazo drift fit --out` wrote or `lazo drift fit --json` printed.
///
/// Without a model the overdue ratio judges, by the shop's own rhythm where
/// there are gaps enough. Both are learnt from what was known when follow-ups
/// begin to be opened, or at the end where that is from the beginning.
pub fn with_model(
    book: RuleBook,
    model: &str,
    customers: &[(Id, Vec<Delivered>)],
    period: Period,
    threads: usize,
) -> anyhow::Result<RuleBook> {
    let asks = book.asks_for_drift();
    learnt(book, model, customers, period, (threads, asks))
}

/// The same where it is also told who is in which segment.
pub fn for_segments(
    book: RuleBook,
    model: &str,
    customers: &[(Id, Vec<Delivered>)],
    period: Period,
    threads: usize,
) -> anyhow::Result<RuleBook> {
    let asks = book.asks_for_drift() || book.segments().ask_for_drift();
    learnt(book, model, customers, period, (threads, asks))
}

fn learnt(
    book: RuleBook,
    model: &str,
    customers: &[(Id, Vec<Delivered>)],
    period: Period,
    (threads, asks): (usize, bool),
) -> anyhow::Result<RuleBook> {
    match model {
        "none" if !asks => Ok(book),
        "none" => {
            let rhythm = sample(&book, customers, period, threads)?.rhythm();
            Ok(book.with_rhythm(rhythm))
        }
        "fit" => {
            let sample = sample(&book, customers, period, threads)?;
            let model = sample.fit(Kind::MbgNbd, book.policy.drift.min_customers as usize);
            if let Some(refused) = &model.refused {
                eprintln!("lazo: --model fit: {refused}; the overdue ratio judges instead");
            }
            Ok(book.with_model(&model))
        }
        path => {
            let text = lazo::shell::text_file::read(Path::new(path)).with_context(|| {
                format!("--model {path}: neither none, fit, nor a file that can be read")
            })?;
            let model = Model::read(&text).with_context(|| format!("--model {path}"))?;
            let model = match model.is_bare() {
                true => model.with_figures_of(&sample(&book, customers, period, threads)?),
                false => model,
            };
            Ok(book.with_model(&model))
        }
    }
}

fn sample(
    book: &RuleBook,
    customers: &[(Id, Vec<Delivered>)],
    period: Period,
    threads: usize,
) -> anyhow::Result<Sample> {
    let until = if period.from > Instant::MIN { period.from } else { period.until };
    let mut sample = Sample::new(until.date_in(&book.default_zone));
    let days =
        threads::for_each(threads, customers, |(_, events)| purchase_days(events, book, until))?;
    days.iter().for_each(|days| sample.add(days));
    Ok(sample)
}
