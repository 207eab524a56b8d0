//! What is said to people, in both of their languages at once.

use std::fmt;

/// A sentence in Spanish and in English. As text it is the English one; whoever speaks
/// to people takes the one of their language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bilingual {
    /// As it is said in Mexico, to "tú".
    pub es: String,
    /// Plain English.
    pub en: String,
}

/// `said!("hay {n}", "there are {n}")`: a sentence in Spanish and in English.
macro_rules! said {
    ($es:literal, $en:literal $(, $part:expr)* $(,)?) => {
        $crate::bilingual::Bilingual {
            es: format!($es $(, $part)*),
            en: format!($en $(, $part)*),
        }
    };
}
pub(crate) use said;

/// What parts the two where a sentence goes through a reader that knows texts alone.
const SEAM: char = '\u{1f}';

impl Bilingual {
    /// This and what follows it.
    #[must_use]
    pub fn then(mut self, rest: &Bilingual) -> Bilingual {
        self.es += &rest.es;
        self.en += &rest.en;
        self
    }

    /// The sentence around it: `{}` stands for it in both.
    #[must_use]
    pub fn within(&self, es: &str, en: &str) -> Bilingual {
        Bilingual { es: es.replace("{}", &self.es), en: en.replace("{}", &self.en) }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty()
    }

    /// As one text, for an error that a reader of YAML passes on; [`Bilingual::carried`]
    /// takes it apart.
    pub(crate) fn to_carry(&self) -> String {
        format!("{}{SEAM}{}", self.en, self.es)
    }

    /// What was carried; a text of a reader's own is said as it is in both.
    pub(crate) fn carried(text: &str) -> Bilingual {
        let (en, es) = text.split_once(SEAM).unwrap_or((text, text));
        Bilingual { es: es.to_owned(), en: en.to_owned() }
    }
}

impl fmt::Display for Bilingual {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

/// What is the same in both, such as names and codes, or has no Spanish yet.
impl From<String> for Bilingual {
    fn from(text: String) -> Bilingual {
        Bilingual { es: text.clone(), en: text }
    }
}

impl From<&str> for Bilingual {
    fn from(text: &str) -> Bilingual {
        text.to_owned().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_go_through_a_reader_of_texts() {
        let said = said!("hay {}", "there are {}", 3).then(&said!("; dos", "; two"));
        assert_eq!(said.to_string(), "there are 3; two");
        assert_eq!(Bilingual::carried(&said.to_carry()), said);
        assert_eq!(Bilingual::carried("plain"), Bilingual::from("plain"));
    }
}
