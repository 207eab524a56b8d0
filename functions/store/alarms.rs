//! Who wants attention, by the indexes of alarms.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

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
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(alarm.index())
            .key_condition_expression("#shard = :shard AND #at <= :until")
            .expression_attribute_names("#shard", alarm.shard_attribute())
            .expression_attribute_names("#at", alarm.at_attribute())
            .expression_attribute_values(":shard", AttributeValue::S(alarm.shard(shard)))
            .expression_attribute_values(":until", AttributeValue::N(until.millis().to_string()))
            .limit(limit)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await
            .map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        answer.items().iter().map(keys::customer_of).collect()
    }

    /// Customers who have an alarm, whenever it rings, up to so many of one
    /// shard: those whose alarm rings first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn under_alarm(
        &self,
        alarm: Alarm,
        shard: u8,
        count: usize,
    ) -> Result<Vec<Id>, StoreError> {
        let mut found = Vec::new();
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
        while found.len() < count
            && let Some(page) = pages.next().await
        {
            let page = page.map_err(StoreError::service)?;
            self.count(true, page.consumed_capacity());
            for item in page.items() {
                found.push(keys::customer_of(item)?);
            }
        }
        found.truncate(count);
        Ok(found)
    }
}
