//! Times of day, as they are written.

use std::str::FromStr;

use jiff::civil::Time;
use serde::{Deserialize, Deserializer};

use crate::bilingual::{Bilingual, said};

/// Reads a time of day such as `09:30`.
///
/// # Errors
/// A sentence that says how to write one.
pub fn parse_time(text: &str) -> Result<Time, Bilingual> {
    let fits = text.len() == 5 && text.as_bytes()[2] == b':';
    fits.then(|| Time::from_str(text).ok()).flatten().ok_or_else(|| {
        said!(
            "{text:?} no es una hora del día; escríbela como \"09:30\"",
            "{text:?} is no time of day; write it as \"09:30\""
        )
    })
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_time(&text).map_err(|bad| serde::de::Error::custom(bad.to_carry()))
}

pub mod option {
    use super::*;

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Time>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| parse_time(&text))
            .transpose()
            .map_err(|bad| serde::de::Error::custom(bad.to_carry()))
    }
}
