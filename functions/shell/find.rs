//! Customers by what somebody types: an id, a mail address, a number or a name.

use std::collections::{BTreeMap, BTreeSet};

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::search::{Term, Typed, folded_name};

use super::store::{Part, Store, StoreError};

/// How many customers one page shows at most: as many as one request reads.
const PAGE: usize = 40;

/// Who was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Who has the id that was typed first, then whole words before begun ones, by name.
    pub customers: Vec<Customer>,
    /// Where more may be found; given to [`find`] as `behind`.
    pub next: Option<String>,
    /// Whether the text was too short to look for a name, an address or a number.
    pub is_too_short: bool,
}

/// Finds customers by a text, at most `PAGE` at once. What it reads does not grow with
/// how many customers there are.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer.
pub async fn find(store: &Store, text: &str, behind: Option<&str>) -> Result<Found, StoreError> {
    let by_id = match behind {
        None => by_id(store, text.trim()).await?,
        Some(_) => None,
    };
    let mut found = Found::default();
    let mut known: BTreeSet<Id> = BTreeSet::new();
    if let Some(customer) = by_id {
        known.insert(customer.id.clone());
        found.customers.push(customer);
    }
    let Some(typed) = Typed::read(text) else {
        found.is_too_short = found.customers.is_empty();
        return Ok(found);
    };
    let mut listed: Vec<Id> = Vec::new();
    // Whoever is called exactly so comes first.
    if behind.is_none() && matches!(typed.looked_up(), Term::Word(_)) {
        let page = store.searched(&typed, Part::Whole, None, PAGE as i32).await?;
        listed.extend(page.listed.into_iter().map(|(_, id)| id));
        // Then the next page begins with those whose name only begins so.
        found.next = (listed.len() >= PAGE).then(String::new);
    }
    if listed.len() < PAGE {
        let page = store.searched(&typed, Part::Beginning, behind, PAGE as i32).await?;
        found.next = page.next;
        for (place, id) in page.listed {
            if listed.contains(&id) {
                continue;
            }
            if listed.len() == PAGE {
                break;
            }
            listed.push(id);
            // Where the page has more than there is room for, the next one begins here.
            if listed.len() == PAGE {
                found.next = Some(place);
            }
        }
    }
    let mut customers: Vec<Customer> = store.customers(&listed).await?.into_values().collect();
    customers
        .retain(|customer| typed.means(&customer.profile) && known.insert(customer.id.clone()));
    customers.sort_by_cached_key(|customer| {
        let profile = &customer.profile;
        (!typed.is_whole_in(profile), folded_name(profile), customer.id.clone())
    });
    found.customers.extend(customers);
    Ok(found)
}

/// The customer who an id is now, where anything is stored under it.
async fn by_id(store: &Store, text: &str) -> Result<Option<Customer>, StoreError> {
    let Ok(id) = Id::new(text) else { return Ok(None) };
    let person = store.person(&id).await?;
    Ok(person.is_stored().then_some(person.customer))
}

/// Whether a text is a mail address or a number, or the end of one.
pub fn is_address(text: &str) -> bool {
    matches!(Typed::read(text), Some(Typed::Email(_) | Typed::Phone(_)))
}

/// The one customer who has an address or a number.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer.
pub async fn one(store: &Store, text: &str) -> Result<One, StoreError> {
    let Some(typed @ (Typed::Email(_) | Typed::Phone(_))) = Typed::read(text) else {
        return Ok(One::Nobody);
    };
    let page = store.searched(&typed, Part::Beginning, None, PAGE as i32).await?;
    let ids: Vec<Id> = page.listed.into_iter().map(|(_, id)| id).collect();
    let customers: BTreeMap<Id, Customer> = store.customers(&ids).await?;
    let mut meant = customers.into_values().filter(|one| typed.means(&one.profile));
    Ok(match (meant.next(), meant.count()) {
        (None, _) => One::Nobody,
        (Some(one), 0) => One::Known(Box::new(one)),
        (Some(_), more) => One::Several(1 + more),
    })
}

/// Whose an address or a number is.
#[derive(Clone, Debug)]
pub enum One {
    /// One customer.
    Known(Box<Customer>),
    /// So many customers, at least.
    Several(usize),
    /// Nobody who is known.
    Nobody,
}
