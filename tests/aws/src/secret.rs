//! Secrets Manager in memory: one secret.

use std::sync::{Mutex, PoisonError};

use serde_json::json;

use super::wire::Answer;

/// The secret; `None` where there is none.
#[derive(Debug, Default)]
pub struct Secret(Mutex<Option<String>>);

impl Secret {
    /// Gives the secret this text; `None` takes it away.
    pub fn set(&self, text: Option<&str>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text.map(str::to_owned);
    }

    pub(super) fn answer(&self) -> Answer {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(text) => Answer::ok(json!({ "Name": "fake", "SecretString": text }).to_string()),
            None => Answer::error(400, "ResourceNotFoundException", "there is no such secret", ""),
        }
    }
}
