//! What is counted by month.

pub(super) mod dissolutions;
pub(super) mod experiences;
pub(super) mod monthly_statistics;

use super::*;
