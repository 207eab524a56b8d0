//! Calendar arithmetic (rules#due-time, rules#occasions, rules#windows): when a touch
//! falls due, which days are working days, when a window opens next.
//!
//! Days, weeks, months and business days count dates of the customer's own
//! calendar; minutes and hours are elapsed time. A local time that a clock
//! change skips moves forward by the gap, one that occurs twice is the first.

use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::instant::Instant;
use crate::policy::{ClosedDays, DayRanges};
use crate::span::{Span, Unit};

/// How far ahead an opening is looked for before a window counts as shut.
const OPENING_DAYS_MAX: i32 = 366;

/// From what a due time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// The instant from which a wait is counted.
    pub at: Instant,
    /// The base is a day (an occasion, a period's start, the onset of drift):
    /// the policy's default time stands in where a step names none.
    pub is_day: bool,
}

/// The instant of a local date and time.
pub fn instant(date: Date, time: Time, zone: &TimeZone) -> Instant {
    zone.to_ambiguous_timestamp(date.to_datetime(time))
        .compatible()
        .map_or(Instant::MAX, Instant::from)
}

/// Local midnight, or the day's first instant where a clock change skips it.
pub fn midnight(date: Date, zone: &TimeZone) -> Instant {
    instant(date, Time::midnight(), zone)
}

/// The date so many units later; business days skip weekends and closed days.
pub(crate) fn later_date(date: Date, span: Span, closed: &ClosedDays) -> Date {
    let count = i64::from(span.count);
    let shifted = match span.unit {
        Unit::Days => date.checked_add(count.days()),
        Unit::Weeks => date.checked_add(count.weeks()),
        Unit::Months => date.checked_add(count.months()),
        Unit::Years => date.checked_add(count.years()),
        Unit::BusinessDays => return business_days_later(date, span.count, closed),
        Unit::Minutes | Unit::Hours => Ok(date),
    };
    shifted.unwrap_or(Date::MAX)
}

fn business_days_later(mut date: Date, count: i32, closed: &ClosedDays) -> Date {
    let mut left = count;
    // A closed-day list can shut a year at most, so this ends.
    let mut days_seen = 0;
    while left > 0 && days_seen < Span::COUNT_MAX * 4 {
        date = date.tomorrow().unwrap_or(Date::MAX);
        days_seen += 1;
        if is_business_day(date, closed) {
            left -= 1;
        }
    }
    date
}

/// Monday to Friday, closed days excepted.
pub fn is_business_day(date: Date, closed: &ClosedDays) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) && !closed.contains(date)
}

/// `span` later: elapsed time, or the same local time on a later date.
///
/// # Examples
/// ```
/// use jiff::tz::TimeZone;
/// use lazo_domain::{calendar, instant::Instant, policy::ClosedDays, span::Span};
/// let madrid = TimeZone::get("Europe/Madrid").unwrap();
/// // The night of 28 March 2027 has no hour from two to three.
/// let eve: jiff::Timestamp = "2027-03-27T12:00:00+01:00".parse().unwrap();
/// let none = ClosedDays::default();
/// let next = calendar::later(eve.into(), Span::days(1), &madrid, &none);
/// assert_eq!(next.rfc3339_in(&madrid), "2027-03-28T12:00:00+02:00");
/// ```
pub fn later(at: Instant, span: Span, zone: &TimeZone, closed: &ClosedDays) -> Instant {
    match span.unit {
        Unit::Minutes => at.plus_millis(i64::from(span.count) * 60_000),
        Unit::Hours => at.plus_millis(i64::from(span.count) * 3_600_000),
        _ => {
            let local = zone.to_datetime(at.timestamp());
            instant(later_date(local.date(), span, closed), local.time(), zone)
        }
    }
}

/// When a step falls due (rules#due-time).
pub fn due(
    base: Base,
    wait: Option<Span>,
    at: Option<Time>,
    default_time: Time,
    zone: &TimeZone,
    closed: &ClosedDays,
) -> Instant {
    let at = at.or(base.is_day.then_some(default_time));
    match wait {
        None => match at {
            None => base.at,
            Some(at) => first_at_or_after(base.at, at, zone),
        },
        Some(wait) if wait.is_exact() => {
            let waited = later(base.at, wait, zone, closed);
            match at {
                None => waited,
                Some(at) => first_at_or_after(waited, at, zone),
            }
        }
        Some(wait) => {
            let local = zone.to_datetime(base.at.timestamp());
            let date = later_date(local.date(), wait, closed);
            instant(date, at.unwrap_or(local.time()), zone)
        }
    }
}

fn first_at_or_after(from: Instant, at: Time, zone: &TimeZone) -> Instant {
    let today = from.date_in(zone);
    let candidate = instant(today, at, zone);
    if candidate >= from {
        return candidate;
    }
    instant(today.tomorrow().unwrap_or(Date::MAX), at, zone)
}

/// When a channel may be used: inside all of its windows, and not on a closed
/// day where those count for it.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a> {
    /// The policy's window and that of the customer's country; `None` sets no limit.
    pub windows: [Option<&'a DayRanges>; 2],
    /// The closed days; `None` where they do not count for the channel.
    pub closed: Option<&'a ClosedDays>,
}

impl Hours<'_> {
    /// Whether the clock on the customer's wall is inside.
    pub fn include(&self, at: Instant, zone: &TimeZone) -> bool {
        let local = zone.to_datetime(at.timestamp());
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let is_inside = |window: &&DayRanges| {
            let mut ranges = window.on(local.weekday()).iter();
            ranges.any(|range| (range.from_minute..range.until_minute).contains(&minute))
        };
        self.windows.iter().flatten().all(is_inside)
            && !self.closed.is_some_and(|closed| closed.contains(local.date()))
    }

    /// The first instant at or after `from` that is inside; `None` where they
    /// never open within a year.
    pub fn next_opening(&self, from: Instant, zone: &TimeZone) -> Option<Instant> {
        if self.include(from, zone) {
            return Some(from);
        }
        let mut date = from.date_in(zone);
        for _ in 0..OPENING_DAYS_MAX {
            if !self.closed.is_some_and(|closed| closed.contains(date)) {
                let openings = self.clock_moves(date).flat_map(|time| both(date, time, zone));
                let openings = openings.chain(clock_changes(date, zone));
                let is_open = |at: &Instant| *at >= from && self.include(*at, zone);
                if let Some(opens) = openings.filter(is_open).min() {
                    return Some(opens);
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The times of a day at which it may open: midnight, and each start.
    fn clock_moves(&self, date: Date) -> impl Iterator<Item = Time> {
        let windows = self.windows.into_iter().flatten();
        let starts = windows.flat_map(move |window| window.on(date.weekday()));
        let starts = starts.map(|range| {
            let (hour, minute) = (range.from_minute / 60, range.from_minute % 60);
            Time::constant(hour as i8, minute as i8, 0, 0)
        });
        std::iter::once(Time::midnight()).chain(starts)
    }
}

/// The instants of a local time: two where it occurs twice.
fn both(date: Date, time: Time, zone: &TimeZone) -> [Instant; 2] {
    let ambiguous = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let second = ambiguous.later().map_or(Instant::MAX, Instant::from);
    [instant(date, time, zone), second]
}

/// The instants of a day, after its midnight, at which its clock is put forward or
/// back: either may lead right into a window.
fn clock_changes(date: Date, zone: &TimeZone) -> impl Iterator<Item = Instant> {
    let changes = zone.following(midnight(date, zone).timestamp());
    let changes = changes.map(|change| Instant::from(change.timestamp()));
    changes.take_while(move |at| at.date_in(zone) == date)
}

/// Whole local days from one instant's date to another's.
pub fn days_between(from: Instant, to: Instant, zone: &TimeZone) -> i64 {
    let (from, to) = (from.date_in(zone), to.date_in(zone));
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::AnnualDate;

    #[test]
    fn as_many_business_days_are_counted_as_a_span_may_have() {
        let monday = Date::constant(2026, 11, 23);
        let later = business_days_later(monday, Span::COUNT_MAX, &ClosedDays::default());
        // Five to a week: 2,000 weeks.
        assert_eq!(later, monday.checked_add(14_000.days()).unwrap());
        assert_eq!(business_days_later(monday, 0, &ClosedDays::default()), monday);
    }

    #[test]
    fn a_shop_that_is_closed_on_every_day_keeps_nobody_counting_for_ever() {
        let year = (0..366).map(|day| Date::constant(2028, 1, 1).checked_add(day.days()).unwrap());
        let every = |day: Date| AnnualDate { year: None, month: day.month(), day: day.day() };
        let closed = ClosedDays(year.map(every).collect());
        let monday = Date::constant(2026, 11, 23);
        assert!(business_days_later(monday, 1, &closed) > monday);
    }
}
