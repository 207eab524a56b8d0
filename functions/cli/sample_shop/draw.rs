//! Random draws and the calendar that they fall on.

use std::ops::RangeInclusive;

use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Weekday};

/// When something can happen on a local day.
#[derive(Clone, Copy)]
pub enum Hours {
    /// The shops' doors are open.
    Store,
    /// People are awake and online.
    Online,
    /// Parcels are handed over.
    Delivery,
    /// Reps and customer service are at work.
    Desk,
}

impl Hours {
    /// First and last hour, the latter excluded.
    fn span(self, day: Weekday) -> (i64, i64) {
        match (self, day) {
            (Hours::Store, Weekday::Sunday) => (11, 18),
            (Hours::Store, _) => (10, 20),
            (Hours::Online, _) => (8, 22),
            (Hours::Delivery, _) => (9, 19),
            (Hours::Desk, Weekday::Saturday | Weekday::Sunday) => (10, 14),
            (Hours::Desk, _) => (9, 18),
        }
    }
}

/// One of a table. Tables are constants and never empty.
pub fn pick<T: Copy>(rng: &mut Rng, table: &[T]) -> T {
    table[rng.usize(..table.len())]
}

pub fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

/// An index, drawn in proportion to the weights.
pub fn weighted(rng: &mut Rng, weights: &[u32]) -> usize {
    let mut rest = rng.u32(..weights.iter().sum::<u32>());
    for (index, weight) in weights.iter().enumerate() {
        if rest < *weight {
            return index;
        }
        rest -= weight;
    }
    0
}

/// A shuffled deck holding each value exactly as often as told: shares that
/// the demonstration depends on are dealt, not left to luck.
pub fn deck<T: Copy>(rng: &mut Rng, counts: &[(T, usize)]) -> Vec<T> {
    let mut cards: Vec<T> =
        counts.iter().flat_map(|&(value, count)| std::iter::repeat_n(value, count)).collect();
    rng.shuffle(&mut cards);
    cards
}

/// Exponential with the given mean: the time between two events of a Poisson
/// process.
pub fn exponential(rng: &mut Rng, mean: f64) -> f64 {
    -mean * (1.0 - rng.f64()).ln()
}

/// Gamma with unit scale, `shape` ≥ 1 (Marsaglia and Tsang 2000).
pub fn gamma(rng: &mut Rng, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let normal = normal(rng);
        let v = (1.0 + c * normal).powi(3);
        if v > 0.0 && (1.0 - rng.f64()).ln() < 0.5 * normal * normal + d * (1.0 - v + v.ln()) {
            return d * v;
        }
    }
}

/// Standard normal (Box and Muller).
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// Beta(1, `b`), by inversion.
pub fn beta_one(rng: &mut Rng, b: f64) -> f64 {
    1.0 - (1.0 - rng.f64()).powf(1.0 / b)
}

/// The zone by its IANA name. The tables name only zones that the bundled
/// database has, which a test checks; UTC keeps this total.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// `at` moved by `span`; unmoved where that leaves the range of timestamps.
pub fn plus(at: Timestamp, span: SignedDuration) -> Timestamp {
    at.checked_add(span).unwrap_or(at)
}

/// An instant within the hours of the local day that lies `days` after `at`,
/// their number drawn from the range. From one day on it is always later than
/// `at`.
pub fn on_day(
    rng: &mut Rng,
    at: Timestamp,
    days: RangeInclusive<i64>,
    zone_name: &str,
    hours: Hours,
) -> Timestamp {
    let days = rng.i64(days);
    let zone = zone(zone_name);
    let date = at.to_zoned(zone.clone()).date().saturating_add(days.days());
    let (open, close) = hours.span(date.weekday());
    let second = rng.i64(open * 3600..close * 3600);
    date.at(0, 0, 0, 0)
        .saturating_add(second.seconds())
        .to_zoned(zone)
        .map_or(at, |local| local.timestamp())
}

/// An instant between `from` and `until` that lies within the hours; where
/// none does, any instant between them, since a sample must not fail.
pub fn between(
    rng: &mut Rng,
    (from, until): (Timestamp, Timestamp),
    zone_name: &str,
    hours: Hours,
) -> Timestamp {
    let zone = zone(zone_name);
    let is_open = |at: &Timestamp| {
        let local = at.to_zoned(zone.clone());
        let (open, close) = hours.span(local.weekday());
        (open..close).contains(&i64::from(local.hour()))
    };
    let minutes = until.duration_since(from).as_mins().max(1);
    let slots: Vec<Timestamp> = (0..minutes)
        .step_by(5)
        .map(|minute| plus(from, SignedDuration::from_mins(minute)))
        .filter(is_open)
        .collect();
    let slot = match rng.choice(slots) {
        Some(slot) => slot,
        None => plus(from, SignedDuration::from_mins(rng.i64(0..minutes))),
    };
    plus(slot, SignedDuration::from_secs(rng.i64(0..60))).min(until)
}

/// The local date `days` after `at`, as events write dates.
pub fn date_after(at: Timestamp, days: i64, zone_name: &str) -> String {
    let today = at.to_zoned(zone(zone_name)).date();
    today.saturating_add(days.days()).to_string()
}

/// From one instant to another.
pub type Window = (Timestamp, Timestamp);

/// Purchases in here have their next-day follow-up due about now.
pub fn yesterday(now: Timestamp) -> Window {
    (minutes_before(now, 49 * 60 + 30), minutes_before(now, 24 * 60 + 15))
}

/// Purchases in here have it due within a day.
pub fn today(now: Timestamp) -> Window {
    (minutes_before(now, 23 * 60 + 30), minutes_before(now, 15))
}

pub fn minutes_before(now: Timestamp, minutes: i64) -> Timestamp {
    plus(now, SignedDuration::from_mins(-minutes))
}
