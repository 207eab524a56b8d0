//! On which day a verdict is given, and by whom it is decided.
//!
//! Whoever looks every week until an interval excludes zero will see effects that are
//! not there. So there is one verdict: it is given once as many customers as it takes
//! have had their whole time for the goal, and it is decided by these, however many
//! come after them. How many it takes follows from both arms together, so that the
//! number tells nothing of the effect.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::power::customers_needed;
use super::rows::{Row, Window};
use crate::calendar;
use crate::instant::{DAY_MILLIS, Instant};

/// So many of the first customers tell how often the goal is reached.
const PILOT: usize = 500;

/// A day that is further away is none, in days.
const FAR_DAYS: f64 = 36_500.0;

/// What may be said of a rule's effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The rule has no goal, or holds nobody out.
    None,
    /// More reach the goal, or fewer.
    Effect,
    /// What was seen cannot be told from no effect.
    NoEffectSeen,
    /// The arms did not come out as they were drawn: something is wrong with them.
    Withheld,
    /// Its day has not come.
    TooEarly,
}

/// When a verdict is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Due {
    /// How many customers it takes.
    pub needed: Option<u64>,
    /// Its day by the shop's calendar, as foreseen where it has not come; `None` where
    /// that cannot be told.
    pub on: Option<Date>,
    /// The beginning of that day where it has come: whoever had their time by then decides.
    pub decided_at: Option<Instant>,
}

/// How many customers a verdict takes where `share` of them is held out and the goal is
/// reached at such a rate: to see a change by `smallest` of the rate. `None` where no
/// number is enough.
pub fn customers_for_verdict(share: f64, rate: f64, smallest: f64) -> Option<u64> {
    // A rate that is high already cannot grow by much.
    let effect = (smallest * rate).min((1.0 - rate) / 2.0);
    customers_needed(share, rate, effect)
}

/// When the verdict is due on rows in the order of their enrolment; `share` of them is
/// held out, and the smallest effect is a share of the rate.
pub(super) fn due(
    rows: &[Row],
    (share, smallest): (f64, f64),
    window: Window,
    zone: &TimeZone,
) -> Due {
    let rate = rate(rows, window.as_of);
    let needed = rate.and_then(|rate| customers_for_verdict(share, rate, smallest));
    let mut due = Due { needed, on: None, decided_at: None };
    let Some(needed) = needed.filter(|_| !rows.is_empty()) else { return due };
    let Some(those) = rows.get(..usize::try_from(needed).unwrap_or(usize::MAX)) else {
        due.on = foreseen(rows, needed, window).map(|at| day_after(at, zone));
        return due;
    };
    let complete = those.iter().map(|row| row.complete_at).max();
    let Some(day) = complete.map(|at| day_after(at, zone)) else { return due };
    due.on = Some(day);
    let begins = calendar::midnight(day, zone);
    due.decided_at = (begins <= window.as_of).then_some(begins);
    due
}

/// How often the goal is reached, in both arms together, by the first customers whose
/// time is over.
fn rate(rows: &[Row], as_of: Instant) -> Option<f64> {
    let first = rows.iter().take(PILOT).filter(|row| row.complete_at <= as_of);
    let (mut count, mut converted) = (0, 0);
    for row in first {
        count += 1;
        converted += u32::from(row.has_converted);
    }
    (count > 0).then(|| f64::from(converted) / f64::from(count))
}

/// When the last of so many would have had their time, were customers to come on as
/// they came so far.
fn foreseen(rows: &[Row], needed: u64, window: Window) -> Option<Instant> {
    let (first, last) = (rows.first()?, rows.last()?);
    let so_far = (window.until.min(window.as_of).millis() - first.at.millis()).max(DAY_MILLIS);
    let days = so_far as f64 / DAY_MILLIS as f64 * needed as f64 / rows.len() as f64;
    let goal_millis = last.complete_at.millis() - last.at.millis();
    let millis = (days * DAY_MILLIS as f64) as i64;
    (days <= FAR_DAYS).then(|| first.at.plus_millis(millis.saturating_add(goal_millis)))
}

fn day_after(at: Instant, zone: &TimeZone) -> Date {
    let date = at.date_in(zone);
    date.tomorrow().unwrap_or(date)
}
