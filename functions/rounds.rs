//! What the workers share that a schedule starts: everybody whose alarm has
//! rung, some at a time, and a look at one customer's calendar.

use std::collections::HashSet;
use std::future::Future;
use std::ops::Add;
use std::pin::Pin;
use std::time::{Duration, Instant as Clock};

use futures::StreamExt;
use lazo_domain::decide::{Input, decide};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde::Serialize;

use crate::app::App;
use crate::bus::{Message, Outgoing};
use crate::ingest::{ATTEMPTS_MAX, back_off};
use crate::store::table::{Alarm, SHARDS};
use crate::store::{Commit, LEDGER_ITEMS_MAX, Ledger, Loaded, Store, StoreError};

/// How many customers are worked on at a time.
pub const CUSTOMERS_AT_ONCE: usize = 8;

/// How many customers one read gives: of a shard, or of the table.
const PAGE: usize = 100;

/// How many reads of a shard one round makes; the next round goes on.
const PAGES_MAX: usize = 50;

/// A round over everybody whose alarm has rung.
pub struct Round<'a> {
    pub store: &'a Store,
    pub alarm: Alarm,
    pub now: Instant,
}

impl Round<'_> {
    /// Works on each, as they were when their page was read; `note` gets what
    /// came of it. Once it `is_over` nobody new is taken on: their alarms ring on,
    /// for the next round.
    ///
    /// # Errors
    /// The first [`StoreError`] of a part of the index that could not be read.
    /// The others were, all the same.
    pub async fn each<R, Work>(
        &self,
        is_over: impl Fn() -> bool,
        work: impl Fn(Loaded) -> Work,
        mut note: impl FnMut(Result<R, StoreError>),
    ) -> Result<(), StoreError>
    where
        Work: Future<Output = Result<R, StoreError>>,
    {
        // Another shard comes first each minute, so that where not all get their
        // turn it is not always the same who wait.
        let first = (self.now.millis() / 60_000).unsigned_abs();
        let shards = (0..u64::from(SHARDS)).map(|number| (first + number) % u64::from(SHARDS));
        let mut unread: Vec<u8> = shards.map(|shard| shard as u8).collect();
        let mut seen: HashSet<Id> = HashSet::new();
        let mut failed = Ok(());
        for _ in 0..PAGES_MAX {
            if unread.is_empty() || is_over() {
                break;
            }
            let read = self.ringing(std::mem::take(&mut unread)).await;
            let mut fresh: Vec<Id> = Vec::new();
            for (shard, ringing) in read {
                let (before, ringing) = (fresh.len(), noted(ringing, &mut failed));
                let is_whole = ringing.len() == PAGE;
                fresh.extend(ringing.into_iter().filter(|id| seen.insert(id.clone())));
                if is_whole && fresh.len() > before {
                    unread.push(shard);
                }
            }
            for page in fresh.chunks(PAGE) {
                if is_over() {
                    return failed;
                }
                noted(self.page(page, &work, &mut note).await, &mut failed);
            }
        }
        failed
    }

    /// A page of each of some shards.
    async fn ringing(&self, shards: Vec<u8>) -> Vec<(u8, Result<Vec<Id>, StoreError>)> {
        let read = shards.into_iter().map(|shard| async move {
            (shard, self.store.ringing(self.alarm, shard, self.now, PAGE as i32).await)
        });
        futures::future::join_all(read).await
    }

    /// Reads some customers at once, and works on each.
    async fn page<R, Work>(
        &self,
        page: &[Id],
        work: impl Fn(Loaded) -> Work,
        mut note: impl FnMut(Result<R, StoreError>),
    ) -> Result<(), StoreError>
    where
        Work: Future<Output = Result<R, StoreError>>,
    {
        // Boxed, as they are large and are moved about.
        let mut begun: Vec<Pin<Box<Work>>> = Vec::with_capacity(page.len());
        for loaded in self.store.load_all(page).await? {
            match loaded {
                Ok(loaded) => begun.push(Box::pin(work(loaded))),
                Err(error) => note(Err(error)),
            }
        }
        let mut done = futures::stream::iter(begun).buffer_unordered(CUSTOMERS_AT_ONCE);
        while let Some(result) = done.next().await {
            note(result);
        }
        Ok(())
    }
}

/// What was read, if it was; otherwise the first error is kept, for later.
fn noted<T: Default>(read: Result<T, StoreError>, failed: &mut Result<(), StoreError>) -> T {
    read.unwrap_or_else(|error| {
        tracing::error!(%error, "some whose alarm rang could not be read");
        if failed.is_ok() {
            *failed = Err(error);
        }
        T::default()
    })
}

/// What a round over calendars did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Looked {
    pub customers: usize,
    /// Stages that were entered.
    pub stages: usize,
    /// Touches that were planned.
    pub planned: usize,
    /// Customers that could not be looked at now; their alarm rings on.
    pub failed: usize,
}

impl Add for Looked {
    type Output = Looked;

    fn add(self, other: Looked) -> Looked {
        Looked {
            customers: self.customers + other.customers,
            stages: self.stages + other.stages,
            planned: self.planned + other.planned,
            failed: self.failed + other.failed,
        }
    }
}

/// Looks at the calendar of everybody whose alarm has rung, for as long as the
/// budget lasts.
///
/// # Errors
/// [`StoreError`] where the index cannot be read.
pub async fn look_at_calendars(
    app: &App,
    alarm: Alarm,
    now: Instant,
    budget: Option<Duration>,
) -> Result<Looked, StoreError> {
    let began = Clock::now();
    let is_over = || budget.is_some_and(|budget| began.elapsed() >= budget);
    let outgoing = Outgoing::new(&app.bus);
    let mut sum = Looked::default();
    let note = |result: Result<Looked, StoreError>| match result {
        Ok(one) => sum = sum + Looked { customers: 1, ..one },
        Err(error) => {
            tracing::error!(%error, "a customer's calendar could not be looked at");
            sum.failed += 1;
        }
    };
    let work = async |loaded: Loaded| match is_over() {
        true => Ok(Looked::default()),
        false => look_at(app, loaded, &outgoing, now).await,
    };
    let round = Round { store: &app.store, alarm, now };
    let done = round.each(is_over, work, note).await;
    outgoing.end().await;
    done.map(|()| sum)
}

/// Looks at one customer's calendar: occasions, periods and stages that have
/// come start what they start. Nothing is sent; what is due at once, dispatch
/// finds within the minute.
///
/// # Errors
/// [`StoreError`] where the store does not answer.
pub async fn look(app: &App, id: &Id, now: Instant) -> Result<Looked, StoreError> {
    let outgoing = Outgoing::new(&app.bus);
    let looked = look_at(app, app.store.load(id).await?, &outgoing, now).await;
    outgoing.end().await;
    looked
}

/// The same of a customer as it was read, and read again where others wrote.
///
/// # Errors
/// [`StoreError`] where the store does not answer.
pub async fn look_at(
    app: &App,
    loaded: Loaded,
    outgoing: &Outgoing<'_>,
    now: Instant,
) -> Result<Looked, StoreError> {
    let id = loaded.customer.id.clone();
    let mut read = Some(loaded);
    let mut known = Vec::new();
    for attempt in 1..=ATTEMPTS_MAX {
        let loaded = match read.take() {
            Some(loaded) => loaded,
            None => app.store.load(&id).await?,
        };
        let before = loaded.customer.enrolments.len();
        let rules = app.rules();
        let mut decision = decide(loaded.customer.clone(), Input::Calendar, &rules.book, now);
        // When they were looked at need not be kept: the next look begins where
        // this one did.
        if decision.customer.was_only_looked_at(&loaded.customer) && !loaded.any_rings(now) {
            return Ok(Looked::default());
        }
        let mut ledger = Ledger::default();
        let ended = decision.records.iter().cloned();
        ledger.end_touches(&mut decision.customer, ended, LEDGER_ITEMS_MAX);
        ledger.leave_out(&known);
        let planned = decision.customer.enrolments.len().saturating_sub(before);
        let stages = decision.stages.len();
        let mut messages: Vec<Message> = decision.records.iter().map(Message::skipped).collect();
        let entered = decision.stages.iter().map(|entered| Message::stage_changed(&id, entered));
        messages.extend(entered);
        match app.store.commit(&loaded, decision.customer, &ledger, now).await? {
            Commit::Done(_) => {
                outgoing.add(messages).await;
                return Ok(Looked { customers: 1, stages, planned, failed: 0 });
            }
            Commit::Known(entries) => known.extend(ledger.touches_at(&entries)),
            Commit::Conflict => back_off(attempt).await,
        }
    }
    tracing::warn!("a customer's calendar is not looked at, the next round goes on");
    Ok(Looked::default())
}
