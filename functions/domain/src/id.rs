//! Ids: strings of 1–128 visible ASCII characters, a type for each kind.

use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The longest id that an event may carry.
pub const ID_CHARS_MAX: usize = 128;

/// An id that is empty, too long, or holds a space, a control or a non-ASCII
/// character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id is 1 to {ID_CHARS_MAX} visible ASCII characters without spaces, found {found:?}")]
pub struct BadId {
    found: String,
}

/// An id of any kind; see the aliases' newtypes for the kinds that matter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(Arc<str>);

impl Id {
    /// Checks and keeps an id.
    ///
    /// # Errors
    /// [`BadId`] where it is not 1–128 visible ASCII characters.
    pub fn new(text: &str) -> Result<Id, BadId> {
        let fits = (1..=ID_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            Ok(Id(text.into()))
        } else {
            let found = text.chars().take(40).collect();
            Err(BadId { found })
        }
    }

    /// The id as it came: 1 to 128 visible ASCII characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Id::new(&text).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "maxLength": ID_CHARS_MAX,
            "pattern": "^[!-~]+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_visible_ascii_of_bounded_length() {
        assert!(Id::new("cus-1/ä".trim_end_matches('ä')).is_ok());
        for bad in ["", "a b", "ana\r\n", "niño", &"x".repeat(129)] {
            assert!(Id::new(bad).is_err(), "{bad:?}");
        }
    }
}
