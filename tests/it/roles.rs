//! Least privilege, both ways: what each function's role allows is what its code
//! asks for, request by request, and nothing besides.
//!
//! The functions run on a rehearsal of AWS that keeps what each request was,
//! through whatever makes them ask for more than usual.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazo::app::App;
use lazo::links::token::{Claim, Keys};
use lazo::links::{Payload, Request, respond};
use lazo::rehearsal::faults::{Fault, Faults, Plan, Step};
use lazo::rehearsal::mail::Accepted;
use lazo::rehearsal::{Aws, Keep, Service, Wiring};
use lazo::rules::Rules;
use lazo::{dispatch, drift, feedback, ingest, occasions};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;
use serde_json::{Value, json};

use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::{CONFIGURATION_SET, LINK_KEYS, LINKS_URL, at, id, minutes_after, rules};
use crate::table::resources;

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
marketing_consent: opt_out
mails_per_second: 50
";

const MAIL: &str = "
rule: mail
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [ConsentChanged]
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

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

fn days_later(days: i64) -> Instant {
    minutes_after(at("2026-11-18T10:00:00-06:00"), days * 24 * 60)
}

fn book() -> Rules {
    rules(&[("policy.yaml", POLICY), ("mail.yaml", MAIL), ("birthday.yaml", BIRTHDAY)])
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
        let place = steps.iter().position(|step| step.operation == "TransactWriteItems");
        1 + place.unwrap() as u64
    }

    /// What a function asks for when it starts.
    async fn start(&self) {
        self.app.store.learnt().await.unwrap();
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

async fn of_ingest() -> Vec<Step> {
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
    let events =
        [told("CallReported", "ana", now, reported), bad, told("ConsentChanged", "bea", now, no)];
    shop.put(&events, now).await;
    let erased = told("CustomerErased", "ana", now, json!({ "request_id": "e1" }));
    shop.put(&[erased], now).await;
    shop.heard()
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

async fn of_dispatch() -> Vec<Step> {
    let shop = Shop::new();
    loses_an_answer(&shop).await;
    shop.buys("bea", "p2").await;
    shop.listen();
    shop.start().await;
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
    shop.heard()
}

async fn of_feedback() -> Vec<Step> {
    let shop = Shop::new();
    loses_an_answer(&shop).await;
    let now = minutes_after(days_later(1), 70);
    dispatch::run(&shop.app, now).await.unwrap();
    assert_eq!(shop.app.store.failures(now).await.unwrap().len(), 1);
    shop.listen();
    shop.start().await;
    let mail = shop.aws.mail.accepted().remove(0);
    let events =
        ["no event at all".to_owned(), delivered(&mail, true, now), delivered(&mail, false, now)];
    let response = feedback::handle(&shop.app, batch(&events), now).await;
    assert!(response.batch_item_failures.is_empty());
    shop.heard()
}

async fn of_occasions() -> Vec<Step> {
    let shop = Shop::new();
    shop.buys("ana", "p1").await;
    shop.listen();
    shop.start().await;
    for day in [1, 3, 180, 365, 400] {
        occasions::run(&shop.app, days_later(day), None).await.unwrap();
    }
    shop.heard()
}

async fn of_drift() -> Vec<Step> {
    let shop = Shop::new();
    shop.buys("ana", "p1").await;
    shop.listen();
    shop.start().await;
    for day in [1, 40, 80, 300, 330] {
        drift::run(&shop.app, days_later(day), None).await.unwrap();
    }
    shop.heard()
}

async fn of_links() -> Vec<Step> {
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
    shop.heard()
}

/// What AWS asks a role for where it gets such a request: the action and what it
/// is done to.
fn needs(step: &Step) -> Vec<(String, String)> {
    let one = |action: &str, on: &str| vec![(action.to_owned(), on.to_owned())];
    match (step.service, step.operation.as_str()) {
        (Service::DynamoDb, "Query") => match step.index {
            Some(index) => one("dynamodb:Query", &format!("Table.Arn/index/{index}")),
            None => one("dynamodb:Query", "Table.Arn"),
        },
        // Every part of a transaction is authorised by itself; ours are puts.
        (Service::DynamoDb, "TransactWriteItems") => one("dynamodb:PutItem", "Table.Arn"),
        (Service::DynamoDb, "DeleteItem")
            if step.partitions.iter().all(|pk| pk.starts_with("failure")) =>
        {
            one("dynamodb:DeleteItem", "Table.Arn, failures")
        }
        (Service::DynamoDb, operation) => one(&format!("dynamodb:{operation}"), "Table.Arn"),
        (Service::EventBridge, operation) => one(&format!("events:{operation}"), "Bus.Arn"),
        // Mail of ours is raw MIME.
        (Service::Ses, _) => [one("ses:SendEmail", "SES"), one("ses:SendRawEmail", "SES")].concat(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        one => vec![one.as_str().unwrap_or_default().to_owned()],
    }
}

/// What a role allows, besides the log and what Lambda itself does in its name.
fn allows(role: &str) -> BTreeSet<(String, String)> {
    let roles = resources("AWS::IAM::Role");
    let policies = roles[role]["Properties"]["Policies"].as_array().unwrap().clone();
    let mut allowed = BTreeSet::new();
    for policy in policies {
        for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
            assert_eq!(statement["Effect"], "Allow");
            let actions = texts(&statement["Action"]);
            let is_of_lambda =
                |action: &String| action.starts_with("logs:") || action.starts_with("sqs:");
            if actions.iter().all(is_of_lambda) {
                continue;
            }
            let leading = &statement["Condition"]["ForAllValues:StringLike"];
            let leading = &leading["dynamodb:LeadingKeys"];
            for resource in texts(&statement["Resource"]) {
                let resource = match resource.replace("${Table.Arn}", "Table.Arn") {
                    resource if leading.is_array() => {
                        assert_eq!(*leading, json!(["failure#*", "failures#*"]));
                        format!("{resource}, failures")
                    }
                    resource if resource.contains(":ses:") => "SES".to_owned(),
                    resource => resource,
                };
                allowed.extend(actions.iter().map(|action| (action.clone(), resource.clone())));
            }
        }
    }
    allowed
}

#[tokio::test(start_paused = true)]
async fn every_role_allows_what_its_function_asks_for_and_nothing_besides() {
    let mut wrong = Vec::new();
    for (role, steps) in [
        ("IngestRole", of_ingest().await),
        ("DispatchRole", of_dispatch().await),
        ("FeedbackRole", of_feedback().await),
        ("OccasionsRole", of_occasions().await),
        ("DriftRole", of_drift().await),
        ("LinksRole", of_links().await),
    ] {
        let asked: BTreeSet<(String, String)> = steps.iter().flat_map(needs).collect();
        let allowed = allows(role);
        wrong.extend(asked.difference(&allowed).map(|asked| format!("{role} lacks {asked:?}")));
        wrong
            .extend(allowed.difference(&asked).map(|more| format!("{role}: {more:?} is not used")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
