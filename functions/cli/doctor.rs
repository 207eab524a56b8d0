//! `lazo doctor`: what is wrong with a system, seen from outside, each with its remedy.

mod events;
mod mail;
mod shop;
mod table;

use std::fmt::Display;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use lazo::shell::wording::Language;
use serde_json::json;

use super::Answer;
use super::place::Place;
use super::remedies;
use super::stack::Stack;
use super::system::{System, Target};
use crate::clock;

/// Look whether mail can go out, events come in and nothing waits: the account's mail
/// service, the table, the bus and the queues, what is paused, overdue or failed. It
/// changes nothing, and ends with 1 where something is wrong.
#[derive(clap::Args)]
pub struct Args {
    /// One JSON object a line: id, severity, what, remedy.
    #[arg(long)]
    json: bool,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    /// Something does not work.
    Error,
    /// Somebody should look at it.
    Warning,
}

/// Something that was found, and what to do about it.
#[derive(Clone, Debug)]
struct Finding {
    id: &'static str,
    severity: Severity,
    what: String,
    remedy: String,
}

/// What was found, in one language.
struct Findings {
    lang: Language,
    all: Vec<Finding>,
}

impl Findings {
    /// Something that does not work.
    fn error(&mut self, id: &'static str, what: (&str, &str), remedy: (&str, &str)) {
        self.add(id, Severity::Error, what, remedy);
    }

    /// Something that somebody should look at.
    fn warning(&mut self, id: &'static str, what: (&str, &str), remedy: (&str, &str)) {
        self.add(id, Severity::Warning, what, remedy);
    }

    fn add(
        &mut self,
        id: &'static str,
        severity: Severity,
        what: (&str, &str),
        remedy: (&str, &str),
    ) {
        let pick = |(es, en): (&str, &str)| self.lang.pick(es, en).to_owned();
        let (what, remedy) = (pick(what), pick(remedy));
        self.all.push(Finding { id, severity, what, remedy });
    }

    /// What could not be looked at, and why: the rest is looked at all the same.
    fn unknown(&mut self, what: (&str, &str), why: impl Display) {
        let what = self.lang.pick(what.0, what.1);
        let (es, en) = (
            format!("{what}: no se pudo mirar: {why}"),
            format!("{what}: could not be looked at: {why}"),
        );
        self.warning(
            "unknown",
            (&es, &en),
            (
                "da a quien mira el permiso que falta, o repite",
                "give whoever looks the permission that is missing, or repeat",
            ),
        );
    }
}

/// Why AWS did not answer, in short: its code and what it says of it.
fn why<E: ProvideErrorMetadata + std::error::Error>(error: &E) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => error.to_string(),
    }
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    system.tell_place();
    let now = clock::now();
    let mut found = Findings { lang, all: Vec::new() };
    let is_in_aws = matches!(system.place, Place::Table { .. });
    if is_in_aws && !table::look(&system, &mut found).await {
        return tell(&found, args.json);
    }
    shop::look(&system, now, &mut found).await?;
    if is_in_aws {
        mail::look(&system, &mut found).await;
        match Stack::of(&system).await {
            Ok(stack) => events::look(&stack, &mut found).await,
            Err(error) => {
                let why = remedies::told(&error, target, false, lang);
                found.unknown(("el bus y las colas", "the bus and the queues"), why);
            }
        }
    }
    tell(&found, args.json)
}

fn tell(found: &Findings, json: bool) -> anyhow::Result<Answer> {
    let lang = found.lang;
    for Finding { id, severity, what, remedy } in &found.all {
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        if json {
            out!("{}", json!({ "id": id, "severity": severity, "what": what, "remedy": remedy }));
            continue;
        }
        let word = match severity {
            "error" => "error",
            _ => lang.pick("aviso", "warning"),
        };
        out!("{word}: {what}");
        out!("  {remedy}");
    }
    if found.all.is_empty() && !json {
        out!("{}", lang.pick("nada que corregir", "nothing to mend"));
    }
    let is_sound = found.all.iter().all(|one| one.severity == Severity::Warning);
    Ok(if is_sound { Answer::Yes } else { Answer::No })
}
