//! When a customer's calendar is looked at though no rule asks for it yet.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::celebrated_on;
use crate::calendar;
use crate::customer::{CUSTOMER_SINCE, Customer};
use crate::instant::Instant;
use crate::policy::LeapDay;

/// So many days before an occasion. A rule may be published at any time, and
/// must reach everybody whose occasion it still can: those are then at the
/// latest found at the next of these days, without anybody reading the table.
const DAYS_BEFORE: [i64; 13] = [60, 45, 30, 28, 21, 14, 10, 7, 5, 3, 2, 1, 0];

/// The same for the anniversary of the first purchase: whoever bought is looked
/// at each month for drift, so that fewer days do.
const DAYS_BEFORE_CUSTOMER_SINCE: [i64; 3] = [14, 7, 0];

/// The next day on which to look, `None` where no date is known.
pub fn next_wake(customer: &Customer, now: Instant) -> Option<Instant> {
    // To the day is near enough: what counts is that it comes.
    let utc = TimeZone::UTC;
    let zone = customer.zone(&utc);
    let this_year = now.date_in(&zone).year();
    let told = customer.profile.anniversaries.keys().map(String::as_str);
    let told = ["birthday"].into_iter().chain(told).map(|name| (name, &DAYS_BEFORE[..]));
    let names = told.chain([(CUSTOMER_SINCE, &DAYS_BEFORE_CUSTOMER_SINCE[..])]);
    let days = names.filter_map(|(name, days)| Some((customer.occasion(name, &zone)?, days)));
    let wakes = days.flat_map(|(date, days_before)| {
        let years = [this_year, this_year.saturating_add(1)];
        let days =
            years.into_iter().filter_map(move |year| celebrated_on(date, year, LeapDay::Feb28));
        days.flat_map(|day| {
            days_before.iter().filter_map(move |days| day.checked_sub(days.days()).ok())
        })
    });
    wakes.map(|day| calendar::midnight(day, &zone)).filter(|at| *at > now).min()
}
