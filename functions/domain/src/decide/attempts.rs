//! When a call is tried again: in another part of the day, or when the customer asked to
//! be called back (rules#attempts, rules#call-backs).

use jiff::civil::{Date, Time};

use super::Turn;
use crate::calendar;
use crate::channel::Channel;
use crate::customer::{Enrolment, Says, Try};
use crate::instant::Instant;
use crate::policy::{DayRanges, Range};
use crate::rulebook::{Attempt, Attempts, Step, step_parts};

/// The hours that a day is parted by where the policy gives calls no window.
const DAY: Range = Range { from_minute: 9 * 60, until_minute: 21 * 60 };

/// How many days ahead an attempt is planned at most, where hardly any day has
/// hours for calls.
const DAYS_MAX: usize = 366;

/// Into how many parts a day's hours are divided.
const PARTS: usize = 3;

/// The parts of a day in the order in which they are tried after one of them:
/// what differs most comes first.
const AFTER: [[usize; PARTS]; PARTS] = [[2, 1, 0], [2, 0, 1], [0, 1, 2]];

impl<'a> Turn<'a> {
    /// When a planned touch falls due: a further attempt at a call in another
    /// part of the day, or when the customer asked for it, whatever else counted from
    /// its base.
    pub(super) fn due_of(&self, enrolment: &Enrolment, step: &Step) -> Instant {
        let attempts = self.book.rule(&enrolment.rule).and_then(|rule| rule.attempts(&step.id));
        match (attempts, step_parts(&step.id)) {
            (Some(attempts), (_, Attempt::Nth(2..))) => {
                self.attempt_due(attempts, &enrolment.tries)
            }
            _ => self.due(step, enrolment.base(), self.detail_of(enrolment)),
        }
    }

    /// When the attempt behind these falls due: when the customer asked to be called
    /// back, or at the next opening after it; otherwise in another part of the day.
    pub(super) fn attempt_due(&self, attempts: &Attempts, tries: &[Try]) -> Instant {
        let said = tries.last().and_then(|last| last.reported).map(|reported| reported.says);
        match said {
            Some(Says::CallBack(Some(at))) => self.opening(at, Channel::Call).unwrap_or(at),
            _ => self.another_part(attempts, tries),
        }
    }

    /// After the gap, in a part of the day's hours for calls in which none of them was
    /// asked for or made.
    fn another_part(&self, attempts: &Attempts, tries: &[Try]) -> Instant {
        let Some(last) = tries.last() else { return self.now };
        let earliest = self.later(last.made_at(), attempts.gap);
        let country = self.customer.profile.country.latest().map(|country| country.as_str());
        let window = self.book.policy.window(Channel::Call, country);
        let mut date = earliest.date_in(&self.zone);
        for _ in 0..DAYS_MAX {
            if let Some(hours) = self.call_hours(window.as_ref(), date) {
                let begins = |part| calendar::instant(date, time(edge(hours, part)), &self.zone);
                let opens_in = |part: usize, from: Instant| {
                    let opens = self.opening(from, Channel::Call)?;
                    let is_in = opens.date_in(&self.zone) == date
                        && self.minute(opens) < edge(hours, part + 1);
                    is_in.then_some(opens)
                };
                let has_hours = |part: &usize| opens_in(*part, begins(*part)).is_some();
                let parts = self.untried(hours, tries, has_hours);
                let starts = parts.into_iter().filter_map(|part| {
                    // A gap of days counts dates, and leaves the time open.
                    let exactly = attempts.gap.is_exact().then_some(earliest);
                    opens_in(part, exactly.map_or(begins(part), |at| at.max(begins(part))))
                });
                let start = match attempts.gap.is_exact() {
                    true => starts.min(),
                    false => { starts }.next(),
                };
                if let Some(start) = start {
                    return start;
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        earliest
    }

    /// The hours for calls of a day, from the first opening to the last end.
    fn call_hours(&self, window: Option<&DayRanges>, date: Date) -> Option<Range> {
        if self.book.policy.closed_days.contains(date) {
            return None;
        }
        let Some(window) = window else { return Some(DAY) };
        let ranges = window.on(date.weekday());
        let from_minute = ranges.first()?.from_minute;
        let until_minute = ranges.iter().map(|range| range.until_minute).max()?;
        Some(Range { from_minute, until_minute })
    }

    /// The parts of a day's hours to try next, the best first, of those in which
    /// calls may be made.
    fn untried(
        &self,
        hours: Range,
        tries: &[Try],
        has_hours: impl Fn(&usize) -> bool,
    ) -> Vec<usize> {
        let part = |at: Instant| {
            let minute = self.minute(at);
            (0..PARTS).rev().find(|part| minute >= edge(hours, *part)).unwrap_or(0)
        };
        let asked: Vec<usize> = tries.iter().map(|one| part(one.asked_at)).collect();
        let made: Vec<usize> = tries.iter().map(|one| part(one.made_at())).collect();
        let last = asked.last().copied().unwrap_or(0);
        let order = |is_fresh: &dyn Fn(&usize) -> bool| -> Vec<usize> {
            AFTER[last].into_iter().filter(|part| is_fresh(part) && has_hours(part)).collect()
        };
        let fresh = order(&|part| !asked.contains(part) && !made.contains(part));
        let unasked = order(&|part| !asked.contains(part));
        let others = order(&|part| *part != last);
        [fresh, unasked, others].into_iter().find(|parts| !parts.is_empty()).unwrap_or_default()
    }

    fn minute(&self, at: Instant) -> u16 {
        let local = self.zone.to_datetime(at.timestamp());
        local.hour() as u16 * 60 + local.minute() as u16
    }
}

/// Where a part of a day's hours begins, in minutes of the day; the part
/// behind the last begins where the hours end.
fn edge(hours: Range, part: usize) -> u16 {
    let length = hours.until_minute - hours.from_minute;
    hours.from_minute + (usize::from(length) * part / PARTS) as u16
}

fn time(minute: u16) -> Time {
    let (hour, minute) = ((minute / 60).min(23), minute % 60);
    Time::constant(hour as i8, minute as i8, 0, 0)
}
