//! Load, decide, commit, and once more where somebody else wrote first: the one
//! place that does so.

use std::future::Future;
use std::time::Duration;

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::app::App;
use super::store::{Commit, LEDGER_ITEMS_MAX, Ledger, Loaded, StoreError};

/// How often a customer is decided anew after somebody else wrote first.
const ATTEMPTS_MAX: u32 = 12;

/// Somebody else wrote first, each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("others wrote first, {ATTEMPTS_MAX} times in a row")]
pub struct Contention;

/// Why a decision could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The table could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Others wrote first, at each attempt.
    #[error(transparent)]
    Contention(#[from] Contention),
}

/// How an attempt went.
pub enum Step<T, S> {
    /// It is done, with this result.
    Done(T),
    /// Others were faster: once more, from here.
    Again(S),
}

/// Attempts something until it is done, with a short random wait after each
/// attempt, longer from one to the next. `Err` is where the last attempt left off.
///
/// # Errors
/// Those of an attempt.
pub async fn until_done<T, S, E, Attempt>(
    mut state: S,
    mut attempt: impl FnMut(S) -> Attempt,
) -> Result<Result<T, S>, E>
where
    Attempt: Future<Output = Result<Step<T, S>, E>>,
{
    for failed in 1..=ATTEMPTS_MAX {
        state = match attempt(state).await? {
            Step::Done(done) => return Ok(Ok(done)),
            Step::Again(state) => state,
        };
        if failed < ATTEMPTS_MAX {
            let most = 10u64 << failed.min(7);
            tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=most))).await;
        }
    }
    Ok(Err(state))
}

/// Whose item is read.
#[derive(Clone, Copy, Debug)]
pub enum Read<'a> {
    /// The one of this id.
    Id(&'a Id),
    /// The one of the person who the id is now.
    Person(&'a Id),
}

/// What to write for a customer, decided by the item as it was read.
pub enum Plan<T> {
    /// Nothing is to be written.
    Leave(T),
    /// The customer and the ledger's entries are to be written, all or nothing.
    Write {
        /// The customer's new state.
        customer: Box<Customer>,
        /// What is written into the ledger with it.
        ledger: Ledger,
        /// How many of the ledger's first entries are what this is about: where one
        /// is recorded already, whoever asked for this hears of it.
        about: usize,
        /// What the caller gets once it is written.
        value: T,
    },
}

/// The item as it was read, and what to write.
pub type Planned<T, E> = Result<(Loaded, Plan<T>), E>;

/// How it went.
pub enum Written<T> {
    /// Nothing was to be written.
    Left(Loaded, T),
    /// It is written; the customer is like this now.
    Done(Loaded, T),
    /// The ledger had some of the first entries already: these.
    AlreadyRecorded(Loaded, Vec<usize>),
}

/// Reads a customer, decides, and commits; again where somebody else wrote first.
/// `loaded` is the item where it was read before; the plan gives it back. Touches
/// that the ledger has as ended are left out of the next attempt.
///
/// # Errors
/// Those of the plan; [`StoreError`] where DynamoDB does not answer; [`Contention`].
pub async fn decide_and_commit<T, E, P, Planning>(
    app: &App,
    read: Read<'_>,
    loaded: Option<Loaded>,
    now: Instant,
    plan: P,
) -> Result<Written<T>, E>
where
    P: FnMut(Loaded) -> Planning,
    Planning: Future<Output = Planned<T, E>>,
    E: From<StoreError> + From<Contention>,
{
    let attempt = async |(mut plan, loaded, mut ended): (P, Option<Loaded>, Vec<TouchId>)| {
        let loaded = match (loaded, read) {
            (Some(loaded), _) => loaded,
            (None, Read::Id(id)) => app.store.load(id).await?,
            (None, Read::Person(id)) => Box::pin(app.store.person(id)).await?,
        };
        let (loaded, planned) = plan(loaded).await?;
        let (customer, mut ledger, about, value) = match planned {
            Plan::Leave(value) => return Ok(Step::Done(Written::Left(loaded, value))),
            Plan::Write { customer, ledger, about, value } => (customer, ledger, about, value),
        };
        ledger.leave_out(&ended);
        match app.store.commit(&loaded, *customer, &ledger, now).await? {
            Commit::Done(after) => return Ok(Step::Done(Written::Done(*after, value))),
            Commit::AlreadyRecorded(entries) if entries.iter().any(|entry| *entry < about) => {
                let entries = entries.into_iter().filter(|entry| *entry < about).collect();
                return Ok(Step::Done(Written::AlreadyRecorded(loaded, entries)));
            }
            Commit::AlreadyRecorded(entries) => ended.extend(ledger.touches_at(&entries)),
            Commit::Conflict => {}
        }
        Ok(Step::Again((plan, None, ended)))
    };
    match until_done((plan, loaded, Vec::new()), attempt).await {
        Ok(Ok(written)) => Ok(written),
        Ok(Err(_)) => Err(Contention.into()),
        Err(error) => Err(error),
    }
}

/// Tells the ledger of the touches that ended and for which the last transaction
/// had no room.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer; the customer's alarm rings until
/// it is done.
pub async fn write_down(app: &App, mut loaded: Loaded, now: Instant) -> Result<Loaded, StoreError> {
    let mut known = Vec::new();
    while !loaded.customer.unwritten.is_empty() {
        let mut customer = loaded.customer.clone();
        let mut ledger = Ledger::default();
        ledger.end_touches(&mut customer, [], LEDGER_ITEMS_MAX);
        ledger.leave_out(&known);
        loaded = match app.store.commit(&loaded, customer, &ledger, now).await? {
            Commit::Done(after) => *after,
            Commit::AlreadyRecorded(entries) => {
                known.extend(ledger.touches_at(&entries));
                loaded
            }
            Commit::Conflict => app.store.load(&loaded.customer.id).await?,
        };
    }
    Ok(loaded)
}
