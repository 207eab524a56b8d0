//! The last report that was reckoned: one item, so that whoever looks reads one.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::instant::Instant;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::{Store, StoreError, keys};

/// What a report may take as text.
const TEXT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What an item may hold of it.
const PACKED_BYTES_MAX: usize = 380_000;

/// Fast to read back.
const COMPRESSION: u8 = 6;

impl Store {
    /// Keeps a report; of two that were reckoned at once, the later one stays.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] where it holds more than an item; otherwise where
    /// DynamoDB does not answer.
    pub async fn keep_report(&self, text: &str, at: Instant) -> Result<(), StoreError> {
        let packed = compress_to_vec(text.as_bytes(), COMPRESSION);
        if packed.len() > PACKED_BYTES_MAX {
            return Err(StoreError::Unwritable("the report holds more than an item".to_owned()));
        }
        let mut item = keys::kept_report();
        item.insert("packed".into(), AttributeValue::B(packed.into()));
        item.insert("reckoned_at".into(), AttributeValue::N(at.millis().to_string()));
        let put = self.client.put_item().set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(pk) OR reckoned_at <= :at")
            .expression_attribute_values(":at", AttributeValue::N(at.millis().to_string()));
        self.put_if(put).await.map(drop)
    }

    /// The report that was reckoned last; `None` where none was.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn kept_report(&self) -> Result<Option<String>, StoreError> {
        let Some(item) = self.get(keys::kept_report()).await? else { return Ok(None) };
        let unreadable = |why: &str| StoreError::Unreadable {
            key: "report reckoned".to_owned(),
            why: why.to_owned(),
        };
        let packed = item.get("packed").and_then(|packed| packed.as_b().ok());
        let packed = packed.ok_or_else(|| unreadable("has no text"))?;
        let text = decompress_to_vec_with_limit(packed.as_ref(), TEXT_BYTES_MAX);
        let text = text.map_err(|error| unreadable(&error.to_string()))?;
        String::from_utf8(text).map(Some).map_err(|_| unreadable("is no text"))
    }
}
