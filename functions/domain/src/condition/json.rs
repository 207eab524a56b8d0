//! An event's detail as a CEL value, read straight from its JSON text: only the
//! fields that a condition names, with nothing in between.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{EventFields, Stop};

/// The named fields of a detail. What is `null` is left out: an optional field
/// that is null is as good as absent. Whole numbers become `int`.
pub fn event_value(detail: &str, fields: &EventFields) -> Value {
    let mut json = serde_json::Deserializer::from_str(detail);
    // A detail was checked when it came in.
    Seed(Some(fields)).deserialize(&mut json).unwrap_or(Value::Null)
}

thread_local! {
    /// What was read last: the rules of one trigger mostly ask the same.
    static LAST: RefCell<Option<Reading>> = const { RefCell::new(None) };
}

struct Reading {
    detail: Arc<str>,
    path: Vec<String>,
    found: Result<Option<Value>, Stop>,
}

/// A value deep in a detail, with nothing built of what is beside it.
///
/// # Errors
/// [`Stop`] where it is not even known what would have it.
pub fn event_field(detail: &Arc<str>, path: &[String]) -> Result<Option<Value>, Stop> {
    LAST.with_borrow_mut(|last| {
        if let Some(last) = last
            && Arc::ptr_eq(&last.detail, detail)
            && last.path == path
        {
            return last.found.clone();
        }
        let mut json = serde_json::Deserializer::from_str(detail);
        let found = Within(path).deserialize(&mut json).unwrap_or(Err(Stop::InDoubt));
        let (detail, path) = (detail.clone(), path.to_vec());
        *last = Some(Reading { detail, path, found: found.clone() });
        found
    })
}

/// Reads one value of an object, or of an object in it.
struct Within<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Result<Option<Value>, Stop>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = Result<Option<Value>, Stop>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Err(Stop::Missing))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (name, inner) = match self.0 {
            [name] => (name, None),
            [name, inner @ ..] => (name, Some(inner)),
            [] => return Ok(Err(Stop::InDoubt)),
        };
        let mut found = if inner.is_some() { Err(Stop::Missing) } else { Ok(None) };
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match inner {
                _ if key != name.as_str() => drop(map.next_value::<IgnoredAny>()?),
                Some(inner) => found = map.next_value_seed(Within(inner))?,
                None => found = Ok(is_known(map.next_value_seed(Seed(None))?)),
            }
        }
        Ok(found)
    }
}

/// What is null is as good as absent.
fn is_known(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        value => Some(value),
    }
}

/// Reads a value; of an object, where fields are given, only those.
struct Seed<'a>(Option<&'a EventFields>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
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
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or(Value::Float(value as f64), Value::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Seed(None))? {
            list.push(value);
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object: HashMap<Key, Value> = HashMap::new();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if !self.0.is_none_or(|fields| fields.include(&key)) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            match map.next_value_seed(Seed(None))? {
                Value::Null => {}
                value => drop(object.insert(key.into_owned().into(), value)),
            }
        }
        Ok(Value::Map(Map { map: Arc::new(object) }))
    }
}
