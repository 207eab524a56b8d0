//! Events that end a rule's touches, as `exit_on` names them.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::event::EventKind;

/// An event that ends touches: by its kind alone, or under a condition.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ExitSpec {
    Event(EventKind),
    If(ExitIf),
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExitIf {
    pub event: EventKind,
    /// A condition (CEL) in which `event` is this event and `trigger` the one
    /// that started the rule.
    #[serde(rename = "if")]
    pub condition: Option<String>,
}

impl ExitSpec {
    pub fn event(&self) -> EventKind {
        match self {
            ExitSpec::Event(event) => *event,
            ExitSpec::If(exit) => exit.event,
        }
    }

    pub fn condition(&self) -> Option<&String> {
        match self {
            ExitSpec::Event(_) => None,
            ExitSpec::If(exit) => exit.condition.as_ref(),
        }
    }
}

/// By hand, so that a fault is told of what was written: an untagged enum says
/// only that nothing fits.
impl<'de> Deserialize<'de> for ExitSpec {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<ExitSpec, D::Error> {
        deserializer.deserialize_any(ExitVisitor)
    }
}

struct ExitVisitor;

impl<'de> Visitor<'de> for ExitVisitor {
    type Value = ExitSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event such as PurchaseRefunded, or { event: PurchaseRefunded, if: … }")
    }

    fn visit_str<E: serde::de::Error>(self, kind: &str) -> Result<ExitSpec, E> {
        EventKind::deserialize(kind.into_deserializer()).map(ExitSpec::Event)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ExitSpec, A::Error> {
        ExitIf::deserialize(MapAccessDeserializer::new(map)).map(ExitSpec::If)
    }
}
