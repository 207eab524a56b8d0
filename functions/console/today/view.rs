//! What Today reads: lists by person, the day's touches by an index, and no more of each
//! than a page shows.

use std::collections::BTreeMap;

use http::Method;
use jiff::civil::Date;
use lazo_domain::calendar;
use lazo_domain::customer::Customer;
use lazo_domain::decide::celebrated_on;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};

use super::day::{self, Day};
use crate::console::access::Role;
use crate::console::ask::Ask;
use crate::console::reply::Trouble;
use crate::console::routes::may;
use crate::shell::app::App;
use crate::shell::call_list::{self, Listed};
use crate::shell::store::{ComplaintEntry, Failure, SendingState, StoreError};

/// How many calls of each list are read.
const CALLS_OF_EACH: usize = 30;
/// How many complaints of each of 16 parts are read.
const COMPLAINTS_OF_EACH: usize = 6;
/// How many lines a card shows.
const SHOWN: usize = 7;
/// For how many days back it is told who began to drift.
const DRIFTING_DAYS: i64 = 7;
/// How many months back failures are read here.
const FAILURE_MONTHS: i32 = 2;

/// What the page shows. What a role may not act on is not read.
pub struct View {
    /// The calls of whoever looks.
    pub calls: Option<Calls>,
    /// Open complaints, the most urgent first, with whom they are of.
    pub complaints: Vec<(ComplaintEntry, Option<Customer>)>,
    /// How many more there are.
    pub complaints_more: usize,
    /// Whose birthday is today or tomorrow.
    pub birthdays: Vec<(Date, Customer)>,
    /// Who began to drift lately, and when.
    pub drifting: Vec<(Instant, Customer)>,
    /// What could not be processed, the latest first.
    pub failures: Option<Vec<Failure>>,
    /// What went out, what did not, and what comes.
    pub day: Day,
    /// How the sending stands; `None` while nobody looked.
    pub sending: Option<SendingState>,
}

/// Calls that wait.
pub struct Calls {
    /// In the order of the list, as far as they were read.
    pub listed: Vec<Listed>,
    /// There are more.
    pub is_more: bool,
    /// Whose lists these are.
    pub by: String,
    /// As of when.
    pub now: Instant,
}

impl Calls {
    /// How many may be taken now: nobody else has them, and they are not put off.
    pub fn ready(&self) -> usize {
        let is_free = |one: &&Listed| {
            let holder = one.call.holder(self.now);
            holder.is_none_or(|holder| holder == self.by) && one.call.snoozed(self.now).is_none()
        };
        self.listed.iter().filter(is_free).count()
    }

    /// Those that a card shows.
    pub fn shown(&self) -> &[Listed] {
        &self.listed[..self.listed.len().min(SHOWN)]
    }
}

/// Reads all of it at once.
///
/// # Errors
/// [`Trouble`] where the table does not answer.
pub async fn read(ask: &Ask) -> Result<View, Trouble> {
    let role = ask.user.role;
    let sees_people = may(role, &Method::GET, "/customers/{id}") || role != Role::Operations;
    let (calls, complaints, birthdays, drifting, failures, day, sending) = futures::try_join!(
        calls(ask),
        complaints(ask),
        birthdays(ask, sees_people),
        drifting(ask, sees_people),
        failures(ask),
        day::read(ask.app(), ask.now),
        ask.app().store.sending_state(),
    )?;
    let (complaints, complaints_more) = complaints;
    Ok(View { calls, complaints, complaints_more, birthdays, drifting, failures, day, sending })
}

async fn calls(ask: &Ask) -> Result<Option<Calls>, StoreError> {
    if !may(ask.user.role, &Method::GET, "/calls") {
        return Ok(None);
    }
    let names = call_list::lists_of(&ask.rules().book, &ask.user.name);
    let (mut listed, is_more) =
        Box::pin(call_list::first(ask.app(), &names, ask.now, CALLS_OF_EACH)).await?;
    listed.sort_by_key(|one| one.call.snoozed(ask.now).is_some());
    Ok(Some(Calls { listed, is_more, by: ask.user.name.clone(), now: ask.now }))
}

/// The open complaints of a rep's teams; for others, of all.
async fn complaints(
    ask: &Ask,
) -> Result<(Vec<(ComplaintEntry, Option<Customer>)>, usize), StoreError> {
    let rules = ask.rules();
    let mut open = ask.app().store.first_open_complaints(COMPLAINTS_OF_EACH).await?;
    if ask.user.role == Role::Rep {
        let names = call_list::lists_of(&rules.book, &ask.user.name);
        open.retain(|entry| {
            let category = entry.category.as_ref().map(|line| line.as_str());
            names.iter().any(|name| name == rules.book.policy.department(category))
        });
    }
    let more = open.len().saturating_sub(SHOWN);
    open.truncate(SHOWN);
    let customers = ask.app().store.customers(open.iter().map(|entry| &entry.customer)).await?;
    let with = |entry: ComplaintEntry| {
        let customer = customers.get(&entry.customer).cloned();
        (entry, customer)
    };
    Ok((open.into_iter().map(with).collect(), more))
}

async fn birthdays(ask: &Ask, sees: bool) -> Result<Vec<(Date, Customer)>, StoreError> {
    if !sees {
        return Ok(Vec::new());
    }
    let rules = ask.rules();
    let today = ask.now.date_in(&rules.book.default_zone);
    let mut found = Vec::new();
    for date in [Some(today), today.tomorrow().ok()].into_iter().flatten() {
        let day = (date.month(), date.day());
        let mut ids = ask.app().store.birthdays(&ask.user.name, day).await?;
        ids.truncate(SHOWN);
        let is_theirs = |customer: &Customer| {
            let of = customer.profile.account_manager.latest();
            let birthday = customer.profile.birthday.latest();
            let policy = &rules.book.policy;
            of.is_some_and(|of| of.as_str() == ask.user.name)
                && customer.erased_at.is_none()
                && birthday.is_some_and(|on| {
                    celebrated_on(*on, date.year(), policy.leap_day) == Some(date)
                })
        };
        let customers = named(ask.app(), &ids).await?.into_values().filter(is_theirs);
        found.extend(customers.map(|customer| (date, customer)));
    }
    Ok(found)
}

/// Those of whoever looks, and those of nobody.
async fn drifting(ask: &Ask, sees: bool) -> Result<Vec<(Instant, Customer)>, StoreError> {
    if !sees {
        return Ok(Vec::new());
    }
    let from = ask.now.plus_millis(-DRIFTING_DAYS * DAY_MILLIS);
    let mut ids = ask.app().store.drifting(Some(&ask.user.name), from, ask.now).await?;
    if ask.user.role != Role::Rep {
        ids.extend(ask.app().store.drifting(None, from, ask.now).await?);
    }
    ids.reverse();
    ids.truncate(SHOWN);
    let customers = named(ask.app(), &ids).await?;
    let since = |customer: Customer| {
        let entered = customer.stages.last().filter(|_| customer.erased_at.is_none());
        let entered = entered.filter(|at| at.stage == lazo_domain::stage::Stage::Dissolution);
        entered.map(|entered| entered.at).map(|at| (at, customer))
    };
    let mut found: Vec<_> = customers.into_values().filter_map(since).collect();
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(found)
}

async fn named(app: &App, ids: &[Id]) -> Result<BTreeMap<Id, Customer>, StoreError> {
    app.store.customers(ids).await
}

async fn failures(ask: &Ask) -> Result<Option<Vec<Failure>>, StoreError> {
    if !may(ask.user.role, &Method::GET, "/settings/failures") {
        return Ok(None);
    }
    let mut found = ask.app().store.failures_of(ask.now, FAILURE_MONTHS).await?;
    found.reverse();
    Ok(Some(found))
}

/// The shop's day so far, and its end.
pub fn bounds_of_day(app: &App, now: Instant) -> (Instant, Instant) {
    let rules = app.rules();
    let zone = &rules.book.default_zone;
    let today = now.date_in(zone);
    let end = calendar::midnight(today.tomorrow().unwrap_or(today), zone);
    (calendar::midnight(today, zone), end)
}
