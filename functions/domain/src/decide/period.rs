//! The periods by which digests go: every so many days, weeks, months or years
//! of the customer's calendar.
//!
//! Periods are the same for everybody in a time zone: days are counted from
//! 1 January 1970, weeks from the Monday after it, months from its beginning
//! (so that quarters begin in January, April, July and October), each on the
//! rule's `on_day`, or on the month's last where that has no such day.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use crate::span::{Span, Unit};

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The first day of the period that is under way on a day.
pub fn current(period: Span, on_day: Option<i8>, day: Date) -> Option<Date> {
    let count = i64::from(period.count);
    match period.unit {
        Unit::Days => back(day, days_since(EPOCH, day).rem_euclid(count)),
        Unit::Weeks => {
            let monday = EPOCH.nth_weekday(1, Weekday::Monday).ok()?;
            back(day, days_since(monday, day).rem_euclid(7 * count))
        }
        Unit::Months => of_months(count, on_day, day),
        Unit::Years => of_months(12 * count, on_day, day),
        Unit::Minutes | Unit::Hours | Unit::BusinessDays => None,
    }
}

/// The first day of the period after the one that is under way on a day.
pub fn next(period: Span, on_day: Option<i8>, day: Date) -> Option<Date> {
    let count = i64::from(period.count);
    let begun = || current(period, on_day, day);
    match period.unit {
        Unit::Months => months_later(count, on_day, day),
        Unit::Years => months_later(12 * count, on_day, day),
        Unit::Weeks => begun()?.checked_add((7 * count).days()).ok(),
        _ => begun()?.checked_add(count.days()).ok(),
    }
}

fn of_months(count: i64, on_day: Option<i8>, day: Date) -> Option<Date> {
    let number = month_number(day);
    let begins = month_day(number - number.rem_euclid(count), on_day)?;
    match begins <= day {
        true => Some(begins),
        false => month_day(month_number(begins) - count, on_day),
    }
}

fn months_later(count: i64, on_day: Option<i8>, day: Date) -> Option<Date> {
    let number = month_number(day);
    let this = number - number.rem_euclid(count);
    let begins = month_day(this, on_day)?;
    match begins > day {
        true => Some(begins),
        false => month_day(this + count, on_day),
    }
}

/// Months since the beginning of 1970.
fn month_number(day: Date) -> i64 {
    (i64::from(day.year()) - 1970) * 12 + i64::from(day.month()) - 1
}

fn month_day(number: i64, on_day: Option<i8>) -> Option<Date> {
    let year = i16::try_from(1970 + number.div_euclid(12)).ok()?;
    let first = Date::new(year, number.rem_euclid(12) as i8 + 1, 1).ok()?;
    let day = on_day.unwrap_or(1).min(first.days_in_month());
    Date::new(first.year(), first.month(), day).ok()
}

fn days_since(from: Date, to: Date) -> i64 {
    crate::drift::days_between(from, to)
}

fn back(day: Date, days: i64) -> Option<Date> {
    day.checked_sub(days.days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn periods_begin_where_a_calendar_would_have_them() {
        let span = |text: &str| text.parse::<Span>().unwrap();
        let today = date(2028, 3, 15);
        let both = |period: &str, on_day| {
            let period = span(period);
            (current(period, on_day, today).unwrap(), next(period, on_day, today).unwrap())
        };
        assert_eq!(both("1 month", None), (date(2028, 3, 1), date(2028, 4, 1)));
        assert_eq!(both("1 month", Some(20)), (date(2028, 2, 20), date(2028, 3, 20)));
        assert_eq!(both("1 month", Some(31)), (date(2028, 2, 29), date(2028, 3, 31)));
        assert_eq!(both("3 months", None), (date(2028, 1, 1), date(2028, 4, 1)));
        assert_eq!(both("3 months", Some(31)), (date(2028, 1, 31), date(2028, 4, 30)));
        assert_eq!(both("1 year", Some(2)), (date(2028, 1, 2), date(2029, 1, 2)));
        assert_eq!(current(span("2 years"), None, date(2029, 10, 1)), Some(date(2028, 1, 1)));
        assert_eq!(both("1 week", None), (date(2028, 3, 13), date(2028, 3, 20)));
        assert_eq!(both("2 weeks", None), (date(2028, 3, 13), date(2028, 3, 27)));
        assert_eq!(both("3 weeks", None), (date(2028, 3, 13), date(2028, 4, 3)));
        assert_eq!(both("1 day", None), (date(2028, 3, 15), date(2028, 3, 16)));
        assert_eq!(current(span("1 month"), Some(31), date(2027, 2, 28)), Some(date(2027, 2, 28)));
    }

    #[test]
    fn every_day_lies_in_one_period() {
        for (period, on_day) in [
            ("2 weeks", None),
            ("3 days", None),
            ("1 month", Some(30)),
            ("6 months", Some(31)),
            ("2 years", None),
        ] {
            let period = period.parse::<Span>().unwrap();
            let mut day = date(2027, 1, 1);
            while day < date(2030, 1, 1) {
                let (begun, follows) =
                    (current(period, on_day, day).unwrap(), next(period, on_day, day).unwrap());
                assert!(begun <= day && day < follows, "{period} {day}: {begun} {follows}");
                assert_eq!(current(period, on_day, follows), Some(follows));
                day = day.tomorrow().unwrap();
            }
        }
    }
}
