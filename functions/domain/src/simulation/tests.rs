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

fn of(customer: &str, kind: &str, occurred: &str, more: Value) -> (Id, Delivered) {
    let mut more = more;
    more["customer_id"] = customer.into();
    (Id::new(customer).unwrap(), told(kind, occurred, more))
}

/// What is heard at each of some instants, as the ids under which a no was said.
fn denied_by(shared: &Shared, email: &str, instants: &[&str]) -> Vec<Option<String>> {
    let mut profile = crate::profile::Profile::default();
    profile.email.set(Instant::MIN, Some(crate::event::Email::new(email).unwrap()));
    let heard = |at: &&str| {
        let at: jiff::Timestamp = at.parse().unwrap();
        let email = shared.heard(&profile, at.into()).email.unwrap();
        email.no(crate::channel::Purpose::Marketing).map(|no| no.by.to_string())
    };
    instants.iter().map(heard).collect()
}

#[test]
fn what_others_say_is_heard_from_when_it_was_known_and_only_of_shared_addresses() {
    let day = |day: u8| format!("2026-01-{day:02}T00:00:00Z");
    let known =
        |customer, on, email| of(customer, "CustomerUpdated", &day(on), json!({ "email": email }));
    let said = |customer, on, key, state| {
        let detail = json!({
            "consent_id": key, "channel": "email", "purpose": "marketing", "state": state,
            "source": "till",
        });
        of(customer, "ConsentChanged", &day(on), detail)
    };
    let events = [
        known("a", 1, "Ana@example.com"),
        known("b", 2, "ana@example.com"),
        known("c", 2, "eva@example.com"),
        said("c", 3, "c1", "denied"),
        said("a", 3, "a1", "denied"),
        // The same key again counts once, whatever it says.
        said("a", 4, "a1", "granted"),
        said("b", 6, "b1", "granted"),
        of("a", "CustomerErased", &day(7), json!({ "request_id": "e1" })),
        said("a", 8, "a2", "denied"),
    ];
    let mut customers: Vec<(Id, Vec<Delivered>)> = Vec::new();
    for (id, event) in events {
        match customers.iter_mut().find(|(known, _)| *known == id) {
            Some((_, events)) => events.insert(0, event),
            None => customers.push((id, vec![event])),
        }
    }
    let shared = Shared::among(&customers);
    let instants = [
        "2026-01-02T23:59:59Z",
        "2026-01-03T00:00:00Z",
        "2026-01-05T00:00:00Z",
        "2026-01-09T00:00:00Z",
    ];
    let ana = denied_by(&shared, "ana@EXAMPLE.com", &instants);
    assert_eq!(ana, [None, Some("a".to_owned()), Some("a".to_owned()), None]);
    assert_eq!(denied_by(&shared, "eva@example.com", &instants), [None, None, None, None]);
}
