//! What stands beside a customer's state, as far as a page shows it: by two queries an id,
//! however long the history is.

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::event::EventKind;
use lazo_domain::id::Id;

use super::{
    Answer, Call, EscalationEntry, EventEntry, Item, Store, StoreError, TouchEntry, details, keys,
    read,
};

/// Behind the keys of answers, calls, complaints and events, before those of states.
const EVENTS_END: &str = "event$";

/// What is known beside the state, under one id.
#[derive(Debug, Default)]
pub struct Beside {
    /// Events that counted, in no order.
    pub events: Vec<EventEntry>,
    /// Touches as the ledger has them.
    pub touches: Vec<TouchEntry>,
    /// Calls and tasks that there are and were.
    pub calls: Vec<Call>,
    /// Answers to surveys.
    pub answers: Vec<Answer>,
    /// Levels that complaints reached.
    pub escalations: Vec<EscalationEntry>,
    /// Whether that is all: one answer of the table holds a megabyte.
    pub is_whole: bool,
}

impl Store {
    /// What stands beside a customer's state under one id, as far as two answers hold it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn beside(&self, id: &Id) -> Result<Beside, StoreError> {
        let (before_state, touches) = futures::future::try_join(
            self.some_under(id, "sk < :sk", EVENTS_END),
            self.some_under(id, "begins_with(sk, :sk)", "touch#"),
        )
        .await?;
        let mut beside = Beside { is_whole: before_state.1 && touches.1, ..Beside::default() };
        for item in before_state.0 {
            let sk = keys::text(&item, "sk")?.to_owned();
            if sk.starts_with("event#") {
                beside.events.push(read(details::unpacked(item)?)?);
            } else if sk.starts_with(keys::CALL) {
                beside.calls.push(read(item)?);
            } else if sk.starts_with(keys::ESCALATION) {
                beside.escalations.push(read(item)?);
            } else if sk.starts_with(keys::ANSWER) && item.contains_key("touchpoint") {
                beside.answers.push(read(item)?);
            }
        }
        beside.touches = touches.0.into_iter().map(read).collect::<Result<_, _>>()?;
        Ok(beside)
    }

    /// Events of a customer by their keys, at most a hundred, by one request; those that
    /// the ledger does not have are left out.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn events_by_key(
        &self,
        id: &Id,
        wanted: impl IntoIterator<Item = (EventKind, String)>,
    ) -> Result<Vec<EventEntry>, StoreError> {
        let place =
            |(kind, key): (EventKind, String)| (keys::customer(id), keys::event(kind, &key));
        let found = self.get_all(wanted.into_iter().take(100).map(place)).await?;
        found.into_iter().map(|item| read(details::unpacked(item)?)).collect()
    }

    /// The first answer of a query under a customer, and whether it has all.
    async fn some_under(
        &self,
        id: &Id,
        condition: &str,
        sk: &str,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!("pk = :pk AND {condition}"))
            .expression_attribute_values(":pk", AttributeValue::S(keys::customer(id)))
            .expression_attribute_values(":sk", AttributeValue::S(sk.to_owned()));
        let answer = query.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let is_whole = answer.last_evaluated_key.is_none();
        Ok((answer.items.unwrap_or_default(), is_whole))
    }
}
