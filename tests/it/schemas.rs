//! The schemas in the repository are those of the code, and mean what it does.

mod fitting;
mod patterns;

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use lazo_domain::event::{self, EventKind, from_wire};
use lazo_domain::rulebook::{policy_schema, rule_schema, segments_schema};
use lazo_domain::source::source_schema;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use self::fitting::fitting;
use crate::support::at;
use crate::support::events::envelope;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

fn samples() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("events/samples")).unwrap();
    folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect()
}

#[test]
fn the_schemas_in_the_repository_are_current() {
    let of_rules =
        [("rule", rule_schema()), ("policy", policy_schema()), ("segments", segments_schema())];
    let mut expected =
        of_rules.map(|(name, of)| (format!("infra/rules/{name}.schema.json"), of.clone())).to_vec();
    let of_source = "events/sources/source.schema.json".to_owned();
    expected.push((of_source, source_schema().clone()));
    for kind in EventKind::ALL {
        expected.push((format!("events/schemas/{kind}.json"), event::schema(kind).to_value()));
    }
    for (path, schema) in expected {
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let found = std::fs::read_to_string(root().join(&path)).unwrap_or_default();
        assert!(found == text, "{path} is not what the types say; write it with `lazo schemas`");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{path}");
    }
    let files = std::fs::read_dir(root().join("events/schemas")).unwrap().count();
    assert_eq!(files, EventKind::ALL.len(), "a schema of no event is there");
}

#[test]
fn every_sample_fits_its_schema_and_is_understood() {
    let mut kinds = Vec::new();
    for path in samples() {
        let text = std::fs::read_to_string(&path).unwrap();
        let delivered = from_wire(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let kind = delivered.event.kind();
        let name = path.file_stem().unwrap().to_string_lossy();
        assert!(name.starts_with(kind.as_str()), "{name} holds a {kind}");
        let sample: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator(event::schema(kind).as_value())
            .iter_errors(&sample["detail"])
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        kinds.push(kind);
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), EventKind::ALL.len(), "every kind of event has a sample");
}

#[test]
fn the_rules_that_are_shipped_fit_their_schema() {
    let (schema, of_segments) = (validator(rule_schema()), validator(segments_schema()));
    let folder = std::fs::read_dir(root().join("infra/rules")).unwrap();
    let mut checked = 0;
    for path in folder.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|e| e != "yaml") || path.ends_with("policy.yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let rule: Value = serde_saphyr::from_str(&text).unwrap();
        let schema = if path.ends_with("segments.yaml") { &of_segments } else { &schema };
        let errors: Vec<String> =
            schema.iter_errors(&rule).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        checked += 1;
    }
    assert!(checked >= 2);
    let misspelt = json!({ "rule": "a", "status": "live", "purpose": "service", "trigger": { "event": "PurchaseCompleted" }, "stepz": [] });
    assert!(!schema.is_valid(&misspelt));
}

/// A detail that fits, to be spoilt in one place.
fn good(kind: EventKind) -> Value {
    let path = root().join(format!("events/samples/{kind}.json"));
    let sample: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    sample["detail"].clone()
}

fn spoilt(kind: EventKind, pointer: &str, value: Value) -> Value {
    let mut detail = good(kind);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    detail.pointer_mut(parent).unwrap()[field] = value;
    detail
}

/// Whether a detail is taken without a remark.
fn is_understood(kind: EventKind, detail: &Value) -> bool {
    let text = envelope(kind.as_str(), at("2026-11-18T12:00:00Z"), detail.clone());
    from_wire(&text).is_ok_and(|delivered| delivered.left_out.is_empty())
}

#[test]
fn a_required_field_that_is_missing_is_refused_by_schema_and_code() {
    for kind in EventKind::ALL {
        let schema = event::schema(kind).to_value();
        let required = schema["required"].as_array().unwrap().clone();
        assert!(required.contains(&json!("occurred_at")), "{kind}");
        let schema = validator(&schema);
        for field in required {
            let field = field.as_str().unwrap();
            for value in [None, Some(Value::Null), Some(json!([]))] {
                let mut detail = good(kind);
                detail.as_object_mut().unwrap().remove(field);
                let is_list = field == "topics" && value == Some(json!([]));
                if let Some(value) = value {
                    detail[field] = value;
                }
                assert_eq!(schema.is_valid(&detail), is_list, "{kind} schema, {field}: {detail}");
                assert_eq!(is_understood(kind, &detail), is_list, "{kind} code, {field}: {detail}");
            }
        }
    }
}

/// Text of so many characters.
fn long(count: usize) -> Value {
    "x".repeat(count).into()
}

/// The schema and the code refuse what stands there.
fn is_refused((kind, pointer, value): (EventKind, &str, Value)) {
    let detail = spoilt(kind, pointer, value.clone());
    let schema = event::schema(kind).to_value();
    assert!(is_understood(kind, &good(kind)) && validator(&schema).is_valid(&good(kind)));
    let shown: String = value.to_string().chars().take(60).collect();
    assert!(!validator(&schema).is_valid(&detail), "{kind}{pointer}: the schema takes {shown}");
    assert!(!is_understood(kind, &detail), "{kind}{pointer}: the code takes {shown}");
}

#[test]
fn a_bad_value_of_a_purchase_is_refused_by_schema_and_code() {
    use EventKind::{PurchaseCompleted, PurchaseRefunded};
    let cases = [
        (PurchaseCompleted, "/customer_id", json!("")),
        (PurchaseCompleted, "/customer_id", json!("two words")),
        (PurchaseCompleted, "/customer_id", json!("niño")),
        (PurchaseCompleted, "/customer_id", json!(42)),
        (PurchaseCompleted, "/purchase_id", long(129)),
        (PurchaseCompleted, "/occurred_at", json!("2026-02-30T10:00:00Z")),
        (PurchaseCompleted, "/occurred_at", json!("yesterday")),
        (PurchaseCompleted, "/occurred_at", json!("2026-11-18T10:00:00")),
        (PurchaseCompleted, "/total", json!("129.90")),
        (PurchaseCompleted, "/total/amount", json!(129.9)),
        (PurchaseCompleted, "/total/amount", json!("-1.00")),
        (PurchaseCompleted, "/total/amount", json!("1e3")),
        (PurchaseCompleted, "/total/amount", json!("1,50")),
        (PurchaseCompleted, "/total/currency", json!("mxn")),
        (PurchaseCompleted, "/total/currency", json!("PESO")),
        (PurchaseCompleted, "/items", json!({})),
        (PurchaseCompleted, "/items/0/name", json!("")),
        (PurchaseCompleted, "/items/0/sku", long(301)),
        (PurchaseCompleted, "/items/0/quantity", json!("2")),
        (PurchaseCompleted, "/items/0/quantity", json!(-1)),
        (PurchaseCompleted, "/items/0/unit_price/amount", json!(5)),
        (PurchaseCompleted, "/sold_by", json!("Bruno\nIbarra")),
        (PurchaseRefunded, "/total/amount", json!("")),
        (
            PurchaseCompleted,
            "/items",
            json!(vec![good(PurchaseCompleted)["items"][0].clone(); 501]),
        ),
        (PurchaseCompleted, "/items/0/quantity", json!(1e300)),
        (PurchaseCompleted, "/sold_by", json!("   ")),
    ];
    cases.into_iter().for_each(is_refused);
}

#[test]
fn a_bad_value_of_a_profile_is_refused_by_schema_and_code() {
    use EventKind::CustomerUpdated;
    let cases = [
        (CustomerUpdated, "/name/given", json!("Ana\r\nBcc: x@example.com")),
        (CustomerUpdated, "/name", json!("Ana")),
        (CustomerUpdated, "/email", json!("ana.example.com")),
        (CustomerUpdated, "/phone", json!("5512345678")),
        (CustomerUpdated, "/phone", json!("+0123")),
        (CustomerUpdated, "/locale", json!("español")),
        (CustomerUpdated, "/country", json!("Mexico")),
        (CustomerUpdated, "/birthday", json!("24.11.1987")),
        (CustomerUpdated, "/birthday", json!("87-11-24")),
        (CustomerUpdated, "/interests", json!("velas")),
        (CustomerUpdated, "/attributes/size", json!({ "nested": 1 })),
        (CustomerUpdated, "/attributes/size", json!(1e300)),
        (CustomerUpdated, "/attributes/size", json!(-1e126)),
        (CustomerUpdated, "/attributes/size", json!(1e-200)),
        (CustomerUpdated, "/attributes/size", json!(u64::MAX)),
        (CustomerUpdated, "/attributes/size", json!("   ")),
        (CustomerUpdated, "/email", json!("ana@192.0.2.1")),
        (CustomerUpdated, "/email", json!("ana@1.2")),
        (CustomerUpdated, "/email", json!("ana@localhost")),
        (CustomerUpdated, "/email", json!("añá@example.com")),
        (CustomerUpdated, "/email", json!("a..b@example.com")),
        (CustomerUpdated, "/birthday", json!("0000-00-00")),
        (CustomerUpdated, "/birthday", json!("1984-13-01")),
        (CustomerUpdated, "/interests", json!(vec!["x"; 101])),
        (CustomerUpdated, "/attributes", (0..101).map(|n| (format!("a{n}"), json!(n))).collect()),
        (CustomerUpdated, "/attributes", json!({ "": 1 })),
        (CustomerUpdated, "/attributes", json!({ "a\nb": 1 })),
    ];
    cases.into_iter().for_each(is_refused);
}

#[test]
fn a_bad_value_of_any_other_event_is_refused_by_schema_and_code() {
    use EventKind::*;
    let cases = [
        (ContentPublished, "/url", json!("/guide")),
        (ContentPublished, "/url", json!("https://example.com/a b")),
        (ContentPublished, "/topics", json!(vec!["x"; 51])),
        (ConsentChanged, "/channel", json!("fax")),
        (ConsentChanged, "/purpose", json!("everything")),
        (ConsentChanged, "/state", json!(true)),
        (InteractionRecorded, "/phase", json!("later")),
        (InteractionRecorded, "/initiated_by", json!("nobody")),
        (InteractionRecorded, "/satisfaction", json!(0)),
        (InteractionRecorded, "/satisfaction", json!(6)),
        (InteractionRecorded, "/satisfaction", json!(4.5)),
        (InteractionRecorded, "/note", long(10_001)),
        (InteractionRecorded, "/follow_up/on", json!("soon")),
        (ComplaintOpened, "/severity", json!("extreme")),
        (ComplaintResolved, "/root_cause", json!("")),
        (CallReported, "/outcome", json!("busy")),
        (CallReported, "/satisfaction", json!(9)),
        (SurveyAnswered, "/nps", json!(11)),
        (SurveyAnswered, "/csat", json!("5")),
        (ContentPublished, "/topics", json!("velas")),
        (ContentPublished, "/title", json!("")),
    ];
    cases.into_iter().for_each(is_refused);
}

/// What a schema cannot say, the code still refuses. Besides: two fields of one
/// name, a detail of more than 256 KiB or 32 levels, what lies a day ahead of its
/// arrival, a local part of more than 64 characters, a label of a domain in other
/// letters that no domain may hold.
#[test]
fn what_only_the_code_can_tell_is_refused() {
    use EventKind::*;
    let cases = [
        (CustomerUpdated, "/time_zone", json!("Mars/Olympus")),
        (CustomerUpdated, "/birthday", json!("1984-02-30")),
        (CustomerUpdated, "/birthday", json!("2999-01-01")),
        (CustomerUpdated, "/birthday", json!("1900-01-01")),
        // The sample's outcome is `reached`.
        (CallReported, "/call_back_at", json!("2026-10-16T11:00:00-06:00")),
    ];
    for (kind, pointer, value) in cases {
        let detail = spoilt(kind, pointer, value.clone());
        assert!(!is_understood(kind, &detail), "{kind}{pointer}: {value}");
        assert!(validator(event::schema(kind).as_value()).is_valid(&detail), "{pointer}: {value}");
    }
}

#[test]
fn what_is_mended_fits_the_schema_and_is_taken_without_a_remark() {
    use EventKind::*;
    let item = json!({ "sku": "sku-0001", "name": "Armazón Alba, acetato miel, talla mediana", "category": "armazones", "quantity": 2.0, "unit_price": { "amount": "1290.00", "currency": "MXN" } });
    let cases = [
        (CustomerUpdated, "/email", json!(" ana@example.com ")),
        (CustomerUpdated, "/email", json!("ana@correo.ñandú.mx")),
        (CustomerUpdated, "/phone", json!("+52 (55) 1234-5678")),
        (CustomerUpdated, "/phone", json!(" +52 55 1234 5678")),
        (CustomerUpdated, "/locale", json!("es_mx")),
        (CustomerUpdated, "/country", json!("mx ")),
        (CustomerUpdated, "/birthday", json!(" 1984-03-09")),
        (CustomerUpdated, "/name/given", json!("Ana\u{2028}María\u{200e}")),
        (CustomerUpdated, "/name/given", json!("می\u{200c}نا")),
        (CustomerUpdated, "/attributes/size", json!(0.0)),
        (CustomerUpdated, "/attributes/size", json!(i64::MIN)),
        (PurchaseCompleted, "/items", json!(vec![item; 500])),
        (PurchaseCompleted, "/items/0/quantity", json!(2.0)),
        (InteractionRecorded, "/satisfaction", json!(5.0)),
        (SurveyAnswered, "/csat", json!(5.0)),
        (SurveyAnswered, "/nps", json!(0.0)),
        (CallReported, "/satisfaction", json!(1.0)),
    ];
    for (kind, pointer, value) in cases {
        let detail = spoilt(kind, pointer, value.clone());
        let shown: String = value.to_string().chars().take(60).collect();
        assert!(validator(event::schema(kind).as_value()).is_valid(&detail), "{pointer}: {shown}");
        assert!(is_understood(kind, &detail), "{kind}{pointer}: {shown}");
    }
}

/// When to call back goes with a call back and lies ahead, which no schema tells.
fn called_back_later(kind: EventKind, mut detail: Value) -> Value {
    if kind == EventKind::CallReported && detail["call_back_at"].is_string() {
        let made: jiff::Timestamp = detail["occurred_at"].as_str().unwrap().parse().unwrap();
        let later = (made + jiff::SignedDuration::from_hours(24)).to_string();
        let is_back = detail["outcome"] == "call_back";
        detail["call_back_at"] = if is_back { json!(later) } else { Value::Null };
    }
    detail
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() })]

    /// One place decides: what fits the published schema is taken as it is.
    #[test]
    fn what_fits_the_schema_is_taken_without_a_remark(
        (kind, detail) in select(EventKind::ALL.to_vec()).prop_flat_map(|kind| {
            let schema = event::schema(kind).to_value();
            fitting(&schema, &schema).prop_map(move |detail| (kind, called_back_later(kind, detail)))
        })
    ) {
        let schema = event::schema(kind).to_value();
        prop_assert!(validator(&schema).is_valid(&detail), "{kind}: {detail}");
        let read = event::of_kind(kind, &detail.to_string());
        let told = match &read {
            Ok(delivered) => delivered.left_out.iter().map(ToString::to_string).collect(),
            Err(why) => vec![why.to_string()],
        };
        prop_assert!(told.is_empty(), "{kind}: {told:?}: {detail}");
    }
}

#[test]
fn fields_that_are_added_later_do_no_harm() {
    for kind in EventKind::ALL {
        let mut detail = good(kind);
        detail["added_in_2031"] = json!({ "any": ["thing"] });
        assert!(validator(event::schema(kind).as_value()).is_valid(&detail), "{kind}");
        assert!(is_understood(kind, &detail), "{kind}");
    }
}
