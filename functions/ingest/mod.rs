//! Events in: a batch from the queue, customer by customer.

use std::collections::BTreeMap;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lazo_domain::event::{Body, Delivered, Event};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};

use crate::shell::app::App;
use crate::shell::batch::{self, Message};
use crate::shell::intake::{
    Foreign, IntakeError, foreign, keep_untaken, note_left_out, quarantine, read, read_ahead,
    take_from,
};
use crate::shell::store::{Loaded, Store};

/// How many customers are worked on at a time.
const CUSTOMERS_AT_ONCE: usize = 16;

/// How long after it happened an event comes late: queues have tried for hours
/// by then.
const LATE_MILLIS: i64 = 7 * DAY_MILLIS;

/// Takes a batch from the queue. What does not fit its schema is kept aside;
/// only what could not be stored is given back.
pub async fn handle(app: &App, batch: SqsEvent, now: Instant) -> SqsBatchResponse {
    let mut arrived: Vec<Arrived> = Vec::with_capacity(batch.records.len());
    let mut not_kept = Vec::new();
    for message in batch::messages(batch) {
        // Of another system, by the bus or by a webhook: what was made of it is taken.
        match foreign::map(app, &message.body, now).await {
            Ok(None) => {}
            Ok(Some(Foreign::Events(events))) => {
                arrived
                    .extend(events.into_iter().map(|event| Arrived::of_another(&message, event)));
                continue;
            }
            Ok(Some(_)) => continue,
            Err(error) => {
                tracing::error!(%error, message = message.id, "a foreign event comes again");
                not_kept.push(message.id);
                continue;
            }
        }
        match read(&message.body, now) {
            Ok(delivered) => arrived.push(Arrived { message, delivered, is_known: false }),
            Err(why) => {
                if let Err(error) = quarantine(app, &message.body, &why.to_string(), now).await {
                    tracing::error!(%error, message = message.id, "a bad event could not be kept");
                    not_kept.push(message.id);
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
                    let message = one.message.id;
                    tracing::error!(%error, message, "an event could not be taken, it comes again");
                    failed.push(message);
                }
            }
            failed
        }
    });
    let mut response = batch::work_off(CUSTOMERS_AT_ONCE, work).await;
    not_kept.into_iter().for_each(|message| response.add_failure(message));
    response
}

/// An event of a batch.
struct Arrived {
    message: Message,
    delivered: Delivered,
    /// Whether the ledger is known to have it.
    is_known: bool,
}

impl Arrived {
    /// One that was made of another system's event. Where it is kept aside, it is kept by
    /// itself.
    fn of_another(message: &Message, delivered: Delivered) -> Arrived {
        let (id, body) = (message.id.clone(), foreign::text_of(&delivered));
        Arrived { message: Message { id, body }, delivered, is_known: false }
    }
}

/// Takes one of a batch. What is left out is noted first, so that a crash in
/// between loses nothing; what cannot be written is kept aside.
async fn take_arrived(
    app: &App,
    read: &mut Option<Loaded>,
    one: &Arrived,
    now: Instant,
) -> Result<(), IntakeError> {
    if !one.is_known {
        note_left_out(app, &one.message.body, &one.delivered.left_out, now).await?;
    }
    match take_from(app, read, &one.delivered, one.is_known, now).await {
        Err(error) if error.is_for_good() => {
            keep_untaken(app, &one.message.body, &error, now).await.map_err(IntakeError::from)
        }
        other => other.map(drop),
    }?;
    foreign::release(app, &one.delivered, now).await
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
