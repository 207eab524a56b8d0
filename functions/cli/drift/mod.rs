//! `lazo drift`: who is drifting away, how well that is known, and why they leave.

mod evaluate;
mod fit;
mod plot;
mod purchases;
mod reasons;
mod score;

#[cfg(test)]
mod tests;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use jiff::civil::Date;
use lazo::shell::wording::Language;
use lazo_domain::drift::{Kind, Measure, Model, Refusal, Sample};
use lazo_domain::policy;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::span::Span;
use serde::Serialize;

use lazo::shell::rules;

use super::Answer;
use super::csv_rows::CsvArgs;
use super::system::Target;
use crate::argument;
use purchases::{Customer, Shop};

/// Who is drifting away and why: fit, use and measure the model on a file of
/// purchases, count the reasons that reps reported.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    OnFile(OnFile),
    /// Why customers left, as reps reported it, by month.
    Reasons(reasons::Args),
}

#[derive(Subcommand, Clone)]
enum OnFile {
    /// Fit the model. Ends with 1 where the fit is refused: the overdue ratio
    /// judges then.
    Fit(fit::Args),
    /// Score every customer as of the last day.
    Score(score::Args),
    /// Fit to what was known at a date and see who came back after it.
    Evaluate(evaluate::Args),
}

/// The purchases and the model, for all three.
#[derive(clap::Args, Clone, Debug)]
struct Common {
    /// A CSV file with customer_id, at (a date or a time) and amount. One day's
    /// purchases are one. A negative amount is no purchase: it gives back so
    /// much of the customer's latest purchase before it that has as much left,
    /// and a purchase that was fully given back does not count. Equal rows are as
    /// many purchases; with a purchase_id they are copies of one.
    #[arg(long, value_name = "FILE.csv")]
    purchases: PathBuf,
    /// The last day that counts. Time runs from each customer's first purchase
    /// to this day.
    #[arg(long, value_name = "DATE", value_parser = argument::date)]
    until: Date,
    /// Which model of purchases and of leaving is fitted.
    #[arg(long, value_enum, default_value = "mbg-nbd")]
    model: ModelKind,
    /// A fit to fewer customers is refused.
    #[arg(long, value_name = "N", default_value_t = policy::Drift::default().min_customers)]
    min_customers: u32,
    #[command(flatten)]
    csv: CsvArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModelKind {
    MbgNbd,
    BgNbd,
}

/// By what a customer is forecast.
#[derive(clap::Args, Clone, Debug)]
struct Judging {
    /// How far ahead p_active looks.
    #[arg(long, value_name = "SPAN", default_value = "26 weeks")]
    horizon: Span,
    /// p_alive below this is drift.
    #[arg(long, value_name = "P", default_value_t = policy::Drift::default().at_risk_p_alive)]
    at_risk: f64,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    match &args.command {
        Command::OnFile(command) => {
            let book = RuleBook::read(&rules::rule_files(target.rules.as_deref())?)
                .map_err(rules::RulesError::Wrong)?;
            let mut out = BufWriter::new(io::stdout().lock());
            let answer = command.of_shop(&book.policy).write(&mut out, lang)?;
            out.flush()?;
            Ok(answer)
        }
        Command::Reasons(args) => reasons::run(args, target, lang).await,
    }
}

impl OnFile {
    /// The same, where the command line leaves open what the policy says.
    fn of_shop(&self, policy: &policy::Policy) -> OnFile {
        let mut command = self.clone();
        let common = match &mut command {
            OnFile::Fit(args) => &mut args.common,
            OnFile::Score(args) => &mut args.common,
            OnFile::Evaluate(args) => &mut args.common,
        };
        common.csv = common.csv.of_shop(policy);
        command
    }

    fn write(&self, out: &mut dyn Write, lang: Language) -> anyhow::Result<Answer> {
        match self {
            OnFile::Fit(args) => fit::run(args, out, lang),
            OnFile::Score(args) => score::run(args, out, lang),
            OnFile::Evaluate(args) => evaluate::run(args, out, lang),
        }
    }
}

impl Common {
    fn kind(&self) -> Kind {
        match self.model {
            ModelKind::MbgNbd => Kind::MbgNbd,
            ModelKind::BgNbd => Kind::BgNbd,
        }
    }

    fn policy(&self) -> policy::Drift {
        policy::Drift { min_customers: self.min_customers, ..policy::Drift::default() }
    }

    /// The shop's customers, of whom at least one had bought by `day`, given on
    /// the command line as `option`.
    fn shop(&self, option: &str, day: Date) -> anyhow::Result<Shop> {
        let shop = purchases::read(&self.purchases, &self.csv)?;
        let path = self.purchases.display();
        let dates = shop.customers.iter().flat_map(Customer::dates);
        let Some(first) = dates.min() else {
            bail!("{path} holds no purchase");
        };
        if first > day {
            bail!(
                "{option} {day} is before the data: the first purchase in {path} is on {first}; give a later day"
            );
        }
        Ok(shop)
    }

    fn sample(&self, shop: &Shop) -> Sample {
        let mut sample = Sample::new(self.until);
        shop.customers.iter().for_each(|customer| sample.add(&customer.days_as_of(self.until)));
        sample
    }

    fn fit(&self, shop: &Shop) -> Model {
        self.sample(shop).fit(self.kind(), self.min_customers as usize)
    }
}

impl Judging {
    fn apply(&self, policy: policy::Drift) -> anyhow::Result<policy::Drift> {
        if !(self.at_risk > 0.0 && self.at_risk < 1.0) {
            bail!("--at-risk {}: a probability lies between 0 and 1", self.at_risk);
        }
        const CENTURY_MILLIS: i64 = 36_600 * 86_400_000;
        if self.horizon.count < 1 || self.horizon.millis_at_most() > CENTURY_MILLIS {
            bail!("--horizon {}: it takes a span up to a hundred years", self.horizon);
        }
        Ok(policy::Drift { horizon: self.horizon, at_risk_p_alive: self.at_risk, ..policy })
    }
}

fn write_file(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// One line of JSON. A closed pipe stays the I/O error that it is.
fn write_line(out: &mut dyn Write, line: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    Ok(writeln!(out)?)
}

/// Why a fit is refused, as a sentence.
fn why(lang: Language, refused: &Refusal) -> String {
    if lang == Language::En {
        return refused.to_string();
    }
    match refused {
        Refusal::TooFewCustomers { customers, needed } => {
            format!(
                "muy pocos clientes para un ajuste: {customers} de los {needed} que hacen falta"
            )
        }
        Refusal::NoRepeats => {
            "nadie compró un segundo día, así que nada se sabe de los intervalos".to_owned()
        }
        Refusal::NobodyLeaves { dropout } => format!(
            "el ajuste es degenerado: a/(a+b) = {dropout:.1e} es menor que 0.01; nadie se iría nunca"
        ),
        Refusal::AtBound { parameter, value } => {
            format!("el ajuste es degenerado: {parameter} llega al límite de lo posible, {value:e}")
        }
        Refusal::Told { why } => why.clone(),
        Refusal::NotConverged { slope } => {
            format!("el ajuste no converge: la pendiente que queda es {slope:.1e}")
        }
    }
}

/// What a measure of drift is called.
fn name(lang: Language, measure: Measure) -> &'static str {
    match measure {
        Measure::OverdueRatio => lang.pick("razón de atraso", "overdue ratio"),
        Measure::Recency => lang.pick("días sin comprar", "recency"),
        Measure::Inactive | Measure::Gone => measure.as_str(),
    }
}
