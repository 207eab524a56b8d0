//! What goes wrong, by the seed: at the mail service, and in the handlers'
//! requests.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use lazo_fake_aws::faults::{Fault, Plan};
use lazo_fake_aws::{Aws, Service, operation};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec;
use serde_json::Value;

use super::life::DAY;
use super::people::{GUEST, of_thousand};
use super::shop::Defect;

/// How many of a thousand runs of a handler are cut off.
const CRASHES: u32 = 10;

/// How many of a thousand runs of a handler meet another fault.
const FAULTS: u32 = 8;

/// How many of a thousand mails are refused for being too fast.
const TOO_FAST: u32 = 5;

/// How many of a thousand mails are accepted and the answer is lost.
const ANSWERS_LOST: u32 = 1;

/// What a run of a handler may meet besides its end.
const KINDS: [Fault; 6] = [
    Fault::Refuse,
    Fault::Fail,
    Fault::LoseAnswer,
    Fault::Throttle,
    Fault::Conflict,
    Fault::Stale(3),
];

/// Draws what one run of a handler meets that makes about so many requests.
pub fn draw(rng: &mut Rng, requests: u64) -> Plan {
    if of_thousand(rng, CRASHES) {
        let end = if rng.bool() { Fault::StopBefore } else { Fault::StopAfter };
        return Plan::At(vec![(rng.u64(1..=requests), end)]);
    }
    if of_thousand(rng, FAULTS) {
        return Plan::At(vec![(rng.u64(1..=requests), KINDS[rng.usize(..KINDS.len())])]);
    }
    Plan::Clean
}

/// What the mail service did.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub over_quota: u64,
    pub too_fast: u64,
    pub answers_lost: u64,
    /// When it did not simply take a mail.
    pub trouble: Vec<i64>,
}

struct State {
    now: i64,
    rng: Rng,
    quota: u32,
    day: i64,
    taken: u32,
    defect: Defect,
    /// Whether what is due is being sent.
    is_sending: bool,
    told: Told,
}

/// The mail service with its faults, in front of the fake AWS.
#[derive(Clone)]
pub struct SesFaults {
    aws: Aws,
    state: Arc<Mutex<State>>,
}

impl fmt::Debug for SesFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SesFaults")
    }
}

impl SesFaults {
    /// A service that takes so many mails a day, by the days of UTC.
    pub fn new(aws: &Aws, rng: Rng, quota: u32, defect: Defect) -> SesFaults {
        let told = Told::default();
        let state = State { now: 0, rng, quota, day: 0, taken: 0, defect, is_sending: false, told };
        SesFaults { aws: aws.clone(), state: Arc::new(Mutex::new(state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_clock(&self, now: i64) {
        self.lock().now = now;
    }

    pub fn set_sending(&self, is_sending: bool) {
        self.lock().is_sending = is_sending;
    }

    pub fn take_told(&self) -> Told {
        std::mem::take(&mut self.lock().told)
    }

    fn send(&self, request: HttpRequest) -> Result<HttpConnectorFuture, ConnectorError> {
        let mut state = self.lock();
        let (now, day) = (state.now, state.now.div_euclid(DAY));
        if state.day != day {
            (state.day, state.taken) = (day, 0);
        }
        if state.taken >= state.quota {
            state.told.over_quota += 1;
            state.told.trouble.push(now);
            return refusal("LimitExceededException", "Daily message quota exceeded");
        }
        if of_thousand(&mut state.rng, TOO_FAST) {
            state.told.too_fast += 1;
            state.told.trouble.push(now);
            let message = "Maximum sending rate exceeded.";
            return refusal("TooManyRequestsException", message);
        }
        state.taken += 1;
        let is_lost = of_thousand(&mut state.rng, ANSWERS_LOST);
        let is_twice = state.defect == Defect::SentTwice && of_thousand(&mut state.rng, 50);
        if is_twice && let Some(again) = request.try_clone() {
            drop(self.aws.call(again));
        }
        let answer = self.aws.call(request);
        if is_lost {
            state.told.answers_lost += 1;
            state.told.trouble.push(now);
            return Err(ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into()));
        }
        Ok(answer)
    }
}

/// An answer in which nobody said no.
fn unseen(answer: HttpConnectorFuture) -> HttpConnectorFuture {
    HttpConnectorFuture::new(async {
        let mut answer = answer.await?;
        let text = String::from_utf8_lossy(answer.body().bytes().unwrap_or_default());
        let text = text.replace(r#""denied":{"BOOL":true}"#, r#""denied":{"BOOL":false}"#);
        let Ok(mut found) = serde_json::from_str::<Value>(&text) else { return Ok(answer) };
        let tables = found["Responses"].as_object_mut().into_iter().flatten();
        for item in tables.filter_map(|(_, items)| items.as_array_mut()).flatten() {
            if let Some(packed) = item.pointer_mut("/packed/B")
                && let Some(without) = packed.as_str().and_then(without_no)
            {
                *packed = without.into();
            }
        }
        *answer.body_mut() = SdkBody::from(found.to_string());
        Ok(answer)
    })
}

/// A part of a state, compressed, with no *no* in it.
fn without_no(packed: &str) -> Option<String> {
    let text = decompress_to_vec(&STANDARD.decode(packed).ok()?).ok()?;
    let text = String::from_utf8(text).ok()?.replace(r#""denied":true"#, r#""denied":false"#);
    Some(STANDARD.encode(compress_to_vec(text.as_bytes(), 1)))
}

/// An answer without what is kept of guests.
fn without_guests(answer: HttpConnectorFuture) -> HttpConnectorFuture {
    HttpConnectorFuture::new(async {
        let mut answer = answer.await?;
        let text = answer.body().bytes().unwrap_or_default();
        let Ok(mut found) = serde_json::from_slice::<Value>(text) else { return Ok(answer) };
        let tables = found["Responses"].as_object_mut().into_iter().flatten();
        for items in tables.filter_map(|(_, items)| items.as_array_mut()) {
            items.retain(|item| !item["pk"]["S"].as_str().unwrap_or_default().contains(GUEST));
        }
        *answer.body_mut() = SdkBody::from(found.to_string());
        Ok(answer)
    })
}

fn is_of_failures(request: &HttpRequest) -> bool {
    asks_for(request, r#"{"S":"failure"#)
}

fn is_of_addresses(request: &HttpRequest) -> bool {
    asks_for(request, r#"{"S":"address#"#)
}

fn asks_for(request: &HttpRequest, key: &str) -> bool {
    let body = request.body().bytes().unwrap_or_default();
    String::from_utf8_lossy(body).contains(key)
}

/// An answer to a write that was not done.
fn nothing() -> HttpConnectorFuture {
    let status = StatusCode::try_from(200).map_err(|error| ConnectorError::user(error.into()));
    let answer = |status| HttpResponse::new(status, SdkBody::from("{}"));
    HttpConnectorFuture::ready(status.map(answer))
}

/// An answer that takes no mail.
fn refusal(code: &'static str, message: &str) -> Result<HttpConnectorFuture, ConnectorError> {
    let status = StatusCode::try_from(429).map_err(|error| ConnectorError::user(error.into()))?;
    let body = serde_json::json!({ "message": message }).to_string();
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("x-amzn-errortype", code);
    Ok(HttpConnectorFuture::ready(Ok(response)))
}

impl HttpConnector for SesFaults {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (service, operation) = operation(&request);
        if service != Service::Ses {
            let State { defect, is_sending, .. } = *self.lock();
            return match (defect, operation) {
                (Defect::BlindToNo, "BatchGetItem") if is_sending => unseen(self.aws.call(request)),
                (Defect::BlindToOthers, "BatchGetItem") if is_of_addresses(&request) => {
                    unseen(self.aws.call(request))
                }
                (Defect::BlindToOtherId, "BatchGetItem") if asks_for(&request, "event#") => {
                    without_guests(self.aws.call(request))
                }
                (Defect::NoQuarantine, "PutItem") if is_of_failures(&request) => nothing(),
                _ => self.aws.call(request),
            };
        }
        self.send(request).unwrap_or_else(|error| HttpConnectorFuture::ready(Err(error)))
    }
}

impl HttpClient for SesFaults {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
