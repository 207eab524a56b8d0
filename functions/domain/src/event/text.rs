//! Checked text inside events. What a person wrote, or what names a person,
//! never shows in `Debug`: such types may stand in a log line.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// The longest note, description or comment, in characters.
pub const NOTE_CHARS_MAX: usize = 10_000;

/// The longest line, in characters.
pub const LINE_CHARS_MAX: usize = 300;

/// A line of text that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    #[error("has {found} characters, at most {most} are taken")]
    TooLong { found: usize, most: usize },
    #[error("is empty")]
    Empty,
    #[error("has a line break or another control character, which no single line may hold")]
    ControlCharacter,
    #[error("is no e-mail address such as ana@example.com")]
    NoEmail,
    #[error("is no phone number in E.164 form such as +525512345678")]
    NoPhone,
    #[error("is no language tag (BCP 47) such as es-MX")]
    NoLocale,
    #[error("is no IANA time zone such as America/Mexico_City")]
    NoTimeZone,
    #[error("is no country code (ISO 3166) such as MX")]
    NoCountry,
}

fn line(text: &str, most: usize) -> Result<(), BadText> {
    let found = text.chars().count();
    if found > most {
        return Err(BadText::TooLong { found, most });
    }
    if text.chars().any(char::is_control) {
        return Err(BadText::ControlCharacter);
    }
    if text.trim().is_empty() {
        return Err(BadText::Empty);
    }
    Ok(())
}

fn email(text: &str) -> Result<(), BadText> {
    line(text, 254)?;
    let fits = text.is_ascii()
        && !text.bytes().any(|b| b.is_ascii_whitespace() || b"<>,;:\"()[]\\".contains(&b));
    let (local, domain) = text.rsplit_once('@').ok_or(BadText::NoEmail)?;
    let local_fits = (1..=64).contains(&local.len()) && !local.contains('@');
    let labels = domain.split('.');
    let domain_fits = domain.contains('.')
        && labels.clone().all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    (fits && local_fits && domain_fits && dots_fit).then_some(()).ok_or(BadText::NoEmail)
}

fn phone(text: &str) -> Result<(), BadText> {
    let digits = text.strip_prefix('+').ok_or(BadText::NoPhone)?;
    let fits = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(()).ok_or(BadText::NoPhone)
}

fn locale(text: &str) -> Result<(), BadText> {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or("");
    let fits = (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts
            .all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
        && text.len() <= 35;
    fits.then_some(()).ok_or(BadText::NoLocale)
}

fn time_zone(text: &str) -> Result<(), BadText> {
    jiff::tz::TimeZone::get(text).map(drop).map_err(|_| BadText::NoTimeZone)
}

fn country(text: &str) -> Result<(), BadText> {
    let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    fits.then_some(()).ok_or(BadText::NoCountry)
}

fn note(text: &str) -> Result<(), BadText> {
    let found = text.chars().count();
    if found > NOTE_CHARS_MAX {
        return Err(BadText::TooLong { found, most: NOTE_CHARS_MAX });
    }
    Ok(())
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $check:expr, $schema:tt) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Checks and keeps the text.
            ///
            /// # Errors
            /// [`BadText`] says what does not fit.
            pub fn new(text: impl Into<String>) -> Result<$name, BadText> {
                let text = text.into();
                let check: fn(&str) -> Result<(), BadText> = $check;
                check(&text)?;
                Ok($name(text))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("…")
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = String::deserialize(deserializer)?;
                $name::new(text).map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text_type!(
    /// One line of at most 300 characters: a name, a title, a category.
    Line, |text| line(text, 300), { "type": "string", "minLength": 1, "maxLength": 300, "pattern": "^[^\\p{Cc}]+$" }
);
text_type!(
    /// A web address of at most 2,000 characters.
    Url, |text| line(text, 2_000), { "type": "string", "format": "uri", "maxLength": 2000 }
);
text_type!(
    /// What somebody wrote, line breaks included.
    Note, note, { "type": "string", "maxLength": NOTE_CHARS_MAX }
);
text_type!(
    /// An e-mail address.
    Email, email, { "type": "string", "format": "email", "maxLength": 254 }
);
text_type!(
    /// A phone number in E.164 form.
    Phone, phone, { "type": "string", "pattern": "^\\+[1-9][0-9]{1,14}$" }
);
text_type!(
    /// A BCP 47 language tag, such as `es-MX`.
    Locale, locale, { "type": "string", "maxLength": 35, "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$" }
);
text_type!(
    /// The name of a time zone in the IANA database.
    ZoneName, time_zone, { "type": "string", "maxLength": 64 }
);
text_type!(
    /// An ISO 3166 country code of two letters.
    Country, country, { "type": "string", "pattern": "^[A-Z]{2}$" }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_never_enters_a_name() {
        assert_eq!(Line::new("Ana\r\nBcc: x@y.z"), Err(BadText::ControlCharacter));
        assert!(Line::new("Ana María Ñandú").is_ok());
    }

    #[test]
    fn addresses_are_checked() {
        for good in ["ana@example.com", "a.b+c@mail.example.co"] {
            assert!(Email::new(good).is_ok(), "{good}");
        }
        for bad in ["a@b", "@b.co", "a b@c.co", "a@b@c.co", "a@-b.co", "a..b@c.co", "a@b.co\r\n"] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
        let long =
            |local: usize, label: usize| format!("{}@{}.co", "a".repeat(local), "b".repeat(label));
        assert!(Email::new(long(64, 63)).is_ok());
        for bad in [long(65, 63), long(64, 64), long(1, 0)] {
            assert!(Email::new(bad.as_str()).is_err(), "{bad}");
        }
        for bad in ["ñ@b.co", "a<@b.co", "a@b_.co", "a@b-.co", ".a@b.co", "a.@b.co", "a@b.co."] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
        for good in ["+525512345678", "+12", "+123456789012345"] {
            assert!(Phone::new(good).is_ok(), "{good}");
        }
        for bad in ["5512345678", "+", "+1", "+0123", "+1234567890123456", "+52 55", "+52a"] {
            assert!(Phone::new(bad).is_err(), "{bad}");
        }
        assert!(ZoneName::new("America/Mexico_City").is_ok());
        assert!(ZoneName::new("Mars/Olympus").is_err());
    }

    #[test]
    fn tags_and_codes_are_checked() {
        for good in ["es", "es-MX", "yue", "zh-Hant-TW", "sl-rozaj-biske-1994"] {
            assert!(Locale::new(good).is_ok(), "{good}");
        }
        let long = format!("es{}", "-abcdefgh".repeat(4));
        for bad in ["", "e", "espa", "e5", "es-", "es-abcdefghi", "es-M!", "es_MX", long.as_str()] {
            assert!(Locale::new(bad).is_err(), "{bad}");
        }
        assert!(Country::new("MX").is_ok());
        for bad in ["", "mx", "Mx", "MEX", "M", "M1"] {
            assert!(Country::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lines_and_notes_have_a_greatest_length() {
        assert!(Note::new("ñ".repeat(NOTE_CHARS_MAX)).is_ok() && Note::new("").is_ok());
        let most = NOTE_CHARS_MAX;
        let found = most + 1;
        assert_eq!(Note::new("ñ".repeat(found)), Err(BadText::TooLong { found, most }));
        assert!(Line::new("ñ".repeat(300)).is_ok());
        let told = BadText::TooLong { found: 301, most: 300 };
        assert_eq!(Line::new("ñ".repeat(301)), Err(told));
        assert_eq!(Line::new(" \u{a0} "), Err(BadText::Empty));
    }

    #[test]
    fn debug_does_not_tell() {
        assert_eq!(format!("{:?}", Email::new("ana@example.com").unwrap()), "…");
    }
}
