//! Casa Lumbre, an invented eyewear and home boutique, for `lazo local`: an
//! empty console teaches nobody what the product does.
//!
//! Everything follows from a seed and `now`: the same two give the same bytes,
//! so that a demonstration, a screenshot or a bug report can be repeated. No
//! name, number or address leads to a real person: mail goes to `example.com`
//! (RFC 2606), telephone numbers come from ranges kept for fiction or are
//! evidently made up.
//!
//! `people` draws who the customers are, `story` lets each of them live through
//! two years, `recent` arranges the last days so that there is something to
//! watch at whatever hour the shop is opened. The other files are tables.

mod catalogue;
mod draw;
mod encounters;
mod life;
mod names;
mod people;
mod places;
mod recent;
mod sign_up;
mod story;
#[cfg(test)]
mod tests;
mod texts;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use life::{Event, Life};

/// What happened within this span before `now` is told live rather than
/// imported; it equals the default `max_trigger_age` of the contact policy, so
/// that all that is told live may still open follow-ups.
const LIVE_HOURS: i64 = 72;

/// The sample shop: every event of its two years up to `now`, oldest first.
pub struct SampleShop {
    /// Envelopes of events older than three days: to be imported silently.
    pub history: Vec<Value>,
    /// Envelopes of the last three days: to be put on the bus.
    pub recent: Vec<Value>,
}

/// Draws the sample shop.
///
/// Nothing happens after `now`; the fraction of its second is dropped. Each
/// customer has a random stream of its own, so that a change to one kind of
/// event leaves the other customers as they were.
pub fn generate(seed: u64, now: Timestamp) -> SampleShop {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut rng = fastrand::Rng::with_seed(seed);
    let customers = people::draw(&mut rng, now);
    let mut lives: Vec<Life> =
        customers.into_iter().map(|customer| story::live(customer, now, &mut rng.fork())).collect();
    recent::stage(&mut rng, &mut lives, now);

    let mut events: Vec<Event> = lives.into_iter().flat_map(|life| life.events).collect();
    events.retain(|event| event.at <= now);
    // Stable: events of one second stay in the order in which they were lived.
    events.sort_by_key(|event| event.at);

    let live_from = draw::plus(now, SignedDuration::from_hours(-LIVE_HOURS));
    let first_live = events.partition_point(|event| event.at < live_from);
    let live = events.split_off(first_live);
    SampleShop {
        history: events.into_iter().map(|e| envelope(&mut rng, e)).collect(),
        recent: live.into_iter().map(|e| envelope(&mut rng, e)).collect(),
    }
}

/// The EventBridge envelope, as the shop's systems would put it on the bus.
fn envelope(rng: &mut fastrand::Rng, event: Event) -> Value {
    json!({
        "version": "0",
        "id": uuid(rng),
        "detail-type": event.detail_type,
        "source": "shop",
        "account": "123456789012",
        "time": event.at.to_string(),
        "region": "us-east-1",
        "resources": [],
        "detail": event.detail,
    })
}

/// A version 4 UUID, from the seed instead of from the system's entropy.
fn uuid(rng: &mut fastrand::Rng) -> String {
    let bits = rng.u128(..) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
