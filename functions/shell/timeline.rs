//! A customer's timeline: what happened, what was decided, and why.

mod facts;
mod known;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use lazo_domain::address::Asks;
use lazo_domain::customer::{Customer, Enrolment};
use lazo_domain::event::EventKind;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::Status;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{Defer, Reason, TouchStatus};
use serde_json::{Value, json};

use super::app::App;
use super::store::{Answer, Call, EscalationEntry, EventEntry, StoreError, TouchEntry, TouchState};
use super::wording::Language;

/// A line of the timeline.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it happened; for what is still to come, when it is looked at next.
    pub at: Instant,
    /// What it says, in the reader's language and without the time; empty where the
    /// line before says it as well.
    pub text: String,
    /// The same for programs, as a JSON object.
    pub json: Value,
}

/// All that a timeline is made of.
#[derive(Debug)]
pub struct Told {
    /// With what was said of the address and the number under other ids.
    pub customer: Customer,
    /// The events that counted, under all ids of the person.
    pub events: Vec<EventEntry>,
    /// The ledger's touches, under all ids of the person.
    pub touches: Vec<TouchEntry>,
    /// What stands on the call list, and stood there, under all ids of the person.
    pub calls: Vec<Call>,
    /// The answers to surveys, under all ids of the person.
    pub answers: Vec<Answer>,
    /// The levels that complaints reached, under the id that was asked for.
    pub escalations: Vec<EscalationEntry>,
}

/// Reads what there is on a person; `None` where nothing is known.
///
/// # Errors
/// [`StoreError`] where the table does not answer or an item is unreadable.
pub async fn read(app: &App, id: &Id) -> Result<Option<Told>, StoreError> {
    let store = &app.store;
    let mut customer = store.person(id).await?.customer;
    let (mut events, mut touches) = (Vec::new(), Vec::new());
    let (mut calls, mut answers) = (Vec::new(), Vec::new());
    for id in customer.ids() {
        let (more_events, more_touches) = store.ledger(id).await?;
        events.extend(more_events);
        touches.extend(more_touches);
        calls.extend(store.calls_ever_about(id).await?);
        answers.extend(store.answers(id).await?);
    }
    if events.is_empty() && touches.is_empty() {
        return Ok(None);
    }
    let escalations = store.escalations(id).await?;
    store.hear_all([&mut customer], Asks { email: true, phone: true }).await?;
    Ok(Some(Told { customer, events, touches, calls, answers, escalations }))
}

impl Told {
    /// Of somebody about whom nothing has counted.
    pub fn of_nobody(customer: Customer) -> Told {
        let (events, touches, calls, answers, escalations) = Default::default();
        Told { customer, events, touches, calls, answers, escalations }
    }

    /// The timeline in somebody's language, the earliest first.
    pub fn lines(&self, book: &RuleBook, lang: Language) -> Vec<Line> {
        let customer = &self.customer;
        let zone = customer.zone(&book.default_zone);
        let mut lines = Vec::new();
        // A later event decides open triggers again: what it only repeats is not told.
        let mut events: Vec<&EventEntry> = self.events.iter().collect();
        events.sort_by_key(|event| event.received_at);
        let mut said = BTreeMap::new();
        for event in events {
            lines.extend(of_event(event, self, &mut said, &zone, lang));
        }
        lines.extend(self.touches.iter().map(|touch| of_touch(touch, self, book, &zone, lang)));
        lines.extend(known::of_foreign_refunds(customer, lang));
        lines.extend(known::of_merges(customer, lang));
        lines.extend(known::of_complaints(customer, &self.escalations, lang));
        lines.extend(of_calls(customer, &zone, lang));
        lines.extend(known::of_addresses(customer, lang));
        lines.extend(customer.pending().map(|one| of_pending(customer, one, book, &zone, lang)));
        lines.sort_by_key(|line| line.at);
        lines
    }
}

/// Of each rule and occurrence, the reason that was told last.
type Said = BTreeMap<(String, String), String>;

/// What happened, and which rules it did not start.
fn of_event(
    event: &EventEntry,
    told: &Told,
    said: &mut Said,
    zone: &TimeZone,
    lang: Language,
) -> Vec<Line> {
    let key = if event.kind == EventKind::CustomerUpdated { "" } else { &event.key };
    let facts = facts::of_event(event, told, lang);
    let mut text = format!("{} {key}", event.kind).trim_end().to_owned();
    if !facts.is_empty() {
        text += &format!(": {}", facts.join(", "));
    }
    let received_at = event.received_at.rfc3339_in(zone);
    let json = json!({
        "event": event.kind, "key": event.key, "received_at": received_at, "facts": facts,
    });
    let mut lines = vec![Line { at: event.at, text, json }];
    // Rules that did not start for the same reason are told in one line.
    let mut by_reason: Vec<(String, Vec<&str>)> = Vec::new();
    for (refused, met) in event.refusals() {
        let json = json!({
            "rule": refused.rule, "occurrence": refused.occurrence, "refused": refused.reason,
            "met": met,
        });
        lines.push(Line { at: event.at, text: String::new(), json });
        let reason = lang.reason_met(refused.reason, met);
        let of = (refused.rule.clone(), refused.occurrence.clone());
        if said.insert(of, reason.clone()).as_ref() == Some(&reason) {
            continue;
        }
        match by_reason.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, rules)) if rules.contains(&refused.rule.as_str()) => {}
            Some((_, rules)) => rules.push(&refused.rule),
            None => by_reason.push((reason, vec![&refused.rule])),
        }
    }
    // Each stands with the first of the lines that it sums up.
    let quiet = lines.iter_mut().skip(1);
    for (line, (reason, rules)) in quiet.zip(by_reason) {
        line.text = not_started(lang, &rules, &reason);
    }
    lines
}

/// What became of a touch.
fn of_touch(
    touch: &TouchEntry,
    told: &Told,
    book: &RuleBook,
    zone: &TimeZone,
    lang: Language,
) -> Line {
    let status = match touch.state {
        TouchState::Sent => lang.status(TouchStatus::Sent),
        TouchState::Skipped => lang.status(TouchStatus::Skipped),
        TouchState::Cancelled => lang.status(TouchStatus::Cancelled),
        TouchState::HeldOut => lang.status(TouchStatus::HeldOut),
        TouchState::Fenced => lang.pick("saliendo, sin confirmar", "going out, unconfirmed"),
        TouchState::PutBack => lang.pick("se intentará otra vez", "to be tried again"),
    };
    let mut text = format!("{} ({}) {status}", touch.touch, touch.channel);
    if let Some(reason) = touch.reason {
        text += &format!(": {}", lang.reason_met(reason, touch.met.as_deref()));
    }
    for fact in facts::of_touch(touch, told, lang) {
        text += &format!(", {fact}");
    }
    if let Some(why) = &touch.why {
        text += &format!("\n{:27}{}", "", lang.failure_reason(why));
    }
    for same in touch.defers.chunk_by(|a, b| a.reason == b.reason) {
        text += &waited(lang, same, zone);
    }
    let mut json = json!(touch);
    if let Some((name, words)) = out_of_use(book, &touch.touch.rule, &touch.touch.step, lang) {
        text += &format!(" ({words})");
        json["rule_status"] = json!(name);
    }
    Line { at: touch.at, text, json }
}

/// What became of a rule or step that sends no more, as a word of JSON and for people;
/// `None` of one that is live.
fn out_of_use(
    book: &RuleBook,
    rule: &str,
    step: &str,
    lang: Language,
) -> Option<(&'static str, &'static str)> {
    let Some(known) = book.rule(rule) else {
        return Some(("deleted", lang.pick("la regla ya no existe", "the rule is deleted")));
    };
    match known.status {
        Status::Live if known.step(step).is_some() => None,
        Status::Live => {
            Some(("step_deleted", lang.pick("el paso ya no existe", "the step is deleted")))
        }
        Status::Paused => {
            Some(("paused", lang.pick("la regla está en pausa", "the rule is paused")))
        }
        Status::Archived => {
            Some(("archived", lang.pick("la regla está archivada", "the rule is archived")))
        }
        Status::Draft => {
            Some(("draft", lang.pick("la regla es un borrador", "the rule is a draft")))
        }
    }
}

/// What is to come; of who was forgotten, and of a rule that is not live, it ends when
/// it falls due.
fn of_pending(
    customer: &Customer,
    one: &Enrolment,
    book: &RuleBook,
    zone: &TimeZone,
    lang: Language,
) -> Line {
    let touch = one.touch(&customer.id).to_string();
    let mut json = json!({ "pending": touch, "due": one.due.rfc3339_in(zone), "next": one.next.rfc3339_in(zone) });
    if let Some(variant) = book.variant_of(&customer.id, one) {
        json["variant"] = json!(variant);
    }
    let (status, reason) = match (customer.erased_at, one.is_sending()) {
        (Some(_), false) => {
            json["ends"] = json!(Reason::Erased);
            (lang.pick("no se enviará", "will not be sent"), Some(Reason::Erased))
        }
        _ => (lang.status(TouchStatus::Pending), one.defers.last().map(|defer| defer.reason)),
    };
    let reason = reason.map(|reason| format!(": {}", lang.reason(reason))).unwrap_or_default();
    let ends = out_of_use(book, &one.rule, &one.step, lang).filter(|_| !one.is_sending());
    if let (Some((name, words)), None) = (ends, customer.erased_at) {
        json["ends"] = json!(Reason::RuleNotLive);
        json["rule_status"] = json!(name);
        let ends = lang.pick("terminará sin enviarse", "will end unsent");
        return Line { at: one.next, text: format!("{touch} {ends}: {words}"), json };
    }
    Line { at: one.next, text: format!("{touch} {status}{reason}"), json }
}

/// Calls that were asked for and of which nobody reported yet.
fn of_calls(customer: &Customer, zone: &TimeZone, lang: Language) -> Vec<Line> {
    let waiting = customer.enrolments.iter().filter(|e| e.asked_at().is_some());
    let line = |e: &Enrolment| {
        let touch = e.touch(&customer.id).to_string();
        let waits = lang.pick("espera el reporte de la llamada", "waits for the call's report");
        let json = json!({ "waits_for_report": touch, "until": e.next.rfc3339_in(zone) });
        Line { at: e.next, text: format!("{touch} {waits}"), json }
    };
    waiting.map(line).collect()
}

fn not_started(lang: Language, rules: &[&str], reason: &str) -> String {
    let begins = match rules.len() {
        1 => lang.pick("no empieza", "does not start"),
        _ => lang.pick("no empiezan", "do not start"),
    };
    format!("  {} {begins}: {reason}", rules.join(", "))
}

/// How a touch waited, once or several times in a row for one reason.
fn waited(lang: Language, same: &[Defer], zone: &TimeZone) -> String {
    let [first, rest @ ..] = same else { return String::new() };
    let waited = lang.pick("esperó desde", "waited from");
    let times = match rest.len() {
        0 => String::new(),
        more => format!(" ({} {})", more + 1, lang.pick("veces", "times")),
    };
    format!(
        "\n{:27}{waited} {}{times}: {}",
        "",
        first.at.rfc3339_in(zone),
        lang.reason(first.reason)
    )
}

#[cfg(test)]
mod tests {
    use lazo_domain::customer::Phase;

    use super::*;

    /// A book with one rule, in some status.
    fn book(status: &str) -> RuleBook {
        let rule = format!(
            "rule: thanks\nstatus: {status}\npurpose: service\n\
             trigger: {{ event: PurchaseCompleted }}\n\
             steps: [{{ id: mail, channel: email, template: x }}]\n"
        );
        let files = [("policy.yaml".into(), "{}".into()), ("thanks.yaml".into(), rule)];
        RuleBook::read(&files).unwrap()
    }

    #[test]
    fn what_is_due_of_a_rule_that_is_not_live_is_told_to_end() {
        let customer = Customer::new(Id::new("ana").unwrap());
        let pending = |rule: &str, step: &str| -> Enrolment {
            serde_json::from_value(json!({
                "rule": rule, "step": step, "occurrence": "pur-1",
                "at": 1_000, "base": 1_000, "due": 2_000, "next": 2_000,
            }))
            .unwrap()
        };
        let told = |rule: &str, step: &str, status: &str, lang: Language| {
            let one = pending(rule, step);
            let line = of_pending(&customer, &one, &book(status), &TimeZone::UTC, lang);
            (line.text, line.json["rule_status"].clone(), line.json["ends"].clone())
        };
        for (rule, step, status, words, name) in [
            ("thanks", "mail", "paused", "the rule is paused", "paused"),
            ("thanks", "mail", "archived", "the rule is archived", "archived"),
            ("thanks", "call", "live", "the step is deleted", "step_deleted"),
            ("gone", "mail", "live", "the rule is deleted", "deleted"),
        ] {
            let (text, told_name, ends) = told(rule, step, status, Language::En);
            assert_eq!(text, format!("{rule}/ana/pur-1/{step} will end unsent: {words}"));
            assert_eq!((told_name, ends), (json!(name), json!("rule_not_live")));
        }
        let (text, ..) = told("thanks", "mail", "paused", Language::Es);
        assert!(text.ends_with("terminará sin enviarse: la regla está en pausa"), "{text}");
    }

    #[test]
    fn of_who_was_forgotten_nothing_is_to_come_but_what_is_on_its_way() {
        let mut customer = Customer::new(Id::new("ana").unwrap());
        let mut pending: Enrolment = serde_json::from_value(json!({
            "rule": "thanks", "step": "mail", "occurrence": "pur-1",
            "at": 1_000, "base": 1_000, "due": 2_000, "next": 2_000,
        }))
        .unwrap();
        let told = |customer: &Customer, one: &Enrolment| {
            let line =
                of_pending(customer, one, &book("live"), &jiff::tz::TimeZone::UTC, Language::En);
            (line.text, line.json["ends"].clone())
        };
        assert_eq!(
            told(&customer, &pending),
            ("thanks/ana/pur-1/mail pending".into(), Value::Null)
        );
        customer.erased_at = Some(Instant::from_millis(1_500));
        assert_eq!(
            told(&customer, &pending),
            (
                "thanks/ana/pur-1/mail will not be sent: the customer asked to be forgotten".into(),
                json!("erased")
            )
        );
        pending.phase = Phase::sending(Instant::from_millis(1_500), None);
        assert_eq!(told(&customer, &pending).1, Value::Null);
    }
}
