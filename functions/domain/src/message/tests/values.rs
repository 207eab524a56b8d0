//! What templates are given, and how it prints.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde_json::json;

use super::super::context::{cel_json, localize, value};
use super::{owned, shipped_rules};
use crate::message::{Templates, context_from_json};

fn mexico() -> TimeZone {
    TimeZone::get("America/Mexico_City").unwrap()
}

#[test]
fn values_of_conditions_keep_their_kind() {
    let list = cel::Value::from(vec![cel::Value::Bool(true), cel::Value::UInt(7)]);
    let map = cel::Value::from(HashMap::from([("seen".to_owned(), list)]));
    assert_eq!(cel_json(&map, &mexico()), json!({ "seen": [true, 7] }));
}

#[test]
fn instants_become_local_dates_wherever_they_stand() {
    let at = "2026-03-02T04:00:00Z";
    let mut detail = json!({ "occurred_at": at, "items": [{ "promised_at": at, "name": at }] });
    localize(&mut detail, &mexico());
    let day = "2026-03-01";
    let expected = json!({ "occurred_at": day, "items": [{ "promised_at": day, "name": at }] });
    assert_eq!(detail, expected);
}

#[test]
fn whole_numbers_print_without_decimals() {
    for (number, printed) in [
        (3.0, "3"),
        (-4.0, "-4"),
        (2.5, "2.5"),
        (8e15, "8000000000000000"),
        (9e15, "9000000000000000.0"),
        (-9.5e15, "-9500000000000000.0"),
    ] {
        assert_eq!(value(&json!(number)).to_string(), printed);
    }
}

/// What a script comes to for a purchase of an amount.
fn for_amount(amount: &str, text: &str) -> Result<String, String> {
    let book = shipped_rules();
    let given = serde_json::json!({
        "event": {
            "total": { "amount": amount, "currency": "MXN" },
            "items": [
                { "name": "Vela", "quantity": 2.5, "unit_price": { "amount": "90.00", "currency": "MXN" } },
                { "name": "Copal", "quantity": 3, "unit_price": { "amount": "1100.50", "currency": "MXN" } },
            ],
        },
        "customer": { "attributes": { "size": 42.5, "points": 40, "rate": 0.125 } },
    });
    let rule = book.rule("thank-you-mail");
    let context = context_from_json(&given.to_string(), &book.policy, rule, "thank-you-mail")
        .map_err(|error| error.to_string())?;
    let templates = Templates::read(&owned(&[("hello/es/script.md", text)]));
    let script = templates.script("hello", "es", "es", &context).map_err(|e| e.to_string())?;
    Ok(script.markdown.trim().to_owned())
}

#[test]
fn amounts_compare_and_compute_and_read_as_they_came() {
    for (amount, text, expected) in [
        ("900.00", "{% if event.total.amount > 1000 %}large{% else %}small{% endif %}", "small"),
        ("1000.01", "{% if event.total.amount > 1000 %}large{% else %}small{% endif %}", "large"),
        ("900.00", "{{ event.total.amount == 900 }}", "True"),
        ("900.00", "{{ event.total.amount }}", "900.00"),
        ("900", "{{ event.total.amount }}", "900"),
        ("129.9", "{{ event.total.amount }}", "129.9"),
        ("900.00", "{{ event.total.amount * 2 }}", "1800.00"),
        ("129.90", "{{ event.total.amount * 3 }}", "389.70"),
        ("129.90", "{{ event.total.amount / 4 }}", "32.475"),
        ("100.00", "{{ event.total.amount / 3 }}", "33.333333"),
        ("900.00", "{{ event.total.amount - 900 }}", "0.00"),
        ("900.00", "{{ 0 - event.total.amount }}", "-900.00"),
        ("900.00", "{{ event.total | money }}", "$900.00 MXN"),
        ("900.00", "{{ (event.total.amount * 2) | money('MXN') }}", "$1,800.00 MXN"),
        ("1.00", "{{ event['items'] | map(attribute='unit_price.amount') | sum }}", "1190.50"),
        ("1.00", "{{ (event['items'] | sort(attribute='unit_price.amount'))[0].name }}", "Vela"),
        (
            "1.00",
            "{% for i in event['items'] %}{{ i.quantity }} {{ i.unit_price.amount }} {{ i.unit_price.amount * i.quantity }};{% endfor %}",
            "2.5 90.00 225.00;3 1100.50 3301.50;",
        ),
        (
            "1.00",
            "{{ customer.attributes.size }} {{ customer.attributes.points }} {{ customer.attributes.rate }}",
            "42.5 40 0.125",
        ),
        ("1.00", "{{ customer.attributes.points * 2 }}", "80"),
    ] {
        let came = for_amount(amount, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(came.to_lowercase(), expected.to_lowercase(), "{text} {amount}");
    }
}
