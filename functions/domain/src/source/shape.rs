//! Which parts of a payload a mapping asks for. Only those are read: the rest of an
//! order, which is most of it, is passed over.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::value::{Value, of_number};

/// How deep objects and lists may stand in one another where all of a part is read.
const DEPTH_MAX: usize = 32;

/// A step to what an object or a list holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Element,
}

/// The parts of a value that are asked for. With none, it is asked whether there is
/// such a value, and for a scalar itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shape {
    is_whole: bool,
    fields: BTreeMap<Arc<str>, Shape>,
    elements: Option<Box<Shape>>,
}

impl Shape {
    /// Asks for the value at the end of a path, and for all in it where `is_whole`.
    pub fn ask(&mut self, path: &[Step], is_whole: bool) {
        let Some((step, rest)) = path.split_first() else {
            self.is_whole |= is_whole;
            return;
        };
        let inner = match step {
            Step::Field(name) => self.fields.entry(name.as_str().into()).or_default(),
            Step::Element => self.elements.get_or_insert_default(),
        };
        inner.ask(rest, is_whole);
    }

    /// Asks for what another asks for as well.
    pub fn join(&mut self, other: &Shape) {
        self.is_whole |= other.is_whole;
        for (name, shape) in &other.fields {
            self.fields.entry(name.clone()).or_default().join(shape);
        }
        if let Some(elements) = &other.elements {
            self.elements.get_or_insert_default().join(elements);
        }
    }

    /// The shape of an object that has this one in a field.
    pub fn within(self, field: &str) -> Shape {
        Shape { fields: [(field.into(), self)].into(), ..Shape::default() }
    }

    /// Reads what is asked for of a JSON text.
    ///
    /// # Errors
    /// Where the text is no JSON; the words do not quote it.
    pub fn read(&self, json: &str) -> Result<Value, String> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let read = Part { shape: self, depth: 0 }.deserialize(&mut reader);
        let read = read.and_then(|value| reader.end().map(|()| value));
        read.map_err(|error| crate::event::impersonal(&error.to_string()))
    }
}

/// Reads a value as far as its shape asks.
#[derive(Clone, Copy)]
struct Part<'s> {
    shape: &'s Shape,
    depth: usize,
}

impl<'s> Part<'s> {
    fn inner(self, shape: &'s Shape) -> Part<'s> {
        // All of a whole is whole.
        let shape = if self.shape.is_whole { self.shape } else { shape };
        Part { shape, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        if self.depth > DEPTH_MAX {
            return from.deserialize_ignored_any(IgnoredAny).map(|_| Value::Absent);
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Decimal::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(Decimal::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(of_number(&value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let elements = match (&self.shape.elements, self.shape.is_whole) {
            (_, true) => Some(self.shape),
            (elements, false) => elements.as_deref(),
        };
        let Some(shape) = elements else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Value::List(Arc::new(list)));
        };
        while let Some(value) = seq.next_element_seed(self.inner(shape))? {
            list.push(value);
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            let known = match self.shape.is_whole {
                true => Some((key.into(), self.shape)),
                // A name that is asked for is held already.
                false => {
                    let known = self.shape.fields.get_key_value(&*key);
                    known.map(|(name, shape)| (name.clone(), shape))
                }
            };
            match known {
                Some((name, shape)) => {
                    let value = map.next_value_seed(self.inner(shape))?;
                    fields.push((name, value));
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Value::Object(Arc::new(fields)))
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Step {
        Step::Field(name.to_owned())
    }

    #[test]
    fn only_what_is_asked_for_is_read() {
        let json = r#"{"id":890088186047892319,"customer":{"id":7,"email":"a@b.c"},
            "lines":[{"sku":"A","tax":{"x":1}},{"sku":null}],"note":null,"tags":[1,2]}"#;
        let mut shape = Shape::default();
        shape.ask(&[field("id")], true);
        shape.ask(&[field("customer"), field("id")], true);
        shape.ask(&[field("lines"), Step::Element, field("sku")], true);
        shape.ask(&[field("note")], false);
        shape.ask(&[field("absent")], false);
        let read = shape.read(json).unwrap();
        let mut written = String::new();
        read.write_json(&mut written);
        assert_eq!(
            written,
            r#"{"id":890088186047892319,"customer":{"id":7},"lines":[{"sku":"A"},{"sku":null}],"note":null}"#
        );
        assert_eq!(read.field("absent"), Value::Absent);
        shape.ask(&[field("lines")], true);
        let read = shape.read(json).unwrap();
        assert_eq!(
            read.field("lines").element(&Decimal::ZERO).field("tax").field("x"),
            Value::Number(1.into())
        );
    }

    #[test]
    fn what_is_no_json_is_told_without_its_text() {
        for bad in ["", "webhook_id=16", "{\"a\":\"ana@example.com", "{}{}", "[1,]"] {
            let why = Shape::default().read(bad).unwrap_err();
            assert!(!why.contains("ana"), "{why}");
        }
    }
}
