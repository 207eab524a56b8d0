//! YAML with positions: where each key stands, and which keys nobody knows.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::Diagnostic;
use crate::nearest;

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl Place {
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
    Scalar,
    List(Vec<Node>),
    Map(Vec<(String, Place, Node)>),
}

/// A step on the way to a node.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl Node {
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
        $(fn $visit<E>(self, _: $kind) -> Result<Kind, E> {
            Ok(Kind::Scalar)
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
        Ok(Kind::Scalar)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Scalar)
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

/// Reads a file into its type and its positions. Unknown keys are all found in
/// one go, by the type's own JSON Schema; of what else is wrong, YAML tells
/// the first.
pub fn read<T: DeserializeOwned>(
    file: &str,
    text: &str,
    schema: &serde_json::Value,
) -> Result<(T, Node), Vec<Diagnostic>> {
    let fail = |error: serde_saphyr::Error| {
        let place = error.location().map_or(Place::START, Place::from);
        Diagnostic::error(file, place, tidy(&error.without_snippet().to_string()))
    };
    let node: Node = serde_saphyr::from_str(text).map_err(|error| vec![fail(error)])?;
    let mut found = Vec::new();
    unknown_keys(file, &node, schema, schema, &mut found);
    match serde_saphyr::from_str::<T>(text) {
        Ok(value) if found.is_empty() => Ok((value, node)),
        Ok(_) => Err(found),
        Err(error) => {
            let diagnostic = fail(error);
            // The same key would be told twice.
            if !found.iter().any(|other| other.place == diagnostic.place)
                && !diagnostic.message.starts_with("unknown field")
            {
                found.push(diagnostic);
            }
            Err(found)
        }
    }
}

/// The message without the position, which is shown in front of it.
fn tidy(message: &str) -> String {
    let first = message.lines().next().unwrap_or("cannot be read");
    let end = [" at line ", " at: line "].iter().filter_map(|mark| first.find(mark)).min();
    let rest = match first.strip_prefix("error: ") {
        Some(rest) => rest,
        None => &first[..end.unwrap_or(first.len())],
    };
    match rest.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((_, message)) => message.to_owned(),
        None => rest.to_owned(),
    }
}

fn unknown_keys(
    file: &str,
    node: &Node,
    schema: &serde_json::Value,
    root: &serde_json::Value,
    found: &mut Vec<Diagnostic>,
) {
    let schema = resolve(schema, root);
    match &node.kind {
        Kind::Scalar => {}
        Kind::List(nodes) => {
            if let Some(items) = schema.get("items") {
                nodes.iter().for_each(|node| unknown_keys(file, node, items, root, found));
            }
        }
        Kind::Map(entries) => {
            let properties = schema.get("properties").and_then(|p| p.as_object());
            let others = schema.get("additionalProperties").filter(|other| other.is_object());
            for (key, place, value) in entries {
                let known = properties.and_then(|properties| properties.get(key));
                match (known.or(others), properties) {
                    (Some(inner), _) => unknown_keys(file, value, inner, root, found),
                    (None, Some(properties)) => {
                        let names = properties.keys().map(String::as_str);
                        let hint = match nearest::nearest(key, names.clone()) {
                            Some(name) => format!("did you mean {name:?}?"),
                            None => format!("known are {}", names.collect::<Vec<_>>().join(", ")),
                        };
                        let message = format!("unknown key {key:?}; {hint}");
                        found.push(Diagnostic::error(file, *place, message));
                    }
                    (None, None) => {}
                }
            }
        }
    }
}

/// Follows `$ref`, and picks the object among alternatives.
fn resolve<'a>(schema: &'a serde_json::Value, root: &'a serde_json::Value) -> &'a serde_json::Value {
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
