//! The stages of a relationship: a function of history and time.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the stages")]

pub mod timeline;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::instant::Instant;

/// Where a customer's relationship with the shop stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Exploration,
    Awareness,
    Expansion,
    Commitment,
    Dissolution,
    Ended,
}

impl Stage {
    pub const ALL: [Stage; 6] = [
        Stage::Exploration,
        Stage::Awareness,
        Stage::Expansion,
        Stage::Commitment,
        Stage::Dissolution,
        Stage::Ended,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Exploration => "exploration",
            Stage::Awareness => "awareness",
            Stage::Expansion => "expansion",
            Stage::Commitment => "commitment",
            Stage::Dissolution => "dissolution",
            Stage::Ended => "ended",
        }
    }

    /// The stage of a customer who is not drifting away.
    pub fn of(purchase_days: usize, positive_signal: bool) -> Stage {
        match purchase_days {
            0 => Stage::Exploration,
            1 if positive_signal => Stage::Awareness,
            1 => Stage::Exploration,
            2 | 3 => Stage::Expansion,
            _ => Stage::Commitment,
        }
    }
}

/// A stage that a customer entered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub stage: Stage,
    pub at: Instant,
    /// Entered by the mere passing of time, at local midnight: a day without a
    /// time of day.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_day: bool,
    /// When it was learnt, where that was not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learnt_at: Option<Instant>,
}

/// The purchase days by which drift was forecast, and the day on which it was to
/// begin: a model that is fitted later does not judge the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftForecast {
    pub first: jiff::civil::Date,
    pub last: jiff::civil::Date,
    pub days: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drifts_on: Option<jiff::civil::Date>,
}
