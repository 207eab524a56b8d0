//! Patterns of schemas, as other engines read them.

use lazo_domain::event::{self, EventKind};
use lazo_domain::rulebook::rule_schema;
use serde_json::Value;

use super::root;

/// Patterns that ECMA 262, Python and engines without look-around read alike.
#[test]
fn patterns_are_of_the_subset_that_all_engines_share() {
    fn patterns<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("pattern").and_then(Value::as_str));
                object.values().for_each(|one| patterns(one, found));
            }
            Value::Array(list) => list.iter().for_each(|one| patterns(one, found)),
            _ => {}
        }
    }
    let mut schemas: Vec<Value> = EventKind::ALL.map(|kind| event::schema(kind).to_value()).into();
    schemas.push(rule_schema().clone());
    let mut found = Vec::new();
    schemas.iter().for_each(|schema| patterns(schema, &mut found));
    assert!(found.len() > 20);
    for pattern in found {
        // Classes by name, look-around, names and flags; what differs between engines.
        for odd in [
            "\\p", "\\P", "(?", "\\d", "\\D", "\\w", "\\W", "\\s", "\\S", "\\b", "\\u{", "[[", "&&",
        ] {
            assert!(!pattern.contains(odd), "{odd} in {pattern}");
        }
        assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{pattern}");
        assert!(
            proptest::string::string_regex(&pattern[1..pattern.len() - 1]).is_ok(),
            "{pattern}"
        );
    }
}

/// The same by Python's own engine, which many shops' systems validate with.
#[test]
fn python_reads_the_patterns() {
    let program = r#"
import json, re, sys, pathlib
def patterns(value):
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for one in value.values():
            yield from patterns(one)
    elif isinstance(value, list):
        for one in value:
            yield from patterns(one)
count = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.json")):
    for pattern in patterns(json.loads(path.read_text("utf-8"))):
        re.compile(pattern)
        count += 1
print(count)
"#;
    let python = std::process::Command::new("python3")
        .args(["-c", program])
        .arg(root().join("events/schemas"))
        .output();
    // A machine without Python has nothing to ask; `.ci/run` has it.
    let Ok(output) = python else { return };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}
