//! `lazo explain`: a customer's timeline: what happened, what was decided, and why.

use std::path::PathBuf;

use lazo::shell::timeline;
use lazo::shell::wording::Language;
use serde_json::Value;

use super::system::{System, Target};
use super::{Answer, customer, what_if};

/// Everything that happened to a customer, and why the rest did not.
#[derive(clap::Args)]
pub struct Args {
    /// The customer's id, or their mail address or number where nobody else has it.
    customer: String,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// What this customer would have got, and will get, by the rules of this folder instead:
    /// their whole history is rehearsed by both.
    #[arg(long, value_name = "DIR")]
    what_if: Option<PathBuf>,
    /// Until when what is to come is told: a time, a day, a span such as "30 days", or an
    /// instant. Without it until now.
    #[arg(long, value_name = "T", requires = "what_if")]
    at: Option<String>,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let id = customer::id_of(&system.app, &args.customer, lang).await?;
    if let Some(folder) = &args.what_if {
        return what_if::tell(&system, &id, folder, args.at.as_deref(), args.json, lang).await;
    }
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
