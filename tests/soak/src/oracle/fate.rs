//! Everything expected goes out, or has a reason that holds.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::clock::{days_later, instant, zone};
use super::flows::{DEFAULT_ZONE, FLOWS, Flow, Step, TRIGGER_DAYS, Wait};
use super::safety::when;
use super::view::View;
use super::{Case, Deferred, End, Pending, Seen};
use crate::fact::{Fact, NEVER, What};
use crate::life::HOUR;
use crate::shop::TICK;

/// What is not settled so shortly before the end may be under way.
const SLACK: i64 = 3 * HOUR;

/// A touch that should be.
pub(super) struct Expected<'a> {
    pub flow: &'static Flow,
    pub step: usize,
    pub touch: String,
    pub occurrence: String,
    pub base: i64,
    pub trigger: Option<&'a Fact>,
    /// When the product was told of it.
    pub received: i64,
    /// Since when the customer is known to be the one to whom it happened.
    pub known: i64,
    pub zones: Vec<TimeZone>,
}

impl Expected<'_> {
    pub(super) fn step(&self) -> &'static Step {
        &self.flow.steps[self.step]
    }
}

impl<'a> Case<'a> {
    pub(super) fn check_what_was_due(&mut self) {
        let facts = self.facts;
        let merged = self.observed.merged_at();
        for fact in facts.iter().filter(|fact| fact.sure < NEVER && !fact.key.is_empty()) {
            let Some(kind) = fact.kind().filter(|kind| *kind != "CustomerUpdated") else {
                continue;
            };
            let key = (kind.to_owned(), fact.key.clone());
            let Some(received) = self.observed.events.get(&key) else {
                self.accuse(
                    &format!("{kind} {}", fact.key),
                    "was taken, and the ledger has it not",
                );
                continue;
            };
            let is_guests = fact.of_guest.maybe < NEVER;
            for flow in FLOWS.iter().filter(|flow| flow.trigger == kind) {
                self.follow(Expected {
                    flow,
                    step: 0,
                    touch: flow.touch(self.id, &fact.key, &flow.steps[0]),
                    occurrence: fact.key.clone(),
                    base: fact.occurred,
                    trigger: Some(fact),
                    received: received.first(),
                    known: received.own.unwrap_or(received.first().max(merged)),
                    zones: self.zones(if is_guests { i64::MIN } else { fact.maybe }),
                });
            }
        }
    }

    /// The zones that a touch may have been planned by which is known since an
    /// instant.
    pub(super) fn zones(&self, known: i64) -> Vec<TimeZone> {
        let mut names: Vec<&str> = Vec::new();
        let (mut first, mut is_erased) = (NEVER, false);
        for fact in self.facts.iter().filter(|fact| fact.maybe < NEVER) {
            match &fact.what {
                What::Profile(told) => {
                    let Some(name) = told.zone.as_deref() else { continue };
                    first = first.min(fact.sure);
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                What::Erased => is_erased = true,
                _ => {}
            }
        }
        // Of one tick, either may have come first.
        if first >= known || is_erased {
            names.push(DEFAULT_ZONE);
        }
        names.into_iter().map(zone).collect()
    }

    /// The local midnight of a day, where the customer was as the touch was planned
    /// that it started; where nothing tells, in another zone.
    pub(super) fn began_on(
        &self,
        day: Date,
        (touch, step): (&str, &Step),
        zones: &[TimeZone],
        elsewhere: &TimeZone,
    ) -> i64 {
        let midnight = |zone: &TimeZone| instant(day, Time::midnight(), zone);
        let planned = self.due_of(touch);
        let was_there = |zone: &&TimeZone| planned == Some(step.due(midnight(zone), zone));
        midnight(zones.iter().find(was_there).unwrap_or(elsewhere))
    }

    /// Follows what a day started and no event.
    pub(super) fn follow_day(
        &mut self,
        flow: &'static Flow,
        occurrence: String,
        base: i64,
        received: i64,
    ) {
        let touch = flow.touch(self.id, &occurrence, &flow.steps[0]);
        let zones = self.zones(self.around.from);
        let (step, trigger) = (0, None);
        let known = received;
        let expected =
            Expected { flow, step, touch, occurrence, base, trigger, received, known, zones };
        self.follow(expected);
    }

    /// Follows a touch and those behind it, as far as they should be.
    pub(super) fn follow(&mut self, expected: Expected<'a>) {
        let observed = self.observed;
        let seen = observed.touches.get(&expected.touch);
        let pending = observed.pending.get(&expected.touch);
        let ends_it = match (seen, pending) {
            (Some(seen), _) if seen.end == End::Fenced => {
                self.check_fenced(&expected, seen);
                true
            }
            (None, Some(pending)) => self.check_pending(&expected, pending),
            (Some(Seen { end: End::PutBack, .. }), Some(pending)) => {
                self.check_pending(&expected, pending)
            }
            (Some(Seen { end: End::PutBack, .. }), None) => {
                self.accuse(&expected.touch, "was put back and is pending no more");
                true
            }
            (Some(seen), _) => self.check_ended(&expected, seen),
            (None, None) => self.check_missing(&expected),
        };
        let (Some(seen), false) = (seen, ends_it) else { return };
        let step = expected.step + 1;
        if step < expected.flow.steps.len() {
            let touch =
                expected.flow.touch(self.id, &expected.occurrence, &expected.flow.steps[step]);
            let (received, known) = (seen.at, seen.at.max(expected.known));
            self.follow(Expected { step, touch, base: seen.at, received, known, ..expected });
        }
    }

    pub(super) fn went(&self, touch: &str) -> bool {
        self.observed.gone.iter().any(|gone| gone.touch == touch)
    }

    fn check_fenced(&mut self, expected: &Expected, seen: &Seen) {
        let is_late = seen.at < self.around.until - SLACK;
        if is_late && !self.around.listed.contains(&expected.touch) {
            self.accuse(
                &expected.touch,
                format!("is on its way since {} and not listed", when(seen.at)),
            );
        }
        if !self.around.had_trouble(seen.at, seen.at + TICK) {
            self.accuse(&expected.touch, "is of unknown fate, and nothing went wrong");
        }
    }

    /// Whether the touches behind it cannot be yet: they cannot.
    fn check_pending(&mut self, expected: &Expected, pending: &Pending) -> bool {
        if pending.next < self.around.until - SLACK {
            self.accuse(&expected.touch, format!("waits since {}", when(pending.next)));
        }
        self.check_due(expected, pending.due);
        if self.went(&expected.touch) && !pending.is_sending {
            self.accuse(&expected.touch, "went out and would go again");
        }
        true
    }

    fn check_due(&mut self, expected: &Expected, due: i64) {
        if let Wait::Any = expected.step().wait {
            return;
        }
        let mut dues = expected.zones.iter().map(|zone| expected.step().due(expected.base, zone));
        if !dues.any(|expected| expected == due) {
            let first = expected.zones.first().map(|z| expected.step().due(expected.base, z));
            let should = first.map(when).unwrap_or_default();
            self.accuse(&expected.touch, format!("fell due at {}, not at {should}", when(due)));
        }
    }

    /// Whether no touch follows.
    fn check_ended(&mut self, expected: &Expected, seen: &Seen) -> bool {
        let is_refusal = ["reentry", "holdout", "global_holdout", "too_old", "filter_false"]
            .contains(&seen.reason);
        if is_refusal {
            self.check_refusal(expected, seen.reason, seen.is_of_guest);
            return true;
        }
        self.check_due(expected, seen.due);
        self.check_beginning(expected, seen.is_of_guest);
        for deferred in &seen.defers {
            if !self.had_to_wait(expected, deferred) {
                let Deferred { at, reason } = deferred;
                let why = format!("waited at {} for {reason} without cause", when(*at));
                self.accuse(&expected.touch, why);
            }
        }
        let id = self.id_of(seen.is_of_guest);
        let variant = expected.flow.variant(expected.step().id, id);
        if seen.end == End::Sent && seen.variant.as_deref() != variant {
            let said = seen.variant.as_deref().unwrap_or("none");
            self.accuse(&expected.touch, format!("says the variant {said}, which was not drawn"));
        }
        let went = self.went(&expected.touch);
        match seen.end {
            End::Sent if !went => {
                self.accuse(&expected.touch, "counts as sent, and never went out");
            }
            End::Sent => self.check_punctuality(expected, seen),
            _ if went => {
                self.accuse(&expected.touch, format!("went out, and is told as {}", seen.reason));
            }
            _ if !self.holds(expected, seen) => {
                let why = format!("ended at {} as {} without cause", when(seen.at), seen.reason);
                self.accuse(&expected.touch, why);
            }
            _ => {}
        }
        seen.end == End::Cancelled
    }

    /// A touch that nothing kept back goes at the next run.
    fn check_punctuality(&mut self, expected: &Expected, seen: &Seen) {
        let known = if seen.is_of_guest { expected.received } else { expected.known };
        let from = seen.due.max(known);
        let has_moved = self.facts.iter().any(|fact| {
            matches!(fact.what, What::Profile(_)) && (seen.due..=seen.at).contains(&fact.maybe)
        });
        let is_late = seen.at > from + 2 * TICK && seen.defers.is_empty() && !has_moved;
        let is_late = is_late && !self.was_settled_late(expected);
        if is_late && !self.around.had_trouble(from, seen.at) {
            let why = format!("due at {}, went at {} only", when(from), when(seen.at));
            self.accuse(&expected.touch, why);
        }
    }

    /// Whether nobody knew for long how the touch before it had ended.
    pub(super) fn was_settled_late(&self, expected: &Expected) -> bool {
        let before = expected.step.checked_sub(1).map(|step| &expected.flow.steps[step]);
        before.is_some_and(|step| {
            let touch = expected.flow.touch(self.id, &expected.occurrence, step);
            self.around.listed.contains(&touch)
        })
    }

    /// What should not have begun.
    fn check_beginning(&mut self, expected: &Expected, is_of_guest: bool) {
        let is_first = expected.step == 0 && !expected.flow.is_further;
        let Some(trigger) = expected.trigger.filter(|_| is_first) else { return };
        let is_late = |zone| expected.received > days_later(trigger.occurred, TRIGGER_DAYS, zone);
        if expected.zones.iter().all(is_late) {
            self.accuse(&expected.touch, "was begun by a trigger that came too late");
        }
        if !expected.flow.is_for(trigger) {
            self.accuse(&expected.touch, "was begun against its filter");
        }
        let id = self.id_of(is_of_guest);
        if expected.flow.holds_out(id) || expected.flow.is_kept_from(id) {
            self.accuse(&expected.touch, "was begun for somebody who is held out");
        }
    }

    fn check_missing(&mut self, expected: &Expected) -> bool {
        let mut refused = self.observed.refused.iter().rev();
        let refused =
            refused.find(|r| r.rule == expected.flow.rule && r.occurrence == expected.occurrence);
        if let Some(refused) = refused.filter(|_| expected.step == 0) {
            self.check_refusal(expected, refused.reason, refused.is_of_guest);
            return true;
        }
        // What was on its way out when an exit came is followed by nothing.
        let was_under_way = expected.step > 0
            && self.around.had_trouble(expected.base, expected.base)
            && expected.trigger.is_some_and(|trigger| {
                let at = self.around.until;
                let began = (trigger.occurred, trigger.purchase.as_deref());
                View { facts: self.facts, at, is_sure: false }.has_exited(expected.flow, began)
            });
        if !was_under_way {
            self.accuse(&expected.touch, "should be, and nothing is known of it");
        }
        true
    }

    fn check_refusal(&mut self, expected: &Expected, reason: &str, is_of_guest: bool) {
        let id = self.id_of(is_of_guest);
        let is_kept_from = expected.flow.is_kept_from(id);
        if reason == "global_holdout" && !is_kept_from {
            self.accuse(&expected.touch, "was not begun for the global holdout without cause");
        }
        let Some(trigger) = expected.trigger else { return };
        let is_right = match reason {
            "global_holdout" => is_kept_from,
            "too_old" => expected
                .zones
                .iter()
                .any(|zone| expected.received > days_later(trigger.occurred, TRIGGER_DAYS, zone)),
            "filter_false" => !expected.flow.is_for(trigger),
            "holdout" => expected.flow.holds_out(self.id_of(is_of_guest)) && !is_kept_from,
            "reentry" => expected.flow.cooldown_days.is_some_and(|days| {
                self.facts.iter().any(|other| {
                    let first = other.occurred.min(trigger.occurred);
                    let last = other.occurred.max(trigger.occurred);
                    let is_near = |zone| days_later(first, days, zone) > last;
                    other.kind() == Some(expected.flow.trigger)
                        && other.key != trigger.key
                        && expected.flow.is_for(other)
                        && expected.zones.iter().any(is_near)
                })
            }),
            _ => false,
        };
        if !is_right {
            self.accuse(&expected.touch, format!("was not begun for {reason} without cause"));
        }
    }
}
