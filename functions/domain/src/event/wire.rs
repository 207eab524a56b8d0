//! From JSON text to a checked event.
//!
//! Three forms are taken: an EventBridge envelope; a bare one, which is a
//! detail with its `detail-type` beside the fields; and a bare detail alone,
//! whose kind its own fields tell.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Body, CustomerUpdated, Detail, Event, EventKind, UnknownKind};
use crate::instant::{DAY_MILLIS, Instant};

/// The largest event taken, in bytes: what EventBridge itself lets through.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// The largest `detail` taken, in bytes: it is kept on the customer's item
/// while a follow-up that it started is pending.
pub const DETAIL_BYTES_MAX: usize = 64 * 1024;

/// Why a text is no event.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    #[error("no JSON object: {0}")]
    NoJson(String),
    #[error(transparent)]
    UnknownKind(#[from] UnknownKind),
    #[error(
        "no detail-type, and the fields do not tell which event this is; give it as \"detail-type\""
    )]
    NoKind,
    #[error("{kind}: {path}: {why}")]
    Field { kind: EventKind, path: String, why: String },
    #[error("has {found} bytes, at most {most} are taken")]
    TooLarge { found: usize, most: usize },
    #[error("time: {0:?} is no RFC 3339 date-time with offset")]
    Time(String),
}

/// An event with the instant at which the bus delivered it: the envelope's
/// `time`, or `occurred_at` where it came bare.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub at: Instant,
    pub event: Event,
}

#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(rename = "detail-type", alias = "detail_type", borrow)]
    kind: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    time: Option<std::borrow::Cow<'a, str>>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

/// Reads one event in any of its three forms.
///
/// # Errors
/// [`BadEvent`] says what does not fit and where.
pub fn from_wire(text: &str) -> Result<Delivered, BadEvent> {
    if text.len() > EVENT_BYTES_MAX {
        return Err(BadEvent::TooLarge { found: text.len(), most: EVENT_BYTES_MAX });
    }
    let outer: Outer = serde_json::from_str(text).map_err(|e| BadEvent::NoJson(e.to_string()))?;
    let kind = outer.kind.as_deref().map(str::parse::<EventKind>).transpose()?;
    match (kind, outer.detail) {
        (Some(kind), Some(detail)) => {
            let event = decode(kind, detail.get())?;
            let at = match outer.time {
                None => event.occurred_at,
                Some(time) => time
                    .parse::<jiff::Timestamp>()
                    .map_err(|_| BadEvent::Time(time.into_owned()))?
                    .into(),
            };
            Ok(Delivered { at, event })
        }
        (kind, _) => {
            let kind = match kind {
                Some(kind) => kind,
                None => told_by_fields(text).ok_or(BadEvent::NoKind)?,
            };
            of_kind(kind, text)
        }
    }
}

/// Reads a bare detail whose kind is known.
///
/// # Errors
/// [`BadEvent`] says what does not fit and where.
pub fn of_kind(kind: EventKind, detail: &str) -> Result<Delivered, BadEvent> {
    let event = decode(kind, detail)?;
    Ok(Delivered { at: event.occurred_at, event })
}

/// An event whose body was made from what it is about, and not read from the
/// detail that tells the same.
pub fn of_body(occurred_at: jiff::Timestamp, body: Body, detail: &str) -> Delivered {
    let at = occurred_at.into();
    Delivered { at, event: Event { occurred_at: at, body, detail: Detail(detail.into()) } }
}

#[derive(Deserialize)]
struct Fields {
    purchase_id: Option<serde::de::IgnoredAny>,
    refund_id: Option<serde::de::IgnoredAny>,
    total: Option<serde::de::IgnoredAny>,
    consent_id: Option<serde::de::IgnoredAny>,
    interaction_id: Option<serde::de::IgnoredAny>,
    complaint_id: Option<serde::de::IgnoredAny>,
    severity: Option<serde::de::IgnoredAny>,
    call_id: Option<serde::de::IgnoredAny>,
    answer_id: Option<serde::de::IgnoredAny>,
    content_id: Option<serde::de::IgnoredAny>,
    request_id: Option<serde::de::IgnoredAny>,
    merge_id: Option<serde::de::IgnoredAny>,
    customer_id: Option<serde::de::IgnoredAny>,
    occurred_at: Option<serde::de::IgnoredAny>,
}

/// Each kind has a key of its own; the two that share one differ by a
/// required field.
fn told_by_fields(text: &str) -> Option<EventKind> {
    let fields: Fields = serde_json::from_str(text).ok()?;
    let kind = if fields.refund_id.is_some() {
        EventKind::PurchaseRefunded
    } else if fields.purchase_id.is_some() {
        match fields.total {
            Some(_) => EventKind::PurchaseCompleted,
            None => EventKind::PurchaseDelivered,
        }
    } else if fields.complaint_id.is_some() {
        match fields.severity {
            Some(_) => EventKind::ComplaintOpened,
            None => EventKind::ComplaintResolved,
        }
    } else if fields.consent_id.is_some() {
        EventKind::ConsentChanged
    } else if fields.interaction_id.is_some() {
        EventKind::InteractionRecorded
    } else if fields.call_id.is_some() {
        EventKind::CallReported
    } else if fields.answer_id.is_some() {
        EventKind::SurveyAnswered
    } else if fields.content_id.is_some() {
        EventKind::ContentPublished
    } else if fields.request_id.is_some() {
        EventKind::CustomerErased
    } else if fields.merge_id.is_some() {
        EventKind::CustomerMerged
    } else if fields.customer_id.is_some() && fields.occurred_at.is_some() {
        EventKind::CustomerUpdated
    } else {
        return None;
    };
    Some(kind)
}

/// Names the field that makes a `detail` so large.
fn too_large(kind: EventKind, detail: &str) -> BadEvent {
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(detail).unwrap_or_default();
    let longest = fields.into_iter().max_by_key(|(_, value)| value.get().len());
    match longest {
        None => BadEvent::TooLarge { found: detail.len(), most: DETAIL_BYTES_MAX },
        Some((path, value)) => {
            let found = value.get().len();
            let why = format!("has {found} bytes, an event at most {DETAIL_BYTES_MAX}; shorten it");
            BadEvent::Field { kind, path, why }
        }
    }
}

/// Reads and checks a `detail` of a known kind.
fn decode(kind: EventKind, detail: &str) -> Result<Event, BadEvent> {
    if detail.len() > DETAIL_BYTES_MAX {
        return Err(too_large(kind, detail));
    }
    fn read<T: DeserializeOwned>(kind: EventKind, detail: &str) -> Result<T, BadEvent> {
        serde_json::from_str(detail).map_err(|_| explain::<T>(kind, detail))
    }
    macro_rules! body {
        ($($name:ident),*) => {
            match kind {
                EventKind::CustomerUpdated => {
                    let body: CustomerUpdated = read(kind, detail)?;
                    check_profile(&body)?;
                    (body.occurred_at, Body::CustomerUpdated(Box::new(body)))
                }
                $(EventKind::$name => {
                    let body: super::$name = read(kind, detail)?;
                    (body.occurred_at, Body::$name(body))
                })*
            }
        };
    }
    let (occurred_at, body) = body!(
        ConsentChanged,
        PurchaseCompleted,
        PurchaseDelivered,
        PurchaseRefunded,
        InteractionRecorded,
        ComplaintOpened,
        ComplaintResolved,
        CallReported,
        SurveyAnswered,
        ContentPublished,
        CustomerErased,
        CustomerMerged
    );
    check_merge(&body)?;
    Ok(Event { occurred_at: occurred_at.into(), body, detail: Detail(detail.into()) })
}

/// Nobody is merged with themselves.
fn check_merge(body: &Body) -> Result<(), BadEvent> {
    match body {
        Body::CustomerMerged(merge) if merge.merged_id == merge.customer_id => {
            Err(BadEvent::Field {
                kind: EventKind::CustomerMerged,
                path: "merged_id".into(),
                why: "is the same as customer_id; give the id that goes".into(),
            })
        }
        _ => Ok(()),
    }
}

/// What no single field can tell.
fn check_profile(body: &CustomerUpdated) -> Result<(), BadEvent> {
    let field =
        |path: String, why: String| BadEvent::Field { kind: EventKind::CustomerUpdated, path, why };
    // A day's grace: the customer's date may be ahead of UTC's.
    let tomorrow = Instant::from(body.occurred_at).plus_millis(DAY_MILLIS);
    let tomorrow = tomorrow.date_in(&jiff::tz::TimeZone::UTC);
    let birthday = body.birthday.flatten().and_then(super::AnnualDate::date);
    if birthday.is_some_and(|date| date > tomorrow) {
        return Err(field("birthday".into(), "is in the future".into()));
    }
    let too_many = [
        ("anniversaries", body.anniversaries.len(), 50),
        ("attributes", body.attributes.len(), 100),
        ("interests", body.interests.iter().flatten().map(Vec::len).sum(), 100),
    ];
    for (path, found, most) in too_many {
        if found > most {
            return Err(field(
                path.into(),
                format!("has {found} entries, at most {most} are taken"),
            ));
        }
    }
    Ok(())
}

/// Decodes once more, slowly, to tell which field was wrong.
fn explain<T: DeserializeOwned>(kind: EventKind, detail: &str) -> BadEvent {
    let mut json = serde_json::Deserializer::from_str(detail);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Ok(_) => BadEvent::NoJson("trailing characters behind the object".into()),
        Err(error) => {
            let path = error.path().to_string();
            let why = error.into_inner().to_string();
            let why = why.split(" at line ").next().unwrap_or("").to_owned();
            BadEvent::Field { kind, path, why }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A bare `detail` of so much more than whom it is about and when.
    fn detail(more: Value) -> Value {
        let mut detail = json!({ "customer_id": "ana", "occurred_at": "2026-03-01T12:00:00Z" });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        detail
    }

    fn read(more: Value) -> Result<EventKind, BadEvent> {
        from_wire(&detail(more).to_string()).map(|delivered| delivered.event.kind())
    }

    #[test]
    fn a_bare_detail_is_known_by_its_fields() {
        let total = json!({ "amount": "1.00", "currency": "MXN" });
        let visit = json!({
            "interaction_id": "i", "channel": "store", "kind": "visit",
            "initiated_by": "customer", "phase": "purchase", "touchpoint": "counter",
        });
        let consent = json!({
            "consent_id": "c", "channel": "email", "purpose": "all", "state": "denied",
            "source": "form",
        });
        let content = json!({
            "content_id": "c", "title": "T", "url": "https://example.com/", "topics": ["rugs"],
        });
        let complaint = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
        for (more, kind) in [
            (json!({}), EventKind::CustomerUpdated),
            (consent, EventKind::ConsentChanged),
            (json!({ "purchase_id": "p", "total": total }), EventKind::PurchaseCompleted),
            (json!({ "purchase_id": "p" }), EventKind::PurchaseDelivered),
            (json!({ "purchase_id": "p", "refund_id": "r" }), EventKind::PurchaseRefunded),
            (visit, EventKind::InteractionRecorded),
            (complaint, EventKind::ComplaintOpened),
            (json!({ "complaint_id": "c" }), EventKind::ComplaintResolved),
            (json!({ "call_id": "c", "outcome": "reached" }), EventKind::CallReported),
            (json!({ "answer_id": "a", "touchpoint": "x", "csat": 5 }), EventKind::SurveyAnswered),
            (content, EventKind::ContentPublished),
            (json!({ "request_id": "r" }), EventKind::CustomerErased),
        ] {
            assert_eq!(read(more.clone()).map_err(|bad| bad.to_string()), Ok(kind), "{more}");
        }
        for nothing in [json!({ "customer_id": "ana" }), json!({ "occurred_at": "2026-03-01" })] {
            assert_eq!(told_by_fields(&nothing.to_string()), None);
            assert!(from_wire(&nothing.to_string()).is_err(), "{nothing}");
        }
    }

    #[test]
    fn an_event_has_a_greatest_size() {
        let of_bytes = |bytes: usize| {
            let text = detail(json!({})).to_string();
            from_wire(&(text.clone() + &" ".repeat(bytes - text.len()))).map(drop)
        };
        let too_large = |bytes| matches!(of_bytes(bytes), Err(BadEvent::TooLarge { .. }));
        assert_eq!((EVENT_BYTES_MAX, DETAIL_BYTES_MAX), (1_048_576, 65_536));
        assert!(!too_large(EVENT_BYTES_MAX) && too_large(EVENT_BYTES_MAX + 1));
        let of_detail = |bytes: usize| {
            let empty = detail(json!({ "unknown": "" })).to_string().len();
            let detail = detail(json!({ "unknown": "x".repeat(bytes - empty) }));
            let event =
                json!({ "source": "shop", "detail-type": "CustomerUpdated", "detail": detail });
            from_wire(&event.to_string()).map(drop)
        };
        of_detail(DETAIL_BYTES_MAX).unwrap();
        let BadEvent::Field { path, why, .. } = of_detail(DETAIL_BYTES_MAX + 1).unwrap_err() else {
            panic!("what makes it large is named");
        };
        assert_eq!(path, "unknown");
        assert!(why.contains("shorten it"), "{why}");
    }

    #[test]
    fn a_profile_has_bounds_that_no_field_tells() {
        let path = |more: Value| match read(more) {
            Ok(_) => String::new(),
            Err(BadEvent::Field { path, .. }) => path,
            Err(other) => panic!("{other}"),
        };
        // Somewhere it is tomorrow already.
        assert_eq!(path(json!({ "birthday": "2026-03-02" })), "");
        assert_eq!(path(json!({ "birthday": "2026-03-03" })), "birthday");
        assert_eq!(path(json!({ "birthday": "--03-03" })), "");
        let names = |count: usize| (0..count).map(|i| (format!("a{i}"), json!("--01-02")));
        let many = |count| Value::Object(names(count).collect());
        assert_eq!(path(json!({ "anniversaries": many(50) })), "");
        assert_eq!(path(json!({ "anniversaries": many(51) })), "anniversaries");
        assert_eq!(path(json!({ "attributes": many(100) })), "");
        assert_eq!(path(json!({ "attributes": many(101) })), "attributes");
        let interests = |count: usize| (0..count).map(|i| format!("i{i}")).collect::<Vec<_>>();
        assert_eq!(path(json!({ "interests": interests(100) })), "");
        assert_eq!(path(json!({ "interests": interests(101) })), "interests");
    }
}
