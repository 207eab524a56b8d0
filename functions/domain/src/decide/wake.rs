//! When a customer's calendar is looked at though no rule asks for it yet.

use jiff::ToSpan;
use jiff::tz::TimeZone;

use super::celebrated_on;
use crate::calendar;
use crate::customer::Customer;
use crate::instant::Instant;
use crate::policy::LeapDay;

/// So many days before an occasion. A rule may be published at any time, and
/// must reach everybody whose occasion it still can: those are then at the
/// latest found at the next of these days, without anybody reading the table.
const DAYS_BEFORE: [i64; 13] = [60, 45, 30, 28, 21, 14, 10, 7, 5, 3, 2, 1, 0];

/// The next day on which to look, `None` where no date is known.
pub fn next_wake(customer: &Customer, now: Instant) -> Option<Instant> {
    // To the day is near enough: what counts is that it comes.
    let zone = customer.zone(&TimeZone::UTC);
    let year = now.date_in(&zone).year();
    let profile = &customer.profile;
    let anniversaries = profile.anniversaries.values().filter_map(|dated| dated.latest());
    let mut next: Option<Instant> = None;
    for date in profile.birthday.latest().into_iter().chain(anniversaries) {
        for year in [year, year.saturating_add(1)] {
            let Some(day) = celebrated_on(*date, year, LeapDay::Feb28) else { continue };
            for days in DAYS_BEFORE {
                let Ok(day) = day.checked_sub(days.days()) else { continue };
                let at = calendar::midnight(day, &zone);
                if at > now {
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
            }
        }
    }
    next
}
