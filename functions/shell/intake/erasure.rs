//! What is forgotten with a customer besides their state: texts about them that
//! were kept aside. (Their calls are taken off the list by `follow_through`.)

use lazo_domain::customer::Customer;
use lazo_domain::event::People;
use lazo_domain::instant::Instant;

use crate::shell::store::{Failure, Store, StoreError};

/// How many customers a text may name to be looked at as one about them.
const NAMED_MAX: usize = 4;

/// The texts about a customer that were kept aside: those that name them by their
/// id, or by an address or a number that they have or had.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer.
pub async fn kept_aside(
    store: &Store,
    customer: &Customer,
    now: Instant,
) -> Result<Vec<(Failure, String)>, StoreError> {
    store.failures_about(customer, now).await
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
