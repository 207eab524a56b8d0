//! Sources: how the events of other systems become Lazo's (events#sources).
//!
//! A mapping is data: a file of `events/sources/`, in CEL over what came. It is a pure
//! function: the same event gives the same events again, so that duplicates of every
//! kind and way count once.
//!
//! | file | does |
//! |---|---|
//! | `spec` | what a file may hold |
//! | `read` | reads and checks a file |
//! | `compile` | from CEL to what is run |
//! | `shape` | reads of a payload what is asked for, and no more |
//! | `expr`, `helpers`, `text`, `value` | runs it |
//! | `incoming` | what arrived, by bus or webhook |
//! | `map` | from what arrived to events |
//! | `signature` | whether a webhook is authentic |
//! | `cases`, `differs`, `memory` | files of cases, and what differs |

mod cases;
mod compile;
mod differs;
mod expr;
mod helpers;
mod incoming;
mod map;
mod memory;
mod read;
mod shape;
mod signature;
mod spec;
mod text;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use cases::{Case, CaseFile, CaseSource, Differs, Sample, Secrets, run_cases, try_sample};
pub use differs::Line;
use expr::Node;
pub use incoming::{Incoming, RawEvent, Refusal, Request, WEBHOOKS, Way};
pub use map::{Mapped, Outcome, Resolved, Waiting};
pub use memory::{Became, Memory};
pub use read::{Settings, read_sources};
use shape::Shape;
pub use signature::{BadSignature, SECRETS_MAX, Signed, sign, verify};
pub use spec::{Scheme, SignatureSpec, SourceSpec, source_schema};

use crate::event::EventKind;
use crate::text_by_language::TextByLanguage;

/// A source, ready to map by.
#[derive(Debug)]
pub struct Source {
    /// Its name, as its file is called.
    pub name: String,
    /// What people read in place of the name.
    pub title: TextByLanguage,
    /// Its events on EventBridge.
    pub bus: Option<Bus>,
    /// Its webhooks.
    pub webhook: Option<Webhook>,
    /// As which webhooks a record of an exported file is read: the headers of each.
    pub exported_as: Vec<Vec<(String, String)>>,
    settings: Settings,
    mapping: Mapping,
}

/// Where a source's events stand on EventBridge.
#[derive(Clone, Debug)]
pub struct Bus {
    /// How the envelope's `source` begins.
    pub source: String,
    payload: Option<String>,
    headers: Option<String>,
}

/// How a source's webhooks are told from others.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// How it signs.
    pub signature: SignatureSpec,
    /// A post by which it tries the address.
    pub ping: Option<Ping>,
}

/// A post without a signature that is answered and ignored.
#[derive(Clone, Debug)]
pub struct Ping {
    body: regex::Regex,
    without_headers: String,
}

/// What is done with what comes.
#[derive(Debug)]
struct Mapping {
    topic: Node,
    ignore: Vec<(Node, String)>,
    fail: Vec<(Node, String)>,
    topics: BTreeMap<String, Topic>,
    makers: Vec<Maker>,
    /// What the named values are made of.
    named: Vec<Node>,
    /// What is read of a detail on the bus, and of the body of a webhook.
    of_bus: Shape,
    of_webhook: Shape,
}

#[derive(Debug)]
enum Topic {
    /// The places of the makers.
    Makes(Vec<usize>),
    Ignored(String),
}

/// How an event is made.
#[derive(Debug)]
struct Maker {
    kind: EventKind,
    each: Option<Node>,
    /// The places of the values that are its own.
    own: std::ops::Range<usize>,
    condition: Option<Node>,
    otherwise: Option<String>,
    clears: Vec<String>,
    needs: Vec<String>,
    detail: Vec<(Arc<str>, Node)>,
}

/// The sources of a shop, by their names.
#[derive(Debug, Default)]
pub struct Sources(BTreeMap<String, Source>);

impl Sources {
    /// The source of this name.
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.0.get(name)
    }

    /// The source of this name alone.
    pub fn into_source(mut self, name: &str) -> Option<Source> {
        self.0.remove(name)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The source of an event on the bus, by the envelope's `source`: the one that names
    /// most of it.
    pub fn of_bus(&self, source: &str) -> Option<&Source> {
        let begin = |one: &Source| {
            let begin = one.bus.as_ref().map(|bus| bus.source.as_str())?;
            source.starts_with(begin).then_some(begin.len())
        };
        self.iter()
            .filter_map(|one| Some((begin(one)?, one)))
            .max_by_key(|(most, _)| *most)
            .map(|(_, one)| one)
    }

    /// The source whose webhooks have a header by which it signs.
    pub fn of_headers(&self, headers: &[(String, String)]) -> Option<&Source> {
        self.iter().find(|one| {
            let signed = one.webhook.as_ref().map(|webhook| webhook.signature.header.as_str());
            headers.iter().any(|(name, _)| Some(name.as_str()) == signed)
        })
    }
}

#[cfg(test)]
mod tests;
