//! SQS in memory: what was put on a queue and not yet taken.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::json;

use super::wire::Answer;

/// The messages of the queue.
#[derive(Debug, Default)]
pub struct Queue {
    messages: Mutex<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    #[serde(rename = "QueueUrl")]
    _url: String,
    message_body: String,
}

/// The characters that SQS takes in a message.
fn is_taken(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The largest message that SQS takes, in bytes.
const BYTES_MAX: usize = 1_048_576;

impl Queue {
    pub(super) fn answer(&self, body: &[u8]) -> Answer {
        let request: SendMessage = match serde_json::from_slice(body) {
            Ok(request) => request,
            Err(error) => {
                return Answer::error(400, "InvalidParameterValue", &error.to_string(), "");
            }
        };
        let text = request.message_body;
        if text.is_empty() || text.len() > BYTES_MAX {
            let why = "One or more parameters are invalid: the message is empty or too long.";
            return Answer::error(400, "InvalidParameterValue", why, "");
        }
        if !text.chars().all(is_taken) {
            return Answer::error(400, "InvalidMessageContents", "a character is not allowed", "");
        }
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        messages.push(text);
        Answer::ok(json!({ "MessageId": format!("fake-{}", messages.len()) }).to_string())
    }

    /// The messages that wait, the first first.
    pub fn waiting(&self) -> Vec<String> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, which are taken off the queue.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a message off the queue, once, where it is there.
    pub fn acknowledge(&self, message: &str) {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = messages.iter().position(|one| one == message) {
            messages.remove(place);
        }
    }
}
