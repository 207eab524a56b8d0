//! What of the sending is paused, and in which table that was written: one item, read
//! before anything is sent.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::sending_pause::SendingPause;
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, format, keys, read, to_item};

/// How the sending stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingState {
    /// The table in which mails go out. A restored copy has another name, and must not
    /// send before it is known what went out since the copy was made.
    pub table: String,
    /// What is paused.
    pub pauses: Vec<SendingPause>,
    /// How often it was changed.
    pub revision: u64,
}

impl Store {
    /// How the sending stands; `None` while nobody looked.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn sending_state(&self) -> Result<Option<SendingState>, StoreError> {
        let Some(item) = self.get(keys::sending_state()).await? else { return Ok(None) };
        format::check(&item)?;
        read(item).map(Some)
    }

    /// Writes how the sending stands in the place of what was seen. Whether nobody
    /// changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn move_sending(
        &self,
        seen: Option<&SendingState>,
        next: &SendingState,
    ) -> Result<bool, StoreError> {
        let mut item = to_item(next)?;
        item.extend(keys::sending_state());
        format::stamp(&mut item);
        let put = self.client.put_item().set_item(Some(item));
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => {
                let revision = AttributeValue::N(seen.revision.to_string());
                put.condition_expression("revision = :revision")
                    .expression_attribute_values(":revision", revision)
            }
        };
        self.put_if(put).await
    }
}
