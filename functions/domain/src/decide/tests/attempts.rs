//! When a call is tried again: another part of the day, as long as there is one.

use super::*;
use crate::customer::{Phase, Reported, Says, Try};

/// Midnight after the noon from which the tests count, by UTC.
const MIDNIGHT: i64 = DAY / 2;

fn calls(gap: &str, windows: &str) -> RuleBook {
    let rule = format!(
        "rule: calls
status: live
purpose: service
trigger: {{ event: PurchaseCompleted }}
steps:
  - {{ id: call, channel: call, template: x, wait: 1 day, expires: 9 days, attempts: {{ max: 5, gap: {gap} }} }}
  - {{ id: task, channel: task, template: x, wait: 1 day }}
"
    );
    policy_and(windows, &[&rule])
}

/// When the next attempt falls due after these, each asked for and reported at
/// so many hours of the first day: in hours of that day.
fn next(book: &RuleBook, tries: &[(f64, f64)]) -> f64 {
    let hour = |hour: f64| at(MIDNIGHT + (hour * HOUR as f64) as i64);
    let mut customer = taken(ana(), &purchase("p-1", at(0)), book, at(0));
    let (&(asked, reported), before) = tries.split_last().unwrap();
    let of = |&(asked, reported)| {
        let reported = Some(Reported { at: hour(reported), says: Says::Unanswered });
        Try { asked_at: hour(asked), due: hour(asked), reported }
    };
    let enrolment = &mut customer.enrolments[0];
    enrolment.tries = before.iter().map(of).collect();
    enrolment.tries.push(Try { reported: None, ..of(&(asked, asked)) });
    enrolment.phase = Phase::AwaitingReport { asked_at: hour(asked), exited: false };
    enrolment.due = hour(asked);
    let touch = match before.len() {
        0 => "calls/ana/p-1/call".to_owned(),
        tried => format!("calls/ana/p-1/call.{}", tried + 1),
    };
    enrolment.step = touch.rsplit('/').next().unwrap().into();
    let report = json!({ "call_id": "c", "outcome": "no_answer", "touch_id": touch });
    let after =
        taken(customer, &event("CallReported", hour(reported), report), book, hour(reported));
    assert_eq!(after.enrolments[0].tries.len(), tries.len());
    (after.enrolments[0].due.millis() - hour(0.0).millis()) as f64 / HOUR as f64
}

#[test]
fn a_part_of_the_day_is_tried_in_which_no_call_was_asked_for_or_made() {
    // From nine to nine: the parts begin at 9, 13 and 17 hours.
    let book = calls("1 day", "{}");
    let tomorrow = |tries: &[(f64, f64)]| next(&book, tries) - 24.0;
    assert_eq!(tomorrow(&[(10.0, 10.5)]), 17.0);
    assert_eq!(tomorrow(&[(14.0, 14.5)]), 17.0);
    assert_eq!(tomorrow(&[(18.0, 18.5)]), 9.0);
    assert_eq!(tomorrow(&[(10.0, 18.0)]), 13.0);
    // None is left of those: one at least in which none was asked for, and at
    // last one that is not the part asked for just now.
    assert_eq!(tomorrow(&[(10.0, 18.0), (14.0, 14.5)]), 17.0);
    assert_eq!(tomorrow(&[(10.0, 10.5), (14.0, 14.5), (18.0, 18.5)]), 9.0);
}

#[test]
fn a_part_of_the_day_without_hours_for_calls_is_none_to_try() {
    // The parts begin at 9, 12 and 15 hours, and nothing is open in the second.
    let windows = "windows: { call: { mon-sun: '09:00-11:00, 15:00-18:00' } }\n";
    let days = calls("1 day", windows);
    assert_eq!(next(&days, &[(9.5, 10.0), (16.0, 16.5)]) - 24.0, 9.0);
    assert_eq!(next(&days, &[(16.0, 16.5), (9.5, 10.0)]) - 24.0, 15.0);
    // After hours, what is left of the same day serves as well.
    let hours = calls("2 hours", windows);
    assert_eq!(next(&hours, &[(9.5, 10.5)]), 15.0);
    assert_eq!(next(&hours, &[(9.5, 14.5)]), 16.5);
    assert_eq!(next(&hours, &[(15.5, 16.0)]), 24.0 + 9.0);
}
