//! What is forgotten with a customer besides their state: texts about them that
//! were kept aside. (Their calls are taken off the list by `follow_through`.)

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::Value;

use crate::store::{Failure, FailureKind, Store, StoreError};

/// How many months back texts are looked through that were kept aside.
const MONTHS: i32 = 120;

/// The texts about a customer that were kept aside: those with the id in
/// quotes, or an address that the customer has or had.
///
/// # Errors
/// [`StoreError`] where DynamoDB does not answer.
pub async fn kept_aside(
    store: &Store,
    customer: &Customer,
    now: Instant,
) -> Result<Vec<(Failure, String)>, StoreError> {
    let id = format!("\"{}\"", customer.id);
    let names: Vec<String> =
        customer.profile.addresses().chain([id.as_str()]).map(str::to_lowercase).collect();
    let mut found = Vec::new();
    for failure in store.failures_of(now, MONTHS).await? {
        if matches!(failure.kind, FailureKind::UnknownSend | FailureKind::UnknownNotice) {
            continue; // ids only
        }
        let text = store.failed_text(&failure).await?;
        let lower = text.to_lowercase();
        if names.iter().any(|name| lower.contains(name.as_str())) {
            found.push((failure, text));
        }
    }
    Ok(found)
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

/// Whether a text that is no event is about somebody who was forgotten: an
/// archive may bring it again, and it must not be kept again.
pub(super) async fn is_about_the_erased(store: &Store, text: &str) -> Result<bool, StoreError> {
    let Some(id) = customer_named_in(text) else { return Ok(false) };
    Ok(store.load(&id).await?.customer.erased_at.is_some())
}

fn customer_named_in(text: &str) -> Option<Id> {
    let outer: Value = serde_json::from_str(text).ok()?;
    let id = outer.pointer("/detail/customer_id").or_else(|| outer.get("customer_id"))?;
    Id::new(id.as_str()?).ok()
}
