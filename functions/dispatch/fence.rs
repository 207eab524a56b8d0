//! The fences of what goes out: written before it does, and known again where they stand
//! already.

use lazo_domain::customer::Phase;
use lazo_domain::decide::{Decision, Input, decide};
use lazo_domain::instant::Instant;
use lazo_domain::touch::Send;

use super::is_for_a_person;
use crate::shell::app::App;
use crate::shell::store::{
    Call, Commit, EscalationEntry, LEDGER_ITEMS_MAX, Ledger, LedgerEntry, Loaded, StoreError,
    TouchEntry, mark,
};

/// What a decision about what is due writes into the ledger. Its fences carry a
/// mark of this one try, so that it knows them again.
pub(super) fn entries_of(decision: &mut Decision) -> Ledger {
    let mut entries: Vec<LedgerEntry> = Vec::new();
    let mark = mark();
    for send in &decision.sends {
        entries.push(LedgerEntry::Touch(TouchEntry::fence(send).by(&mark)));
        if is_for_a_person(send) {
            entries.push(LedgerEntry::Call(Call::new(send)));
        }
    }
    let escalations = decision.escalations.iter().map(EscalationEntry::new);
    entries.extend(escalations.map(LedgerEntry::Escalation));
    let mut ledger = Ledger { entries };
    let room = LEDGER_ITEMS_MAX.saturating_sub(ledger.entries.len());
    ledger.end_touches(&mut decision.customer, std::mem::take(&mut decision.records), room);
    ledger
}

/// The touches whose once-only key the ledger has already.
pub(super) fn known_sends<'a>(
    ledger: &Ledger,
    entries: &[usize],
    sends: &'a [Send],
) -> Vec<&'a Send> {
    let known = entries.iter().filter_map(|index| match &ledger.entries[*index] {
        LedgerEntry::Touch(entry) => Some(&entry.touch),
        _ => None,
    });
    let known: Vec<_> = known.collect();
    sends.iter().filter(|send| known.contains(&&send.touch)).collect()
}

/// A touch that the ledger knows was sent before, by a state that is lost: it
/// is taken for sent, and not sent again. Whether something was written.
pub(super) async fn mark_sent(
    app: &App,
    loaded: &Loaded,
    known: &[&Send],
    now: Instant,
) -> Result<bool, StoreError> {
    if known.is_empty() {
        return Ok(false);
    }
    let rules = app.rules();
    let mut customer = loaded.customer.clone();
    for send in known {
        tracing::warn!(
            rule = send.touch.rule,
            "a touch is in the ledger already, it is not sent again"
        );
        if let Some(enrolment) = customer.enrolments.iter_mut().find(|e| e.is_at(&send.touch)) {
            enrolment.phase = Phase::sending(send.at, send.version);
        }
        customer = decide(customer, Input::Confirmed(&send.touch), &rules.book, now).customer;
    }
    let done = app.store.commit(loaded, customer, &Ledger::default(), now).await?;
    Ok(matches!(done, Commit::Done(_)))
}
