//! What is read for a customer's page.

use lazo_domain::customer::Customer;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::search;

use super::super::access::Role;
use super::super::ask::Ask;
use super::super::reply::Trouble;
use super::rehearse::{self, Rehearsal};
use crate::shell::portrait::drift::{Drift, drift};
use crate::shell::portrait::standing::{OpenComplaint, Worth, open_complaints, worth};
use crate::shell::portrait::{
    Entry, Mark, Portrait, Telling, coming, lead, read as portrait, story,
};

/// How many entries of the history stand on one page.
pub const ENTRIES: usize = 30;

/// What of the history is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What the customer did.
    pub events: bool,
    /// What went out.
    pub sent: bool,
    /// What did not.
    pub not: bool,
}

/// What a customer's page shows.
pub struct View {
    /// The customer, with all that stands beside.
    pub portrait: Portrait,
    /// The sentence that opens the page.
    pub lead: String,
    /// What comes, the earliest first.
    pub coming: Vec<Entry>,
    /// A page of the history, newest first.
    pub history: Vec<Entry>,
    /// Where in the history it begins.
    pub from: usize,
    /// Whether there is more behind it.
    pub has_more: bool,
    /// What of it is shown.
    pub shown: Shown,
    /// Whether somebody is still a customer, day by day.
    pub drift: Option<Drift>,
    /// What they are worth.
    pub worth: Worth,
    /// Complaints that are open.
    pub complaints: Vec<OpenComplaint>,
    /// A rule that is rehearsed with the customer.
    pub rehearsal: Rehearsal,
}

impl View {
    /// The customer.
    pub fn customer(&self) -> &Customer {
        &self.portrait.told.customer
    }

    /// How they are called.
    pub fn name(&self) -> String {
        called(self.customer())
    }
}

/// A customer's name, or the id where none is known.
pub fn called(customer: &Customer) -> String {
    let name = search::name(&customer.profile);
    if name.is_empty() { customer.id.to_string() } else { name }
}

/// Reads all that the page shows.
///
/// # Errors
/// [`Trouble::NotFound`] where nothing is stored of the customer.
pub async fn read(ask: &Ask) -> Result<View, Trouble> {
    let id = ask.id("id")?;
    let portrait = portrait(&ask.app().store, &id).await?.ok_or(Trouble::NotFound)?;
    let rules = ask.rules();
    let telling = telling(ask, &rules.book);
    let shown = shown(ask);
    let from = ask.query.get("from").and_then(|from| from.parse().ok()).unwrap_or(0_usize);
    let mut all = story(&portrait, &telling);
    all.retain(|entry| shown.has(entry.mark));
    let has_more = all.len() > from.saturating_add(ENTRIES);
    let mut history: Vec<Entry> = all.into_iter().skip(from).take(ENTRIES).collect();
    let mut complaints = open_complaints(&portrait, &telling);
    if ask.user.role == Role::Operations {
        // What was said in calls and complaints is not theirs to read.
        history.iter_mut().for_each(|entry| entry.said = None);
        complaints.iter_mut().for_each(|one| one.description = None);
    }
    let coming = coming(&portrait, &telling);
    Ok(View {
        lead: lead(&portrait, &coming, &telling),
        coming,
        history,
        from,
        has_more,
        shown,
        drift: drift(&portrait, &telling),
        worth: worth(&portrait.told.customer, &rules.book, ask.now),
        complaints,
        rehearsal: rehearse::read(ask, &portrait, &telling),
        portrait,
    })
}

/// By what all is told.
pub fn telling<'a>(ask: &Ask, book: &'a RuleBook) -> Telling<'a> {
    Telling { book, lang: ask.lang, now: ask.now }
}

/// What somebody chose to see; all where nobody chose.
fn shown(ask: &Ask) -> Shown {
    let chosen: Vec<&str> = ask.query.all("show").collect();
    let has = |name: &str| chosen.is_empty() || chosen.contains(&name);
    Shown { events: has("events"), sent: has("sent"), not: has("not") }
}

impl Shown {
    fn has(self, mark: Mark) -> bool {
        match mark {
            Mark::Event | Mark::Bad => self.events,
            Mark::Sent | Mark::Waits | Mark::Planned => self.sent,
            Mark::Not | Mark::Control => self.not,
        }
    }
}
