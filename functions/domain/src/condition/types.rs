//! The types of what a condition may name: the customer's fields, an event's detail,
//! and what functions give.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::event::EventKind;

/// A type, as far as it is known before a condition runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    Unknown,
    Null,
    Bool,
    Int,
    Double,
    String,
    Timestamp,
    Duration,
    List(Box<Type>),
    Map,
    Object(&'static str, BTreeMap<String, Type>),
}

impl Type {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Type::Unknown => "something",
            Type::Null => "null",
            Type::Bool => "true or false",
            Type::Int | Type::Double => "a number",
            Type::String => "a string",
            Type::Timestamp => "a timestamp",
            Type::Duration => "a duration",
            Type::List(_) => "a list",
            Type::Map | Type::Object(..) => "an object",
        }
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Type::Int | Type::Double)
    }

    /// Whether values of both may be compared.
    pub(super) fn meets(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Unknown | Type::Null, _) | (_, Type::Unknown | Type::Null) => true,
            (Type::List(a), Type::List(b)) => a.meets(b),
            (Type::Map | Type::Object(..), Type::Map | Type::Object(..)) => true,
            (a, b) => a == b || (a.is_number() && b.is_number()),
        }
    }
}

pub(super) static CUSTOMER: LazyLock<Type> = LazyLock::new(|| {
    let strings = Type::List(Box::new(Type::String));
    let fields = [
        ("id", Type::String),
        ("locale", Type::String),
        ("country", Type::String),
        ("time_zone", Type::String),
        ("relationship", Type::String),
        ("account_manager", Type::String),
        ("interests", strings.clone()),
        ("attributes", Type::Map),
        ("stage", Type::String),
        ("purchases", Type::Int),
        ("total_spent", Type::Double),
        ("average_spent", Type::Double),
        ("first_purchase_at", Type::Timestamp),
        ("last_purchase_at", Type::Timestamp),
        ("days_since_purchase", Type::Int),
        ("categories", strings),
        ("open_complaints", Type::Int),
        ("last_csat", Type::Int),
        ("last_nps", Type::Int),
        ("p_alive", Type::Double),
        ("p_active", Type::Double),
        ("lifetime_value", Type::Double),
    ];
    Type::Object("customer", fields.map(|(name, kind)| (name.to_owned(), kind)).into())
});

/// The type of an event's detail, read off its JSON Schema.
pub(super) fn event_type(kind: EventKind) -> Type {
    let schema = crate::event::schema(kind);
    of_schema(schema.as_value(), schema.as_value())
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
        Some("integer") => Type::Int,
        // A whole JSON number reads as int, any other as double.
        Some("number") => Type::Double,
        Some("boolean") => Type::Bool,
        Some("array") => {
            let items = schema.get("items").map_or(Type::Unknown, |items| of_schema(items, root));
            Type::List(Box::new(items))
        }
        Some("object") => match schema.get("properties").and_then(|p| p.as_object()) {
            Some(properties) => Type::Object(
                "event",
                properties.iter().map(|(name, s)| (name.clone(), of_schema(s, root))).collect(),
            ),
            None => Type::Map,
        },
        _ => Type::Unknown,
    }
}

/// Global functions and methods that conditions may call, with what they give.
pub(super) const FUNCTIONS: [(&str, Type); 32] = [
    ("size", Type::Int),
    ("int", Type::Int),
    ("uint", Type::Int),
    ("double", Type::Double),
    ("string", Type::String),
    ("bool", Type::Bool),
    ("bytes", Type::Unknown),
    ("type", Type::Unknown),
    ("dyn", Type::Unknown),
    ("min", Type::Unknown),
    ("max", Type::Unknown),
    ("timestamp", Type::Timestamp),
    ("duration", Type::Duration),
    ("contains", Type::Bool),
    ("startsWith", Type::Bool),
    ("endsWith", Type::Bool),
    ("matches", Type::Bool),
    ("has", Type::Bool),
    ("all", Type::Bool),
    ("exists", Type::Bool),
    ("exists_one", Type::Bool),
    ("getFullYear", Type::Int),
    ("getMonth", Type::Int),
    ("getDate", Type::Int),
    ("getDayOfMonth", Type::Int),
    ("getDayOfWeek", Type::Int),
    ("getDayOfYear", Type::Int),
    ("getHours", Type::Int),
    ("getMinutes", Type::Int),
    ("getSeconds", Type::Int),
    ("getMilliseconds", Type::Int),
    ("@not_strictly_false", Type::Bool),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_tells_the_type_of_a_value() {
        let money = || Type::Object("event", [("amount".to_owned(), Type::String)].into());
        let root = json!({ "$defs": { "Money": {
            "type": "object", "properties": { "amount": { "type": "string" } } } } });
        let nothing = json!({ "type": "null" });
        let reference = || json!({ "$ref": "#/$defs/Money" });
        for (schema, expected) in [
            (json!({ "type": "string" }), Type::String),
            (json!({ "type": "integer" }), Type::Int),
            (json!({ "type": "number" }), Type::Double),
            (json!({ "type": "boolean" }), Type::Bool),
            (json!({ "type": "object" }), Type::Map),
            (json!({ "enum": ["a", "b"] }), Type::String),
            (json!({ "type": ["integer", "null"] }), Type::Int),
            (json!({ "type": ["null", "boolean"] }), Type::Bool),
            (json!({ "type": "array" }), Type::List(Box::new(Type::Unknown))),
            (
                json!({ "type": "array", "items": { "type": "number" } }),
                Type::List(Box::new(Type::Double)),
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
