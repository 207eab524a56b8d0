//! Which of a day's touches go where frequency caps leave room for some (2.10).

use std::cmp::Reverse;

use super::Turn;
use crate::complaint::Pause;
use crate::customer::Enrolment;
use crate::instant::Instant;
use crate::policy::FrequencyCap;
use crate::rule::{Channel, DuringComplaint, Purpose};
use crate::rulebook::{Rule, Step};

/// What orders touches: the higher priority, the earlier due, the lower id.
pub(super) type Rank = (Reverse<u8>, Instant, String, String, String);

/// A touch that would go today.
struct Candidate {
    index: usize,
    rank: Rank,
    channel: Channel,
    purpose: Purpose,
}

impl Turn<'_> {
    pub(super) fn rank(&self, enrolment: &Enrolment) -> Rank {
        let priority = self.book.rule(&enrolment.rule).map_or(0, |rule| rule.priority);
        (
            Reverse(priority),
            enrolment.due,
            // One customer's ids differ in these alone.
            enrolment.rule.clone(),
            enrolment.occurrence.clone(),
            enrolment.step.clone(),
        )
    }

    /// Until when a frequency cap keeps a touch back that could go now, `None`
    /// where it may go.
    pub(super) fn capped_until(&self, index: usize, rule: &Rule, step: &Step) -> Option<Instant> {
        let caps = &self.book.policy.frequency_caps;
        let mine = caps.iter().filter(|cap| cap.covers(step.channel, rule.purpose));
        if mine.clone().next().is_none() {
            return None;
        }
        // What was sent already.
        let opens = mine.filter_map(|cap| self.opens_at(cap)).max();
        if opens.is_some() {
            return opens;
        }
        // What ranks higher and falls due today takes its place first.
        let candidates = self.candidates(index, rule, step);
        let mut admitted: Vec<&Candidate> = Vec::new();
        for candidate in &candidates {
            if self.fits(candidate, &admitted) {
                admitted.push(candidate);
            }
        }
        if admitted.iter().any(|candidate| candidate.index == index) {
            return None;
        }
        admitted.iter().map(|c| self.customer.enrolments[c.index].next).min()
    }

    /// When a full cap opens, `None` where it has room now.
    fn opens_at(&self, cap: &FrequencyCap) -> Option<Instant> {
        let counted = self.customer.sends.iter().rev().filter(|s| cap.covers(s.channel, s.purpose));
        let decisive = counted.map(|sent| sent.at).nth(cap.max.saturating_sub(1) as usize)?;
        let opens = self.later(decisive, cap.per);
        (opens > self.now).then_some(opens)
    }

    fn fits(&self, candidate: &Candidate, admitted: &[&Candidate]) -> bool {
        let caps = self.book.policy.frequency_caps.iter();
        caps.filter(|cap| cap.covers(candidate.channel, candidate.purpose)).all(|cap| {
            let sent = self.customer.sends.iter().filter(|sent| {
                cap.covers(sent.channel, sent.purpose) && self.later(sent.at, cap.per) > self.now
            });
            let ahead = admitted.iter().filter(|other| cap.covers(other.channel, other.purpose));
            sent.count() + ahead.count() < cap.max as usize
        })
    }

    /// The touch itself and those that fall due on the same local day and
    /// would go, the highest rank first.
    fn candidates(&self, index: usize, rule: &Rule, step: &Step) -> Vec<Candidate> {
        let today = self.now.date_in(&self.zone);
        let mut candidates = vec![Candidate {
            index,
            rank: self.rank(&self.customer.enrolments[index]),
            channel: step.channel,
            purpose: rule.purpose,
        }];
        for (other, enrolment) in self.customer.enrolments.iter().enumerate() {
            let is_today = enrolment.next.date_in(&self.zone) == today || enrolment.next <= self.now;
            if other == index || enrolment.sending_since.is_some() || !is_today {
                continue;
            }
            let found = self.book.rule(&enrolment.rule);
            let Some((rule, step)) = found.and_then(|r| Some((r, r.step(&enrolment.step)?))) else {
                continue;
            };
            if self.would_go(enrolment, rule, step) {
                candidates.push(Candidate {
                    index: other,
                    rank: self.rank(enrolment),
                    channel: step.channel,
                    purpose: rule.purpose,
                });
            }
        }
        candidates.sort_by(|a, b| a.rank.cmp(&b.rank));
        candidates
    }

    /// Whether nothing known now ends a touch or holds it past today.
    fn would_go(&self, enrolment: &Enrolment, rule: &Rule, step: &Step) -> bool {
        let pause = self.customer.complaints.pause(self.now, &self.zone, &self.book.policy);
        let paused = match pause {
            Pause::None => false,
            Pause::Until(until) => until > enrolment.next,
            Pause::Open => true,
        };
        let waits = paused && rule.during_complaint == DuringComplaint::Wait;
        self.forbidden(rule, step.channel).is_none()
            && !waits
            && enrolment.next < self.expires_at(enrolment.due, step)
            && self.condition_fails(enrolment, step).is_none()
    }
}
