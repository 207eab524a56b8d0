//! What each name of conditions and templates is, in the two languages of the
//! READMEs: a line of `described.tsv` each, by the table that it stands in.

static DESCRIPTIONS: &str = include_str!("described.tsv");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    En,
    Es,
}

impl Language {
    pub fn pick<T>(self, en: T, es: T) -> T {
        match self {
            Language::En => en,
            Language::Es => es,
        }
    }

    pub fn yes_or_no(self, yes: bool) -> &'static str {
        match yes {
            true => self.pick("yes", "sí"),
            false => self.pick("no", "no"),
        }
    }
}

/// The tables of `described.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Condition,
    Functions,
    Template,
    Staff,
}

impl Table {
    /// Each name with its descriptions, English first.
    fn rows(self) -> impl Iterator<Item = [&'static str; 3]> {
        let table = match self {
            Table::Condition => "condition",
            Table::Functions => "functions",
            Table::Template => "template",
            Table::Staff => "staff",
        };
        DESCRIPTIONS.lines().filter_map(
            move |line| match line.split('\t').collect::<Vec<_>>()[..] {
                [of, name, en, es] if of == table => Some([name, en, es]),
                _ => None,
            },
        )
    }

    /// A name's description, which must be there.
    pub fn said(self, name: &str, language: Language) -> &'static str {
        let known = self.rows().find(|[known, _, _]| *known == name);
        let [_, en, es] = known.unwrap_or_else(|| {
            panic!("{name} has no description: add a line to tests/it/docs/described.tsv")
        });
        let said = language.pick(en, es);
        assert!(!said.is_empty(), "{name} has no description in one of the languages");
        said
    }

    /// Fails where a description is of a name that there is not.
    pub fn holds_no_other_than(self, names: &[String]) {
        for [known, _, _] in self.rows() {
            let is_there = names.iter().any(|name| name == known);
            assert!(is_there, "{known} is no name any more: take it out of described.tsv");
        }
    }
}

/// A type in words.
pub fn kind(kind: &str, language: Language) -> &'static str {
    match kind {
        "a number" | "number" => language.pick("number", "número"),
        "a string" | "text" => language.pick("text", "texto"),
        "a timestamp" => language.pick("instant", "instante"),
        "a duration" => language.pick("duration", "duración"),
        "date" => language.pick("date", "fecha"),
        "true or false" => language.pick("true or false", "verdadero o falso"),
        "a list" | "list" => language.pick("list", "lista"),
        "an object" | "object" => language.pick("object", "objeto"),
        "money" => language.pick("money", "importe"),
        "something" => language.pick("as its values", "el de sus valores"),
        other => panic!("the type {other:?} has no words"),
    }
}
