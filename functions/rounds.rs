//! What the workers share that a schedule starts: everybody whose alarm has
//! rung, some at a time, and a look at one customer's calendar.

use std::collections::HashSet;
use std::future::Future;
use std::ops::Add;
use std::time::{Duration, Instant as Clock};

use futures::StreamExt;
use lazo_domain::decide::{Input, decide};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde::Serialize;

use crate::app::App;
use crate::bus::Message;
use crate::ingest::{ATTEMPTS_MAX, back_off, publish};
use crate::store::table::{Alarm, SHARDS};
use crate::store::{
    Commit, LEDGER_ITEMS_MAX, Ledger, LedgerEntry, Loaded, Store, StoreError, TouchEntry,
};

/// How many customers are worked on at a time.
pub const CUSTOMERS_AT_ONCE: usize = 8;

/// How many customers one read of a shard gives.
const PAGE: i32 = 100;

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
        let mut unread = Ok(());
        for number in 0..u64::from(SHARDS) {
            let shard = ((first + number) % u64::from(SHARDS)) as u8;
            if let Err(error) = self.each_of(shard, &is_over, &work, &mut note).await {
                tracing::error!(%error, shard, "a part of an index could not be read");
                unread = unread.and(Err(error));
            }
        }
        unread
    }

    async fn each_of<R, Work>(
        &self,
        shard: u8,
        is_over: impl Fn() -> bool,
        work: impl Fn(Loaded) -> Work,
        mut note: impl FnMut(Result<R, StoreError>),
    ) -> Result<(), StoreError>
    where
        Work: Future<Output = Result<R, StoreError>>,
    {
        let mut seen: HashSet<Id> = HashSet::new();
        for _ in 0..PAGES_MAX {
            if is_over() {
                return Ok(());
            }
            let ringing = self.store.ringing(self.alarm, shard, self.now, PAGE).await?;
            let is_last = ringing.len() < PAGE as usize;
            let fresh = ringing.into_iter().filter(|id| seen.insert(id.clone()));
            let fresh: Vec<Id> = fresh.collect();
            if fresh.is_empty() {
                break;
            }
            let mut begun: Vec<Work> = Vec::with_capacity(fresh.len());
            for loaded in self.store.load_all(&fresh).await? {
                match loaded {
                    Ok(loaded) => begun.push(work(loaded)),
                    Err(error) => note(Err(error)),
                }
            }
            let mut done = futures::stream::iter(begun).buffer_unordered(CUSTOMERS_AT_ONCE);
            while let Some(result) = done.next().await {
                note(result);
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }
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
        false => look_at(app, loaded, now).await,
    };
    Round { store: &app.store, alarm, now }.each(is_over, work, note).await?;
    Ok(sum)
}

/// Looks at one customer's calendar: occasions, periods and stages that have
/// come start what they start. Nothing is sent; what is due at once, dispatch
/// finds within the minute.
///
/// # Errors
/// [`StoreError`] where the store does not answer.
pub async fn look(app: &App, id: &Id, now: Instant) -> Result<Looked, StoreError> {
    look_at(app, app.store.load(id).await?, now).await
}

/// The same of a customer as it was read, and read again where others wrote.
///
/// # Errors
/// [`StoreError`] where the store does not answer.
pub async fn look_at(app: &App, loaded: Loaded, now: Instant) -> Result<Looked, StoreError> {
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
        let decision = decide(loaded.customer.clone(), Input::Calendar, &rules.book, now);
        // When they were looked at need not be kept: the next look begins where
        // this one did.
        if decision.customer.was_only_looked_at(&loaded.customer) && !loaded.any_rings(now) {
            return Ok(Looked::default());
        }
        let ended = decision.records.iter().map(|record| TouchEntry::ended(record, false, None));
        let mut ledger = Ledger { entries: ended.map(LedgerEntry::Touch).collect() };
        ledger.entries.truncate(LEDGER_ITEMS_MAX);
        ledger.leave_out(&known);
        let planned = decision.customer.enrolments.len().saturating_sub(before);
        let stages = decision.stages.len();
        let mut messages: Vec<Message> = decision.records.iter().map(Message::skipped).collect();
        let entered = decision.stages.iter().map(|entered| Message::stage_changed(&id, entered));
        messages.extend(entered);
        match app.store.commit(&loaded, decision.customer, &ledger, now).await? {
            Commit::Done(_) => {
                publish(app, &messages).await;
                return Ok(Looked { customers: 1, stages, planned, failed: 0 });
            }
            Commit::Known(entries) => known.extend(ledger.touches_at(&entries)),
            Commit::Conflict => back_off(attempt).await,
        }
    }
    tracing::warn!("a customer's calendar is not looked at, the next round goes on");
    Ok(Looked::default())
}
