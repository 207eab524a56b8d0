//! What reps do with the calls on their lists, besides making them: one conditional
//! write each, so that of two at once neither loses what the other did. Nothing of
//! the customer changes: a call expires, is withdrawn and is reported as before.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::{Call, CallStatus, Store, StoreError, keys, read};

/// It is open, in time, and no other than `:by` has it.
const IS_FREE: &str = "#status = :open AND calls_by > :now AND \
    (attribute_not_exists(claimed_by) OR claimed_by = :by OR claimed_until <= :now)";

impl Store {
    /// Lets go of a call that somebody took, so that others may take it. Whether
    /// they had it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn release_call(&self, touch: &TouchId, by: &str) -> Result<bool, StoreError> {
        let update = self
            .open_call(touch)
            .condition_expression("#status = :open AND claimed_by = :by")
            .update_expression("REMOVE claimed_by, claimed_until")
            .expression_attribute_values(":by", AttributeValue::S(by.to_owned()));
        self.update_if(update).await
    }

    /// Gives a call that nobody else than `by` has to a person or team, and lets
    /// go of it. Whether it was so.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn hand_over_call(
        &self,
        touch: &TouchId,
        to: &str,
        by: Option<&str>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.note_assignee(to).await?;
        let update = self
            .free_call(touch, by, now)
            .condition_expression(IS_FREE)
            .update_expression(
                "SET assigned_to = :to, calls_of = :to, handed_over = :yes \
                 REMOVE claimed_by, claimed_until",
            )
            .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
            .expression_attribute_values(":yes", AttributeValue::Bool(true));
        self.update_if(update).await
    }

    /// Puts a call off until an instant before its deadline, where nobody else than
    /// `by` has it, and lets go of it. Whether it was so.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn snooze_call(
        &self,
        touch: &TouchId,
        until: Instant,
        by: Option<&str>,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let update = self
            .free_call(touch, by, now)
            .condition_expression(format!("{IS_FREE} AND calls_by > :until"))
            .update_expression("SET snoozed_until = :until REMOVE claimed_by, claimed_until")
            .expression_attribute_values(":until", AttributeValue::N(until.millis().to_string()));
        self.update_if(update).await
    }

    fn open_call(&self, touch: &TouchId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(&touch.customer), keys::call(touch))))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":open", AttributeValue::S("open".into()))
    }

    fn free_call(
        &self,
        touch: &TouchId,
        by: Option<&str>,
        now: Instant,
    ) -> UpdateItemFluentBuilder {
        self.open_call(touch)
            .expression_attribute_values(":by", AttributeValue::S(by.unwrap_or("").to_owned()))
            .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()))
    }

    /// The touches of the calls on a list that are still of use, by the index alone:
    /// one that was just reported may still be there.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn listed_touches(&self, of: &str, now: Instant) -> Result<Vec<TouchId>, StoreError> {
        let listed = self.on_list(of, now).await?;
        Ok(listed.iter().filter_map(|(pk, sk)| keys::call_at(pk, sk)).collect())
    }

    /// The touches of the calls that somebody reported since an instant, by the index
    /// alone.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn made_touches(&self, by: &str, since: Instant) -> Result<Vec<TouchId>, StoreError> {
        self.listed_touches(&made_by(by), since.plus_millis(-1)).await
    }

    /// Takes a call off the list, with how it went and who reported it, and lists it
    /// among those that they made. Of several reports the latest counts, whichever
    /// comes first; one that is not on the list changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn sign_call(
        &self,
        touch: &TouchId,
        outcome: &str,
        by: &str,
        at: Instant,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(&touch.customer), keys::call(touch))))
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(reported_at) OR reported_at <= :at)",
            )
            .update_expression(
                "SET #status = :done, outcome = :outcome, reported_by = :by, reported_at = :at, \
                 calls_of = :list, calls_by = :at REMOVE claimed_by, claimed_until",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":done", AttributeValue::S("done".into()))
            .expression_attribute_values(":outcome", AttributeValue::S(outcome.to_owned()))
            .expression_attribute_values(":by", AttributeValue::S(by.to_owned()))
            .expression_attribute_values(":list", AttributeValue::S(made_by(by)))
            .expression_attribute_values(":at", AttributeValue::N(at.millis().to_string()));
        self.update_if(update).await.map(drop)
    }

    /// The calls that somebody reported since an instant, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn made_calls(&self, by: &str, since: Instant) -> Result<Vec<Call>, StoreError> {
        let listed = self.on_list(&made_by(by), since.plus_millis(-1)).await?;
        let calls = self.get_all(listed).await?.into_iter().map(read);
        let mut calls: Vec<Call> = calls.collect::<Result<_, _>>()?;
        calls.retain(|call| {
            call.status == CallStatus::Done && call.reported_by.as_deref() == Some(by)
        });
        calls.sort_by_key(|call| call.reported_at);
        Ok(calls)
    }
}

/// The index's key of the calls that somebody made. No person or team has such a
/// name.
fn made_by(name: &str) -> String {
    format!("made#{name}")
}
