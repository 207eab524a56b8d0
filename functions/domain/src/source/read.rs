//! Reads and checks the files of `events/sources/`.

mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::compile::{Compiler, Element};
use super::expr::Node;
use super::shape::Shape;
use super::spec::{MakerSpec, SourceSpec, TopicSpec, source_schema};
use super::value::Value;
use super::{Bus, Maker, Mapping, Source, Sources, Topic, Webhook};
use crate::bilingual::{Bilingual, said};
use crate::condition::{Fault, Type, event_type};
use crate::event::{EventKind, required_fields};
use crate::nearest::hint;
use crate::rulebook::yaml::{self, Form, Key, Node as Yaml};
use crate::rulebook::{Diagnostic, Place};
use names::{check_names, read_ping};

/// How many sources a shop may have.
const SOURCES_MAX: usize = 50;

/// What a shop set for a source.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) prefix: String,
    pub(super) values: Value,
}

/// Reads all files; what is found in them is told, and a source with an error is left
/// out.
pub fn read_sources(files: &[(String, String)]) -> (Sources, Vec<Diagnostic>) {
    let (mut sources, mut found) = (Sources::default(), Vec::new());
    for (file, text) in files {
        let before = found.len();
        let source = read(file, text, &mut found);
        let is_sound = !found[before..].iter().any(Diagnostic::is_error);
        let Some(source) = source.filter(|_| is_sound) else { continue };
        if sources.0.len() == SOURCES_MAX {
            let message = said!("hay más de {SOURCES_MAX}", "there are more than {SOURCES_MAX}");
            found.push(Diagnostic::error(file, Place::START, message));
            break;
        }
        for other in sources.0.values() {
            if other.settings.prefix == source.settings.prefix {
                let message = said!(
                    "{} tiene el mismo prefix: sus clientes y compras se confundirían",
                    "{} has the same prefix: their customers and purchases would be mixed up",
                    other.name
                );
                found.push(Diagnostic::error(file, Place::START, message));
            }
        }
        sources.0.insert(source.name.clone(), source);
    }
    (sources, found)
}

impl Source {
    /// The same with other settings.
    ///
    /// # Errors
    /// The name of a setting that the source does not have.
    pub fn with_settings(
        mut self,
        settings: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Source, String> {
        let Value::Object(known) = &self.settings.values else { return Ok(self) };
        let mut known = known.to_vec();
        for (name, value) in settings {
            match known.iter_mut().find(|(setting, _)| **setting == **name) {
                Some((_, setting)) => *setting = value.into(),
                None if name == "prefix" => {
                    self.settings.prefix = value.as_str().unwrap_or_default().to_owned();
                }
                None => return Err(name.clone()),
            }
        }
        self.settings.values = Value::Object(Arc::new(known));
        Ok(self)
    }
}

/// Collects what is wrong in one file.
struct Reading<'a> {
    file: &'a str,
    text: &'a str,
    yaml: Yaml,
    found: &'a mut Vec<Diagnostic>,
}

impl Reading<'_> {
    fn error(&mut self, path: &[Key], message: Bilingual) {
        let place = self.yaml.place_of(path);
        self.found.push(Diagnostic::error(self.file, place, message));
    }

    fn warning(&mut self, path: &[Key], message: Bilingual) {
        let place = self.yaml.place_of_key(path);
        self.found.push(Diagnostic::warning(self.file, place, message));
    }

    /// What was compiled, or its faults told where they stand.
    fn take<T>(
        &mut self,
        path: &[Key],
        source: &str,
        compiled: Result<T, Vec<Fault>>,
    ) -> Option<T> {
        match compiled {
            Ok(made) => Some(made),
            Err(faults) => {
                for fault in faults {
                    let place = self.yaml.place_within(self.text, path, source, fault.offset);
                    self.found.push(Diagnostic::error(self.file, place, fault.message));
                }
                None
            }
        }
    }
}

fn read(file: &str, text: &str, found: &mut Vec<Diagnostic>) -> Option<Source> {
    let (spec, yaml) = yaml::read::<SourceSpec>(file, text, source_schema, Form::Yaml, found)?;
    let spec = spec?;
    let mut reading = Reading { file, text, yaml, found };
    check_names(&spec, &mut reading);
    let mut compiler = Compiler::new(&spec.settings);
    let nobody = Element::default();
    name_all(&spec.values, &[Key::Name("values")], &nobody, &mut compiler, &mut reading);
    let topic = compiler.value(&spec.topic, &nobody, None);
    let topic = reading.take(&[Key::Name("topic")], &spec.topic, topic);
    let mut conditions = |list: &str, all: Vec<(&String, &String)>| -> Vec<(Node, String)> {
        let compiled = all.into_iter().enumerate().filter_map(|(index, (condition, name))| {
            let path = [Key::Name(list), Key::Index(index), Key::Name("if")];
            let node = compiler.condition(condition, &nobody);
            Some((reading.take(&path, condition, node)?, name.clone()))
        });
        compiled.collect()
    };
    let ignore =
        conditions("ignore", spec.ignore.iter().map(|i| (&i.condition, &i.name)).collect());
    let fail = conditions("fail", spec.fail.iter().map(|f| (&f.condition, &f.because)).collect());
    let mut makers = Vec::new();
    let mut places = BTreeMap::new();
    for (name, maker) in &spec.events {
        if let Some(maker) = read_maker(name, maker, &mut compiler, &mut reading) {
            places.insert(name.as_str(), makers.len());
            makers.push(maker);
        }
    }
    let topics = read_topics(&spec, &places, &mut reading);
    let ping = spec.webhook.as_ref().and_then(|webhook| webhook.ping.as_ref());
    let ping = ping.and_then(|ping| read_ping(ping, &mut reading));
    let (detail, payload, named) = compiler.finish();
    let bus = spec.bus.map(|b| Bus { source: b.source, payload: b.payload, headers: b.headers });
    let (of_bus, of_webhook) = shapes(bus.as_ref(), detail, payload);
    let settings = spec.settings.iter().map(|(name, value)| (name.as_str().into(), value.into()));
    let values = Value::Object(Arc::new(settings.collect()));
    Some(Source {
        name: spec.source,
        title: spec.title,
        bus,
        exported_as: spec.exported_as.into_iter().map(|one| one.into_iter().collect()).collect(),
        webhook: spec.webhook.map(|webhook| Webhook { signature: webhook.signature, ping }),
        settings: Settings { prefix: spec.prefix, values },
        mapping: Mapping { topic: topic?, ignore, fail, topics, makers, named, of_bus, of_webhook },
    })
}

/// What is read of a detail on the bus, and of a webhook's body.
fn shapes(bus: Option<&Bus>, detail: Shape, payload: Shape) -> (Shape, Shape) {
    let mut of_bus = detail.clone();
    match bus.and_then(|bus| bus.payload.as_ref()) {
        Some(field) => of_bus.join(&payload.clone().within(field)),
        None => of_bus.join(&payload),
    }
    if let Some(field) = bus.and_then(|bus| bus.headers.as_ref()) {
        let mut whole = Shape::default();
        whole.ask(&[], true);
        of_bus.join(&whole.within(field));
    }
    let mut of_webhook = detail;
    of_webhook.join(&payload);
    (of_bus, of_webhook)
}

/// Names values in an order in which each stands behind those that it uses.
fn name_all(
    values: &BTreeMap<String, String>,
    path: &[Key<'_>],
    of: &Element,
    compiler: &mut Compiler<'_>,
    reading: &mut Reading<'_>,
) {
    let mut pending: Vec<&String> = values.keys().collect();
    while !pending.is_empty() {
        let is_free = |name: &&&String| {
            let source = &values[**name];
            !pending.iter().any(|other| uses(source, other))
        };
        let free: Vec<&String> = pending.iter().filter(is_free).copied().collect();
        if free.is_empty() {
            let way = pending.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            let message = said!(
                "estos valores se usan en círculo: {way}",
                "these values use one another in a circle: {way}"
            );
            reading.error(path, message);
            return;
        }
        for name in &free {
            let source = &values[*name];
            let mut path = path.to_vec();
            path.push(Key::Name(name));
            let named = compiler.name(name, source, of);
            reading.take(&path, source, named);
        }
        pending.retain(|name| !free.contains(name));
    }
}

/// Whether a name stands in an expression as a variable.
fn uses(source: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // A text in quotes is no variable.
    let is_in_quotes = |at: usize| {
        let quotes = |sign| source[..at].matches(sign).count() % 2 == 1;
        quotes('"') || quotes('\'')
    };
    source.match_indices(name).filter(|(at, _)| !is_in_quotes(*at)).any(|(at, _)| {
        let before = source[..at].chars().next_back();
        let after = source[at + name.len()..].chars().next();
        let begins = !before.is_some_and(|c| is_part(c) || c == '.');
        begins && !after.is_some_and(is_part)
    })
}

fn read_maker(
    name: &str,
    spec: &MakerSpec,
    compiler: &mut Compiler<'_>,
    reading: &mut Reading<'_>,
) -> Option<Maker> {
    let at = |rest: &[Key<'static>]| {
        let mut path = vec![Key::Name("events"), Key::Name(name)];
        path.extend_from_slice(rest);
        path
    };
    let (mut each, mut element) = (None, Element::default());
    if let Some(spec) = &spec.each {
        let made = compiler.each(&spec.list, &spec.name);
        let path = at(&[Key::Name("each"), Key::Name("in")]);
        let (node, known) = reading.take(&path, &spec.list, made)?;
        (each, element) = (Some(node), known);
    }
    let begin = compiler.named_so_far();
    name_all(&spec.values, &at(&[Key::Name("let")]), &element, compiler, reading);
    let own = begin..compiler.named_so_far();
    let condition = match &spec.condition {
        Some(source) => {
            let node = compiler.condition(source, &element);
            Some(reading.take(&at(&[Key::Name("if")]), source, node)?)
        }
        None => None,
    };
    let detail = read_detail(name, spec, &element, compiler, reading);
    compiler.forget_names_from(begin);
    Some(Maker {
        kind: spec.event,
        each,
        own,
        condition,
        otherwise: spec.otherwise.clone(),
        clears: spec.clears.clone(),
        needs: spec.needs.clone(),
        detail,
    })
}

/// The fields of an event: known, of their type, and those that it needs all there.
fn read_detail(
    name: &str,
    spec: &MakerSpec,
    element: &Element,
    compiler: &mut Compiler<'_>,
    reading: &mut Reading<'_>,
) -> Vec<(Arc<str>, Node)> {
    let none = BTreeMap::new();
    let fields = match event_type(spec.event) {
        Type::Object(_, fields) => fields,
        _ => &none,
    };
    let at = [Key::Name("events"), Key::Name(name), Key::Name("detail")];
    let mut detail = Vec::with_capacity(spec.detail.len());
    for (field, source) in &spec.detail {
        let mut path = at.to_vec();
        path.push(Key::Name(field));
        let Some(kind) = fields.get(field) else {
            let near = hint(field, fields.keys().map(String::as_str));
            let unknown =
                said!("{} no tiene el campo {field:?}", "{} has no field {field:?}", spec.event);
            let place = reading.yaml.place_of_key(&path);
            reading.found.push(Diagnostic::error(reading.file, place, unknown.then(&near)));
            continue;
        };
        let node = compiler.value(source, element, Some(kind));
        detail.extend(reading.take(&path, source, node).map(|node| (field.as_str().into(), node)));
    }
    let finds_customer =
        matches!(spec.event, EventKind::PurchaseRefunded | EventKind::PurchaseDelivered);
    let is_found = |field: &str| finds_customer && field == "customer_id";
    let is_missing = |field: &&str| !spec.detail.contains_key(*field) && !is_found(field);
    let missing: Vec<&str> = required_fields(spec.event).filter(is_missing).collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        reading.error(&at, said!("a {} le falta {missing}", "{} needs {missing}", spec.event));
    }
    let named = |list, fields: &'_ [String]| -> Vec<_> {
        fields.iter().enumerate().map(|(index, field)| (list, index, field.clone())).collect()
    };
    for (list, index, field) in
        named("clears", &spec.clears).into_iter().chain(named("needs", &spec.needs))
    {
        if !spec.detail.contains_key(&field) {
            let path = [Key::Name("events"), Key::Name(name), Key::Name(list), Key::Index(index)];
            let near = hint(&field, spec.detail.keys().map(String::as_str));
            let message = said!("detail no tiene {field:?}", "detail has no {field:?}").then(&near);
            reading.error(&path, message);
        }
    }
    detail
}

fn read_topics(
    spec: &SourceSpec,
    places: &BTreeMap<&str, usize>,
    reading: &mut Reading<'_>,
) -> BTreeMap<String, Topic> {
    let mut topics = BTreeMap::new();
    let mut used = Vec::new();
    for (name, topic) in &spec.topics {
        let makes = match topic {
            TopicSpec::Ignored(why) => {
                topics.insert(name.clone(), Topic::Ignored(why.clone()));
                continue;
            }
            TopicSpec::Makes(makes) => makes,
        };
        let mut found = Vec::new();
        for (index, maker) in makes.iter().enumerate() {
            used.push(maker.as_str());
            if !spec.events.contains_key(maker) {
                let path = [Key::Name("topics"), Key::Name(name), Key::Index(index)];
                let near = hint(maker, spec.events.keys().map(String::as_str));
                let no = said!("events no tiene {maker:?}", "events has no {maker:?}");
                reading.error(&path, no.then(&near));
            }
            found.extend(places.get(maker.as_str()));
        }
        topics.insert(name.clone(), Topic::Makes(found));
    }
    for name in spec.events.keys().filter(|name| !used.contains(&name.as_str())) {
        let message = said!("ningún topic lo hace", "no topic makes it");
        reading.warning(&[Key::Name("events"), Key::Name(name)], message);
    }
    topics
}
