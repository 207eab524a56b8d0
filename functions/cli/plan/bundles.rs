//! The two bundles of a plan, and how they differ as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lazo::shell::rules::{RulesError, bundle};
use lazo_domain::plan::{
    Action, FieldChange, RuleChange, SegmentChange, field_changes, rule_changes, segment_changes,
};
use lazo_domain::rulebook::{Bundle, RuleBook, VersionNumber};
use lazo_domain::segment::Tally;
use serde_json::Value;

/// One side of a plan.
pub struct Side {
    pub bundle: Bundle,
    pub book: RuleBook,
    pub digest: String,
    /// Which published version it is; `None` for a folder.
    pub version: Option<VersionNumber>,
}

impl Side {
    /// The bundle of a rules folder, or that of the program.
    ///
    /// # Errors
    /// A file that cannot be read, and what is wrong in one.
    pub fn read(folder: Option<&Path>) -> Result<Side, RulesError> {
        Side::of(bundle(folder)?, None)
    }

    /// A bundle, as it was published.
    ///
    /// # Errors
    /// What is wrong in a file.
    pub fn of(bundle: Bundle, version: Option<VersionNumber>) -> Result<Side, RulesError> {
        let book = RuleBook::read(&bundle.rules).map_err(RulesError::Wrong)?;
        let digest = bundle.digest();
        Ok(Side { bundle, book, digest, version })
    }
}

/// What is written differently.
pub struct Differences {
    pub rules: Vec<RuleChange>,
    pub policy: Vec<FieldChange>,
    /// All segments, with what becomes of each.
    pub segments: Vec<SegmentChange>,
    /// Templates that are new, gone, or say something else.
    pub templates: Vec<(String, Action)>,
    /// The rules as they are written, by name: before and after.
    pub written: (BTreeMap<String, Value>, BTreeMap<String, Value>),
}

impl Differences {
    pub fn between(base: &Bundle, proposed: &Bundle) -> Differences {
        let written = (base.written_rules(), proposed.written_rules());
        Differences {
            rules: rule_changes(&written.0, &written.1),
            policy: field_changes(&base.written_policy(), &proposed.written_policy()),
            segments: segment_changes(&base.written_segments(), &proposed.written_segments()),
            templates: template_changes(base, proposed),
            written,
        }
    }

    pub fn are_none(&self) -> bool {
        self.policy.is_empty()
            && self.templates.is_empty()
            && self.segments.iter().all(|change| change.action == Action::None)
            && self.rules.iter().all(|change| change.action == Action::None)
    }

    /// Whether somebody may be in other segments than before.
    pub fn bear_on_segments(&self) -> bool {
        !self.policy.is_empty() && !self.segments.is_empty()
            || self.segments.iter().any(|change| change.action != Action::None)
    }

    /// Tells how many are in each segment, by either bundle.
    pub fn count_segments(&mut self, books: [&RuleBook; 2], tallies: &[Tally; 2]) {
        let size = |side: usize, name: &str| {
            let place = books[side].segments().iter().position(|segment| segment.name == name)?;
            Some(tallies[side].of(place).size)
        };
        for change in &mut self.segments {
            change.before = size(0, &change.segment);
            change.after = size(1, &change.segment);
        }
    }
}

fn template_changes(base: &Bundle, proposed: &Bundle) -> Vec<(String, Action)> {
    let (before, after) = (templates(base), templates(proposed));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let action = |name: &str| match (before.get(name), after.get(name)) {
        (None, _) => Action::Create,
        (_, None) => Action::Delete,
        (before, after) if before != after => Action::Update,
        _ => Action::None,
    };
    let all = names.into_iter().map(|name| (name.to_owned(), action(name)));
    all.filter(|(_, action)| *action != Action::None).collect()
}

/// Each template's files, by its name: the folder that they stand in.
fn templates(bundle: &Bundle) -> BTreeMap<&str, Vec<&(String, String)>> {
    let mut found: BTreeMap<&str, Vec<&(String, String)>> = BTreeMap::new();
    for file in &bundle.templates {
        if let Some((name, _)) = file.0.split_once('/') {
            found.entry(name).or_default().push(file);
        }
    }
    // A mapping of another system's events is told among them, by its file.
    for file in &bundle.sources {
        found.entry(&file.0).or_default().push(file);
    }
    found
}
