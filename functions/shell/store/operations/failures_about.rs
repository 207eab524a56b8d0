//! Failures found by whom their text names.

use std::collections::{BTreeMap, BTreeSet};

use lazo_domain::customer::Customer;
use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::event::People;
use lazo_domain::instant::Instant;

use super::failures::{is_over, partition};
use super::{Failure, Item, Sk, Store, StoreError, keys, read};

/// How many names of one failure it is found by. One that names more is found
/// among [`MANY`], by its text.
const NAMES_MAX: usize = 40;

/// Stands in for the names of a text that has too many.
const MANY: &str = "many";

/// Where the failures are that have a name of this hash.
pub(in crate::shell::store) fn named_partition(hash: &str) -> String {
    format!("failure#of/{hash}")
}

/// The hashes of the names that a failure is found by.
pub(in crate::shell::store) fn hashes_of(people: &People) -> Vec<String> {
    let ids = people.ids.union(&people.about).map(|id| format!("id\n{id}"));
    let addresses = people.addresses.iter().map(|address| format!("address\n{address}"));
    let phones = people.phones.iter().map(|digits| format!("phone\n{digits}"));
    let names: Vec<String> = ids.chain(addresses).chain(phones).collect();
    match names.len() > NAMES_MAX {
        true => vec![MANY.to_owned()],
        false => names.iter().map(|name| sha256_hex(name, digest::BYTES)).collect(),
    }
}

impl Store {
    /// The failures whose text names a customer, by an id, or by an address or a
    /// number that the customer has or had; oldest first, each with its text.
    /// What it reads grows with these, not with all failures.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn failures_about(
        &self,
        customer: &Customer,
        now: Instant,
    ) -> Result<Vec<(Failure, String)>, StoreError> {
        let mut known = People::default();
        known.ids.extend(customer.ids().cloned());
        for address in customer.profile.addresses() {
            known.add_address(address);
        }
        let mut found: BTreeMap<String, Instant> = self.listed_under(MANY).await?;
        let many: BTreeSet<String> = found.keys().cloned().collect();
        for name in hashes_of(&known) {
            found.extend(self.listed_under(&name).await?);
        }
        let places = found.iter().map(|(id, failed_at)| (partition(*failed_at), id.clone()));
        let items = self.get_all(places.collect::<Vec<_>>()).await?;
        let mut failures: Vec<Failure> = Vec::new();
        for item in items.into_iter().filter(|item| !is_over(item, now)) {
            failures.push(read(item)?);
        }
        failures.sort_by(|a, b| (a.failed_at, &a.id).cmp(&(b.failed_at, &b.id)));
        let mut about = Vec::new();
        for failure in failures {
            let text = self.failed_text(&failure).await?;
            if !many.contains(&failure.id) || names_any(&text, &known) {
                about.push((failure, text));
            }
        }
        Ok(about)
    }

    /// The failures that stand under a name's hash, with when each came first.
    async fn listed_under(&self, hash: &str) -> Result<BTreeMap<String, Instant>, StoreError> {
        let items = self.items_of(&named_partition(hash), Sk::Any).await?;
        let one = |item: &Item| {
            Ok((keys::text(item, "sk")?.to_owned(), keys::instant(item, "failed_at")?))
        };
        items.iter().map(one).collect()
    }
}

/// Whether a text names anybody of these.
fn names_any(text: &str, known: &People) -> bool {
    let named = People::named_in(text);
    !named.ids.is_disjoint(&known.ids)
        || !named.addresses.is_disjoint(&known.addresses)
        || !named.phones.is_disjoint(&known.phones)
}
