//! Who is interested in what: an item for each interest of a customer, kept in
//! step with the customer's own by the same transaction.
//!
//! An interest that was given up stays for a while, marked, and goes by itself:
//! a piece that came out before is still theirs. Keys name no topic, only a
//! hash of it, and customers by id.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::interest::{INTERESTS_MAX, Topic};

use super::table::{TTL_ATTRIBUTE, interest_shard_of};
use super::{Store, StoreError, keys, transact_put};

/// How many items a change of interests writes at most: all given up, and as
/// many new ones. Who commits a profile leaves room for them.
pub const INTEREST_ITEMS_MAX: usize = 2 * INTERESTS_MAX;

/// How long an interest that was given up is still found.
const GONE_MILLIS: i64 = 30 * DAY_MILLIS;

impl Store {
    /// What a change of a customer's interests writes.
    pub(in crate::shell::store) fn put_interests(
        &self,
        before: &Customer,
        after: &Customer,
        now: Instant,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        if before.profile.interests.latest() == after.profile.interests.latest() {
            return Ok(Vec::new());
        }
        let (had, has) = (before.interests(), after.interests());
        let put = |topic: &Topic, is_gone: bool| {
            let shard = interest_shard_of(&after.id);
            let mut item = keys::keyed(keys::interest(topic, shard), after.id.as_str());
            if is_gone {
                let seconds = now.plus_millis(GONE_MILLIS).millis() / 1000;
                item.insert(TTL_ATTRIBUTE.into(), AttributeValue::N(seconds.to_string()));
            }
            transact_put(Put::builder().table_name(&self.table).set_item(Some(item)))
        };
        let new = has.iter().filter(|topic| !had.contains(topic)).map(|topic| put(topic, false));
        let gone = had.iter().filter(|topic| !has.contains(topic)).map(|topic| put(topic, true));
        new.chain(gone).collect()
    }

    /// Customers of a shard who are interested in a topic, or were until a short
    /// while ago, behind one of them, in the order of ids. Read consistently.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn interested(
        &self,
        topic: &Topic,
        shard: u8,
        behind: Option<&Id>,
        limit: i32,
    ) -> Result<Vec<Id>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .limit(limit)
            .expression_attribute_values(":pk", AttributeValue::S(keys::interest(topic, shard)));
        let query = match behind {
            None => query.key_condition_expression("pk = :pk"),
            Some(id) => query
                .key_condition_expression("pk = :pk AND sk > :behind")
                .expression_attribute_values(":behind", AttributeValue::S(id.to_string())),
        };
        let answer = query.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let id = |item| {
            let id = keys::text(item, "sk")?;
            Id::new(id).map_err(|_| StoreError::Unreadable {
                key: keys::interest(topic, shard),
                why: "names no customer".into(),
            })
        };
        answer.items().iter().map(id).collect()
    }
}
