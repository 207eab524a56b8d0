use serde_json::{Value, json};

use super::*;

/// A bare `detail` of so much more than whom it is about and when.
fn detail(more: Value) -> Value {
    let mut detail = json!({ "customer_id": "ana", "occurred_at": "2026-03-01T12:00:00Z" });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    detail
}

fn read(more: Value) -> Result<EventKind, BadEvent> {
    from_wire(&detail(more).to_string()).map(|delivered| delivered.event.kind())
}

#[test]
fn a_bare_detail_is_known_by_its_fields() {
    let total = json!({ "amount": "1.00", "currency": "MXN" });
    let visit = json!({
        "interaction_id": "i", "channel": "store", "kind": "visit",
        "initiated_by": "customer", "phase": "purchase", "touchpoint": "counter",
    });
    let consent = json!({
        "consent_id": "c", "channel": "email", "purpose": "all", "state": "denied",
        "source": "form",
    });
    let content = json!({
        "content_id": "c", "title": "T", "url": "https://example.com/", "topics": ["rugs"],
    });
    let complaint = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
    for (more, kind) in [
        (json!({}), EventKind::CustomerUpdated),
        (consent, EventKind::ConsentChanged),
        (json!({ "purchase_id": "p", "total": total }), EventKind::PurchaseCompleted),
        (json!({ "purchase_id": "p" }), EventKind::PurchaseDelivered),
        (json!({ "purchase_id": "p", "refund_id": "r" }), EventKind::PurchaseRefunded),
        (visit, EventKind::InteractionRecorded),
        (complaint, EventKind::ComplaintOpened),
        (json!({ "complaint_id": "c" }), EventKind::ComplaintResolved),
        (json!({ "call_id": "c", "outcome": "reached" }), EventKind::CallReported),
        (json!({ "answer_id": "a", "touchpoint": "x", "csat": 5 }), EventKind::SurveyAnswered),
        (content, EventKind::ContentPublished),
        (json!({ "request_id": "r" }), EventKind::CustomerErased),
        (json!({ "merge_id": "m", "merged_id": "eva" }), EventKind::CustomerMerged),
        // With another's key beside its own.
        (
            json!({ "refund_id": "r", "purchase_id": "p", "total": total }),
            EventKind::PurchaseRefunded,
        ),
        (
            json!({ "purchase_id": "p", "total": total, "interaction_id": "i", "channel": "store" }),
            EventKind::PurchaseCompleted,
        ),
    ] {
        assert_eq!(read(more.clone()).map_err(|bad| bad.to_string()), Ok(kind), "{more}");
    }
    // What lacks a field is told which one.
    for (lacks, field) in [
        (json!({ "refund_id": "r" }), "purchase_id"),
        (json!({ "complaint_id": "c", "severity": "low" }), "category"),
    ] {
        let why = read(lacks).unwrap_err().to_string();
        assert!(why.contains(field), "{why}");
    }
    for nothing in [json!({ "customer_id": "ana" }), json!({ "occurred_at": "2026-03-01" })] {
        assert_eq!(EventKind::told_by_fields(&nothing.to_string()), None);
        assert!(from_wire(&nothing.to_string()).is_err(), "{nothing}");
    }
}

#[test]
fn an_event_has_a_greatest_size() {
    let of_bytes = |bytes: usize| {
        let text = detail(json!({})).to_string();
        from_wire(&(text.clone() + &" ".repeat(bytes - text.len()))).map(drop)
    };
    let too_large = |bytes| matches!(of_bytes(bytes), Err(BadEvent::TooLarge { .. }));
    assert_eq!((EVENT_BYTES_MAX, DETAIL_BYTES_MAX), (1_048_576, 262_144));
    assert!(!too_large(EVENT_BYTES_MAX) && too_large(EVENT_BYTES_MAX + 1));
    let of_detail = |bytes: usize| {
        let empty = detail(json!({ "unknown": "" })).to_string().len();
        let detail = detail(json!({ "unknown": "x".repeat(bytes - empty) }));
        let event = json!({ "source": "shop", "detail-type": "CustomerUpdated", "detail": detail });
        from_wire(&event.to_string()).map(drop)
    };
    of_detail(DETAIL_BYTES_MAX).unwrap();
    let BadEvent::Fields { faults, .. } = of_detail(DETAIL_BYTES_MAX + 1).unwrap_err() else {
        panic!("what makes it large is named");
    };
    let BadField { path, why } = &faults[0];
    assert_eq!(path, "unknown");
    assert!(why.contains("shorten it"), "{why}");
}

#[test]
fn a_profile_has_bounds_that_no_field_tells() {
    let path = |more: Value| {
        let left_out = from_wire(&detail(more).to_string()).unwrap().left_out;
        left_out.first().map(|one| one.path.clone()).unwrap_or_default()
    };
    // Somewhere it is tomorrow already.
    assert_eq!(path(json!({ "birthday": "2026-03-02" })), "");
    assert_eq!(path(json!({ "birthday": "2026-03-03" })), "birthday");
    assert_eq!(path(json!({ "birthday": "--03-03" })), "");
    assert_eq!(path(json!({ "birthday": "1906-01-01" })), "");
    for unknown in ["0000-00-00", "0001-01-01", "1753-01-01", "1899-12-30", "1900-01-01"] {
        assert_eq!(path(json!({ "birthday": unknown })), "birthday", "{unknown}");
    }
    let names = |count: usize| (0..count).map(|i| (format!("a{i}"), json!("--01-02")));
    let many = |count| Value::Object(names(count).collect());
    assert_eq!(path(json!({ "anniversaries": many(50) })), "");
    assert_eq!(path(json!({ "anniversaries": many(51) })), "anniversaries");
    assert_eq!(path(json!({ "attributes": many(100) })), "");
    assert_eq!(path(json!({ "attributes": many(101) })), "attributes");
    let interests = |count: usize| (0..count).map(|i| format!("i{i}")).collect::<Vec<_>>();
    assert_eq!(path(json!({ "interests": interests(100) })), "");
    assert_eq!(path(json!({ "interests": interests(101) })), "interests");
}

#[test]
fn a_name_that_is_nearly_right_is_told() {
    let told = |text: &str| from_wire(text).unwrap_err().to_string();
    let typed = r#"{"detail-type":"PurchaseComplete","customer_id":"ana"}"#;
    assert_eq!(
        told(typed),
        r#"unknown detail-type "PurchaseComplete"; did you mean "PurchaseCompleted"?"#
    );
    assert!(told(r#"{"detail-type":"OrderPaid"}"#).contains("known are CustomerUpdated, "));
    // Without one, what the fields are most like.
    let bare = r#"{"customer_id":"ana","total":{"amount":"1","currency":"MXN"},"items":[]}"#;
    assert!(told(bare).ends_with(r#"such as "PurchaseCompleted", which the fields are most like"#));
    assert!(told(r#"{"a":1}"#).ends_with(r#"give it as "detail-type""#));
}
