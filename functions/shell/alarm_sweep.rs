//! What the workers share that a schedule starts: everybody whose alarm has
//! rung, some at a time, and a look at one customer's calendar.

use std::collections::HashSet;
use std::future::Future;
use std::ops::Add;
use std::time::{Duration, Instant as Clock};

use futures::StreamExt;
use lazo_domain::decide::{Input, decide};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use serde::{Deserialize, Serialize};

use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::bus::{Message, Outgoing};
use crate::shell::commit::{CommitError, Plan, Planned, Read, Written, decide_and_commit};
use crate::shell::store::table::{Alarm, SHARDS};
use crate::shell::store::{
    Behind, FailureKind, LEDGER_ITEMS_MAX, Ledger, Loaded, Place, RingingPage, StoreError,
};

/// How many customers are worked on at a time.
pub const CUSTOMERS_AT_ONCE: usize = 8;

/// How many customers one read gives: of a shard, or of the table.
const PAGE: usize = 100;

/// How many reads of a shard one round makes; the next round goes on.
const PAGES_MAX: usize = 50;

const MINUTE_MILLIS: i64 = 60_000;

/// How long after it failed a customer who cannot be worked on is tried again:
/// the first time, and at most.
const TRIED_AGAIN_AFTER: [i64; 2] = [15 * MINUTE_MILLIS, DAY_MILLIS];

/// Which shards of an index a worker goes over, where several share the work: each
/// `of`-th, beginning with `worker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Share {
    /// This worker's number, from 0 to `of` - 1; a higher one has no shards.
    pub worker: u8,
    /// How many workers share the work; 0 counts as 1.
    pub of: u8,
}

impl Share {
    /// All of them.
    pub const ALL: Share = Share { worker: 0, of: 1 };

    /// Whether a shard is this worker's. A worker beyond the others has none.
    pub fn has(self, shard: u8) -> bool {
        shard % self.of.max(1) == self.worker
    }
}

impl Default for Share {
    fn default() -> Share {
        Share::ALL
    }
}

/// A round over everybody whose alarm has rung.
pub struct Sweep<'a> {
    /// The table and the other parts that the work needs.
    pub app: &'a App,
    /// Which of the customers' alarms is looked for.
    pub alarm: Alarm,
    /// The shards that this worker goes over.
    pub share: Share,
    /// The time of the round: alarms up to then have rung.
    pub now: Instant,
}

impl Sweep<'_> {
    /// Works on each, as they were when their page was read; `note` gets what
    /// came of it. Once it `is_over` nobody new is taken on: their alarms ring on,
    /// for the next round.
    ///
    /// Nobody waits for those who cannot be worked on: the round goes on behind
    /// them. One whom waiting would not mend is listed with the reason, and their
    /// alarm rings later.
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
        let first = (self.now.millis() / MINUTE_MILLIS).unsigned_abs();
        let shards = (0..u64::from(SHARDS)).map(|number| (first + number) % u64::from(SHARDS));
        let shards = shards.map(|shard| shard as u8).filter(|shard| self.share.has(*shard));
        let mut unread: Vec<(u8, Option<Behind>)> = shards.map(|shard| (shard, None)).collect();
        let mut seen: HashSet<Id> = HashSet::new();
        let mut failed = Ok(());
        for _ in 0..PAGES_MAX {
            if unread.is_empty() || is_over() {
                break;
            }
            let read = self.ringing(std::mem::take(&mut unread)).await;
            let mut fresh: Vec<Place> = Vec::new();
            for (shard, ringing) in read {
                let RingingPage { places, next } = noted(ringing, &mut failed);
                let is_new = |place: &Place| seen.insert(place.customer.clone());
                fresh.extend(places.into_iter().filter(is_new));
                unread.extend(next.map(|next| (shard, Some(next))));
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

    /// A page of each of some shards, behind where the last one ended.
    async fn ringing(
        &self,
        shards: Vec<(u8, Option<Behind>)>,
    ) -> Vec<(u8, Result<RingingPage, StoreError>)> {
        let read = shards.into_iter().map(|(shard, behind)| async move {
            let page = (behind, PAGE as i32);
            (shard, self.app.store.ringing_page(self.alarm, shard, self.now, page).await)
        });
        futures::future::join_all(read).await
    }

    /// Reads some customers at once, and works on each.
    async fn page<R, Work>(
        &self,
        page: &[Place],
        work: impl Fn(Loaded) -> Work,
        mut note: impl FnMut(Result<R, StoreError>),
    ) -> Result<(), StoreError>
    where
        Work: Future<Output = Result<R, StoreError>>,
    {
        let ids: Vec<Id> = page.iter().map(|place| place.customer.clone()).collect();
        let mut begun = Vec::with_capacity(page.len());
        for (place, loaded) in page.iter().zip(self.app.store.load_all(&ids).await?) {
            // Boxed, as they are large and are moved about.
            let work = loaded.map(|loaded| Box::pin(work(loaded)));
            begun.push(async move {
                let done = match work {
                    Ok(work) => work.await,
                    Err(error) => Err(error),
                };
                if let Err(error) = &done {
                    self.put_off(place, error).await;
                }
                done
            });
        }
        let mut done = futures::stream::iter(begun).buffer_unordered(CUSTOMERS_AT_ONCE);
        while let Some(result) = done.next().await {
            note(result);
        }
        Ok(())
    }

    /// Lists a customer who cannot be worked on, and lets the alarm ring later.
    /// What is wrong with the table or the network is not the customer's fault:
    /// then the alarm rings on.
    async fn put_off(&self, place: &Place, error: &StoreError) {
        let &Sweep { app, alarm, now, .. } = self;
        if !error.is_of_the_item() {
            return;
        }
        // Listed first: whose alarm moves is on the list.
        let times = match list_customer(app, &place.customer, error, now).await {
            Ok(times) => times,
            Err(error) => {
                tracing::error!(%error, "a customer who cannot be worked on was not listed");
                return;
            }
        };
        let [first, most] = TRIED_AGAIN_AFTER;
        let after = first.saturating_mul(1 << (times - 1).min(16)).min(most);
        if let Err(error) = app.store.put_off(alarm, place, now.plus_millis(after)).await {
            tracing::error!(%error, "the alarm of a customer was not put off");
        }
    }
}

/// Lists a customer who cannot be worked on among the failures, once, with the
/// reason; how often it was tried by now.
///
/// # Errors
/// [`StoreError`] where it cannot be listed.
pub async fn list_customer(
    app: &App,
    id: &Id,
    error: &StoreError,
    now: Instant,
) -> Result<u64, StoreError> {
    let why = format!("customer {id} cannot be worked on: {error}");
    let kept = aside::keep(app, FailureKind::Customer, id.as_str(), &why, now).await?;
    Ok(kept.times)
}

/// Tells in the log how many customers a run could not work on: an alarm counts
/// `failed_customers`.
pub fn log_failed(failed: usize) {
    if failed > 0 {
        tracing::error!(failed_customers = failed, "customers were not worked on");
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
    /// Customers who had their turn; [`look_at`] counts only those that it wrote.
    pub customers: usize,
    /// Stages that were entered.
    pub stages: usize,
    /// Touches that were planned.
    pub planned: usize,
    /// Customers that could not be looked at now; they are tried again.
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
    let round = Sweep { app, alarm, share: Share::ALL, now };
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

/// Forgets what the customer's events told longer ago than the policy keeps it, as often
/// as an alarm rings: once in 400 days at least.
async fn forget_history(app: &App, loaded: &Loaded, now: Instant) -> Result<(), StoreError> {
    let keep = app.rules().book.policy.keep_history.millis_at_most();
    let before = now.plus_millis(-keep);
    let customer = &loaded.customer;
    let is_old = customer.known_since.is_some_and(|since| since < before);
    if !is_old || !loaded.any_rings(now) {
        return Ok(());
    }
    for id in std::iter::once(&customer.id).chain(customer.merged.iter().map(|one| &one.id)) {
        app.store.forget_history(id, before).await?;
    }
    Ok(())
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
    let id = &loaded.customer.id.clone();
    // First: whoever is cut off here is looked at again.
    forget_history(app, &loaded, now).await?;
    let plan = async |loaded: Loaded| -> Planned<(Looked, Vec<Message>), CommitError> {
        let rules = app.rules();
        let mut decision = decide(loaded.customer.clone(), Input::Calendar, &rules.book, now);
        // When they were looked at need not be kept: the next look begins where
        // this one did.
        if decision.customer.was_only_looked_at(&loaded.customer)
            && !loaded.any_rings(now)
            && loaded.is_searchable()
        {
            return Ok((loaded, Plan::Leave((Looked::default(), Vec::new()))));
        }
        let mut ledger = Ledger::default();
        let ended = decision.records.iter().cloned();
        ledger.end_touches(&mut decision.customer, ended, LEDGER_ITEMS_MAX);
        let (before, after) = (&loaded.customer.enrolments, &decision.customer.enrolments);
        let planned = after.len().saturating_sub(before.len());
        let looked = Looked { customers: 1, stages: decision.stages.len(), planned, failed: 0 };
        let mut messages: Vec<Message> = decision.records.iter().map(Message::skipped).collect();
        let entered = decision.stages.iter().map(|entered| Message::stage_changed(id, entered));
        messages.extend(entered);
        let value = (looked, messages);
        Ok((loaded, Plan::Write { customer: Box::new(decision.customer), ledger, about: 0, value }))
    };
    match decide_and_commit(app, Read::Id(id), Some(loaded), now, plan).await {
        Ok(Written::Done(_, (looked, messages))) => {
            outgoing.add(messages).await;
            Ok(looked)
        }
        Ok(Written::Left(..) | Written::AlreadyRecorded(..)) => Ok(Looked::default()),
        Err(CommitError::Store(error)) => Err(error),
        Err(CommitError::Contention(error)) => {
            tracing::warn!(%error, "a customer's calendar is not looked at, the next run goes on");
            Ok(Looked::default())
        }
    }
}
