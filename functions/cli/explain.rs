//! `lazo explain`: a customer's timeline: what happened, what was decided, and why.

use anyhow::Context;
use lazo::shell::timeline;
use lazo::shell::wording::Language;
use lazo_domain::id::Id;
use serde_json::Value;

use super::Answer;
use super::system::{System, Target};

/// Everything that happened to a customer, and why the rest did not.
#[derive(clap::Args)]
pub struct Args {
    /// The customer's id.
    customer: String,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let id = Id::new(&args.customer).context("CUSTOMER")?;
    let system = System::open(target).await?;
    let rules = system.app.rules();
    let Some(told) = timeline::read(&system.app, &id).await? else {
        out!("{}", lang.pick("nada se sabe de este cliente", "nothing is known of this customer"));
        return Ok(Answer::No);
    };
    let zone = told.customer.zone(&rules.book.default_zone);
    for line in told.lines(&rules.book, lang) {
        let at = line.at.rfc3339_in(&zone);
        match (args.json, line.json) {
            (true, Value::Object(mut json)) => {
                json.insert("at".into(), at.into());
                out!("{}", Value::Object(json));
            }
            // The line before says it as well.
            _ if line.text.is_empty() => {}
            _ => out!("{at}  {}", line.text),
        }
    }
    Ok(Answer::Yes)
}
