//! How many customers are in each segment, and how many in two at once.

use std::collections::BTreeMap;

use super::Segments;
use crate::draw::fraction;
use crate::id::Id;
use crate::view::View;

/// How many examples of each segment are kept.
pub const EXAMPLES_MAX: usize = 3;

/// What was seen of one segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// How many customers are in it.
    pub size: usize,
    /// Some of them, each with where it was drawn: whoever is drawn lowest.
    examples: Vec<(f64, Id)>,
}

impl Seen {
    /// Some of those who are in it, drawn by a hash.
    pub fn examples(&self) -> impl Iterator<Item = &Id> {
        self.examples.iter().map(|(_, id)| id)
    }

    fn note(&mut self, drawn: f64, id: Id) {
        let at = self.examples.partition_point(|(known, other)| (*known, other) < (drawn, &id));
        self.examples.insert(at, (drawn, id));
        self.examples.truncate(EXAMPLES_MAX);
    }
}

/// What was seen of all segments of some customers. Who was seen first makes no
/// difference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// How many customers were looked at.
    pub customers: usize,
    /// By place in the order of names.
    seen: Vec<Seen>,
    /// How many are in two at once, the one that comes first in front.
    both: BTreeMap<(usize, usize), usize>,
}

impl Tally {
    /// Counts a customer; whoever was forgotten is no customer any more.
    pub fn take(&mut self, segments: &Segments, view: &View<'_>) {
        if view.customer.erased_at.is_some() {
            return;
        }
        self.customers += 1;
        self.seen.resize(segments.0.len(), Seen::default());
        let held: Vec<usize> = (0..segments.0.len())
            .filter(|index| view.segments.holds_at(segments, view, *index))
            .collect();
        let id = &view.customer.id;
        let drawn = if held.is_empty() { 0.0 } else { fraction(id.as_str()) };
        for (place, one) in held.iter().enumerate() {
            self.seen[*one].size += 1;
            self.seen[*one].note(drawn, id.clone());
            for other in &held[place + 1..] {
                *self.both.entry((*one, *other)).or_default() += 1;
            }
        }
    }

    /// Adds what was seen of other customers.
    pub fn add(&mut self, other: Tally) {
        self.customers += other.customers;
        self.seen.resize(self.seen.len().max(other.seen.len()), Seen::default());
        for (seen, more) in self.seen.iter_mut().zip(other.seen) {
            seen.size += more.size;
            more.examples.into_iter().for_each(|(drawn, id)| seen.note(drawn, id));
        }
        for (pair, count) in other.both {
            *self.both.entry(pair).or_default() += count;
        }
    }

    /// What was seen of the segment at a place in the order of names.
    pub fn of(&self, index: usize) -> Seen {
        self.seen.get(index).cloned().unwrap_or_default()
    }

    /// How many are in two segments at once.
    pub fn in_both(&self, one: usize, other: usize) -> usize {
        self.both.get(&(one.min(other), one.max(other))).copied().unwrap_or_default()
    }
}
