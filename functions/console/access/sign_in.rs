//! Signing in: to the provider and back, once; then a session that a cookie proves.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HOST, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use lazo_domain::instant::Instant;
use lazo_domain::policy::Policy;
use maud::html;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::provider::{Provider, ProviderError};
use super::{Role, User, cookie};
use crate::console::ask::Fields;
use crate::console::reply::{put, response};
use crate::console::{Console, Place, frame, look};
use crate::shell::store::{Session, SignIn, StoreError};
use crate::shell::wording::Language;

/// The cookie of a session. Its name binds it to this very host and to HTTPS.
const SESSION: &str = "__Host-lazo";
/// The cookie of a sign-in that was begun: whoever comes back is who went.
const BEGUN: &str = "__Host-lazo-signin";
/// How long a session lasts, in milliseconds: a working day.
const SESSION_MILLIS: i64 = 10 * 3_600_000;
/// How long a sign-in may take.
const SIGN_IN_MILLIS: i64 = 10 * 60_000;
const HTML: &str = "text/html; charset=utf-8";

/// A secret that nobody guesses.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whoever the session's cookie proves.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn user(
    console: &Console,
    headers: &HeaderMap,
    now: Instant,
) -> Result<Option<User>, StoreError> {
    let Some(secret) = cookie(headers, SESSION) else { return Ok(None) };
    let session = console.app.store.session(secret, now).await?;
    Ok(session.and_then(|session| {
        let role = Role::of(&session.role)?;
        Some(User { name: session.name, called: session.called, role })
    }))
}

/// Where this console is, as its visitors see it.
fn base(console: &Console, headers: &HeaderMap) -> String {
    if let Place::Deployed { url: Some(url), .. } = &console.place {
        return url.trim_end_matches('/').to_owned();
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!("https://{host}")
}

fn set(answer: &mut Response, cookie: &str) {
    if let Ok(cookie) = cookie.parse() {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
}

fn kept(name: &str, value: &str, seconds: i64) -> String {
    format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax")
}

fn goto(to: &str) -> Response {
    let mut answer = response(StatusCode::SEE_OTHER, HTML, axum::body::Body::empty());
    put(&mut answer, LOCATION, to);
    answer
}

/// To the page that asks to sign in, and back to where somebody was.
pub fn ask_to_sign_in(parts: &Parts) -> Response {
    let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let to: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    goto(&format!("/signin?to={to}"))
}

/// The page that asks to sign in.
pub async fn page(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let query = Fields::read(parts.uri.query().unwrap_or_default().as_bytes());
    let to = look::own_path(query.get("to").unwrap_or("/"));
    let note = query.get("why");
    response(StatusCode::OK, HTML, door(&console, &parts, to, note))
}

fn door(console: &Console, parts: &Parts, to: &str, why: Option<&str>) -> String {
    let (lang, theme) = (look::language(&parts.headers), look::theme(&parts.headers));
    let rules = console.app.rules();
    let shop = &rules.book.policy.brand.name;
    let note = why.map(|why| said(why, lang));
    let to: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
    let inside = html! {
        div.door {
            h1 { "Lazo" }
            p.lead {
                (lang.pick(
                    "Para que la venta no sea lo último que supieron de nosotros.",
                    "So that the sale is not the last they heard of us.",
                ))
            }
            @if let Some(note) = note { div class="note wait mt6" role="alert" { p { (note) } } }
            // A link: `form-action` would forbid the way to the provider.
            p.mt6 {
                a class="btn go full" href={ "/signin/go?to=" (to) } {
                    (lang.pick("Entrar con tu cuenta de ", "Sign in with your account of ")) (shop)
                }
            }
            p class="s mute mt" {
                (lang.pick(
                    "Te lleva a la página de entrada de la tienda y te trae de vuelta. Lazo no guarda tu contraseña.",
                    "It leads to the shop’s sign-in page and back. Lazo does not keep your password.",
                ))
            }
        }
    };
    frame::gate(lang.pick("Entrar", "Sign in"), inside, lang, theme).into_string()
}

/// Why somebody is at the door again.
fn said(why: &str, lang: Language) -> &'static str {
    match why {
        "role" => lang.pick(
            "Entraste, pero tu cuenta no tiene ningún papel en Lazo. Pídelo a quien administra las cuentas.",
            "You signed in, but your account has no role in Lazo. Ask whoever looks after the accounts.",
        ),
        "late" => lang.pick(
            "Esa entrada ya se usó o venció. Empieza otra vez.",
            "That sign-in was used already, or is over. Begin again.",
        ),
        "refused" => lang.pick(
            "La página de entrada no te dejó pasar, o cancelaste.",
            "The sign-in page did not let you in, or you called it off.",
        ),
        "out" => lang.pick("Saliste. Hasta pronto.", "You signed out. See you soon."),
        _ => lang.pick(
            "La página de entrada no responde. Intenta en un momento.",
            "The sign-in page does not answer. Try in a moment.",
        ),
    }
}

fn provider(console: &Console) -> Option<&Provider> {
    match &console.place {
        Place::Deployed { provider, .. } => Some(provider),
        Place::Local { .. } => None,
    }
}

/// Off to the provider.
pub async fn go(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(provider) = provider(&console) else { return goto("/") };
    match begin(&console, provider, &parts).await {
        Ok((address, state)) => {
            let mut answer = goto(&address);
            set(&mut answer, &kept(BEGUN, &state, SIGN_IN_MILLIS / 1000));
            answer
        }
        Err(why) => {
            tracing::error!(why, "a sign-in could not begin");
            goto("/signin?why=silent")
        }
    }
}

async fn begin(
    console: &Console,
    provider: &Provider,
    parts: &Parts,
) -> Result<(String, String), String> {
    let now = (console.clock)();
    let query = Fields::read(parts.uri.query().unwrap_or_default().as_bytes());
    let draw = || secret().map_err(|error| error.to_string());
    let (state, nonce, verifier) = (draw()?, draw()?, draw()?);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let back = format!("{}/signin/back", base(console, &parts.headers));
    let fields = [
        ("response_type", "code"),
        ("client_id", &provider.settings.client),
        ("redirect_uri", &back),
        ("scope", "openid profile email"),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let address = provider.begin(&fields, now).await.map_err(|error| error.to_string())?;
    let to = look::own_path(query.get("to").unwrap_or("/")).to_owned();
    let ends_at = now.plus_millis(SIGN_IN_MILLIS);
    let sign_in = SignIn { nonce, verifier, to, ends_at };
    let kept = console.app.store.begin_sign_in(&state, &sign_in).await;
    kept.map_err(|error| error.to_string())?;
    Ok((address, state))
}

/// Back from the provider, with a code.
pub async fn back(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let Some(provider) = provider(&console) else { return goto("/") };
    match come_back(&console, provider, &parts).await {
        Ok((to, secret)) => {
            let mut answer = goto(&to);
            set(&mut answer, &kept(SESSION, &secret, SESSION_MILLIS / 1000));
            set(&mut answer, &kept(BEGUN, "", 0));
            answer
        }
        Err(why) => goto(&format!("/signin?why={why}")),
    }
}

/// Where to go on, and the session's secret; or why not, by its code.
async fn come_back(
    console: &Console,
    provider: &Provider,
    parts: &Parts,
) -> Result<(String, String), &'static str> {
    let now = (console.clock)();
    let query = Fields::read(parts.uri.query().unwrap_or_default().as_bytes());
    let state = query.get("state").unwrap_or_default();
    // Whoever comes back must be who went: else one could be signed in as somebody else.
    if state.is_empty() || cookie(&parts.headers, BEGUN) != Some(state) {
        return Err("late");
    }
    let store = &console.app.store;
    let taken = store.take_sign_in(state, now).await.map_err(|error| {
        tracing::error!(%error, "a sign-in could not be read");
        "silent"
    })?;
    let begun = taken.ok_or("late")?;
    let code = query.get("code").filter(|_| query.get("error").is_none()).ok_or("refused")?;
    let address = format!("{}/signin/back", base(console, &parts.headers));
    let claims = provider.claims((code, &begun.verifier, &address), &begun.nonce, now).await;
    let claims = claims.map_err(|error| {
        tracing::warn!(%error, "a sign-in was refused");
        match error {
            ProviderError::Silent(_) | ProviderError::OtherIssuer(_) => "silent",
            ProviderError::Refused(_) | ProviderError::Token(_) => "refused",
        }
    })?;
    let rules = console.app.rules();
    let user = user_of(&claims, &provider.settings.claim, &rules.book.policy).ok_or("role")?;
    let session = Session {
        name: user.name,
        called: user.called,
        role: user.role.name().to_owned(),
        began_at: now,
        ends_at: now.plus_millis(SESSION_MILLIS),
    };
    let secret = secret().map_err(|_| "silent")?;
    store.begin_session(&secret, &session).await.map_err(|error| {
        tracing::error!(%error, "a session could not begin");
        "silent"
    })?;
    tracing::info!(role = session.role, "somebody signed in");
    Ok((begun.to, secret))
}

/// Whoever the claims name; `None` where they give no role.
fn user_of(claims: &Value, claim: &str, policy: &Policy) -> Option<User> {
    let role = role_of(claims, claim)?;
    let text = |name: &str| claims[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    // An address that the provider does not say it looked at may be anybody's. Some say
    // so as a text.
    let verified = &claims["email_verified"];
    let is_verified = *verified == Value::Bool(true) || verified.as_str() == Some("true");
    let email = text("email").filter(|_| is_verified);
    let mut people = policy.people.iter();
    let person = people.find(|(_, person)| {
        email.is_some_and(|email| person.email.as_str().eq_ignore_ascii_case(email))
    });
    let subject = text("sub")?;
    Some(match person {
        Some((name, _)) => {
            User { name: name.clone(), called: policy.called(name).to_owned(), role }
        }
        None => {
            let called = text("name").or(text("preferred_username")).or(email).unwrap_or(subject);
            User { name: email.unwrap_or(subject).to_owned(), called: called.to_owned(), role }
        }
    })
}

/// The role that a claim names: of several the one that may most.
fn role_of(claims: &Value, claim: &str) -> Option<Role> {
    let whole = &claims[claim];
    let found = match whole.is_null() {
        // Such as `realm_access.roles`.
        true => claim.split('.').fold(claims, |value, key| &value[key]),
        false => whole,
    };
    let named: Vec<&str> = match found {
        Value::String(text) => text.split([' ', ',']).collect(),
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    named.into_iter().filter_map(Role::of).max()
}

/// Ends the session.
pub async fn out(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Some(secret) = cookie(&parts.headers, SESSION)
        && let Err(error) = console.app.store.end_session(secret).await
    {
        tracing::error!(%error, "a session could not be ended");
    }
    let mut answer = goto("/signin?why=out");
    set(&mut answer, &kept(SESSION, "", 0));
    answer
}

#[cfg(test)]
mod tests {
    use lazo_domain::rulebook::RuleBook;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_is_read_from_whatever_form_the_claim_has() {
        let of = |claims: Value, claim: &str| role_of(&claims, claim);
        assert_eq!(of(json!({ "role": "rep" }), "role"), Some(Role::Rep));
        assert_eq!(of(json!({ "groups": ["x", "rep", "admin"] }), "groups"), Some(Role::Admin));
        assert_eq!(
            of(json!({ "realm": { "roles": ["operations"] } }), "realm.roles"),
            Some(Role::Operations)
        );
        assert_eq!(
            of(json!({ "https://x.y/role": "marketing" }), "https://x.y/role"),
            Some(Role::Marketing)
        );
        for none in
            [json!({}), json!({ "role": 7 }), json!({ "role": "root" }), json!({ "role": [] })]
        {
            assert_eq!(of(none, "role"), None);
        }
    }

    #[test]
    fn somebody_of_the_policy_is_known_by_a_verified_address() {
        let policy = "people: { luis: { name: Luis Paz, email: luis@casa.example } }";
        let policy = RuleBook::read(&[("policy.yaml".into(), policy.into())]).unwrap().policy;
        let of = |claims: Value| user_of(&claims, "role", &policy);
        let mut claims = json!({ "sub": "1", "email": "Luis@Casa.example", "role": "rep" });
        for verified in [json!(true), json!("true")] {
            claims["email_verified"] = verified;
            let known = of(claims.clone()).unwrap();
            assert_eq!((known.name.as_str(), known.called.as_str()), ("luis", "Luis Paz"));
        }
        for not in [json!(false), json!("false"), json!("yes"), json!(1), Value::Null] {
            claims["email_verified"] = not;
            let stranger = of(claims.clone()).unwrap();
            assert_eq!((stranger.name.as_str(), stranger.called.as_str()), ("1", "1"), "{claims}");
        }
        claims.as_object_mut().unwrap().remove("email_verified");
        assert_eq!(of(claims).unwrap().name, "1", "nothing is said of the address");
        assert_eq!(of(json!({ "sub": "1", "email": "luis@casa.example" })), None);
        assert_eq!(of(json!({ "role": "rep" })), None, "nobody");
    }
}
