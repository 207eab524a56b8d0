//! What follows from a mail or a call: the mail service's own events, a report;
//! and somebody who looks after what nobody knows of.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo::feedback::{self, Resolution};
use lazo::shell::store::FailureKind;
use lazo_fake_aws::mail::Accepted;
use serde_json::{Value, json};

use super::fact::{Fact, For, Line, What};
use super::happening::rfc3339;
use super::life::{DAY, HOUR, MINUTE, SECOND};
use super::links;
use super::people::{CUSTOMER, GUEST, number_of, of_thousand};
use super::queue::{Delivery, Place};
use super::reports;
use super::seen::{Escalated, Gone, Morning};
use super::world::World;

/// Notes what went out since the last look, and what will follow from it.
pub fn collect(world: &mut World) {
    for mail in world.aws.mail.take() {
        take_mail(world, &mail);
    }
    for event in world.aws.bus.take() {
        match event.detail_type.as_str() {
            "CallRequested" => take_request(world, &event.detail, true),
            "TaskRequested" | "OpportunityFound" => take_request(world, &event.detail, false),
            "ComplaintEscalated" => take_escalation(world, &event.detail),
            _ => {}
        }
    }
}

fn tag(mail: &Accepted, name: &str) -> String {
    let bytes = mail.tags.get(name).and_then(|value| URL_SAFE_NO_PAD.decode(value).ok());
    String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
}

/// The customer's place in the shop, by the id.
fn place(world: &World, id: &str) -> Option<usize> {
    let number = number_of(id)?;
    let first = world.people.first()?.number;
    number.checked_sub(first).filter(|place| *place < world.people.len())
}

/// A touch as the customer's own, where it is one of the guest that they were.
pub fn as_own(touch: &str) -> String {
    touch.replacen(&format!("/{GUEST}"), &format!("/{CUSTOMER}"), 1)
}

fn take_mail(world: &mut World, mail: &Accepted) {
    world.totals.mails += 1;
    if let Some(notice) = mail.tags.get("notice") {
        world.totals.notices += 1;
        *world.notices.entry(notice.clone()).or_default() += 1;
        let told = mail.raw.as_deref().and_then(links::plain).as_deref().and_then(complaints_due);
        world.mornings.extend(told.map(|complaints| Morning { at: world.now, complaints }));
        return;
    }
    let touch = tag(mail, "touch");
    let Some(customer) = place(world, &tag(mail, "customer")) else { return };
    let to = mail.to.first().map(String::as_str).unwrap_or_default();
    let to = to.rsplit_once('<').map_or(to, |(_, inner)| inner).trim_end_matches('>').to_owned();
    let at = world.now;
    world.tell(customer, || format!("the mail service took {touch} to {to}"));
    world.gone[customer].push(Gone { touch, at, to: Some(to.clone()), is_of_guest: false });
    tell_by_events(world, mail, customer, &to);
    links::follow(world, mail, customer);
}

/// Of how many complaints a morning's mail tells; `None` where it is none.
fn complaints_due(text: &str) -> Option<usize> {
    let (_, told) = text.split_once("complaints due: ")?;
    told.split_once('.')?.0.parse().ok()
}

/// The mail service's events about one mail, a fifth of which are lost.
fn tell_by_events(world: &mut World, mail: &Accepted, customer: usize, to: &str) {
    let now = world.now;
    let mut events = vec![("Email Sent", json!({ "send": {} }), Vec::new(), 5 * SECOND)];
    let at = now + world.rng.i64(SECOND..20 * MINUTE);
    let time = rfc3339(at);
    let suppressed = |at| {
        let address = to.to_owned();
        Fact::new(What::Suppressed { address }, "", at)
    };
    if of_thousand(&mut world.rng, 4) {
        let bounce = json!({ "bounce": { "bounceType": "Permanent", "timestamp": time } });
        events.push(("Email Bounced", bounce, vec![suppressed(at)], at - now));
    } else {
        let delivery = json!({ "delivery": { "timestamp": time } });
        events.push(("Email Delivered", delivery, Vec::new(), at - now));
    }
    if of_thousand(&mut world.rng, 1) {
        let at = now + world.rng.i64(HOUR..3 * DAY) / SECOND * SECOND;
        let complaint = json!({ "complaint": {
            "complaintFeedbackType": "abuse", "timestamp": rfc3339(at) } });
        let no = What::Consent { line: Line::Email, purpose: For::Marketing, denied: true };
        let facts = vec![suppressed(at), Fact::new(no, "", at)];
        events.push(("Email Complaint Received", complaint, facts, at - now));
    }
    for (kind, more, facts, after) in events {
        if of_thousand(&mut world.rng, 200) {
            world.totals.mail_events_lost += 1;
            continue;
        }
        let text: Rc<str> = mail_event(world, mail, to, kind, more).to_string().into();
        let first = world.facts[customer].len();
        let told: Vec<Place> = (first..first + facts.len()).map(|fact| (customer, fact)).collect();
        world.facts[customer].extend(facts);
        let delivery = Delivery::Feedback { text, facts: told };
        if of_thousand(&mut world.rng, 50) {
            world.totals.duplicates += 1;
            let later = world.rng.i64(MINUTE..DAY);
            world.queue.push(now + after + later, delivery.clone());
        }
        world.queue.push(now + after, delivery);
    }
}

fn mail_event(world: &World, mail: &Accepted, to: &str, kind: &str, more: Value) -> Value {
    let tags: serde_json::Map<String, Value> = mail
        .tags
        .iter()
        .map(|(name, value)| (name.clone(), json!([value])))
        .chain([("ses:configuration-set".to_owned(), json!([mail.configuration_set]))])
        .collect();
    let mut detail = json!({ "mail": {
        "timestamp": rfc3339(world.now), "messageId": mail.message_id,
        "destination": [to], "tags": tags,
    } });
    if let (Some(detail), Value::Object(more)) = (detail.as_object_mut(), more) {
        detail.extend(more);
    }
    let time = rfc3339(world.now);
    json!({ "source": "aws.ses", "detail-type": kind, "time": time, "detail": detail })
}

fn take_escalation(world: &mut World, detail: &Value) {
    let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
    let Some(customer) = place(world, &text("customer_id")) else { return };
    let level = detail["level"].as_u64().unwrap_or_default();
    let escalated = Escalated { complaint: text("complaint_id"), level, at: world.now };
    world.tell(customer, || format!("{escalated:?}"));
    world.escalated[customer].push(escalated);
}

fn take_request(world: &mut World, detail: &Value, is_call: bool) {
    let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
    let (touch, id) = (as_own(&text("touch_id")), text("customer_id"));
    let is_of_guest = id.starts_with(GUEST);
    let Some(customer) = place(world, &id) else { return };
    // Told twice it is one call: the touch id is its key.
    let is_known = |gone: &Gone| gone.touch == touch && gone.is_of_guest == is_of_guest;
    if world.gone[customer].iter().any(is_known) {
        return;
    }
    *(if is_call { &mut world.totals.calls } else { &mut world.totals.tasks }) += 1;
    world.tell(customer, || format!("{touch} was asked for"));
    world.gone[customer].push(Gone { touch: touch.clone(), at: world.now, to: None, is_of_guest });
    match is_call {
        true => reports::of_call(world, customer, &touch, &id),
        false => reports::of_task(world, customer, &touch, &id),
    }
}

/// Somebody goes through the touches of which nobody knows, and settles half
/// of them by what the mail service says.
pub async fn look_after_unknown(world: &mut World) {
    let (app, now) = (world.app.clone(), world.instant());
    world.faults.plan(lazo_fake_aws::faults::Plan::Clean);
    let Ok(failures) = app.store.failures(now).await else { return };
    for failure in failures.iter().filter(|f| f.kind == FailureKind::UnknownSend) {
        let Ok(touch) = app.store.failed_text(failure).await else { continue };
        let is_new = world.listed.insert(touch.clone());
        if !is_new || world.rng.bool() {
            continue;
        }
        let customer = touch.split('/').nth(1).and_then(|id| place(world, id));
        let Some(customer) = customer else { continue };
        let went = world.gone[customer].iter().any(|gone| gone.touch == touch);
        let word = if went { Resolution::Sent } else { Resolution::Resend };
        world.tell(customer, || format!("{touch} is settled by hand: {word:?}"));
        if feedback::settle(&app, &touch, word, now).await.is_ok() {
            let _ = app.store.drop_failure(failure).await;
        }
    }
    world.totals.requests += world.faults.count();
}
