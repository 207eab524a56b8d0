//! Customers to preview with.

use super::{shipped, shipped_rules};
use crate::channel::{Channel, Purpose};
use crate::message::sample::{Samples, Use};
use crate::message::{BadSample, context_from_json, sample_context};
use crate::rule::Trigger;
use crate::view::CUSTOMER_FIELDS;

#[test]
fn the_sample_knows_every_field_there_is() {
    let book = shipped_rules();
    for kind in crate::event::EventKind::ALL {
        let trigger = Trigger::Event(kind);
        let used = Use {
            trigger: Some(&trigger),
            channel: Channel::Email,
            purpose: Purpose::Service,
            survey: None,
        };
        let samples = Samples::of(&book.policy, &used);
        for field in CUSTOMER_FIELDS {
            assert!(!samples.full.0["customer"][field.name].is_null(), "{}", field.name);
        }
        assert!(samples.full.0["last_contact"]["note"].is_string());
        let schema = crate::event::schema(kind);
        let fields = schema.as_value()["properties"].as_object().unwrap();
        for field in fields.keys() {
            assert!(!samples.full.0["event"][field].is_null(), "{kind} {field}");
        }
    }
}

#[test]
fn a_digest_s_sample_has_a_month_with_something_and_one_with_nothing() {
    let book = shipped_rules();
    let digest = book.rules().iter().find(|rule| matches!(rule.trigger, Trigger::Every { .. }));
    let used = Use {
        trigger: Some(&digest.unwrap().trigger),
        channel: Channel::Email,
        purpose: Purpose::Service,
        survey: None,
    };
    let samples = Samples::of(&book.policy, &used);
    assert_eq!(samples.full.0["period"]["purchases"], 2);
    assert_eq!(samples.bare.0["period"]["purchases"], 0);
}

#[test]
fn a_preview_needs_no_customer() {
    let book = shipped_rules();
    let context = sample_context(&book.policy, book.rule("thank-you-mail"));
    let mail = shipped().mail("thank-you-mail", "es", "es", &context).unwrap();
    assert!(mail.text.contains("Gracias, Ana\n"), "{}", mail.text);
    assert_eq!(context.customer_locale(), Some("es-MX"));
}

#[test]
fn a_preview_takes_a_customer_in_any_shape() {
    let book = shipped_rules();
    let subject = |json: &str| {
        let context = context_from_json(json, &book.policy, book.rule("thank-you-mail"))?;
        Ok(shipped().mail("thank-you-mail", "en", "es", &context).unwrap().subject)
    };
    let eva = Ok("Thank you for your purchase, Eva".to_owned());
    assert_eq!(subject(r#"{ "given_name": "Eva", "locale": "en" }"#), eva);
    assert_eq!(subject(r#"{ "customer": { "given_name": "Eva" }, "purchase": null }"#), eva);
    let event = r#"{ "detail-type": "CustomerUpdated", "detail": {
        "customer_id": "c", "name": { "given": "Eva", "family": null } } }"#;
    assert_eq!(subject(event), eva);
    assert_eq!(subject("{}"), Ok("Thank you for your purchase".into()));
    let event = r#"{ "event": { "purchase_id": "p", "total": { "amount": "5", "currency": "EUR" },
        "occurred_at": "2026-01-01T04:00:00Z" } }"#;
    let context = context_from_json(event, &book.policy, book.rule("thank-you-mail")).unwrap();
    assert_eq!(context.0["event"]["occurred_at"], "2025-12-31");
    // What a customer need not have can be taken away.
    let nothing = r#"{ "customer": {}, "last_contact": null }"#;
    let context = context_from_json(nothing, &book.policy, None).unwrap();
    assert!(context.0["last_contact"].is_null(), "{:?}", context.0);
    assert_eq!(
        subject(r#"{ "customer": {}, "purchse": {} }"#),
        Err(BadSample::Unknown("purchse".into(), "; did you mean \"purchase\"?".into()))
    );
    assert_eq!(subject("[]"), Err(BadSample::NoObject));
    assert!(matches!(subject("{"), Err(BadSample::Json(_))));
}
