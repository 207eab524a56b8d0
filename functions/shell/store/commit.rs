//! A customer's new state and its ledger entries, written as one: all or nothing.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConsumedCapacity, Put, TransactWriteItem,
};
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use super::item;
use super::sections::Encoded;
use super::{
    Checks, Item, Ledger, LedgerEntry, Loaded, Store, StoreError, TouchEntry, TouchState, is_final,
    keys,
};

/// What a write asks of what is stored, with the values that it names:
/// that it is what was read, or nothing where nothing was.
pub(super) fn as_read(version: u64) -> (&'static str, Option<Item>) {
    match version {
        0 => ("attribute_not_exists(pk)", None),
        version => {
            let version = AttributeValue::N(version.to_string());
            ("version = :version", Some(Item::from([(":version".to_owned(), version)])))
        }
    }
}

/// `is_searchable` says whether the index has the customer after it.
fn after_of(before: &Loaded, customer: Customer, is_searchable: bool, now: Instant) -> Loaded {
    Loaded {
        version: before.version + 1,
        alarms: before.alarms.moved(&customer, now),
        customer,
        checks: Checks::default(),
        sections: before.sections.clone(),
        is_searchable,
    }
}

/// How a commit ended that reached the table.
#[derive(Debug)]
pub enum Commit {
    /// All of it was written; this is the customer as stored from then on.
    Done(Box<Loaded>),
    /// Somebody else wrote the customer first: load and decide again.
    Conflict,
    /// The ledger has these entries already, by their place in the list.
    AlreadyRecorded(Vec<usize>),
}

impl Commit {
    /// What is known of so many entries. Whatever else was not as it was read, such
    /// as an address of which something was said meanwhile, is a conflict.
    fn of_entries(self, count: usize) -> Commit {
        let Commit::AlreadyRecorded(mut known) = self else { return self };
        known.retain(|entry| *entry < count);
        if known.is_empty() { Commit::Conflict } else { Commit::AlreadyRecorded(known) }
    }
}

impl Store {
    /// Writes a customer's new state with its ledger entries, in one
    /// transaction: all or nothing; with what the change says of their addresses,
    /// and on the condition that nothing was said of the one that a fence is for
    /// since that was looked up. Where its answer is lost, a fence with a mark tells
    /// whether it was done.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or refuses for good.
    pub async fn commit(
        &self,
        before: &Loaded,
        customer: Customer,
        ledger: &Ledger,
        now: Instant,
    ) -> Result<Commit, StoreError> {
        if ledger.entries.is_empty()
            && before.version > 0
            && before.is_searchable
            && customer.was_only_looked_at(&before.customer)
        {
            return self.commit_look(before.version, after_of(before, customer, true, now)).await;
        }
        let (after, state, rest) = self.change_of(before, customer, true, now).await?;
        let checks = self.check_said(before, ledger)?;
        if ledger.entries.is_empty()
            && rest.is_empty()
            && checks.is_empty()
            && let Some(put) = state.put
        {
            return self.commit_alone(before.version, after, put.item).await;
        }
        let mut items = vec![state];
        for entry in &ledger.entries {
            items.push(self.put_entry(&after.customer.id, entry)?);
        }
        items.extend(rest);
        items.extend(checks);
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                Ok(Commit::Done(Box::new(after)))
            }
            Err(error) => {
                self.count(false, []);
                let refused = refused(error).map(|how| how.of_entries(ledger.entries.len()));
                match ledger.fence() {
                    Some(fence) if self.stands(fence).await => Ok(Commit::Done(Box::new(after))),
                    _ => refused,
                }
            }
        }
    }

    /// A customer's new state, the write of it, and what else is written with it. Where
    /// there is no room for what changes in the index of searches, a later write sees
    /// to it.
    pub(super) async fn change_of(
        &self,
        before: &Loaded,
        customer: Customer,
        has_room_for_search: bool,
        now: Instant,
    ) -> Result<(Loaded, TransactWriteItem, Vec<TransactWriteItem>), StoreError> {
        let mut after = after_of(before, customer, has_room_for_search, now);
        let Encoded { hot, puts, sections } = item::encode(&after)?;
        after.sections = sections;
        let mut rest = self.put_interests(&before.customer, &after.customer, now)?;
        rest.extend(self.put_agenda(&before.customer, &after.customer, now)?);
        rest.extend(Box::pin(self.put_said(&before.customer, &after.customer)).await?);
        if has_room_for_search {
            rest.extend(Box::pin(self.put_search(before, &after.customer, now)).await?);
        }
        for part in puts {
            let put = Put::builder().table_name(&self.table).set_item(Some(part));
            rest.push(transact_put(put)?);
        }
        Ok((after, self.put_state(before.version, hot)?, rest))
    }

    /// The same of a state that nothing goes with: one item is written for half
    /// of what a transaction costs. Where its answer is lost and the SDK asks
    /// again, it may have been done and be called a conflict: whoever loads the
    /// customer then finds it done.
    async fn commit_alone(
        &self,
        version: u64,
        after: Loaded,
        state: Item,
    ) -> Result<Commit, StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(state));
        let (condition, values) = as_read(version);
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        let answer = put.set_return_consumed_capacity(self.count_mode()).send().await;
        self.alone(answer.map(|answer| answer.consumed_capacity), after)
    }

    /// The same after a look at a calendar that changed nothing, as most do: what
    /// stays is not sent again.
    async fn commit_look(&self, version: u64, after: Loaded) -> Result<Commit, StoreError> {
        let (condition, values) = as_read(version);
        let mut values = values.unwrap_or_default();
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        for (name, value) in item::of_look(&after) {
            match value {
                Some(value) => {
                    set.push(format!("{name} = :new_{name}"));
                    values.insert(format!(":new_{name}"), value);
                }
                None => remove.push(name),
            }
        }
        let mut change = format!("SET {}", set.join(", "));
        if !remove.is_empty() {
            change += &format!(" REMOVE {}", remove.join(", "));
        }
        let key = keys::keyed(keys::customer(&after.customer.id), keys::STATE);
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key));
        let update = update.update_expression(change).condition_expression(condition);
        let update = update.set_expression_attribute_values(Some(values));
        let answer = update.set_return_consumed_capacity(self.count_mode()).send().await;
        self.alone(answer.map(|answer| answer.consumed_capacity), after)
    }

    /// How the write of one item ended, by what it cost or its error.
    fn alone<E>(
        &self,
        answer: Result<Option<ConsumedCapacity>, SdkError<E>>,
        after: Loaded,
    ) -> Result<Commit, StoreError>
    where
        SdkError<E>: ProvideErrorMetadata + std::error::Error,
    {
        match answer {
            Ok(used) => {
                self.count(false, used.as_ref());
                Ok(Commit::Done(Box::new(after)))
            }
            Err(error) => {
                self.count(false, []);
                match error.code() {
                    Some("ConditionalCheckFailedException" | "TransactionConflictException") => {
                        Ok(Commit::Conflict)
                    }
                    _ => Err(StoreError::of_write(error)),
                }
            }
        }
    }

    /// Whether a fence stands as it was written, mark and all: the transaction
    /// that wrote it was done, whatever was answered. Nobody else calls behind a
    /// fence, so whoever finds the own one standing goes on.
    async fn stands(&self, fence: &TouchEntry) -> bool {
        match self.touch(&fence.touch).await {
            Ok(Some(found)) => {
                found.state == TouchState::Fenced && found.fenced_by == fence.fenced_by
            }
            // Then it is settled as what somebody left who is gone.
            Ok(None) | Err(_) => false,
        }
    }

    fn put_state(&self, version: u64, state: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(state));
        let (condition, values) = as_read(version);
        let put = put.condition_expression(condition).set_expression_attribute_values(values);
        transact_put(put)
    }

    pub(super) fn put_entry(
        &self,
        id: &Id,
        entry: &LedgerEntry,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(entry.item(id)?));
        let Some((condition, state)) = entry.condition() else { return transact_put(put) };
        let put = put.condition_expression(condition);
        transact_put(match state {
            None => put,
            Some(state) => put
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", AttributeValue::S(state.into())),
        })
    }
}

pub(super) fn transact_put(put: PutBuilder) -> Result<TransactWriteItem, StoreError> {
    let put = put.build().map_err(|error| StoreError::Unwritable(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// What a refused transaction tells: a conflict, entries that were there, or
/// that it cannot be.
pub(super) fn refused(error: SdkError<TransactWriteItemsError>) -> Result<Commit, StoreError> {
    let reasons: Vec<CancellationReason> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled.cancellation_reasons().to_vec()
        }
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => {
            return Ok(Commit::Conflict);
        }
        _ => return Err(StoreError::of_write(error)),
    };
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let failed = |reason: &CancellationReason| code(reason) == "ConditionalCheckFailed";
    if let Some(other) = reasons.iter().find(|reason| {
        !["None", "ConditionalCheckFailed", "TransactionConflict"].contains(&code(reason).as_str())
    }) {
        return match code(other).as_str() {
            "ThrottlingError" | "ProvisionedThroughputExceeded" => Ok(Commit::Conflict),
            never if is_final(never) => {
                Err(StoreError::Unwritable(other.message().unwrap_or(never).to_owned()))
            }
            _ => Err(StoreError::service(error)),
        };
    }
    let known: Vec<usize> =
        reasons.iter().skip(1).enumerate().filter(|(_, r)| failed(r)).map(|(i, _)| i).collect();
    // An entry that is known tells more than the version it came with.
    match known.is_empty() {
        true => Ok(Commit::Conflict),
        false => Ok(Commit::AlreadyRecorded(known)),
    }
}
