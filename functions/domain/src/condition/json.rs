//! An event's detail as a CEL value, read straight from its JSON text: only the
//! fields that a condition names, with nothing in between.
//!
//! An amount of money is text in JSON, so that no digit of it is lost, and a
//! number in conditions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, KeyRef, Map};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Stop;
use crate::money::parse_amount;

/// A whole detail. What is `null` is left out: an optional field that is null is
/// as good as absent.
pub(super) fn event_value(detail: &str) -> Value {
    let mut json = serde_json::Deserializer::from_str(detail);
    // A detail was checked when it came in.
    Seed.deserialize(&mut json).unwrap_or(Value::Null)
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
pub(super) fn event_field(detail: &Arc<str>, path: &[String]) -> Result<Option<Value>, Stop> {
    LAST.with_borrow_mut(|last| {
        if let Some(last) = last
            && Arc::ptr_eq(&last.detail, detail)
            && last.path == path
        {
            return last.found.clone();
        }
        let mut json = serde_json::Deserializer::from_str(detail);
        let found = Within(path).deserialize(&mut json).unwrap_or(Err(UNFIT));
        let (detail, path) = (detail.clone(), path.to_vec());
        *last = Some(Reading { detail, path, found: found.clone() });
        found
    })
}

const UNFIT: Stop = Stop::Unfit("has no fields");

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
            // Whether an amount is one, its currency tells.
            [name] if name == AMOUNT => {
                let object = Seed.visit_map(map)?;
                return Ok(match &object {
                    Value::Map(map) => Ok(map.get(&KeyRef::String(AMOUNT)).cloned()),
                    _ => Err(UNFIT),
                });
            }
            [name] => (name, None),
            [name, inner @ ..] => (name, Some(inner)),
            [] => return Ok(Err(UNFIT)),
        };
        let mut found = if inner.is_some() { Err(Stop::Missing) } else { Ok(None) };
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match inner {
                _ if key != name.as_str() => drop(map.next_value::<IgnoredAny>()?),
                Some(inner) => found = map.next_value_seed(Within(inner))?,
                None => found = Ok(is_known(map.next_value_seed(Seed)?)),
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

/// Reads a value.
struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
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
        while let Some(value) = seq.next_element_seed(Seed)? {
            list.push(value);
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object: HashMap<Key, Value> = HashMap::new();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match map.next_value_seed(Seed)? {
                Value::Null => {}
                value => drop(object.insert(key.into_owned().into(), value)),
            }
        }
        if let Some(amount) = amount_of(&object) {
            object.insert(AMOUNT.into(), Value::Float(amount));
        }
        Ok(Value::Map(Map { map: Arc::new(object) }))
    }
}

const AMOUNT: &str = "amount";

/// The amount of an object that is money, as a number.
fn amount_of(object: &HashMap<Key, Value>) -> Option<f64> {
    let field = |name: &str| object.get(&Key::from(name));
    let (Value::String(text), Value::String(_)) = (field(AMOUNT)?, field("currency")?) else {
        return None;
    };
    parse_amount(text).ok()?;
    text.parse().ok()
}
