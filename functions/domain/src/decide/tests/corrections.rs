//! A later report by the same rep within a day corrects the earlier one, in whatever
//! order they come.

use super::reports::{CALLS, ONLY, THEN, asked, confirmed, due, touch};
use super::*;

fn report(key: &str, by: &str, made: i64, more: Value) -> Delivered {
    let mut detail = json!({
        "call_id": key, "by": by, "touch_id": touch("call").to_string(),
    });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event("CallReported", at(made), detail)
}

fn outcome(outcome: &str) -> Value {
    json!({ "outcome": outcome })
}

/// What is left of reports in both orders, taken one after the other; the two must agree.
fn both_orders(customer: &Customer, book: &RuleBook, reports: [&Delivered; 2]) -> Customer {
    let in_order = |reports: [&Delivered; 2]| {
        let mut customer = customer.clone();
        for (index, one) in reports.into_iter().enumerate() {
            customer = taken(customer, one, book, at(DAY + 3 * HOUR + index as i64));
        }
        // When each arrived, and a stage was learnt of, are the things that differ.
        customer.stages.iter_mut().for_each(|entered| entered.learnt_at = None);
        let text = serde_json::to_string(&customer).unwrap();
        let text = [0, 1].iter().fold(text, |text, index| {
            let received = (NOON + DAY + 3 * HOUR + index).to_string();
            text.replace(&format!("\"received_at\":{received}"), "\"received_at\":0")
        });
        (customer, text)
    };
    let ((one, told), (_, other)) = (in_order(reports), in_order([reports[1], reports[0]]));
    assert_eq!(told, other);
    one
}

#[test]
fn the_state_is_as_if_only_the_later_had_been_reported() {
    let words = ["reached", "no_answer", "voicemail", "wrong_number", "call_back"];
    for rule in [CALLS, ONLY, THEN] {
        let book = book(&[rule]);
        let asked = asked(&book);
        for first in words {
            for then in words {
                let wrong = report("a", "eva", DAY + HOUR, outcome(first));
                let right = report("b", "eva", DAY + 2 * HOUR, outcome(then));
                let both = both_orders(&asked, &book, [&wrong, &right]);
                let alone = taken(asked.clone(), &right, &book, at(DAY + 3 * HOUR));
                assert_eq!(both.enrolments, alone.enrolments, "{first}, then {then}");
                assert_eq!(both.wrong_numbers, alone.wrong_numbers, "{first}, then {then}");
            }
        }
    }
}

#[test]
fn what_else_was_told_is_taken_back_but_a_no() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let told = |satisfaction: u8, reason: &str| json!({ "outcome": "reached", "satisfaction": satisfaction, "dissolution_reason": reason });
    for (one, two) in [(1, 5), (5, 1), (5, 4), (1, 2), (1, 3)] {
        let wrong = report("a", "eva", DAY + HOUR, told(one, "price"));
        let right = report("b", "eva", DAY + 2 * HOUR, told(two, "moved"));
        let both = both_orders(&asked, &book, [&wrong, &right]);
        let alone = taken(asked.clone(), &right, &book, at(DAY + 3 * HOUR));
        assert_eq!(both.complaints, alone.complaints);
        assert_eq!(both.signals, alone.signals);
        assert_eq!(both.reported, alone.reported);
    }
    let no = report("a", "eva", DAY + HOUR, outcome("do_not_call"));
    let yes = report("b", "eva", DAY + 2 * HOUR, outcome("reached"));
    let both = both_orders(&asked, &book, [&no, &yes]);
    assert!(!both.allows(Channel::Call, Purpose::Service, book.policy.marketing_consent));
}

#[test]
fn another_rep_a_day_later_or_nobody_named_corrects_nothing() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let wrong = report("a", "eva", DAY + HOUR, outcome("reached"));
    let reached = taken(asked.clone(), &wrong, &book, at(DAY + HOUR));
    let others = [
        report("b", "luis", DAY + 2 * HOUR, outcome("no_answer")),
        report("b", "eva", 2 * DAY + HOUR + 1, outcome("no_answer")),
    ];
    for other in &others {
        let both = taken(reached.clone(), other, &book, at(DAY + 3 * HOUR));
        assert_eq!(both.enrolments, reached.enrolments);
    }
    let right = report("b", "eva", 2 * DAY + HOUR, outcome("no_answer"));
    let both = taken(reached, &right, &book, at(2 * DAY + HOUR));
    assert_eq!(only(&both).step, "call.2");
}

#[test]
fn a_fall_back_that_has_not_gone_is_withdrawn_and_one_that_has_stays() {
    let rule = THEN.replace("max: 2", "max: 1");
    let book = book(&[&rule]);
    let wrong = report("a", "eva", DAY + HOUR, outcome("no_answer"));
    let none = taken(asked(&book), &wrong, &book, at(DAY + HOUR));
    assert_eq!(only(&none).step, "call.then");
    let right = report("b", "eva", DAY + 2 * HOUR, outcome("reached"));
    let over = taken(none.clone(), &right, &book, at(DAY + 2 * HOUR));
    assert!(over.enrolments.is_empty());
    let sent = confirmed(due(none, &book, DAY + HOUR), "call.then", &book, DAY + HOUR);
    let late = taken(sent.clone(), &right, &book, at(DAY + 2 * HOUR));
    assert!(late.enrolments.is_empty());
    // A promise is kept even then, and no second mail follows it.
    let promise = report("b", "eva", DAY + 2 * HOUR, outcome("call_back"));
    let back = taken(sent, &promise, &book, at(DAY + 2 * HOUR));
    assert_eq!(only(&back).step, "call.2");
    let again = only(&back).due.millis() - NOON;
    let asked = confirmed(due(back, &book, again), "call.2", &book, again);
    let none = json!({
        "call_id": "c", "outcome": "no_answer", "touch_id": touch("call.2").to_string(),
    });
    let none =
        taken(asked, &event("CallReported", at(again + HOUR), none), &book, at(again + HOUR));
    assert!(none.enrolments.is_empty());
}

#[test]
fn what_a_corrected_report_started_is_withdrawn_and_it_starts_nothing() {
    const MISSED: &str = "rule: missed
status: live
purpose: service
trigger: { event: CallReported }
filter: event.outcome == \"no_answer\"
steps: [{ id: mail, channel: email, template: x, wait: 1 day }]
";
    let book = book(&[ONLY, MISSED]);
    let asked = asked(&book);
    let wrong = report("a", "eva", DAY + HOUR, outcome("no_answer"));
    let right = report("b", "eva", DAY + 2 * HOUR, outcome("reached"));
    let first = taken(asked.clone(), &wrong, &book, at(DAY + HOUR));
    assert_eq!(pending(&first), ["calls/p-1", "missed/a"]);
    let both = decide(first, Input::Event(&right.event), &book, at(DAY + 2 * HOUR));
    assert!(pending(&both.customer).is_empty());
    assert_eq!(both.records[0].reason, Some(Reason::Exited));
    let late = taken(asked, &right, &book, at(DAY + 2 * HOUR));
    let late = taken(late, &wrong, &book, at(DAY + 3 * HOUR));
    assert!(pending(&late).is_empty());
}

#[test]
fn reports_of_two_ids_of_one_person_correct_each_other() {
    let book = book(&[CALLS]);
    let wrong = report("a", "eva", DAY + HOUR, json!({ "outcome": "reached", "satisfaction": 1 }));
    let right =
        report("b", "eva", DAY + 2 * HOUR, json!({ "outcome": "reached", "satisfaction": 3 }));
    let one = taken(asked(&book), &wrong, &book, at(DAY + HOUR));
    let guest = Customer::new(Id::new("guest").unwrap());
    let other = taken(guest, &right, &book, at(DAY + 2 * HOUR));
    let merged = merge(one, other, at(DAY + 3 * HOUR), true, &book, at(DAY + 3 * HOUR));
    let zone = &book.default_zone;
    assert_eq!(merged.stays.customer.complaints.open_at(at(DAY + 3 * HOUR), zone, &book.policy), 0);
}
