//! Mail to people in the shop: the permanent once-only key of each.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use lazo_domain::instant::Instant;
use lazo_domain::notice::NoticeId;
use serde::{Deserialize, Serialize};

use super::entries::mark;
use super::{Store, StoreError, keys, read, to_item};

/// How a mail to somebody in the shop stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Written before the call that sends it: nobody else may send it.
    Fenced,
    /// The mail service took it.
    Sent,
    /// It certainly did not go out: it may be fenced again.
    PutBack,
    /// It cannot go out, ever.
    Refused,
    /// Nobody knows whether it went out: it is listed for somebody to look.
    Unknown,
}

/// Who may send a mail to somebody in the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fence {
    /// This caller, and nobody else.
    Ours,
    /// Somebody fenced it then, and told nothing since.
    Held {
        /// When the other one fenced it.
        since: Instant,
    },
    /// Nobody: it is settled.
    Over,
}

/// A mail to somebody in the shop that was fenced: how it stands, and since when
/// it is fenced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeEntry {
    /// The text of its id, such as `complaint-escalated/ana/c-1/2/luis`.
    pub notice: String,
    /// Whether it is on its way out, or how it ended.
    pub state: NoticeState,
    /// When it was fenced last.
    pub at: Instant,
    /// The mark of whoever fenced it, who knows it again by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fenced_by: Option<String>,
}

impl Store {
    /// Takes the fence of a mail to somebody in the shop, before it is sent.
    /// Where the answer is lost, the fence is read again: by its mark a caller
    /// knows its own.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn fence_notice(&self, id: &NoticeId, now: Instant) -> Result<Fence, StoreError> {
        let mark = mark();
        let entry = NoticeEntry {
            notice: id.to_string(),
            state: NoticeState::Fenced,
            at: now,
            fenced_by: Some(mark),
        };
        let mut item = to_item(&entry)?;
        item.extend(keys::notice(id.hash()));
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #state = :state")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", AttributeValue::S("put_back".into()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        let error = match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                return Ok(Fence::Ours);
            }
            Err(error) => error,
        };
        let found = match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(known)) => {
                known.item().cloned().map(read::<NoticeEntry>).transpose()?
            }
            _ => match self.notice(id).await {
                Ok(Some(found)) if found == entry => Some(found),
                Ok(_) | Err(_) => return Err(StoreError::service(error)),
            },
        };
        Ok(match found {
            Some(found) if found == entry => Fence::Ours,
            Some(NoticeEntry { state: NoticeState::Fenced, at, .. }) => Fence::Held { since: at },
            _ => Fence::Over,
        })
    }

    /// Writes down how it went with a mail that was fenced, by its hash. What
    /// is settled stays as it is, except that the unknown may become known.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn settle_notice(
        &self,
        hash: &str,
        state: NoticeState,
        message_id: Option<&str>,
    ) -> Result<(), StoreError> {
        let name = |state: NoticeState| {
            let name = serde_json::to_value(state).ok();
            AttributeValue::S(name.and_then(|n| Some(n.as_str()?.to_owned())).unwrap_or_default())
        };
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::notice(hash)))
            .condition_expression("#state = :fenced OR #state = :unknown")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":fenced", name(NoticeState::Fenced))
            .expression_attribute_values(":unknown", name(NoticeState::Unknown))
            .expression_attribute_values(":next", name(state));
        self.update_if(match message_id {
            None => update.update_expression("SET #state = :next REMOVE fenced_by"),
            Some(id) => update
                .update_expression("SET #state = :next, message_id = :id REMOVE fenced_by")
                .expression_attribute_values(":id", AttributeValue::S(id.to_owned())),
        })
        .await
        .map(drop)
    }

    /// Writes that a mail to somebody in the shop went out, by its hash, where nothing
    /// is known of it: a restored table learns it so.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn rebuild_notice(
        &self,
        hash: &str,
        message_id: &str,
        at: Instant,
    ) -> Result<(), StoreError> {
        let (notice, state) = (String::new(), NoticeState::Sent);
        let mut item = to_item(&NoticeEntry { notice, state, at, fenced_by: None })?;
        item.extend(keys::notice(hash));
        item.insert("message_id".into(), AttributeValue::S(message_id.to_owned()));
        let put = self.client.put_item().set_item(Some(item));
        self.put_if(put.condition_expression("attribute_not_exists(pk)")).await.map(drop)
    }

    /// How a mail to somebody in the shop stands; `None` where it was never
    /// fenced.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn notice(&self, id: &NoticeId) -> Result<Option<NoticeEntry>, StoreError> {
        self.get(keys::notice(id.hash())).await?.map(read).transpose()
    }

    /// The same of many, by the texts of their ids; those that were never fenced
    /// are left out.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn notices(
        &self,
        ids: &[NoticeId],
    ) -> Result<BTreeMap<String, NoticeEntry>, StoreError> {
        let places = ids.iter().map(|id| keys::notice_place(id.hash()));
        let entries = self.get_all(places).await?.into_iter().map(read::<NoticeEntry>);
        entries.map(|entry| entry.map(|entry| (entry.notice.clone(), entry))).collect()
    }
}
