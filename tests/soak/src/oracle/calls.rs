//! Calls are tried again where nobody was reached, or the customer asked for it, three
//! times in all; then a mail goes. Who named a time is called back then.

use super::Case;
use super::End;
use super::clock::is_open;
use super::fate::Expected;
use super::flows::{ATTEMPTS, FLOWS, Flow, TRIGGER_DAYS};
use super::safety::{Named, named, when};
use super::view::View;
use crate::fact::{Calls, Fact, Line, NEVER, What};
use crate::life::DAY;
use crate::shop::TICK;

/// What is told so shortly before a time may be known then or not.
const UNCERTAIN: i64 = TICK;

/// The attempts in their order, the mail behind them last.
fn attempts() -> impl Iterator<Item = (&'static Flow, &'static Flow)> {
    let first = FLOWS.iter().filter(|flow| flow.rule == ATTEMPTS[0].rule);
    first.chain(&ATTEMPTS).zip(&ATTEMPTS)
}

impl<'a> Case<'a> {
    pub(super) fn check_calls(&mut self) {
        let observed = self.observed;
        let touches: Vec<&String> =
            observed.touches.keys().chain(observed.pending.keys()).collect();
        for touch in touches {
            let Some(named) = named(touch, self.id) else { continue };
            let follows = attempts().find(|(before, _)| {
                before.rule == named.flow.rule && before.steps[0].id == named.step.id
            });
            if let Some((_, next)) = follows {
                self.check_next(touch, next, named.occurrence);
            }
            let came_before = attempts()
                .find(|(_, next)| named.flow.is_further && next.steps[0].id == named.step.id);
            if let Some((before, _)) = came_before {
                let before = before.touch(self.id, named.occurrence, &before.steps[0]);
                self.check_before(touch, &before);
            }
        }
    }

    fn reports(&self, touch: &str) -> impl Iterator<Item = &'a Fact> {
        let facts = self.facts.iter();
        facts.filter(move |fact| fact.touch.as_deref() == Some(touch))
    }

    /// The report that counts: the last, since one rep makes them all within a day.
    fn report(&self, touch: &str) -> Option<&'a Fact> {
        self.reports(touch).max_by_key(|report| report.occurred)
    }

    /// Nobody reached is followed by the next attempt.
    fn check_next(&mut self, touch: &str, next: &'static Flow, occurrence: &str) {
        let Some(seen) = self.observed.touches.get(touch).filter(|seen| seen.end == End::Sent)
        else {
            return;
        };
        let Some(report) = self.report(touch).filter(|report| is_unanswered(report)) else {
            return;
        };
        let Some(named) = named(touch, self.id) else { return };
        let trigger = self.trigger_of(occurrence);
        let zones = self.zones(self.around.from);
        let expires = zones.iter().map(|zone| named.step.expires(seen.due, zone)).min();
        let is_recent = report.sure < report.occurred + TRIGGER_DAYS * DAY - UNCERTAIN;
        let is_of_use =
            is_recent && expires.is_some_and(|expires| report.sure < expires - UNCERTAIN);
        let is_over = View { facts: self.facts, at: report.sure, is_sure: false };
        let began = trigger.map(|trigger| (trigger.occurred, trigger.purchase.as_deref()));
        let has_ended =
            is_over.is_erased() || began.is_some_and(|began| is_over.has_exited(next, began));
        let following = next.touch(self.id, occurrence, &next.steps[0]);
        let is_there = self.observed.touches.contains_key(&following)
            || self.observed.pending.contains_key(&following);
        let is_settled = has_ended || self.was_over_before(&named, occurrence);
        if !is_there && (!is_of_use || is_settled || report.sure == NEVER) {
            return;
        }
        self.check_named_time(&following, report);
        // Planned by the report, or by its duplicate's time where that came first.
        self.follow(Expected {
            flow: next,
            step: 0,
            touch: following,
            occurrence: occurrence.to_owned(),
            base: report.occurred,
            trigger,
            received: report.sure.max(report.maybe),
            known: report.sure.max(report.maybe),
            zones,
        });
    }

    /// Whether an attempt before this one was the last, as it turned out: the correction
    /// that says so may come once the next was asked for.
    fn was_over_before(&self, named: &Named, occurrence: &str) -> bool {
        let before = attempts().take_while(|(flow, _)| flow.steps[0].id != named.step.id);
        let touches = before.map(|(flow, _)| flow.touch(self.id, occurrence, &flow.steps[0]));
        let mut reports = touches.filter_map(|touch| self.report(&touch));
        reports.any(|report| !is_unanswered(report))
    }

    /// Who named a time is called back then, or once calls may be made again.
    fn check_named_time(&mut self, touch: &str, report: &Fact) {
        let What::Heard { calls: Calls::CallBack(Some(named)), .. } = report.what else { return };
        // What came late may have moved nothing any more.
        let Some(due) = self.due_of(touch).filter(|_| report.sure < named - UNCERTAIN) else {
            return;
        };
        let was_open = [report.sure, named].into_iter().all(|at| {
            let views = View::both(self.facts, at);
            views.iter().all(|view| is_open(Line::Call, view.country(), named, &view.zone()))
        });
        if due < named || due > named && was_open {
            let why = format!("comes back at {}, not when the customer asked", when(due));
            self.accuse(touch, why);
        }
    }

    /// Only nobody reached is followed by another attempt.
    fn check_before(&mut self, touch: &str, before: &str) {
        let due = self.due_of(touch).unwrap_or(NEVER);
        let was_tried = || self.reports(before).any(is_unanswered);
        let went_at = self.observed.touches.get(touch).map_or(NEVER, |seen| seen.at);
        match self.report(before) {
            // What went out before the correction was known stays.
            Some(report) if !is_unanswered(report) && was_tried() && went_at < report.sure => {}
            Some(report) if !is_unanswered(report) => {
                self.accuse(touch, "is tried again, and the last report was another");
            }
            Some(report) if due < report.occurred || report.maybe == NEVER => {
                self.accuse(touch, format!("is tried again at {}, before the report", when(due)));
            }
            Some(_) => {}
            None => self.accuse(touch, "is tried again, and nobody reported"),
        }
    }

    fn trigger_of(&self, occurrence: &str) -> Option<&'a Fact> {
        self.facts
            .iter()
            .find(|fact| matches!(fact.what, What::Purchase { .. }) && fact.key == occurrence)
    }
}

fn is_unanswered(report: &Fact) -> bool {
    matches!(report.what, What::Heard { calls: Calls::Unanswered | Calls::CallBack(_), .. })
}
