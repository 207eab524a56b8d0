//! Answers to surveys in full: what was asked, what was said. Personal, so they
//! stand beside the ledger, not in it, and go with the customer.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::event::{Body, Event, Line, Note};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use super::table::TTL_ATTRIBUTE;
use super::{Item, Sk, Store, StoreError, keys, read, to_item};

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's id, a part of its key in the table.
    pub answer_id: Id,
    /// When it was given, as the event tells.
    pub at: Instant,
    /// What the answer is about.
    pub touchpoint: Line,
    /// The touch that asked for it; `None` where the event names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touch_id: Option<Line>,
    /// The satisfaction from 1 to 5, 5 the best; `None` where it was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csat: Option<u8>,
    /// How likely they recommend the shop, from 0 to 10; `None` where it was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nps: Option<u8>,
    /// The customer's own words; `None` where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Note>,
}

impl Answer {
    /// The answer that an event tells of, where it does.
    pub fn of(event: &Event) -> Option<Answer> {
        let Body::SurveyAnswered(body) = &event.body else { return None };
        Some(Answer {
            answer_id: body.answer_id.clone(),
            at: event.occurred_at,
            touchpoint: body.touchpoint.clone(),
            touch_id: body.touch_id.clone(),
            csat: body.csat.map(|score| score.0),
            nps: body.nps.map(|score| score.0),
            comment: body.comment.clone(),
        })
    }

    pub(in crate::shell::store) fn sk(&self) -> String {
        format!("{}{}", keys::ANSWER, self.answer_id)
    }

    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        to_item(self)
    }
}

impl Store {
    /// Empties all answers of a customer. What stays is a key, which goes by
    /// itself: nothing under a customer may be deleted, so that no bug can take a
    /// key away that keeps things from happening twice.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drop_answers(&self, id: &Id, now: Instant) -> Result<(), StoreError> {
        for item in self.items_under(id, Sk::Begins(keys::ANSWER)).await? {
            if !item.contains_key("touchpoint") {
                continue;
            }
            let sk = keys::text(&item, "sk")?;
            let seconds = AttributeValue::N((now.millis() / 1000).to_string());
            let update = self
                .client
                .update_item()
                .set_key(Some(keys::keyed(keys::customer(id), sk)))
                .condition_expression("attribute_exists(pk)")
                .update_expression(
                    "SET #ttl = :now REMOVE answer_id, #at, touchpoint, touch_id, csat, nps, #comment",
                )
                .expression_attribute_names("#ttl", TTL_ATTRIBUTE)
                .expression_attribute_names("#at", "at")
                .expression_attribute_names("#comment", "comment")
                .expression_attribute_values(":now", seconds);
            self.update_if(update).await?;
        }
        Ok(())
    }

    /// The answers of a customer, in the order of their keys.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn answers(&self, id: &Id) -> Result<Vec<Answer>, StoreError> {
        let items = self.items_under(id, Sk::Begins(keys::ANSWER)).await?.into_iter();
        items.filter(|item| item.contains_key("touchpoint")).map(read).collect()
    }
}
