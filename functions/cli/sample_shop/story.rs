//! One customer's two years: purchases by their own rhythm, and what follows
//! each of them.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::catalogue::{Size, basket, items, money, total_cents};
use super::draw::{self, Hours, chance, exponential, on_day, pick, plus};
use super::life::{Life, Purchase, Visit};
use super::people::{Customer, Relationship};
use super::{encounters, sign_up, texts};

/// Lives through the time up to where `recent` takes over. Consequences of a
/// late purchase may lie after `now`; the caller drops those.
pub fn live(customer: Customer, now: Timestamp, rng: &mut Rng) -> Life {
    let mut life = Life::new(customer);
    sign_up::profile(&mut life, now, rng);
    sign_up::consents(&mut life, now, rng);

    let (directed_from, _) = draw::yesterday(now);
    let mut visit = if life.customer.is_prospect {
        let signed_up = life.customer.signed_up;
        encounters::look_around(&mut life, signed_up, "prepurchase", rng);
        next_visit(&life, life.customer.signed_up, rng)
    } else {
        Visit {
            at: plus(life.customer.signed_up, SignedDuration::from_secs(rng.i64(300..600))),
            is_online: chance(rng, life.customer.home.online),
        }
    };
    // A newcomer's first purchase is one of those that `recent` counts on.
    let buys_at_once = !life.customer.is_prospect;
    while visit.at < directed_from || buys_at_once && life.last_visit.is_none() {
        let size = if chance(rng, 0.02) { Size::Large } else { Size::Usual };
        let purchase = buy(&mut life, visit, size, rng);
        aftermath(&mut life, &purchase, now, rng);
        if chance(rng, life.customer.dropout) {
            encounters::farewell(&mut life, visit.at, now, rng);
            break;
        }
        visit = next_visit(&life, visit.at, rng);
    }
    life
}

/// At least a day later, in the hours of the shop or of people online.
fn next_visit(life: &Life, at: Timestamp, rng: &mut Rng) -> Visit {
    let home = life.customer.home;
    let days = 1 + exponential(rng, life.customer.mean_gap_days) as i64;
    let days = days..=days;
    let is_online = chance(rng, home.online);
    let at = if is_online {
        life.later(rng, at, days, Hours::Online)
    } else {
        on_day(rng, at, days, home.shop.time_zone, Hours::Store)
    };
    Visit { at, is_online }
}

/// Buys: a visit to the shop is sold by whoever looks after the customer.
pub fn buy(life: &mut Life, visit: Visit, size: Size, rng: &mut Rng) -> Purchase {
    let lines = basket(rng, &life.customer.tastes, size);
    let purchase = Purchase {
        id: life.next_id("pur"),
        visit,
        total_cents: total_cents(&lines),
        first_piece_cents: lines.first().map_or(0, |line| line.product.price_cents),
    };
    let mut detail = json!({
        "purchase_id": purchase.id,
        "total": money(purchase.total_cents),
        "items": items(&lines),
        "channel": if visit.is_online { "online" } else { "store" },
    });
    if !visit.is_online {
        detail["sold_by"] = json!(life.customer.home.shop.rep);
    }
    life.record(visit.at, "PurchaseCompleted", detail);
    life.last_visit = Some(visit);
    purchase
}

pub fn deliver(life: &mut Life, purchase: &Purchase, at: Timestamp) {
    let delivered = json!({ "purchase_id": purchase.id });
    life.record(at, "PurchaseDelivered", delivered);
}

/// Takes all of it back, or one piece where there is more than one.
pub fn refund(life: &mut Life, purchase: &Purchase, at: Timestamp, all: bool, rng: &mut Rng) {
    let mut refund = json!({
        "refund_id": life.next_id("ref"),
        "purchase_id": purchase.id,
        "reason": life.say(pick(rng, texts::REFUND_REASONS)),
    });
    if !all && purchase.first_piece_cents < purchase.total_cents {
        refund["total"] = money(purchase.first_piece_cents);
    }
    life.record(at, "PurchaseRefunded", refund);
}

/// What may follow a purchase.
fn aftermath(life: &mut Life, purchase: &Purchase, now: Timestamp, rng: &mut Rng) {
    let Visit { at, is_online } = purchase.visit;
    if is_online {
        let delivered_at = life.later(rng, at, 1..=4, Hours::Delivery);
        deliver(life, purchase, delivered_at);
    }
    if chance(rng, 0.03) {
        let refunded_at = life.later(rng, at, 5..=9, Hours::Desk);
        let all = chance(rng, 0.6);
        refund(life, purchase, refunded_at, all, rng);
    }
    if chance(rng, 0.05) {
        let opened_at = life.later(rng, at, 2..=6, Hours::Online);
        encounters::complaint(life, opened_at, now, rng);
    }
    let (met, called) = match life.customer.relationship {
        Relationship::Transactional => (0.0, 0.0),
        Relationship::LongTerm => (0.02, 0.05),
        Relationship::Personal => (0.15, 0.25),
        Relationship::Dedicated => (0.35, 0.3),
    };
    if chance(rng, met) {
        let met_at = life.later(rng, at, 2..=12, Hours::Desk);
        let promised_days = rng.i64(5..=20);
        encounters::meet(life, met_at, promised_days, rng);
    }
    if life.customer.is_callable() && chance(rng, called) {
        let called_at = life.later(rng, at, 1..=3, Hours::Desk);
        let outcome = encounters::call_outcome(rng);
        encounters::call(life, called_at, outcome, rng);
    }
    if chance(rng, 0.2) {
        let answer_days = if is_online { 5..=6 } else { 1..=2 };
        let answered_at = life.later(rng, at, answer_days, Hours::Online);
        let touchpoint = if is_online { "delivery" } else { "store purchase" };
        let score = encounters::draw_score(rng);
        encounters::survey(life, answered_at, touchpoint, score, rng);
    }
    if chance(rng, 0.2) {
        let met_again_at = life.later(rng, at, 3..=20, Hours::Store);
        encounters::stay_in_touch(life, met_again_at, rng);
    }
}
