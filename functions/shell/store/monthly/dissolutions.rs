//! Why customers leave, as reps reported it: counted by month.

use jiff::tz::TimeZone;
use lazo_domain::event::{Body, DissolutionReason, Event};
use serde::{Deserialize, Serialize};

use super::monthly_statistics::{Month, Subject, mark};
use super::{Item, Store, StoreError};

/// A reported reason, in the month of the report. It names nobody, and stays
/// when the customer is forgotten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedDissolution {
    /// The month of the report, in the shop's zone.
    pub month: Month,
    /// The reason, as the report of a call gave it.
    pub reason: DissolutionReason,
    hash: String,
}

impl CountedDissolution {
    /// What a report gives as the reason, where it gives one. Months are those
    /// of the zone.
    pub fn of(event: &Event, zone: &TimeZone) -> Option<CountedDissolution> {
        let Body::CallReported(call) = &event.body else { return None };
        Some(CountedDissolution {
            month: Month::of(event.occurred_at, zone),
            reason: call.dissolution_reason?,
            hash: mark(&call.customer_id, &call.call_id),
        })
    }

    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        Subject::Dissolutions.item(self.month, self.hash.clone(), self)
    }
}

impl Store {
    /// The reasons that were reported in a month.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn dissolutions_of(
        &self,
        month: Month,
    ) -> Result<Vec<CountedDissolution>, StoreError> {
        self.counted(Subject::Dissolutions, month).await
    }
}
