//! What an event changes in a customer's state.

use super::Turn;
use super::enrol::Occurrence;
use crate::complaint::Pause;
use crate::condition::{Condition, EventFields, Verdict};
use crate::consent::Consents;
use crate::customer::{CUSTOMER_SINCE, Contact, Customer, Exit, TriggerEvent};
use crate::event::{
    Body, CallOutcome, ConsentChannel, ConsentPurpose, ConsentState, Event, EventKind, Initiator,
    Line, Note,
};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::journey::Feeling;
use crate::ordered;
use crate::rulebook::Rule;
use crate::touch::{Reason, TouchStatus};
use crate::view::{ExitView, View};

/// How many contacts are kept for whoever calls next.
pub(super) const CONTACTS_MAX: usize = 3;

/// How much of a contact's note is kept, in characters.
const CONTACT_NOTE_CHARS_MAX: usize = 280;

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
        match &event.body {
            // Neither replayed nor new events rebuild who asked to be forgotten.
            _ if is_erased => {}
            Body::CustomerErased(_) => self.erase(event.occurred_at),
            Body::CustomerUpdated(update) => {
                self.customer.profile.update(update);
                self.customer.wrong_numbers.find(&self.customer.profile.phone);
                self.move_to_zone();
            }
            body => absorb(self.customer, event.customer(), event.occurred_at, body),
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
        }
        if live {
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

    /// Ends the pending touches of the rules that name this kind of event.
    fn exit(&mut self, event: &Event, asked: &EventFields) {
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
        self.end_what_exits(|turn, index| turn.ends(&exit, index));
        exit.detail = exit.detail.filter(|kept| kept.0.len() <= Exit::DETAIL_BYTES_MAX);
        ordered::insert_once(&mut self.customer.exits, exit);
    }

    /// An event may be what an earlier exit's condition was waiting for: its
    /// purchase, or a refund of before it.
    fn exit_again(&mut self) {
        let asks = |exit: &Exit| {
            self.book.rules().iter().any(|rule| {
                rule.exit_on.iter().any(|on| on.event == exit.kind && on.condition.is_some())
            })
        };
        let exits: Vec<Exit> =
            self.customer.exits.iter().filter(|exit| asks(exit)).cloned().collect();
        if !exits.is_empty() {
            self.end_what_exits(|turn, index| exits.iter().any(|exit| turn.ends(exit, index)));
        }
    }

    /// Ends the pending touches that an exit event ends.
    pub(super) fn end_what_exits(&mut self, ends: impl Fn(&Self, usize) -> bool) {
        let mut index = 0;
        while index < self.customer.enrolments.len() {
            let is_sending = self.customer.enrolments[index].sending_since.is_some();
            let ends = ends(self, index);
            if ends {
                self.end_by_exit(index);
            }
            index += usize::from(is_sending || !ends);
        }
    }

    pub(super) fn ends(&self, exit: &Exit, index: usize) -> bool {
        let enrolment = &self.customer.enrolments[index];
        let Some(rule) = self.book.rule(&enrolment.rule).filter(|_| !enrolment.exited) else {
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

    /// Whether an exit event ends a rule's follow-up of a trigger (rules#exits, rules#exit-conditions).
    /// What was not an event that started it began with the day, or with the
    /// stage that this very event brought about: only what comes later ends it.
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
        let view = View {
            customer: self.customer,
            until: Until { at: exit.at, purchase: None },
            now: exit.at,
            zone: &self.zone,
            policy: &self.book.policy,
            drift: self.book.values(),
            event: exit.detail.as_ref(),
        };
        condition.verdict(&ExitView { view, trigger: of.detail }) == Verdict::Holds
    }

    fn end_by_exit(&mut self, index: usize) {
        if self.customer.enrolments[index].sending_since.is_some() {
            // On its way out: it cannot be called back, but nothing follows it.
            self.customer.enrolments[index].exited = true;
            return;
        }
        let enrolment = self.customer.enrolments.remove(index);
        if let Some(kind) = enrolment.kind {
            self.note_exit(kind, &enrolment.occurrence, &enrolment.rule, true);
        }
        if enrolment.asked_at.is_some() {
            return;
        }
        let (channel, reason) = (self.channel_of(&enrolment), Some(Reason::Exited));
        self.record_end(&enrolment, channel, TouchStatus::Cancelled, self.now, reason);
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
        customer.enrolments.retain(|e| e.asked_at.is_none());
        customer.unwritten = before.unwritten;
        customer.past = before.past;
        customer.erased_at = Some(at);
        customer.occasions_until = Some(self.now);
    }

    /// Moves the pending touches whose due time a changed profile changes.
    pub(super) fn plan_again(&mut self) {
        let book = self.book;
        for index in 0..self.customer.enrolments.len() {
            let enrolment = &self.customer.enrolments[index];
            let Some((_, step)) = self.planned(enrolment) else {
                continue;
            };
            if !enrolment.is_untried(self.now) {
                continue;
            }
            let due = self.due_of(enrolment, step);
            let enrolment = &mut self.customer.enrolments[index];
            enrolment.due = due;
            enrolment.next = due;
        }
        for index in 0..self.customer.fired.len() {
            let fired = &self.customer.fired[index];
            let rules = book.triggered_by(fired.kind);
            let open_until = self.open_until(rules, fired.at, &fired.detail);
            self.customer.fired[index].open_until = open_until;
        }
    }

    /// Touches that wait learn when an event changes until when.
    pub(super) fn wait_anew(&mut self) {
        for index in 0..self.customer.enrolments.len() {
            let enrolment = &self.customer.enrolments[index];
            let Some(reason) = enrolment.defers.last().map(|defer| defer.reason) else {
                continue;
            };
            let Some((rule, step)) = self.planned(enrolment) else {
                continue;
            };
            if enrolment.sending_since.is_some() {
                continue;
            }
            let expires_at = self.expires_at(enrolment.due, step);
            let until = match reason {
                Reason::ComplaintOpen => match self.pause() {
                    Pause::None => self.now,
                    Pause::Until(end) => end,
                    Pause::Open => expires_at,
                },
                Reason::QuietHours => self.opening(self.now, step.channel).unwrap_or(expires_at),
                Reason::FrequencyCap => self.capped_until(index, rule, step).unwrap_or(self.now),
                _ => continue,
            };
            let until = until.min(expires_at);
            let enrolment = &mut self.customer.enrolments[index];
            enrolment.next = until;
            if let Some(defer) = enrolment.defers.last_mut() {
                defer.until = until;
            }
        }
    }
}

/// Whether a stage may be another after it. A profile may change the time zone,
/// and any event may be the first or the earliest.
fn moves_stage(body: &Body) -> bool {
    !matches!(body, Body::CustomerErased(_) | Body::ContentPublished(_) | Body::CustomerMerged(_))
}

/// Takes over what an event tells, profile and erasure aside.
fn absorb(customer: &mut Customer, told_under: Option<&Id>, at: Instant, body: &Body) {
    let id = told_under.unwrap_or(&customer.id).clone();
    match body {
        Body::ConsentChanged(consent) => {
            customer.consents_under(&id, at).note(
                at,
                consent.channel,
                consent.purpose,
                consent.state,
            );
        }
        Body::PurchaseCompleted(purchase) => customer.history.add_purchase(purchase),
        Body::PurchaseRefunded(refund) => customer.history.add_refund(refund),
        Body::InteractionRecorded(interaction) => {
            let kind = interaction.kind.as_str();
            if interaction.initiated_by == Initiator::Customer && kind != "complaint" {
                note_contact(customer, at);
            }
            note_satisfaction(customer, at, interaction.satisfaction.map(|score| score.0));
            let (channel, kind) = (interaction.channel.clone(), interaction.kind.clone());
            remember(customer, at, &interaction.interaction_id, channel, kind, &interaction.note);
        }
        Body::ComplaintOpened(complaint) => {
            let (id, category) = (&complaint.complaint_id, &complaint.category);
            customer.complaints.open(id, at, complaint.severity, category);
        }
        Body::ComplaintResolved(complaint) => {
            let cause = complaint.root_cause.as_ref();
            customer.complaints.resolve(&complaint.complaint_id, at, cause);
        }
        Body::CallReported(call) => {
            if call.outcome == CallOutcome::DoNotCall {
                let (channel, purpose) = (ConsentChannel::Call, ConsentPurpose::All);
                customer.consents_under(&id, at).note(at, channel, purpose, ConsentState::Denied);
            }
            if call.outcome == CallOutcome::WrongNumber {
                customer.wrong_numbers.note(at);
                customer.wrong_numbers.find(&customer.profile.phone);
            }
            note_satisfaction(customer, at, call.satisfaction.map(|score| score.0));
            customer.reported.extend(call.dissolution_reason.map(|reason| (at, reason)));
            if let (Ok(channel), Ok(kind)) = (Line::new("call"), Line::new(call.outcome.as_str())) {
                remember(customer, at, &call.call_id, channel, kind, &call.note);
            }
        }
        Body::SurveyAnswered(answer) => {
            if let Some(score) = answer.csat {
                customer.csat.set(at, Some(score.0));
            }
            if let Some(score) = answer.nps {
                customer.nps.set(at, Some(score.0));
            }
            if let (Some(_), Ok(kind)) = (&answer.comment, Line::new("survey")) {
                let (id, channel) = (&answer.answer_id, answer.touchpoint.clone());
                remember(customer, at, id, channel, kind, &answer.comment);
            }
            let told = |feeling| Feeling::of_scores(answer).any(|one| one == feeling);
            // One answer is one bad experience, however many scores it gives.
            if told(Feeling::Unhappy) {
                customer.complaints.note_bad_answer(at);
            }
            if told(Feeling::Happy) {
                note_positive(customer, at);
            }
        }
        Body::PurchaseDelivered(delivery) => {
            customer.history.add_delivery(&delivery.purchase_id, at);
        }
        Body::CustomerUpdated(_)
        | Body::ContentPublished(_)
        | Body::CustomerErased(_)
        | Body::CustomerMerged(_) => {}
    }
}

fn note_satisfaction(customer: &mut Customer, at: Instant, score: Option<u8>) {
    match score.map(Feeling::of_satisfaction) {
        Some(Feeling::Unhappy) => customer.complaints.note_bad_answer(at),
        Some(Feeling::Happy) => note_positive(customer, at),
        Some(Feeling::Neutral) | None => {}
    }
}

fn note_positive(customer: &mut Customer, at: Instant) {
    let first = &mut customer.signals.positive_at;
    *first = Some(first.map_or(at, |known| known.min(at)));
}

/// The latest contacts are kept: what counts is whether one came after the
/// only purchase, and a customer with more purchases needs none.
fn note_contact(customer: &mut Customer, at: Instant) {
    const CONTACT_INSTANTS_MAX: usize = 20;
    ordered::insert_once(&mut customer.signals.contacts, at);
    ordered::keep_latest(&mut customer.signals.contacts, CONTACT_INSTANTS_MAX);
}

fn remember(
    customer: &mut Customer,
    at: Instant,
    id: &Id,
    channel: Line,
    kind: Line,
    note: &Option<Note>,
) {
    let note = note.as_ref().and_then(|note| {
        let kept: String = note.as_str().chars().take(CONTACT_NOTE_CHARS_MAX).collect();
        Note::new(kept).ok()
    });
    ordered::insert(&mut customer.contacts, Contact { at, id: id.clone(), channel, kind, note });
    ordered::keep_latest(&mut customer.contacts, CONTACTS_MAX);
}
