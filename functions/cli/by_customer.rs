//! Events from files with each customer's together, as a history is replayed.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lazo_domain::event::{BadEvent, Body, Delivered};
use lazo_domain::id::Id;

use super::csv_rows::{self, CsvArgs};
use super::event_files::{self, Bad};
use super::threads;

/// What files held.
pub struct ByCustomer {
    /// By id, so that nothing depends on how the work was shared out; the events
    /// of each in the files' order.
    pub customers: Vec<(Id, Vec<Delivered>)>,
    /// What concerns no single customer.
    pub contents: Vec<Delivered>,
    pub bad: Vec<Bad>,
}

impl ByCustomer {
    pub fn all(&self) -> impl Iterator<Item = &Delivered> {
        self.customers.iter().flat_map(|(_, events)| events).chain(&self.contents)
    }
}

/// Some of the customers.
#[derive(Default)]
struct Part {
    places: HashMap<Id, usize>,
    customers: Vec<(Id, Vec<Delivered>)>,
    contents: Vec<Delivered>,
}

impl Part {
    fn take(&mut self, delivered: Delivered) {
        let Some(id) = delivered.event.customer() else {
            return self.contents.push(delivered);
        };
        let place = match self.places.get(id) {
            Some(place) => *place,
            None => {
                let next = self.customers.len();
                self.places.insert(id.clone(), next);
                self.customers.push((id.clone(), Vec::new()));
                next
            }
        };
        self.customers[place].1.push(delivered);
    }
}

/// Reads all files, on as many threads as given.
///
/// # Errors
/// A file that cannot be read, or a CSV file whose columns do not fit.
pub fn read(paths: &[PathBuf], csv: &CsvArgs, threads: usize) -> anyhow::Result<ByCustomer> {
    let mut parts: Vec<Mutex<Part>> = (0..threads.max(1)).map(|_| Mutex::default()).collect();
    let mut bad = Vec::new();
    for path in paths {
        let text = event_files::text(path)?;
        let text = event_files::without_mark(&text);
        match event_files::is_csv(path) {
            true => bad.extend(read_csv(path, text, csv, &parts)?),
            false => {
                let texts = event_files::json_texts(path, text)?;
                let read = event_files::decode(path, &texts, threads)?;
                bad.extend(read.bad);
                for delivered in read.good {
                    let id = delivered.event.customer().map(Id::as_str);
                    let part = csv_rows::part_of(id, parts.len());
                    taken(parts[part].get_mut()).take(delivered);
                }
            }
        }
    }
    let mut all = ByCustomer { customers: Vec::new(), contents: Vec::new(), bad };
    for part in parts {
        let part = taken(part.into_inner());
        all.customers.extend(part.customers);
        all.contents.extend(part.contents);
    }
    all.customers.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    all.customers = by_person(all.customers);
    Ok(all)
}

/// Puts together the events of ids that are one person, under the id that comes
/// first.
fn by_person(customers: Vec<(Id, Vec<Delivered>)>) -> Vec<(Id, Vec<Delivered>)> {
    let mut known_as: HashMap<Id, Id> = HashMap::new();
    fn first(known_as: &HashMap<Id, Id>, id: &Id) -> Id {
        let mut id = id;
        while let Some(other) = known_as.get(id) {
            id = other;
        }
        id.clone()
    }
    for delivered in customers.iter().flat_map(|(_, events)| events) {
        let Body::CustomerMerged(merge) = &delivered.event.body else { continue };
        let [a, b] = [&merge.customer_id, &merge.merged_id].map(|id| first(&known_as, id));
        if a != b {
            known_as.insert(a.clone().max(b.clone()), a.min(b));
        }
    }
    if known_as.is_empty() {
        return customers;
    }
    let mut people: BTreeMap<Id, Vec<Delivered>> = BTreeMap::new();
    for (id, events) in customers {
        people.entry(first(&known_as, &id)).or_default().extend(events);
    }
    people.into_iter().collect()
}

/// Reads a CSV file, each thread the rows of its part of the customers.
fn read_csv(
    path: &Path,
    text: &str,
    csv: &CsvArgs,
    parts: &[Mutex<Part>],
) -> anyhow::Result<Vec<Bad>> {
    let read =
        threads::in_parts(parts.len(), |number| {
            let mut part = taken(parts[number].lock());
            let mut bad: Vec<(usize, BadEvent)> = Vec::new();
            csv_rows::read_part(path, text, csv, (number, parts.len()), &mut |line, event| {
                match event {
                    Ok(delivered) => part.take(delivered),
                    Err(why) => bad.push((line, why)),
                }
            })?;
            anyhow::Ok(bad)
        })?;
    let mut bad = Vec::new();
    for part in read {
        bad.extend(part?);
    }
    bad.sort_by_key(|(line, _)| *line);
    Ok(bad.into_iter().map(|(line, why)| Bad::at(path, line, why)).collect())
}

/// What a lock guards: each thread has its own, so that none is ever poisoned.
fn taken<T>(guarded: Result<T, std::sync::PoisonError<T>>) -> T {
    guarded.unwrap_or_else(std::sync::PoisonError::into_inner)
}
