//! What an event changes in a customer's state.

use crate::customer::{CallReport, Contact, Customer};
use crate::event::{
    Body, CallOutcome, CallReported, ConsentChannel, ConsentPurpose, ConsentState, Initiator, Line,
    Note, SurveyAnswered,
};
use crate::id::Id;
use crate::instant::Instant;
use crate::journey::Feeling;
use crate::ordered;

/// How many contacts are kept for whoever calls next.
pub(super) const CONTACTS_MAX: usize = 3;

/// How much of a contact's note is kept, in characters.
const CONTACT_NOTE_CHARS_MAX: usize = 280;

/// Takes over what an event tells, profile and erasure aside.
pub(super) fn apply(customer: &mut Customer, told_under: Option<&Id>, at: Instant, body: &Body) {
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
            let id = &interaction.interaction_id;
            let by = interaction.by.clone();
            remember(customer, at, id, (channel, kind, by), &interaction.note);
        }
        Body::ComplaintOpened(complaint) => {
            let (id, category) = (&complaint.complaint_id, &complaint.category);
            customer.complaints.open(id, at, complaint.severity, category);
        }
        Body::ComplaintResolved(complaint) => {
            let cause = complaint.root_cause.as_ref();
            customer.complaints.resolve(&complaint.complaint_id, at, cause);
        }
        Body::SurveyAnswered(answer) => apply_answer(customer, at, answer),
        Body::PurchaseDelivered(delivery) => {
            customer.history.add_delivery(&delivery.purchase_id, at);
        }
        Body::CustomerUpdated(_)
        | Body::ContentPublished(_)
        | Body::CallReported(_)
        | Body::CustomerErased(_)
        | Body::CustomerMerged(_) => {}
    }
}

/// Takes over what a report of a call tells; gives the earlier ones that it corrects. A
/// no stays a no: only a word of consent takes it back.
pub(super) fn apply_call(
    customer: &mut Customer,
    call: &CallReported,
    received_at: Option<Instant>,
) -> Vec<CallReport> {
    let at = Instant::from(call.occurred_at);
    if call.outcome == CallOutcome::DoNotCall {
        let (channel, purpose) = (ConsentChannel::Call, ConsentPurpose::All);
        let consents = customer.consents_under(&call.customer_id, at);
        consents.note(at, channel, purpose, ConsentState::Denied);
    }
    let report = CallReport::of(call, received_at);
    let corrected = report.map_or_else(Vec::new, |report| customer.call_reports.take(report));
    corrected.iter().for_each(|report| take_back(customer, report));
    if !customer.call_reports.is_corrected(&call.call_id) {
        if call.outcome == CallOutcome::WrongNumber {
            customer.wrong_numbers.note(at);
            customer.wrong_numbers.find(&customer.profile.phone);
        }
        match call.satisfaction.map(|score| Feeling::of_satisfaction(score.0)) {
            Some(Feeling::Unhappy) => customer.complaints.note_bad_answer(at),
            Some(Feeling::Happy) => customer.signals.note_positive_call(at),
            Some(Feeling::Neutral) | None => {}
        }
        customer.reported.extend(call.dissolution_reason.map(|reason| (at, reason)));
    }
    let channel = if call.outcome.is_of_task() { "task" } else { "call" };
    if let (Ok(channel), Ok(kind)) = (Line::new(channel), Line::new(call.outcome.as_str())) {
        let by = call.by.clone();
        remember(customer, at, &call.call_id, (channel, kind, by), &call.note);
    }
    corrected
}

/// Takes back what a report told that was corrected, unless another of the same instant
/// tells the same.
pub(super) fn take_back(customer: &mut Customer, report: &CallReport) {
    let at = report.at;
    let others: Vec<CallReport> =
        customer.call_reports.standing().filter(|other| other.at == at).cloned().collect();
    if report.outcome == CallOutcome::WrongNumber
        && !others.iter().any(|other| other.outcome == CallOutcome::WrongNumber)
    {
        customer.wrong_numbers.take_back(at);
    }
    match report.satisfaction.map(Feeling::of_satisfaction) {
        Some(Feeling::Unhappy) => customer.complaints.take_back_bad_answer(at),
        Some(Feeling::Happy) => customer.signals.take_back_positive_call(at),
        Some(Feeling::Neutral) | None => {}
    }
    if let Some(reason) = report.dissolution_reason
        && !others.iter().any(|other| other.dissolution_reason == Some(reason))
    {
        customer.reported.remove(&(at, reason));
    }
}

fn apply_answer(customer: &mut Customer, at: Instant, answer: &SurveyAnswered) {
    if let Some(score) = answer.csat {
        customer.csat.set(at, Some(score.0));
    }
    if let Some(score) = answer.nps {
        customer.nps.set(at, Some(score.0));
    }
    if let (Some(_), Ok(kind)) = (&answer.comment, Line::new("survey")) {
        let (id, channel) = (&answer.answer_id, answer.touchpoint.clone());
        remember(customer, at, id, (channel, kind, None), &answer.comment);
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
    (channel, kind, by): (Line, Line, Option<Line>),
    note: &Option<Note>,
) {
    let note = note.as_ref().and_then(|note| {
        let kept: String = note.as_str().chars().take(CONTACT_NOTE_CHARS_MAX).collect();
        Note::new(kept).ok()
    });
    let contact = Contact { at, id: id.clone(), channel, kind, note, by };
    ordered::insert(&mut customer.contacts, contact);
    ordered::keep_latest(&mut customer.contacts, CONTACTS_MAX);
}
