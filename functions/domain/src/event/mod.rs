//! Events in: decoding and checking what the shop publishes.

mod body;
mod check;
mod clean;
mod date;
mod impersonal;
mod json;
mod kind;
mod mend;
mod named;
mod stand_in;
mod text;
mod value;
mod wire;

use std::sync::Arc;

pub use body::*;
pub use clean::LeftOut;
pub(crate) use clean::schema_of;
pub use date::{AnnualDate, BadDate, suspicious_birthdays};
pub use impersonal::impersonal;
pub use kind::{Body, EventKind, UnknownKind};
pub use named::People;
pub use text::{
    BadText, Country, Email, LINE_CHARS_MAX, Line, Locale, NOTE_CHARS_MAX, Note, Phone, Url,
    ZoneName, breaks_line,
};
pub use value::*;
pub use wire::{
    AHEAD_MILLIS_MAX, BadEvent, BadField, DETAIL_BYTES_MAX, Delivered, from_wire, of_body, of_kind,
};

use crate::digest::sha256_hex;

use crate::id::Id;
use crate::instant::Instant;

/// An event that fits its schema.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it happened, as the shop tells it.
    pub occurred_at: Instant,
    /// The fields that Lazo knows, by kind.
    pub body: Body,
    /// The `detail` as it came, kept for conditions and templates.
    pub detail: Detail,
}

/// An event's `detail` as JSON text. It may hold personal data, so `Debug`
/// does not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Detail(pub Arc<str>);

impl std::fmt::Debug for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "… ({} bytes)", self.0.len())
    }
}

impl Event {
    /// The kind, which is the event's `detail-type`.
    pub fn kind(&self) -> EventKind {
        self.body.kind()
    }

    /// Whom it concerns; `None` for published content.
    pub fn customer(&self) -> Option<&Id> {
        self.body.customer()
    }

    /// What makes the event count once; see [`Body::key`].
    pub fn key(&self) -> Option<&Id> {
        self.body.key()
    }

    /// The key by which an event of its kind counts once for its customer. A
    /// profile has none of its own: its instant and what it says stand in, so that
    /// one that an archive brings again counts once as well.
    pub fn ledger_key(&self) -> String {
        match self.key() {
            Some(key) => key.to_string(),
            None => format!("{}#{}", self.occurred_at, sha256_hex(&*self.detail.0, 6)),
        }
    }

    /// The purchase that the event is about.
    pub fn purchase_id(&self) -> Option<&Id> {
        self.body.purchase_id()
    }
}

/// The fields that an event needs.
pub(crate) fn required_fields(kind: EventKind) -> impl Iterator<Item = &'static str> {
    let required = schema_of(kind)["required"].as_array();
    required.into_iter().flatten().filter_map(|name| name.as_str())
}

/// The JSON Schema (2020-12) of an event's `detail`.
pub fn schema(kind: EventKind) -> schemars::Schema {
    let mut schema = kind.schema_of_fields();
    let of_fields = schema.get("description").and_then(|text| text.as_str()).unwrap_or_default();
    let whole = format!("{of_fields}\n\nA detail has at most {} KiB.", DETAIL_BYTES_MAX / 1024);
    schema.insert("description".into(), whole.into());
    schema
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::channel::Channel;

    #[test]
    fn an_event_tells_which_purchase_it_is_about() {
        let of = |kind: &str, more: serde_json::Value| {
            let mut detail = json!({ "customer_id": "ana", "occurred_at": "2026-01-01T00:00:00Z" });
            detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
            from_wire(&text.to_string()).unwrap().event.purchase_id().map(ToString::to_string)
        };
        let bought =
            json!({ "purchase_id": "p", "total": { "amount": "1.00", "currency": "MXN" } });
        assert_eq!(of("PurchaseCompleted", bought).as_deref(), Some("p"));
        assert_eq!(of("PurchaseDelivered", json!({ "purchase_id": "p" })).as_deref(), Some("p"));
        let back = json!({ "purchase_id": "p", "refund_id": "r" });
        assert_eq!(of("PurchaseRefunded", back).as_deref(), Some("p"));
        assert_eq!(of("CustomerUpdated", json!({})), None);
    }

    #[test]
    fn what_comes_back_is_a_refund_and_no_purchase_of_less_than_nothing() {
        let of = |quantity: f64| {
            let detail = json!({
                "customer_id": "ana", "occurred_at": "2026-01-01T00:00:00Z", "purchase_id": "p",
                "total": { "amount": "1.00", "currency": "MXN" },
                "items": [{ "sku": "a", "name": "A", "quantity": quantity }],
            });
            let kind = "PurchaseCompleted";
            let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
            let left_out = from_wire(&text.to_string()).unwrap().left_out;
            left_out.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        };
        assert_eq!((of(0.0), of(2.5)), (String::new(), String::new()));
        assert_eq!(of(-1.0), "items[0].quantity: is below zero, a quantity is zero or more");
        assert!(of(1e300).starts_with("items[0].quantity: is a number that cannot be held"));
    }

    #[test]
    fn a_call_s_outcome_is_named_as_it_is_told() {
        // With what it means of a call and of a task.
        for (name, of_call, of_task) in [
            ("reached", "reached", "done"),
            ("voicemail", "voicemail", "not_done"),
            ("no_answer", "no_answer", "not_done"),
            ("wrong_number", "wrong_number", "not_done"),
            ("do_not_call", "do_not_call", "not_done"),
            ("call_back", "call_back", "not_done"),
            ("done", "reached", "done"),
            ("not_done", "no_answer", "not_done"),
        ] {
            let outcome: CallOutcome = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(outcome.as_str(), name);
            let of = |channel| outcome.of_channel(channel).as_str();
            assert_eq!([of(Channel::Call), of(Channel::Task)], [of_call, of_task]);
            assert_eq!(outcome.is_of_task(), name.ends_with("done"));
        }
    }

    #[test]
    fn a_detail_is_not_shown() {
        let detail = Detail(r#"{"name":"Ana"}"#.into());
        assert_eq!(format!("{detail:?}"), "… (14 bytes)");
    }
}
