//! What templates are given, and how it prints.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use serde_json::json;

use super::super::context::{cel_json, localize, value};

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
