//! History in: what happened before Lazo counts, and opens no follow-ups.

use std::collections::{BTreeSet, HashSet, VecDeque};

use lazo_domain::customer::Customer;
use lazo_domain::decide::{Decision, Input, decide};
use lazo_domain::event::{Body, Delivered};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;

use super::entries::{is_refusal, owner, told};
use super::{IntakeError, Taken, merging};
use crate::shell::app::App;
use crate::shell::commit::{Plan, Planned, Read, Written, decide_and_commit, write_down};
use crate::shell::store::{EventEntry, Ledger, LedgerEntry, Loaded, StoreError, complaint_entries};

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
        Body::PurchaseCompleted(_) if delivered.by_source => 2,
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
    /// Counted by this run.
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
    import_from(app, id, None, all, now).await
}

/// The same for a customer who was read already.
///
/// # Errors
/// Those of [`import`].
pub async fn import_from(
    app: &App,
    id: &Id,
    read: Option<Loaded>,
    all: &[Delivered],
    now: Instant,
) -> Result<Imported, IntakeError> {
    let mut imported = Imported::default();
    let mut read = read.filter(|one| one.customer.merged_into.is_none());
    // One transaction writes an item once, so what a file holds twice goes.
    let mut keys = HashSet::new();
    let events: Vec<&Delivered> = all
        .iter()
        .filter(|delivered| {
            let event = &delivered.event;
            keys.insert((event.kind(), event.ledger_key()))
        })
        .collect();
    let (merges, events): (Vec<&Delivered>, Vec<&Delivered>) = events
        .into_iter()
        .partition(|delivered| matches!(delivered.event.body, Body::CustomerMerged(_)));
    for delivered in merges {
        read = None;
        if let Body::CustomerMerged(merge) = &delivered.event.body {
            match Box::pin(merging::take(app, delivered, merge, false, now)).await? {
                Taken::Counted => imported.counted += 1,
                Taken::Duplicate | Taken::Nobody => imported.known += 1,
            }
            Box::pin(merging::follow_through(app, id, now)).await?;
        }
    }
    let events = not_under_another_id(app, id, &mut read, events, &mut imported).await?;
    let mut waiting: VecDeque<Vec<&Delivered>> = parts(&events).into();
    while let Some(mut left) = waiting.pop_front() {
        match take_part(app, id, &mut read, &mut left, &mut imported, now).await {
            Err(error) if error.is_for_good() => match *left {
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
            },
            taken => taken?,
        }
    }
    Ok(imported)
}

/// The events that did not count under another id of the person.
async fn not_under_another_id<'a>(
    app: &App,
    id: &Id,
    read: &mut Option<Loaded>,
    events: Vec<&'a Delivered>,
    imported: &mut Imported,
) -> Result<Vec<&'a Delivered>, StoreError> {
    let person = match read.take() {
        Some(person) => person,
        None => Box::pin(app.store.person(id)).await?,
    };
    let person = &read.insert(person).customer;
    let known = app.store.counted_under_another_id(person, events.iter().map(|d| &d.event));
    let mut known = known.await?.into_iter();
    let before = events.len();
    let new = events.into_iter().filter(|_| !known.next().unwrap_or_default());
    let new: Vec<&Delivered> = new.collect();
    imported.known += before - new.len();
    Ok(new)
}

/// Takes events in one transaction, without those that the ledger has; leaves
/// behind how the customer is then, where that is known.
async fn take_part(
    app: &App,
    id: &Id,
    read: &mut Option<Loaded>,
    left: &mut Vec<&Delivered>,
    imported: &mut Imported,
    now: Instant,
) -> Result<(), IntakeError> {
    while !left.is_empty() {
        let events = &*left;
        let plan = async |loaded: Loaded| -> Planned<(), IntakeError> {
            let plan = plan(&loaded.customer, events, &app.rules().book, now);
            Ok((loaded, plan))
        };
        match decide_and_commit(app, Read::Person(id), read.take(), now, plan).await? {
            Written::Done(after, ()) => {
                imported.counted += left.len();
                *read = Some(Box::pin(write_down(app, after, now)).await?);
                return Ok(());
            }
            Written::AlreadyRecorded(loaded, entries) => {
                *read = Some(loaded);
                imported.known += entries.len();
                let mut index = 0..;
                left.retain(|_| index.next().is_some_and(|index| !entries.contains(&index)));
            }
            Written::Left(..) => return Ok(()),
        }
    }
    Ok(())
}

/// What events of the past write.
fn plan(customer: &Customer, events: &[&Delivered], book: &RuleBook, now: Instant) -> Plan<()> {
    let mut customer = customer.clone();
    let mut entries = Vec::with_capacity(events.len());
    let (mut beside, mut ended) = (Vec::new(), Vec::new());
    let mut complained: BTreeSet<Id> = BTreeSet::new();
    for delivered in events {
        let mut entry = EventEntry::new(&delivered.event, now, book);
        let input = Input::History(&delivered.event);
        let Decision { customer: after, records, complaints, .. } =
            decide(customer, input, book, now);
        customer = after;
        entry.is_history = true;
        entry.keep_detail_of(&delivered.event, &customer);
        beside.extend(owner(delivered));
        beside.extend(told(&delivered.event, &customer, book));
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
    entries.extend(complained.iter().flat_map(|id| complaint_entries(&customer, id, book)));
    let mut ledger = Ledger { entries };
    ledger.end_touches(&mut customer, ended, ENDED_AT_ONCE);
    Plan::Write { customer: Box::new(customer), ledger, about: events.len(), value: () }
}
