//! What is known of a customer at an instant: by what the product must know,
//! or by what it may know.

use jiff::tz::TimeZone;

use super::clock::{days_later, zone};
use super::flows::{BAD_DAYS, DEFAULT_ZONE, Flow, RESUME_DAYS};
use crate::fact::{Calls, Fact, For, Line, Told, What};

/// When something began, and about which purchase.
pub type Began<'a> = (i64, Option<&'a str>);

#[derive(Clone, Copy)]
pub struct View<'a> {
    pub facts: &'a [Fact],
    pub at: i64,
    /// Only what the product must know.
    pub is_sure: bool,
}

impl<'a> View<'a> {
    /// Both views of an instant.
    pub fn both(facts: &'a [Fact], at: i64) -> [View<'a>; 2] {
        [true, false].map(|is_sure| View { facts, at, is_sure })
    }

    pub fn knows(&self, fact: &Fact) -> bool {
        (if self.is_sure { fact.sure } else { fact.maybe }) <= self.at
    }

    fn known(&self) -> impl Iterator<Item = &'a Fact> {
        let view = *self;
        self.facts.iter().filter(move |fact| view.knows(fact))
    }

    pub fn is_erased(&self) -> bool {
        self.known().any(|fact| matches!(fact.what, What::Erased))
    }

    /// What a profile told last of something.
    pub fn told<T>(&self, of: impl Fn(&'a Told) -> Option<T>) -> Option<T> {
        let told = self.known().filter_map(|fact| match &fact.what {
            What::Profile(told) => of(told).map(|value| (fact.occurred, value)),
            _ => None,
        });
        told.max_by_key(|(occurred, _)| *occurred).map(|(_, value)| value)
    }

    pub fn zone(&self) -> TimeZone {
        zone(self.told(|told| told.zone.as_deref()).unwrap_or(DEFAULT_ZONE))
    }

    pub fn country(&self) -> Option<&'a str> {
        self.told(|told| told.country.as_deref())
    }

    pub fn email(&self) -> Option<&'a str> {
        self.told(|told| told.email.as_ref().map(Option::as_deref)).flatten()
    }

    pub fn has_phone(&self) -> bool {
        self.told(|told| told.phone.as_ref().map(Option::is_some)).unwrap_or(false)
    }

    pub fn is_transactional(&self) -> bool {
        self.told(|told| told.is_transactional).unwrap_or(false)
    }

    /// Whether an address or a number is none to write to or to call. Nobody here
    /// gets another number.
    pub fn is_suppressed(&self, line: Line) -> bool {
        let email = self.email();
        self.known().any(|fact| match (&fact.what, line) {
            (What::Suppressed { address }, Line::Email) => Some(address.as_str()) == email,
            (What::Heard { calls: Calls::WrongNumber, .. }, Line::Call) => true,
            _ => false,
        })
    }

    /// Whether the last word on it allows it.
    pub fn consents(&self, line: Line, purpose: For) -> bool {
        if line == Line::Task {
            return true;
        }
        let words = self.known().filter_map(|fact| match fact.what {
            What::Consent { line: on, purpose: of, denied }
                if on == line && (of == purpose || of == For::All) =>
            {
                Some((fact.occurred, denied))
            }
            What::Heard { calls: Calls::Denied, .. } if line == Line::Call => {
                Some((fact.occurred, true))
            }
            _ => None,
        });
        match words.max() {
            Some((_, denied)) => !denied,
            None => !(line == Line::Email && purpose == For::Marketing),
        }
    }

    /// Whether a complaint or a bad answer keeps touches back.
    pub fn is_paused(&self) -> bool {
        let zone = self.zone();
        self.known().any(|fact| match &fact.what {
            What::ComplaintOpened => !self.known().any(|other| {
                matches!(other.what, What::ComplaintResolved) && other.key == fact.key
            }),
            What::ComplaintResolved => days_later(fact.occurred, RESUME_DAYS, &zone) > self.at,
            What::Heard { is_bad: true, .. } => {
                days_later(fact.occurred, BAD_DAYS, &zone) > self.at
            }
            _ => false,
        })
    }

    /// Whether an event has ended what began at an instant, about a purchase or
    /// about none.
    pub fn has_exited(&self, flow: &Flow, (began, purchase): Began) -> bool {
        self.known().any(|fact| {
            let is_of_it = fact.purchase.is_none()
                || purchase.is_none()
                || fact.purchase.as_deref() == purchase;
            fact.kind().is_some_and(|kind| flow.exit_on.contains(&kind))
                && flow.is_ended_by(&fact.what)
                && fact.occurred >= began
                && is_of_it
        })
    }
}
