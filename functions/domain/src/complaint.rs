//! Complaints, and bad answers that count as such for a while.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendar;
use crate::event::{LINE_CHARS_MAX, Line, Severity};
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::policy::Policy;

/// How many complaints are kept: of more, those resolved first go first.
const COMPLAINTS_MAX: usize = 2_500;

/// How many bytes the categories and causes of a customer's complaints may have
/// in all; those of the latest are kept.
const TEXT_BYTES_MAX: usize = 100_000;

/// The most that one complaint's category and cause take: two lines.
const TEXT_BYTES_OF_ONE: usize = 2 * 4 * LINE_CHARS_MAX;

/// How many bad answers are kept.
const BAD_ANSWERS_MAX: usize = 2_500;

/// A complaint, as far as events have told of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Complaint {
    /// Absent where only its resolution has arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Instant>,
    /// As told when it was opened; `None` for a reopened one, or where only its end is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When it was resolved; `None` while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// The shop's own name for what it is about; `None` if unknown or dropped to save room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Line>,
    /// The cause that its resolution named; `None` if it named none, or dropped to save room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_cause: Option<Line>,
    /// The complaint that a bad answer opened again as this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reopens: Option<Id>,
    /// Whether it goes up where nobody resolves it: not what was long past when
    /// it was learnt of.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_watched: bool,
    /// How many levels it has gone up.
    #[serde(skip_serializing_if = "is_zero")]
    pub level: u8,
}

fn is_zero(level: &u8) -> bool {
    *level == 0
}

impl Complaint {
    /// Whether it was opened and is not resolved.
    pub fn is_open(&self) -> bool {
        self.opened_at.is_some() && self.resolved_at.is_none()
    }
}

/// A complaint that went up one level, until those in charge were told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The id of the complaint that went up.
    pub complaint: Id,
    /// Counted from 1.
    pub level: u8,
    /// The deadline that passed.
    pub at: Instant,
    /// When telling them is tried next.
    pub next: Instant,
    /// Whether it was published already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_published: bool,
}

/// A customer's complaints and bad answers, with the escalations still to be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Complaints {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    by_id: BTreeMap<Id, Complaint>,
    /// When a satisfaction or CSAT of 1–2, or an NPS of 0–6, was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bad_answers: Vec<Instant>,
    /// When the next complaint goes up if nobody resolves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_escalation: Option<Instant>,
    /// Those in charge are still to be told of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_notified: Vec<Escalation>,
}

/// Until when touches wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Nothing keeps touches back.
    None,
    /// No complaint is open; the pause after one or after a bad answer lasts until then.
    Until(Instant),
    /// A complaint is open and nobody knows for how long.
    Open,
}

impl Complaints {
    /// Notes that a complaint was opened; its resolution may have arrived before.
    pub fn open(&mut self, id: &Id, at: Instant, severity: Severity, category: &Line) {
        let complaint = self.by_id.entry(id.clone()).or_default();
        complaint.opened_at = Some(at);
        complaint.severity = Some(severity);
        complaint.category = Some(category.clone());
        self.keep_within_bounds();
    }

    /// A bad answer to the question whether it is really solved: the complaint
    /// is open again, under an id of its own, since its own id was resolved
    /// once and for all. Of several such answers the earliest counts.
    pub fn reopen(&mut self, id: &Id, at: Instant) -> Option<Id> {
        let again = next_round(id)?;
        let complaint = self.by_id.entry(again.clone()).or_default();
        complaint.opened_at = Some(complaint.opened_at.map_or(at, |known| known.min(at)));
        complaint.reopens = Some(id.clone());
        Some(again)
    }

    /// A complaint by its id; `None` where it is not kept.
    pub fn get(&self, id: &Id) -> Option<&Complaint> {
        self.by_id.get(id)
    }

    /// The same as [`Complaints::get`], to be changed.
    pub fn get_mut(&mut self, id: &Id) -> Option<&mut Complaint> {
        self.by_id.get_mut(id)
    }

    /// All that are kept, by their ids.
    pub fn iter(&self) -> impl Iterator<Item = (&Id, &Complaint)> {
        self.by_id.iter()
    }

    /// A complaint's severity; one that was reopened has that of the first.
    pub fn severity(&self, id: &Id) -> Severity {
        self.told(id, |complaint| complaint.severity).unwrap_or(Severity::Normal)
    }

    /// A complaint's category, as far as it is known; one that was reopened has
    /// that of the first.
    pub fn category(&self, id: &Id) -> Option<Line> {
        self.told(id, |complaint| complaint.category.clone())
    }

    fn told<T>(&self, id: &Id, what: impl Fn(&Complaint) -> Option<T>) -> Option<T> {
        let mut complaint = self.by_id.get(id)?;
        // Each round has a longer id than the one before, so this ends.
        loop {
            match (what(complaint), &complaint.reopens) {
                (Some(value), _) => return Some(value),
                (None, Some(before)) => complaint = self.by_id.get(before)?,
                (None, None) => return None,
            }
        }
    }

    /// Whether nothing is open, nor anybody to be told: nearly always.
    pub fn is_quiet(&self) -> bool {
        self.next_escalation.is_none()
            && self.not_notified.is_empty()
            && !self.by_id.values().any(Complaint::is_open)
    }

    /// Nobody is told of what was resolved meanwhile.
    pub fn forget_resolved(&mut self) {
        let by_id = &self.by_id;
        self.not_notified.retain(|e| by_id.get(&e.complaint).is_some_and(Complaint::is_open));
    }

    /// When something about escalation wants attention.
    pub fn next_alarm(&self) -> Option<Instant> {
        self.not_notified.iter().map(|escalation| escalation.next).chain(self.next_escalation).min()
    }

    /// Notes a resolution, also of a complaint that was never opened.
    pub fn resolve(&mut self, id: &Id, at: Instant, root_cause: Option<&Line>) {
        let complaint = self.by_id.entry(id.clone()).or_default();
        complaint.resolved_at = Some(at);
        complaint.root_cause = root_cause.cloned();
        self.keep_within_bounds();
    }

    /// Takes over the complaints that were told under another id; one that is known
    /// under both is one.
    pub fn merge(&mut self, other: Complaints) {
        for (id, told) in other.by_id {
            let known = self.by_id.entry(id).or_default();
            let earliest = |a: Option<Instant>, b: Option<Instant>| a.into_iter().chain(b).min();
            known.opened_at = earliest(known.opened_at, told.opened_at);
            known.resolved_at = earliest(known.resolved_at, told.resolved_at);
            known.severity = known.severity.max(told.severity);
            known.category = known.category.take().or(told.category);
            known.root_cause = known.root_cause.take().or(told.root_cause);
            known.reopens = known.reopens.take().or(told.reopens);
            known.is_watched |= told.is_watched;
            known.level = known.level.max(told.level);
            self.keep_within_bounds();
        }
        for at in other.bad_answers {
            self.note_bad_answer(at);
        }
        for escalation in other.not_notified {
            let is_known = |e: &Escalation| {
                (&e.complaint, e.level) == (&escalation.complaint, escalation.level)
            };
            if !self.not_notified.iter().any(is_known) {
                self.not_notified.push(escalation);
            }
        }
    }

    /// Of very many complaints the latest are kept, and open ones before resolved
    /// ones; of very long texts those of the latest.
    fn keep_within_bounds(&mut self) {
        if self.by_id.len() > COMPLAINTS_MAX {
            let place = |(id, c): (&Id, &Complaint)| {
                (c.is_open(), c.resolved_at.max(c.opened_at), id.clone())
            };
            if let Some((.., first)) = self.by_id.iter().map(place).min() {
                self.by_id.remove(&first);
            }
        }
        if self.by_id.len() * TEXT_BYTES_OF_ONE > TEXT_BYTES_MAX {
            self.shorten_texts();
        }
    }

    fn shorten_texts(&mut self) {
        let mut latest: Vec<(&Id, &mut Complaint)> = self.by_id.iter_mut().collect();
        latest.sort_by_key(|(id, c)| Reverse((c.resolved_at.max(c.opened_at), (*id).clone())));
        let mut room = TEXT_BYTES_MAX;
        for (_, complaint) in latest {
            for text in [&mut complaint.category, &mut complaint.root_cause] {
                let bytes = text.as_ref().map_or(0, |text| text.as_str().len());
                if bytes > room {
                    *text = None;
                    room = 0;
                }
                room = room.saturating_sub(bytes);
            }
        }
    }

    /// Notes when a bad answer was given; of very many the latest are kept.
    pub fn note_bad_answer(&mut self, at: Instant) {
        ordered::insert(&mut self.bad_answers, at);
        ordered::keep_latest(&mut self.bad_answers, BAD_ANSWERS_MAX);
    }

    /// Takes back one that a rep reported and corrected.
    pub fn take_back_bad_answer(&mut self, at: Instant) {
        if let Ok(index) = self.bad_answers.binary_search(&at) {
            self.bad_answers.remove(index);
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

    /// How many were opened up to an instant, whatever became of them; one that was
    /// opened again is one.
    pub fn count_at(&self, at: Instant) -> usize {
        let opened = self.by_id.values().filter(|complaint| complaint.reopens.is_none());
        opened.filter(|complaint| complaint.opened_at.is_some_and(|opened| opened <= at)).count()
    }

    /// When the latest was opened, or opened again, up to an instant; `None` without any.
    pub fn last_opened(&self, at: Instant) -> Option<Instant> {
        self.by_id.values().filter_map(|complaint| complaint.opened_at).filter(|o| *o <= at).max()
    }

    /// The severity of the worst complaint that is open; bad answers have none.
    pub fn worst_open(&self) -> Option<Severity> {
        let open = self.by_id.iter().filter(|(_, complaint)| complaint.is_open());
        open.map(|(id, _)| self.severity(id)).max()
    }

    /// When complaints were resolved.
    pub fn resolutions(&self) -> impl Iterator<Item = Instant> {
        self.by_id.values().filter_map(|complaint| complaint.resolved_at)
    }

    /// Until when touches wait, seen from `now` (rules#complaint-pause).
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

/// The id under which a complaint is open again: `q-17~2` after `q-17`, then
/// `q-17~3`. `None` where there is no room for it.
fn next_round(id: &Id) -> Option<Id> {
    let text = id.as_str();
    let round = text.rsplit_once('~').and_then(|(base, round)| {
        let round: u32 = round.parse().ok().filter(|round| *round >= 2)?;
        Some((base, round.checked_add(1)?))
    });
    let (base, round) = round.unwrap_or((text, 2));
    Id::new(&format!("{base}~{round}")).ok()
}

fn bad_answer_pause_end(given: Instant, zone: &TimeZone, policy: &Policy) -> Instant {
    let pause = policy.complaints.bad_experience_pause;
    calendar::later(given, pause, zone, &policy.closed_days)
}

#[cfg(test)]
mod tests;
