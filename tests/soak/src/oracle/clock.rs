//! Local time, on jiff alone. Times are milliseconds since 1970.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::fact::Line;

/// The policy's closed days: month and day, and the year where it is one only.
const CLOSED: [(Option<i16>, i8, i8); 3] = [(None, 1, 1), (None, 12, 25), (Some(2028), 2, 29)];

pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

pub fn local(millis: i64, zone: &TimeZone) -> DateTime {
    zone.to_datetime(Timestamp::from_millisecond(millis).unwrap_or_default())
}

pub fn date(millis: i64, zone: &TimeZone) -> Date {
    local(millis, zone).date()
}

/// The instant of a local time: behind a gap, the first of two.
pub fn instant(date: Date, time: Time, zone: &TimeZone) -> i64 {
    let zoned = date.to_datetime(time).to_zoned(zone.clone());
    zoned.map_or(i64::MAX, |zoned| zoned.timestamp().as_millisecond())
}

/// The same local time so many days later.
pub fn days_later(millis: i64, days: i64, zone: &TimeZone) -> i64 {
    let local = local(millis, zone);
    instant(later(local.date(), days), local.time(), zone)
}

pub fn later(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).unwrap_or(Date::MAX)
}

pub fn is_closed(date: Date) -> bool {
    CLOSED.iter().any(|(year, month, day)| {
        year.is_none_or(|year| year == date.year()) && (*month, *day) == (date.month(), date.day())
    })
}

/// The next Monday to Friday that is not closed.
pub fn business_day_after(date: Date) -> Date {
    let mut day = date;
    loop {
        day = day.tomorrow().unwrap_or(Date::MAX);
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if day == Date::MAX || !weekend && !is_closed(day) {
            return day;
        }
    }
}

/// Whether a channel may be used.
pub fn is_open(line: Line, country: Option<&str>, millis: i64, zone: &TimeZone) -> bool {
    let local = local(millis, zone);
    let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
    let within = |from: i32, until: i32| (from * 60..until * 60).contains(&minute);
    match (line, local.weekday()) {
        (Line::Task, _) => true,
        (Line::Email, _) => within(8, 21),
        (Line::Call, _) if is_closed(local.date()) => false,
        (Line::Call, Weekday::Sunday) => false,
        (Line::Call, Weekday::Saturday) => country != Some("ES") && within(10, 14),
        (Line::Call, _) => within(9, 19),
    }
}
