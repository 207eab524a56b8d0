//! Money: a decimal amount and its currency, never a float.
#![allow(missing_docs, reason = "published in schemas, which say what fits")]

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A text that is no amount or no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMoney {
    /// The text is no plain decimal number. Holds its first 40 characters.
    #[error("an amount is a decimal string such as \"129.90\", zero or more, found {0:?}")]
    Amount(String),
    /// The text is not three capital letters. Holds its first 20 characters.
    #[error("a currency is three capital letters such as \"MXN\" (ISO 4217), found {0:?}")]
    Currency(String),
}

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The three capital letters of the code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = BadMoney;

    fn from_str(text: &str) -> Result<Currency, BadMoney> {
        match text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|byte| byte.is_ascii_uppercase()) => {
                Ok(Currency([*a, *b, *c]))
            }
            _ => Err(BadMoney::Currency(text.chars().take(20).collect())),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

/// A sum of money, zero or more: `{"amount": "129.90", "currency": "MXN"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    #[serde(with = "amount")]
    #[schemars(with = "String", regex(pattern = r"^[0-9]{1,15}(\.[0-9]{1,6})?$"))]
    pub amount: Decimal,
    pub currency: Currency,
}

/// Reads an amount: digits, and up to six after the point.
///
/// # Errors
/// [`BadMoney::Amount`] for anything else, a sign or an exponent included.
pub fn parse_amount(text: &str) -> Result<Decimal, BadMoney> {
    let bad = || BadMoney::Amount(text.chars().take(40).collect());
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 15) || !fraction.is_none_or(|fraction| digits(fraction, 6)) {
        return Err(bad());
    }
    Decimal::from_str(text).map_err(|_| bad())
}

pub(crate) mod amount {
    use rust_decimal::Decimal;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(amount)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        super::parse_amount(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_a_plain_decimal() {
        assert_eq!(parse_amount("129.90").unwrap().to_string(), "129.90");
        for bad in ["", "-1", "1e3", "1,5", "1.", ".5", "NaN", "1.1234567", "12 "] {
            assert!(parse_amount(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_is_never_a_float() {
        assert!(serde_json::from_str::<Money>(r#"{"amount":129.9,"currency":"MXN"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":"129.9","currency":"mxn"}"#).is_err());
    }
}
