use serde_json::json;

use super::*;

fn about(text: &str) -> Vec<String> {
    People::named_in(text).about.iter().map(ToString::to_string).collect()
}

/// An event about somebody, wrapped so many times as a JSON text.
fn wrapped(levels: usize, detail: serde_json::Value) -> String {
    let event = json!({ "detail-type": "CustomerUpdated", "detail": detail });
    (0..levels).fold(event.to_string(), |inner, _| {
        json!({ "Type": "Notification", "Message": inner }).to_string()
    })
}

#[test]
fn whom_a_text_is_about_is_told_in_every_form() {
    for (text, id) in [
        (r#"{"customer_id":"ana"}"#, "ana"),
        (r#"{"customer_id":12345}"#, "12345"),
        (r#"{"customer_id":" ana "}"#, "ana"),
        (r#"{"customer_id":"shop\/ana"}"#, "shop/ana"),
        (r#"{"customer_id":"\u0061n\u0061"}"#, "ana"),
        (r#"{"customer_id" : ["ana"]}"#, "ana"),
        (r#"{"customer_id":{"S":"ana"}}"#, "ana"),
        (r#"{"detail":"{\"customer_id\":\"ana\"}"}"#, "ana"),
        (r#"{"detail":"{\"customer_id\":12345}"}"#, "12345"),
        (r#"{"detail":"{\"customer_id\":\"shop\\/ana\"}"}"#, "shop/ana"),
        // Cut off, at whatever level; no JSON at all.
        (r#"{"customer_id":"ana","tot"#, "ana"),
        (r#"{"detail":"{\"customer_id\":\"ana\",\"tot"#, "ana"),
        (r#"{\"customer_id\":\"ana\",\"total\":1}"#, "ana"),
        (r#"[{"customer_id":"ana"}"#, "ana"),
        (r#"{'customer_id': 'ana', 'total': 1}"#, "ana"),
        ("customer_id: ana\ntotal: 1", "ana"),
        ("customer_id=ana&total=1", "ana"),
        (r#""customer_id":"ana""#, "ana"),
        (r#"{"a":1,"customer_id":"ana","customer_id":"ana"}"#, "ana"),
        (r#"{"merge_id":"m","merged_id":"ana"}"#, "ana"),
        (r#"{"customerId":"ana"}"#, "ana"),
    ] {
        assert_eq!(about(text), [id], "{text}");
    }
    for levels in 0..5 {
        assert_eq!(about(&wrapped(levels, json!({ "customer_id": "ana" }))), ["ana"]);
        assert_eq!(about(&wrapped(levels, json!("{\"customer_id\":7}"))), ["7"], "{levels}");
    }
    // A key that is there twice names two.
    assert_eq!(about(r#"{"customer_id":"a","customer_id":"b"}"#), ["a", "b"]);
    for nobody in ["", "{", "\"", r#"{"customer_id":null}"#, r#"{"note":"customer_id"}"#, "\\"] {
        assert_eq!(about(nobody), Vec::<String>::new(), "{nobody}");
    }
}

#[test]
fn customers_are_found_under_other_keys_too() {
    let ids = |text: &str| People::named_in(text).ids;
    for text in [
        r#"{"customer":"ana"}"#,
        r#"{"customer":{"id":"ana"}}"#,
        r#"{"touch_id":"thanks/ana/p-1/mail"}"#,
    ] {
        assert!(ids(text).contains(&Id::new("ana").unwrap()), "{text}");
        assert!(about(text).is_empty(), "{text}");
    }
}

#[test]
fn addresses_and_numbers_are_found_however_they_are_written() {
    for text in [
        r#"{"email":"Ana@Example.com"}"#,
        r#"{"email":" ana@example.com "}"#,
        r#"{"detail":"{\"email\":\"ana\u0040example.com\"}"}"#,
        r#"{"name":"Ana <ana@example.com>"}"#,
        r#"{"url":"https://x.example/?email=ana%40example.com"}"#,
        r#"{"ana@example.com":1}"#,
        "mailto:ana@example.com, thanks",
    ] {
        let people = People::named_in(text);
        assert!(people.addresses.contains("ana@example.com"), "{text}: {:?}", people.addresses);
    }
    for text in [
        r#"{"phone":"+52 33 5555 9779"}"#,
        r#"{"phone":"(33) 5555-9779"}"#,
        r#"{"phone":523355559779}"#,
        r#"{"note":"call +523355559779"}"#,
        r#"{"detail":"{\"phone\":\"33 5555 9779\"}"}"#,
    ] {
        let mut known = People::default();
        known.add_address("+523355559779");
        assert_eq!(People::named_in(text).phones, known.phones, "{text}");
    }
}

#[test]
fn a_hostile_text_costs_no_more_than_its_length() {
    let deep = "[".repeat(100_000) + &"1,".repeat(300_000);
    let quoted = "\"\\".repeat(200_000);
    let at = "a@".repeat(200_000);
    for text in [deep, quoted, at, "{\"a\":".repeat(100_000), "\\u00".repeat(100_000)] {
        let people = People::named_in(&text);
        assert!(people.addresses.len() <= NAMES_MAX + 1);
    }
}
