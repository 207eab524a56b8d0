//! What rules and templates may name of a customer: each field in one row.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value as Json, json};

use super::View;
use crate::calendar;
use crate::event::{Line, Scalar};
use crate::instant::Instant;

/// A field of `customer`.
pub struct CustomerField {
    /// As it is written behind `customer.`.
    pub name: &'static str,
    /// What type its values have.
    pub kind: FieldKind,
    /// Of which customers it has a value.
    pub known: Known,
    /// Whether conditions may name it; templates may name each.
    pub is_of_conditions: bool,
    /// What a made-up customer has, of whom everything is known.
    pub sample: fn() -> Json,
    /// What a customer has.
    pub get: fn(&View) -> Option<Value>,
}

/// What a field's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A string, such as a name or a country code.
    Text,
    /// A number, whole or with decimals.
    Number,
    /// An instant; templates show the customer's local date.
    Timestamp,
    /// A list of strings, which may be empty.
    Texts,
    /// A list of names of segments.
    Segments,
    /// Whatever the shop has told, by name.
    Attributes,
}

/// When a field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Of every customer.
    Always,
    /// Of whoever has bought and not given all back.
    OfBuyers,
    /// Where somebody told it, or it can be told.
    Sometimes,
}

/// Of whom a field has no value, as tables tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Everybody has one.
    Never,
    /// Of customers who never bought, or gave all back.
    BeforeBuying,
    /// Where nobody told it, and it cannot be told.
    Untold,
}

impl Missing {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Missing::Never => "never",
            Missing::BeforeBuying => "before_buying",
            Missing::Untold => "untold",
        }
    }
}

impl CustomerField {
    /// When it is missing. Nothing spent is an amount too.
    pub fn missing(&self) -> Missing {
        match self.known {
            Known::Always => Missing::Never,
            Known::OfBuyers if self.name == "total_spent" => Missing::Never,
            Known::OfBuyers => Missing::BeforeBuying,
            Known::Sometimes => Missing::Untold,
        }
    }
}

macro_rules! customer_fields {
    ($($group:ident { $($name:ident: $kind:ident, $known:ident, $sample:expr, $get:expr;)* })*) => {
        /// The fields of `customer`, in the order of the documentation.
        pub const CUSTOMER_FIELDS: &[CustomerField] = &[
            $($(CustomerField {
                name: stringify!($name),
                kind: FieldKind::$kind,
                known: Known::$known,
                is_of_conditions: customer_fields!(@ $group),
                sample: || json!($sample),
                get: $get,
            },)*)*
        ];
    };
    (@ conditions) => { true };
    (@ templates) => { false };
}

customer_fields! {
    conditions {
        id: Text, Always, "cus-00042", |of| Some(of.customer.id.as_str().into());
        locale: Text, Sometimes, "es-MX", |of| {
            of.customer.profile.locale.as_of(of.until.at).map(|locale| locale.as_str().into())
        };
        country: Text, Sometimes, "MX", |of| {
            of.customer.profile.country.as_of(of.until.at).map(|country| country.as_str().into())
        };
        time_zone: Text, Always, "America/Mexico_City", |of| {
            let told = of.customer.profile.time_zone.as_of(of.until.at);
            Some(told.unwrap_or(&of.policy.default_time_zone).as_str().into())
        };
        relationship: Text, Sometimes, "long_term", |of| {
            text(of.customer.profile.relationship.as_of(of.until.at))
        };
        account_manager: Text, Sometimes, "Bruno Ibarra", |of| {
            text(of.customer.profile.account_manager.as_of(of.until.at))
        };
        interests: Texts, Always, ["lamps", "candles"], |of| {
            let known = of.customer.profile.interests.as_of(of.until.at).into_iter().flatten();
            Some(list(known.map(Line::as_str)))
        };
        attributes: Attributes, Always, Map::new(), attributes;
        stage: Text, Always, "expansion", |of| Some(of.stage().as_str().into());
        purchases: Number, Always, 3, |of| {
            Some(Value::Int(of.customer.history.count(of.until) as i64))
        };
        total_spent: Number, OfBuyers, 12480.5, |of| Some(Value::Float(spent(of)?));
        average_spent: Number, OfBuyers, 4160.17, |of| {
            let count = of.customer.history.count_in(of.until, of.policy.currency);
            let spent = spent(of)?;
            (count > 0).then(|| Value::Float(spent / count as f64))
        };
        first_purchase_at: Timestamp, OfBuyers, "2025-03-14", |of| {
            of.customer.history.first_at(of.until).map(timestamp)
        };
        last_purchase_at: Timestamp, OfBuyers, "2026-11-20", |of| {
            of.customer.history.last_at(of.until).map(timestamp)
        };
        days_since_purchase: Number, OfBuyers, 1, |of| {
            let last = of.customer.history.last_at(of.until)?;
            Some(Value::Int(calendar::days_between(last, of.now, &of.zone)))
        };
        categories: Texts, Always, ["lamps", "candles"], |of| {
            let categories = of.customer.history.categories(of.until);
            Some(list(categories.iter().map(|category| category.as_str())))
        };
        complaints: Number, Always, 1, |of| {
            Some(Value::Int(of.customer.complaints.count_at(asked_at(of)) as i64))
        };
        open_complaints: Number, Always, 0, |of| {
            let open = of.customer.complaints.open_at(asked_at(of), &of.zone, of.policy);
            Some(Value::Int(open as i64))
        };
        days_since_complaint: Number, Sometimes, 45, |of| {
            let last = of.customer.complaints.last_opened(asked_at(of))?;
            Some(Value::Int(calendar::days_between(last, of.now, &of.zone)))
        };
        segments: Segments, Always, ["loyal"], |of| Some(of.segments.all(of));
        last_csat: Number, Sometimes, 5, |of| {
            of.customer.csat.as_of(of.until.at).map(|score| Value::Int((*score).into()))
        };
        last_nps: Number, Sometimes, 9, |of| {
            of.customer.nps.as_of(of.until.at).map(|score| Value::Int((*score).into()))
        };
        p_alive: Number, Sometimes, 0.82, |of| {
            Some(Value::Float(of.drift?.p_alive(of.rhythm()?, of.today())?))
        };
        p_active: Number, Sometimes, 0.64, |of| {
            Some(Value::Float(of.drift?.p_active(of.rhythm()?, of.today())?))
        };
        lifetime_value: Number, Sometimes, 8400, |of| {
            let (rhythm, spent) = (of.rhythm()?, of.spending());
            Some(Value::Float(of.drift?.lifetime_value(rhythm, of.today(), spent)))
        };
    }
    templates {
        given_name: Text, Sometimes, "Ana", |of| text(of.customer.profile.given.latest());
        family_name: Text, Sometimes, "Martínez", |of| {
            text(of.customer.profile.family.latest())
        };
        email: Text, Sometimes, "ana@example.com", |of| {
            of.customer.profile.email.latest().map(|email| email.as_str().into())
        };
        phone: Text, Sometimes, "+525512345678", |of| {
            of.customer.profile.phone.latest().map(|phone| phone.as_str().into())
        };
        currency: Text, OfBuyers, "MXN", |of| {
            let currency = of.customer.history.currency(of.policy.currency)?;
            Some(currency.to_string().into())
        };
    }
}

/// An instant as CEL's timestamp.
pub(crate) fn timestamp(at: Instant) -> Value {
    let utc = chrono::DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
    Value::Timestamp(utc.fixed_offset())
}

/// As of when complaints count: of now for a due step, of the trigger for a filter.
fn asked_at(of: &View) -> Instant {
    of.until.at.min(of.now)
}

fn text(line: Option<&Line>) -> Option<Value> {
    line.map(|line| line.as_str().into())
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::List(Arc::new(texts.map(Value::from).collect()))
}

fn spent(of: &View) -> Option<f64> {
    of.customer.history.spent(of.until, of.policy.currency).to_f64()
}

fn attributes(of: &View) -> Option<Value> {
    let told = of.customer.profile.attributes.iter();
    let known = told.filter_map(|(name, dated)| Some((name, dated.as_of(of.until.at)?)));
    let map: HashMap<String, Value> =
        known.map(|(name, value)| (name.clone(), scalar(value))).collect();
    Some(map.into())
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Bool(value) => Value::Bool(*value),
        Scalar::Int(value) => Value::Int(*value),
        Scalar::Float(value) => Value::Float(*value),
        Scalar::Text(value) => value.as_str().into(),
    }
}
