//! How large a state may become, and that the order makes no difference below it.

use super::super::bounds::PENDING_MAX;
use super::*;
use crate::history::Until;
use crate::touch::Reason;

/// A state after events of the past, in their order.
fn told<'a>(events: impl Iterator<Item = &'a Delivered>, book: &RuleBook) -> Customer {
    events.fold(ana(), |customer, delivered| {
        decide(customer, Input::History(&delivered.event), book, at(DAY)).customer
    })
}

#[test]
fn beyond_the_bound_a_trigger_is_refused_and_the_purchase_counts() {
    let book = book(&[THANKS]);
    let mut customer = ana();
    let mut refused = Vec::new();
    for number in 0..PENDING_MAX as i64 + 3 {
        let bought = purchase(&format!("p-{number}"), at(number));
        let decision = decide(customer, Input::Event(&bought.event), &book, at(number));
        refused.extend(decision.records.into_iter().map(|record| record.reason));
        customer = decision.customer;
    }
    assert_eq!(refused, [Some(Reason::PendingLimit); 3]);
    assert_eq!(customer.enrolments.len(), PENDING_MAX);
    assert_eq!(customer.history.count(Until::ALL), PENDING_MAX + 3);
}

#[test]
fn sixty_that_come_before_what_they_belong_to_leave_the_same_state() {
    let book = book(&[]);
    let mut events = Vec::new();
    for number in 0..60 {
        let (opened, resolved) = (at(-2 * DAY + number), at(-DAY + number));
        let (key, bought) = (format!("q-{number}"), format!("p-{number}"));
        let complaint = json!({ "complaint_id": key, "severity": "low", "category": "x" });
        events.push(event("ComplaintOpened", opened, complaint));
        events.push(purchase(&bought, opened));
        events.push(event("ComplaintResolved", resolved, json!({ "complaint_id": key })));
        events.push(event("PurchaseDelivered", resolved, json!({ "purchase_id": bought })));
        events.push(refund(&bought, -DAY / 2 + number));
    }
    let (forth, back) = (told(events.iter(), &book), told(events.iter().rev(), &book));
    assert_eq!(forth, back);
    assert!(back.complaints.is_quiet());
    assert_eq!(back.history.count(Until::ALL), 0);
}

#[test]
fn of_a_cap_that_counts_few_only_so_many_sent_touches_are_kept() {
    let book = book(&[]);
    let sent =
        |number: i64, channel| SentTouch { at: at(number), channel, purpose: Purpose::Service };
    let mut customer = ana();
    customer.sends = (0..500).map(|number| sent(number, Channel::Email)).collect();
    customer.sends.push(sent(500, Channel::Call));
    let after = decide(customer, Input::Due, &book, at(501)).customer;
    assert_eq!(after.sends.len(), 101);
    assert_eq!(after.sends.last(), Some(&sent(500, Channel::Call)));
    assert_eq!(after.sends[0], sent(400, Channel::Email));
}

#[test]
fn of_very_many_attributes_those_told_last_stay() {
    let book = book(&[]);
    let mut customer = ana();
    for turn in 0..9 {
        let names = (0..90).map(|name| (format!("{turn}-{name}"), json!("ñ".repeat(300))));
        let attributes: serde_json::Map<String, Value> = names.collect();
        let profile = event("CustomerUpdated", at(turn), json!({ "attributes": attributes }));
        customer = taken(customer, &profile, &book, at(turn));
    }
    let known: Vec<&String> = customer.profile.attributes.keys().collect();
    assert!(known.len() <= 300 && known.iter().all(|name| !name.starts_with('0')), "{known:?}");
    assert!(customer.profile.attributes.contains_key("8-0"));
    assert!(serde_json::to_string(&customer.profile).unwrap().len() <= 200_000);
}

#[test]
fn of_very_many_exits_the_latest_stay_and_the_latest_details() {
    let book = book(&[]);
    let exit = |number: i64| Exit {
        at: at(number),
        kind: EventKind::InteractionRecorded,
        key: None,
        purchase_id: None,
        detail: Some(Detail("x".repeat(Exit::DETAIL_BYTES_MAX).as_str().into())),
    };
    let mut customer = ana();
    customer.exits = (0..2_500).map(exit).collect();
    let exits = decide(customer, Input::Due, &book, at(2_500)).customer.exits;
    assert_eq!((exits.len(), exits[0].at), (2_000, at(500)));
    let kept = exits.iter().position(|exit| exit.detail.is_some()).unwrap();
    assert_eq!(exits.len() - kept, 100);
    assert!(exits[kept..].iter().all(|exit| exit.detail.is_some()));
}

#[test]
fn two_ids_with_too_much_between_them_stay_two() {
    let pending = |count: i64| {
        let book = book(&[THANKS]);
        (0..count).fold(ana(), |customer, number| {
            let bought = purchase(&format!("p-{number}"), at(number));
            decide(customer, Input::Event(&bought.event), &book, at(number)).customer
        })
    };
    let (half, more) = (pending(500), pending(501));
    assert_eq!((half.enrolments.len(), more.enrolments.len()), (500, 501));
    assert_eq!(merge_refusal(&half, &half), None);
    assert_eq!(merge_refusal(&half, &more), Some(MergeRefusal::TooManyPending));
}
