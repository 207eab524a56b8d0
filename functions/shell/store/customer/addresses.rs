//! What was said of an address or a number, under whatever id: an item for each.
//!
//! **Keys.** An item is known by an HMAC-SHA256 of the address, so that keys, and
//! all that shows keys (indexes, streams, metrics, logs), tell no address and
//! cannot be guessed from one. Its key must never change, or every *no* would be
//! forgotten: so it is none of those of the links, which are rotated, but one of
//! its own. Whoever needs it first draws it and writes it into the table, where
//! nothing is written twice; it is backed up and restored with what it opens, and
//! nobody has to set it up. An erasure leaves these items: without them whoever
//! is imported once more would be mailed once more.
//!
//! **Writes** go with the customer's change, in one transaction, each on the
//! condition that its item is as it was read. Words add up in any order
//! ([`Words::add`]), so whoever meets somebody else's write reads and adds anew.
//!
//! **Reads** are strongly consistent, and a fence is written on the condition
//! that the item has not changed since ([`super::Store::commit`]). So a *no* that
//! the table had taken before the fence stands always wins; one that comes behind
//! the fence meets a mail that is on its way.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Put, TransactWriteItem};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use lazo_domain::address::{ADDRESSES_MAX, Address, Asks, Words};
use lazo_domain::channel::AddressField;
use lazo_domain::customer::{Customer, said_since};
use lazo_domain::digest::hex;
use lazo_domain::event::ConsentChannel;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use sha2::Sha256;

use super::commit::as_read;
use super::{
    Item, Ledger, LedgerEntry, Loaded, Store, StoreError, TouchState, keys, to_item, transact_put,
};

/// How many items a change of a customer writes at most: all addresses and all
/// numbers that are known of them.
pub(in crate::shell::store) const ADDRESS_ITEMS_MAX: usize = 2 * ADDRESSES_MAX;

/// How often a bounce is added while others write the same address.
const ATTEMPTS_MAX: u32 = 12;

const KEY_BYTES: usize = 32;

/// How much of a hash stands in a key, in bytes: 128 bits meet no other.
pub(in crate::shell::store) const HASH_BYTES: usize = 16;

/// Keeps these hashes apart from whatever else a key may come to be used for.
const CONTEXT: &[u8] = b"lazo address 1\n";

/// What addresses are hashed by.
#[derive(Clone)]
pub(in crate::shell::store) struct AddressKey([u8; KEY_BYTES]);

impl fmt::Debug for AddressKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressKey(…)")
    }
}

impl AddressKey {
    /// Drawn from the operating system's randomness.
    fn drawn() -> Result<AddressKey, StoreError> {
        let mut key = [0; KEY_BYTES];
        let failed = |error| StoreError::Unwritable(format!("no key can be drawn: {error}"));
        getrandom::fill(&mut key).map_err(failed)?;
        Ok(AddressKey(key))
    }

    fn read(item: &Item) -> Result<AddressKey, StoreError> {
        let bytes = STANDARD.decode(keys::text(item, "key")?).ok();
        let key = bytes.and_then(|bytes| bytes.try_into().ok()).map(AddressKey);
        key.ok_or_else(|| StoreError::Unreadable {
            key: keys::place(item),
            why: format!("is no key of {KEY_BYTES} bytes"),
        })
    }

    fn item(&self) -> Item {
        let mut item = keys::address_key();
        item.insert("key".into(), AttributeValue::S(STANDARD.encode(self.0)));
        item
    }

    /// The partition of an address.
    fn partition(&self, address: &Address) -> String {
        let channel: &[u8] = match address.channel() {
            ConsentChannel::Email => b"email\n",
            ConsentChannel::Call => b"phone\n",
        };
        let hash = self.hash(&[CONTEXT, channel, address.as_str().as_bytes()]);
        keys::address(&hex(&hash[..HASH_BYTES]))
    }

    /// The keyed hash of some parts, one behind the other.
    pub(in crate::shell::store) fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        // As long as SHA-256's block, as HMAC fills up a shorter key.
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(&self.0);
        let mut hash = Hmac::<Sha256>::new(&block.into());
        for part in parts {
            hash.update(part);
        }
        hash.finalize().into_bytes().into()
    }

    #[cfg(test)]
    pub(in crate::shell::store) fn given(key: [u8; KEY_BYTES]) -> AddressKey {
        AddressKey(key)
    }
}

/// An address's item as it was read.
#[derive(Clone, Debug, Default)]
struct Known {
    words: Words,
    /// 0 where nothing is stored yet.
    version: u64,
}

/// Which items a decision went by, and as of which version: a fence is written
/// only while they are the same.
#[derive(Clone, Debug, Default)]
pub(in crate::shell::store) struct Checks {
    email: Option<Box<Check>>,
    phone: Option<Box<Check>>,
}

#[derive(Clone, Debug)]
struct Check {
    partition: String,
    version: u64,
}

impl Store {
    /// The same store, by a key that is given: for the fake AWS of tests, which makes
    /// everything anew and run alike.
    pub fn with_address_key(self, key: [u8; 32]) -> Store {
        Store { address_key: Arc::new(AddressKey(key).into()), ..self }
    }

    /// The key of this table; drawn and kept by whoever is first to ask.
    pub(in crate::shell::store) async fn address_key(&self) -> Result<&AddressKey, StoreError> {
        self.address_key
            .get_or_try_init(|| async {
                if let Some(found) = self.get(keys::address_key()).await? {
                    return AddressKey::read(&found);
                }
                let drawn = AddressKey::drawn()?;
                let put = self.client.put_item().set_item(Some(drawn.item()));
                // Another may have been first: what stands in the table counts.
                self.put_if(put.condition_expression("attribute_not_exists(pk)")).await?;
                match self.get(keys::address_key()).await? {
                    Some(found) => AddressKey::read(&found),
                    None => Err(StoreError::Unwritable("the key of addresses".into())),
                }
            })
            .await
    }

    /// Items by their partitions, consistently.
    async fn known(&self, partitions: Vec<String>) -> Result<BTreeMap<String, Known>, StoreError> {
        let places = partitions.into_iter().map(|pk| (pk, keys::SAID.to_owned()));
        let places: Vec<(String, String)> = places.collect();
        let mut known = BTreeMap::new();
        for item in self.get_all(places).await? {
            let partition = keys::text(&item, "pk")?.to_owned();
            let unreadable = |why| StoreError::Unreadable { key: partition.clone(), why };
            let version = item.get("version").and_then(|version| version.as_n().ok());
            let version = version.and_then(|version| version.parse().ok());
            let version = version.ok_or_else(|| unreadable("has no version".into()))?;
            let words = serde_dynamo::from_item(item).map_err(|e| unreadable(e.to_string()))?;
            known.insert(partition, Known { words, version });
        }
        Ok(known)
    }

    /// Looks up what was said of a customer's address and number, as far as a
    /// decision asks for it: one read.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn hear(&self, loaded: &mut Loaded, asks: Asks) -> Result<(), StoreError> {
        let [email, phone] = addresses(&loaded.customer, asks);
        let key = self.address_key().await?;
        let partition = |one: Option<Address>| one.map(|address| key.partition(&address));
        let [email, phone] = [partition(email), partition(phone)];
        let known = self.known(email.iter().chain(&phone).cloned().collect()).await?;
        let of = |partition: Option<String>| {
            let partition = partition?;
            let Known { words, version } = known.get(&partition).cloned().unwrap_or_default();
            Some((Arc::new(words), Box::new(Check { partition, version })))
        };
        if asks.email {
            let (words, check) = of(email).unzip();
            loaded.customer.heard.email = Some(words.unwrap_or_default());
            loaded.checks.email = check;
        }
        if asks.phone {
            let (words, check) = of(phone).unzip();
            loaded.customer.heard.phone = Some(words.unwrap_or_default());
            loaded.checks.phone = check;
        }
        Ok(())
    }

    /// The same for some customers at once, to be shown.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn hear_all<'a>(
        &self,
        customers: impl IntoIterator<Item = &'a mut Customer>,
        asks: Asks,
    ) -> Result<(), StoreError> {
        let mut customers: Vec<&mut Customer> = customers.into_iter().collect();
        if customers.is_empty() {
            return Ok(());
        }
        let key = self.address_key().await?;
        let places = |customer: &Customer| {
            addresses(customer, asks).map(|one| one.map(|address| key.partition(&address)))
        };
        let all = customers.iter().flat_map(|customer| places(customer)).flatten();
        let known = self.known(all.collect()).await?;
        for customer in &mut customers {
            let [email, phone] = places(customer).map(|partition| {
                let known = partition.and_then(|partition| known.get(&partition));
                Some(Arc::new(known.map(|known| known.words.clone()).unwrap_or_default()))
            });
            let heard = &mut customer.heard;
            heard.email = if asks.email { email } else { heard.email.take() };
            heard.phone = if asks.phone { phone } else { heard.phone.take() };
        }
        Ok(())
    }

    /// What a change of a customer writes beside it: what it says of their
    /// addresses, where these items do not have it yet. Read only where there is
    /// something new to say.
    pub(in crate::shell::store) async fn put_said(
        &self,
        before: &Customer,
        after: &Customer,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let news = said_since(before, after);
        if news.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.address_key().await?;
        let news: Vec<(String, Words)> =
            news.into_iter().map(|(address, words)| (key.partition(&address), words)).collect();
        let partitions = news.iter().map(|(partition, _)| partition.clone()).collect();
        let known = self.known(partitions).await?;
        let mut puts = Vec::new();
        for (partition, words) in news {
            let known = known.get(&partition).cloned().unwrap_or_default();
            puts.extend(self.put_added(partition, &known, &words)?);
        }
        Ok(puts)
    }

    /// The write that adds words to an address; `None` where it has them.
    fn put_added(
        &self,
        partition: String,
        known: &Known,
        words: &Words,
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let mut sum = known.words.clone();
        sum.add(words);
        if sum == known.words {
            return Ok(None);
        }
        let mut item = to_item(&sum)?;
        item.extend(keys::keyed(partition, keys::SAID));
        item.insert("version".into(), AttributeValue::N((known.version + 1).to_string()));
        let (condition, values) = as_read(known.version);
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        transact_put(put).map(Some)
    }

    /// Notes that mail to an address came back for good, or was called spam: it
    /// holds for the address, whoever has it, and for ever.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer; it may be noted again.
    pub async fn note_stop(
        &self,
        address: &Address,
        at: Instant,
        by: &Id,
    ) -> Result<(), StoreError> {
        let partition = self.address_key().await?.partition(address);
        let words = Words::of_stop(at, by);
        for _ in 0..ATTEMPTS_MAX {
            let known = self.known(vec![partition.clone()]).await?.remove(&partition);
            let known = known.unwrap_or_default();
            let put = self.put_added(partition.clone(), &known, &words)?;
            let Some(put) = put.and_then(|item| item.put) else { return Ok(()) };
            let request = self.client.put_item().set_item(Some(put.item));
            let request = request.set_condition_expression(put.condition_expression);
            let request = request.set_expression_attribute_values(put.expression_attribute_values);
            if self.put_if(request).await? {
                return Ok(());
            }
        }
        Err(StoreError::Service("others wrote the same address again and again".into()))
    }

    /// What must still hold for a customer's fences to be written: that nothing
    /// was said of the address or the number since it was looked up.
    pub(in crate::shell::store) fn check_said(
        &self,
        before: &Loaded,
        ledger: &Ledger,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let fences = |address: AddressField| {
            ledger.entries.iter().any(|entry| match entry {
                LedgerEntry::Touch(entry) => {
                    entry.state == TouchState::Fenced && entry.channel.address() == Some(address)
                }
                _ => false,
            })
        };
        let Checks { email, phone } = &before.checks;
        let mut checks = Vec::new();
        checks.extend(email.as_deref().filter(|_| fences(AddressField::Email)));
        checks.extend(phone.as_deref().filter(|_| fences(AddressField::Phone)));
        let check = |check: &Check| {
            let (condition, values) = as_read(check.version);
            let built = ConditionCheck::builder()
                .table_name(&self.table)
                .set_key(Some(keys::keyed(&check.partition, keys::SAID)))
                .condition_expression(condition)
                .set_expression_attribute_values(values)
                .build();
            let built = built.map_err(|error| StoreError::Unwritable(error.to_string()))?;
            Ok(TransactWriteItem::builder().condition_check(built).build())
        };
        checks.into_iter().map(check).collect()
    }
}

/// A customer's address and number, where they are asked for and known.
fn addresses(customer: &Customer, asks: Asks) -> [Option<Address>; 2] {
    let email = customer.profile.email.latest().map(Address::from);
    let phone = customer.profile.phone.latest().map(Address::from);
    [email.filter(|_| asks.email), phone.filter(|_| asks.phone)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_no_address_and_no_two_channels_share_one() {
        let (one, other) = (AddressKey([1; 32]), AddressKey([2; 32]));
        let ana = Address::email("Ana@Example.com ");
        assert_eq!(one.partition(&ana), one.partition(&Address::email("ana@example.com")));
        assert_ne!(one.partition(&ana), other.partition(&ana));
        let number = "+525511111111";
        assert_ne!(one.partition(&Address::phone(number)), one.partition(&Address::email(number)));
        let unkeyed = lazo_domain::digest::sha256_hex("ana@example.com", 8);
        assert!(!one.partition(&ana).contains(&unkeyed));
        assert_eq!(format!("{one:?}"), "AddressKey(…)");
        assert_eq!(AddressKey::read(&one.item()).map(|key| key.0).ok(), Some([1; 32]));
        assert_ne!(AddressKey::drawn().unwrap().0, AddressKey::drawn().unwrap().0);
    }
}
