//! A rule rehearsed with one customer: what it would have done, as if it were live.

use jiff::civil::Date;
use lazo_domain::calendar::midnight;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::rule::Status;
use lazo_domain::touch::{TouchRecord, TouchStatus};
use maud::{Markup, html};

use super::super::ask::Ask;
use super::super::parts::{Field, Knot, Tone, note};
use super::path;
use super::view::View;
use crate::shell::portrait::{Portrait, Telling};
use crate::shell::rehearsal;

/// How long a rule is followed from the day on.
const DAYS: i64 = 120;

/// How many of its touches are told.
const TOLD_MAX: usize = 20;

/// What was asked for, and what came of it.
#[derive(Default)]
pub struct Rehearsal {
    /// The rule that was chosen.
    pub rule: Option<String>,
    /// The day as it was typed.
    pub day: String,
    /// What is wrong with that.
    pub wrong: Option<&'static str>,
    /// What the rule would have done from that day on; `None` where nothing was asked.
    pub touches: Option<Vec<TouchRecord>>,
}

/// Rehearses the rule that the query names, on what is known of the customer.
pub fn read(ask: &Ask, portrait: &Portrait, telling: &Telling) -> Rehearsal {
    let rule = ask.query.text("rule").map(str::to_owned);
    let day = ask.query.text("day").unwrap_or_default().to_owned();
    let Some(name) = rule.clone().filter(|name| telling.book.rule(name).is_some()) else {
        return Rehearsal { day, ..Rehearsal::default() };
    };
    let customer = &portrait.told.customer;
    let zone = customer.zone(&telling.book.default_zone);
    let from = match day.parse::<Date>() {
        Ok(date) => midnight(date, &zone),
        Err(_) if day.is_empty() => ask.now.plus_millis(-DAYS * DAY_MILLIS),
        Err(_) => {
            let wrong = ask.lang.pick("No es una fecha.", "This is no date.");
            return Rehearsal { rule, day, wrong: Some(wrong), touches: None };
        }
    };
    let events = rehearsal::delivered(portrait.told.events.iter().cloned());
    let touches = events.map(|events| {
        let until = from.plus_millis(DAYS * DAY_MILLIS);
        // What the customer's words under other ids keep back is not rehearsed.
        let id = &customer.id;
        rehearsal::of_rule(id, &events, telling.book, &name, [from, until])
    });
    let touches = touches.unwrap_or_default();
    Rehearsal { rule, day, wrong: None, touches: Some(touches) }
}

/// The card with the form and what came of it.
pub fn card(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let chosen = view.rehearsal.rule.as_deref().unwrap_or_default();
    let called = |status: Status, title: &str| match status {
        Status::Live => title.to_owned(),
        other => format!("{title} ({})", lang.rule_status(other)),
    };
    let mut options: Vec<(String, String)> = rules
        .book
        .rules()
        .iter()
        .filter(|rule| rule.status != Status::Archived)
        .map(|rule| (rule.name.clone(), called(rule.status, lang.title_of(rule))))
        .collect();
    options.sort_by(|a, b| a.1.cmp(&b.1));
    let options: Vec<(&str, &str)> =
        options.iter().map(|(name, title)| (name.as_str(), title.as_str())).collect();
    let rule = Field { value: chosen, ..Field::new("rule", lang.pick("Regla", "Rule")) };
    let hint = lang.pick("Vacío: los últimos cuatro meses.", "Empty: the last four months.");
    let day = Field {
        value: &view.rehearsal.day,
        error: view.rehearsal.wrong,
        hint: Some(hint),
        ..Field::new("day", lang.pick("Como si fuera", "As if it were"))
    };
    html! {
        section.card #rehearse aria-labelledby="h-rehearse" {
            h2 #h-rehearse { (lang.pick("Ensayar una regla", "Rehearse a rule")) }
            form.stack action={ (path(&view.customer().id)) "#rehearse" } {
                (rule.choice(&options))
                (day.line("date"))
                button.btn { (lang.pick("Ensayar", "Rehearse")) }
            }
            @if let Some(touches) = &view.rehearsal.touches { (result(ask, view, touches)) }
        }
    }
}

fn result(ask: &Ask, view: &View, touches: &[TouchRecord]) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let zone = view.customer().zone(&rules.book.default_zone);
    let when = |at: Instant| lang.time(at, ask.now, &zone);
    let begins = touches.iter().filter_map(|one| one.enrolled_at).min();
    let said = match begins {
        Some(at) => format!(
            "{} {}",
            lang.pick("Empezaría", "It would begin"),
            lang.day(at.date_in(&zone), ask.now.date_in(&zone))
        ),
        None => lang.pick("No empezaría", "It would not begin").to_owned(),
    };
    let body = html! {
        h3 { (said) }
        ul.s {
            @for one in touches.iter().take(TOLD_MAX) {
                li {
                    (knot(one)) (when(one.at)) ", " (channel(one, lang)) ": "
                    (lang.status(one.status))
                    @if let Some(reason) = one.reason.filter(|_| one.status != TouchStatus::Sent) {
                        ", " (lang.reason(reason))
                    }
                    "."
                }
            }
        }
        @if touches.is_empty() {
            p.s {
                (lang.pick(
                    "Nada de lo que se sabe de este cliente en esos días la pone en marcha.",
                    "Nothing that is known of this customer in those days sets it off.",
                ))
            }
        }
        p class="xs mute mt" { (lang.pick("Nada de esto se envía.", "Nothing of this is sent.")) }
    };
    html! { div.mt { (note(Tone::Plain, body)) } }
}

fn knot(one: &TouchRecord) -> Knot {
    match one.status {
        TouchStatus::Sent => Knot::Sent,
        TouchStatus::Pending => Knot::Planned,
        TouchStatus::HeldOut => Knot::Control,
        TouchStatus::Skipped | TouchStatus::Cancelled => Knot::Not,
    }
}

fn channel(one: &TouchRecord, lang: crate::shell::wording::Language) -> &'static str {
    use lazo_domain::channel::Channel;
    match one.channel {
        Channel::Email => lang.pick("correo", "mail"),
        Channel::Call => lang.pick("llamada", "call"),
        Channel::Task => lang.pick("tarea", "task"),
        Channel::Event => lang.pick("aviso", "notice"),
    }
}
