//! Whether a call that was asked for may be made now.

use super::reports::{CALLS, asked, touch};
use super::*;

/// Calls from nine to seven on weekdays; noon of day 0 is a Wednesday by UTC.
const HOURS: &str = "max_trigger_age: 3 days
windows: { call: { mon-fri: '09:00-19:00' } }
complaints: { resume_after: 7 days, bad_experience_pause: 2 days }
";

fn hours() -> RuleBook {
    policy_and(HOURS, &[CALLS])
}

/// Of the call that was asked for on the day after, expiring nine days later.
fn may(customer: &Customer, book: &RuleBook, now: i64) -> CallNow {
    call_now(customer, book, &touch("call"), at(10 * DAY), at(now))
}

fn later(reason: Reason, opens: Option<i64>) -> CallNow {
    CallNow::Later { reason, opens: opens.map(at) }
}

fn never(reason: Reason) -> CallNow {
    CallNow::Never { reason }
}

fn told(customer: &Customer, book: &RuleBook, kind: &str, at: Instant, more: Value) -> Customer {
    taken(customer.clone(), &event(kind, at, more), book, at)
}

#[test]
fn the_hours_are_those_of_the_customer_now() {
    let book = hours();
    let first = asked(&book);
    let monday = at(0).date_in(&book.default_zone).weekday().to_monday_zero_offset() as i64;
    let weekday = |days: i64| (monday + days) % 7 < 5;
    let next_nine = |from_day: i64| {
        let day = (from_day..).find(|day| weekday(*day)).unwrap();
        day * DAY - 3 * HOUR
    };
    assert_eq!(may(&first, &book, next_nine(1)), CallNow::Yes);
    let night = next_nine(1) + 13 * HOUR + 33 * 60_000;
    let day = night.div_euclid(DAY) + 1;
    assert_eq!(may(&first, &book, night), later(Reason::QuietHours, Some(next_nine(day))));
    // By another clock it is another time.
    let tokyo = json!({ "time_zone": "Asia/Tokyo" });
    let there = told(&first, &book, "CustomerUpdated", at(DAY), tokyo);
    assert_ne!(may(&there, &book, next_nine(1) + 4 * HOUR), CallNow::Yes);
    // It opens only after the call is of no use any more.
    let expires_at = at(night + HOUR);
    let soon = call_now(&first, &book, &touch("call"), expires_at, at(night));
    assert_eq!(soon, later(Reason::QuietHours, None));
    let over = call_now(&first, &book, &touch("call"), at(night), at(night));
    assert_eq!(over, never(Reason::Expired));
}

#[test]
fn a_complaint_keeps_a_call_back_until_it_is_over() {
    let book = book(&[CALLS]);
    let asked = asked(&book);
    let opened = json!({ "complaint_id": "k", "severity": "low", "category": "x" });
    let open = told(&asked, &book, "ComplaintOpened", at(DAY + HOUR), opened);
    assert_eq!(may(&open, &book, DAY + 2 * HOUR), later(Reason::ComplaintOpen, None));
    let resolved = json!({ "complaint_id": "k" });
    let resolved = told(&open, &book, "ComplaintResolved", at(DAY + HOUR), resolved);
    let until = later(Reason::ComplaintOpen, Some(8 * DAY + HOUR));
    assert_eq!(may(&resolved, &book, DAY + 2 * HOUR), until);
    let sends = book_with("during_complaint: send");
    assert_eq!(may(&open, &sends, DAY + 2 * HOUR), CallNow::Yes);
}

fn book_with(line: &str) -> RuleBook {
    book(&[&CALLS.replace("purpose: service", &format!("purpose: service\n{line}"))])
}

#[test]
fn a_no_a_wrong_number_and_erasure_end_it_for_good() {
    let open = book(&[CALLS]);
    let asked = asked(&open);
    assert_eq!(may(&asked, &open, DAY), CallNow::Yes);
    let paused = book(&[&CALLS.replace("status: live", "status: paused")]);
    let none = book(&[]);
    // It was asked for, whatever became of its rule since.
    assert_eq!(may(&asked, &paused, DAY), CallNow::Yes);
    assert_eq!(may(&asked, &none, DAY), CallNow::Yes);
    let report = |outcome: &str| json!({ "call_id": outcome, "outcome": outcome });
    let kinds = [
        ("CallReported", report("do_not_call"), Reason::NoConsent),
        ("CallReported", report("wrong_number"), Reason::Suppressed),
        ("CustomerUpdated", json!({ "phone": null }), Reason::NoAddress),
        ("CustomerErased", json!({ "request_id": "e" }), Reason::Erased),
    ];
    for (kind, detail, reason) in kinds {
        let after = told(&asked, &open, kind, at(DAY + HOUR), detail);
        for book in [&open, &paused, &none] {
            assert_eq!(may(&after, book, DAY + 2 * HOUR), never(reason));
        }
    }
}

#[test]
fn an_exit_since_the_call_was_asked_for_ends_it() {
    let once = CALLS.replace(", attempts: { max: 2, gap: 1 day }", "");
    for rule in [CALLS, &once] {
        let rule = rule.replace("trigger:", "exit_on: [PurchaseRefunded]\ntrigger:");
        let book = book(&[&rule]);
        let asked = asked(&book);
        assert_eq!(may(&asked, &book, DAY), CallNow::Yes);
        let back = taken(asked, &refund("p-1", DAY + HOUR), &book, at(DAY + HOUR));
        assert_eq!(may(&back, &book, DAY + 2 * HOUR), never(Reason::Exited));
        // And a report of it brings nothing back.
        let detail =
            json!({ "call_id": "c", "outcome": "call_back", "touch_id": "calls/ana/p-1/call" });
        let reported = told(&back, &book, "CallReported", at(DAY + 2 * HOUR), detail);
        assert!(reported.enrolments.is_empty(), "{:#?}", reported.enrolments);
    }
}
