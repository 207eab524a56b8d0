//! An event that somebody tells by a command, put on the bus.

use std::time::Duration;

use anyhow::{Context, bail};
use lazo::shell::bus::Message;
use lazo_domain::instant::Instant;

use super::system::System;

/// How long a command waits until its event is taken from the bus: as a rule it is
/// within a second or two.
const TAKEN_WITHIN: Duration = Duration::from_secs(20);

/// Puts an event on the bus that somebody tells by a command, and waits until it
/// is taken. What does not fit is said at once, instead of being kept aside where
/// nobody looks for it.
///
/// # Errors
/// Which field does not fit and why; that the bus is not known, or did not take
/// the event; or that it was sent, and is not in the table.
pub async fn publish(
    system: &System,
    detail_type: &str,
    detail: serde_json::Value,
    now: Instant,
) -> anyhow::Result<()> {
    system.needs_bus()?;
    system.tell_place();
    let app = &system.app;
    let envelope = serde_json::json!({ "detail-type": detail_type, "detail": detail });
    let delivered = lazo::shell::intake::read(&envelope.to_string(), now)?;
    if let Some(left_out) = delivered.left_out.first() {
        bail!("{left_out}");
    }
    let event = delivered.event;
    let source = system.source.clone().unwrap_or_else(|| "shop".into());
    let message =
        Message { source: source.clone(), detail_type: detail_type.into(), detail, at: now };
    app.bus.publish(&[message]).await.context("the bus did not take it; try again")?;
    let began = std::time::Instant::now();
    while began.elapsed() < TAKEN_WITHIN {
        if app.store.has_counted(&event).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    bail!(
        "it was sent to the bus {:?} as an event of {source:?}, and is not in the table yet. It may \
         still come: look by lazo explain before you send it again. Does the stack take the events \
         of this bus and this source (BusName, ShopSources)?",
        app.bus.name()
    )
}
