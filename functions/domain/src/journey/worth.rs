//! What a customer is worth at a point of the journey.

use crate::customer::Customer;
use crate::history::Until;
use crate::instant::Instant;
use crate::rulebook::RuleBook;
use crate::view::View;

/// What a customer was worth at an instant, in the shop's currency and to the
/// cent: what they were expected to spend in the coming year, or what they had
/// spent by then where nobody can tell.
pub fn worth_at(customer: &Customer, at: Instant, book: &RuleBook) -> f64 {
    let until = Until { at, purchase: None };
    let view = View { until, ..View::of(customer, book, at) };
    (view.worth() * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{Body, from_wire};
    use crate::id::Id;

    #[test]
    fn whom_nobody_can_tell_is_worth_what_they_had_spent_by_then() {
        let mut customer = Customer::new(Id::new("ana").unwrap());
        for (key, at, amount) in [("a", "2026-01-01", "10.10"), ("b", "2026-02-01", "20.20")] {
            let detail = json!({
                "customer_id": "ana", "occurred_at": format!("{at}T00:00:00Z"),
                "purchase_id": key, "total": { "amount": amount, "currency": "MXN" },
            });
            let event =
                json!({ "source": "shop", "detail-type": "PurchaseCompleted", "detail": detail });
            let delivered = from_wire(&event.to_string()).unwrap();
            let Body::PurchaseCompleted(purchase) = &delivered.event.body else { panic!() };
            customer.history.add_purchase(purchase);
        }
        let book = RuleBook::read(&[("policy.yaml".to_owned(), "{}".to_owned())]).unwrap();
        let worth = |at: &str| {
            let at: jiff::Timestamp = at.parse().unwrap();
            worth_at(&customer, Instant::from_millis(at.as_millisecond()), &book)
        };
        assert_eq!(worth("2026-01-15T00:00:00Z"), 10.1);
        assert_eq!(worth("2026-03-01T00:00:00Z"), 30.3);
    }
}
