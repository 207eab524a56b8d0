//! One customer of the sample shop, and what happened to them.

use std::ops::RangeInclusive;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::draw::{self, Hours, on_day};
use super::people::Customer;
use super::texts::{Grievance, Text};

/// Something that happened, its `detail` as events have it.
pub struct Event {
    pub at: Timestamp,
    pub detail_type: &'static str,
    pub detail: Value,
}

/// An occasion to buy.
#[derive(Clone, Copy)]
pub struct Visit {
    pub at: Timestamp,
    pub is_online: bool,
}

pub struct Purchase {
    pub id: String,
    pub visit: Visit,
    pub total_cents: i64,
    /// One piece of the first line: what comes back when not all does.
    pub first_piece_cents: i64,
}

pub struct OpenComplaint {
    pub id: String,
    pub opened_at: Timestamp,
    pub grievance: Grievance,
}

/// A customer and what happened to them, in the order in which it was drawn.
pub struct Life {
    pub customer: Customer,
    pub events: Vec<Event>,
    /// When and where the customer last bought.
    pub last_visit: Option<Visit>,
    pub open_complaint: Option<OpenComplaint>,
    /// Stays away and has said why.
    pub has_left: bool,
    /// How many ids were given out.
    serial: usize,
}

impl Life {
    /// A customer to whom nothing has happened yet.
    pub fn new(customer: Customer) -> Life {
        Life {
            customer,
            events: Vec::new(),
            last_visit: None,
            open_complaint: None,
            has_left: false,
            serial: 0,
        }
    }

    /// The next id of this customer: `pur-00042-03` is the purchase that was
    /// the third thing to happen to customer 42.
    pub fn next_id(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}-{:05}-{:02}", self.customer.number, self.serial)
    }

    /// Adds an event, in the shop's local time. `detail` is an object without
    /// the fields that every event has.
    pub fn record(&mut self, at: Timestamp, detail_type: &'static str, detail: Value) {
        let zone = draw::zone(self.customer.home.shop.time_zone);
        let occurred_at = at.to_zoned(zone).strftime("%FT%T%:z").to_string();
        let mut fields = Map::new();
        fields.insert("customer_id".into(), self.customer.id.clone().into());
        fields.insert("occurred_at".into(), occurred_at.into());
        if let Value::Object(more) = detail {
            fields.extend(more);
        }
        self.events.push(Event { at, detail_type, detail: Value::Object(fields) });
    }

    /// The text in the customer's language.
    pub fn say(&self, text: Text) -> &'static str {
        self.customer.home.say(text)
    }

    /// An instant `days` later by the customer's own clock.
    pub fn later(
        &self,
        rng: &mut Rng,
        at: Timestamp,
        days: RangeInclusive<i64>,
        hours: Hours,
    ) -> Timestamp {
        on_day(rng, at, days, self.customer.home.time_zone, hours)
    }
}
