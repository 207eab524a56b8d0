//! What was learnt of the shop: the drift model, in one item.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::drift::Model;
use lazo_domain::instant::Instant;

use super::{Item, Store, StoreError, format, keys};

/// A drift model with when a fit was last tried, and why that was refused.
#[derive(Clone, Debug)]
pub struct FittedModel {
    /// The model to score with; where a fit is refused, the estimate before stays.
    pub model: Model,
    /// When a fit was last tried, also where it was refused.
    pub tried_at: Instant,
    /// Why the last fit was refused; `None` where it was taken.
    pub refused: Option<String>,
}

impl Store {
    /// What was learnt of the shop, `None` while nothing was. Read as a
    /// function starts, it also opens the connection.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn drift_model(&self) -> Result<Option<FittedModel>, StoreError> {
        self.get(keys::drift_model()).await?.map(|item| decode(&item)).transpose()
    }

    /// Keeps what was learnt in the place of what was before.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_drift_model(&self, learnt: &FittedModel) -> Result<(), StoreError> {
        let model = serde_json::to_string(&learnt.model)
            .map_err(|error| StoreError::Unwritable(error.to_string()))?;
        let mut item = keys::drift_model();
        item.insert("model".into(), AttributeValue::S(model));
        let tried_at = learnt.tried_at.millis().to_string();
        item.insert("tried_at".into(), AttributeValue::N(tried_at));
        if let Some(why) = &learnt.refused {
            item.insert("refused".into(), AttributeValue::S(why.clone()));
        }
        format::stamp(&mut item);
        self.put(item).await
    }
}

fn decode(item: &Item) -> Result<FittedModel, StoreError> {
    format::check(item)?;
    let unreadable = |why: String| StoreError::Unreadable { key: keys::DRIFT_MODEL.into(), why };
    let model = Model::read(keys::text(item, "model")?);
    Ok(FittedModel {
        model: model.map_err(|error| unreadable(error.to_string()))?,
        tried_at: keys::instant(item, "tried_at")?,
        refused: item.get("refused").and_then(|why| why.as_s().ok()).cloned(),
    })
}
