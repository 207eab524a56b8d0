//! Which of a day's touches go where frequency caps leave room for some (rules#frequency-caps).

use std::cmp::{Ordering, Reverse};

use super::Turn;
use super::due::Gate;
use crate::channel::{Channel, Purpose};
use crate::complaint::Pause;
use crate::customer::Enrolment;
use crate::instant::Instant;
use crate::policy::FrequencyCap;
use crate::rule::DuringComplaint;
use crate::rulebook::{Rule, Step};

/// A touch that would go today, and when.
struct Candidate<'a> {
    enrolment: &'a Enrolment,
    at: Instant,
    channel: Channel,
    purpose: Purpose,
}

impl Candidate<'_> {
    fn falls_under(&self, cap: &FrequencyCap) -> bool {
        cap.covers(self.channel, self.purpose)
    }
}

impl Turn<'_> {
    /// What orders touches: the higher priority, the earlier due, the lower
    /// touch id as a text.
    pub(super) fn compare(&self, a: &Enrolment, b: &Enrolment) -> Ordering {
        // One customer's ids differ in these alone.
        fn id(e: &Enrolment) -> impl Iterator<Item = u8> {
            let (rule, occurrence) = (e.rule.bytes(), e.occurrence.bytes());
            rule.chain(*b"/").chain(occurrence).chain(*b"/").chain(e.step.bytes())
        }
        let priority = |e: &Enrolment| self.book.rule(&e.rule).map_or(0, |rule| rule.priority);
        let first = (Reverse(priority(a)), a.due).cmp(&(Reverse(priority(b)), b.due));
        first.then_with(|| id(a).cmp(id(b)))
    }

    /// Until when a frequency cap keeps a touch back that could go now, `None`
    /// where it may go.
    pub(super) fn capped_until(
        &self,
        enrolment: &Enrolment,
        rule: &Rule,
        step: &Step,
    ) -> Option<Instant> {
        let caps = self.caps();
        let mine = || caps.iter().filter(|cap| cap.covers(step.channel, rule.purpose));
        mine().next()?;
        let opens = mine().filter_map(|cap| self.opens_at(cap)).max();
        opens.or_else(|| self.outranked_until(enrolment, rule, step))
    }

    /// The caps that hold for the customer.
    fn caps(&self) -> Vec<&FrequencyCap> {
        let relationship = self.customer.profile.relationship.latest().map(|kind| kind.as_str());
        self.book.policy.caps(relationship).collect()
    }

    /// When a full cap opens, `None` where it has room now.
    fn opens_at(&self, cap: &FrequencyCap) -> Option<Instant> {
        let counted = self.customer.sends.iter().rev().filter(|s| cap.covers(s.channel, s.purpose));
        let decisive = counted.map(|sent| sent.at).nth(cap.max.saturating_sub(1) as usize)?;
        let opens = self.later(decisive, cap.per);
        (opens > self.now).then_some(opens)
    }

    /// Until when a touch leaves its room to those that rank higher and fall
    /// due later on this local day, `None` where there is room for all.
    fn outranked_until(&self, enrolment: &Enrolment, rule: &Rule, step: &Step) -> Option<Instant> {
        let mut plan: Vec<Candidate> = Vec::new();
        for candidate in self.higher_today(enrolment) {
            plan.push(candidate);
            if !self.fit(&plan) {
                plan.pop();
            }
        }
        let (at, channel, purpose) = (self.now, step.channel, rule.purpose);
        plan.push(Candidate { enrolment, at, channel, purpose });
        if plan.len() == 1 || self.fit(&plan) {
            return None;
        }
        let me = plan.pop()?;
        let caps = self.caps();
        let in_my_way = |other: &&Candidate| {
            caps.iter().any(|cap| me.falls_under(cap) && other.falls_under(cap))
        };
        plan.iter().filter(in_my_way).map(|other| other.at).min()
    }

    /// Whether touches, the highest rank first, may all go when they fall due.
    fn fit(&self, plan: &[Candidate]) -> bool {
        let caps = self.caps();
        plan.iter().enumerate().all(|(rank, touch)| {
            caps.iter().all(|cap| {
                let still_counts = |sent: Instant| self.later(sent, cap.per) > touch.at;
                let sent =
                    self.customer.sends.iter().filter(|sent| {
                        cap.covers(sent.channel, sent.purpose) && still_counts(sent.at)
                    });
                let before = plan.iter().enumerate().filter(|(other_rank, other)| {
                    (other.at, *other_rank) < (touch.at, rank)
                        && other.falls_under(cap)
                        && still_counts(other.at)
                });
                !touch.falls_under(cap) || sent.count() + before.count() < cap.max as usize
            })
        })
    }

    /// The touches that rank higher than one, fall due on this local day and
    /// would go, the highest first.
    fn higher_today(&self, than: &Enrolment) -> Vec<Candidate<'_>> {
        let today = self.today();
        let mut higher: Vec<Candidate> = self
            .customer
            .enrolments
            .iter()
            .filter(|e| e.phase.is_waiting())
            .filter(|e| self.compare(e, than).is_lt())
            .filter(|e| e.next <= self.now || e.next.date_in(&self.zone) == today)
            .filter_map(|enrolment| {
                let (rule, step) = self.planned(enrolment)?;
                self.would_go(enrolment, rule, step).then_some(Candidate {
                    enrolment,
                    at: enrolment.next.max(self.now),
                    channel: step.channel,
                    purpose: rule.purpose,
                })
            })
            .collect();
        higher.sort_by(|a, b| self.compare(a.enrolment, b.enrolment));
        higher
    }

    /// Whether nothing known now ends a touch, nor do a complaint or a person hold it.
    fn would_go(&self, enrolment: &Enrolment, rule: &Rule, step: &Step) -> bool {
        let paused = match self.pause() {
            Pause::None => false,
            Pause::Until(until) => until > enrolment.next,
            Pause::Open => true,
        };
        let waits = paused && rule.during_complaint == DuringComplaint::Wait;
        self.forbidden(Gate::of(Some(rule)), step.channel).is_none()
            && !waits
            && !self.book.is_paused(rule)
            && enrolment.next < self.expires_at(enrolment.due, step)
            && self.condition_fails(enrolment, step).is_none()
    }
}
