//! What a template may name: the customer's state, as people read it.

use std::collections::BTreeMap;
use std::fmt;

use cel::Value as Cel;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json, json};

use crate::decide::{CallFacts, celebrated_on, period_begin};
use crate::history::{Purchase, Until};
use crate::instant::Instant;
use crate::money::parse_amount;
use crate::policy::Brand;
use crate::rule::{SurveyKind, Trigger};
use crate::rulebook::RuleBook;
use crate::touch::TouchId;
use crate::view::{CUSTOMER_FIELDS, View};

/// What a message's templates may name. Personal: `Debug` does not show it.
///
/// | name | holds |
/// |---|---|
/// | `customer` | the fields of conditions, and `given_name`, `family_name`, `email`, `phone`; `currency`, that of their amounts |
/// | `event` | the trigger's detail; empty where no event triggered the rule |
/// | `purchase` | the latest: `id`, `total`, `items`, `at`, `sold_by` |
/// | `last_contact` | `at`, `channel`, `kind`, `note` |
/// | `occasion` | in rules of an occasion: `name`, `date`, `years` |
/// | `period` | in rules with `every`, of the period that ended: `from`, `until`, and how many `purchases`, `delivered`, `resolved` |
/// | `brand` | `name`, `from`, `reply_to`, `postal_address`, `logo_url` |
/// | `links` | `unsubscribe` |
/// | `rep` | `name` |
/// | `call` | in scripts of calls: `attempt`, `attempts`, `leave_message`, and where they are known `next_on`, the day of the next attempt, and `then`, what goes out if this last one reaches nobody |
/// | `survey` | in mails that ask for an answer: `kind`, and `answers` with `score` and `url` |
/// | `locale` | the language that the message is written in |
///
/// What is not known is absent, so that `default(…)` stands in for it. Dates
/// are the customer's local ones, as `2026-11-21`.
#[derive(Clone, PartialEq)]
pub struct Context(pub(super) Json);

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What a message needs to know besides the customer's state.
#[derive(Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Who acts on a call or a task, as rules name them; templates get the name that
    /// the policy gives them.
    pub rep: &'a str,
    /// Where the customer can say no; marketing mail always carries it.
    pub unsubscribe: Option<&'a str>,
    /// What is celebrated, for a rule of an occasion; otherwise `None`.
    pub occasion: Option<Occasion<'a>>,
    /// The period that has ended, for a rule with `every`; otherwise `None`.
    pub period: Option<Period>,
    /// Which attempt at a call it is.
    pub call: Option<CallFacts>,
    /// The links of the mail's survey; `None` where it asks for no answer.
    pub survey: Option<&'a SurveyLinks>,
}

/// How a mail's survey is answered: a link for each score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SurveyLinks {
    /// What is asked; it sets the scale of the scores.
    pub kind: SurveyKind,
    /// In the order of the scale.
    pub answers: Vec<(u8, String)>,
}

/// The occasion that a rule celebrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occasion<'a> {
    /// `birthday`, or the anniversary's name.
    pub name: &'a str,
    /// The day on which it is celebrated, which for 29 February the policy tells.
    pub date: Date,
    /// How many years it has been; unknown where the date has no year.
    pub years: Option<i16>,
}

impl<'a> Occasion<'a> {
    /// The customer's occasion in a year: the occurrence of the touch. `None`
    /// where the customer has no such date.
    pub fn of(view: &View, name: &'a str, year: i16) -> Option<Occasion<'a>> {
        let began = view.customer.occasion(name, &view.zone)?;
        let date = celebrated_on(began, year, view.policy.leap_day)?;
        Some(Occasion { name, date, years: began.year.map(|began| year - began) })
    }

    /// What is celebrated with a touch; `None` where no occasion started it.
    pub fn of_touch(view: &View, touch: &TouchId, book: &'a RuleBook) -> Option<Occasion<'a>> {
        match &book.rule(&touch.rule)?.trigger {
            Trigger::Occasion { name, .. } => {
                Occasion::of(view, name, touch.occurrence.parse().ok()?)
            }
            Trigger::Event(_) | Trigger::Stage(_) | Trigger::Every { .. } => None,
        }
    }
}

/// The days that a digest tells of: from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day of the period.
    pub from: Date,
    /// The last day of the period, which is part of it.
    pub until: Date,
}

impl Period {
    /// The period that ended when that of a touch began; `None` where no period
    /// started it.
    pub fn of_touch(touch: &TouchId, book: &RuleBook) -> Option<Period> {
        let Trigger::Every { period, on_day } = book.rule(&touch.rule)?.trigger else {
            return None;
        };
        let until = touch.occurrence.parse::<Date>().ok()?.yesterday().ok()?;
        Some(Period { from: period_begin(period, on_day, until)?, until })
    }

    fn includes(self, at: Instant, zone: &TimeZone) -> bool {
        (self.from..=self.until).contains(&at.date_in(zone))
    }

    /// What was done for the customer in it.
    fn json(self, view: &View) -> Json {
        let within = |at: &Instant| self.includes(*at, &view.zone);
        let history = &view.customer.history;
        let delivered = history.purchases.iter().filter_map(|purchase| purchase.delivered_at);
        json!({
            "from": self.from.to_string(),
            "until": self.until.to_string(),
            "purchases": history.kept(Until::ALL).filter(|p| within(&p.at)).count(),
            "delivered": delivered.filter(within).count(),
            "resolved": view.customer.complaints.resolutions().filter(within).count(),
        })
    }
}

/// What the templates of a touch may name.
pub fn context(view: &View, facts: &Facts) -> Context {
    let zone = &view.zone;
    let mut root = json!({
        "customer": customer(view),
        "event": event(view),
        "brand": brand(&view.policy.brand),
        "rep": { "name": view.policy.called(facts.rep) },
        "links": { "unsubscribe": facts.unsubscribe },
        "purchase": view.customer.history.latest().map(|latest| purchase(latest, zone)),
    });
    if let Some(contact) = view.customer.contacts.last() {
        root["last_contact"] = json!({
            "at": contact.at.date_in(zone).to_string(),
            "channel": contact.channel,
            "kind": contact.kind,
            "note": contact.note,
        });
    }
    if let Some(occasion) = facts.occasion {
        root["occasion"] = json!({
            "name": occasion.name,
            "date": occasion.date.to_string(),
            "years": occasion.years,
        });
    }
    if let Some(period) = facts.period {
        root["period"] = period.json(view);
    }
    if let Some(links) = facts.survey {
        root["survey"] = survey(links);
    }
    if let Some(call) = facts.call {
        root["call"] = self::call(&call);
    }
    Context(root)
}

/// The survey of a mail, as its template names it.
pub(super) fn survey(links: &SurveyLinks) -> Json {
    let answers = links.answers.iter();
    let answers: Vec<Json> =
        answers.map(|(score, url)| json!({ "score": score, "url": url })).collect();
    json!({ "kind": links.kind.as_str(), "answers": answers })
}

/// A message is left on the last attempt but one: it names the day of the last.
pub(super) fn call(call: &CallFacts) -> Json {
    json!({
        "attempt": call.attempt,
        "attempts": call.attempts,
        "leave_message": call.attempts == 1 || call.attempt + 1 == call.attempts,
        "next_on": call.next_on.map(|day| day.to_string()),
        "then": call.then,
    })
}

fn customer(view: &View) -> Json {
    let known = CUSTOMER_FIELDS.iter();
    let known = known.map(|field| {
        let value = (field.get)(view).map(|value| cel_json(&value, &view.zone));
        (field.name.to_owned(), value.unwrap_or_default())
    });
    Json::Object(known.collect())
}

fn event(view: &View) -> Json {
    let detail = view.event.and_then(|detail| serde_json::from_str(&detail.0).ok());
    let mut detail = detail.unwrap_or_else(|| json!({}));
    localize(&mut detail, &view.zone);
    detail
}

/// Turns the instants of a detail (`occurred_at`) into the customer's dates.
pub(super) fn localize(detail: &mut Json, zone: &TimeZone) {
    match detail {
        Json::Object(fields) => {
            for (name, value) in fields {
                let instant = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
                match instant.filter(|_| name.ends_with("_at")) {
                    Some(at) => *value = zone.to_datetime(at).date().to_string().into(),
                    None => localize(value, zone),
                }
            }
        }
        Json::Array(values) => values.iter_mut().for_each(|value| localize(value, zone)),
        _ => {}
    }
}

fn purchase(purchase: &Purchase, zone: &TimeZone) -> Json {
    json!({
        "id": purchase.id,
        "total": { "amount": purchase.total.to_string(), "currency": purchase.currency },
        "items": purchase.items,
        "at": purchase.at.date_in(zone).to_string(),
        "sold_by": purchase.sold_by,
    })
}

/// The brand block; what the policy leaves empty is as good as absent.
pub(super) fn brand(brand: &Brand) -> Json {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    json!({
        "name": brand.name,
        "from": brand.from,
        "reply_to": given(&brand.reply_to),
        "postal_address": brand.postal_address,
        "logo_url": given(&brand.logo_url),
    })
}

/// A value of conditions as JSON; instants become local dates.
pub(super) fn cel_json(value: &Cel, zone: &TimeZone) -> Json {
    match value {
        Cel::Bool(value) => json!(value),
        Cel::Int(value) => json!(value),
        Cel::UInt(value) => json!(value),
        Cel::Float(value) => json!(value),
        Cel::String(value) => json!(**value),
        Cel::List(values) => values.iter().map(|value| cel_json(value, zone)).collect(),
        Cel::Map(map) => {
            let entries = map.map.iter();
            Json::Object(
                entries.map(|(key, value)| (key.to_string(), cel_json(value, zone))).collect(),
            )
        }
        Cel::Timestamp(at) => {
            let at = Instant::from_millis(at.timestamp_millis());
            json!(at.date_in(zone).to_string())
        }
        _ => Json::Null,
    }
}

/// An amount of money as a number to compare and reckon with. A float, also where
/// it is whole: what is reckoned with it is told from what is counted.
fn amount(fields: &Map<String, Json>, name: &str) -> Option<f64> {
    let text = fields.get(name).filter(|_| name == "amount")?.as_str()?;
    fields.get("currency")?.as_str()?;
    parse_amount(text).ok()?;
    text.parse().ok()
}

/// How the floats of a context are told: an amount as it came, any other without
/// zeros behind it.
pub(super) fn told(json: &Json, found: &mut Vec<(f64, String)>) {
    match json {
        Json::Number(number) if !number.is_i64() => {
            found.extend(number.as_f64().map(|float| (float, float.to_string())));
        }
        Json::Array(values) => values.iter().for_each(|value| told(value, found)),
        Json::Object(fields) => {
            for (name, field) in fields {
                match (amount(fields, name), field.as_str()) {
                    (Some(float), Some(text)) => found.insert(0, (float, text.to_owned())),
                    _ => told(field, found),
                }
            }
        }
        _ => {}
    }
}

/// JSON as MiniJinja takes it. What is `null` is left out, so that strict mode
/// finds it and `default(…)` fills it; a whole number prints without decimals.
pub(super) fn value(json: &Json) -> minijinja::Value {
    match json {
        Json::Null => minijinja::Value::UNDEFINED,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => {
                (float as i64).into()
            }
            (None, float) => float.unwrap_or(f64::NAN).into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(values) => values.iter().filter(|json| !json.is_null()).map(value).collect(),
        Json::Object(fields) => {
            let known = fields.iter().filter(|(_, value)| !value.is_null());
            let known: BTreeMap<String, minijinja::Value> = known
                .map(|(name, field)| match amount(fields, name) {
                    Some(amount) => (name.clone(), amount.into()),
                    None => (name.clone(), value(field)),
                })
                .collect();
            known.into()
        }
    }
}

/// The name under which a context tells how its floats are written: with a blank,
/// so that no template can name it.
pub(super) const TOLD: &str = "floats told";

/// How the floats of a context are written.
#[derive(Debug)]
pub(super) struct Told(pub Vec<(f64, String)>);

impl minijinja::value::Object for Told {}

impl Context {
    /// The values, with the language that the message is written in.
    pub(super) fn values(&self, language: &str) -> minijinja::Value {
        let mut root = self.0.clone();
        if let Json::Object(fields) = &mut root {
            fields.insert("locale".into(), language.into());
        }
        let mut floats = Vec::new();
        told(&root, &mut floats);
        let floats = minijinja::Value::from_object(Told(floats));
        let hidden = BTreeMap::from([(TOLD.to_owned(), floats)]);
        minijinja::value::merge_maps([value(&root), hidden.into()])
    }

    /// A customer's preferred language, where one is known.
    pub fn customer_locale(&self) -> Option<&str> {
        self.0.get("customer")?.get("locale")?.as_str()
    }
}
