//! What is forgotten with a customer besides their state: texts about them that
//! were kept aside. (Their calls are taken off the list by `follow_through`.)

use std::collections::BTreeSet;

use lazo_domain::customer::Customer;
use lazo_domain::event::People;
use lazo_domain::instant::Instant;

use crate::shell::store::{Failure, Store, StoreError};

/// How many customers a text may name to be looked at as one about them.
const NAMED_MAX: usize = 4;

/// The texts about a customer that were kept aside: those that name them by their
/// id, or by an address or a number that they have or had. A text about somebody else
/// who has the same number, as in a family, is theirs.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer.
pub async fn kept_aside(
    store: &Store,
    customer: &Customer,
    now: Instant,
) -> Result<Vec<(Failure, String)>, StoreError> {
    let mut about = Vec::new();
    for (failure, text) in store.failures_about(customer, now).await? {
        if !is_about_another(store, customer, &text).await? {
            about.push((failure, text));
        }
    }
    Ok(about)
}

/// Whether a text says that it is about others alone, and all that it tells of a
/// customer's addresses and numbers is theirs as well.
async fn is_about_another(
    store: &Store,
    customer: &Customer,
    text: &str,
) -> Result<bool, StoreError> {
    let named = People::named_in(text);
    if named.about.len() > NAMED_MAX || customer.ids().any(|id| named.ids.contains(id)) {
        return Ok(false);
    }
    let (mut own, mut theirs) = (People::default(), People::default());
    customer.profile.addresses().for_each(|address| own.add_address(address));
    for id in &named.about {
        match store.person(id).await {
            Ok(other) => {
                other.customer.profile.addresses().for_each(|one| theirs.add_address(one));
            }
            // Nobody knows what is theirs.
            Err(error) if error.is_of_the_item() => {}
            Err(error) => return Err(error),
        }
    }
    let is_shared =
        |named: &BTreeSet<String>, own: &BTreeSet<String>, theirs: &BTreeSet<String>| {
            named.intersection(own).all(|one| theirs.contains(one))
        };
    Ok(!named.about.is_empty()
        && is_shared(&named.addresses, &own.addresses, &theirs.addresses)
        && is_shared(&named.phones, &own.phones, &theirs.phones))
}

/// Drops them. Before the state is forgotten: it tells the addresses.
pub(super) async fn drop_kept_aside(
    store: &Store,
    customer: &Customer,
    now: Instant,
) -> Result<(), StoreError> {
    for (failure, _) in kept_aside(store, customer, now).await? {
        store.drop_failure(&failure).await?;
    }
    Ok(())
}

/// Whether a text that is no event is about somebody who was forgotten, and
/// about nobody else: an archive may bring it again, and it must not be kept
/// again. Whoever cannot be read was not forgotten, as far as anybody knows.
pub(super) async fn is_about_the_erased(store: &Store, text: &str) -> Result<bool, StoreError> {
    let named = People::named_in(text).about;
    // One that names many is about none of them alone.
    if named.len() > NAMED_MAX {
        return Ok(false);
    }
    for id in &named {
        match store.person(id).await {
            Ok(person) if person.customer.erased_at.is_some() => {}
            Err(error) if !error.is_of_the_item() => return Err(error),
            _ => return Ok(false),
        }
    }
    Ok(!named.is_empty())
}
