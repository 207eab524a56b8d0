//! Which of a day's touches leave their room to others.

use std::slice;

use super::*;
use crate::touch::Defer;

const TEN: i64 = 22 * HOUR;
const SIX_IN_THE_EVENING: i64 = 30 * HOUR;

const ONE_MAIL_A_DAY: &str = "frequency_caps: [{ channel: email, max: 1, per: 1 day }]\n";

/// A follow-up of the day after the purchase.
fn next_day(name: &str, priority: u8, step: &str) -> String {
    format!(
        "rule: {name}
status: live
purpose: service
priority: {priority}
trigger: {{ event: PurchaseCompleted }}
steps: [{{ id: one, template: x, wait: 1 day, {step} }}]
"
    )
}

fn low() -> String {
    next_day("low", 1, "channel: email, at: '10:00'") + "during_complaint: send\n"
}

fn high() -> String {
    next_day("high", 9, "channel: email, at: '18:00'")
}

/// Ana after a purchase, reachable by everything.
fn bought(book: &RuleBook, more: &[Delivered]) -> Customer {
    let told = json!({ "email": "ana@example.com", "phone": "+525512345678" });
    let known = taken(ana(), &event("CustomerUpdated", at(-DAY), told), book, at(-DAY));
    let known = taken(known, &purchase("p-1", at(0)), book, at(0));
    more.iter().fold(known, |customer, one| taken(customer, one, book, at(HOUR)))
}

/// Until when the lower touch waits, `None` where it goes.
fn waits(customer: Customer, book: &RuleBook) -> Option<Instant> {
    let after = decide(customer, Input::Due, book, at(TEN));
    let low = after.customer.enrolments.iter().find(|e| e.rule == "low").unwrap();
    let goes = after.sends.iter().any(|send| send.touch.rule == "low");
    assert_eq!(goes, low.defers.is_empty());
    low.defers.last().map(|Defer { until, .. }| *until)
}

#[test]
fn the_lower_touch_of_a_day_leaves_its_room_to_the_higher() {
    let book = policy_and(ONE_MAIL_A_DAY, &[&low(), &high()]);
    assert_eq!(waits(bought(&book, &[]), &book), Some(at(SIX_IN_THE_EVENING)));
    let alone = policy_and(ONE_MAIL_A_DAY, &[&low()]);
    assert_eq!(waits(bought(&alone, &[]), &alone), None);
    let uncapped = policy_and("{}", &[&low(), &high()]);
    assert_eq!(waits(bought(&uncapped, &[]), &uncapped), None);
}

#[test]
fn what_falls_under_no_common_cap_is_not_in_the_way() {
    let call = next_day("call", 9, "channel: call, at: '14:00'");
    let book = policy_and(ONE_MAIL_A_DAY, &[&low(), &high(), &call]);
    assert_eq!(waits(bought(&book, &[]), &book), Some(at(SIX_IN_THE_EVENING)));
    let book = policy_and(ONE_MAIL_A_DAY, &[&low(), &call]);
    assert_eq!(waits(bought(&book, &[]), &book), None);
}

#[test]
fn a_higher_touch_that_will_not_go_keeps_no_room() {
    let unless = next_day("high", 9, "channel: email, at: '18:00', if: 'false'");
    let book = policy_and(ONE_MAIL_A_DAY, &[&low(), &unless]);
    assert_eq!(waits(bought(&book, &[]), &book), None);
    let marketing = high().replace("service", "marketing");
    let policy = format!("{ONE_MAIL_A_DAY}marketing_consent: opt_in\n");
    let book = policy_and(&policy, &[&low(), &marketing]);
    assert_eq!(waits(bought(&book, &[]), &book), None);
    // Once it waits until it expires, it is not waited for.
    let early = high().replace("at: '18:00'", "at: '09:00', expires: 10 hours");
    let book = policy_and(ONE_MAIL_A_DAY, &[&low(), &early]);
    let until = |millis: i64| {
        let mut customer = bought(&book, &[]);
        let high = customer.enrolments.iter_mut().find(|e| e.rule == "high").unwrap();
        high.next = at(TEN + 9 * HOUR + millis);
        waits(customer, &book)
    };
    assert_eq!(until(-1), Some(at(TEN + 9 * HOUR - 1)));
    assert_eq!(until(0), None);
}

#[test]
fn a_complaint_keeps_room_only_where_it_will_be_over() {
    let book = policy_and(ONE_MAIL_A_DAY, &[&low(), &high()]);
    let complains = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
    let complains = event("ComplaintOpened", at(HOUR), complains);
    assert_eq!(waits(bought(&book, slice::from_ref(&complains)), &book), None);
    let whatever = high() + "during_complaint: send\n";
    let regardless = policy_and(ONE_MAIL_A_DAY, &[&low(), &whatever]);
    let evening = Some(at(SIX_IN_THE_EVENING));
    assert_eq!(waits(bought(&regardless, slice::from_ref(&complains)), &regardless), evening);
    // It is over at the very instant at which the touch falls due, or behind it.
    let solved_before = |millis: i64| {
        let hours = format!("{ONE_MAIL_A_DAY}complaints: {{ resume_after: 10 hours }}\n");
        let book = policy_and(&hours, &[&low(), &high()]);
        let solved = at(SIX_IN_THE_EVENING - 10 * HOUR + millis);
        let solved = event("ComplaintResolved", solved, json!({ "complaint_id": "c" }));
        waits(bought(&book, &[complains.clone(), solved]), &book)
    };
    assert_eq!(solved_before(0), evening);
    assert_eq!(solved_before(1), None);
}
