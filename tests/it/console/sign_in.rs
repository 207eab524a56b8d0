//! Signing in, by a stand-in for an OpenID provider that speaks the real protocol:
//! discovery, keys, codes, PKCE, nonce.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{Request, StatusCode, header};
use lazo::console::access::provider::{Provider, Settings};
use lazo::console::{Console, Place, router};
use lazo_domain::instant::Instant;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::browser::{Browser, Seen};
use crate::support::{World, at, minutes_after};

const HOST: &str = "abc.lambda-url.us-east-1.on.aws";
const CLIENT: &str = "lazo-console";
const SECRET: &str = "a secret: with / odd characters";

fn noon() -> Instant {
    at("2026-11-30T18:00:00Z")
}

/// What the provider was told of a sign-in, and what it is to answer.
#[derive(Default)]
struct Told {
    /// By code: the challenge, and the claims of its token.
    codes: HashMap<String, (String, Value)>,
    header: Option<Value>,
}

struct StandIn {
    issuer: String,
    pair: EcdsaKeyPair,
    told: Mutex<Told>,
}

impl StandIn {
    async fn start() -> Arc<StandIn> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let rng = SystemRandom::new();
        let method = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(method, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(method, key.as_ref(), &rng).unwrap();
        let stand_in = Arc::new(StandIn { issuer, pair, told: Mutex::default() });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(stand_in.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        stand_in
    }

    fn signed(&self, header: &Value, claims: &Value) -> String {
        let of = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", of(header), of(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Lets somebody in at the provider: what its page does when the password is right.
    /// The address that leads back.
    fn let_in(&self, authorization: &str, change: impl Fn(&mut Value)) -> String {
        let query = authorization.split_once('?').unwrap().1;
        let asked: HashMap<String, String> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|one| one == "openid"));
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "u-1", "nonce": asked["nonce"],
            "iat": noon().millis() / 1000, "exp": noon().millis() / 1000 + 300,
            "email": "lucia.ortega@casalumbre.example", "email_verified": true, "groups": ["rep"],
        });
        change(&mut claims);
        let code = Uuid::now_v7().to_string();
        let told = (asked["code_challenge"].clone(), claims);
        self.told.lock().unwrap().codes.insert(code.clone(), told);
        let back =
            asked["redirect_uri"].strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
        format!("{back}?code={code}&state={}", asked["state"])
    }
}

async fn discovery(State(it): State<Arc<StandIn>>) -> Json<Value> {
    Json(json!({
        "issuer": it.issuer,
        "authorization_endpoint": format!("{}/authorize", it.issuer),
        "token_endpoint": format!("{}/token", it.issuer),
        "jwks_uri": format!("{}/keys", it.issuer),
    }))
}

async fn keys(State(it): State<Arc<StandIn>>) -> Json<Value> {
    let point = it.pair.public_key().as_ref().to_vec();
    let of = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({ "keys": [
        { "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": of(&point[1..33]), "y": of(&point[33..]) },
    ] }))
}

async fn token(
    State(it): State<Arc<StandIn>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> (StatusCode, Json<Value>) {
    let refused = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": why })));
    let encoded: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{encoded}")));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&basic) {
        return refused("invalid_client");
    }
    // A code is good once.
    let Some((challenge, claims)) = it.told.lock().unwrap().codes.remove(&form["code"]) else {
        return refused("invalid_grant");
    };
    if URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"])) != challenge {
        return refused("invalid_grant");
    }
    let header = it.told.lock().unwrap().header.clone();
    let header = header.unwrap_or_else(|| json!({ "alg": "ES256", "kid": "k1" }));
    (
        StatusCode::OK,
        Json(json!({ "id_token": it.signed(&header, &claims), "token_type": "Bearer" })),
    )
}

/// A console that is deployed, and a visitor's browser with its cookies.
struct Visit {
    browser: Browser,
    cookies: Mutex<HashMap<String, String>>,
}

impl Visit {
    fn new(world: &World, provider: &StandIn, now: Instant) -> Visit {
        let settings = Settings {
            issuer: provider.issuer.clone(),
            client: CLIENT.into(),
            secret: SECRET.into(),
            claim: "groups".into(),
        };
        let console = Console {
            app: world.app.clone(),
            place: Place::Deployed {
                provider: Box::new(Provider::new(settings).unwrap()),
                url: None,
            },
            clock: Box::new(move || now),
            fresh: Uuid::now_v7,
        };
        let browser = Browser::at(world, now).through(router(Arc::new(console)));
        Visit { browser, cookies: Mutex::default() }
    }

    async fn ask(&self, method: &str, path: &str) -> Seen {
        let cookies = self.cookies.lock().unwrap().clone();
        let cookies: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, cookies.join("; "));
        let request = match method {
            "POST" => request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
            _ => request,
        };
        let seen = self.browser.send(request.body(axum::body::Body::empty()).unwrap()).await;
        for cookie in seen.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Path=/; "), "{cookie}");
            assert!(cookie.contains("Secure; HttpOnly; SameSite=Lax"), "{cookie}");
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        seen
    }

    async fn get(&self, path: &str) -> Seen {
        self.ask("GET", path).await
    }

    /// Off to the provider: where its page is.
    async fn go(&self) -> String {
        self.get("/signin/go?to=%2Fcalls").await.location().to_owned()
    }
}

#[tokio::test]
async fn whoever_signs_in_at_the_provider_has_a_session_until_they_leave() {
    let (world, provider) = (World::shipped().await, StandIn::start().await);
    let visit = Visit::new(&world, &provider, noon());
    let first = visit.get("/calls").await;
    assert_eq!((first.status, first.location()), (StatusCode::SEE_OTHER, "/signin?to=%2Fcalls"));
    let door = visit.get(first.location()).await;
    assert!(door.body.contains("href=\"/signin/go?to=%2Fcalls\""), "{}", door.body);
    let back = provider.let_in(&visit.go().await, |_| {});
    let came = visit.get(&back).await;
    assert_eq!((came.status, came.location()), (StatusCode::SEE_OTHER, "/calls"));
    let page = visit.get("/").await;
    assert!(page.status == StatusCode::OK && page.text().contains("Lucía Ortega"));
    assert_eq!(visit.get("/settings").await.status, StatusCode::FORBIDDEN, "a rep");
    assert!(page.headers.contains_key("strict-transport-security"));
    // What the table holds opens no door.
    let (hash, session) = world.app.store.sessions(noon()).await.unwrap().remove(0);
    assert_eq!((session.name.as_str(), session.role.as_str()), ("lucia.ortega", "rep"));
    assert!(visit.cookies.lock().unwrap().values().all(|value| *value != hash));
    // The same code again, by the same browser or another.
    assert_eq!(visit.get(&back).await.location(), "/signin?why=late");
    let out = visit.ask("POST", "/signout").await;
    assert_eq!(out.location(), "/signin?why=out");
    assert_eq!(visit.get("/").await.status, StatusCode::SEE_OTHER);
    assert!(world.app.store.sessions(noon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_session_ends_by_time_and_by_somebody_s_hand() {
    let (world, provider) = (World::shipped().await, StandIn::start().await);
    let visit = Visit::new(&world, &provider, noon());
    visit.get(&provider.let_in(&visit.go().await, |_| {})).await;
    assert_eq!(visit.get("/").await.status, StatusCode::OK);
    let later = Visit::new(&world, &provider, minutes_after(noon(), 11 * 60));
    *later.cookies.lock().unwrap() = visit.cookies.lock().unwrap().clone();
    assert_eq!(later.get("/").await.status, StatusCode::SEE_OTHER);
    // What somebody typed before that is not thrown away: it says so.
    let posted = later.ask("POST", "/calls/next").await;
    assert_eq!(posted.status, StatusCode::UNAUTHORIZED);
    let (hash, _) = world.app.store.sessions(noon()).await.unwrap().remove(0);
    world.app.store.revoke_session(&hash).await.unwrap();
    assert_eq!(visit.get("/").await.status, StatusCode::SEE_OTHER);
    // A cookie of another deployment, and one that is made up.
    let other = World::shipped().await;
    let there = Visit::new(&other, &provider, noon());
    *there.cookies.lock().unwrap() = visit.cookies.lock().unwrap().clone();
    assert_eq!(there.get("/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_token_that_is_not_of_this_sign_in_opens_nothing() {
    let (world, provider) = (World::shipped().await, StandIn::start().await);
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("another nonce", |claims| claims["nonce"] = "x".into()),
        ("expired", |claims| claims["exp"] = (noon().millis() / 1000 - 3_600).into()),
        ("another issuer", |claims| claims["iss"] = "https://evil.example".into()),
        ("another client", |claims| claims["aud"] = "other".into()),
        ("of tomorrow", |claims| claims["iat"] = (noon().millis() / 1000 + 86_400).into()),
        ("nobody", |claims| claims["sub"] = Value::Null),
    ];
    for (what, change) in changes {
        let visit = Visit::new(&world, &provider, noon());
        let came = visit.get(&provider.let_in(&visit.go().await, change)).await;
        assert!(came.location().starts_with("/signin?why="), "{what}: {}", came.location());
    }
    let visit = Visit::new(&world, &provider, noon());
    let came = visit
        .get(&provider.let_in(&visit.go().await, |claims| claims["groups"] = json!(["x"])))
        .await;
    assert_eq!(came.location(), "/signin?why=role");
    assert!(visit.get(came.location()).await.text().contains("no tiene ningún papel"));
    // Signed by nobody, and by the public key as a secret.
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "kid": "k1" }),
        json!({ "alg": "ES256", "kid": "k9" }),
    ] {
        provider.told.lock().unwrap().header = Some(header);
        let visit = Visit::new(&world, &provider, noon());
        let came = visit.get(&provider.let_in(&visit.go().await, |_| {})).await;
        assert_eq!(came.location(), "/signin?why=refused");
    }
    assert!(world.app.store.sessions(noon()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_is_signed_in_as_somebody_else_by_a_link() {
    let (world, provider) = (World::shipped().await, StandIn::start().await);
    let (mine, theirs) =
        (Visit::new(&world, &provider, noon()), Visit::new(&world, &provider, noon()));
    // I begin, and send the way back to somebody else.
    let back = provider.let_in(&mine.go().await, |_| {});
    assert_eq!(theirs.get(&back).await.location(), "/signin?why=late");
    theirs.go().await;
    assert_eq!(theirs.get(&back).await.location(), "/signin?why=late");
    // A code without its state, a state without a code, a refusal.
    for path in ["/signin/back", "/signin/back?code=x", "/signin/back?code=x&state=y"] {
        assert_eq!(mine.get(path).await.location(), "/signin?why=late", "{path}");
    }
    let visit = Visit::new(&world, &provider, noon());
    let back = provider.let_in(&visit.go().await, |_| {});
    let state = back.split("state=").nth(1).unwrap();
    let refused = visit.get(&format!("/signin/back?error=access_denied&state={state}")).await;
    assert_eq!(refused.location(), "/signin?why=refused");
    // Back only to a page of this console.
    let visit = Visit::new(&world, &provider, noon());
    let address = visit.get("/signin/go?to=https%3A%2F%2Fevil.example").await.location().to_owned();
    assert_eq!(visit.get(&provider.let_in(&address, |_| {})).await.location(), "/");
}

#[tokio::test]
async fn an_admin_ends_the_session_of_somebody_else() {
    let (world, provider) = (World::shipped().await, StandIn::start().await);
    let visit = Visit::new(&world, &provider, noon());
    visit.get(&provider.let_in(&visit.go().await, |_| {})).await;
    let admin = Visit::new(&world, &provider, noon());
    let is_admin = |claims: &mut Value| {
        claims["groups"] = json!(["admin"]);
        claims["email"] = json!("grace.hall@casalumbre.example");
    };
    admin.get(&provider.let_in(&admin.go().await, is_admin)).await;
    let page = admin.get("/settings/sessions").await;
    assert!(page.text().contains("Hay dos sesiones abiertas"), "{}", page.text());
    let live = world.app.store.sessions(noon()).await.unwrap();
    let (theirs, _) = live.iter().find(|(_, session)| session.role == "rep").unwrap();
    let path = format!("/settings/sessions/{theirs}/end");
    assert_eq!(visit.ask("POST", &path).await.status, StatusCode::FORBIDDEN, "a rep");
    for _ in 0..2 {
        assert_eq!(admin.ask("POST", &path).await.location(), "/settings/sessions?done=ended");
    }
    assert_eq!(visit.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(admin.get("/").await.status, StatusCode::OK);
    let seen = admin.get("/settings/audit").await.text();
    assert!(seen.contains("cerró la sesión de lucia.ortega"), "{seen}");
}

#[tokio::test]
async fn an_address_that_the_provider_did_not_verify_makes_nobody_somebody() {
    let (world, provider) = (World::shipped().await, StandIn::start().await);
    let changes: [fn(&mut Value); 2] = [
        |claims| drop(claims.as_object_mut().unwrap().remove("email_verified")),
        |claims| claims["email_verified"] = false.into(),
    ];
    for change in changes {
        let visit = Visit::new(&world, &provider, noon());
        visit.get(&provider.let_in(&visit.go().await, change)).await;
        let page = visit.get("/").await.text();
        assert!(!page.contains("Lucía") && page.contains("u-1"), "{page}");
    }
}
