//! DynamoDB's table in memory: the operations that the store uses, with the
//! meaning that AWS gives them.
//!
//! Items are kept as their texts on the wire, in partitions that are locked by
//! the hash of their key, so that threads which work on different customers
//! hardly meet. A transaction takes the locks of all its partitions, in one
//! order, and writes all or nothing.

mod change;
mod read;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::attributes::{Attributes, attributes};
use super::expression::{Bindings, Change, Scalar, Unknown, changes, holds};
use super::index::{At, Indexes};
use super::wire::{
    Answer, ConditionCheck, DeleteItem, Key, PutItem, TransactItem, TransactWriteItems, UpdateItem,
};
use change::{changed, tells_old, updated};

/// How many locks the partitions are spread over.
const LOCKS: usize = 64;

/// How many items a transaction takes, and how many of the latest transactions
/// of a lock are recognised when they come again.
const TRANSACTION_ITEMS_MAX: usize = 100;
const TOKENS_MAX: usize = 64;

struct Stored {
    text: Box<str>,
    indexed: Vec<At>,
}

#[derive(Default)]
struct Partitions {
    items: HashMap<String, BTreeMap<String, Stored>>,
    /// By token, the hash of what was asked for.
    tokens: VecDeque<(String, u64)>,
}

/// One table, with the indexes of `store::table`.
pub struct Table {
    name: String,
    locks: Vec<Mutex<Partitions>>,
    indexes: Indexes,
}

/// Why an operation was not done.
enum Refused {
    Unknown(Unknown),
    /// With the item's text as it is, where it was asked for.
    Condition(Option<String>),
}

impl From<Unknown> for Refused {
    fn from(unknown: Unknown) -> Refused {
        Refused::Unknown(unknown)
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Refused {
        Refused::Unknown(Unknown(format!("this request: {error}")))
    }
}

type Done = Result<Answer, Refused>;

fn hash_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// An item that is to be written.
struct Write {
    pk: String,
    sk: String,
    text: Box<str>,
    indexed: Vec<At>,
}

impl Write {
    fn of(text: Box<str>) -> Result<Write, Unknown> {
        let parsed = attributes(&text)?;
        let key = |name| match parsed.get(name).map(|raw| serde_json::from_str(raw.get())) {
            Some(Ok(Scalar::S(key))) if !key.is_empty() => Ok(key),
            _ => Err(Unknown(format!("an item whose {name} is no text"))),
        };
        let (pk, sk) = (key("pk")?, key("sk")?);
        let indexed = At::of(&parsed)?;
        Ok(Write { pk, sk, text, indexed })
    }
}

impl Table {
    /// A table of this name; one that keeps the past of its indexes can be
    /// read as they were some writes ago.
    pub fn new(name: impl Into<String>, keeps_past: bool) -> Table {
        let locks = (0..LOCKS).map(|_| Mutex::default()).collect();
        Table { name: name.into(), locks, indexes: Indexes::new(keeps_past) }
    }

    /// Answers one request. `stale_writes` tells how many writes a read of an
    /// index is behind.
    pub fn answer(&self, operation: &str, body: &[u8], stale_writes: u64) -> Answer {
        let done = match operation {
            "GetItem" => self.get(body),
            "BatchGetItem" => self.get_batch(body),
            "PutItem" => self.put(body),
            "UpdateItem" => self.update(body),
            "DeleteItem" => self.delete(body),
            "Query" => self.query(body, stale_writes),
            "TransactWriteItems" => self.transact(body),
            other => Err(Unknown(format!("the operation {other}")).into()),
        };
        match done {
            Ok(answer) => answer,
            Err(Refused::Unknown(what)) => Answer::unknown(&what),
            Err(Refused::Condition(item)) => {
                let item = item.map(|item| format!(r#","Item":{item}"#)).unwrap_or_default();
                let code = "ConditionalCheckFailedException";
                Answer::error(400, code, "The conditional request failed", &item)
            }
        }
    }

    /// Shows every item's text, in no order.
    pub fn each_item(&self, mut see: impl FnMut(&str)) {
        for lock in 0..LOCKS {
            let partitions = self.lock(lock);
            let items = partitions.items.values().flat_map(BTreeMap::values);
            items.for_each(|stored| see(&stored.text));
        }
    }

    /// Every item's text, in the order of keys.
    pub fn dump(&self) -> Vec<String> {
        let mut items = BTreeMap::new();
        for lock in 0..LOCKS {
            let partitions = self.lock(lock);
            for (pk, partition) in &partitions.items {
                for (sk, stored) in partition {
                    items.insert((pk.clone(), sk.clone()), stored.text.to_string());
                }
            }
        }
        items.into_values().collect()
    }

    pub fn clear(&self) {
        for lock in 0..LOCKS {
            *self.lock(lock) = Partitions::default();
        }
        self.indexes.clear();
    }

    /// The least range key in an index under a hash key.
    pub fn earliest(&self, index: &str, hash: &str) -> Option<i64> {
        self.indexes.earliest(index, hash)
    }

    fn lock(&self, number: usize) -> MutexGuard<'_, Partitions> {
        self.locks[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_of(pk: &str) -> usize {
        hash_of(pk) as usize % LOCKS
    }

    fn check_name(&self, name: &str) -> Result<(), Unknown> {
        match name == self.name {
            true => Ok(()),
            false => Err(Unknown(format!("the table {name}"))),
        }
    }

    fn put(&self, body: &[u8]) -> Done {
        let request: PutItem = serde_json::from_slice(body)?;
        self.check_name(&request.table_name)?;
        let write = Write::of(request.item.get().into())?;
        let mut partitions = self.lock(Table::lock_of(&write.pk));
        partitions.check(&request, &write)?;
        partitions.write(write, &self.indexes);
        Ok(Answer::ok("{}"))
    }

    fn update(&self, body: &[u8]) -> Done {
        let request: UpdateItem = serde_json::from_slice(body)?;
        self.check_name(&request.table_name)?;
        let (pk, sk) = request.key.clone().texts()?;
        let mut partitions = self.lock(Table::lock_of(&pk));
        let found = partitions.find(&pk, &sk).map(|stored| stored.text.clone());
        let before = found.as_deref().map_or_else(|| Ok(Attributes::default()), attributes)?;
        if let Some(condition) = &request.condition_expression
            && !holds(condition, request.bindings(), &before)?
        {
            let told = tells_old(request.return_values_on_condition_check_failure.as_deref())?;
            return Err(Refused::Condition(found.map(String::from).filter(|_| told)));
        }
        let done = changes(&request.update_expression, request.bindings(), &before)?;
        let write = Write::of(changed(&before, &request.key, &done)?)?;
        let answer = match request.return_values.as_deref() {
            None | Some("NONE") => "{}".to_owned(),
            Some("UPDATED_NEW") => updated(&write.text, &done)?,
            Some(other) => return Err(Unknown(format!("to return {other}")).into()),
        };
        partitions.write(write, &self.indexes);
        Ok(Answer::ok(answer))
    }

    fn delete(&self, body: &[u8]) -> Done {
        let request: DeleteItem = serde_json::from_slice(body)?;
        self.check_name(&request.table_name)?;
        let (pk, sk) = request.key.clone().texts()?;
        let mut partitions = self.lock(Table::lock_of(&pk));
        let found = partitions.find(&pk, &sk).map(|stored| stored.text.clone());
        if let Some(condition) = &request.condition_expression {
            let before = found.as_deref().map_or_else(|| Ok(Attributes::default()), attributes)?;
            if !holds(condition, request.bindings(), &before)? {
                return Err(Refused::Condition(None));
            }
        }
        let answer = match (request.return_values.as_deref(), &found) {
            (None | Some("NONE"), _) | (Some("ALL_OLD"), None) => "{}".to_owned(),
            (Some("ALL_OLD"), Some(text)) => format!(r#"{{"Attributes":{text}}}"#),
            (Some(other), _) => return Err(Unknown(format!("to return {other}")).into()),
        };
        if let Some(partition) = partitions.items.get_mut(&pk)
            && let Some(stored) = partition.remove(&sk)
        {
            self.indexes.moved(&pk, &sk, &stored.indexed, &[]);
        }
        Ok(Answer::ok(answer))
    }

    fn transact(&self, body: &[u8]) -> Done {
        let request: TransactWriteItems = serde_json::from_slice(body)?;
        let mut acts = Vec::with_capacity(request.transact_items.len());
        for item in &request.transact_items {
            acts.push(self.act(item)?);
        }
        check_acts(&acts)?;
        let mut numbers: Vec<usize> =
            acts.iter().map(|act| Table::lock_of(act.place().0)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // One order for all, so that nobody waits in a circle.
        let mut locks: Vec<_> = numbers.iter().map(|number| self.lock(*number)).collect();
        let place = |pk: &str| numbers.iter().position(|n| *n == Table::lock_of(pk)).unwrap_or(0);
        if let Some(token) = &request.client_request_token {
            let asked = hash_of(body);
            match locks[0].tokens.iter().find(|(known, _)| known == token) {
                Some((_, known)) if *known == asked => return Ok(Answer::ok("{}")),
                Some(_) => {
                    let code = "IdempotentParameterMismatchException";
                    return Ok(Answer::error(400, code, "another request had this token", ""));
                }
                None => {}
            }
        }
        let mut refusals = Vec::with_capacity(acts.len());
        for act in &acts {
            let partitions = &locks[place(act.place().0)];
            let checked = match act {
                Act::Put(put, write) => partitions.check(put, write),
                Act::Check(check, key) => partitions.holds(check, key),
            };
            refusals.push(match checked {
                Ok(()) => None,
                Err(Refused::Condition(item)) => Some(item),
                Err(unknown) => return Err(unknown),
            });
        }
        if refusals.iter().any(Option::is_some) {
            return Ok(Answer::cancelled(&refusals));
        }
        if let Some(token) = request.client_request_token {
            locks[0].remember(token, hash_of(body));
        }
        for act in acts {
            let Act::Put(_, write) = act else { continue };
            let lock = place(&write.pk);
            locks[lock].write(write, &self.indexes);
        }
        Ok(Answer::ok("{}"))
    }

    /// What one part of a transaction does.
    fn act<'a>(&self, item: &'a TransactItem<'a>) -> Result<Act<'a>, Unknown> {
        match (&item.put, &item.condition_check) {
            (Some(put), None) => {
                self.check_name(&put.table_name)?;
                Ok(Act::Put(put, Write::of(put.item.get().into())?))
            }
            (None, Some(check)) => {
                self.check_name(&check.table_name)?;
                Ok(Act::Check(check, check.key.clone().texts()?))
            }
            _ => Err(Unknown("a part of a transaction that is neither a put nor a check".into())),
        }
    }
}

/// A part of a transaction.
enum Act<'a> {
    Put(&'a PutItem<'a>, Write),
    Check(&'a ConditionCheck, (String, String)),
}

impl Act<'_> {
    fn place(&self) -> (&str, &str) {
        match self {
            Act::Put(_, write) => (&write.pk, &write.sk),
            Act::Check(_, (pk, sk)) => (pk, sk),
        }
    }
}

fn check_acts(acts: &[Act]) -> Result<(), Unknown> {
    if acts.is_empty() || acts.len() > TRANSACTION_ITEMS_MAX {
        return Err(Unknown(format!("a transaction of {} items", acts.len())));
    }
    let mut keys: Vec<_> = acts.iter().map(Act::place).collect();
    keys.sort_unstable();
    match keys.windows(2).any(|pair| pair[0] == pair[1]) {
        true => Err(Unknown("a transaction that works on an item twice".into())),
        false => Ok(()),
    }
}

impl Partitions {
    fn find(&self, pk: &str, sk: &str) -> Option<&Stored> {
        self.items.get(pk)?.get(sk)
    }

    fn check(&self, put: &PutItem, write: &Write) -> Result<(), Refused> {
        let Some(condition) = &put.condition_expression else { return Ok(()) };
        let found = self.find(&write.pk, &write.sk);
        let item =
            found.map_or_else(|| Ok(Attributes::default()), |found| attributes(&found.text))?;
        if holds(condition, put.bindings(), &item)? {
            return Ok(());
        }
        let told = tells_old(put.return_values_on_condition_check_failure.as_deref())?;
        Err(Refused::Condition(found.filter(|_| told).map(|found| found.text.to_string())))
    }

    fn holds(&self, check: &ConditionCheck, (pk, sk): &(String, String)) -> Result<(), Refused> {
        let found = self.find(pk, sk);
        let item =
            found.map_or_else(|| Ok(Attributes::default()), |found| attributes(&found.text))?;
        let bindings = Bindings { names: None, values: check.expression_attribute_values.as_ref() };
        match holds(&check.condition_expression, bindings, &item)? {
            true => Ok(()),
            false => Err(Refused::Condition(None)),
        }
    }

    fn write(&mut self, write: Write, indexes: &Indexes) {
        let Write { pk, sk, text, indexed } = write;
        let partition = match self.items.contains_key(&pk) {
            true => self.items.get_mut(&pk),
            false => Some(self.items.entry(pk.clone()).or_default()),
        };
        let Some(partition) = partition else { return };
        let old = partition.get(&sk).map(|stored| stored.indexed.as_slice()).unwrap_or_default();
        indexes.moved(&pk, &sk, old, &indexed);
        partition.insert(sk, Stored { text, indexed });
    }

    fn remember(&mut self, token: String, asked: u64) {
        self.tokens.push_back((token, asked));
        if self.tokens.len() > TOKENS_MAX {
            self.tokens.pop_front();
        }
    }
}
