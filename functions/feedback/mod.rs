//! What SES tells of the mails that went out: settles touches of which the
//! answer was lost, and stops mail to addresses that bounce or complain.
//!
//! Events come late, twice, in any order or not at all; each is a fact about
//! one mail, so taking one changes the same once or a hundred times.

mod manual_resolution;
mod rebuilt;
pub mod ses_event;

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lazo_domain::address::Address;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{Input, decide};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::suppression::{AddressHash, Cause};
use lazo_domain::touch::{Reason, TouchId, TouchRecord, TouchStatus};

use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::batch;
use crate::shell::bus::Message;
use crate::shell::commit::{Contention, Step, until_done};
use crate::shell::mailer::tags::{self, Tagged, TouchTag};
use crate::shell::store::{
    Commit, FailureKind, Ledger, LedgerEntry, Note, NoticeState, StoreError, TouchEntry,
    TouchState, UNKNOWN_AFTER,
};
pub use manual_resolution::{Resolution, Settled, settle};
use ses_event::{BadMailEvent, Fact, MailEvent};

/// How many events are worked on at a time.
const EVENTS_AT_ONCE: usize = 8;

/// How an event was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is about a mail of ours.
    Counted,
    /// About no mail that we know of, or nothing that matters here.
    Foreign,
}

/// Why an event could not be taken now; it comes again.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others changed the same customer first, at each attempt.
    #[error(transparent)]
    Contention(#[from] Contention),
}

/// Takes a batch from the queue. What cannot be read is kept aside; only what
/// could not be stored is given back.
pub async fn handle(app: &App, batch: SqsEvent, now: Instant) -> SqsBatchResponse {
    let parse = |message: batch::Message| (ses_event::parse(&message.body), message);
    let parsed: Vec<_> = batch::messages(batch).map(parse).collect();
    let events = parsed.iter().filter_map(|(parsed, _)| parsed.as_ref().ok()?.as_ref());
    let read = &read_ahead(app, events).await;
    let work = parsed.into_iter().map(|(parsed, message)| async move {
        let result = match parsed {
            Ok(Some(event)) => take_from(app, read, &event, now).await.map(drop),
            Ok(None) => Ok(()),
            Err(why) => keep_aside(app, &message.body, &why, now).await,
        };
        let Err(error) = result else { return Vec::new() };
        let message = message.id;
        tracing::error!(%error, message, "a mail event could not be taken, it comes again");
        vec![message]
    });
    batch::work_off(EVENTS_AT_ONCE, work).await
}

/// Reads the touches that a batch is about at once. Whichever is missing is
/// read alone: what fails for all need not fail for each.
async fn read_ahead(
    app: &App,
    events: impl Iterator<Item = &MailEvent>,
) -> BTreeMap<TouchId, TouchEntry> {
    let whole = |event: &MailEvent| match about(app, event)? {
        About::Customer(Tagged { touch: TouchTag::Whole(touch), .. }) => Some(touch),
        _ => None,
    };
    let touches: BTreeSet<TouchId> = events.filter_map(whole).collect();
    if touches.len() < 2 {
        return BTreeMap::new();
    }
    app.store.touches(&touches).await.unwrap_or_default()
}

async fn keep_aside(
    app: &App,
    body: &str,
    why: &BadMailEvent,
    now: Instant,
) -> Result<(), FeedbackError> {
    let why = why.to_string();
    let kept = aside::keep(app, FailureKind::MailEvent, body, &why, now).await?;
    tracing::warn!(quarantined_events = 1, failure = kept.id, why, "a mail event is unreadable");
    Ok(())
}

/// Takes one event.
///
/// # Errors
/// [`FeedbackError`] where it could not be stored; it may be taken again.
pub async fn take(app: &App, event: &MailEvent, now: Instant) -> Result<Taken, FeedbackError> {
    take_from(app, &BTreeMap::new(), event, now).await
}

/// The same where touches were read already.
async fn take_from(
    app: &App,
    read: &BTreeMap<TouchId, TouchEntry>,
    event: &MailEvent,
    now: Instant,
) -> Result<Taken, FeedbackError> {
    let tagged = match about(app, event) {
        Some(About::Customer(tagged)) => tagged,
        Some(About::Staff(hash)) => return take_of_staff(app, hash, event).await,
        None => return Ok(Taken::Foreign),
    };
    let known = match find(app, read, &tagged).await? {
        None if rebuilt::is_wanted(app, event).await? => {
            Box::pin(rebuilt::rebuild(app, &tagged, event, now)).await?
        }
        known => known,
    };
    let attempt = async |entry: Option<TouchEntry>| -> Result<_, FeedbackError> {
        if !needs_state(event.fact, entry.as_ref())
            || settle_once(app, &tagged.customer, event, entry.as_ref(), now).await?
        {
            return Ok(Step::Done(entry));
        }
        Ok(Step::Again(match &entry {
            Some(entry) => app.store.touch(&entry.touch).await?,
            None => None,
        }))
    };
    let entry = until_done(known, attempt).await?;
    let entry = entry.map_err(|_| Contention)?;
    let Some(entry) = entry else { return Ok(Taken::Foreign) };
    // Also where it was settled before: this may be the second try of an event
    // whose first was cut off here.
    if entry.settled_late || entry.state == TouchState::Fenced && may_be_listed(&entry, now) {
        app.store.drop_unknown(&entry.touch, entry.at, now).await?;
    }
    if let Some(note) = note(event.fact).filter(|note| !entry.feedback.has(*note)) {
        app.store.note(&entry.touch, note, event.at).await?;
    }
    Ok(Taken::Counted)
}

/// Whether a touch on its way out may have been listed as of unknown fate.
fn may_be_listed(entry: &TouchEntry, now: Instant) -> bool {
    now >= entry.at.plus_millis(UNKNOWN_AFTER.as_millis() as i64)
}

/// Takes what is told of a mail to somebody in the shop: it settles one of
/// which the answer was lost. Their addresses are the policy's to mend.
async fn take_of_staff(app: &App, hash: &str, event: &MailEvent) -> Result<Taken, FeedbackError> {
    let (state, message_id) = match event.fact.proves_sending() {
        true => (NoticeState::Sent, Some(event.message_id.as_str())),
        false => (NoticeState::Refused, None),
    };
    app.store.settle_notice(hash, state, message_id).await?;
    if let (Some(message_id), true) = (message_id, rebuilt::is_wanted(app, event).await?) {
        app.store.rebuild_notice(hash, message_id, event.mailed_at).await?;
    }
    if cause(event.fact).is_some() {
        tracing::error!(notice = hash, "mail to somebody in the shop bounces: mend the policy");
    }
    Ok(Taken::Counted)
}

/// Whom a mail of ours went to.
enum About<'a> {
    /// Somebody in the shop, by the mail's hash.
    Staff(&'a str),
    Customer(Tagged),
}

/// What an event is about; `None` where it is no mail of ours.
fn about<'a>(app: &App, event: &'a MailEvent) -> Option<About<'a>> {
    let (ours, theirs) = (app.mailer.configuration_set(), event.configuration_set());
    if ours.is_some() && theirs.is_some() && ours != theirs {
        return None;
    }
    match tags::notice(&event.tags) {
        Some(hash) => Some(About::Staff(hash)),
        None => tags::read(&event.tags).map(About::Customer),
    }
}

/// The touch's entry in the ledger; `None` where it is not known here.
async fn find(
    app: &App,
    read: &BTreeMap<TouchId, TouchEntry>,
    tagged: &Tagged,
) -> Result<Option<TouchEntry>, StoreError> {
    match &tagged.touch {
        TouchTag::Whole(touch) => match read.get(touch) {
            Some(entry) => Ok(Some(entry.clone())),
            None => app.store.touch(touch).await,
        },
        TouchTag::Hash(_) => {
            let (_, touches) = app.store.ledger(&tagged.customer).await?;
            Ok(touches.into_iter().find(|entry| tagged.touch.is(&entry.touch)))
        }
    }
}

/// Whether the event can change the customer's state, which is read only then.
fn needs_state(fact: Fact, entry: Option<&TouchEntry>) -> bool {
    cause(fact).is_some()
        || entry.is_some_and(|entry| match entry.state {
            TouchState::Fenced => true,
            TouchState::PutBack => fact.proves_sending(),
            _ => false,
        })
}

fn cause(fact: Fact) -> Option<Cause> {
    match fact {
        Fact::HardBounced => Some(Cause::HardBounce),
        Fact::Complained => Some(Cause::SpamComplaint),
        _ => None,
    }
}

fn note(fact: Fact) -> Option<Note> {
    match fact {
        Fact::Sent => None,
        Fact::Delivered => Some(Note::Delivered),
        Fact::Delayed => Some(Note::Delayed),
        Fact::HardBounced => Some(Note::Bounced),
        Fact::SoftBounced => Some(Note::SoftBounced),
        Fact::Complained => Some(Note::Complained),
        Fact::Rejected | Fact::RenderingFailed => Some(Note::Rejected),
    }
}

/// Decides and commits; whether nothing is left to do. Otherwise somebody else
/// wrote first.
async fn settle_once(
    app: &App,
    id: &Id,
    event: &MailEvent,
    entry: Option<&TouchEntry>,
    now: Instant,
) -> Result<bool, StoreError> {
    let loaded = app.store.load(id).await?;
    if loaded.customer == Customer::new(id.clone()) && entry.is_none() {
        return Ok(true);
    }
    // The touch is this id's, and what is wrong with an address is the person's.
    if let Some(into) = loaded.customer.merged_into.as_ref().filter(|_| cause(event.fact).is_some())
        && !Box::pin(settle_once(app, into, event, None, now)).await?
    {
        return Ok(false);
    }
    Box::pin(note_stop(app, &loaded.customer, event)).await?;
    let rules = app.rules();
    let (customer, records) = apply(loaded.customer.clone(), event, entry, &rules.book, now);
    let ended = entry.and_then(|entry| ended(entry, event, &records, now));
    if ended.is_none() && customer == loaded.customer {
        return Ok(true);
    }
    let messages: Vec<Message> = ended.iter().map(|entry| message(entry, &records)).collect();
    let ledger = Ledger { entries: ended.into_iter().map(LedgerEntry::Touch).collect() };
    match app.store.commit(&loaded, customer, &ledger, now).await? {
        Commit::Done(_) => {
            app.bus.tell(&messages).await;
            count(event.fact, !messages.is_empty());
            Ok(true)
        }
        Commit::AlreadyRecorded(_) | Commit::Conflict => Ok(false),
    }
}

/// Notes a bounce or a spam complaint for the address, whoever has it (events#no-for-an-address);
/// also where the customer was forgotten since. Before the customer's own state,
/// so that what is acknowledged holds for both.
async fn note_stop(app: &App, customer: &Customer, event: &MailEvent) -> Result<(), StoreError> {
    if cause(event.fact).is_none() {
        return Ok(());
    }
    match address_of(customer, event).map(Address::email) {
        Some(address) => app.store.note_stop(&address, event.at, &customer.id).await,
        None => Ok(()),
    }
}

/// The address that a mail went to; where the event does not tell it, the
/// customer's present one.
fn address_of<'a>(customer: &'a Customer, event: &'a MailEvent) -> Option<&'a str> {
    let current = customer.profile.email.latest().map(|email| email.as_str());
    event.address.as_deref().or(current)
}

/// What the event changes in the customer's state.
fn apply(
    customer: Customer,
    event: &MailEvent,
    entry: Option<&TouchEntry>,
    book: &RuleBook,
    now: Instant,
) -> (Customer, Vec<TouchRecord>) {
    let mut customer = customer;
    let mut records = Vec::new();
    if let Some(entry) = entry {
        let touch = &entry.touch;
        let input = match (entry.state, event.fact.proves_sending()) {
            (TouchState::Fenced | TouchState::PutBack, true) => {
                Some(Input::Accepted { touch, at: event.mailed_at })
            }
            (TouchState::Fenced, false) => Some(Input::Refused(touch)),
            _ => None,
        };
        if let Some(input) = input {
            let decision = decide(customer, input, book, now);
            (customer, records) = (decision.customer, decision.records);
        }
    }
    // What mail to an address means is the person's, whatever id the touch had.
    if let Some(cause) = cause(event.fact).filter(|_| customer.merged_into.is_none())
        && let Some(address) = address_of(&customer, event).map(AddressHash::of)
    {
        let input = Input::Suppressed { address: &address, at: event.at, cause };
        customer = decide(customer, input, book, now).customer;
    }
    (customer, records)
}

/// The entry of a touch that the event settles; `None` where it is settled.
fn ended(
    entry: &TouchEntry,
    event: &MailEvent,
    records: &[TouchRecord],
    now: Instant,
) -> Option<TouchEntry> {
    let is_sent = event.fact.proves_sending();
    let was_fenced = match entry.state {
        TouchState::Fenced => true,
        TouchState::PutBack if is_sent => false,
        _ => return None,
    };
    let message_id = is_sent.then(|| event.message_id.clone());
    let settled_late = was_fenced && may_be_listed(entry, now);
    if let Some(record) = records.iter().find(|record| record.touch == entry.touch) {
        let ended = TouchEntry::ended(record, was_fenced, message_id);
        return Some(TouchEntry { settled_late, ..ended });
    }
    // The state does not know of it any more, and the ledger is to be right.
    let (state, reason, at) = match is_sent {
        true => (TouchState::Sent, None, entry.at),
        false => (TouchState::Skipped, Some(Reason::Undeliverable), now),
    };
    Some(TouchEntry { state, reason, at, message_id, was_fenced, settled_late, ..entry.clone() })
}

/// What others are told of a touch that was settled.
fn message(entry: &TouchEntry, records: &[TouchRecord]) -> Message {
    if entry.state == TouchState::Sent {
        let (variant, message_id) = (entry.variant.as_deref(), entry.message_id.as_deref());
        return Message::email_sent(&entry.touch, variant, entry.at, message_id);
    }
    let record = records.iter().find(|record| record.touch == entry.touch);
    let record = record.cloned().unwrap_or_else(|| TouchRecord {
        touch: entry.touch.clone(),
        channel: entry.channel,
        status: TouchStatus::Skipped,
        at: entry.at,
        due: entry.due,
        enrolled_at: entry.enrolled_at,
        reason: entry.reason,
        defers: Vec::new(),
        variant: entry.variant.clone(),
        met: None,
        version: entry.version,
    });
    Message::skipped(&record)
}

/// What metric filters count, without a word on whose mail it was.
fn count(fact: Fact, has_settled: bool) {
    match fact {
        Fact::HardBounced => tracing::info!(suppressed = 1, "mail to an address stops: bounced"),
        Fact::Complained => tracing::info!(suppressed = 1, "mail to an address stops: spam"),
        _ => {}
    }
    if has_settled {
        tracing::info!(settled_sends = 1, "a touch on its way out was settled");
    }
}
