//! Values that fit a schema.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// A value that fits a schema, by the type that it names.
pub fn fitting(root: &Value, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(target) = schema["$ref"].as_str() {
        return fitting(root, root.pointer(target.trim_start_matches('#')).unwrap());
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let options: Vec<_> = options.iter().map(|one| fitting(root, one)).collect();
        return proptest::strategy::Union::new(options).boxed();
    }
    if let Some(options) = schema["enum"].as_array() {
        return select(options.clone()).boxed();
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let of_type = types.iter().map(|of| match *of {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => {
            let bound = |name: &str| schema[name].as_i64().unwrap();
            let whole = bound("minimum")..=bound("maximum");
            prop_oneof![whole.clone().prop_map(Value::from), whole.prop_map(|n| json!(n as f64))]
                .boxed()
        }
        "number" => number(schema),
        "string" => text(schema),
        "array" => {
            let most = schema["maxItems"].as_u64().unwrap() as usize;
            let size = prop_oneof![4 => 0..4usize, 1 => Just(most)];
            let one = fitting(root, &schema["items"]);
            // A full list repeats some: what is tried is its length.
            (size, proptest::collection::vec(one, 4))
                .prop_map(|(size, few)| (0..size).map(|n| few[n % few.len()].clone()).collect())
                .boxed()
        }
        "object" => object(root, schema),
        other => panic!("{other}"),
    });
    proptest::strategy::Union::new(of_type.collect::<Vec<_>>()).boxed()
}

fn number(schema: &Value) -> BoxedStrategy<Value> {
    let least = schema["minimum"].as_i64().unwrap();
    let float = (-130..18i32, 1.0..9.0f64, any::<bool>()).prop_map(move |(power, head, minus)| {
        let size = head * 10f64.powi(power);
        json!(if minus && least < 0 { -size } else { size })
    });
    prop_oneof![(least..=i64::MAX).prop_map(Value::from), float, Just(json!(0)), Just(json!(0.0))]
        .boxed()
}

fn text(schema: &Value) -> BoxedStrategy<Value> {
    match (schema["title"].as_str(), schema["format"].as_str()) {
        (_, Some("date-time")) => select(vec!["2026-11-18T10:00:00Z", "2026-11-18t10:00:00.5-06:00", "2024-02-29T23:59:59+14:00"]).prop_map(Value::from).boxed(),
        (_, Some("date")) => select(vec!["2026-11-24", "2028-02-29"]).prop_map(Value::from).boxed(),
        (Some("ZoneName"), _) => select(vec!["America/Mexico_City", "UTC", "Asia/Kathmandu"]).prop_map(Value::from).boxed(),
        // Days that no month has, and years in which nobody was born, are the code's.
        (Some("AnnualDate"), _) => select(vec!["--02-29", " 1984-03-09", "2001-12-31 "]).prop_map(Value::from).boxed(),
        // Which letters a domain may hold is the code's.
        (Some("Email"), _) => "[!#-'*+/-9=?A-Z^-~-]{1,20}(\\.[a-z]{1,9}){0,2}@([a-z0-9ñáü]{1,20}\\.){1,3}(mx|museum|españa)".prop_map(|text: String| Value::from(format!(" {text}"))).boxed(),
        (Some("Note"), _) => prop_oneof![any::<String>(), Just("ñ".repeat(10_000))].prop_map(Value::from).boxed(),
        _ => {
            let pattern = schema["pattern"].as_str().unwrap();
            let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX) as usize;
            let fits = move |text: &String| text.chars().count() <= most && !text.contains("(0)");
            proptest::string::string_regex(&pattern[1..pattern.len() - 1]).unwrap()
                .prop_filter("its length", fits).prop_map(Value::from).boxed()
        }
    }
}

fn object(root: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let mut fields: BoxedStrategy<serde_json::Map<String, Value>> =
        Just(Default::default()).boxed();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().into_iter().flatten();
        let is_required = required.into_iter().any(|known| known == name);
        let value = fitting(root, field).prop_map(Some);
        let value =
            if is_required { value.boxed() } else { prop_oneof![value, Just(None)].boxed() };
        let name = name.clone();
        fields = (fields, value)
            .prop_map(move |(mut fields, value)| {
                fields.extend(value.map(|value| (name.clone(), value)));
                fields
            })
            .boxed();
    }
    let Some(free) = schema["additionalProperties"].as_object() else {
        return fields.prop_map(Value::Object).boxed();
    };
    let name = text(&schema["propertyNames"]).prop_map(|name| name.as_str().unwrap().to_owned());
    let value = fitting(root, &Value::Object(free.clone()));
    proptest::collection::btree_map(name, value, 0..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
        .boxed()
}
