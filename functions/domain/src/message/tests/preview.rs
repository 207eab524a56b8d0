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
    let context = sample_context(&book.policy, book.rule("thank-you-mail"), "thank-you-mail");
    let mail = shipped().mail("thank-you-mail", "es", "es", &context).unwrap();
    assert!(mail.text.contains("Gracias, Ana\n"), "{}", mail.text);
    assert_eq!(context.customer_locale(), Some("es-MX"));
}

#[test]
fn a_preview_takes_a_customer_in_any_shape() {
    let book = shipped_rules();
    let subject = |json: &str| {
        let context =
            context_from_json(json, &book.policy, book.rule("thank-you-mail"), "thank-you-mail")?;
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
    let context =
        context_from_json(event, &book.policy, book.rule("thank-you-mail"), "thank-you-mail")
            .unwrap();
    assert_eq!(context.0["event"]["occurred_at"], "2025-12-31");
    // What a customer need not have can be taken away.
    let nothing = r#"{ "customer": {}, "last_contact": null }"#;
    let context = context_from_json(nothing, &book.policy, None, "").unwrap();
    assert!(context.0["last_contact"].is_null(), "{:?}", context.0);
    assert_eq!(
        subject(r#"{ "customer": {}, "purchse": {} }"#),
        Err(BadSample::Unknown("purchse".into(), "; did you mean \"purchase\"?".into()))
    );
    for (given, wrong) in [
        (
            r#"{ "customer": { "given_nmae": "Eva" } }"#,
            "has \"customer.given_nmae\", which no template knows; did you mean \"given_name\"?",
        ),
        (
            r#"{ "customer": { "purchases": "3" } }"#,
            "has a text as \"customer.purchases\", and templates take a number",
        ),
        (
            r#"{ "purchase": { "items": [{ "nme": "x" }] } }"#,
            "has \"purchase.items[].nme\", which no template knows; did you mean \"name\"?",
        ),
        (
            r#"{ "event": { "totl": null } }"#,
            "has \"event.totl\", which no template knows; did you mean \"total\"?",
        ),
    ] {
        assert_eq!(subject(given).unwrap_err().to_string(), wrong);
    }
    // The shop's own attributes are whatever the shop tells.
    let own =
        r#"{ "customer": { "given_name": "Eva", "locale": "en", "attributes": { "size": 38 } } }"#;
    assert_eq!(subject(own), eva);
    assert_eq!(subject("[]"), Err(BadSample::NoObject));
    assert!(matches!(subject("{"), Err(BadSample::Json(_))));
}

#[test]
fn a_preview_is_what_will_be_sent() {
    let book = shipped_rules();
    // A service mail has no link to unsubscribe, a marketing mail has one.
    for rule in book.rules() {
        for step in rule.all_steps() {
            let Some(template) = &step.template else { continue };
            let context = sample_context(&book.policy, Some(rule), template);
            let has_link = context.0["links"]["unsubscribe"].is_string();
            assert_eq!(has_link, rule.purpose == Purpose::Marketing, "{template}");
            // Whoever acts is named as the policy names them.
            let who = match step.assign_to.as_deref() {
                Some("account_manager" | "sold_by") => "Bruno Ibarra",
                Some(team) => book.policy.called(team),
                None => book.policy.called(&book.policy.call_team),
            };
            assert_eq!(context.0["rep"]["name"], who, "{template}");
        }
    }
    let context = sample_context(&book.policy, book.rule("thank-you-mail"), "thank-you-mail");
    let cents = |amount: &serde_json::Value| {
        (amount["amount"].as_str().unwrap().parse::<f64>().unwrap() * 100.0) as i64
    };
    for part in ["purchase", "event"] {
        let items = context.0[part]["items"].as_array().unwrap();
        let sum = |item: &serde_json::Value| {
            cents(&item["unit_price"]) * item["quantity"].as_i64().unwrap()
        };
        let all: i64 = items.iter().map(sum).sum();
        assert_eq!(all, cents(&context.0[part]["total"]), "{part} adds up");
    }
}

#[test]
fn a_customer_of_the_shop_is_previewed_as_they_are() {
    let book = shipped_rules();
    let at = crate::instant::Instant::from(jiff::Timestamp::constant(1_795_000_000, 0));
    let events = [
        (
            "CustomerUpdated",
            serde_json::json!({ "name": { "given": "Eva" }, "locale": "es-MX", "birthday": "--03-09" }),
        ),
        (
            "PurchaseCompleted",
            serde_json::json!({
                "purchase_id": "p-1", "total": { "amount": "90.00", "currency": "MXN" },
            }),
        ),
    ];
    let mut customer = crate::customer::Customer::new(crate::id::Id::new("eva").unwrap());
    let view_of = |customer: &crate::customer::Customer, rule: &str, template: &str| {
        let view = crate::view::View::of(customer, &book, at);
        crate::message::context_of(&view, &book, book.rule(rule), template)
    };
    assert_eq!(
        view_of(&customer, "birthday", "birthday-mail").unwrap_err(),
        crate::message::NoPreview::NoOccasion
    );
    let (_, is_made_up) = view_of(&customer, "thank-you-mail", "thank-you-mail").unwrap();
    assert!(is_made_up, "they bought nothing");
    for (kind, mut detail) in events {
        detail["customer_id"] = "eva".into();
        detail["occurred_at"] = at.to_string().into();
        let event = serde_json::json!({ "source": "s", "detail-type": kind, "detail": detail });
        let event = crate::event::from_wire(&event.to_string()).unwrap().event;
        let input = crate::decide::Input::Event(&event);
        customer = crate::decide::decide(customer, input, &book, at).customer;
    }
    let (context, is_made_up) = view_of(&customer, "thank-you-mail", "thank-you-mail").unwrap();
    assert!(!is_made_up);
    assert_eq!(context.0["event"]["purchase_id"], "p-1");
    assert_eq!(context.0["customer"]["given_name"], "Eva");
    assert!(context.0["links"]["unsubscribe"].is_null());
    let (context, _) = view_of(&customer, "birthday", "birthday-mail").unwrap();
    assert_eq!(context.0["occasion"]["date"].as_str().map(|day| &day[4..]), Some("-03-09"));
    assert!(shipped().mail("birthday-mail", "es", "es", &context).is_ok());
}
