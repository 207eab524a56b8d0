//! What the day brings to whoever looks after a customer: who began to drift
//! away, and whose birthday it is. Kept by account manager, in step with the
//! customer, by the same transaction; nothing is searched for.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use lazo_domain::customer::Customer;
use lazo_domain::digest::{self, sha256_hex};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::stage::Stage;

use super::table::TTL_ATTRIBUTE;
use super::{Item, Sk, Store, StoreError, keys, transact_put};

/// How many items a change of a customer writes into agendas at most: a
/// birthday that moves, and one who begins to drift.
pub const STAFF_INDEX_ITEMS_MAX: usize = 3;

/// How long it is kept who began to drift; and how old that may be when it is
/// learnt, to be news.
const DRIFTING_MILLIS: i64 = 10 * DAY_MILLIS;
const NEWS_MILLIS: i64 = 3 * DAY_MILLIS;

/// A day of the year, as month and day.
pub type MonthDay = (i8, i8);

impl Store {
    /// What a change of a customer writes into agendas.
    pub(in crate::shell::store) fn put_agenda(
        &self,
        before: &Customer,
        after: &Customer,
        now: Instant,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let put =
            |item: Item| transact_put(Put::builder().table_name(&self.table).set_item(Some(item)));
        let mut puts = Vec::new();
        let (had, has) = (birthday_key(before), birthday_key(after));
        if had != has {
            if let Some(pk) = has {
                puts.push(put(keys::keyed(pk, after.id.as_str()))?);
            }
            if let Some(pk) = had {
                puts.push(put(expiring(keys::keyed(pk, after.id.as_str()), now, DAY_MILLIS))?);
            }
        }
        let latest = after.stages.last().filter(|entered| before.stages.last() != Some(entered));
        let is_news = latest.is_some_and(|entered| {
            entered.stage == Stage::Dissolution && entered.at >= now.plus_millis(-NEWS_MILLIS)
        });
        if is_news {
            let key = keys::drifting(manager(after).unwrap_or_default(), now, after.id.as_str());
            puts.push(put(expiring(key, now, DRIFTING_MILLIS))?);
        }
        Ok(puts)
    }

    /// Customers of a person who began to drift away in a span of time; those of
    /// nobody in particular where no person is named.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drifting(
        &self,
        of: Option<&str>,
        from: Instant,
        until: Instant,
    ) -> Result<Vec<Id>, StoreError> {
        let of = of.unwrap_or_default();
        let (pk, from) = (keys::drifting_of(of), keys::drifting_from(from));
        let until = keys::drifting_from(until);
        let found = self.keys_under(&pk, Sk::From(&from)).await?;
        let ids = found
            .iter()
            .filter(|sk| **sk < until)
            .filter_map(|sk| sk.split_once('#').and_then(|(_, id)| Id::new(id).ok()));
        Ok(ids.collect())
    }

    /// Customers of a person whose birthday is on a day of the year. Load and
    /// check before acting: one that moved may still be listed.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn birthdays(&self, of: &str, on: MonthDay) -> Result<Vec<Id>, StoreError> {
        let found = self.keys_under(&birthday_pk(of, on), Sk::Any).await?;
        Ok(found.iter().filter_map(|sk| Id::new(sk).ok()).collect())
    }

    async fn keys_under(&self, pk: &str, sk: Sk<'_>) -> Result<Vec<String>, StoreError> {
        let items = self.items_of(pk, sk).await?;
        items.iter().map(|item| keys::text(item, "sk").map(str::to_owned)).collect()
    }
}

fn manager(customer: &Customer) -> Option<&str> {
    customer.profile.account_manager.latest().map(|name| name.as_str())
}

fn birthday_key(customer: &Customer) -> Option<String> {
    let birthday = customer.profile.birthday.latest()?;
    Some(birthday_pk(manager(customer)?, (birthday.month, birthday.day)))
}

/// A birthday is personal: a hash of it stands in the key.
fn birthday_pk(of: &str, (month, day): MonthDay) -> String {
    let hash = sha256_hex(format!("{of}\n{month}-{day}"), digest::BYTES);
    format!("birthday#{hash}")
}

fn expiring(mut item: Item, now: Instant, after_millis: i64) -> Item {
    let seconds = now.plus_millis(after_millis).millis() / 1000;
    item.insert(TTL_ATTRIBUTE.into(), AttributeValue::N(seconds.to_string()));
    item
}
