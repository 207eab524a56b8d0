use serde_json::json;

use crate::event::{Body, Delivered, from_wire};

use super::*;

fn event(kind: &str, more: Value) -> Result<Delivered, BadEvent> {
    let mut detail = json!({ "customer_id": "ana", "occurred_at": "2026-03-01T12:00:00Z" });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    from_wire(&json!({ "detail-type": kind, "detail": detail }).to_string())
}

/// What is left out, and what is kept.
fn kept(kind: &str, more: Value) -> (Vec<String>, Value) {
    let delivered = event(kind, more).unwrap();
    let told = delivered.left_out.iter().map(ToString::to_string).collect();
    let mut detail: Value = serde_json::from_str(&delivered.event.detail.0).unwrap();
    detail.as_object_mut().unwrap().retain(|name, _| {
        !["customer_id", "occurred_at", "purchase_id", "total"].contains(&name.as_str())
    });
    (told, detail)
}

#[test]
fn a_profile_keeps_the_fields_that_fit() {
    let (told, detail) = kept(
        "CustomerUpdated",
        json!({
            "name": { "given": "Ana", "family": "a\tb" },
            "email": "ana at example", "phone": 525512345678_i64, "time_zone": "Mars/Olympus",
            "locale": "es_MX", "birthday": "0000-00-00",
            "anniversaries": { "wedding": "2010-02-30", "contract": "--09-06" },
            "attributes": { "ana@example.com": [], "tier": "gold", "v": 1e300 },
            "interests": ["velas", 7, "rugs", ""],
        }),
    );
    let expected = [
        "anniversaries.wedding: is no date such as 1984-03-09, or --03-09 where the year is not known",
        "attributes.…: is a list, expected true, false, a number or one line of text",
        "attributes.v: is a number that cannot be held: at most 9.2e18 either side of zero, and not nearer to it than 1e-130; write a long one as text, in quotes",
        "birthday: is no date such as 1984-03-09, or --03-09 where the year is not known",
        "email: is no e-mail address such as ana@example.com",
        "interests[1]: is a number, expected text in quotes",
        "interests[3]: is empty",
        "name.family: has a line break or another control character, which no single line may hold",
        "phone: is a number, expected text in quotes",
        "time_zone: is no IANA time zone such as America/Mexico_City",
    ];
    assert_eq!(told, expected);
    let expected = json!({
        "name": { "given": "Ana" }, "locale": "es-MX",
        "anniversaries": { "contract": "--09-06" }, "attributes": { "tier": "gold" },
        "interests": ["velas", "rugs"],
    });
    assert_eq!(detail, expected);
}

#[test]
fn of_other_events_too() {
    let total = json!({ "amount": "9.00", "currency": "MXN" });
    let item = |more: Value| {
        let mut item = json!({ "sku": "a", "name": "A", "quantity": 1 });
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let price = json!({ "amount": 9.0, "currency": "MXN" });
    let items = json!([
        item(json!({ "category": { "id": 5 } })),
        item(json!({ "unit_price": price })),
        item(json!({ "sku": "" })),
        item(json!({ "quantity": "2" })),
        item(json!({ "sku": "b" })),
    ]);
    let (told, detail) = kept(
        "PurchaseCompleted",
        json!({ "purchase_id": "p", "total": total, "items": items, "sold_by": 7 }),
    );
    let paths: Vec<&str> = told.iter().filter_map(|one| one.split(':').next()).collect();
    assert_eq!(
        paths,
        [
            "items[0].category",
            "items[1].unit_price.amount",
            "items[2].sku",
            "items[3].quantity",
            "sold_by"
        ]
    );
    let plain = item(json!({}));
    assert_eq!(detail, json!({ "items": [plain, plain, item(json!({ "sku": "b" }))] }));

    let meeting = json!({
        "interaction_id": "i", "phase": "purchase", "touchpoint": "shop", "channel": "store",
        "initiated_by": "customer", "kind": "visit", "satisfaction": 5.0, "note": 4,
        "follow_up": { "on": "soon", "about": "mirrors" },
    });
    let (told, detail) = kept("InteractionRecorded", meeting);
    assert_eq!(
        told,
        [
            "follow_up.on: is no date such as 2026-11-24",
            "note: is a number, expected text in quotes"
        ]
    );
    assert_eq!((&detail["satisfaction"], detail.get("follow_up")), (&json!(5), None));

    let call = json!({ "call_id": "c", "outcome": "do_not_call", "touch_id": 4, "dissolution_reason": "ana@example.com" });
    let (told, _) = kept("CallReported", call);
    assert_eq!(
        told[0],
        "dissolution_reason: is not known, expected one of `needs_changed`, `competitor`, `dissatisfied`, `price`, `moved`, `fraud`, `other`"
    );
    assert_eq!(told[1], "touch_id: is a number, expected text in quotes");
}

#[test]
fn a_time_to_call_back_lies_ahead_of_a_call_back() {
    let told = |outcome: &str, at: &str| {
        let call = json!({ "call_id": "c", "outcome": outcome, "call_back_at": at, "by": "eva" });
        let (told, detail) = kept("CallReported", call);
        assert_eq!(detail["by"], "eva");
        assert_eq!(detail.get("call_back_at").is_some(), told.is_empty());
        told.join(", ")
    };
    assert_eq!(told("call_back", "2026-03-01T12:00:01Z"), "");
    assert_eq!(told("call_back", "2027-03-02T06:00:00-06:00"), "");
    let late = "call_back_at: is more than a year after occurred_at";
    assert_eq!(told("call_back", "2027-03-02T12:00:01Z"), late);
    let past = "call_back_at: is not after occurred_at: it is when to call again";
    assert_eq!(told("call_back", "2026-03-01T12:00:00Z"), past);
    let other = "call_back_at: goes with the outcome call_back alone";
    assert_eq!(told("reached", "2026-03-02T12:00:00Z"), other);
    assert!(told("call_back", "tomorrow at five").starts_with("call_back_at: "));
}

#[test]
fn what_would_say_something_else_without_a_field_is_kept_aside() {
    let path = |kind, more| match event(kind, more) {
        Err(BadEvent::Fields { faults, .. }) => faults[0].path.clone(),
        other => panic!("{other:?}"),
    };
    let refund = json!({ "purchase_id": "p", "refund_id": "r", "total": { "amount": 9, "currency": "MXN" } });
    assert_eq!(path("PurchaseRefunded", refund), "total.amount");
    let answer = |more: Value| {
        let mut answer = json!({ "answer_id": "a", "touchpoint": "t" });
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        answer
    };
    let comment = "x".repeat(20_000);
    assert_eq!(path("SurveyAnswered", answer(json!({ "csat": 9, "comment": "x" }))), "csat");
    let (told, detail) =
        kept("SurveyAnswered", answer(json!({ "csat": 9, "nps": 9, "comment": comment })));
    assert_eq!(
        told,
        [
            "comment: has 20000 characters, at most 10000 are taken",
            "csat: is 9, the scale is 1 to 5"
        ]
    );
    assert_eq!(detail, answer(json!({ "nps": 9 })));
    assert_eq!(path("PurchaseDelivered", json!({ "purchase_id": "añá" })), "purchase_id");
}

#[test]
fn a_list_has_a_bound_and_so_have_the_fields_left_out() {
    let many = |count: usize, item: Value| {
        let total = json!({ "amount": "9.00", "currency": "MXN" });
        json!({ "purchase_id": "p", "total": total, "items": vec![item; count] })
    };
    let good = json!({ "sku": "a", "name": "A", "quantity": 1 });
    let bad = json!({ "sku": "a", "name": "A", "quantity": 1, "category": 7 });
    let (told, detail) = kept("PurchaseCompleted", many(600, good));
    assert_eq!(told, ["items: has 600 entries, the first 500 are taken"]);
    assert_eq!(detail["items"].as_array().unwrap().len(), 500);
    let (told, detail) = kept("PurchaseCompleted", many(450, bad));
    assert_eq!((told.len(), told[449].split(':').next()), (450, Some("items[449].category")));
    assert_eq!(detail["items"].as_array().unwrap().len(), 450);
}

#[test]
fn what_fits_is_kept_letter_for_letter() {
    for text in [
        r#"{ "customer_id":"ana", "occurred_at":"2026-03-01T12:00:00Z", "attributes": {"v": 1.50e1} }"#,
        r#"{"occurred_at":"2026-03-01T12:00:00Z","customer_id":"ana","attributes":{"v":0.0}}"#,
    ] {
        let event = from_wire(text).unwrap().event;
        assert_eq!(&*event.detail.0, text);
        assert!(matches!(event.body, Body::CustomerUpdated(_)));
    }
}

#[test]
fn no_reason_tells_a_value() {
    let secret = "ana@example.com 525598765432";
    for kind in EventKind::ALL {
        let properties = schema(kind).to_value()["properties"].clone();
        for field in properties.as_object().unwrap().keys() {
            for value in
                [json!(secret), json!({ secret: secret }), json!([secret]), json!(525598765432_i64)]
            {
                let told = match event(kind.as_str(), json!({ field: value })) {
                    Ok(delivered) => delivered.left_out.iter().map(ToString::to_string).collect(),
                    Err(why) => why.to_string(),
                };
                assert!(
                    !told.contains("525598765432") && !told.contains("ana@example.com "),
                    "{told}"
                );
            }
        }
    }
}

#[test]
fn all_that_is_missing_is_told_at_once() {
    let why = |kind, more| event(kind, more).unwrap_err().to_string();
    assert_eq!(
        why("InteractionRecorded", json!({ "kind": "meeting" })),
        "InteractionRecorded: is missing interaction_id, phase, touchpoint, channel, initiated_by"
    );
    let (told, _) = kept(
        "PurchaseCompleted",
        json!({
            "purchase_id": "p", "total": { "amount": "1.00", "currency": "MXN" },
            "items": [{ "name": "Mesa" }],
        }),
    );
    assert_eq!(told, ["items[0]: is missing sku, quantity"]);
    assert_eq!(
        why("PurchaseCompleted", json!({ "purchase_id": "p", "total": { "currency": "MXN" } })),
        "PurchaseCompleted: total: is missing amount"
    );
}

#[test]
fn all_that_does_not_fit_is_told_at_once() {
    let told = |kind: &str, detail: Value| {
        let text = json!({ "detail-type": kind, "detail": detail }).to_string();
        super::super::from_wire(&text).unwrap_err().to_string()
    };
    let purchase = json!({
        "customer_id": 5, "occurred_at": "soon", "total": { "amount": 12 },
        "items": [{ "sku": "a", "name": "A", "quantity": -1 }],
    });
    let expected = [
        "PurchaseCompleted: customer_id: is a number, expected text in quotes",
        "occurred_at: is no RFC 3339 date-time with offset such as 2026-11-20T10:15:00-06:00",
        "total.amount: is a number, expected",
        "total: is missing currency",
        "is missing purchase_id",
        "items[0].quantity: is below zero, a quantity is zero or more",
    ];
    let told_of_it = told("PurchaseCompleted", purchase);
    let places: Vec<Option<usize>> = expected.iter().map(|one| told_of_it.find(one)).collect();
    assert!(places.iter().all(Option::is_some), "{told_of_it}");
    assert_eq!(told_of_it.matches("; ").count(), expected.len() - 1, "{told_of_it}");
    // Of an empty one, too, all that is missing.
    let told_of_it = told("InteractionRecorded", json!({ "phase": "soon" }));
    assert!(
        told_of_it.contains("phase: is not known")
            && told_of_it.contains("is missing interaction_id, customer_id, occurred_at, "),
        "{told_of_it}"
    );
}
