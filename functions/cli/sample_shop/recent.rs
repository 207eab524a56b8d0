//! The last days, arranged: whoever opens the sample shop, on a Sunday night as
//! on a Tuesday morning, should find follow-ups of every kind that fall due now
//! or within a day, and some that Lazo must hold back.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::catalogue::Size;
use super::draw::{self, Hours, Window, between, chance, plus};
use super::encounters::{self, Score};
use super::life::{Life, Visit};
use super::people::{Email, Relationship};
use super::sign_up::consent_detail;
use super::story;

/// Whom a scene needs.
#[derive(Clone, Copy)]
enum Role {
    /// Of that relationship; may be called.
    Callable(Relationship),
    /// Has been waiting for a complaint to be resolved since before yesterday.
    Complaining,
    NoAddress,
    /// Wants no mail at all.
    MailDenied,
    /// Of no rep's own, has bought in the last months, can be mailed.
    Regular,
}

impl Role {
    fn fits(self, life: &Life, now: Timestamp) -> bool {
        let customer = &life.customer;
        let Some(last_visit) = life.last_visit else {
            return false;
        };
        let quiet_days = now.duration_since(last_visit.at).as_hours() / 24;
        // Nobody buys twice in these days, so that each scene can be told apart.
        if quiet_days < 5 || life.has_left {
            return false;
        }
        if let Some(complaint) = &life.open_complaint {
            return matches!(self, Role::Complaining)
                && complaint.opened_at < draw::yesterday(now).0;
        }
        match self {
            Role::Callable(relationship) => {
                customer.relationship == relationship && customer.is_callable()
            }
            Role::Complaining => false,
            Role::NoAddress => customer.email_consent == Email::NoAddress,
            Role::MailDenied => customer.email_consent == Email::AllDenied,
            Role::Regular => {
                let can_be_mailed =
                    matches!(customer.email_consent, Email::Granted | Email::Silent);
                !customer.relationship.is_close() && can_be_mailed && quiet_days < 150
            }
        }
    }
}

/// What comes of a purchase before `now`.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Nothing,
    Delivered,
    Refunded,
}

/// Purchases to arrange: who, how many of them, whether yesterday, how large,
/// and what then. With the newcomers' they are thirty, half of them yesterday.
const PURCHASES: &[(Role, usize, bool, Size, Then)] = &[
    (Role::Callable(Relationship::Dedicated), 1, true, Size::Large, Then::Nothing),
    (Role::Callable(Relationship::Dedicated), 1, true, Size::Usual, Then::Nothing),
    (Role::Callable(Relationship::Personal), 2, true, Size::Usual, Then::Nothing),
    (Role::Complaining, 1, true, Size::Usual, Then::Nothing),
    (Role::NoAddress, 1, true, Size::Usual, Then::Nothing),
    (Role::Regular, 1, true, Size::Usual, Then::Delivered),
    (Role::Regular, 5, true, Size::Usual, Then::Nothing),
    (Role::Callable(Relationship::Dedicated), 1, false, Size::Usual, Then::Nothing),
    (Role::Callable(Relationship::Personal), 2, false, Size::Usual, Then::Nothing),
    (Role::Complaining, 1, false, Size::Usual, Then::Nothing),
    (Role::MailDenied, 1, false, Size::Usual, Then::Nothing),
    (Role::Regular, 1, false, Size::Usual, Then::Refunded),
    (Role::Callable(Relationship::LongTerm), 1, false, Size::Large, Then::Nothing),
    (Role::Regular, 5, false, Size::Usual, Then::Nothing),
];

/// Severities of the complaints that are left open, from the days before.
const OPEN_COMPLAINTS: &[&str] = &["high", "normal", "normal", "normal", "low", "low"];

/// The customers who are still free to play a part, in random order.
struct Cast<'a> {
    lives: &'a mut [Life],
    free: Vec<usize>,
    now: Timestamp,
}

impl Cast<'_> {
    /// Somebody for the part, who then plays no other. `None` once nobody is
    /// left: a scene less, which the tests would tell.
    fn take(&mut self, role: Role) -> Option<&mut Life> {
        let place = self.free.iter().position(|&index| role.fits(&self.lives[index], self.now))?;
        let index = self.free.swap_remove(place);
        self.lives.get_mut(index)
    }
}

/// Arranges the last days.
pub fn stage(rng: &mut Rng, lives: &mut [Life], now: Timestamp) {
    let mut order: Vec<usize> = (0..lives.len()).collect();
    rng.shuffle(&mut order);
    let mut cast = Cast { lives, free: order, now };
    leave_complaints_open(rng, &mut cast);
    for &(role, count, is_yesterday, size, then) in PURCHASES {
        for _ in 0..count {
            if let Some(life) = cast.take(role) {
                let window = if is_yesterday { draw::yesterday(now) } else { draw::today(now) };
                purchase(rng, life, window, size, then, now);
            }
        }
    }
    voices(rng, &mut cast);
    changes(rng, &mut cast);
}

/// Some complaints of last week, not yet resolved. Who complains stays free:
/// some of them buy all the same.
fn leave_complaints_open(rng: &mut Rng, cast: &mut Cast) {
    let now = cast.now;
    let window = (draw::minutes_before(now, 10 * 24 * 60), draw::minutes_before(now, 77 * 60));
    for severity in OPEN_COMPLAINTS {
        let mut complaining = None;
        for &index in &cast.free {
            let life = &cast.lives[index];
            let bought_before = life.last_visit.is_some_and(|visit| visit.at < window.0);
            if bought_before && Role::Regular.fits(life, now) {
                complaining = Some(index);
                break;
            }
        }
        if let Some(life) = complaining.and_then(|index| cast.lives.get_mut(index)) {
            let at = between(rng, window, life.customer.home.time_zone, Hours::Online);
            encounters::open_complaint(life, at, severity, rng);
        }
    }
}

fn purchase(
    rng: &mut Rng,
    life: &mut Life,
    window: Window,
    size: Size,
    then: Then,
    now: Timestamp,
) {
    let home = life.customer.home;
    let in_store = |rng: &mut Rng| between(rng, window, home.shop.time_zone, Hours::Store);
    match then {
        Then::Nothing => {
            let is_online = chance(rng, home.online);
            let at = if is_online {
                between(rng, window, home.time_zone, Hours::Online)
            } else {
                in_store(rng)
            };
            story::buy(life, Visit { at, is_online }, size, rng);
        }
        Then::Delivered => {
            // Leaves a day and a half for the parcel, so that it comes by daylight.
            let ordered = (window.0, draw::minutes_before(now, 36 * 60));
            let at = between(rng, ordered, home.time_zone, Hours::Online);
            let on_its_way =
                (plus(at, SignedDuration::from_hours(14)), draw::minutes_before(now, 5));
            let is_online = true;
            let bought = story::buy(life, Visit { at, is_online }, size, rng);
            let delivered_at = between(rng, on_its_way, home.time_zone, Hours::Delivery);
            story::deliver(life, &bought, delivered_at);
        }
        Then::Refunded => {
            // Two instants at which the shop is open, whatever time it is now.
            let (one, other) = (in_store(rng), in_store(rng));
            let at = one.min(other);
            let is_online = false;
            let bought = story::buy(life, Visit { at, is_online }, size, rng);
            let refunded_at = one.max(other).max(plus(at, SignedDuration::from_mins(10)));
            story::refund(life, &bought, refunded_at, true, rng);
        }
    }
}

/// What customers and reps said in the last day.
fn voices(rng: &mut Rng, cast: &mut Cast) {
    let window = draw::today(cast.now);
    for (score, touchpoint) in [
        (Score::Nps(10), "store purchase"),
        (Score::Nps(3), "delivery"),
        (Score::Csat(5), "delivery"),
        (Score::Csat(2), "store purchase"),
    ] {
        if let Some(life) = cast.take(Role::Regular) {
            let at = between(rng, window, life.customer.home.time_zone, Hours::Online);
            encounters::survey(life, at, touchpoint, score, rng);
        }
    }
    for promised_days in [1, 3] {
        if let Some(life) = cast.take(Role::Callable(Relationship::Dedicated)) {
            let at = between(rng, window, life.customer.home.shop.time_zone, Hours::Desk);
            encounters::meet(life, at, promised_days, rng);
        }
    }
    for outcome in ["reached", "voicemail"] {
        if let Some(life) = cast.take(Role::Callable(Relationship::Personal)) {
            let at = between(rng, window, life.customer.home.time_zone, Hours::Desk);
            encounters::call(life, at, outcome, rng);
        }
    }
    if let Some(life) = cast.take(Role::Regular) {
        let at = between(rng, window, life.customer.home.time_zone, Hours::Online);
        encounters::review(life, at, 5, rng);
    }
    if let Some(life) = cast.take(Role::Regular) {
        let at = between(rng, window, life.customer.home.shop.time_zone, Hours::Store);
        encounters::look_around(life, at, "prepurchase", rng);
    }
}

/// What changed in the last day: complaints, consents, profiles.
fn changes(rng: &mut Rng, cast: &mut Cast) {
    let window = draw::today(cast.now);
    if let Some(life) = cast.take(Role::Complaining) {
        let at = between(rng, window, life.customer.home.time_zone, Hours::Desk);
        encounters::resolve_complaint(life, at);
    }
    if let Some(life) = cast.take(Role::Callable(Relationship::Personal)) {
        let at = between(rng, window, life.customer.home.time_zone, Hours::Online);
        encounters::open_complaint(life, at, "high", rng);
    }
    if let Some(life) = cast.take(Role::Regular) {
        let at = between(rng, window, life.customer.home.time_zone, Hours::Online);
        let denied = consent_detail(life, "email", "marketing", "denied", "unsubscribe link");
        life.record(at, "ConsentChanged", denied);
    }
    if let Some(life) = cast.take(Role::Regular) {
        let at = between(rng, window, life.customer.home.time_zone, Hours::Online);
        let profile = json!({ "relationship": Relationship::LongTerm.name() });
        life.record(at, "CustomerUpdated", profile);
    }
}
