//! What the readers of YAML and of types complain of, in words for whoever
//! writes rules.

use crate::bilingual::{Bilingual, said};
use crate::nearest::hint;

/// A reader's message as it is told.
pub fn told(message: &str) -> Bilingual {
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
        let unknown = said!("valor desconocido {typed:?}", "unknown value {typed:?}");
        let known = known.join(", ");
        let all = said!("; se conocen {known}", "; known are {known}");
        return unknown.then(if near.is_empty() { &all } else { &near });
    }
    if message.starts_with("missing field ")
        && let Some(key) = quoted.next()
    {
        return said!("falta la clave {key:?}", "the key {key:?} is missing");
    }
    let twice = message.strip_prefix("duplicate mapping key: ");
    match twice.and_then(|rest| rest.split_once(", set ")) {
        Some((key, _)) => said!(
            "la clave {key:?} está aquí por segunda vez",
            "the key {key:?} stands here a second time"
        ),
        None => Bilingual::carried(message),
    }
}

fn of_type(found: &str, expected: &str) -> Bilingual {
    let scalar = found.split('`').nth(1);
    let keys = || {
        said!(
            "claves con valores, como \"name: valor\"",
            "keys with values, such as \"name: value\""
        )
    };
    let is_text = expected == "a string";
    let expected = match expected {
        "a string" => said!("texto", "text"),
        "a boolean" => said!("true o false", "true or false"),
        "a sequence" => said!("una lista", "a list"),
        "a map" => keys(),
        "f64" => said!("un número", "a number"),
        "u8" | "u16" | "u32" | "u64" | "usize" => {
            said!("un número entero, cero o más", "a whole number, zero or more")
        }
        _ if expected.starts_with("struct ") => keys(),
        own => Bilingual::carried(own),
    };
    let found = match found {
        "null" | "unit value" => said!("nada", "nothing"),
        "map" => said!("claves con valores", "keys with values"),
        "sequence" => said!("una lista", "a list"),
        other => scalar.or(other.strip_prefix("string ")).unwrap_or(other).into(),
    };
    let mend = match is_text && scalar.is_some() {
        true => said!("; escríbelo entre comillas", "; write it in quotes"),
        false => Bilingual::default(),
    };
    Bilingual {
        es: format!("se espera {}, y hay {}", expected.es, found.es),
        en: format!("expected {}, found {}", expected.en, found.en),
    }
    .then(&mend)
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
            assert_eq!(of_type(found, expected).en, told);
        }
        let keys = of_type("sequence", "struct Policy");
        assert!(
            keys.es.starts_with("se espera claves con valores") && keys.es.ends_with("una lista")
        );
        assert_eq!(keys.en, "expected keys with values, such as \"name: value\", found a list");
    }
}
