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
    /// The configuration set that mails go by: SES's events name it.
    pub configuration_set: Option<String>,
}

impl Store {
    /// What the workers told last, `None` while none did.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn deployed(&self) -> Result<Option<Deployed>, StoreError> {
        let Some(item) = self.get(keys::deployed()).await? else { return Ok(None) };
        let told = |name: &str| item.get(name).and_then(|told| told.as_s().ok()).cloned();
        let bus = keys::text(&item, "bus")?.to_owned();
        let (source, configuration_set) = (told("source"), told("configuration_set"));
        Ok(Some(Deployed { bus, source, configuration_set }))
    }

    /// Tells which bus the stack works on.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_deployed(&self, deployed: &Deployed) -> Result<(), StoreError> {
        let mut item = keys::deployed();
        item.insert("bus".into(), AttributeValue::S(deployed.bus.clone()));
        let told =
            [("source", &deployed.source), ("configuration_set", &deployed.configuration_set)];
        for (name, told) in told {
            item.extend(told.as_ref().map(|told| (name.into(), AttributeValue::S(told.clone()))));
        }
        self.put(item).await
    }
}
