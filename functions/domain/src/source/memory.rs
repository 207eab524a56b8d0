//! A store in memory, for cases and for trying sources out.

use std::collections::{BTreeMap, BTreeSet};

use super::Source;
use super::differs::{Line, lines_of};
use super::incoming::Incoming;
use super::map::{Outcome, Waiting};
use crate::event::{Body, Delivered, EventKind};
use crate::id::Id;

/// What became of a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Became {
    /// `events`, `ignored`, `failed`, `waiting`, `rejected` or `answered`.
    pub outcome: &'static str,
    /// Why, where it is no event.
    pub why: String,
    /// The events.
    pub lines: Vec<Line>,
    /// Fields that were left out, with the reason.
    pub left_out: Vec<String>,
}

impl Became {
    pub(super) fn nothing(outcome: &'static str, why: impl ToString) -> Became {
        Became { outcome, why: why.to_string(), lines: Vec::new(), left_out: Vec::new() }
    }
}

/// A store in memory: whose each purchase is, and what waits for one.
#[derive(Default)]
pub struct Memory<'a> {
    purchases: BTreeMap<Id, Id>,
    pub(super) waiting: Vec<(&'a Source, Outcome)>,
    /// All that counted, by what makes it count once.
    pub(super) counted: BTreeMap<(EventKind, String), BTreeSet<String>>,
}

impl<'a> Memory<'a> {
    /// Takes what arrives of a source.
    pub fn deliver(&mut self, source: &'a Source, incoming: &Incoming<'_>) -> Became {
        let outcome = source.map(incoming);
        match &outcome {
            Outcome::Ignored(why) => return Became::nothing("ignored", why),
            Outcome::Failed(why) => return Became::nothing("failed", why),
            Outcome::Events(_) => {}
        }
        match outcome.resolved(|purchase| self.purchases.get(purchase).cloned()) {
            Err(Waiting(purchase)) => {
                self.waiting.push((source, outcome));
                Became::nothing("waiting", format!("purchase {purchase} is not known yet"))
            }
            Ok(events) => {
                self.count(&events);
                let left_out = events.iter().flat_map(|one| &one.left_out).chain(outcome.unfit());
                let left_out = left_out.map(ToString::to_string).collect();
                let lines = lines_of(&events);
                Became { outcome: "events", why: String::new(), lines, left_out }
            }
        }
    }

    fn count(&mut self, events: &[Delivered]) {
        for one in events {
            let event = &one.event;
            let key = (event.kind(), event.ledger_key());
            self.counted.entry(key).or_default().insert(event.detail.0.to_string());
            if let Body::PurchaseCompleted(bought) = &event.body {
                let (purchase, customer) = (&bought.purchase_id, &bought.customer_id);
                self.purchases.insert(purchase.clone(), customer.clone());
            }
        }
        for (source, outcome) in std::mem::take(&mut self.waiting) {
            match outcome.resolved(|purchase| self.purchases.get(purchase).cloned()) {
                Ok(events) => self.count(&events),
                Err(_) => self.waiting.push((source, outcome)),
            }
        }
    }
}
