//! How touches ended, as the ledger is told of them.

use super::Turn;
use crate::channel::Channel;
use crate::customer::Enrolment;
use crate::instant::Instant;
use crate::rulebook::Rule;
use crate::touch::{Reason, TouchId, TouchRecord, TouchStatus};

impl Turn<'_> {
    /// Notes how a pending touch ended.
    pub(super) fn record_end(
        &mut self,
        enrolment: &Enrolment,
        channel: Channel,
        status: TouchStatus,
        at: Instant,
        reason: Option<Reason>,
    ) {
        let record = self.end_of(enrolment, channel, status, at, reason);
        self.records.push(record);
    }

    /// How a pending touch ended.
    pub(super) fn end_of(
        &self,
        enrolment: &Enrolment,
        channel: Channel,
        status: TouchStatus,
        at: Instant,
        reason: Option<Reason>,
    ) -> TouchRecord {
        let touch = enrolment.touch(&self.customer.id);
        let defers = enrolment.defers.clone();
        let due = enrolment.due;
        let met = self.met_for(reason);
        // What is on its way out was decided when it was fenced.
        let version = match enrolment.sending() {
            Some(sending) => sending.version,
            None => self.book.version(),
        };
        let enrolled_at = enrolment.enrolled_at();
        let variant = self.book.variant_of(&self.customer.id, enrolment);
        TouchRecord {
            touch,
            channel,
            status,
            at,
            due,
            enrolled_at,
            reason,
            defers,
            variant,
            met,
            version,
        }
    }

    /// Notes that a trigger was refused or held out: one line, for the first
    /// step, at the trigger's instant.
    pub(super) fn record_refusal(
        &mut self,
        rule: &Rule,
        occurrence: &str,
        at: Instant,
        reason: Reason,
    ) {
        let Some(step) = rule.steps.first() else {
            return;
        };
        let status = match reason {
            reason if reason.is_holdout() => TouchStatus::HeldOut,
            _ => TouchStatus::Skipped,
        };
        self.records.push(TouchRecord {
            touch: TouchId {
                rule: rule.name.clone(),
                customer: self.customer.id.clone(),
                occurrence: occurrence.to_owned(),
                step: step.id.clone(),
            },
            channel: step.channel,
            status,
            at,
            due: at,
            enrolled_at: reason.is_of_an_enrolment().then_some(at),
            reason: Some(reason),
            defers: Vec::new(),
            variant: None,
            met: self.met_for(Some(reason)),
            version: self.book.version(),
        });
    }
}
