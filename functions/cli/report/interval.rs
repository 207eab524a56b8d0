//! `lazo report interval`: a difference of two rates, for counts from anywhere.

use anyhow::Context;
use lazo::shell::wording::{Language, uplift};
use lazo_domain::uplift::{Arm, Level, difference};
use serde_json::json;

use super::Answer;

/// The difference of two rates, with its interval: of the customers who were
/// treated, and of those held out.
#[derive(clap::Args)]
pub struct Args {
    /// How many of the treated converted, such as 30/450.
    #[arg(value_parser = arm)]
    treated: Arm,
    /// How many of those held out converted, such as 2/50.
    #[arg(value_parser = arm)]
    held_out: Arm,
    /// How sure the interval is to hold the true difference.
    #[arg(long, default_value = "95%", value_parser = level)]
    level: Level,
    /// One JSON object: difference, low and high, as shares of one.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, lang: Language) -> anyhow::Result<Answer> {
    let &Args { treated, held_out, level, json } = args;
    let found = difference(treated, held_out, level).context("an arm has no customers")?;
    match json {
        true => out!(
            "{}",
            json!({ "difference": found.difference, "low": found.low, "high": found.high })
        ),
        false => out!("{}", uplift::of_rates((treated, held_out), &found, level, lang)),
    }
    Ok(Answer::Yes)
}

/// Such as `30/450`.
fn arm(text: &str) -> Result<Arm, String> {
    let form = "write how many converted, of how many customers, such as 30/450";
    let (converted, customers) = text.split_once('/').ok_or(form)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| form);
    let (converted, customers) = (number(converted)?, number(customers)?);
    if customers == 0 {
        return Err("an arm without customers tells nothing".into());
    }
    if converted > customers {
        return Err(format!("{converted} of {customers} customers cannot have converted; {form}"));
    }
    // What a double counts exactly.
    if customers > 1 << 53 {
        return Err(format!("{customers} customers are too many to reckon with"));
    }
    Ok(Arm { customers, converted })
}

/// Such as `95%` or `0.95`.
fn level(text: &str) -> Result<Level, String> {
    let (number, unit) = match text.trim().strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text.trim(), 1.0),
    };
    let share = number.trim().parse::<f64>().ok().map(|number| number / unit);
    share.and_then(Level::new).ok_or_else(|| "write a share between 0 and 1, such as 95%".into())
}
