//! Two ids become one person (events#customer-merged): both states change in one transaction.
//!
//! The id that goes keeps its ledger: its keys still make an event count once and a
//! touch go out once, also under the id that stays. Its state only says who it is
//! now, and holds what was on its way out, until that is settled.

use lazo_domain::decide::{Merge, merge, merge_refusal};
use lazo_domain::event::{CustomerMerged, Delivered};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::{IntakeError, Taken};
use crate::shell::app::App;
use crate::shell::bus::Message;
use crate::shell::call_list;
use crate::shell::commit::{Contention, Step, until_done, write_down};
use crate::shell::store::{
    Commit, EventEntry, Ledger, LedgerEntry, Loaded, StoreError, complaint_entries,
};

/// How many touches a merge tells the ledger of at once.
const ENDED_AT_ONCE: usize = 4;

/// Takes over all that is known under the id that goes. Where the two are one
/// already, the event is counted and changes nothing.
///
/// # Errors
/// [`IntakeError`] where it could not be stored; nothing was changed then.
pub async fn take(
    app: &App,
    delivered: &Delivered,
    told: &CustomerMerged,
    opens: bool,
    now: Instant,
) -> Result<Taken, IntakeError> {
    let attempt = async |mut ended: Vec<TouchId>| -> Result<_, IntakeError> {
        let stays = app.store.person(&told.customer_id).await?;
        let goes = app.store.person(&told.merged_id).await?;
        let mut entry = EventEntry::new(&delivered.event, now, &app.rules().book);
        entry.is_history = !opens;
        entry.keep_detail_of(&delivered.event, &stays.customer);
        let mut ledger = Ledger { entries: vec![LedgerEntry::Event(entry)] };
        let is_one = stays.customer.id == goes.customer.id;
        if !is_one && let Some(why) = merge_refusal(&stays.customer, &goes.customer) {
            return Err(why.into());
        }
        let at = delivered.event.occurred_at;
        let done = match is_one {
            true => app.store.commit(&stays, stays.customer.clone(), &ledger, now).await?,
            false => together(app, (stays, goes), (at, opens), &mut ledger, &ended, now).await?,
        };
        Ok(match done {
            Commit::Done(after) => {
                write_down(app, *after, now).await.ok();
                Step::Done(Taken::Counted)
            }
            Commit::AlreadyRecorded(entries) if entries.contains(&0) => {
                Step::Done(Taken::Duplicate)
            }
            Commit::AlreadyRecorded(entries) => {
                ended.extend(ledger.touches_at(&entries));
                Step::Again(ended)
            }
            Commit::Conflict => Step::Again(ended),
        })
    };
    until_done(Vec::new(), attempt).await?.map_err(|_| Contention.into())
}

/// Takes over what was settled meanwhile of an id that went: its next steps.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer; the alarm rings on.
pub async fn hand_over(app: &App, left: Loaded, now: Instant) -> Result<(), StoreError> {
    let Some(into) = left.customer.merged_into.clone() else { return Ok(()) };
    if left.customer.enrolments.iter().all(|e| e.is_sending()) {
        write_down(app, left, now).await?;
        return Ok(());
    }
    let stays = app.store.person(&into).await?;
    let known = stays.customer.merged.iter().find(|alias| alias.id == left.customer.id);
    let at = known.map_or(now, |alias| alias.at);
    let mut ledger = Ledger::default();
    let both = (stays.clone(), left.clone());
    let done = together(app, both, (at, true), &mut ledger, &[], now).await?;
    if let Commit::AlreadyRecorded(entries) = done {
        let ended = ledger.touches_at(&entries);
        together(app, (stays, left), (at, true), &mut Ledger::default(), &ended, now).await?;
    }
    Ok(())
}

/// Writes the merge of two customers, without the touches that the ledger has as
/// `ended`.
async fn together(
    app: &App,
    (stays, goes): (Loaded, Loaded),
    (at, opens): (Instant, bool),
    ledger: &mut Ledger,
    ended: &[TouchId],
    now: Instant,
) -> Result<Commit, StoreError> {
    let rules = app.rules();
    let (one, other) = (stays.customer.clone(), goes.customer.clone());
    let Merge { stays: mut decision, goes: left } = merge(one, other, at, opens, &rules.book, now);
    let mut messages: Vec<Message> = decision.records.iter().map(Message::skipped).collect();
    let id = decision.customer.id.clone();
    messages.extend(decision.stages.iter().map(|entered| Message::stage_changed(&id, entered)));
    ledger.end_touches(
        &mut decision.customer,
        std::mem::take(&mut decision.records),
        ENDED_AT_ONCE,
    );
    ledger.leave_out(ended);
    let done =
        app.store.commit_two((&stays, decision.customer), (&goes, left), ledger, now).await?;
    if matches!(done, Commit::Done(_)) {
        app.bus.tell(&messages).await;
    }
    Ok(done)
}

/// What a merge changes besides the states: the lists of open complaints and of
/// calls. Done again it changes nothing.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer; the event comes again.
pub async fn follow_through(app: &App, id: &Id, now: Instant) -> Result<(), StoreError> {
    let person = app.store.person(id).await?;
    let rules = app.rules();
    let customer = &person.customer;
    let open = customer.complaints.iter().filter(|(_, complaint)| complaint.is_open());
    for (complaint, _) in open {
        for entry in complaint_entries(customer, complaint, &rules.book) {
            app.store.relist(&customer.id, &entry).await?;
        }
    }
    for alias in &customer.merged {
        app.store.withdraw_complaints(&alias.id).await?;
        if customer.erased_at.is_some() {
            app.store.forget_details(&alias.id).await?;
            app.store.withdraw_calls(&alias.id).await?;
            app.store.drop_answers(&alias.id, now).await?;
        }
    }
    call_list::review(app, id, now).await
}
