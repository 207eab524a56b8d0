//! What was left out of a value because it does not fit, so that the rest is read on: a
//! key goes, and an entry of a list leaves a gap, so that those behind it keep their
//! places.

use serde_json::Value;

use super::yaml::Key;

/// Stands in a list for an entry that was left out, so that the others keep their
/// places; no file can hold it.
const LEFT_OUT: &str = "\u{0}";

/// A path in a value without gaps, as it is with them.
pub fn placed<'a>(value: &Value, keys: Vec<Key<'a>>) -> Vec<Key<'a>> {
    let mut here = Some(value);
    let step = |key: Key<'a>| {
        let at = match key {
            Key::Name(name) => {
                here = here.and_then(|here| here.get(name));
                return Key::Name(name);
            }
            Key::Index(index) => {
                let entries = here.and_then(Value::as_array).into_iter().flatten().enumerate();
                let mut kept = entries.filter(|(_, entry)| *entry != LEFT_OUT);
                kept.nth(index).map_or(index, |(at, _)| at)
            }
        };
        here = here.and_then(|here| here.get(at));
        Key::Index(at)
    };
    keys.into_iter().map(step).collect()
}

/// Whether something was left out of a list, however deep.
pub fn has_gaps(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(|one| *one == LEFT_OUT || has_gaps(one)),
        Value::Object(fields) => fields.values().any(has_gaps),
        _ => false,
    }
}

/// The value as if what was left out had never been.
pub fn without_gaps(value: &Value) -> Value {
    match value {
        Value::Array(values) => {
            values.iter().filter(|one| **one != LEFT_OUT).map(without_gaps).collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| (name.clone(), without_gaps(field)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// The value without the keys whose lists have gaps.
pub fn without_lists_with_gaps(value: &Value) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let is_whole = |field: &&Value| !field.is_array() || !has_gaps(field);
    let whole = fields.iter().filter(|(_, field)| is_whole(field));
    let whole = whole.map(|(name, field)| (name.clone(), without_lists_with_gaps(field)));
    Value::Object(whole.collect())
}

/// Takes out what a path leads to: a key of an object, or an entry of a list, which
/// leaves a gap. Whether there was such a thing.
pub fn leave_out(value: &mut Value, keys: &[Key]) -> bool {
    let Some((last, before)) = keys.split_last() else { return false };
    let mut here = value;
    for key in before {
        let inner = match key {
            Key::Name(name) => here.get_mut(name),
            Key::Index(index) => here.get_mut(index),
        };
        match inner {
            Some(inner) => here = inner,
            None => return false,
        }
    }
    match last {
        Key::Name(name) => {
            here.as_object_mut().is_some_and(|object| object.remove(*name).is_some())
        }
        Key::Index(index) => match here.get_mut(index) {
            Some(entry) => {
                *entry = LEFT_OUT.into();
                true
            }
            None => false,
        },
    }
}
