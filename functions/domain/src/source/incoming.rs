//! What arrived of another system, and how: an event on the bus, or a webhook.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Source;
use super::signature::{BadSignature, Signed, verify};
use crate::instant::Instant;

/// The source of the messages that the worker `webhooks` puts on the queue.
pub const WEBHOOKS: &str = "lazo.webhooks";

/// How the bus names the sources of other systems.
const PARTNER: &str = "aws.partner/";

/// Which way something came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As an event on EventBridge.
    Bus,
    /// As an HTTPS post.
    Webhook,
}

/// An event of another system, as it is mapped.
#[derive(Clone, Debug)]
pub struct Incoming<'a> {
    /// Which way it came.
    pub way: Way,
    /// Its JSON: an envelope's detail, or the body of a webhook.
    pub detail: &'a str,
    /// The headers of a webhook, by their names in small letters.
    pub headers: &'a [(String, String)],
    /// The envelope's `detail-type`.
    pub detail_type: Option<&'a str>,
    /// When it arrived; a mapping may take it where the event itself has no time.
    pub received_at: Instant,
}

/// A message that may hold an event of another system.
#[derive(Clone, Debug)]
pub struct RawEvent {
    /// The envelope's source; of a webhook the name of the source.
    pub source: String,
    way: Way,
    detail_type: String,
    detail: String,
    headers: Vec<(String, String)>,
    received_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    source: String,
    #[serde(rename = "detail-type", default)]
    detail_type: String,
    #[serde(default)]
    time: Option<String>,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// A webhook as it stands on the queue: its bytes were verified, and are kept as they
/// came.
#[derive(serde::Serialize, Deserialize)]
struct Posted {
    headers: Vec<(String, String)>,
    body: String,
}

impl RawEvent {
    /// Whether a message may be another system's: a look for two words, which costs an
    /// event of the shop's own next to nothing.
    pub fn is_likely(message: &str) -> bool {
        message.contains(PARTNER) || message.contains(WEBHOOKS)
    }

    /// Reads a message; `None` where it is no event of another system. That a webhook
    /// was verified is taken on trust: no bus passes on events of that source, so only
    /// the worker puts them on the queue.
    pub fn read(message: &str) -> Option<RawEvent> {
        let outer: Envelope = serde_json::from_str(message).ok()?;
        let received_at = outer.time.as_deref().and_then(|time| time.parse().ok());
        let received_at = received_at.map(|time: jiff::Timestamp| time.into());
        if outer.source == WEBHOOKS {
            let posted: Posted = serde_json::from_str(outer.detail.get()).ok()?;
            return Some(RawEvent {
                source: outer.detail_type,
                way: Way::Webhook,
                detail_type: String::new(),
                detail: posted.body,
                headers: posted.headers,
                received_at,
            });
        }
        outer.source.starts_with(PARTNER).then(|| RawEvent {
            source: outer.source,
            way: Way::Bus,
            detail_type: outer.detail_type,
            detail: outer.detail.get().to_owned(),
            headers: Vec::new(),
            received_at,
        })
    }

    /// Which way it came.
    pub fn way(&self) -> Way {
        self.way
    }

    /// As it is mapped. One that does not say when it arrived has arrived now.
    pub fn incoming(&self, now: Instant) -> Incoming<'_> {
        Incoming {
            way: self.way,
            detail: &self.detail,
            headers: &self.headers,
            detail_type: (self.way == Way::Bus).then_some(&*self.detail_type),
            received_at: self.received_at.unwrap_or(now),
        }
    }
}

/// An HTTPS post to a source's address, as it came.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The headers, by their names in small letters.
    pub headers: &'a [(String, String)],
    /// The body, byte by byte.
    pub body: &'a [u8],
    /// The address that it was posted to.
    pub url: &'a str,
}

impl Request<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why a post is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not authentic: nothing of it is kept.
    #[error(transparent)]
    Signature(#[from] BadSignature),
    /// The source has no webhooks.
    #[error("the source has no webhooks")]
    NoWebhooks,
    /// It is a ping: it is answered, and nothing is taken from it.
    #[error("is a ping")]
    Ping,
}

/// Headers that say nothing of the event, and may hold what nobody should keep.
const NOT_KEPT: [&str; 5] = ["authorization", "cookie", "x-forwarded-for", "forwarded", "host"];

impl Source {
    /// Whether a post is one by which the sender tries the address, by the names of its
    /// headers.
    pub fn is_ping<'h>(&self, headers: impl IntoIterator<Item = &'h str>, body: &str) -> bool {
        let ping = self.webhook.as_ref().and_then(|webhook| webhook.ping.as_ref());
        ping.is_some_and(|ping| {
            let begins = |name: &str| name.to_ascii_lowercase().starts_with(&ping.without_headers);
            ping.body.is_match(body) && !headers.into_iter().any(begins)
        })
    }

    /// Takes a post: verifies it, and gives the message that goes on the queue.
    ///
    /// # Errors
    /// [`Refusal`] where it is not authentic, or a ping.
    pub fn receive(
        &self,
        request: &Request<'_>,
        secrets: &[impl AsRef<str>],
        now: Instant,
    ) -> Result<String, Refusal> {
        let webhook = self.webhook.as_ref().ok_or(Refusal::NoWebhooks)?;
        if secrets.iter().all(|secret| secret.as_ref().is_empty()) {
            return Err(BadSignature::Off.into());
        }
        let names = request.headers.iter().map(|(name, _)| name.as_str());
        if std::str::from_utf8(request.body).is_ok_and(|body| self.is_ping(names, body)) {
            return Err(Refusal::Ping);
        }
        let header = request.header(&webhook.signature.header);
        let signed = Signed { header, body: request.body, url: request.url };
        verify(&webhook.signature, &signed, secrets, now)?;
        let is_kept = |name: &str| !NOT_KEPT.contains(&name) && name != webhook.signature.header;
        let headers = request.headers.iter().filter(|(name, _)| is_kept(name)).cloned().collect();
        let posted = Posted { headers, body: String::from_utf8_lossy(request.body).into_owned() };
        let message = serde_json::json!({
            "source": WEBHOOKS, "detail-type": self.name, "time": now.to_string(), "detail": posted,
        });
        // In this order: the source is looked for where a message begins.
        let (detail, time) = (&message["detail"], &message["time"]);
        let (source, kind) = (&message["source"], &message["detail-type"]);
        Ok(format!(r#"{{"source":{source},"detail-type":{kind},"time":{time},"detail":{detail}}}"#))
    }
}
