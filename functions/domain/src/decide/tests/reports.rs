//! What a report of a call changes in a state, in whatever order reports come.

use super::*;
use crate::channel::Channel;
use crate::customer::{Reported, Says, Try};

/// Two attempts, and a mail behind them.
pub(super) const CALLS: &str = "rule: calls
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: call, channel: call, template: x, wait: 1 day, expires: 9 days, attempts: { max: 2, gap: 1 day } }
  - { id: mail, channel: email, template: x, wait: 1 day, expires: 9 days }
";
/// Two attempts, and nothing behind them.
pub(super) const ONLY: &str = "rule: calls
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: call, channel: call, template: x, wait: 1 day, attempts: { max: 2, gap: 1 day } }
";
/// Two attempts, and a mail to whom neither reached.
pub(super) const THEN: &str = "rule: calls
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: call, channel: call, template: x, wait: 1 day, assign_to: eva, attempts: { max: 2, gap: 1 day, then: email, template: sorry } }
";

pub(super) fn touch(step: &str) -> TouchId {
    let (rule, occurrence, step) = ("calls".into(), "p-1".into(), step.into());
    TouchId { rule, customer: Id::new("ana").unwrap(), occurrence, step }
}

/// Ana, whose first call is on its way out.
pub(super) fn sending(book: &RuleBook) -> Customer {
    let profile = json!({ "phone": "+525512345678", "email": "ana@example.com" });
    let ana = taken(ana(), &event("CustomerUpdated", at(-DAY), profile), book, at(-DAY));
    let bought = taken(ana, &purchase("p-1", at(0)), book, at(0));
    due(bought, book, DAY)
}

/// The same, once the call was asked for.
pub(super) fn asked(book: &RuleBook) -> Customer {
    confirmed(sending(book), "call", book, DAY)
}

pub(super) fn due(customer: Customer, book: &RuleBook, millis: i64) -> Customer {
    let decision = decide(customer, Input::Due, book, at(millis));
    assert_eq!(decision.sends.len(), 1, "{:#?}", decision.customer.enrolments);
    decision.customer
}

pub(super) fn confirmed(customer: Customer, step: &str, book: &RuleBook, millis: i64) -> Customer {
    decide(customer, Input::Confirmed(&touch(step)), book, at(millis)).customer
}

/// A report of a step, made and told at so many milliseconds.
fn told(
    customer: &Customer,
    book: &RuleBook,
    step: &str,
    outcome: &str,
    when: [i64; 2],
) -> Customer {
    let [made, now] = when;
    let report = json!({
        "call_id": format!("{step}-{outcome}-{made}"), "outcome": outcome,
        "touch_id": touch(step).to_string(),
    });
    taken(customer.clone(), &event("CallReported", at(made), report), book, at(now))
}

#[test]
fn nobody_reached_plans_the_next_attempt_and_somebody_the_next_step() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let tried = told(&asked, &book, "call", "no_answer", [DAY + HOUR; 2]);
    let reported = Some(Reported { at: at(DAY + HOUR), says: Says::Unanswered });
    let again = Try { asked_at: at(DAY), due: at(DAY), reported };
    assert_eq!((only(&tried).step.as_str(), &only(&tried).tries[..]), ("call.2", &[again][..]));
    assert!(only(&tried).due >= at(DAY + 12 * HOUR), "{}", only(&tried).due);
    let reached = told(&asked, &book, "call", "reached", [DAY + HOUR; 2]);
    let mail = only(&reached);
    assert_eq!(
        (mail.step.as_str(), mail.base, mail.due),
        ("mail", at(DAY + HOUR), at(2 * DAY + HOUR))
    );
    assert_eq!(mail.tries_before.len(), 1);
    // Others than those that may be meant change nothing but who was spoken to.
    for step in ["call.2", "call.3", "mail", "other"] {
        let other = told(&asked, &book, step, "reached", [DAY + HOUR; 2]);
        assert_eq!(other.enrolments, asked.enrolments, "{step}");
    }
}

#[test]
fn an_earlier_report_of_the_same_attempt_is_what_counts() {
    let book = book(&[CALLS]);
    let tried = told(&asked(&book), &book, "call", "no_answer", [DAY + 2 * HOUR; 2]);
    let earlier = told(&tried, &book, "call", "voicemail", [DAY + HOUR, DAY + 3 * HOUR]);
    assert_eq!(only(&earlier).tries[0].made_at(), at(DAY + HOUR));
    assert_eq!(only(&earlier).base, at(DAY + HOUR));
    for made in [DAY + 2 * HOUR, DAY + 3 * HOUR] {
        let later = told(&tried, &book, "call", "voicemail", [made, DAY + 4 * HOUR]);
        assert_eq!(later.enrolments, tried.enrolments, "{made}");
    }
    // Once the next attempt is due it stays where it is.
    let late = only(&tried).due.millis() - NOON;
    let late = told(&tried, &book, "call", "voicemail", [DAY + HOUR, late]);
    assert_eq!(late.enrolments, tried.enrolments);
    // Somebody was reached after all, before the next attempt was asked for.
    let reached = told(&tried, &book, "call", "reached", [DAY + 3 * HOUR; 2]);
    assert_eq!((only(&reached).step.as_str(), only(&reached).base), ("mail", at(DAY + 3 * HOUR)));
}

#[test]
fn the_next_step_counts_from_the_earliest_report_that_ends_the_call() {
    let book = book(&[CALLS]);
    let reached = told(&asked(&book), &book, "call", "reached", [DAY + 4 * HOUR; 2]);
    let base = |customer: &Customer| (only(customer).base, only(customer).due);
    let earlier = told(&reached, &book, "call", "reached", [DAY + HOUR, DAY + 5 * HOUR]);
    assert_eq!(base(&earlier), (at(DAY + HOUR), at(2 * DAY + HOUR)));
    assert_eq!(only(&earlier).next, at(2 * DAY + HOUR));
    for (outcome, made) in [("reached", 4), ("reached", 5), ("no_answer", 1)] {
        let other = told(&reached, &book, "call", outcome, [DAY + made * HOUR, DAY + 6 * HOUR]);
        assert_eq!(other.enrolments, reached.enrolments, "{outcome} {made}");
    }
    let sent = due(reached.clone(), &book, 2 * DAY + 4 * HOUR);
    let late = told(&sent, &book, "call", "reached", [DAY + HOUR, 2 * DAY + 5 * HOUR]);
    assert_eq!(late.enrolments, sent.enrolments);
}

/// Ana, whose second call was asked for, and when.
fn asked_twice(book: &RuleBook) -> (Customer, i64) {
    let tried = told(&asked(book), book, "call", "no_answer", [DAY + HOUR; 2]);
    let again = only(&tried).due.millis() - NOON;
    (confirmed(due(tried, book, again), "call.2", book, again), again)
}

#[test]
fn behind_the_last_attempt_comes_the_next_step_or_the_fall_back_or_nothing() {
    let calls = book(&[CALLS]);
    let (asked, again) = asked_twice(&calls);
    assert_eq!(only(&asked).asked_at(), Some(at(again)));
    // A report of the first call ends the second where somebody was reached.
    let first = told(&asked, &calls, "call", "reached", [again + HOUR; 2]);
    assert_eq!(only(&first).step, "mail");
    let first = told(&asked, &calls, "call", "no_answer", [again + HOUR; 2]);
    assert_eq!(first.enrolments, asked.enrolments);
    let none = told(&asked, &calls, "call.2", "no_answer", [again + 2 * HOUR; 2]);
    assert_eq!((only(&none).step.as_str(), only(&none).base), ("mail", at(again + 2 * HOUR)));
    // Of the last attempt nobody reached ends the call as well.
    let earlier = told(&none, &calls, "call.2", "no_answer", [again + HOUR, again + 3 * HOUR]);
    assert_eq!(only(&earlier).base, at(again + HOUR));

    assert!(asked_twice(&book(&[ONLY])).0.enrolments.is_empty());

    let then = book(&[THEN]);
    let (asked, again) = asked_twice(&then);
    let none = told(&asked, &then, "call.2", "voicemail", [again + HOUR; 2]);
    assert_eq!((only(&none).step.as_str(), only(&none).base), ("call.then", at(again + HOUR)));
    let reached = told(&asked, &then, "call.2", "reached", [again + HOUR; 2]);
    assert!(reached.enrolments.is_empty());
}

#[test]
fn a_report_of_a_call_on_its_way_out_waits_until_that_is_confirmed() {
    let book = book(&[CALLS]);
    let sending = sending(&book);
    let report = |outcomes: &[(&str, i64)]| {
        outcomes.iter().fold(sending.clone(), |customer, (outcome, minute)| {
            told(&customer, &book, "call", outcome, [DAY + minute * 60_000, DAY + HOUR])
        })
    };
    let settled = |outcomes: &[(&str, i64)]| {
        let waits = report(outcomes);
        assert_eq!(only(&waits), only(&sending), "nothing moves a call on its way out");
        let settled = confirmed(waits, "call", &book, DAY + HOUR);
        (only(&settled).step.clone(), only(&settled).base)
    };
    let at_minute = |minute: i64| at(DAY + minute * 60_000);
    let again = ("call.2".to_owned(), at_minute(1));
    assert_eq!(settled(&[("no_answer", 2), ("voicemail", 1)]), again);
    assert_eq!(settled(&[("voicemail", 1), ("no_answer", 2)]), again);
    let reached = ("mail".to_owned(), at_minute(2));
    assert_eq!(settled(&[("voicemail", 1), ("reached", 2)]), reached);
    assert_eq!(settled(&[("reached", 2), ("voicemail", 1)]), reached);
}

#[test]
fn a_script_tells_which_attempt_it_is_and_what_comes_if_nobody_is_reached() {
    let book = book(&[THEN]);
    let asked = asked(&book);
    let first = call_facts(&asked, &book, &touch("call"), at(DAY + HOUR));
    let tomorrow = Some(at(2 * DAY + HOUR).date_in(&book.default_zone));
    assert_eq!(first, CallFacts { attempt: 1, attempts: 2, next_on: tomorrow, then: None });
    let last = call_facts(&asked, &book, &touch("call.2"), at(DAY + HOUR));
    let then = Some(Channel::Email);
    assert_eq!(last, CallFacts { attempt: 2, attempts: 2, next_on: None, then });
    assert_eq!(call_facts(&asked, &book, &touch("other"), at(DAY)), CallFacts::ONCE);
    assert_eq!(assignee(&asked, &book, &touch("call")).as_deref(), Some("eva"));
    assert_eq!(assignee(&asked, &book, &touch("other")), None);
}

#[test]
fn a_report_that_does_not_come_is_given_up_when_the_call_expires() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let expires_at = at(10 * DAY);
    for millis in [0, 1] {
        let given_up = decide(asked.clone(), Input::Due, &book, expires_at.plus_millis(millis));
        let mail = only(&given_up.customer);
        assert_eq!((mail.step.as_str(), mail.base), ("mail", expires_at));
    }
    // Whoever looks earlier leaves it as it is.
    let mut early = asked.clone();
    early.enrolments[0].next = at(2 * DAY);
    let waits = decide(early, Input::Due, &book, at(3 * DAY)).customer;
    assert_eq!((only(&waits).step.as_str(), only(&waits).next), ("call", expires_at));
}

#[test]
fn a_report_of_an_attempt_that_was_not_asked_for_means_nothing() {
    let book = book(&[CALLS]);
    let tried = told(&asked(&book), &book, "call", "no_answer", [DAY + 2 * HOUR; 2]);
    for outcome in ["reached", "no_answer"] {
        let after = told(&tried, &book, "call.2", outcome, [DAY + HOUR, DAY + 3 * HOUR]);
        assert_eq!(after.enrolments, tried.enrolments, "{outcome}");
    }
}

#[test]
fn the_end_of_one_call_leaves_the_others_as_they_are() {
    let book = book(&[ONLY]);
    let two = taken(asked(&book), &purchase("p-2", at(DAY + HOUR)), &book, at(DAY + HOUR));
    let other = two.enrolments[1].clone();
    let reached = told(&two, &book, "call", "reached", [DAY + 2 * HOUR; 2]);
    assert_eq!(*only(&reached), other);
}
