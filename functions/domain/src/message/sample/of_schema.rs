//! Samples of an event's detail, made from its JSON Schema, so that a field that
//! is added to an event is known to templates at once.

use serde_json::{Map, Value as Json, json};

use super::{Change, set};
use crate::event::{EventKind, schema};

pub(super) struct Made {
    pub full: Json,
    pub bare: Json,
    pub changes: Vec<Change>,
}

/// Samples of the detail of one kind of event; amounts are in `currency`.
pub(super) fn event(kind: EventKind, currency: &str) -> Made {
    let schema = schema(kind);
    let path = vec!["event".to_owned()];
    let mut maker = OfSchema { root: schema.as_value(), currency, path, changes: Vec::new() };
    let (full, bare) = maker.make("event", schema.as_value());
    Made { full, bare, changes: maker.changes }
}

struct OfSchema<'a> {
    root: &'a Json,
    currency: &'a str,
    path: Vec<String>,
    changes: Vec<Change>,
}

/// The highest end of a scale.
const SCALE_MAX: i64 = 100;

impl OfSchema<'_> {
    fn offer(&mut self, value: Option<Json>) {
        self.changes.push(Change { sets: vec![(self.path.clone(), value)] });
    }

    /// A full sample and a bare one.
    fn make(&mut self, name: &str, schema: &Json) -> (Json, Json) {
        let schema = self.resolve(schema);
        if let Some(options) = schema.get("enum").and_then(|options| options.as_array()) {
            options.iter().for_each(|option| self.offer(Some(option.clone())));
            let first = options.first().cloned().unwrap_or_default();
            return (first.clone(), first);
        }
        let number = |key: &str| schema.get(key).and_then(|bound| bound.as_i64());
        match kind(&schema) {
            "object" => self.object(&schema),
            "array" => {
                self.offer(Some(json!([])));
                self.path.push("*".into());
                let (one, _) = self.make(name, &schema["items"]);
                self.path.pop();
                let mut other = one.clone();
                set(&mut other, &["quantity".to_owned()], Some(&json!(2)));
                (if one.is_object() { json!([one, other]) } else { json!([one]) }, json!([]))
            }
            "integer" | "number" => {
                if let (Some(least), Some(most)) = (number("minimum"), number("maximum")) {
                    [least, most].iter().for_each(|bound| self.offer(Some(json!(bound))));
                }
                // The end of a scale is telling; a bound on what fits is not.
                let most = number("maximum").filter(|most| *most <= SCALE_MAX);
                let value = json!(most.unwrap_or(1));
                (value.clone(), value)
            }
            "boolean" => (json!(true), json!(false)),
            _ => {
                let text = json!(self.text(name, &schema));
                (text.clone(), text)
            }
        }
    }

    fn object(&mut self, schema: &Json) -> (Json, Json) {
        let (mut full, mut bare) = (Map::new(), Map::new());
        let required = schema.get("required").and_then(|names| names.as_array());
        let properties = schema.get("properties").and_then(|fields| fields.as_object());
        for (name, field) in properties.into_iter().flatten() {
            self.path.push(name.clone());
            let (most, least) = self.make(name, field);
            full.insert(name.clone(), most);
            if required.is_some_and(|names| names.iter().any(|known| known == name)) {
                bare.insert(name.clone(), least);
            } else {
                self.offer(None);
            }
            self.path.pop();
        }
        (full.into(), bare.into())
    }

    /// Follows `$ref`, and picks what is not null among alternatives.
    fn resolve(&self, schema: &Json) -> Json {
        let target = schema.get("$ref").and_then(|target| target.as_str());
        if let Some(inner) = target.and_then(|at| self.root.pointer(at.trim_start_matches('#'))) {
            return self.resolve(inner);
        }
        let options = schema.get("anyOf").and_then(|options| options.as_array());
        match options.and_then(|options| options.iter().find(|option| kind(option) != "null")) {
            Some(option) => self.resolve(option),
            None => schema.clone(),
        }
    }

    fn text(&self, name: &str, schema: &Json) -> String {
        let text = match (schema.get("format").and_then(|f| f.as_str()), name) {
            (Some("date-time"), _) => "2026-11-20",
            (Some("date"), _) => "2026-11-24",
            (_, "customer_id") => "cus-00042",
            (_, "purchase_id") => "pur-00981",
            (_, "amount") if self.path.iter().any(|part| part == "unit_price") => "430.00",
            (_, "amount") => "1290.00",
            (_, "currency") => self.currency,
            (_, "birthday") => "1984-03-09",
            (_, "email") => "ana@example.com",
            (_, "phone") => "+525512345678",
            (_, "locale") => "es-MX",
            (_, "country") => "MX",
            (_, "time_zone") => "America/Mexico_City",
            (_, "url") => "https://example.com/ideas/elegir-una-lampara",
            (_, "title") => "Cómo elegir una lámpara de lectura",
            (_, "summary") => "Qué luz pide cada rincón, y cómo probarla antes de comprar.",
            (_, "given") => "Ana",
            (_, "family") => "Martínez",
            (_, "account_manager" | "sold_by") => "Bruno Ibarra",
            (_, "name") => "Lámpara de mesa Lumbre",
            (_, "category") => "lamps",
            (_, "channel") => "store",
            (_, "note" | "description" | "comment" | "about") => "Quiere ver las lámparas nuevas.",
            (_, other) => other,
        };
        text.to_owned()
    }
}

/// The type that a schema names, null aside.
fn kind(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(kind)) => kind,
        Some(Json::Array(kinds)) => {
            kinds.iter().filter_map(|kind| kind.as_str()).find(|kind| *kind != "null").unwrap_or("")
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_gives_a_full_value_and_a_bare_one() {
        let root = json!({});
        for (schema, full, bare) in [
            (json!({ "type": "boolean" }), json!(true), json!(false)),
            (json!({ "type": "number" }), json!(1), json!(1)),
            (json!({ "type": ["null", "integer"], "maximum": 10 }), json!(10), json!(10)),
            (json!({ "type": ["string", "null"] }), json!("of"), json!("of")),
            (json!({ "type": "array", "items": { "type": "integer" } }), json!([1]), json!([])),
        ] {
            let mut made =
                OfSchema { root: &root, currency: "MXN", path: Vec::new(), changes: Vec::new() };
            assert_eq!(made.make("of", &schema), (full, bare), "{schema}");
        }
    }
}
