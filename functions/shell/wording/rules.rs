//! Rules and what is found in them.

use lazo_domain::rule::Status;
use lazo_domain::rulebook::{Diagnostic, DiagnosticSeverity, Place};

use super::Language;

impl Language {
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
        format!("{}:{line}:{column}: {kind}: {}", diagnostic.file, diagnostic.message)
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
