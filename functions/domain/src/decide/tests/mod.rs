//! What a state keeps, and for how long.

mod addresses;
mod assigned;
mod attempts;
mod bounds;
mod call_backs;
mod call_now;
mod caps;
mod complaints;
mod contacts;
mod corrections;
mod occasions;
mod pauses;
mod reports;
mod sending;
mod stages;
mod triggers;
mod variants;
mod winbacks;

use serde_json::{Value, json};

use super::*;
use crate::channel::{Channel, Purpose};
use crate::customer::{Enrolment, Exit, SentTouch, TriggerEvent};
use crate::event::{Delivered, from_wire};
use crate::id::Id;
use crate::span::Span;
use crate::touch::{TouchId, TouchStatus};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const NOON: i64 = 20_500 * DAY + DAY / 2;

const POLICY: &str = "max_trigger_age: 3 days
frequency_caps:
  - { purpose: marketing, max: 2, per: 7 days }
  - { channel: email, max: 9, per: 10 days }
";
const THANKS: &str = "rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [ComplaintOpened]
steps: [{ id: mail, channel: email, template: x, wait: 20 days, at: '10:00' }]
";
const SINCE: &str = "rule: since
status: live
purpose: service
trigger: { occasion: customer_since }
steps: [{ id: mail, channel: email, template: x, at: '10:00' }]
";

fn book(rules: &[&str]) -> RuleBook {
    policy_and(POLICY, rules)
}

fn policy_and(policy: &str, rules: &[&str]) -> RuleBook {
    let name = |text: &&str| text.lines().next().unwrap().replace("rule: ", "") + ".yaml";
    let mut files = vec![("policy.yaml".to_owned(), policy.to_owned())];
    files.extend(rules.iter().map(|text| (name(text), (*text).to_owned())));
    RuleBook::read(&files).unwrap()
}

fn at(millis: i64) -> Instant {
    Instant::from_millis(NOON + millis)
}

/// A span ago at the most: a day may have 25 hours.
fn ago(span: Span) -> Instant {
    at(-span.millis_at_most())
}

fn ana() -> Customer {
    Customer::new(Id::new("ana").unwrap())
}

fn event(kind: &str, occurred: Instant, more: Value) -> Delivered {
    let mut detail = json!({ "customer_id": "ana", "occurred_at": occurred.to_string() });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
    from_wire(&text.to_string()).unwrap()
}

fn purchase(key: &str, occurred: Instant) -> Delivered {
    let total = json!({ "amount": "10.00", "currency": "MXN" });
    event("PurchaseCompleted", occurred, json!({ "purchase_id": key, "total": total }))
}

/// A refund of the whole of a purchase.
fn refund(key: &str, occurred: i64) -> Delivered {
    let told = json!({ "refund_id": format!("r-{key}"), "purchase_id": key });
    event("PurchaseRefunded", at(occurred), told)
}

fn taken(customer: Customer, delivered: &Delivered, book: &RuleBook, now: Instant) -> Customer {
    decide(customer, Input::Event(&delivered.event), book, now).customer
}

/// The pending follow-ups, by rule and trigger.
fn pending(customer: &Customer) -> Vec<String> {
    customer.enrolments.iter().map(|e| format!("{}/{}", e.rule, e.occurrence)).collect()
}

fn only(customer: &Customer) -> &Enrolment {
    assert_eq!(customer.enrolments.len(), 1, "{:#?}", customer.enrolments);
    &customer.enrolments[0]
}

fn fired(kind: EventKind, occurrence: &str, at: Instant) -> TriggerEvent {
    TriggerEvent {
        kind,
        occurrence: occurrence.into(),
        at,
        received_at: at,
        purchase_id: None,
        detail: Detail("{}".into()),
        apart: None,
        under: None,
        open_until: self::at(0),
        kept_until: None,
        exited: Vec::new(),
    }
}

/// Which of some events a state still keeps at the end of a turn.
fn kept(customer: Customer, fired: Vec<TriggerEvent>) -> Vec<String> {
    let customer = Customer { fired, ..customer };
    let after = decide(customer, Input::Due, &book(&[THANKS]), at(0)).customer;
    after.fired.iter().map(|fired| fired.occurrence.clone()).collect()
}

#[test]
fn an_event_is_kept_while_it_may_still_start_something() {
    let (bought, profile) = (EventKind::PurchaseCompleted, EventKind::CustomerUpdated);
    let long_ago = at(-30 * DAY);
    let open =
        |millis: i64| TriggerEvent { open_until: at(millis), ..fired(bought, "o", long_ago) };
    assert!(kept(ana(), vec![open(0)]).is_empty());
    assert_eq!(kept(ana(), vec![open(1)]), ["o"]);
    let script =
        |millis: i64| TriggerEvent { kept_until: Some(at(millis)), ..fired(bought, "s", long_ago) };
    assert!(kept(ana(), vec![script(0)]).is_empty() && kept(ana(), vec![script(-1)]).is_empty());
    assert_eq!(kept(ana(), vec![script(1)]), ["s"]);
    let recent = ago(Span::days(3));
    assert_eq!(kept(ana(), vec![fired(profile, "p", recent)]), ["p"]);
    assert!(kept(ana(), vec![fired(profile, "p", recent.plus_millis(-1))]).is_empty());
    assert!(kept(ana(), vec![fired(bought, "b", recent)]).is_empty());
}

#[test]
fn an_event_is_kept_while_its_follow_up_is_under_way() {
    let bought = at(-5 * DAY);
    let customer = taken(ana(), &purchase("p-1", bought), &book(&[THANKS]), bought);
    assert_eq!(customer.enrolments.len(), 1);
    let of = |kind, occurrence: &str| vec![fired(kind, occurrence, bought)];
    assert_eq!(kept(customer.clone(), of(EventKind::PurchaseCompleted, "p-1")), ["p-1"]);
    assert!(kept(customer.clone(), of(EventKind::PurchaseCompleted, "p-2")).is_empty());
    assert!(kept(customer, of(EventKind::PurchaseDelivered, "p-1")).is_empty());
}

#[test]
fn exits_are_kept_as_far_back_as_anything_is_decided_again() {
    let kind = EventKind::ComplaintOpened;
    let exit = |at| Exit { at, kind, key: None, purchase_id: None, detail: None };
    let recent = ago(Span::days(3));
    let older = recent.plus_millis(-1);
    let kept = |customer: Customer| {
        let customer = Customer { exits: vec![exit(older), exit(recent)], ..customer };
        decide(customer, Input::Due, &book(&[THANKS]), at(0)).customer.exits.len()
    };
    assert_eq!(kept(ana()), 1);
    let still_open =
        TriggerEvent { open_until: at(1), ..fired(EventKind::PurchaseCompleted, "p", older) };
    assert_eq!(kept(Customer { fired: vec![still_open.clone()], ..ana() }), 2);
    // Kept for a script alone, nothing is decided about it any more.
    let over = TriggerEvent { open_until: at(0), kept_until: Some(at(DAY)), ..still_open };
    assert_eq!(kept(Customer { fired: vec![over], ..ana() }), 1);
}

#[test]
fn what_was_sent_is_kept_as_far_back_as_the_longest_cap_looks() {
    let sent = |at| SentTouch { at, channel: Channel::Email, purpose: Purpose::Service };
    let oldest = ago(Span::days(10));
    let sends = vec![sent(oldest.plus_millis(-1)), sent(oldest), sent(at(-1))];
    let customer = Customer { sends, ..ana() };
    let after = decide(customer, Input::Due, &book(&[THANKS]), at(0)).customer;
    assert_eq!(after.sends, [sent(oldest), sent(at(-1))]);
}

#[test]
fn nothing_rebuilds_who_was_forgotten() {
    let book = book(&[SINCE]);
    let erased = event("CustomerErased", at(0), json!({ "request_id": "e-1" }));
    let bought = taken(ana(), &purchase("p-1", at(-DAY)), &book, at(-DAY));
    let forgotten = taken(bought, &erased, &book, at(0));
    assert_eq!(forgotten.history, crate::history::History::default());
    let mut after = forgotten.clone();
    for one in [
        purchase("p-2", at(-DAY)),
        purchase("p-3", at(1)),
        event("CustomerUpdated", at(1), json!({ "name": { "given": "Ana" } })),
        event(
            "ComplaintOpened",
            at(1),
            json!({
                "complaint_id": "c", "severity": "high", "category": "x",
            }),
        ),
        event(
            "ConsentChanged",
            at(1),
            json!({
                "consent_id": "y", "channel": "email", "purpose": "all", "state": "granted",
                "source": "form",
            }),
        ),
        event("SurveyAnswered", at(1), json!({ "answer_id": "a", "touchpoint": "x", "csat": 1 })),
    ] {
        after = taken(after, &one, &book, at(1));
    }
    assert_eq!(after.known_since, None);
    assert_eq!(after.profile.given.latest(), None);
    let as_before = Customer {
        exits: forgotten.exits.clone(),
        fired: forgotten.fired.clone(),
        ..after.clone()
    };
    assert_eq!(as_before, forgotten);
}

#[test]
fn the_first_purchase_makes_an_anniversary_at_once() {
    let profile = event("CustomerUpdated", at(-DAY), json!({ "locale": "es" }));
    let book = book(&[SINCE]);
    let known = taken(ana(), &profile, &book, at(-DAY));
    let looked = decide(known, Input::Calendar, &book, at(-1)).customer;
    assert_eq!(looked.next_occasion, None);
    let bought = taken(looked, &purchase("p-1", at(0)), &book, at(0));
    assert!(bought.next_occasion.is_some() || !bought.enrolments.is_empty(), "{bought:#?}");
}
