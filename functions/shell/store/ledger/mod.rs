//! What happened, for ever: events and touches, with what was told of them.

pub(super) mod answers;
pub(super) mod beside;
pub(super) mod ended;
pub(super) mod enrolments;
pub(super) mod entries;
pub(super) mod feedback;
pub(super) mod history;

use super::*;
