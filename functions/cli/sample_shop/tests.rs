//! What the sample shop promises to the console, the reports and the rules.

mod lively;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::places::HOMES;
use super::{SampleShop, generate};

/// A Sunday night in Mexico City, a leap day, a Wednesday morning in Madrid.
const NOWS: [&str; 3] = ["2026-07-27T05:00:00Z", "2028-02-29T15:00:00Z", "2026-11-25T07:30:00.5Z"];

/// Each detail-type with its key, what else it needs, and what
/// it may have.
const FIELDS: &[(&str, &str, &str, &str)] = &[
    (
        "CustomerUpdated",
        "",
        "",
        "name email phone locale time_zone country birthday anniversaries relationship \
         account_manager interests attributes",
    ),
    ("ConsentChanged", "consent_id", "channel purpose state source", "wording"),
    ("PurchaseCompleted", "purchase_id", "total", "items channel sold_by"),
    ("PurchaseDelivered", "", "purchase_id", ""),
    ("PurchaseRefunded", "refund_id", "purchase_id", "total reason"),
    (
        "InteractionRecorded",
        "interaction_id",
        "phase touchpoint channel initiated_by kind",
        "satisfaction note follow_up",
    ),
    ("ComplaintOpened", "complaint_id", "severity category", "description"),
    ("ComplaintResolved", "", "complaint_id", "resolution root_cause"),
    ("CallReported", "call_id", "outcome", "satisfaction note dissolution_reason"),
    ("SurveyAnswered", "answer_id", "touchpoint", "csat nps comment"),
];

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn all(shop: &SampleShop) -> impl Iterator<Item = &Value> {
    shop.history.iter().chain(&shop.recent)
}

fn of<'a>(shop: &'a SampleShop, detail_type: &'a str) -> impl Iterator<Item = &'a Value> {
    all(shop)
        .filter_map(move |event| (event["detail-type"] == detail_type).then_some(&event["detail"]))
}

fn text<'a>(detail: &'a Value, field: &str) -> &'a str {
    detail[field].as_str().unwrap_or_default()
}

fn cents(money: &Value) -> i64 {
    assert_eq!(money["currency"], "MXN");
    let (pesos, cents) = text(money, "amount").split_once('.').expect("two decimals");
    assert_eq!(cents.len(), 2);
    pesos.parse::<i64>().expect("pesos") * 100 + cents.parse::<i64>().expect("cents")
}

/// Each customer's profile as all updates leave it.
fn profiles(shop: &SampleShop) -> BTreeMap<&str, serde_json::Map<String, Value>> {
    let mut profiles = BTreeMap::<&str, serde_json::Map<String, Value>>::new();
    for detail in of(shop, "CustomerUpdated") {
        let fields = detail.as_object().expect("an object").clone();
        profiles.entry(text(detail, "customer_id")).or_default().extend(fields);
    }
    profiles
}

/// The customers whose last word on that channel was a denial for that purpose.
fn denied<'a>(shop: &'a SampleShop, channel: &str, purpose: &str) -> BTreeSet<&'a str> {
    let mut last = BTreeMap::new();
    for consent in of(shop, "ConsentChanged").filter(|detail| detail["channel"] == channel) {
        last.insert(text(consent, "customer_id"), consent);
    }
    last.retain(|_, consent| consent["state"] == "denied" && consent["purpose"] == purpose);
    last.into_keys().collect()
}

fn complaining(shop: &SampleShop) -> BTreeSet<&str> {
    let resolved: BTreeSet<&str> =
        of(shop, "ComplaintResolved").map(|detail| text(detail, "complaint_id")).collect();
    of(shop, "ComplaintOpened")
        .filter(|detail| !resolved.contains(text(detail, "complaint_id")))
        .map(|detail| text(detail, "customer_id"))
        .collect()
}

#[test]
fn the_same_seed_and_now_give_the_same_shop() {
    let shop = |seed, now| {
        let shop = generate(seed, at(now));
        (shop.history, shop.recent)
    };
    assert!(shop(7, NOWS[0]) == shop(7, NOWS[0]));
    assert!(shop(7, NOWS[0]) != shop(8, NOWS[0]));
}

#[test]
fn events_are_in_order_and_never_after_now() {
    for now in NOWS.map(at) {
        let shop = generate(1, now);
        let live_from = now - SignedDuration::from_hours(72);
        let mut before = now - SignedDuration::from_hours(730 * 24);
        for event in all(&shop) {
            let time = at(text(event, "time"));
            assert_eq!(time, at(text(&event["detail"], "occurred_at")));
            assert!(before <= time && time <= now, "{event}");
            before = time;
        }
        let is_live = |event: &Value| at(text(event, "time")) >= live_from;
        assert!(!shop.history.iter().any(is_live));
        // What `now` has of a second is dropped, so the border may fall in one.
        let border = SignedDuration::from_secs(1);
        assert!(shop.recent.iter().all(|e| at(text(e, "time")) >= live_from - border));
    }
}

#[test]
fn events_have_the_fields_of_the_contract_and_ids_of_their_own() {
    let shop = generate(1, at(NOWS[0]));
    let mut ids = BTreeSet::new();
    for event in all(&shop) {
        assert!(ids.insert(text(event, "id").to_owned()));
        assert_eq!(text(event, "id").len(), 36);
        assert_eq!(event["source"], "shop");
        let (_, key, needs, may) =
            FIELDS.iter().find(|(name, ..)| event["detail-type"] == *name).expect("a detail-type");
        let detail = event["detail"].as_object().expect("an object");
        let needed: Vec<&str> = ["customer_id", "occurred_at"]
            .into_iter()
            .chain(key.split_whitespace())
            .chain(needs.split_whitespace())
            .collect();
        assert!(needed.iter().all(|field| detail.contains_key(*field)), "{event}");
        let is_known = |field: &String| {
            needed.contains(&field.as_str()) || may.split_whitespace().any(|may| may == field)
        };
        assert!(detail.keys().all(is_known), "{event}");
        if let Some(id) = detail.get(*key) {
            let id = id.as_str().expect("a string").to_owned();
            assert!(ids.insert(id), "{event}");
        }
    }
    let kinds: BTreeSet<&str> = all(&shop).map(|event| text(event, "detail-type")).collect();
    assert_eq!(kinds.len(), FIELDS.len());
}

#[test]
fn what_refers_comes_after_what_it_refers_to() {
    for now in NOWS {
        let shop = generate(2, at(now));
        let mut customers = BTreeSet::new();
        let mut known = BTreeSet::new();
        for event in all(&shop) {
            let detail = &event["detail"];
            let id = text(detail, "customer_id");
            assert!(customers.contains(id) || detail.get("name").is_some(), "{event}");
            customers.insert(id);
            match text(event, "detail-type") {
                "PurchaseCompleted" => known.insert((id, text(detail, "purchase_id"))),
                "ComplaintOpened" => known.insert((id, text(detail, "complaint_id"))),
                "PurchaseRefunded" | "PurchaseDelivered" => {
                    assert!(known.contains(&(id, text(detail, "purchase_id"))), "{event}");
                    true
                }
                "ComplaintResolved" => {
                    assert!(known.remove(&(id, text(detail, "complaint_id"))), "{event}");
                    true
                }
                _ => true,
            };
        }
    }
}

#[test]
fn totals_are_what_the_items_cost_and_refunds_never_more() {
    let shop = generate(3, at(NOWS[0]));
    let mut totals = BTreeMap::new();
    for purchase in of(&shop, "PurchaseCompleted") {
        let items = purchase["items"].as_array().expect("items");
        assert!((1..=4).contains(&items.len()));
        let sum: i64 = items
            .iter()
            .map(|item| item["quantity"].as_i64().expect("a count") * cents(&item["unit_price"]))
            .sum();
        assert_eq!(cents(&purchase["total"]), sum);
        totals.insert(text(purchase, "purchase_id"), sum);
    }
    let refunds: Vec<&Value> = of(&shop, "PurchaseRefunded").collect();
    for refund in &refunds {
        if let Some(total) = refund.get("total") {
            assert!(cents(total) < totals[text(refund, "purchase_id")]);
        }
    }
    assert!((15..80).contains(&refunds.len()), "{} refunds", refunds.len());
    let large = totals.values().filter(|total| **total > 500_000).count();
    assert!((20..150).contains(&large), "{large} large purchases");
}

#[test]
fn customers_are_as_mixed_as_promised() {
    let now = at(NOWS[0]);
    let shop = generate(4, now);
    let profiles = profiles(&shop);
    assert_eq!(profiles.len(), 320);
    let share = |field: &str, prefix: &str| {
        let has = |profile: &&serde_json::Map<String, Value>| {
            profile
                .get(field)
                .and_then(Value::as_str)
                .is_some_and(|value| value.starts_with(prefix))
        };
        profiles.values().filter(has).count() as f64 / 320.0
    };
    assert!((0.48..0.54).contains(&share("locale", "es")));
    assert!((0.57..0.63).contains(&share("relationship", "transactional")));
    assert_eq!(share("relationship", "personal"), 0.1);
    assert_eq!(share("relationship", "dedicated"), 0.05);
    assert_eq!(share("account_manager", ""), 0.15);
    assert!(share("birthday", "--") > 0.05);
    assert!(share("birthday", "") > 0.8);
    let denials = denied(&shop, "email", "all").len() + denied(&shop, "email", "marketing").len();
    assert!((22..=30).contains(&denials), "{denials} denials");
    assert_eq!(denied(&shop, "call", "all").len(), 16);

    for field in ["email", "phone"] {
        let values: Vec<&str> =
            profiles.values().filter_map(|profile| profile.get(field)?.as_str()).collect();
        let distinct: BTreeSet<&str> = values.iter().copied().collect();
        assert_eq!(distinct.len(), values.len(), "{field}");
        assert!((290..320).contains(&values.len()), "{field}");
        assert!(values.iter().all(|value| value.is_ascii()));
    }
    let days: Vec<&str> = profiles
        .values()
        .filter_map(|profile| profile.get("birthday")?.as_str())
        .map(|birthday| &birthday[birthday.len() - 5..])
        .collect();
    assert_eq!(days.iter().filter(|day| **day == "02-29").count(), 4);
    let soon: BTreeSet<String> = (0..10)
        .map(|days| super::draw::date_after(now, days, super::places::DEFAULT_ZONE))
        .collect();
    let is_soon = |day: &&&str| soon.iter().any(|date| date.ends_with(**day));
    assert!(days.iter().filter(is_soon).count() >= 12);
}

#[test]
fn zones_are_in_the_database() {
    for home in HOMES {
        assert!(TimeZone::get(home.time_zone).is_ok(), "{}", home.time_zone);
        assert!(TimeZone::get(home.shop.time_zone).is_ok(), "{}", home.shop.id);
    }
    let customers: usize = HOMES.iter().map(|home| home.customers).sum();
    assert_eq!(customers, 320);
}
