//! The call list: who is to be called next, who has which call, and what takes
//! a call off the list or gives it to somebody else.

pub mod desk;
pub mod lookup;
mod making;
pub mod reporting;
pub mod search;
pub mod short_id;
pub mod staff;

use std::cmp::Reverse;

use lazo_domain::address::Asks;
use lazo_domain::channel::Channel;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{CallNow, assignee, call_now};
use lazo_domain::event::{CallOutcome, CallReported, Severity};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::{Attempt, CALLS_MAX, step_id, step_parts};
use lazo_domain::touch::{Reason, TouchId};
use lazo_domain::view::View;
use lazo_domain::{calendar, rulebook::RuleBook};

use crate::shell::app::App;
use crate::shell::store::{Call, CallStatus, StoreError};
pub use making::{Correction, correction, may_be_made, may_be_made_now, seen_now};

/// A call on the list, with whom it is about.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The call or task, as it is stored.
    pub call: Call,
    /// Whom it is about; after a merge, the customer under the id that stays.
    pub customer: Customer,
}

/// What is looked up for a call: whether somebody asked under another id that
/// nobody calls this number (events#no-for-an-address).
const OF_NUMBERS: Asks = Asks { email: false, phone: true };

/// Why a call that was asked for must not be made any more, by what the customer
/// says and by what was said of their number under any id.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn forbidden(
    app: &App,
    mut customer: Customer,
    touch: &TouchId,
    now: Instant,
) -> Result<Option<Reason>, StoreError> {
    Box::pin(app.store.hear_all([&mut customer], OF_NUMBERS)).await?;
    Ok(never(call_now(&customer, &app.rules().book, touch, Instant::MAX, now)))
}

/// Why a call may not be made any more.
fn never(may: CallNow) -> Option<Reason> {
    match may {
        CallNow::Never { reason } => Some(reason),
        CallNow::Yes | CallNow::Later { .. } => None,
    }
}

/// How a claim ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is theirs alone until then.
    Yours {
        /// When the claim ends.
        until: Instant,
    },
    /// Somebody else has it.
    Taken {
        /// The name of who has it.
        by: String,
        /// When their claim ends.
        until: Instant,
    },
    /// It may not be made now.
    NotNow {
        /// What keeps it back.
        reason: Reason,
        /// From when on it may be; `None` where nobody knows, or where it expires before.
        opens: Option<Instant>,
    },
    /// It is on the list no more.
    Gone(Gone),
}

/// Why a call is on the list no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// With how it went, or why it was withdrawn.
    Over(String),
    /// Its time ended, and nobody had reported it.
    Expired {
        /// When its time ended.
        at: Instant,
    },
}

/// The open calls and tasks of these people and teams that may still be done:
/// those that may be made now, then the others as they open; by deadline, then by the severity of the customer's open complaint, then by
/// what the customer is worth.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn open(app: &App, names: &[String], now: Instant) -> Result<Vec<Listed>, StoreError> {
    let mut calls = Vec::new();
    for name in names {
        calls.extend(app.store.open_calls(name, now).await?);
    }
    in_order(app, calls, now).await
}

/// The first so many of each of these lists, by a number of requests that does not grow
/// with them; and whether there are more.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn first(
    app: &App,
    names: &[String],
    now: Instant,
    of_each: usize,
) -> Result<(Vec<Listed>, bool), StoreError> {
    let asked = names.iter().map(|name| app.store.first_open_calls(name, now, of_each));
    let (mut calls, mut is_more) = (Vec::new(), false);
    for found in futures::future::join_all(asked).await {
        let (found, more) = found?;
        calls.extend(found);
        is_more |= more;
    }
    Ok((in_order(app, calls, now).await?, is_more))
}

/// Calls with whom they are about, in the order of the list; without those that may not
/// be made any more.
async fn in_order(app: &App, calls: Vec<Call>, now: Instant) -> Result<Vec<Listed>, StoreError> {
    let rules = app.rules();
    let mut listed = Vec::new();
    let mut customers = app.store.customers(calls.iter().map(|call| &call.touch.customer)).await?;
    Box::pin(app.store.hear_all(customers.values_mut(), OF_NUMBERS)).await?;
    for call in calls {
        let Some(mut customer) = customers.get(&call.touch.customer).cloned() else { continue };
        if customer.merged_into.is_some() {
            customer = Box::pin(app.store.person(&customer.id)).await?.customer;
            Box::pin(app.store.hear_all([&mut customer], OF_NUMBERS)).await?;
        }
        let one = Listed { call, customer };
        if never(one.may_be_made(&rules.book, now)).is_none() {
            listed.push(one);
        }
    }
    listed.sort_by_cached_key(|one| {
        let (severity, cents) = rank(&one.customer, &rules.book, now);
        let opens = match one.may_be_made(&rules.book, now) {
            CallNow::Later { opens, .. } => opens.unwrap_or(Instant::MAX),
            CallNow::Yes | CallNow::Never { .. } => Instant::MIN,
        };
        (
            opens,
            one.call.expires_at_instant,
            Reverse(severity),
            Reverse(cents),
            one.call.touch.clone(),
        )
    });
    listed.dedup_by(|a, b| a.call.touch == b.call.touch);
    Ok(listed)
}

/// The same of everybody.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn open_of_all(app: &App, now: Instant) -> Result<Vec<Listed>, StoreError> {
    let names = app.store.assignees().await?;
    open(app, &names, now).await
}

/// Whose calls a person makes: their own, their teams', and those of the call
/// team where no team names them.
pub fn lists_of(book: &RuleBook, person: &str) -> Vec<String> {
    let mut names = vec![person.to_owned()];
    names.extend(book.policy.teams_of(person).map(str::to_owned));
    if names.len() == 1 {
        names.push(book.policy.call_team.clone());
    }
    names.dedup();
    names
}

/// The severity of the worst open complaint, and what the customer is worth in
/// cents.
fn rank(customer: &Customer, book: &RuleBook, now: Instant) -> (Option<Severity>, i64) {
    let worth = View::of(customer, book, now).worth();
    (customer.complaints.worst_open(), (worth * 100.0) as i64)
}

/// The call that a touch id names. Ids may hold slashes, so where the
/// customer's ends is not told by the text alone.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn find(app: &App, touch_id: &str) -> Result<Option<Call>, StoreError> {
    for touch in TouchId::readings(touch_id) {
        if let Some(call) = app.store.call(&touch).await? {
            return Ok(Some(call));
        }
    }
    Ok(None)
}

/// Why a call is on the list no more; `None` while it is.
pub fn gone(call: &Call, now: Instant) -> Option<Gone> {
    match call.status {
        CallStatus::Done => Some(Gone::Over(call.outcome.clone().unwrap_or_default())),
        CallStatus::Open if call.is_open(now) => None,
        CallStatus::Open => Some(Gone::Expired { at: call.expires_at_instant }),
    }
}

/// Gives a call to somebody for as long as the policy says: one conditional
/// write, so that nobody else gets it meanwhile. One that must not be made any
/// more goes off the list instead.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn claim(
    app: &App,
    touch: &TouchId,
    by: &str,
    now: Instant,
) -> Result<Claim, StoreError> {
    let rules = app.rules();
    let policy = &rules.book.policy;
    let zone = &rules.book.default_zone;
    let until = calendar::later(now, policy.call_claim, zone, &policy.closed_days);
    let open = app.store.call(touch).await?.filter(|call| call.is_open(now));
    if let Some(call) = open {
        match may_be_made_now(app, &call, now).await? {
            CallNow::Yes => {}
            CallNow::Later { reason, opens } => return Ok(Claim::NotNow { reason, opens }),
            CallNow::Never { reason } => {
                app.store.withdraw_call(touch, reason.as_str()).await?;
                return Ok(Claim::Gone(Gone::Over(reason.as_str().to_owned())));
            }
        }
    }
    if app.store.claim_call(touch, by, until, now).await? {
        return Ok(Claim::Yours { until });
    }
    let Some(call) = app.store.call(touch).await? else {
        return Ok(Claim::Gone(Gone::Over(String::new())));
    };
    Ok(match (gone(&call, now), call.claimed_by, call.claimed_until) {
        (Some(gone), _, _) => Claim::Gone(gone),
        (None, Some(by), Some(until)) => Claim::Taken { by, until },
        // Let go at this very moment.
        (None, _, _) => Claim::Taken { by: call.assigned_to, until: now },
    })
}

/// Takes a reported call off the list. Where the report ends its attempts, a
/// later one that was asked for already need not be made. A report that another has
/// corrected changes nothing; one that corrects puts back what the other took off.
///
/// # Errors
/// [`StoreError`] where the table does not answer; it may be done again.
pub async fn close(
    app: &App,
    id: &Id,
    report: &CallReported,
    now: Instant,
) -> Result<(), StoreError> {
    let may_correct = report.by.is_some() && report.touch_id.is_some();
    if may_correct {
        let person = Box::pin(app.store.person(id)).await?.customer;
        if person.call_reports.is_corrected(&report.call_id) {
            return Ok(());
        }
        put_back(app, person, now).await?;
    }
    if let Some(touch) = &report.touch_id {
        let id = &asked_under(app, id, touch.as_str()).await?;
        take_off(app, id, touch.as_str(), report).await?;
    }
    match report.outcome {
        CallOutcome::DoNotCall | CallOutcome::WrongNumber => review(app, id, now).await,
        _ => Ok(()),
    }
}

/// Takes a reported call off the list, and the attempts behind it where it is over.
async fn take_off(
    app: &App,
    id: &Id,
    touch: &str,
    report: &CallReported,
) -> Result<(), StoreError> {
    let outcome = report.outcome;
    let Some(named) = TouchId::of_customer(touch, id) else { return Ok(()) };
    let rules = app.rules();
    let step = rules.book.rule(&named.rule).and_then(|rule| rule.step(&named.step));
    let channel = step.map(|step| step.channel);
    let outcome = channel.map_or(outcome, |channel| outcome.of_channel(channel));
    match &report.by {
        Some(by) => {
            let made_at = report.occurred_at.into();
            app.store.sign_call(&named, outcome.as_str(), by.as_str(), made_at).await?;
        }
        None => app.store.close_call(id, touch, outcome.as_str()).await?,
    }
    let is_over =
        !matches!(outcome, CallOutcome::NoAnswer | CallOutcome::Voicemail | CallOutcome::CallBack);
    if is_over && channel == Some(Channel::Call) {
        let (base, number) = step_parts(&named.step);
        for other in (1..=CALLS_MAX).map(Attempt::Nth).filter(|other| *other > number) {
            let touch = TouchId { step: step_id(base, other), ..named.clone() };
            app.store.withdraw_call(&touch, outcome.as_str()).await?;
        }
    }
    Ok(())
}

/// Puts the calls on the list again that wait for a report by the customer's state, and
/// were withdrawn for a report that is corrected.
async fn put_back(app: &App, mut person: Customer, now: Instant) -> Result<(), StoreError> {
    Box::pin(app.store.hear_all([&mut person], OF_NUMBERS)).await?;
    let rules = app.rules();
    for call in person.enrolments.iter().chain(&person.asked_calls) {
        let has_report = |touch: &TouchId| {
            let mut standing = person.call_reports.standing();
            standing.any(|report| report.touch.as_str() == touch.to_string())
        };
        for id in person.ids().filter(|_| call.asked_at().is_some() && !call.has_exited()) {
            let touch = call.touch(id);
            let may = call_now(&person, &rules.book, &touch, Instant::MAX, now);
            if never(may).is_none() && !has_report(&touch) {
                app.store.reopen_call(&touch, now).await?;
            }
        }
    }
    Ok(())
}

/// The id of the customer under which a call was asked for: the one that was told,
/// or another of the same person.
async fn asked_under(app: &App, id: &Id, touch: &str) -> Result<Id, StoreError> {
    if TouchId::of_customer(touch, id).is_some() {
        return Ok(id.clone());
    }
    let person = app.store.person(id).await?.customer;
    let found = person.touches_named(touch).next();
    Ok(found.map_or_else(|| id.clone(), |touch| touch.customer))
}

/// Looks at a customer's calls on the list, as something changed: those that
/// must not be made any more go, and those that are somebody else's now move,
/// unless somebody has taken them.
///
/// # Errors
/// [`StoreError`] where the table does not answer; it may be done again.
pub async fn review(app: &App, id: &Id, now: Instant) -> Result<(), StoreError> {
    let mut customer = Box::pin(app.store.person(id)).await?.customer;
    let mut calls = Vec::new();
    for id in customer.ids() {
        calls.extend(app.store.calls_about(id).await?);
    }
    if calls.is_empty() {
        return Ok(());
    }
    Box::pin(app.store.hear_all([&mut customer], OF_NUMBERS)).await?;
    let rules = app.rules();
    for call in calls.iter().filter(|call| call.is_open(now)) {
        if let Some(why) = never(may_be_made(call, &customer, &rules.book, now)) {
            app.store.withdraw_call(&call.touch, why.as_str()).await?;
            continue;
        }
        let who = assignee(&customer, &rules.book, &call.touch);
        if let Some(who) = who.filter(|who| *who != call.assigned_to) {
            app.store.reassign_call(&call.touch, &who, now).await?;
        }
    }
    Ok(())
}
