//! JSON from outside, read with care: what readers disagree about is told, and
//! what one of them could not hold is held as near as can be.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::clean::{Path, Step};
use super::text::is_odd;

/// How deep objects and lists may stand in one another.
const DEPTH_MAX: usize = 32;

/// Why a text is not read.
#[derive(Debug)]
pub(super) enum BadJson {
    Syntax(String),
    /// A field that stands twice in one object: readers differ on which counts.
    Doubled(String),
    TooDeep,
}

/// Whether a text is JSON of which all readers see the same, and which is kept
/// as it came. A quick look: whatever is not plain is read once more.
pub(super) fn is_plain(text: &str) -> bool {
    let mut keys = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text);
    Plain { keys: &mut keys, depth: 0 }.deserialize(&mut json).is_ok() && json.end().is_ok()
}

/// A look at a value; the keys of the objects around it are on a stack.
struct Plain<'k, 'de> {
    keys: &'k mut Vec<Cow<'de, str>>,
    depth: usize,
}

impl<'de> Plain<'_, 'de> {
    fn inner(&mut self) -> Plain<'_, 'de> {
        Plain { keys: &mut *self.keys, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Plain<'_, 'de> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.depth <= DEPTH_MAX {
            true => deserializer.deserialize_any(self),
            false => Err(D::Error::custom("too deep")),
        }
    }
}

impl<'de> Visitor<'de> for Plain<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        // Zero may stand for what is too near to it.
        if value == 0.0 { Err(E::custom("near zero")) } else { Ok(()) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match text.is_ascii() || !text.chars().any(is_odd) {
            true => Ok(()),
            false => Err(E::custom("odd characters")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self.inner())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let begin = self.keys.len();
        while let Some(key) = object.next_key_seed(Key)? {
            self.keys.push(key);
            object.next_value_seed(self.inner())?;
        }
        let own = &mut self.keys[begin..];
        own.sort_unstable();
        let is_doubled = own.windows(2).any(|two| two[0] == two[1]);
        self.keys.truncate(begin);
        if is_doubled { Err(A::Error::custom("a doubled key")) } else { Ok(()) }
    }
}

/// A key, borrowed where it has no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// Reads a text. A number beyond the greatest float is held as that one, one too
/// near to zero as the nearest: whoever knows the field tells. Half a character,
/// as a text has that was cut in an emoji, is `\u{fffd}`.
pub(super) fn read(text: &str) -> Result<Value, BadJson> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|e| BadJson::Syntax(e.to_string()))?;
    value(raw, &mut Path::default())
}

fn value(raw: &RawValue, path: &mut Path) -> Result<Value, BadJson> {
    let text = raw.get();
    let syntax = |error: serde_json::Error| BadJson::Syntax(error.to_string());
    if path.len() > DEPTH_MAX {
        return Err(BadJson::TooDeep);
    }
    match text.as_bytes().first() {
        Some(b'{') => {
            let fields: Fields = serde_json::from_str(text).map_err(syntax)?;
            let mut object = Map::new();
            for (key, raw) in fields.0 {
                path.push(Step::Field(key.clone()));
                if object.contains_key(&key) {
                    return Err(BadJson::Doubled(path.to_string()));
                }
                object.insert(key, value(raw, path)?);
                path.pop();
            }
            Ok(Value::Object(object))
        }
        Some(b'[') => {
            let raws: Vec<&RawValue> = serde_json::from_str(text).map_err(syntax)?;
            let mut list = Vec::with_capacity(raws.len());
            for (index, raw) in raws.into_iter().enumerate() {
                path.push(Step::Element(index));
                list.push(value(raw, path)?);
                path.pop();
            }
            Ok(Value::Array(list))
        }
        Some(b'"') => string(text).map(Value::String).map_err(syntax),
        Some(b'-' | b'0'..=b'9') => Ok(number(text)),
        _ => serde_json::from_str(text).map_err(syntax),
    }
}

/// The fields of an object in their order, doubled ones twice.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = object.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

fn number(text: &str) -> Value {
    let is_negative = text.starts_with('-');
    let signed = |value: f64| Value::from(if is_negative { -value } else { value });
    match serde_json::from_str(text) {
        Ok(Value::Number(number)) if number.as_f64() == Some(0.0) => {
            let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
            match mantissa.bytes().any(|digit| matches!(digit, b'1'..=b'9')) {
                true => signed(f64::MIN_POSITIVE),
                false => Value::Number(number),
            }
        }
        Ok(number) => number,
        Err(_) => signed(f64::MAX),
    }
}

fn string(text: &str) -> Result<String, serde_json::Error> {
    struct Lossy;
    impl Visitor<'_> for Lossy {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    match serde_json::from_str(text) {
        Ok(text) => Ok(text),
        Err(_) => serde_json::Deserializer::from_str(text).deserialize_bytes(Lossy),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_stands_twice_is_told_wherever_it_is() {
        for (text, place) in [
            (r#"{"a":1,"a":2}"#, "a"),
            (r#"{"a":1,"\u0061":1}"#, "a"),
            (r#"{"a":[{"b":{"c":1,"d":2,"c":1}}]}"#, "a[0].b.c"),
        ] {
            assert!(!is_plain(text), "{text}");
            let Err(BadJson::Doubled(found)) = read(text) else { panic!("{text}") };
            assert_eq!(found, place);
        }
        let same = r#"{"a":{"b":1},"b":[{"a":1},{"a":1}]}"#;
        assert!(is_plain(same) && read(same).is_ok());
    }

    #[test]
    fn what_no_float_holds_is_held_as_near_as_can_be() {
        let text = r#"[1e400,-1e400,1e-400,-0.0,0e5,12345678901234567890123]"#;
        assert!(!is_plain(text));
        let least = f64::MIN_POSITIVE;
        let expected =
            json!([f64::MAX, f64::MIN, least, -0.0, 0.0, 12_345_678_901_234_567_890_123_f64]);
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn half_a_character_is_replaced_and_depth_is_bounded() {
        let cut = read(r#"{"a":"x\ud83d"}"#).unwrap();
        assert!(cut["a"].as_str().unwrap().starts_with("x\u{fffd}"), "{cut}");
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(&deep(DEPTH_MAX)).is_ok());
        assert!(is_plain(&deep(DEPTH_MAX)) && !is_plain(&deep(DEPTH_MAX + 2)));
        assert!(matches!(read(&deep(DEPTH_MAX + 2)), Err(BadJson::TooDeep)));
        assert!(matches!(read("{\"a\":"), Err(BadJson::Syntax(_))));
    }
}
