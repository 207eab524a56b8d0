//! A call as a rep reads it, and as a program does.

use lazo_domain::channel::Channel;
use lazo_domain::customer::{Contact, Customer};
use lazo_domain::decide::{CallNow, call_facts, promised};
use lazo_domain::instant::Instant;
use lazo_domain::message::{Facts, MessageError, Occasion, Period, context};
use lazo_domain::view::View;
use serde_json::{Value, json};

use super::people::name_of;
use super::{Language, moment};
use crate::shell::call_list::Listed;
use crate::shell::rules::Rules;
use crate::shell::store::Call;

/// The heading of a call's script in a language, without whom it is about: that
/// is said above it.
fn heading(listed: &Listed, rules: &Rules, now: Instant, locale: &str) -> Option<String> {
    let script = script(&listed.call, &listed.customer, rules, now, locale).ok()?;
    let heading = script.lines().next()?.strip_prefix("# ")?;
    let what = heading.strip_suffix(&name_of(&listed.customer)).unwrap_or(heading);
    let what = what.trim_end().trim_end_matches(':').trim_end_matches(" para");
    Some(what.to_owned()).filter(|what| !what.is_empty())
}

fn why(call: &Call, rules: &Rules, lang: Language) -> String {
    let rule = rules.book.rule(&call.touch.rule);
    rule.map_or(call.touch.rule.as_str(), |rule| lang.purpose_of(rule)).to_owned()
}

/// What to say in a call, filled in, as Markdown.
///
/// # Errors
/// [`MessageError`] where the template cannot be filled in for this customer.
pub fn script(
    call: &Call,
    customer: &Customer,
    rules: &Rules,
    now: Instant,
    locale: &str,
) -> Result<String, MessageError> {
    let policy = &rules.book.policy;
    let event = customer
        .fired
        .iter()
        .find(|fired| fired.occurrence == call.touch.occurrence)
        .map(|fired| &fired.detail);
    let view = View { event, ..View::of(customer, &rules.book, now) };
    let occasion = Occasion::of_touch(&view, &call.touch, &rules.book);
    let facts = call_facts(customer, &rules.book, &call.touch, now);
    let is_call = call.channel == Channel::Call;
    let facts = Facts {
        rep: &call.assigned_to,
        occasion,
        period: Period::of_touch(&call.touch, &rules.book),
        call: Some(facts).filter(|_| is_call),
        ..Facts::default()
    };
    let context = context(&view, &facts);
    let script =
        rules.templates.script(&call.template, locale, &policy.default_locale, &context)?;
    Ok(script.markdown)
}

/// A call as a program reads it.
pub fn as_value(listed: &Listed, rules: &Rules, now: Instant, short: &str) -> Value {
    let Listed { call, customer } = listed;
    let zone = customer.zone(&rules.book.default_zone);
    let latest = customer.history.latest();
    let facts = call_facts(customer, &rules.book, &call.touch, now);
    let locale = customer.locale(&rules.book.policy);
    let may = listed.may_be_made(&rules.book, now);
    json!({
        "touch_id": call.touch.to_string(),
        "short_id": short,
        "channel": call.channel,
        "assigned_to": call.assigned_to,
        "customer_id": call.touch.customer,
        "name": name_of(customer),
        "phone": customer.profile.phone.latest(),
        "locale": locale,
        "why": why(call, rules, Language::En),
        "asked_at": call.asked_at.rfc3339_in(&zone),
        "claimed_by": call.holder(now),
        "claimed_until": call.claimed_until.filter(|_| call.holder(now).is_some()).map(|until| until.rfc3339_in(&zone)),
        "snoozed_until": call.snoozed(now).map(|until| until.rfc3339_in(&zone)),
        "outcome": call.outcome,
        "reported_by": call.reported_by,
        "reported_at": call.reported_at.map(|at| at.rfc3339_in(&zone)),
        "may_be_made_now": may == CallNow::Yes,
        "not_now": match may {
            CallNow::Later { reason, .. } | CallNow::Never { reason } => Some(reason),
            CallNow::Yes => None,
        },
        "opens_at": match may {
            CallNow::Later { opens, .. } => opens.map(|at| at.rfc3339_in(&zone)),
            CallNow::Yes | CallNow::Never { .. } => None,
        },
        "promised_at": promised(customer, &call.touch).and_then(|(_, at)| Some(at?.rfc3339_in(&zone))),
        "attempt": facts.attempt,
        "attempts": facts.attempts,
        "open_complaint": customer.complaints.worst_open(),
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
            "by": c.by, "corrected": customer.call_reports.is_corrected(&c.id),
        })).collect::<Vec<_>>(),
        "script": script(call, customer, rules, now, locale).ok(),
    })
}

/// Why a call may not be made now, and what the customer was promised.
fn standing(listed: &Listed, rules: &Rules, now: Instant, lang: Language) -> Vec<Row> {
    let Listed { call, customer } = listed;
    let zone = customer.zone(&rules.book.default_zone);
    let waits = lang
        .not_now(&listed.may_be_made(&rules.book, now), now, &zone)
        .map(|why| (lang.pick("ahora no", "not now"), why));
    let promise = promised(customer, &call.touch).map(|(made, at)| {
        let no_time = || lang.pick("sin hora", "at no time").to_owned();
        let when = at.map_or_else(no_time, |at| moment(at, &zone));
        let on = lang.pick("prometida el", "promised on");
        (lang.pick("devolver", "call back"), format!("{when}, {on} {}", made.date_in(&zone)))
    });
    waits.into_iter().chain(promise).collect()
}

/// Who made a contact, and whether its report was corrected.
fn made_by(contact: &Contact, customer: &Customer, lang: Language) -> String {
    let by = contact.by.as_ref().map(|by| format!(" ({})", by.as_str())).unwrap_or_default();
    match customer.call_reports.is_corrected(&contact.id) {
        true => by + lang.pick(", corregido", ", corrected"),
        false => by,
    }
}

/// What a call is called on the list, and how much of it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The few letters by which it is known on the list.
    pub short: &'a str,
    /// Without its script.
    pub is_brief: bool,
}

/// A call as a rep reads it.
pub fn card(listed: &Listed, rules: &Rules, now: Instant, look: Look, lang: Language) -> String {
    let Listed { call, customer } = listed;
    let phone = customer.profile.phone.latest().map_or("—", |phone| phone.as_str());
    let mut card = format!("{}  {phone}\n", name_of(customer));
    let rows = rows(listed, rules, now, look.short, lang);
    for (label, value) in rows.into_iter().chain(history(customer, rules, lang)) {
        card += &format!("  {label:<12} {value}\n");
    }
    if !look.is_brief {
        match script(call, customer, rules, now, customer.locale(&rules.book.policy)) {
            Ok(script) => script.lines().for_each(|line| card += &format!("  │ {line}\n")),
            Err(error) => card += &format!("  {error}\n"),
        }
    }
    card
}

/// Why somebody is to be called.
pub fn reason(listed: &Listed, rules: &Rules, now: Instant, lang: Language) -> String {
    let said = || why(&listed.call, rules, lang);
    // Rules are described in one language; their scripts speak each.
    match lang {
        Language::Es => heading(listed, rules, now, "es").unwrap_or_else(said),
        Language::En => said(),
    }
}

type Row = (&'static str, String);

/// Why, by whom, until when.
fn rows(listed: &Listed, rules: &Rules, now: Instant, short: &str, lang: Language) -> Vec<Row> {
    let Listed { call, customer } = listed;
    let zone = customer.zone(&rules.book.default_zone);
    let why = reason(listed, rules, now, lang);
    let who = match call.channel == Channel::Call {
        true => lang.pick("quién llama", "who calls"),
        false => lang.pick("a cargo", "in charge"),
    };
    let there = lang.pick("allí son las", "their time is");
    let clock = now.zoned(&zone).strftime("%H:%M");
    let mut rows = vec![
        (lang.pick("por qué", "why"), why),
        (who, call.assigned_to.clone()),
        (
            lang.pick("antes de", "before"),
            format!("{}, {there} {clock}", moment(call.expires_at_instant, &zone)),
        ),
        (lang.pick("idioma", "language"), lang.language(customer.locale(&rules.book.policy))),
        ("id", format!("{short}  {}", call.touch)),
    ];
    let facts = call_facts(customer, &rules.book, &call.touch, now);
    if facts.attempts > 1 {
        let of = lang.pick("de", "of");
        let attempt = format!("{} {of} {}", facts.attempt, facts.attempts);
        rows.push((lang.pick("intento", "attempt"), attempt));
    }
    if let Some(holder) = call.holder(now) {
        rows.push((lang.pick("la tiene", "taken by"), holder.into()));
    }
    if let Some(until) = call.snoozed(now) {
        let shop = &rules.book.default_zone;
        rows.push((lang.pick("pospuesta a", "snoozed to"), moment(until, shop)));
    }
    rows.extend(standing(listed, rules, now, lang));
    if let Some(severity) = customer.complaints.worst_open() {
        let open = lang.pick("abierta", "open");
        rows.push((
            lang.pick("queja", "complaint"),
            format!("{open}, {}", lang.severity(severity)),
        ));
    }
    rows
}

/// What the customer bought last, and the latest contacts.
fn history(customer: &Customer, rules: &Rules, lang: Language) -> Vec<Row> {
    let zone = customer.zone(&rules.book.default_zone);
    let mut rows = Vec::new();
    if let Some(purchase) = customer.history.latest() {
        let date = purchase.at.date_in(&zone);
        let items: Vec<&str> = purchase.items.iter().map(|item| item.name.as_str()).collect();
        let bought =
            format!("{date}  {} {}  {}", purchase.total, purchase.currency, items.join(", "));
        rows.push((lang.pick("compra", "bought"), bought));
    }
    for contact in customer.contacts.iter().rev() {
        let note = contact.note.as_ref().map(|note| format!("  {}", note.as_str()));
        let note = note.unwrap_or_default();
        let by = made_by(contact, customer, lang);
        let contacted = format!(
            "{}  {}, {}{by}{note}",
            contact.at.date_in(&zone),
            lang.of_contact(contact.channel.as_str()),
            lang.of_contact(contact.kind.as_str())
        );
        rows.push((lang.pick("contacto", "contact"), contacted));
    }
    rows
}

/// A call in one line: the letters by which it is known, whom it is about, and when.
pub fn line(listed: &Listed, short: &str, when: &str) -> String {
    let Listed { customer, .. } = listed;
    let phone = customer.profile.phone.latest().map_or("—", |phone| phone.as_str());
    format!("  {short:<6} {:<24} {phone:<16} {when}", name_of(customer))
}
