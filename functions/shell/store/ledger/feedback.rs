//! What the mail service told of a touch, beside its entry in the ledger.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;
use serde::{Deserialize, Serialize};

use super::{Item, Store, StoreError, TouchEntry, failures, keys, read};

/// When the mail service told what first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// When the other side took the mail; `None` where that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Instant>,
    /// When the other side did not take it yet; `None` where that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed_at: Option<Instant>,
    /// When it came back, as there is no such mailbox; `None` where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounced_at: Option<Instant>,
    /// The mailbox was full, the server away: not the address's fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soft_bounced_at: Option<Instant>,
    /// When somebody called it spam; `None` where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complained_at: Option<Instant>,
    /// Taken by the mail service, and not sent on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Instant>,
}

/// What is noted of a touch, by the attribute that holds when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// The other side took the mail.
    Delivered,
    /// The other side does not take it for the moment; it is tried further.
    Delayed,
    /// There is no such mailbox.
    Bounced,
    /// It was given up after a while: the mailbox is full, the server away.
    SoftBounced,
    /// Somebody called it spam.
    Complained,
    /// The mail service took it, and did not send it on.
    Rejected,
}

impl Note {
    fn attribute(self) -> &'static str {
        match self {
            Note::Delivered => "delivered_at",
            Note::Delayed => "delayed_at",
            Note::Bounced => "bounced_at",
            Note::SoftBounced => "soft_bounced_at",
            Note::Complained => "complained_at",
            Note::Rejected => "rejected_at",
        }
    }
}

impl Feedback {
    /// Whether it is noted already.
    pub fn has(&self, note: Note) -> bool {
        let noted = match note {
            Note::Delivered => self.delivered_at,
            Note::Delayed => self.delayed_at,
            Note::Bounced => self.bounced_at,
            Note::SoftBounced => self.soft_bounced_at,
            Note::Complained => self.complained_at,
            Note::Rejected => self.rejected_at,
        };
        noted.is_some()
    }
}

/// Where the ledger has a touch.
fn key_of(touch: &TouchId) -> Item {
    keys::keyed(keys::customer(&touch.customer), keys::touch(touch))
}

impl Store {
    /// A touch as the ledger has it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn touch(&self, touch: &TouchId) -> Result<Option<TouchEntry>, StoreError> {
        self.get(key_of(touch)).await?.map(read).transpose()
    }

    /// Notes what the mail service told of a touch; the first word stays. A
    /// touch that the ledger does not know is left unknown.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn note(&self, touch: &TouchId, note: Note, at: Instant) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .set_key(Some(key_of(touch)))
            .update_expression("SET #note = if_not_exists(#note, :at)")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#note", note.attribute())
            .expression_attribute_values(":at", AttributeValue::N(at.millis().to_string()));
        self.update_if(update).await.map(drop)
    }

    /// Takes a touch off the list of those of which nobody knows whether they
    /// went out. It was listed between `since` and `now`, or never.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drop_unknown(
        &self,
        touch: &TouchId,
        since: Instant,
        now: Instant,
    ) -> Result<(), StoreError> {
        let id = failures::id_of(&touch.to_string());
        // Failures are listed by month, so each that it may be in is looked at.
        let (first, last) = (since.date_in(&TimeZone::UTC), now.date_in(&TimeZone::UTC));
        let mut months = BTreeSet::from([failures::partition(now)]);
        for number in 0..failures::MONTHS_LISTED {
            let day = last.first_of_month().checked_sub(jiff::Span::new().months(number));
            let Ok(day) = day else { break };
            let midnight = lazo_domain::calendar::midnight(day, &TimeZone::UTC);
            months.insert(failures::partition(midnight));
            if day <= first {
                break;
            }
        }
        let mut found: Vec<_> =
            months.into_iter().map(|month| keys::keyed(month, id.clone())).collect();
        found.push(failures::part_key(&id, 0));
        for key in found {
            let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
            delete.send().await.map_err(StoreError::service)?;
        }
        Ok(())
    }
}
