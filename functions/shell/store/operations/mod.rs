//! What the shop's operation needs: failures, limits, what is in force.

pub(super) mod audit;
pub(super) mod calendar_rules;
pub(super) mod deployed;
pub(super) mod drafts;
pub(super) mod drift_model;
pub(super) mod failures;
pub(super) mod failures_about;
pub(super) mod kept_report;
pub(super) mod purchases;
pub(super) mod same_failure;
pub(super) mod send_rate;
pub(super) mod sending_state;
pub(super) mod sessions;
pub(super) mod versions;

use super::*;
