//! Events out, through EventBridge: ids only, no personal data.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::error::DisplayErrorContext;
use aws_sdk_eventbridge::operation::put_events::builders::PutEventsFluentBuilder;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lazo_domain::complaint::Escalation;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::VersionNumber;
use lazo_domain::stage::Entered;
use lazo_domain::touch::{Send, TouchId, TouchRecord};
use serde_json::{Value, json};

/// The source of every event that Lazo publishes.
pub const SOURCE: &str = "lazo";

/// How many entries one request takes.
const ENTRIES_MAX: usize = 10;

/// Why events did not reach the bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// A request failed as a whole; the text is the SDK's error.
    #[error("EventBridge: {0}")]
    Service(String),
    /// EventBridge took the request, but not all of its events.
    #[error("EventBridge refused {refused} of {sent} events, the first with {first}")]
    Refused {
        /// How many events were refused.
        refused: usize,
        /// How many events the request had.
        sent: usize,
        /// Code and message of the first refused event; empty where none is given.
        first: String,
    },
}

/// An event for others.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// EventBridge's `source`: who tells it, such as `lazo`.
    pub source: String,
    /// EventBridge's `detail-type`: the kind of event, such as `EmailSent`.
    pub detail_type: String,
    /// The content of the event, as JSON.
    pub detail: Value,
    /// EventBridge's `time`: when it happened or was decided.
    pub at: Instant,
}

impl Message {
    fn own(detail_type: &str, at: Instant, detail: Value) -> Message {
        Message { source: SOURCE.into(), detail_type: detail_type.into(), detail, at }
    }

    /// The same with the variant of its step that a touch says, where the step has any.
    fn of_variant(mut self, variant: Option<&str>) -> Message {
        if let Some(variant) = variant {
            self.detail["variant"] = variant.into();
        }
        self
    }

    /// A version of the rules went live: its key is the version's number.
    pub fn rules_published(version: VersionNumber, digest: &str, since: Instant) -> Message {
        Message::own(
            "RulesPublished",
            since,
            json!({ "version": version, "digest": digest, "since": since.to_string() }),
        )
    }

    /// Somebody is asked to call, or to do a task.
    pub fn requested(send: &Send, detail_type: &str) -> Message {
        let asked = Message::own(
            detail_type,
            send.at,
            json!({
                "touch_id": send.touch.to_string(),
                "rule": send.touch.rule,
                "customer_id": send.touch.customer,
                "step": send.touch.step,
                "channel": send.channel,
                "template": send.template,
                "assigned_to": send.assign_to,
                "due": send.due.to_string(),
                "expires_at": send.expires_at.to_string(),
            }),
        );
        asked.of_variant(send.variant.as_deref())
    }

    /// A mail was taken by the mail service.
    pub fn email_sent(
        touch: &TouchId,
        variant: Option<&str>,
        at: Instant,
        message_id: Option<&str>,
    ) -> Message {
        let sent = Message::own(
            "EmailSent",
            at,
            json!({
                "touch_id": touch.to_string(),
                "rule": touch.rule,
                "customer_id": touch.customer,
                "step": touch.step,
                "message_id": message_id,
            }),
        );
        sent.of_variant(variant)
    }

    /// A customer entered a stage of the relationship.
    pub fn stage_changed(customer: &Id, entered: &Entered) -> Message {
        Message::own(
            "StageChanged",
            entered.at,
            json!({
                "customer_id": customer,
                "stage": entered.stage,
                "entered_at": entered.at.to_string(),
            }),
        )
    }

    /// A complaint was not resolved in time and went up a level: its key is the
    /// customer, the complaint and the level.
    pub fn escalated(customer: &Customer, escalation: &Escalation, to: &str) -> Message {
        let complaint = &escalation.complaint;
        Message::own(
            "ComplaintEscalated",
            escalation.at,
            json!({
                "complaint_id": complaint,
                "customer_id": customer.id,
                "level": escalation.level,
                "escalated_to": to,
                "severity": customer.complaints.severity(complaint),
                "deadline": escalation.at.to_string(),
            }),
        )
    }

    /// A touch that was planned ended without going out.
    pub fn skipped(record: &TouchRecord) -> Message {
        let ended = Message::own(
            "TouchSkipped",
            record.at,
            json!({
                "touch_id": record.touch.to_string(),
                "rule": record.touch.rule,
                "customer_id": record.touch.customer,
                "step": record.touch.step,
                "channel": record.channel,
                "status": record.status,
                "reason": record.reason,
            }),
        );
        ended.of_variant(record.variant.as_deref())
    }
}

/// Sends a request of so many events, all of which must be taken.
async fn accepted(request: PutEventsFluentBuilder, sent: usize) -> Result<(), BusError> {
    let answer = request
        .send()
        .await
        .map_err(|error| BusError::Service(DisplayErrorContext(error).to_string()))?;
    if answer.failed_entry_count() == 0 {
        return Ok(());
    }
    let first = answer.entries().iter().find_map(|entry| {
        Some(format!("{}: {}", entry.error_code()?, entry.error_message().unwrap_or("")))
    });
    Err(BusError::Refused {
        refused: answer.failed_entry_count().unsigned_abs() as usize,
        sent,
        first: first.unwrap_or_default(),
    })
}

/// A bus, by its client.
#[derive(Clone, Debug)]
pub struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    /// The bus of this name, reached by the client.
    pub fn new(client: Client, name: impl Into<String>) -> Bus {
        Bus { client, name: name.into() }
    }

    /// The name by which EventBridge knows the bus.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Publishes events; what the bus takes only in part is an error.
    ///
    /// # Errors
    /// [`BusError`] where EventBridge does not answer or refuses an entry.
    pub async fn publish(&self, messages: &[Message]) -> Result<(), BusError> {
        for chunk in messages.chunks(ENTRIES_MAX) {
            let entries = chunk.iter().map(|message| {
                let detail = message.detail.to_string();
                self.entry(&message.source, &message.detail_type, detail, message.at)
            });
            let request = self.client.put_events().set_entries(Some(entries.collect()));
            accepted(request, chunk.len()).await?;
        }
        Ok(())
    }

    /// Publishes one event of somebody else's, its detail letter for letter: what
    /// is wrong with it is for the receiver to tell.
    ///
    /// # Errors
    /// [`BusError`] where EventBridge does not answer or refuses it.
    pub async fn publish_text(
        &self,
        source: &str,
        detail_type: &str,
        detail: &str,
        at: Instant,
    ) -> Result<(), BusError> {
        let entry = self.entry(source, detail_type, detail.to_owned(), at);
        accepted(self.client.put_events().entries(entry), 1).await
    }

    fn entry(
        &self,
        source: &str,
        detail_type: &str,
        detail: String,
        at: Instant,
    ) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(source)
            .detail_type(detail_type)
            .detail(detail)
            .time(aws_sdk_eventbridge::primitives::DateTime::from_millis(at.millis()))
            .build()
    }

    /// Tells others, at most once: what must not be lost is in the table. How
    /// many events may be lost; an alarm counts `lost_events`.
    pub async fn tell(&self, messages: &[Message]) -> usize {
        match self.publish(messages).await {
            Ok(()) => 0,
            Err(error) => {
                let lost = messages.len();
                tracing::error!(%error, lost_events = lost, "events out were not published");
                lost
            }
        }
    }
}

/// What a run of a worker tells others, by as many at a time as one request
/// takes.
#[derive(Debug)]
pub struct Outgoing<'a> {
    bus: &'a Bus,
    waiting: Mutex<Vec<Message>>,
    lost: AtomicUsize,
}

impl<'a> Outgoing<'a> {
    /// Events for this bus; none are waiting yet.
    pub fn new(bus: &'a Bus) -> Outgoing<'a> {
        Outgoing { bus, waiting: Mutex::default(), lost: AtomicUsize::new(0) }
    }

    /// Takes events on; as soon as they fill a request, they are told.
    pub async fn add(&self, messages: impl IntoIterator<Item = Message>) {
        let full = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.extend(messages);
            let full = waiting.len() - waiting.len() % ENTRIES_MAX;
            let rest = waiting.split_off(full);
            std::mem::replace(&mut *waiting, rest)
        };
        self.lost.fetch_add(self.bus.tell(&full).await, Ordering::Relaxed);
    }

    /// Tells the rest; how many events may be lost in all.
    pub async fn end(self) -> usize {
        let rest = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.lost.into_inner() + self.bus.tell(&rest).await
    }
}
