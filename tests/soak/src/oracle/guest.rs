//! Customers who came as guests first: what was told of a guest is known of the
//! customer as soon as the two are known to be one.

use super::{Case, End};
use crate::fact::{Fact, Known, What};
use crate::shop::TICK;

/// What happened to a customer, by what is known under which id.
#[derive(Clone, Debug)]
pub struct Parted {
    /// What is known of the customer, the guest's own facts from the merge on.
    pub together: Vec<Fact>,
    /// What is known of the guest alone.
    pub of_guest: Vec<Fact>,
    /// Since when the two are one.
    pub merged: Known,
}

/// Parts what was told by whom it was told of.
pub fn part(facts: &[Fact]) -> Parted {
    let merge = facts.iter().find(|fact| matches!(fact.what, What::Merged));
    let merged = merge.map_or(Known::NEVER, |m| Known { maybe: m.maybe, sure: m.sure });
    let merged_at = merge.map_or(i64::MAX, |merge| merge.occurred);
    let of_guest = facts.iter().filter(|fact| fact.of_guest.maybe < i64::MAX);
    let of_guest = of_guest.map(|fact| {
        let Known { maybe, sure } = fact.of_guest;
        Fact { maybe, sure, ..fact.clone() }
    });
    let together = facts.iter().map(|fact| {
        let mut fact = fact.clone();
        let is_guests_no = matches!(fact.what, What::Consent { denied: true, .. })
            && fact.of_guest.maybe < i64::MAX;
        if is_guests_no {
            // Of a guest's *no* from before, a customer's *yes* from before takes nothing.
            fact.occurred = fact.occurred.max(merged_at);
        }
        fact.maybe = fact.maybe.min(fact.of_guest.maybe.max(merged.maybe));
        fact.sure = fact.sure.min(fact.of_guest.sure.max(merged.sure));
        fact
    });
    Parted { together: together.collect(), of_guest: of_guest.collect(), merged }
}

/// What the shop knows of a customer, under whichever id.
pub fn under_any_id(facts: &[Fact]) -> Vec<Fact> {
    let told = facts.iter().map(|fact| Fact {
        maybe: fact.maybe.min(fact.of_guest.maybe),
        sure: fact.sure.min(fact.of_guest.sure),
        ..fact.clone()
    });
    told.collect()
}

impl<'a> Case<'a> {
    /// What was known of whom a touch was for.
    pub(super) fn facts_of(&self, is_of_guest: bool) -> &'a [Fact] {
        if is_of_guest { self.of_guest } else { self.facts }
    }

    /// The id that something was decided for.
    pub(super) fn id_of(&self, is_of_guest: bool) -> &'a str {
        if is_of_guest { self.guest.unwrap_or(self.id) } else { self.id }
    }

    /// Nothing is decided for a guest any more who is known to be a customer, and
    /// nothing counts again that counted for either.
    pub(super) fn check_guest(&mut self) {
        let observed = self.observed;
        let is_over = |at: i64| at > self.merged.sure.saturating_add(2 * TICK);
        let mut wrong = Vec::new();
        for (touch, seen) in observed.touches.iter().filter(|(_, seen)| seen.is_of_guest) {
            let was_on_its_way = matches!(seen.end, End::Fenced | End::Sent | End::PutBack);
            if is_over(seen.at) && !was_on_its_way {
                wrong.push((touch.clone(), "was decided for a guest who is a customer"));
            }
        }
        for gone in observed.gone.iter().filter(|gone| gone.is_of_guest && is_over(gone.at)) {
            wrong.push((gone.touch.clone(), "went out to a guest who is a customer"));
        }
        for ((kind, key), received) in &observed.events {
            let both = received.own.zip(received.of_guest);
            if both.is_some_and(|(own, of_guest)| is_over(own.max(of_guest))) {
                wrong.push((format!("{kind} {key}"), "counts for the guest and the customer"));
            }
        }
        for (what, why) in wrong {
            self.accuse(&what, why);
        }
    }
}
