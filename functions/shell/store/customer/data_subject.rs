//! All that is stored on one customer: to show it to them, or to end it.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::id::Id;
use serde_json::Value;

use super::{Call, Sk, Store, StoreError, details, keys, sections};

/// The outcome of a call that is not made because the customer was forgotten.
const ERASED: &str = "erased";

impl Store {
    /// Every item under a customer's key, by its sort key, in the keys' order; the
    /// state in full, however it is stored.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn everything_on(&self, id: &Id) -> Result<Vec<(String, Value)>, StoreError> {
        let mut all = Vec::new();
        for item in self.items_under(id, Sk::Any).await? {
            let sk = keys::text(&item, "sk")?.to_owned();
            let value = match sk == keys::STATE {
                _ if sections::is_part(&sk) => continue,
                true => serde_json::to_value(self.load(id).await?.customer)
                    .map_err(|error| StoreError::Unwritable(error.to_string()))?,
                false => super::read(details::unpacked(item)?)?,
            };
            all.push((sk, value));
        }
        Ok(all)
    }

    /// Every call and task that there ever was about a customer.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn calls_ever_about(&self, id: &Id) -> Result<Vec<Call>, StoreError> {
        self.items_under(id, Sk::Begins(keys::CALL)).await?.into_iter().map(super::read).collect()
    }

    /// Takes all calls about a customer off the call list, and forgets who
    /// made them.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn withdraw_calls(&self, id: &Id) -> Result<(), StoreError> {
        for item in self.items_under(id, Sk::Begins(keys::CALL)).await? {
            let sk = keys::text(&item, "sk")?;
            if item.contains_key("calls_of") {
                self.take_off_list(id, sk, ERASED, "#status = :open").await?;
            }
            let update = self
                .client
                .update_item()
                .set_key(Some(keys::keyed(keys::customer(id), sk)))
                .condition_expression("attribute_exists(pk)")
                .update_expression(
                    "SET assigned_to = :nobody REMOVE calls_of, calls_by, reported_by",
                )
                .expression_attribute_values(":nobody", AttributeValue::S(String::new()));
            self.update_if(update).await?;
        }
        Ok(())
    }
}
