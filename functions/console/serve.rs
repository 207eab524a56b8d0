//! From a request to an answer: the router, who may, and the headers of every answer.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, get, on, post};
use http::header::{self, HeaderName};
use http::request::Parts;
use http::{Method, StatusCode};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::access::{self, User, sign_in};
use super::ask::{Ask, Fields};
use super::reply::{Answer, Goto, Reply, Trouble, put, response};
use super::routes::{ROUTES, Route};
use super::{BODY_BYTES_MAX, Console, Place, assets, frame, look};

/// What every page is bound by: nothing from elsewhere, nothing inline.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
    img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'";

/// The same of a mail that is shown in a sandboxed frame: its styles are inline.
const PREVIEW_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; \
    frame-ancestors 'self'; sandbox";

const HTML: &str = "text/html; charset=utf-8";

/// The console as a service.
pub fn router(console: Arc<Console>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let filter = match route.method {
            Method::POST => MethodFilter::POST,
            _ => MethodFilter::GET,
        };
        let answer =
            move |State(console): State<Arc<Console>>,
                  path: Result<RawPathParams, RawPathParamsRejection>,
                  request: Request| { serve(console, route, path, request) };
        router = router.route(route.path, on(filter, answer));
    }
    router
        .route("/assets/{name}", get(asset))
        .route("/signin", get(sign_in::page))
        .route("/signin/go", get(sign_in::go))
        .route("/signin/back", get(sign_in::back))
        .route("/signout", post(sign_in::out))
        .fallback(missing)
        .method_not_allowed_fallback(not_offered)
        .layer(other_sites(&console))
        .layer(from_fn_with_state(console.clone(), guard))
        .with_state(console)
}

/// What refuses forms from other sites.
fn other_sites(console: &Console) -> CsrfLayer {
    let layer = CsrfLayer::new();
    let Place::Deployed { url: Some(url), .. } = &console.place else { return layer };
    match layer.clone().add_trusted_origin(url.trim_end_matches('/')) {
        Ok(layer) => layer,
        Err(error) => {
            tracing::error!(%error, "LAZO_CONSOLE_URL is no origin");
            layer
        }
    }
}

/// What is looked at before all else, and the headers of every answer.
async fn guard(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let lang = look::language(request.headers());
    if let Place::Local { port } = console.place
        && !access::is_local_host(request.headers(), port)
    {
        return sealed(response(
            StatusCode::MISDIRECTED_REQUEST,
            "text/plain; charset=utf-8",
            "this console answers to 127.0.0.1 alone\n",
        ));
    }
    let is_secure = !console.is_local();
    let theme = look::theme(request.headers());
    let mut answer = next.run(request).await;
    if answer.extensions().get::<ProtectionError>().is_some() {
        tracing::warn!("a form from another site was refused");
        let page = frame::bare(frame::Bare::OtherSite, lang, theme);
        answer = response(StatusCode::FORBIDDEN, HTML, page.into_string());
    }
    if is_secure {
        put(&mut answer, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    sealed(answer)
}

/// An answer with the headers that all have.
fn sealed(mut answer: Response) -> Response {
    let set = |answer: &mut Response, name: HeaderName, value: &str| {
        if !answer.headers().contains_key(&name) {
            put(answer, name, value);
        }
    };
    set(&mut answer, header::CONTENT_SECURITY_POLICY, CSP);
    set(&mut answer, header::CACHE_CONTROL, "no-store");
    set(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Forms tell their origin only where this does not hide it.
    set(&mut answer, header::REFERRER_POLICY, "same-origin");
    set(&mut answer, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(&mut answer, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    answer
}

async fn asset(request: Request) -> Response {
    let found = assets::serve(request.uri().path());
    found.unwrap_or_else(|| {
        response(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", Body::empty())
    })
}

/// Answers a request of the table.
async fn serve(
    console: Arc<Console>,
    route: &'static Route,
    path: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut ask = match come_in(&console, &parts).await {
        Ok(ask) => ask,
        Err(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
            return typed_too_late(&parts, body).await.unwrap_or(answer);
        }
        Err(answer) => return answer,
    };
    let Ok(path) = path else { return trouble(&ask, &Trouble::NotFound) };
    ask.path = Fields::of_path(&path);
    if !route.roles.has(ask.user.role) {
        tracing::info!(role = ask.user.role.name(), path = route.path, "refused by role");
        return trouble(&ask, &Trouble::Forbidden);
    }
    if parts.method == Method::POST {
        match form(&parts, body).await {
            Ok(form) => ask.form = form,
            Err(why) => return trouble(&ask, &why),
        }
    }
    let frame = frame::Frame::of(&ask);
    let answer: Answer = (route.handler)(ask).await;
    match answer {
        Ok(reply) => written(&frame, reply),
        Err(why) => told(&frame, &why),
    }
}

/// A form whose session had ended: what was typed comes back, to be sent again.
async fn typed_too_late(parts: &Parts, body: Body) -> Option<Response> {
    let typed = form(parts, body).await.ok()?;
    let (lang, theme) = (look::language(&parts.headers), look::theme(&parts.headers));
    let page = frame::expired(parts.uri.path(), &typed, lang, theme);
    Some(response(StatusCode::UNAUTHORIZED, HTML, page.into_string()))
}

/// Who asks, and how they like the console.
async fn come_in(console: &Arc<Console>, parts: &Parts) -> Result<Ask, Response> {
    let now = (console.clock)();
    let (lang, theme) = (look::language(&parts.headers), look::theme(&parts.headers));
    let bare = |status, what| response(status, HTML, frame::bare(what, lang, theme).into_string());
    let user: User = match access::identify(console, &parts.headers, now).await {
        Ok(Some(user)) => user,
        Ok(None) if parts.method != Method::POST => return Err(sign_in::ask_to_sign_in(parts)),
        Ok(None) => return Err(bare(StatusCode::UNAUTHORIZED, frame::Bare::SignedOut)),
        Err(error) => {
            tracing::error!(%error, "the console could not read who asks");
            return Err(bare(StatusCode::INTERNAL_SERVER_ERROR, frame::Bare::Ours));
        }
    };
    let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Ok(Ask {
        console: console.clone(),
        now,
        user,
        lang,
        theme,
        here: here.to_owned(),
        path: Fields::default(),
        query: Fields::read(parts.uri.query().unwrap_or_default().as_bytes()),
        form: Fields::default(),
    })
}

/// The fields of a form.
async fn form(parts: &Parts, body: Body) -> Result<Fields, Trouble> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| {
        let name = kind.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    });
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Trouble::TooLarge)?;
    if !is_form && !bytes.is_empty() {
        return Err(Trouble::NotUnderstood);
    }
    Ok(Fields::read(&bytes))
}

async fn missing(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    match come_in(&console, &parts).await {
        Ok(ask) => trouble(&ask, &Trouble::NotFound),
        Err(answer) => answer,
    }
}

async fn not_offered(State(console): State<Arc<Console>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let (lang, theme) = (look::language(&parts.headers), look::theme(&parts.headers));
    let _ = console;
    let page = frame::bare(frame::Bare::NotOffered, lang, theme);
    response(StatusCode::METHOD_NOT_ALLOWED, HTML, page.into_string())
}

fn trouble(ask: &Ask, why: &Trouble) -> Response {
    told(&frame::Frame::of(ask), why)
}

/// The page that says what went wrong. What is ours is logged under a number that the
/// page shows.
fn told(frame: &frame::Frame, why: &Trouble) -> Response {
    if let Trouble::Ours(error) = why {
        tracing::error!(error, number = frame.number, "the console could not answer");
    }
    let page = frame::trouble(frame, why);
    response(why.status(), HTML, page.into_string())
}

fn written(frame: &frame::Frame, reply: Reply) -> Response {
    match reply {
        Reply::Page(page) => {
            response(page.status, HTML, frame::document(frame, &page).into_string())
        }
        Reply::Part(markup) => response(StatusCode::OK, HTML, markup.into_string()),
        Reply::Goto(Goto { to, cookies }) => {
            let mut answer = response(StatusCode::SEE_OTHER, HTML, Body::empty());
            put(&mut answer, header::LOCATION, &to);
            for cookie in cookies {
                if let Ok(cookie) = cookie.parse() {
                    answer.headers_mut().append(header::SET_COOKIE, cookie);
                }
            }
            answer
        }
        Reply::Preview(html) => {
            let mut answer = response(StatusCode::OK, HTML, html);
            put(&mut answer, header::CONTENT_SECURITY_POLICY, PREVIEW_CSP);
            answer
        }
        Reply::File { name, kind, text } => {
            let mut answer = response(StatusCode::OK, kind, text);
            let name: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
                .collect();
            let how = format!("attachment; filename=\"{name}\"");
            put(&mut answer, header::CONTENT_DISPOSITION, &how);
            answer
        }
    }
}
