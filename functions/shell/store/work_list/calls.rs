//! The call list: calls and tasks that wait for a person, by whose they are.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::channel::Channel;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Send, TouchId};
use serde::{Deserialize, Serialize};

use super::{Item, Sk, Store, StoreError, keys, read, to_item};

/// Whether a call or a task still waits for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallStatus {
    /// Nobody has reported or withdrawn it; its time may be over nevertheless.
    Open,
    /// It was reported or withdrawn, and is on no list any more.
    Done,
}

/// A call or a task: whose, about whom, until when. What to say is written
/// when somebody looks, from what is known then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The touch that asked for it.
    pub touch: TouchId,
    /// Whether it is a call or a task.
    pub channel: Channel,
    /// The template of what to say; empty where the step names none.
    pub template: String,
    /// The person or team on whose list it is.
    pub assigned_to: String,
    /// When it was put on the list.
    pub asked_at: Instant,
    /// When it is of no use any more.
    pub expires_at_instant: Instant,
    /// Whether it still waits; see also [`Call::is_open`].
    pub status: CallStatus,
    /// How it went, or why it was withdrawn; `None` while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Who took it from the list, and until when nobody else gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_by: Option<String>,
    /// From then on others may take it; `None` where nobody took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_until: Option<Instant>,
    /// Until when it is handed out to nobody; `None` where nobody put it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Instant>,
    /// Somebody gave it to whom it is assigned: what is learnt of the customer
    /// moves it no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handed_over: bool,
    /// Who reported how it went; `None` where nobody did, or did not say who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_by: Option<String>,
    /// When the call of that report was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Instant>,
}

impl Call {
    /// The call or task that a send asks for: open, and taken by nobody.
    pub fn new(send: &Send) -> Call {
        Call {
            touch: send.touch.clone(),
            channel: send.channel,
            template: send.template.clone().unwrap_or_default(),
            assigned_to: send.assign_to.clone(),
            asked_at: send.at,
            expires_at_instant: send.expires_at,
            status: CallStatus::Open,
            outcome: None,
            claimed_by: None,
            claimed_until: None,
            snoozed_until: None,
            handed_over: false,
            reported_by: None,
            reported_at: None,
        }
    }

    /// Who has it to themselves now.
    pub fn holder(&self, now: Instant) -> Option<&str> {
        self.claimed_by.as_deref().filter(|_| self.claimed_until.is_some_and(|until| now < until))
    }

    /// Until when it is put off, where it is now.
    pub fn snoozed(&self, now: Instant) -> Option<Instant> {
        self.snoozed_until.filter(|until| now < *until)
    }

    /// Whether somebody may still make it.
    pub fn is_open(&self, now: Instant) -> bool {
        self.status == CallStatus::Open && now < self.expires_at_instant
    }

    pub(in crate::shell::store) fn item(&self) -> Result<Item, StoreError> {
        let mut item = to_item(self)?;
        if self.status == CallStatus::Open {
            let by = self.expires_at_instant.millis().to_string();
            item.insert("calls_of".into(), AttributeValue::S(self.assigned_to.clone()));
            item.insert("calls_by".into(), AttributeValue::N(by));
        }
        Ok(item)
    }
}

/// Where the item of an index's entry is.
pub(in crate::shell::store) fn place(item: &Item) -> Result<(String, String), StoreError> {
    Ok((keys::text(item, "pk")?.to_owned(), keys::text(item, "sk")?.to_owned()))
}

impl Store {
    /// Notes that somebody has calls, so that a list of all can be made.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn note_assignee(&self, name: &str) -> Result<(), StoreError> {
        self.put(keys::keyed(keys::ASSIGNEES, name)).await
    }

    /// Everybody who ever had a call.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn assignees(&self) -> Result<Vec<String>, StoreError> {
        let items = self.items_of(keys::ASSIGNEES, Sk::Any).await?;
        items.iter().map(|item| keys::text(item, "sk").map(str::to_owned)).collect()
    }

    /// The open calls of one person or team that are still of use, the most
    /// urgent first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn open_calls(&self, of: &str, now: Instant) -> Result<Vec<Call>, StoreError> {
        let listed = self.on_list(of, now).await?;
        let calls = self.get_all(listed).await?.into_iter().map(read);
        let mut calls: Vec<Call> = calls.collect::<Result<_, _>>()?;
        // The index may be behind a call that was given to somebody else.
        calls.retain(|call| call.status == CallStatus::Open && call.assigned_to == of);
        Ok(calls)
    }

    /// The first so many of them, by two requests or three however long the list is;
    /// and whether there are more.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn first_open_calls(
        &self,
        of: &str,
        now: Instant,
        limit: usize,
    ) -> Result<(Vec<Call>, bool), StoreError> {
        let found = self.first_of(self.listed(of, now), limit).await?;
        let is_more = found.len() >= limit;
        let places = found.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let calls = self.get_all(places).await?.into_iter().map(read);
        let mut calls: Vec<Call> = calls.collect::<Result<_, _>>()?;
        calls.retain(|call| call.status == CallStatus::Open && call.assigned_to == of);
        Ok((calls, is_more))
    }

    /// The keys of what is on a list, with a deadline after an instant, the
    /// earliest first.
    pub(in crate::shell::store) async fn on_list(
        &self,
        of: &str,
        after: Instant,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.all_of(self.listed(of, after)).await?.iter().map(place).collect()
    }

    /// Asks for what is on a list, with a deadline after an instant.
    pub(in crate::shell::store) fn listed(&self, of: &str, after: Instant) -> QueryFluentBuilder {
        self.client
            .query()
            .index_name("calls")
            .key_condition_expression("calls_of = :of AND calls_by > :after")
            .expression_attribute_values(":of", AttributeValue::S(of.to_owned()))
            .expression_attribute_values(":after", AttributeValue::N(after.millis().to_string()))
    }

    /// The call that a touch asked for.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn call(&self, touch: &TouchId) -> Result<Option<Call>, StoreError> {
        let found =
            self.get(keys::keyed(keys::customer(&touch.customer), keys::call(touch))).await?;
        found.map(read).transpose()
    }

    /// Every call and task that is on the list about a customer, also those
    /// that are of no use any more.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn calls_about(&self, customer: &Id) -> Result<Vec<Call>, StoreError> {
        let items = self.items_under(customer, Sk::Begins(keys::CALL)).await?;
        let listed = items.into_iter().filter(|item| item.contains_key("calls_of"));
        let mut listed: Vec<Call> = listed.map(read).collect::<Result<_, _>>()?;
        listed.retain(|call| call.status == CallStatus::Open);
        Ok(listed)
    }

    /// Gives a call to somebody until an instant, where it is open and nobody
    /// else has it. Whether they got it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn claim_call(
        &self,
        touch: &TouchId,
        by: &str,
        until: Instant,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(&touch.customer), keys::call(touch))))
            .condition_expression(
                "#status = :open AND calls_by > :now AND \
                 (attribute_not_exists(claimed_by) OR claimed_by = :by OR claimed_until <= :now)",
            )
            .update_expression("SET claimed_by = :by, claimed_until = :until")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":open", AttributeValue::S("open".into()))
            .expression_attribute_values(":by", AttributeValue::S(by.to_owned()))
            .expression_attribute_values(":until", AttributeValue::N(until.millis().to_string()))
            .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()));
        self.update_if(update).await
    }

    /// Gives a call that nobody has taken to another person or team, as more is
    /// known of the customer. Whether it moved: one that somebody handed over stays.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn reassign_call(
        &self,
        touch: &TouchId,
        to: &str,
        now: Instant,
    ) -> Result<bool, StoreError> {
        self.note_assignee(to).await?;
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(&touch.customer), keys::call(touch))))
            .condition_expression(
                "#status = :open AND attribute_not_exists(handed_over) AND \
                 (attribute_not_exists(claimed_by) OR claimed_until <= :now)",
            )
            .update_expression("SET assigned_to = :to, calls_of = :to")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":open", AttributeValue::S("open".into()))
            .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
            .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()));
        self.update_if(update).await
    }

    /// Takes a call off the list that nobody reported yet.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn withdraw_call(&self, touch: &TouchId, why: &str) -> Result<(), StoreError> {
        let (customer, sk) = (&touch.customer, keys::call(touch));
        self.take_off_list(customer, &sk, why, "#status = :open").await
    }

    /// Puts a call on the list again that was taken off it, where it is still of use.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn reopen_call(&self, touch: &TouchId, now: Instant) -> Result<bool, StoreError> {
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(&touch.customer), keys::call(touch))))
            .condition_expression("#status = :done AND expires_at_instant > :now")
            .update_expression(
                "SET #status = :open, calls_of = assigned_to, calls_by = expires_at_instant \
                 REMOVE outcome, reported_by, reported_at",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":done", AttributeValue::S("done".into()))
            .expression_attribute_values(":open", AttributeValue::S("open".into()))
            .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()));
        self.update_if(update).await
    }

    /// Takes a call off the list, with how it went. One that is not on it, or of
    /// which somebody reported in their name, changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn close_call(
        &self,
        customer: &Id,
        touch: &str,
        outcome: &str,
    ) -> Result<(), StoreError> {
        let Some(touch) = TouchId::of_customer(touch, customer) else { return Ok(()) };
        let unsigned = "attribute_exists(pk) AND attribute_not_exists(reported_by)";
        self.take_off_list(customer, &keys::call(&touch), outcome, unsigned).await
    }

    pub(in crate::shell::store) async fn take_off_list(
        &self,
        customer: &Id,
        sk: &str,
        outcome: &str,
        condition: &str,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .set_key(Some(keys::keyed(keys::customer(customer), sk)))
            .condition_expression(condition)
            .update_expression(
                "SET #status = :done, outcome = :outcome \
                 REMOVE calls_of, calls_by, claimed_by, claimed_until",
            )
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":done", AttributeValue::S("done".into()))
            .expression_attribute_values(":outcome", AttributeValue::S(outcome.to_owned()));
        // DynamoDB refuses values that no expression names.
        self.update_if(match condition.contains(":open") {
            true => update.expression_attribute_values(":open", AttributeValue::S("open".into())),
            false => update,
        })
        .await
        .map(drop)
    }
}
