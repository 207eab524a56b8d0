//! Enrolments, by an index of the entries that tell of them: each by its trigger's
//! instant, so that a report reads the days that it is asked for.
//!
//! An enrolment has no item of its own: its first touch tells of it, or the event that
//! triggered it where the customer is held out. Until that first touch it is found among
//! those who have something pending.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use super::table::{self, Alarm, ENROLLED};
use super::{
    EventEntry, Item, Loaded, Sk, Store, StoreError, TouchEntry, details, item, keys, read,
};

/// Puts an entry of a customer's into the index.
pub(in crate::shell::store) fn mark(item: &mut Item, id: &Id) {
    item.insert(ENROLLED.hash.attribute.into(), AttributeValue::S(shard(table::shard_of(id))));
}

fn shard(number: u8) -> String {
    format!("{}#{number}", ENROLLED.name)
}

/// Which enrolments are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// Of triggers from this instant on.
    pub from: Instant,
    /// Up to this one.
    pub until: Instant,
    /// How much earlier than `from` an event may have told of one: what it tells first
    /// may be of another trigger.
    pub slack_millis: i64,
    /// Only this rule's, where one is named.
    pub rule: Option<&'a str>,
}

/// A customer's state and ledger.
#[derive(Debug)]
pub struct Known {
    /// The state.
    pub customer: Customer,
    /// Accepted events.
    pub events: Vec<EventEntry>,
    /// Touches.
    pub touches: Vec<TouchEntry>,
}

impl Store {
    /// The customers of whom the ledger may tell of such an enrolment, of one shard.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn enrolled(
        &self,
        number: u8,
        sought: &Sought<'_>,
    ) -> Result<BTreeSet<Id>, StoreError> {
        let instant = |at: Instant| AttributeValue::N(at.millis().to_string());
        let from = sought.from.plus_millis(-sought.slack_millis);
        let query = self
            .client
            .query()
            .index_name(ENROLLED.name)
            .key_condition_expression("#shard = :shard AND #at BETWEEN :from AND :until")
            .expression_attribute_names("#shard", ENROLLED.hash.attribute)
            .expression_attribute_names("#at", ENROLLED.range.attribute)
            .expression_attribute_values(":shard", AttributeValue::S(shard(number)))
            .expression_attribute_values(":from", instant(from))
            .expression_attribute_values(":until", instant(sought.until));
        let mut found = BTreeSet::new();
        self.each_page(query, |page| {
            for item in &page {
                if sought.is_met_by(item)? {
                    found.insert(keys::customer_of(item)?);
                }
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }

    /// The customers of one shard who have a touch pending, up to so many at a time.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn waiting(&self, number: u8) -> Result<Vec<Id>, StoreError> {
        let query = self
            .client
            .query()
            .index_name(Alarm::Due.index())
            .key_condition_expression("#shard = :shard")
            .expression_attribute_names("#shard", Alarm::Due.shard_attribute())
            .expression_attribute_values(":shard", AttributeValue::S(Alarm::Due.shard(number)));
        self.all_of(query).await?.iter().map(keys::customer_of).collect()
    }

    /// All that is known of a person, under each of their ids, the present one first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn known_of(&self, id: &Id) -> Result<Vec<Known>, StoreError> {
        let mut all: BTreeMap<Id, Known> = BTreeMap::new();
        let mut main = id.clone();
        loop {
            let known = self.known_under(&main).await?;
            let into = known.customer.merged_into.clone();
            all.insert(main.clone(), known);
            // Somebody who went in a circle would be no one.
            match into.filter(|into| !all.contains_key(into)) {
                Some(into) => main = into,
                None => break,
            }
        }
        let others: Vec<Id> =
            all.get(&main).into_iter().flat_map(|k| k.customer.ids()).cloned().collect();
        for other in others {
            if let Entry::Vacant(place) = all.entry(other) {
                let known = self.known_under(place.key()).await?;
                place.insert(known);
            }
        }
        let first = all.remove(&main);
        Ok(first.into_iter().chain(all.into_values()).collect())
    }

    /// Everything in a customer's ledger, in the order of keys.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn ledger(&self, id: &Id) -> Result<(Vec<EventEntry>, Vec<TouchEntry>), StoreError> {
        let (mut events, mut touches) = (Vec::new(), Vec::new());
        for item in self.items_under(id, Sk::Any).await? {
            let sk = keys::text(&item, "sk")?.to_owned();
            if sk.starts_with("event#") {
                events.push(read(details::unpacked(item)?)?);
            } else if sk.starts_with("touch#") {
                touches.push(read(item)?);
            }
        }
        Ok((events, touches))
    }

    /// All that is known under one id, by one query.
    async fn known_under(&self, id: &Id) -> Result<Known, StoreError> {
        let items = self.items_under(id, Sk::Any).await?;
        let sk = |item: &Item| keys::text(item, "sk").map(str::to_owned);
        let mut customer = None;
        for item in &items {
            if sk(item)? == keys::STATE {
                customer = Some(item::decode(id, item, &items)?);
            }
        }
        let Loaded { customer, .. } = match customer {
            None => Loaded::new(id),
            Some(Some(loaded)) => loaded,
            // Somebody wrote while it was read.
            Some(None) => Box::pin(self.load(id)).await?,
        };
        let (mut events, mut touches) = (Vec::new(), Vec::new());
        for item in items {
            let sk = sk(&item)?;
            if sk.starts_with("event#") {
                events.push(read(details::unpacked(item)?)?);
            } else if sk.starts_with("touch#") {
                touches.push(read(item)?);
            }
        }
        Ok(Known { customer, events, touches })
    }
}

impl Sought<'_> {
    /// Whether a key of the index may be of an enrolment that is sought.
    fn is_met_by(&self, item: &Item) -> Result<bool, StoreError> {
        let sk = keys::text(item, "sk")?;
        let Some(touch) = sk.strip_prefix("touch#") else { return Ok(true) };
        let rule = touch.split('/').next();
        let is_in = keys::instant(item, ENROLLED.range.attribute)? >= self.from;
        Ok(is_in && self.rule.is_none_or(|only| Some(only) == rule))
    }
}
