//! What reps do with calls besides making them: let go of them, give them to
//! somebody else, put them off; and what a rep's day is.

use lazo_domain::calendar;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::{Claim, Gone, Listed, gone};
use crate::shell::app::App;
use crate::shell::store::StoreError;

/// How it ended that somebody let go of a call, gave it away or put it off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is done.
    Done,
    /// Somebody else has it, until then.
    Taken {
        /// The name of who has it.
        by: String,
        /// When their claim ends.
        until: Instant,
    },
    /// It is to be put off until a moment at which it is of no use any more.
    TooLate {
        /// When it is of no use any more.
        expires_at: Instant,
    },
    /// It is on the list no more.
    Gone(Gone),
}

/// Lets go of a call that somebody took. One that nobody has is let go of.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn release(
    app: &App,
    touch: &TouchId,
    by: &str,
    now: Instant,
) -> Result<Moved, StoreError> {
    match app.store.release_call(touch, by).await? {
        true => Ok(Moved::Done),
        false => Ok(why_not(app, touch, None, now).await?.unwrap_or(Moved::Done)),
    }
}

/// Gives a call to a person or a team, unless somebody else than `by` has it. It
/// stays theirs, whatever is learnt of the customer.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn hand_over(
    app: &App,
    touch: &TouchId,
    to: &str,
    by: Option<&str>,
    now: Instant,
) -> Result<Moved, StoreError> {
    match app.store.hand_over_call(touch, to, by, now).await? {
        true => Ok(Moved::Done),
        false => refused(app, touch, None, now).await,
    }
}

/// Puts a call off, unless somebody else than `by` has it: until then `next` hands it
/// to nobody. Whoever takes it by its id, or reports it, may do so all the same.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn snooze(
    app: &App,
    touch: &TouchId,
    until: Instant,
    by: Option<&str>,
    now: Instant,
) -> Result<Moved, StoreError> {
    match app.store.snooze_call(touch, until, by, now).await? {
        true => Ok(Moved::Done),
        false => refused(app, touch, Some(until), now).await,
    }
}

/// Why a call did not move; told as let go of at this very moment where nothing
/// stands against it any more.
async fn refused(
    app: &App,
    touch: &TouchId,
    until: Option<Instant>,
    now: Instant,
) -> Result<Moved, StoreError> {
    let why = why_not(app, touch, until, now).await?;
    Ok(why.unwrap_or(Moved::Taken { by: String::new(), until: now }))
}

async fn why_not(
    app: &App,
    touch: &TouchId,
    until: Option<Instant>,
    now: Instant,
) -> Result<Option<Moved>, StoreError> {
    let Some(call) = app.store.call(touch).await? else {
        return Ok(Some(Moved::Gone(Gone::Over(String::new()))));
    };
    if let Some(gone) = gone(&call, now) {
        return Ok(Some(Moved::Gone(gone)));
    }
    if let (Some(by), Some(until)) = (call.holder(now), call.claimed_until) {
        return Ok(Some(Moved::Taken { by: by.to_owned(), until }));
    }
    let expires_at = call.expires_at_instant;
    Ok(until.filter(|until| *until >= expires_at).map(|_| Moved::TooLate { expires_at }))
}

/// Gives the most urgent of some calls to somebody that nobody else has and that is
/// not put off; one that they have already comes first.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn next(
    app: &App,
    mut calls: Vec<Listed>,
    by: &str,
    now: Instant,
) -> Result<Option<Listed>, StoreError> {
    calls.retain(|one| one.call.holder(now).is_none_or(|holder| holder == by));
    calls.retain(|one| one.call.snoozed(now).is_none() || one.call.holder(now).is_some());
    calls.sort_by_key(|one| one.call.holder(now).is_none());
    for listed in calls {
        let touch = &listed.call.touch;
        let had = listed.call.holder(now).is_some();
        if !matches!(super::claim(app, touch, by, now).await?, Claim::Yours { .. }) {
            continue;
        }
        let Some(call) = app.store.call(touch).await? else { continue };
        // Somebody put it off since the list was read.
        if call.snoozed(now).is_some() && !had {
            app.store.release_call(touch, by).await?;
            continue;
        }
        return Ok(Some(Listed { call, ..listed }));
    }
    Ok(None)
}

/// A rep's day.
#[derive(Clone, Debug)]
pub struct RepDay {
    /// What they may call now: what they have first, then the most urgent.
    pub open: Vec<Listed>,
    /// What is put off, the earliest first.
    pub snoozed: Vec<Listed>,
    /// What they reported since the day began, the earliest first.
    pub made: Vec<Listed>,
}

/// The calls of a person: those of their lists that nobody else has, and those that
/// they reported since the shop's day began.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn day(app: &App, person: &str, now: Instant) -> Result<RepDay, StoreError> {
    let rules = app.rules();
    let zone = &rules.book.default_zone;
    let midnight = calendar::midnight(now.date_in(zone), zone);
    let mut calls = super::open(app, &super::lists_of(&rules.book, person), now).await?;
    calls.retain(|one| one.call.holder(now).is_none_or(|holder| holder == person));
    calls.sort_by_key(|one| one.call.holder(now).is_none());
    let is_snoozed =
        |one: &Listed| one.call.snoozed(now).is_some() && one.call.holder(now).is_none();
    let (mut snoozed, open): (Vec<_>, Vec<_>) = calls.into_iter().partition(is_snoozed);
    snoozed.sort_by_key(|one| one.call.snoozed_until);
    let mut made = Vec::new();
    for call in app.store.made_calls(person, midnight).await? {
        let customer = Box::pin(app.store.person(&call.touch.customer)).await?.customer;
        made.push(Listed { call, customer });
    }
    Ok(RepDay { open, snoozed, made })
}
