//! Birthdays: whoever's alarm for occasions rings is attended to.
//!
//! The worker for occasions is to stand here. Until it is built, this reads the
//! alarm's index as that will, and lets the core decide by what dispatch does
//! for one customer.

use lazo::app::App;
use lazo::dispatch;
use lazo::store::table::Alarm;
use lazo::store::{Ledger, StoreError};
use lazo_domain::instant::Instant;

const PAGE: i32 = 100;

/// Attends to everybody of a shard whose occasion has come by `now`.
pub async fn run(app: &App, shard: u8, now: Instant) -> Result<(), StoreError> {
    for id in app.store.ringing(Alarm::Occasion, shard, now, PAGE).await? {
        let rung_early = |next: Option<Instant>| next.is_none_or(|next| next > now);
        let loaded = app.store.load(&id).await?;
        if rung_early(loaded.customer.next_occasion) {
            // It changes nothing, and the alarm must be moved.
            let customer = loaded.customer.clone();
            app.store.commit(&loaded, customer, &Ledger::default(), now).await?;
        } else {
            dispatch::attend(app, &id, now).await?;
        }
    }
    Ok(())
}
