//! Load, decide, commit, and once more where somebody else wrote first.

use std::future::Future;
use std::time::Duration;

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

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
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Contention(#[from] Contention),
}

/// The attempts at one write.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: u32,
}

impl Attempts {
    /// Waits for a short random time, longer from attempt to attempt.
    ///
    /// # Errors
    /// [`Contention`] where that was the last attempt.
    pub async fn again(&mut self) -> Result<(), Contention> {
        self.failed += 1;
        if self.failed >= ATTEMPTS_MAX {
            return Err(Contention);
        }
        let most = 10u64 << self.failed.min(7);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=most))).await;
        Ok(())
    }
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
    Write {
        customer: Box<Customer>,
        ledger: Ledger,
        /// Whether the ledger's first entry is what this is about: where it is
        /// recorded already, nothing is left to do.
        is_once: bool,
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
    /// The ledger had the first entry already.
    AlreadyRecorded(Loaded),
}

/// Reads a customer, decides, and commits; again where somebody else wrote first.
/// `loaded` is the item where it was read before; the plan gives it back. Touches that the ledger has as
/// ended are left out of the next attempt.
///
/// # Errors
/// Those of the plan; [`StoreError`] where DynamoDB does not answer; [`Contention`].
pub async fn decide_and_commit<T, E, Planning>(
    app: &App,
    read: Read<'_>,
    mut loaded: Option<Loaded>,
    now: Instant,
    mut plan: impl FnMut(Loaded) -> Planning,
) -> Result<Written<T>, E>
where
    Planning: Future<Output = Planned<T, E>>,
    E: From<StoreError> + From<Contention>,
{
    let mut attempts = Attempts::default();
    let mut ended = Vec::new();
    loop {
        let loaded = match (loaded.take(), read) {
            (Some(loaded), _) => loaded,
            (None, Read::Id(id)) => app.store.load(id).await?,
            (None, Read::Person(id)) => Box::pin(app.store.person(id)).await?,
        };
        let (loaded, plan) = plan(loaded).await?;
        let (customer, mut ledger, is_once, value) = match plan {
            Plan::Leave(value) => return Ok(Written::Left(loaded, value)),
            Plan::Write { customer, ledger, is_once, value } => (customer, ledger, is_once, value),
        };
        ledger.leave_out(&ended);
        match app.store.commit(&loaded, *customer, &ledger, now).await? {
            Commit::Done(after) => return Ok(Written::Done(*after, value)),
            Commit::AlreadyRecorded(entries) if is_once && entries.contains(&0) => {
                return Ok(Written::AlreadyRecorded(loaded));
            }
            Commit::AlreadyRecorded(entries) => ended.extend(ledger.touches_at(&entries)),
            Commit::Conflict => {}
        }
        attempts.again().await?;
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
