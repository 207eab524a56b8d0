//! Whether a call may be made now, and what became of the earlier report that a new
//! one corrects.

use lazo_domain::channel::Channel;
use lazo_domain::customer::{CallReport, Customer};
use lazo_domain::decide::{CallNow, call_now};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::TouchId;

use super::{Listed, OF_NUMBERS};
use crate::shell::app::App;
use crate::shell::store::{Call, StoreError, TouchEntry, TouchState};

/// Whether a call or a task may be made now. A task has no hours: whoever does it
/// knows when.
pub fn may_be_made(call: &Call, customer: &Customer, book: &RuleBook, now: Instant) -> CallNow {
    match call.channel {
        Channel::Call => call_now(customer, book, &call.touch, call.expires_at_instant, now),
        Channel::Email | Channel::Task | Channel::Event => CallNow::Yes,
    }
}

impl Listed {
    /// Whether it may be made now.
    pub fn may_be_made(&self, book: &RuleBook, now: Instant) -> CallNow {
        may_be_made(&self.call, &self.customer, book, now)
    }
}

/// Whether a call may be made now, by all that is known of the customer and the number.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn may_be_made_now(app: &App, call: &Call, now: Instant) -> Result<CallNow, StoreError> {
    Ok(seen_now(app, call, now).await?.0)
}

/// The same, with whom it is about.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn seen_now(
    app: &App,
    call: &Call,
    now: Instant,
) -> Result<(CallNow, Customer), StoreError> {
    let customer = caller(app, call).await?;
    let may = may_be_made(call, &customer, &app.rules().book, now);
    Ok((may, customer))
}

/// Whom a call is about, with what was said of the number under any id.
async fn caller(app: &App, call: &Call) -> Result<Customer, StoreError> {
    let mut customer = Box::pin(app.store.person(&call.touch.customer)).await?.customer;
    Box::pin(app.store.hear_all([&mut customer], OF_NUMBERS)).await?;
    Ok(customer)
}

/// What a report made now would correct.
#[derive(Clone, Debug)]
pub struct Correction {
    /// The earlier report of the same touch by the same rep.
    pub of: CallReport,
    /// What went out because of it already, or is on its way.
    pub gone: Vec<TouchEntry>,
}

/// The report that one of a call, made now by `by`, corrects; `None` where it corrects
/// none (events#corrections).
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn correction(
    app: &App,
    call: &Call,
    by: &str,
    now: Instant,
) -> Result<Option<Correction>, StoreError> {
    let customer = Box::pin(app.store.person(&call.touch.customer)).await?.customer;
    let reports = &customer.call_reports;
    let Some(of) = reports.to_correct(&call.touch.to_string(), by, now).cloned() else {
        return Ok(None);
    };
    let mut gone = Vec::new();
    for id in customer.ids() {
        let (_, touches) = app.store.ledger(id).await?;
        gone.extend(touches.into_iter().filter(|one| follows(one, &call.touch, of.at)));
    }
    gone.sort_by_key(|one| one.at);
    Ok(Some(Correction { of, gone }))
}

/// Whether a touch went out behind a call, since it was reported.
fn follows(one: &TouchEntry, call: &TouchId, since: Instant) -> bool {
    matches!(one.state, TouchState::Sent | TouchState::Fenced)
        && one.at >= since
        && (&one.touch.rule, &one.touch.occurrence) == (&call.rule, &call.occurrence)
        && one.touch.step != call.step
}
