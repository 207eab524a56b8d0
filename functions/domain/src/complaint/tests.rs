use super::*;
use crate::span::Span;

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn line(text: &str) -> Line {
    Line::new(text).unwrap()
}

fn day(day: i64) -> Instant {
    Instant::from_millis(day * 86_400_000)
}

/// `a` is resolved and open again, `b` is open.
fn complaints() -> Complaints {
    let mut complaints = Complaints::default();
    complaints.open(&id("a"), day(1), Severity::High, &line("delivery"));
    complaints.resolve(&id("a"), day(2), Some(&line("carrier")));
    complaints.reopen(&id("a"), day(3));
    complaints.open(&id("b"), day(4), Severity::Low, &line("price"));
    complaints
}

fn pausing_days(days: i32) -> Policy {
    let mut policy: Policy = serde_json::from_str("{}").unwrap();
    policy.complaints.bad_experience_pause = Span::days(days);
    policy
}

#[test]
fn one_that_is_open_again_is_about_what_the_first_was() {
    let complaints = complaints();
    assert_eq!(complaints.category(&id("a~2")), Some(line("delivery")));
    assert_eq!(complaints.category(&id("b")), Some(line("price")));
    assert_eq!(complaints.category(&id("c")), None);
    assert_eq!(complaints.severity(&id("a~2")), Severity::High);
    assert_eq!(complaints.worst_open(), Some(Severity::High));
    assert_eq!(Complaints::default().worst_open(), None);
}

#[test]
fn rounds_are_counted_from_the_second() {
    let next = |text: &str| next_round(&id(text)).unwrap().as_str().to_owned();
    assert_eq!([next("q"), next("q~2"), next("q~9")], ["q~2", "q~3", "q~10"]);
    assert_eq!([next("q~1"), next("q~x")], ["q~1~2", "q~x~2"]);
}

#[test]
fn it_is_quiet_where_nothing_is_open_and_nobody_to_be_told() {
    let mut complaints = complaints();
    assert!(Complaints::default().is_quiet());
    assert!(!complaints.is_quiet());
    complaints.resolve(&id("a~2"), day(5), None);
    complaints.resolve(&id("b"), day(5), None);
    assert!(complaints.is_quiet());
    complaints.next_escalation = Some(day(6));
    assert!(!complaints.is_quiet());
}

#[test]
fn nobody_is_told_of_what_is_resolved() {
    let mut complaints = complaints();
    let not_notified = |text: &str| Escalation {
        complaint: id(text),
        level: 1,
        at: day(6),
        next: day(6),
        is_published: false,
    };
    complaints.not_notified = vec![not_notified("a"), not_notified("b"), not_notified("c")];
    assert!(!complaints.is_quiet());
    complaints.forget_resolved();
    assert_eq!(complaints.not_notified, [not_notified("b")]);
}

#[test]
fn of_very_many_the_latest_are_kept_and_open_ones_first() {
    let mut complaints = complaints();
    let room = COMPLAINTS_MAX as i64 - 3;
    for number in 0..room {
        complaints.resolve(&id(&format!("r{number}")), day(10 + number), None);
    }
    assert!(complaints.get(&id("a")).is_some());
    complaints.resolve(&id("late"), day(1), None);
    assert!(complaints.get(&id("late")).is_none(), "the oldest goes");
    complaints.resolve(&id("new"), day(10 + room), None);
    assert!(complaints.get(&id("a")).is_none() && complaints.get(&id("new")).is_some());
    assert!(complaints.get(&id("b")).is_some(), "open ones stay");
}

#[test]
fn of_bad_answers_the_latest_are_kept_in_order() {
    let mut complaints = Complaints::default();
    let days: Vec<i64> = (0..BAD_ANSWERS_MAX as i64).rev().collect();
    days.iter().for_each(|given| complaints.note_bad_answer(day(*given)));
    assert_eq!(complaints.bad_answers.len(), BAD_ANSWERS_MAX);
    assert!(complaints.bad_answers.is_sorted());
    complaints.note_bad_answer(day(BAD_ANSWERS_MAX as i64));
    assert_eq!(complaints.bad_answers.len(), BAD_ANSWERS_MAX);
    assert_eq!(complaints.bad_answers[0], day(1));
}

#[test]
fn bad_answers_are_forgotten_once_they_pause_nothing() {
    let mut complaints = Complaints::default();
    (10..=13).for_each(|given| complaints.note_bad_answer(day(given)));
    let policy = pausing_days(5);
    let kept = policy.complaints.bad_experience_pause.millis_at_most() / 86_400_000;
    complaints.forget(day(11 + kept), &policy);
    assert_eq!(complaints.bad_answers, [day(12), day(13)]);
}

#[test]
fn complaints_and_bad_answers_are_open_from_one_instant_up_to_another() {
    let (policy, zone) = (pausing_days(2), TimeZone::UTC);
    let mut complaints = Complaints::default();
    let open = |complaints: &Complaints, at: i64| complaints.open_at(day(at), &zone, &policy);
    complaints.open(&id("a"), day(2), Severity::Low, &line("x"));
    complaints.resolve(&id("a"), day(4), None);
    assert_eq!([1, 2, 3, 4, 5].map(|at| open(&complaints, at)), [0, 1, 1, 0, 0]);
    complaints.note_bad_answer(day(7));
    assert_eq!([6, 7, 8, 9, 10].map(|at| open(&complaints, at)), [0, 1, 1, 0, 0]);
}

#[test]
fn a_stored_complaint_is_read_back_as_it_was_and_says_nothing_needless() {
    for level in [0, 1, 7] {
        let complaint = Complaint { level, ..Complaint::default() };
        let stored = serde_json::to_string(&complaint).unwrap();
        assert_eq!(serde_json::from_str::<Complaint>(&stored).unwrap(), complaint);
        assert_eq!(stored.contains("level"), level > 0, "{stored}");
    }
}
