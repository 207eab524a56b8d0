//! What is due, decided by what was said of the customer's address as well.

use lazo_domain::decide::{Decision, Input, decide};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;

use crate::shell::app::App;
use crate::shell::store::{Loaded, StoreError};

/// Decides what is due. What was said of the address or the number under another
/// id is read where a touch hangs on it, and only then: one read for a mail. The
/// commit of what was decided asks that it has not changed since.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub(super) async fn decide_due(
    app: &App,
    mut loaded: Loaded,
    book: &RuleBook,
    now: Instant,
) -> Result<(Loaded, Decision), StoreError> {
    loop {
        let decision = decide(loaded.customer.clone(), Input::Due, book, now);
        // Each round tells what the one before asked, so there are three at most.
        if !decision.asks.any() {
            return Ok((loaded, decision));
        }
        Box::pin(app.store.hear(&mut loaded, decision.asks)).await?;
    }
}
