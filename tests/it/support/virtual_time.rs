//! The handlers in virtual time: each event at its instant, each alarm when it
//! rings, as the queue and the schedule would bring them.

use std::collections::BTreeMap;

use lazo::dispatch;
use lazo::shell::app::App;
use lazo::shell::intake;
use lazo::shell::store::{EventEntry, Refused, TouchState};
use lazo_domain::customer::Customer;
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::Trigger;
use lazo_domain::touch::{Reason, TouchId, TouchStatus};

/// How a touch stands at the end, as far as the table can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    pub status: TouchStatus,
    pub reason: Option<Reason>,
    /// At and due; `None` where the table does not keep them.
    pub times: Option<(Instant, Instant)>,
}

/// Brings one customer's events, in their order, and wakes for every alarm up
/// to `until`.
pub async fn replay(app: &App, id: &Id, events: &[Delivered], until: Instant) {
    let mut now = Instant::MIN;
    for delivered in events.iter().take_while(|delivered| delivered.at <= until) {
        pass_time(app, id, &mut now, delivered.at, false).await;
        now = delivered.at;
        intake::take(app, delivered, now).await.unwrap();
    }
    pass_time(app, id, &mut now, until, true).await;
}

/// The same for customers who share an address or a number: what one of them says
/// may bear on the others from that instant on.
pub async fn replay_together(app: &App, customers: &[(Id, Vec<Delivered>)], until: Instant) {
    let mut events: Vec<&Delivered> = customers.iter().flat_map(|(_, events)| events).collect();
    events.sort_by_key(|delivered| delivered.at);
    let mut now = Instant::MIN;
    for delivered in events.into_iter().take_while(|delivered| delivered.at <= until) {
        pass_time_of_all(app, customers, &mut now, (delivered.at, false)).await;
        now = delivered.at;
        intake::take(app, delivered, now).await.unwrap();
    }
    pass_time_of_all(app, customers, &mut now, (until, true)).await;
}

async fn pass_time_of_all(
    app: &App,
    customers: &[(Id, Vec<Delivered>)],
    now: &mut Instant,
    (until, inclusive): (Instant, bool),
) {
    loop {
        let mut first: Option<(Instant, &Id)> = None;
        for (id, _) in customers {
            let alarm = app.store.load(id).await.unwrap().customer.next_alarm();
            let alarm = alarm.map(|alarm| (alarm.max(*now), id));
            first = first.into_iter().chain(alarm).min();
        }
        let Some((alarm, id)) = first else { return };
        if alarm > until || (alarm == until && !inclusive) {
            return;
        }
        *now = alarm;
        dispatch::attend(app, id, alarm).await.unwrap();
    }
}

async fn pass_time(app: &App, id: &Id, now: &mut Instant, until: Instant, inclusive: bool) {
    loop {
        let loaded = app.store.load(id).await.unwrap();
        let Some(alarm) = loaded.customer.next_alarm() else { return };
        let alarm = alarm.max(*now);
        if alarm > until || (alarm == until && !inclusive) {
            return;
        }
        // An alarm of the table that rings late is a defect: nobody would come.
        let is_due = loaded.customer.next_due().is_some_and(|due| due <= alarm);
        assert!(!is_due || loaded.rings(alarm), "{id}: the index does not ring at {alarm}");
        *now = alarm;
        dispatch::attend(app, id, alarm).await.unwrap();
    }
}

/// Every touch of a customer that the table knows of, by its id.
pub async fn fates(app: &App, id: &Id) -> BTreeMap<TouchId, Fate> {
    let customer = app.store.load(id).await.unwrap().customer;
    let (mut events, touches) = app.store.ledger(id).await.unwrap();
    let mut fates = BTreeMap::new();
    // What was decided last about a trigger holds.
    events.sort_by_key(|entry| entry.received_at);
    for entry in &events {
        for refused in &entry.refused {
            let (touch, fate) = refusal(app, id, refused, &events);
            fates.insert(touch, fate);
        }
    }
    for (touch, fate) in pending(&customer) {
        fates.insert(touch, fate);
    }
    for entry in touches {
        let status = match entry.state {
            TouchState::Sent => TouchStatus::Sent,
            TouchState::Skipped => TouchStatus::Skipped,
            TouchState::Cancelled => TouchStatus::Cancelled,
            TouchState::HeldOut => TouchStatus::HeldOut,
            TouchState::Fenced | TouchState::PutBack => continue,
        };
        let fate = Fate { status, reason: entry.reason, times: Some((entry.at, entry.due)) };
        let is_refusal =
            entry.reason.is_some_and(Reason::refuses_triggers) && entry.at == entry.due;
        // A trigger that was refused may have been decided anew since.
        if !(is_refusal && fates.contains_key(&entry.touch)) {
            fates.insert(entry.touch, fate);
        }
    }
    fates
}

fn refusal(app: &App, id: &Id, refused: &Refused, events: &[EventEntry]) -> (TouchId, Fate) {
    let rules = app.rules();
    let rule = rules.book.rule(&refused.rule).unwrap();
    let touch = TouchId {
        rule: refused.rule.clone(),
        customer: id.clone(),
        occurrence: refused.occurrence.clone(),
        step: rule.steps[0].id.clone(),
    };
    let trigger = events.iter().find(|entry| {
        rule.trigger == Trigger::Event(entry.kind) && entry.key == refused.occurrence
    });
    let status = match refused.reason {
        reason if reason.is_holdout() => TouchStatus::HeldOut,
        _ => TouchStatus::Skipped,
    };
    let times = trigger.map(|trigger| (trigger.at, trigger.at));
    (touch, Fate { status, reason: Some(refused.reason), times })
}

fn pending(customer: &Customer) -> impl Iterator<Item = (TouchId, Fate)> {
    customer.pending().map(|enrolment| {
        let touch = TouchId {
            rule: enrolment.rule.clone(),
            customer: customer.id.clone(),
            occurrence: enrolment.occurrence.clone(),
            step: enrolment.step.clone(),
        };
        let reason = enrolment.defers.last().map(|defer| defer.reason);
        let times = Some((enrolment.next, enrolment.due));
        (touch, Fate { status: TouchStatus::Pending, reason, times })
    })
}
