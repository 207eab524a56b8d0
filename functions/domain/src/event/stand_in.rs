//! Something that fits in the place of what does not, so that the rest of an event
//! can be looked at. What it makes up is thrown away with the event.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::clean::{Step, Unfit, behind, resolve, tells_one_missing};

/// Texts of which one fits each required field.
const TEXTS: [&str; 5] = ["x", "1.00", "MXN", "https://example.com/", "x@example.com"];

/// Puts something that fits where a required field does not or is missing; whether
/// that changed anything.
pub(super) fn stand_in(root: &Value, detail: &mut Value, unfit: &Unfit) -> bool {
    let schema = unfit.path.0.iter().fold(root, |schema, step| behind(root, schema, step));
    let place = unfit.path.0.iter().try_fold(&mut *detail, |value, step| match step {
        Step::Field(name) => value.get_mut(name),
        Step::Element(index) => value.get_mut(index),
    });
    let Some(place) = place else { return false };
    let before = place.clone();
    match place {
        Value::Object(object) if tells_one_missing(unfit) => fill(root, schema, object),
        _ => *place = of(root, schema),
    }
    *place != before
}

/// Adds the fields that an object needs and does not have.
fn fill(root: &Value, schema: &Value, object: &mut Map<String, Value>) {
    let schema = resolve(root, schema);
    let required = schema["required"].as_array().into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        let field = behind(root, schema, &Step::Field(name.to_owned()));
        object.entry(name).or_insert_with(|| of(root, field));
    }
}

/// A value that a schema lets through.
fn of(root: &Value, schema: &Value) -> Value {
    let schema = resolve(root, schema);
    if let Some(first) = schema["enum"].get(0).or(schema.get("const")) {
        return first.clone();
    }
    if let Some(first) = schema["oneOf"].get(0).or(schema["anyOf"].get(0)) {
        return of(root, first);
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match kind.unwrap_or("string") {
        "object" => {
            let mut object = Map::new();
            fill(root, schema, &mut object);
            Value::Object(object)
        }
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0).min(1);
            (0..least).map(|_| of(root, &schema["items"])).collect()
        }
        "number" | "integer" => schema
            .get("minimum")
            .filter(|least| **least != json!(i64::MIN))
            .cloned()
            .unwrap_or(json!(1)),
        "boolean" => json!(true),
        _ => text(schema).into(),
    }
}

fn text(schema: &Value) -> &'static str {
    match schema["format"].as_str() {
        Some("date-time") => return "2026-01-01T00:00:00Z",
        Some("date") => return "2026-01-01",
        Some("uri") => return TEXTS[3],
        _ => {}
    }
    let pattern = schema["pattern"].as_str().and_then(|pattern| Regex::new(pattern).ok());
    let fits = |text: &&str| pattern.as_ref().is_none_or(|pattern| pattern.is_match(text));
    TEXTS.into_iter().find(fits).unwrap_or(TEXTS[0])
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::event::clean::schema_of;
    use crate::event::{EventKind, of_kind};

    use super::of;

    #[test]
    fn what_stands_in_fits_every_event() {
        for kind in EventKind::ALL {
            let made: Value = of(schema_of(kind), schema_of(kind));
            let read = of_kind(kind, &made.to_string());
            // Nobody is merged with themselves: that alone no schema tells.
            let told = read.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let is_fine = read.is_ok() || told.contains("is the same as customer_id");
            assert!(is_fine, "{kind}: {made} {told}");
        }
    }
}
