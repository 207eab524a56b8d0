use super::enrolment::DEFERS_MAX;
use super::*;
use crate::event::Detail;
use crate::touch::{Defer, Reason};

fn at(seconds: i64) -> Instant {
    Instant::from_millis(seconds * 1000)
}

fn enrolment() -> Enrolment {
    let stored = serde_json::json!({
        "rule": "thanks", "occurrence": "p-1", "at": at(1), "kind": "PurchaseCompleted",
        "step": "mail", "base": at(1), "due": at(10), "next": at(10),
    });
    serde_json::from_value(stored).unwrap()
}

fn fired(kind: EventKind, occurrence: &str) -> TriggerEvent {
    TriggerEvent {
        kind,
        occurrence: occurrence.into(),
        at: at(1),
        received_at: at(1),
        purchase_id: None,
        detail: Detail(r#"{"note":"personal"}"#.into()),
        apart: None,
        under: None,
        open_until: at(10),
        kept_until: None,
        exited: Vec::new(),
    }
}

#[test]
fn a_plan_may_move_until_something_was_tried() {
    assert!(enrolment().is_untried(at(9)));
    assert!(!enrolment().is_untried(at(10)));
    let waits = Defer { at: at(2), reason: Reason::QuietHours, until: at(3) };
    for tried in [
        Enrolment { defers: vec![waits], ..enrolment() },
        Enrolment { phase: Phase::sending(at(2), None), ..enrolment() },
        Enrolment {
            phase: Phase::AwaitingReport { asked_at: at(2), exited: false },
            ..enrolment()
        },
    ] {
        assert!(!tried.is_untried(at(9)), "{tried:?}");
    }
}

#[test]
fn of_a_long_row_of_waits_the_latest_are_kept() {
    let mut enrolment = enrolment();
    let waits =
        |from: i64| Defer { at: at(from), reason: Reason::FrequencyCap, until: at(from + 1) };
    for second in 0..DEFERS_MAX as i64 {
        enrolment.note_defer(waits(second));
    }
    assert_eq!(enrolment.defers.len(), DEFERS_MAX);
    enrolment.note_defer(waits(99));
    assert_eq!(enrolment.defers.len(), DEFERS_MAX);
    assert_eq!((enrolment.defers[0].at, enrolment.defers[DEFERS_MAX - 1].at), (at(1), at(99)));
}

#[test]
fn a_follow_up_s_trigger_is_the_event_of_its_kind_and_key() {
    let mut customer = Customer::new(Id::new("c").unwrap());
    customer.fired = vec![
        fired(EventKind::PurchaseDelivered, "p-1"),
        fired(EventKind::PurchaseCompleted, "p-2"),
        fired(EventKind::PurchaseCompleted, "p-1"),
    ];
    assert_eq!(customer.trigger_of(&enrolment()), Some(&customer.fired[2]));
    let of_the_calendar = Enrolment { kind: None, ..enrolment() };
    assert_eq!(customer.trigger_of(&of_the_calendar), None);
}

#[test]
fn what_was_told_of_an_event_can_be_forgotten() {
    let mut fired = fired(EventKind::InteractionRecorded, "i-1");
    fired.forget();
    assert_eq!(fired.detail.0.as_ref(), "{}");
}

#[test]
fn a_language_is_the_customer_s_or_the_shop_s() {
    let policy: Policy = serde_json::from_str(r#"{"default_locale":"es"}"#).unwrap();
    let mut customer = Customer::new(Id::new("c").unwrap());
    assert_eq!(customer.locale(&policy), "es");
    let locale = serde_json::from_str(r#""en-US""#).unwrap();
    customer.profile.locale.set(at(1), Some(locale));
    assert_eq!(customer.locale(&policy), "en-US");
}

#[test]
fn a_look_changes_nothing_but_when_it_was() {
    let before = Customer::new(Id::new("c").unwrap());
    let looked = Customer { occasions_until: Some(at(5)), ..before.clone() };
    assert!(looked.was_only_looked_at(&before));
    let planned = Customer { enrolments: vec![enrolment()], ..looked };
    assert!(!planned.was_only_looked_at(&before));
}
