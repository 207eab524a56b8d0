//! What people ask of a call that was asked for: who makes it, which attempt it is,
//! whether it may be made now.

use jiff::civil::Date;

use super::Turn;
use super::due::{Fate, Gate};
use crate::channel::Channel;
use crate::customer::{Customer, Enrolment, Phase, Reported, Says, Try};
use crate::instant::Instant;
use crate::rulebook::{Attempt, RuleBook, step_parts};
use crate::touch::{Reason, TouchId};

/// A call among its attempts, as a script tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallFacts {
    /// Counted from 1.
    pub attempt: u8,
    /// How many attempts there are at most, the first included.
    pub attempts: u8,
    /// On which day it would be tried again if nobody is reached now.
    pub next_on: Option<Date>,
    /// What goes out if nobody is reached now.
    pub then: Option<Channel>,
}

impl CallFacts {
    /// A call that is made once, and of which nobody knows more.
    pub const ONCE: CallFacts = CallFacts { attempt: 1, attempts: 1, next_on: None, then: None };
}

/// Whether a call that was asked for may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallNow {
    /// It may.
    Yes,
    /// Not yet.
    Later {
        /// What keeps it back.
        reason: Reason,
        /// From when on it may be made; `None` where nobody knows, or where its time
        /// ends before.
        opens: Option<Instant>,
    },
    /// Not any more.
    Never {
        /// Why not.
        reason: Reason,
    },
}

/// The enrolment that a call was asked for by, or is planned in.
fn enrolment_of<'a>(customer: &'a Customer, touch: &TouchId) -> Option<&'a Enrolment> {
    customer.enrolments.iter().chain(&customer.asked_calls).find(|e| e.is_at(touch))
}

/// Which attempt a call is, and what comes if nobody is reached.
pub fn call_facts(
    customer: &Customer,
    book: &RuleBook,
    touch: &TouchId,
    now: Instant,
) -> CallFacts {
    let attempts = book.rule(&touch.rule).and_then(|rule| rule.attempts(&touch.step));
    let (Some(attempts), (_, Attempt::Nth(attempt))) = (attempts, step_parts(&touch.step)) else {
        return CallFacts::ONCE;
    };
    let then = attempts.then.as_ref().map(|then| then.channel);
    // A customer may ask for more calls than the rule makes.
    let most = attempts.max.max(attempt);
    let facts = CallFacts { attempt, attempts: most, next_on: None, then };
    if attempt >= attempts.max {
        return facts;
    }
    let mut tries = enrolment_of(customer, touch).map_or_else(Vec::new, |e| e.tries.clone());
    let reported = Some(Reported { at: now, says: Says::Unanswered });
    match tries.last_mut().filter(|last| last.reported.is_none()) {
        Some(last) => last.reported = reported,
        None => tries.push(Try { asked_at: now, due: now, reported }),
    }
    let mut customer = customer.clone();
    let turn = Turn::new(&mut customer, book, now);
    let next_on = Some(turn.attempt_due(attempts, &tries).date_in(&turn.zone));
    CallFacts { next_on, then: None, ..facts }
}

/// What the customer was promised that this call keeps: when the promise was made,
/// and the time that they named if any.
pub fn promised(customer: &Customer, touch: &TouchId) -> Option<(Instant, Option<Instant>)> {
    let (_, Attempt::Nth(attempt)) = step_parts(&touch.step) else { return None };
    let before = usize::from(attempt).checked_sub(2)?;
    let reported = enrolment_of(customer, touch)?.tries.get(before)?.reported?;
    match reported.says {
        Says::CallBack(at) => Some((reported.at, at)),
        Says::Ends | Says::Unanswered => None,
    }
}

/// Who acts on a touch as things stand (rules#assign-to); `None` where its rule is no more.
pub fn assignee(customer: &Customer, book: &RuleBook, touch: &TouchId) -> Option<String> {
    let step = book.rule(&touch.rule)?.step(&touch.step)?;
    let mut customer = customer.clone();
    let turn = Turn::new(&mut customer, book, Instant::MIN);
    Some(turn.assignee(step, &touch.rule, &touch.occurrence))
}

/// Whether a call that was asked for may be made now: what is asked when a touch is
/// sent (rules#eligibility), and may have changed since. It is of use until
/// `expires_at`. What the call was asked for by is not asked again: its rule may be
/// paused since, or be no more, and its `if` and the caps were those of its sending.
pub fn call_now(
    customer: &Customer,
    book: &RuleBook,
    touch: &TouchId,
    expires_at: Instant,
    now: Instant,
) -> CallNow {
    let has_exited = enrolment_of(customer, touch)
        .is_some_and(|e| matches!(e.phase, Phase::AwaitingReport { exited: true, .. }));
    let gate = Gate { has_exited, is_live: true, ..Gate::of(book.rule(&touch.rule)) };
    let mut customer = customer.clone();
    let turn = Turn::new(&mut customer, book, now);
    let fate = turn.kept_back(gate, Channel::Call, expires_at);
    match fate.or_else(|| turn.rests(Channel::Call, expires_at)) {
        None | Some(Fate::Go) => CallNow::Yes,
        Some(Fate::End { reason, .. }) => CallNow::Never { reason },
        Some(Fate::Wait { reason, until }) => {
            let is_of_use = |at: &Instant| *at < expires_at;
            let from = Some(until).filter(is_of_use);
            let opens = from.and_then(|from| turn.opening(from, Channel::Call));
            CallNow::Later { reason, opens: opens.filter(is_of_use) }
        }
    }
}

/// From when on, at or after an instant, the customer may be called; `None` where
/// never.
pub fn call_opening(customer: &Customer, book: &RuleBook, from: Instant) -> Option<Instant> {
    let mut customer = customer.clone();
    Turn::new(&mut customer, book, from).opening(from, Channel::Call)
}
