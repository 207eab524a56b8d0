//! The types of what a condition may name: the customer's fields, an event's detail,
//! and what functions give.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use super::eval::REFUNDED;
use crate::bilingual::Bilingual;
use crate::event::{EventKind, schema_of};
use crate::view::{CUSTOMER_FIELDS, FieldKind};

/// A type, as far as it is known before a condition runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type {
    Unknown,
    Null,
    Bool,
    /// However it is spelt: whole numbers are no type of their own.
    Number,
    String,
    /// Text that is the name of a segment.
    Segment,
    Timestamp,
    Duration,
    List(Box<Type>),
    Map,
    Object(&'static str, BTreeMap<String, Type>),
}

impl Type {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Type::Unknown => "something",
            Type::Null => "null",
            Type::Bool => "true or false",
            Type::Number => "a number",
            Type::String | Type::Segment => "a string",
            Type::Timestamp => "a timestamp",
            Type::Duration => "a duration",
            Type::List(_) => "a list",
            Type::Map | Type::Object(..) => "an object",
        }
    }

    /// Its name for whoever writes a condition.
    pub(crate) fn told(&self) -> Bilingual {
        let es = match self {
            Type::Unknown => "algo",
            Type::Null => "null",
            Type::Bool => "verdadero o falso",
            Type::Number => "un número",
            Type::String | Type::Segment => "un texto",
            Type::Timestamp => "un momento",
            Type::Duration => "una duración",
            Type::List(_) => "una lista",
            Type::Map | Type::Object(..) => "un objeto",
        };
        Bilingual { es: es.into(), en: self.name().into() }
    }

    /// Whether values of both may be compared.
    pub(crate) fn meets(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Unknown | Type::Null, _) | (_, Type::Unknown | Type::Null) => true,
            (Type::List(a), Type::List(b)) => a.meets(b),
            (Type::String | Type::Segment, Type::String | Type::Segment) => true,
            (Type::Map | Type::Object(..), Type::Map | Type::Object(..)) => true,
            (a, b) => a == b,
        }
    }

    /// The type with the name of a segment taken as mere text.
    pub(super) fn plain(&self) -> &Type {
        if *self == Type::Segment { &Type::String } else { self }
    }

    /// Whether its values are names of segments, one or a list of them.
    pub(super) fn names_segments(&self) -> bool {
        match self {
            Type::List(of) => **of == Type::Segment,
            kind => *kind == Type::Segment,
        }
    }
}

pub(super) static CUSTOMER: LazyLock<Type> = LazyLock::new(|| {
    let known = CUSTOMER_FIELDS.iter().filter(|field| field.is_of_conditions);
    let fields = known.map(|field| (field.name.to_owned(), of_field(field.kind)));
    Type::Object("customer", fields.collect())
});

fn of_field(kind: FieldKind) -> Type {
    match kind {
        FieldKind::Text => Type::String,
        FieldKind::Number => Type::Number,
        FieldKind::Timestamp => Type::Timestamp,
        FieldKind::Texts => Type::List(Box::new(Type::String)),
        FieldKind::Segments => Type::List(Box::new(Type::Segment)),
        FieldKind::Attributes => Type::Map,
    }
}

/// The type of an event's detail, read off its JSON Schema.
pub(crate) fn event_type(kind: EventKind) -> &'static Type {
    static TYPES: [OnceLock<Type>; EventKind::ALL.len()] =
        [const { OnceLock::new() }; EventKind::ALL.len()];
    TYPES[kind as usize].get_or_init(|| of_schema(schema_of(kind), schema_of(kind)))
}

fn of_schema(schema: &serde_json::Value, root: &serde_json::Value) -> Type {
    if let Some(target) = schema.get("$ref").and_then(|r| r.as_str()) {
        return root
            .pointer(target.trim_start_matches('#'))
            .map_or(Type::Unknown, |s| of_schema(s, root));
    }
    if let Some(any) = schema.get("anyOf").and_then(|any| any.as_array()) {
        let is_null =
            |s: &&serde_json::Value| s.get("type").and_then(|t| t.as_str()) == Some("null");
        let mut others = any.iter().filter(|s| !is_null(s));
        return match (others.next(), others.next()) {
            (Some(one), None) => of_schema(one, root),
            _ => Type::Unknown,
        };
    }
    let kind = match schema.get("type") {
        Some(serde_json::Value::String(kind)) => Some(kind.as_str()),
        Some(serde_json::Value::Array(kinds)) => {
            kinds.iter().filter_map(|kind| kind.as_str()).find(|kind| *kind != "null")
        }
        _ => schema.get("enum").map(|_| "string"),
    };
    match kind {
        Some("string") => Type::String,
        Some("integer" | "number") => Type::Number,
        Some("boolean") => Type::Bool,
        Some("array") => {
            let items = schema.get("items").map_or(Type::Unknown, |items| of_schema(items, root));
            Type::List(Box::new(items))
        }
        Some("object") => match schema.get("properties").and_then(|p| p.as_object()) {
            Some(properties) => {
                let types = properties.iter().map(|(name, s)| (name.clone(), of_schema(s, root)));
                let mut types: BTreeMap<String, Type> = types.collect();
                // Money's amount is text in JSON, and a number to reckon with.
                if types.contains_key("currency")
                    && let Some(amount) = types.get_mut("amount")
                {
                    *amount = Type::Number;
                }
                Type::Object("event", types)
            }
            None => Type::Map,
        },
        _ => Type::Unknown,
    }
}

/// What `trigger` is in rules that a kind of event starts, or none.
pub(super) fn trigger_type(kind: Option<EventKind>) -> Type {
    let mut fields = match kind.map(event_type) {
        Some(Type::Object(_, fields)) => fields.clone(),
        _ => BTreeMap::new(),
    };
    fields.insert(REFUNDED.to_owned(), Type::Bool);
    Type::Object("trigger", fields)
}

/// The names of `customer`'s fields.
pub(super) fn customer_fields() -> impl Iterator<Item = &'static str> {
    CUSTOMER_FIELDS.iter().filter(|field| field.is_of_conditions).map(|field| field.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_tells_the_type_of_a_value() {
        let money = || {
            let fields = [("amount", Type::Number), ("currency", Type::String)];
            Type::Object("event", fields.map(|(name, kind)| (name.to_owned(), kind)).into())
        };
        let root = json!({ "$defs": { "Money": { "type": "object", "properties": {
            "amount": { "type": "string" }, "currency": { "type": "string" } } } } });
        let nothing = json!({ "type": "null" });
        let reference = || json!({ "$ref": "#/$defs/Money" });
        for (schema, expected) in [
            (json!({ "type": "string" }), Type::String),
            (json!({ "type": "integer" }), Type::Number),
            (json!({ "type": "number" }), Type::Number),
            (json!({ "type": "boolean" }), Type::Bool),
            (json!({ "type": "object" }), Type::Map),
            (json!({ "enum": ["a", "b"] }), Type::String),
            (json!({ "type": ["integer", "null"] }), Type::Number),
            (json!({ "type": ["null", "boolean"] }), Type::Bool),
            (json!({ "type": "array" }), Type::List(Box::new(Type::Unknown))),
            (
                json!({ "type": "array", "items": { "type": "number" } }),
                Type::List(Box::new(Type::Number)),
            ),
            (reference(), money()),
            (json!({ "$ref": "#/$defs/Elsewhere" }), Type::Unknown),
            (json!({ "anyOf": [reference(), nothing] }), money()),
            (json!({ "anyOf": [nothing, { "type": "boolean" }] }), Type::Bool),
            (json!({ "anyOf": [{ "type": "string" }, { "type": "boolean" }] }), Type::Unknown),
            (json!({}), Type::Unknown),
        ] {
            assert_eq!(of_schema(&schema, &root), expected, "{schema}");
        }
    }
}
