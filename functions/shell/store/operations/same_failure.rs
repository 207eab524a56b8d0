//! What makes two failed texts the same: what they say, not how they came.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// How deep JSON texts inside JSON texts are unwrapped.
const DEPTH_MAX: usize = 8;

/// What an envelope of EventBridge or SNS holds.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "detail-type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(rename = "Message", borrow)]
    message: Option<&'a RawValue>,
}

/// What a text says, without what differs each time that it is delivered: the
/// envelope's id and time, and space between tokens. A key that is there twice
/// stays so: nothing that the detail says is left out.
pub(in crate::shell::store) fn essence(text: &str) -> String {
    essence_at(text, 0)
}

fn essence_at(text: &str, depth: usize) -> String {
    let envelope = serde_json::from_str::<Envelope>(text).ok().filter(|_| depth < DEPTH_MAX);
    match envelope {
        Some(Envelope { kind: Some(kind), detail: Some(detail), .. }) => {
            format!("{}\n{}", kind.get(), inner(detail, depth))
        }
        Some(Envelope { kind: None, detail: None, message: Some(message) }) => {
            inner(message, depth)
        }
        _ => without_space(text),
    }
}

/// A value; what a JSON text says, where it is one.
fn inner(value: &RawValue, depth: usize) -> String {
    match serde_json::from_str::<Cow<str>>(value.get()) {
        Ok(text) => essence_at(&text, depth + 1),
        Err(_) => without_space(value.get()),
    }
}

/// Without space outside of quotes in JSON; elsewhere runs of it are one.
fn without_space(text: &str) -> String {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let (mut is_quoted, mut is_escaped) = (false, false);
    let stays = |char: &char| {
        let is_mark = *char == '"' && !is_escaped;
        is_escaped = is_quoted && *char == '\\' && !is_escaped;
        is_quoted ^= is_mark;
        is_quoted || !char.is_ascii_whitespace()
    };
    text.chars().filter(stays).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_event_is_the_same_however_it_is_delivered() {
        let event = |id: &str, time: &str, space: &str| {
            format!(
                r#"{{"id":"{id}",{space}"time":"{time}","detail-type":"X","detail":{{{space}"a":{space}"b c"}}}}"#
            )
        };
        let one = essence(&event("1", "2026-11-28T12:00:00Z", ""));
        assert_eq!(essence(&event("2", "2026-11-29T12:00:00Z", " \n\t")), one);
        assert_ne!(essence(&event("1", "", "").replace("b c", "bc")), one);
        assert_ne!(essence(&event("1", "", "").replace("\"X\"", "\"Y\"")), one);
        // Wrapped by SNS, each time under another id.
        let wrapped = |id: u8| {
            let message = serde_json::to_string(&event("1", "", "")).unwrap();
            essence(&format!(r#"{{"MessageId":"{id}","Message":{message}}}"#))
        };
        assert_eq!(wrapped(1), wrapped(2));
        // No envelope, no JSON.
        assert_eq!(essence(" {\"a\" : 1}\n"), essence("{\"a\":1}"));
        assert_eq!(essence("no  json\n"), essence("no json"));
        assert_ne!(essence("no json"), essence("nojson"));
        assert_ne!(essence(r#"{"a":1,"a":2}"#), essence(r#"{"a":3,"a":2}"#));
        assert_eq!(essence(r#"{"a":"\" {"}"#), r#"{"a":"\" {"}"#);
    }
}
