//! One event, or one customer's history, into the table: decode → load → decide →
//! commit, and what follows from it besides.

mod entries;
mod erasure;
pub mod foreign;
pub mod history;
pub mod merging;
mod quarantine;

use std::collections::BTreeMap;

use lazo_domain::customer::Customer;
use lazo_domain::decide::{Input, MergeRefusal, decide};
use lazo_domain::event::{BadEvent, Body, ConsentChannel, Delivered, Event, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::interest::Topic;

pub use erasure::kept_aside;
pub use foreign::Foreign;
pub use quarantine::{keep_untaken, note_left_out, quarantine};

use super::app::App;
use super::bus::Message;
use super::call_list;
use super::commit::{Contention, Plan, Planned, Read, Written, decide_and_commit, write_down};
use super::store::{Loaded, Store, StoreError};
use entries::account;

/// How an event was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is new, and is counted now.
    Counted,
    /// It had been counted before: nothing changed.
    Duplicate,
    /// Content that does not interest the customer, or comes by another topic.
    Nobody,
}

/// Why an event could not be taken now; it comes again.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others changed the same customer first, at each attempt.
    #[error(transparent)]
    Contention(#[from] Contention),
    /// Two ids cannot become one: the person would have too many ids or pending touches.
    #[error(transparent)]
    Merge(#[from] MergeRefusal),
}

impl IntakeError {
    /// Whether the event or its customer is at fault, so that it is kept aside: it
    /// would come again in vain.
    pub fn is_for_good(&self) -> bool {
        match self {
            IntakeError::Store(error) => error.is_of_the_item(),
            IntakeError::Merge(_) => true,
            IntakeError::Contention(_) => false,
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
/// [`IntakeError`] where it could neither be taken nor kept; nothing was changed.
pub async fn receive(app: &App, text: &str, now: Instant) -> Result<Option<String>, IntakeError> {
    match foreign::map(app, text, now).await? {
        None => {}
        Some(Foreign::Events(events)) => {
            foreign::take_events(app, &events, now).await?;
            return Ok(None);
        }
        Some(Foreign::Kept(why)) => return Ok(Some(why)),
        Some(Foreign::Ignored(_) | Foreign::Waits(_)) => return Ok(None),
    }
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

/// Reads the customers of a batch at once. Whoever is missing is read alone
/// when their first event is taken: what fails for all need not fail for each.
pub async fn read_ahead(store: &Store, ids: &[Id]) -> BTreeMap<Id, Loaded> {
    if ids.len() < 2 {
        return BTreeMap::new();
    }
    let read = store.load_all(ids).await.unwrap_or_default();
    read.into_iter().flatten().map(|one| (one.customer.id.clone(), one)).collect()
}

/// Takes one event: counts it once, for ever, and plans what it starts.
///
/// # Errors
/// [`IntakeError`] where it could not be stored; nothing was changed then.
pub async fn take(app: &App, delivered: &Delivered, now: Instant) -> Result<Taken, IntakeError> {
    take_from(app, &mut None, delivered, false, now).await
}

/// The same for a customer who was read already; leaves behind how they are
/// then, where that is known. What the ledger is known to have is not counted
/// again, and followed through all the same.
pub async fn take_from(
    app: &App,
    read: &mut Option<Loaded>,
    delivered: &Delivered,
    is_known: bool,
    now: Instant,
) -> Result<Taken, IntakeError> {
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
/// [`IntakeError`] where it could not be stored; nothing was changed then.
pub async fn hand_to(
    app: &App,
    id: &Id,
    mut read: Option<Loaded>,
    content: &Delivered,
    via: Option<&Topic>,
    now: Instant,
) -> Result<Taken, IntakeError> {
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
) -> Result<Taken, IntakeError> {
    let event = &delivered.event;
    let rules = app.rules();
    if let Body::CustomerMerged(merge) = &event.body {
        // Boxed, as all that few customers need: the futures of the others stay small.
        return Box::pin(merging::take(app, delivered, merge, true, now)).await;
    }
    let before = read.take().filter(|one| one.customer.merged_into.is_none());
    let plan = async |loaded: Loaded| -> Planned<Outcome, IntakeError> {
        let customer = &loaded.customer;
        if is_counted_elsewhere(app, customer, event).await? {
            return Ok((loaded, Plan::Leave(Outcome::Duplicate)));
        }
        if let Body::ContentPublished(content) = &event.body {
            let topic = customer.topic_of(content, event.occurred_at);
            if topic.is_none_or(|topic| via.is_some_and(|via| *via != topic)) {
                return Ok((loaded, Plan::Leave(Outcome::Nobody)));
            }
        }
        if let Body::CustomerErased(_) = &event.body {
            erasure::drop_kept_aside(&app.store, customer, now).await?;
        }
        let mut decision = decide(customer.clone(), Input::Event(event), &rules.book, now);
        let (ledger, messages) = account(delivered, &mut decision, &rules.book, now);
        let value = Outcome::Counted(messages);
        Ok((loaded, Plan::Write { customer: Box::new(decision.customer), ledger, about: 1, value }))
    };
    match decide_and_commit(app, Read::Person(id), before, now, plan).await? {
        Written::Done(after, planned) => {
            if let Outcome::Counted(messages) = planned {
                app.bus.tell(&messages).await;
            }
            // Where this fails, the customer's alarm has it done.
            *read = Box::pin(write_down(app, after, now)).await.ok();
            Ok(Taken::Counted)
        }
        Written::Left(_, Outcome::Nobody) => Ok(Taken::Nobody),
        Written::Left(loaded, _) | Written::AlreadyRecorded(loaded, _) => {
            *read = Some(loaded);
            Ok(Taken::Duplicate)
        }
    }
}

/// What is to become of an event.
enum Outcome {
    Counted(Vec<Message>),
    Duplicate,
    Nobody,
}

/// Whether an event counted under another id of the person.
async fn is_counted_elsewhere(
    app: &App,
    customer: &Customer,
    event: &Event,
) -> Result<bool, StoreError> {
    Ok(!customer.merged.is_empty()
        && Box::pin(app.store.counted_under_another_id(customer, [event])).await? == [true])
}

/// What an event does besides the customer's state. After the commit, and once
/// more when it comes again: a crash in between loses nothing.
async fn follow_through(app: &App, body: &Body, id: &Id, now: Instant) -> Result<(), IntakeError> {
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
async fn catch_up_on_content(app: &App, id: &Id, now: Instant) -> Result<(), IntakeError> {
    let longest = app.rules().book.policy.max_trigger_age.millis_at_most();
    for content in app.store.contents_since(now.plus_millis(-longest)).await? {
        hand_to(app, id, None, &content, None, now).await?;
    }
    Ok(())
}
