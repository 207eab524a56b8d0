//! One customer as a page shows them: who they are and where the relationship stands, what
//! happened and what was decided, what comes. Read by a number of requests that does not
//! grow with the history.

mod coming;
pub mod drift;
mod events;
mod lead;
pub mod standing;
mod story;
mod touches;

use futures::future::try_join_all;
use lazo_domain::address::Asks;
use lazo_domain::customer::Customer;
use lazo_domain::event::EventKind;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;

pub use coming::coming;
pub use lead::lead;
pub use story::story;

use super::store::{Beside, Store, StoreError};
use super::timeline::Told;
use super::wording::Language;

/// How many purchases are told of somebody whose history is longer than a page reads.
const PURCHASES_MAX: usize = 60;

/// What a page is made of.
pub struct Portrait {
    /// The customer, with all that stands beside.
    pub told: Told,
    /// Whether that is everything; of a very long history it is the latest of it.
    pub is_whole: bool,
}

/// By what something is told: to whom, and when.
pub struct Telling<'a> {
    /// The rules that are live.
    pub book: &'a RuleBook,
    /// In which language.
    pub lang: Language,
    /// When it is told.
    pub now: Instant,
}

/// What became of something, or what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Something that the customer did, or that befell the relationship.
    Event,
    /// It went out.
    Sent,
    /// It did not.
    Not,
    /// It waits, or nobody knows yet.
    Waits,
    /// It is planned.
    Planned,
    /// The customer is in the control group.
    Control,
    /// It needs a person.
    Bad,
}

/// One thing in a customer's history, or to come.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it was, or will be.
    pub at: Instant,
    /// A day without a time of day.
    pub is_day: bool,
    /// What it is.
    pub mark: Mark,
    /// In a few words, without the time.
    pub what: String,
    /// What else there is to say, a sentence each.
    pub notes: Vec<String>,
    /// What somebody said, in their own words.
    pub said: Option<Said>,
    /// What was decided by it.
    pub branch: Vec<Decided>,
}

/// Somebody's own words.
#[derive(Clone, Debug)]
pub struct Said {
    /// The words.
    pub text: String,
    /// The customer's, in their language; otherwise of somebody of the shop.
    pub is_of_customer: bool,
}

/// What was decided by an event.
#[derive(Clone, Debug)]
pub enum Decided {
    /// The customer entered a stage.
    Stage(String),
    /// A rule did not start, for this reason.
    Refused {
        /// [`Mark::Control`] of one who is held out.
        mark: Mark,
        /// The rule and the reason.
        text: String,
    },
    /// Rules that do not concern the customer, by their titles.
    NotMeant(Vec<String>),
}

impl Entry {
    fn new(at: Instant, mark: Mark, what: impl Into<String>) -> Entry {
        let (notes, said, branch) = (Vec::new(), None, Vec::new());
        Entry { at, is_day: false, mark, what: what.into(), notes, said, branch }
    }
}

/// Reads what there is on the person of an id; `None` where nothing is stored of them.
///
/// # Errors
/// [`StoreError`] where the table does not answer or an item is unreadable.
pub async fn read(store: &Store, id: &Id) -> Result<Option<Portrait>, StoreError> {
    let person = store.person(id).await?;
    if !person.is_stored() {
        return Ok(None);
    }
    let mut customer = person.customer;
    let ids: Vec<Id> = customer.ids().cloned().collect();
    let all = try_join_all(ids.iter().map(|id| store.beside(id))).await?;
    let mut told = Told::of_nobody(customer.clone());
    let mut is_whole = true;
    for beside in all {
        let Beside { events, touches, calls, answers, escalations, .. } = beside;
        is_whole &= beside.is_whole;
        told.events.extend(events);
        told.touches.extend(touches);
        told.calls.extend(calls);
        told.answers.extend(answers);
        told.escalations.extend(escalations);
    }
    if !is_whole {
        let latest = store.events_by_key(&customer.id, latest(&customer)).await?;
        told.events.retain(|known| {
            latest.iter().all(|one| (one.kind, &one.key) != (known.kind, &known.key))
        });
        told.events.extend(latest);
    }
    let asks = Asks { email: true, phone: true };
    store.hear_all([&mut customer], asks).await?;
    Ok(Some(Portrait { told: Told { customer, ..told }, is_whole }))
}

/// The keys of the latest events that the state knows of.
fn latest(customer: &Customer) -> Vec<(EventKind, String)> {
    let purchases = customer.history.purchases.iter().rev().take(PURCHASES_MAX);
    let purchases = purchases.map(|one| (EventKind::PurchaseCompleted, one.id.to_string()));
    let contacts = customer.contacts.iter().map(|contact| {
        let kind = match (contact.channel.as_str(), contact.kind.as_str()) {
            ("call" | "task", _) => EventKind::CallReported,
            (_, "survey") => EventKind::SurveyAnswered,
            _ => EventKind::InteractionRecorded,
        };
        (kind, contact.id.to_string())
    });
    purchases.chain(contacts).collect()
}

/// A sentence with a capital letter at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    let end = if text.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

impl Telling<'_> {
    fn pick<'a>(&self, es: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(es, en)
    }

    /// What a rule is called; its name where it is no more.
    fn title(&self, rule: &str) -> String {
        self.book.rule(rule).map_or(rule, |rule| self.lang.title_of(rule)).to_owned()
    }

    /// How somebody of the shop is called.
    fn called(&self, name: &str) -> String {
        self.book.policy.called(name).to_owned()
    }
}
