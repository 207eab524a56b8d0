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
    let view = View {
        customer,
        until: Until { at, purchase: None },
        now: at,
        zone: &customer.zone(&book.default_zone),
        policy: &book.policy,
        drift: book.values(),
        event: None,
    };
    (view.worth() * 100.0).round() / 100.0
}
