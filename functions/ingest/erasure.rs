//! What is forgotten with a customer besides their state: texts about them that
//! were kept aside. (Their calls are taken off the list by `follow_through`.)

use std::collections::BTreeSet;

use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use crate::store::{Failure, FailureKind, Store, StoreError};

/// How many months back texts are looked through that were kept aside.
const MONTHS: i32 = 120;

/// How many texts are looked through at a time: one has a few hundred kB at most.
const TEXTS_AT_ONCE: usize = 40;

/// How many customers a text may name to be looked at as one about them.
const NAMED_MAX: usize = 4;

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
    let mut failures = store.failures_of(now, MONTHS).await?;
    // Those of unknown fate hold ids only.
    failures.retain(|one| {
        matches!(one.kind, FailureKind::Event | FailureKind::PartlyTaken | FailureKind::MailEvent)
    });
    let mut found = Vec::new();
    for some in failures.chunks(TEXTS_AT_ONCE) {
        for (failure, text) in some.iter().zip(store.failed_texts(some).await?) {
            let lower = text.to_lowercase();
            if names.iter().any(|name| lower.contains(name.as_str())) {
                found.push((failure.clone(), text));
            }
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

/// Whether a text that is no event is about somebody who was forgotten, and
/// about nobody else: an archive may bring it again, and it must not be kept
/// again.
pub(super) async fn is_about_the_erased(store: &Store, text: &str) -> Result<bool, StoreError> {
    let named = customers_named_in(text);
    for id in &named {
        if store.person(id).await?.customer.erased_at.is_none() {
            return Ok(false);
        }
    }
    Ok(!named.is_empty())
}

/// The ids behind each `"customer_id"`, whatever else is wrong with a text: it
/// may be cut off, or no JSON at all. Nobody's where it names too many to be
/// about one customer.
fn customers_named_in(text: &str) -> BTreeSet<Id> {
    let behind = text.split("\"customer_id\"").skip(1).filter_map(|rest| {
        let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        Id::new(value.split('"').next()?).ok()
    });
    let named: BTreeSet<Id> = behind.collect();
    if named.len() > NAMED_MAX { BTreeSet::new() } else { named }
}
