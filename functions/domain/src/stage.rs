//! The stages of a relationship: a function of history and time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
