//! Complaints, and bad answers that count as such for a while.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendar;
use crate::event::Severity;
use crate::id::Id;
use crate::instant::Instant;
use crate::policy::Policy;

/// How many resolved complaints are kept; open ones are always kept.
const RESOLVED_MAX: usize = 50;

/// How many bad answers are kept.
const BAD_ANSWERS_MAX: usize = 50;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Complaint {
    /// Absent where only its resolution has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Complaints {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    by_id: BTreeMap<Id, Complaint>,
    /// When a satisfaction or CSAT of 1–2, or an NPS of 0–6, was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bad_answers: Vec<Instant>,
}

/// Until when touches wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    None,
    Until(Instant),
    /// A complaint is open and nobody knows for how long.
    Open,
}

impl Complaints {
    pub fn open(&mut self, id: &Id, at: Instant, severity: Severity) {
        let complaint = self.by_id.entry(id.clone()).or_default();
        complaint.opened_at = Some(at);
        complaint.severity = Some(severity);
    }

    /// Notes a resolution, also of a complaint that was never opened.
    pub fn resolve(&mut self, id: &Id, at: Instant) {
        self.by_id.entry(id.clone()).or_default().resolved_at = Some(at);
        let resolved = self.by_id.iter().filter_map(|(id, c)| Some((c.resolved_at?, id)));
        if resolved.clone().count() > RESOLVED_MAX
            && let Some((_, oldest)) = resolved.min()
        {
            let oldest = oldest.clone();
            self.by_id.remove(&oldest);
        }
    }

    pub fn note_bad_answer(&mut self, at: Instant) {
        let index = self.bad_answers.partition_point(|known| *known < at);
        self.bad_answers.insert(index, at);
        if self.bad_answers.len() > BAD_ANSWERS_MAX {
            self.bad_answers.remove(0);
        }
    }

    /// Drops bad answers whose pause ended before `horizon`.
    pub fn forget(&mut self, horizon: Instant, policy: &Policy) {
        let pause = policy.complaints.bad_experience_pause.millis_at_most();
        let oldest = horizon.plus_millis(-pause);
        self.bad_answers.retain(|at| *at > oldest);
    }

    /// How many are open at an instant, a bad answer counting as one while it
    /// pauses.
    pub fn open_at(&self, at: Instant, zone: &TimeZone, policy: &Policy) -> usize {
        let complaints = self.by_id.values().filter(|complaint| {
            complaint.opened_at.is_some_and(|opened| opened <= at)
                && complaint.resolved_at.is_none_or(|resolved| resolved > at)
        });
        let answers = self
            .bad_answers
            .iter()
            .filter(|given| **given <= at && at < bad_answer_pause_end(**given, zone, policy));
        complaints.count() + answers.count()
    }

    /// The severity of the worst complaint that is open; bad answers have none.
    pub fn worst_open(&self) -> Option<Severity> {
        let open = self.by_id.values().filter(|c| c.opened_at.is_some() && c.resolved_at.is_none());
        open.filter_map(|complaint| complaint.severity).max()
    }

    /// Until when touches wait, seen from `now` (2.9).
    pub fn pause(&self, now: Instant, zone: &TimeZone, policy: &Policy) -> Pause {
        let mut end = Instant::MIN;
        for complaint in self.by_id.values() {
            match (complaint.opened_at, complaint.resolved_at) {
                (Some(_), None) => return Pause::Open,
                (_, Some(resolved)) => {
                    let closed = &policy.closed_days;
                    let resume = policy.complaints.resume_after;
                    end = end.max(calendar::later(resolved, resume, zone, closed));
                }
                (None, None) => {}
            }
        }
        for given in &self.bad_answers {
            end = end.max(bad_answer_pause_end(*given, zone, policy));
        }
        if end > now { Pause::Until(end) } else { Pause::None }
    }
}

fn bad_answer_pause_end(given: Instant, zone: &TimeZone, policy: &Policy) -> Instant {
    let pause = policy.complaints.bad_experience_pause;
    calendar::later(given, pause, zone, &policy.closed_days)
}
