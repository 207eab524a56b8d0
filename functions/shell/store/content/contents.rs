//! CalendarRules content: each piece once, for ever; which came out lately; and how
//! far each has been fanned out.

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use lazo_domain::event::{Delivered, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::table::TTL_ATTRIBUTE;
use super::{Commit, Item, Sk, Store, StoreError, keys, refused, transact_put};

/// How long a piece is listed among those that came out lately.
const RECENT_MILLIS: i64 = 60 * DAY_MILLIS;

/// How far a piece has been fanned out: through the topics before `topic`,
/// there through the shards before `shard`, there up to `behind`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The place among the piece's topics that it has come to, counted from 0.
    pub topic: usize,
    /// The shard of that topic that it has come to, below `INTEREST_SHARDS`.
    pub shard: u8,
    /// The last customer of that shard who is done; `None` at the shard's beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Id>,
}

/// A piece that is being fanned out.
#[derive(Clone, Debug)]
pub struct FanOut {
    /// The piece's id, as the shop gave it.
    pub content_id: Id,
    /// Where its fan-out goes on.
    pub progress: Progress,
}

impl Store {
    /// Takes a piece in, to be fanned out; whether it is new.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or refuses for good.
    pub async fn publish_content(
        &self,
        content_id: &Id,
        delivered: &Delivered,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let event = &delivered.event;
        let mut piece = keys::content(content_id);
        piece.insert("detail".into(), AttributeValue::S(event.detail.0.to_string()));
        piece.insert("received_at".into(), AttributeValue::N(now.millis().to_string()));
        let mut recent = keys::recent_content(event.occurred_at, content_id);
        recent.insert("detail".into(), AttributeValue::S(event.detail.0.to_string()));
        let until = now.plus_millis(RECENT_MILLIS).millis() / 1000;
        recent.insert(TTL_ATTRIBUTE.into(), AttributeValue::N(until.to_string()));
        let fan_out = fan_out(content_id, &Progress::default())?;
        let put = |item: Item| Put::builder().table_name(&self.table).set_item(Some(item));
        let items = vec![
            transact_put(put(recent))?,
            transact_put(put(piece).condition_expression("attribute_not_exists(pk)"))?,
            transact_put(put(fan_out))?,
        ];
        let request = self.client.transact_write_items().set_transact_items(Some(items));
        match request.set_return_consumed_capacity(self.count_mode()).send().await {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                Ok(true)
            }
            Err(error) => {
                self.count(false, []);
                let shown = StoreError::Service(format!("{error}"));
                match refused(error)? {
                    Commit::AlreadyRecorded(_) => Ok(false),
                    _ => Err(shown),
                }
            }
        }
    }

    /// A piece as it was published.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn content(&self, id: &Id) -> Result<Option<Delivered>, StoreError> {
        self.get(keys::content(id)).await?.map(|item| published(&item)).transpose()
    }

    /// The pieces that came out after an instant, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn contents_since(&self, after: Instant) -> Result<Vec<Delivered>, StoreError> {
        let items = self.items_of(keys::CONTENTS, Sk::From(&keys::recent_from(after))).await?;
        items.iter().map(published).collect()
    }

    /// The pieces that are being fanned out.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn fan_outs(&self) -> Result<Vec<FanOut>, StoreError> {
        let items = self.items_of(keys::FAN_OUTS, Sk::Any).await?;
        let read = |item: Item| {
            let sk = keys::text(&item, "sk")?.to_owned();
            let unreadable = |why: String| StoreError::Unreadable { key: sk.clone(), why };
            let content_id = Id::new(&sk).map_err(|error| unreadable(error.to_string()))?;
            let progress = serde_json::from_str(keys::text(&item, "progress")?)
                .map_err(|error| unreadable(error.to_string()))?;
            Ok(FanOut { content_id, progress })
        };
        items.into_iter().map(read).collect()
    }

    /// Notes how far a piece is; one that has been fanned out stays so.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn note_fan_out(&self, id: &Id, progress: &Progress) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::fan_out(id)))
            .condition_expression("attribute_exists(pk)")
            .update_expression("SET progress = :progress")
            .expression_attribute_values(":progress", AttributeValue::S(text(progress)?));
        self.update_if(update).await.map(drop)
    }

    /// A piece has been fanned out.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn end_fan_out(&self, id: &Id) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(keys::fan_out(id)));
        let answer = delete.set_return_consumed_capacity(self.count_mode()).send().await;
        self.count(false, answer.map_err(StoreError::service)?.consumed_capacity());
        Ok(())
    }
}

/// The event that an item keeps.
fn published(item: &Item) -> Result<Delivered, StoreError> {
    let unreadable = |why: String| StoreError::Unreadable {
        key: keys::text(item, "sk").unwrap_or_default().to_owned(),
        why,
    };
    let detail: Value = serde_json::from_str(keys::text(item, "detail")?)
        .map_err(|error| unreadable(error.to_string()))?;
    let envelope = json!({ "detail-type": "ContentPublished", "detail": detail });
    from_wire(&envelope.to_string()).map_err(|error| unreadable(error.to_string()))
}

fn fan_out(id: &Id, progress: &Progress) -> Result<Item, StoreError> {
    let mut item = keys::fan_out(id);
    item.insert("progress".into(), AttributeValue::S(text(progress)?));
    Ok(item)
}

fn text(progress: &Progress) -> Result<String, StoreError> {
    serde_json::to_string(progress).map_err(|error| StoreError::Unwritable(error.to_string()))
}
