//! The guarantees on which a first look at the console depends.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{NOWS, SampleShop, at, cents, complaining, denied, generate, profiles, text};

fn recent<'a>(shop: &'a SampleShop, detail_type: &'a str) -> impl Iterator<Item = &'a Value> {
    let events = shop.recent.iter();
    events
        .filter_map(move |event| (event["detail-type"] == detail_type).then_some(&event["detail"]))
}

fn age(detail: &Value, now: Timestamp) -> i64 {
    now.duration_since(at(text(detail, "occurred_at"))).as_hours()
}

fn assert_lively(seed: u64, now: Timestamp) {
    let shop = generate(seed, now);
    assert_buyers(&shop, now);
    assert_aftermath(&shop, now);
}

/// Who bought in the last days.
fn assert_buyers(shop: &SampleShop, now: Timestamp) {
    let profiles = profiles(shop);
    let purchases: Vec<&Value> = recent(shop, "PurchaseCompleted").collect();
    let buyers: BTreeSet<&str> = purchases.iter().map(|p| text(p, "customer_id")).collect();
    assert!(purchases.len() >= 25 && buyers.len() >= 25, "{now}");

    let yesterday = purchases.iter().filter(|p| (24..50).contains(&age(p, now))).count();
    let today = purchases.iter().filter(|p| age(p, now) < 24).count();
    assert!((13..=17).contains(&yesterday), "{now}: {yesterday} yesterday");
    assert!((13..=17).contains(&today), "{now}: {today} today");

    let is_close = |id: &&&str| {
        let profile = &profiles[**id];
        let close = ["personal", "dedicated"].map(Value::from);
        close.contains(&profile["relationship"]) && profile.contains_key("phone")
    };
    assert!(buyers.iter().filter(is_close).count() >= 5, "{now}");
    let relationships: BTreeSet<&str> =
        buyers.iter().filter_map(|id| profiles[id]["relationship"].as_str()).collect();
    assert_eq!(relationships.len(), 4, "{now}");
    let large: Vec<&str> = purchases
        .iter()
        .filter(|purchase| cents(&purchase["total"]) > 500_000)
        .map(|purchase| text(purchase, "customer_id"))
        .collect();
    assert!(large.len() >= 2, "{now}");
    // The size of a purchase, not only the relationship, can call for a call.
    let can_be_called = |id: &&str| {
        let profile = &profiles[id];
        profile["relationship"] == "long_term" && profile.contains_key("phone")
    };
    assert!(large.iter().any(can_be_called), "{now}");
    assert!(buyers.intersection(&complaining(shop)).count() >= 2, "{now}");
    assert!(buyers.intersection(&denied(shop, "email", "all")).count() >= 1, "{now}");
    assert!(buyers.iter().any(|id| !profiles[id].contains_key("email")), "{now}");
}

/// What else must have happened, and when shops were open.
fn assert_aftermath(shop: &SampleShop, now: Timestamp) {
    let purchases: Vec<&Value> = recent(shop, "PurchaseCompleted").collect();
    let of_today: BTreeSet<&str> = purchases
        .iter()
        .filter(|purchase| age(purchase, now) < 24)
        .map(|purchase| text(purchase, "purchase_id"))
        .collect();
    let refunded = |refund: &Value| of_today.contains(text(refund, "purchase_id"));
    assert!(recent(shop, "PurchaseRefunded").any(refunded), "{now}");
    let bought = |delivery: &Value| {
        let id = text(delivery, "purchase_id");
        purchases.iter().any(|purchase| purchase["purchase_id"] == id)
    };
    assert!(recent(shop, "PurchaseDelivered").any(bought), "{now}");
    for (kind, least) in [("ComplaintOpened", 1), ("ComplaintResolved", 1), ("SurveyAnswered", 4)] {
        assert!(recent(shop, kind).count() >= least, "{now}: {kind}");
    }
    for purchase in purchases.iter().filter(|p| p["channel"] == "store") {
        let hour = &text(purchase, "occurred_at")[11..13];
        assert!(("10"..="20").contains(&hour), "{purchase}");
    }
}

#[test]
fn the_last_days_are_lively() {
    for now in NOWS.map(at) {
        for seed in 1..=3 {
            assert_lively(seed, now);
        }
    }
}

#[test]
fn the_last_days_are_lively_at_every_hour() {
    let monday = at("2026-03-30T00:10:00Z");
    for hours in (0..24 * 7).step_by(7) {
        let now = monday + SignedDuration::from_hours(hours);
        assert_lively(5, now);
    }
}
