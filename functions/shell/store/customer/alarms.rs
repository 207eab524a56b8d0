//! Who wants attention, by the indexes of alarms.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use sha2::{Digest, Sha256};

use super::table::Alarm;
use super::{Item, Place, Store, StoreError, keys};

/// Where a page of an index ended.
#[derive(Clone, Debug)]
pub struct Behind(Item);

/// A page of the customers whose alarm rang.
#[derive(Clone, Debug, Default)]
pub struct RingingPage {
    /// Whose alarm rang, and when; the oldest first.
    pub places: Vec<Place>,
    /// Where the next one begins, if there is one.
    pub next: Option<Behind>,
}

impl Store {
    /// The customers whose alarm rang, by one shard of an alarm's index, oldest
    /// first. Index reads are eventually consistent: load and check before
    /// acting.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn ringing(
        &self,
        alarm: Alarm,
        shard: u8,
        until: Instant,
        limit: i32,
    ) -> Result<Vec<Id>, StoreError> {
        let answer = self.ringing_until(alarm, shard, until, limit).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        answer.items().iter().map(keys::customer_of).collect()
    }

    /// The same in pages, each going on behind the one before; with where each
    /// customer stands in the index. What is no customer's is passed over.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn ringing_page(
        &self,
        alarm: Alarm,
        shard: u8,
        until: Instant,
        (behind, limit): (Option<Behind>, i32),
    ) -> Result<RingingPage, StoreError> {
        let query = self.ringing_until(alarm, shard, until, limit);
        let start = behind.map(|Behind(key)| key);
        let answer = query.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let place = |item: &Item| {
            let customer = keys::customer_of(item)?;
            Ok(Place { at: keys::instant(item, alarm.at_attribute())?, customer })
        };
        let mut places = Vec::with_capacity(answer.items().len());
        for item in answer.items() {
            match place(item) {
                Ok(place) => places.push(place),
                Err::<_, StoreError>(error) => {
                    tracing::error!(%error, "an index of alarms lists what is no customer");
                }
            }
        }
        Ok(RingingPage { places, next: answer.last_evaluated_key.map(Behind) })
    }

    /// Lets an alarm of a customer ring later, whatever else their item holds: it
    /// need not be readable. One that moved meanwhile stays as it is.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn put_off(
        &self,
        alarm: Alarm,
        place: &Place,
        until: Instant,
    ) -> Result<(), StoreError> {
        let number = |at: Instant| AttributeValue::N(at.millis().to_string());
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(&place.customer), keys::STATE)))
            .update_expression("SET #at = :until")
            .condition_expression("#at = :at")
            .expression_attribute_names("#at", alarm.at_attribute())
            .expression_attribute_values(":at", number(place.at))
            .expression_attribute_values(":until", number(until));
        self.update_if(update).await.map(drop)
    }

    /// Asks one shard of an alarm's index for who is woken up to an instant.
    pub(in crate::shell::store) fn ringing_until(
        &self,
        alarm: Alarm,
        shard: u8,
        until: Instant,
        limit: i32,
    ) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.table).index_name(alarm.index());
        query
            .key_condition_expression("#shard = :shard AND #at <= :until")
            .expression_attribute_names("#shard", alarm.shard_attribute())
            .expression_attribute_names("#at", alarm.at_attribute())
            .expression_attribute_values(":shard", AttributeValue::S(alarm.shard(shard)))
            .expression_attribute_values(":until", AttributeValue::N(until.millis().to_string()))
            .limit(limit)
            .set_return_consumed_capacity(self.count_mode())
    }

    /// A sample of the customers of one shard who have an alarm, whenever it
    /// rings: all, or so many whose ids' hashes are the lowest. Neither when
    /// they bought nor when their alarm rings has to do with who is in it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn sample(
        &self,
        alarm: Alarm,
        shard: u8,
        count: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let mut lowest: BTreeMap<[u8; 32], Id> = BTreeMap::new();
        let query = self
            .client
            .query()
            .index_name(alarm.index())
            .key_condition_expression("#shard = :shard")
            .expression_attribute_names("#shard", alarm.shard_attribute())
            .expression_attribute_values(":shard", AttributeValue::S(alarm.shard(shard)));
        let take = |page: Vec<Item>| {
            for item in &page {
                let id = keys::customer_of(item)?;
                lowest.insert(Sha256::digest(id.as_str().as_bytes()).into(), id);
                if lowest.len() > count {
                    lowest.pop_last();
                }
            }
            Ok(())
        };
        self.each_page(query, take).await?;
        Ok(lowest.into_values().collect())
    }
}
