//! What a simulation knows of a person, to be counted as the table's ledger is.

use std::collections::BTreeSet;

use super::person::{GoalEvent, MailHeard, Person, TouchFact};
use crate::event::{Body, Delivered};
use crate::instant::Instant;
use crate::rulebook::RuleBook;
use crate::simulation::Outcome;

/// A person of a simulation that ended at `until`, whose events these were, in the
/// order in which it took them.
pub fn of_replay<'a>(
    outcome: &'a Outcome,
    events: &[Delivered],
    book: &RuleBook,
    until: Instant,
) -> Person<'a> {
    let customer = &outcome.customer;
    let mut seen = BTreeSet::new();
    let known = events.iter().filter(|delivered| delivered.at <= until);
    let once = known
        .filter(|delivered| seen.insert((delivered.event.kind(), delivered.event.ledger_key())));
    Person {
        zone: customer.zone(&book.default_zone).into_owned(),
        currency: customer.history.currency(book.policy.currency),
        touches: outcome.touches.iter().map(fact).collect(),
        events: once.map(|delivered| GoalEvent::of(&delivered.event)).collect(),
    }
}

fn fact(record: &crate::touch::TouchRecord) -> TouchFact<'_> {
    TouchFact {
        rule: &record.touch.rule,
        occurrence: &record.touch.occurrence,
        step: &record.touch.step,
        status: record.status,
        reason: record.reason,
        enrolled_at: record.enrolled_at,
        variant: record.variant.as_deref(),
        heard: MailHeard::default(),
    }
}

impl GoalEvent {
    /// What an event is, where it is somebody's goal.
    pub fn of(event: &crate::event::Event) -> GoalEvent {
        let total = match &event.body {
            Body::PurchaseCompleted(purchase) => {
                Some((purchase.total.amount, purchase.total.currency))
            }
            _ => None,
        };
        GoalEvent { kind: event.kind(), at: event.occurred_at, total }
    }
}
