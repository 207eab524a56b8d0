//! The calendar: birthdays, anniversaries and periods that have come.

use std::time::Duration;

use lazo_domain::instant::Instant;

use crate::app::App;
use crate::rounds::{Looked, look_at_calendars};
use crate::store::StoreError;
use crate::store::table::Alarm;

/// Plans what the calendar has brought for everybody by `now`.
///
/// # Errors
/// [`StoreError`] where the index cannot be read; a customer that cannot be
/// looked at is counted and left for the next run.
pub async fn run(app: &App, now: Instant, budget: Option<Duration>) -> Result<Looked, StoreError> {
    look_at_calendars(app, Alarm::Occasion, now, budget).await
}
