//! What people changed by the console: one entry a change, by month, for ever. It names
//! who did it and what it was done to, by ids, and holds nothing that a customer said.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Month, Store, StoreError, keys, read, to_item};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was made.
    pub at: Instant,
    /// Who made it, as the policy names them.
    pub by: String,
    /// In which role.
    pub role: String,
    /// What was done, such as `rules.publish`.
    pub what: String,
    /// What it was done to, such as a rule's name or a touch id.
    pub about: String,
    /// How it was.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub before: Value,
    /// How it is.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub after: Value,
}

impl Store {
    /// Keeps the entry of a change, under a mark that begins with the one of its form, and
    /// so with when that was shown: the same form leaves one entry.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_audit(&self, mark: &str, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut item = to_item(entry)?;
        item.extend(keys::audit(Month::of(entry.at, &TimeZone::UTC), mark));
        let put = self.client.put_item().set_item(Some(item));
        self.put_if(put.condition_expression("attribute_not_exists(pk)")).await.map(drop)
    }

    /// The latest changes of a month, at most so many, the latest first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn audit_of(&self, month: Month, limit: i32) -> Result<Vec<AuditEntry>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let answer = query
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(keys::audit_of(month)))
            .scan_index_forward(false)
            .limit(limit)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await
            .map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let entries = answer.items.unwrap_or_default().into_iter().map(read);
        let mut entries: Vec<AuditEntry> = entries.collect::<Result<_, _>>()?;
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        Ok(entries)
    }
}
