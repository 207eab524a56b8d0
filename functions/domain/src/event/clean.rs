//! A detail whose optional fields do not all fit: those are left out and told,
//! and the event counts without them.
//!
//! Which fields are optional, and of which type their texts are, the published
//! schema tells: what it says is what is done.

use std::fmt;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::mend::mend;
use super::stand_in::stand_in;
use super::{BadEvent, BadField, EventKind, impersonal, schema};

/// How many fields of one event may be left out.
const LEFT_OUT_MAX: usize = 1_000;

/// How many fields that do not fit are told of one event.
const FAULTS_MAX: usize = 20;

/// A step from an object or a list to what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Element(usize),
}

/// Where a value stands in an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(pub Vec<Step>);

impl Path {
    pub fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub fn pop(&mut self) {
        self.0.pop();
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn field(name: &str) -> Path {
        Path(vec![Step::Field(name.to_owned())])
    }
}

impl fmt::Display for Path {
    /// As `items[3].unit_price`. A name that may be personal is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |name: &str| {
            (1..=40).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
                && !name.starts_with(|c: char| c.is_ascii_digit())
        };
        for (index, step) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            match step {
                Step::Field(name) if is_plain(name) => write!(f, "{dot}{name}")?,
                Step::Field(_) => write!(f, "{dot}…")?,
                Step::Element(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// An optional field that does not fit: the event counts without it. Neither the
/// path nor the reason tells its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Where it stood in the event, such as `items[3].unit_price`.
    pub path: String,
    /// What does not fit, such as `is below zero, a quantity is zero or more`.
    pub why: String,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// A detail as it is taken.
pub(super) struct Cleaned<T> {
    pub body: T,
    pub detail: Value,
    pub left_out: Vec<LeftOut>,
}

/// Why a value does not fit, and where it stands.
pub(super) struct Unfit {
    pub path: Path,
    pub why: String,
}

impl Unfit {
    pub fn of(field: &str, why: String) -> Unfit {
        Unfit { path: Path::field(field), why }
    }
}

/// Takes what fits of a detail. `check` tells what no type can.
///
/// # Errors
/// [`BadEvent::Fields`] where a required field does not fit: with all the others that
/// do not, so that an event is mended once.
pub(super) fn clean<T: DeserializeOwned>(
    kind: EventKind,
    mut detail: Value,
    check: fn(&T) -> Result<(), Unfit>,
) -> Result<Cleaned<T>, BadEvent> {
    let root = schema_of(kind);
    let (mut left_out, mut gone, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    mend(root, root, &mut detail, &mut Path::default(), &mut left_out);
    loop {
        let unfit = match decode::<T>(&detail) {
            Ok(body) => match check(&body) {
                Ok(()) if faults.is_empty() => {
                    no_answer_without_a_score(kind, &detail, &left_out)?;
                    return Ok(Cleaned { body, detail, left_out });
                }
                Ok(()) => return Err(all_of(kind, faults, left_out)),
                Err(unfit) => unfit,
            },
            Err(unfit) => unfit,
        };
        let why = reason(root, &detail, &unfit);
        // The whole path is told: `follow_up.on` says more than `follow_up`.
        let path = as_it_came(&unfit.path, &gone).to_string();
        let at = optional_around(kind, &unfit.path).filter(|_| left_out.len() < LEFT_OUT_MAX);
        match at.filter(|at| take_out(&mut detail, &at.0)) {
            Some(at) => {
                left_out.push(LeftOut { path, why });
                if let Some(Step::Element(_)) = at.0.last() {
                    gone.push(as_it_came(&at, &gone));
                }
            }
            None => {
                faults.push(BadField { path, why });
                // With something that fits in its place, the rest can be looked at.
                if faults.len() == FAULTS_MAX || !stand_in(root, &mut detail, &unfit) {
                    return Err(all_of(kind, faults, left_out));
                }
            }
        }
    }
}

/// All that does not fit of an event that is not taken.
fn all_of(kind: EventKind, mut faults: Vec<BadField>, left_out: Vec<LeftOut>) -> BadEvent {
    let optional = left_out.into_iter().map(|LeftOut { path, why }| BadField { path, why });
    faults.extend(optional.take(FAULTS_MAX));
    BadEvent::Fields { kind, faults }
}

/// A place in what is left, as it was before elements of lists were taken out.
fn as_it_came(path: &Path, gone: &[Path]) -> Path {
    let mut path = path.clone();
    // In their order: elements are found unfit from first to last.
    for one in gone {
        let Some((Step::Element(taken), list)) = one.0.split_last() else { continue };
        match (path.0.get(list.len()), path.0.starts_with(list)) {
            (Some(Step::Element(index)), true) if *index >= *taken => {
                path.0[list.len()] = Step::Element(index + 1);
            }
            _ => {}
        }
    }
    path
}

fn decode<T: DeserializeOwned>(detail: &Value) -> Result<T, Unfit> {
    use serde_path_to_error::Segment;
    serde_path_to_error::deserialize(detail).map_err(|error| {
        let steps = error.path().iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Element(*index)),
            Segment::Map { key } => Some(Step::Field(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Unfit { path: Path(steps.collect()), why: error.inner().to_string() }
    })
}

/// The published schema of a kind.
pub(crate) fn schema_of(kind: EventKind) -> &'static Value {
    static SCHEMAS: [OnceLock<Value>; EventKind::ALL.len()] =
        [const { OnceLock::new() }; EventKind::ALL.len()];
    SCHEMAS[kind as usize].get_or_init(|| schema(kind).to_value())
}

/// Follows `$ref`, and of a type or null takes the type.
pub(super) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(target) = schema["$ref"].as_str() {
        let target = root.pointer(target.trim_start_matches('#'));
        return target.map_or(schema, |target| resolve(root, target));
    }
    let is_null = |option: &&Value| option["type"] == "null";
    match schema["anyOf"].as_array() {
        Some(options) if options.iter().any(|option| is_null(&option)) => {
            options.iter().find(|option| !is_null(option)).map_or(schema, |one| resolve(root, one))
        }
        _ => schema,
    }
}

/// The schema of what stands behind a step.
pub(super) fn behind<'a>(root: &'a Value, schema: &'a Value, step: &Step) -> &'a Value {
    let schema = resolve(root, schema);
    resolve(
        root,
        match step {
            Step::Element(_) => &schema["items"],
            Step::Field(name) => match schema["properties"].get(name) {
                Some(field) => field,
                None => &schema["additionalProperties"],
            },
        },
    )
}

/// The way to the innermost optional field around a place, the last step
/// included. `None` where all around it is required.
fn optional_around(kind: EventKind, path: &Path) -> Option<Path> {
    let root = schema_of(kind);
    let mut schema = root;
    let mut found = None;
    for (index, step) in path.0.iter().enumerate() {
        let object = resolve(root, schema);
        let is_optional = match step {
            // One of many.
            Step::Element(_) => true,
            Step::Field(name) => {
                let required = object["required"].as_array();
                let is_required =
                    required.is_some_and(|all| all.iter().any(|known| known == name.as_str()));
                !(is_required || index == 0 && means_more_where_absent(kind, name))
            }
        };
        if is_optional {
            found = Some(index);
        }
        schema = behind(root, schema, step);
    }
    found.map(|index| Path(path.0[..=index].to_vec()))
}

/// Optional fields without which an event says something else, so that it is
/// not counted without them.
fn means_more_where_absent(kind: EventKind, field: &str) -> bool {
    // No total means that all was given back.
    kind == EventKind::PurchaseRefunded && field == "total"
}

/// An answer to a survey is its score: one that has lost its only score would
/// take the key from the mended one.
fn no_answer_without_a_score(
    kind: EventKind,
    detail: &Value,
    left_out: &[LeftOut],
) -> Result<(), BadEvent> {
    let is_score = |one: &&LeftOut| one.path == "csat" || one.path == "nps";
    let has_none = ["csat", "nps"].iter().all(|score| detail[*score].is_null());
    match left_out.iter().find(is_score) {
        Some(_) if kind == EventKind::SurveyAnswered && has_none => {
            Err(all_of(kind, Vec::new(), left_out.to_vec()))
        }
        _ => Ok(()),
    }
}

/// Takes out what stands at a place; whether it was there.
fn take_out(detail: &mut Value, steps: &[Step]) -> bool {
    let Some((last, to)) = steps.split_last() else { return false };
    let mut place = detail;
    for step in to {
        let next = match step {
            Step::Field(name) => place.get_mut(name),
            Step::Element(index) => place.get_mut(index),
        };
        let Some(next) = next else { return false };
        place = next;
    }
    match (last, place) {
        (Step::Field(name), Value::Object(object)) => object.remove(name).is_some(),
        (Step::Element(index), Value::Array(list)) if *index < list.len() => {
            list.remove(*index);
            true
        }
        _ => false,
    }
}

/// Why something does not fit, without its value.
fn reason(root: &Value, detail: &Value, unfit: &Unfit) -> String {
    let schema = unfit.path.0.iter().fold(root, |schema, step| behind(root, schema, step));
    if let Some(names) = missing(schema, detail, &unfit.path).filter(|_| tells_one_missing(unfit)) {
        return format!("is missing {names}");
    }
    match schema["format"].as_str() {
        Some("date-time") if !is_instant(detail, &unfit.path) => {
            "is no RFC 3339 date-time with offset such as 2026-11-20T10:15:00-06:00".into()
        }
        Some("date") => "is no date such as 2026-11-24".into(),
        _ => impersonal(&unfit.why),
    }
}

/// Whether a decoder found a field missing: it tells only the first of them.
pub(super) fn tells_one_missing(unfit: &Unfit) -> bool {
    unfit.why.starts_with("missing field ")
}

/// Whether an instant stands at a place: then what does not fit is when it is.
fn is_instant(detail: &Value, path: &Path) -> bool {
    let [Step::Field(name)] = &path.0[..] else { return false };
    let told = detail.get(name).and_then(Value::as_str);
    told.is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok())
}

/// All fields that an object needs and does not have.
fn missing(schema: &Value, detail: &Value, path: &Path) -> Option<String> {
    let object = path.0.iter().try_fold(detail, |value, step| match step {
        Step::Field(name) => value.get(name),
        Step::Element(index) => value.get(index),
    })?;
    let needed = schema["required"].as_array()?.iter().filter_map(Value::as_str);
    let names: Vec<_> = needed.filter(|name| object.get(name).is_none()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests;
