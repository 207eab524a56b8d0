//! Those in charge are told of every complaint that is not resolved in time,
//! level by level, and of no other.

use super::Case;
use super::clock::days_later;
use super::flows::TRIGGER_DAYS;
use super::safety::when;
use crate::fact::{Fact, NEVER, What};
use crate::life::{DAY, HOUR};
use crate::shop::TICK;

/// How long somebody has, and how many levels there are above.
const DAYS: i64 = 2;
const LEVELS: i64 = 2;

/// What comes so shortly before or after a deadline may be known then or not.
const UNCERTAIN: i64 = 6 * HOUR;

impl Case<'_> {
    pub(super) fn check_complaints(&mut self) {
        let facts = self.facts;
        for opened in facts.iter().filter(|fact| matches!(fact.what, What::ComplaintOpened)) {
            (1..=LEVELS).for_each(|level| self.check_level(opened, level));
        }
        let observed = self.observed;
        for escalated in &observed.escalated {
            let is_known = facts.iter().any(|fact| {
                matches!(fact.what, What::ComplaintOpened) && fact.key == escalated.complaint
            });
            if !is_known || escalated.level > LEVELS as u64 {
                self.accuse(&escalated.complaint, "went up, and there is no such level");
            }
        }
    }

    fn check_level(&mut self, opened: &Fact, level: i64) {
        let zones = self.zones(self.around.from);
        let deadlines = zones.iter().map(|zone| days_later(opened.occurred, level * DAYS, zone));
        let (first, last) = (deadlines.clone().min(), deadlines.max());
        let (Some(first), Some(last)) = (first, last) else { return };
        let resolved = self
            .facts
            .iter()
            .find(|fact| matches!(fact.what, What::ComplaintResolved) && fact.key == opened.key);
        let erased = self.facts.iter().find(|fact| matches!(fact.what, What::Erased));
        let ends = || resolved.into_iter().chain(erased);
        let told = self.observed.escalated.iter();
        let mut told = told.filter(|e| e.complaint == opened.key && e.level == level as u64);
        match told.next() {
            Some(told) if told.at < first => {
                let why = format!("went up at {}, before its time", when(told.at));
                self.accuse(&opened.key, why);
            }
            Some(told) => {
                // What was reached before it was resolved is told, if it is told late.
                let is_late = |end: &Fact| end.sure < first.max(opened.maybe) - TICK;
                if ends().any(is_late) {
                    let why = format!("went up at {}, and was resolved", when(told.at));
                    self.accuse(&opened.key, why);
                }
            }
            None => {
                let from = last.max(opened.sure);
                let is_watched = opened.sure < opened.occurred + (TRIGGER_DAYS - 1) * DAY;
                let was_left = ends().all(|end| end.maybe > from + UNCERTAIN);
                let is_over = opened.sure < NEVER && from < self.around.until - DAY;
                if is_watched && was_left && is_over {
                    self.accuse(
                        &opened.key,
                        format!("was not resolved, and nobody was told of level {level}"),
                    );
                }
            }
        }
    }
}
