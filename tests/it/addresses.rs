//! A *no* holds for the address or the number, under whatever id it is known.

use std::sync::Arc;

use lazo::links::{Payload, Request, respond};
use lazo::shell::app::App;
use lazo::shell::call_list::{self, Claim, Gone};
use lazo::shell::intake;
use lazo::shell::link::token::Claim as Link;
use lazo::shell::store::TouchState;
use lazo::{dispatch, feedback};
use lazo_domain::address::Asks;
use lazo_domain::digest::sha256_hex;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Reason, TouchId};
use serde_json::{Value, json};

use crate::support::events::{batch, delivered, envelope, profile, purchase};
use crate::support::{CONFIGURATION_SET, World, at, id, minutes_after, rules};

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
marketing_consent: opt_out
";

const RULES: [(&str, &str); 4] = [
    ("policy.yaml", POLICY),
    (
        "news.yaml",
        "
rule: news
status: live
purpose: marketing
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: news, wait: 1 hour }]
",
    ),
    (
        "thanks.yaml",
        "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: thanks, wait: 1 hour }]
",
    ),
    (
        "call.yaml",
        "
rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: call, channel: call, template: call, wait: 1 hour, expires: 5 days }]
",
    ),
];

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

async fn take(app: &App, minutes: i64, text: &str) {
    intake::take(app, &delivered(text), minutes_after(noon(), minutes)).await.unwrap();
}

/// Somebody with this address, and the number that all have here.
async fn known(app: &App, customer: &str, minutes: i64, email: &str) {
    let told = profile(customer, minutes_after(noon(), minutes), json!({ "email": email }));
    take(app, minutes, &told).await;
}

async fn said(app: &App, customer: &str, minutes: i64, more: Value) {
    let at = minutes_after(noon(), minutes);
    let mut detail = json!({
        "consent_id": format!("c{minutes}"), "customer_id": customer, "occurred_at": at.to_string(),
        "channel": "email", "purpose": "marketing", "state": "denied", "source": "till",
    });
    detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    take(app, minutes, &envelope("ConsentChanged", at, detail)).await;
}

/// Lets somebody buy, and time go on until what follows has been sent or not.
async fn buys(app: &App, customer: &str, purchase_id: &str, minutes: i64) {
    let at = minutes_after(noon(), minutes);
    take(app, minutes, &purchase(customer, purchase_id, at, "10.00")).await;
    dispatch::run(app, minutes_after(at, 61)).await.unwrap();
}

fn touch(rule: &str, customer: &str, purchase: &str) -> TouchId {
    let step = if rule == "call" { "call" } else { "mail" };
    TouchId {
        rule: rule.into(),
        customer: id(customer),
        occurrence: purchase.into(),
        step: step.into(),
    }
}

/// Why a touch was not sent; `None` where it was.
async fn fate(app: &App, rule: &str, customer: &str, purchase: &str) -> Option<Reason> {
    let entry = app.store.touch(&touch(rule, customer, purchase)).await.unwrap().unwrap();
    assert_eq!(entry.state == TouchState::Sent, entry.reason.is_none(), "{entry:?}");
    entry.reason
}

#[tokio::test]
async fn a_no_under_one_id_keeps_marketing_mail_from_the_other() {
    let world = World::new(rules(&RULES)).await;
    let app = &world.app;
    known(app, "cus-1", -60, "Ana@Example.com").await;
    known(app, "guest-77", -50, "ana@example.com").await;
    said(app, "cus-1", -40, json!({})).await;
    buys(app, "guest-77", "p1", 0).await;
    assert_eq!(fate(app, "news", "guest-77", "p1").await, Some(Reason::NoConsent));
    assert_eq!(fate(app, "thanks", "guest-77", "p1").await, None, "it was a no to marketing");
    // A no to all is one to service as well, and a later yes ends both.
    said(app, "cus-1", 100, json!({ "purpose": "all" })).await;
    buys(app, "guest-77", "p2", 110).await;
    assert_eq!(fate(app, "thanks", "guest-77", "p2").await, Some(Reason::NoConsent));
    said(app, "guest-77", 200, json!({ "purpose": "all", "state": "granted" })).await;
    buys(app, "guest-77", "p3", 210).await;
    assert_eq!(fate(app, "news", "guest-77", "p3").await, None);
    // But not for the one who said it.
    buys(app, "cus-1", "p4", 220).await;
    assert_eq!(fate(app, "news", "cus-1", "p4").await, Some(Reason::NoConsent));
}

#[tokio::test]
async fn a_no_under_an_id_that_went_into_another_holds_for_the_address_whenever_it_is_told() {
    let merged = |goes: &str| {
        let at = minutes_after(noon(), -30);
        let detail = json!({
            "merge_id": format!("m-{goes}"), "customer_id": "cus-1", "merged_id": goes,
            "occurred_at": at.to_string(),
        });
        envelope("CustomerMerged", at, detail)
    };
    for is_told_late in [false, true] {
        let world = World::new(rules(&RULES)).await;
        let app = &world.app;
        known(app, "cus-1", -60, "ana@example.com").await;
        known(app, "guest-77", -50, "ana@example.com").await;
        known(app, "cus-2", -50, "ANA@example.com").await;
        if is_told_late {
            take(app, -30, &merged("guest-77")).await;
            said(app, "guest-77", -40, json!({})).await;
        } else {
            said(app, "guest-77", -40, json!({})).await;
            take(app, -30, &merged("guest-77")).await;
        }
        buys(app, "cus-2", "p1", 0).await;
        let told = fate(app, "news", "cus-2", "p1").await;
        assert_eq!(told, Some(Reason::NoConsent), "told late: {is_told_late}");
        assert_eq!(fate(app, "thanks", "cus-2", "p1").await, None);
    }
    // Also for an address that only the id which stays has had.
    let world = World::new(rules(&RULES)).await;
    let app = &world.app;
    known(app, "cus-1", -60, "ana@example.com").await;
    known(app, "cus-2", -50, "ana@example.com").await;
    said(app, "guest-77", -40, json!({})).await;
    buys(app, "cus-2", "p1", -35).await;
    assert_eq!(fate(app, "news", "cus-2", "p1").await, None);
    take(app, 30, &merged("guest-77")).await;
    buys(app, "cus-2", "p2", 40).await;
    assert_eq!(fate(app, "news", "cus-2", "p2").await, Some(Reason::NoConsent));
}

#[tokio::test]
async fn it_is_kept_by_a_keyed_hash_and_survives_the_person() {
    let world = World::new(rules(&RULES)).await;
    let app = &world.app;
    known(app, "cus-1", -60, "ana@example.com").await;
    said(app, "cus-1", -40, json!({})).await;
    let at = minutes_after(noon(), -30);
    let detail =
        json!({ "request_id": "e1", "customer_id": "cus-1", "occurred_at": at.to_string() });
    take(app, -30, &envelope("CustomerErased", at, detail)).await;
    let hash = sha256_hex("ana@example.com", 8);
    for item in world.items().await {
        assert!(!item.to_lowercase().contains("ana@"), "{item}");
        assert!(!item.contains(&hash), "{item}");
    }
    known(app, "guest-77", -20, "ANA@example.com").await;
    buys(app, "guest-77", "p1", 0).await;
    assert_eq!(fate(app, "news", "guest-77", "p1").await, Some(Reason::NoConsent));
}

#[tokio::test]
async fn two_who_need_the_key_first_come_to_use_the_same() {
    let world = World::new(rules(&RULES)).await;
    let stores = [(); 8].map(|()| {
        lazo::shell::store::Store::new(world.app.store.client().clone(), world.app.store.table())
    });
    let mut customer = world.customer(&id("ana")).await;
    let told = delivered(&profile("ana", noon(), json!({})));
    if let lazo_domain::event::Body::CustomerUpdated(told) = &told.event.body {
        customer.profile.update(told);
    }
    let work = stores.iter().map(|store| {
        let mut customer = customer.clone();
        async move {
            let address = customer.profile.email.latest().map(Into::into).unwrap();
            store.note_stop(&address, noon(), &id("ana")).await.unwrap();
            store.hear_all([&mut customer], Asks { email: true, phone: false }).await.unwrap();
            customer.heard.email.unwrap().stop().cloned()
        }
    });
    let heard = futures::future::join_all(work).await;
    assert!(heard.iter().all(Option::is_some));
    let addresses = world.items().await.into_iter().filter(|item| item.contains("address#"));
    assert_eq!(addresses.count(), 1, "by two keys one address would have two items");
}

/// What SES tells of a mail.
fn told(kind: &str, touch: &TouchId, address: &str, minutes: i64) -> String {
    use base64::Engine;
    let tag = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let time = minutes_after(noon(), minutes).to_string();
    let (part, more) = match kind {
        "Email Bounced" => ("bounce", json!({ "bounceType": "Permanent", "timestamp": time })),
        _ => ("complaint", json!({ "complaintFeedbackType": "abuse", "timestamp": time })),
    };
    let mut detail = json!({ "mail": {
        "timestamp": time, "messageId": "m-1", "destination": [address],
        "tags": {
            "ses:configuration-set": [CONFIGURATION_SET],
            "touch": [tag(touch.to_string())], "customer": [tag(touch.customer.to_string())],
        },
    } });
    detail[part] = more;
    let event = envelope(kind, minutes_after(noon(), minutes), detail);
    event.replace("\"source\":\"shop\"", "\"source\":\"aws.ses\"")
}

#[tokio::test]
async fn a_bounce_and_a_spam_complaint_are_the_address_s() {
    for kind in ["Email Bounced", "Email Complaint Received"] {
        let world = World::new(rules(&RULES)).await;
        let app = &world.app;
        known(app, "cus-1", -60, "Ana@Example.com").await;
        known(app, "guest-77", -60, "ana@example.com").await;
        buys(app, "cus-1", "p1", 0).await;
        let event = told(kind, &touch("thanks", "cus-1", "p1"), "Ana@Example.com", 70);
        let now = minutes_after(noon(), 71);
        for _ in 0..2 {
            let response = feedback::handle(app, batch(&[&event]), now).await;
            assert!(response.batch_item_failures.is_empty());
        }
        // A yes does not bring a mailbox back.
        said(app, "guest-77", 80, json!({ "purpose": "all", "state": "granted" })).await;
        buys(app, "guest-77", "p2", 90).await;
        for rule in ["news", "thanks"] {
            assert_eq!(fate(app, rule, "guest-77", "p2").await, Some(Reason::Suppressed), "{kind}");
        }
        // Another address of the same person is none of it.
        known(app, "guest-77", 200, "ana@example.org").await;
        buys(app, "guest-77", "p3", 210).await;
        assert_eq!(fate(app, "thanks", "guest-77", "p3").await, None);
    }
}

async fn is_listed(app: &App, customer: &str, minutes: i64) -> bool {
    let now = minutes_after(noon(), minutes);
    let listed = call_list::open_of_all(app, now).await.unwrap();
    listed.iter().any(|one| one.customer.id == id(customer))
}

#[tokio::test]
async fn a_number_that_asked_not_to_be_called_is_not_called_under_another_id() {
    let world = World::new(rules(&RULES)).await;
    let app: &Arc<App> = &world.app;
    known(app, "cus-1", -60, "ana@example.com").await;
    known(app, "guest-77", -60, "eva@example.com").await;
    buys(app, "guest-77", "p1", 0).await;
    assert!(is_listed(app, "guest-77", 70).await);
    let at = minutes_after(noon(), 75);
    let report = json!({
        "call_id": "k1", "customer_id": "cus-1", "occurred_at": at.to_string(),
        "outcome": "do_not_call",
    });
    take(app, 75, &envelope("CallReported", at, report)).await;
    // The call that was asked for is not shown, and nobody gets it.
    assert!(!is_listed(app, "guest-77", 80).await);
    let call = touch("call", "guest-77", "p1");
    let claimed = call_list::claim(app, &call, "eva", minutes_after(noon(), 80)).await.unwrap();
    assert_eq!(claimed, Claim::Gone(Gone::Over("no_consent".into())));
    let stored = app.store.call(&call).await.unwrap().unwrap();
    assert_eq!(stored.outcome.as_deref(), Some("no_consent"));
    // No further one is asked for, and mail goes as before.
    buys(app, "guest-77", "p2", 90).await;
    assert_eq!(fate(app, "call", "guest-77", "p2").await, Some(Reason::NoConsent));
    assert_eq!(fate(app, "thanks", "guest-77", "p2").await, None);
}

#[tokio::test]
async fn a_link_says_no_for_the_address_and_its_undo_ends_no_other_no() {
    let world = World::new(rules(&RULES)).await;
    let app = &world.app;
    known(app, "cus-1", -60, "ana@example.com").await;
    known(app, "guest-77", -60, "ana@example.com").await;
    // Whether the page of a click offers to take it back.
    let click = async |customer: &str, minutes: i64| {
        let link = Link::unsubscribe(&touch("news", customer, "p0"));
        let token = app.link_keys.as_ref().unwrap().sign(&link).unwrap();
        let mut request = Request::new(Payload::new(b"action=unsubscribe".to_vec()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = format!("/u/{token}").parse().unwrap();
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(http::header::CONTENT_TYPE, form);
        let response = respond(app, &request, minutes_after(noon(), minutes)).await;
        assert_eq!(response.status(), http::StatusCode::OK);
        response.body().contains("name=\"undo\"")
    };
    assert!(click("cus-1", 0).await);
    buys(app, "guest-77", "p1", 10).await;
    assert_eq!(fate(app, "news", "guest-77", "p1").await, Some(Reason::NoConsent));
    // Taken back here, it would be taken back for who said no before as well.
    assert!(!click("guest-77", 100).await);
}
