//! YAML with positions: where each key stands, and which keys nobody knows.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use serde_saphyr::{Location, Spanned};

use super::Diagnostic;
use super::gaps::{has_gaps, leave_out, placed, without_gaps, without_lists_with_gaps};
use super::wording::told;
use crate::bilingual::{Bilingual, said};
use crate::nearest;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which line of the file, from 1.
    pub line: u64,
    /// Which character of the line, from 1.
    pub column: u64,
}

impl Place {
    /// The first character of a file; it stands in where no better place is known.
    pub const START: Place = Place { line: 1, column: 1 };
}

impl From<Location> for Place {
    fn from(location: Location) -> Place {
        Place { line: location.line().max(1), column: location.column().max(1) }
    }
}

/// A YAML node that knows where it stands.
pub struct Node {
    pub place: Place,
    pub kind: Kind,
}

pub enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Place, Node)>),
}

/// A step on the way to a node.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

/// How a file is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As people write it: every fault is told with its place.
    Yaml,
    /// As a build wrote it down: the same values in JSON, without places.
    Compiled,
}

impl Node {
    /// Of a file without places.
    fn nowhere() -> Node {
        Node { place: Place::START, kind: Kind::Scalar(Value::Null) }
    }

    /// Where the node at `path` stands, or the nearest one around it that
    /// exists.
    pub fn place_of(&self, path: &[Key]) -> Place {
        let Some((first, rest)) = path.split_first() else {
            return self.place;
        };
        let inner = match (&self.kind, first) {
            (Kind::Map(entries), Key::Name(name)) => {
                entries.iter().find(|(key, _, _)| key == name).map(|(_, _, node)| node)
            }
            (Kind::List(nodes), Key::Index(index)) => nodes.get(*index),
            _ => None,
        };
        inner.map_or(self.place, |inner| inner.place_of(rest))
    }

    /// What stands behind a key.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let Kind::Map(entries) = &self.kind else { return None };
        entries.iter().find(|(key, ..)| key == name).map(|(.., node)| node)
    }

    /// The keys of a map; none of anything else.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = if let Kind::Map(entries) = &self.kind { &entries[..] } else { &[] };
        entries.iter().map(|(key, ..)| key.as_str())
    }

    /// The entries of a list; none of anything else.
    pub fn entries(&self) -> &[Node] {
        if let Kind::List(nodes) = &self.kind { nodes } else { &[] }
    }

    /// A text, where it is one.
    pub fn text(&self) -> Option<&str> {
        if let Kind::Scalar(value) = &self.kind { value.as_str() } else { None }
    }

    /// Where the key at the end of a path stands, or the nearest node around it.
    pub fn place_of_key(&self, path: &[Key]) -> Place {
        let Some((Key::Name(last), before)) = path.split_last() else { return self.place_of(path) };
        let mut here = self;
        for key in before {
            let inner = match (&here.kind, key) {
                (Kind::Map(entries), Key::Name(name)) => {
                    entries.iter().find(|(key, _, _)| key == name).map(|(_, _, node)| node)
                }
                (Kind::List(nodes), Key::Index(index)) => nodes.get(*index),
                _ => None,
            };
            match inner {
                Some(inner) => here = inner,
                None => return here.place,
            }
        }
        match &here.kind {
            Kind::Map(entries) => entries
                .iter()
                .find(|(key, _, _)| key == last)
                .map_or(here.place, |(_, place, _)| *place),
            _ => here.place,
        }
    }

    /// Where a byte of an expression stands in the file; its start where it is folded.
    pub fn place_within(&self, text: &str, path: &[Key], source: &str, offset: usize) -> Place {
        let start = self.place_of(path);
        let line = text.lines().nth(start.line as usize - 1).unwrap_or("");
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

    /// The value without the keys that the schema does not know.
    fn known_value(&self, schema: &Value, root: &Value) -> Value {
        let schema = resolve(schema, root);
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(nodes) => {
                let items = schema.get("items").unwrap_or(&Value::Null);
                nodes.iter().map(|node| node.known_value(items, root)).collect()
            }
            Kind::Map(entries) => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let others = schema.get("additionalProperties").unwrap_or(&Value::Null);
                let known = entries.iter().filter_map(|(key, _, node)| match properties {
                    None => Some((key.clone(), node.known_value(others, root))),
                    Some(properties) => {
                        let inner = properties.get(key)?;
                        Some((key.clone(), node.known_value(inner, root)))
                    }
                });
                Value::Object(known.collect())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        let spanned = Spanned::<Kind>::deserialize(deserializer)?;
        Ok(Node { place: spanned.referenced.into(), kind: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

macro_rules! scalars {
    ($($visit:ident: $kind:ty),*) => {
        $(fn $visit<E>(self, value: $kind) -> Result<Kind, E> {
            Ok(Kind::Scalar(value.into()))
        })*
    };
}

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Kind, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = seq.next_element()? {
            nodes.push(node);
        }
        Ok(Kind::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            entries.push((key.value, key.referenced.into(), map.next_value()?));
        }
        Ok(Kind::Map(entries))
    }
}

/// How deep a file may be nested; rules and policy need six levels.
const DEPTH_MAX: usize = 32;

/// How many values a file may have, aliases written out.
const NODES_MAX: usize = 20_000;

/// How many faults of one file are told.
const FAULTS_MAX: usize = 50;

/// Reads a file into its type and its positions; `None` where it is no YAML, and
/// without the type where too much of it does not fit.
///
/// All faults are found in one go: what nobody knows (by the type's own JSON
/// Schema) or what does not fit is noted, left out, and the rest is read on. A key
/// that is nearly one that is known is taken for it.
pub fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
    schema: impl Fn() -> &'static Value,
    form: Form,
    found: &mut Vec<Diagnostic>,
) -> Option<(Option<T>, Node)> {
    if form == Form::Compiled {
        let read = serde_json::from_str(text);
        let told = |error: &serde_json::Error| {
            found.push(Diagnostic::error(file, Place::START, error.to_string()));
        };
        return Some((Some(read.inspect_err(told).ok()?), Node::nowhere()));
    }
    let schema = schema();
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX, max_nodes: NODES_MAX },
    };
    let mut node: Node = match serde_saphyr::from_str_with_options(text, options) {
        Ok(node) => node,
        Err(error) => {
            let place = error.location().map_or(Place::START, Place::from);
            let message = told(&tidy(&error.without_snippet().to_string()));
            found.push(Diagnostic::error(file, place, message));
            return None;
        }
    };
    unknown_keys(file, &mut node, schema, schema, found);
    let value = node.known_value(schema, schema);
    let read = sound_part(file, &node, value, found);
    Some((read, node))
}

/// What of a value fits its type, and every fault of the rest.
fn sound_part<T: DeserializeOwned>(
    file: &str,
    node: &Node,
    mut value: Value,
    found: &mut Vec<Diagnostic>,
) -> Option<T> {
    let mut left_out = false;
    for _ in 0..FAULTS_MAX {
        let error = match serde_path_to_error::deserialize::<_, T>(&without_gaps(&value)) {
            Ok(read) if !has_gaps(&value) => return Some(read),
            // Of a list with gaps nobody could tell where its entries stand.
            Ok(_) => return serde_json::from_value(without_lists_with_gaps(&value)).ok(),
            Err(error) => error,
        };
        let path = error.path().clone();
        let message = error.into_inner().to_string();
        let keys = placed(&value, keys(&path));
        // What was left out is missed, of course: what holds it goes too.
        if !(left_out && message.starts_with("missing field")) {
            let message = named(&path, told(&message));
            found.push(Diagnostic::error(file, node.place_of(&keys), message));
        }
        left_out = true;
        if !leave_out(&mut value, &keys) {
            return None;
        }
    }
    None
}

/// A message that begins with its verb gets the key as its subject.
fn named(path: &Path, message: Bilingual) -> Bilingual {
    let verb = ["is ", "has "].iter().any(|verb| message.en.starts_with(verb));
    let key = keys(path).into_iter().rev().find_map(|key| match key {
        Key::Name(name) => Some(name.to_owned()),
        Key::Index(_) => None,
    });
    match key {
        Some(key) if verb => Bilingual::from(format!("{key} ")).then(&message),
        _ => message,
    }
}

/// A path to a value as the way to its node.
fn keys(path: &Path) -> Vec<Key<'_>> {
    let keys = path.iter().map_while(|segment| match segment {
        Segment::Map { key } => Some(Key::Name(key)),
        Segment::Seq { index } => Some(Key::Index(*index)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    keys.collect()
}

/// The message without the position, which is shown in front of it.
fn tidy(message: &str) -> String {
    let first = message.lines().next().unwrap_or("cannot be read");
    let first = first.strip_prefix("error: ").unwrap_or(first);
    match first.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((_, message)) => message.to_owned(),
        None => first.split(" at line ").next().unwrap_or(first).to_owned(),
    }
}

/// Tells the keys that nobody knows, and takes those that are nearly one for it.
fn unknown_keys(
    file: &str,
    node: &mut Node,
    schema: &Value,
    root: &Value,
    found: &mut Vec<Diagnostic>,
) {
    let schema = resolve(schema, root);
    match &mut node.kind {
        Kind::Scalar(_) => {}
        Kind::List(nodes) => {
            if let Some(items) = schema.get("items") {
                nodes.iter_mut().for_each(|node| unknown_keys(file, node, items, root, found));
            }
        }
        Kind::Map(entries) => {
            let properties = schema.get("properties").and_then(|p| p.as_object());
            let others = schema.get("additionalProperties").filter(|other| other.is_object());
            let given: Vec<String> = entries.iter().map(|(key, ..)| key.clone()).collect();
            for (key, place, value) in entries {
                let known = properties.and_then(|properties| properties.get(key));
                match (known.or(others), properties) {
                    (Some(inner), _) => unknown_keys(file, value, inner, root, found),
                    (None, Some(properties)) => {
                        let names = properties.keys().map(String::as_str);
                        let near = nearest::nearest(key, names.clone());
                        let hint = match near {
                            Some(name) => {
                                said!("; ¿quisiste decir {name:?}?", "; did you mean {name:?}?")
                            }
                            None => {
                                let known = names.collect::<Vec<_>>().join(", ");
                                said!("; se conocen {known}", "; known are {known}")
                            }
                        };
                        let unknown = said!("clave desconocida {key:?}", "unknown key {key:?}");
                        let message = unknown.then(&hint);
                        found.push(Diagnostic::error(file, *place, message));
                        if let Some(name) = near.filter(|name| !given.iter().any(|g| g == name)) {
                            unknown_keys(file, value, &properties[name], root, found);
                            *key = name.to_owned();
                        }
                    }
                    (None, None) => {}
                }
            }
        }
    }
}

/// Follows `$ref`, and picks the object among alternatives.
fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(target) = schema.get("$ref").and_then(|target| target.as_str())
        && let Some(inner) = root.pointer(target.trim_start_matches('#'))
    {
        return resolve(inner, root);
    }
    for any in ["anyOf", "oneOf"] {
        if let Some(options) = schema.get(any).and_then(|options| options.as_array()) {
            let structured = options
                .iter()
                .map(|option| resolve(option, root))
                .find(|option| option.get("properties").is_some() || option.get("items").is_some());
            if let Some(option) = structured {
                return option;
            }
        }
    }
    schema
}
