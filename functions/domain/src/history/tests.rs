use serde_json::{Value, json};

use super::*;
use crate::event::{Body, from_wire};

const DAY: i64 = 86_400_000;
const FIRST: i64 = 20_000 * DAY;

fn at(millis: i64) -> Instant {
    Instant::from_millis(FIRST + millis)
}

fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

fn body(kind: &str, when: i64, more: Value) -> Body {
    let mut detail = json!({ "customer_id": "ana", "occurred_at": at(when).to_string() });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
    from_wire(&text.to_string()).unwrap().event.body
}

fn buy(history: &mut History, key: &str, when: i64, total: Value, categories: &[&str]) {
    let item =
        |category: &&str| json!({ "sku": "x", "name": "x", "quantity": 1, "category": category });
    let items: Vec<Value> = categories.iter().map(item).collect();
    let told = json!({ "purchase_id": key, "total": total, "items": items });
    let Body::PurchaseCompleted(purchase) = body("PurchaseCompleted", when, told) else { panic!() };
    history.add_purchase(&purchase);
}

fn pesos(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "MXN" })
}

fn give_back(history: &mut History, key: &str, of: &str, when: i64, total: Option<&str>) {
    let mut told = json!({ "refund_id": key, "purchase_id": of });
    if let Some(total) = total {
        told["total"] = pesos(total);
    }
    let Body::PurchaseRefunded(refund) = body("PurchaseRefunded", when, told) else { panic!() };
    history.add_refund(&refund);
}

/// One purchase of 10 pesos an hour.
fn regular(count: usize) -> History {
    let mut history = History::default();
    for number in 0..count {
        let when = number as i64 * 3_600_000;
        buy(&mut history, &format!("p-{number:04}"), when, pesos("10"), &[]);
    }
    history
}

#[test]
fn of_very_many_purchases_the_oldest_are_kept_as_a_sum() {
    assert_eq!(regular(PURCHASES_MAX).earlier, None);
    let mut history = regular(30);
    give_back(&mut history, "r-1", "p-0001", DAY, None);
    give_back(&mut history, "r-2", "p-0002", DAY, Some("4"));
    for number in 0..PURCHASES_MAX as i64 {
        let when = 10 * DAY + number * DAY;
        buy(&mut history, &format!("q-{number:04}"), when, pesos("1"), &[]);
    }
    assert_eq!(history.purchases.len(), PURCHASES_MAX);
    // Of thirty hours one was given back; they lie on two days.
    let hour = 3_600_000;
    let (first_at, last_at) = (at(0), at(29 * hour));
    let spent = Decimal::from(29 * 10 - 4);
    let currency = "MXN".parse().unwrap();
    let sums = vec![Sum { currency, purchases: 29, spent }];
    let earlier = Earlier { purchases: 29, days: 2, sums, first_at, last_at };
    assert_eq!(history.earlier, Some(earlier));
    assert_eq!(history.count(Until::ALL), PURCHASES_MAX + 29);
    assert_eq!(history.first_at(Until::ALL), Some(at(0)));
    assert_eq!(history.days(Until::ALL, &TimeZone::UTC), PURCHASES_MAX + 2);
    assert_eq!(history.spent(Until::ALL, None), spent + Decimal::from(PURCHASES_MAX));
}

#[test]
fn refunds_and_deliveries_of_what_was_not_told_wait_up_to_a_bound() {
    let mut history = History::default();
    for number in 0..EARLY_MAX as i64 {
        give_back(&mut history, &format!("r-{number}"), &format!("p-{number}"), number, None);
        history.add_delivery(&id(&format!("p-{number}")), at(number));
    }
    let waiting = |h: &History| (h.early_refunds.len(), h.early_deliveries.len());
    assert_eq!(waiting(&history), (EARLY_MAX, EARLY_MAX));
    give_back(&mut history, "r-late", "p-late", EARLY_MAX as i64, None);
    history.add_delivery(&id("p-late"), at(EARLY_MAX as i64));
    assert_eq!(waiting(&history), (EARLY_MAX, EARLY_MAX));
    assert_eq!(
        (&history.early_refunds[0].0, &history.early_deliveries[0].1),
        (&id("p-1"), &id("p-1"))
    );
    buy(&mut history, "p-late", 7, pesos("10"), &[]);
    let (bought, late) = (history.latest().unwrap(), at(EARLY_MAX as i64));
    assert_eq!((bought.delivered_at, bought.is_fully_refunded(late)), (Some(late), true));
    assert_eq!(waiting(&history), (EARLY_MAX - 1, EARLY_MAX - 1));
}

#[test]
fn what_was_spent_on_a_day_is_net_and_in_one_currency() {
    let mut history = History::default();
    buy(&mut history, "p-1", 0, pesos("10"), &["b", "a"]);
    buy(&mut history, "p-2", 3_600_000, pesos("20"), &["a"]);
    buy(&mut history, "p-3", DAY, json!({ "amount": "99", "currency": "EUR" }), &["c"]);
    buy(&mut history, "p-4", 2 * DAY, pesos("30"), &[]);
    give_back(&mut history, "r-1", "p-4", 3 * DAY, Some("5"));
    let days = |currency: Option<&str>| -> Vec<(i64, Option<f64>)> {
        let currency = currency.map(|code| code.parse().unwrap());
        let days = history.purchase_days(Until::ALL, &TimeZone::UTC, currency);
        let first = at(0).date_in(&TimeZone::UTC);
        days.iter().map(|day| (crate::drift::days_between(first, day.date), day.spent)).collect()
    };
    assert_eq!(days(None), [(0, Some(30.0)), (1, None), (2, Some(25.0))]);
    assert_eq!(days(Some("EUR")), [(0, None), (1, Some(99.0)), (2, None)]);
    let spending = history.spending(Until::ALL, &TimeZone::UTC, None);
    assert_eq!(spending, Spent { days: 2, total: 55.0 });
    assert_eq!(history.count_in(Until::ALL, None), 3);
    let categories: Vec<&str> = history.categories(Until::ALL).iter().map(|c| c.as_str()).collect();
    assert_eq!(categories, ["a", "b", "c"]);
    let before = Until { at: at(DAY), purchase: None };
    assert!(history.categories(Until { at: at(1), purchase: Some(&id("p-1")) }).len() == 2);
    assert_eq!(history.categories(before).len(), 3);
}
