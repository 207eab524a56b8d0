//! `lazo drift evaluate`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;
use jiff::civil::Date;
use lazo::shell::wording::Language;
use lazo_domain::drift::{Evaluation, EvaluationReport, Judge, Observed, Scorer, evaluate};
use serde::Serialize;

use super::{Common, name, plot, why, write_file, write_line};
use crate::{Answer, argument};

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    /// The last day that the model sees. Who bought up to it and not after it,
    /// up to --until, counts as lost.
    #[arg(long, value_name = "DATE", value_parser = argument::date)]
    split: Date,
    /// Draw what was said against what came true, as SVG.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// An evaluation with what stages would be decided by.
#[derive(Serialize)]
struct Line<'a> {
    judged_by: &'a str,
    #[serde(flatten)]
    evaluation: &'a Evaluation,
}

pub fn run(args: &Args, out: &mut dyn Write, lang: Language) -> anyhow::Result<Answer> {
    let Args { common, split, .. } = args;
    if *split >= common.until {
        bail!("--split {split} must be before --until {}", common.until);
    }
    let shop = common.shop("--split", *split)?;
    let customers: Vec<Observed> = shop
        .customers
        .iter()
        .map(|customer| Observed {
            known: customer.days_as_of(*split),
            came_back: customer.bought_between(*split, common.until),
        })
        .collect();
    let policy = common.policy();
    let found = evaluate(&customers, common.kind(), *split, common.until, &policy);
    let judge = Scorer::new(Some(&found.model), &policy).judge();
    if args.json {
        let judged_by = match judge {
            Judge::Model(_) => "p_alive",
            Judge::Ratio => "overdue_ratio",
        };
        write_line(out, &Line { judged_by, evaluation: &found })?;
    } else {
        write_text(out, &found, lang)?;
    }
    let Some(path) = &args.plot else { return Ok(Answer::Yes) };
    match plot::calibration(&found, lang) {
        Some(svg) => {
            write_file(path, &svg)?;
            Ok(Answer::Yes)
        }
        None => {
            let text = lang.pick(
                "sin estimación no hay probabilidades que dibujar",
                "without an estimate there are no probabilities to plot",
            );
            eprintln!("lazo: {}: {text}", path.display());
            Ok(Answer::No)
        }
    }
}

fn write_text(out: &mut dyn Write, found: &Evaluation, lang: Language) -> anyhow::Result<()> {
    let share = found.lost as f64 / found.customers.max(1) as f64 * 100.0;
    writeln!(
        out,
        "{} {} {}, {} {} {}: {} {}, {} {}; {} ({share:.1} %) {}",
        found.model.kind.as_str(),
        lang.pick("hasta", "up to"),
        found.split,
        lang.pick("lo visto", "looked at"),
        lang.pick("hasta", "up to"),
        found.until,
        found.customers,
        lang.pick("clientes", "customers"),
        found.repeat_customers,
        lang.pick("con más de una compra", "of them with more than one purchase"),
        found.lost,
        lang.pick("no volvieron", "did not come back"),
    )?;
    if let Some(refused) = &found.model.refused {
        let label = lang.pick(
            "el ajuste se rechaza y las etapas se deciden por la razón de atraso",
            "the fit is refused, and stages are decided by the overdue ratio",
        );
        writeln!(out, "{label}: {}", why(lang, refused))?;
    }
    writeln!(
        out,
        "\n{:<16} {:>8} {:>16} {:>8} {:>8}",
        lang.pick("medida", "measure"),
        "ROC-AUC",
        lang.pick("… si repitieron", "… repeat buyers"),
        "PR-AUC",
        "Brier"
    )?;
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
    for report in &found.reports {
        writeln!(
            out,
            "{:<16} {:>8} {:>16} {:>8} {:>8}",
            name(lang, report.measure),
            number(report.roc_auc),
            number(report.roc_auc_repeat),
            number(report.pr_auc),
            number(report.brier)
        )?;
    }
    write_calibration(out, &found.reports, lang)
}

/// Each tenth of the customers, from the likeliest to come back on: how many,
/// the mean score, and the share that did not come back; side by side.
fn write_calibration(
    out: &mut dyn Write,
    reports: &[EvaluationReport],
    lang: Language,
) -> anyhow::Result<()> {
    let title = lang.pick(
        "por décimas: clientes, media de la medida, parte que no volvió",
        "by tenths: customers, mean of the measure, share that did not come back",
    );
    writeln!(out, "\n{title}")?;
    for report in reports {
        write!(out, "  {:<22}", name(lang, report.measure))?;
    }
    writeln!(out)?;
    let rows = reports.iter().map(|report| report.calibration.len()).max().unwrap_or(0);
    for row in 0..rows {
        for report in reports {
            let digits = if report.measure.is_probability() { 3 } else { 1 };
            let cell = report.calibration.get(row).map_or(String::new(), |d| {
                format!("{:>6} {:>7.digits$} {:>6.3}", d.customers, d.mean_score, d.observed)
            });
            write!(out, "  {cell:<22}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}
