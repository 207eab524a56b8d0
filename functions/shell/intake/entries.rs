//! What an event writes into the ledger besides the customer's state.

use lazo_domain::customer::Customer;
use lazo_domain::decide::Decision;
use lazo_domain::event::{Body, Delivered, Event};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{TouchRecord, TouchStatus};

use crate::shell::bus::Message;
use crate::shell::store::{
    Answer, Counted, CountedDissolution, CountedExperience, EventEntry, LEDGER_ITEMS_MAX, Ledger,
    LedgerEntry, PROFILE_ITEMS_MAX, PurchaseOwner, complaint_entries,
};

/// What an event's decision writes into the ledger, and tells others.
pub(super) fn account(
    delivered: &Delivered,
    decision: &mut Decision,
    book: &RuleBook,
    now: Instant,
) -> (Ledger, Vec<Message>) {
    let mut entry = EventEntry::new(&delivered.event, now, book);
    let records = std::mem::take(&mut decision.records).into_iter();
    let (refused, ended): (Vec<_>, Vec<_>) = records.partition(is_refusal);
    refused.iter().for_each(|record| entry.note_refusal(record));
    let mut messages: Vec<Message> = ended.iter().map(Message::skipped).collect();
    entry.keep_detail_of(&delivered.event, &decision.customer);
    let mut entries = vec![LedgerEntry::Event(entry)];
    entries.extend(owner(delivered));
    let customer = &decision.customer;
    if customer.erased_at.is_none() {
        entries.extend(told(&delivered.event, customer, book));
    }
    let id = &customer.id;
    messages.extend(decision.stages.iter().map(|entered| Message::stage_changed(id, entered)));
    let complaints = decision.complaints.iter();
    entries.extend(complaints.flat_map(|id| complaint_entries(customer, id, book)));
    let mut ledger = Ledger { entries };
    let of_profile = match &delivered.event.body {
        Body::CustomerUpdated(_) | Body::CustomerErased(_) => PROFILE_ITEMS_MAX,
        _ => 0,
    };
    let room = LEDGER_ITEMS_MAX.saturating_sub(of_profile + ledger.entries.len());
    ledger.end_touches(&mut decision.customer, ended, room);
    (ledger, messages)
}

/// Whose a purchase is, where refunds and deliveries may come that name it alone.
pub(super) fn owner(delivered: &Delivered) -> Option<LedgerEntry> {
    match &delivered.event.body {
        Body::PurchaseCompleted(bought) if delivered.by_source => {
            let (purchase, customer) = (bought.purchase_id.clone(), bought.customer_id.clone());
            Some(LedgerEntry::Owner(PurchaseOwner { purchase, customer }))
        }
        _ => None,
    }
}

/// What is kept or counted of an event by itself: an answer in full, how it was,
/// the reason for which a customer leaves. Of who was forgotten it is not.
pub(super) fn told(event: &Event, customer: &Customer, book: &RuleBook) -> Vec<LedgerEntry> {
    let left = CountedDissolution::of(event, &book.default_zone).map(Counted::Dissolution);
    let felt = CountedExperience::of(event, customer, book).map(Counted::Experience);
    let counted = left.into_iter().chain(felt).map(LedgerEntry::Counted);
    Answer::of(event).map(LedgerEntry::Answer).into_iter().chain(counted).collect()
}

/// Whether a record is of a trigger that started nothing. Each event that comes
/// while the trigger is open decides anew about it, so it is noted beside that
/// event; a touch ends in the ledger once, and for good.
pub(super) fn is_refusal(record: &TouchRecord) -> bool {
    record.at == record.due
        && record.defers.is_empty()
        && matches!(record.status, TouchStatus::Skipped | TouchStatus::HeldOut)
        && record.reason.is_some_and(|reason| reason.refuses_triggers())
}
