//! Conditions in rules: CEL, checked when it is read, quick when it is run.
//!
//! | file | does |
//! |---|---|
//! | `parse` | reads its source |
//! | `slips` | tells what people write for CEL and what CEL wants |
//! | `check`, `types`, `choices` | finds what cannot be, with its place |
//! | `build` | makes what the parser read ready to run |
//! | `eval`, `values` | runs it |
//! | `met` | tells the values that it met |
//! | `never` | tells which can never hold |
//! | `functions` | the functions that conditions may call |
//! | `of_view` | takes values from a customer |
//! | `json` | reads values out of an event's detail |
//! | `vocabulary` | all that may be named, for tables |

mod build;
mod check;
mod choices;
mod eval;
mod functions;
mod json;
mod met;
mod never;
mod of_view;
mod parse;
mod slips;
mod types;
mod values;
mod vocabulary;

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::Value;

use crate::event::{Detail, EventKind};
use crate::id::Id;
use crate::instant::Instant;
use check::Checker;
pub use check::Fault;
use eval::{Node, Run};
pub(crate) use of_view::{ExitView, SegmentView};
pub(crate) use parse::Parsed;
pub(crate) use parse::{placed, tree};
pub(crate) use types::{Type, event_type};
pub use vocabulary::{Named, event_fields, functions, variables};

/// The command that lists all that conditions may name.
const FIELDS_COMMAND: &str = "lazo rules fields";

/// The field of `customer` that lists the segments that hold.
const SEGMENTS: &str = "segments";

/// A condition that compiled and passed the check.
#[derive(Clone)]
pub struct Condition {
    source: String,
    scope: Scope,
    node: Arc<Node>,
    /// The fields of `customer` that the condition names.
    customer_fields: Vec<String>,
    /// The fields of `event` that it names.
    event_fields: EventFields,
    doubts: Vec<Fault>,
    /// The types of relationship that it asks for.
    relationships: Vec<String>,
    /// The segments that it names.
    segments: Vec<String>,
    /// Whether it may ask for any segment there is.
    lists_segments: bool,
}

/// Which events a condition may ask: in a filter and in a step both are the
/// trigger. A segment sees none.
#[derive(Clone, Copy, Debug)]
struct Scope {
    event: Option<EventKind>,
    trigger: Option<EventKind>,
    is_segment: bool,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

/// Which fields of `event` conditions name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventFields {
    /// They name no field of `event`.
    #[default]
    None,
    /// They name these top-level fields of `event` alone.
    Named(BTreeSet<String>),
    /// They take `event` as a whole, so that any of its fields may matter.
    All,
}

impl EventFields {
    /// What either names.
    pub fn and(self, other: &EventFields) -> EventFields {
        match (self, other) {
            (EventFields::All, _) | (_, EventFields::All) => EventFields::All,
            (EventFields::None, other) => other.clone(),
            (one, EventFields::None) => one,
            (EventFields::Named(mut names), EventFields::Named(others)) => {
                names.extend(others.iter().cloned());
                EventFields::Named(names)
            }
        }
    }

    /// That part of a detail; `None` where nothing is named.
    pub fn of(&self, detail: &Detail) -> Option<Detail> {
        let names = match self {
            EventFields::None => return None,
            EventFields::All => return Some(detail.clone()),
            EventFields::Named(names) => names,
        };
        let mut fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&detail.0).unwrap_or_default();
        fields.retain(|name, _| names.contains(name));
        Some(Detail(serde_json::Value::Object(fields).to_string().into()))
    }
}

/// What a condition came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The condition is true.
    Holds,
    /// It is false, and no missing value is the reason.
    Fails,
    /// It fails because a value that it needs is not known of this customer, or
    /// does not fit: a text where a number is needed, a division by zero.
    MissingValue,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// A value that is needed is not known.
    Missing,
    /// A value is known and does not fit; in words, why.
    Unfit(&'static str),
}

/// Where a condition takes its values from.
pub trait Values {
    /// A field of `customer`, `None` where it is not known.
    fn customer(&self, field: &str) -> Option<Value>;
    /// The detail of `event`, as JSON.
    fn event(&self) -> Option<&Arc<str>>;
    /// The detail of `trigger`: the same event, but for exits.
    fn trigger(&self) -> Option<&Arc<str>> {
        self.event()
    }
    /// Whether a purchase has been given back, all of it.
    fn is_refunded(&self, purchase: &Id) -> bool;
    /// Whether the customer is in a segment; nobody is in one that there is not.
    fn segment(&self, _name: &str) -> bool {
        false
    }
    /// The instant that `now` stands for.
    fn now(&self) -> Instant;
}

impl Condition {
    /// Compiles and checks a condition of a rule that `trigger` starts.
    ///
    /// # Errors
    /// Every [`Fault`] found, with its place in the source.
    pub fn compile(source: &str, trigger: Option<EventKind>) -> Result<Condition, Vec<Fault>> {
        Condition::of(source, Scope { event: trigger, trigger, is_segment: false })
    }

    /// Compiles and checks the condition of an exit: `event` is the event that may
    /// end what `trigger` started.
    ///
    /// # Errors
    /// Every [`Fault`] found, with its place in the source.
    pub fn compile_exit(
        source: &str,
        exit: EventKind,
        trigger: Option<EventKind>,
    ) -> Result<Condition, Vec<Fault>> {
        Condition::of(source, Scope { event: Some(exit), trigger, is_segment: false })
    }

    /// Compiles and checks the condition of a segment, which asks for the customer
    /// alone.
    ///
    /// # Errors
    /// Every [`Fault`] found, with its place in the source.
    pub fn compile_segment(source: &str) -> Result<Condition, Vec<Fault>> {
        Condition::of(source, Scope { event: None, trigger: None, is_segment: true })
    }

    fn of(source: &str, scope: Scope) -> Result<Condition, Vec<Fault>> {
        let tree = parse::tree(source).map_err(|fault| vec![fault])?;
        match tree.map(|tree| Condition::of_parsed(&tree, source, scope)) {
            Some(Ok(condition)) if condition.doubts.is_empty() => Ok(condition),
            // There is something to tell, and of a tree alone nobody knows where.
            _ => Condition::of_parsed(&parse::placed(source)?, source, scope),
        }
    }

    fn of_parsed(parsed: &Parsed, source: &str, scope: Scope) -> Result<Condition, Vec<Fault>> {
        let used = Checker::run(parsed, source, scope)?;
        let node = build::build(parsed.root()).map_err(|wrong| {
            let fault = |(id, message)| Fault { offset: parsed.offset(source, id, 0), message };
            wrong.into_iter().map(fault).collect::<Vec<_>>()
        })?;
        Ok(Condition {
            source: source.to_owned(),
            scope,
            node: Arc::new(node),
            customer_fields: used.customer_fields,
            event_fields: used.event,
            doubts: used.doubts,
            relationships: used.relationships.into_iter().map(|(_, kind)| kind).collect(),
            segments: used.segments.into_iter().map(|(_, name)| name).collect(),
            lists_segments: used.lists_segments,
        })
    }

    /// What may not be meant as it is written.
    pub fn doubts(&self) -> &[Fault] {
        &self.doubts
    }

    /// Whether it names a field of `customer`.
    pub fn names(&self, field: &str) -> bool {
        self.customer_fields.iter().any(|named| named == field)
    }

    /// The condition in CEL, as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The types of relationship that it asks for.
    pub fn relationships(&self) -> &[String] {
        &self.relationships
    }

    /// At which byte of the source it asks for one of them.
    pub fn place_of_relationship(&self, kind: &str) -> usize {
        let asked = self.used().into_iter().flat_map(|used| used.relationships);
        asked.into_iter().find(|(_, asked)| asked == kind).map_or(0, |(offset, _)| offset)
    }

    /// What it names, with places.
    fn used(&self) -> Option<check::Used> {
        let parsed = parse::placed(&self.source).ok()?;
        Checker::run(&parsed, &self.source, self.scope).ok()
    }

    /// The segments that it names.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// Whether it may ask for any segment: it takes `customer.segments` as a list.
    pub fn lists_segments(&self) -> bool {
        self.lists_segments
    }

    /// Each segment that it names, with the byte of the source at which it does.
    pub fn places_of_segments(&self) -> Vec<(usize, String)> {
        self.used().map(|used| used.segments).unwrap_or_default()
    }

    /// Whether it is false of every customer, whatever is known of them.
    pub fn never_holds(&self) -> bool {
        never::never_holds(&self.node)
    }

    /// The fields of `event` that it names.
    pub fn event_fields(&self) -> &EventFields {
        &self.event_fields
    }

    /// Runs the condition.
    pub fn verdict(&self, values: &impl Values) -> Verdict {
        match Run::new(values).holds(&self.node) {
            Ok(true) => Verdict::Holds,
            Ok(false) => Verdict::Fails,
            Err(Stop::Missing | Stop::Unfit(_)) => Verdict::MissingValue,
        }
    }
}

#[cfg(test)]
mod tests;
