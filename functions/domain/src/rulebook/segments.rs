//! The shop's segments: `infra/rules/segments.yaml` (rules#segments).
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::report::Findings;
use super::yaml::{self, Form, Key};
use super::{Diagnostic, Place, Rule, segments_schema};
use crate::bilingual::said;
use crate::condition::Condition;
use crate::policy::Policy;
use crate::rule::is_name;
use crate::segment::{SEGMENTS_MAX, Segment, Segments};
use crate::text_by_language::TextByLanguage;

/// The segments by their names; a file with nothing in it has none.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(title = "Lazo segments")]
pub struct SegmentsSpec(pub BTreeMap<String, SegmentSpec>);

impl<'de> Deserialize<'de> for SegmentsSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SegmentsSpec, D::Error> {
        let all: Option<BTreeMap<String, SegmentSpec>> = Deserialize::deserialize(deserializer)?;
        Ok(SegmentsSpec(all.unwrap_or_default()))
    }
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentSpec {
    /// What people read in place of the name.
    #[serde(default)]
    pub title: TextByLanguage,
    /// Who is in it, in words.
    #[serde(default)]
    pub description: TextByLanguage,
    /// A condition (CEL) over the customer.
    #[serde(rename = "if")]
    pub condition: String,
    /// Whether it is there to be counted, so that no rule need ask for it.
    #[serde(default)]
    pub counted: bool,
}

/// What a file of segments holds.
#[derive(Default)]
pub(super) struct Written {
    pub segments: Segments,
    /// Every name in it, also of what is wrong.
    names: BTreeSet<String>,
    /// Where each is named.
    places: Vec<(String, Place)>,
}

impl Written {
    /// The names that conditions may ask for.
    pub fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

/// Reads the file; `None` where nobody can tell which segments there are.
pub(super) fn read(
    file: &str,
    text: &str,
    form: Form,
    policy: Option<&Policy>,
    found: &mut Vec<Diagnostic>,
) -> Option<Written> {
    if is_blank(text) {
        return Some(Written::default());
    }
    let (spec, node) = yaml::read::<SegmentsSpec>(file, text, segments_schema, form, found)?;
    let SegmentsSpec(spec) = spec?;
    let mut names: BTreeSet<String> = node.keys().map(str::to_owned).collect();
    names.extend(spec.keys().cloned());
    let kinds = policy.into_iter().flat_map(|policy| policy.relationships.keys());
    let relationships = kinds.map(String::as_str).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut report =
        Findings { file, text, node, relationships, segments: Some(known), found: Vec::new() };
    if spec.len() > SEGMENTS_MAX {
        let message = said!(
            "tiene {} segmentos y caben {SEGMENTS_MAX}",
            "has {} segments, at most {SEGMENTS_MAX} are taken",
            spec.len()
        );
        report.error(&[], message);
    }
    let segments: Vec<Segment> =
        spec.into_iter().map(|(name, spec)| segment(name, spec, &mut report)).collect();
    let (segments, circles) = Segments::new(segments);
    for circle in circles {
        let path = [Key::Name(&circle[0]), Key::Name("if")];
        let way = circle.join(" → ");
        let message = said!(
            "los segmentos se nombran en círculo: {way}; uno de ellos tiene que dejar de nombrar al siguiente",
            "segments go round in a circle: {way}; one of them has to do without the next"
        );
        report.error(&path, message);
    }
    let places = segments
        .iter()
        .map(|one| (one.name.clone(), report.node.place_of_key(&[Key::Name(&one.name)])));
    let places = places.collect();
    found.append(&mut report.found);
    Some(Written { segments, names: names.clone(), places })
}

fn segment(name: String, spec: SegmentSpec, report: &mut Findings) -> Segment {
    if !is_name(&name) {
        let message = said!(
            "el nombre de un segmento lleva minúsculas, dígitos y guiones, 64 a lo más; dice {name:?}",
            "a segment's name is lower-case letters, digits and hyphens, at most 64, found {name:?}"
        );
        report.error_at_key(&[Key::Name(&name)], message);
    }
    let path = [Key::Name(&name), Key::Name("if")];
    let condition = report.condition(&path, Some(&spec.condition), Condition::compile_segment);
    if condition.as_ref().is_some_and(Condition::never_holds) {
        let message = said!(
            "nunca se cumple: nadie está en este segmento",
            "can never hold: nobody is in this segment"
        );
        report.warning(&path, message);
    }
    Segment::new(name, (spec.title, spec.description), condition, spec.counted)
}

/// Whether a file says nothing: it has comments at most.
pub(super) fn is_blank(text: &str) -> bool {
    let says = |line: &str| !(line.is_empty() || line.starts_with('#') || line == "---");
    !text.trim_start_matches('\u{feff}').lines().any(|line| says(line.trim()))
}

/// Tells the segments for which nobody asks: no rule, and no other segment.
pub(super) fn unused(file: &str, written: &Written, rules: &[Rule], found: &mut Vec<Diagnostic>) {
    let conditions: Vec<&Condition> = rules.iter().flat_map(Rule::conditions).collect();
    if conditions.iter().any(|condition| condition.lists_segments()) {
        return;
    }
    let by_rules = conditions.iter().flat_map(|it| it.segments()).map(String::as_str);
    let used: BTreeSet<&str> =
        by_rules.chain(written.segments.iter().flat_map(Segment::uses)).collect();
    let is_idle = |one: &&Segment| !one.counted && !used.contains(one.name.as_str());
    for segment in written.segments.iter().filter(is_idle) {
        let place = written.places.iter().find(|(name, _)| *name == segment.name);
        let message = said!(
            "nada pregunta por el segmento {:?}; quítalo, o escribe counted: true si está para que `lazo segments` lo cuente",
            "nothing asks for the segment {:?}; take it out, or write counted: true where it is there for `lazo segments` to count",
            segment.name
        );
        let place = place.map_or(Place::START, |(_, place)| *place);
        let idle_segment = Some(segment.name.clone());
        found.push(Diagnostic { idle_segment, ..Diagnostic::warning(file, place, message) });
    }
}
