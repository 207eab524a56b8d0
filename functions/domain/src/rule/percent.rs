//! Percentages.

use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::bilingual::{Bilingual, said};

/// A percentage such as `10%`, as a fraction from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Share(pub f64);

/// A percentage as it is written, so that several add up exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(Decimal);

impl Percent {
    pub const ZERO: Percent = Percent(Decimal::ZERO);
    pub const WHOLE: Percent = Percent(Decimal::ONE_HUNDRED);

    /// Both together, which may be more than the whole.
    pub fn plus(self, other: Percent) -> Percent {
        Percent(self.0.saturating_add(other.0))
    }

    /// From 0 to 1.
    pub fn fraction(self) -> f64 {
        (self.0 / Decimal::ONE_HUNDRED).to_f64().unwrap_or(1.0)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0.normalize())
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse().ok());
        let fits = |percent: &Decimal| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(percent);
        number
            .filter(fits)
            .map(Percent)
            .ok_or_else(|| serde::de::Error::custom(no_percentage(&text).to_carry()))
    }
}

fn no_percentage(text: &str) -> Bilingual {
    said!(
        "{text:?} no es un porcentaje; escríbelo como \"10%\"",
        "{text:?} is no percentage; write it as \"10%\""
    )
}

impl JsonSchema for Percent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Share::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Share::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.trim()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok())
            .filter(|percent| (0.0..=100.0).contains(percent))
            .map(|percent| Share(percent / 100.0))
            .ok_or_else(|| serde::de::Error::custom(no_percentage(&text).to_carry()))
    }
}

impl JsonSchema for Share {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Percentage".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]+)?%$", "examples": ["10%"] })
    }
}
