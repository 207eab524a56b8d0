//! `lazo drift fit`.

use std::io::Write;
use std::path::PathBuf;

use lazo::shell::wording::Language;
use lazo_domain::drift::{Model, PrintedModel, ShopRhythm};

use super::{Common, why, write_file, write_line};
use crate::Answer;

#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    /// Write the model, be it refused, as JSON to a file that `drift score
    /// --fitted` reads.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, out: &mut dyn Write, lang: Language) -> anyhow::Result<Answer> {
    let shop = args.common.shop("--until", args.common.until)?;
    let model = args.common.fit(&shop);
    if let Some(path) = &args.out {
        write_file(path, &(serde_json::to_string_pretty(&model)? + "\n"))?;
    }
    if args.json {
        write_line(out, &PrintedModel::from(&model))?;
    } else {
        write_text(out, &model, shop.duplicates, lang)?;
    }
    Ok(if model.refused.is_none() { Answer::Yes } else { Answer::No })
}

fn write_text(
    out: &mut dyn Write,
    model: &Model,
    duplicates: usize,
    lang: Language,
) -> anyhow::Result<()> {
    let (customers, unique) = (model.customers, model.unique_histories);
    writeln!(
        out,
        "{} {} {}: {customers} {}, {unique} {}",
        model.kind.as_str(),
        lang.pick("hasta", "up to"),
        model.until,
        lang.pick("clientes", "customers"),
        lang.pick("historias distintas", "different histories"),
    )?;
    if duplicates > 0 {
        let what = lang.pick("filas repetidas cuentan una vez", "repeated rows count once");
        writeln!(out, "  {duplicates} {what}")?;
    }
    if let Some(estimate) = &model.estimate {
        let params = estimate.params;
        for (name, value) in
            [("r", params.r), ("alpha", params.alpha), ("a", params.a), ("b", params.b)]
        {
            writeln!(out, "  {name:<6} {value:>12.6}")?;
        }
        let name = lang.pick("log-verosimilitud", "log-likelihood");
        writeln!(out, "  {name} {:.4}", estimate.log_likelihood)?;
        if model.refused.is_none() {
            let share = params.mean_dropout() * 100.0;
            let weeks = params.alpha / params.r;
            let leave =
                lang.pick("de las compras son la última", "of purchases are somebody's last");
            let gap = lang.pick(
                "semanas entre compras, mientras se es cliente",
                "weeks between purchases, while somebody is a customer",
            );
            writeln!(out, "  {share:.1} % {leave}\n  {weeks:.1} {gap}")?;
        }
    }
    if let Some(refused) = &model.refused {
        let label = lang.pick("rechazado", "refused");
        let instead =
            lang.pick("en su lugar decide la razón de atraso", "the overdue ratio judges instead");
        writeln!(out, "{label}: {}; {instead}", why(lang, refused))?;
    }
    write_ratio(out, &model.rhythm, lang)?;
    let spending = lang.pick("gasto por día de compra", "spent on a purchase day");
    Ok(writeln!(out, "{spending}: {:.2}", model.spending.mean)?)
}

fn write_ratio(out: &mut dyn Write, rhythm: &ShopRhythm, lang: Language) -> anyhow::Result<()> {
    let label = lang.pick("razón de atraso", "overdue ratio");
    let gaps = lang.pick("intervalos completos", "completed gaps");
    if !rhythm.is_usable() {
        let few = lang.pick(
            "son muy pocos; valen los valores por omisión de la política",
            "are too few; the policy's defaults stand in",
        );
        return Ok(writeln!(out, "{label}: {} {gaps} {few}", rhythm.completed_gaps)?);
    }
    Ok(writeln!(
        out,
        "{label}: {} {gaps}, {} {:.1} {}, {} {:.3}",
        rhythm.completed_gaps,
        lang.pick("en promedio", "on average"),
        rhythm.mean_gap_days,
        lang.pick("días", "days"),
        lang.pick("percentil 90", "90th percentile"),
        rhythm.overdue_ratio,
    )?)
}
