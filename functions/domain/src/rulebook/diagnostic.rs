//! What is found in files: where, how grave, and how to mend it.

use std::fmt;

use super::yaml::Place;
use crate::bilingual::Bilingual;

/// Something found in a rule, the policy or a template: where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file's name in the rules folder; the check of templates puts its folder first.
    pub file: String,
    /// The line and column in that file; its start where no better place is known.
    pub place: Place,
    /// Whether it must be mended.
    pub severity: DiagnosticSeverity,
    /// What is wrong and how to mend it, for whoever writes the file.
    pub message: Bilingual,
    /// The segment that nothing asks for: where a template names it, nothing is found.
    pub idle_segment: Option<String>,
}

/// Whether a finding must be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosticSeverity {
    /// It must be mended: the files are refused until then.
    Error,
    /// Worth a look; nothing is refused for it.
    Warning,
}

impl Diagnostic {
    /// Whether it must be mended.
    pub fn is_error(&self) -> bool {
        self.severity == DiagnosticSeverity::Error
    }

    /// A finding that must be mended.
    pub fn error(file: &str, place: Place, message: impl Into<Bilingual>) -> Diagnostic {
        Diagnostic {
            file: file.into(),
            place,
            severity: DiagnosticSeverity::Error,
            message: message.into(),
            idle_segment: None,
        }
    }

    /// A finding that is worth a look and refuses nothing.
    pub fn warning(file: &str, place: Place, message: impl Into<Bilingual>) -> Diagnostic {
        Diagnostic {
            severity: DiagnosticSeverity::Warning,
            ..Diagnostic::error(file, place, message)
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            DiagnosticSeverity::Error => "error",
            DiagnosticSeverity::Warning => "warning",
        };
        let Place { line, column } = self.place;
        write!(f, "{}:{line}:{column}: {kind}: {}", self.file, self.message)
    }
}
