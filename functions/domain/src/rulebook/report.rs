//! What is found in one file of rules, and where it stands in it.

use super::Diagnostic;
use super::yaml::{Key, Node, Place};
use crate::condition::{Condition, Fault};
use crate::nearest::hint;

/// Collects what is wrong in one file.
pub(super) struct Findings<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub node: Node,
    /// What the policy calls the types of relationship.
    pub relationships: Vec<&'a str>,
    pub found: Vec<Diagnostic>,
}

impl Findings<'_> {
    pub fn error(&mut self, path: &[Key], message: impl Into<String>) {
        let place = self.node.place_of(path);
        self.found.push(Diagnostic::error(self.file, place, message));
    }

    /// As [`Findings::error`], of a key that should not be there.
    pub fn error_at_key(&mut self, path: &[Key], message: impl Into<String>) {
        let place = self.node.place_of_key(path);
        self.found.push(Diagnostic::error(self.file, place, message));
    }

    pub fn warning(&mut self, path: &[Key], message: impl Into<String>) {
        let place = self.node.place_of(path);
        self.found.push(Diagnostic::warning(self.file, place, message));
    }

    /// Compiles a condition; its faults and doubts point into the YAML where it
    /// stands on one line, and at its start where it is folded.
    pub fn condition(
        &mut self,
        path: &[Key],
        source: Option<&String>,
        compile: impl FnOnce(&str) -> Result<Condition, Vec<Fault>>,
    ) -> Option<Condition> {
        let source = source?;
        match compile(source) {
            Ok(condition) => {
                for doubt in condition.doubts() {
                    let place = self.within(path, source, doubt.offset);
                    self.found.push(Diagnostic::warning(self.file, place, &doubt.message));
                }
                for kind in condition.relationships() {
                    if self.relationships.contains(&kind.as_str()) {
                        continue;
                    }
                    let near = hint(kind, self.relationships.iter().copied());
                    if !near.is_empty() {
                        let place =
                            self.within(path, source, condition.place_of_relationship(kind));
                        let message = format!("the policy has no relationship {kind:?}{near}");
                        self.found.push(Diagnostic::warning(self.file, place, message));
                    }
                }
                Some(condition)
            }
            Err(faults) => {
                for fault in faults {
                    let place = self.within(path, source, fault.offset);
                    self.found.push(Diagnostic::error(self.file, place, fault.message));
                }
                None
            }
        }
    }

    /// Where a byte of a condition stands in the file.
    fn within(&self, path: &[Key], source: &str, offset: usize) -> Place {
        let start = self.node.place_of(path);
        let line = self.text.lines().nth(start.line as usize - 1).unwrap_or("");
        // Behind its key: what comes before it on the line may read the same.
        let key = line.char_indices().nth(start.column as usize - 1).map_or(0, |(byte, _)| byte);
        match line[key..].find(source) {
            Some(byte) => {
                let column =
                    line[..key + byte].chars().count() + source[..offset].chars().count() + 1;
                Place { line: start.line, column: column as u64 }
            }
            None => start,
        }
    }
}
