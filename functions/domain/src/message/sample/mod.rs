//! Made-up customers: for previews, and for the check to render templates with
//! everything known, with as little as may be, and with each part missing.

mod given;
mod of_schema;
mod vocabulary;

use serde_json::{Map, Value as Json, json};

use super::context::{Context, SurveyLinks, brand, call, survey};
use crate::channel::{AddressField, Channel, Purpose};
use crate::decide::CallFacts;
use crate::event::EventKind;
use crate::policy::Policy;
use crate::rule::{SurveyKind, Trigger};
use crate::stage::Stage;
use crate::view::{CUSTOMER_FIELDS, Known};
pub use given::{BadSample, NoPreview, context_from_json, context_of, sample_context};
pub use vocabulary::{Variable, staff_variables, variables};

/// The detail of an event of which all is told.
pub(crate) fn event_sample(kind: EventKind) -> Json {
    of_schema::event(kind, "MXN").full
}

/// The names at the top of a context.
pub(super) const NAMES: [&str; 15] = [
    "customer",
    "event",
    "purchase",
    "last_contact",
    "occasion",
    "period",
    "brand",
    "links",
    "rep",
    "survey",
    "call",
    "complaint",
    "digest",
    "staff",
    "locale",
];

/// What a template is used for, which decides what it may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use<'a> {
    pub trigger: Option<&'a Trigger>,
    pub channel: Channel,
    pub purpose: Purpose,
    pub survey: Option<SurveyKind>,
}

/// A way in which another customer may differ.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What is set, or taken away; `*` stands for each of a list.
    sets: Vec<(Vec<String>, Option<Json>)>,
}

pub(super) struct Samples {
    /// Everything is known.
    pub full: Context,
    /// Only what is always known.
    pub bare: Context,
    pub changes: Vec<Change>,
}

impl Change {
    pub fn new(path: &[&str], value: Option<Json>) -> Change {
        let path = path.iter().map(|step| (*step).to_owned()).collect();
        Change { sets: vec![(path, value)] }
    }

    /// Whether a template that reads so could tell the difference.
    pub fn matters_to(&self, text: &str) -> bool {
        let field = |path: &[String]| path.iter().rev().find(|step| *step != "*").cloned();
        self.sets.iter().filter_map(|(path, _)| field(path)).any(|field| text.contains(&field))
    }

    pub fn applied_to(&self, context: &Context) -> Context {
        let mut changed = context.clone();
        for (path, value) in &self.sets {
            set(&mut changed.0, path, value.as_ref());
        }
        changed
    }
}

fn set(json: &mut Json, path: &[String], value: Option<&Json>) {
    match (json, path) {
        (Json::Object(fields), [last]) => match value {
            Some(value) => drop(fields.insert(last.clone(), value.clone())),
            None => drop(fields.remove(last)),
        },
        (Json::Object(fields), [first, rest @ ..]) => {
            if let Some(inner) = fields.get_mut(first) {
                set(inner, rest, value);
            }
        }
        (Json::Array(values), [_, rest @ ..]) => {
            values.iter_mut().for_each(|inner| set(inner, rest, value));
        }
        _ => {}
    }
}

impl Samples {
    pub fn of(policy: &Policy, used: &Use) -> Samples {
        let currency = policy.currency.map_or("MXN".to_owned(), |currency| currency.to_string());
        let mut made = Made { changes: Vec::new(), full: Map::new(), bare: Map::new() };
        made.customer(policy, &currency, used.channel);
        made.purchase(&currency, used.trigger);
        made.last_contact();
        made.occasion(used.trigger);
        made.period(used.trigger);
        made.event(&currency, used.trigger);
        made.call(used.channel);
        let unsubscribe = json!({ "unsubscribe": "https://links.example.com/unsubscribe/sample" });
        made.both("brand", brand(&policy.brand));
        made.both("rep", json!({ "name": "Bruno Ibarra" }));
        if let Some(kind) = used.survey {
            let url = |score| format!("https://links.example.com/s/sample/{score}");
            let answers = kind.scale().map(|score| (score, url(score))).collect();
            made.both("survey", survey(&SurveyLinks { kind, answers }));
        }
        made.full.insert("links".into(), unsubscribe.clone());
        made.bare.insert("links".into(), unsubscribe);
        if used.purpose == Purpose::Service {
            made.bare.insert("links".into(), json!({}));
            made.changes.push(Change::new(&["links", "unsubscribe"], None));
        }
        Samples {
            full: Context(made.full.into()),
            bare: Context(made.bare.into()),
            changes: made.changes,
        }
    }
}

/// The names of `customer`'s fields that are there when others are.
fn fields_known(known: Known) -> impl Iterator<Item = &'static str> {
    CUSTOMER_FIELDS.iter().filter(move |field| field.known == known).map(|field| field.name)
}

fn of_customer(field: &str, value: Option<Json>) -> (Vec<String>, Option<Json>) {
    (vec!["customer".to_owned(), field.to_owned()], value)
}

/// A customer who never bought, or gave all back: one difference, since these
/// go together. Their amounts are in the shop's currency, where it names one.
fn never_bought(policy: &Policy) -> Change {
    let gone = |field: &&str| *field != "currency" || policy.currency.is_none();
    let gone = fields_known(Known::OfBuyers).filter(gone);
    let mut sets: Vec<_> = gone.map(|field| of_customer(field, None)).collect();
    sets.push(of_customer("total_spent", Some(json!(0))));
    sets.push(of_customer("purchases", Some(json!(0))));
    sets.push(of_customer("categories", Some(json!([]))));
    sets.push(of_customer("stage", Some(json!(Stage::Exploration))));
    Change { sets }
}

/// Customers who bought, by stage, whatever else is known of them.
fn has_bought_changes(customer: &Json, purchase: &Json) -> Vec<Change> {
    let stages = [
        (Stage::Exploration, 1),
        (Stage::Awareness, 1),
        (Stage::Expansion, 2),
        (Stage::Commitment, 4),
        (Stage::Dissolution, 2),
    ];
    let change = |(stage, purchases): (Stage, u8)| {
        let known = fields_known(Known::OfBuyers);
        let known = known.map(|field| of_customer(field, Some(customer[field].clone())));
        let mut sets: Vec<_> = known.collect();
        sets.push(of_customer("purchases", Some(json!(purchases))));
        sets.push(of_customer("stage", Some(json!(stage))));
        sets.push((vec!["purchase".to_owned()], Some(purchase.clone())));
        Change { sets }
    };
    stages.into_iter().map(change).collect()
}

/// Samples in the making.
struct Made {
    full: Map<String, Json>,
    bare: Map<String, Json>,
    changes: Vec<Change>,
}

impl Made {
    fn both(&mut self, name: &str, value: Json) {
        self.full.insert(name.into(), value.clone());
        self.bare.insert(name.into(), value);
    }

    fn customer(&mut self, policy: &Policy, currency: &str, channel: Channel) {
        let fields = CUSTOMER_FIELDS.iter();
        let mut full: Json =
            fields.map(|field| (field.name.to_owned(), (field.sample)())).collect();
        full["currency"] = currency.into();
        let always = channel.address().map(AddressField::as_str);
        let missing = fields_known(Known::Sometimes).filter(|field| Some(*field) != always);
        let mut unknown: Vec<Change> =
            missing.map(|field| Change::new(&["customer", field], None)).collect();
        unknown.push(Change::new(&["customer", "interests"], Some(json!([]))));
        unknown.push(never_bought(policy));
        let mut bare = Context(json!({ "customer": full.clone() }));
        for change in &unknown {
            bare = change.applied_to(&bare);
        }
        self.changes.append(&mut unknown);
        self.changes.push(Change::new(&["customer", "categories"], Some(json!([]))));
        let mut offer = |field: &str, value: Json| {
            self.changes.push(Change::new(&["customer", field], Some(value)));
        };
        offer("stage", json!(Stage::Ended));
        policy.relationships.keys().for_each(|kind| offer("relationship", json!(kind)));
        [1, 3].iter().for_each(|score| offer("last_csat", json!(score)));
        [0, 7].iter().for_each(|score| offer("last_nps", json!(score)));
        offer("open_complaints", json!(1));
        offer("complaints", json!(0));
        self.full.insert("customer".into(), full);
        self.bare.insert("customer".into(), bare.0["customer"].take());
    }

    fn purchase(&mut self, currency: &str, trigger: Option<&Trigger>) {
        let item = |sku: &str, name: &str, quantity: u8| {
            json!({
                "sku": sku, "name": name, "category": "lamps", "quantity": quantity,
                "unit_price": { "amount": "430.00", "currency": currency },
            })
        };
        let full = json!({
            "id": "pur-00981", "total": { "amount": "1290.00", "currency": currency },
            "items": [
                item("LA-401", "Lámpara de mesa Lumbre", 1),
                item("LA-430", "Aplique de latón Noche", 2),
            ],
            "at": "2026-11-20", "sold_by": "Bruno Ibarra",
        });
        let has_bought = match trigger {
            Some(Trigger::Event(kind)) => *kind == EventKind::PurchaseCompleted,
            Some(Trigger::Stage(stage)) => !matches!(stage, Stage::Exploration | Stage::Ended),
            _ => false,
        };
        if has_bought {
            let mut bare = full.clone();
            bare["items"] = json!([]);
            set(&mut bare, &["sold_by".to_owned()], None);
            self.bare.insert("purchase".into(), bare);
        } else {
            self.changes.push(Change::new(&["purchase"], None));
        }
        self.changes.extend(has_bought_changes(&self.full["customer"], &full));
        self.full.insert("purchase".into(), full);
        self.changes.extend([
            Change::new(&["purchase", "sold_by"], None),
            Change::new(&["purchase", "items"], Some(json!([]))),
            Change::new(&["purchase", "items", "*", "category"], None),
            Change::new(&["purchase", "items", "*", "unit_price"], None),
            // Another one than the event is about.
            Change::new(&["purchase", "id"], Some(json!("pur-01204"))),
        ]);
    }

    fn last_contact(&mut self) {
        let contact = json!({
            "at": "2026-10-02", "channel": "call", "kind": "contact",
            "note": "Prefiere que le llamen por la tarde.",
        });
        self.full.insert("last_contact".into(), contact);
        self.changes.push(Change::new(&["last_contact"], None));
        self.changes.push(Change::new(&["last_contact", "note"], None));
    }

    fn occasion(&mut self, trigger: Option<&Trigger>) {
        let Some(Trigger::Occasion { name, .. }) = trigger else {
            return;
        };
        let day = json!({ "name": name, "date": "2026-11-28" });
        self.both("occasion", day);
        if let Some(Json::Object(occasion)) = self.full.get_mut("occasion") {
            occasion.insert("years".into(), json!(5));
        }
        self.changes.push(Change::new(&["occasion", "years"], None));
        self.changes.push(Change::new(&["occasion", "years"], Some(json!(1))));
    }

    fn call(&mut self, channel: Channel) {
        if !channel.has_attempts() {
            return;
        }
        let next_on = jiff::civil::date(2026, 11, 24);
        let facts = |attempt, attempts, next_on| {
            let then = (attempt == attempts && attempts > 1).then_some(Channel::Email);
            call(&CallFacts { attempt, attempts, next_on, then })
        };
        self.full.insert("call".into(), facts(2, 3, Some(next_on)));
        self.bare.insert("call".into(), facts(1, 1, None));
        for other in [facts(1, 3, Some(next_on)), facts(3, 3, None), facts(2, 2, None)] {
            self.changes.push(Change::new(&["call"], Some(other)));
        }
    }

    fn period(&mut self, trigger: Option<&Trigger>) {
        let Some(Trigger::Every { .. }) = trigger else {
            return;
        };
        let mut period = json!({
            "from": "2026-10-01", "until": "2026-10-31",
            "purchases": 2, "delivered": 1, "resolved": 1,
        });
        self.full.insert("period".into(), period.clone());
        for count in ["purchases", "delivered", "resolved"] {
            self.changes.push(Change::new(&["period", count], Some(json!(2))));
            period[count] = json!(0);
        }
        self.bare.insert("period".into(), period);
    }

    fn event(&mut self, currency: &str, trigger: Option<&Trigger>) {
        match trigger {
            Some(Trigger::Event(kind)) => {
                let made = of_schema::event(*kind, currency);
                self.full.insert("event".into(), made.full);
                self.bare.insert("event".into(), made.bare);
                self.changes.extend(made.changes);
            }
            _ => self.both("event", json!({})),
        }
    }
}
