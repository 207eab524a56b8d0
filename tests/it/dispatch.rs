//! What is due goes out: fence, one call, confirm.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use lazo::shell::store::{CallStatus, TouchEntry, TouchState};
use lazo::{dispatch, ingest};
use lazo_domain::instant::Instant;
use lazo_domain::touch::Reason;
use serde_json::{Value, json};

use crate::support::events::{PERSONAL, batch, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{CONFIGURATION_SET, World, at, id, minutes_after, rules};

/// Ana buys on a Wednesday at noon; her thank-you is due the day after at ten.
pub fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

pub fn due() -> Instant {
    at("2026-11-19T10:00:00-06:00")
}

pub async fn ana_buys(world: &World) {
    let events = [profile("ana", noon(), json!({})), purchase("ana", "p1", noon(), "129.90")];
    let response = ingest::handle(&world.app, batch(&events), noon()).await;
    assert!(response.batch_item_failures.is_empty());
}

pub async fn touches(world: &World) -> Vec<TouchEntry> {
    world.app.store.ledger(&id("ana")).await.unwrap().1
}

/// No event that left holds anything of a person.
pub fn assert_impersonal(world: &World) {
    for request in world.recorder.requests(Service::EventBridge) {
        let text = request.to_string();
        for word in PERSONAL {
            assert!(!text.contains(word), "{word} left in {text}");
        }
    }
}

/// The recorded mail, head and all, its folded lines unfolded.
fn mime(request: &Value) -> String {
    let data = request["Content"]["Raw"]["Data"].as_str().unwrap();
    String::from_utf8(STANDARD.decode(data).unwrap()).unwrap().replace("\r\n ", " ")
}

fn header<'a>(mime: &'a str, name: &str) -> Vec<&'a str> {
    let head = mime.split("\r\n\r\n").next().unwrap();
    head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
}

#[tokio::test]
async fn a_mail_goes_out_once_with_its_headers() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let early = dispatch::run(&world.app, minutes_after(due(), -1)).await.unwrap();
    assert_eq!((early.sent, early.customers), (0, 0), "nothing is due yet");

    let report = dispatch::run(&world.app, due()).await.unwrap();
    assert_eq!((report.sent, report.failed), (1, 0));
    let requests = world.recorder.requests(Service::Ses);
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request["ConfigurationSetName"], CONFIGURATION_SET);
    assert_eq!(request["FromEmailAddress"], "hola@casalumbre.example");
    assert_eq!(request["Destination"]["ToAddresses"], json!(["marisol.nandu@example.com"]));
    let tag = &request["EmailTags"][0];
    let value = tag["Value"].as_str().unwrap();
    assert_eq!(tag["Name"], "touch");
    assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert_eq!(URL_SAFE_NO_PAD.decode(value).unwrap(), b"thank-you-mail/ana/p1/mail");

    let mime = mime(request);
    assert_eq!(header(&mime, "From"), ["\"Casa Lumbre\" <hola@casalumbre.example>"]);
    let to = header(&mime, "To");
    assert!(to.len() == 1 && to[0].ends_with("<marisol.nandu@example.com>"), "{to:?}");
    assert_eq!(header(&mime, "Reply-To"), ["clientes@casalumbre.example"]);
    assert_eq!(header(&mime, "Subject").len(), 1);
    assert_eq!(header(&mime, "Content-Language"), ["es"]);
    assert_eq!(header(&mime, "Auto-Submitted"), ["auto-generated"]);
    assert!(header(&mime, "Message-ID")[0].ends_with("@casalumbre.example>"));
    assert!(header(&mime, "Content-Type")[0].starts_with("multipart/alternative"));
    assert!(header(&mime, "List-Unsubscribe").is_empty(), "a service mail is no marketing");
    assert!(header(&mime, "Bcc").is_empty() && header(&mime, "Cc").is_empty());
    assert!(mime.split("\r\n\r\n").next().unwrap().is_ascii());

    let ledger = touches(&world).await;
    assert_eq!((ledger.len(), ledger[0].state), (1, TouchState::Sent));
    assert_eq!((ledger[0].at, ledger[0].due), (due(), due()));
    assert!(ledger[0].message_id.as_deref().unwrap().starts_with("ses-"));
    let published = world.recorder.entries();
    assert_eq!(published.len(), 1);
    assert_eq!(published[0].0, "EmailSent");
    assert_eq!(published[0].1["touch_id"], "thank-you-mail/ana/p1/mail");
    assert_impersonal(&world);

    for minutes in [0, 1, 60, 10_000] {
        dispatch::run(&world.app, minutes_after(due(), minutes)).await.unwrap();
    }
    assert_eq!(world.recorder.requests(Service::Ses).len(), 1, "and never again");
}

#[tokio::test]
async fn the_fence_stands_before_the_call_is_made() {
    use crate::support::recorder::Reply;
    let world = World::shipped().await;
    ana_buys(&world).await;
    world.recorder.script(Service::Ses, [Reply::Hold]);
    let app = world.app.clone();
    let run = tokio::spawn(async move { dispatch::run(&app, due()).await.unwrap() });
    world.recorder.wait_for(Service::Ses).await;
    assert_eq!(touches(&world).await[0].state, TouchState::Fenced);
    // Another sender that comes meanwhile finds nothing to do.
    let other = dispatch::run(&world.app, minutes_after(due(), 1)).await.unwrap();
    assert_eq!(other.sent + other.put_back + other.unknown, 0);
    world.recorder.release();
    assert_eq!(run.await.unwrap().sent, 1);
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert_eq!(world.recorder.requests(Service::Ses).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_senders_at_once_send_once() {
    let world = World::shipped().await;
    for number in 0..30 {
        let customer = format!("cus-{number}");
        let events = [
            profile(&customer, noon(), json!({})),
            purchase(&customer, &format!("p{number}"), noon(), "129.90"),
        ];
        ingest::handle(&world.app, batch(&events), noon()).await;
    }
    let runs = (0..4).map(|_| {
        let app = world.app.clone();
        tokio::spawn(async move { dispatch::run(&app, due()).await.unwrap() })
    });
    let reports = futures::future::join_all(runs).await;
    let sent: usize = reports.into_iter().map(|report| report.unwrap().sent).sum();
    assert_eq!((sent, world.recorder.requests(Service::Ses).len()), (30, 30));
}

#[tokio::test]
async fn a_call_is_asked_for_and_stands_on_the_list() {
    let world = World::shipped().await;
    let told = json!({ "relationship": "dedicated", "account_manager": "sofia.leal" });
    let events = [profile("ana", noon(), told), purchase("ana", "p1", noon(), "129.90")];
    ingest::handle(&world.app, batch(&events), noon()).await;
    let due = at("2026-11-19T11:00:00-06:00");
    assert_eq!(dispatch::run(&world.app, due).await.unwrap().sent, 1);

    let published = world.recorder.entries();
    assert_eq!(published.len(), 1);
    let (kind, detail) = &published[0];
    assert_eq!(kind, "CallRequested");
    let expected = json!({
        "touch_id": "thank-you-call/ana/p1/call",
        "rule": "thank-you-call",
        "customer_id": "ana",
        "step": "call",
        "channel": "call",
        "template": "thank-you-call",
        "assigned_to": "sofia.leal",
        "due": due.to_string(),
        "expires_at": at("2026-11-24T11:00:00-06:00").to_string(),
    });
    assert_eq!(detail, &expected);
    assert_impersonal(&world);

    let calls = world.app.store.open_calls("sofia.leal", due).await.unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].status, calls[0].asked_at), (CallStatus::Open, due));
    assert_eq!(touches(&world).await[0].state, TouchState::Sent);
    assert!(world.recorder.requests(Service::Ses).is_empty());

    // What to say is written from what is known now.
    let script = script(&world, &calls[0], due).await;
    assert!(script.contains("Marisol"), "{script}");
    let late = at("2026-11-24T11:00:01-06:00");
    assert!(world.app.store.open_calls("sofia.leal", late).await.unwrap().is_empty());
}

async fn script(world: &World, call: &lazo::shell::store::Call, now: Instant) -> String {
    use lazo_domain::message::{Facts, context};
    use lazo_domain::view::View;
    let customer = world.customer(&call.touch.customer).await;
    let rules = world.app.rules();
    let policy = &rules.book.policy;
    let fired = customer.fired.iter().find(|fired| fired.occurrence == call.touch.occurrence);
    let event = fired.map(|fired| &fired.detail);
    assert!(event.is_some(), "the purchase is kept while the call is open");
    let view = View { event, ..View::of(&customer, &rules.book, now) };
    let made = lazo_domain::decide::call_facts(&customer, &rules.book, &call.touch, now);
    let facts = Facts { rep: &call.assigned_to, call: Some(made), ..Facts::default() };
    let context = context(&view, &facts);
    let locale = customer.locale(policy);
    let script = rules.templates.script(&call.template, locale, &policy.default_locale, &context);
    script.unwrap().markdown
}

#[tokio::test]
async fn a_refund_ends_the_thank_you_and_says_so() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let refund = json!({
        "refund_id": "r1", "purchase_id": "p1", "customer_id": "ana",
        "occurred_at": minutes_after(noon(), 5).to_string(),
    });
    let refund = envelope("PurchaseRefunded", noon(), refund);
    ingest::handle(&world.app, batch(&[refund]), minutes_after(noon(), 5)).await;
    let ledger = touches(&world).await;
    assert_eq!((ledger[0].state, ledger[0].reason), (TouchState::Cancelled, Some(Reason::Exited)));
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().sent, 0);
    let published = world.recorder.entries();
    assert_eq!((published.len(), published[0].0.as_str()), (1, "TouchSkipped"));
    assert_eq!(published[0].1["reason"], "exited");
}

const MARKETING: [(&str, &str); 2] = [
    (
        "policy.yaml",
        "
brand: { name: Casa Lumbre, from: hola@casalumbre.example, postal_address: Orizaba 127 }
default_time_zone: America/Mexico_City
default_locale: es
",
    ),
    (
        "offer.yaml",
        "
rule: offer
status: live
purpose: marketing
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: offer, wait: 1 hour }]
",
    ),
];

#[tokio::test]
async fn marketing_mail_needs_a_yes_and_can_be_left_with_one_click() {
    let world = World::new(rules(&MARKETING)).await;
    let later = minutes_after(noon(), 60);
    ana_buys(&world).await;
    assert_eq!(dispatch::run(&world.app, later).await.unwrap().sent, 0);
    let ledger = touches(&world).await;
    assert_eq!((ledger[0].state, ledger[0].reason), (TouchState::Skipped, Some(Reason::NoConsent)));

    let yes = json!({
        "consent_id": "c1", "customer_id": "ana", "occurred_at": noon().to_string(),
        "channel": "email", "purpose": "marketing", "state": "granted", "source": "till",
    });
    let events = [envelope("ConsentChanged", later, yes), purchase("ana", "p2", later, "10.00")];
    ingest::handle(&world.app, batch(&events), later).await;
    assert_eq!(dispatch::run(&world.app, minutes_after(later, 60)).await.unwrap().sent, 1);
    let mime = mime(&world.recorder.requests(Service::Ses)[0]);
    let link = header(&mime, "List-Unsubscribe");
    assert!(
        link.len() == 1 && link[0].starts_with("<https://links.casalumbre.example/"),
        "{link:?}"
    );
    assert_eq!(header(&mime, "List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
    assert_impersonal(&world);
}
