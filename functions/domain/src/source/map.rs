//! From what arrived to events.

use std::sync::Arc;

use super::expr::{Roots, Run, Stop};
use super::incoming::{Incoming, Way};
use super::shape::Shape;
use super::value::{Value, write_fields};
use super::{Maker, Source, Topic};
use crate::event::{BadEvent, Delivered, EventKind, LeftOut, of_kind};
use crate::id::Id;

/// How many events one incoming event makes at most.
const EVENTS_MAX: usize = 200;

/// What becomes of an incoming event.
#[derive(Debug)]
pub enum Outcome {
    /// These events, at least one.
    Events(Vec<Mapped>),
    /// It is passed over on purpose, for this reason.
    Ignored(String),
    /// It cannot be mapped, for this reason: it is kept, and tried again once the
    /// mapping is mended.
    Failed(String),
}

/// An event that was made.
#[derive(Debug)]
pub struct Mapped {
    kind: EventKind,
    fields: Vec<(Arc<str>, Value)>,
    /// Whose customer it is about, where it names none itself.
    purchase: Option<Id>,
    /// The fields that did not fit in the other system's event.
    unfit: Vec<LeftOut>,
}

/// The purchase that is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting(pub Id);

/// Events with their customers.
pub type Resolved = Result<Vec<Delivered>, Waiting>;

const CUSTOMER: &str = "customer_id";
const PURCHASE: &str = "purchase_id";
const OCCURRED: &str = "occurred_at";

impl Mapped {
    /// The purchase whose customer it is about, where it names none itself.
    pub fn purchase(&self) -> Option<&Id> {
        self.purchase.as_ref()
    }

    /// The kind of event that it is.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// The event, of this customer where it names none itself.
    ///
    /// # Errors
    /// [`BadEvent`] where a required field is missing, or does not fit.
    fn deliver(&self, customer: Option<&Id>) -> Result<Delivered, BadEvent> {
        let mut json = String::with_capacity(512);
        match customer.filter(|_| self.purchase.is_some()) {
            None => write_fields(&self.fields, &mut json),
            Some(customer) => {
                let mut fields = self.fields.clone();
                fields.push((CUSTOMER.into(), Value::text(customer.as_str())));
                write_fields(&fields, &mut json);
            }
        }
        Ok(Delivered { by_source: true, ..of_kind(self.kind, &json)? })
    }
}

/// Events with their customers: `find` knows whose purchase one is.
///
/// # Errors
/// [`Waiting`] where a purchase is not known yet: nothing is taken before it is.
pub(super) fn resolve(events: &[Mapped], find: impl Fn(&Id) -> Option<Id>) -> Resolved {
    let deliver = |mapped: &Mapped| {
        let customer = match &mapped.purchase {
            Some(purchase) => Some(find(purchase).ok_or_else(|| Waiting(purchase.clone()))?),
            None => None,
        };
        Ok(mapped.deliver(customer.as_ref()).ok())
    };
    // What does not fit did not pass the mapping.
    let delivered: Result<Vec<Option<Delivered>>, Waiting> = events.iter().map(deliver).collect();
    Ok(delivered?.into_iter().flatten().collect())
}

impl Outcome {
    fn events(&self) -> &[Mapped] {
        match self {
            Outcome::Events(events) => events,
            Outcome::Ignored(_) | Outcome::Failed(_) => &[],
        }
    }

    /// The purchases whose customers have to be found.
    pub fn purchases(&self) -> impl Iterator<Item = &Id> {
        self.events().iter().filter_map(Mapped::purchase)
    }

    /// The fields of the other system's event that did not fit, and were left out.
    pub fn unfit(&self) -> impl Iterator<Item = &LeftOut> {
        self.events().iter().flat_map(|mapped| &mapped.unfit)
    }

    /// The events with their customers; see [`Outcome::Events`].
    pub fn resolved(&self, find: impl Fn(&Id) -> Option<Id>) -> Resolved {
        resolve(self.events(), find)
    }
}

impl Source {
    /// What becomes of an incoming event: a pure function of it and the settings.
    pub fn map(&self, incoming: &Incoming<'_>) -> Outcome {
        match self.made(incoming) {
            Ok(outcome) => outcome,
            Err(why) => Outcome::Failed(why),
        }
    }

    fn made(&self, incoming: &Incoming<'_>) -> Result<Outcome, String> {
        let shape: &Shape = match incoming.way {
            Way::Bus => &self.mapping.of_bus,
            Way::Webhook => &self.mapping.of_webhook,
        };
        let detail = shape.read(incoming.detail)?;
        let bus = self.bus.as_ref().filter(|_| incoming.way == Way::Bus);
        let part = |name: Option<&String>| name.map(|name| detail.field(name));
        let payload = part(bus.and_then(|bus| bus.payload.as_ref()));
        let of_bus = part(bus.and_then(|bus| bus.headers.as_ref()));
        let payload = payload.unwrap_or_else(|| detail.clone());
        let headers = in_small_letters(&of_bus.unwrap_or(Value::Absent), incoming.headers);
        let roots = Roots {
            detail: &detail,
            payload: &payload,
            headers: &headers,
            setting: &self.settings.values,
            topic: Value::Absent,
            detail_type: incoming.detail_type.map_or(Value::Absent, Value::text),
            received_at: Value::text(incoming.received_at.to_string()),
            prefix: &self.settings.prefix,
        };
        let mut run = Run::new(roots, &self.mapping.named);
        self.by_topic(&mut run)
    }

    fn by_topic<'a>(&'a self, run: &mut Run<'a>) -> Result<Outcome, String> {
        let mapping = &self.mapping;
        let topic = run.value(&mapping.topic).map_err(|why| format!("topic: {why}"))?;
        let name = topic.as_text().unwrap_or_default();
        run.set_topic(topic);
        for (condition, name) in &mapping.ignore {
            if run.holds(condition).map_err(|why| format!("ignore: {why}"))? {
                return Ok(Outcome::Ignored(name.clone()));
            }
        }
        let makers = match mapping.topics.get(&*name) {
            None => return Ok(Outcome::Ignored(unknown_topic(&name))),
            Some(Topic::Ignored(why)) => return Ok(Outcome::Ignored(why.clone())),
            Some(Topic::Makes(makers)) => makers,
        };
        for (condition, because) in &mapping.fail {
            if run.holds(condition).map_err(|why| format!("fail: {why}"))? {
                return Err(because.clone());
            }
        }
        let (mut events, mut otherwise) = (Vec::new(), None);
        for place in makers {
            let Some(maker) = mapping.makers.get(*place) else { continue };
            let before = events.len();
            make(maker, run, &mut events)?;
            if events.len() == before {
                otherwise = otherwise.or(maker.otherwise.as_ref());
            }
        }
        Ok(match events.is_empty() {
            true => Outcome::Ignored(otherwise.cloned().unwrap_or_else(|| "nothing new".into())),
            false => Outcome::Events(events),
        })
    }
}

/// A topic's name may be anything that somebody sent.
fn unknown_topic(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/ ".contains(c);
    let name: String = name.chars().take(80).filter(|c| is_plain(*c)).collect();
    match name.is_empty() {
        true => "no topic".to_owned(),
        false => format!("unknown topic {name}"),
    }
}

/// Makes the events of one maker.
fn make<'a>(maker: &'a Maker, run: &mut Run<'a>, events: &mut Vec<Mapped>) -> Result<(), String> {
    let told = |why: Stop| format!("{}: {why}", maker.kind);
    run.begin_with(Value::Absent, maker.own.clone());
    let elements = match &maker.each {
        None => vec![Value::Absent],
        Some(each) => match run.value(each).map_err(told)? {
            Value::List(list) => list.to_vec(),
            Value::Absent | Value::Null => Vec::new(),
            _ => return Err(told("what it is made of each is no list")),
        },
    };
    for element in elements {
        run.begin_with(element, maker.own.clone());
        if let Some(condition) = &maker.condition
            && !run.holds(condition).map_err(told)?
        {
            continue;
        }
        let Some(mapped) = one(maker, run)? else { continue };
        if events.len() == EVENTS_MAX {
            return Err(format!("makes more than {EVENTS_MAX} events"));
        }
        // What does not fit is found before anything is taken.
        let anybody = mapped.purchase.clone();
        mapped.deliver(anybody.as_ref()).map_err(|why| with_unfit(&why, &mapped.unfit))?;
        events.push(mapped);
    }
    Ok(())
}

/// Why an event does not fit, and which fields were left out of it: what is missing may
/// be one that was there and did not fit.
fn with_unfit(why: &BadEvent, unfit: &[LeftOut]) -> String {
    let whys = std::iter::once(why.to_string()).chain(unfit.iter().map(ToString::to_string));
    whys.collect::<Vec<_>>().join("; ")
}

/// Makes one event; `None` where it is about nobody, or says nothing.
fn one<'a>(maker: &'a Maker, run: &mut Run<'a>) -> Result<Option<Mapped>, String> {
    let (mut fields, mut unfit) = (Vec::with_capacity(maker.detail.len()), Vec::new());
    run.unfit.clear();
    for (name, node) in &maker.detail {
        let value = run.value(node).map_err(|why| format!("{}.{name}: {why}", maker.kind))?;
        let why = std::mem::take(&mut run.unfit);
        match value {
            Value::Absent => {
                // What another value stands in for is not missed.
                let left_out = |why: &str| LeftOut { path: name.to_string(), why: why.to_owned() };
                unfit.extend(why.first().map(|why| left_out(why)));
            }
            Value::Null if !maker.clears.iter().any(|clear| **clear == **name) => {}
            value => fields.push((name.clone(), value)),
        }
    }
    let id = |wanted: &str| told(&fields, wanted).and_then(Value::as_text);
    let is_of_purchase =
        matches!(maker.kind, EventKind::PurchaseRefunded | EventKind::PurchaseDelivered);
    let purchase = match (id(CUSTOMER), id(PURCHASE)) {
        (Some(_), _) => None,
        // Of published content nobody is the customer.
        (None, _) if maker.kind == EventKind::ContentPublished => None,
        (None, Some(purchase)) if is_of_purchase => {
            Some(Id::new(&purchase).map_err(|why| format!("{}.{PURCHASE}: {why}", maker.kind))?)
        }
        (None, _) => return Ok(None),
    };
    if let Some(needed) = maker.needs.iter().find(|needed| told(&fields, needed).is_none()) {
        let why =
            unfit.iter().find(|one| one.path == **needed).map_or("is missing", |one| &one.why);
        return Err(format!("{}: {needed}: {why}", maker.kind));
    }
    let says_nothing = maker.kind == EventKind::CustomerUpdated
        && fields.iter().all(|(name, _)| matches!(&**name, CUSTOMER | OCCURRED));
    Ok((!says_nothing).then_some(Mapped { kind: maker.kind, fields, purchase, unfit }))
}

/// What an event tells in a field.
fn told<'f>(fields: &'f [(Arc<str>, Value)], wanted: &str) -> Option<&'f Value> {
    fields.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value)
}

/// The headers by their names in small letters, as every sender may write them.
fn in_small_letters(of_bus: &Value, of_webhook: &[(String, String)]) -> Value {
    let of_webhook = of_webhook
        .iter()
        .map(|(name, value)| (Arc::from(name.to_ascii_lowercase()), Value::text(value.as_str())));
    let of_bus = match of_bus {
        Value::Object(fields) => fields.as_slice(),
        _ => &[],
    };
    let of_bus =
        of_bus.iter().map(|(name, value)| (Arc::from(name.to_ascii_lowercase()), value.clone()));
    Value::Object(Arc::new(of_bus.chain(of_webhook).collect()))
}
