//! `lazo log`: a contact with a customer, as somebody of the shop notes it down.

use anyhow::bail;
use clap::ValueEnum;
use jiff::civil::Date;
use lazo::shell::wording::Language;
use lazo_domain::customer::Customer;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use serde_json::json;

use super::Answer;
use super::complaints::{is_unhappy, offer};
use super::customer;
use super::staff::is_somebody;
use super::system::{System, Target, publish};
use crate::{argument, clock};

/// Log a contact with a customer: a visit, a meeting, a talk in the shop.
#[derive(clap::Args)]
pub struct Args {
    /// The customer's id.
    customer: String,
    /// Who of the shop met the customer, by the name in the policy.
    #[arg(long, value_name = "REP")]
    by: Option<String>,
    /// Where the customer met the shop, in its own words, always the same ones, such
    /// as boutique or delivery.
    #[arg(long, value_name = "NAME")]
    touchpoint: String,
    /// By which channel: store, call, email, web or one of the shop's own.
    #[arg(long, value_name = "NAME")]
    channel: String,
    /// What it was: contact, visit, meeting, review, support, community or one of the
    /// shop's own.
    #[arg(long, value_name = "NAME", default_value = "contact")]
    kind: String,
    /// Where in the journey; by whether the customer bought before where it is not said.
    #[arg(long, value_enum)]
    phase: Option<Phase>,
    /// Who began it. A contact that the customer began after a purchase is a good sign.
    #[arg(long, value_enum, default_value = "brand")]
    initiated_by: Initiator,
    /// How satisfied the customer is, 1 to 5.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    satisfaction: Option<u8>,
    /// What was said, for whoever calls next.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// The day on which the customer was promised to hear again.
    #[arg(long, value_name = "DATE", value_parser = argument::date, requires = "about")]
    follow_up: Option<Date>,
    /// What that is about.
    #[arg(long, value_name = "TEXT", requires = "follow_up")]
    about: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Phase {
    Prepurchase,
    Purchase,
    Postpurchase,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Initiator {
    Brand,
    Customer,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open_to_write(target).await?;
    let now = clock::now();
    let customer = customer::known(&system.app, &args.customer, lang).await?;
    let rules = system.app.rules();
    args.by.iter().try_for_each(|name| is_somebody(&rules.book.policy, name, lang))?;
    let detail = detail(args, &customer, &rules.book, now, lang)?;
    publish(&system, "InteractionRecorded", detail, now).await?;
    out!("{}", lang.pick("anotado", "logged"));
    match is_unhappy(args.satisfaction) {
        true => offer(&system, &customer.id, args.note.as_ref(), now, lang).await,
        false => Ok(Answer::Yes),
    }
}

/// The contact as an event.
fn detail(
    args: &Args,
    customer: &Customer,
    book: &RuleBook,
    now: Instant,
    lang: Language,
) -> anyhow::Result<serde_json::Value> {
    let phase = args.phase.unwrap_or(match customer.history.latest() {
        Some(_) => Phase::Postpurchase,
        None => Phase::Prepurchase,
    });
    let mut detail = json!({
        "interaction_id": format!("int-{}", clock::fresh_id()),
        "customer_id": customer.id,
        "occurred_at": now.to_string(),
        "phase": match phase {
            Phase::Prepurchase => "prepurchase",
            Phase::Purchase => "purchase",
            Phase::Postpurchase => "postpurchase",
        },
        "touchpoint": args.touchpoint,
        "channel": args.channel,
        "initiated_by": match args.initiated_by {
            Initiator::Brand => "brand",
            Initiator::Customer => "customer",
        },
        "kind": args.kind,
    });
    if let Some(satisfaction) = args.satisfaction {
        detail["satisfaction"] = satisfaction.into();
    }
    if let Some(by) = &args.by {
        detail["by"] = by.as_str().into();
    }
    if let Some(note) = &args.note {
        detail["note"] = note.as_str().into();
    }
    if let (Some(on), Some(about)) = (args.follow_up, &args.about) {
        let today = now.date_in(&customer.zone(&book.default_zone));
        if on < today {
            bail!(
                "--follow-up {on}: {} {today}",
                lang.pick("ya pasó; hoy es", "is over; today is")
            );
        }
        detail["follow_up"] = json!({ "on": on.to_string(), "about": about });
    }
    Ok(detail)
}
