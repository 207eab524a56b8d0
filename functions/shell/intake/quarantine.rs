//! What does not fit, or fits in part: kept aside with the reason.

use lazo_domain::event::LeftOut;
use lazo_domain::instant::Instant;

use super::{IntakeError, erasure};
use crate::shell::alarm_sweep::list_customer;
use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::store::{FailureKind, StoreError};

/// Keeps a text that is no event or cannot be taken, and says so in the log without
/// its content: an alarm counts `quarantined_events`. Nothing is kept about an erased
/// customer.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn quarantine(app: &App, text: &str, why: &str, now: Instant) -> Result<(), StoreError> {
    if erasure::is_about_the_erased(&app.store, text).await? {
        tracing::warn!("an event about an erased customer does not fit its schema: dropped");
        return Ok(());
    }
    let kept = aside::keep(app, FailureKind::Event, text, why, now).await?;
    tracing::warn!(quarantined_events = 1, failure = kept.id, "an event is kept aside");
    Ok(())
}

/// Keeps aside an event that fits, and could not be taken: nobody waits behind it.
/// A customer whose item cannot be read is listed first, as whoever sweeps over
/// them does.
///
/// # Errors
/// [`StoreError`] where it cannot be kept; it comes again.
pub async fn keep_untaken(
    app: &App,
    text: &str,
    error: &IntakeError,
    now: Instant,
) -> Result<(), StoreError> {
    if let IntakeError::Store(error) = error
        && let Some(id) = error.unreadable_customer()
    {
        list_customer(app, &id, error, now).await?;
    }
    quarantine(app, text, &error.to_string(), now).await
}

/// Lists an event that counts without some of its fields, with what they are and
/// why: an alarm counts `partly_taken_events`.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn note_left_out(
    app: &App,
    text: &str,
    left_out: &[LeftOut],
    now: Instant,
) -> Result<(), StoreError> {
    const TOLD: usize = 10;
    if left_out.is_empty() || erasure::is_about_the_erased(&app.store, text).await? {
        return Ok(());
    }
    let told: Vec<String> = left_out.iter().take(TOLD).map(ToString::to_string).collect();
    let more = match left_out.len() - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let why = format!("counted without {}{more}", told.join("; "));
    let kept = aside::keep(app, FailureKind::PartlyTaken, text, &why, now).await?;
    tracing::warn!(
        partly_taken_events = 1,
        failure = kept.id,
        "an event counts without some fields"
    );
    Ok(())
}
