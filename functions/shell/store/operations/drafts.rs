//! Drafts of rules, policy and templates: what somebody writes and has not published.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::VersionNumber;
use serde::{Deserialize, Serialize};

use super::{Sk, Store, StoreError, keys, read, to_item};

/// How much a draft may hold, in bytes.
pub const DRAFT_BYTES_MAX: usize = 200_000;

/// A draft of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The file, as it stands in a bundle: `rules/winback.yaml`.
    pub file: String,
    /// What it says.
    pub text: String,
    /// Who saved it last.
    pub by: String,
    /// When.
    pub at: Instant,
    /// The version whose file it was begun from; `None` where none was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<VersionNumber>,
    /// How often it was saved: whoever saves it says what they saw.
    pub revision: u64,
}

impl Store {
    /// The draft of a file.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn draft(&self, file: &str) -> Result<Option<Draft>, StoreError> {
        self.get(keys::draft(file)).await?.map(read).transpose()
    }

    /// All drafts, by their files.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        self.items_of(keys::DRAFTS, Sk::Any).await?.into_iter().map(read).collect()
    }

    /// Saves a draft, where nobody saved it since it was read at `seen` (0 where there
    /// was none). Whether that was so: otherwise nothing changes.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn save_draft(&self, draft: &Draft, seen: u64) -> Result<bool, StoreError> {
        let mut item = to_item(draft)?;
        item.extend(keys::draft(&draft.file));
        let put = self.client.put_item().set_item(Some(item));
        self.put_if(match seen {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            seen => put
                .condition_expression("revision = :seen")
                .expression_attribute_values(":seen", AttributeValue::N(seen.to_string())),
        })
        .await
    }

    /// Drops a draft, where it is still the one that was seen. Whether it was.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drop_draft(&self, file: &str, seen: u64) -> Result<bool, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete
            .set_key(Some(keys::draft(file)))
            .condition_expression("attribute_not_exists(pk) OR revision = :seen")
            .expression_attribute_values(":seen", AttributeValue::N(seen.to_string()))
            .set_return_consumed_capacity(self.count_mode());
        self.held(delete.send().await.map(|answer| answer.consumed_capacity))
    }
}
