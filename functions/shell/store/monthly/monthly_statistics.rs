//! What there is to count by month. It names nobody, and stays when a customer
//! is forgotten.

use jiff::tz::TimeZone;
use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::complaints::CountedComplaint;
use super::dissolutions::CountedDissolution;
use super::experiences::CountedExperience;
use super::{Item, Sk, Store, StoreError, keys, read, to_item};

/// Something that is counted in its month.
#[derive(Clone, Debug)]
pub enum Counted {
    /// A complaint that was opened or resolved in that month.
    Complaint(CountedComplaint),
    /// A reason to leave that was reported in that month.
    Dissolution(CountedDissolution),
    /// What a customer said of a touchpoint in that month.
    Experience(CountedExperience),
}

impl Counted {
    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        match self {
            Counted::Complaint(one) => one.item(),
            Counted::Dissolution(one) => one.item(),
            Counted::Experience(one) => one.item(),
        }
    }
}

/// What is counted: each has its months of its own.
#[derive(Clone, Copy, Debug)]
pub(in crate::shell::store) enum Subject {
    Complaints,
    Dissolutions,
    Experiences,
}

impl Subject {
    fn partition(self, month: Month) -> String {
        match self {
            Subject::Complaints => format!("complaints#{month}"),
            Subject::Dissolutions => format!("dissolutions#{month}"),
            Subject::Experiences => format!("experiences#{month}"),
        }
    }

    /// What is written of one: the same however often, so that it counts once.
    pub(in crate::shell::store) fn item(
        self,
        month: Month,
        sk: String,
        one: &impl Serialize,
    ) -> Result<Item, StoreError> {
        let mut item = to_item(one)?;
        item.extend(keys::keyed(self.partition(month), sk));
        Ok(item)
    }
}

/// By what one is known among the others of its month: a hash, which names
/// nobody.
pub(in crate::shell::store) fn mark(customer: &Id, key: &Id) -> String {
    sha256_hex(format!("{customer}\n{key}"), digest::BYTES)
}

/// A month of the shop's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Month {
    /// The calendar year, such as 2026.
    pub year: i16,
    /// From 1, which is January, to 12.
    pub month: i8,
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Month {
    /// The month that an instant falls into, by the dates of a time zone.
    pub fn of(at: Instant, zone: &TimeZone) -> Month {
        let date = at.date_in(zone);
        Month { year: date.year(), month: date.month() }
    }

    /// The month before.
    pub fn before(self) -> Month {
        match self.month {
            1 => Month { year: self.year - 1, month: 12 },
            month => Month { month: month - 1, ..self },
        }
    }

    /// So many months, this one first, then those before it.
    pub fn back(self, count: u16) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self), |month| Some(month.before())).take(count.into())
    }
}

impl Store {
    /// What was counted in a month.
    pub(in crate::shell::store) async fn counted<T: DeserializeOwned>(
        &self,
        subject: Subject,
        month: Month,
    ) -> Result<Vec<T>, StoreError> {
        self.items_of(&subject.partition(month), Sk::Any).await?.into_iter().map(read).collect()
    }
}
