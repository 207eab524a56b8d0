//! The links of mails: a real marketing mail, its links followed and clicked
//! through the worker's own router, and what the table holds afterwards.

mod answers;
mod surveys;

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode, header};
use lazo::dispatch;
use lazo::links::{Payload, Request, Response, respond};
use lazo::shell::app::App;
use lazo::shell::intake;
use lazo::shell::link::token::{Claim, Keys};
use lazo::shell::link::unsubscribe_url;
use lazo::shell::mailer::{Mailer, Ses};
use lazo::shell::rules::Rules;
use lazo::shell::store::{Store, TouchState};
use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::event::{ConsentState, EventKind};
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Reason, TouchId};
use serde_json::json;

use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{LINK_KEYS, LINKS_URL, World, at, id, minutes_after, sdk_at};

const FORM: &str = "application/x-www-form-urlencoded";
const ONE_CLICK: &[u8] = b"List-Unsubscribe=One-Click";
const BUTTON: &[u8] = b"action=unsubscribe";

fn now() -> Instant {
    at("2026-11-18T18:00:00Z")
}

fn rules() -> Rules {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/shop/rules");
    Rules::from(Some(&folder)).unwrap()
}

fn keys() -> Keys {
    Keys::parse(LINK_KEYS).unwrap()
}

async fn publish(world: &World, text: &str) {
    intake::take(&world.app, &delivered(text), now()).await.unwrap();
}

fn consent(key: &str, state: &str, occurred_at: Instant) -> String {
    let detail = json!({
        "consent_id": key,
        "customer_id": "cus-1",
        "occurred_at": occurred_at.to_string(),
        "channel": "email",
        "purpose": "marketing",
        "state": state,
        "source": "shop counter",
    });
    envelope("ConsentChanged", occurred_at, detail)
}

/// A customer who said yes, bought, and got a marketing mail.
async fn mailed(more: serde_json::Value) -> World {
    let world = World::new(rules()).await;
    publish(&world, &profile("cus-1", minutes_after(now(), -60), more)).await;
    publish(&world, &consent("yes", "granted", minutes_after(now(), -50))).await;
    publish(&world, &purchase("cus-1", "pur-1", minutes_after(now(), -10), "129.90")).await;
    assert_eq!(dispatch::run(&world.app, now()).await.unwrap().sent, 1);
    world
}

/// The same system by other parts, and without keys.
fn app(world: &World, store: Store) -> App {
    let ses = lazo::shell::app::ses_client(&sdk_at(&world.recorder.url));
    let mailer = Mailer::Ses(Ses::new(ses, None));
    App::new(store, world.app.bus.clone(), mailer, Some(LINKS_URL.into()), rules())
}

/// The mail as it was handed to SES.
fn mail(world: &World) -> String {
    let requests = world.recorder.requests(Service::Ses);
    let raw = requests[0]["Content"]["Raw"]["Data"].as_str().unwrap();
    let mime = String::from_utf8(STANDARD.decode(raw).unwrap()).unwrap();
    // Quoted-printable, undone as far as a link needs it.
    mime.replace("=\r\n", "").replace("=3D", "=")
}

/// Every address of ours in the mail, headers and parts alike.
fn links(mail: &str) -> BTreeSet<String> {
    let ends = |c: char| c.is_whitespace() || "<>\"')]".contains(c);
    let found = mail.match_indices(LINKS_URL).map(|(place, _)| {
        let rest = &mail[place..];
        rest[..rest.find(ends).unwrap_or(rest.len())].trim_end_matches('.').to_owned()
    });
    found.collect()
}

/// The one link to unsubscribe, by its path.
fn link(world: &World) -> String {
    let links = links(&mail(world));
    assert_eq!(links.len(), 1, "{links:?}");
    links.first().unwrap().strip_prefix(LINKS_URL).unwrap().to_owned()
}

fn request(method: Method, path: &str, body: &[u8]) -> Request {
    let mut request = Request::new(Payload::new(body.to_vec()));
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    request.headers_mut().insert(header::CONTENT_TYPE, FORM.parse().unwrap());
    request
}

async fn ask(world: &World, method: Method, path: &str, body: &[u8]) -> Response {
    respond(&world.app, &request(method, path, body), now()).await
}

async fn post(world: &World, path: &str, body: &[u8]) -> Response {
    ask(world, Method::POST, path, body).await
}

/// The whole table, item by item.
/// The consents that were counted, by their keys.
async fn counted(world: &World) -> Vec<String> {
    let (events, _) = world.app.store.ledger(&id("cus-1")).await.unwrap();
    let consents = events.into_iter().filter(|event| event.kind == EventKind::ConsentChanged);
    consents.map(|event| event.key).filter(|key| key != "yes").collect()
}

async fn state(world: &World) -> Option<ConsentState> {
    let customer = world.customer(&id("cus-1")).await;
    Some(customer.last_word(Channel::Email, Purpose::Marketing)?.state)
}

/// The token behind the page's button to undo.
fn undo_of(response: &Response) -> Option<String> {
    let (_, rest) = response.body().split_once("name=\"undo\" value=\"")?;
    Some(format!("undo={}", rest.split('"').next()?))
}

#[tokio::test]
async fn what_only_looks_changes_nothing() {
    let world = mailed(json!({})).await;
    let before = world.items().await;
    for link in links(&mail(&world)) {
        let path = link.strip_prefix(LINKS_URL).unwrap();
        for _ in 0..2 {
            let page = ask(&world, Method::GET, path, b"").await;
            assert_eq!(page.status(), StatusCode::OK);
            assert!(page.body().contains("Dejar de recibir"), "{}", page.body());
            let head = ask(&world, Method::HEAD, path, b"").await;
            assert_eq!((head.status(), head.body().as_str()), (StatusCode::OK, ""));
            // A scanner may even send the form's words along.
            let with_body = ask(&world, Method::GET, path, ONE_CLICK).await;
            assert_eq!(with_body.status(), StatusCode::OK);
        }
    }
    assert_eq!(world.items().await, before);
    assert_eq!(state(&world).await, Some(ConsentState::Granted));
}

#[tokio::test]
async fn the_mail_carries_the_headers_of_one_click() {
    let world = mailed(json!({})).await;
    let (mail, path) = (mail(&world), link(&world));
    assert!(mail.contains(&format!("\r\nList-Unsubscribe: <{LINKS_URL}{path}>\r\n")), "{mail}");
    assert!(mail.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    let token = path.strip_prefix("/u/").unwrap();
    let claim = keys().verify(token, Instant::MAX).unwrap();
    assert_eq!(claim.touch.to_string(), "news/cus-1/pur-1/mail");
}

#[tokio::test]
async fn one_click_denies_at_once_and_counts_once() {
    for body in [ONE_CLICK, BUTTON] {
        let world = mailed(json!({})).await;
        let path = link(&world);
        let page = post(&world, &path, body).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(state(&world).await, Some(ConsentState::Denied));
        assert_eq!(counted(&world).await.len(), 1);
        let after = world.items().await;
        for again in [ONE_CLICK, BUTTON] {
            let page = post(&world, &path, again).await;
            assert_eq!(page.status(), StatusCode::OK);
            assert!(page.body().contains("Ya no recibes estos correos"));
        }
        assert_eq!(world.items().await, after, "the second click changed something");
        let page = ask(&world, Method::GET, &path, b"").await;
        assert!(page.body().contains("Ya no recibes") && !page.body().contains("<form"));
    }
}

#[tokio::test]
async fn clicks_at_once_count_once() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let clicks = (0..8).map(|_| post(&world, &path, ONE_CLICK));
    for page in futures::future::join_all(clicks).await {
        assert_eq!(page.status(), StatusCode::OK);
    }
    assert_eq!(counted(&world).await.len(), 1);
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
}

#[tokio::test]
async fn who_said_no_gets_no_more() {
    let world = mailed(json!({})).await;
    post(&world, &link(&world), ONE_CLICK).await;
    publish(&world, &purchase("cus-1", "pur-2", now(), "10.00")).await;
    dispatch::run(&world.app, minutes_after(now(), 1)).await.unwrap();
    assert_eq!(world.recorder.requests(Service::Ses).len(), 1);
    let (_, touches) = world.app.store.ledger(&id("cus-1")).await.unwrap();
    let second = touches.iter().find(|touch| touch.touch.occurrence == "pur-2").unwrap();
    assert_eq!(second.reason, Some(Reason::NoConsent));
}

#[tokio::test]
async fn undo_grants_what_the_click_denied_and_the_next_click_denies_again() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let first = undo_of(&post(&world, &path, BUTTON).await).expect("a button to undo");
    for _ in 0..2 {
        let page = post(&world, &path, first.as_bytes()).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.body().contains("Seguirás recibiendo"), "{}", page.body());
        assert_eq!(state(&world).await, Some(ConsentState::Granted));
        assert_eq!(counted(&world).await.len(), 2, "the second undo counted");
    }
    let page = post(&world, &path, ONE_CLICK).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
    assert_eq!(counted(&world).await.len(), 3);
    // The first undo took back the first click, and no other.
    let page = post(&world, &path, first.as_bytes()).await;
    assert_eq!(page.status(), StatusCode::CONFLICT);
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
}

#[tokio::test]
async fn undo_never_overrides_another_no() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let undo = undo_of(&post(&world, &path, BUTTON).await).unwrap();
    // Said at the counter, in the same millisecond and in the next.
    for millis in [0, 1] {
        let said_at = now().plus_millis(millis);
        publish(&world, &consent(&format!("no-{millis}"), "denied", said_at)).await;
    }
    let page = post(&world, &path, undo.as_bytes()).await;
    assert_eq!(page.status(), StatusCode::CONFLICT);
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
}

/// The undo and somebody else's *no* may be committed in either order.
#[tokio::test]
async fn a_no_that_was_said_before_the_undo_but_came_after_it_stands() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let undo = undo_of(&post(&world, &path, BUTTON).await).unwrap();
    let later = minutes_after(now(), 30);
    let page = respond(&world.app, &request(Method::POST, &path, undo.as_bytes()), later).await;
    assert_eq!(page.status(), StatusCode::OK);
    publish(&world, &consent("no", "denied", minutes_after(now(), 15))).await;
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
}

#[tokio::test]
async fn an_undo_ends_and_serves_its_own_link_alone() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let undo = undo_of(&post(&world, &path, BUTTON).await).unwrap();
    let late = minutes_after(now(), 60);
    let page = respond(&world.app, &request(Method::POST, &path, undo.as_bytes()), late).await;
    assert_eq!(page.status(), StatusCode::CONFLICT);
    // Not as a link, not with another's link, and no link as an undo.
    let token = undo.strip_prefix("undo=").unwrap();
    let as_link = post(&world, &format!("/u/{token}"), ONE_CLICK).await;
    assert_eq!(as_link.status(), StatusCode::NOT_FOUND);
    let other = TouchId {
        rule: "news".into(),
        customer: id("cus-1"),
        occurrence: "pur-9".into(),
        step: "mail".into(),
    };
    let other = format!("/u/{}", keys().sign(&Claim::unsubscribe(&other)).unwrap());
    assert_eq!(post(&world, &other, undo.as_bytes()).await.status(), StatusCode::NOT_FOUND);
    let itself = format!("undo={}", path.strip_prefix("/u/").unwrap());
    assert_eq!(post(&world, &path, itself.as_bytes()).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
}

/// Nobody is offered to be granted what they never granted.
#[tokio::test]
async fn without_a_yes_there_is_nothing_to_undo() {
    let world = World::new(rules()).await;
    publish(&world, &profile("cus-1", minutes_after(now(), -60), json!({}))).await;
    let touch = TouchId {
        rule: "news".into(),
        customer: id("cus-1"),
        occurrence: "pur-1".into(),
        step: "mail".into(),
    };
    let path = format!("/u/{}", keys().sign(&Claim::unsubscribe(&touch)).unwrap());
    let page = post(&world, &path, BUTTON).await;
    assert_eq!((page.status(), undo_of(&page)), (StatusCode::OK, None));
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
    assert_eq!(counted(&world).await.len(), 1);
}

/// A clock that runs ahead must not make a yes outlive the no.
#[tokio::test]
async fn a_yes_from_the_future_is_denied_too() {
    let world = mailed(json!({})).await;
    publish(&world, &consent("later", "granted", minutes_after(now(), 600))).await;
    assert_eq!(post(&world, &link(&world), ONE_CLICK).await.status(), StatusCode::OK);
    assert_eq!(state(&world).await, Some(ConsentState::Denied));
}

#[tokio::test]
async fn who_was_forgotten_stays_so() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let detail =
        json!({ "request_id": "req-1", "customer_id": "cus-1", "occurred_at": now().to_string() });
    publish(&world, &envelope("CustomerErased", now(), detail)).await;
    let before = world.items().await;
    for method in [Method::GET, Method::POST] {
        let page = ask(&world, method, &path, ONE_CLICK).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.body().contains("Ya no recibes"), "{}", page.body());
    }
    assert_eq!(world.items().await, before);
}

/// No key, no link; no link, no marketing mail.
#[tokio::test]
async fn marketing_mail_without_a_way_out_is_not_written() {
    let world = World::new(rules()).await;
    publish(&world, &profile("cus-1", minutes_after(now(), -60), json!({}))).await;
    publish(&world, &consent("yes", "granted", minutes_after(now(), -50))).await;
    publish(&world, &purchase("cus-1", "pur-1", minutes_after(now(), -10), "129.90")).await;
    let app = app(&world, world.app.store.clone());
    dispatch::run(&app, now()).await.unwrap();
    assert!(world.recorder.requests(Service::Ses).is_empty());
    let (_, touches) = world.app.store.ledger(&id("cus-1")).await.unwrap();
    assert_eq!(
        (touches[0].state, touches[0].reason),
        (TouchState::Skipped, Some(Reason::Undeliverable))
    );
}

#[test]
fn a_link_has_one_slash_whatever_the_address_ends_with() {
    assert_eq!(unsubscribe_url("https://x.example/", "t"), "https://x.example/u/t");
    assert_eq!(unsubscribe_url("https://x.example", "t"), "https://x.example/u/t");
}
