//! What rules brought, from the table: the enrolments of the days that are asked for,
//! found by an index, and of each customer among them the state and the ledger.
//!
//! A report costs a read of the index (some 40 keys a read unit), and a query of all
//! that is stored on each customer who was enrolled in these days (mostly one or two
//! read units); where first touches of these days may still be pending, the states of
//! those who have any touch pending besides.

pub mod base;
mod facts;
pub mod kept;
pub mod relationship_plan;
mod told;

use std::collections::BTreeSet;

use futures::future::{BoxFuture, join_all};
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::rulebook::{Rule, RuleBook};
use lazo_domain::uplift::{EVERY_RULE, Measuring, Window};

use super::store::table::SHARDS;
use super::store::{Known, Sought, Store, StoreError};
pub use told::{Told, json};

/// How many requests are on their way at a time.
const AT_ONCE: usize = 16;

/// How many states one request reads.
const STATES_AT_ONCE: usize = 50;

/// The customers who may have been enrolled in a window: in one rule, or in any.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer.
pub async fn enrolled(
    store: &Store,
    book: &RuleBook,
    window: Window,
    only: Option<&str>,
) -> Result<BTreeSet<Id>, StoreError> {
    let only = only.filter(|only| *only != EVERY_RULE);
    let wait = longest_wait(book, only);
    let late = book.policy.max_trigger_age.millis_at_most() + DAY_MILLIS;
    let sought = Sought {
        from: window.from,
        until: window.until,
        // How long a trigger may be decided anew.
        slack_millis: wait.unwrap_or(366 * DAY_MILLIS) + late,
        rule: only,
    };
    let mut found = BTreeSet::new();
    let mut shards: Vec<BoxFuture<'_, Result<BTreeSet<Id>, StoreError>>> = Vec::new();
    for shard in 0..SHARDS {
        shards.push(Box::pin(store.enrolled(shard, &sought)));
    }
    for ids in join_all(shards).await {
        found.extend(ids?);
    }
    let may_wait = wait.is_none_or(|wait| window.until.plus_millis(wait + late) >= window.as_of);
    if may_wait {
        found.extend(waiting(store, window, only).await?);
    }
    Ok(found)
}

/// Those whose first touch is still to come.
async fn waiting(store: &Store, window: Window, only: Option<&str>) -> Result<Vec<Id>, StoreError> {
    let mut found = Vec::new();
    for shard in 0..SHARDS {
        let ids = store.waiting(shard).await?;
        for ids in ids.chunks(STATES_AT_ONCE) {
            let states = store.customers(ids).await?.into_values();
            let is_meant = |customer: &Customer| {
                customer.pending().filter_map(|e| Some((&e.rule, e.enrolled_at()?))).any(
                    |(rule, at)| {
                        only.is_none_or(|only| only == rule)
                            && window.from <= at
                            && at <= window.until
                    },
                )
            };
            found.extend(states.filter(is_meant).map(|customer| customer.id));
        }
    }
    Ok(found)
}

/// How long after its trigger a first touch may still be pending, at most, by the rules
/// as they are; `None` where a day that is promised says so.
fn longest_wait(book: &RuleBook, only: Option<&str>) -> Option<i64> {
    let rules = book.rules().iter().filter(|rule| only.is_none_or(|only| only == rule.name));
    let wait = |rule: &Rule| {
        let first = rule.steps.first()?;
        let wait = first.wait.map_or(0, |wait| wait.millis_at_most());
        first.on.is_none().then(|| wait + first.expiry.millis_at_most() + 2 * DAY_MILLIS)
    };
    rules.map(wait).try_fold(0, |longest, wait| Some(longest.max(wait?)))
}

/// Counts these customers; `done` hears how many of them are.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
pub async fn measure<'b>(
    store: &Store,
    book: &'b RuleBook,
    window: Window,
    ids: &BTreeSet<Id>,
    mut done: impl FnMut(usize),
) -> Result<Measuring<'b>, StoreError> {
    let mut measuring = Measuring::new(book, window);
    let mut people: BTreeSet<Id> = BTreeSet::new();
    let ids: Vec<&Id> = ids.iter().collect();
    let mut count = 0;
    for ids in ids.chunks(AT_ONCE) {
        let mut asked: Vec<BoxFuture<'_, Result<Vec<Known>, StoreError>>> = Vec::new();
        for id in ids {
            asked.push(Box::pin(store.known_of(id)));
        }
        for known in join_all(asked).await {
            let known = known?;
            count += 1;
            done(count);
            // Whoever is known under several ids is one person.
            let Some(main) = known.first().map(|known| known.customer.id.clone()) else { continue };
            if people.insert(main) {
                let facts = facts::of(&known, book);
                measuring.take(&facts.person());
            }
        }
    }
    Ok(measuring)
}

/// The window that a report looks at where it is not told: so many days up to now.
pub fn usual(now: Instant) -> Window {
    const DAYS: i64 = 90;
    Window { from: now.plus_millis(-DAYS * DAY_MILLIS), until: now, as_of: now }
}
