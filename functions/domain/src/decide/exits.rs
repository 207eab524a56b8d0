//! Events that end follow-ups (rules#exits).

use super::Turn;
use super::enrol::Occurrence;
use crate::condition::{Condition, EventFields, ExitView, Verdict};
use crate::customer::{Enrolment, Exit, Phase};
use crate::event::Event;
use crate::history::Until;
use crate::ordered;
use crate::rulebook::Rule;
use crate::touch::{Reason, TouchStatus};
use crate::view::View;

impl Turn<'_> {
    /// Ends the pending touches of the rules that name this kind of event.
    pub(super) fn exit(&mut self, event: &Event, asked: &EventFields) {
        let detail = match self.customer.erased_at {
            None => asked.of(&event.detail),
            Some(_) => None,
        };
        let mut exit = Exit {
            at: event.occurred_at,
            kind: event.kind(),
            key: event.key().cloned(),
            purchase_id: event.purchase_id().cloned(),
            detail,
        };
        self.end_what_exits(|turn, enrolment| turn.ends(&exit, enrolment));
        exit.detail = exit.detail.filter(|kept| kept.0.len() <= Exit::DETAIL_BYTES_MAX);
        ordered::insert_once(&mut self.customer.exits, exit);
    }

    /// An event may be what an earlier exit's condition was waiting for: its
    /// purchase, or a refund of before it.
    pub(super) fn exit_again(&mut self) {
        let asks = |exit: &Exit| {
            self.book.rules().iter().any(|rule| {
                rule.exit_on.iter().any(|on| on.event == exit.kind && on.condition.is_some())
            })
        };
        let exits: Vec<Exit> =
            self.customer.exits.iter().filter(|exit| asks(exit)).cloned().collect();
        if !exits.is_empty() {
            self.end_what_exits(|turn, one| exits.iter().any(|exit| turn.ends(exit, one)));
        }
    }

    /// Ends the pending touches that an exit event ends.
    pub(super) fn end_what_exits(&mut self, ends: impl Fn(&Self, &Enrolment) -> bool) {
        for enrolment in std::mem::take(&mut self.customer.enrolments) {
            match ends(self, &enrolment) {
                true => self.end_by_exit(enrolment),
                false => self.customer.enrolments.push(enrolment),
            }
        }
        for mut call in std::mem::take(&mut self.customer.asked_calls) {
            if let (true, Phase::AwaitingReport { exited, .. }) =
                (ends(self, &call), &mut call.phase)
            {
                *exited = true;
            }
            self.customer.asked_calls.push(call);
        }
    }

    pub(super) fn ends(&self, exit: &Exit, enrolment: &Enrolment) -> bool {
        let Some(rule) = self.book.rule(&enrolment.rule).filter(|_| !enrolment.has_exited()) else {
            return false;
        };
        let occurrence = Occurrence {
            name: &enrolment.occurrence,
            at: enrolment.at,
            is_day: false,
            received_at: enrolment.at,
            kind: enrolment.kind,
            purchase_id: enrolment.purchase_id.as_ref(),
            detail: self.detail_of(enrolment),
        };
        self.ends_follow_up(exit, rule, &occurrence)
    }

    /// Whether an exit event ends a rule's follow-up of a trigger (rules#exits,
    /// rules#exit-conditions). What was not an event that started it began with the
    /// day, or with the stage that this very event brought about: only what comes
    /// later ends it.
    pub(super) fn ends_follow_up(&self, exit: &Exit, rule: &Rule, of: &Occurrence) -> bool {
        let same_purchase = match (&exit.purchase_id, of.purchase_id) {
            (Some(exit), Some(trigger)) => exit == trigger,
            _ => true,
        };
        let is_behind = match of.kind {
            Some(_) => exit.at >= of.at,
            None => exit.at > of.at,
        };
        // Of a profile, which has no key, its instant tells.
        let is_trigger = of.kind == Some(exit.kind)
            && exit.key.as_ref().map_or(exit.at == of.at, |key| key.as_str() == of.name);
        let holds = |condition: &Condition| self.exit_holds(exit, condition, of);
        same_purchase
            && is_behind
            && !is_trigger
            && rule
                .exit_on
                .iter()
                .any(|on| on.event == exit.kind && on.condition.as_ref().is_none_or(holds))
    }

    /// Whether an exit's condition holds, as of the exit. It does not where a value
    /// is missing, or the detail that it asks for: nothing of an erased customer's
    /// events is kept.
    fn exit_holds(&self, exit: &Exit, condition: &Condition, of: &Occurrence) -> bool {
        if exit.detail.is_none() && *condition.event_fields() != EventFields::None {
            return false;
        }
        let until = Until { at: exit.at, purchase: None };
        let view = View { until, now: exit.at, event: exit.detail.as_ref(), ..self.view() };
        condition.verdict(&ExitView { view, trigger: of.detail }) == Verdict::Holds
    }

    fn end_by_exit(&mut self, mut enrolment: Enrolment) {
        if let Some(sending) = enrolment.sending_mut() {
            // On its way out: it cannot be called back, but nothing follows it.
            sending.exited = true;
            return self.customer.enrolments.push(enrolment);
        }
        if let Some(kind) = enrolment.kind {
            self.note_exit(kind, &enrolment.occurrence, &enrolment.rule, true);
        }
        if let Phase::AwaitingReport { exited, .. } = &mut enrolment.phase {
            *exited = true;
            return self.customer.keep_asked_call(enrolment);
        }
        let (channel, reason) = (self.channel_of(&enrolment), Some(Reason::Exited));
        self.record_end(&enrolment, channel, TouchStatus::Cancelled, self.now, reason);
    }
}
