//! A customer's state: its item, the alarms that wake it, and what is kept beside it.

pub(super) mod addresses;
pub(super) mod alarms;
pub(super) mod data_subject;
pub(super) mod details;
pub(super) mod format;
pub(super) mod item;
pub(super) mod people;
pub(super) mod search;
pub(super) mod sections;
#[cfg(test)]
mod size_tests;

use super::*;
