//! What events told is kept as long as the policy says, until the next look at the
//! customer, and no longer.

use super::Case;
use crate::life::DAY;

/// How long the policy keeps it.
const KEPT_DAYS: i64 = 90;

/// Nobody is looked at more seldom.
const LOOK_DAYS: i64 = 400;

impl Case<'_> {
    pub(super) fn check_history(&mut self) {
        let oldest = self.around.until - (KEPT_DAYS + LOOK_DAYS) * DAY;
        if let Some(since) = self.observed.kept_since.filter(|since| *since < oldest) {
            self.accuse("history", format!("what an event of {since} told is still kept"));
        }
    }
}
