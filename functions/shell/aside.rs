//! What could not be processed is kept aside: with the reason, found by whom it
//! names, for as long as the policy says.

use lazo_domain::event::People;
use lazo_domain::instant::Instant;

use crate::shell::app::App;
use crate::shell::store::{Failing, Failure, FailureKind, Kept, StoreError};

/// Keeps something that could not be processed; what failed before is counted.
/// No key quotes the text, and whoever gives the reason sees to it that that does
/// not either.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn keep(
    app: &App,
    kind: FailureKind,
    text: &str,
    why: &str,
    now: Instant,
) -> Result<Kept, StoreError> {
    keep_counted(app, kind, text, (why, 1), now).await
}

/// Keeps a text of others that is listed from an instant to come on.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn keep_until(
    app: &App,
    kind: FailureKind,
    text: &str,
    why: &str,
    listed_at: Instant,
) -> Result<Kept, StoreError> {
    keep(app, kind, text, why, listed_at).await
}

/// The same for something that was counted so many times.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn keep_counted(
    app: &App,
    kind: FailureKind,
    text: &str,
    (why, times): (&str, u64),
    now: Instant,
) -> Result<Kept, StoreError> {
    // What we say ourselves quotes templates, and names nobody but by ids.
    let people = match kind.is_text_of_others() {
        true => People::named_in(text),
        false => People::default(),
    };
    let keep = app.rules().book.policy.keep_failures;
    let expires_at = now.plus_millis(keep.millis_at_most());
    let failing = Failing { kind, text, why, people: &people, times, expires_at };
    app.store.keep_failure(&failing, now).await
}

/// Keeps what a former version kept, so that it is found by whom it names and goes
/// when its time is over. Whether there was any.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn renew(app: &App, failures: &[Failure]) -> Result<bool, StoreError> {
    // Its reason may quote the text.
    let why = "kept by a former version, whose reason may quote it and is not shown";
    let is_former = |one: &&Failure| one.kind.is_text_of_others() && one.is_former();
    let mut any = false;
    for failure in failures.iter().filter(is_former) {
        let text = app.store.failed_text(failure).await?;
        let kept = keep(app, failure.kind, &text, why, failure.failed_at).await?;
        if kept.id != failure.id {
            app.store.drop_failure(failure).await?;
        }
        any = true;
    }
    Ok(any)
}
