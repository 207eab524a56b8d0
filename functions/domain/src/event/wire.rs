//! From JSON text to a checked event.
//!
//! Three forms are taken: an EventBridge envelope; a bare one, which is a
//! detail with its `detail-type` beside the fields; and a bare detail alone,
//! whose kind its own fields tell.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::check::Check;
use super::clean::{self, LeftOut};
use super::json::{self, BadJson};
use super::{Body, Detail, Event, EventKind, UnknownKind};
use crate::instant::{DAY_MILLIS, Instant};

/// The largest event taken, in bytes: what EventBridge itself lets through.
pub const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// The largest `detail` taken, in bytes: it is kept in an item of the table, which
/// takes 400 KB. A purchase of 500 items has some 500 bytes for each.
pub const DETAIL_BYTES_MAX: usize = 256 * 1024;

/// How long after it arrived an event may say that it occurred: clocks differ,
/// and some tell local time as if it were UTC's.
pub const AHEAD_MILLIS_MAX: i64 = DAY_MILLIS;

/// Why a text is no event.
#[derive(Debug, thiserror::Error)]
pub enum BadEvent {
    /// The text is no JSON, or does not have the form of an event. Holds the parser's words.
    #[error("no JSON object: {0}")]
    NoJson(String),
    /// The `detail-type` is none of the known kinds.
    #[error(transparent)]
    UnknownKind(#[from] UnknownKind),
    /// There is no `detail-type`, and the fields fit no kind.
    /// Holds the kind that they are most like, where there is one.
    #[error(
        "no detail-type, and the fields do not tell which event this is; give it as \"detail-type\"{}",
        .0.map(|kind| format!(", such as {:?}, which the fields are most like", kind.as_str())).unwrap_or_default()
    )]
    NoKind(Option<EventKind>),
    /// Fields that the event needs do not fit, or its longest field makes it too large.
    #[error("{kind}: {}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Fields {
        /// The kind of the event.
        kind: EventKind,
        /// All that was found, optional fields included; at least one.
        faults: Vec<BadField>,
    },
    /// The text has more bytes than are taken.
    #[error("has {found} bytes, at most {most} are taken")]
    TooLarge {
        /// How many bytes it has.
        found: usize,
        /// How many bytes it may have.
        most: usize,
    },
    /// The envelope's `time` is no RFC 3339 date-time. Holds `…` and not the text itself.
    #[error("time: {0:?} is no RFC 3339 date-time with offset")]
    Time(String),
    /// A field stands twice in one object. Holds the path to it.
    #[error("{0} stands twice, and readers differ on which counts; write each field once")]
    Doubled(String),
    /// A value stands inside more than 32 objects and lists.
    #[error("its objects and lists stand too deep in one another")]
    TooDeep,
    /// The event says that it happened more than a day after it arrived.
    #[error(
        "{kind}: occurred_at: {occurred_at} is more than a day after it arrived, at {arrived}; mend the clock or the year, or try it again when that day has come"
    )]
    Ahead {
        /// The kind of the event.
        kind: EventKind,
        /// When it happened, as the event tells it.
        occurred_at: Instant,
        /// When it arrived.
        arrived: Instant,
    },
}

/// A field that does not fit. Neither the path nor the reason tells its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadField {
    /// Where the field stands, such as `items[3].unit_price`. Empty for the event itself.
    pub path: String,
    /// The reason, in words that follow the path.
    pub why: String,
}

impl std::fmt::Display for BadField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.path, self.why)
    }
}

impl From<BadJson> for BadEvent {
    fn from(bad: BadJson) -> BadEvent {
        match bad {
            BadJson::Syntax(why) => BadEvent::NoJson(why),
            BadJson::Doubled(path) => BadEvent::Doubled(path),
            BadJson::TooDeep => BadEvent::TooDeep,
        }
    }
}

/// An event with the instant at which the bus delivered it: the envelope's
/// `time`, or `occurred_at` where it came bare.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// When the bus delivered it; `occurred_at` for a bare event.
    pub at: Instant,
    /// The event, without the fields that did not fit.
    pub event: Event,
    /// The optional fields that did not fit: the event counts without them.
    pub left_out: Vec<LeftOut>,
    /// Whether it was made of another system's event: then refunds and deliveries may
    /// come that name its purchase alone.
    pub by_source: bool,
}

impl Delivered {
    /// The same, where it did not occur more than a day after it arrived: a word
    /// of the year 2062 would stand against every later one.
    ///
    /// # Errors
    /// [`BadEvent::Ahead`] where it did.
    pub fn arrived(self, at: Instant) -> Result<Delivered, BadEvent> {
        let occurred_at = self.event.occurred_at;
        match occurred_at > at.plus_millis(AHEAD_MILLIS_MAX) {
            true => Err(BadEvent::Ahead { kind: self.event.kind(), occurred_at, arrived: at }),
            false => Ok(self),
        }
    }
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
    let is_plain = json::is_plain(text);
    if !is_plain {
        // Tells what is doubled, in the envelope too.
        json::read(text)?;
    }
    let outer: Outer = serde_json::from_str(text)
        .map_err(|error| BadEvent::NoJson(super::impersonal(&error.to_string())))?;
    let kind = outer.kind.as_deref().map(str::parse::<EventKind>).transpose()?;
    match (kind, outer.detail) {
        (Some(kind), Some(detail)) => {
            let (event, left_out) = kind.decode(detail.get(), is_plain)?;
            let at = match outer.time {
                None => event.occurred_at,
                Some(time) => {
                    time.parse::<jiff::Timestamp>().map_err(|_| BadEvent::Time("…".into()))?.into()
                }
            };
            Ok(Delivered { at, event, left_out, by_source: false })
        }
        (kind, _) => {
            let kind = match kind {
                Some(kind) => kind,
                None => EventKind::told_by_fields(text)
                    .ok_or_else(|| BadEvent::NoKind(EventKind::most_like(text)))?,
            };
            of_detail(kind, text, is_plain)
        }
    }
}

/// Reads a bare detail whose kind is known.
///
/// # Errors
/// [`BadEvent`] says what does not fit and where.
pub fn of_kind(kind: EventKind, detail: &str) -> Result<Delivered, BadEvent> {
    of_detail(kind, detail, json::is_plain(detail))
}

fn of_detail(kind: EventKind, detail: &str, is_plain: bool) -> Result<Delivered, BadEvent> {
    let (event, left_out) = kind.decode(detail, is_plain)?;
    Ok(Delivered { at: event.occurred_at, event, left_out, by_source: false })
}

/// An event whose body was made from what it is about, and not read from the
/// detail that tells the same.
pub fn of_body(occurred_at: jiff::Timestamp, body: Body, detail: &str) -> Delivered {
    let at = occurred_at.into();
    let event = Event { occurred_at: at, body, detail: Detail(detail.into()) };
    Delivered { at, event, left_out: Vec::new(), by_source: false }
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
            BadEvent::Fields { kind, faults: vec![BadField { path, why }] }
        }
    }
}

/// A body with its detail as it is kept: as it came where all of it fits, which
/// is quick to see, and otherwise what fits of it.
pub(super) fn read<T: DeserializeOwned>(
    kind: EventKind,
    text: &str,
    is_plain: bool,
    check: Check<T>,
) -> Result<(T, Detail, Vec<LeftOut>), BadEvent> {
    if is_plain
        && text.len() <= DETAIL_BYTES_MAX
        && text.trim_start().starts_with('{')
        && let Ok(body) = serde_json::from_str::<T>(text)
        && check(&body).is_ok()
    {
        return Ok((body, Detail(text.into()), Vec::new()));
    }
    if !text.trim_start().starts_with('{') {
        return Err(BadEvent::NoJson("the detail is none".into()));
    }
    let cleaned = clean::clean(kind, json::read(text)?, check)?;
    let as_it_came = serde_json::from_str::<Value>(text).is_ok_and(|came| came == cleaned.detail);
    let detail = if as_it_came { text.to_owned() } else { cleaned.detail.to_string() };
    match detail.len() <= DETAIL_BYTES_MAX {
        true => Ok((cleaned.body, Detail(detail.into()), cleaned.left_out)),
        false => Err(too_large(kind, &detail)),
    }
}

#[cfg(test)]
mod tests;
