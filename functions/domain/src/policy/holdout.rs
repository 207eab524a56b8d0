//! The control group of all rules of a purpose (rules#global-holdout).
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use crate::channel::Purpose;
use crate::draw::fraction;
use crate::id::Id;
use crate::rule::Share;

/// Who hears nothing of any rule of a purpose.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalHoldout {
    /// The share of customers.
    pub share: Share,
    /// The rules of this purpose are kept from them.
    pub purpose: Purpose,
    /// What the draw goes by: another epoch draws other customers.
    pub epoch: Epoch,
}

impl GlobalHoldout {
    /// Whether a customer is in it.
    pub fn has(&self, customer: &Id) -> bool {
        let share = self.share.0;
        share > 0.0 && fraction(&format!("global/{}/{customer}", self.epoch.0)) < share
    }
}

/// The name of an epoch, such as `2027`: a year written as a number is one too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(String);

impl Epoch {
    /// The longest name, in characters.
    const CHARS_MAX: usize = 64;

    /// The name as it is drawn by.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Epoch, D::Error> {
        deserializer.deserialize_any(EpochVisitor)
    }
}

struct EpochVisitor;

impl Visitor<'_> for EpochVisitor {
    type Value = Epoch;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name in quotes, such as \"2027\"")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Epoch, E> {
        let name = name.trim();
        let is_visible = !name.is_empty() && !name.chars().any(char::is_control);
        match is_visible && name.chars().count() <= Epoch::CHARS_MAX {
            true => Ok(Epoch(name.to_owned())),
            false => Err(E::custom(format!(
                "an epoch is a name such as \"2027\", of at most {} characters",
                Epoch::CHARS_MAX
            ))),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, year: u64) -> Result<Epoch, E> {
        Ok(Epoch(year.to_string()))
    }

    fn visit_i64<E: serde::de::Error>(self, year: i64) -> Result<Epoch, E> {
        Ok(Epoch(year.to_string()))
    }
}

impl JsonSchema for Epoch {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Epoch".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "examples": ["2027"] })
    }
}
