//! Writing where others write too: the tries, the waits between them, and what a
//! transaction had no room for.

use lazo_domain::instant::Instant;

use super::app::App;
use super::store::{Commit, LEDGER_ITEMS_MAX, Ledger, Loaded, StoreError};

/// How often a customer is decided anew after somebody else wrote first.
pub const ATTEMPTS_MAX: u32 = 12;

/// Tells the ledger of the touches that ended and for which the last transaction
/// had no room.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer; the customer's alarm rings until
/// it is done.
pub async fn write_down(app: &App, mut loaded: Loaded, now: Instant) -> Result<Loaded, StoreError> {
    let mut known = Vec::new();
    while !loaded.customer.unwritten.is_empty() {
        let mut customer = loaded.customer.clone();
        let mut ledger = Ledger::default();
        ledger.end_touches(&mut customer, [], LEDGER_ITEMS_MAX);
        ledger.leave_out(&known);
        loaded = match app.store.commit(&loaded, customer, &ledger, now).await? {
            Commit::Done(after) => *after,
            Commit::Known(entries) => {
                known.extend(ledger.touches_at(&entries));
                loaded
            }
            Commit::Conflict => app.store.load(&loaded.customer.id).await?,
        };
    }
    Ok(loaded)
}

/// A short wait of random length, longer from attempt to attempt.
pub async fn back_off(attempt: u32) {
    let most = 10u64 << attempt.min(7);
    tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(1..=most))).await;
}
