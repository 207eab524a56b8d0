//! Events of other systems: mapped to events of Lazo before anything else is done with
//! them, whichever way they came (events#sources).

use std::collections::BTreeMap;

use lazo_domain::event::{Body, Delivered, LeftOut};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::source::{Outcome, RawEvent, Source, Sources, Waiting, Way};

use super::{IntakeError, keep_untaken, note_left_out, quarantine, take};
use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::store::{FailureKind, StoreError};

/// How long an event waits for its purchase until it is listed under failures.
const WAITS_MILLIS: i64 = 30 * DAY_MILLIS;

/// What became of an event of another system.
#[derive(Debug)]
pub enum Foreign {
    /// These events came of it; they are to be taken.
    Events(Vec<Delivered>),
    /// It is passed over on purpose, for this reason.
    Ignored(String),
    /// It is kept aside, for this reason.
    Kept(String),
    /// It is kept until this purchase is known.
    Waits(Id),
}

/// A look at a text of another system.
struct Looked {
    foreign: Foreign,
    /// The source's name; empty where there is none for it.
    source: String,
    unfit: Vec<LeftOut>,
}

/// What becomes of a text, where it is an event of another system; `None` where it is
/// none. Nothing is taken, and nothing kept.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn look(app: &App, text: &str, now: Instant) -> Result<Option<Foreign>, StoreError> {
    Ok(looked(app, text, now).await?.map(|looked| looked.foreign))
}

async fn looked(app: &App, text: &str, now: Instant) -> Result<Option<Looked>, StoreError> {
    if !RawEvent::is_likely(text) {
        return Ok(None);
    }
    let Some(raw) = RawEvent::read(text) else { return Ok(None) };
    let rules = app.rules();
    let Some(source) = find(rules.sources(), &raw) else {
        let why = format!("there is no source for {}", told(&raw.source));
        let foreign = Foreign::Kept(why);
        return Ok(Some(Looked { foreign, source: String::new(), unfit: Vec::new() }));
    };
    let outcome = source.map(&raw.incoming(now));
    let name = &source.name;
    let foreign = match &outcome {
        Outcome::Ignored(why) => Foreign::Ignored(format!("{name}: {why}")),
        Outcome::Failed(why) => Foreign::Kept(format!("{name}: {why}")),
        Outcome::Events(_) => match resolved(app, &outcome, &BTreeMap::new()).await? {
            Err(Waiting(purchase)) => Foreign::Waits(purchase),
            Ok(events) => {
                let arrived = events.into_iter().map(|event| event.arrived(now));
                match arrived.collect::<Result<Vec<_>, _>>() {
                    Ok(events) => Foreign::Events(events),
                    Err(why) => Foreign::Kept(format!("{name}: {why}")),
                }
            }
        },
    };
    let unfit = outcome.unfit().cloned().collect();
    Ok(Some(Looked { foreign, source: name.clone(), unfit }))
}

/// Maps a text, where it is an event of another system; `None` where it is none. What
/// cannot be mapped is kept aside, and what is about a purchase that nobody knows yet
/// waits for it.
///
/// # Errors
/// [`StoreError`] where it could not be kept, or the table does not answer.
pub async fn map(app: &App, text: &str, now: Instant) -> Result<Option<Foreign>, StoreError> {
    let Some(mut found) = looked(app, text, now).await? else { return Ok(None) };
    if let Foreign::Waits(purchase) = &found.foreign {
        wait(app, text, purchase, now).await?;
        // It may have come while the note was written.
        if let Some(again) = looked(app, text, now).await? {
            found = again;
        }
    }
    let Looked { foreign, source, unfit } = found;
    match &foreign {
        Foreign::Ignored(why) => {
            tracing::info!(ignored_foreign_events = 1, source, why, "an event is ignored");
        }
        Foreign::Kept(why) => quarantine(app, text, why, now).await?,
        Foreign::Waits(_) => {}
        Foreign::Events(_) => {
            for one in unfit {
                let (field, why) = (one.path, one.why);
                tracing::info!(fields_left_out = 1, source, field, "{why}");
            }
        }
    }
    Ok(Some(foreign))
}

fn find<'a>(sources: &'a Sources, raw: &RawEvent) -> Option<&'a Source> {
    match raw.way() {
        Way::Bus => sources.of_bus(&raw.source),
        Way::Webhook => sources.get(&raw.source),
    }
}

/// A source's name as far as it may be told.
fn told(source: &str) -> String {
    source.chars().take(80).filter(char::is_ascii_graphic).collect()
}

/// The events with their customers, by what is known here and in the table.
async fn resolved(
    app: &App,
    outcome: &Outcome,
    known: &BTreeMap<Id, Id>,
) -> Result<Result<Vec<Delivered>, Waiting>, StoreError> {
    let mut owners = known.clone();
    for purchase in outcome.purchases() {
        if !owners.contains_key(purchase)
            && let Some(owner) = app.store.purchase_owner(purchase).await?
        {
            owners.insert(purchase.clone(), owner);
        }
    }
    Ok(outcome.resolved(|purchase| owners.get(purchase).cloned()))
}

/// Keeps a text until its purchase is known.
async fn wait(app: &App, text: &str, purchase: &Id, now: Instant) -> Result<(), StoreError> {
    let listed_at = now.plus_millis(WAITS_MILLIS);
    let why = format!("purchase {purchase} did not come within 30 days");
    let kept = aside::keep_until(app, FailureKind::Waiting, text, &why, listed_at).await?;
    // The same text may have waited before, or failed.
    app.store.wait_for_purchase(purchase, &kept.id, kept.failed_at).await?;
    tracing::info!(waiting_events = 1, failure = kept.id, "an event waits for its purchase");
    Ok(())
}

/// Takes what waited for a purchase that is known now. After it was counted, and once
/// more when it comes again: a crash in between loses nothing.
///
/// # Errors
/// [`IntakeError`] where something could not be taken; the purchase comes again then.
pub async fn release(app: &App, delivered: &Delivered, now: Instant) -> Result<(), IntakeError> {
    let Body::PurchaseCompleted(purchase) = &delivered.event.body else { return Ok(()) };
    if !delivered.by_source {
        return Ok(());
    }
    for waiter in app.store.waiting_for(&purchase.purchase_id).await? {
        let Some(failure) = &waiter.failure else {
            app.store.drop_waiter(&waiter).await?;
            continue;
        };
        let text = app.store.failed_text(failure).await?;
        let rules = app.rules();
        let raw = RawEvent::read(&text);
        let source = raw.as_ref().and_then(|raw| find(rules.sources(), raw));
        if let (Some(raw), Some(source)) = (&raw, source) {
            let outcome = source.map(&raw.incoming(now));
            let owner = (purchase.purchase_id.clone(), purchase.customer_id.clone());
            match resolved(app, &outcome, &BTreeMap::from([owner])).await? {
                Ok(events) => take_all(app, &events, now).await?,
                // It waits for another one as well.
                Err(Waiting(_)) => continue,
            }
        }
        app.store.drop_waiter(&waiter).await?;
    }
    Ok(())
}

/// Takes a text that was kept aside the way that it came; why it cannot be taken still,
/// `None` where it was.
///
/// # Errors
/// [`IntakeError`] where the table does not answer.
pub async fn take_again(
    app: &App,
    text: &str,
    now: Instant,
) -> Result<Option<String>, IntakeError> {
    match map(app, text, now).await? {
        Some(Foreign::Kept(why)) => Ok(Some(why)),
        Some(Foreign::Waits(purchase)) => Ok(Some(format!("waits for purchase {purchase}"))),
        Some(Foreign::Events(events)) => {
            take_events(app, &events, now).await?;
            Ok(None)
        }
        Some(Foreign::Ignored(_)) => Ok(None),
        None => Ok(Some("is no event of another system".to_owned())),
    }
}

/// Takes events that were made of one, and what waited for them.
///
/// # Errors
/// [`IntakeError`] where something could not be taken; it comes again.
pub async fn take_events(app: &App, events: &[Delivered], now: Instant) -> Result<(), IntakeError> {
    take_all(app, events, now).await?;
    for one in events {
        release(app, one, now).await?;
    }
    Ok(())
}

/// Takes events that were made of one: what cannot be written is kept aside.
async fn take_all(app: &App, events: &[Delivered], now: Instant) -> Result<(), IntakeError> {
    for one in events {
        let text = text_of(one);
        note_left_out(app, &text, &one.left_out, now).await?;
        match take(app, one, now).await {
            Err(error) if error.is_for_good() => keep_untaken(app, &text, &error, now).await?,
            other => drop(other?),
        }
    }
    Ok(())
}

/// An event as one of the shop's own would come.
pub fn text_of(delivered: &Delivered) -> String {
    let (kind, detail) = (delivered.event.kind(), &delivered.event.detail.0);
    format!(r#"{{"source":"lazo.sources","detail-type":"{kind}","detail":{detail}}}"#)
}
