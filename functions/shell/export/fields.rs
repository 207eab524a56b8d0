//! What is stored on a customer, in fields that functions/cli/README.md describes.

use crate::shell::store::{TouchEntry, TouchState};
use jiff::tz::TimeZone;
use lazo_domain::customer::Customer;
use lazo_domain::event::{ConsentChannel, ConsentPurpose, ConsentState};
use lazo_domain::history::Purchase;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use serde_json::{Map, Value, json};

use super::Whole;

/// The version of these fields: it changes where one of them changes its meaning.
const FORMAT_VERSION: u32 = 1;

pub fn of(whole: &Whole, book: &RuleBook) -> Value {
    let Whole { told, kept_aside, now } = whole;
    let customer = &told.customer;
    let zone = &*customer.zone(&book.default_zone);
    let at = |at: Instant| at.rfc3339_in(zone);
    let other_ids = customer.merged.iter().map(|alias| &alias.id);
    let answers = told.answers.iter().map(|one| {
        json!({
            "answer_id": one.answer_id, "at": at(one.at), "touchpoint": one.touchpoint,
            "csat": one.csat, "nps": one.nps, "comment": one.comment,
        })
    });
    let contacts = customer.contacts.iter().map(|one| {
        json!({ "at": at(one.at), "channel": one.channel, "kind": one.kind, "note": one.note })
    });
    let complaints = customer.complaints.iter().map(|(id, one)| {
        json!({
            "complaint_id": id, "severity": one.severity, "category": one.category,
            "opened_at": one.opened_at.map(at), "resolved_at": one.resolved_at.map(at),
            "root_cause": one.root_cause,
        })
    });
    let calls = told.calls.iter().map(|one| {
        json!({
            "touch_id": one.touch.to_string(), "channel": one.channel,
            "assigned_to": one.assigned_to, "asked_at": at(one.asked_at),
            "outcome": one.outcome,
        })
    });
    let planned = customer.pending().map(|one| {
        json!({ "touch_id": one.touch(&customer.id).to_string(), "rule": one.rule, "next": at(one.next) })
    });
    let events = told.events.iter().map(|one| {
        json!({ "event": one.kind, "key": one.key, "at": at(one.at), "received_at": at(one.received_at) })
    });
    let stages = customer.stages.iter();
    json!({
        "format_version": FORMAT_VERSION,
        "customer_id": customer.id,
        "other_ids": other_ids.collect::<Vec<_>>(),
        "exported_at": at(*now),
        "erased_at": customer.erased_at.map(at),
        "profile": profile(customer),
        "consents": consents(customer, zone),
        "said_of_addresses": said_of_addresses(customer),
        "purchases": customer.history.purchases.iter().map(|one| purchase(one, zone)).collect::<Vec<_>>(),
        "earlier_purchases": customer.history.earlier.as_ref().map(|earlier| earlier.purchases),
        "contacts": contacts.collect::<Vec<_>>(),
        "answers": answers.collect::<Vec<_>>(),
        "complaints": complaints.collect::<Vec<_>>(),
        "calls_and_tasks": calls.collect::<Vec<_>>(),
        "touches": told.touches.iter().map(|one| touch(one, zone)).collect::<Vec<_>>(),
        "planned": planned.collect::<Vec<_>>(),
        "stages": stages.map(|one| json!({ "stage": one.stage, "at": at(one.at) })).collect::<Vec<_>>(),
        "events": events.collect::<Vec<_>>(),
        "could_not_be_processed": kept_aside,
    })
}

/// The values that count now, and addresses of before.
fn profile(customer: &Customer) -> Value {
    let profile = &customer.profile;
    let former = |latest: Option<&str>, all: Vec<&str>| {
        all.into_iter().filter(|one| Some(*one) != latest).map(str::to_owned).collect::<Vec<_>>()
    };
    let (email, phone) = (profile.email.latest(), profile.phone.latest());
    let emails = profile.email.all().map(|one| one.as_str()).collect();
    let phones = profile.phone.all().map(|one| one.as_str()).collect();
    let anniversaries: Map<String, Value> = profile
        .anniversaries
        .iter()
        .filter_map(|(name, date)| Some((name.clone(), json!(date.latest()?))))
        .collect();
    let attributes: Map<String, Value> = profile
        .attributes
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), json!(value.latest()?))))
        .collect();
    json!({
        "given": profile.given.latest(),
        "family": profile.family.latest(),
        "email": email,
        "former_emails": former(email.map(|one| one.as_str()), emails),
        "phone": phone,
        "former_phones": former(phone.map(|one| one.as_str()), phones),
        "locale": profile.locale.latest(),
        "time_zone": profile.time_zone.latest(),
        "country": profile.country.latest(),
        "birthday": profile.birthday.latest(),
        "anniversaries": anniversaries,
        "relationship": profile.relationship.latest(),
        "account_manager": profile.account_manager.latest(),
        "interests": profile.interests.latest(),
        "attributes": attributes,
    })
}

fn consents(customer: &Customer, zone: &TimeZone) -> Vec<Value> {
    let mut all = Vec::new();
    for (id, consents) in customer.consents_by_id() {
        for channel in [ConsentChannel::Email, ConsentChannel::Call] {
            all.extend(consents.words(channel).map(|(purpose, word)| {
                json!({
                    "channel": match channel {
                        ConsentChannel::Email => "email",
                        ConsentChannel::Call => "call",
                    },
                    "purpose": purpose_name(purpose),
                    "state": match word.state {
                        ConsentState::Granted => "granted",
                        ConsentState::Denied => "denied",
                    },
                    "at": word.at.rfc3339_in(zone),
                    "customer_id": id,
                })
            }));
        }
    }
    all
}

fn purpose_name(purpose: ConsentPurpose) -> &'static str {
    match purpose {
        ConsentPurpose::Marketing => "marketing",
        ConsentPurpose::Service => "service",
        ConsentPurpose::All => "all",
    }
}

fn purchase(purchase: &Purchase, zone: &TimeZone) -> Value {
    let refunds = purchase.refunds.iter().map(|refund| {
        let total = refund.total.as_ref().map(|amount| {
            json!({ "amount": amount, "currency": refund.currency.unwrap_or(purchase.currency) })
        });
        json!({ "refund_id": refund.id, "at": refund.at.rfc3339_in(zone), "total": total })
    });
    json!({
        "purchase_id": purchase.id,
        "at": purchase.at.rfc3339_in(zone),
        "total": { "amount": purchase.total.to_string(), "currency": purchase.currency },
        "items": purchase.items,
        "categories": purchase.categories,
        "sold_by": purchase.sold_by,
        "delivered_at": purchase.delivered_at.map(|at| at.rfc3339_in(zone)),
        "refunds": refunds.collect::<Vec<_>>(),
    })
}

fn touch(touch: &TouchEntry, zone: &TimeZone) -> Value {
    let mut told = json!({
        "touch_id": touch.touch.to_string(),
        "rule": touch.touch.rule,
        "channel": touch.channel,
        "status": match touch.state {
            TouchState::Sent => "sent",
            TouchState::Skipped => "skipped",
            TouchState::Cancelled => "cancelled",
            TouchState::HeldOut => "held_out",
            TouchState::Fenced | TouchState::PutBack => "pending",
        },
        "at": touch.at.rfc3339_in(zone),
        "reason": touch.reason,
    });
    if let Some(variant) = &touch.variant {
        told["variant"] = json!(variant);
    }
    told
}

/// What is kept by the customer's address and number, apart from the customer:
/// an erasure leaves it. Under which other id it was said is not theirs to know.
pub fn said_of_addresses(customer: &Customer) -> Vec<Value> {
    let heard = [("email", &customer.heard.email), ("phone", &customer.heard.phone)];
    let mut all = Vec::new();
    for (of, words) in heard.into_iter().filter_map(|(of, words)| Some((of, words.as_ref()?))) {
        for (purpose, word) in words.each() {
            let state = if word.denied { "denied" } else { "granted" };
            let purpose = purpose_name(purpose);
            all.push(
                json!({ "of": of, "purpose": purpose, "state": state, "at": word.at.to_string() }),
            );
        }
        let stop = words.stop().map(|stop| stop.at.to_string());
        all.extend(stop.map(|at| json!({ "of": of, "state": "suppressed", "at": at })));
    }
    all
}
