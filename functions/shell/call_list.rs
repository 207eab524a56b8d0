//! The call list: who is to be called next, who has which call, and what takes
//! a call off the list or gives it to somebody else.

pub mod desk;
pub mod lookup;
pub mod search;
pub mod short_id;
pub mod staff;

use std::cmp::Reverse;

use lazo_domain::address::Asks;
use lazo_domain::channel::Channel;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{assignee, call_forbidden};
use lazo_domain::event::{CallOutcome, CallReported, Severity};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::{Attempt, step_id, step_parts};
use lazo_domain::touch::{Reason, TouchId};
use lazo_domain::view::View;
use lazo_domain::{calendar, rulebook::RuleBook};

use crate::shell::app::App;
use crate::shell::store::{Call, CallStatus, StoreError};

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
) -> Result<Option<Reason>, StoreError> {
    Box::pin(app.store.hear_all([&mut customer], OF_NUMBERS)).await?;
    Ok(call_forbidden(&customer, &app.rules().book, touch))
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
/// by deadline, then by the severity of the customer's open complaint, then by
/// what the customer is worth.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn open(app: &App, names: &[String], now: Instant) -> Result<Vec<Listed>, StoreError> {
    let rules = app.rules();
    let mut listed = Vec::new();
    let mut calls = Vec::new();
    for name in names {
        calls.extend(app.store.open_calls(name, now).await?);
    }
    let mut customers = app.store.customers(calls.iter().map(|call| &call.touch.customer)).await?;
    Box::pin(app.store.hear_all(customers.values_mut(), OF_NUMBERS)).await?;
    for call in calls {
        let Some(mut customer) = customers.get(&call.touch.customer).cloned() else { continue };
        if customer.merged_into.is_some() {
            customer = Box::pin(app.store.person(&customer.id)).await?.customer;
            Box::pin(app.store.hear_all([&mut customer], OF_NUMBERS)).await?;
        }
        if !is_withdrawn(&call, &customer, &rules.book) {
            listed.push(Listed { call, customer });
        }
    }
    listed.sort_by_cached_key(|one| {
        let (severity, cents) = rank(&one.customer, &rules.book, now);
        (one.call.expires_at_instant, Reverse(severity), Reverse(cents), one.call.touch.clone())
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

fn is_withdrawn(call: &Call, customer: &Customer, book: &RuleBook) -> bool {
    call.channel == Channel::Call && call_forbidden(customer, book, &call.touch).is_some()
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
    if let Some(why) = withdrawn(app, touch).await? {
        return Ok(Claim::Gone(Gone::Over(why)));
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

/// Takes a call off the list that must not be made any more; why.
async fn withdrawn(app: &App, touch: &TouchId) -> Result<Option<String>, StoreError> {
    let call = app.store.call(touch).await?;
    if !call.is_some_and(|c| c.channel == Channel::Call && c.status == CallStatus::Open) {
        return Ok(None);
    }
    let customer = app.store.load(&touch.customer).await?.customer;
    let Some(why) = forbidden(app, customer, touch).await? else { return Ok(None) };
    app.store.withdraw_call(touch, why.as_str()).await?;
    Ok(Some(why.as_str().to_owned()))
}

/// Takes a reported call off the list. Where the report ends its attempts, a
/// later one that was asked for already need not be made.
///
/// # Errors
/// [`StoreError`] where the table does not answer; it may be done again.
pub async fn close(
    app: &App,
    id: &Id,
    report: &CallReported,
    now: Instant,
) -> Result<(), StoreError> {
    let outcome = report.outcome.as_str();
    if let Some(touch) = &report.touch_id {
        let id = &asked_under(app, id, touch.as_str()).await?;
        match (&report.by, TouchId::of_customer(touch.as_str(), id)) {
            (Some(by), Some(touch)) => {
                let made_at = report.occurred_at.into();
                app.store.sign_call(&touch, outcome, by.as_str(), made_at).await?;
            }
            _ => app.store.close_call(id, touch.as_str(), outcome).await?,
        }
        if !matches!(report.outcome, CallOutcome::NoAnswer | CallOutcome::Voicemail)
            && let Some(touch) = TouchId::of_customer(touch.as_str(), id)
        {
            let rules = app.rules();
            let attempts = rules.book.rule(&touch.rule).and_then(|r| r.attempts(&touch.step));
            let (base, number) = step_parts(&touch.step);
            let later = attempts.map_or(0, |attempts| attempts.max);
            for other in (1..=later).map(Attempt::Nth).filter(|other| *other > number) {
                let touch = TouchId { step: step_id(base, other), ..touch.clone() };
                app.store.withdraw_call(&touch, outcome).await?;
            }
        }
    }
    match report.outcome {
        CallOutcome::DoNotCall | CallOutcome::WrongNumber => review(app, id, now).await,
        _ => Ok(()),
    }
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
        let forbidden = call_forbidden(&customer, &rules.book, &call.touch);
        if let (Channel::Call, Some(why)) = (call.channel, forbidden) {
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
