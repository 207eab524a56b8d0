//! When a customer's calendar is looked at though no rule asks for it yet.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::celebrated_on;
use crate::calendar;
use crate::customer::{CUSTOMER_SINCE, Customer};
use crate::instant::Instant;
use crate::policy::LeapDay;

/// So many days before an occasion its customer is looked at, whatever the rules
/// are, and wakes for its day at the latest. A rule that is published earlier
/// finds them at that look; one that is published later, among those whose alarm
/// rings within so many days.
pub const LOOK_AHEAD_DAYS: i64 = 60;

/// The next day on which to look, `None` where no date is known.
pub fn next_wake(customer: &Customer, now: Instant) -> Option<Instant> {
    // To the day is near enough: what counts is that it comes.
    let utc = TimeZone::UTC;
    let zone = customer.zone(&utc);
    let this_year = now.date_in(&zone).year();
    let told = customer.profile.anniversaries.keys().map(String::as_str);
    let names = ["birthday", CUSTOMER_SINCE].into_iter().chain(told);
    let dates = names.filter_map(|name| customer.occasion(name, &zone));
    let days = dates.flat_map(|date| {
        let years = [this_year, this_year.saturating_add(1)];
        years.into_iter().filter_map(move |year| celebrated_on(date, year, LeapDay::Feb28))
    });
    let looks = days.flat_map(|day| [day.checked_sub(LOOK_AHEAD_DAYS.days()).ok(), Some(day)]);
    looks.flatten().map(|day| calendar::midnight(day, &zone)).filter(|at| *at > now).min()
}
