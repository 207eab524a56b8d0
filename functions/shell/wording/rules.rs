//! Rules and what is found in them.

use lazo_domain::policy::Policy;
use lazo_domain::rule::Status;
use lazo_domain::rulebook::{Diagnostic, DiagnosticSeverity, Place, Rule};

use super::Language;
use crate::shell::rules::{FILE_BYTES_MAX, RulesError};

impl Language {
    /// What a rule is for, as whoever works by it reads it: its description, or else
    /// its title or its name.
    pub fn purpose_of(self, rule: &Rule) -> &str {
        let said = self.pick_text(&rule.description).or_else(|| self.pick_text(&rule.title));
        said.unwrap_or(&rule.name)
    }

    /// What a rule is called: its title, or else its description, without the full stop
    /// of a sentence, or its name.
    pub fn title_of(self, rule: &Rule) -> &str {
        let title = self.pick_text(&rule.title);
        title.unwrap_or_else(|| self.purpose_of(rule).trim_end_matches('.'))
    }

    /// What a touchpoint is called.
    pub fn touchpoint<'a>(self, policy: &'a Policy, name: &'a str) -> &'a str {
        policy.touchpoints.get(name).and_then(|title| self.pick_text(title)).unwrap_or(name)
    }

    /// A rule's status.
    pub fn rule_status(self, status: Status) -> &'static str {
        match status {
            Status::Draft => self.pick("borrador", "draft"),
            Status::Live => self.pick("activa", "live"),
            Status::Paused => self.pick("en pausa", "paused"),
            Status::Archived => self.pick("archivada", "archived"),
        }
    }

    /// A finding on one line: where, how grave, and what.
    pub fn finding(self, diagnostic: &Diagnostic) -> String {
        let kind = match diagnostic.severity {
            DiagnosticSeverity::Error => "error",
            DiagnosticSeverity::Warning => self.pick("aviso", "warning"),
        };
        let Place { line, column } = diagnostic.place;
        let message = self.said(&diagnostic.message);
        format!("{}:{line}:{column}: {kind}: {message}", diagnostic.file)
    }

    /// Why the rules cannot be worked by.
    pub fn rules_error(self, error: &RulesError) -> String {
        match error {
            RulesError::Read { path, why } => {
                let cannot = self.pick("no se puede leer", "cannot read");
                let why = match why.kind() {
                    std::io::ErrorKind::NotFound => {
                        self.pick("no existe", "it is not there").to_owned()
                    }
                    _ => why.to_string(),
                };
                format!("{cannot} {}: {why}", path.display())
            }
            RulesError::TooLarge { path, bytes } => match self {
                Language::Es => {
                    format!("{} tiene {bytes} bytes; caben {FILE_BYTES_MAX}", path.display())
                }
                Language::En => error.to_string(),
            },
            RulesError::Store(_) => error.to_string(),
            RulesError::Wrong(found) => {
                let lines = found.iter().map(|one| format!("\n  {}", self.finding(one)));
                let said = self.pick("las reglas tienen errores:", "the rules have errors:");
                format!("{said}{}", lines.collect::<String>())
            }
        }
    }

    /// A number with its noun, one or many, Spanish first.
    pub fn count(self, count: usize, es: [&str; 2], en: [&str; 2]) -> String {
        let [one, many] = match self {
            Language::Es => es,
            Language::En => en,
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

#[cfg(test)]
mod tests {
    use lazo_domain::rulebook::RuleBook;

    use super::*;

    #[test]
    fn a_touchpoint_has_the_name_that_the_policy_gives_it() {
        let policy = "touchpoints: { delivery: { es: la entrega, en: the delivery } }";
        let book = RuleBook::read(&[("policy.yaml".into(), policy.into())]).unwrap();
        let of = |lang: Language, name| lang.touchpoint(&book.policy, name).to_owned();
        assert_eq!(of(Language::Es, "delivery"), "la entrega");
        assert_eq!(of(Language::En, "delivery"), "the delivery");
        assert_eq!(of(Language::Es, "store"), "store");
    }
}
