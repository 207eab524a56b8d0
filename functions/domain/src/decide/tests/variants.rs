//! A variant stays that of its touch from the fence on, whatever rules say meanwhile.

use super::*;
use crate::address::Heard;
use crate::touch::TouchRecord;

/// Ana draws 0.3698 for the mail.
fn thanks(shares: [u8; 2]) -> RuleBook {
    let [a, b] = shares;
    let variants = format!(
        "variants: {{ a: {{ template: one, share: {a}% }}, b: {{ template: two, share: {b}% }} }}"
    );
    book(&[&THANKS
        .replace("template: x", &variants)
        .replace("wait: 20 days, at: '10:00'", "wait: 1 day")])
}

/// Ana bought, and her mail is on its way out.
fn fenced(book: &RuleBook) -> (Customer, crate::touch::Send, Instant) {
    let mail = json!({ "email": "ana@example.com" });
    let told = event("CustomerUpdated", at(-DAY), mail);
    let customer = taken(ana(), &told, book, at(-DAY));
    let customer = taken(customer, &purchase("p-1", at(0)), book, at(0));
    let due = only(&customer).due;
    let heard = Heard { email: Some(Default::default()), phone: Some(Default::default()) };
    let decision = decide(Customer { heard, ..customer }, Input::Due, book, due);
    (decision.customer, decision.sends[0].clone(), due)
}

fn variant(records: &[TouchRecord]) -> Option<&str> {
    records[0].variant.as_deref()
}

#[test]
fn the_fence_says_which_variant_goes_and_its_confirmation_too() {
    let before = thanks([40, 60]);
    let (customer, send, due) = fenced(&before);
    assert_eq!((send.template.as_deref(), send.variant.as_deref()), (Some("one"), Some("a")));
    // By then other shares are live, by which it would be the other.
    let after = thanks([30, 70]);
    let stored: Customer =
        serde_json::from_str(&serde_json::to_string(&customer).unwrap()).unwrap();
    let confirmed = decide(stored, Input::Confirmed(&send.touch), &after, due);
    assert_eq!(variant(&confirmed.records), Some("a"));
    let refused = decide(customer.clone(), Input::Refused(&send.touch), &after, due);
    assert_eq!(variant(&refused.records), Some("a"));
    // Put back it goes by what is live when it is looked at again.
    let until = due.plus_millis(HOUR);
    let back = Input::PutBack { touch: &send.touch, until };
    let back = decide(customer, back, &after, due).customer;
    let heard = Heard { email: Some(Default::default()), phone: Some(Default::default()) };
    let again = decide(Customer { heard, ..back }, Input::Due, &after, until);
    let send = &again.sends[0];
    assert_eq!((send.template.as_deref(), send.variant.as_deref()), (Some("two"), Some("b")));
}

#[test]
fn without_variants_nothing_is_named() {
    let (customer, send, due) =
        fenced(&book(&[&THANKS.replace("wait: 20 days, at: '10:00'", "wait: 1 day")]));
    assert_eq!((send.template.as_deref(), send.variant.as_deref()), (Some("x"), None));
    let state = serde_json::to_value(&customer).unwrap();
    assert!(state["enrolments"][0].get("variant").is_none());
    let confirmed = decide(customer, Input::Confirmed(&send.touch), &book(&[THANKS]), due);
    assert_eq!(variant(&confirmed.records), None);
}
