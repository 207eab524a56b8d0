//! What the workers on a table tell of their stack: one item, for commands that
//! are given the table alone.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Store, StoreError, keys};

/// The bus that a stack works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// The name of the event bus, as the workers were given it.
    pub bus: String,
    /// The source that the stack takes the shop's events by.
    pub source: Option<String>,
}

impl Store {
    /// What the workers told last, `None` while none did.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn deployed(&self) -> Result<Option<Deployed>, StoreError> {
        let Some(item) = self.get(keys::deployed()).await? else { return Ok(None) };
        let source = item.get("source").and_then(|source| source.as_s().ok()).cloned();
        Ok(Some(Deployed { bus: keys::text(&item, "bus")?.to_owned(), source }))
    }

    /// Tells which bus the stack works on.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_deployed(&self, deployed: &Deployed) -> Result<(), StoreError> {
        let mut item = keys::deployed();
        item.insert("bus".into(), AttributeValue::S(deployed.bus.clone()));
        if let Some(source) = &deployed.source {
            item.insert("source".into(), AttributeValue::S(source.clone()));
        }
        self.put(item).await
    }
}
