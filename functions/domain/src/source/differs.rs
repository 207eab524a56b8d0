//! Whether events are those that are expected.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::event::Delivered;

/// An event as a line of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its kind.
    #[serde(rename = "detail-type")]
    pub kind: String,
    /// Its fields.
    pub detail: Map<String, Json>,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).unwrap_or_default())
    }
}

/// Events as lines of a file.
pub(super) fn lines_of(events: &[Delivered]) -> Vec<Line> {
    let line = |one: &Delivered| Line {
        kind: one.event.kind().to_string(),
        detail: serde_json::from_str(&one.event.detail.0).unwrap_or_default(),
    };
    events.iter().map(line).collect()
}

/// Whether these are the lines that are expected, in any order: instants to the
/// second, amounts as numbers, the `source` of a consent any text, and an item's
/// `unit_price` absent or the same.
pub(super) fn fits(expected: &[Line], found: &[Line]) -> bool {
    let mut rest: Vec<&Line> = found.iter().collect();
    let all = expected.iter().all(|line| {
        let at = rest.iter().position(|other| is_line(line, other));
        at.map(|at| rest.remove(at)).is_some()
    });
    all && rest.is_empty()
}

fn is_line(expected: &Line, found: &Line) -> bool {
    let is_consent = expected.kind == "ConsentChanged";
    expected.kind == found.kind
        && is_object(&expected.detail, &found.detail, |name, expected, found| {
            let is_source = is_consent && name == "source" && found.is_string();
            is_source || is_value(name, expected, found)
        })
}

fn is_object(
    expected: &Map<String, Json>,
    found: &Map<String, Json>,
    is_same: impl Fn(&str, &Json, &Json) -> bool,
) -> bool {
    let is_there = |(name, value): (&String, &Json)| match found.get(name) {
        Some(other) => is_same(name, value, other),
        None => name == "unit_price",
    };
    expected.iter().all(is_there) && found.keys().all(|name| expected.contains_key(name))
}

fn is_value(name: &str, expected: &Json, found: &Json) -> bool {
    let instant = |value: &Json| -> Option<i64> {
        Some(value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_second())
    };
    let amount = |value: &Json| Decimal::from_str_exact(value.as_str()?).ok();
    match (expected, found) {
        (Json::Object(a), Json::Object(b)) => is_object(a, b, is_value),
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_value(name, a, b))
        }
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        _ if name == "occurred_at" => {
            instant(expected).is_some() && instant(expected) == instant(found)
        }
        _ if name == "amount" => amount(expected).is_some() && amount(expected) == amount(found),
        _ => expected == found,
    }
}
