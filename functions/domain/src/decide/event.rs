//! What follows from an event.

use super::Turn;
use super::apply::{apply, apply_call};
use crate::complaint::Pause;
use crate::consent::Consents;
use crate::customer::{CUSTOMER_SINCE, CallReport, Customer, Enrolment, TriggerEvent};
use crate::event::{Body, Event, EventKind};
use crate::history::Until;
use crate::instant::Instant;
use crate::touch::Reason;

impl Turn<'_> {
    pub(super) fn on_event(&mut self, event: &Event, live: bool) {
        if let Body::ContentPublished(content) = &event.body
            && self.customer.topic_of(content, event.occurred_at).is_none()
        {
            return;
        }
        let kind = event.kind();
        let is_profile = kind == EventKind::CustomerUpdated;
        let is_late = self.changes_the_past(event);
        let is_erased = self.customer.erased_at.is_some();
        let first_bought = self.customer.history.first_at(Until::ALL);
        // A piece tells nothing of the customer.
        if !is_erased && kind != EventKind::ContentPublished {
            let since = &mut self.customer.known_since;
            *since = Some(since.map_or(event.occurred_at, |known| known.min(event.occurred_at)));
        }
        let mut corrected = Vec::new();
        match &event.body {
            // Neither replayed nor new events rebuild who asked to be forgotten.
            _ if is_erased => {}
            Body::CustomerErased(_) => self.erase(event.occurred_at),
            Body::CustomerUpdated(update) => {
                self.customer.profile.update(update);
                self.customer.wrong_numbers.find(&self.customer.profile.phone);
                self.move_to_zone();
            }
            Body::CallReported(call) => {
                let received_at = live.then_some(self.now);
                corrected = apply_call(self.customer, call, received_at);
            }
            body => apply(self.customer, event.customer(), event.occurred_at, body),
        }
        if self.customer.erased_at.is_none() && moves_stage(&event.body) {
            self.review_stages(Some(event), live);
        }
        if let Some(asked) = self.book.exit(kind) {
            self.exit(event, asked);
        }
        if !is_erased {
            self.follow_complaint(event, live);
            if let Body::CallReported(call) = &event.body {
                self.on_call_reported(call, live);
            }
            self.withdraw_what_follows(&corrected);
        }
        let is_corrected = event.key().is_some_and(|id| {
            kind == EventKind::CallReported && self.customer.call_reports.is_corrected(id)
        });
        if live && !is_corrected {
            self.fire(event);
        }
        // What is pending ends at its own time, also where the request came late.
        if self.customer.erased_at.is_some() {
            return;
        }
        if is_late {
            self.decide_again(event);
        }
        self.exit_again();
        let looked = self.customer.occasions_until;
        let has_moved = self.customer.history.first_at(Until::ALL) != first_bought
            && self.book.occasions().any(|(_, name, _)| name == CUSTOMER_SINCE);
        if is_profile || has_moved || looked.is_none_or(|looked| event.occurred_at <= looked) {
            self.look_at_occasions_again(live);
        }
        if is_profile {
            self.plan_again();
        }
        self.wait_anew();
    }

    /// What a corrected report started, and has not gone out, does not go.
    fn withdraw_what_follows(&mut self, corrected: &[CallReport]) {
        if !corrected.is_empty() {
            self.end_what_exits(|_, e| {
                let is_its = |report: &CallReport| report.id.as_str() == e.occurrence;
                e.kind == Some(EventKind::CallReported) && corrected.iter().any(is_its)
            });
        }
    }

    /// Forgets the person; keeps what keeps touches from going out twice, and
    /// what is pending, with the time zone, until it ends: each touch when it
    /// falls due (rules#eligibility).
    pub(super) fn erase(&mut self, at: Instant) {
        let before = Customer::new(self.customer.id.clone());
        let mut before = std::mem::replace(self.customer, before);
        let customer = &mut *self.customer;
        before.fired.iter_mut().for_each(TriggerEvent::forget);
        before.exits.iter_mut().for_each(|exit| exit.detail = None);
        customer.profile.time_zone = before.profile.time_zone;
        customer.merged_into = before.merged_into;
        customer.merged = before.merged;
        customer.merged.iter_mut().for_each(|alias| alias.consents = Consents::default());
        customer.fired = before.fired;
        customer.exits = before.exits;
        customer.enrolments = before.enrolments;
        customer.enrolments.retain(|e| e.asked_at().is_none());
        customer.unwritten = before.unwritten;
        customer.past = before.past;
        customer.erased_at = Some(at);
        customer.occasions_until = Some(self.now);
    }

    /// Moves the pending touches whose due time a changed profile changes.
    pub(super) fn plan_again(&mut self) {
        let mut enrolments = std::mem::take(&mut self.customer.enrolments);
        for enrolment in enrolments.iter_mut().filter(|e| e.is_untried(self.now)) {
            if let Some((_, step)) = self.planned(enrolment) {
                let due = self.due_of(enrolment, step);
                enrolment.due = due;
                enrolment.next = due;
            }
        }
        self.customer.enrolments = enrolments;
        let mut all = std::mem::take(&mut self.customer.fired);
        for fired in &mut all {
            let rules = self.book.triggered_by(fired.kind);
            fired.open_until = self.open_until(rules, fired.at, &fired.detail);
        }
        self.customer.fired = all;
    }

    /// Touches that wait learn when an event changes until when.
    pub(super) fn wait_anew(&mut self) {
        for index in 0..self.customer.enrolments.len() {
            // One by one: what a cap leaves for others hangs on until when they wait.
            let Some(until) = self.waits_until(&self.customer.enrolments[index]) else { continue };
            let enrolment = &mut self.customer.enrolments[index];
            enrolment.next = until;
            if let Some(defer) = enrolment.defers.last_mut() {
                defer.until = until;
            }
        }
    }

    /// Until when a touch waits that was deferred, by what is known now.
    fn waits_until(&self, enrolment: &Enrolment) -> Option<Instant> {
        let reason = enrolment.defers.last()?.reason;
        let (rule, step) = self.planned(enrolment).filter(|_| !enrolment.is_sending())?;
        let expires_at = self.expires_at(enrolment.due, step);
        let until = match reason {
            Reason::ComplaintOpen => match self.pause() {
                Pause::None => self.now,
                Pause::Until(end) => end,
                Pause::Open => expires_at,
            },
            Reason::QuietHours => self.opening(self.now, step.channel).unwrap_or(expires_at),
            Reason::FrequencyCap => self.capped_until(enrolment, rule, step).unwrap_or(self.now),
            _ => return None,
        };
        Some(until.min(expires_at))
    }
}

/// Whether a stage may be another after it. A profile may change the time zone,
/// and any event may be the first or the earliest.
fn moves_stage(body: &Body) -> bool {
    !matches!(body, Body::CustomerErased(_) | Body::ContentPublished(_) | Body::CustomerMerged(_))
}
