//! What is due: drain the alarm's index, decide, fence, call once, confirm.

mod deliver;

use std::collections::HashSet;

use futures::StreamExt;
use lazo_domain::customer::Customer;
use lazo_domain::decide::{Decision, Input, decide};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::Channel;
use lazo_domain::touch::{Send, TouchStatus};
use serde::Serialize;

use crate::app::App;
use crate::bus::Message;
use crate::ingest::{ATTEMPTS_MAX, back_off, publish};
use crate::store::table::{Alarm, SHARDS};
use crate::store::{
    Call, Commit, Ledger, LedgerEntry, Loaded, SETTLE_AFTER, StoreError, TRANSACTION_ITEMS_MAX,
    TouchEntry,
};
use deliver::Outcome;

/// How many customers are worked on at a time.
const CUSTOMERS_AT_ONCE: usize = 8;

/// How many customers one read of a shard gives.
const PAGE: i32 = 100;

/// How many reads of a shard one run makes; the next run goes on.
const PAGES_MAX: usize = 50;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub customers: usize,
    pub sent: usize,
    pub not_sent: usize,
    pub put_back: usize,
    pub unknown: usize,
    /// Customers that could not be worked on now; their alarm rings on.
    pub failed: usize,
}

impl Report {
    fn add(&mut self, other: Report) {
        self.customers += other.customers;
        self.sent += other.sent;
        self.not_sent += other.not_sent;
        self.put_back += other.put_back;
        self.unknown += other.unknown;
        self.failed += other.failed;
    }
}

/// Works on everybody whose alarm has rung by `now`.
///
/// # Errors
/// [`StoreError`] where the index cannot be read; a customer that cannot be
/// worked on is counted and left for the next run.
pub async fn run(app: &App, now: Instant) -> Result<Report, StoreError> {
    run_until(app, now, now).await
}

/// After a crash of the only sender: settles at once what was on its way out.
///
/// # Errors
/// [`StoreError`] where the index cannot be read.
pub async fn settle_all(app: &App, now: Instant) -> Result<Report, StoreError> {
    let later = now.plus_millis(SETTLE_AFTER.as_millis() as i64);
    let mut report = Report::default();
    for shard in 0..SHARDS {
        for id in app.store.ringing(Alarm::Due, shard, later, PAGE * 10).await? {
            let loaded = app.store.load(&id).await?;
            settle(app, loaded, now, now, &mut report).await?;
        }
    }
    Ok(report)
}

async fn run_until(app: &App, now: Instant, until: Instant) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for shard in 0..SHARDS {
        let mut seen: HashSet<Id> = HashSet::new();
        for _ in 0..PAGES_MAX {
            let ringing = app.store.ringing(Alarm::Due, shard, until, PAGE).await?;
            let fresh: Vec<Id> = ringing.into_iter().filter(|id| seen.insert(id.clone())).collect();
            if fresh.is_empty() {
                break;
            }
            let work = fresh.into_iter().map(|id| async move { attend(app, &id, now).await });
            let done: Vec<_> =
                futures::stream::iter(work).buffer_unordered(CUSTOMERS_AT_ONCE).collect().await;
            for result in done {
                match result {
                    Ok(one) => report.add(one),
                    Err(error) => {
                        tracing::error!(%error, "a customer could not be worked on");
                        report.failed += 1;
                    }
                }
            }
        }
    }
    Ok(report)
}

/// Works on one customer until nothing is due: each round decides, fences,
/// hands over and confirms.
///
/// # Errors
/// [`StoreError`] where the store does not answer.
pub async fn attend(app: &App, id: &Id, now: Instant) -> Result<Report, StoreError> {
    let mut report = Report { customers: 1, ..Report::default() };
    let settle_before = now.plus_millis(-(SETTLE_AFTER.as_millis() as i64));
    for attempt in 1..=ATTEMPTS_MAX {
        let loaded = app.store.load(id).await?;
        let loaded = settle(app, loaded, now, settle_before, &mut report).await?;
        let rules = app.rules();
        let before = loaded.customer.clone();
        let decision = decide(loaded.customer.clone(), Input::Due, &rules.book, now);
        let is_quiet = decision.sends.is_empty() && decision.records.is_empty();
        if is_quiet && decision.customer == before && !loaded.rings(now) {
            return Ok(report);
        }
        let ledger = account(&decision);
        for send in decision.sends.iter().filter(|send| is_for_a_person(send)) {
            app.store.note_assignee(&send.assign_to).await?;
        }
        let Decision { customer, records, sends } = decision;
        match app.store.commit(&loaded, customer, &ledger, now).await? {
            Commit::Done(after) => {
                report.not_sent += records.len();
                let messages: Vec<Message> = records.iter().map(Message::skipped).collect();
                publish(app, &messages).await;
                let next = hand_over(app, *after, &sends, now, &mut report).await?;
                if next.customer.next_due().is_none_or(|due| due > now) {
                    return Ok(report);
                }
            }
            Commit::Known(entries) => {
                let known = known_sends(&ledger, &entries, &sends);
                if !mark_sent(app, &loaded, &known, now).await? {
                    back_off(attempt).await;
                }
            }
            Commit::Conflict => back_off(attempt).await,
        }
    }
    tracing::warn!("a customer is not finished, the next run goes on");
    Ok(report)
}

fn is_for_a_person(send: &Send) -> bool {
    matches!(send.channel, Channel::Call | Channel::Task)
}

/// What a decision about what is due writes into the ledger.
fn account(decision: &Decision) -> Ledger {
    let mut entries: Vec<LedgerEntry> = Vec::new();
    for send in &decision.sends {
        entries.push(LedgerEntry::Touch(TouchEntry::fence(send)));
        if is_for_a_person(send) {
            entries.push(LedgerEntry::Call(Call::new(send)));
        }
    }
    let ended = decision.records.iter().map(|record| TouchEntry::ended(record, false, None));
    entries.extend(ended.map(LedgerEntry::Touch));
    entries.truncate(TRANSACTION_ITEMS_MAX - 1);
    Ledger { entries }
}

/// The touches whose once-only key the ledger has already.
fn known_sends<'a>(ledger: &Ledger, entries: &[usize], sends: &'a [Send]) -> Vec<&'a Send> {
    let known = entries.iter().filter_map(|index| match &ledger.entries[*index] {
        LedgerEntry::Touch(entry) => Some(&entry.touch),
        _ => None,
    });
    let known: Vec<_> = known.collect();
    sends.iter().filter(|send| known.contains(&&send.touch)).collect()
}

/// A touch that the ledger knows was sent before, by a state that is lost: it
/// is taken for sent, and not sent again. Whether something was written.
async fn mark_sent(
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
        if let Some(enrolment) =
            customer.enrolments.iter_mut().find(|e| deliver::is_of(e, &send.touch))
        {
            enrolment.sending_since = Some(send.at);
        }
        customer = decide(customer, Input::Confirmed(&send.touch), &rules.book, now).customer;
    }
    let done = app.store.commit(loaded, customer, &Ledger::default(), now).await?;
    Ok(matches!(done, Commit::Done(_)))
}

/// Hands fenced touches over, each by one call, and writes down how it went.
async fn hand_over(
    app: &App,
    mut loaded: Loaded,
    sends: &[Send],
    now: Instant,
    report: &mut Report,
) -> Result<Loaded, StoreError> {
    for send in sends {
        let outcome = deliver::deliver(app, &loaded.customer, send, now).await;
        loaded = write_outcome(app, loaded, send, &outcome, now, report).await?;
    }
    Ok(loaded)
}

/// Writes how a hand-over went; the fence keeps everybody else off until then.
async fn write_outcome(
    app: &App,
    mut loaded: Loaded,
    send: &Send,
    outcome: &Outcome,
    now: Instant,
    report: &mut Report,
) -> Result<Loaded, StoreError> {
    if matches!(outcome, Outcome::Unknown) {
        deliver::keep_unknown(app, send, now).await?;
    }
    for attempt in 1..=ATTEMPTS_MAX {
        let input = match outcome {
            Outcome::Sent { .. } => Input::Confirmed(&send.touch),
            Outcome::NotSent { until } => Input::PutBack { touch: &send.touch, until: *until },
            Outcome::Refused => Input::Refused(&send.touch),
            Outcome::Unknown => Input::Unanswered(&send.touch),
        };
        let rules = app.rules();
        let decision = decide(loaded.customer.clone(), input, &rules.book, now);
        let message_id = match outcome {
            Outcome::Sent { message_id } => Some(message_id.clone()),
            _ => None,
        };
        let mut entries: Vec<LedgerEntry> = decision
            .records
            .iter()
            .map(|record| LedgerEntry::Touch(TouchEntry::ended(record, true, message_id.clone())))
            .collect();
        if matches!(outcome, Outcome::NotSent { .. }) && entries.is_empty() {
            entries.push(LedgerEntry::Touch(TouchEntry::put_back(send)));
        }
        let ledger = Ledger { entries };
        match app.store.commit(&loaded, decision.customer, &ledger, now).await? {
            Commit::Done(after) => {
                count(outcome, report);
                let sent = |r: &&lazo_domain::touch::TouchRecord| r.status != TouchStatus::Sent;
                let messages: Vec<Message> =
                    decision.records.iter().filter(sent).map(Message::skipped).collect();
                publish(app, &messages).await;
                return Ok(*after);
            }
            // Somebody settled it meanwhile.
            Commit::Known(_) => return app.store.load(&loaded.customer.id).await,
            Commit::Conflict => {
                back_off(attempt).await;
                loaded = app.store.load(&loaded.customer.id).await?;
            }
        }
    }
    // Still fenced: it is settled when its alarm rings again.
    Ok(loaded)
}

fn count(outcome: &Outcome, report: &mut Report) {
    match outcome {
        Outcome::Sent { .. } => report.sent += 1,
        Outcome::NotSent { .. } => report.put_back += 1,
        Outcome::Refused => report.not_sent += 1,
        Outcome::Unknown => report.unknown += 1,
    }
}

/// Settles touches that were fenced before an instant and never confirmed:
/// whoever sent them is gone.
async fn settle(
    app: &App,
    mut loaded: Loaded,
    now: Instant,
    before: Instant,
    report: &mut Report,
) -> Result<Loaded, StoreError> {
    let stuck = |customer: &Customer| {
        let stuck = customer
            .enrolments
            .iter()
            .filter(|e| !e.unanswered && e.sending_since.is_some_and(|since| since <= before));
        stuck.cloned().collect::<Vec<_>>()
    };
    for enrolment in stuck(&loaded.customer) {
        let rules = app.rules();
        let Some(send) = deliver::send_of(&loaded.customer, &enrolment, &rules.book) else {
            continue;
        };
        let outcome = deliver::trace(app, &loaded.customer, &send, now).await;
        loaded = write_outcome(app, loaded, &send, &outcome, now, report).await?;
    }
    Ok(loaded)
}
