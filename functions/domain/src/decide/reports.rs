//! What a report of a call means: the call is tried again, comes back or is over
//! (rules#attempts, rules#call-backs, events#corrections).
//!
//! A call that is tried more than once waits, once asked for, for its report;
//! nothing is pending meanwhile. Nobody reached: the next attempt, or the
//! fall-back behind the last. Any other report ends the step, and so does the
//! attempt's expiry; the next step is counted from then.
//!
//! What follows is decided from all reports of a call together, as often as one
//! comes, as long as what followed has not gone out: so neither their order nor a
//! correction matters. A call whose rule goes on without its report, or is over, is
//! kept aside for so long (`asked_calls`).

use super::Turn;
use crate::customer::{CORRECTION_MILLIS, CallReport, Enrolment, Phase, Reported, Says, Try};
use crate::event::{CallOutcome, CallReported};
use crate::instant::Instant;
use crate::rulebook::{Attempt, Attempts, CALLS_MAX, Rule, step_id, step_parts};
use crate::touch::TouchId;

/// How many calls are kept aside for reports, the latest ones.
const ASKED_CALLS_MAX: usize = 20;

/// What a call's reports lead to.
enum Course {
    /// Its report is awaited.
    Waits(Enrolment),
    /// The next attempt, or the fall-back.
    Again(Enrolment),
    /// It is over since then.
    Over(Enrolment, Instant),
}

impl<'a> Turn<'a> {
    /// A call was asked for: its report is awaited, by its step or aside from it.
    pub(super) fn on_call_asked(&mut self, mut enrolment: Enrolment, rule: &Rule, at: Instant) {
        let has_exited = enrolment.has_exited();
        let gone = enrolment.clone();
        enrolment.tries.push(Try { asked_at: at, due: enrolment.due, reported: None });
        enrolment.phase = Phase::AwaitingReport { asked_at: at, exited: has_exited };
        enrolment.next = self.report_expires_at(&enrolment);
        (enrolment.base, enrolment.base_is_day) = (at, false);
        enrolment.resent = false;
        enrolment.defers = Vec::new();
        match is_tried_again(&gone, rule) && !has_exited {
            true => self.settle_call(None, enrolment),
            false => {
                let is_beside = gone.is_beside;
                self.settle_call(None, Enrolment { is_beside: true, ..enrolment });
                if !is_beside {
                    self.go_on(gone, rule, at);
                }
            }
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

    /// What a report means for the attempts at its call.
    pub(super) fn on_call_reported(&mut self, call: &CallReported, live: bool) {
        let Some(touch) = call.touch_id.as_ref().filter(|_| live) else { return };
        let named: Vec<TouchId> = self.customer.touches_named(touch.as_str()).collect();
        let is_its = |turn: &Self, e: &Enrolment| {
            turn.call_of(e).is_some_and(|(base, tries)| {
                named.iter().any(|touch| {
                    let (step, attempt) = step_parts(&touch.step);
                    (&touch.rule, &touch.occurrence) == (&e.rule, &e.occurrence)
                        && step == base
                        && matches!(attempt, Attempt::Nth(n) if usize::from(n) <= tries.len())
                })
            })
        };
        let found = self.customer.enrolments.iter().position(|e| is_its(self, e));
        if let Some(index) = found {
            let known = self.customer.enrolments.remove(index);
            return match self.as_awaiting(&known).filter(|_| !known.is_sending()) {
                Some(awaiting) => self.settle_call(Some(known), awaiting),
                None => self.customer.insert_enrolment(known),
            };
        }
        let is_kept = |e: &Enrolment| self.now < e.next && !e.has_exited() && is_its(self, e);
        let found = self.customer.asked_calls.iter().position(is_kept);
        if let Some(index) = found {
            let awaiting = self.customer.asked_calls.remove(index);
            self.settle_call(None, awaiting);
        }
    }

    /// The call of which reports change where an enrolment stands, with its attempts:
    /// the one that it is at, or the one just before.
    fn call_of<'e>(&self, enrolment: &'e Enrolment) -> Option<(&'a str, &'e [Try])> {
        let rule = self.book.rule(&enrolment.rule)?;
        let here = rule.position(&enrolment.step)?;
        match enrolment.tries_before.is_empty() {
            false => {
                let before = rule.steps.get(here.checked_sub(1)?)?;
                Some((&before.id, &enrolment.tries_before))
            }
            true if enrolment.tries.is_empty() => None,
            true => Some((&rule.steps[here].id, &enrolment.tries)),
        }
    }

    /// An enrolment as it waited for the report of the last attempt that was asked for.
    fn as_awaiting(&self, enrolment: &Enrolment) -> Option<Enrolment> {
        let (base, tries) = self.call_of(enrolment)?;
        let (number, mut tries) = (u8::try_from(tries.len()).ok()?, tries.to_vec());
        let last = tries.last_mut()?;
        last.reported = None;
        let Try { asked_at, due, .. } = *last;
        let awaiting = Enrolment {
            step: step_id(base, Attempt::Nth(number)),
            phase: Phase::AwaitingReport { asked_at, exited: false },
            due,
            defers: Vec::new(),
            resent: false,
            tries,
            tries_before: Vec::new(),
            base: asked_at,
            base_is_day: false,
            ..enrolment.clone()
        };
        Some(Enrolment { next: self.report_expires_at(&awaiting), ..awaiting })
    }

    /// Carries out what the reports of an awaiting call come to. `known` is where the
    /// enrolment stands, where it is on its way.
    fn settle_call(&mut self, known: Option<Enrolment>, awaiting: Enrolment) {
        // What has come due stays as it is, unless something else is said now.
        let says = |e: &Enrolment| {
            let tries = if e.tries_before.is_empty() { &e.tries } else { &e.tries_before };
            tries.last().and_then(|last| last.reported).map(|reported| reported.says)
        };
        let stays = |known: Option<Enrolment>, then: &Enrolment| {
            known.filter(|known| {
                let is_same = known.step == then.step && says(known) == says(then);
                is_same && !known.is_untried(self.now)
            })
        };
        match self.course(awaiting) {
            Course::Waits(awaiting) if awaiting.is_beside => self.keep_aside(awaiting),
            Course::Waits(awaiting) => self.customer.insert_enrolment(awaiting),
            Course::Again(next) => {
                let next = stays(known, &next).unwrap_or(next);
                self.customer.insert_enrolment(next);
            }
            Course::Over(awaiting, at) => {
                let rule = self.book.rule(&awaiting.rule).filter(|_| !awaiting.is_beside);
                let next = rule.and_then(|rule| self.at_next_step(awaiting.clone(), rule, at));
                match next {
                    Some(next) => {
                        let next = Enrolment { tries_before: awaiting.tries, ..next };
                        let next = stays(known, &next).unwrap_or(next);
                        self.customer.insert_enrolment(next);
                    }
                    None => self.keep_aside(awaiting),
                }
            }
        }
    }

    /// What the reports of a call come to that was asked for.
    fn course(&self, mut enrolment: Enrolment) -> Course {
        let book = self.book;
        let attempts = book.rule(&enrolment.rule).and_then(|rule| rule.attempts(&enrolment.step));
        let (Some(attempts), false) = (attempts, enrolment.has_exited()) else {
            return Course::Waits(enrolment);
        };
        let (base, _) = step_parts(&enrolment.step);
        let steps = (1..).map(|number| step_id(base, Attempt::Nth(number)));
        let said: Vec<Option<(Reported, bool)>> = steps
            .zip(&enrolment.tries)
            .map(|(step, one)| self.said_of(&enrolment, &step, one))
            .collect();
        let ends = said.iter().flatten().filter(|(reported, _)| reported.says == Says::Ends);
        let last = said.last().copied().flatten();
        let Some((reported, is_recent)) = ends.min_by_key(|(said, _)| said.at).copied().or(last)
        else {
            return Course::Waits(enrolment);
        };
        for (one, said) in enrolment.tries.iter_mut().zip(said) {
            one.reported = said.map(|(said, _)| said).or(one.reported);
        }
        if let Some(last) = enrolment.tries.last_mut() {
            last.reported.get_or_insert(reported);
        }
        let next = following(attempts, &enrolment, reported.says).filter(|_| is_recent);
        match next {
            Some(step) => Course::Again(self.at_attempt(enrolment, step, reported.at)),
            None => Course::Over(enrolment, reported.at),
        }
    }

    /// What the reports of one attempt come to, and whether they came in time to open
    /// anything. What was reported when the call was of no use any more, or before it
    /// was asked for, means nothing.
    fn said_of(&self, of: &Enrolment, step: &str, one: &Try) -> Option<(Reported, bool)> {
        let expires_at = self.report_expires_at(of);
        let reports = &self.customer.call_reports;
        let is_its = |report: &&CallReport| {
            report.received_at.is_some_and(|received| received >= one.asked_at)
                && self.customer.touches_named(report.touch.as_str()).any(|touch| {
                    (&*touch.rule, &*touch.occurrence, &*touch.step)
                        == (&of.rule, &of.occurrence, step)
                })
                && reports.since(report) < expires_at
        };
        let found = reports.standing().filter(is_its);
        let report = found.min_by_key(|report| (says(report), report.at, report.id.clone()))?;
        let longest = self.book.policy.max_trigger_age;
        let is_recent = report.received_at.is_some_and(|at| at <= self.later(report.at, longest));
        Some((Reported { at: report.at, says: says(report) }, is_recent))
    }

    /// Plans the attempt or the fall-back that comes next, counted from the report.
    fn at_attempt(&self, enrolment: Enrolment, step: String, reported_at: Instant) -> Enrolment {
        let mut next = Enrolment {
            step,
            phase: Phase::Waiting,
            base: reported_at,
            base_is_day: false,
            ..enrolment
        };
        if let Some((_, step)) = self.planned(&next) {
            next.due = self.due_of(&next, step);
            next.next = next.due;
        }
        next
    }

    /// Keeps a call for reports that may yet come, as long as they may change anything.
    fn keep_aside(&mut self, mut awaiting: Enrolment) {
        let reported = awaiting.tries.last().and_then(|last| last.reported);
        let corrected_until = reported.map(|one| one.at.plus_millis(CORRECTION_MILLIS));
        let until = corrected_until.max(Some(self.report_expires_at(&awaiting)));
        let longest = self.book.policy.max_trigger_age;
        awaiting.next = until.map_or(self.now, |until| self.later(until, longest));
        if let Some(last) = awaiting.tries.last_mut() {
            last.reported = None;
        }
        self.customer.keep_asked_call(awaiting);
    }

    /// What followed a call has gone out, or ended: from now on its reports bring it
    /// back beside the rule, or change nothing.
    pub(super) fn leave_call_behind(&mut self, enrolment: &Enrolment) {
        let is_behind =
            !enrolment.tries_before.is_empty() || step_parts(&enrolment.step).1 == Attempt::Then;
        if let Some(awaiting) = self.as_awaiting(enrolment).filter(|_| is_behind) {
            self.keep_aside(Enrolment { is_beside: true, ..awaiting });
        }
    }
}

impl crate::customer::Customer {
    /// Puts a call aside until its `next`; of very many the latest are kept.
    pub(super) fn keep_asked_call(&mut self, awaiting: Enrolment) {
        let key = |e: &Enrolment| (e.asked_at(), e.rule.clone(), e.occurrence.clone());
        let place = self.asked_calls.binary_search_by_key(&key(&awaiting), key);
        let (Ok(index) | Err(index)) = place;
        self.asked_calls.insert(index, awaiting);
        crate::ordered::keep_latest(&mut self.asked_calls, ASKED_CALLS_MAX);
    }
}

fn says(report: &CallReport) -> Says {
    match report.outcome {
        CallOutcome::Reached
        | CallOutcome::WrongNumber
        | CallOutcome::DoNotCall
        | CallOutcome::Done => Says::Ends,
        CallOutcome::CallBack => Says::CallBack(report.call_back_at),
        CallOutcome::NoAnswer | CallOutcome::Voicemail | CallOutcome::NotDone => Says::Unanswered,
    }
}

/// Whether the call that was just asked for may be tried again, or what comes behind
/// it hangs on its report.
fn is_tried_again(enrolment: &Enrolment, rule: &Rule) -> bool {
    let Some(attempts) = rule.attempts(&enrolment.step) else { return false };
    let (_, Attempt::Nth(number)) = step_parts(&enrolment.step) else { return false };
    let has_next = rule.position(&enrolment.step).is_some_and(|at| at + 1 < rule.steps.len());
    attempts.is_named
        && !enrolment.is_beside
        && (number < attempts.max || attempts.then.is_some() || has_next)
}

/// The step behind an attempt that reached nobody, where there is one. What was
/// promised to a customer is kept behind the last attempt, too.
fn following(attempts: &Attempts, enrolment: &Enrolment, says: Says) -> Option<String> {
    let (base, Attempt::Nth(number)) = step_parts(&enrolment.step) else { return None };
    let most = match says {
        Says::Ends => return None,
        Says::CallBack(_) => CALLS_MAX,
        Says::Unanswered => attempts.max,
    };
    let then = attempts.then.as_ref().filter(|_| !enrolment.is_beside);
    match number < most {
        true => Some(step_id(base, Attempt::Nth(number + 1))),
        false => then.map(|_| step_id(base, Attempt::Then)),
    }
}
