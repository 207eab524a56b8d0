//! The append-only ledger: each accepted event and each touch, for ever.

use lazo_domain::channel::Channel;
use lazo_domain::customer::Customer;
use lazo_domain::event::{Body, Detail, Event, EventKind};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::money::Money;
use lazo_domain::rulebook::{RuleBook, VersionNumber};
use lazo_domain::touch::{Defer, Reason, Send, TouchId, TouchRecord, TouchStatus};
use serde::{Deserialize, Serialize};

use super::answers::Answer;
use super::calls::Call;
use super::complaints::{ComplaintEntry, EscalationEntry};
use super::ended;
use super::enrolments;
use super::monthly_statistics::Counted;
use super::purchases::PurchaseOwner;
use super::{Feedback, Item, StoreError, details, keys, to_item};

/// What is written beside a customer's new state.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// The entries; where a commit fails, it names them by their place in this list.
    pub entries: Vec<LedgerEntry>,
}

impl Ledger {
    /// The touches of the entries at these places.
    pub fn touches_at(&self, places: &[usize]) -> Vec<TouchId> {
        let entries = places.iter().filter_map(|place| self.entries.get(*place));
        entries
            .filter_map(|entry| match entry {
                LedgerEntry::Touch(entry) => Some(entry.touch.clone()),
                _ => None,
            })
            .collect()
    }

    /// Adds how touches ended, as far as there is room; the others wait in the
    /// customer's state for the next commit.
    pub fn end_touches(
        &mut self,
        customer: &mut Customer,
        records: impl IntoIterator<Item = TouchRecord>,
        room: usize,
    ) {
        customer.unwritten.extend(records);
        let now = customer.unwritten.len().min(room);
        let ended = customer.unwritten.drain(..now);
        self.entries.extend(
            ended.map(|record| LedgerEntry::Touch(TouchEntry::ended(&record, false, None))),
        );
    }

    /// A fence among the entries that its writer will know again.
    pub(in crate::shell::store) fn fence(&self) -> Option<&TouchEntry> {
        self.entries.iter().find_map(|entry| match entry {
            LedgerEntry::Touch(entry) if entry.fenced_by.is_some() => Some(entry),
            _ => None,
        })
    }

    /// Without what the ledger knows already: a touch ends there once.
    pub fn leave_out(&mut self, known: &[TouchId]) {
        self.entries.retain(|entry| match entry {
            LedgerEntry::Touch(entry) => !known.contains(&entry.touch),
            _ => true,
        });
    }

    /// The escalations of the entries at these places.
    pub fn escalations_at(&self, places: &[usize]) -> Vec<EscalationEntry> {
        let entries = places.iter().filter_map(|place| self.entries.get(*place));
        entries
            .filter_map(|entry| match entry {
                LedgerEntry::Escalation(entry) => Some(entry.clone()),
                _ => None,
            })
            .collect()
    }
}

/// One item that is written together with a customer's new state.
#[derive(Clone, Debug)]
pub enum LedgerEntry {
    /// An accepted event; refused where the ledger has it already.
    Event(EventEntry),
    /// A touch's fence or its end; refused where another fenced or ended it before.
    Touch(TouchEntry),
    /// A call or a task for the list, whatever was written before.
    Call(Call),
    /// An answer to a survey in full; it goes when the customer is forgotten.
    Answer(Answer),
    /// A level that a complaint reached; refused where the ledger has it already.
    Escalation(EscalationEntry),
    /// A complaint as it stands now, whatever was written before.
    Complaint(ComplaintEntry),
    /// What is counted in its month, the same however often it is written.
    Counted(Counted),
    /// Whose a purchase is that came from another system.
    Owner(PurchaseOwner),
}

/// An accepted event: its permanent deduplication key, and what was decided
/// about the rules that it triggers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventEntry {
    /// What sort of event it is; with `key` it is the item's key.
    pub kind: EventKind,
    /// The key by which an event of its kind counts once for its customer.
    pub key: String,
    /// When it happened, as the event tells.
    pub at: Instant,
    /// When it was taken in.
    pub received_at: Instant,
    /// The rules that it triggered and that did not start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// Of each of `refused`, in their order, the values that its condition met; empty
    /// where it had none. They go when the customer is forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<Box<str>>,
    /// What it told: the shop's history. It goes when the customer is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
    /// It was told as history, and opened no follow-ups.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_history: bool,
    /// The version of the rules by which it was taken; `None` where none is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionNumber>,
    /// Of a purchase its total, which a rule's goal may count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Money>,
    /// The earliest trigger among `refused` that counts as an enrolment, since the
    /// customer is held out: by it a report finds the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<Instant>,
}

/// A rule that did not start, and why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refused {
    /// The rule's name.
    pub rule: String,
    /// Which occurrence of its trigger it was, such as `pur-1` or `2026`.
    pub occurrence: String,
    /// Why the rule did not start.
    pub reason: Reason,
    /// Of one that counts as an enrolment: the trigger's instant, where that is not the
    /// event's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Instant>,
}

impl EventEntry {
    /// The entry of an event of which no refusal and no detail is noted yet.
    pub fn new(event: &Event, received_at: Instant, book: &RuleBook) -> EventEntry {
        EventEntry {
            kind: event.kind(),
            key: event.ledger_key(),
            at: event.occurred_at,
            received_at,
            refused: Vec::new(),
            met: Vec::new(),
            detail: None,
            is_history: false,
            version: book.version(),
            total: match &event.body {
                Body::PurchaseCompleted(purchase) => Some(purchase.total),
                _ => None,
            },
            enrolled_at: None,
        }
    }

    /// Keeps what the event told, unless the customer is forgotten.
    pub fn keep_detail_of(&mut self, event: &Event, customer: &Customer) {
        self.detail = customer.erased_at.is_none().then(|| event.detail.clone());
    }

    /// Notes that a rule did not start, and why.
    pub fn note_refusal(&mut self, record: &TouchRecord) {
        let Some(reason) = record.reason else { return };
        self.refused.push(Refused {
            rule: record.touch.rule.clone(),
            occurrence: record.touch.occurrence.clone(),
            reason,
            at: record.enrolled_at.filter(|at| *at != self.at),
        });
        self.enrolled_at = self.enrolled_at.into_iter().chain(record.enrolled_at).min();
        if let Some(met) = &record.met {
            self.met.resize(self.refused.len() - 1, Box::default());
            self.met.push(met.clone());
        }
    }

    /// The rules that did not start, each with the values that its condition met.
    pub fn refusals(&self) -> impl Iterator<Item = (&Refused, Option<&str>)> {
        let met = self.met.iter().map(|met| Some(&**met).filter(|met| !met.is_empty()));
        self.refused.iter().zip(met.chain(std::iter::repeat(None)))
    }
}

/// How a touch stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchState {
    /// Written before the call that sends it: nobody else may send it.
    Fenced,
    /// It went out; a call or a task was asked for.
    Sent,
    /// It did not go out, for the reason that the entry gives.
    Skipped,
    /// It was given up before it went out, for the reason `exited`.
    Cancelled,
    /// The customer is in the rule's holdout: nothing was sent.
    HeldOut,
    /// It certainly did not go out: it may be fenced again.
    PutBack,
}

/// A mark for a fence, by which whoever wrote it knows it again.
pub fn mark() -> String {
    format!("{:032x}", fastrand::u128(..))
}

/// A touch: its permanent once-only key, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TouchEntry {
    /// Whose touch it is, of which rule, occurrence and step.
    pub touch: TouchId,
    /// The step's channel; `Task` where the live rules had no such step.
    pub channel: Channel,
    /// Whether it is on its way out, or how it ended.
    pub state: TouchState,
    /// When it was fenced; of one that ended, when it was sent or ended.
    pub at: Instant,
    /// When it first fell due.
    pub due: Instant,
    /// Of an enrolment's first touch, or of one that is held out: the trigger's instant.
    /// By it a report finds the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<Instant>,
    /// Why it did not go out; `None` where it went out or may go out yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Which variant of its step it says; `None` where the step has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Box<str>>,
    /// Of a mail that was not written or not taken: why. Without personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The values that a condition met which did not hold; they go when the customer is
    /// forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<Box<str>>,
    /// The version of the rules that decided it; `None` where none is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionNumber>,
    /// When and why it waited, and until when; at most the latest 20 times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defers: Vec<Defer>,
    /// By which the mail service knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Of a fence: by which its writer knows it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced_by: Option<String>,
    /// Settled by the mail service's word after it may have been listed as of
    /// unknown fate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled_late: bool,
    /// What the mail service told of it since.
    #[serde(flatten)]
    pub feedback: Feedback,
    /// Whether a fence is expected to be there, or nothing.
    #[serde(skip)]
    pub was_fenced: bool,
}

impl TouchEntry {
    /// The fence before a touch goes out.
    pub fn fence(send: &Send) -> TouchEntry {
        TouchEntry {
            touch: send.touch.clone(),
            channel: send.channel,
            state: TouchState::Fenced,
            at: send.at,
            due: send.due,
            enrolled_at: send.enrolled_at,
            reason: None,
            variant: send.variant.clone(),
            why: None,
            met: None,
            version: send.version,
            defers: Vec::new(),
            message_id: None,
            fenced_by: None,
            settled_late: false,
            feedback: Feedback::default(),
            was_fenced: false,
        }
    }

    /// A mail of which nothing is known but that it went out then.
    pub fn told(touch: TouchId, at: Instant) -> TouchEntry {
        TouchEntry {
            touch,
            channel: Channel::Email,
            state: TouchState::Sent,
            at,
            due: at,
            enrolled_at: None,
            reason: None,
            variant: None,
            why: None,
            met: None,
            version: None,
            defers: Vec::new(),
            message_id: None,
            fenced_by: None,
            settled_late: false,
            feedback: Feedback::default(),
            was_fenced: false,
        }
    }

    /// The same fence, with a mark that nobody else writes.
    pub fn by(self, mark: &str) -> TouchEntry {
        TouchEntry { fenced_by: Some(mark.to_owned()), ..self }
    }

    /// The fence of a touch that certainly did not go out, opened again.
    pub fn put_back(send: &Send) -> TouchEntry {
        TouchEntry { state: TouchState::PutBack, was_fenced: true, ..TouchEntry::fence(send) }
    }

    /// How a touch ended.
    pub fn ended(record: &TouchRecord, was_fenced: bool, message_id: Option<String>) -> TouchEntry {
        TouchEntry {
            touch: record.touch.clone(),
            channel: record.channel,
            state: match record.status {
                TouchStatus::Sent => TouchState::Sent,
                TouchStatus::Skipped | TouchStatus::Pending => TouchState::Skipped,
                TouchStatus::Cancelled => TouchState::Cancelled,
                TouchStatus::HeldOut => TouchState::HeldOut,
            },
            at: record.at,
            due: record.due,
            enrolled_at: record.enrolled_at,
            reason: record.reason,
            variant: record.variant.clone(),
            why: None,
            met: record.met.clone(),
            version: record.version,
            defers: record.defers.clone(),
            message_id,
            fenced_by: None,
            settled_late: false,
            feedback: Feedback::default(),
            was_fenced,
        }
    }
}

impl LedgerEntry {
    pub(in crate::shell::store) fn item(&self, id: &Id) -> Result<Item, StoreError> {
        let (sk, mut item): (String, Item) = match self {
            LedgerEntry::Event(entry) => {
                (keys::event(entry.kind, &entry.key), details::packed(to_item(entry)?))
            }
            LedgerEntry::Touch(entry) => {
                let mut item = to_item(entry)?;
                ended::mark(&mut item, id, entry);
                (keys::touch(&entry.touch), item)
            }
            LedgerEntry::Call(call) => (keys::call(&call.touch), call.item()?),
            LedgerEntry::Answer(answer) => (answer.sk(), answer.item()?),
            LedgerEntry::Escalation(entry) => {
                (keys::escalation(&entry.complaint, entry.level), to_item(entry)?)
            }
            LedgerEntry::Complaint(entry) => (keys::complaint(&entry.complaint), entry.item()?),
            // Not under the customer: a month's are counted together.
            LedgerEntry::Counted(entry) => return entry.item(),
            // Nor this: it is found by the purchase.
            LedgerEntry::Owner(entry) => return Ok(entry.item()),
        };
        item.extend(keys::keyed(keys::customer(id), sk));
        if self.enrolled_at().is_some() {
            enrolments::mark(&mut item, id);
        }
        Ok(item)
    }

    /// The trigger's instant of the enrolment that it tells of first, where it does.
    fn enrolled_at(&self) -> Option<Instant> {
        match self {
            LedgerEntry::Event(entry) => entry.enrolled_at,
            LedgerEntry::Touch(entry) => entry.enrolled_at,
            _ => None,
        }
    }

    /// What must hold for the entry to be written: an expression over
    /// `#state`, with the value of `:state`.
    pub(in crate::shell::store) fn condition(
        &self,
    ) -> Option<(&'static str, Option<&'static str>)> {
        match self {
            LedgerEntry::Event(_) | LedgerEntry::Escalation(_) => {
                Some(("attribute_not_exists(pk)", None))
            }
            LedgerEntry::Touch(entry) if entry.was_fenced => {
                Some(("#state = :state", Some("fenced")))
            }
            LedgerEntry::Touch(_) => {
                Some(("attribute_not_exists(pk) OR #state = :state", Some("put_back")))
            }
            LedgerEntry::Call(_)
            | LedgerEntry::Answer(_)
            | LedgerEntry::Complaint(_)
            | LedgerEntry::Counted(_)
            | LedgerEntry::Owner(_) => None,
        }
    }
}
