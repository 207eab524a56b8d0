//! What becomes of touches of which the answer was lost, and of addresses that
//! mail must not go to.

use super::Turn;
use crate::customer::{Phase, SendAnswer, SentTouch};
use crate::event::{ConsentChannel, ConsentPurpose, ConsentState};
use crate::instant::Instant;
use crate::suppression::{AddressHash, Cause};
use crate::touch::{Reason, TouchId};

impl Turn<'_> {
    /// The mail service says that it took the touch. That holds whatever was
    /// believed here: a touch that was put back must not go a second time.
    pub(super) fn on_accepted(&mut self, touch: &TouchId, at: Instant) {
        let at = at.min(self.now);
        let book = self.book;
        let enrolments = &mut self.customer.enrolments;
        let Some(enrolment) = enrolments.iter_mut().find(|e| e.is_at(touch)) else { return };
        match enrolment.phase {
            Phase::AwaitingReport { .. } => return,
            Phase::Sending(_) => {}
            Phase::Waiting => {
                enrolment.phase = Phase::sending(at, book.version());
                if let Some((rule, step)) = book.step(&enrolment.rule, &enrolment.step) {
                    self.count_sent(SentTouch { at, channel: step.channel, purpose: rule.purpose });
                }
            }
        }
        self.on_confirmed(touch);
    }

    /// Time enough has passed and nothing was heard: the policy says whether
    /// the touch goes once more or waits for somebody to look.
    pub(super) fn on_unresolved(&mut self, touch: &TouchId) {
        let Some(mut enrolment) = self.take_sending(touch) else { return };
        let may_go_again = self.book.policy.resend_unknown && !enrolment.resent;
        match enrolment.sending_mut() {
            Some(sending)
                if may_go_again && !sending.exited && sending.answer != SendAnswer::Listed =>
            {
                enrolment.resent = true;
                return self.put_back(enrolment, self.now, Reason::Unanswered);
            }
            Some(sending) => sending.answer = SendAnswer::Listed,
            None => {}
        }
        self.customer.insert_enrolment(enrolment);
    }

    /// Somebody looked and found that it did not go out.
    pub(super) fn on_resend(&mut self, touch: &TouchId) {
        if let Some(enrolment) = self.take_sending(touch) {
            self.put_back(enrolment, self.now, Reason::Unanswered);
        }
    }

    pub(super) fn on_suppressed(&mut self, address: &AddressHash, at: Instant, cause: Cause) {
        // Of who asked to be forgotten nothing is noted any more.
        if self.customer.erased_at.is_some() {
            return;
        }
        self.customer.suppressed.note(address, at);
        if cause == Cause::SpamComplaint {
            let (channel, purpose) = (ConsentChannel::Email, ConsentPurpose::Marketing);
            self.customer.consents.note(at, channel, purpose, ConsentState::Denied);
        }
    }
}
