//! `lazo calls`: who to call, why, what to say; and how it went.

use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use lazo::app::App;
use lazo::bus::Message;
use lazo::rules::Rules;
use lazo::store::Call;
use lazo_domain::customer::Customer;
use lazo_domain::history::Until;
use lazo_domain::instant::Instant;
use lazo_domain::message::{Facts, Occasion, context};
use lazo_domain::view::View;
use serde_json::{Value, json};

use super::Answer;
use super::lang::Lang;
use super::system::{System, Target};

/// The call list.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Who to call, why, and what to say; the most urgent first.
    List {
        /// Only the calls of one person or team.
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// Leave the scripts out.
        #[arg(long)]
        brief: bool,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Log how a call went.
    Report(Report),
}

#[derive(clap::Args)]
struct Report {
    /// The touch id, as the list shows it.
    touch_id: String,
    #[arg(long, value_enum)]
    outcome: Outcome,
    /// How satisfied the customer is, 1 to 5.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=5))]
    satisfaction: Option<u8>,
    #[arg(long)]
    note: Option<String>,
    /// Why the customer leaves: needs_changed, competitor, dissatisfied,
    /// price, moved, fraud or other.
    #[arg(long, value_parser = ["needs_changed", "competitor", "dissatisfied", "price", "moved", "fraud", "other"])]
    dissolution_reason: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Outcome {
    Reached,
    Voicemail,
    NoAnswer,
    WrongNumber,
    DoNotCall,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Outcome::Reached => "reached",
            Outcome::Voicemail => "voicemail",
            Outcome::NoAnswer => "no_answer",
            Outcome::WrongNumber => "wrong_number",
            Outcome::DoNotCall => "do_not_call",
        }
    }
}

pub async fn run(args: &Args, target: &Target, lang: Lang) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    match &args.command {
        Command::List { of, brief, json } => {
            list(&system.app, of.as_deref(), *brief, *json, lang).await
        }
        Command::Report(report) => log(&system.app, report, lang).await,
    }
}

/// The open calls, of one or of all, the most urgent first.
///
/// # Errors
/// Where the store does not answer.
pub async fn open_calls(app: &App, of: Option<&str>, now: Instant) -> anyhow::Result<Vec<Call>> {
    let names = match of {
        Some(name) => vec![name.to_owned()],
        None => app.store.assignees().await?,
    };
    let mut calls = Vec::new();
    for name in names {
        calls.extend(app.store.open_calls(&name, now).await?);
    }
    calls.sort_by(|a, b| (a.expires_at_instant, &a.touch).cmp(&(b.expires_at_instant, &b.touch)));
    Ok(calls)
}

async fn list(
    app: &App,
    of: Option<&str>,
    brief: bool,
    as_json: bool,
    lang: Lang,
) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    let calls = open_calls(app, of, now).await?;
    let rules = app.rules();
    for call in &calls {
        let customer = app.store.load(&call.touch.customer).await?.customer;
        if as_json {
            out!("{}", as_value(call, &customer, &rules, now));
        } else {
            out!("{}", card(call, &customer, &rules, now, brief, lang));
        }
    }
    if calls.is_empty() && !as_json {
        out!("{}", lang.pick("no hay llamadas pendientes", "no calls are waiting"));
    }
    Ok(Answer::Yes)
}

fn name_of(customer: &Customer) -> String {
    let parts = [&customer.profile.given, &customer.profile.family];
    let parts: Vec<&str> =
        parts.into_iter().filter_map(|p| p.latest().map(|l| l.as_str())).collect();
    match parts.is_empty() {
        true => customer.id.to_string(),
        false => parts.join(" "),
    }
}

fn why(call: &Call, rules: &Rules) -> String {
    let rule = rules.book.rule(&call.touch.rule);
    match rule.map(|rule| rule.description.trim()).filter(|text| !text.is_empty()) {
        Some(description) => description.to_owned(),
        None => call.touch.rule.clone(),
    }
}

fn script(call: &Call, customer: &Customer, rules: &Rules, now: Instant) -> anyhow::Result<String> {
    let policy = &rules.book.policy;
    let zone = customer.zone(&rules.book.default_zone);
    let event = customer
        .fired
        .iter()
        .find(|fired| fired.occurrence == call.touch.occurrence)
        .map(|fired| &fired.detail);
    let drift = rules.book.values();
    let view = View { customer, until: Until::ALL, now, zone: &zone, policy, drift, event };
    let occasion = Occasion::of_touch(&view, &call.touch, &rules.book);
    let facts = Facts { rep: &call.assigned_to, occasion, ..Facts::default() };
    let context = context(&view, &facts);
    let locale = customer.locale(policy);
    let script =
        rules.templates.script(&call.template, locale, &policy.default_locale, &context)?;
    Ok(script.markdown)
}

fn as_value(call: &Call, customer: &Customer, rules: &Rules, now: Instant) -> Value {
    let zone = customer.zone(&rules.book.default_zone);
    let latest = customer.history.latest();
    json!({
        "touch_id": call.touch.to_string(),
        "channel": call.channel,
        "assigned_to": call.assigned_to,
        "customer_id": call.touch.customer,
        "name": name_of(customer),
        "phone": customer.profile.phone.latest(),
        "locale": customer.locale(&rules.book.policy),
        "why": why(call, rules),
        "asked_at": call.asked_at.rfc3339_in(&zone),
        "until": call.expires_at_instant.rfc3339_in(&zone),
        "local_time": now.rfc3339_in(&zone),
        "latest_purchase": latest.map(|p| json!({
            "purchase_id": p.id,
            "at": p.at.rfc3339_in(&zone),
            "total": { "amount": p.total.to_string(), "currency": p.currency },
            "items": p.items,
        })),
        "last_contacts": customer.contacts.iter().rev().map(|c| json!({
            "at": c.at.rfc3339_in(&zone), "channel": c.channel, "kind": c.kind, "note": c.note,
        })).collect::<Vec<_>>(),
        "script": script(call, customer, rules, now).ok(),
    })
}

/// A call as a rep reads it.
fn card(
    call: &Call,
    customer: &Customer,
    rules: &Rules,
    now: Instant,
    brief: bool,
    lang: Lang,
) -> String {
    let zone = customer.zone(&rules.book.default_zone);
    let phone = customer.profile.phone.latest().map_or("—", |phone| phone.as_str());
    let clock = now.zoned(&zone).strftime("%H:%M").to_string();
    let until = call.expires_at_instant.zoned(&zone).strftime("%Y-%m-%d %H:%M").to_string();
    let mut card = format!("{}  {phone}\n", name_of(customer));
    let rows = [
        (lang.pick("por qué", "why"), why(call, rules)),
        (lang.pick("quién llama", "who calls"), call.assigned_to.clone()),
        (
            lang.pick("antes de", "before"),
            format!("{until} ({} {clock})", lang.pick("allí son las", "their time is")),
        ),
        (lang.pick("idioma", "language"), customer.locale(&rules.book.policy).to_owned()),
        (lang.pick("id", "id"), call.touch.to_string()),
    ];
    for (label, value) in rows {
        card += &format!("  {label:<12} {value}\n");
    }
    if let Some(purchase) = customer.history.latest() {
        let date = purchase.at.date_in(&zone);
        let items: Vec<&str> = purchase.items.iter().map(|item| item.name.as_str()).collect();
        let label = lang.pick("compra", "bought");
        card += &format!(
            "  {label:<12} {date}  {} {}  {}\n",
            purchase.total,
            purchase.currency,
            items.join(", ")
        );
    }
    for contact in customer.contacts.iter().rev() {
        let label = lang.pick("contacto", "contact");
        let note = contact.note.as_ref().map_or("", |note| note.as_str());
        card += &format!(
            "  {label:<12} {}  {} {}  {note}\n",
            contact.at.date_in(&zone),
            contact.channel.as_str(),
            contact.kind.as_str()
        );
    }
    if !brief {
        match script(call, customer, rules, now) {
            Ok(script) => script.lines().for_each(|line| card += &format!("  │ {line}\n")),
            Err(error) => card += &format!("  {error}\n"),
        }
    }
    card
}

async fn log(app: &App, report: &Report, lang: Lang) -> anyhow::Result<Answer> {
    let now = Instant::from(jiff::Timestamp::now());
    let Some(call) = find(app, &report.touch_id, now).await? else {
        bail!(
            "{} {:?}; lazo calls list",
            lang.pick("no hay ninguna llamada pendiente", "no open call"),
            report.touch_id
        );
    };
    let mut detail = json!({
        "call_id": format!("call-{}", uuid::Uuid::now_v7()),
        "customer_id": call.touch.customer,
        "occurred_at": now.to_string(),
        "touch_id": report.touch_id,
        "outcome": report.outcome.as_str(),
    });
    let optional = [
        ("satisfaction", report.satisfaction.map(Value::from)),
        ("note", report.note.clone().map(Value::from)),
        ("dissolution_reason", report.dissolution_reason.clone().map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            detail[name] = value;
        }
    }
    let message =
        Message { source: "shop".into(), detail_type: "CallReported".into(), detail, at: now };
    app.bus.publish(&[message]).await.context("the report did not reach the bus")?;
    out!("{}", lang.pick("anotado", "logged"));
    Ok(Answer::Yes)
}

/// The open call with this touch id. Ids hold slashes, so the list decides
/// where the customer's id begins and ends.
async fn find(app: &App, touch_id: &str, now: Instant) -> anyhow::Result<Option<Call>> {
    let calls = open_calls(app, None, now).await?;
    Ok(calls.into_iter().find(|call| call.touch.to_string() == touch_id))
}
