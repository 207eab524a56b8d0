//! What is checked of a call's report before it is logged.

use lazo_domain::customer::Customer;
use lazo_domain::decide::call_opening;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::rulebook::RuleBook;

/// How far ahead a customer may ask to be called back, in days.
const CALL_BACK_DAYS_MAX: i64 = 366;

/// Why a customer cannot be called back then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallBackFault {
    /// It is more than a year ahead.
    TooFar,
    /// Nobody may call then; the next time that somebody may, if ever.
    Closed(Option<Instant>),
}

/// Whether a customer may be called back then: within a year, in the hours for calls.
pub fn call_back_fault(
    at: Instant,
    customer: &Customer,
    book: &RuleBook,
    now: Instant,
) -> Option<CallBackFault> {
    if at > now.plus_millis(CALL_BACK_DAYS_MAX * DAY_MILLIS) {
        return Some(CallBackFault::TooFar);
    }
    match call_opening(customer, book, at) {
        Some(opens) if opens == at => None,
        opens => Some(CallBackFault::Closed(opens)),
    }
}
