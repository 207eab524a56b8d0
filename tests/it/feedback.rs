//! What SES tells of mails settles what was unknown and stops what is unwelcome,
//! however late, often or jumbled it comes.

use lazo::feedback;
use lazo::shell::app::{App, ses_client};
use lazo::shell::bus::Bus;
use lazo::shell::mailer::{Mailer, Ses};
use lazo::shell::rules::Rules;
use lazo::shell::store::{FailureKind, Store, TouchState};
use lazo::{dispatch, ingest};
use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::customer::{Customer, SendAnswer};
use lazo_domain::instant::Instant;
use lazo_domain::policy::MarketingConsent;
use lazo_domain::touch::{Reason, TouchId};
use serde_json::{Value, json};

use crate::dispatch::{ana_buys, assert_impersonal, due, noon, touches};
use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::recorder::{Reply, Service};
use crate::support::{CONFIGURATION_SET, World, id, minutes_after, sdk_at};

const ADDRESS: &str = "marisol.nandu@example.com";

/// What is known of how the sending of the customer's first touch went.
fn answer(customer: &Customer) -> Option<SendAnswer> {
    Some(customer.enrolments[0].sending()?.answer)
}

/// An event of SES's about a mail that the recorder took.
fn told(kind: &str, mail: &Value, at: Instant, more: Value) -> String {
    let mut tags = json!({ "ses:configuration-set": [mail["ConfigurationSetName"]] });
    for tag in mail["EmailTags"].as_array().unwrap() {
        tags[tag["Name"].as_str().unwrap()] = json!([tag["Value"]]);
    }
    let mut detail = json!({
        "eventType": "whatever",
        "mail": {
            "timestamp": due().to_string(),
            "messageId": "0100018e-ses",
            "destination": mail["Destination"]["ToAddresses"],
            "tags": tags,
        },
    });
    for (part, value) in more.as_object().unwrap() {
        detail[part] = value.clone();
    }
    let mut event: Value = serde_json::from_str(&envelope(kind, at, detail)).unwrap();
    event["source"] = "aws.ses".into();
    event.to_string()
}

pub fn sent(mail: &Value) -> String {
    told("Email Sent", mail, due(), json!({ "send": {} }))
}

pub fn delivered(mail: &Value) -> String {
    let at = minutes_after(due(), 1);
    told("Email Delivered", mail, at, json!({ "delivery": { "timestamp": at.to_string() } }))
}

fn bounced(mail: &Value, kind: &str) -> String {
    let at = minutes_after(due(), 2);
    let bounce = json!({ "bounceType": kind, "timestamp": at.to_string() });
    told("Email Bounced", mail, at, json!({ "bounce": bounce }))
}

fn complained(mail: &Value) -> String {
    let at = minutes_after(due(), 3);
    let complaint = json!({ "complaintFeedbackType": "abuse", "timestamp": at.to_string() });
    told("Email Complaint Received", mail, at, json!({ "complaint": complaint }))
}

fn rejected(mail: &Value) -> String {
    told("Email Rejected", mail, due(), json!({ "reject": { "reason": "Bad content" } }))
}

pub fn mails(world: &World) -> Vec<Value> {
    world.recorder.requests(Service::Ses)
}

/// Takes events as one batch that must not fail.
pub async fn take(world: &World, events: &[String], now: Instant) {
    let response = feedback::handle(&world.app, batch(events), now).await;
    assert!(response.batch_item_failures.is_empty());
}

pub async fn run_on(world: &World, from: Instant, minutes: i64) -> usize {
    let mut sent = 0;
    for minute in 0..minutes {
        sent += dispatch::run(&world.app, minutes_after(from, minute)).await.unwrap().sent;
    }
    sent
}

/// A mail of Ana's whose answer is lost.
pub async fn lost(world: &World) -> Value {
    ana_buys(world).await;
    world.recorder.script(Service::Ses, [Reply::Close]);
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().unknown, 1);
    mails(world)[0].clone()
}

pub async fn failures(world: &World) -> Vec<lazo::shell::store::Failure> {
    world.app.store.failures(minutes_after(due(), 200)).await.unwrap()
}

pub fn names(world: &World) -> Vec<String> {
    world.recorder.entries().into_iter().map(|(name, _)| name).collect()
}

#[tokio::test]
async fn whatever_proves_that_ses_took_it_settles_a_lost_answer() {
    let facts: [fn(&Value) -> String; 5] = [
        sent,
        delivered,
        |mail| bounced(mail, "Transient"),
        |mail| bounced(mail, "Permanent"),
        complained,
    ];
    for fact in facts {
        let world = World::shipped().await;
        let mail = lost(&world).await;
        take(&world, &[fact(&mail), fact(&mail)], minutes_after(due(), 1)).await;
        let ledger = touches(&world).await;
        assert_eq!((ledger.len(), ledger[0].state), (1, TouchState::Sent));
        assert_eq!((ledger[0].at, ledger[0].due), (due(), due()));
        assert_eq!(ledger[0].message_id.as_deref(), Some("0100018e-ses"));
        assert!(world.customer(&id("ana")).await.enrolments.is_empty());
        assert_eq!(run_on(&world, minutes_after(due(), 2), 70).await, 0);
        assert!(failures(&world).await.is_empty(), "nothing is left to look up");
        assert_eq!(mails(&world).len(), 1);
        assert_eq!(names(&world), ["EmailSent"], "told once");
        assert_impersonal(&world);
    }
}

#[tokio::test]
async fn a_touch_is_listed_after_an_hour_and_taken_off_when_ses_tells() {
    let world = World::shipped().await;
    let mail = lost(&world).await;
    assert_eq!(run_on(&world, due(), 60).await, 0);
    assert!(failures(&world).await.is_empty(), "SES has an hour");
    assert_eq!(run_on(&world, minutes_after(due(), 60), 5).await, 0);
    let listed = failures(&world).await;
    assert_eq!((listed.len(), listed[0].kind), (1, FailureKind::UnknownSend));
    assert_eq!(answer(&world.customer(&id("ana")).await), Some(SendAnswer::Listed));
    take(&world, &[delivered(&mail)], minutes_after(due(), 90)).await;
    assert!(failures(&world).await.is_empty());
    let ledger = touches(&world).await;
    assert_eq!(ledger[0].state, TouchState::Sent);
    assert_eq!(ledger[0].feedback.delivered_at, Some(minutes_after(due(), 1)));
    assert_eq!((run_on(&world, minutes_after(due(), 91), 5).await, mails(&world).len()), (0, 1));
}

#[tokio::test]
async fn what_ses_took_and_did_not_send_on_ends_undeliverable() {
    let world = World::shipped().await;
    let mail = lost(&world).await;
    take(&world, &[rejected(&mail), rejected(&mail)], minutes_after(due(), 1)).await;
    let ledger = touches(&world).await;
    assert_eq!(
        (ledger[0].state, ledger[0].reason),
        (TouchState::Skipped, Some(Reason::Undeliverable))
    );
    assert!(ledger[0].feedback.rejected_at.is_some());
    let ana = world.customer(&id("ana")).await;
    assert!(ana.enrolments.is_empty() && ana.sends.is_empty(), "and counts against no cap");
    assert_eq!(names(&world), ["TouchSkipped"]);
    // One that was taken for sent stays so, with a note.
    let world = World::shipped().await;
    ana_buys(&world).await;
    dispatch::run(&world.app, due()).await.unwrap();
    let mail = mails(&world)[0].clone();
    take(&world, &[rejected(&mail)], minutes_after(due(), 1)).await;
    let ledger = touches(&world).await;
    assert_eq!(ledger[0].state, TouchState::Sent);
    assert!(ledger[0].feedback.rejected_at.is_some());
}

/// Ana buys again, and what becomes of the mail about it.
async fn buys_again(world: &World, purchase_id: &str, days: i64) -> (TouchState, Option<Reason>) {
    let bought = minutes_after(noon(), days * 24 * 60);
    let event = [purchase("ana", purchase_id, bought, "10.00")];
    ingest::handle(&world.app, batch(&event), bought).await;
    dispatch::run(&world.app, minutes_after(due(), days * 24 * 60)).await.unwrap();
    let ledger = touches(world).await;
    let entry = ledger.iter().find(|entry| entry.touch.occurrence == purchase_id).unwrap();
    (entry.state, entry.reason)
}

async fn moves_to(world: &World, address: &str, days: i64) {
    let at = minutes_after(noon(), days * 24 * 60 - 60);
    let event = [profile("ana", at, json!({ "email": address }))];
    ingest::handle(&world.app, batch(&event), at).await;
}

#[tokio::test]
async fn a_suppression_belongs_to_the_address() {
    for complaint in [false, true] {
        let world = World::shipped().await;
        ana_buys(&world).await;
        dispatch::run(&world.app, due()).await.unwrap();
        let mail = mails(&world)[0].clone();
        let event = if complaint { complained(&mail) } else { bounced(&mail, "Permanent") };
        take(&world, &[event], minutes_after(due(), 5)).await;
        let ana = world.customer(&id("ana")).await;
        assert!(ana.suppressed.covers("Marisol.Nandu@example.com "));
        let allow = |purpose| ana.allows(Channel::Email, purpose, MarketingConsent::OptOut);
        assert_eq!(allow(Purpose::Marketing), !complaint, "spam is a no to marketing");
        assert!(allow(Purpose::Service));
        let suppressed = (TouchState::Skipped, Some(Reason::Suppressed));
        assert_eq!(buys_again(&world, "p2", 1).await, suppressed);
        // The same address told once more changes nothing; another one does.
        moves_to(&world, ADDRESS, 2).await;
        assert_eq!(buys_again(&world, "p3", 2).await, suppressed);
        moves_to(&world, "ana.nueva@example.com", 3).await;
        assert_eq!(buys_again(&world, "p4", 3).await, (TouchState::Sent, None));
        moves_to(&world, ADDRESS, 4).await;
        assert_eq!(buys_again(&world, "p5", 4).await, suppressed);
    }
}

#[tokio::test]
async fn a_bounce_of_an_address_left_behind_does_not_stop_the_new_one() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    dispatch::run(&world.app, due()).await.unwrap();
    let mail = mails(&world)[0].clone();
    moves_to(&world, "ana.nueva@example.com", 1).await;
    take(&world, &[bounced(&mail, "Permanent")], minutes_after(due(), 24 * 60)).await;
    assert_eq!(buys_again(&world, "p2", 2).await, (TouchState::Sent, None));
}

#[tokio::test]
async fn a_soft_bounce_is_noted_and_no_more() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    dispatch::run(&world.app, due()).await.unwrap();
    let before = world.customer(&id("ana")).await;
    let mail = mails(&world)[0].clone();
    take(&world, &[bounced(&mail, "Transient"), bounced(&mail, "Undetermined")], due()).await;
    assert_eq!(world.customer(&id("ana")).await, before);
    assert!(touches(&world).await[0].feedback.soft_bounced_at.is_some());
    assert_eq!(buys_again(&world, "p2", 1).await.0, TouchState::Sent);
}

#[tokio::test]
async fn any_order_and_any_number_of_times_comes_to_the_same() {
    let mut outcomes = Vec::new();
    for turn in 0..12 {
        let world = World::shipped().await;
        let mail = lost(&world).await;
        let mut events = vec![
            sent(&mail),
            delivered(&mail),
            bounced(&mail, "Permanent"),
            complained(&mail),
            delivered(&mail),
        ];
        let mut random = fastrand::Rng::with_seed(turn);
        random.shuffle(&mut events);
        for chunk in events.chunks(1 + turn as usize % 5) {
            take(&world, chunk, minutes_after(due(), 5)).await;
        }
        let ledger = serde_json::to_value(touches(&world).await).unwrap();
        outcomes.push((world.customer(&id("ana")).await, ledger, names(&world)));
    }
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:#?}");
}

#[tokio::test]
async fn what_is_of_others_or_cannot_be_read_stops_nobody() {
    let world = World::shipped().await;
    let mail = lost(&world).await;
    let mut other_set = mail.clone();
    other_set["ConfigurationSetName"] = "newsletter".into();
    let mut untagged = mail.clone();
    untagged["EmailTags"] = json!([]);
    let mut garbled = mail.clone();
    garbled["EmailTags"][1]["Value"] = "!!!".into();
    let mut unknown = mail.clone();
    unknown["EmailTags"] = json!([
        { "Name": "touch", "Value": "cnVsZS9ub2JvZHkvMS9tYWls" },
        { "Name": "customer", "Value": "bm9ib2R5" },
    ]);
    let bad = told("Email Bounced", &mail, due(), json!({}));
    let events = [
        bounced(&other_set, "Permanent"),
        sent(&other_set),
        complained(&untagged),
        sent(&garbled),
        bounced(&unknown, "Permanent"),
        bad.clone(),
        "no json".to_owned(),
        envelope("PurchaseCompleted", due(), json!({})),
        told("Email Opened", &mail, due(), json!({})),
    ];
    take(&world, &events, due()).await;
    let ana = world.customer(&id("ana")).await;
    assert!(ana.suppressed.is_empty());
    assert_eq!(answer(&ana), Some(SendAnswer::Lost));
    assert_eq!(touches(&world).await[0].state, TouchState::Fenced);
    let nobody = world.app.store.load(&id("nobody")).await.unwrap();
    assert_eq!(nobody.customer, lazo_domain::customer::Customer::new(id("nobody")));
    let kept = failures(&world).await;
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.iter().all(|failure| failure.kind == FailureKind::MailEvent));
    // One bad record and nine good ones: the good ones count.
    let mut poisoned = vec![sent(&mail); 9];
    poisoned.insert(4, bad);
    take(&world, &poisoned, due()).await;
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert_eq!(failures(&world).await.len(), 2, "the same text fails once");
}

#[tokio::test]
async fn what_cannot_be_stored_comes_again() {
    let world = World::shipped().await;
    let mail = lost(&world).await;
    let away = Store::new(aws_sdk_dynamodb::Client::new(&sdk_at("http://127.0.0.1:9")), "lazo");
    let app = app_with(&world, away, &world.recorder.url, Rules::from(None).unwrap());
    let events = [sent(&mail), "no json".to_owned()];
    let response = feedback::handle(&app, batch(&events), due()).await;
    let mut failed: Vec<String> =
        response.batch_item_failures.iter().map(|f| f.item_identifier.clone()).collect();
    failed.sort();
    assert_eq!(failed, ["m0", "m1"]);
}

fn app_with(world: &World, store: Store, mail_url: &str, rules: Rules) -> App {
    let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk_at(&world.recorder.url)), "lazo");
    let ses = Ses::new(ses_client(&sdk_at(mail_url)), Some(CONFIGURATION_SET.into()));
    App::new(store, bus, Mailer::Ses(ses), None, rules)
}

#[tokio::test]
async fn the_event_may_come_before_the_answer() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Hold]);
    let app = world.app.clone();
    let run = tokio::spawn(async move { dispatch::run(&app, due()).await.unwrap() });
    world.recorder.wait_for(Service::Ses).await;
    let mail = mails(&world)[0].clone();
    take(&world, &[sent(&mail)], due()).await;
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    world.recorder.release();
    run.await.unwrap();
    assert_eq!(touches(&world).await.len(), 1);
    assert_eq!(touches(&world).await[0].message_id.as_deref(), Some("0100018e-ses"));
    assert_eq!(names(&world), ["EmailSent"], "told by whoever settled it, and once");
    assert_eq!((run_on(&world, due(), 70).await, mails(&world).len()), (0, 1));
}

#[tokio::test]
async fn touches_with_long_ids_are_found_by_their_hash() {
    let world = World::shipped().await;
    let (customer, bought) = ("c/".repeat(64), "p/".repeat(64));
    let events =
        [profile(&customer, noon(), json!({})), purchase(&customer, &bought, noon(), "10.00")];
    ingest::handle(&world.app, batch(&events), noon()).await;
    world.recorder.script(Service::Ses, [Reply::Close]);
    dispatch::run(&world.app, due()).await.unwrap();
    let mail = mails(&world)[0].clone();
    let names: Vec<&str> =
        mail["EmailTags"].as_array().unwrap().iter().map(|t| t["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["touch-hash", "customer"]);
    let fits = |tag: &Value| tag["Value"].as_str().unwrap().len() <= 256;
    assert!(mail["EmailTags"].as_array().unwrap().iter().all(fits));
    take(&world, &[sent(&mail)], due()).await;
    let touch = TouchId {
        rule: "thank-you-mail".into(),
        customer: id(&customer),
        occurrence: bought,
        step: "mail".into(),
    };
    assert_eq!(world.app.store.touch(&touch).await.unwrap().unwrap().state, TouchState::Sent);
}

#[tokio::test]
async fn nothing_is_noted_of_who_asked_to_be_forgotten() {
    let world = World::shipped().await;
    let mail = lost(&world).await;
    let erased =
        json!({ "request_id": "e1", "customer_id": "ana", "occurred_at": due().to_string() });
    ingest::handle(&world.app, batch(&[envelope("CustomerErased", due(), erased)]), due()).await;
    take(&world, &[complained(&mail), bounced(&mail, "Permanent")], due()).await;
    let ana = world.customer(&id("ana")).await;
    assert!(ana.suppressed.is_empty() && ana.enrolments.is_empty());
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
}
