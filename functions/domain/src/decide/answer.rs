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
        let Some(enrolment) = self.take_sending(touch) else { return };
        let at = enrolment.sending().map_or(self.now, |sending| sending.since);
        let channel = self.channel_of(&enrolment);
        self.keep_for_script(&enrolment, channel);
        self.record_end(&enrolment, channel, TouchStatus::Sent, at, None);
        match self.book.rule(&enrolment.rule) {
            Some(rule) if channel.has_attempts() => self.on_call_asked(enrolment, rule, at),
            Some(rule) => self.go_on(enrolment, rule, at),
            None => {}
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
        if let Some(enrolment) = self.take_sending(touch) {
            self.put_back(enrolment, until, Reason::Throttled);
        }
    }

    /// A touch that did not go out waits again, at the longest until it expires.
    pub(super) fn put_back(&mut self, mut enrolment: Enrolment, until: Instant, reason: Reason) {
        self.unsend(&enrolment);
        let expires_at = self.planned(&enrolment).map(|(_, s)| self.expires_at(enrolment.due, s));
        let until = expires_at.map_or(until, |expires_at| until.min(expires_at));
        let has_exited = enrolment.has_exited();
        enrolment.phase = Phase::Waiting;
        enrolment.next = until;
        enrolment.note_defer(Defer { at: self.now, reason, until });
        if has_exited {
            let (channel, reason) = (self.channel_of(&enrolment), Some(Reason::Exited));
            self.record_end(&enrolment, channel, TouchStatus::Cancelled, self.now, reason);
        } else {
            self.customer.insert_enrolment(enrolment);
        }
    }

    pub(super) fn on_refused(&mut self, touch: &TouchId) {
        let Some(enrolment) = self.take_sending(touch) else { return };
        self.unsend(&enrolment);
        let (channel, at) = (self.channel_of(&enrolment), self.now);
        self.record_end(&enrolment, channel, TouchStatus::Skipped, at, Some(Reason::Undeliverable));
        if let Some(rule) = self.book.rule(&enrolment.rule) {
            self.go_on(enrolment, rule, at);
        }
    }

    pub(super) fn on_unanswered(&mut self, touch: &TouchId) {
        let pending = self.customer.enrolments.iter_mut().find(|e| e.is_at(touch));
        if let Some(sending) = pending.and_then(Enrolment::sending_mut)
            && sending.answer.is_expected()
        {
            sending.answer = SendAnswer::Lost;
        }
    }

    /// Takes out the touch that is on its way out. Whoever takes one puts it back
    /// by `insert_enrolment`, or ends it.
    pub(super) fn take_sending(&mut self, touch: &TouchId) -> Option<Enrolment> {
        let is_it = |e: &Enrolment| e.is_at(touch) && e.is_sending();
        let index = self.customer.enrolments.iter().position(is_it)?;
        Some(self.customer.enrolments.remove(index))
    }

    /// Takes a touch that did not go out off the caps' count.
    fn unsend(&mut self, enrolment: &Enrolment) {
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
    pub(super) fn go_on(&mut self, enrolment: Enrolment, rule: &Rule, at: Instant) {
        self.leave_call_behind(&enrolment);
        if let Some(next) = self.at_next_step(enrolment, rule, at) {
            self.customer.insert_enrolment(next);
        }
    }

    /// The enrolment at its next step, counted from an instant; `None` where it is
    /// over.
    pub(super) fn at_next_step(
        &self,
        enrolment: Enrolment,
        rule: &Rule,
        at: Instant,
    ) -> Option<Enrolment> {
        let here = rule.position(&enrolment.step);
        let next = here.and_then(|here| rule.steps.get(here + 1));
        let step = next.filter(|_| !enrolment.has_exited() && !enrolment.is_beside)?;
        let base = Base { at, is_day: false };
        let due = self.due(step, base, self.detail_of(&enrolment));
        Some(Enrolment {
            step: step.id.clone(),
            base: base.at,
            base_is_day: false,
            due,
            next: due,
            defers: Vec::new(),
            phase: Phase::Waiting,
            variant: None,
            resent: false,
            tries: Vec::new(),
            tries_before: Vec::new(),
            ..enrolment
        })
    }
}
