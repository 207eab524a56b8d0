//! Every other January those get a mail who want no other, if they were known
//! before.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::Case;
use super::clock::{date, instant};
use super::flows::flow;
use super::view::View;
use crate::fact::{Fact, What};
use crate::life::DAY;

/// What changes so shortly before or after a day may be known on it or not.
const UNCERTAIN: i64 = 4 * DAY;

impl Case<'_> {
    pub(super) fn check_digests(&mut self) {
        let utc = TimeZone::UTC;
        let (from, until) = (self.around.from, self.around.until);
        for year in date(from, &utc).year()..=date(until, &utc).year() {
            if year % 2 == 0
                && let Ok(day) = Date::new(year, 1, 15)
            {
                self.check_digest(day);
            }
        }
    }

    fn check_digest(&mut self, day: Date) {
        let Some(flow) = flow("digest") else { return };
        let (step, occurrence) = (&flow.steps[0], day.to_string());
        let touch = flow.touch(self.id, &occurrence, step);
        let zones = self.zones(self.around.from);
        let at = instant(day, Time::midnight(), &TimeZone::UTC);
        let last = View { facts: self.facts, at, is_sure: true }.zone();
        let base = self.began_on(day, (&touch, step), &zones, &last);
        let views = View::both(self.facts, base);
        // Who becomes one on the day itself gets it too.
        let went = self.observed.gone.iter().find(|gone| gone.touch == touch);
        let then = went.map(|gone| View::both(self.facts, gone.at));
        if then.is_some_and(|then| !views.iter().chain(&then).any(View::is_transactional)) {
            self.accuse(&touch, "went out to somebody who wants more");
        }
        let is_certain = views.iter().all(View::is_transactional)
            && !views[1].is_erased()
            && !self.facts.iter().any(|fact| unsettles(fact, base))
            && (self.around.from..self.around.until - UNCERTAIN).contains(&base);
        if is_certain {
            self.follow_day(flow, occurrence, base, base);
        }
    }
}

/// Whether something tells about then who the customer is or where.
fn unsettles(fact: &Fact, base: i64) -> bool {
    let about_then = base - UNCERTAIN..base + UNCERTAIN;
    let is_about_it = matches!(fact.what, What::Profile(_) | What::Erased);
    is_about_it && (about_then.contains(&fact.maybe) || about_then.contains(&fact.sure))
}
