use jiff::civil::date;
use serde_json::json;

use super::*;
use crate::condition::{Condition, Verdict};
use crate::decide::{Input, decide};
use crate::drift::{Estimate, Kind, Model, Params, ShopRhythm, Spending};
use crate::event::{Detail, EventKind, from_wire};
use crate::id::Id;
use crate::rulebook::RuleBook;
use crate::segment::Asked;

const DAY: i64 = 86_400_000;

fn at(day: i64) -> Instant {
    Instant::from_millis(20_500 * DAY + DAY / 2 + day * DAY)
}

fn book() -> RuleBook {
    RuleBook::read(&[("policy.yaml".into(), "currency: MXN\n".into())]).unwrap()
}

/// The same book by a model with all its numbers.
fn knowing() -> RuleBook {
    let kind = Kind::MbgNbd;
    let params = Params { kind, r: 0.8, alpha: 40.0, a: 0.6, b: 1.2 };
    book().with_model(&Model {
        kind,
        until: date(2026, 1, 1),
        customers: 10_000,
        unique_histories: 1_000,
        estimate: Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 }),
        refused: None,
        rhythm: ShopRhythm::default(),
        spending: Spending::fit(&[]),
    })
}

/// Ana after these events, each told when it happened.
fn ana(events: &[(&str, i64, serde_json::Value)]) -> Customer {
    let book = book();
    let ana = Customer::new(Id::new("ana").unwrap());
    events.iter().fold(ana, |customer, (kind, day, more)| {
        let mut detail = json!({ "customer_id": "ana", "occurred_at": at(*day).to_string() });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let text = json!({ "source": "shop", "detail-type": kind, "detail": detail });
        let event = from_wire(&text.to_string()).unwrap().event;
        decide(customer, Input::Event(&event), &book, at(*day)).customer
    })
}

fn purchase(key: &str, day: i64) -> (&'static str, i64, serde_json::Value) {
    let total = json!({ "amount": "10.50", "currency": "MXN" });
    let items = json!([{ "sku": key, "name": "Rug", "category": "rugs", "quantity": 1 }]);
    let told = json!({ "purchase_id": key, "total": total, "items": items });
    ("PurchaseCompleted", day, told)
}

fn view<'a>(customer: &'a Customer, book: &'a RuleBook, at: Instant) -> View<'a> {
    View {
        customer,
        until: Until { at, purchase: None },
        now: at,
        zone: Cow::Borrowed(&book.default_zone),
        policy: &book.policy,
        drift: book.values(),
        segments: Asked::of(book.segments()),
        event: None,
    }
}

#[test]
fn a_condition_sees_what_was_known_at_its_point() {
    let profile = json!({
        "locale": "es", "country": "MX", "time_zone": "America/Mexico_City",
        "relationship": "trade", "account_manager": "eva", "interests": ["rugs"],
        "attributes": { "city": "Oaxaca" },
    });
    let complaint = json!({ "complaint_id": "c", "severity": "low", "category": "x" });
    let ana = ana(&[
        ("CustomerUpdated", 1, profile),
        purchase("p-1", 1),
        purchase("p-2", 4),
        ("SurveyAnswered", 5, json!({ "answer_id": "a", "touchpoint": "x", "csat": 4, "nps": 9 })),
        ("ComplaintOpened", 5, complaint),
    ]);
    let book = book();
    let verdict = |source: &str, day: i64| {
        let condition = Condition::compile(source, Some(EventKind::PurchaseCompleted)).unwrap();
        condition.verdict(&view(&ana, &book, at(day)))
    };
    for known in [
        "customer.id == 'ana'",
        "customer.locale == 'es'",
        "customer.country == 'MX'",
        "customer.time_zone == 'America/Mexico_City'",
        "customer.relationship == 'trade'",
        "customer.account_manager == 'eva'",
        "customer.interests == ['rugs']",
        "customer.attributes.city == 'Oaxaca'",
        "customer.purchases == 2",
        "customer.total_spent == 21.0",
        "customer.average_spent == 10.5",
        "customer.first_purchase_at < customer.last_purchase_at",
        "customer.days_since_purchase == 2",
        "customer.categories == ['rugs']",
        "customer.open_complaints == 1",
        "customer.last_csat == 4",
        "customer.last_nps == 9",
        "customer.stage == 'expansion'",
    ] {
        assert_eq!(verdict(known, 6), Verdict::Holds, "{known}");
    }
    for unknown in ["locale", "average_spent", "last_csat", "last_nps", "days_since_purchase"] {
        let source = format!("customer.{unknown} == customer.{unknown}");
        assert_eq!(verdict(&source, 0), Verdict::MissingValue, "{unknown}");
    }
    for unknown in ["p_alive", "p_active", "lifetime_value"] {
        let source = format!("customer.{unknown} > 0.0");
        assert_eq!(verdict(&source, 6), Verdict::MissingValue, "{unknown}");
    }
}

#[test]
fn chances_and_value_are_those_of_the_model() {
    let book = knowing();
    let ana = ana(&[purchase("p-1", 0), purchase("p-2", 4)]);
    let view = view(&ana, &book, at(40));
    let (scorer, today) = (book.values().unwrap(), at(40).date_in(&book.default_zone));
    let [first, last] = [0, 4].map(|day| at(day).date_in(&book.default_zone));
    let rhythm = Rhythm::new(first, last, 2).unwrap();
    let value = scorer.lifetime_value(rhythm, today, Spent { days: 2, total: 21.0 });
    let known = |field: &str| match view.field(field) {
        Some(Value::Float(value)) => Some(value),
        _ => None,
    };
    assert_eq!(known("p_alive"), scorer.p_alive(rhythm, today));
    assert_eq!(known("p_active"), scorer.p_active(rhythm, today));
    assert_eq!((known("lifetime_value"), view.worth()), (Some(value), value));
    assert!(known("p_alive").is_some_and(|alive| alive < 1.0) && value > 0.0);
}

#[test]
fn a_stage_is_that_of_its_point() {
    let visit = |day| {
        let told = json!({
            "interaction_id": format!("v{day}"), "channel": "store", "kind": "visit",
            "initiated_by": "customer", "phase": "postpurchase", "touchpoint": "counter",
        });
        ("InteractionRecorded", day, told)
    };
    let happy = json!({ "answer_id": "a", "touchpoint": "x", "csat": 5 });
    let book = book();
    let stages = |events: &[(&str, i64, serde_json::Value)], days: [i64; 3]| {
        let ana = ana(events);
        days.map(|day| view(&ana, &book, at(day)).stage().as_str())
    };
    let aware = ["exploration", "exploration", "awareness"];
    assert_eq!(stages(&[purchase("p", 0), visit(2)], [0, 1, 2]), aware);
    assert_eq!(stages(&[visit(0), purchase("p", 0)], [0, 1, 2]), ["exploration"; 3]);
    let answered = [purchase("p", 0), ("SurveyAnswered", 2, happy)];
    assert_eq!(stages(&answered, [0, 1, 2]), aware);
}

#[test]
fn without_a_trigger_nothing_is_known_of_one() {
    let (ana, book) = (ana(&[]), book());
    let verdict = |source: &str| {
        let condition = Condition::compile(source, Some(EventKind::PurchaseCompleted)).unwrap();
        condition.verdict(&view(&ana, &book, at(0)))
    };
    assert_eq!(verdict("has(event.total)"), Verdict::Fails);
    assert_eq!(verdict("event.total.amount > 1"), Verdict::MissingValue);
    assert_eq!(verdict("trigger.refunded"), Verdict::Fails);
}

#[test]
fn a_time_zone_is_always_known() {
    let told = ana(&[("CustomerUpdated", 1, json!({ "time_zone": "Europe/Madrid" }))]);
    let files = [("policy.yaml".into(), "default_time_zone: America/Mexico_City".into())];
    let book = RuleBook::read(&files).unwrap();
    // Twelve o'clock by UTC.
    for (hour, zone, day) in [(6, "America/Mexico_City", 0), (13, "Europe/Madrid", 2)] {
        let source =
            format!("now.getHours(customer.time_zone) == {hour} && customer.time_zone == '{zone}'");
        let condition = Condition::compile(&source, None).unwrap();
        let verdict = condition.verdict(&view(&told, &book, at(day)));
        assert_eq!(verdict, Verdict::Holds, "{source}");
    }
}

#[test]
fn a_refund_counts_as_of_the_view() {
    let refund = |key: &str, day, total: Option<&str>| {
        let mut told = json!({ "refund_id": key, "purchase_id": "p-1" });
        if let Some(amount) = total {
            told["total"] = json!({ "amount": amount, "currency": "MXN" });
        }
        ("PurchaseRefunded", day, told)
    };
    let book = book();
    let told: Detail = Detail(r#"{"purchase_id":"p-1"}"#.into());
    let refunded = |events: &[_], day: i64| {
        let condition = Condition::compile("trigger.refunded", Some(EventKind::PurchaseDelivered));
        let ana = ana(events);
        condition.unwrap().verdict(&View { event: Some(&told), ..view(&ana, &book, at(day)) })
            == Verdict::Holds
    };
    let in_parts =
        [purchase("p-1", 0), refund("r-1", 2, Some("10.00")), refund("r-2", 4, Some("0.50"))];
    assert_eq!(
        [1, 2, 3, 4, 5].map(|day| refunded(&in_parts, day)),
        [false, false, false, true, true]
    );
    // Of a purchase that is not known yet, all is back where no amount is told.
    assert!(refunded(&[refund("r-1", 2, None)], 2));
    assert!(!refunded(&[refund("r-1", 2, Some("10.50"))], 2));
    assert!(!refunded(&[purchase("p-1", 0), purchase("p-2", 0)], 9));
}
