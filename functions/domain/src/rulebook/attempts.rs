//! How often a call is tried, and what then (rules#attempts): the further attempts and
//! the fall-back are touches of their own, each with a step id that no rule's
//! step can have: `call.2`, `call.3`, `call.then`.

use super::Step;
use crate::span::{Span, Unit};

/// What stands behind the dot in the step id of a fall-back.
const THEN: &str = "then";

/// The attempts at a call, ready to decide by.
#[derive(Clone, Debug)]
pub struct Attempts {
    /// How often the call is tried at most, the first time included: 1 to 10.
    pub max: u8,
    /// How long after a report the next attempt may come.
    pub gap: Span,
    /// The attempts behind the first.
    pub further: Vec<Step>,
    /// What is asked for behind the last attempt if a customer asks to be called back.
    pub call_backs: Vec<Step>,
    /// Whether the rule names them, so that the next step waits for the report.
    pub is_named: bool,
    /// What is sent once after the last.
    pub then: Option<Box<Step>>,
}

/// Which touch of a call step a step id means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attempt {
    /// Counted from 1.
    Nth(u8),
    /// The fall-back: what is sent once after the last attempt.
    Then,
}

/// A step id taken apart: the authored step's, and which of its touches. What
/// no rule ever made is taken for an authored step of that name.
///
/// # Examples
/// ```
/// use lazo_domain::rulebook::{Attempt, step_parts};
/// assert_eq!(step_parts("call"), ("call", Attempt::Nth(1)));
/// assert_eq!(step_parts("call.3"), ("call", Attempt::Nth(3)));
/// assert_eq!(step_parts("call.then"), ("call", Attempt::Then));
/// ```
pub fn step_parts(step: &str) -> (&str, Attempt) {
    match step.split_once('.') {
        Some((base, THEN)) => (base, Attempt::Then),
        Some((base, number)) => match number.parse() {
            Ok(number) if number >= 2 => (base, Attempt::Nth(number)),
            _ => (step, Attempt::Nth(1)),
        },
        None => (step, Attempt::Nth(1)),
    }
}

/// The step id of one of a call's touches.
pub fn step_id(base: &str, attempt: Attempt) -> String {
    match attempt {
        Attempt::Nth(..=1) => base.to_owned(),
        Attempt::Nth(number) => format!("{base}.{number}"),
        Attempt::Then => format!("{base}.{THEN}"),
    }
}

/// How often a call is asked for at most, with what customers asked for.
pub const CALLS_MAX: u8 = 10;

impl Attempts {
    /// The attempts at `first`: each is like it, at times of its own.
    pub(super) fn of(first: &Step, max: u8, gap: Span, then: Option<Step>) -> Attempts {
        let nth = |number| Step {
            id: step_id(&first.id, Attempt::Nth(number)),
            wait: None,
            on: None,
            at: None,
            ..first.clone()
        };
        let further = (2..=max).map(nth).collect();
        let call_backs = (max + 1..=CALLS_MAX).map(nth).collect();
        let then =
            then.map(|then| Box::new(Step { id: step_id(&first.id, Attempt::Then), ..then }));
        Attempts { max, gap, further, call_backs, is_named: true, then }
    }

    /// Those of a call of which the rule names none: it is made once, and again where
    /// the customer asks for it.
    pub(super) fn once(first: &Step) -> Attempts {
        let gap = Span { count: 1, unit: Unit::BusinessDays };
        Attempts { is_named: false, ..Attempts::of(first, 1, gap, None) }
    }

    /// Every touch that may follow the first, call backs aside.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.further.iter().chain(self.then.as_deref())
    }

    /// One of the touches that may follow the first, by its id.
    pub(super) fn step(&self, id: &str) -> Option<&Step> {
        self.steps().chain(&self.call_backs).find(|step| step.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_rule_made_is_an_authored_step() {
        for step in ["call", "call.1", "call.0", "call.x", "call.999"] {
            assert_eq!(step_parts(step), (step, Attempt::Nth(1)));
        }
        assert_eq!(step_parts("call.2"), ("call", Attempt::Nth(2)));
        assert_eq!(step_parts("call.then"), ("call", Attempt::Then));
    }
}
