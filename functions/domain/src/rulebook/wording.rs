//! What the readers of YAML and of types complain of, in words for whoever
//! writes rules.

use crate::nearest::hint;

/// A reader's message as it is told.
pub fn told(message: &str) -> String {
    let wrong_type = message.strip_prefix("invalid type: ");
    if let Some((found, expected)) = wrong_type.and_then(|rest| rest.split_once(", expected ")) {
        return of_type(found, expected);
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown variant ")
        && let Some(typed) = quoted.next()
    {
        let known: Vec<&str> = quoted.collect();
        let near = hint(typed, known.iter().copied());
        return match near.is_empty() {
            true => format!("unknown value {typed:?}; known are {}", known.join(", ")),
            false => format!("unknown value {typed:?}{near}"),
        };
    }
    if message.starts_with("missing field ")
        && let Some(key) = quoted.next()
    {
        return format!("the key {key:?} is missing");
    }
    let twice = message.strip_prefix("duplicate mapping key: ");
    match twice.and_then(|rest| rest.split_once(", set ")) {
        Some((key, _)) => format!("the key {key:?} stands here a second time"),
        None => message.to_owned(),
    }
}

fn of_type(found: &str, expected: &str) -> String {
    const KEYS: &str = "keys with values, such as \"name: value\"";
    let scalar = found.split('`').nth(1);
    let expected = match expected {
        "a string" => "text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => KEYS,
        "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, zero or more",
        _ if expected.starts_with("struct ") => KEYS,
        own => own,
    };
    let found = match found {
        "null" | "unit value" => "nothing",
        "map" => "keys with values",
        "sequence" => "a list",
        other => scalar.or(other.strip_prefix("string ")).unwrap_or(other),
    };
    let mend = if expected == "text" && scalar.is_some() { "; write it in quotes" } else { "" };
    format!("expected {expected}, found {found}{mend}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_is_told_in_plain_words() {
        for (found, expected, told) in [
            ("integer `3`", "a string", "expected text, found 3; write it in quotes"),
            ("map", "a string", "expected text, found keys with values"),
            ("integer `3`", "a boolean", "expected true or false, found 3"),
            ("string \"x\"", "u8", "expected a whole number, zero or more, found \"x\""),
            ("null", "a sequence", "expected a list, found nothing"),
            ("sequence", "f64", "expected a number, found a list"),
            ("null", "a map", "expected keys with values, such as \"name: value\", found nothing"),
            (
                "boolean `true`",
                "a span such as 3 days",
                "expected a span such as 3 days, found true",
            ),
        ] {
            assert_eq!(of_type(found, expected), told);
        }
        let keys = of_type("sequence", "struct Policy");
        assert_eq!(keys, "expected keys with values, such as \"name: value\", found a list");
    }
}
