//! What comes for a customer, and what will not go out, told beforehand.

use lazo_domain::ahead::ahead;
use lazo_domain::instant::DAY_MILLIS;

use super::{Entry, Portrait, Telling, touches};

/// How far ahead is told.
const DAYS_AHEAD: i64 = 120;

/// How much of it at most: the nearest.
const TOLD_MAX: usize = 12;

/// What comes, the earliest first; nothing of who was forgotten.
pub fn coming(portrait: &Portrait, telling: &Telling) -> Vec<Entry> {
    let customer = &portrait.told.customer;
    if customer.erased_at.is_some() {
        return Vec::new();
    }
    let until = telling.now.plus_millis(DAYS_AHEAD * DAY_MILLIS);
    let ahead = ahead(customer, telling.book, telling.now, until);
    let entries = ahead.touches.iter().filter(|one| one.at >= telling.now);
    entries.take(TOLD_MAX).map(|one| touches::planned(one, telling)).collect()
}
