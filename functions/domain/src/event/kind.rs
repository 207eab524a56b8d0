//! The names of the events that Lazo takes.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kind of an event: its `detail-type`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum EventKind {
    CustomerUpdated,
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
    CustomerMerged,
}

/// A `detail-type` that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown detail-type {0:?}; known are {known}", known = EventKind::ALL.map(EventKind::as_str).join(", "))]
pub struct UnknownKind(pub String);

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
    pub const ALL: [EventKind; 13] = [
        EventKind::CustomerUpdated,
        EventKind::ConsentChanged,
        EventKind::PurchaseCompleted,
        EventKind::PurchaseDelivered,
        EventKind::PurchaseRefunded,
        EventKind::InteractionRecorded,
        EventKind::ComplaintOpened,
        EventKind::ComplaintResolved,
        EventKind::CallReported,
        EventKind::SurveyAnswered,
        EventKind::ContentPublished,
        EventKind::CustomerErased,
        EventKind::CustomerMerged,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::CustomerUpdated => "CustomerUpdated",
            EventKind::ConsentChanged => "ConsentChanged",
            EventKind::PurchaseCompleted => "PurchaseCompleted",
            EventKind::PurchaseDelivered => "PurchaseDelivered",
            EventKind::PurchaseRefunded => "PurchaseRefunded",
            EventKind::InteractionRecorded => "InteractionRecorded",
            EventKind::ComplaintOpened => "ComplaintOpened",
            EventKind::ComplaintResolved => "ComplaintResolved",
            EventKind::CallReported => "CallReported",
            EventKind::SurveyAnswered => "SurveyAnswered",
            EventKind::ContentPublished => "ContentPublished",
            EventKind::CustomerErased => "CustomerErased",
            EventKind::CustomerMerged => "CustomerMerged",
        }
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
