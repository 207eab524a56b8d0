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

use super::body::{ITEMS_MAX, NAME_CHARS_MAX, PurchaseCompleted};
use super::clean::{self, LeftOut, Unfit};
use super::json::{self, BadJson};
use super::{
    Body, ContentPublished, CustomerMerged, CustomerUpdated, Detail, Event, EventKind, UnknownKind,
};
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
    #[error("{0} stands twice, and readers differ on which counts; write each field once")]
    Doubled(String),
    #[error("its objects and lists stand too deep in one another")]
    TooDeep,
    #[error(
        "{kind}: occurred_at: {occurred_at} is more than a day after it arrived, at {arrived}; mend the clock or the year, or try it again when that day has come"
    )]
    Ahead { kind: EventKind, occurred_at: Instant, arrived: Instant },
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
    pub at: Instant,
    pub event: Event,
    /// The optional fields that did not fit: the event counts without them.
    pub left_out: Vec<LeftOut>,
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
            let (event, left_out) = decode(kind, detail.get(), is_plain)?;
            let at = match outer.time {
                None => event.occurred_at,
                Some(time) => {
                    time.parse::<jiff::Timestamp>().map_err(|_| BadEvent::Time("…".into()))?.into()
                }
            };
            Ok(Delivered { at, event, left_out })
        }
        (kind, _) => {
            let kind = match kind {
                Some(kind) => kind,
                None => told_by_fields(text).ok_or(BadEvent::NoKind)?,
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
    let (event, left_out) = decode(kind, detail, is_plain)?;
    Ok(Delivered { at: event.occurred_at, event, left_out })
}

/// An event whose body was made from what it is about, and not read from the
/// detail that tells the same.
pub fn of_body(occurred_at: jiff::Timestamp, body: Body, detail: &str) -> Delivered {
    let at = occurred_at.into();
    let event = Event { occurred_at: at, body, detail: Detail(detail.into()) };
    Delivered { at, event, left_out: Vec::new() }
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

/// What no type can tell of a body: `Err` names it.
type Check<T> = fn(&T) -> Result<(), Unfit>;

/// Reads and checks a `detail` of a known kind.
fn decode(
    kind: EventKind,
    detail: &str,
    is_plain: bool,
) -> Result<(Event, Vec<LeftOut>), BadEvent> {
    macro_rules! body {
        ($($name:ident $check:expr, $as:expr;)*) => {
            match kind {
                $(EventKind::$name => {
                    let check: Check<super::$name> = $check;
                    let (body, detail, left_out) = read(kind, detail, is_plain, check)?;
                    (body.occurred_at, $as(body), detail, left_out)
                })*
            }
        };
    }
    let (occurred_at, body, detail, left_out) = body!(
        CustomerUpdated check_profile, |body| Body::CustomerUpdated(Box::new(body));
        ConsentChanged no_check, Body::ConsentChanged;
        PurchaseCompleted check_items, Body::PurchaseCompleted;
        PurchaseDelivered no_check, Body::PurchaseDelivered;
        PurchaseRefunded no_check, Body::PurchaseRefunded;
        InteractionRecorded no_check, Body::InteractionRecorded;
        ComplaintOpened no_check, Body::ComplaintOpened;
        ComplaintResolved no_check, Body::ComplaintResolved;
        CallReported no_check, Body::CallReported;
        SurveyAnswered no_check, Body::SurveyAnswered;
        ContentPublished check_topics, Body::ContentPublished;
        CustomerErased no_check, Body::CustomerErased;
        CustomerMerged check_merge, Body::CustomerMerged;
    );
    Ok((Event { occurred_at: occurred_at.into(), body, detail }, left_out))
}

/// A body with its detail as it is kept: as it came where all of it fits, which
/// is quick to see, and otherwise what fits of it.
fn read<T: DeserializeOwned>(
    kind: EventKind,
    text: &str,
    is_plain: bool,
    check: Check<T>,
) -> Result<(T, Detail, Vec<LeftOut>), BadEvent> {
    if is_plain
        && text.len() <= DETAIL_BYTES_MAX
        && let Ok(body) = serde_json::from_str::<T>(text)
        && check(&body).is_ok()
    {
        return Ok((body, Detail(text.into()), Vec::new()));
    }
    let cleaned = clean::clean(kind, json::read(text)?, check)?;
    let as_it_came = serde_json::from_str::<Value>(text).is_ok_and(|came| came == cleaned.detail);
    let detail = if as_it_came { text.to_owned() } else { cleaned.detail.to_string() };
    match detail.len() <= DETAIL_BYTES_MAX {
        true => Ok((cleaned.body, Detail(detail.into()), cleaned.left_out)),
        false => Err(too_large(kind, &detail)),
    }
}

fn no_check<T>(_: &T) -> Result<(), Unfit> {
    Ok(())
}

fn at_most(most: usize, field: &str, found: usize) -> Result<(), Unfit> {
    match found <= most {
        true => Ok(()),
        false => Err(Unfit::of(field, format!("has {found} entries, at most {most} are taken"))),
    }
}

fn check_items(body: &PurchaseCompleted) -> Result<(), Unfit> {
    at_most(ITEMS_MAX, "items", body.items.len())
}

/// Nobody is merged with themselves.
fn check_merge(body: &CustomerMerged) -> Result<(), Unfit> {
    match body.merged_id == body.customer_id {
        true => Err(Unfit::of(
            "merged_id",
            "is the same as customer_id; give the id that goes".to_owned(),
        )),
        false => Ok(()),
    }
}

fn check_topics(body: &ContentPublished) -> Result<(), Unfit> {
    at_most(50, "topics", body.topics.len())
}

/// How old somebody may be: beyond it, a date is another system's for "unknown",
/// such as 1900-01-01 or 0001-01-01.
const AGE_YEARS_MAX: i16 = 120;

fn check_profile(body: &CustomerUpdated) -> Result<(), Unfit> {
    // A day's grace: the customer's date may be ahead of UTC's.
    let tomorrow = Instant::from(body.occurred_at).plus_millis(DAY_MILLIS);
    let tomorrow = tomorrow.date_in(&jiff::tz::TimeZone::UTC);
    if let Some(date) = body.birthday.flatten().and_then(super::AnnualDate::date) {
        if date > tomorrow {
            return Err(Unfit::of("birthday", "is in the future".into()));
        }
        if tomorrow.year() - date.year() > AGE_YEARS_MAX {
            let why = format!("is more than {AGE_YEARS_MAX} years ago, and nobody's birthday");
            return Err(Unfit::of("birthday", why));
        }
    }
    at_most(50, "anniversaries", body.anniversaries.len())?;
    at_most(100, "attributes", body.attributes.len())?;
    at_most(100, "interests", body.interests.iter().flatten().map(Vec::len).sum())?;
    for (field, mut names) in [
        ("anniversaries", Box::new(body.anniversaries.keys()) as Box<dyn Iterator<Item = &String>>),
        ("attributes", Box::new(body.attributes.keys())),
    ] {
        let fits = |name: &String| {
            name.chars().count() <= NAME_CHARS_MAX && super::Line::new(name.as_str()).is_ok()
        };
        if !names.all(fits) {
            return Err(Unfit::of(field, "has a name that cannot be kept".into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
