//! What people read, in the languages in which somebody wrote it (rules#titles).

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A text in Spanish and in English. Written as one text it stands for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextByLanguage {
    es: String,
    en: String,
}

/// As it is written by language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByLanguage {
    #[serde(default)]
    es: String,
    #[serde(default)]
    en: String,
}

impl TextByLanguage {
    /// One text for both.
    pub fn both(text: &str) -> TextByLanguage {
        TextByLanguage { es: text.trim().to_owned(), en: text.trim().to_owned() }
    }

    /// In Spanish, or else as there is one; `None` where nobody wrote any.
    pub fn es(&self) -> Option<&str> {
        [&self.es, &self.en].into_iter().find(|text| !text.is_empty()).map(String::as_str)
    }

    /// In English, or else as there is one; `None` where nobody wrote any.
    pub fn en(&self) -> Option<&str> {
        [&self.en, &self.es].into_iter().find(|text| !text.is_empty()).map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for TextByLanguage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TextByLanguage, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = TextByLanguage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, or a text by language such as { es: …, en: … }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TextByLanguage, E> {
        Ok(TextByLanguage::both(text))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<TextByLanguage, E> {
        Ok(TextByLanguage::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TextByLanguage, A::Error> {
        let ByLanguage { es, en } = ByLanguage::deserialize(MapAccessDeserializer::new(map))?;
        Ok(TextByLanguage { es: es.trim().to_owned(), en: en.trim().to_owned() })
    }
}

impl JsonSchema for TextByLanguage {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TextByLanguage".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "properties": { "es": { "type": "string" }, "en": { "type": "string" } },
                    "additionalProperties": false,
                },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_that_nobody_wrote_is_told_in_the_other() {
        let read = |text: &str| serde_saphyr::from_str::<TextByLanguage>(text).unwrap();
        let both = read("{ es: Clientas fieles, en: Loyal }");
        assert_eq!((both.es(), both.en()), (Some("Clientas fieles"), Some("Loyal")));
        let one = read("{ es: Clientas fieles }");
        assert_eq!((one.es(), one.en()), (Some("Clientas fieles"), Some("Clientas fieles")));
        assert_eq!(read("Fieles").en(), Some("Fieles"));
        assert_eq!((read("''").es(), TextByLanguage::default().en()), (None, None));
        assert!(serde_saphyr::from_str::<TextByLanguage>("{ fr: x }").is_err());
    }
}
