//! An item's attributes as they are on the wire.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::expression::Unknown;

/// An item's attributes, by their texts on the wire: so few that a list is
/// searched faster than a map is made.
#[derive(Default)]
pub struct Attributes<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Attributes<'a> {
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, raw)| *raw)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, raw)| (&**name, *raw))
    }
}

impl<'de> Deserialize<'de> for Attributes<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Attributes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::with_capacity(24);
                while let Some(entry) = map.next_entry::<Name, _>()? {
                    all.push((entry.0.0, entry.1));
                }
                Ok(Attributes(all))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// A name that is borrowed where it can be.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The attributes of an item's text.
pub fn attributes(text: &str) -> Result<Attributes<'_>, Unknown> {
    serde_json::from_str(text).map_err(|error| Unknown(format!("the item: {error}")))
}
