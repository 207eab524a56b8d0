//! What the table knows of a person, as it is counted: what was decided last about each
//! trigger, how each touch ended, and what the person did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use lazo_domain::event::EventKind;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::money::{Currency, Money};
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{Reason, TouchId, TouchStatus};
use lazo_domain::uplift::{GoalEvent, MailHeard, Person, TouchFact};

use crate::shell::store::{EventEntry, Feedback, Known, Refused, TouchEntry, TouchState};

/// A person's facts.
pub struct Facts {
    zone: TimeZone,
    currency: Option<Currency>,
    touches: Vec<Fact>,
    events: Vec<GoalEvent>,
}

/// A touch, or a trigger that was refused.
#[derive(Clone, Debug)]
struct Fact {
    touch: TouchId,
    status: TouchStatus,
    reason: Option<Reason>,
    enrolled_at: Option<Instant>,
    variant: Option<Box<str>>,
    heard: MailHeard,
}

impl Facts {
    /// The same as it is counted.
    pub fn person(&self) -> Person<'_> {
        let touches = self.touches.iter().map(|fact| TouchFact {
            rule: &fact.touch.rule,
            occurrence: &fact.touch.occurrence,
            step: &fact.touch.step,
            status: fact.status,
            reason: fact.reason,
            enrolled_at: fact.enrolled_at,
            variant: fact.variant.as_deref(),
            heard: fact.heard,
        });
        Person {
            zone: self.zone.clone(),
            currency: self.currency,
            touches: touches.collect(),
            events: self.events.clone(),
        }
    }
}

/// The facts of a person by all that is known under each id, the present one first.
pub fn of(known: &[Known], book: &RuleBook) -> Facts {
    let mut touches = Vec::new();
    for one in known {
        touches.extend(touches_under(one, book));
    }
    let main = known.first().map(|known| &known.customer);
    let zone = main.map_or_else(
        || book.default_zone.clone(),
        |customer| customer.zone(&book.default_zone).into_owned(),
    );
    let currency = main.and_then(|customer| customer.history.currency(book.policy.currency));
    Facts { zone, currency, touches, events: events(known) }
}

/// What somebody did, each event once: the first that was taken counts.
fn events(known: &[Known]) -> Vec<GoalEvent> {
    let mut all: Vec<&EventEntry> = known.iter().flat_map(|known| &known.events).collect();
    all.sort_by_key(|entry| (entry.received_at, entry.at));
    let mut seen: BTreeSet<(EventKind, &str)> = BTreeSet::new();
    all.retain(|entry| seen.insert((entry.kind, &entry.key)));
    let event = |entry: &EventEntry| GoalEvent {
        kind: entry.kind,
        at: entry.at,
        total: entry.total.map(|Money { amount, currency }| (amount, currency)),
    };
    all.into_iter().map(event).collect()
}

/// The touches under one id.
fn touches_under(known: &Known, book: &RuleBook) -> Vec<Fact> {
    let Known { customer, events, touches } = known;
    let mut facts: BTreeMap<TouchId, Fact> = BTreeMap::new();
    let mut cancelled: BTreeMap<(&str, &str), Instant> = BTreeMap::new();
    for entry in touches {
        let fact = ended(entry);
        if fact.status == TouchStatus::Cancelled && fact.enrolled_at.is_some() {
            cancelled.insert((&entry.touch.rule, &entry.touch.occurrence), entry.at);
        }
        facts.insert(entry.touch.clone(), fact);
    }
    for enrolment in customer.pending() {
        let touch = enrolment.touch(&customer.id);
        let fact = Fact {
            touch: touch.clone(),
            status: TouchStatus::Pending,
            reason: None,
            enrolled_at: enrolment.enrolled_at(),
            variant: book.variant_of(&customer.id, enrolment),
            heard: MailHeard::default(),
        };
        facts.insert(touch, fact);
    }
    let is_first = |fact: &Fact| fact.enrolled_at.is_some();
    for (decided_at, entry, refused) in last_refusals(events) {
        let of_it = (refused.rule.as_str(), refused.occurrence.as_str());
        let mut firsts = facts.values().filter(|fact| is_first(fact) && key(fact) == of_it);
        // What was called off before may have been decided anew since; what went stays.
        if firsts.next().is_some() {
            if cancelled.get(&of_it).is_none_or(|at| *at > decided_at) {
                continue;
            }
            facts.retain(|_, fact| !(is_first(fact) && key(fact) == of_it));
        }
        let fact = refusal(&customer.id, entry, refused);
        facts.insert(fact.touch.clone(), fact);
    }
    facts.into_values().collect()
}

fn key(fact: &Fact) -> (&str, &str) {
    (&fact.touch.rule, &fact.touch.occurrence)
}

/// Of each trigger of each rule the refusal that was decided last, with when.
fn last_refusals(events: &[EventEntry]) -> Vec<(Instant, &EventEntry, &Refused)> {
    let mut last: BTreeMap<(&str, &str), (Instant, &EventEntry, &Refused)> = BTreeMap::new();
    for entry in events {
        for refused in &entry.refused {
            let place = (refused.rule.as_str(), refused.occurrence.as_str());
            let known = last.get(&place).map(|(at, ..)| *at);
            if known.is_none_or(|known| known <= entry.received_at) {
                last.insert(place, (entry.received_at, entry, refused));
            }
        }
    }
    last.into_values().collect()
}

fn refusal(id: &Id, entry: &EventEntry, refused: &Refused) -> Fact {
    let is_enrolment = refused.reason.is_of_an_enrolment();
    let is_held_out = refused.reason.is_holdout();
    Fact {
        touch: TouchId {
            rule: refused.rule.clone(),
            customer: id.clone(),
            occurrence: refused.occurrence.clone(),
            step: String::new(),
        },
        status: if is_held_out { TouchStatus::HeldOut } else { TouchStatus::Skipped },
        reason: Some(refused.reason),
        enrolled_at: is_enrolment.then(|| refused.at.unwrap_or(entry.at)),
        variant: None,
        heard: MailHeard::default(),
    }
}

fn ended(entry: &TouchEntry) -> Fact {
    let status = match entry.state {
        TouchState::Sent => TouchStatus::Sent,
        TouchState::Skipped => TouchStatus::Skipped,
        TouchState::Cancelled => TouchStatus::Cancelled,
        TouchState::HeldOut => TouchStatus::HeldOut,
        TouchState::Fenced | TouchState::PutBack => TouchStatus::Pending,
    };
    Fact {
        touch: entry.touch.clone(),
        status,
        reason: entry.reason,
        enrolled_at: entry.enrolled_at,
        variant: entry.variant.clone(),
        heard: heard(&entry.feedback),
    }
}

fn heard(feedback: &Feedback) -> MailHeard {
    MailHeard {
        delivered: feedback.delivered_at.is_some(),
        bounced: feedback.bounced_at.or(feedback.soft_bounced_at).is_some(),
        complained: feedback.complained_at.is_some(),
    }
}
