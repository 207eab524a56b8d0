//! Reasons without personal data: what was found wrong, never the value itself.
//!
//! A reason is listed, logged and shown long after the text that it is about is
//! gone. Decoders quote what they found, and that may be anybody's address.

use std::fmt::Write as _;

/// So many digits in a row may be a telephone number.
const NUMBER_DIGITS: usize = 9;

/// The same behind a plus sign.
const PHONE_DIGITS: usize = 7;

/// What stands before a value that a decoder quotes in backticks; other words in
/// backticks are the schema's.
const VALUE_BEFORE: [&str; 4] = ["integer ", "floating point ", "character ", "variant "];

/// A reason with every value taken out that may be personal. What a reason gives
/// as an example (`such as "129.90"`) stays, and so does a short amount.
pub fn impersonal(why: &str) -> String {
    let mut clean = String::with_capacity(why.len());
    let mut rest = why;
    while let Some(place) = rest.find(['"', '`']) {
        let (before, quoted) = rest.split_at(place);
        clean.push_str(before);
        let mark = &quoted[..1];
        let inner = &quoted[1..];
        let Some(end) = end_of_quote(inner, mark) else {
            // Cut off in the middle of a value.
            clean.push_str(mark);
            clean.push('…');
            rest = "";
            break;
        };
        let value = &inner[..end];
        let stays = match mark {
            "\"" => clean.ends_with("as ") || is_short_amount(value),
            _ => !VALUE_BEFORE.iter().any(|before| clean.ends_with(before)),
        };
        let _ = write!(clean, "{mark}{}{mark}", if stays { value } else { "…" });
        rest = &inner[end + 1..];
    }
    clean.push_str(rest);
    without_addresses(&clean)
}

/// Where a quoted value ends: at the next mark that is not escaped.
fn end_of_quote(inner: &str, mark: &str) -> Option<usize> {
    let mut is_escaped = false;
    inner.char_indices().find_map(|(place, char)| {
        let ends = !is_escaped && mark.starts_with(char);
        is_escaped = !is_escaped && char == '\\' && mark == "\"";
        ends.then_some(place)
    })
}

/// Whether a text can only be an amount, and no telephone number.
fn is_short_amount(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let fits = text.chars().all(|c| c.is_ascii_digit() || ".,-$€ ".contains(c));
    fits && (1..NUMBER_DIGITS).contains(&digits)
}

/// Without mail addresses and long numbers, wherever they stand; examples stay.
fn without_addresses(text: &str) -> String {
    let mut before = ["", ""];
    let word = |word| {
        let is_example = before == ["such", "as"];
        before = [before[1], word];
        let is_personal = str::contains(word, '@') || has_long_number(word);
        if is_personal && !is_example { "…" } else { word }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn has_long_number(word: &str) -> bool {
    let most = if word.contains('+') { PHONE_DIGITS } else { NUMBER_DIGITS };
    word.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_goes_and_what_was_expected_stays() {
        for (why, clean) in [
            (
                r#"invalid type: string "ana@example.com", expected a map"#,
                r#"invalid type: string "…", expected a map"#,
            ),
            (
                r#"invalid value: string "An\"a\\", expected one of `low`, `high`"#,
                r#"invalid value: string "…", expected one of `low`, `high`"#,
            ),
            (
                "invalid type: integer `5512345678`, expected a string",
                "invalid type: integer `…`, expected a string",
            ),
            (
                "unknown variant `ana`, expected `low` or `high`",
                "unknown variant `…`, expected `low` or `high`",
            ),
            ("missing field `total`", "missing field `total`"),
            (
                r#"an amount is a decimal string such as "129.90", found "12,90""#,
                r#"an amount is a decimal string such as "129.90", found "12,90""#,
            ),
            (r#"found "555.555.0142" here"#, r#"found "…" here"#),
            (r#"cut off "ana"#, r#"cut off "…"#),
            ("the mailbox <ana@example.com> is full", "the mailbox … is full"),
            ("is 5512345678, the scale is 1 to 5", "is … the scale is 1 to 5"),
            ("got +52551234 here", "got … here"),
            (
                "is no e-mail address such as ana@example.com",
                "is no e-mail address such as ana@example.com",
            ),
            ("has 1048577 bytes, at most 1048576", "has 1048577 bytes, at most 1048576"),
        ] {
            assert_eq!(impersonal(why), clean);
        }
    }
}
