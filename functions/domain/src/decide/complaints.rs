//! When a complaint goes up a level (M9), and what opens it again.
//!
//! A complaint that nobody resolves in the time that the policy gives its
//! severity goes up one level, and one more each time that it passes again,
//! along the policy's chain. Each level is reached once: the state says which
//! were, and the ledger keeps it for ever.

use super::Turn;
use crate::complaint::Escalation;
use crate::customer::Customer;
use crate::event::{Body, Event, EventKind};
use crate::id::Id;
use crate::instant::Instant;
use crate::journey::{Experience, Feeling};
use crate::rule::Trigger;
use crate::rulebook::RuleBook;

/// How many levels one turn goes up: what is left stays due.
const ESCALATIONS_AT_ONCE: usize = 20;

/// When a complaint is to be resolved, or goes up to the level behind this
/// many; `None` where the policy gives no time, or there is no such level.
pub fn deadline(
    customer: &Customer,
    book: &RuleBook,
    complaint: &Id,
    level: u8,
) -> Option<Instant> {
    let mut customer = customer.clone();
    Turn::new(&mut customer, book, Instant::MIN).goes_up_at(complaint, level + 1)
}

impl Turn<'_> {
    /// What an event means for complaints, besides what it tells of them.
    pub(super) fn follow_complaint(&mut self, event: &Event, live: bool) {
        let at = event.occurred_at;
        let is_recent = self.now <= self.later(at, self.book.policy.max_trigger_age);
        let opened = match &event.body {
            Body::ComplaintOpened(complaint) => Some(complaint.complaint_id.clone()),
            Body::ComplaintResolved(complaint) => {
                self.complaints.insert(complaint.complaint_id.clone());
                None
            }
            body => bad_answer(body)
                .and_then(|touch| self.complaint_asked_about(touch))
                .and_then(|complaint| self.customer.complaints.reopen(&complaint, at)),
        };
        let Some(opened) = opened else { return };
        if let Some(complaint) = self.customer.complaints.get_mut(&opened)
            && live
            && is_recent
        {
            complaint.is_watched = true;
        }
        self.complaints.insert(opened);
    }

    /// The complaint of which a touch asked whether it is really solved: its
    /// rule is triggered by resolutions.
    fn complaint_asked_about(&self, touch: &str) -> Option<Id> {
        let touch = self.customer.touches_named(touch).next()?;
        let trigger = &self.book.rule(&touch.rule)?.trigger;
        (*trigger == Trigger::Event(EventKind::ComplaintResolved)).then_some(())?;
        Id::new(&touch.occurrence).ok()
    }

    /// When a complaint goes up to a level, counted from 1.
    fn goes_up_at(&self, id: &Id, level: u8) -> Option<Instant> {
        let policy = &self.book.policy;
        let complaints = &self.customer.complaints;
        let span = *policy.complaints.escalate_after.get(&complaints.severity(id))?;
        let category = complaints.category(id);
        let owner = policy.department(category.as_ref().map(|line| line.as_str()));
        policy.in_charge(level, owner)?;
        let opened_at = complaints.get(id)?.opened_at?;
        Some((0..level).fold(opened_at, |at, _| self.later(at, span)))
    }

    /// Open complaints that go up where nobody resolves them, with when.
    fn next_levels(&self) -> Vec<(Id, u8, Instant)> {
        let complaints = self.customer.complaints.iter();
        let watched = complaints.filter(|(_, one)| one.is_open() && one.is_watched);
        let next = watched.filter_map(|(id, one)| {
            let level = one.level.saturating_add(1);
            Some((id.clone(), level, self.goes_up_at(id, level)?))
        });
        next.collect()
    }

    /// Takes every complaint up whose time has passed.
    pub(super) fn escalate(&mut self) {
        if self.customer.complaints.next_escalation.is_none_or(|next| next > self.now) {
            return;
        }
        while self.escalations.len() < ESCALATIONS_AT_ONCE {
            let passed = self.next_levels().into_iter().filter(|(_, _, at)| *at <= self.now);
            let Some((complaint, level, at)) = passed.min_by_key(|(_, level, at)| (*at, *level))
            else {
                return;
            };
            if let Some(known) = self.customer.complaints.get_mut(&complaint) {
                known.level = level;
            }
            let (next, is_published) = (self.now, false);
            let escalation = Escalation { complaint, level, at, next, is_published };
            self.customer.complaints.not_notified.push(escalation.clone());
            self.escalations.push(escalation);
        }
    }

    /// Keeps the alarm, and nothing of what was resolved meanwhile.
    pub(super) fn watch_complaints(&mut self) {
        let complaints = &self.customer.complaints;
        if complaints.is_quiet() {
            return;
        }
        let next = self.next_levels().into_iter().map(|(_, _, at)| at).min();
        let complaints = &mut self.customer.complaints;
        complaints.next_escalation = next;
        complaints.forget_resolved();
    }

    pub(super) fn on_notified(&mut self, complaint: &Id, level: u8) {
        let is_it = |e: &Escalation| e.complaint == *complaint && e.level == level;
        self.customer.complaints.not_notified.retain(|escalation| !is_it(escalation));
    }

    pub(super) fn on_untold(
        &mut self,
        complaint: &Id,
        level: u8,
        until: Instant,
        is_published: bool,
    ) {
        let mut not_notified = self.customer.complaints.not_notified.iter_mut();
        if let Some(it) = not_notified.find(|e| e.complaint == *complaint && e.level == level) {
            // Always forward, so that a worker does not turn in a circle.
            it.next = until.max(self.now.plus_millis(1));
            it.is_published |= is_published;
        }
    }
}

/// The touch to which an event is a bad answer.
fn bad_answer(body: &Body) -> Option<&str> {
    let touch = match body {
        Body::CallReported(call) => &call.touch_id,
        Body::SurveyAnswered(answer) => &answer.touch_id,
        _ => return None,
    };
    let is_bad = Experience::of(body).is_some_and(|told| told.feeling == Feeling::Unhappy);
    touch.as_ref().filter(|_| is_bad).map(|line| line.as_str())
}
