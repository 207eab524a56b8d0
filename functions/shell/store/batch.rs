//! Many items read by one request.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use lazo_domain::customer::Customer;
use lazo_domain::event::Event;
use lazo_domain::id::Id;
use lazo_domain::touch::TouchId;

use super::{Item, Loaded, Store, StoreError, TouchEntry, item, keys, read, sections};

/// How many items one request reads at most.
const ITEMS_MAX: usize = 100;

impl Store {
    /// Reads customers, each once, consistently and as many at a time as one
    /// request takes; in the order of `ids`, and one that is not stored is new.
    /// What cannot be read of one is no reason not to read the others.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn load_all(
        &self,
        ids: &[Id],
    ) -> Result<Vec<Result<Loaded, StoreError>>, StoreError> {
        let usual = |id: &Id| {
            let sks = [keys::STATE.to_owned()].into_iter().chain(sections::usual_parts());
            let pk = keys::customer(id);
            sks.map(|sk| (pk.clone(), sk)).collect::<Vec<_>>()
        };
        let mut found: BTreeMap<Id, Vec<Item>> = BTreeMap::new();
        for item in self.get_all(ids.iter().flat_map(usual)).await? {
            found.entry(keys::customer_of(&item)?).or_default().push(item);
        }
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let found = found.remove(id).unwrap_or_default();
            let is_state = |item: &&Item| keys::text(item, "sk").is_ok_and(|sk| sk == keys::STATE);
            let decoded = found.iter().find(is_state).map(|state| item::decode(id, state, &found));
            all.push(match decoded {
                Some(Ok(Some(loaded))) => Ok(loaded),
                // It has more parts, or was written meanwhile.
                Some(Ok(None)) => Box::pin(self.load(id)).await,
                Some(Err(error)) => Err(error),
                None => Ok(Loaded::new(id)),
            });
        }
        Box::pin(self.fill_in(&mut all.iter_mut().flatten().collect::<Vec<_>>())).await?;
        Ok(all)
    }

    /// Customers by their ids, however often each is named. Whoever cannot be read
    /// is left out, and is listed when their alarm rings.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn customers(
        &self,
        ids: impl IntoIterator<Item = &Id>,
    ) -> Result<BTreeMap<Id, Customer>, StoreError> {
        let ids: Vec<Id> = ids.into_iter().cloned().collect::<BTreeSet<Id>>().into_iter().collect();
        let mut customers = BTreeMap::new();
        for loaded in self.load_all(&ids).await? {
            match loaded {
                Ok(Loaded { customer, .. }) => customers.insert(customer.id.clone(), customer),
                Err(error) => {
                    tracing::error!(%error, "a customer could not be read");
                    None
                }
            };
        }
        Ok(customers)
    }

    /// Touches as the ledger has them; those that it does not know, or that
    /// cannot be read, are left out.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn touches(
        &self,
        touches: impl IntoIterator<Item = &TouchId>,
    ) -> Result<BTreeMap<TouchId, TouchEntry>, StoreError> {
        let place = |touch: &TouchId| (keys::customer(&touch.customer), keys::touch(touch));
        let found = self.get_all(touches.into_iter().map(place)).await?.into_iter();
        let entries = found.filter_map(|item| read::<TouchEntry>(item).ok());
        Ok(entries.map(|entry| (entry.touch.clone(), entry)).collect())
    }

    /// Whether the ledger has each of some customers' events, in their order.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn counted_before(
        &self,
        events: impl IntoIterator<Item = &Event>,
    ) -> Result<Vec<bool>, StoreError> {
        let place = |event: &Event| {
            let key = keys::event(event.kind(), &event.ledger_key());
            Some((keys::customer(event.customer()?), key))
        };
        let places: Vec<_> = events.into_iter().map(place).collect();
        let mut found = HashSet::new();
        for item in self.get_all(places.iter().flatten().cloned()).await? {
            found
                .insert((keys::text(&item, "pk")?.to_owned(), keys::text(&item, "sk")?.to_owned()));
        }
        Ok(places.iter().map(|place| place.as_ref().is_some_and(|p| found.contains(p))).collect())
    }

    /// The items that there are at some places, by partition and sort key, in
    /// the order of the places. One that is named twice, as by an index that
    /// changed while it was read, is given once.
    pub(super) async fn get_all(
        &self,
        places: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Vec<Item>, StoreError> {
        let mut places: Vec<(String, String)> = places.into_iter().collect();
        let mut named = HashSet::new();
        places.retain(|place| named.insert(place.clone()));
        let mut found: BTreeMap<(String, String), Item> = BTreeMap::new();
        for places in places.chunks(ITEMS_MAX) {
            let mut left: Vec<Item> = places.iter().map(|(pk, sk)| keys::keyed(pk, sk)).collect();
            while !left.is_empty() {
                let (items, unread) = self.get_some(left).await?;
                for item in items {
                    let place = (keys::text(&item, "pk")?.into(), keys::text(&item, "sk")?.into());
                    found.insert(place, item);
                }
                left = unread;
                if !left.is_empty() {
                    // Too large for one answer, or the table is pressed.
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(1..=40))).await;
                }
            }
        }
        Ok(places.iter().filter_map(|place| found.remove(place)).collect())
    }

    /// What one request gives of some keys, and the keys that it leaves.
    async fn get_some(&self, keyed: Vec<Item>) -> Result<(Vec<Item>, Vec<Item>), StoreError> {
        let keys = KeysAndAttributes::builder().set_keys(Some(keyed)).consistent_read(true);
        let keys = keys.build().map_err(|error| StoreError::Unwritable(error.to_string()))?;
        let get = self.client.batch_get_item().request_items(&self.table, keys);
        let answer = get.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let items = answer.responses.and_then(|mut all| all.remove(&self.table));
        let unread = answer.unprocessed_keys.and_then(|mut all| all.remove(&self.table));
        Ok((items.unwrap_or_default(), unread.map(|unread| unread.keys).unwrap_or_default()))
    }
}
