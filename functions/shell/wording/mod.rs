//! What people read, in Spanish and English: one wording for the command line, the
//! pages and the mails.

mod amounts;
pub mod call_card;
mod calling;
mod days;
pub mod described;
mod desk;
mod failures;
mod pauses;
pub mod people;
pub mod plan;
mod reasons;
pub mod rule_sentence;
mod rules;
mod sources;
mod stages;
mod touches;
pub mod uplift;
mod versions;

use jiff::tz::TimeZone;
use lazo_domain::bilingual::Bilingual;
use lazo_domain::instant::Instant;
use lazo_domain::text_by_language::TextByLanguage;

/// A moment as people read it, with the zone of its clock.
pub fn moment(at: Instant, zone: &TimeZone) -> String {
    at.zoned(zone).strftime("%Y-%m-%d %H:%M (%:Q)").to_string()
}

/// The languages that everything is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Spanish.
    Es,
    /// English.
    En,
}

impl Language {
    /// The language of a tag such as `es-MX`, where it is one of ours.
    pub fn of(tag: &str) -> Option<Language> {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "es" => Some(Language::Es),
            "en" => Some(Language::En),
            _ => None,
        }
    }

    /// The language's tag: `es` or `en`.
    pub fn tag(self) -> &'static str {
        self.pick("es", "en")
    }

    /// What is said, in this language.
    pub fn said(self, said: &Bilingual) -> &str {
        self.pick(&said.es, &said.en)
    }

    /// One of two texts.
    pub fn pick<'a>(self, es: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::Es => es,
            Language::En => en,
        }
    }

    /// A text that somebody wrote in both; `None` where nobody did.
    pub fn pick_text(self, text: &TextByLanguage) -> Option<&str> {
        match self {
            Language::Es => text.es(),
            Language::En => text.en(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag() {
        assert_eq!(Language::of("es-MX"), Some(Language::Es));
        assert_eq!(Language::of("es_MX.UTF-8"), Some(Language::Es));
        assert_eq!(Language::of("ES"), Some(Language::Es));
        assert_eq!(Language::of("est"), None);
    }
}
