//! The shop's day: what went out, what did not and why, what waits and what comes.

use std::collections::BTreeMap;

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Reason, TouchId};

use super::view::bounds_of_day;
use crate::shell::app::App;
use crate::shell::store::table::{Alarm, SHARDS};
use crate::shell::store::{EndedTouch, StoreError};

/// How many touches of each of eight parts are read.
const ENDED_OF_EACH: usize = 500;
/// Of how many that did not go out the reasons are read: one request takes 100.
const REASONS_READ: usize = 100;
/// How many customers of each of 16 parts are read for what comes.
const COMING_OF_EACH: i32 = 6;

/// The day.
pub struct Day {
    /// What went out and what did not, the earliest first.
    pub ended: Vec<EndedTouch>,
    /// There is more of that than was read.
    pub is_more: bool,
    /// By rule, how many touches went out.
    pub sent: BTreeMap<String, usize>,
    /// By rule and reason, how many did not, as far as their reasons were read.
    pub not_sent: BTreeMap<(String, Reason), usize>,
    /// The touches that wait, with whose they are, why and until when.
    pub waiting: Vec<Waiting>,
    /// When what is still to come today falls due.
    pub coming: Vec<Instant>,
}

/// A touch that waits.
pub struct Waiting {
    /// Which.
    pub touch: TouchId,
    /// Whose.
    pub customer: Customer,
    /// Why.
    pub reason: Reason,
    /// Until when.
    pub until: Instant,
}

impl Day {
    /// How many went out, or did not.
    pub fn count(&self, went_out: bool) -> usize {
        self.ended.iter().filter(|touch| touch.went_out == went_out).count()
    }
}

/// Reads it: a number of requests that does not grow with the shop.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn read(app: &App, now: Instant) -> Result<Day, StoreError> {
    let (from, until) = bounds_of_day(app, now);
    let (ended, coming) =
        futures::try_join!(app.store.ended((from, now), ENDED_OF_EACH), coming(app, until))?;
    let (waiting, due) = ahead(coming, now, until);
    let mut sent = BTreeMap::new();
    for touch in ended.touches.iter().filter(|touch| touch.went_out) {
        *sent.entry(touch.touch.rule.clone()).or_default() += 1;
    }
    let not = ended.touches.iter().rev().filter(|touch| !touch.went_out).take(REASONS_READ);
    let not: Vec<&TouchId> = not.map(|touch| &touch.touch).collect();
    let mut not_sent = BTreeMap::new();
    for entry in app.store.touches(not).await?.into_values() {
        if let Some(reason) = entry.reason {
            *not_sent.entry((entry.touch.rule, reason)).or_default() += 1;
        }
    }
    Ok(Day { ended: ended.touches, is_more: ended.is_more, sent, not_sent, waiting, coming: due })
}

/// The customers of whom something falls due until then, the first of each part.
async fn coming(app: &App, until: Instant) -> Result<Vec<Customer>, StoreError> {
    let asked =
        (0..SHARDS).map(|shard| app.store.ringing(Alarm::Due, shard, until, COMING_OF_EACH));
    let mut ids: Vec<Id> = Vec::new();
    for found in futures::future::join_all(asked).await {
        ids.extend(found?);
    }
    Ok(app.store.customers(&ids).await?.into_values().collect())
}

/// What of these customers waits, and what falls due today.
fn ahead(customers: Vec<Customer>, now: Instant, until: Instant) -> (Vec<Waiting>, Vec<Instant>) {
    let (mut waiting, mut due) = (Vec::new(), Vec::new());
    for customer in customers {
        for enrolment in customer.pending().filter(|one| one.phase.is_waiting()) {
            match enrolment.defers.last() {
                Some(defer) => waiting.push(Waiting {
                    touch: enrolment.touch(&customer.id),
                    customer: customer.clone(),
                    reason: defer.reason,
                    until: defer.until,
                }),
                None if enrolment.due > now && enrolment.due < until => due.push(enrolment.due),
                None => {}
            }
        }
    }
    due.sort_unstable();
    waiting.sort_by_key(|one| one.until);
    (waiting, due)
}
