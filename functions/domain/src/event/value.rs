//! The values of an event's fields: changes, attributes, quantities, scores.
#![allow(missing_docs, reason = "published in schemas, which say what fits")]

use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::body::NAME_CHARS_MAX;
use super::text::{Country, Line};
use crate::codes;

/// Tells a field that is absent (unchanged) from one that is `null` (cleared).
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// An object and nothing else: serde takes a list for a struct too, field by field.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// A struct that is written as an object.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// The same, where it may be absent or `null`.
pub(super) fn optional_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

/// The same of a field that `null` clears.
pub(super) fn given_object<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    optional_object(deserializer).map(Some)
}

/// A list of such structs.
pub(super) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let all = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|Object(value)| value).collect())
}

/// A country that there is: by another code nobody would ever be found.
pub(super) fn given_country<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Change<Country>, D::Error> {
    let told = Option::<Country>::deserialize(deserializer)?;
    match told.as_ref().filter(|country| !codes::is_country(country.as_str())) {
        Some(country) => Err(serde::de::Error::custom(codes::no_country(country.as_str()))),
        None => Ok(Some(told)),
    }
}

pub(super) fn country_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "An ISO 3166 code of two letters, kept in capitals.",
        "title": "Country",
        "type": ["string", "null"],
        "pattern": codes::country_pattern(),
    })
}

/// The numbers that an event may hold, and the nearest to zero: what any JSON
/// reader, a condition and DynamoDB hold alike.
const NUMBER_MIN: i64 = i64::MIN;
const NUMBER_MAX: i64 = i64::MAX;
const NUMBER_MIN_POSITIVE: f64 = 1e-130;

/// Why a number cannot be held.
const NO_NUMBER: &str = "is a number that cannot be held: at most 9.2e18 either side of zero, \
    and not nearer to it than 1e-130; write a long one as text, in quotes";

fn is_held(value: f64) -> bool {
    // No float is the greatest number: the nearest one lies above it.
    let is_in_bounds = value >= NUMBER_MIN as f64 && value < NUMBER_MAX as f64;
    value == 0.0 || (is_in_bounds && value.abs() >= NUMBER_MIN_POSITIVE)
}

/// The schema of a number that can be held.
pub(super) fn number_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "number",
        "minimum": NUMBER_MIN,
        "maximum": NUMBER_MAX,
        "not": {
            "exclusiveMinimum": -NUMBER_MIN_POSITIVE,
            "exclusiveMaximum": NUMBER_MIN_POSITIVE,
            "not": { "const": 0 },
        },
    })
}

/// A quantity is zero or more: what comes back is a refund.
pub(super) fn quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    use serde::de::Error;
    let value = f64::deserialize(deserializer)?;
    match value >= 0.0 {
        true if is_held(value) => Ok(value),
        true => Err(D::Error::custom(NO_NUMBER)),
        false => Err(D::Error::custom("is below zero, a quantity is zero or more")),
    }
}

pub(super) fn quantity_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "number",
        "minimum": 0,
        "maximum": NUMBER_MAX,
        "not": { "exclusiveMinimum": 0, "exclusiveMaximum": NUMBER_MIN_POSITIVE },
    })
}

/// Names are kept as they come: what a line mends is in none of them.
pub(super) fn names_schema() -> serde_json::Value {
    let mut name = Line::json_schema(&mut schemars::SchemaGenerator::default()).to_value();
    let plain = r"[^\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]";
    let seen = r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]";
    name["pattern"] = format!("^{plain}*{seen}{plain}*$").into();
    name["title"] = "Name".into();
    name["maxLength"] = NAME_CHARS_MAX.into();
    name
}

/// A field of a profile: absent leaves it as it is, `null` clears it.
pub type Change<T> = Option<Option<T>>;

/// A free attribute's value.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    Bool(bool),
    Int(#[schemars(schema_with = "number_schema")] i64),
    #[schemars(skip)]
    Float(f64),
    Text(Line),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl serde::de::Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("true, false, a number or one line of text")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Scalar, E> {
        i64::try_from(value).map(Scalar::Int).map_err(|_| E::custom(NO_NUMBER))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Scalar, E> {
        is_held(value).then_some(Scalar::Float(value)).ok_or_else(|| E::custom(NO_NUMBER))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Scalar, E> {
        Line::new(value).map(Scalar::Text).map_err(E::custom)
    }
}

/// A satisfaction or CSAT score, 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score<const LOW: u8, const HIGH: u8>(pub u8);

impl<'de, const LOW: u8, const HIGH: u8> Deserialize<'de> for Score<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScoreVisitor::<LOW, HIGH>)
    }
}

struct ScoreVisitor<const LOW: u8, const HIGH: u8>;

impl<const LOW: u8, const HIGH: u8> serde::de::Visitor<'_> for ScoreVisitor<LOW, HIGH> {
    type Value = Score<LOW, HIGH>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a whole number from {LOW} to {HIGH}, without quotes")
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
        match u8::try_from(value) {
            Ok(value) if (LOW..=HIGH).contains(&value) => Ok(Score(value)),
            Ok(value) => Err(E::custom(format!("is {value}, the scale is {LOW} to {HIGH}"))),
            // It may be a telephone number, which no reason tells.
            Err(_) => Err(E::custom(format!("is another number, the scale is {LOW} to {HIGH}"))),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
        self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl<const LOW: u8, const HIGH: u8> JsonSchema for Score<LOW, HIGH> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Score{LOW}To{HIGH}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LOW, "maximum": HIGH })
    }
}
