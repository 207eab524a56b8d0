//! `lazo drift score`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use jiff::civil::Date;
use lazo::shell::wording::Language;
use lazo_domain::drift::{Judge, Model, Rhythm, Scorer, Spent, Weeks};
use serde::Serialize;

use super::{Common, Judging, why, write_line};
use crate::Answer;

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(flatten)]
    judging: Judging,
    /// Score by a model that `drift fit --out` wrote or `drift fit --json`
    /// printed, in place of one fitted to this file.
    #[arg(long, value_name = "FILE")]
    fitted: Option<PathBuf>,
    /// How many customers the table shows; the most valuable first.
    #[arg(long, value_name = "N", default_value_t = 40)]
    top: usize,
    /// One JSON object a line per customer, in the file's order. Chances are
    /// null where the fit is refused and the overdue ratio judges.
    #[arg(long)]
    json: bool,
}

/// A customer as of the last day. Times are in weeks.
#[derive(Serialize)]
struct Line<'a> {
    customer_id: &'a str,
    x: u32,
    t_x: f64,
    #[serde(rename = "T")]
    age: f64,
    p_alive: Option<f64>,
    p_active: Option<f64>,
    /// Within the horizon.
    expected_purchases: f64,
    overdue_ratio: f64,
    drifting: bool,
    /// The first day on which the customer drifts, unless they buy before.
    crossing_day: Option<Date>,
    /// What is expected to be spent in the coming year.
    lifetime_value: f64,
}

pub fn run(args: &Args, out: &mut dyn Write, lang: Language) -> anyhow::Result<Answer> {
    let until = args.common.until;
    let policy = args.judging.apply(args.common.policy())?;
    let shop = args.common.shop("--until", until)?;
    let model = match &args.fitted {
        None => args.common.fit(&shop),
        Some(path) => {
            let text = lazo::shell::text_file::read(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            let model = Model::read(&text).with_context(|| path.display().to_string())?;
            match model.is_bare() {
                true => model.with_figures_of(&args.common.sample(&shop)),
                false => model,
            }
        }
    };
    let scorer = Scorer::new(Some(&model), &policy);
    let mut lines = Vec::new();
    for customer in &shop.customers {
        let days = customer.days_as_of(until);
        let Some(rhythm) = Rhythm::of(days.iter().map(|day| day.date)) else { continue };
        let spent = Spent::of(&days);
        lines.push(line(&customer.id, &scorer, rhythm, until, spent));
    }
    if args.json {
        for line in &lines {
            write_line(out, line)?;
        }
        return Ok(Answer::Yes);
    }
    if let Some(refused) = &model.refused {
        let label = lang.pick(
            "el ajuste se rechaza y decide la razón de atraso",
            "the fit is refused and the overdue ratio judges",
        );
        writeln!(out, "{label}: {}\n", why(lang, refused))?;
    }
    lines.sort_by(|a, b| b.lifetime_value.total_cmp(&a.lifetime_value));
    write_table(out, &lines, args, &scorer, lang)?;
    Ok(Answer::Yes)
}

fn line<'a>(id: &'a str, scorer: &Scorer, rhythm: Rhythm, until: Date, spent: Spent) -> Line<'a> {
    let weeks = Weeks::from(rhythm.summary(until));
    Line {
        customer_id: id,
        x: weeks.repeats,
        t_x: weeks.recency,
        age: weeks.age,
        p_alive: scorer.p_alive(rhythm, until),
        p_active: scorer.p_active(rhythm, until),
        expected_purchases: scorer.expected_purchases(rhythm, until, scorer.horizon_weeks()),
        overdue_ratio: scorer.overdue_ratio(rhythm, until),
        drifting: scorer.is_drifting(rhythm, until),
        crossing_day: scorer.crossing_day(rhythm),
        lifetime_value: scorer.lifetime_value(rhythm, until, spent),
    }
}

fn write_table(
    out: &mut dyn Write,
    lines: &[Line],
    args: &Args,
    scorer: &Scorer,
    lang: Language,
) -> anyhow::Result<()> {
    let shown = &lines[..lines.len().min(args.top)];
    let customer = lang.pick("cliente", "customer");
    let id = |line: &Line| line.customer_id.chars().count();
    let width = shown.iter().map(id).max().unwrap_or(0).max(customer.len());
    writeln!(
        out,
        "{customer:<width$}  {:>5}  {:>9}  {:>8}  {:>8}  {:>6}  {:<10}  {:>12}",
        lang.pick("días", "days"),
        lang.pick("última h.", "last, ago"),
        "p_alive",
        "p_active",
        lang.pick("atraso", "late"),
        lang.pick("se va el", "drifts on"),
        match &args.common.csv.currency {
            Some(currency) => format!("{} {currency}", lang.pick("valor", "value")),
            None => lang.pick("valor", "value").to_owned(),
        },
    )?;
    let chance = |p: Option<f64>| p.map_or("–".to_owned(), |p| format!("{p:.3}"));
    for line in shown {
        let day = line.crossing_day.map_or("–".to_owned(), |day| day.to_string());
        writeln!(
            out,
            "{:<width$}  {:>5}  {:>8.0}d  {:>8}  {:>8}  {:>6.2}  {day:<10}  {:>12.2}",
            line.customer_id,
            line.x + 1,
            (line.age - line.t_x) * 7.0,
            chance(line.p_alive),
            chance(line.p_active),
            line.overdue_ratio,
            line.lifetime_value,
        )?;
    }
    let more = lines.len() - shown.len();
    if more > 0 {
        let (and, hint) = match lang {
            Language::Es => ("y", "más (--top N, o --json para todos)"),
            Language::En => ("and", "more (--top N, or --json for all)"),
        };
        writeln!(out, "… {and} {more} {hint}")?;
    }
    let drifting = lines.iter().filter(|line| line.drifting).count();
    let by = match scorer.judge() {
        Judge::Model(_) => format!("p_alive < {}", args.judging.at_risk),
        Judge::Ratio => format!(
            "{} > {:.3}",
            lang.pick("razón de atraso", "overdue ratio"),
            scorer.ratio_figures().1
        ),
    };
    let text = lang.pick("clientes se están yendo", "customers are drifting away");
    writeln!(out, "\n{drifting} / {} {text} ({by})", lines.len())?;
    Ok(())
}
