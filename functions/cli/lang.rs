//! The language of what people read on the terminal.

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

impl LangArgs {
    pub fn lang(&self) -> Language {
        let terminal = || {
            let set = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
            let locale = set.filter_map(|name| std::env::var(name).ok()).find(|v| !v.is_empty());
            locale.and_then(|locale| Language::of(&locale))
        };
        self.lang.or_else(terminal).unwrap_or(Language::En)
    }
}
