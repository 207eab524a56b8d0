//! What customers said of the touchpoints of their journey: counted by month.

use lazo_domain::customer::Customer;
use lazo_domain::event::{Event, Line, Phase};
use lazo_domain::journey::{Experience, Feeling, worth_at};
use lazo_domain::rulebook::RuleBook;
use serde::{Deserialize, Serialize};

use super::monthly_statistics::{Month, Subject, mark};
use super::{Item, Store, StoreError};

/// One experience, in its month. It names nobody, and stays when the customer
/// is forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedExperience {
    /// The month in which the customer said so, in the shop's zone.
    pub month: Month,
    /// Where on the journey; `None` of a survey and of a call, which do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The touchpoint's name; of a call that a rule asked for, the rule's name.
    pub touchpoint: Line,
    /// How the customer felt, by the scores that were given.
    pub feeling: Feeling,
    /// What the customer was worth when they said so: what a bad experience
    /// does to that comes later.
    pub worth: f64,
    hash: String,
}

impl CountedExperience {
    /// What an event tells of a touchpoint, where it does; `customer` is whom it
    /// tells of, with the event. Months are those of the shop's zone.
    pub fn of(event: &Event, customer: &Customer, book: &RuleBook) -> Option<CountedExperience> {
        let Experience { phase, touchpoint, feeling } = Experience::of(&event.body)?;
        let at = event.occurred_at;
        Some(CountedExperience {
            month: Month::of(at, &book.default_zone),
            phase,
            touchpoint,
            feeling,
            worth: worth_at(customer, at, book),
            hash: format!("{}#{}", event.kind(), mark(&customer.id, event.key()?)),
        })
    }

    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        Subject::Experiences.item(self.month, self.hash.clone(), self)
    }
}

impl Store {
    /// What was said in a month.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn experiences_of(&self, month: Month) -> Result<Vec<CountedExperience>, StoreError> {
        self.counted(Subject::Experiences, month).await
    }
}
