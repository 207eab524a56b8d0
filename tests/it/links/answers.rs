//! What the worker answers to whoever is not clicking: wrong links, methods and
//! bodies, headers, languages, and a table that is away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode, header};
use lazo::links::{BODY_BYTES_MAX, respond};
use lazo::shell::link::token::{Claim, Keys, Purpose};
use lazo::shell::store::Store;
use serde_json::json;

use super::{ONE_CLICK, app, ask, keys, link, mailed, now, post, request};
use crate::support::{TABLE, sdk_at};

#[tokio::test]
async fn what_is_no_link_is_not_found_without_a_word_on_why() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let before = world.items().await;
    let stranger = Keys::parse(&format!("t1:{}", STANDARD.encode([7; 32]))).unwrap();
    let touch = keys().verify(path.strip_prefix("/u/").unwrap(), now()).unwrap().touch;
    let signed = |keys: &Keys, claim: &Claim| format!("/u/{}", keys.sign(claim).unwrap());
    let expired = Claim { expires_at: Some(now()), ..Claim::unsubscribe(&touch) };
    let undo = Claim { purpose: Purpose::Undo { said_at: now() }, ..expired.clone() };
    let paths = [
        "/".to_owned(),
        "/u".into(),
        "/u/".into(),
        "/favicon.ico".into(),
        "/unsubscribe/cus-1".into(),
        "/u/cus-1".into(),
        format!("{path}/x"),
        format!("{path}."),
        format!("//{path}"),
        format!("/u/{}", "a".repeat(5000)),
        signed(&stranger, &Claim::unsubscribe(&touch)),
        signed(&keys(), &expired),
        signed(&keys(), &undo),
    ];
    let known = ask(&world, Method::GET, "/", b"").await;
    for path in paths {
        for method in [Method::GET, Method::POST] {
            let page = ask(&world, method, &path, ONE_CLICK).await;
            assert_eq!(page.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(page.body(), known.body(), "{path}");
        }
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test]
async fn wrong_methods_and_bodies_are_refused() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let before = world.items().await;
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE] {
        let page = ask(&world, method, &path, ONE_CLICK).await;
        assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(page.headers()[header::ALLOW], "GET, HEAD, POST");
    }
    let mut large = ONE_CLICK.to_vec();
    large.resize(BODY_BYTES_MAX + 1, b'&');
    assert_eq!(post(&world, &path, &large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for body in [&b""[..], b"subscribe=yes", b"\xff"] {
        assert_eq!(post(&world, &path, body).await.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(world.items().await, before);
    large.truncate(BODY_BYTES_MAX);
    assert_eq!(post(&world, &path, &large).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn every_answer_is_shut_to_scripts_caches_and_third_parties() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    for page in [
        ask(&world, Method::GET, &path, b"").await,
        ask(&world, Method::PUT, &path, b"").await,
        ask(&world, Method::GET, "/nothing", b"").await,
        post(&world, &path, b"").await,
        post(&world, &path, ONE_CLICK).await,
    ] {
        let headers = page.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.contains("form-action 'self'") && !policy.contains("unsafe"));
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert!(!headers.contains_key(header::SET_COOKIE));
        for outside in ["http://", "https://", "<script", "<img", "<link", "@import", "url("] {
            assert!(!page.body().contains(outside), "{outside}");
        }
    }
}

#[tokio::test]
async fn the_page_speaks_the_customers_language() {
    let shows = async |more, accepted: &str, expected: &str| {
        let world = mailed(more).await;
        let mut request = request(Method::GET, &link(&world), b"");
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
        let page = respond(&world.app, &request, now()).await;
        assert!(page.body().contains(&format!("<html lang=\"{expected}\">")), "{}", page.body());
        assert_eq!(page.headers()[header::CONTENT_LANGUAGE], expected);
    };
    shows(json!({ "locale": "en-GB" }), "es", "en").await;
    shows(json!({ "locale": "es-MX" }), "en", "es").await;
    shows(json!({ "locale": "fr" }), "en;q=0.5, fr", "en").await;
    shows(json!({ "locale": null }), "fr", "es").await;
}

/// What was not stored is not acknowledged; the page asks nevertheless.
#[tokio::test]
async fn without_a_table_a_click_is_to_be_tried_again() {
    let world = mailed(json!({})).await;
    let path = link(&world);
    let nowhere = aws_sdk_dynamodb::Client::from_conf(
        aws_sdk_dynamodb::config::Builder::from(&sdk_at("http://127.0.0.1:9"))
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
            .build(),
    );
    let app = app(&world, Store::new(nowhere, TABLE)).with_link_keys(keys());
    let page = respond(&app, &request(Method::GET, &path, b""), now()).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.body().contains("<form"));
    let page = respond(&app, &request(Method::POST, &path, ONE_CLICK), now()).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.headers()[header::RETRY_AFTER], "60");
    assert!(page.body().contains("Intentar de nuevo") && page.body().contains("<form"));
}
