//! Files of cases: what arrived, and what should become of it. They hold the shipped
//! mappings, and whoever writes one uses them too.
//!
//! Each case starts from a store of its own, in which the cases that it comes after
//! were delivered. Beside its own outcome it is looked at whether it is the same when
//! it comes three times, and whether its group comes to the same in any order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::differs::{Line, fits};
use super::incoming::{RawEvent, Refusal, Request};
use super::memory::{Became, Memory};
use super::{Source, read_sources};
use crate::event::EventKind;
use crate::instant::Instant;

/// A file of cases.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseFile {
    /// The sources, by the names that cases give them.
    pub sources: BTreeMap<String, CaseSource>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A source as a shop has set it.
#[derive(Clone, Debug, Deserialize)]
pub struct CaseSource {
    /// The mapping.
    pub system: String,
    /// Its one secret, or several of which each is live.
    #[serde(default)]
    pub secret: Secrets,
    /// The address that webhooks are posted to, where it is signed.
    #[serde(default)]
    pub notification_url: String,
    /// The source of its events on the bus.
    #[serde(default)]
    pub event_source: Option<String>,
    /// How old a signature may be, in seconds.
    #[serde(default)]
    pub tolerance_s: Option<u32>,
    /// How it comes; a sample tells.
    #[serde(default)]
    pub transport: Option<String>,
    /// All else are settings of the mapping.
    #[serde(flatten)]
    pub settings: Map<String, Json>,
}

/// One secret or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Secrets {
    /// One.
    One(String),
    /// Several that are live.
    Several(Vec<String>),
}

impl Default for Secrets {
    fn default() -> Secrets {
        Secrets::Several(Vec::new())
    }
}

impl Secrets {
    fn all(&self) -> &[String] {
        match self {
            Secrets::One(secret) => std::slice::from_ref(secret),
            Secrets::Several(secrets) => secrets,
        }
    }
}

/// A case.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Which of the file's sources it comes from.
    pub source: String,
    /// The file with what arrives.
    pub sample: String,
    /// The file with the events that are expected, one a line.
    #[serde(default)]
    pub expected: Option<String>,
    /// What should become of it.
    pub outcome: String,
    /// When it arrives.
    #[serde(default)]
    pub received_at: Option<jiff::Timestamp>,
    /// The cases that came before.
    #[serde(default)]
    pub after: Vec<String>,
    /// Other lines that would be right too.
    #[serde(default)]
    pub also_ok: Vec<Vec<Line>>,
    /// The cases with whose events these count once.
    #[serde(default)]
    pub counts_once_with: Vec<String>,
}

/// What arrives, as a file has it: an envelope of the bus, or a post.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Sample {
    /// An HTTPS post.
    Posted {
        /// Its headers.
        headers: BTreeMap<String, String>,
        /// Its body.
        body: String,
    },
    /// An event on the bus.
    Event(Json),
}

/// A case that came out otherwise.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Differs {
    /// The case.
    pub case: String,
    /// What was looked at: `alone`, `thrice`, `order`, `once`, or `file`.
    pub check: &'static str,
    /// What should have come of it.
    pub expected: String,
    /// What came of it.
    pub found: String,
}

/// A sample on its way.
struct Ready<'a> {
    source: &'a Source,
    message: Result<RawEvent, Became>,
    at: Instant,
}

impl<'a> Ready<'a> {
    fn of(source: &'a Source, of_case: &CaseSource, sample: &Sample, at: Instant) -> Ready<'a> {
        let message = match sample {
            Sample::Posted { headers, body } => {
                let small =
                    |(name, value): (&String, &String)| (name.to_ascii_lowercase(), value.clone());
                let headers: Vec<_> = headers.iter().map(small).collect();
                let url = &of_case.notification_url;
                let request = Request { headers: &headers, body: body.as_bytes(), url };
                match source.receive(&request, of_case.secret.all(), at) {
                    Ok(message) => RawEvent::read(&message)
                        .ok_or_else(|| Became::nothing("failed", "the message cannot be read")),
                    Err(Refusal::Ping) => Err(Became::nothing("answered", Refusal::Ping)),
                    Err(why) => Err(Became::nothing("rejected", why)),
                }
            }
            Sample::Event(event) => match RawEvent::read(&event.to_string()) {
                Some(raw) if of_case.event_source.as_ref().is_some_and(|s| *s != raw.source) => {
                    Err(Became::nothing("ignored", "another source"))
                }
                Some(raw) => Ok(raw),
                None => Err(Became::nothing("failed", "is no event of another system")),
            },
        };
        Ready { source, message, at }
    }

    fn deliver(&self, memory: &mut Memory<'a>) -> Became {
        match &self.message {
            Ok(raw) => memory.deliver(self.source, &raw.incoming(self.at)),
            Err(became) => became.clone(),
        }
    }
}

/// Tries one sample of a source out, with the store as it is.
pub fn try_sample<'a>(
    source: &'a Source,
    of_case: &CaseSource,
    sample: &Sample,
    memory: &mut Memory<'a>,
    at: Instant,
) -> Became {
    Ready::of(source, of_case, sample, at).deliver(memory)
}

/// Runs all cases of a file with these mappings; `load` reads a file that a case names.
///
/// # Errors
/// In words, where a mapping or a setting of the file is not there.
pub fn run_cases(
    mappings: &[(String, String)],
    file: &CaseFile,
    load: &dyn Fn(&str) -> Result<String, String>,
) -> Result<Vec<Differs>, String> {
    let mut sources: BTreeMap<&str, Source> = BTreeMap::new();
    for (name, of_case) in &file.sources {
        sources.insert(name, source_of_case(mappings, of_case)?);
    }
    let mut suite = Suite { file, ready: BTreeMap::new(), differs: Vec::new() };
    for case in &file.cases {
        let missing = || format!("{}: there is no source {:?}", case.id, case.source);
        let source = sources.get(case.source.as_str()).ok_or_else(missing)?;
        let of_case = file.sources.get(&case.source).ok_or_else(missing)?;
        let sample = load(&case.sample)?;
        let sample: Sample =
            serde_json::from_str(&sample).map_err(|why| format!("{}: {why}", case.sample))?;
        let at = case.received_at.map_or(Instant::from_millis(0), Instant::from);
        suite.ready.insert(&case.id, Ready::of(source, of_case, &sample, at));
    }
    for case in &file.cases {
        suite.run(case, load)?;
    }
    Ok(suite.differs)
}

/// A case's source: the mapping that it names, as it is set there.
fn source_of_case(mappings: &[(String, String)], of_case: &CaseSource) -> Result<Source, String> {
    let (mut sources, _) = read_sources(mappings);
    let system = &of_case.system;
    let source =
        sources.0.remove(system).ok_or_else(|| format!("there is no mapping {system:?}"))?;
    let mut source = source
        .with_settings(&of_case.settings)
        .map_err(|setting| format!("{system} has no setting {setting:?}"))?;
    if let (Some(webhook), Some(seconds)) = (&mut source.webhook, of_case.tolerance_s) {
        webhook.signature.tolerance_seconds = seconds;
    }
    Ok(source)
}

struct Suite<'a> {
    file: &'a CaseFile,
    ready: BTreeMap<&'a str, Ready<'a>>,
    differs: Vec<Differs>,
}

/// How many orders of a group are tried.
const ORDERS_MAX: usize = 120;

impl<'a> Suite<'a> {
    fn run(
        &mut self,
        case: &'a Case,
        load: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<(), String> {
        let expected = match &case.expected {
            Some(path) => lines(&load(path)?).map_err(|why| format!("{path}: {why}"))?,
            None => Vec::new(),
        };
        let before = self.before(case)?;
        let mut memory = self.delivered(&before)?;
        let became = self.one(&case.id)?.deliver(&mut memory);
        if !is_right(case, &expected, &became) {
            self.tell(case, "alone", told(&case.outcome, &expected), of_became(&became));
            return Ok(());
        }
        let counted = memory.counted.clone();
        for _ in 0..2 {
            let again = self.one(&case.id)?.deliver(&mut memory);
            if again != became || memory.counted != counted {
                self.tell(case, "thrice", of_became(&became), of_became(&again));
                return Ok(());
            }
        }
        self.any_order(case, &before, &counted)?;
        self.once(case)
    }

    fn one(&self, id: &str) -> Result<&Ready<'a>, String> {
        self.ready.get(id).ok_or_else(|| format!("there is no case {id:?}"))
    }

    fn case(&self, id: &str) -> Result<&'a Case, String> {
        let found = self.file.cases.iter().find(|case| case.id == id);
        found.ok_or_else(|| format!("there is no case {id:?}"))
    }

    /// The cases that come before one, those before them first.
    fn before(&self, case: &'a Case) -> Result<Vec<&'a str>, String> {
        let mut before: Vec<&str> = Vec::new();
        for id in &case.after {
            for earlier in self.before(self.case(id)?)?.into_iter().chain([id.as_str()]) {
                if !before.contains(&earlier) {
                    before.push(earlier);
                }
            }
        }
        Ok(before)
    }

    fn delivered(&self, ids: &[&str]) -> Result<Memory<'a>, String> {
        let mut memory = Memory::default();
        for id in ids {
            self.one(id)?.deliver(&mut memory);
        }
        Ok(memory)
    }

    /// The group comes to the same, in whatever order it arrives.
    fn any_order(
        &mut self,
        case: &'a Case,
        before: &[&'a str],
        counted: &BTreeMap<(EventKind, String), BTreeSet<String>>,
    ) -> Result<(), String> {
        if before.is_empty() || case.outcome == "waiting" {
            return Ok(());
        }
        let mut group = before.to_vec();
        group.push(&case.id);
        for order in orders(&group) {
            let memory = self.delivered(&order)?;
            if memory.counted != *counted || !memory.waiting.is_empty() {
                let found =
                    format!("in the order {}: {:?}", order.join(", "), memory.counted.keys());
                self.tell(case, "order", format!("{:?}", counted.keys()), found);
                break;
            }
        }
        Ok(())
    }

    /// What counts once has the same keys.
    fn once(&mut self, case: &'a Case) -> Result<(), String> {
        for other in &case.counts_once_with {
            let of = |id: &str| -> Result<Vec<(EventKind, String)>, String> {
                let mut before = self.before(self.case(id)?)?;
                let known = self.delivered(&before)?.counted;
                before.push(&self.case(id)?.id);
                let all = self.delivered(&before)?.counted;
                let is_keyed =
                    |(kind, _): &&(EventKind, String)| *kind != EventKind::CustomerUpdated;
                let new = all.keys().filter(|key| !known.contains_key(*key)).filter(is_keyed);
                Ok(new.cloned().collect())
            };
            let (own, theirs) = (of(&case.id)?, of(other)?);
            let shared = own.iter().all(|key| theirs.contains(key))
                || theirs.iter().all(|key| own.contains(key));
            if own.is_empty() || theirs.is_empty() || !shared {
                self.tell(case, "once", format!("{theirs:?} of {other}"), format!("{own:?}"));
            }
        }
        Ok(())
    }

    fn tell(&mut self, case: &Case, check: &'static str, expected: String, found: String) {
        self.differs.push(Differs { case: case.id.clone(), check, expected, found });
    }
}

/// All orders of a group, or as many as are tried.
fn orders<'a>(group: &[&'a str]) -> Vec<Vec<&'a str>> {
    let Some((first, rest)) = group.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for at in 0..=order.len() {
            let mut order = order.clone();
            order.insert(at, first);
            all.push(order);
        }
    }
    all.truncate(ORDERS_MAX);
    all
}

/// Whether what became of a case is what it expects, or one of what would do.
fn is_right(case: &Case, expected: &[Line], became: &Became) -> bool {
    if became.outcome == case.outcome && fits(expected, &became.lines) {
        return true;
    }
    case.also_ok.iter().any(|lines| match lines.is_empty() {
        true => became.outcome == "ignored",
        false => became.outcome == "events" && fits(lines, &became.lines),
    })
}

fn lines(text: &str) -> Result<Vec<Line>, serde_json::Error> {
    text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect()
}

fn told(outcome: &str, lines: &[Line]) -> String {
    let lines: String = lines.iter().map(|line| format!("\n  {line}")).collect();
    format!("{outcome}{lines}")
}

fn of_became(became: &Became) -> String {
    let why = if became.why.is_empty() { String::new() } else { format!(" ({})", became.why) };
    told(&format!("{}{why}", became.outcome), &became.lines)
}
