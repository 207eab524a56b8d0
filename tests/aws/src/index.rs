//! The table's indexes in memory: keys only, sparse, and as stale as they are
//! told to be.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::attributes::Attributes;
use super::expression::{KeyCondition, Scalar, Unknown};
use super::page::Page;
use super::wire::Query;
use lazo::shell::store::table::INDEXES;

/// How many changes of the past are kept, where any are.
const PAST_MAX: usize = 4096;

/// Where an item stands in an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    index: usize,
    hash: String,
    range: i64,
}

impl At {
    /// Where an item stands, index by index: where it has both attributes.
    pub fn of(item: &Attributes) -> Result<Vec<At>, Unknown> {
        let mut places = Vec::new();
        for (index, keys) in INDEXES.iter().enumerate() {
            let (hash, range) = (item.get(keys.hash.attribute), item.get(keys.range.attribute));
            let (Some(hash), Some(range)) = (hash, range) else { continue };
            let read = |raw: &str| serde_json::from_str::<Scalar>(raw).ok();
            let (Some(Scalar::S(hash)), Some(Scalar::N(range))) =
                (read(hash.get()), read(range.get()))
            else {
                return Err(Unknown(format!("the kind of a key of the index {}", keys.name)));
            };
            let range = range.parse().map_err(|_| Unknown(format!("the index key {range}")))?;
            places.push(At { index, hash, range });
        }
        Ok(places)
    }
}

/// An item's range key, and its keys in the table.
type Entry = (i64, String, String);
type Sorted = HashMap<String, BTreeSet<Entry>>;

struct Changed {
    write: u64,
    at: At,
    entry: Entry,
    was_added: bool,
}

/// All indexes of a table.
pub struct Indexes {
    each: Vec<Mutex<Sorted>>,
    writes: AtomicU64,
    /// What changed, the latest last, where the past is kept.
    past: Option<Mutex<VecDeque<Changed>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Indexes {
    pub fn new(keeps_past: bool) -> Indexes {
        Indexes {
            each: INDEXES.iter().map(|_| Mutex::default()).collect(),
            writes: AtomicU64::new(0),
            past: keeps_past.then(Mutex::default),
        }
    }

    pub fn clear(&self) {
        self.each.iter().for_each(|sorted| lock(sorted).clear());
        if let Some(past) = &self.past {
            lock(past).clear();
        }
    }

    /// Moves an item from where it stood to where it stands now. Whoever calls
    /// holds the item's partition.
    pub fn moved(&self, pk: &str, sk: &str, from: &[At], to: &[At]) {
        let write = match &self.past {
            Some(_) => self.writes.fetch_add(1, Ordering::Relaxed) + 1,
            None => 0,
        };
        if from == to {
            return;
        }
        for (places, was_added) in [(from, false), (to, true)] {
            for at in places {
                let entry = (at.range, pk.to_owned(), sk.to_owned());
                if let Some(past) = &self.past {
                    let changed =
                        Changed { write, at: at.clone(), entry: entry.clone(), was_added };
                    let mut past = lock(past);
                    past.push_back(changed);
                    if past.len() > PAST_MAX {
                        past.pop_front();
                    }
                }
                let mut sorted = lock(&self.each[at.index]);
                match was_added {
                    true => {
                        sorted.entry(at.hash.clone()).or_default().insert(entry);
                    }
                    false => {
                        if let Some(entries) = sorted.get_mut(&at.hash) {
                            entries.remove(&entry);
                        }
                    }
                }
            }
        }
    }

    /// The least range key in an index under a hash key.
    pub fn earliest(&self, index: &str, hash: &str) -> Option<i64> {
        let index = INDEXES.iter().position(|known| known.name == index)?;
        lock(&self.each[index]).get(hash)?.first().map(|entry| entry.0)
    }

    /// A page of an index, as it was so many writes ago.
    pub fn query(&self, request: &Query, stale_writes: u64) -> Result<String, Unknown> {
        let name = request.index_name.as_deref().unwrap_or_default();
        let found = INDEXES.iter().position(|index| index.name == name);
        let index = found.ok_or_else(|| Unknown(format!("the index {name}")))?;
        if request.consistent_read {
            return Err(Unknown("a consistent read of an index".into()));
        }
        let (hash, range) = (INDEXES[index].hash.attribute, INDEXES[index].range.attribute);
        let text = &request.key_condition_expression;
        let condition = KeyCondition::read(text, request.bindings(), (hash, range))?;
        let start =
            request.exclusive_start_key.as_ref().map(|key| start(key, range)).transpose()?;
        let sorted = lock(&self.each[index]);
        let past = self.as_of(index, &condition.hash, sorted.get(&condition.hash), stale_writes);
        let empty = BTreeSet::new();
        let entries = past.as_ref().or(sorted.get(&condition.hash)).unwrap_or(&empty);
        let mut page = Page::new(request.limit);
        let first = (condition.first_number()?, String::new(), String::new());
        let first = match start {
            Some(start) if start >= first => Bound::Excluded(start),
            _ => Bound::Included(first),
        };
        for entry in entries.range((first, Bound::Unbounded)) {
            if !condition.takes_number(entry.0)? {
                match condition.ends_early() {
                    true => break,
                    false => continue,
                }
            }
            let key = json!({
                "pk": { "S": entry.1 },
                "sk": { "S": entry.2 },
                hash: { "S": condition.hash },
                range: { "N": entry.0.to_string() },
            });
            let key = key.to_string();
            if page.add(&key, || key.clone()) {
                break;
            }
        }
        Ok(page.answer())
    }

    /// The entries of one hash key before the latest writes; `None` where they
    /// are as they are.
    fn as_of(
        &self,
        index: usize,
        hash: &str,
        now: Option<&BTreeSet<Entry>>,
        stale_writes: u64,
    ) -> Option<BTreeSet<Entry>> {
        let past = lock(self.past.as_ref().filter(|_| stale_writes > 0)?);
        let then = self.writes.load(Ordering::Relaxed).saturating_sub(stale_writes);
        let mut entries = now.cloned().unwrap_or_default();
        for changed in past.iter().rev().take_while(|changed| changed.write > then) {
            if changed.at.index == index && changed.at.hash == hash {
                match changed.was_added {
                    true => entries.remove(&changed.entry),
                    false => entries.insert(changed.entry.clone()),
                };
            }
        }
        Some(entries)
    }
}

/// Behind which entry a page begins.
fn start(key: &HashMap<String, Scalar>, range: &str) -> Result<Entry, Unknown> {
    match (key.get(range), key.get("pk"), key.get("sk")) {
        (Some(Scalar::N(range)), Some(Scalar::S(pk)), Some(Scalar::S(sk))) => {
            let range = range.parse().map_err(|_| Unknown(format!("the index key {range}")))?;
            Ok((range, pk.clone(), sk.clone()))
        }
        _ => Err(Unknown("this start of a page".into())),
    }
}
