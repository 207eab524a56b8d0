//! The first day: the profile, the consents, and how both changed since.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::draw::{Hours, chance, on_day, plus};
use super::life::Life;
use super::people::{Customer, Email, Relationship};
use super::texts;

/// The profile, as it was on the first day and as it changed since.
pub fn profile(life: &mut Life, now: Timestamp, rng: &mut Rng) {
    let customer = &life.customer;
    let Customer { home, relationship, signed_up, .. } = *customer;
    // A rep takes somebody over after having come to know them.
    let taken_over = on_day(rng, signed_up, 30..=90, home.shop.time_zone, Hours::Desk);
    let grows_close = relationship.is_close() && taken_over <= now && chance(rng, 0.5);
    let at_first = if grows_close { Relationship::LongTerm } else { relationship };

    let mut profile = json!({
        "name": { "given": customer.given, "family": customer.family },
        "locale": home.locale,
        "time_zone": home.time_zone,
        "country": home.country,
        "relationship": at_first.name(),
        "interests": [customer.tastes[0], customer.topic],
        "attributes": {
            "city": home.city,
            "home_shop": home.shop.id,
            "signed_up": if customer.is_prospect { "visit" } else { "purchase" },
            "has_garden": chance(rng, 0.6),
        },
    });
    let optional =
        [("email", &customer.email), ("phone", &customer.phone), ("birthday", &customer.birthday)];
    for (field, value) in optional {
        if let Some(value) = value {
            profile[field] = json!(value);
        }
    }
    if let Some(wedding) = &customer.wedding {
        profile["anniversaries"] = json!({ "wedding": wedding });
    }
    if at_first.is_close() {
        profile["account_manager"] = json!(home.shop.rep);
    }
    let interests =
        json!({ "interests": [customer.tastes[0], customer.tastes[1], customer.topic] });
    life.record(signed_up, "CustomerUpdated", profile);

    if grows_close {
        let closer = json!({
            "relationship": relationship.name(),
            "account_manager": home.shop.rep,
        });
        life.record(taken_over, "CustomerUpdated", closer);
    }
    if chance(rng, 0.3) {
        let at = life.later(rng, signed_up, 20..=300, Hours::Online);
        life.record(at, "CustomerUpdated", interests);
    }
}

/// What the customer allowed or forbade: at once, or after a change of mind.
pub fn consents(life: &mut Life, now: Timestamp, rng: &mut Rng) {
    let signed_up = life.customer.signed_up;
    let at_checkout = plus(signed_up, SignedDuration::from_secs(rng.i64(30..240)));
    let changed = life.later(rng, signed_up, 20..=200, Hours::Online);
    let denied_purpose = match life.customer.email_consent {
        Email::MarketingDenied => Some("marketing"),
        Email::AllDenied => Some("all"),
        Email::Granted | Email::Silent | Email::NoAddress => None,
    };
    let changes_mind = denied_purpose.is_some() && changed <= now && chance(rng, 0.5);
    if changes_mind || life.customer.email_consent == Email::Granted {
        let mut granted = consent_detail(life, "email", "marketing", "granted", "checkout");
        granted["wording"] = json!(life.say(texts::CONSENT_WORDING));
        life.record(at_checkout, "ConsentChanged", granted);
    }
    if let Some(purpose) = denied_purpose {
        let (at, source) =
            if changes_mind { (changed, "preferences page") } else { (at_checkout, "checkout") };
        let denied = consent_detail(life, "email", purpose, "denied", source);
        life.record(at, "ConsentChanged", denied);
    }
    if life.customer.call_denied {
        let denied = consent_detail(life, "call", "all", "denied", "checkout");
        life.record(at_checkout, "ConsentChanged", denied);
    }
}

/// The `detail` of a `ConsentChanged`.
pub fn consent_detail(
    life: &mut Life,
    channel: &str,
    purpose: &str,
    state: &str,
    source: &str,
) -> Value {
    json!({
        "consent_id": life.next_id("con"),
        "channel": channel,
        "purpose": purpose,
        "state": state,
        "source": source,
    })
}
