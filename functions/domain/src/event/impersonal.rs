//! Reasons without personal data: what was found wrong, never the value itself.
//!
//! A reason is listed, logged and shown long after the text that it is about is
//! gone. Decoders quote what they found, and that may be anybody's address.

/// A decoder's error in plain words, without the values that it quotes. Our own
/// reasons quote a value behind `, found ` only.
pub fn impersonal(why: &str) -> String {
    let why = why.split(" at line ").next().unwrap_or_default();
    let why = why.split(", found ").next().unwrap_or_default();
    let expected =
        why.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
    let expected = match expected {
        "a string" => "text in quotes",
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "a date string" => "a date such as 2026-11-24",
        // So serde says of one of several words.
        "map with a single key" => "text in quotes",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    };
    if let Some(found) = why.strip_prefix("invalid type: ").or(why.strip_prefix("invalid value: "))
    {
        let found = match found.split([' ', ',']).next().unwrap_or_default() {
            "string" | "character" => "text",
            "integer" | "floating" => "a number",
            "boolean" => "true or false",
            "map" => "an object",
            "sequence" => "a list",
            _ => "null",
        };
        return format!("is {found}, expected {expected}");
    }
    match why.starts_with("unknown variant ") {
        true => format!("is not known, expected {expected}"),
        false => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_and_what_was_expected_stays() {
        for (why, clean) in [
            (
                r#"invalid type: string "ana@example.com", expected a map"#,
                "is text, expected an object",
            ),
            (
                r#"invalid value: string "An\"a, b", expected one of `low`, `high`"#,
                "is text, expected one of `low`, `high`",
            ),
            (
                "invalid type: integer `5512345678`, expected a string at line 1 column 9",
                "is a number, expected text in quotes",
            ),
            ("invalid type: sequence, expected struct Money", "is a list, expected an object"),
            (
                "unknown variant `ana`, expected `low` or `high`",
                "is not known, expected `low` or `high`",
            ),
            ("missing field `total`", "missing field `total`"),
            (
                r#"an amount is a decimal string such as "129.90", found "555.555.0142""#,
                r#"an amount is a decimal string such as "129.90""#,
            ),
            ("is 9, the scale is 1 to 5", "is 9, the scale is 1 to 5"),
        ] {
            assert_eq!(impersonal(why), clean);
        }
    }
}
