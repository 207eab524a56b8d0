//! A person's word on a touch of which nobody knew whether it went out.

use lazo_domain::customer::Enrolment;
use lazo_domain::decide::{Input, decide};
use lazo_domain::instant::Instant;
use lazo_domain::touch::{TouchId, TouchRecord, TouchStatus};

use super::FeedbackError;
use crate::shell::app::App;
use crate::shell::bus::Message;
use crate::shell::commit::{Plan, Planned, Read, Written, decide_and_commit};
use crate::shell::store::{Ledger, LedgerEntry, Loaded, TouchEntry, TouchState};

/// What somebody found at the mail service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// It went out.
    Sent,
    /// It did not: it goes as soon as it may.
    Resend,
}

/// What a word changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The touch was unanswered, and is settled now.
    Done,
    /// Nothing: it is settled, or never was unanswered.
    NotOpen,
}

/// Settles an unanswered touch by somebody's word, given its id as a text.
///
/// # Errors
/// [`FeedbackError`] where it could not be stored; nothing was changed then.
pub async fn settle(
    app: &App,
    touch_id: &str,
    word: Resolution,
    now: Instant,
) -> Result<Settled, FeedbackError> {
    for touch in TouchId::readings(touch_id) {
        if settle_touch(app, &touch, word, now).await? == Settled::Done {
            return Ok(Settled::Done);
        }
    }
    Ok(Settled::NotOpen)
}

/// Whether nobody knows what became of a touch.
fn is_unanswered(enrolment: &Enrolment) -> bool {
    enrolment.sending().is_some_and(|sending| !sending.answer.is_expected())
}

async fn settle_touch(
    app: &App,
    touch: &TouchId,
    word: Resolution,
    now: Instant,
) -> Result<Settled, FeedbackError> {
    let plan = async |loaded: Loaded| -> Planned<Vec<Message>, FeedbackError> {
        let is_open = loaded.customer.enrolments.iter().any(|e| is_unanswered(e) && e.is_at(touch));
        let entry = if is_open { app.store.touch(touch).await? } else { None };
        let Some(entry) = entry.filter(|entry| entry.state == TouchState::Fenced) else {
            return Ok((loaded, Plan::Leave(Vec::new())));
        };
        let input = match word {
            Resolution::Sent => Input::Confirmed(touch),
            Resolution::Resend => Input::Resend(touch),
        };
        let rules = app.rules();
        let decision = decide(loaded.customer.clone(), input, &rules.book, now);
        let record = decision.records.iter().find(|record| record.touch == *touch);
        let entry = match record {
            Some(record) => TouchEntry::ended(record, true, None),
            None => TouchEntry { state: TouchState::PutBack, was_fenced: true, ..entry },
        };
        let told = |record: &TouchRecord| match record.status {
            TouchStatus::Sent => {
                Message::email_sent(touch, record.variant.as_deref(), record.at, None)
            }
            _ => Message::skipped(record),
        };
        let value = record.map(told).into_iter().collect();
        let ledger = Ledger { entries: vec![LedgerEntry::Touch(entry)] };
        Ok((loaded, Plan::Write { customer: Box::new(decision.customer), ledger, about: 1, value }))
    };
    match decide_and_commit(app, Read::Id(&touch.customer), None, now, plan).await? {
        Written::Done(_, messages) => {
            app.bus.tell(&messages).await;
            Ok(Settled::Done)
        }
        Written::Left(..) | Written::AlreadyRecorded(..) => Ok(Settled::NotOpen),
    }
}
