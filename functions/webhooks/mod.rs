//! Webhooks of other systems: a post at `/<source>` is verified over the bytes as they
//! came, goes on the queue of events in, and only then is it answered
//! (events#webhooks). What an event says is read by `ingest`, as of one from the bus.

pub mod function_url;

use http::header::{ALLOW, HOST};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use lazo_domain::instant::Instant;
use lazo_domain::source::{self, Refusal, Source};

use crate::shell::app::App;
use crate::shell::intake;
use crate::shell::queue::{MESSAGE_BYTES_MAX, Queue};
use crate::shell::secrets::Secrets;

/// The largest body that is taken, in bytes: what a function URL lets through.
pub const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Where verified events go.
#[derive(Clone, Debug)]
pub enum Inbox {
    /// On the queue, from which `ingest` takes them.
    Queue(Queue),
    /// Into the table at once: the local system has no queue.
    Table,
}

/// What the worker works with.
#[derive(Clone, Copy, Debug)]
pub struct Webhooks<'a> {
    /// What the sources sign with.
    pub secrets: &'a Secrets,
    /// Where their events go.
    pub inbox: &'a Inbox,
    /// The address before the path, as the sources know it; `None` where that is the
    /// host that the request names.
    pub base_url: Option<&'a str>,
}

/// What is posted.
#[derive(Clone, Debug)]
pub enum Payload {
    /// The body, byte by byte.
    Bytes(Vec<u8>),
    /// A body that was too large to be read.
    TooLarge,
}

/// A request with its whole body.
pub type Request = http::Request<Payload>;

/// An answer: a line for whoever reads the sender's log.
pub type Response = http::Response<String>;

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// It is stored: on the queue, or under failures.
    Stored,
    /// A ping.
    Ping,
    /// There is no such source, or it has no secret.
    NoSource,
    /// The method is none that is offered.
    NoPost,
    /// It is not authentic.
    NotAuthentic,
    /// The body is too large to be looked at.
    TooLarge,
    /// It could not be stored; the sender tries again.
    Later,
}

impl Answer {
    fn told(self) -> (StatusCode, &'static str) {
        match self {
            Answer::Stored => (StatusCode::OK, "stored"),
            Answer::Ping => (StatusCode::OK, "ok"),
            Answer::NoSource => (StatusCode::NOT_FOUND, "no such source"),
            Answer::NoPost => (StatusCode::METHOD_NOT_ALLOWED, "post only"),
            Answer::NotAuthentic => (StatusCode::UNAUTHORIZED, "not authentic"),
            Answer::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too large"),
            Answer::Later => (StatusCode::SERVICE_UNAVAILABLE, "try again"),
        }
    }
}

/// Answers a request. 200 means that the event is stored, or is a ping.
pub async fn respond(
    app: &App,
    webhooks: Webhooks<'_>,
    request: &Request,
    now: Instant,
) -> Response {
    let answer = answer(app, webhooks, request, now).await;
    let (status, text) = answer.told();
    let mut response = Response::new(format!("{text}\n"));
    *response.status_mut() = status;
    if answer == Answer::NoPost {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

async fn answer(
    app: &App,
    Webhooks { secrets, inbox, base_url }: Webhooks<'_>,
    request: &Request,
    now: Instant,
) -> Answer {
    let rules = app.rules();
    let path = request.uri().path();
    let source = path.strip_prefix('/').and_then(|name| rules.sources().get(name));
    let Some(source) = source.filter(|source| !secrets.of(&source.name).is_empty()) else {
        return Answer::NoSource;
    };
    if request.method() != Method::POST {
        return Answer::NoPost;
    }
    let Payload::Bytes(body) = request.body() else {
        rejected(source, "is too large");
        return Answer::TooLarge;
    };
    let headers = headers(request.headers());
    let url = url(request, base_url);
    let posted = source::Request { headers: &headers, body, url: &url };
    match source.receive(&posted, secrets.of(&source.name), now) {
        Ok(message) => store(app, inbox, source, &message, now).await,
        Err(Refusal::Ping) => Answer::Ping,
        Err(Refusal::NoWebhooks) => Answer::NoSource,
        Err(Refusal::Signature(why)) => {
            rejected(source, &why.to_string());
            Answer::NotAuthentic
        }
    }
}

/// Says in the log that a post was refused, without anything of it: an alarm counts
/// `rejected_webhooks`.
fn rejected(source: &Source, why: &str) {
    tracing::warn!(rejected_webhooks = 1, source = source.name, why, "a webhook is rejected");
}

async fn store(app: &App, inbox: &Inbox, source: &Source, message: &str, now: Instant) -> Answer {
    let name = &source.name;
    let stored = match inbox {
        Inbox::Queue(_) if message.len() > MESSAGE_BYTES_MAX => {
            let bytes = message.len();
            let why = format!(
                "{name}: has {bytes} bytes, and the queue takes {MESSAGE_BYTES_MAX} at most; \
                 redrive it to take it all the same"
            );
            intake::quarantine(app, message, &why, now).await.map_err(|error| error.to_string())
        }
        Inbox::Queue(queue) => queue.put(message).await.map_err(|error| error.to_string()),
        Inbox::Table => {
            let taken = intake::receive(app, message, now).await;
            taken.map(drop).map_err(|error| error.to_string())
        }
    };
    match stored {
        Ok(()) => Answer::Stored,
        Err(error) => {
            tracing::error!(error, source = name, "a webhook could not be stored");
            Answer::Later
        }
    }
}

/// The headers by their names in small letters.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let read = |(name, value): (&http::HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(read).collect()
}

/// The address that was posted to, as the sender knows it: some sign it.
fn url(request: &Request, base_url: Option<&str>) -> String {
    let path = request.uri().path();
    match base_url {
        Some(base) => format!("{base}{path}"),
        None => {
            let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
            format!("https://{}{path}", host.unwrap_or_default())
        }
    }
}
