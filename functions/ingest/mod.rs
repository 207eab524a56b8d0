//! Events in: decode → load → decide → commit.

mod erasure;
pub mod history;

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::StreamExt;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{ALIASES_MAX, Decision, Input, decide};
use lazo_domain::event::{BadEvent, Body, ConsentChannel, Delivered, Event, LeftOut, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::interest::Topic;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{TouchRecord, TouchStatus};

pub use erasure::kept_aside;

use crate::app::App;
use crate::aside;
use crate::bus::Message;
use crate::call_list;
use crate::merging;
use crate::rounds::list_customer;
use crate::store::{
    Answer, Commit, Counted, CountedDissolution, CountedExperience, EventEntry, FailureKind,
    INTEREST_ITEMS_MAX, LEDGER_ITEMS_MAX, Ledger, LedgerEntry, Loaded, Store, StoreError,
    complaint_entries,
};

/// How many customers are worked on at a time.
const CUSTOMERS_AT_ONCE: usize = 16;

/// How long after it happened an event comes late: queues have tried for hours
/// by then.
const LATE_MILLIS: i64 = 7 * DAY_MILLIS;

/// How often a customer is decided anew after somebody else wrote first.
pub const ATTEMPTS_MAX: u32 = 12;

/// How an event was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Counted,
    /// It had been counted before: nothing changed.
    Duplicate,
    /// Content that does not interest the customer, or comes by another topic.
    Nobody,
}

/// Why an event could not be taken now; it comes again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the customer was written by others {ATTEMPTS_MAX} times in a row")]
    Contention,
    #[error(
        "one person can have {ALIASES_MAX} other ids at most: {why}",
        why = "look for a mapping that merges everybody into one id"
    )]
    TooManyIds,
}

impl IngestError {
    /// Whether the event or its customer is at fault, so that it is kept aside: it
    /// would come again in vain.
    pub fn is_for_good(&self) -> bool {
        match self {
            IngestError::Store(error) => error.is_of_the_item(),
            IngestError::TooManyIds => true,
            IngestError::Contention => false,
        }
    }
}

/// Reads an event that arrives now.
///
/// # Errors
/// [`BadEvent`] where it does not fit, or lies in the future.
pub fn read(text: &str, now: Instant) -> Result<Delivered, BadEvent> {
    from_wire(text)?.arrived(now)
}

/// Takes one text from outside: counts the event, or keeps aside what is none,
/// with the reason; `Some` is the reason for which it was kept.
///
/// # Errors
/// [`IngestError`] where it could neither be taken nor kept; nothing was changed.
pub async fn receive(app: &App, text: &str, now: Instant) -> Result<Option<String>, IngestError> {
    match read(text, now) {
        Ok(delivered) => {
            note_left_out(app, text, &delivered.left_out, now).await?;
            match take(app, &delivered, now).await {
                Ok(_) => Ok(None),
                Err(error) if error.is_for_good() => {
                    keep_untaken(app, text, &error, now).await?;
                    Ok(Some(error.to_string()))
                }
                Err(error) => Err(error),
            }
        }
        Err(why) => {
            let why = why.to_string();
            quarantine(app, text, &why, now).await?;
            Ok(Some(why))
        }
    }
}

/// Takes a batch from the queue. What does not fit its schema is kept aside;
/// only what could not be stored is given back.
pub async fn handle(app: &App, batch: SqsEvent, now: Instant) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    let mut arrived: Vec<Arrived> = Vec::with_capacity(batch.records.len());
    for record in batch.records {
        let message = record.message_id.unwrap_or_default();
        let body = record.body.unwrap_or_default();
        match read(&body, now) {
            Ok(delivered) => arrived.push(Arrived { message, body, delivered, is_known: false }),
            Err(why) => {
                if let Err(error) = quarantine(app, &body, &why.to_string(), now).await {
                    tracing::error!(%error, message, "a bad event could not be kept");
                    response.add_failure(message);
                }
            }
        }
    }
    note_known(&app.store, &mut arrived, now).await;
    // In an order that is the same for the same batch, so that a run that failed
    // can be run again.
    let mut customers: BTreeMap<Option<Id>, Vec<Arrived>> = BTreeMap::new();
    for one in arrived {
        customers.entry(one.delivered.event.customer().cloned()).or_default().push(one);
    }
    let is_new = |events: &Vec<Arrived>| events.iter().any(|one| !one.is_known);
    let ids =
        customers.iter().filter(|(_, events)| is_new(events)).filter_map(|(id, _)| id.clone());
    let mut read = read_ahead(&app.store, &ids.collect::<Vec<_>>()).await;
    let work = customers.into_iter().map(|(id, events)| {
        let mut read = id.and_then(|id| read.remove(&id));
        async move {
            let mut failed = Vec::new();
            for one in events {
                if let Err(error) = take_arrived(app, &mut read, &one, now).await {
                    let message = one.message;
                    tracing::error!(%error, message, "an event could not be taken, it comes again");
                    failed.push(message);
                }
            }
            failed
        }
    });
    let failed: Vec<Vec<String>> =
        futures::stream::iter(work).buffer_unordered(CUSTOMERS_AT_ONCE).collect().await;
    failed.into_iter().flatten().for_each(|message| response.add_failure(message));
    response
}

/// An event of a batch.
struct Arrived {
    message: String,
    body: String,
    delivered: Delivered,
    /// Whether the ledger is known to have it.
    is_known: bool,
}

/// Takes one of a batch. What is left out is noted first, so that a crash in
/// between loses nothing; what cannot be written is kept aside.
async fn take_arrived(
    app: &App,
    read: &mut Option<Loaded>,
    one: &Arrived,
    now: Instant,
) -> Result<(), IngestError> {
    if !one.is_known {
        note_left_out(app, &one.body, &one.delivered.left_out, now).await?;
    }
    match take_from(app, read, &one.delivered, one.is_known, now).await {
        Err(error) if error.is_for_good() => Ok(keep_untaken(app, &one.body, &error, now).await?),
        other => other.map(drop),
    }
}

/// Keeps aside an event that fits, and could not be taken: nobody waits behind it.
/// A customer whose item cannot be read is listed first, as whoever sweeps over
/// them does.
///
/// # Errors
/// [`StoreError`] where it cannot be kept; it comes again.
pub async fn keep_untaken(
    app: &App,
    text: &str,
    error: &IngestError,
    now: Instant,
) -> Result<(), StoreError> {
    if let IngestError::Store(error) = error
        && let Some(id) = error.unreadable_customer()
    {
        list_customer(app, &id, error, now).await?;
    }
    quarantine(app, text, &error.to_string(), now).await
}

/// Asks the ledger at once which of the events that come late it has: most of
/// them an archive brings again, and a read costs a seventh of a write that is
/// refused. Of the others, and where it does not answer, the write tells.
async fn note_known(store: &Store, arrived: &mut [Arrived], now: Instant) {
    let late_until = now.plus_millis(-LATE_MILLIS);
    let late = arrived.iter_mut().filter(|one| {
        let Event { occurred_at, body, .. } = &one.delivered.event;
        // An erasure that comes again looks for what was kept aside since.
        *occurred_at < late_until && !matches!(body, Body::CustomerErased(_))
    });
    let mut late: Vec<&mut Arrived> = late.collect();
    if late.is_empty() {
        return;
    }
    let events = late.iter().map(|one| &one.delivered.event);
    let known = store.counted_before(events).await.unwrap_or_default();
    for (one, is_known) in late.iter_mut().zip(known) {
        one.is_known = is_known;
    }
}

/// Reads the customers of a batch at once. Whoever is missing is read alone
/// when their first event is taken: what fails for all need not fail for each.
pub(crate) async fn read_ahead(store: &Store, ids: &[Id]) -> BTreeMap<Id, Loaded> {
    if ids.len() < 2 {
        return BTreeMap::new();
    }
    let read = store.load_all(ids).await.unwrap_or_default();
    read.into_iter().flatten().map(|one| (one.customer.id.clone(), one)).collect()
}

/// Keeps a text that is no event or cannot be taken, and says so in the log without
/// its content: an alarm counts `quarantined_events`. One about a customer who was
/// forgotten is not kept.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn quarantine(app: &App, text: &str, why: &str, now: Instant) -> Result<(), StoreError> {
    if erasure::is_about_the_erased(&app.store, text).await? {
        tracing::warn!("an event about an erased customer does not fit its schema: dropped");
        return Ok(());
    }
    let kept = aside::keep(app, FailureKind::Event, text, why, now).await?;
    tracing::warn!(quarantined_events = 1, failure = kept.id, "an event is kept aside");
    Ok(())
}

/// Lists an event that counts without some of its fields, with what they are and
/// why: an alarm counts `partly_taken_events`.
///
/// # Errors
/// [`StoreError`] where it cannot be kept.
pub async fn note_left_out(
    app: &App,
    text: &str,
    left_out: &[LeftOut],
    now: Instant,
) -> Result<(), StoreError> {
    const TOLD: usize = 10;
    if left_out.is_empty() || erasure::is_about_the_erased(&app.store, text).await? {
        return Ok(());
    }
    let told: Vec<String> = left_out.iter().take(TOLD).map(ToString::to_string).collect();
    let more = match left_out.len() - told.len() {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let why = format!("counted without {}{more}", told.join("; "));
    let kept = aside::keep(app, FailureKind::PartlyTaken, text, &why, now).await?;
    tracing::warn!(
        partly_taken_events = 1,
        failure = kept.id,
        "an event counts without some fields"
    );
    Ok(())
}

/// Takes one event: counts it once, for ever, and plans what it starts.
///
/// # Errors
/// [`IngestError`] where it could not be stored; nothing was changed then.
pub async fn take(app: &App, delivered: &Delivered, now: Instant) -> Result<Taken, IngestError> {
    take_from(app, &mut None, delivered, false, now).await
}

/// The same for a customer who was read already; leaves behind how they are
/// then, where that is known. What the ledger is known to have is not counted
/// again, and followed through all the same.
async fn take_from(
    app: &App,
    read: &mut Option<Loaded>,
    delivered: &Delivered,
    is_known: bool,
    now: Instant,
) -> Result<Taken, IngestError> {
    match (delivered.event.customer(), &delivered.event.body) {
        (Some(id), body) => {
            let taken = match is_known {
                true => Taken::Duplicate,
                false => count(app, id, read, delivered, None, now).await?,
            };
            follow_through(app, body, id, now).await?;
            Ok(taken)
        }
        (None, Body::ContentPublished(content)) => {
            match app.store.publish_content(&content.content_id, delivered, now).await? {
                true => Ok(Taken::Counted),
                false => Ok(Taken::Duplicate),
            }
        }
        (None, _) => Ok(Taken::Nobody),
    }
}

/// Hands published content to one customer, if it interests them: counts it
/// once, for ever, and plans what it starts. `via` is the topic under which
/// they were found: by the others they are found as well. `read` is the
/// customer where they were read already.
///
/// # Errors
/// [`IngestError`] where it could not be stored; nothing was changed then.
pub async fn hand_to(
    app: &App,
    id: &Id,
    mut read: Option<Loaded>,
    content: &Delivered,
    via: Option<&Topic>,
    now: Instant,
) -> Result<Taken, IngestError> {
    count(app, id, &mut read, content, via, now).await
}

/// Counts an event for a customer.
async fn count(
    app: &App,
    id: &Id,
    read: &mut Option<Loaded>,
    delivered: &Delivered,
    via: Option<&Topic>,
    now: Instant,
) -> Result<Taken, IngestError> {
    let event = &delivered.event;
    let rules = app.rules();
    if let Body::CustomerMerged(merge) = &event.body {
        // Boxed, as all that few customers need: the futures of the others stay small.
        return Box::pin(merging::take(app, delivered, merge, true, now)).await;
    }
    let mut attempt = 0;
    let mut known = Vec::new();
    loop {
        let loaded = match read.take().filter(|one| one.customer.merged_into.is_none()) {
            Some(loaded) => loaded,
            None => Box::pin(app.store.person(id)).await?,
        };
        if !loaded.customer.merged.is_empty()
            && Box::pin(app.store.counted_under_another_id(&loaded.customer, [event])).await?
                == [true]
        {
            *read = Some(loaded);
            return Ok(Taken::Duplicate);
        }
        if let Body::ContentPublished(content) = &event.body {
            let topic = loaded.customer.topic_of(content, event.occurred_at);
            if topic.is_none_or(|topic| via.is_some_and(|via| *via != topic)) {
                return Ok(Taken::Nobody);
            }
        }
        if let Body::CustomerErased(_) = &event.body {
            erasure::drop_kept_aside(&app.store, &loaded.customer, now).await?;
        }
        let mut decision = decide(loaded.customer.clone(), Input::Event(event), &rules.book, now);
        let (mut ledger, messages) = account(delivered, &mut decision, &rules.book, now);
        ledger.leave_out(&known);
        match app.store.commit(&loaded, decision.customer, &ledger, now).await? {
            Commit::Done(after) => {
                app.bus.tell(&messages).await;
                // Where this fails, the customer's alarm has it done.
                *read = Box::pin(write_down(app, *after, now)).await.ok();
                return Ok(Taken::Counted);
            }
            // The event's own entry is the first.
            Commit::Known(entries) if entries.contains(&0) => {
                *read = Some(loaded);
                return Ok(Taken::Duplicate);
            }
            other => {
                if let Commit::Known(entries) = other {
                    known.extend(ledger.touches_at(&entries));
                }
                attempt += 1;
                if attempt == ATTEMPTS_MAX {
                    return Err(IngestError::Contention);
                }
                back_off(attempt).await;
            }
        }
    }
}

/// What an event does besides the customer's state. After the commit, and once
/// more when it comes again: a crash in between loses nothing.
async fn follow_through(app: &App, body: &Body, id: &Id, now: Instant) -> Result<(), IngestError> {
    match body {
        Body::CallReported(call) => call_list::close(app, id, call, now).await?,
        Body::ConsentChanged(consent) if consent.channel == ConsentChannel::Call => {
            call_list::review(app, id, now).await?;
        }
        Body::CustomerUpdated(profile) => {
            if profile.relationship.is_some() || profile.account_manager.is_some() {
                call_list::review(app, id, now).await?;
            }
            if profile.interests.is_some() {
                catch_up_on_content(app, id, now).await?;
            }
        }
        Body::CustomerErased(_) => {
            let person = Box::pin(app.store.person(id)).await?.customer;
            for id in person.ids() {
                app.store.forget_details(id).await?;
                app.store.withdraw_calls(id).await?;
                app.store.drop_answers(id, now).await?;
                app.store.withdraw_complaints(id).await?;
            }
        }
        Body::CustomerMerged(_) => Box::pin(merging::follow_through(app, id, now)).await?,
        _ => {}
    }
    Ok(())
}

/// An interest that was learnt of late brings what came out meanwhile.
async fn catch_up_on_content(app: &App, id: &Id, now: Instant) -> Result<(), IngestError> {
    let longest = app.rules().book.policy.max_trigger_age.millis_at_most();
    for content in app.store.contents_since(now.plus_millis(-longest)).await? {
        hand_to(app, id, None, &content, None, now).await?;
    }
    Ok(())
}

/// Tells the ledger of the touches that ended and for which the last transaction
/// had no room.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer; the customer's alarm rings until
/// it is done.
pub(crate) async fn write_down(
    app: &App,
    mut loaded: Loaded,
    now: Instant,
) -> Result<Loaded, StoreError> {
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

/// What an event's decision writes into the ledger, and tells others.
fn account(
    delivered: &Delivered,
    decision: &mut Decision,
    book: &RuleBook,
    now: Instant,
) -> (Ledger, Vec<Message>) {
    let mut entry = EventEntry::new(&delivered.event, now);
    let records = std::mem::take(&mut decision.records).into_iter();
    let (refused, ended): (Vec<_>, Vec<_>) = records.partition(is_refusal);
    refused.iter().for_each(|record| entry.note_refusal(record));
    let mut messages: Vec<Message> = ended.iter().map(Message::skipped).collect();
    entry.keep_detail_of(&delivered.event, &decision.customer);
    let mut entries = vec![LedgerEntry::Event(entry)];
    let customer = &decision.customer;
    if customer.erased_at.is_none() {
        entries.extend(told(&delivered.event, customer, book));
    }
    let id = &customer.id;
    messages.extend(decision.stages.iter().map(|entered| Message::stage_changed(id, entered)));
    let complaints = decision.complaints.iter();
    entries.extend(complaints.flat_map(|id| complaint_entries(customer, id, book)));
    let mut ledger = Ledger { entries };
    let room = LEDGER_ITEMS_MAX.saturating_sub(INTEREST_ITEMS_MAX + ledger.entries.len());
    ledger.end_touches(&mut decision.customer, ended, room);
    (ledger, messages)
}

/// What is kept or counted of an event by itself: an answer in full, how it was,
/// the reason for which a customer leaves. Of who was forgotten it is not.
fn told(event: &Event, customer: &Customer, book: &RuleBook) -> Vec<LedgerEntry> {
    let left = CountedDissolution::of(event, &book.default_zone).map(Counted::Dissolution);
    let felt = CountedExperience::of(event, customer, book).map(Counted::Experience);
    let counted = left.into_iter().chain(felt).map(LedgerEntry::Counted);
    Answer::of(event).map(LedgerEntry::Answer).into_iter().chain(counted).collect()
}

/// Whether a record is of a trigger that started nothing. Each event that comes
/// while the trigger is open decides anew about it, so it is noted beside that
/// event; a touch ends in the ledger once, and for good.
fn is_refusal(record: &TouchRecord) -> bool {
    record.at == record.due
        && record.defers.is_empty()
        && matches!(record.status, TouchStatus::Skipped | TouchStatus::HeldOut)
        && record.reason.is_some_and(|reason| reason.refuses_triggers())
}

/// A short wait of random length, longer from attempt to attempt.
pub(crate) async fn back_off(attempt: u32) {
    let most = 10u64 << attempt.min(7);
    tokio::time::sleep(std::time::Duration::from_millis(fastrand::u64(1..=most))).await;
}
