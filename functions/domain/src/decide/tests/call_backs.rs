//! Who asks to be called back is called back.

use super::reports::{CALLS, THEN, asked, confirmed, due, touch};
use super::*;

/// A call that is made once, and a mail a week later.
const ONCE: &str = "rule: calls
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: call, channel: call, template: x, wait: 1 day, expires: 9 days }
  - { id: mail, channel: email, template: x, wait: 7 days, expires: 9 days }
";

/// A report of a step, made and told at so many milliseconds.
fn told(customer: &Customer, book: &RuleBook, step: &str, more: Value, when: i64) -> Customer {
    let mut report =
        json!({ "call_id": format!("{step}-{when}"), "touch_id": touch(step).to_string() });
    report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    taken(customer.clone(), &event("CallReported", at(when), report), book, at(when))
}

fn back_at(millis: i64) -> Value {
    json!({ "outcome": "call_back", "call_back_at": at(millis).to_string() })
}

fn steps(customer: &Customer) -> Vec<(&str, i64)> {
    let step = |e: &Enrolment| e.due.millis() - NOON;
    customer.enrolments.iter().map(|e| (e.step.as_str(), step(e))).collect()
}

#[test]
fn it_comes_back_at_the_time_that_the_customer_named() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let back = told(&asked, &book, "call", back_at(3 * DAY + HOUR), DAY + HOUR);
    assert_eq!(steps(&back), [("call.2", 3 * DAY + HOUR)]);
    // Another zone does not move it: an instant is an instant.
    let zone = json!({ "time_zone": "Asia/Tokyo" });
    let moved = event("CustomerUpdated", at(DAY + 2 * HOUR), zone);
    let moved = taken(back, &moved, &book, at(DAY + 2 * HOUR));
    assert_eq!(steps(&moved), [("call.2", 3 * DAY + HOUR)]);
    assert_eq!(
        promised(&moved, &touch("call.2")),
        Some((at(DAY + HOUR), Some(at(3 * DAY + HOUR))))
    );
    // It is an attempt: the second of two, behind which the next step comes.
    let asked = confirmed(due(moved, &book, 3 * DAY + HOUR), "call.2", &book, 3 * DAY + HOUR);
    let none = told(&asked, &book, "call.2", json!({ "outcome": "no_answer" }), 3 * DAY + 2 * HOUR);
    assert_eq!(steps(&none), [("mail", 4 * DAY + 2 * HOUR)]);
}

#[test]
fn outside_the_hours_for_calls_it_moves_to_the_next_opening() {
    let hours = "windows: { call: { mon-sun: '09:00-19:00' } }\nmax_trigger_age: 3 days";
    let book = policy_and(hours, &[CALLS]);
    let back = told(&asked(&book), &book, "call", back_at(2 * DAY + 9 * HOUR), DAY + HOUR);
    assert_eq!(steps(&back), [("call.2", 3 * DAY - 3 * HOUR)]);
    let opens = |millis| call_opening(&back, &book, at(millis));
    assert_eq!(opens(2 * DAY + 9 * HOUR), Some(at(3 * DAY - 3 * HOUR)));
    assert_eq!(opens(2 * DAY), Some(at(2 * DAY)));
}

#[test]
fn a_promise_without_a_time_waits_as_after_nobody_answered() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let after = |outcome: &str| {
        let after = told(&asked, &book, "call", json!({ "outcome": outcome }), DAY + HOUR);
        (only(&after).step.clone(), only(&after).due)
    };
    assert_eq!(after("call_back"), after("no_answer"));
}

#[test]
fn a_promise_is_kept_behind_the_last_attempt_and_counts_as_one() {
    let then = book(&[THEN]);
    let one = told(&asked(&then), &then, "call", json!({ "outcome": "no_answer" }), DAY + HOUR);
    let again = only(&one).due.millis() - NOON;
    let two = confirmed(due(one, &then, again), "call.2", &then, again);
    let back = told(&two, &then, "call.2", back_at(again + 2 * DAY), again + HOUR);
    assert_eq!(steps(&back), [("call.3", again + 2 * DAY)]);
    let facts = call_facts(&back, &then, &touch("call.3"), at(again + 2 * DAY));
    assert_eq!((facts.attempt, facts.attempts, facts.then), (3, 3, Some(Channel::Email)));
    let three = confirmed(due(back, &then, again + 2 * DAY), "call.3", &then, again + 2 * DAY);
    let none = told(&three, &then, "call.3", json!({ "outcome": "voicemail" }), again + 3 * DAY);
    assert_eq!(steps(&none), [("call.then", again + 3 * DAY)]);
}

#[test]
fn so_many_calls_are_asked_for_at_most() {
    let book = book(&[CALLS]);
    let (mut customer, mut step, mut now) = (asked(&book), "call".to_owned(), DAY);
    for number in 2..=10 {
        now += HOUR;
        customer = told(&customer, &book, &step, back_at(now + HOUR), now);
        step = format!("call.{number}");
        assert_eq!(steps(&customer), [(step.as_str(), now + HOUR)]);
        now += HOUR;
        customer = confirmed(due(customer, &book, now), &step, &book, now);
    }
    let over = told(&customer, &book, &step, back_at(now + 2 * HOUR), now + HOUR);
    assert_eq!(steps(&over), [("mail", now + HOUR + DAY)]);
}

#[test]
fn a_call_that_is_made_once_comes_back_beside_its_rule() {
    let book = book(&[ONCE]);
    let asked = asked(&book);
    assert_eq!(steps(&asked), [("mail", 8 * DAY)]);
    for outcome in ["no_answer", "reached"] {
        let after = told(&asked, &book, "call", json!({ "outcome": outcome }), DAY + HOUR);
        assert_eq!(after.enrolments, asked.enrolments, "{outcome}");
    }
    let back = told(&asked, &book, "call", back_at(2 * DAY), DAY + HOUR);
    assert_eq!(steps(&back), [("mail", 8 * DAY), ("call.2", 2 * DAY)]);
    let again = confirmed(due(back, &book, 2 * DAY), "call.2", &book, 2 * DAY);
    assert_eq!(steps(&again), [("mail", 8 * DAY)], "no step follows it");
    let third = told(&again, &book, "call.2", json!({ "outcome": "call_back" }), 2 * DAY + HOUR);
    assert_eq!(third.enrolments.len(), 2);
    // Nor where it cannot be made.
    let no = json!({ "call_id": "no", "outcome": "do_not_call" });
    let no = taken(
        third,
        &event("CallReported", at(2 * DAY + 2 * HOUR), no),
        &book,
        at(2 * DAY + 2 * HOUR),
    );
    let ended = decide(no, Input::Due, &book, at(5 * DAY));
    assert_eq!(ended.records[0].reason, Some(Reason::NoConsent));
    assert_eq!(steps(&ended.customer), [("mail", 8 * DAY)]);
}

#[test]
fn what_is_kept_for_reports_goes_when_none_can_change_anything() {
    let book = book(&[ONCE]);
    let asked = asked(&book);
    assert_eq!(asked.asked_calls.len(), 1);
    let no_more = |now: i64| {
        let late = taken(asked.clone(), &purchase("p-2", at(now)), &book, at(now));
        !late.asked_calls.iter().any(|call| call.occurrence == "p-1")
    };
    // Nine days until it expires, and three for what comes late.
    assert_eq!([no_more(13 * DAY - 1), no_more(13 * DAY)], [false, true]);
}
