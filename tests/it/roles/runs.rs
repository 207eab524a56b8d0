//! Each function through whatever makes it ask for more than usual.

use std::num::NonZeroU32;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo::links::{Payload, Request, respond};
use lazo::shell::alarm_sweep;
use lazo::shell::app::App;
use lazo::shell::link::token::{Claim, Keys};
use lazo::shell::rules::Rules;
use lazo::shell::store::table::INTEREST_SHARDS;
use lazo::shell::store::{Session, SignIn};
use lazo::webhooks::{self, Inbox, Webhooks};
use lazo::{content, digest, dispatch, drift, feedback, ingest, occasions};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rule::{Share, Survey, SurveyKind};
use lazo_domain::touch::TouchId;
use lazo_fake_aws::faults::{Fault, Faults, Plan, Step};
use lazo_fake_aws::mail::Accepted;
use lazo_fake_aws::{Aws, Keep, Service, Wiring};
use serde_json::{Value, json};

use crate::console::browser::Browser;
use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::{CONFIGURATION_SET, LINK_KEYS, LINKS_URL, at, id, minutes_after, rules};
use crate::webhooks::{PAID, signed};

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
marketing_consent: opt_out
mails_per_second: 50
digest_at: '07:30'
call_team: care
complaints: { escalate_after: { high: 4 hours }, escalate_to: [care] }
people: { eva: { email: eva@casa.example } }
teams: { care: { members: [eva] } }
";

const MAIL: &str = "
rule: mail
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [ConsentChanged, ContentPublished]
steps:
  - { id: mail, channel: email, template: thanks, wait: 1 day, at: '10:00' }
  - { id: call, channel: call, template: thanks, wait: 1 day, at: '10:00' }
";

const BIRTHDAY: &str = "
rule: birthday
status: live
purpose: service
trigger: { occasion: birthday }
reentry: once
steps: [{ id: mail, channel: email, template: thanks, at: '09:00' }]
";

const SHARE: &str = "
rule: share
status: live
purpose: service
trigger: { event: ContentPublished }
steps: [{ id: mail, channel: email, template: thanks, wait: 1 day, at: '10:00' }]
";

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

fn days_later(days: i64) -> Instant {
    minutes_after(at("2026-11-18T10:00:00-06:00"), days * 24 * 60)
}

fn book() -> Rules {
    rules(&[
        ("policy.yaml", POLICY),
        ("mail.yaml", MAIL),
        ("birthday.yaml", BIRTHDAY),
        ("share.yaml", SHARE),
    ])
}

/// The functions on one table, and what they were asked to do.
struct Shop {
    aws: Aws,
    faults: Faults,
    app: App,
}

impl Shop {
    fn new() -> Shop {
        let (aws, faults) = (Aws::new(Keep::default()), Faults::default());
        let links = (LINKS_URL.to_owned(), Keys::parse(LINK_KEYS).unwrap());
        let wiring = Wiring::to(&faults.on(aws.clone())).configuration_set(CONFIGURATION_SET);
        let app = wiring.app(book(), Some(links));
        Shop { aws, faults, app }
    }

    /// Forgets what was asked for up to here.
    fn listen(&self) {
        self.faults.plan(Plan::Clean);
        self.faults.record();
    }

    fn heard(&self) -> Vec<Step> {
        self.faults.steps()
    }

    async fn put(&self, events: &[String], now: Instant) {
        let response = ingest::handle(&self.app, batch(events), now).await;
        assert!(response.batch_item_failures.is_empty());
    }

    /// Somebody who bought, and whom a mail and then a call are for.
    async fn buys(&self, customer: &str, purchase_id: &str) {
        let known = profile(customer, minutes_after(noon(), -60), json!({ "birthday": "--11-21" }));
        self.put(&[known, purchase(customer, purchase_id, noon(), "10.00")], noon()).await;
    }

    /// The functions once more, for those who share them.
    fn shared(&self) -> Arc<App> {
        let wiring = Wiring::to(&self.faults.on(self.aws.clone()));
        Arc::new(wiring.configuration_set(CONFIGURATION_SET).app(book(), None))
    }

    /// The functions once more, of which nothing is kept.
    fn of_others(&self) -> App {
        Wiring::to(&self.aws).configuration_set(CONFIGURATION_SET).app(book(), None)
    }

    /// At which request a mail of unknown fate is written down as listed.
    async fn listing(customer: &Id, now: Instant) -> u64 {
        let other = Shop::new();
        loses_an_answer(&other).await;
        other.listen();
        dispatch::attend(&other.app, customer, now).await.unwrap();
        let steps = other.heard();
        // The entry of the list first, and then the customer.
        let place = steps.iter().rposition(|step| step.operation == "PutItem");
        1 + place.unwrap() as u64
    }

    /// The same of one that sends mail.
    async fn start_to_send(&self) {
        self.start().await;
        assert_eq!(self.app.mailer.account_rate().await, Ok(NonZeroU32::new(14)));
    }

    /// What a function asks for when it starts.
    async fn start(&self) {
        self.app.store.drift_model().await.unwrap();
    }
}

/// An event about a customer.
fn told(kind: &str, customer: &str, at: Instant, fields: Value) -> String {
    let mut detail = fields;
    detail["customer_id"] = customer.into();
    detail["occurred_at"] = at.to_string().into();
    envelope(kind, at, detail)
}

fn touch(customer: &str, purchase_id: &str, step: &str) -> TouchId {
    TouchId {
        rule: "mail".into(),
        customer: id(customer),
        occurrence: purchase_id.into(),
        step: step.into(),
    }
}

pub async fn of_ingest() -> Vec<Step> {
    let shop = Shop::new();
    shop.listen();
    shop.start().await;
    shop.buys("ana", "p1").await;
    dispatch::run(&shop.app, days_later(1)).await.unwrap();
    dispatch::run(&shop.app, days_later(2)).await.unwrap();
    shop.listen();
    shop.start().await;
    shop.buys("bea", "p2").await;
    let call = touch("ana", "p1", "call").to_string();
    let now = minutes_after(days_later(2), 60);
    let reported = json!({ "call_id": "c1", "touch_id": call, "outcome": "reached" });
    let bad = envelope("PurchaseCompleted", now, json!({ "customer_id": "ana" }));
    let no = json!({
        "consent_id": "n1", "channel": "email", "purpose": "all", "state": "denied", "source": "till",
    });
    let said = json!({ "answer_id": "a1", "touchpoint": "shop", "csat": 5, "comment": "Bien" });
    let events = [
        told("CallReported", "ana", now, reported),
        bad,
        told("ConsentChanged", "bea", now, no),
        told("SurveyAnswered", "ana", now, said),
        complaint("ana", now),
        article(now),
        profile("ana", now, json!({ "interests": ["velas"] })),
    ];
    shop.put(&events, now).await;
    let erased = told("CustomerErased", "ana", now, json!({ "request_id": "e1" }));
    shop.put(&[erased], now).await;
    shop.heard()
}

fn complaint(customer: &str, at: Instant) -> String {
    let fields = json!({ "complaint_id": "k1", "severity": "high", "category": "delivery" });
    told("ComplaintOpened", customer, at, fields)
}

fn article(at: Instant) -> String {
    let detail = json!({
        "content_id": "c1", "occurred_at": at.to_string(), "title": "Luz",
        "url": "https://casa.example/luz", "topics": ["velas", "sillas"],
    });
    envelope("ContentPublished", at, detail)
}

/// Somebody whose mail SES takes, and the answer to it is lost.
async fn loses_an_answer(shop: &Shop) {
    shop.buys("ana", "p1").await;
    shop.faults.plan(Plan::First(Service::Ses, Fault::LoseAnswer));
    dispatch::run(&shop.app, days_later(1)).await.unwrap();
    shop.faults.plan(Plan::Clean);
}

/// SES tells that it delivered a mail; `hash` as where a touch id is too long for
/// a tag.
fn delivered(mail: &Accepted, hash: bool, now: Instant) -> String {
    let mut tags: serde_json::Map<String, Value> =
        mail.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    if hash {
        tags.remove("touch");
        tags.insert("touch-hash".into(), json!([URL_SAFE_NO_PAD.encode([0; 32])]));
    }
    let detail = json!({
        "mail": { "timestamp": now.to_string(), "messageId": mail.message_id,
            "destination": mail.to, "tags": tags },
        "delivery": { "timestamp": now.to_string() },
    });
    let mut event: Value = serde_json::from_str(&envelope("Email Delivered", now, detail)).unwrap();
    event["source"] = "aws.ses".into();
    event.to_string()
}

pub async fn of_dispatch() -> Vec<Step> {
    let shop = Shop::new();
    loses_an_answer(&shop).await;
    shop.buys("bea", "p2").await;
    shop.listen();
    shop.start_to_send().await;
    dispatch::run(&shop.app, days_later(1)).await.unwrap();
    // While it lists the mail, SES tells after all: it must not stay listed.
    let ana = id("ana");
    let hour = minutes_after(days_later(1), 61);
    let told = batch(&[delivered(&shop.aws.mail.accepted()[0], false, hour)]);
    let feedback = shop.of_others();
    let list = Shop::listing(&ana, hour).await;
    shop.faults.plan(Plan::At(vec![(list, Fault::Hold)]));
    let meanwhile = || async {
        feedback::handle(&feedback, told, hour).await;
    };
    let attended = dispatch::attend(&shop.app, &ana, hour);
    assert!(shop.faults.run(attended, meanwhile).await.done().is_some());
    shop.faults.plan(Plan::Clean);
    dispatch::run(&shop.app, days_later(2)).await.unwrap();
    // A complaint goes up a level, and somebody is mailed.
    shop.put(&[complaint("bea", days_later(2))], days_later(2)).await;
    dispatch::run(&shop.app, minutes_after(days_later(2), 300)).await.unwrap();
    shop.heard()
}

/// A mail to somebody in the shop, as SES took it.
async fn notice(shop: &Shop) -> Accepted {
    shop.put(&[complaint("ana", noon())], noon()).await;
    dispatch::run(&shop.app, minutes_after(noon(), 300)).await.unwrap();
    let mails = shop.aws.mail.accepted();
    mails.into_iter().find(|mail| mail.tags.contains_key("notice")).unwrap()
}

pub async fn of_feedback() -> Vec<Step> {
    let shop = Shop::new();
    loses_an_answer(&shop).await;
    shop.buys("bea", "p2").await;
    let now = minutes_after(days_later(1), 70);
    dispatch::run(&shop.app, now).await.unwrap();
    assert_eq!(shop.app.store.failures(now).await.unwrap().len(), 1);
    let [mail, of_bea, ..] = &shop.aws.mail.accepted()[..] else { panic!("two mails went out") };
    let to_staff = notice(&Shop::new()).await;
    shop.listen();
    shop.start().await;
    let events = [
        "no event at all".to_owned(),
        delivered(mail, true, now),
        delivered(mail, false, now),
        delivered(of_bea, false, now),
        delivered(&to_staff, false, now),
    ];
    let response = feedback::handle(&shop.app, batch(&events), now).await;
    assert!(response.batch_item_failures.is_empty());
    shop.heard()
}

pub async fn of_occasions() -> Vec<Step> {
    let shop = Shop::new();
    shop.buys("ana", "p1").await;
    // A day that no rule asks for.
    let other = profile("bea", noon(), json!({ "anniversaries": { "boda": "2010-12-05" } }));
    shop.put(&[other], noon()).await;
    shop.listen();
    shop.start().await;
    for day in [1, 3, 180, 365, 401] {
        occasions::run(&shop.app, days_later(day), None).await.unwrap();
    }
    // Where somebody else wrote first, a customer is read again.
    alarm_sweep::look(&shop.app, &id("ana"), days_later(402)).await.unwrap();
    shop.heard()
}

pub async fn of_drift() -> Vec<Step> {
    let shop = Shop::new();
    shop.buys("ana", "p1").await;
    shop.listen();
    shop.start().await;
    for day in [1, 95, 140, 300, 330] {
        drift::run(&shop.app, days_later(day), None).await.unwrap();
    }
    shop.heard()
}

pub async fn of_content() -> Vec<Step> {
    let shop = Shop::new();
    // So many that some are in one shard.
    let others = (0..INTEREST_SHARDS).map(|number| format!("c{number}"));
    for customer in others.chain(["ana".to_owned()]) {
        let known = profile(&customer, noon(), json!({ "interests": ["velas"] }));
        shop.put(&[known], noon()).await;
    }
    shop.buys("ana", "p1").await;
    shop.put(&[article(noon())], noon()).await;
    shop.listen();
    shop.start().await;
    for _ in 0..2 {
        content::run(&shop.app, noon(), content::Bounds { time: None, customers: 1 })
            .await
            .unwrap();
    }
    let report = content::run(&shop.app, noon(), content::Bounds::NONE).await.unwrap();
    assert_eq!(report.finished, 1);
    shop.heard()
}

pub async fn of_digest() -> Vec<Step> {
    let shop = Shop::new();
    shop.put(&[complaint("ana", noon())], noon()).await;
    shop.buys("bea", "p2").await;
    for day in [1, 2] {
        dispatch::run(&shop.app, days_later(day)).await.unwrap();
    }
    shop.listen();
    shop.start_to_send().await;
    let morning = at("2026-11-21T07:30:00-06:00");
    shop.faults.plan(Plan::First(Service::Ses, Fault::LoseAnswer));
    for minutes in [0, 15, 75] {
        digest::run(&shop.app, minutes_after(morning, minutes)).await.unwrap();
    }
    assert_eq!(shop.app.store.failures(minutes_after(morning, 80)).await.unwrap().len(), 1);
    // The next morning's is answered.
    digest::run(&shop.app, minutes_after(morning, 1440)).await.unwrap();
    shop.heard()
}

pub async fn of_links() -> Vec<Step> {
    let shop = Shop::new();
    shop.buys("ana", "p1").await;
    shop.listen();
    shop.start().await;
    let claim = Claim::unsubscribe(&touch("ana", "p1", "mail"));
    let token = shop.app.link_keys.as_ref().unwrap().sign(&claim).unwrap();
    for method in [http::Method::GET, http::Method::POST] {
        let body = b"List-Unsubscribe=One-Click".to_vec();
        let mut request = Request::new(Payload::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("/u/{token}").parse().unwrap();
        let response = respond(&shop.app, &request, minutes_after(noon(), 30)).await;
        assert_eq!(response.status(), http::StatusCode::OK);
    }
    let asked =
        Survey { kind: SurveyKind::Csat, sample: Share(1.0), touchpoint: "delivery".to_owned() };
    let claim = Claim::survey(&touch("ana", "p1", "mail"), &asked, noon());
    let token = shop.app.link_keys.as_ref().unwrap().sign(&claim).unwrap();
    for body in ["action=answer", "comment=Todo+bien"] {
        let mut request = Request::new(Payload::new(body.into()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = format!("/s/{token}/2").parse().unwrap();
        let response = respond(&shop.app, &request, minutes_after(noon(), 40)).await;
        assert_eq!(response.status(), http::StatusCode::OK, "{body}");
    }
    shop.heard()
}

/// Every page, and every kind of action.
pub async fn of_console() -> Vec<Step> {
    let shop = Shop::new();
    shop.buys("ana", "p1").await;
    shop.buys("bea", "p2").await;
    dispatch::run(&shop.app, days_later(1)).await.unwrap();
    dispatch::run(&shop.app, days_later(2)).await.unwrap();
    let now = minutes_after(days_later(2), 60);
    shop.put(&[complaint("bea", now), envelope("PurchaseCompleted", now, json!({}))], now).await;
    let app = shop.shared();
    let eva = Browser::on(app.clone(), now).who("eva");
    shop.listen();
    shop.start().await;
    app.store.calendar_rules().await.unwrap();
    app.take_version().await.unwrap();
    for route in lazo::console::routes::ROUTES {
        if route.method == http::Method::GET && !route.path.contains('{') {
            assert_eq!(eva.get(route.path).await.status, 200, "{}", route.path);
        }
    }
    let call = eva.post("/calls/next", &[]).await.location().to_owned();
    assert!(call.starts_with("/calls/mail~2F"), "{call}");
    eva.get(&call).await;
    for (act, form) in [
        ("more", vec![]),
        ("release", vec![]),
        ("snooze", vec![("until", "hour")]),
        ("assign", vec![("to", "eva")]),
        ("report", vec![("outcome", "reached"), ("complaint", "x"), ("then", "stop")]),
    ] {
        let done = eva.post(&format!("{call}/{act}"), &form).await;
        assert_eq!(done.status, 303, "{act}: {}", done.text());
    }
    writes_rules(&eva).await;
    let failure = app.store.failures(now).await.unwrap().remove(0);
    let mended = purchase("eve", "p9", now, "10.00");
    let redrive = format!("/settings/failures/{}/redrive", failure.id);
    assert_eq!(eva.post(&redrive, &[("text", &mended)]).await.status, 303);
    // A word that ends what waits, which others are told.
    let once = eva.get("/customers/eve/consent").await.hidden("once");
    let form =
        [("once", once.as_str()), ("channel", "call"), ("purpose", "all"), ("state", "denied")];
    assert_eq!(eva.post("/customers/eve/consent", &form).await.status, 303);
    assert_eq!(eva.post("/reports/refresh", &[]).await.status, 303);
    let test = [("to", "eva@shop.example")];
    let test = eva.post("/templates/daily-digest/send", &test).await;
    assert_eq!(test.status, 303, "{}", test.text());
    signs_in(&app, now).await;
    shop.heard()
}

async fn writes_rules(eva: &Browser) {
    let file = "/edit/rules~2Fmail.yaml";
    let paused = MAIL.replace("status: live", "status: paused");
    let save = [("do", "save"), ("text", paused.as_str()), ("seen", "0")];
    assert_eq!(eva.post(file, &save).await.location(), format!("{file}?done=saved"));
    assert_eq!(eva.post(file, &[("do", "drop"), ("seen", "1")]).await.status, 303);
    // The first version: the shipped rules, of which none is this one.
    let publish = [("do", "publish"), ("text", paused.as_str()), ("note", "x")];
    eva.post(file, &publish).await;
    eva.get("/versions").await;
}

async fn signs_in(app: &App, now: Instant) {
    let sign_in = SignIn {
        nonce: "n".into(),
        verifier: "v".into(),
        to: "/".into(),
        ends_at: minutes_after(now, 10),
    };
    app.store.begin_sign_in("s", &sign_in).await.unwrap();
    assert!(app.store.take_sign_in("s", now).await.unwrap().is_some());
    let session = Session {
        name: "eva".into(),
        called: "Eva".into(),
        role: "rep".into(),
        began_at: now,
        ends_at: minutes_after(now, 60),
    };
    app.store.begin_session("s", &session).await.unwrap();
    assert_eq!(app.store.session("s", now).await.unwrap(), Some(session));
    app.store.end_session("s").await.unwrap();
}

/// A post that goes on the queue, and one that is too large for it, twice.
pub async fn of_webhooks() -> Vec<Step> {
    let shop = Shop::new();
    shop.aws.secret.set(Some(r#"{"shopify":"shpss_1"}"#));
    shop.listen();
    shop.start().await;
    shop.app.follow_version(noon()).await;
    let wiring = Wiring::to(&shop.faults.on(shop.aws.clone()));
    let (inbox, vault) = (Inbox::Queue(wiring.queue()), wiring.vault());
    let secrets = vault.secrets(noon()).await.unwrap();
    let webhooks = Webhooks { secrets: &secrets, inbox: &inbox, base_url: None };
    for note in ["short".to_owned(), "n".repeat(1_100_000), "n".repeat(1_100_000)] {
        let body = json!({ "id": 1, "customer_id": 7, "note": note }).to_string();
        let post = signed("shopify", "shpss_1", PAID, &body, noon());
        let answer = webhooks::respond(&shop.app, webhooks, &post, noon()).await;
        assert_eq!(answer.status(), http::StatusCode::OK);
    }
    shop.heard()
}
