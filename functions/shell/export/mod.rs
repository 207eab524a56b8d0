//! All that is stored on a customer, for the customer: as a page in their language, and as
//! fields for another system (functions/cli/README.md describes them).

mod fields;
mod page;

use lazo_domain::address::Asks;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use serde_json::Value;

use super::app::App;
use super::intake;
use super::store::StoreError;
use super::timeline::{self, Told};
use super::wording::Language;

pub use fields::said_of_addresses;

/// All that there is to show.
pub struct Whole {
    /// The customer, with all that stands beside.
    pub told: Told,
    /// Texts about the customer that could not be processed.
    pub kept_aside: Vec<String>,
    /// When it was read.
    pub now: Instant,
}

/// Reads all that is stored on the person of an id; `None` where nothing is.
///
/// # Errors
/// [`StoreError`] where the table does not answer or an item is unreadable.
pub async fn read(app: &App, id: &Id, now: Instant) -> Result<Option<Whole>, StoreError> {
    let store = &app.store;
    let mut customer = store.person(id).await?.customer;
    store.hear_all([&mut customer], Asks { email: true, phone: true }).await?;
    let kept_aside = intake::kept_aside(store, &customer, now).await?;
    let kept_aside: Vec<String> = kept_aside.into_iter().map(|(_, text)| text).collect();
    let told = match timeline::read(app, id).await? {
        Some(told) => told,
        None if kept_aside.is_empty() => return Ok(None),
        None => Told::of_nobody(customer),
    };
    Ok(Some(Whole { told, kept_aside, now }))
}

impl Whole {
    /// The language of the customer; `None` where it is none of ours.
    pub fn language(&self, book: &RuleBook) -> Option<Language> {
        Language::of(self.told.customer.locale(&book.policy))
    }

    /// As a page that the customer can read.
    pub fn page(&self, book: &RuleBook, lang: Language) -> String {
        page::of(self, book, lang)
    }

    /// As documented fields.
    pub fn fields(&self, book: &RuleBook) -> Value {
        fields::of(self, book)
    }
}
