//! What each name of conditions and templates is, in both languages: a line of
//! `described.tsv` each, by the table that it stands in. The commands `fields` and the
//! READMEs tell it from here.

use lazo_domain::view::Missing;

use super::Language;

static DESCRIPTIONS: &str = include_str!("described.tsv");

/// The tables of `described.tsv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// The variables of conditions.
    Condition,
    /// The functions of conditions.
    Functions,
    /// The fields of events: `name` of all, or `Kind.name` of one kind.
    Event,
    /// The variables of rules' templates.
    Template,
    /// The variables of staff mail.
    Staff,
    /// The filters of templates.
    Filters,
    /// The tests of templates: what stands behind `is`.
    Tests,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Table::Condition => "condition",
            Table::Functions => "functions",
            Table::Event => "event",
            Table::Template => "template",
            Table::Staff => "staff",
            Table::Filters => "filters",
            Table::Tests => "tests",
        }
    }

    /// Each name with its descriptions, English first.
    pub fn rows(self) -> impl Iterator<Item = [&'static str; 3]> {
        DESCRIPTIONS.lines().filter_map(
            move |line| match line.split('\t').collect::<Vec<_>>()[..] {
                [of, name, en, es] if of == self.name() => Some([name, en, es]),
                _ => None,
            },
        )
    }

    /// A name's description; `None` where nobody wrote one.
    pub fn said(self, name: &str, lang: Language) -> Option<&'static str> {
        let [_, en, es] = self.rows().find(|[known, _, _]| *known == name)?;
        Some(lang.pick(es, en)).filter(|said| !said.is_empty())
    }

    /// What a field of an event is; `None` where nobody wrote it.
    pub fn of_event(kind: &str, name: &str, lang: Language) -> Option<&'static str> {
        let own = Table::Event.said(&format!("{kind}.{name}"), lang);
        own.or_else(|| Table::Event.said(name, lang))
    }
}

impl Language {
    /// A type in words, such as `text`.
    pub fn type_name(self, kind: &str) -> &'static str {
        match kind {
            "a number" | "number" => self.pick("número", "number"),
            "a string" | "text" => self.pick("texto", "text"),
            "a timestamp" => self.pick("instante", "instant"),
            "a duration" => self.pick("duración", "duration"),
            "date" => self.pick("fecha", "date"),
            "true or false" => self.pick("verdadero o falso", "true or false"),
            "a list" | "list" => self.pick("lista", "list"),
            "an object" | "object" => self.pick("objeto", "object"),
            "money" => self.pick("importe", "money"),
            _ => self.pick("el de sus valores", "as its values"),
        }
    }

    /// Of whom a value is missing.
    pub fn missing(self, missing: Missing) -> &'static str {
        match missing {
            Missing::Never => self.pick("siempre está", "always there"),
            Missing::BeforeBuying => {
                self.pick("falta si no ha comprado", "missing before they have bought")
            }
            Missing::Untold => self.pick("falta si no se sabe", "missing where it is not known"),
        }
    }
}
