//! Which stages a customer has entered, and what that starts (section 4).

use super::Turn;
use super::enrol::Occurrence;
use crate::calendar;
use crate::customer::Enrolment;
use crate::event::Event;
use crate::instant::Instant;
use crate::ordered;
use crate::rule::Trigger;
use crate::rulebook::{Rule, RuleBook};
use crate::stage::timeline::Course;
use crate::stage::{Entered, Stage};
use crate::touch::{Reason, TouchStatus};

/// How many stages are kept, the latest ones.
const STAGES_MAX: usize = 16;

impl<'a> Turn<'a> {
    /// Works out the stages anew and starts the rules of those just entered,
    /// where that `opens` follow-ups. A stage that turns out not to have been
    /// entered takes back what it started, as long as nothing was tried.
    pub(super) fn review_stages(&mut self, cause: Option<&Event>, opens: bool) {
        let policy = &self.book.policy;
        let course = Course {
            zone: &self.zone,
            scorer: self.book.scorer(),
            end_after: policy.drift.end_after,
            closed_days: &policy.closed_days,
        };
        let timeline = course.timeline(self.customer, self.now);
        let mut entered = timeline.entered;
        ordered::keep_latest(&mut entered, STAGES_MAX);
        let foreseen = self.customer.next_review;
        let known = std::mem::take(&mut self.customer.stages);
        let same = |a: &Entered, b: &Entered| (a.stage, a.at) == (b.stage, b.at);
        let mut fresh: Vec<Entered> = Vec::new();
        for entry in &mut entered {
            match known.iter().find(|known| same(known, entry)) {
                Some(known) => entry.learnt_at = known.learnt_at,
                None => {
                    let on_time = entry.is_day && foreseen.is_some_and(|next| next <= entry.at);
                    entry.learnt_at = (!on_time && entry.at != self.now).then_some(self.now);
                    fresh.push(entry.clone());
                }
            }
        }
        self.customer.next_review = timeline.next;
        self.customer.forecast = timeline.forecast;
        let gone = known.iter().filter(|known| !entered.iter().any(|entry| same(known, entry)));
        gone.for_each(|gone| drop(self.take_back_stage(gone)));
        // A late event changes what was known when a stage was entered.
        let seen_otherwise = |entry: &&Entered| {
            let is_fresh = fresh.iter().any(|fresh| same(fresh, entry));
            !is_fresh && cause.is_some_and(|event| event.occurred_at <= entry.at)
        };
        let again: Vec<Entered> = entered.iter().filter(seen_otherwise).cloned().collect();
        self.customer.stages = entered;
        for entry in &again {
            let taken_back = self.take_back_stage(entry);
            self.start_stage(entry, |turn, rule, due| {
                taken_back.iter().any(|e| e.rule == rule.name) || opens && due > turn.now
            });
        }
        for entry in &fresh {
            if opens {
                self.start_stage(entry, |_, _, _| true);
            }
            self.end_on_report(entry);
        }
        // To be known at all is no change.
        let since = self.customer.known_since;
        let changes =
            |entry: &Entered| entry.stage != Stage::Exploration || Some(entry.at) != since;
        self.stages_entered.extend(fresh.into_iter().filter(|entry| opens && changes(entry)));
    }

    /// Starts the rules of a stage, where `starts` says so of the rule and the
    /// time at which its first touch falls due.
    fn start_stage(&mut self, entry: &Entered, starts: impl Fn(&Self, &Rule, Instant) -> bool) {
        let book: &'a RuleBook = self.book;
        let name = entry.at.date_in(&self.zone).to_string();
        for rule in book.entered_by(entry.stage) {
            let Some(step) = rule.steps.first() else { continue };
            let due = self.due(step, calendar::Base { at: entry.at, is_day: entry.is_day }, None);
            let known = self.customer.past.get(&rule.name);
            let is_known = known.is_some_and(|past| past.iter().any(|p| p.occurrence == name));
            if is_known || !starts(self, rule, due) {
                continue;
            }
            let occurrence = Occurrence {
                name: &name,
                at: entry.at,
                is_day: entry.is_day,
                received_at: entry.learnt_at.unwrap_or(entry.at),
                kind: None,
                purchase_id: None,
                detail: None,
            };
            match self.choose(rule, &occurrence) {
                Ok(()) => drop(self.enrol(rule, &occurrence)),
                Err(reason) => self.refuse(rule, &occurrence, reason),
            }
        }
    }

    /// Takes out what the entry into a stage started and nobody tried to send.
    fn take_back_stage(&mut self, entry: &Entered) -> Vec<Enrolment> {
        let book = self.book;
        let held_out: Vec<&Rule> =
            book.entered_by(entry.stage).filter(|rule| self.held_out_of(rule).is_some()).collect();
        let customer = &mut self.customer;
        let is_its = |e: &Enrolment| {
            let rule =
                book.rule(&e.rule).filter(|rule| rule.trigger == Trigger::Stage(entry.stage));
            e.at == entry.at
                && e.defers.is_empty()
                && e.phase.is_waiting()
                && rule.and_then(|rule| rule.steps.first()).is_some_and(|step| step.id == e.step)
        };
        let taken: Vec<Enrolment> = customer.enrolments.extract_if(.., |e| is_its(e)).collect();
        for enrolment in &taken {
            if let Some(past) = customer.past.get_mut(&enrolment.rule) {
                past.retain(|p| p.occurrence != enrolment.occurrence);
            }
        }
        // Who was held out of it was never in.
        for rule in held_out {
            if let Some(past) = customer.past.get_mut(&rule.name) {
                past.retain(|p| p.at != entry.at);
            }
        }
        taken
    }

    /// A relationship that a rep reported as over is not won back.
    fn end_on_report(&mut self, entry: &Entered) {
        if entry.stage != Stage::Ended || entry.is_day {
            return;
        }
        let book = self.book;
        let wins_back = |e: &Enrolment| {
            !e.is_sending()
                && e.at <= entry.at
                && book
                    .rule(&e.rule)
                    .is_some_and(|rule| rule.trigger == Trigger::Stage(Stage::Dissolution))
        };
        let ended: Vec<Enrolment> =
            self.customer.enrolments.extract_if(.., |e| wins_back(e)).collect();
        for enrolment in ended.into_iter().filter(|e| e.asked_at().is_none()) {
            let (channel, reason) = (self.channel_of(&enrolment), Some(Reason::Exited));
            self.record_end(&enrolment, channel, TouchStatus::Cancelled, self.now, reason);
        }
    }
}
