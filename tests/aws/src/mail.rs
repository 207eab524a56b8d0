//! SES in memory: what it accepted, with the tags by which its events tell
//! which touch a mail was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::json;

use super::wire::Answer;

/// A mail that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The id that the sender was told.
    pub message_id: String,
    /// The addresses that it was sent to.
    pub to: Vec<String>,
    /// The tags of the request: names and values.
    pub tags: BTreeMap<String, String>,
    /// The configuration set that the request names; `None` where it names none.
    pub configuration_set: Option<String>,
    /// The message in base64, where bodies are kept.
    pub raw: Option<String>,
}

/// What was accepted and not yet taken.
#[derive(Debug, Default)]
pub struct Mail {
    keeps_bodies: bool,
    count: AtomicU64,
    accepted: Mutex<Vec<Accepted>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEmail {
    #[serde(rename = "FromEmailAddress")]
    _from: String,
    destination: Destination,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    raw: Raw,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Raw {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Tag {
    name: String,
    value: String,
}

/// How many mails a second SES takes of the account, as `GetAccount` tells.
pub const SEND_RATE: f64 = 14.0;

impl Mail {
    /// An SES that has accepted nothing; `keeps_bodies` keeps the text of each mail.
    pub fn new(keeps_bodies: bool) -> Mail {
        Mail { keeps_bodies, ..Mail::default() }
    }

    /// What the account may send.
    pub(super) fn account(&self) -> Answer {
        let quota = json!({ "Max24HourSend": 50_000.0, "MaxSendRate": SEND_RATE });
        Answer::ok(json!({ "SendQuota": quota, "SendingEnabled": true }).to_string())
    }

    pub(super) fn answer(&self, body: &[u8]) -> Answer {
        let request: SendEmail = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(error) => {
                return Answer::error(400, "BadRequestException", &error.to_string(), "");
            }
        };
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let message_id = format!("fake-{number:012}");
        let accepted = Accepted {
            message_id: message_id.clone(),
            to: request.destination.to_addresses,
            tags: request.email_tags.into_iter().map(|tag| (tag.name, tag.value)).collect(),
            configuration_set: request.configuration_set_name,
            raw: Some(request.content.raw.data).filter(|_| self.keeps_bodies),
        };
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).push(accepted);
        Answer::ok(json!({ "MessageId": message_id }).to_string())
    }

    /// How many mails were accepted since the beginning.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// The mails that were accepted, the first first.
    pub fn accepted(&self) -> Vec<Accepted> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, and forgets them: a long run has no room for all.
    pub fn take(&self) -> Vec<Accepted> {
        std::mem::take(&mut *self.accepted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn clear(&self) {
        self.take();
        self.count.store(0, Ordering::Relaxed);
    }
}
