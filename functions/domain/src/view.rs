//! A customer as conditions and templates see one: as of an instant.

mod fields;

use std::borrow::Cow;

use cel::Value;
use jiff::tz::TimeZone;

use crate::customer::Customer;
use crate::drift::{Rhythm, Scorer, Spent};
use crate::event::Detail;
use crate::history::Until;
use crate::instant::Instant;
use crate::policy::Policy;
use crate::rulebook::RuleBook;
use crate::segment::Asked;
use crate::stage::Stage;
pub(crate) use fields::timestamp;
pub use fields::{CUSTOMER_FIELDS, CustomerField, FieldKind, Known, Missing};

/// A customer as of a point of the history, with `now` for what counts days.
pub struct View<'a> {
    /// With all that is known of them, also what came after `until`.
    pub customer: &'a Customer,
    /// Up to which point purchases and the profile count.
    pub until: Until<'a>,
    /// What conditions call `now`; days are counted back from it.
    pub now: Instant,
    /// The customer's time zone, or the policy's for those who told none.
    pub zone: Cow<'a, TimeZone>,
    /// The contact policy: currency, default time zone, complaints, brand.
    pub policy: &'a Policy,
    /// What tells p_alive, p_active and lifetime_value, where it is known.
    pub drift: Option<&'a Scorer>,
    /// The segments, for conditions that ask for them.
    pub segments: Asked<'a>,
    /// The detail of the trigger, or of the exit event; `None` where no event is at hand.
    pub event: Option<&'a Detail>,
}

impl<'a> View<'a> {
    /// A customer as of now, with all that is known and no event.
    pub fn of(customer: &'a Customer, book: &'a RuleBook, now: Instant) -> View<'a> {
        View {
            customer,
            until: Until::ALL,
            now,
            zone: customer.zone(&book.default_zone),
            policy: &book.policy,
            drift: book.values(),
            segments: Asked::of(book.segments()),
            event: None,
        }
    }
}

impl View<'_> {
    /// A field that conditions may name; `None` also where it is not known.
    pub fn field(&self, name: &str) -> Option<Value> {
        let field = CUSTOMER_FIELDS.iter().find(|field| field.name == name)?;
        (field.get)(self).filter(|_| field.is_of_conditions)
    }

    /// `dissolution` or `ended` if entered last, or else what purchases and signals tell.
    pub fn stage(&self) -> Stage {
        let entered = self.customer.stages.iter().rev().find(|entered| entered.at <= self.until.at);
        match entered.map(|entered| entered.stage) {
            Some(gone @ (Stage::Dissolution | Stage::Ended)) => gone,
            _ => self.steady_stage(),
        }
    }

    /// What the customer is expected to spend in the coming year, or has spent
    /// so far where nobody can tell: to compare customers by.
    pub fn worth(&self) -> f64 {
        match (self.drift, self.rhythm()) {
            (Some(drift), Some(rhythm)) => {
                drift.lifetime_value(rhythm, self.today(), self.spending())
            }
            _ => self.spending().total,
        }
    }

    fn spending(&self) -> Spent {
        self.customer.history.spending(self.until, &self.zone, self.policy.currency)
    }

    /// The stage of who does not drift.
    fn steady_stage(&self) -> Stage {
        let history = &self.customer.history;
        let days = history.days(self.until, &self.zone);
        let first = history.first_at(self.until);
        let signals = &self.customer.signals;
        let positive = signals.first_positive().is_some_and(|at| at <= self.until.at);
        let contacted = first.is_some_and(|first| {
            signals.contacts.iter().any(|at| *at > first && *at <= self.until.at)
        });
        Stage::of(days, positive || contacted)
    }

    fn today(&self) -> jiff::civil::Date {
        self.now.date_in(&self.zone)
    }

    /// The purchase days up to the view's point.
    fn rhythm(&self) -> Option<Rhythm> {
        let history = &self.customer.history;
        let first = history.first_at(self.until)?.date_in(&self.zone);
        let last = history.last_at(self.until)?.date_in(&self.zone);
        Rhythm::new(first, last, u32::try_from(history.days(self.until, &self.zone)).ok()?)
    }
}

#[cfg(test)]
mod tests;
