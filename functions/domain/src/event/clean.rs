//! A detail whose optional fields do not all fit: those are left out and told,
//! and the event counts without them.
//!
//! Which fields are optional, and of which type their texts are, the published
//! schema tells: what it says is what is done.

use std::fmt;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body::NAME_CHARS_MAX;
use super::{BadEvent, EventKind, Line, impersonal, schema, text};

/// How many fields of one event may be left out.
const LEFT_OUT_MAX: usize = 1_000;

/// A step from an object or a list to what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Field(String),
    Element(usize),
}

/// Where a value stands in an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

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
    pub path: String,
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
/// [`BadEvent::Field`] where a required field does not fit.
pub(super) fn clean<T: DeserializeOwned>(
    kind: EventKind,
    mut detail: Value,
    check: fn(&T) -> Result<(), Unfit>,
) -> Result<Cleaned<T>, BadEvent> {
    let root = schema_of(kind);
    let (mut left_out, mut gone) = (Vec::new(), Vec::new());
    mend(root, root, &mut detail, &mut Path::default(), &mut left_out);
    loop {
        let unfit = match decode::<T>(&detail) {
            Ok(body) => match check(&body) {
                Ok(()) => {
                    no_answer_without_a_score(kind, &detail, &left_out)?;
                    return Ok(Cleaned { body, detail, left_out });
                }
                Err(unfit) => unfit,
            },
            Err(unfit) => unfit,
        };
        let why = reason(root, &unfit);
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
            None => return Err(BadEvent::Field { kind, path, why }),
        }
    }
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
fn schema_of(kind: EventKind) -> &'static Value {
    static SCHEMAS: [OnceLock<Value>; EventKind::ALL.len()] =
        [const { OnceLock::new() }; EventKind::ALL.len()];
    SCHEMAS[kind as usize].get_or_init(|| schema(kind).to_value())
}

/// Follows `$ref`, and of a type or null takes the type.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
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
fn behind<'a>(root: &'a Value, schema: &'a Value, step: &Step) -> &'a Value {
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
        Some(LeftOut { path, why }) if kind == EventKind::SurveyAnswered && has_none => {
            Err(BadEvent::Field { kind, path: path.clone(), why: why.clone() })
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

/// Brings texts and numbers into the form in which they are kept, by the types
/// that the schema names, and lists and maps to the length that they may have.
fn mend(
    root: &Value,
    schema: &Value,
    value: &mut Value,
    path: &mut Path,
    left_out: &mut Vec<LeftOut>,
) {
    let schema = resolve(root, schema);
    match value {
        Value::String(text) => {
            // An attribute's text is one of several types.
            let options = schema["anyOf"].as_array().into_iter().flatten();
            let mut titles = std::iter::once(schema).chain(options).map(|one| &one["title"]);
            let mended = titles.find_map(|title| text::mended(title.as_str()?, text));
            if let Some(mended) = mended {
                *text = mended;
            }
        }
        Value::Number(number) => {
            let is_integer = match &schema["type"] {
                Value::Array(types) => types.contains(&"integer".into()),
                one => one == "integer",
            };
            let whole = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0);
            if let Some(whole) = whole.filter(|whole| is_integer && whole.abs() < 1e15) {
                *number = (whole as i64).into();
            }
        }
        Value::Array(list) => {
            let most = schema["maxItems"].as_u64().map_or(usize::MAX, |most| most as usize);
            if list.len() > most {
                let why = format!("has {} entries, the first {most} are taken", list.len());
                left_out.push(LeftOut { path: path.to_string(), why });
                list.truncate(most);
            }
            for (index, one) in list.iter_mut().enumerate() {
                path.push(Step::Element(index));
                mend(root, &schema["items"], one, path, left_out);
                path.pop();
            }
        }
        Value::Object(object) => {
            if schema.get("additionalProperties").is_some() {
                shorten(schema, object, path, left_out);
            }
            for (name, one) in object.iter_mut() {
                let step = Step::Field(name.clone());
                let field = behind(root, schema, &step);
                path.push(step);
                mend(root, field, one, path, left_out);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Leaves out of a map what has no name that can be kept, and what is too many.
fn shorten(
    schema: &Value,
    object: &mut serde_json::Map<String, Value>,
    path: &Path,
    left_out: &mut Vec<LeftOut>,
) {
    object.retain(|name, _| {
        let why = match Line::new(name.as_str()) {
            Err(why) => why.to_string(),
            Ok(_) if name.chars().count() > NAME_CHARS_MAX => {
                format!("has more than {NAME_CHARS_MAX} characters")
            }
            Ok(_) => return true,
        };
        left_out.push(LeftOut { path: path.to_string(), why: format!("a name in it {why}") });
        false
    });
    let most = schema["maxProperties"].as_u64().map_or(usize::MAX, |most| most as usize);
    if object.len() > most {
        let why = format!("has {} entries, the first {most} by name are taken", object.len());
        left_out.push(LeftOut { path: path.to_string(), why });
        let beyond: Vec<String> = object.keys().skip(most).cloned().collect();
        beyond.iter().for_each(|name| drop(object.remove(name)));
    }
}

/// Why something does not fit, without its value.
fn reason(root: &Value, unfit: &Unfit) -> String {
    let schema = unfit.path.0.iter().fold(root, |schema, step| behind(root, schema, step));
    match schema["format"].as_str() {
        Some("date-time") => {
            "is no RFC 3339 date-time with offset such as 2026-11-20T10:15:00-06:00".into()
        }
        Some("date") => "is no date such as 2026-11-24".into(),
        _ => impersonal(&unfit.why),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::event::{Body, Delivered, from_wire};

    use super::*;

    fn event(kind: &str, more: Value) -> Result<Delivered, BadEvent> {
        let mut detail = json!({ "customer_id": "ana", "occurred_at": "2026-03-01T12:00:00Z" });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        from_wire(&json!({ "detail-type": kind, "detail": detail }).to_string())
    }

    /// What is left out, and what is kept.
    fn kept(kind: &str, more: Value) -> (Vec<String>, Value) {
        let delivered = event(kind, more).unwrap();
        let told = delivered.left_out.iter().map(ToString::to_string).collect();
        let mut detail: Value = serde_json::from_str(&delivered.event.detail.0).unwrap();
        detail.as_object_mut().unwrap().retain(|name, _| {
            !["customer_id", "occurred_at", "purchase_id", "total"].contains(&name.as_str())
        });
        (told, detail)
    }

    #[test]
    fn a_profile_keeps_the_fields_that_fit() {
        let (told, detail) = kept(
            "CustomerUpdated",
            json!({
                "name": { "given": "Ana", "family": "a\tb" },
                "email": "ana at example", "phone": 525512345678_i64, "time_zone": "Mars/Olympus",
                "locale": "es_MX", "birthday": "0000-00-00",
                "anniversaries": { "wedding": "2010-02-30", "contract": "--09-06" },
                "attributes": { "ana@example.com": [], "tier": "gold", "v": 1e300 },
                "interests": ["velas", 7, "rugs", ""],
            }),
        );
        let expected = [
            "anniversaries.wedding: is no date such as 1984-03-09, or --03-09 where the year is not known",
            "attributes.…: is a list, expected true, false, a number or one line of text",
            "attributes.v: is a number that cannot be held: at most 9.2e18 either side of zero, and not nearer to it than 1e-130; write a long one as text, in quotes",
            "birthday: is no date such as 1984-03-09, or --03-09 where the year is not known",
            "email: is no e-mail address such as ana@example.com",
            "interests[1]: is a number, expected a string",
            "interests[3]: is empty",
            "name.family: has a line break or another control character, which no single line may hold",
            "phone: is a number, expected a string",
            "time_zone: is no IANA time zone such as America/Mexico_City",
        ];
        assert_eq!(told, expected);
        let expected = json!({
            "name": { "given": "Ana" }, "locale": "es-MX",
            "anniversaries": { "contract": "--09-06" }, "attributes": { "tier": "gold" },
            "interests": ["velas", "rugs"],
        });
        assert_eq!(detail, expected);
    }

    #[test]
    fn of_other_events_too() {
        let total = json!({ "amount": "9.00", "currency": "MXN" });
        let item = |more: Value| {
            let mut item = json!({ "sku": "a", "name": "A", "quantity": 1 });
            item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            item
        };
        let price = json!({ "amount": 9.0, "currency": "MXN" });
        let items = json!([
            item(json!({ "category": { "id": 5 } })),
            item(json!({ "unit_price": price })),
            item(json!({ "sku": "" })),
            item(json!({ "quantity": "2" })),
            item(json!({ "sku": "b" })),
        ]);
        let (told, detail) = kept(
            "PurchaseCompleted",
            json!({ "purchase_id": "p", "total": total, "items": items, "sold_by": 7 }),
        );
        let paths: Vec<&str> = told.iter().filter_map(|one| one.split(':').next()).collect();
        assert_eq!(
            paths,
            [
                "items[0].category",
                "items[1].unit_price.amount",
                "items[2].sku",
                "items[3].quantity",
                "sold_by"
            ]
        );
        let plain = item(json!({}));
        assert_eq!(detail, json!({ "items": [plain, plain, item(json!({ "sku": "b" }))] }));

        let meeting = json!({
            "interaction_id": "i", "phase": "purchase", "touchpoint": "shop", "channel": "store",
            "initiated_by": "customer", "kind": "visit", "satisfaction": 5.0, "note": 4,
            "follow_up": { "on": "soon", "about": "frames" },
        });
        let (told, detail) = kept("InteractionRecorded", meeting);
        assert_eq!(
            told,
            ["follow_up.on: is no date such as 2026-11-24", "note: is a number, expected a string"]
        );
        assert_eq!((&detail["satisfaction"], detail.get("follow_up")), (&json!(5), None));

        let call = json!({ "call_id": "c", "outcome": "do_not_call", "touch_id": 4, "dissolution_reason": "ana@example.com" });
        let (told, _) = kept("CallReported", call);
        assert_eq!(
            told[0],
            "dissolution_reason: is not known, expected one of `needs_changed`, `competitor`, `dissatisfied`, `price`, `moved`, `fraud`, `other`"
        );
        assert_eq!(told[1], "touch_id: is a number, expected a string");
    }

    #[test]
    fn what_would_say_something_else_without_a_field_is_kept_aside() {
        let path = |kind, more| match event(kind, more) {
            Err(BadEvent::Field { path, .. }) => path,
            other => panic!("{other:?}"),
        };
        let refund = json!({ "purchase_id": "p", "refund_id": "r", "total": { "amount": 9, "currency": "MXN" } });
        assert_eq!(path("PurchaseRefunded", refund), "total.amount");
        let answer = |more: Value| {
            let mut answer = json!({ "answer_id": "a", "touchpoint": "t" });
            answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            answer
        };
        let comment = "x".repeat(20_000);
        assert_eq!(path("SurveyAnswered", answer(json!({ "csat": 9, "comment": "x" }))), "csat");
        let (told, detail) =
            kept("SurveyAnswered", answer(json!({ "csat": 9, "nps": 9, "comment": comment })));
        assert_eq!(
            told,
            [
                "comment: has 20000 characters, at most 10000 are taken",
                "csat: is 9, the scale is 1 to 5"
            ]
        );
        assert_eq!(detail, answer(json!({ "nps": 9 })));
        assert_eq!(path("PurchaseDelivered", json!({ "purchase_id": "añá" })), "purchase_id");
    }

    #[test]
    fn a_list_has_a_bound_and_so_have_the_fields_left_out() {
        let many = |count: usize, item: Value| {
            let total = json!({ "amount": "9.00", "currency": "MXN" });
            json!({ "purchase_id": "p", "total": total, "items": vec![item; count] })
        };
        let good = json!({ "sku": "a", "name": "A", "quantity": 1 });
        let bad = json!({ "sku": "a", "name": "A", "quantity": 1, "category": 7 });
        let (told, detail) = kept("PurchaseCompleted", many(600, good));
        assert_eq!(told, ["items: has 600 entries, the first 500 are taken"]);
        assert_eq!(detail["items"].as_array().unwrap().len(), 500);
        let (told, detail) = kept("PurchaseCompleted", many(450, bad));
        assert_eq!((told.len(), told[449].split(':').next()), (450, Some("items[449].category")));
        assert_eq!(detail["items"].as_array().unwrap().len(), 450);
    }

    #[test]
    fn what_fits_is_kept_letter_for_letter() {
        for text in [
            r#"{ "customer_id":"ana", "occurred_at":"2026-03-01T12:00:00Z", "attributes": {"v": 1.50e1} }"#,
            r#"{"occurred_at":"2026-03-01T12:00:00Z","customer_id":"ana","attributes":{"v":0.0}}"#,
        ] {
            let event = from_wire(text).unwrap().event;
            assert_eq!(&*event.detail.0, text);
            assert!(matches!(event.body, Body::CustomerUpdated(_)));
        }
    }

    #[test]
    fn no_reason_tells_a_value() {
        let secret = "ana@example.com 525598765432";
        for kind in EventKind::ALL {
            let properties = schema(kind).to_value()["properties"].clone();
            for field in properties.as_object().unwrap().keys() {
                for value in [
                    json!(secret),
                    json!({ secret: secret }),
                    json!([secret]),
                    json!(525598765432_i64),
                ] {
                    let told = match event(kind.as_str(), json!({ field: value })) {
                        Ok(delivered) => {
                            delivered.left_out.iter().map(ToString::to_string).collect()
                        }
                        Err(why) => why.to_string(),
                    };
                    assert!(
                        !told.contains("525598765432") && !told.contains("ana@example.com "),
                        "{told}"
                    );
                }
            }
        }
    }
}
