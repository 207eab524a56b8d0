//! Reading: one item, many, or those of a key or an index.

use std::ops::Bound;

use super::super::expression::{KeyCondition, Scalar};
use super::super::page::Page;
use super::super::wire::{Answer, BatchGetItem, GetItem, Keys, Query};
use super::{Done, Table};

/// How many items one answer gives: those behind are to be asked for again.
const BATCH_ITEMS: usize = 60;

impl Table {
    pub(super) fn get(&self, body: &[u8]) -> Done {
        let request: GetItem = serde_json::from_slice(body)?;
        self.check_name(&request.table_name)?;
        let (pk, sk) = request.key.texts()?;
        let partitions = self.lock(Table::lock_of(&pk));
        Ok(Answer::ok(match partitions.find(&pk, &sk) {
            Some(stored) => format!(r#"{{"Item":{}}}"#, stored.text),
            None => "{}".to_owned(),
        }))
    }

    /// Answers for some of the keys, as if the items were as large as they may be;
    /// the others are to be asked for again.
    pub(super) fn get_batch(&self, body: &[u8]) -> Done {
        let request: BatchGetItem = serde_json::from_slice(body)?;
        let (mut items, mut left) = (String::new(), String::new());
        for (table, Keys { keys, .. }) in request.request_items {
            self.check_name(&table)?;
            for (number, key) in keys.into_iter().enumerate() {
                let (pk, sk) = key.texts()?;
                if number >= BATCH_ITEMS {
                    let key = serde_json::json!({ "pk": { "S": pk }, "sk": { "S": sk } });
                    push(&mut left, &key.to_string());
                } else if let Some(stored) = self.lock(Table::lock_of(&pk)).find(&pk, &sk) {
                    push(&mut items, &stored.text);
                }
            }
        }
        let name = &self.name;
        let responses = format!(r#"{{"{name}":[{items}]}}"#);
        let left = match left.is_empty() {
            true => "{}".to_owned(),
            false => format!(r#"{{"{name}":{{"ConsistentRead":true,"Keys":[{left}]}}}}"#),
        };
        Ok(Answer::ok(format!(r#"{{"Responses":{responses},"UnprocessedKeys":{left}}}"#)))
    }

    pub(super) fn query(&self, body: &[u8], stale_writes: u64) -> Done {
        let request: Query = serde_json::from_slice(body)?;
        self.check_name(&request.table_name)?;
        if request.index_name.is_some() {
            return Ok(Answer::ok(self.indexes.query(&request, stale_writes)?));
        }
        let text = &request.key_condition_expression;
        let condition = KeyCondition::read(text, request.bindings(), ("pk", "sk"))?;
        let behind = request.exclusive_start_key.as_ref().and_then(|key| key.get("sk"));
        let first = match behind {
            Some(Scalar::S(behind)) if behind.as_str() >= condition.first_text() => {
                Bound::Excluded(behind.as_str())
            }
            _ => Bound::Included(condition.first_text()),
        };
        let partitions = self.lock(Table::lock_of(&condition.hash));
        let mut page = Page::new(request.limit);
        if request.scan_index_forward == Some(false) {
            let items = partitions.items.get(&condition.hash).into_iter().flatten();
            for (sk, stored) in items.rev() {
                let is_behind = match behind {
                    Some(Scalar::S(behind)) => sk.as_str() < behind.as_str(),
                    _ => true,
                };
                let key =
                    || serde_json::json!({ "pk": { "S": condition.hash }, "sk": { "S": sk } });
                if is_behind
                    && condition.takes_text(sk)?
                    && page.add(&stored.text, || key().to_string())
                {
                    break;
                }
            }
            return Ok(Answer::ok(page.answer()));
        }
        let partition = partitions.items.get(&condition.hash);
        let items = partition.map(|items| items.range::<str, _>((first, Bound::Unbounded)));
        for (sk, stored) in items.into_iter().flatten() {
            if !condition.takes_text(sk)? {
                match condition.ends_early() {
                    true => break,
                    false => continue,
                }
            }
            let key = || {
                let (pk, sk) = (&condition.hash, sk);
                serde_json::json!({ "pk": { "S": pk }, "sk": { "S": sk } }).to_string()
            };
            if page.add(&stored.text, key) {
                break;
            }
        }
        Ok(Answer::ok(page.answer()))
    }
}

/// Adds to the elements of a list in JSON.
fn push(list: &mut String, element: &str) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(element);
}
