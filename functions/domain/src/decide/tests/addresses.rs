//! What was said of an address under another id, as it bears on what is due.

use std::sync::Arc;

use super::*;
use crate::address::{Heard, Word, Words};
use crate::event::ConsentPurpose;

const NEWS: &str = "rule: news
status: live
purpose: marketing
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: x, wait: 1 hour }]
";
const CALL: &str = "rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: call, channel: call, template: x, wait: 1 hour }]
";
const TASK: &str = "rule: task
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: task, channel: task, template: x, wait: 1 hour }]
";
const OPT_OUT: &str = "marketing_consent: opt_out\n";

fn cus_1() -> Id {
    Id::new("cus-1").unwrap()
}

fn no(purpose: ConsentPurpose) -> Words {
    let mut words = Words::default();
    words.note(purpose, Word { at: at(0), denied: true, by: cus_1() });
    words
}

/// Ana, who bought an hour ago and has this of an address and a number.
fn bought(book: &RuleBook, known: Value) -> Customer {
    let ana = taken(ana(), &event("CustomerUpdated", at(-DAY), known), book, at(-DAY));
    taken(ana, &purchase("p-1", at(0)), book, at(0))
}

fn known() -> Value {
    json!({ "email": "ana@example.com", "phone": "+525511111111" })
}

/// Why what is due is not sent, by what was heard; nothing where it is.
fn ends(rule: &str, email: &Words, phone: &Words) -> Option<Reason> {
    let book = policy_and(OPT_OUT, &[rule]);
    let (email, phone) = (Some(Arc::new(email.clone())), Some(Arc::new(phone.clone())));
    let customer = Customer { heard: Heard { email, phone }, ..bought(&book, known()) };
    let decision = decide(customer, Input::Due, &book, at(HOUR));
    assert!(!decision.asks.any(), "all is known");
    assert_eq!(decision.records.len() + decision.sends.len(), 1);
    decision.records.first().and_then(|record| record.reason)
}

#[test]
fn a_no_ends_touches_of_its_channel_and_purpose() {
    let nothing = Words::default();
    let stop = Words::of_stop(at(0), &cus_1());
    let (marketing, service) = (no(ConsentPurpose::Marketing), no(ConsentPurpose::Service));
    let all = no(ConsentPurpose::All);
    assert_eq!(ends(NEWS, &nothing, &all), None, "a no to calls is none to mail");
    assert_eq!(ends(NEWS, &marketing, &nothing), Some(Reason::NoConsent));
    assert_eq!(ends(NEWS, &service, &nothing), None);
    assert_eq!(ends(NEWS, &all, &nothing), Some(Reason::NoConsent));
    assert_eq!(ends(THANKS_SOON, &marketing, &nothing), None);
    assert_eq!(ends(THANKS_SOON, &service, &nothing), Some(Reason::NoConsent));
    assert_eq!(ends(THANKS_SOON, &stop, &nothing), Some(Reason::Suppressed));
    assert_eq!(ends(CALL, &all, &marketing), None);
    assert_eq!(ends(CALL, &nothing, &all), Some(Reason::NoConsent));
    assert_eq!(ends(TASK, &all, &all), None);
    // Suppressed comes before consent (rules#eligibility).
    let mut both = all;
    both.add(&stop);
    assert_eq!(ends(NEWS, &both, &nothing), Some(Reason::Suppressed));
}

const THANKS_SOON: &str = "rule: soon
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: x, wait: 1 hour }]
";

#[test]
fn only_what_a_due_touch_hangs_on_is_asked_for() {
    let asks = |rule: &str, known: Value, now: i64| {
        let book = policy_and(OPT_OUT, &[rule]);
        let asks = decide(bought(&book, known), Input::Due, &book, at(now)).asks;
        (asks.email, asks.phone)
    };
    assert_eq!(asks(NEWS, known(), HOUR), (true, false));
    assert_eq!(asks(CALL, known(), HOUR), (false, true));
    assert_eq!(asks(TASK, known(), HOUR), (false, false));
    assert_eq!(asks(NEWS, known(), HOUR - 1), (false, false), "nothing is due");
    assert_eq!(asks(NEWS, json!({}), HOUR), (false, false), "there is no address");
    assert_eq!(asks(CALL, json!({}), HOUR), (false, false));
    let book = policy_and(OPT_OUT, &[NEWS]);
    let erased = event("CustomerErased", at(1), json!({ "request_id": "e-1" }));
    let erased = taken(bought(&book, known()), &erased, &book, at(1));
    assert!(!decide(erased, Input::Due, &book, at(HOUR)).asks.any());
}

#[test]
fn what_was_heard_is_no_part_of_what_is_stored() {
    let book = policy_and(OPT_OUT, &[NEWS]);
    let mut customer = bought(&book, known());
    let before = serde_json::to_string(&customer).unwrap();
    customer.heard.email = Some(Arc::new(no(ConsentPurpose::All)));
    assert_eq!(serde_json::to_string(&customer).unwrap(), before);
}
