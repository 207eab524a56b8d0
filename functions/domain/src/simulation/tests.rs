use serde_json::{Value, json};

use super::*;
use crate::event::from_wire;

fn told(kind: &str, occurred: &str, more: Value) -> Delivered {
    let mut detail = json!({ "customer_id": "ana", "occurred_at": occurred });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
    from_wire(&text.to_string()).unwrap()
}

fn bought(key: &str, occurred: &str) -> Delivered {
    let total = json!({ "amount": "10.00", "currency": "MXN" });
    told("PurchaseCompleted", occurred, json!({ "purchase_id": key, "total": total }))
}

/// The days up to the first of March with what was spent on them.
fn days(events: &[Delivered]) -> Vec<(String, f64)> {
    let files = [("policy.yaml".to_owned(), "default_time_zone: UTC\n".to_owned())];
    let book = RuleBook::read(&files).unwrap();
    let until: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let days = purchase_days(events, &book, until.into());
    days.iter().map(|day| (day.date.to_string(), day.spent.unwrap())).collect()
}

#[test]
fn a_model_learns_from_what_was_kept_each_once_and_on_the_customer_s_days() {
    assert!(days(&[]).is_empty());
    let day = |day: &str, spent: f64| (day.to_owned(), spent);
    let (late, next) = ("2026-01-10T23:30:00Z", "2026-01-12T12:00:00Z");
    let two = [bought("p-1", late), bought("p-2", next), bought("p-2", next)];
    assert_eq!(days(&two), [day("2026-01-10", 10.0), day("2026-01-12", 10.0)]);
    let refund = json!({ "refund_id": "r-1", "purchase_id": "p-2" });
    let refunded = [&two[..], &[told("PurchaseRefunded", "2026-02-01T00:00:00Z", refund)]].concat();
    assert_eq!(days(&refunded), [day("2026-01-10", 10.0)]);
    let tokyo =
        told("CustomerUpdated", "2026-02-01T00:00:00Z", json!({ "time_zone": "Asia/Tokyo" }));
    let moved = [&two[..], &[tokyo]].concat();
    assert_eq!(days(&moved), [day("2026-01-11", 10.0), day("2026-01-12", 10.0)]);
    let at_the_end = [bought("p-1", "2026-03-01T00:00:00Z"), bought("p-2", "2026-03-01T00:00:01Z")];
    assert_eq!(days(&at_the_end), [day("2026-03-01", 10.0)]);
}
