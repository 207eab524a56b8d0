//! Something that happens to a customer, and how the shop tells of it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::fact::Fact;

/// An event as it is put on the bus.
#[derive(Clone, Debug)]
pub struct Happening {
    pub fact: Fact,
    /// The fields of its detail besides customer and time.
    pub fields: Value,
    /// Of whom it is told.
    pub of: Of,
}

/// Under which of somebody's ids something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Customer,
    Guest,
    /// Under each once.
    Both,
}

impl Happening {
    pub fn new(fact: Fact, fields: Value) -> Happening {
        Happening { fact, fields, of: Of::Customer }
    }

    /// The event's text in EventBridge's envelope.
    pub fn text(&self, customer: &str) -> String {
        let mut detail = self.fields.clone();
        detail["customer_id"] = customer.into();
        self.envelope(detail)
    }

    /// The same of an event that is about no customer.
    pub fn of_nobody(&self) -> String {
        self.envelope(self.fields.clone())
    }

    fn envelope(&self, mut detail: Value) -> String {
        let at = rfc3339(self.fact.occurred);
        detail["occurred_at"] = at.as_str().into();
        let kind = self.fact.kind().unwrap_or_default();
        let envelope =
            json!({ "source": "shop", "detail-type": kind, "time": at, "detail": detail });
        envelope.to_string()
    }
}

pub fn rfc3339(millis: i64) -> String {
    Timestamp::from_millisecond(millis).unwrap_or_default().to_string()
}
