//! Rules of the calendar that are new: since when each is in force, and the tour
//! along the index of alarms to everybody. A new form of the index of searches takes the
//! same way.
//!
//! Customers sleep until the rules that they were last looked at by want them. So a
//! rule that is published later has to be carried to them, once, in pages that each
//! run takes up where the last one stopped.

use std::collections::BTreeSet;

use futures::StreamExt;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::CalendarRule;

use crate::shell::alarm_sweep::{CUSTOMERS_AT_ONCE, Looked, list_customer, look_at};
use crate::shell::app::App;
use crate::shell::bus::Outgoing;
use crate::shell::store::table::{Alarm, SHARDS};
use crate::shell::store::{CalendarRules, Place, SEARCH_FORMAT, StoreError, Tour};

/// How many customers one read gives. So many are looked at again where a run
/// ends half-way.
const PAGE: i32 = 100;

/// How many pages one run takes at most, if it has the time.
const PAGES_MAX: usize = 1_000;

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
pub async fn see_rules(app: &App, now: Instant) -> Result<CalendarRules, StoreError> {
    let calendar: BTreeSet<CalendarRule> = app.rules().book.calendar().collect();
    let known = app.store.calendar_rules().await?;
    let is_known = |known: &CalendarRules| {
        known.since.keys().eq(&calendar) && known.search_format == SEARCH_FORMAT
    };
    let published = match known {
        Some(known) if is_known(&known) => known,
        known => {
            let published = publish(known, &calendar, now);
            app.store.keep_calendar_rules(&published).await?;
            published
        }
    };
    app.set_calendar_rules_since(&published);
    Ok(published)
}

/// What is known once rules came or went. The very first are in force since
/// ever: nobody was looked at by others.
fn publish(
    known: Option<CalendarRules>,
    calendar: &BTreeSet<CalendarRule>,
    now: Instant,
) -> CalendarRules {
    let Some(known) = known else {
        let since = calendar.iter().map(|name| (name.clone(), None));
        let since = since.collect();
        return CalendarRules { since, search_format: SEARCH_FORMAT, tour: None };
    };
    let new = now.plus_millis(-SEEN_LATE_MILLIS);
    let since = calendar.iter().map(|name| {
        let since = known.since.get(name).copied();
        (name.clone(), since.unwrap_or(Some(new)))
    });
    let begins = now.plus_millis(SETTLED_MILLIS);
    let is_new = calendar.iter().any(|name| !known.since.contains_key(name))
        || known.search_format != SEARCH_FORMAT;
    let tour = is_new.then_some(Tour { begins, at_shard: 0, gone_to: None });
    let since = since.collect();
    CalendarRules { since, search_format: SEARCH_FORMAT, tour: tour.or(known.tour) }
}

/// Goes on with the tour that is under way, if one is.
///
/// # Errors
/// [`StoreError`] where the table does not answer. The next run goes on from
/// where the last whole page ended.
pub async fn go_on(
    app: &App,
    mut published: CalendarRules,
    now: Instant,
    is_over: impl Fn() -> bool,
) -> Result<Looked, StoreError> {
    let mut sum = Looked::default();
    for _ in 0..PAGES_MAX {
        let is_due = |tour: &&mut Tour| tour.begins <= now && !is_over();
        let Some(tour) = published.tour.as_mut().filter(is_due) else { break };
        let behind = tour.gone_to.as_ref();
        let page = app.store.alarmed_behind(Alarm::Occasion, tour.at_shard, behind, PAGE).await?;
        sum = sum + visit(app, &page, now).await?;
        tour.go_behind(page);
        if tour.at_shard == SHARDS {
            published.tour = None;
        }
        app.store.keep_calendar_rules(&published).await?;
    }
    Ok(sum)
}

async fn visit(app: &App, page: &[Place], now: Instant) -> Result<Looked, StoreError> {
    let ids: Vec<Id> = page.iter().map(|place| place.customer.clone()).collect();
    let outgoing = Outgoing::new(&app.bus);
    let loaded = app.store.load_all(&ids).await?;
    let told = &outgoing;
    let looks = ids.into_iter().zip(loaded).map(|(id, loaded)| async move {
        let looked = match loaded {
            Ok(loaded) => look_at(app, loaded, told, now).await,
            Err(error) => Err(error),
        };
        match looked {
            // Waiting would not mend that one, and hold up all others.
            Err(error) if error.is_of_the_item() => {
                tracing::error!(%error, "a customer's calendar could not be looked at");
                list_customer(app, &id, &error, now).await?;
                Ok(Looked { failed: 1, ..Looked::default() })
            }
            looked => looked,
        }
    });
    let mut looks = futures::stream::iter(looks).buffer_unordered(CUSTOMERS_AT_ONCE);
    let mut sum = Looked::default();
    let mut unread = Ok(());
    while let Some(looked) = looks.next().await {
        match looked {
            Ok(looked) => sum = sum + looked,
            Err(error) => {
                unread = Err(error);
                break;
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
        match page.len() == PAGE as usize {
            true => self.gone_to = page.pop(),
            false => (self.gone_to, self.at_shard) = (None, self.at_shard + 1),
        }
    }
}
