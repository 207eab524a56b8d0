//! What is found in one file of rules, and where it stands in it.

use super::yaml::{Key, Node, Place};
use super::{Diagnostic, SEGMENTS_FILE};
use crate::bilingual::{Bilingual, said};
use crate::condition::{Condition, Fault};
use crate::event::EventKind;
use crate::nearest::hint;

/// How many names of segments are told where none is near.
const NAMES_TOLD_MAX: usize = 10;

/// Collects what is wrong in one file.
pub(super) struct Findings<'a> {
    pub file: &'a str,
    pub text: &'a str,
    pub node: Node,
    /// What the policy calls the types of relationship.
    pub relationships: Vec<&'a str>,
    /// The segments that there are; `None` where nobody can tell.
    pub segments: Option<Vec<&'a str>>,
    pub found: Vec<Diagnostic>,
}

impl Findings<'_> {
    pub fn error(&mut self, path: &[Key], message: impl Into<Bilingual>) {
        let place = self.node.place_of(path);
        self.found.push(Diagnostic::error(self.file, place, message));
    }

    /// As [`Findings::error`], of a key that should not be there.
    pub fn error_at_key(&mut self, path: &[Key], message: impl Into<Bilingual>) {
        let place = self.node.place_of_key(path);
        self.found.push(Diagnostic::error(self.file, place, message));
    }

    pub fn warning(&mut self, path: &[Key], message: impl Into<Bilingual>) {
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
                    self.found.push(Diagnostic::warning(self.file, place, doubt.message.clone()));
                }
                for kind in condition.relationships() {
                    if self.relationships.contains(&kind.as_str()) {
                        continue;
                    }
                    let near = hint(kind, self.relationships.iter().copied());
                    if !near.is_empty() {
                        let place =
                            self.within(path, source, condition.place_of_relationship(kind));
                        let message = said!(
                            "la política no tiene la relación {kind:?}",
                            "the policy has no relationship {kind:?}"
                        )
                        .then(&near);
                        self.found.push(Diagnostic::warning(self.file, place, message));
                    }
                }
                self.unknown_segments(path, source, &condition);
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

    /// Tells the names of segments that there are not.
    fn unknown_segments(&mut self, path: &[Key], source: &str, condition: &Condition) {
        let Some(known) = &self.segments else { return };
        let is_known = |name: &String| known.contains(&name.as_str());
        if condition.segments().iter().all(is_known) {
            return;
        }
        let hint = |name: &str| match hint(name, known.iter().copied()) {
            near if !near.is_empty() => near,
            _ if known.is_empty() => {
                said!("; {SEGMENTS_FILE} no tiene ninguno", "; {SEGMENTS_FILE} has none")
            }
            _ => {
                let told: Vec<&str> = known.iter().copied().take(NAMES_TOLD_MAX).collect();
                let more = if known.len() > NAMES_TOLD_MAX { ", …" } else { "" };
                let told = told.join(", ");
                said!("; {SEGMENTS_FILE} tiene {told}{more}", "; {SEGMENTS_FILE} has {told}{more}")
            }
        };
        let unknown = condition.places_of_segments();
        let unknown = unknown.into_iter().filter(|(_, name)| !is_known(name));
        let no = |name: &str| said!("no hay segmento {name:?}", "there is no segment {name:?}");
        let told: Vec<(usize, Bilingual)> =
            unknown.map(|(at, name)| (at, no(&name).then(&hint(&name)))).collect();
        for (offset, message) in told {
            let place = self.within(path, source, offset);
            self.found.push(Diagnostic::error(self.file, place, message));
        }
    }

    /// The conditions of a rule of which too little could be read to build it. Those that
    /// ask of an event are left alone where it is not known which one it is.
    pub fn conditions_alone(&mut self) {
        let named = |node: Option<&Node>| node?.text()?.parse::<EventKind>().ok();
        let trigger = self.node.get("trigger");
        let event = named(trigger.and_then(|trigger| trigger.get("event")));
        let is_known =
            event.is_some() || trigger.is_some_and(|trigger| trigger.get("event").is_none());
        let source = |node: Option<&Node>| node.and_then(Node::text).map(str::to_owned);
        let mut found = vec![(vec![Key::Name("filter")], source(self.node.get("filter")))];
        let steps = self.node.get("steps").map_or(&[][..], Node::entries);
        for (index, step) in steps.iter().enumerate() {
            let path = vec![Key::Name("steps"), Key::Index(index), Key::Name("if")];
            found.push((path, source(step.get("if"))));
        }
        for (path, source) in found {
            let asks_event =
                |source: &String| source.contains("event") || source.contains("trigger");
            let source = source.filter(|source| is_known || !asks_event(source));
            self.condition(&path, source.as_ref(), |source| Condition::compile(source, event));
        }
    }

    /// Where a byte of a condition stands in the file.
    fn within(&self, path: &[Key], source: &str, offset: usize) -> Place {
        self.node.place_within(self.text, path, source, offset)
    }
}
