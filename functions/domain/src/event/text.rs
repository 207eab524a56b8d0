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
    /// The text has more characters than its type takes.
    #[error("has {found} characters, at most {most} are taken")]
    TooLong {
        /// How many characters the text has.
        found: usize,
        /// How many characters it may have.
        most: usize,
    },
    /// The text is empty or has only blanks.
    #[error("is empty")]
    Empty,
    /// The text holds a character for which [`breaks_line`] is true.
    #[error("has a line break or another control character, which no single line may hold")]
    ControlCharacter,
    /// The text holds a character such as a zero-width space or a direction mark.
    #[error("has characters that are not seen and change how others are")]
    Invisible,
    /// The text has no scheme, has nothing behind it, or holds a character that no URL has.
    #[error("is no web address such as https://example.com/guide")]
    NoUrl,
    /// The part before the @ has a character beyond ASCII.
    #[error(
        "has a letter before the @ that most mail servers refuse; write it in plain letters (a-z)"
    )]
    LocalPart,
    /// The text does not have the form of a mail address.
    #[error("is no e-mail address such as ana@example.com")]
    NoEmail,
    /// The text is not a plus sign and 2 to 15 digits, the first of them not 0.
    #[error("is no phone number in E.164 form such as +525512345678")]
    NoPhone,
    /// The text is no BCP 47 tag, or is not in the usual spelling, such as `es-MX`.
    #[error("is no language tag (BCP 47) such as es-MX")]
    NoLocale,
    /// The time zone database has no zone of this name.
    #[error("is no IANA time zone such as America/Mexico_City")]
    NoTimeZone,
    /// The text is not two capital letters from A to Z.
    #[error("is no country code (ISO 3166) such as MX")]
    NoCountry,
}

/// Whether a character would end the line, or steer a terminal or a mail's
/// header: a control character, or a separator of lines or paragraphs.
///
/// The one notion of a line: what a [`Line`] holds may stand in a header.
pub fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character is not seen and only changes how others are: it comes
/// along when text is copied. The joiners of Persian and of emoji are none.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}')
}

/// Whether a character of a text is left out or replaced where the text is one
/// line: those that are in no line, but harmless.
pub(super) fn is_odd(c: char) -> bool {
    is_invisible(c) || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn line(text: &str, most: usize) -> Result<(), BadText> {
    let found = text.chars().count();
    if found > most {
        return Err(BadText::TooLong { found, most });
    }
    if text.chars().any(breaks_line) {
        return Err(BadText::ControlCharacter);
    }
    if text.chars().any(is_invisible) {
        return Err(BadText::Invisible);
    }
    if text.trim().is_empty() {
        return Err(BadText::Empty);
    }
    Ok(())
}

/// A line without what is not seen, and with blanks for what separates lines in
/// word processors. What remains that no line may hold is for the check.
fn mend_line(text: &str) -> String {
    let shown = text.chars().filter(|c| !is_invisible(*c));
    shown.map(|c| if is_odd(c) { ' ' } else { c }).collect()
}

/// A formal text without what is not seen, and without blanks around it.
fn mend_formal(text: &str) -> String {
    mend_line(text).trim().to_owned()
}

fn url(text: &str) -> Result<(), BadText> {
    line(text, 2_000)?;
    let (scheme, rest) = text.split_once(':').ok_or(BadText::NoUrl)?;
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let scheme_fits =
        begins && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b));
    let rest_fits = !rest.is_empty()
        && !rest.contains(|c: char| c.is_whitespace() || "\"<>\\^`{|}".contains(c));
    (scheme_fits && rest_fits).then_some(()).ok_or(BadText::NoUrl)
}

fn email(text: &str) -> Result<(), BadText> {
    line(text, 254)?;
    let (local, domain) = text.rsplit_once('@').ok_or(BadText::NoEmail)?;
    if !local.is_ascii() {
        return Err(BadText::LocalPart);
    }
    let local_fits = (1..=64).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_graphic() && !b"<>,;:\"()[]\\@".contains(&b));
    let labels = domain.split('.');
    // The last label is a name: an address at a number is at no mail server.
    let top_fits = labels
        .clone()
        .next_back()
        .is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()));
    let domain_fits = domain.contains('.')
        && top_fits
        && labels.clone().all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    (local_fits && domain_fits && dots_fit).then_some(()).ok_or(BadText::NoEmail)
}

/// An address as it is kept: a domain in letters of other languages is written
/// as mail servers know it (punycode).
fn mend_email(text: &str) -> String {
    let text = mend_formal(text);
    match text.rsplit_once('@') {
        Some((local, domain)) if !domain.is_ascii() => match idna::domain_to_ascii_strict(domain) {
            Ok(domain) => format!("{local}@{domain}"),
            Err(_) => text,
        },
        _ => text,
    }
}

fn phone(text: &str) -> Result<(), BadText> {
    let digits = text.strip_prefix('+').ok_or(BadText::NoPhone)?;
    let fits = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(()).ok_or(BadText::NoPhone)
}

/// A number without what people put between digits, and without the `(0)` that
/// is not dialled from abroad.
fn mend_phone(text: &str) -> String {
    let between =
        |c: char| c.is_whitespace() || matches!(c, '.' | '(' | ')' | '-' | '\u{2010}'..='\u{2013}');
    mend_formal(text).replace("(0)", "").replace(between, "")
}

fn locale(text: &str) -> Result<(), BadText> {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or("");
    let fits = (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && parts
            .all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
        && text.len() <= 35
        && text == mend_locale(text);
    fits.then_some(()).ok_or(BadText::NoLocale)
}

/// A tag in the usual spelling: `es-MX`, `zh-Hant-TW`.
fn mend_locale(text: &str) -> String {
    let text = mend_formal(text).replace('_', "-");
    let parts = text.split('-').enumerate().map(|(index, part)| match (index, part.len()) {
        (1.., 2) => part.to_ascii_uppercase(),
        (1.., 4) if part.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let (first, rest) = part.split_at(1);
            first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
        }
        _ => part.to_ascii_lowercase(),
    });
    parts.collect::<Vec<String>>().join("-")
}

fn time_zone(text: &str) -> Result<(), BadText> {
    jiff::tz::TimeZone::get(text).map(drop).map_err(|_| BadText::NoTimeZone)
}

fn country(text: &str) -> Result<(), BadText> {
    let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    fits.then_some(()).ok_or(BadText::NoCountry)
}

fn mend_country(text: &str) -> String {
    mend_formal(text).to_ascii_uppercase()
}

fn note(text: &str) -> Result<(), BadText> {
    let found = text.chars().count();
    if found > NOTE_CHARS_MAX {
        return Err(BadText::TooLong { found, most: NOTE_CHARS_MAX });
    }
    Ok(())
}

/// How a text is brought into the form in which it is kept, by the title of its
/// type in the schemas. A text that needs nothing comes back as it is.
pub(super) fn mended(title: &str, text: &str) -> Option<String> {
    let mend: fn(&str) -> String = match title {
        "Line" => mend_line,
        "Email" => mend_email,
        "Phone" => mend_phone,
        "Locale" => mend_locale,
        "Country" => mend_country,
        "Url" | "ZoneName" | "AnnualDate" => mend_formal,
        _ => return None,
    };
    Some(mend(text))
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

            /// The checked text, as it is kept.
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

/// No control character, and something to be seen. In the subset of patterns that
/// ECMA 262, Python and engines without look-around read alike.
const LINE_PATTERN: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u0084\u0086-\u009f]*",
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]",
    r"[^\u0000-\u001f\u007f-\u0084\u0086-\u009f]*$"
);

const URL_PATTERN: &str = concat!(
    r"^ *[A-Za-z][A-Za-z0-9+.-]*:",
    r#"[^\u0000-\u0020"<>\\^`{|}\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200b\u200e\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]+ *$"#
);

const EMAIL_PATTERN: &str = concat!(
    r"^ *[!#-'*+/-9=?A-Z^-~-]+(\.[!#-'*+/-9=?A-Z^-~-]+)*@",
    r"([A-Za-z0-9\u00a1-\u1fff\u2c00-\ud7ff]([A-Za-z0-9\u00a1-\u1fff\u2c00-\ud7ff-]{0,61}[A-Za-z0-9\u00a1-\u1fff\u2c00-\ud7ff])?\.)+",
    r"[A-Za-z\u00a1-\u1fff\u2c00-\ud7ff]([A-Za-z0-9\u00a1-\u1fff\u2c00-\ud7ff-]{0,61}[A-Za-z0-9\u00a1-\u1fff\u2c00-\ud7ff])? *$"
);

text_type!(
    /// One line of at most 300 characters: a name, a title, a category.
    Line, |text| line(text, 300), {
        "title": "Line", "type": "string", "minLength": 1, "maxLength": 300,
        "pattern": LINE_PATTERN,
    }
);
text_type!(
    /// A web address of at most 2,000 characters.
    Url, url, { "title": "Url", "type": "string", "maxLength": 2000, "pattern": URL_PATTERN }
);
text_type!(
    /// What somebody wrote, line breaks included.
    Note, note, { "title": "Note", "type": "string", "maxLength": NOTE_CHARS_MAX }
);
text_type!(
    /// An e-mail address.
    Email, email, {
        "title": "Email", "type": "string", "maxLength": 254, "pattern": EMAIL_PATTERN,
        "description": "An e-mail address. A domain in other letters is kept in punycode.",
    }
);
text_type!(
    /// A phone number in E.164 form.
    Phone, phone, {
        "title": "Phone", "type": "string", "maxLength": 40,
        "pattern": r"^ *\+[ .()-]*[1-9]([ .()-]*[0-9]){1,14}[ .()-]*$",
        "description": "A phone number in E.164 form, kept without what stands between digits.",
    }
);
text_type!(
    /// A BCP 47 language tag, such as `es-MX`.
    Locale, locale, {
        "title": "Locale", "type": "string", "maxLength": 35,
        "pattern": r"^ *[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})* *$",
        "description": "A BCP 47 language tag such as es-MX.",
    }
);
text_type!(
    /// The name of a time zone in the IANA database.
    ZoneName, time_zone, {
        "title": "ZoneName", "type": "string", "minLength": 1, "maxLength": 64,
        "description": "A name of the IANA time zone database; with none, the shop's zone counts.",
    }
);
text_type!(
    /// An ISO 3166 country code of two letters.
    Country, country, {
        "title": "Country", "type": "string", "pattern": "^ *[A-Za-z]{2} *$",
        "description": "An ISO 3166 code of two letters, kept in capitals.",
    }
);

impl ZoneName {
    /// The zone of a shop that names none.
    pub fn utc() -> ZoneName {
        ZoneName("UTC".into())
    }
}

#[cfg(test)]
mod tests;
