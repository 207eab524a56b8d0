//! The calendar: birthdays, anniversaries and periods that have come.

mod backfill;

use std::time::{Duration, Instant as Clock};

use lazo_domain::instant::Instant;

use crate::shell::alarm_sweep::{Looked, log_failed, look_at_calendars};
use crate::shell::app::App;
use crate::shell::store::StoreError;
use crate::shell::store::table::Alarm;

/// Plans what the calendar has brought for everybody by `now`, and looks at the
/// customers whom rules concern that are new since the last run.
///
/// # Errors
/// [`StoreError`] where the table cannot be read; a customer that cannot be
/// looked at is counted and left for the next run.
pub async fn run(app: &App, now: Instant, budget: Option<Duration>) -> Result<Looked, StoreError> {
    let began = Clock::now();
    let is_over = || budget.is_some_and(|budget| began.elapsed() >= budget);
    let published = backfill::see_rules(app, now).await?;
    let looked = look_at_calendars(app, Alarm::Occasion, now, budget).await?;
    let looked = looked + backfill::go_on(app, published, now, is_over).await?;
    log_failed(looked.failed);
    Ok(looked)
}
