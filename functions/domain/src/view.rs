//! A customer as conditions and templates see one: as of an instant.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use jiff::tz::TimeZone;
use rust_decimal::prelude::ToPrimitive;

use crate::calendar;
use crate::condition::{Values, timestamp};
use crate::customer::Customer;
use crate::drift::{Rhythm, Scorer, Spent};
use crate::event::{Detail, Line, Scalar};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::policy::Policy;
use crate::rulebook::RuleBook;
use crate::stage::Stage;

/// The names of `customer`'s fields, in the order of the documentation.
pub const CUSTOMER_FIELDS: [&str; 22] = [
    "id",
    "locale",
    "country",
    "time_zone",
    "relationship",
    "account_manager",
    "interests",
    "attributes",
    "stage",
    "purchases",
    "total_spent",
    "average_spent",
    "first_purchase_at",
    "last_purchase_at",
    "days_since_purchase",
    "categories",
    "open_complaints",
    "last_csat",
    "last_nps",
    "p_alive",
    "p_active",
    "lifetime_value",
];

/// A customer as of a point of the history, with `now` for what counts days.
pub struct View<'a> {
    pub customer: &'a Customer,
    pub until: Until<'a>,
    pub now: Instant,
    pub zone: Cow<'a, TimeZone>,
    pub policy: &'a Policy,
    /// What tells p_alive, p_active and lifetime_value, where it is known.
    pub drift: Option<&'a Scorer>,
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
            event: None,
        }
    }
}

impl View<'_> {
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
        let positive = signals.positive_at.is_some_and(|at| at <= self.until.at);
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

    fn text(&self, line: Option<&Line>) -> Option<Value> {
        line.map(|line| line.as_str().into())
    }
}

impl Values for View<'_> {
    fn customer(&self, field: &str) -> Option<Value> {
        let (customer, until, at) = (self.customer, self.until, self.until.at);
        let (profile, history) = (&customer.profile, &customer.history);
        let list = |items: Vec<Value>| Value::List(Arc::new(items));
        match field {
            "id" => Some(customer.id.as_str().into()),
            "locale" => profile.locale.as_of(at).map(|l| l.as_str().into()),
            "country" => profile.country.as_of(at).map(|c| c.as_str().into()),
            "time_zone" => {
                let told = profile.time_zone.as_of(at);
                Some(told.unwrap_or(&self.policy.default_time_zone).as_str().into())
            }
            "relationship" => self.text(profile.relationship.as_of(at)),
            "account_manager" => self.text(profile.account_manager.as_of(at)),
            "interests" => {
                let known = profile.interests.as_of(at).into_iter().flatten();
                Some(list(known.map(|line| line.as_str().into()).collect()))
            }
            "attributes" => {
                let known = profile.attributes.iter();
                let known = known.filter_map(|(name, dated)| Some((name, dated.as_of(at)?)));
                let map: HashMap<String, Value> =
                    known.map(|(name, value)| (name.clone(), scalar(value))).collect();
                Some(map.into())
            }
            "stage" => Some(self.stage().as_str().into()),
            "purchases" => Some(Value::Int(history.count(until) as i64)),
            "total_spent" => {
                Some(Value::Float(history.spent(until, self.policy.currency).to_f64()?))
            }
            "average_spent" => {
                let count = history.count_in(until, self.policy.currency);
                let spent = history.spent(until, self.policy.currency).to_f64()?;
                (count > 0).then(|| Value::Float(spent / count as f64))
            }
            "first_purchase_at" => history.first_at(until).map(timestamp),
            "last_purchase_at" => history.last_at(until).map(timestamp),
            "days_since_purchase" => {
                let last = history.last_at(until)?;
                Some(Value::Int(calendar::days_between(last, self.now, &self.zone)))
            }
            "categories" => {
                let categories = history.categories(until);
                Some(list(categories.into_iter().map(|c| c.as_str().into()).collect()))
            }
            "open_complaints" => {
                // As of now for a due step, as of the trigger for a filter.
                let at = at.min(self.now);
                let open = customer.complaints.open_at(at, &self.zone, self.policy);
                Some(Value::Int(open as i64))
            }
            "last_csat" => customer.csat.as_of(at).map(|score| Value::Int((*score).into())),
            "last_nps" => customer.nps.as_of(at).map(|score| Value::Int((*score).into())),
            "p_alive" => Some(Value::Float(self.drift?.p_alive(self.rhythm()?, self.today())?)),
            "p_active" => Some(Value::Float(self.drift?.p_active(self.rhythm()?, self.today())?)),
            "lifetime_value" => {
                let (rhythm, spent) = (self.rhythm()?, self.spending());
                Some(Value::Float(self.drift?.lifetime_value(rhythm, self.today(), spent)))
            }
            _ => None,
        }
    }

    fn event(&self) -> Option<&Arc<str>> {
        self.event.map(|detail| &detail.0)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        self.customer.history.is_refunded(purchase, self.until.at.min(self.now))
    }

    fn now(&self) -> Instant {
        self.now
    }
}

/// A customer as the condition of an exit sees one: as of the exit, which is
/// `event`, with the trigger of what it may end beside it.
pub(crate) struct ExitView<'a> {
    pub view: View<'a>,
    pub trigger: Option<&'a Detail>,
}

impl Values for ExitView<'_> {
    fn customer(&self, field: &str) -> Option<Value> {
        self.view.customer(field)
    }

    fn event(&self) -> Option<&Arc<str>> {
        self.view.event()
    }

    fn trigger(&self) -> Option<&Arc<str>> {
        self.trigger.map(|detail| &detail.0)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        self.view.is_refunded(purchase)
    }

    fn now(&self) -> Instant {
        self.view.now()
    }
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(value) => Value::Int(*value),
        Scalar::Float(value) => Value::Float(*value),
        Scalar::Text(value) => value.as_str().into(),
    }
}

#[cfg(test)]
mod tests;
