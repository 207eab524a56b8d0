//! A table that is a restored copy learns what went out since the copy was made: an
//! archive brings what SES told of each mail, and the fence that the copy lacks is
//! written anew. Elsewhere a mail that the ledger does not know is none of ours.

use lazo_domain::customer::Customer;
use lazo_domain::decide::{Input, decide};
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::FeedbackError;
use super::ses_event::MailEvent;
use crate::shell::app::App;
use crate::shell::commit::{CommitError, Plan, Planned, Read, Written, decide_and_commit};
use crate::shell::mailer::tags::{Tagged, TouchTag};
use crate::shell::sending::{self, Sending};
use crate::shell::store::{Ledger, LedgerEntry, Loaded, StoreError, TouchEntry};

/// Whether what SES tells of mails is to be believed where the ledger does not know them.
///
/// # Errors
/// [`StoreError`] where the table does not tell.
pub(super) async fn is_wanted(app: &App, event: &MailEvent) -> Result<bool, StoreError> {
    Ok(event.fact.proves_sending() && sending::look(app).await? == Sending::OnHold)
}

/// Writes that a touch went out of which the ledger knows nothing. The follow-up goes on
/// behind it where it has come so far; where its trigger is yet to come, the entry is
/// what keeps the touch from going again. `None` where nothing tells which touch it was,
/// or its customer is forgotten.
///
/// # Errors
/// [`FeedbackError`] where it could not be stored; it may be taken again.
pub(super) async fn rebuild(
    app: &App,
    tagged: &Tagged,
    event: &MailEvent,
    now: Instant,
) -> Result<Option<TouchEntry>, FeedbackError> {
    let plan = async |loaded: Loaded| -> Planned<Option<TouchEntry>, CommitError> {
        let known = touch_of(&loaded.customer, tagged);
        let Some(touch) = known.filter(|_| loaded.customer.erased_at.is_none()) else {
            return Ok((loaded, Plan::Leave(None)));
        };
        let at = event.mailed_at;
        let input = Input::Accepted { touch: &touch, at };
        let decision = decide(loaded.customer.clone(), input, &app.rules().book, now);
        let record = decision.records.iter().find(|record| record.touch == touch);
        let message_id = Some(event.message_id.clone());
        let entry = match record {
            Some(record) => TouchEntry::ended(record, false, message_id),
            None => TouchEntry { message_id, ..TouchEntry::told(touch, at) },
        };
        let ledger = Ledger { entries: vec![LedgerEntry::Touch(entry.clone())] };
        let customer = Box::new(decision.customer);
        Ok((loaded, Plan::Write { customer, ledger, about: 1, value: Some(entry) }))
    };
    let written = decide_and_commit(app, Read::Id(&tagged.customer), None, now, plan).await;
    match written {
        Ok(Written::Done(_, entry)) => {
            tracing::info!(rebuilt_fences = 1, "a restored table learnt that a mail went out");
            Ok(entry)
        }
        Ok(Written::Left(_, entry)) => Ok(entry),
        // Somebody else was told the same.
        Ok(Written::AlreadyRecorded(..)) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Contention(error)) => Err(error.into()),
    }
}

/// Which touch a mail was: one that is pending where its id was too long to be told.
fn touch_of(customer: &Customer, tagged: &Tagged) -> Option<TouchId> {
    match &tagged.touch {
        TouchTag::Whole(touch) => Some(touch.clone()),
        TouchTag::Hash(_) => {
            let pending = customer.enrolments.iter().map(|e| e.touch(&customer.id));
            pending.into_iter().find(|touch| tagged.touch.is(touch))
        }
    }
}
