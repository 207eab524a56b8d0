//! The public links of mails, over HTTP.
//!
//! | request | what it does |
//! |---|---|
//! | `GET`, `HEAD /u/<token>` | shows the page that asks; changes nothing, for mail scanners follow every link |
//! | `POST /u/<token>` | unsubscribes, by one click of a mail program (RFC 8058) or by the page's button; with `undo=<token>` takes that back |
//! | `GET`, `HEAD /s/<token>/<score>` | shows the page that asks whether to send the score; changes nothing either |
//! | `POST /s/<token>/<score>` | takes the score, and then a comment |
//!
//! Everything else is 404, and so is a token that does not count, without a
//! word on why. No cookies, no scripts, nothing from elsewhere.

mod consent;
mod form;
pub mod function_url;
mod page;
mod survey;
mod words;

use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderName};
use http::{Method, StatusCode};
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

pub use consent::ActError;
use consent::{Denied, Undone};
pub use form::{BODY_BYTES_MAX, Payload};
use form::{FormAction, form_action};
use page::{Button, Page};
use survey::Asked;
use words::Say;

use crate::shell::app::App;
use crate::shell::link::token::{BadToken, Claim, Purpose};
use crate::shell::link::{SURVEY, UNSUBSCRIBE};

/// A request to a link; its body is read already.
pub type Request = http::Request<Payload>;
/// The answer: a page of HTML, or an empty body for `HEAD`.
pub type Response = http::Response<String>;

/// Answers one request.
pub async fn respond(app: &App, request: &Request, now: Instant) -> Response {
    let mut customer = None;
    let page = route(app, request, now, &mut customer).await;
    let policy = &app.rules().book.policy;
    let language = words::language(customer.as_ref(), text(request, ACCEPT_LANGUAGE), policy);
    let mut response = page.write(language, &policy.brand);
    if request.method() == Method::HEAD {
        response.body_mut().clear();
    }
    response
}

fn text(request: &Request, header: HeaderName) -> &str {
    request.headers().get(header).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The page that answers a request; puts the customer that a token names into
/// `customer`, for the page's language.
async fn route(
    app: &App,
    request: &Request,
    now: Instant,
    customer: &mut Option<Customer>,
) -> Page {
    let no_link = Page::new(StatusCode::NOT_FOUND, Say::NoLink);
    let path = request.uri().path();
    let score_link = path.strip_prefix(SURVEY).and_then(|rest| rest.split_once('/'));
    let unsubscribe = path.strip_prefix(UNSUBSCRIBE);
    if score_link.is_none() && unsubscribe.is_none() {
        return no_link;
    }
    let acts = match *request.method() {
        Method::GET | Method::HEAD => false,
        Method::POST => true,
        _ => return Page::new(StatusCode::METHOD_NOT_ALLOWED, Say::NotUnderstood),
    };
    if let Some((token, score)) = score_link {
        let claim = app.link_keys.as_ref().and_then(|keys| keys.read(token).ok());
        let Some(claim) = claim else { return no_link };
        let Some(asked) = Asked::by(&claim, score) else { return no_link };
        *customer = load(app, &claim.touch.customer).await;
        return match acts {
            _ if claim.has_expired(now) => survey::over(),
            false => survey::show(app, &asked, customer.as_ref()).await,
            true => survey::act(app, request, &asked, customer.as_ref(), now).await,
        };
    }
    let keys = app.link_keys.as_ref();
    let claim = unsubscribe.and_then(|token| keys?.unsubscribe(token, now));
    let Some(claim) = claim else { return no_link };
    *customer = load(app, &claim.touch.customer).await;
    match acts {
        false => show(customer.as_ref()),
        true => act(app, request, &claim, now).await,
    }
}

/// The customer, for the language and for what there is to say. Where the table
/// does not answer, the page still asks: a *no* must find an open door.
async fn load(app: &App, id: &Id) -> Option<Customer> {
    match app.store.person(id).await {
        Ok(loaded) => Some(loaded.customer),
        Err(error) => {
            tracing::error!(%error, "the customer of a link could not be read");
            None
        }
    }
}

fn show(customer: Option<&Customer>) -> Page {
    match customer.is_some_and(consent::is_denied) {
        true => Page::new(StatusCode::OK, Say::Already),
        false => ask(),
    }
}

fn ask() -> Page {
    Page { button: Button::Unsubscribe, ..Page::new(StatusCode::OK, Say::Ask) }
}

async fn act(app: &App, request: &Request, claim: &Claim, now: Instant) -> Page {
    let Payload::Bytes(body) = request.body() else {
        return Page::new(StatusCode::PAYLOAD_TOO_LARGE, Say::NotUnderstood);
    };
    match form_action(text(request, CONTENT_TYPE), body) {
        None => Page::new(StatusCode::BAD_REQUEST, Say::NotUnderstood),
        Some(FormAction::Unsubscribe) => deny(app, claim, now).await,
        Some(FormAction::Undo(token)) => undo(app, claim, token, now).await,
    }
}

/// 200 says that the *no* is committed; whatever is less is 503, so that a mail
/// program or the customer tries again.
async fn deny(app: &App, claim: &Claim, now: Instant) -> Page {
    let rule = &claim.touch.rule;
    match consent::deny(app, claim, now).await {
        Ok(Denied::Already) => Page::new(StatusCode::OK, Say::Already),
        Ok(Denied::Now { undo }) => {
            tracing::info!(unsubscribed = 1, rule, "a customer said no to marketing mail");
            let token = app.link_keys.as_ref().and_then(|keys| keys.sign(&undo).ok());
            let button = token.map_or(Button::None, Button::Undo);
            Page { button, ..Page::new(StatusCode::OK, Say::Unsubscribed) }
        }
        Err(error) => {
            tracing::error!(%error, rule, "a customer's no could not be stored");
            try_again(Button::Unsubscribe)
        }
    }
}

async fn undo(app: &App, claim: &Claim, token: String, now: Instant) -> Page {
    let verified = app.link_keys.as_ref().map(|keys| keys.verify(&token, now));
    let said_at = match verified {
        Some(Ok(Claim { purpose: Purpose::Undo { said_at }, touch, .. }))
            if touch == claim.touch =>
        {
            said_at
        }
        Some(Err(BadToken::Expired)) => return Page::new(StatusCode::CONFLICT, Say::NotUndone),
        _ => return Page::new(StatusCode::NOT_FOUND, Say::NoLink),
    };
    let rule = &claim.touch.rule;
    match consent::undo(app, &claim.touch, said_at, now).await {
        Ok(Undone::Yes) => {
            tracing::info!(undone = 1, rule, "a customer took a no to marketing mail back");
            Page::new(StatusCode::OK, Say::Undone)
        }
        Ok(Undone::Overtaken) => Page::new(StatusCode::CONFLICT, Say::NotUndone),
        Err(error) => {
            tracing::error!(%error, rule, "an undo could not be stored");
            try_again(Button::Undo(token))
        }
    }
}

fn try_again(button: Button) -> Page {
    Page { button, ..Page::new(StatusCode::SERVICE_UNAVAILABLE, Say::TryAgain) }
}
