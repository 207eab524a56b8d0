//! An event's detail as a CEL value, read straight from its JSON text: only the
//! fields that a condition names, with nothing in between.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::EventFields;

thread_local! {
    /// What was read last: the rules of one trigger mostly name the same fields.
    static LAST: RefCell<Option<(Arc<str>, EventFields, Value)>> = const { RefCell::new(None) };
}

/// The named fields of a detail. What is `null` is left out: an optional field
/// that is null is as good as absent. Whole numbers become `int`.
pub fn event_value(detail: &Arc<str>, fields: &EventFields) -> Value {
    LAST.with_borrow_mut(|last| {
        if let Some((of, named, value)) = last
            && Arc::ptr_eq(of, detail)
            && named == fields
        {
            return value.clone();
        }
        let mut json = serde_json::Deserializer::from_str(detail);
        // A detail was checked when it came in.
        let value = Seed(Some(fields)).deserialize(&mut json).unwrap_or(Value::Null);
        *last = Some((detail.clone(), fields.clone(), value.clone()));
        value
    })
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
