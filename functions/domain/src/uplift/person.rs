//! What is known of one person: the touches of all rules, and what the person did.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::event::EventKind;
use crate::instant::Instant;
use crate::money::Currency;
use crate::touch::{Reason, TouchStatus};

/// What became of one touch, or of a trigger that enrolled nobody.
#[derive(Clone, Debug)]
pub struct TouchFact<'a> {
    /// The rule's name.
    pub rule: &'a str,
    /// Which occurrence of its trigger it was.
    pub occurrence: &'a str,
    /// The step's id.
    pub step: &'a str,
    /// How the touch ended, or that it is pending.
    pub status: TouchStatus,
    /// Why it was not sent.
    pub reason: Option<Reason>,
    /// The trigger's instant, as a touch record has it.
    pub enrolled_at: Option<Instant>,
    /// The variant of the step that the customer was to get; `None` where it has none.
    pub variant: Option<&'a str>,
    /// What the mail service told of it.
    pub heard: MailHeard,
}

/// What the mail service told of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailHeard {
    /// The other side took it.
    pub delivered: bool,
    /// It came back.
    pub bounced: bool,
    /// Somebody called it spam.
    pub complained: bool,
}

impl MailHeard {
    /// Whether anything was told.
    pub fn is_any(self) -> bool {
        self.delivered || self.bounced || self.complained
    }
}

/// Something that the person did, which may be a rule's goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalEvent {
    /// Which kind of event it was.
    pub kind: EventKind,
    /// When it occurred.
    pub at: Instant,
    /// Of a purchase: its total.
    pub total: Option<(Decimal, Currency)>,
}

/// One person, under all of their ids.
#[derive(Clone, Debug)]
pub struct Person<'a> {
    /// The zone by whose calendar a goal's time is counted.
    pub zone: TimeZone,
    /// In which currency the person's revenue is counted.
    pub currency: Option<Currency>,
    /// Each touch once.
    pub touches: Vec<TouchFact<'a>>,
    /// Each event once.
    pub events: Vec<GoalEvent>,
}

/// In which arm a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Drawn {
    Treated,
    HeldOut,
    /// Held out of all rules of a purpose.
    HeldOutOfAll,
}

/// An enrolment: that a trigger passed a rule's filter.
#[derive(Debug)]
pub(super) struct Enrolled<'a, 'p> {
    pub rule: &'a str,
    pub at: Instant,
    pub drawn: Drawn,
    pub touches: Vec<&'p TouchFact<'a>>,
}

impl<'a> Person<'a> {
    /// The enrolments, rule by rule, of a rule the earliest first. What a late event
    /// took back is none.
    pub(super) fn enrolments(&self) -> Vec<Enrolled<'a, '_>> {
        let mut all: BTreeMap<(&'a str, &'a str), Vec<&TouchFact<'a>>> = BTreeMap::new();
        for touch in &self.touches {
            all.entry((touch.rule, touch.occurrence)).or_default().push(touch);
        }
        let mut found = Vec::with_capacity(all.len());
        for ((rule, _), touches) in all {
            let firsts = touches.iter().filter_map(|t| Some((drawn(t.reason), t.enrolled_at?)));
            if let Some((drawn, at)) = firsts.min() {
                found.push(Enrolled { rule, at, drawn, touches });
            }
        }
        found.sort_by(|a, b| (a.rule, a.at, a.drawn).cmp(&(b.rule, b.at, b.drawn)));
        found
    }
}

fn drawn(reason: Option<Reason>) -> Drawn {
    match reason {
        Some(Reason::Holdout) => Drawn::HeldOut,
        Some(Reason::GlobalHoldout) => Drawn::HeldOutOfAll,
        _ => Drawn::Treated,
    }
}
