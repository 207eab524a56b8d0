//! Each birthday once a year, on its day.

use jiff::civil::{Date, Time};

use super::Case;
use super::clock::{date, instant};
use super::flows::flow;
use super::view::View;
use crate::fact::{Birthday, Fact, What};
use crate::life::DAY;

/// Around which time a changed profile makes it uncertain what is celebrated.
const UNCERTAIN: i64 = 4 * DAY;

/// The day of a year on which a date is celebrated: 29 February on the 28th
/// where there is none.
fn celebrated((born, month, day): Birthday, year: i16) -> Option<Date> {
    if born.is_some_and(|born| year <= born) {
        return None;
    }
    Date::new(year, month, day).or_else(|_| Date::new(year, month, day - 1)).ok()
}

impl<'a> Case<'a> {
    pub(super) fn check_birthdays(&mut self) {
        let (from, until) = (self.around.from, self.around.until);
        let utc = jiff::tz::TimeZone::UTC;
        for year in date(from, &utc).year()..=date(until, &utc).year() {
            self.check_birthday(year);
        }
    }

    fn check_birthday(&mut self, year: i16) {
        let Some(flow) = flow("birthday") else { return };
        let step = &flow.steps[0];
        let touch = flow.touch(self.id, &year.to_string(), step);
        let is_there = self.observed.touches.contains_key(&touch)
            || self.observed.pending.contains_key(&touch);
        let mut candidates = self.candidates(year);
        let planned = self.due_of(&touch);
        let zones = self.zones(self.around.from);
        // Where it is there, it is on one of the days that it may be on.
        let base = match (planned, candidates.len()) {
            (_, 0) => None,
            (Some(due), _) => candidates
                .iter()
                .copied()
                .find(|base| zones.iter().any(|zone| step.due(*base, zone) == due))
                .or_else(|| candidates.pop()),
            (None, 1) => candidates.pop().filter(|base| self.is_certain(*base)),
            (None, _) => None,
        };
        match base {
            Some(base) => {
                let received = self.known_since(base);
                self.follow_day(flow, year.to_string(), base, received);
            }
            None if is_there => self.accuse(&touch, "is celebrated without a birthday"),
            None => {}
        }
    }

    /// The local midnights at which a birthday of a year may begin.
    fn candidates(&self, year: i16) -> Vec<i64> {
        let birthdays = self.facts.iter().filter_map(|fact| match &fact.what {
            What::Profile(told) => told.birthday,
            _ => None,
        });
        let mut found = Vec::new();
        for birthday in birthdays {
            let Some(day) = celebrated(birthday, year) else { continue };
            for zone in self.zones(self.around.from) {
                let base = instant(day, Time::midnight(), &zone);
                if !found.contains(&base) {
                    found.push(base);
                }
            }
        }
        found
    }

    fn profiles(&self) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(|fact| matches!(fact.what, What::Profile(_)))
    }

    /// Whether the profile was known, and nothing changed about that time: who is
    /// forgotten before the day is looked at has nothing planned.
    fn is_certain(&self, base: i64) -> bool {
        let around = base - UNCERTAIN..base + UNCERTAIN;
        let erased = self.facts.iter().filter(|fact| matches!(fact.what, What::Erased));
        let changes = self
            .profiles()
            .chain(erased)
            .any(|fact| around.contains(&fact.maybe) || around.contains(&fact.sure));
        let [sure, maybe] = View::both(self.facts, base);
        let is_known = sure.told(|told| told.birthday).is_some();
        is_known && !changes && !maybe.is_erased() && base < self.around.until - UNCERTAIN
    }

    /// When a birthday could be planned: on its day, or where the profile came
    /// later, then.
    fn known_since(&self, base: i64) -> i64 {
        let recent = self.profiles().map(|fact| fact.sure).filter(|sure| *sure > base);
        recent.filter(|sure| *sure < base + UNCERTAIN).max().unwrap_or(base)
    }
}
