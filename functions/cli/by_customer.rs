//! Events from files with each customer's together, as a history is replayed.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Mutex;

use lazo_domain::event::{Body, Delivered};
use lazo_domain::id::Id;

use super::csv_rows::{self, CsvArgs, Sheet, Told};
use super::{event_files, threads};

/// What files held.
pub struct ByCustomer {
    /// By id, so that nothing depends on how the work was shared out; the events
    /// of each in the files' order.
    pub customers: Vec<(Id, Vec<Delivered>)>,
    /// What concerns no single customer.
    pub contents: Vec<Delivered>,
    /// What each file's rows are told of.
    pub told: Vec<(PathBuf, Told)>,
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
    let mut told = Vec::new();
    for path in paths {
        let text = event_files::text(path)?;
        let of_file = match event_files::is_csv(path) {
            true => read_csv(&Sheet::of(path, &text, csv)?, &parts)?,
            false => {
                let texts = event_files::json_texts(path, &text)?;
                let (events, of_file) = event_files::decode(&texts, threads, None)?;
                for delivered in events {
                    let id = delivered.event.customer().map(Id::as_str);
                    let part = csv_rows::part_of(id, parts.len());
                    taken(parts[part].get_mut()).take(delivered);
                }
                of_file
            }
        };
        told.push((path.clone(), of_file));
    }
    let mut all = ByCustomer { customers: Vec::new(), contents: Vec::new(), told };
    for part in parts {
        let part = taken(part.into_inner());
        all.customers.extend(part.customers);
        all.contents.extend(part.contents);
    }
    all.customers.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    all.customers = by_person(all.customers);
    Ok(all)
}

/// Events that were read already, by customer.
pub fn of(events: Vec<Delivered>) -> ByCustomer {
    let mut part = Part::default();
    events.into_iter().for_each(|event| part.take(event));
    let Part { mut customers, contents, .. } = part;
    customers.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    ByCustomer { customers: by_person(customers), contents, told: Vec::new() }
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
fn read_csv(sheet: &Sheet, parts: &[Mutex<Part>]) -> anyhow::Result<Told> {
    let read = threads::in_parts(parts.len(), |number| {
        let mut part = taken(parts[number].lock());
        sheet.events((number, parts.len()), &mut |_, event| part.take(event))
    })?;
    let mut told = Told::default();
    for of_part in read {
        told.add(of_part?);
    }
    told.sort();
    Ok(told)
}

/// What a lock guards: each thread has its own, so that none is ever poisoned.
fn taken<T>(guarded: Result<T, std::sync::PoisonError<T>>) -> T {
    guarded.unwrap_or_else(std::sync::PoisonError::into_inner)
}
