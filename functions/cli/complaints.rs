//! `lazo complaints`: which are open and whose, and what causes them.

mod open;

use std::collections::BTreeMap;

use anyhow::bail;
use clap::Subcommand;
use lazo::shell::app::App;
use lazo::shell::store::{ComplaintEntry, CountedComplaint, Moment, Month};
use lazo::shell::wording::{Language, moment};
use lazo_domain::event::Line;
use lazo_domain::instant::Instant;
use serde_json::json;

use super::Answer;
use super::customer;
use super::ranked::ranked;
use super::staff::has_list;
use super::system::{System, Target, publish};
use crate::clock;
pub use open::{Opening, SeverityArg, is_unhappy, offer};

/// Complaints: which are open and whose, and what causes them.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The open ones, with who resolves them and until when.
    List {
        /// Only those of one person or team.
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// How many were opened and resolved, and what caused them, by month and
    /// category.
    Causes {
        /// How many months back, this one included.
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=120))]
        months: u16,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Open one: from then on the customer gets nothing but what goes during
    /// complaints, and somebody has until a deadline to resolve it.
    Open {
        /// The customer's id.
        customer: String,
        #[command(flatten)]
        opening: Opening,
    },
    /// Log that one is resolved.
    Resolve {
        /// The complaint's id, as the list shows it.
        complaint: String,
        /// What was behind it, in a few words, always the same ones.
        #[arg(long)]
        cause: Option<String>,
        /// How it was resolved.
        #[arg(long)]
        note: Option<String>,
    },
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = match &args.command {
        Command::List { .. } | Command::Causes { .. } => System::open(target).await?,
        Command::Open { .. } | Command::Resolve { .. } => System::open_to_write(target).await?,
    };
    let now = clock::now();
    match &args.command {
        Command::List { of, json } => list(&system.app, of.as_deref(), *json, now, lang).await,
        Command::Causes { months, json } => causes(&system.app, *months, *json, now, lang).await,
        Command::Open { customer, opening } => {
            let customer = customer::known(&system.app, customer, lang).await?;
            opening.open(&system, &customer.id, now, lang).await
        }
        Command::Resolve { complaint, cause, note } => {
            resolve(&system, complaint, cause.as_ref(), note.as_ref(), now, lang).await
        }
    }
}

fn owner<'a>(app: &'a lazo::shell::rules::Rules, entry: &ComplaintEntry) -> &'a str {
    app.book.policy.department(entry.category.as_ref().map(Line::as_str))
}

async fn list(
    app: &App,
    of: Option<&str>,
    as_json: bool,
    now: Instant,
    lang: Language,
) -> anyhow::Result<Answer> {
    if let Some(name) = of {
        has_list(app, name, lang).await?;
    }
    let rules = app.rules();
    let zone = &rules.book.default_zone;
    let mut open = app.store.open_complaints().await?;
    open.retain(|entry| of.is_none_or(|name| owner(&rules, entry) == name));
    for entry in &open {
        let owner = owner(&rules, entry);
        let customer = app.store.person(&entry.customer).await?.customer;
        let level = customer.complaints.get(&entry.complaint).map_or(0, |one| one.level);
        let to = rules.book.policy.in_charge(level, owner);
        if as_json {
            let line = json!({
                "complaint_id": entry.complaint,
                "customer_id": entry.customer,
                "severity": entry.severity,
                "category": entry.category,
                "owner": owner,
                "opened_at": entry.opened_at.map(|at| at.rfc3339_in(zone)),
                "deadline": entry.deadline.map(|at| at.rfc3339_in(zone)),
                "level": level,
                "escalated_to": to,
            });
            out!("{line}");
            continue;
        }
        let deadline = entry.deadline.map_or("—".to_owned(), |at| moment(at, zone));
        let is_late = entry.deadline.is_some_and(|deadline| deadline <= now);
        let late = lang.pick("venció", "was due");
        let by = if is_late { late } else { lang.pick("vence", "due") };
        let category = entry.category.as_ref().map_or("—", Line::as_str);
        let severity = lang.severity(entry.severity);
        let escalated = match to {
            Some(to) if level > 0 => {
                format!("  {} {level}: {to}", lang.pick("subió a nivel", "escalated to level"))
            }
            _ => String::new(),
        };
        out!(
            "{by:<7} {deadline:<37}  {owner:<14} {severity:<8} {category:<14} {}  {}{escalated}",
            entry.complaint,
            entry.customer
        );
    }
    if open.is_empty() && !as_json {
        out!("{}", lang.pick("no hay quejas abiertas", "no complaint is open"));
    }
    Ok(Answer::Yes)
}

/// What there is to tell of a month and a category.
#[derive(Default)]
struct Tally {
    opened: usize,
    resolved: usize,
    causes: BTreeMap<String, usize>,
}

impl Tally {
    fn add(&mut self, one: &CountedComplaint) {
        match one.moment {
            Moment::Opened => self.opened += 1,
            Moment::Resolved => {
                self.resolved += 1;
                self.opened += usize::from(one.was_never_opened);
                if let Some(cause) = &one.root_cause {
                    *self.causes.entry(cause.as_str().to_owned()).or_default() += 1;
                }
            }
        }
    }
}

async fn causes(
    app: &App,
    months: u16,
    as_json: bool,
    now: Instant,
    lang: Language,
) -> anyhow::Result<Answer> {
    let rules = app.rules();
    let mut is_empty = true;
    for month in Month::of(now, &rules.book.default_zone).back(months) {
        let mut tallies: BTreeMap<Option<String>, Tally> = BTreeMap::new();
        for one in app.store.complaints_of(month).await? {
            let category = one.category.as_ref().map(|line| line.as_str().to_owned());
            tallies.entry(category).or_default().add(&one);
        }
        for (category, tally) in &tallies {
            is_empty = false;
            if as_json {
                let causes: Vec<_> = ranked(&tally.causes)
                    .into_iter()
                    .map(|(cause, count)| json!({ "root_cause": cause, "count": count }))
                    .collect();
                let line = json!({
                    "month": month.to_string(), "category": category, "opened": tally.opened,
                    "resolved": tally.resolved, "causes": causes,
                });
                out!("{line}");
                continue;
            }
            let category = category.as_deref().unwrap_or(lang.pick("sin categoría", "no category"));
            let word = |count, es: [&'static str; 2], en| match (lang, count) {
                (Language::Es, 1) => es[0],
                (Language::Es, _) => es[1],
                (Language::En, _) => en,
            };
            let opened = word(tally.opened, ["abierta", "abiertas"], "opened");
            let resolved = word(tally.resolved, ["resuelta", "resueltas"], "resolved");
            let counts = format!("{:>4} {opened}  {:>4} {resolved}", tally.opened, tally.resolved);
            out!("{month}  {category:<16} {counts}");
            for (cause, count) in ranked(&tally.causes) {
                out!("{:>13} {count:>4}  {cause}", "");
            }
        }
    }
    if is_empty && !as_json {
        out!("{}", lang.pick("no hubo quejas", "there were no complaints"));
    }
    Ok(Answer::Yes)
}

async fn resolve(
    system: &System,
    complaint: &str,
    cause: Option<&String>,
    note: Option<&String>,
    now: Instant,
    lang: Language,
) -> anyhow::Result<Answer> {
    let open = system.app.store.open_complaints().await?;
    let mut named = open.iter().filter(|entry| entry.complaint.as_str() == complaint);
    let entry = match (named.next(), named.next()) {
        (Some(entry), None) => entry,
        (None, _) => bail!(
            "{} {complaint:?}; {}",
            lang.pick("no hay ninguna queja abierta", "there is no open complaint"),
            lang.pick("lazo complaints list las muestra", "lazo complaints list shows them")
        ),
        (Some(_), Some(_)) => bail!(
            "{} {complaint:?}; {}",
            lang.pick("varios clientes tienen una queja", "several customers have a complaint"),
            lang.pick(
                "envía ComplaintResolved con lazo send",
                "send ComplaintResolved with lazo send"
            )
        ),
    };
    let mut detail = json!({
        "complaint_id": entry.complaint,
        "customer_id": entry.customer,
        "occurred_at": now.to_string(),
    });
    for (name, text) in [("root_cause", cause), ("resolution", note)] {
        if let Some(text) = text {
            detail[name] = text.as_str().into();
        }
    }
    publish(system, "ComplaintResolved", detail, now).await?;
    out!("{}", lang.pick("anotado", "logged"));
    Ok(Answer::Yes)
}
