//! What is known of an event besides that it came: amounts, scores, outcomes, notes,
//! and who acted. The ledger has ids only; these stand in the customer's state and
//! beside it, as long as they are kept.

use lazo_domain::consent::LastWord;
use lazo_domain::event::{ConsentChannel, EventKind, Item};
use lazo_domain::history::{Purchase, Refund};

use super::Told;
use crate::shell::store::{EventEntry, TouchEntry};
use crate::shell::wording::Language;

/// How many characters of a note are told.
const NOTE_CHARS_MAX: usize = 160;

/// The facts of an event; empty where nothing more is known.
pub(super) fn of_event(event: &EventEntry, told: &Told, lang: Language) -> Vec<String> {
    match event.kind {
        EventKind::PurchaseCompleted => of_purchase(event, told, lang),
        EventKind::PurchaseRefunded => of_refund(event, told, lang),
        EventKind::CustomerUpdated => of_profile(event, told),
        EventKind::ConsentChanged => of_consent(event, told, lang),
        EventKind::InteractionRecorded | EventKind::CallReported => of_contact(event, told, lang),
        EventKind::SurveyAnswered => of_answer(event, told),
        EventKind::ComplaintOpened | EventKind::ComplaintResolved => {
            of_complaint(event, told, lang)
        }
        _ => Vec::new(),
    }
}

/// Who has a call or a task, and how it went.
pub(super) fn of_touch(touch: &TouchEntry, told: &Told, lang: Language) -> Vec<String> {
    let variant = touch.variant.as_deref();
    let mut facts: Vec<String> = variant
        .map(|name| format!("{} {name}", lang.pick("variante", "variant")))
        .into_iter()
        .collect();
    let Some(call) = told.calls.iter().find(|call| call.touch == touch.touch) else {
        return facts;
    };
    let of = |label: &str, text: &str| Some(format!("{label} {text}")).filter(|_| !text.is_empty());
    let outcome = call.outcome.as_deref().unwrap_or_default();
    let of_call = [
        of(lang.pick("para", "for"), &call.assigned_to),
        of(lang.pick("la tomó", "taken by"), call.claimed_by.as_deref().unwrap_or_default()),
        of(lang.pick("resultado:", "outcome:"), lang.of_contact(outcome)),
    ];
    facts.extend(of_call.into_iter().flatten());
    facts
}

fn of_purchase(event: &EventEntry, told: &Told, lang: Language) -> Vec<String> {
    let mut all = told.customer.history.purchases.iter();
    let Some(purchase) = all.find(|one| one.id.as_str() == event.key) else { return Vec::new() };
    let mut facts = vec![format!("{} {}", purchase.total, purchase.currency)];
    let names: Vec<&str> = purchase.items.iter().map(|item: &Item| item.name.as_str()).collect();
    match names.is_empty() {
        true => facts.extend(purchase.categories.iter().map(|one| one.as_str().to_owned())),
        false => facts.push(names.join(", ")),
    }
    let seller = purchase.sold_by.as_ref();
    facts.extend(seller.map(|who| format!("{} {}", lang.pick("vendió", "sold by"), who.as_str())));
    facts
}

fn of_refund(event: &EventEntry, told: &Told, lang: Language) -> Vec<String> {
    let all = told.customer.history.purchases.iter();
    let with = |purchase: &'_ Purchase| -> Option<(Refund, String)> {
        let refund = purchase.refunds.iter().find(|refund| refund.id.as_str() == event.key)?;
        Some((refund.clone(), purchase.id.to_string()))
    };
    let Some((refund, purchase)) = all.map(with).find_map(|found| found) else {
        return Vec::new();
    };
    let amount = match (&refund.total, refund.currency) {
        (Some(total), Some(currency)) => format!("{total} {currency}"),
        (Some(total), None) => total.clone(),
        (None, _) => lang.pick("todo", "all of it").to_owned(),
    };
    vec![amount, format!("{} {purchase}", lang.pick("de", "of"))]
}

/// The fields of which this was the word that still counts.
fn of_profile(event: &EventEntry, told: &Told) -> Vec<String> {
    let at = event.at.millis();
    let is_told = |dated: &serde_json::Value| {
        dated.as_array().is_some_and(|all| all.iter().any(|one| one[0].as_i64() == Some(at)))
    };
    let profile = serde_json::to_value(&told.customer.profile).unwrap_or_default();
    let mut names = Vec::new();
    for (name, value) in profile.as_object().into_iter().flatten() {
        match value.as_object() {
            None if is_told(value) => names.push(name.clone()),
            None => {}
            Some(inner) => {
                let told = inner.iter().filter(|(_, value)| is_told(value));
                names.extend(told.map(|(inner, _)| format!("{name}.{inner}")));
            }
        }
    }
    Some(names.join(", ")).filter(|names| !names.is_empty()).into_iter().collect()
}

fn of_consent(event: &EventEntry, told: &Told, lang: Language) -> Vec<String> {
    let mut facts = Vec::new();
    for (_, consents) in told.customer.consents_by_id() {
        for channel in [ConsentChannel::Email, ConsentChannel::Call] {
            let words = consents.words(channel).filter(|(_, word)| word.at == event.at);
            facts.extend(words.map(|(purpose, LastWord { state, .. })| {
                format!("{}: {}", lang.consent(channel, purpose), lang.consent_state(state))
            }));
        }
    }
    facts
}

fn of_contact(event: &EventEntry, told: &Told, lang: Language) -> Vec<String> {
    let mut contacts = told.customer.contacts.iter();
    let mut facts = Vec::new();
    if let Some(contact) = contacts.find(|contact| contact.id.as_str() == event.key) {
        if event.kind == EventKind::InteractionRecorded {
            facts.push(lang.of_contact(contact.channel.as_str()).to_owned());
        }
        facts.push(lang.of_contact(contact.kind.as_str()).to_owned());
        facts.extend(contact.note.as_ref().map(|note| quoted(note.as_str())));
        let by = contact.by.as_ref();
        facts.extend(by.map(|by| format!("{} {}", lang.pick("por", "by"), by.as_str())));
    }
    if event.kind == EventKind::CallReported {
        let reasons = told.customer.reported.iter().filter(|(at, _)| *at == event.at);
        facts.extend(reasons.map(|(_, reason)| lang.dissolution(*reason).to_owned()));
    }
    facts
}

fn of_answer(event: &EventEntry, told: &Told) -> Vec<String> {
    let mut answers = told.answers.iter();
    let Some(answer) = answers.find(|one| one.answer_id.as_str() == event.key) else {
        return Vec::new();
    };
    let csat = answer.csat.map(|score| format!("CSAT {score}/5"));
    let nps = answer.nps.map(|score| format!("NPS {score}/10"));
    let comment = answer.comment.as_ref().map(|comment| quoted(comment.as_str()));
    let about = Some(answer.touchpoint.as_str().to_owned());
    [about, csat, nps, comment].into_iter().flatten().collect()
}

fn of_complaint(event: &EventEntry, told: &Told, lang: Language) -> Vec<String> {
    let mut all = told.customer.complaints.iter();
    let Some((_, complaint)) = all.find(|(id, _)| id.as_str() == event.key) else {
        return Vec::new();
    };
    let text = |line: &Option<lazo_domain::event::Line>| {
        line.as_ref().map(|line| line.as_str().to_owned())
    };
    match event.kind {
        EventKind::ComplaintOpened => {
            let severity = complaint.severity.map(|one| lang.severity(one).to_owned());
            text(&complaint.category).into_iter().chain(severity).collect()
        }
        _ => text(&complaint.root_cause).into_iter().collect(),
    }
}

/// A note in one line, as far as it is told.
fn quoted(note: &str) -> String {
    let one_line = note.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.chars().count() > NOTE_CHARS_MAX {
        true => format!("“{}…”", one_line.chars().take(NOTE_CHARS_MAX).collect::<String>()),
        false => format!("“{one_line}”"),
    }
}
