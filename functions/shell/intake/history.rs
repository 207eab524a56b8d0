//! History in: what happened before Lazo counts, and opens no follow-ups.

use std::collections::{BTreeSet, HashSet, VecDeque};

use lazo_domain::decide::{Decision, Input, decide};
use lazo_domain::event::{Body, Delivered};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::entries::{is_refusal, told};
use super::{IntakeError, Taken, merging};
use crate::shell::app::App;
use crate::shell::commit::{Attempts, write_down};
use crate::shell::store::{Commit, EventEntry, Ledger, LedgerEntry, complaint_entries};

/// How much one transaction takes: room stays for the interests that its events
/// change, the touches that they end, what they say of addresses, and the parts of
/// a large state.
const WEIGHT_AT_ONCE: usize = 30;

/// How many entries an event may need: a complaint is listed and counted too, an
/// answer is kept, how it was is counted.
fn weight(delivered: &Delivered) -> usize {
    match &delivered.event.body {
        Body::ComplaintOpened(_) | Body::ComplaintResolved(_) => 4,
        Body::InteractionRecorded(_) => 2,
        // A bad answer may open a complaint again; a reason to leave is counted.
        Body::CallReported(call) => {
            let (of_touch, leaves) = (call.touch_id.is_some(), call.dissolution_reason.is_some());
            2 + 3 * usize::from(of_touch) + usize::from(leaves)
        }
        Body::SurveyAnswered(answer) if answer.touch_id.is_some() => 6,
        Body::SurveyAnswered(_) => 3,
        _ => 1,
    }
}

/// Events in parts that each fit into one transaction.
fn parts<'a>(events: &[&'a Delivered]) -> Vec<Vec<&'a Delivered>> {
    let mut parts: Vec<Vec<&Delivered>> = Vec::new();
    let mut room = 0;
    for delivered in events {
        let weight = weight(delivered);
        match parts.last_mut().filter(|_| weight <= room) {
            Some(part) => part.push(delivered),
            None => {
                parts.push(vec![delivered]);
                room = WEIGHT_AT_ONCE;
            }
        }
        room -= weight;
    }
    parts
}

/// How many touches a transaction of history tells the ledger of.
const ENDED_AT_ONCE: usize = 8;

/// How a customer's history was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    pub counted: usize,
    /// Counted by an earlier run.
    pub known: usize,
    /// What can never be written, by its place among the events, with the reason.
    pub refused: Vec<(usize, String)>,
}

/// Takes one customer's history, in as few transactions as can be. Each event
/// counts once, however often this runs and wherever it was stopped. What can
/// never be written takes nothing else with it.
///
/// # Errors
/// [`IntakeError`] where a part could not be stored; run it again.
pub async fn import(
    app: &App,
    id: &Id,
    all: &[Delivered],
    now: Instant,
) -> Result<Imported, IntakeError> {
    let mut imported = Imported::default();
    // One transaction writes an item once, so what a file holds twice goes.
    let mut keys = HashSet::new();
    let events: Vec<&Delivered> = all
        .iter()
        .filter(|delivered| {
            let entry = EventEntry::new(&delivered.event, now);
            keys.insert((entry.kind, entry.key))
        })
        .collect();
    let (merges, events): (Vec<&Delivered>, Vec<&Delivered>) = events
        .into_iter()
        .partition(|delivered| matches!(delivered.event.body, Body::CustomerMerged(_)));
    for delivered in merges {
        if let Body::CustomerMerged(merge) = &delivered.event.body {
            match Box::pin(merging::take(app, delivered, merge, false, now)).await? {
                Taken::Counted => imported.counted += 1,
                Taken::Duplicate | Taken::Nobody => imported.known += 1,
            }
            Box::pin(merging::follow_through(app, id, now)).await?;
        }
    }
    let person = Box::pin(app.store.person(id)).await?.customer;
    let known =
        app.store.counted_under_another_id(&person, events.iter().map(|d| &d.event)).await?;
    let mut known = known.into_iter();
    let before = events.len();
    let events: Vec<&Delivered> =
        events.into_iter().filter(|_| !known.next().unwrap_or_default()).collect();
    imported.known += before - events.len();
    let mut waiting: VecDeque<Vec<&Delivered>> = parts(&events).into();
    while let Some(mut left) = waiting.pop_front() {
        let mut attempts = Attempts::default();
        let mut ended = Vec::new();
        while !left.is_empty() {
            let (done, ledger) = match commit(app, id, &left, &ended, now).await {
                Err(error) if error.is_for_good() => {
                    match *left {
                        [alone] => {
                            let place = all.iter().position(|one| std::ptr::eq(one, alone));
                            imported.refused.push((place.unwrap_or_default(), error.to_string()));
                        }
                        // One of them is at fault: in halves, until it is alone.
                        _ => {
                            let later = left.split_off(left.len() / 2);
                            waiting.push_front(later);
                            waiting.push_front(left);
                        }
                    }
                    break;
                }
                committed => committed?,
            };
            match done {
                Commit::Done(after) => {
                    imported.counted += left.len();
                    Box::pin(write_down(app, *after, now)).await?;
                    break;
                }
                Commit::AlreadyRecorded(entries)
                    if entries.iter().any(|entry| *entry < left.len()) =>
                {
                    imported.known += entries.iter().filter(|entry| **entry < left.len()).count();
                    let mut index = 0;
                    left.retain(|_| {
                        index += 1;
                        !entries.contains(&(index - 1))
                    });
                }
                other => {
                    if let Commit::AlreadyRecorded(entries) = other {
                        ended.extend(ledger.touches_at(&entries));
                    }
                    attempts.again().await?;
                }
            }
        }
    }
    Ok(imported)
}

/// Commits events in one transaction, without the touches that the ledger is
/// known to have as ended.
async fn commit(
    app: &App,
    id: &Id,
    events: &[&Delivered],
    known: &[TouchId],
    now: Instant,
) -> Result<(Commit, Ledger), IntakeError> {
    let rules = app.rules();
    let loaded = Box::pin(app.store.person(id)).await?;
    let mut customer = loaded.customer.clone();
    let mut entries = Vec::with_capacity(events.len());
    let (mut beside, mut ended) = (Vec::new(), Vec::new());
    let mut complained: BTreeSet<Id> = BTreeSet::new();
    for delivered in events {
        let mut entry = EventEntry::new(&delivered.event, now);
        let input = Input::History(&delivered.event);
        let Decision { customer: after, records, complaints, .. } =
            decide(customer, input, &rules.book, now);
        customer = after;
        beside.extend(told(&delivered.event, &customer, &rules.book));
        complained.extend(complaints);
        for record in records {
            match is_refusal(&record) {
                true => entry.note_refusal(&record),
                false => ended.push(record),
            }
        }
        entries.push(LedgerEntry::Event(entry));
    }
    if customer.erased_at.is_none() {
        entries.extend(beside);
    }
    entries.extend(complained.iter().flat_map(|id| complaint_entries(&customer, id, &rules.book)));
    let mut ledger = Ledger { entries };
    ledger.end_touches(&mut customer, ended, ENDED_AT_ONCE);
    ledger.leave_out(known);
    let done = app.store.commit(&loaded, customer, &ledger, now).await?;
    Ok((done, ledger))
}
