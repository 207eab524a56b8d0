//! How a sending went, written down; and touches whose sender is gone, or
//! whose answer was lost, settled.

use lazo_domain::channel::Channel;
use lazo_domain::customer::{Customer, Enrolment, SendAnswer};
use lazo_domain::decide::{Decision, Input, decide};
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Send, TouchId, TouchStatus};

use super::deliver::{self, Outcome};
use super::{DispatchReport, Run, mark_sent};
use crate::shell::app::App;
use crate::shell::bus::Message;
use crate::shell::commit::{CommitError, Plan, Planned, Read, Written, decide_and_commit};
use crate::shell::store::{
    Ledger, LedgerEntry, Loaded, StoreError, TouchEntry, TouchState, UNKNOWN_AFTER,
};

/// The enrolment that has a touch on its way out.
fn sending<'a>(customer: &'a Customer, touch: &TouchId) -> Option<&'a Enrolment> {
    customer.enrolments.iter().find(|e| e.is_sending() && e.is_at(touch))
}

/// Whether somebody is to look what became of a touch.
fn is_listed(enrolment: &Enrolment) -> bool {
    enrolment.sending().is_some_and(|sending| sending.answer == SendAnswer::Listed)
}

/// Writes how a hand-over went; the fence keeps everybody else off until then.
pub(super) async fn write_outcome(
    run: &Run<'_>,
    loaded: Loaded,
    send: &Send,
    outcome: Outcome,
    report: &mut DispatchReport,
) -> Result<Loaded, StoreError> {
    let &Run { app, now, .. } = run;
    let outcome = if is_final(app, &outcome) { Outcome::Unresolved } else { outcome };
    let id = &loaded.customer.id.clone();
    let plan = async |loaded: Loaded| -> Planned<Vec<Message>, CommitError> {
        if sending(&loaded.customer, &send.touch).is_none() {
            // Somebody settled it meanwhile.
            if outcome == Outcome::Unresolved {
                app.store.drop_unknown(&send.touch, send.at, now).await?;
            }
            return Ok((loaded, Plan::Leave(Vec::new())));
        }
        let rules = app.rules();
        let Some(input) = input(&outcome, send) else {
            return Ok((loaded, Plan::Leave(Vec::new())));
        };
        let decision = decide(loaded.customer.clone(), input, &rules.book, now);
        // Listed first: a crash in between lists it once more, which is one
        // entry, and never not at all.
        if sending(&decision.customer, &send.touch).is_some_and(is_listed) {
            deliver::keep_unknown(app, send, now).await?;
        }
        let (ledger, value) = account(send, &decision, &outcome);
        Ok((loaded, Plan::Write { customer: Box::new(decision.customer), ledger, about: 1, value }))
    };
    match decide_and_commit(app, Read::Id(id), Some(loaded), now, plan).await {
        Ok(Written::Left(loaded, _)) => {
            if sending(&loaded.customer, &send.touch).is_some() {
                count(&outcome, &loaded.customer, send, report);
            }
            Ok(loaded)
        }
        Ok(Written::Done(after, messages)) => {
            count(&outcome, &after.customer, send, report);
            run.outgoing.add(messages).await;
            Ok(after)
        }
        Ok(Written::AlreadyRecorded(..)) => {
            let loaded = app.store.load(id).await?;
            // The ledger says that it is over, and the ledger counts.
            if sending(&loaded.customer, &send.touch).is_none() {
                return Ok(loaded);
            }
            mark_sent(app, &loaded, &[send], now).await?;
            app.store.load(id).await
        }
        Err(CommitError::Store(error)) => Err(error),
        // Still fenced: it is settled when its alarm rings again.
        Err(CommitError::Contention(_)) => app.store.load(id).await,
    }
}

/// Whether nothing more will be heard: then nothing is gained by waiting.
fn is_final(app: &App, outcome: &Outcome) -> bool {
    let may_go_again = app.rules().book.policy.resend_unknown;
    *outcome == Outcome::Unknown && !app.mailer.tells_later() && !may_go_again
}

/// What is decided by; `None` where the fence stays as it is.
fn input<'a>(outcome: &Outcome, send: &'a Send) -> Option<Input<'a>> {
    let touch = &send.touch;
    Some(match outcome {
        Outcome::Sent { .. } => Input::Confirmed(touch),
        Outcome::NotSent { until } => Input::PutBack { touch, until: *until },
        Outcome::NotNotified => return None,
        Outcome::Refused { .. } => Input::Refused(touch),
        Outcome::Unknown => Input::Unanswered(touch),
        Outcome::Unresolved => Input::Unresolved(touch),
    })
}

/// What is written into the ledger, and told to others once it is.
fn account(send: &Send, decision: &Decision, outcome: &Outcome) -> (Ledger, Vec<Message>) {
    let message_id = match outcome {
        Outcome::Sent { message_id } => Some(message_id.as_str()),
        _ => None,
    };
    let mut entries = Vec::new();
    let mut messages = Vec::new();
    for record in &decision.records {
        let mut entry = TouchEntry::ended(record, true, message_id.map(str::to_owned));
        if let Outcome::Refused { why } = outcome {
            entry.why = Some(why.chars().take(1_000).collect());
        }
        entries.push(LedgerEntry::Touch(entry));
        match (record.status, send.channel) {
            (TouchStatus::Sent, Channel::Email) => {
                let variant = send.variant.as_deref();
                messages.push(Message::email_sent(&send.touch, variant, record.at, message_id));
            }
            (TouchStatus::Sent, _) => {}
            _ => messages.push(Message::skipped(record)),
        }
    }
    if entries.is_empty() && sending(&decision.customer, &send.touch).is_none() {
        entries.push(LedgerEntry::Touch(TouchEntry::put_back(send)));
    }
    (Ledger { entries }, messages)
}

fn count(outcome: &Outcome, after: &Customer, send: &Send, report: &mut DispatchReport) {
    match outcome {
        Outcome::Sent { .. } => report.sent += 1,
        Outcome::NotSent { .. } | Outcome::NotNotified => report.put_back += 1,
        Outcome::Refused { .. } => report.not_sent += 1,
        Outcome::Unresolved if sending(after, &send.touch).is_none() => report.put_back += 1,
        Outcome::Unknown | Outcome::Unresolved => report.unknown += 1,
    }
}

/// Settles touches that were fenced before an instant and never confirmed, as
/// whoever sent them is gone; and unanswered ones of which nothing was heard.
pub(super) async fn settle(
    run: &Run<'_>,
    mut loaded: Loaded,
    before: Instant,
    report: &mut DispatchReport,
) -> Result<Loaded, StoreError> {
    let &Run { app, now, .. } = run;
    let unknown_before = now.plus_millis(-(UNKNOWN_AFTER.as_millis() as i64));
    let is_stuck = |e: &&Enrolment| {
        e.sending().is_some_and(|sending| match sending.answer {
            SendAnswer::Expected => sending.since <= before,
            SendAnswer::Lost => sending.since <= unknown_before,
            SendAnswer::Listed => false,
        })
    };
    let stuck: Vec<_> = loaded.customer.enrolments.iter().filter(is_stuck).cloned().collect();
    for enrolment in stuck {
        let rules = app.rules();
        let Some(send) = deliver::send_of(&loaded.customer, &enrolment, &rules.book) else {
            continue;
        };
        // A table may come back to a state from before what its ledger knows.
        let known = app.store.touch(&send.touch).await?;
        if known.is_some_and(|known| known.state == TouchState::Sent) {
            mark_sent(app, &loaded, &[&send], now).await?;
            loaded = app.store.load(&loaded.customer.id).await?;
            continue;
        }
        let outcome = match enrolment.sending().is_some_and(|sending| sending.answer.is_expected())
        {
            true => deliver::trace(app, &loaded.customer, &send, now).await?,
            false => Outcome::Unresolved,
        };
        loaded = write_outcome(run, loaded, &send, outcome, report).await?;
    }
    Ok(loaded)
}
