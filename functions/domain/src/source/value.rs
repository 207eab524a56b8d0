//! What mappings reckon with: JSON as it came, with each number exact, and what is
//! absent told apart from what is null.

use std::fmt::Write;
use std::sync::Arc;

use rust_decimal::Decimal;

/// A value of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// There is no such field.
    Absent,
    /// The field is there, and is null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, with all of its digits: ids may have more than a float holds.
    Number(Decimal),
    /// A text.
    Text(Arc<str>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// An object, its fields in the order in which they came.
    Object(Arc<Vec<(Arc<str>, Value)>>),
}

impl Value {
    /// A text of ours.
    pub fn text(text: impl Into<Arc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// An object of these fields; those that are absent are left out.
    pub fn object(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
        let fields = fields.into_iter().filter(|(_, value)| *value != Value::Absent);
        Value::Object(Arc::new(fields.map(|(name, value)| (name.into(), value)).collect()))
    }

    /// Whether it says nothing: absent, null, or a text of blanks.
    pub fn is_blank(&self) -> bool {
        match self {
            Value::Absent | Value::Null => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// The field of an object; absent of whatever has none.
    pub fn field(&self, name: &str) -> Value {
        let Value::Object(fields) = self else { return Value::Absent };
        let found = fields.iter().rev().find(|(key, _)| &**key == name);
        found.map_or(Value::Absent, |(_, value)| value.clone())
    }

    /// The element of a list; absent where there are fewer.
    pub fn element(&self, index: &Decimal) -> Value {
        let Value::List(list) = self else { return Value::Absent };
        let index = usize::try_from(*index).ok().filter(|_| index.fract().is_zero());
        index.and_then(|index| list.get(index)).cloned().unwrap_or(Value::Absent)
    }

    /// A scalar as text, a number with all of its digits.
    pub fn as_text(&self) -> Option<Arc<str>> {
        match self {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.normalize().to_string().into()),
            Value::Bool(value) => Some(value.to_string().into()),
            _ => None,
        }
    }

    /// A number, or a text that is one.
    pub fn as_number(&self) -> Option<Decimal> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => Decimal::from_str_exact(text.trim()).ok(),
            _ => None,
        }
    }

    /// Its JSON, without what is absent.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Value::Absent | Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            // Writing to a string cannot fail.
            Value::Number(number) => drop(write!(out, "{}", number.normalize())),
            Value::Text(text) => write_text(text, out),
            Value::List(list) => {
                out.push('[');
                let known = list.iter().filter(|value| **value != Value::Absent);
                for (index, value) in known.enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    value.write_json(out);
                }
                out.push(']');
            }
            Value::Object(fields) => write_fields(fields, out),
        }
    }
}

/// The JSON of an object of these fields, without those that are absent.
pub(super) fn write_fields(fields: &[(Arc<str>, Value)], out: &mut String) {
    out.push('{');
    let known = fields.iter().filter(|(_, value)| *value != Value::Absent);
    for (index, (name, value)) in known.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        value.write_json(out);
    }
    out.push('}');
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    // What has to be escaped is one byte long, so that the runs between are whole text.
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "\\u{byte:04x}")),
        }
    }
    out.push_str(&text[written..]);
    out.push('"');
}

/// A setting or a constant, as a file tells it.
impl From<&serde_json::Value> for Value {
    fn from(value: &serde_json::Value) -> Value {
        use serde_json::Value as Json;
        match value {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => of_number(&number.to_string()),
            Json::String(text) => Value::text(text.as_str()),
            Json::Array(list) => Value::List(Arc::new(list.iter().map(Value::from).collect())),
            Json::Object(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (name.as_str().into(), value.into()));
                Value::Object(Arc::new(fields.collect()))
            }
        }
    }
}

/// A number as JSON writes it; one that no decimal holds stays a text.
pub(super) fn of_number(text: &str) -> Value {
    let read = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    read.map_or_else(|_| Value::text(text), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_it_was_read() {
        let json = r#"{"a":[1,"x\"\n",null,true,{"b":12.5}],"id":890088186047892319}"#;
        let value = Value::from(&serde_json::from_str::<serde_json::Value>(json).unwrap());
        let mut written = String::new();
        value.write_json(&mut written);
        assert_eq!(written, json);
        assert_eq!(value.field("id").as_text().as_deref(), Some("890088186047892319"));
        assert_eq!(value.field("a").element(&Decimal::ONE), Value::text("x\"\n"));
        assert_eq!(value.field("a").element(&Decimal::TEN), Value::Absent);
    }

    #[test]
    fn what_is_absent_is_not_written() {
        let value = Value::object([("a", Value::Absent), ("b", Value::Null)]);
        let mut written = String::new();
        value.write_json(&mut written);
        assert_eq!(written, r#"{"b":null}"#);
    }
}
