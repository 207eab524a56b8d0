//! People who are known under several ids.

use aws_sdk_dynamodb::types::TransactWriteItem;
use lazo_domain::customer::Customer;
use lazo_domain::event::{Body, Event};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Send, TouchId};

use super::commit::refused;
use super::{
    Commit, EventEntry, Ledger, LedgerEntry, Loaded, Store, StoreError, TRANSACTION_ITEMS_MAX,
    TouchState, keys, read,
};

/// Over how many ids one is followed that went into another: each was told.
const HOPS_MAX: usize = 40;

impl Store {
    /// Reads the customer who an id is now, consistently.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn person(&self, id: &Id) -> Result<Loaded, StoreError> {
        let mut loaded = self.load(id).await?;
        for _ in 0..HOPS_MAX {
            match loaded.customer.merged_into.clone() {
                Some(into) => loaded = self.load(&into).await?,
                None => return Ok(loaded),
            }
        }
        let why = "it went into another id too many times".to_owned();
        Err(StoreError::Unreadable { key: keys::customer(id), why })
    }

    /// Whether the ledger has an event, under whatever id of its customer.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn has_counted(&self, event: &Event) -> Result<bool, StoreError> {
        Ok(self.event_entry(event).await?.is_some())
    }

    /// What the ledger keeps of an event, under whatever id of its customer; `None`
    /// where it has not counted.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn event_entry(&self, event: &Event) -> Result<Option<EventEntry>, StoreError> {
        let Some(id) = event.customer() else { return Ok(None) };
        let person = self.person(id).await?.customer;
        let sk = keys::event(event.kind(), &event.ledger_key());
        let places = person.ids().map(|id| (keys::customer(id), sk.clone()));
        self.get_all(places).await?.into_iter().next().map(read).transpose()
    }

    /// Whether the ledger of another id of a person has an event. Nothing is added
    /// to that any more, so that what is read here stays true.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn counted_under_another_id<'e>(
        &self,
        customer: &Customer,
        events: impl IntoIterator<Item = &'e Event>,
    ) -> Result<Vec<bool>, StoreError> {
        let events: Vec<&Event> = events.into_iter().collect();
        let mut counted = vec![false; events.len()];
        // A profile says which id it is of, so it is no other's.
        let is_keyed = |event: &Event| !matches!(event.body, Body::CustomerUpdated(_));
        if customer.merged.is_empty() {
            return Ok(counted);
        }
        let mut places = Vec::new();
        for event in events.iter().filter(|event| is_keyed(event)) {
            let sk = keys::event(event.kind(), &event.ledger_key());
            places.extend(customer.merged.iter().map(|one| (keys::customer(&one.id), sk.clone())));
        }
        let found = self.get_all(places).await?;
        let found: Vec<&str> =
            found.iter().filter_map(|item| keys::text(item, "sk").ok()).collect();
        for (event, counted) in events.iter().zip(&mut counted) {
            let sk = keys::event(event.kind(), &event.ledger_key());
            *counted = is_keyed(event) && found.contains(&sk.as_str());
        }
        Ok(counted)
    }

    /// Which of some touches went out under another id of the person, or may have.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn sent_under_another_id<'s>(
        &self,
        customer: &Customer,
        sends: &'s [Send],
    ) -> Result<Vec<&'s Send>, StoreError> {
        if customer.merged.is_empty() || sends.is_empty() {
            return Ok(Vec::new());
        }
        let under = |send: &Send, id: &Id| TouchId { customer: id.clone(), ..send.touch.clone() };
        let all: Vec<TouchId> = sends
            .iter()
            .flat_map(|send| customer.merged.iter().map(|alias| under(send, &alias.id)))
            .collect();
        let found = self.touches(&all).await?;
        let went = |send: &&Send| {
            customer.merged.iter().any(|alias| {
                let entry = found.get(&under(send, &alias.id));
                entry.is_some_and(|e| matches!(e.state, TouchState::Sent | TouchState::Fenced))
            })
        };
        Ok(sends.iter().filter(went).collect())
    }

    /// Writes two customers' new states with ledger entries of the first, in one
    /// transaction: all or nothing.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or refuses for good.
    pub async fn commit_two(
        &self,
        (before, customer): (&Loaded, Customer),
        (other_before, other): (&Loaded, Customer),
        ledger: &Ledger,
        now: Instant,
    ) -> Result<Commit, StoreError> {
        let (_, other_first, other_rest) = self.change_of(other_before, other, true, now).await?;
        let (mut after, mut first, mut rest) =
            self.change_of(before, customer.clone(), true, now).await?;
        let count = 2 + rest.len() + other_rest.len() + ledger.entries.len();
        if count > TRANSACTION_ITEMS_MAX {
            (after, first, rest) = self.change_of(before, customer, false, now).await?;
        }
        let mut items: Vec<TransactWriteItem> = vec![first];
        for entry in &ledger.entries {
            items.push(self.put_entry(&after.customer.id, entry)?);
        }
        items.extend(rest);
        items.push(other_first);
        items.extend(other_rest);
        let write = self.client.transact_write_items().set_transact_items(Some(items));
        match write.set_return_consumed_capacity(self.count_mode()).send().await {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                Ok(Commit::Done(Box::new(after)))
            }
            Err(error) => {
                self.count(false, []);
                // Of the other state's condition the place is behind the entries.
                Ok(match refused(error)? {
                    Commit::AlreadyRecorded(known) => {
                        let of_ledger = |index: &usize| *index < ledger.entries.len();
                        match known.iter().copied().filter(of_ledger).collect::<Vec<_>>() {
                            known if known.is_empty() => Commit::Conflict,
                            known => Commit::AlreadyRecorded(known),
                        }
                    }
                    other => other,
                })
            }
        }
    }

    /// Lists an open complaint under the id that its customer has now.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn relist(&self, id: &Id, entry: &LedgerEntry) -> Result<(), StoreError> {
        match entry {
            LedgerEntry::Complaint(_) => self.put(entry.item(id)?).await,
            _ => Ok(()),
        }
    }
}
