//! What the page of calls reads: the lists of whoever calls, and one call with its
//! customer.

use lazo_domain::calendar;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{CallFacts, CallNow, call_facts};
use lazo_domain::instant::Instant;

use crate::console::ask::Ask;
use crate::console::reply::Trouble;
use crate::shell::call_list::{self, Correction, Gone, Listed, search};
use crate::shell::store::{Call, StoreError};

/// How many calls of each list are read.
const OF_EACH: usize = 60;
/// How many of those that were made today are shown.
const MADE_SHOWN: usize = 20;

/// The list beside the call.
pub struct Queue {
    /// What may be taken, the most urgent first; what whoever looks has stands first.
    pub free: Vec<Listed>,
    /// What is put off.
    pub snoozed: Vec<Listed>,
    /// What somebody else has.
    pub others: Vec<Listed>,
    /// What was reported today.
    pub made: Vec<Listed>,
    /// There are more than were read.
    pub is_more: bool,
    /// Whose list was asked for; own ones where none was.
    pub of: Option<String>,
    /// What was searched for.
    pub search: Option<String>,
}

impl Queue {
    /// How many wait.
    pub fn ready(&self) -> usize {
        self.free.len()
    }
}

/// How a call stands for whoever looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is theirs until then.
    Yours(Instant),
    /// Nobody has it.
    Free,
    /// Somebody else has it.
    Taken(String, Instant),
    /// It is on the list no more.
    Gone(Gone),
}

/// One call.
pub struct Card {
    /// The call, with whom it is about.
    pub listed: Listed,
    /// How it stands.
    pub standing: Standing,
    /// Whether it may be made now.
    pub may: CallNow,
    /// Which attempt it is, and what comes next.
    pub facts: CallFacts,
    /// The report that one made now would correct.
    pub correction: Option<Correction>,
}

/// Reads the lists.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn queue(ask: &Ask) -> Result<Queue, StoreError> {
    let rules = ask.rules();
    let me = &ask.user.name;
    let of = ask.query.text("of").map(str::to_owned);
    let search = ask.query.text("q").map(str::to_owned);
    let names = match &of {
        Some(name) => vec![name.clone()],
        None => call_list::lists_of(&rules.book, me),
    };
    let (mut listed, is_more) =
        Box::pin(call_list::first(ask.app(), &names, ask.now, OF_EACH)).await?;
    if let Some(text) = &search {
        listed.retain(|one| search::finds(one, "", text));
    }
    let is_mine = |one: &Listed| one.call.holder(ask.now) == Some(me);
    let (others, mine): (Vec<_>, Vec<_>) =
        listed.into_iter().partition(|one| one.call.holder(ask.now).is_some() && !is_mine(one));
    let (snoozed, mut free): (Vec<_>, Vec<_>) =
        mine.into_iter().partition(|one| one.call.snoozed(ask.now).is_some() && !is_mine(one));
    free.sort_by_key(|one| !is_mine(one));
    let made = made(ask, me).await?;
    Ok(Queue { free, snoozed, others, made, is_more, of, search })
}

/// What somebody reported since the shop's day began, the latest first.
async fn made(ask: &Ask, by: &str) -> Result<Vec<Listed>, StoreError> {
    let rules = ask.rules();
    let zone = &rules.book.default_zone;
    let midnight = calendar::midnight(ask.now.date_in(zone), zone);
    let mut calls = ask.app().store.made_calls(by, midnight).await?;
    calls.reverse();
    calls.truncate(MADE_SHOWN);
    let of = calls.iter().map(|call| &call.touch.customer);
    let customers = ask.app().store.customers(of).await?;
    let with = |call: Call| {
        let customer = customers.get(&call.touch.customer).cloned()?;
        Some(Listed { call, customer })
    };
    Ok(calls.into_iter().filter_map(with).collect())
}

/// Reads one call, by the text of its touch id.
///
/// # Errors
/// [`Trouble::NotFound`] where there is none.
pub async fn card(ask: &Ask) -> Result<Card, Trouble> {
    let call = call_list::find(ask.app(), &ask.named("touch")).await?;
    let call = call.ok_or(Trouble::NotFound)?;
    let (may, customer) = Box::pin(call_list::seen_now(ask.app(), &call, ask.now)).await?;
    let me = &ask.user.name;
    let gone = call_list::gone(&call, ask.now);
    let correction = match gone {
        Some(_) => Box::pin(call_list::correction(ask.app(), &call, me, ask.now)).await?,
        None => None,
    };
    let standing = match (gone, call.holder(ask.now), call.claimed_until) {
        (Some(gone), _, _) => Standing::Gone(gone),
        (None, Some(holder), Some(until)) if holder == me => Standing::Yours(until),
        (None, Some(holder), Some(until)) => Standing::Taken(holder.to_owned(), until),
        (None, _, _) => Standing::Free,
    };
    let facts = facts(ask, &customer, &call);
    Ok(Card { listed: Listed { call, customer }, standing, may, facts, correction })
}

fn facts(ask: &Ask, customer: &Customer, call: &Call) -> CallFacts {
    call_facts(customer, &ask.rules().book, &call.touch, ask.now)
}
