//! The language of what people read on the terminal.

use std::sync::OnceLock;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use lazo::shell::wording::Language;

#[derive(clap::Args, Clone, Debug)]
pub struct LangArgs {
    /// The language of what people read; by default the terminal's own.
    #[arg(long, global = true, value_parser = languages())]
    pub lang: Option<Language>,
}

fn languages() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new([Language::Es, Language::En].map(Language::tag))
        .map(|tag| Language::of(&tag).unwrap_or(Language::En))
}

/// The language that this process speaks, once its command line was read.
static SPOKEN: OnceLock<Language> = OnceLock::new();

/// The language of what is told where no command passes one on: remarks and errors.
pub fn spoken() -> Language {
    SPOKEN.get().copied().unwrap_or(Language::En)
}

/// The language that the command line asks for, before it is read: help speaks it too.
pub fn asked_for() -> Language {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    LangArgs { lang: named(words) }.lang()
}

/// The language that words name.
fn named(mut words: impl Iterator<Item = String>) -> Option<Language> {
    while let Some(word) = words.next() {
        let tag = match word.strip_prefix("--lang") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        if let Some(lang) = tag.and_then(|tag| Language::of(&tag)) {
            return Some(lang);
        }
    }
    None
}

impl LangArgs {
    /// Lets the process speak the chosen language.
    pub fn speak(&self) {
        let _ = SPOKEN.set(self.lang());
    }

    pub fn lang(&self) -> Language {
        let terminal = || {
            let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
            let locale = set.filter_map(|name| std::env::var(name).ok()).find(|v| !v.is_empty());
            locale.and_then(|locale| Language::of(&locale))
        };
        self.lang.or_else(terminal).unwrap_or(Language::En)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_known_before_the_words_are_read() {
        let of = |words: &[&str]| named(words.iter().map(ToString::to_string));
        assert_eq!(of(&["lazo", "--lang", "es", "rules"]), Some(Language::Es));
        assert_eq!(of(&["lazo", "rules", "--lang=en"]), Some(Language::En));
        assert_eq!(of(&["lazo", "rules", "--lang"]), None);
        assert_eq!(of(&["lazo"]), None);
    }
}
