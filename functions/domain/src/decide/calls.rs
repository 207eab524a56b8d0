//! When a call is tried again, and what then (rules#attempts).
//!
//! A call that is tried more than once waits, once asked for, for its report;
//! nothing is pending meanwhile. Nobody reached: the next attempt, or the
//! fall-back behind the last. Any other report ends the step, and so does the
//! attempt's expiry; the next step is counted from then.

use jiff::civil::{Date, Time};

use super::Turn;
use crate::calendar::{self, Base};
use crate::channel::Channel;
use crate::customer::{Customer, Enrolment, Phase, Reported, Try};
use crate::event::{CallOutcome, CallReported};
use crate::instant::Instant;
use crate::policy::{DayRanges, Range};
use crate::rulebook::{Attempt, Attempts, Rule, RuleBook, Step, step_id, step_parts};
use crate::touch::{Reason, TouchId};

/// The hours that a day is parted by where the policy gives calls no window.
const DAY: Range = Range { from_minute: 9 * 60, until_minute: 21 * 60 };

/// How many days ahead an attempt is planned at most, where hardly any day has
/// hours for calls.
const DAYS_MAX: usize = 366;

/// Into how many parts a day's hours are divided.
const PARTS: usize = 3;

/// The parts of a day in the order in which they are tried after one of them:
/// what differs most comes first.
const AFTER: [[usize; PARTS]; PARTS] = [[2, 1, 0], [2, 0, 1], [0, 1, 2]];

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
    let facts = CallFacts { attempt, attempts: attempts.max, next_on: None, then };
    if attempt >= attempts.max {
        return facts;
    }
    let mut customer = customer.clone();
    let turn = Turn::new(&mut customer, book, now);
    let waiting = turn.customer.enrolments.iter().find(|e| e.is_at(touch));
    let mut tries = waiting.map_or_else(Vec::new, |e| e.tries.clone());
    let asked_at = waiting.and_then(Enrolment::asked_at).unwrap_or(now);
    tries.push(Try { asked_at, reported_at: now });
    let next_on = Some(turn.attempt_due(attempts, &tries).date_in(&turn.zone));
    CallFacts { next_on, then: None, ..facts }
}

/// Who acts on a touch as things stand (rules#assign-to); `None` where its rule is no more.
pub fn assignee(customer: &Customer, book: &RuleBook, touch: &TouchId) -> Option<String> {
    let step = book.rule(&touch.rule)?.step(&touch.step)?;
    let mut customer = customer.clone();
    let turn = Turn::new(&mut customer, book, Instant::MIN);
    Some(turn.assignee(step, &touch.rule, &touch.occurrence))
}

/// Why a call that was asked for must not be made any more, as things stand.
/// `None` also where its rule is paused since, or is no more: it was asked for.
pub fn call_forbidden(customer: &Customer, book: &RuleBook, touch: &TouchId) -> Option<Reason> {
    let rule = book.rule(&touch.rule)?;
    let mut customer = customer.clone();
    let turn = Turn::new(&mut customer, book, Instant::MIN);
    turn.forbidden(rule, Channel::Call).filter(|reason| *reason != Reason::RuleNotLive)
}

impl<'a> Turn<'a> {
    /// When a planned touch falls due: a further attempt at a call in another
    /// part of the day, whatever else counted from its base.
    pub(super) fn due_of(&self, enrolment: &Enrolment, step: &Step) -> Instant {
        let attempts = self.book.rule(&enrolment.rule).and_then(|rule| rule.attempts(&step.id));
        match (attempts, step_parts(&step.id)) {
            (Some(attempts), (_, Attempt::Nth(2..))) => {
                self.attempt_due(attempts, &enrolment.tries)
            }
            _ => self.due(step, enrolment.base(), self.detail_of(enrolment)),
        }
    }

    pub(super) fn wait_for_report(&mut self, mut enrolment: Enrolment, asked_at: Instant) {
        enrolment.phase = Phase::AwaitingReport { asked_at };
        enrolment.next = self.report_expires_at(&enrolment);
        enrolment.resent = false;
        enrolment.defers = Vec::new();
        match enrolment.reported.take() {
            Some(reported) => self.settle_call(enrolment, reported),
            None => self.customer.insert_enrolment(enrolment),
        }
    }

    fn report_expires_at(&self, enrolment: &Enrolment) -> Instant {
        self.planned(enrolment).map_or(self.now, |(_, step)| self.expires_at(enrolment.due, step))
    }

    /// The report of a call that was asked for did not come while it was of
    /// use: nothing more follows from it, and the next step counts from then.
    pub(super) fn give_up_report(&mut self, mut enrolment: Enrolment) {
        let expires_at = self.report_expires_at(&enrolment);
        if self.now < expires_at {
            enrolment.next = expires_at;
            return self.customer.insert_enrolment(enrolment);
        }
        if let Some(rule) = self.book.rule(&enrolment.rule) {
            self.go_on(enrolment, rule, expires_at);
        }
    }

    /// What a report means for the attempts at its call. One about another
    /// attempt than the last that was asked for counts only where it ends the
    /// call: somebody was reached after all.
    pub(super) fn on_call_reported(&mut self, call: &CallReported, live: bool) {
        let Some(touch) = call.touch_id.as_ref().filter(|_| live) else { return };
        let Some((mut enrolment, step)) = self.take_call(touch.as_str()) else { return };
        let book = self.book;
        let named = match (book.rule(&enrolment.rule), step_parts(&step)) {
            (Some(rule), (base, Attempt::Nth(number))) => {
                let attempts = rule.attempts(base).filter(|attempts| number <= attempts.max);
                attempts.map(|attempts| (rule, base, number, attempts))
            }
            _ => None,
        };
        let Some((rule, base, number, attempts)) = named else {
            return self.customer.insert_enrolment(enrolment);
        };
        let is_unanswered = matches!(call.outcome, CallOutcome::NoAnswer | CallOutcome::Voicemail);
        let reported = Reported { at: call.occurred_at.into(), is_unanswered };
        let is_over = rule.position(&enrolment.step) != rule.position(base);
        let is_asked = !enrolment.phase.is_waiting();
        let (_, now_at) = step_parts(&enrolment.step);
        match (is_asked, now_at) {
            _ if is_over => {
                let ends = !is_unanswered || number == attempts.max && attempts.then.is_none();
                if ends {
                    self.count_from_other_report(&mut enrolment, reported.at);
                }
            }
            (true, Attempt::Nth(last)) if number <= last && (number == last || !is_unanswered) => {
                return self.report(enrolment, reported);
            }
            // Planned, and not asked for yet: it need not be any more.
            (false, _) if !is_unanswered && Attempt::Nth(number) < now_at => {
                return self.end_call(enrolment, reported.at);
            }
            (false, Attempt::Nth(next)) if is_unanswered && number + 1 == next => {
                self.count_from_earlier(&mut enrolment, reported.at);
            }
            _ => {}
        }
        self.customer.insert_enrolment(enrolment);
    }

    /// Takes out the enrolment that a report's touch id names, with the step in it:
    /// the one that it is at, or the one just before.
    fn take_call(&mut self, touch: &str) -> Option<(Enrolment, String)> {
        let named: Vec<TouchId> = self.customer.touches_named(touch).collect();
        let step_named = |e: &Enrolment| {
            let is_its =
                |touch: &&TouchId| touch.rule == e.rule && touch.occurrence == e.occurrence;
            let step = &named.iter().find(is_its)?.step;
            let rule = self.book.rule(&e.rule)?;
            let (named, here) = (rule.position(step)?, rule.position(&e.step)?);
            (named == here || named + 1 == here).then(|| step.clone())
        };
        let mut enrolments = self.customer.enrolments.iter().enumerate();
        let (index, step) = enrolments.find_map(|(index, e)| Some((index, step_named(e)?)))?;
        Some((self.customer.enrolments.remove(index), step))
    }

    fn report(&mut self, mut enrolment: Enrolment, reported: Reported) {
        if enrolment.asked_at().is_some() {
            return self.settle_call(enrolment, reported);
        }
        // On its way out: what is reported counts once that is confirmed. Of
        // several reports one that ends the call, then the earliest.
        let rank = |r: &Reported| (r.is_unanswered, r.at);
        let known = enrolment.reported.take().into_iter().chain([reported]);
        enrolment.reported = known.min_by_key(rank);
        self.customer.insert_enrolment(enrolment);
    }

    /// Carries out what a report of the waiting call says. Where the call was of no
    /// use any more, its expiry ends it.
    fn settle_call(&mut self, mut enrolment: Enrolment, reported: Reported) {
        let is_of_use = reported.at < self.report_expires_at(&enrolment);
        let book = self.book;
        let Some(rule) = book.rule(&enrolment.rule).filter(|_| is_of_use) else {
            return self.customer.insert_enrolment(enrolment);
        };
        let is_recent = self.now <= self.later(reported.at, book.policy.max_trigger_age);
        let next = rule
            .attempts(&enrolment.step)
            .filter(|_| reported.is_unanswered && is_recent)
            .and_then(|attempts| following(attempts, &enrolment.step));
        let Some(next) = next else { return self.end_call(enrolment, reported.at) };
        let asked_at = enrolment.asked_at().unwrap_or(reported.at);
        enrolment.phase = Phase::Waiting;
        enrolment.tries.push(Try { asked_at, reported_at: reported.at });
        enrolment.step = next;
        self.plan_attempt(&mut enrolment, reported.at);
        self.customer.insert_enrolment(enrolment);
    }

    /// Plans the attempt or the fall-back that an enrolment is at, counted from
    /// the report before.
    fn plan_attempt(&self, enrolment: &mut Enrolment, reported_at: Instant) {
        enrolment.base = reported_at;
        enrolment.base_is_day = false;
        if let Some((_, step)) = self.planned(enrolment) {
            enrolment.due = self.due_of(enrolment, step);
            enrolment.next = enrolment.due;
        }
    }

    /// A second report of the attempt before says that it was made earlier.
    fn count_from_earlier(&self, enrolment: &mut Enrolment, at: Instant) {
        if !enrolment.is_untried(self.now) {
            return;
        }
        if let Some(last) = enrolment.tries.last_mut().filter(|last| at < last.reported_at) {
            last.reported_at = at;
            self.plan_attempt(enrolment, at);
        }
    }

    /// The call is over: what comes next counts from the report.
    fn end_call(&mut self, enrolment: Enrolment, at: Instant) {
        let Some(rule) = self.book.rule(&enrolment.rule) else {
            return self.customer.insert_enrolment(enrolment);
        };
        if let Some(next) = self.at_next_step(enrolment, rule, at) {
            self.customer.insert_enrolment(Enrolment { base_is_report: true, ..next });
        }
    }

    /// Another report that ends a call which a report has ended already: the
    /// earlier of the two is what counts, whichever came first.
    fn count_from_other_report(&self, enrolment: &mut Enrolment, at: Instant) {
        let moves = enrolment.base_is_report && enrolment.is_untried(self.now);
        if !moves || at >= enrolment.base {
            return;
        }
        if let Some((_, step)) = self.planned(enrolment) {
            let base = Base { at, is_day: false };
            enrolment.due = self.due(step, base, self.detail_of(enrolment));
            enrolment.next = enrolment.due;
            enrolment.base = at;
        }
    }

    /// When the attempt behind these falls due: after the gap, in a part of the
    /// day's hours for calls in which none of them was asked for or made.
    fn attempt_due(&self, attempts: &Attempts, tries: &[Try]) -> Instant {
        let Some(last) = tries.last() else { return self.now };
        let earliest = self.later(last.reported_at, attempts.gap);
        let country = self.customer.profile.country.latest().map(|country| country.as_str());
        let window = self.book.policy.window(Channel::Call, country);
        let mut date = earliest.date_in(&self.zone);
        for _ in 0..DAYS_MAX {
            if let Some(hours) = self.call_hours(window.as_ref(), date) {
                let begins = |part| calendar::instant(date, time(edge(hours, part)), &self.zone);
                let opens_in = |part: usize, from: Instant| {
                    let opens = self.opening(from, Channel::Call)?;
                    let is_in = opens.date_in(&self.zone) == date
                        && self.minute(opens) < edge(hours, part + 1);
                    is_in.then_some(opens)
                };
                let has_hours = |part: &usize| opens_in(*part, begins(*part)).is_some();
                let parts = self.untried(hours, tries, has_hours);
                let starts = parts.into_iter().filter_map(|part| {
                    // A gap of days counts dates, and leaves the time open.
                    let exactly = attempts.gap.is_exact().then_some(earliest);
                    opens_in(part, exactly.map_or(begins(part), |at| at.max(begins(part))))
                });
                let start = match attempts.gap.is_exact() {
                    true => starts.min(),
                    false => { starts }.next(),
                };
                if let Some(start) = start {
                    return start;
                }
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        earliest
    }

    /// The hours for calls of a day, from the first opening to the last end.
    fn call_hours(&self, window: Option<&DayRanges>, date: Date) -> Option<Range> {
        if self.book.policy.closed_days.contains(date) {
            return None;
        }
        let Some(window) = window else { return Some(DAY) };
        let ranges = window.on(date.weekday());
        let from_minute = ranges.first()?.from_minute;
        let until_minute = ranges.iter().map(|range| range.until_minute).max()?;
        Some(Range { from_minute, until_minute })
    }

    /// The parts of a day's hours to try next, the best first, of those in which
    /// calls may be made.
    fn untried(
        &self,
        hours: Range,
        tries: &[Try],
        has_hours: impl Fn(&usize) -> bool,
    ) -> Vec<usize> {
        let part = |at: Instant| {
            let minute = self.minute(at);
            (0..PARTS).rev().find(|part| minute >= edge(hours, *part)).unwrap_or(0)
        };
        let asked: Vec<usize> = tries.iter().map(|one| part(one.asked_at)).collect();
        let made: Vec<usize> = tries.iter().map(|one| part(one.reported_at)).collect();
        let last = asked.last().copied().unwrap_or(0);
        let order = |is_fresh: &dyn Fn(&usize) -> bool| -> Vec<usize> {
            AFTER[last].into_iter().filter(|part| is_fresh(part) && has_hours(part)).collect()
        };
        let fresh = order(&|part| !asked.contains(part) && !made.contains(part));
        let unasked = order(&|part| !asked.contains(part));
        let others = order(&|part| *part != last);
        [fresh, unasked, others].into_iter().find(|parts| !parts.is_empty()).unwrap_or_default()
    }

    fn minute(&self, at: Instant) -> u16 {
        let local = self.zone.to_datetime(at.timestamp());
        local.hour() as u16 * 60 + local.minute() as u16
    }
}

/// Whether the call that was just asked for may be tried again, or what comes behind
/// it hangs on its report.
pub(super) fn is_tried_again(enrolment: &Enrolment, rule: &Rule) -> bool {
    let Some(attempts) = rule.attempts(&enrolment.step) else { return false };
    let (_, Attempt::Nth(number)) = step_parts(&enrolment.step) else { return false };
    let has_next = rule.position(&enrolment.step).is_some_and(|at| at + 1 < rule.steps.len());
    !enrolment.has_exited() && (number < attempts.max || attempts.then.is_some() || has_next)
}

/// Where a part of a day's hours begins, in minutes of the day; the part
/// behind the last begins where the hours end.
fn edge(hours: Range, part: usize) -> u16 {
    let length = hours.until_minute - hours.from_minute;
    hours.from_minute + (usize::from(length) * part / PARTS) as u16
}

fn time(minute: u16) -> Time {
    let (hour, minute) = ((minute / 60).min(23), minute % 60);
    Time::constant(hour as i8, minute as i8, 0, 0)
}

/// The step behind an attempt that reached nobody, where there is one.
fn following(attempts: &Attempts, step: &str) -> Option<String> {
    let (base, Attempt::Nth(number)) = step_parts(step) else { return None };
    match number < attempts.max {
        true => Some(step_id(base, Attempt::Nth(number + 1))),
        false => attempts.then.as_ref().map(|_| step_id(base, Attempt::Then)),
    }
}
