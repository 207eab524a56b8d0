//! What follows from how a sending went, and which step comes next (rules#after-a-skipped-step).

use super::Turn;
use crate::calendar::Base;
use crate::channel::Channel;
use crate::customer::{Enrolment, Phase, SendAnswer};
use crate::instant::Instant;
use crate::rulebook::Rule;
use crate::touch::{Defer, Reason, TouchId, TouchStatus};

impl Turn<'_> {
    pub(super) fn on_confirmed(&mut self, touch: &TouchId) {
        let Some(index) = self.sending(touch) else {
            return;
        };
        let enrolment = self.customer.enrolments[index].clone();
        let at = enrolment.sending().map_or(self.now, |sending| sending.since);
        let channel = self.channel_of(&enrolment);
        self.keep_for_script(&enrolment, channel);
        self.record_end(&enrolment, channel, TouchStatus::Sent, at, None);
        match self.book.rule(&enrolment.rule) {
            Some(rule) if self.is_tried_again(index, rule) => self.wait_for_report(index, at),
            Some(rule) => self.go_on(index, rule, at),
            None => drop(self.customer.enrolments.remove(index)),
        }
    }

    /// A script names what the trigger told for as long as the call is open.
    fn keep_for_script(&mut self, enrolment: &Enrolment, channel: Channel) {
        if !channel.is_for_a_person() {
            return;
        }
        let found = self.book.rule(&enrolment.rule).and_then(|rule| rule.step(&enrolment.step));
        let Some(until) = found.map(|step| self.expires_at(enrolment.due, step)) else {
            return;
        };
        let fired = self.customer.fired.iter_mut();
        for fired in
            fired.filter(|f| Some(f.kind) == enrolment.kind && f.occurrence == enrolment.occurrence)
        {
            fired.kept_until = fired.kept_until.max(Some(until));
        }
    }

    pub(super) fn on_put_back(&mut self, touch: &TouchId, until: Instant) {
        if let Some(index) = self.sending(touch) {
            self.put_back(index, until, Reason::Throttled);
        }
    }

    /// A touch that did not go out waits again, at the longest until it expires.
    pub(super) fn put_back(&mut self, index: usize, until: Instant, reason: Reason) {
        self.unsend(index);
        let enrolment = &self.customer.enrolments[index];
        let expires_at = self.planned(enrolment).map(|(_, s)| self.expires_at(enrolment.due, s));
        let until = expires_at.map_or(until, |expires_at| until.min(expires_at));
        let enrolment = &mut self.customer.enrolments[index];
        let has_exited = enrolment.has_exited();
        enrolment.phase = Phase::Waiting;
        enrolment.next = until;
        enrolment.note_defer(Defer { at: self.now, reason, until });
        if has_exited {
            let enrolment = self.customer.enrolments.remove(index);
            let (channel, reason) = (self.channel_of(&enrolment), Some(Reason::Exited));
            self.record_end(&enrolment, channel, TouchStatus::Cancelled, self.now, reason);
        }
    }

    pub(super) fn on_refused(&mut self, touch: &TouchId) {
        let Some(index) = self.sending(touch) else {
            return;
        };
        self.unsend(index);
        let enrolment = self.customer.enrolments[index].clone();
        let (channel, at) = (self.channel_of(&enrolment), self.now);
        self.record_end(&enrolment, channel, TouchStatus::Skipped, at, Some(Reason::Undeliverable));
        match self.book.rule(&enrolment.rule) {
            Some(rule) => self.go_on(index, rule, at),
            None => drop(self.customer.enrolments.remove(index)),
        }
    }

    pub(super) fn on_unanswered(&mut self, touch: &TouchId) {
        let Some(index) = self.sending(touch) else { return };
        if let Some(sending) = self.customer.enrolments[index].sending_mut()
            && sending.answer.is_expected()
        {
            sending.answer = SendAnswer::Lost;
        }
    }

    /// The touch as it is on its way out.
    pub(super) fn sending(&self, touch: &TouchId) -> Option<usize> {
        let index = self.pending(touch)?;
        self.customer.enrolments[index].is_sending().then_some(index)
    }

    /// The touch, waiting or on its way out.
    pub(super) fn pending(&self, touch: &TouchId) -> Option<usize> {
        self.customer.enrolments.iter().position(|e| e.is_at(touch))
    }

    /// Takes a touch that did not go out off the caps' count.
    fn unsend(&mut self, index: usize) {
        let enrolment = &self.customer.enrolments[index];
        let channel = self.channel_of(enrolment);
        let since = enrolment.sending().map(|sending| sending.since);
        let counted = self
            .customer
            .sends
            .iter()
            .position(|sent| Some(sent.at) == since && sent.channel == channel);
        if let Some(counted) = counted {
            self.customer.sends.remove(counted);
        }
    }

    /// Plans the step behind one that was sent or skipped, counted from then;
    /// behind the last the enrolment is over.
    pub(super) fn go_on(&mut self, index: usize, rule: &Rule, at: Instant) {
        let enrolment = &self.customer.enrolments[index];
        let here = rule.position(&enrolment.step);
        let next =
            here.and_then(|here| rule.steps.get(here + 1)).filter(|_| !enrolment.has_exited());
        let Some(step) = next else {
            self.customer.enrolments.remove(index);
            return;
        };
        let base = Base { at, is_day: false };
        let due = self.due(step, base, self.detail_of(enrolment));
        let enrolment = &mut self.customer.enrolments[index];
        enrolment.step = step.id.clone();
        enrolment.base = base.at;
        enrolment.base_is_day = false;
        enrolment.due = due;
        enrolment.next = due;
        enrolment.defers = Vec::new();
        enrolment.phase = Phase::Waiting;
        enrolment.resent = false;
        enrolment.tries = Vec::new();
        enrolment.reported = None;
        enrolment.base_is_report = false;
    }
}
