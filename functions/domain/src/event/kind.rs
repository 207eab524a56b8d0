//! The kinds of events that Lazo takes, each in one row: what it says, what makes
//! it count once, whom and which purchase it is about, what no type can tell of it.
#![allow(missing_docs, reason = "the kinds are described in events/README.md")]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, schema_for};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::Event;
use super::body::*;
use super::check::{
    Check, check_call, check_items, check_merge, check_profile, check_topics, no_check,
};
use super::clean::{LeftOut, schema_of};
use super::wire::{BadEvent, read};
use crate::id::Id;
use crate::nearest::nearest;

/// Makes of the rows all that goes by the kind of an event.
macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident($body:ty) {
        $(key: $key:ident,)?
        $(customer: $customer:ident,)?
        $(purchase: $purchase:ident,)?
        check: $check:expr,
    })*) => {
        /// The kind of an event: its `detail-type`.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            JsonSchema,
        )]
        pub enum EventKind {
            $($kind,)*
        }

        /// What an event says, by its kind.
        #[derive(Clone, Debug)]
        pub enum Body {
            $($(#[$doc])* $kind($body),)*
        }

        impl EventKind {
            /// All of them.
            pub const ALL: [EventKind; [$(stringify!($kind)),*].len()] =
                [$(EventKind::$kind),*];

            /// The `detail-type`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(EventKind::$kind => stringify!($kind),)*
                }
            }

            /// The field by which an event counts once, where it has one.
            pub(super) fn key_field(self) -> Option<&'static str> {
                let key: Option<&'static str> = None;
                match self {
                    $(EventKind::$kind => key$(.or(Some(stringify!($key))))?,)*
                }
            }

            /// The JSON Schema of its fields.
            pub(super) fn schema_of_fields(self) -> Schema {
                match self {
                    $(EventKind::$kind => schema_for!(super::body::$kind),)*
                }
            }

            /// Reads and checks a `detail` of this kind.
            pub(super) fn decode(
                self,
                detail: &str,
                is_plain: bool,
            ) -> Result<(Event, Vec<LeftOut>), BadEvent> {
                match self {
                    $(EventKind::$kind => {
                        let check: Check<super::body::$kind> = $check;
                        let (body, detail, left_out) = read(self, detail, is_plain, check)?;
                        let occurred_at = body.occurred_at.into();
                        let body = Body::$kind(body.into());
                        Ok((Event { occurred_at, body, detail }, left_out))
                    })*
                }
            }
        }

        impl Body {
            /// Its kind.
            pub fn kind(&self) -> EventKind {
                match self {
                    $(Body::$kind(_) => EventKind::$kind,)*
                }
            }

            /// Whom it concerns; `None` for published content.
            #[allow(unused_variables)]
            pub fn customer(&self) -> Option<&Id> {
                let id: Option<&Id> = None;
                match self {
                    $(Body::$kind(body) => id$(.or(Some(&body.$customer)))?,)*
                }
            }

            /// What makes it count once; `None` for `CustomerUpdated`, which is
            /// idempotent by itself: the last `occurred_at` wins, field by field.
            #[allow(unused_variables)]
            pub fn key(&self) -> Option<&Id> {
                let id: Option<&Id> = None;
                match self {
                    $(Body::$kind(body) => id$(.or(Some(&body.$key)))?,)*
                }
            }

            /// The purchase that it is about.
            #[allow(unused_variables)]
            pub fn purchase_id(&self) -> Option<&Id> {
                let id: Option<&Id> = None;
                match self {
                    $(Body::$kind(body) => id$(.or(Some(&body.$purchase)))?,)*
                }
            }
        }
    };
}

event_kinds! {
    /// What is known of a customer.
    CustomerUpdated(Box<CustomerUpdated>) {
        customer: customer_id,
        check: check_profile,
    }
    /// A yes or a no to being contacted.
    ConsentChanged(ConsentChanged) {
        key: consent_id,
        customer: customer_id,
        check: no_check,
    }
    /// A sale.
    PurchaseCompleted(PurchaseCompleted) {
        key: purchase_id,
        customer: customer_id,
        purchase: purchase_id,
        check: check_items,
    }
    /// The goods have arrived.
    PurchaseDelivered(PurchaseDelivered) {
        key: purchase_id,
        customer: customer_id,
        purchase: purchase_id,
        check: no_check,
    }
    /// Money given back.
    PurchaseRefunded(PurchaseRefunded) {
        key: refund_id,
        customer: customer_id,
        purchase: purchase_id,
        check: no_check,
    }
    /// A contact at a touchpoint.
    InteractionRecorded(InteractionRecorded) {
        key: interaction_id,
        customer: customer_id,
        check: no_check,
    }
    /// A complaint that somebody has to resolve.
    ComplaintOpened(ComplaintOpened) {
        key: complaint_id,
        customer: customer_id,
        check: no_check,
    }
    /// The complaint is settled.
    ComplaintResolved(ComplaintResolved) {
        key: complaint_id,
        customer: customer_id,
        check: no_check,
    }
    /// How a call went.
    CallReported(CallReported) {
        key: call_id,
        customer: customer_id,
        check: check_call,
    }
    /// An answer to a survey.
    SurveyAnswered(SurveyAnswered) {
        key: answer_id,
        customer: customer_id,
        check: no_check,
    }
    /// A piece that may interest some customers.
    ContentPublished(ContentPublished) {
        key: content_id,
        check: check_topics,
    }
    /// The customer asked to be forgotten.
    CustomerErased(CustomerErased) {
        key: request_id,
        customer: customer_id,
        check: no_check,
    }
    /// Two ids are one person.
    CustomerMerged(CustomerMerged) {
        key: merge_id,
        customer: customer_id,
        check: check_merge,
    }
}

/// A `detail-type` that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown detail-type {0:?}; {known}", known = meant(.0))]
pub struct UnknownKind(pub String);

/// Which known name was probably meant; all of them where none is near.
fn meant(typed: &str) -> String {
    let known = EventKind::ALL.map(EventKind::as_str);
    match nearest(typed, known) {
        Some(name) => format!("did you mean {name:?}?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// A name that is no event's, as far as it can be told: whoever mixed fields up
/// may have put anything there.
fn told(text: &str) -> String {
    /// So many digits may be a telephone number.
    const NUMBER_DIGITS: usize = 7;
    let is_name = |c: char| c.is_ascii_alphanumeric() || " ._-:/".contains(c);
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    match text.len() <= 60 && text.chars().all(is_name) && digits < NUMBER_DIGITS {
        true => text.into(),
        false => "…".into(),
    }
}

impl EventKind {
    /// The kind of a bare detail, as its fields tell: the one of whose required
    /// fields the most are there, its key among them, and the fewest are missing.
    pub(super) fn told_by_fields(detail: &str) -> Option<EventKind> {
        let fields: BTreeMap<String, Option<IgnoredAny>> = serde_json::from_str(detail).ok()?;
        let has = |field: &str| fields.get(field).is_some_and(Option::is_some);
        let fits = |kind: EventKind| {
            let required = schema_of(kind)["required"].as_array()?;
            let there = required.iter().filter(|name| name.as_str().is_some_and(has)).count();
            let missing = required.len() - there;
            let is_told = kind.key_field().map_or(missing == 0, has);
            is_told.then_some((there, Reverse(missing), kind))
        };
        EventKind::ALL.into_iter().filter_map(fits).max().map(|(_, _, kind)| kind)
    }

    /// The kind that a bare detail is most like where no key tells: the one that has
    /// more of its fields than any other, those aside that nearly all have.
    pub(super) fn most_like(detail: &str) -> Option<EventKind> {
        let fields: BTreeMap<String, Option<IgnoredAny>> = serde_json::from_str(detail).ok()?;
        let is_own = |name: &&String| !["customer_id", "occurred_at"].contains(&name.as_str());
        let common = |kind: EventKind| {
            let known = schema_of(kind)["properties"].as_object();
            fields
                .keys()
                .filter(is_own)
                .filter(|name| known.is_some_and(|k| k.contains_key(*name)))
                .count()
        };
        let most = EventKind::ALL.into_iter().map(common).max().filter(|most| *most > 0)?;
        let mut alike = EventKind::ALL.into_iter().filter(|kind| common(*kind) == most);
        alike.next().filter(|_| alike.next().is_none())
    }
}

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<EventKind, UnknownKind> {
        EventKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| UnknownKind(told(text)))
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
