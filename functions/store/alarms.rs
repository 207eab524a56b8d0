//! Who wants attention, by the indexes of alarms.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use sha2::{Digest, Sha256};

use super::table::Alarm;
use super::{Store, StoreError, keys};

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

    /// Asks one shard of an alarm's index for who is woken up to an instant.
    pub(super) fn ringing_until(
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
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(alarm.index())
            .key_condition_expression("#shard = :shard")
            .expression_attribute_names("#shard", alarm.shard_attribute())
            .expression_attribute_values(":shard", AttributeValue::S(alarm.shard(shard)))
            .set_return_consumed_capacity(self.count_mode())
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(StoreError::service)?;
            self.count(true, page.consumed_capacity());
            for item in page.items() {
                let id = keys::customer_of(item)?;
                lowest.insert(Sha256::digest(id.as_str().as_bytes()).into(), id);
                if lowest.len() > count {
                    lowest.pop_last();
                }
            }
        }
        Ok(lowest.into_values().collect())
    }
}
