//! EventBridge in memory: what was put on the bus.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::Answer;

/// An event that is on the bus.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    /// EventBridge's `source`: who published it.
    pub source: String,
    /// EventBridge's `detail-type`: the kind of event.
    pub detail_type: String,
    /// The content of the event, read as JSON.
    pub detail: Value,
}

/// What was published and not yet taken.
#[derive(Debug, Default)]
pub struct Bus {
    published: Mutex<Vec<Published>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutEvents {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Entry {
    source: String,
    detail_type: String,
    detail: String,
    #[serde(rename = "EventBusName")]
    _bus: String,
    #[serde(rename = "Time")]
    _time: Value,
}

impl Bus {
    pub(super) fn answer(&self, body: &[u8]) -> Answer {
        let read = || -> Result<Vec<Published>, serde_json::Error> {
            let request: PutEvents = serde_json::from_slice(body)?;
            let entry = |entry: Entry| {
                let detail = serde_json::from_str(&entry.detail)?;
                Ok(Published { source: entry.source, detail_type: entry.detail_type, detail })
            };
            request.entries.into_iter().map(entry).collect()
        };
        let entries = match read() {
            Ok(entries) => entries,
            Err(error) => return Answer::error(400, "ValidationException", &error.to_string(), ""),
        };
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<Value> = (published.len()..published.len() + entries.len())
            .map(|number| json!({ "EventId": format!("fake-{number}") }))
            .collect();
        published.extend(entries);
        Answer::ok(json!({ "FailedEntryCount": 0, "Entries": ids }).to_string())
    }

    /// The events on the bus, the first first.
    pub fn published(&self) -> Vec<Published> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, and forgets them: a long run has no room for all.
    pub fn take(&self) -> Vec<Published> {
        std::mem::take(&mut *self.published.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
