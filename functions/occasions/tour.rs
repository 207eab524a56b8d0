//! Rules of the calendar that are new: since when each is in force, and the tour
//! along the indexes of alarms to those whom it concerns.
//!
//! Customers sleep until the rules that they were last looked at by want them,
//! and 60 days ahead of an occasion. So a rule that is published later than that
//! has to be carried to them, once, in pages that each run takes up where the
//! last one stopped. Nobody else is read.

use std::collections::BTreeMap;

use futures::StreamExt;
use lazo_domain::decide::LOOK_AHEAD_DAYS;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::rulebook::{CalendarRule, Reach};

use crate::app::App;
use crate::bus::Outgoing;
use crate::rounds::{CUSTOMERS_AT_ONCE, Looked, look_at};
use crate::store::table::{Alarm, SHARDS};
use crate::store::{Leg, Place, Published, StoreError, Tour};

/// How many customers one read gives. So many are looked at again where a run
/// ends half-way.
const PAGE: i32 = 100;

/// How many pages one run takes at most.
const PAGES_MAX: usize = 200;

const MINUTE_MILLIS: i64 = 60_000;

/// A tour begins so long after its rules were first seen, when no function
/// works by the former ones any more.
const SETTLED_MILLIS: i64 = 15 * MINUTE_MILLIS;

/// A rule is in force since so long before it was first seen: between its
/// publication and the run that sees it a day may begin.
const SEEN_LATE_MILLIS: i64 = 60 * MINUTE_MILLIS;

/// Looks whether rules came or went since the last run, and notes it.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn see_rules(app: &App, now: Instant) -> Result<Published, StoreError> {
    let calendar: BTreeMap<CalendarRule, Reach> = app.rules().book.calendar().collect();
    let known = app.store.published().await?;
    let is_known = |known: &Published| known.since.keys().eq(calendar.keys());
    let published = match known {
        Some(known) if is_known(&known) => known,
        known => {
            let published = publish(known, &calendar, now);
            app.store.keep_published(&published).await?;
            published
        }
    };
    app.know_since(&published);
    Ok(published)
}

/// What is known once rules came or went. The very first are in force since
/// ever: nobody was looked at by others.
fn publish(
    known: Option<Published>,
    calendar: &BTreeMap<CalendarRule, Reach>,
    now: Instant,
) -> Published {
    let Some(known) = known else {
        return Published {
            since: calendar.keys().map(|n| (n.clone(), None)).collect(),
            tour: None,
        };
    };
    let new = now.plus_millis(-SEEN_LATE_MILLIS);
    let since = calendar.keys().map(|name| {
        let since = known.since.get(name).copied();
        (name.clone(), since.unwrap_or(Some(new)))
    });
    let is_new = |name: &CalendarRule| !known.since.contains_key(name);
    let reach = calendar.iter().filter(|(name, _)| is_new(name)).map(|(_, reach)| *reach).max();
    let tour = reach.map(|reach| tour(reach, known.tour.as_ref(), now));
    Published { since: since.collect(), tour: tour.or(known.tour) }
}

/// The way to everybody whom a new rule reaches, and whom a tour would reach
/// that is not over.
fn tour(reach: Reach, unfinished: Option<&Tour>, now: Instant) -> Tour {
    let near = now.plus_millis((LOOK_AHEAD_DAYS + 2) * DAY_MILLIS);
    let leg = |alarm, until| Leg { alarm, until };
    let mut legs = match reach {
        Reach::Near => vec![leg(Alarm::Occasion, near)],
        Reach::Occasions => vec![leg(Alarm::Occasion, Instant::MAX)],
        Reach::All => vec![leg(Alarm::Occasion, Instant::MAX), leg(Alarm::Review, Instant::MAX)],
    };
    for left in unfinished.iter().flat_map(|tour| &tour.legs) {
        match legs.iter_mut().find(|leg| leg.alarm == left.alarm) {
            Some(leg) => leg.until = leg.until.max(left.until),
            None => legs.push(left.clone()),
        }
    }
    Tour { begins: now.plus_millis(SETTLED_MILLIS), legs, shard: 0, behind: None }
}

/// Goes on with the tour that is under way, if one is.
///
/// # Errors
/// [`StoreError`] where the table does not answer. The next run goes on from
/// where the last whole page ended.
pub async fn go_on(
    app: &App,
    mut published: Published,
    now: Instant,
    is_over: impl Fn() -> bool,
) -> Result<Looked, StoreError> {
    let mut sum = Looked::default();
    for _ in 0..PAGES_MAX {
        let Some(tour) = published.tour.as_mut().filter(|tour| tour.begins <= now) else { break };
        let Some(leg) = tour.legs.first().filter(|_| !is_over()) else { break };
        let behind = tour.behind.as_ref();
        let page = app.store.ringing_behind(leg, tour.shard, behind, PAGE).await?;
        sum = sum + visit(app, &page, now).await?;
        tour.go_behind(page);
        if tour.legs.is_empty() {
            published.tour = None;
        }
        app.store.keep_published(&published).await?;
    }
    Ok(sum)
}

async fn visit(app: &App, page: &[Place], now: Instant) -> Result<Looked, StoreError> {
    let ids: Vec<Id> = page.iter().map(|place| place.customer.clone()).collect();
    let outgoing = Outgoing::new(&app.bus);
    let looks = app
        .store
        .load_all(&ids)
        .await?
        .into_iter()
        .map(|loaded| async { look_at(app, loaded?, &outgoing, now).await });
    let mut looks = futures::stream::iter(looks).buffer_unordered(CUSTOMERS_AT_ONCE);
    let mut sum = Looked::default();
    let mut unread = Ok(());
    while let Some(looked) = looks.next().await {
        match looked {
            Ok(looked) => sum = sum + looked,
            Err(error @ StoreError::Service(_)) => {
                unread = Err(error);
                break;
            }
            // Waiting would not mend that one, and hold up all others.
            Err(error) => {
                tracing::error!(%error, "a customer's calendar could not be looked at");
                sum.failed += 1;
            }
        }
    }
    drop(looks);
    outgoing.end().await;
    unread.map(|()| sum)
}

impl Tour {
    /// Goes on behind a page; where it was the last of its shard, to the next.
    fn go_behind(&mut self, mut page: Vec<Place>) {
        if page.len() == PAGE as usize {
            self.behind = page.pop();
            return;
        }
        (self.behind, self.shard) = (None, self.shard + 1);
        if self.shard == SHARDS {
            self.shard = 0;
            self.legs.remove(0);
        }
    }
}
