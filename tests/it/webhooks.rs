//! Webhooks of other systems: from a post to the queue, and on into the table. An answer
//! of 200 is a promise.

use http::{Method, StatusCode};
use lazo::ingest;
use lazo::shell::app::App;
use lazo::shell::secrets::Secrets;
use lazo::shell::store::FailureKind;
use lazo::webhooks::{Inbox, Payload, Request, Webhooks, respond};
use lazo_domain::instant::Instant;
use lazo_domain::source::{Scheme, Sources, sign, verify};
use lazo_domain::source::{Signed, read_sources};
use lazo_fake_aws::faults::{Fault, Faults, Plan};
use lazo_fake_aws::{Aws, Keep, Service, Wiring};
use serde_json::{Value, json};

use crate::sources::noon;
use crate::support::events::batch;
use crate::support::{World, id, minutes_after, rules};

const SECRETS: &str = r#"{"shopify":["shpss_new","shpss_old"],"stripe":"whsec_1","woocommerce":"woo & \"sons\"","square":"sq_1"}"#;

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example }
default_locale: es
default_time_zone: America/Mexico_City
";

/// A worker with a queue, on a fake AWS.
struct Hooks {
    aws: Aws,
    faults: Faults,
    app: App,
    secrets: Secrets,
    inbox: Inbox,
}

impl Hooks {
    fn new() -> Hooks {
        let (aws, faults) = (Aws::new(Keep::default()), Faults::default());
        let wiring = Wiring::to(&faults.on(aws.clone()));
        let app = wiring.app(rules(&[("policy.yaml", POLICY)]), None);
        let (secrets, inbox) = (Secrets::parse(SECRETS).unwrap(), Inbox::Queue(wiring.queue()));
        Hooks { aws, faults, app, secrets, inbox }
    }

    async fn post(&self, request: &Request, now: Instant) -> StatusCode {
        let Hooks { secrets, inbox, .. } = self;
        let hooks = Webhooks { secrets, inbox, base_url: Some("https://hooks.casa.example") };
        respond(&self.app, hooks, request, now).await.status()
    }

    /// Takes what is on the queue.
    async fn ingest(&self, now: Instant) {
        let response = ingest::handle(&self.app, batch(&self.aws.queue.take()), now).await;
        assert!(response.batch_item_failures.is_empty());
    }
}

fn shipped() -> Sources {
    read_sources(&lazo::shell::rules::source_files(None).unwrap()).0
}

fn request(path: &str, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Request {
    let mut request = Request::new(Payload::Bytes(body.into()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    request
}

/// A post as the system of a source makes it.
pub fn signed(
    source: &str,
    secret: &str,
    topic: (&str, &str),
    body: &str,
    now: Instant,
) -> Request {
    let sources = shipped();
    let spec = &sources.get(source).unwrap().webhook.as_ref().unwrap().signature;
    let url = format!("https://hooks.casa.example/{source}");
    let signature = sign(spec, body.as_bytes(), &url, secret, now);
    request(&format!("/{source}"), &[topic, (&spec.header, &signature)], body)
}

fn order(id: u64) -> Value {
    json!({
        "id": id, "created_at": "2027-03-01T18:00:05+01:00", "updated_at": "2027-03-01T18:00:09+01:00",
        "currency": "EUR", "total_price": "130.00", "email": "noemi@arriaga.example",
        "customer": { "id": 88, "first_name": "Noemí", "email": "noemi@arriaga.example" },
        "financial_status": "paid", "source_name": "web", "test": false, "line_items": [],
    })
}

pub const PAID: (&str, &str) = ("x-shopify-topic", "orders/paid");

pub fn paid(id: u64) -> Request {
    signed("shopify", "shpss_new", PAID, &order(id).to_string(), noon())
}

#[tokio::test]
async fn what_is_answered_by_200_is_on_the_queue_and_counts_once() {
    let hooks = Hooks::new();
    for _ in 0..3 {
        assert_eq!(hooks.post(&paid(5), noon()).await, StatusCode::OK);
    }
    let waiting = hooks.aws.queue.waiting();
    assert_eq!(waiting.len(), 3);
    // Nothing that proves who sent it, or tells of them, is kept.
    assert!(waiting.iter().all(|text| !text.to_lowercase().contains("hmac")), "{}", waiting[0]);
    hooks.ingest(noon()).await;
    let state = hooks.app.store.load(&id("shopify-88")).await.unwrap().customer;
    assert_eq!(state.history.purchases.len(), 1);
    assert_eq!(hooks.app.store.ledger(&id("shopify-88")).await.unwrap().0.len(), 2);
}

#[tokio::test]
async fn either_secret_of_a_rotation_is_taken_and_no_other() {
    let hooks = Hooks::new();
    for (secret, status) in [
        ("shpss_new", StatusCode::OK),
        ("shpss_old", StatusCode::OK),
        ("shpss_older", StatusCode::UNAUTHORIZED),
        ("whsec_1", StatusCode::UNAUTHORIZED),
    ] {
        let post = signed("shopify", secret, PAID, &order(1).to_string(), noon());
        assert_eq!(hooks.post(&post, noon()).await, status, "{secret}");
    }
    assert_eq!(hooks.aws.queue.waiting().len(), 2);
}

#[tokio::test]
async fn each_source_verifies_what_its_system_signs() {
    let hooks = Hooks::new();
    for (source, secret, topic) in [
        ("stripe", "whsec_1", ("content-type", "application/json")),
        ("woocommerce", "woo & \"sons\"", ("x-wc-webhook-topic", "order.updated")),
        ("square", "sq_1", ("content-type", "application/json")),
    ] {
        let post = signed(source, secret, topic, r#"{"type":"x","id":"e"}"#, noon());
        assert_eq!(hooks.post(&post, noon()).await, StatusCode::OK, "{source}");
        // Stripe's time is signed; of the others it does not matter.
        let late = hooks.post(&post, minutes_after(noon(), 6)).await;
        let scheme = shipped().get(source).unwrap().webhook.as_ref().unwrap().signature.scheme;
        let stale = scheme == Scheme::Stripe;
        assert_eq!(late == StatusCode::UNAUTHORIZED, stale, "{source}: {late}");
    }
}

#[tokio::test]
async fn what_is_not_authentic_is_refused_and_leaves_nothing() {
    let hooks = Hooks::new();
    let body = order(1).to_string();
    let hmac = "x-shopify-hmac-sha256";
    let other = signed("shopify", "shpss_new", PAID, "{}", noon());
    let of_other = other.headers()[hmac].to_str().unwrap();
    let long = "A".repeat(7_000);
    let cases = [
        ("no signature", request("/shopify", &[PAID], body.clone())),
        ("an empty one", request("/shopify", &[PAID, (hmac, "")], body.clone())),
        ("no base64", request("/shopify", &[PAID, (hmac, "%%%")], body.clone())),
        ("of another body", request("/shopify", &[PAID, (hmac, of_other)], body.clone())),
        ("a long one", request("/shopify", &[PAID, (hmac, &long)], body.clone())),
        ("an empty body", request("/shopify", &[PAID, (hmac, of_other)], "")),
        ("a form", request("/shopify", &[PAID], "payload=%7B%7D")),
        ("five megabytes", request("/shopify", &[PAID, (hmac, of_other)], vec![b'a'; 5_000_000])),
        ("gzip", request("/shopify", &[PAID, (hmac, of_other)], [0x1f, 0x8b, 8, 0])),
        (
            "bytes of no text",
            request("/stripe", &[("stripe-signature", "t=1,v1=00")], [0xff, 0xfe]),
        ),
        ("no time of Stripe's", request("/stripe", &[("stripe-signature", "v1=00")], "{}")),
        ("Shopify's at Stripe's", request("/stripe", &[PAID, (hmac, of_other)], "{}")),
    ];
    for (what, post) in cases {
        assert_eq!(hooks.post(&post, noon()).await, StatusCode::UNAUTHORIZED, "{what}");
    }
    assert!(hooks.aws.queue.waiting().is_empty());
    assert!(hooks.app.store.failures(noon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_offered_is_not_there() {
    let mut hooks = Hooks::new();
    for path in
        ["/", "/nothing", "/shopify/", "/shopify/..", "/../shopify", "/SHOPIFY", "//shopify"]
    {
        let status = hooks.post(&request(path, &[PAID], "{}"), noon()).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
    }
    for method in [Method::GET, Method::PUT, Method::OPTIONS, Method::HEAD, Method::DELETE] {
        let mut post = paid(1);
        *post.method_mut() = method.clone();
        assert_eq!(hooks.post(&post, noon()).await, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    // A source without a secret is off, also for what it would have to answer.
    hooks.secrets = Secrets::parse(r#"{"woocommerce":""}"#).unwrap();
    assert_eq!(hooks.post(&paid(1), noon()).await, StatusCode::NOT_FOUND);
    let ping = request("/woocommerce", &[], "webhook_id=16");
    assert_eq!(hooks.post(&ping, noon()).await, StatusCode::NOT_FOUND);
    assert!(hooks.aws.queue.waiting().is_empty());
}

#[tokio::test]
async fn a_ping_is_answered_and_nothing_else_is_unsigned() {
    let hooks = Hooks::new();
    let ping = request("/woocommerce", &[], "webhook_id=16");
    assert_eq!(hooks.post(&ping, noon()).await, StatusCode::OK);
    // With a header that events have it would be one.
    let forged =
        request("/woocommerce", &[("x-wc-webhook-topic", "order.updated")], "webhook_id=16");
    assert_eq!(hooks.post(&forged, noon()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(
        hooks.post(&request("/shopify", &[], "webhook_id=16"), noon()).await,
        StatusCode::UNAUTHORIZED
    );
    assert!(hooks.aws.queue.waiting().is_empty());
}

#[tokio::test]
async fn what_the_queue_does_not_take_is_asked_for_again_or_kept_aside() {
    let hooks = Hooks::new();
    hooks.faults.plan(Plan::First(Service::Sqs, Fault::Fail));
    assert_eq!(hooks.post(&paid(1), noon()).await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(hooks.aws.queue.waiting().is_empty());
    hooks.faults.plan(Plan::Clean);
    assert_eq!(hooks.post(&paid(1), noon()).await, StatusCode::OK);
    // Too large for a message, and authentic.
    let mut large = order(2);
    large["note"] = "ñ".repeat(700_000).into();
    let post = signed("shopify", "shpss_new", PAID, &large.to_string(), noon());
    assert_eq!(hooks.post(&post, noon()).await, StatusCode::OK);
    assert_eq!(hooks.aws.queue.waiting().len(), 1);
    let kept = hooks.app.store.failures(noon()).await.unwrap();
    assert_eq!((kept.len(), kept[0].kind), (1, FailureKind::Event));
    assert!(kept[0].why.contains("redrive it"), "{}", kept[0].why);
    let text = hooks.app.store.failed_text(&kept[0]).await.unwrap();
    let again = lazo::shell::intake::foreign::take_again(&hooks.app, &text, noon()).await.unwrap();
    assert_eq!(again, None);
    let noemi = hooks.app.store.load(&id("shopify-88")).await.unwrap().customer;
    assert_eq!(noemi.history.purchases.len(), 1);
}

#[tokio::test]
async fn whatever_characters_a_text_has_the_queue_takes_it() {
    let hooks = Hooks::new();
    let mut odd = order(3);
    odd["customer"]["first_name"] = "Ana\u{0}\u{1}\u{7f}\u{fffe}\u{ffff}\u{202e}<script>".into();
    for body in [odd.to_string(), odd.to_string().replace("\\u0000", "").replace("\\u0001", "")] {
        let post = signed("shopify", "shpss_new", PAID, &body, noon());
        assert_eq!(hooks.post(&post, noon()).await, StatusCode::OK);
    }
    hooks.ingest(noon()).await;
    let ana = hooks.app.store.load(&id("shopify-88")).await.unwrap().customer;
    let given = ana.profile.given.latest().unwrap().as_str();
    assert!(given.starts_with("Ana") && given.ends_with("<script>"), "{given:?}");
    assert_eq!(ana.history.purchases.len(), 1);
}

#[tokio::test]
async fn an_authentic_text_that_is_no_event_is_kept_with_the_reason() {
    let hooks = Hooks::new();
    for body in ["", "payload=%7B%7D", "[]", "{\"id\":", "null"] {
        let post = signed("shopify", "shpss_new", PAID, body, noon());
        assert_eq!(hooks.post(&post, noon()).await, StatusCode::OK, "{body:?}");
    }
    hooks.ingest(noon()).await;
    let kept = hooks.app.store.failures(noon()).await.unwrap();
    assert_eq!(kept.len(), 5, "{kept:#?}");
    assert!(kept.iter().all(|one| one.why.starts_with("shopify: ")), "{kept:#?}");
}

#[tokio::test]
async fn the_secrets_are_read_again_and_stay_where_they_cannot_be() {
    let (aws, faults) = (Aws::new(Keep::default()), Faults::default());
    let vault = Wiring::to(&faults.on(aws.clone())).vault();
    assert!(vault.secrets(noon()).await.is_err());
    aws.secret.set(Some(r#"{"stripe":"whsec_1"}"#));
    assert_eq!(vault.secrets(noon()).await.unwrap().of("stripe"), ["whsec_1"]);
    aws.secret.set(Some(r#"{"stripe":["whsec_2","whsec_1"]}"#));
    let (soon, later) = (minutes_after(noon(), 4), minutes_after(noon(), 6));
    assert_eq!(vault.secrets(soon).await.unwrap().of("stripe"), ["whsec_1"]);
    assert_eq!(vault.secrets(later).await.unwrap().of("stripe"), ["whsec_2", "whsec_1"]);
    aws.secret.set(Some("no JSON"));
    let much_later = minutes_after(noon(), 60);
    assert_eq!(vault.secrets(much_later).await.unwrap().of("stripe"), ["whsec_2", "whsec_1"]);
}

/// By the local system what is verified is taken at once.
#[tokio::test]
async fn without_a_queue_it_is_taken_before_it_is_answered() {
    let world = World::shipped().await;
    let secrets = Secrets::parse(SECRETS).unwrap();
    let base_url = Some("https://hooks.casa.example");
    let hooks = Webhooks { secrets: &secrets, inbox: &Inbox::Table, base_url };
    for _ in 0..2 {
        let answer = respond(&world.app, hooks, &paid(9), noon()).await;
        assert_eq!((answer.status(), answer.body().as_str()), (StatusCode::OK, "stored\n"));
    }
    let noemi = world.customer(&id("shopify-88")).await;
    assert_eq!(noemi.history.purchases.len(), 1);
}

/// How many mutations are tried; `LAZO_MUTATIONS` says otherwise.
const MUTATIONS: usize = 20_000;

#[test]
fn no_mutated_signature_or_body_is_accepted() {
    let count = std::env::var("LAZO_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let mut rng = fastrand::Rng::with_seed(11);
    let sources = shipped();
    let posts: Vec<_> = [("shopify", "a"), ("stripe", "b"), ("woocommerce", "c"), ("square", "d")]
        .map(|(name, secret)| {
            let spec = &sources.get(name).unwrap().webhook.as_ref().unwrap().signature;
            let body = order(7).to_string().into_bytes();
            let signature = sign(spec, &body, "https://a.example/x", secret, noon());
            (spec, body, signature, secret)
        })
        .into();
    for number in 0..count.unwrap_or(MUTATIONS) {
        let (spec, body, signature, secret) = &posts[number % posts.len()];
        let (mut body, mut header) = (body.clone(), signature.clone().into_bytes());
        let mut url = "https://a.example/x".to_owned();
        let of_url = if spec.scheme == Scheme::UrlAndBody { 4 } else { 3 };
        match rng.usize(..of_url) {
            0 => {
                let place = rng.usize(..body.len());
                body[place] ^= 1 << rng.u32(..8);
            }
            1 => {
                // The hex of a signature may be written in capitals: that is the same one.
                let place = rng.usize(..header.len());
                let other = b"0123456789+/xyz"[rng.usize(..15)];
                if header[place].eq_ignore_ascii_case(&other) {
                    continue;
                }
                header[place] = other;
            }
            2 if rng.bool() => body.truncate(rng.usize(..body.len())),
            2 => body.push(rng.u8(..)),
            _ => url.push(rng.alphanumeric()),
        }
        let header = String::from_utf8(header).unwrap();
        let of = Signed { header: Some(&header), body: &body, url: &url };
        let verified = verify(spec, &of, &[secret], noon());
        assert!(verified.is_err(), "{header} over {}", String::from_utf8_lossy(&body));
    }
}
