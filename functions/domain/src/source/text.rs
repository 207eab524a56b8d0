//! Texts of other systems in the form that events take: phones, lines, dates, HTML.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::event::{Email, LINE_CHARS_MAX, Phone, breaks_line};

/// A number in E.164 form, where it tells its country: with `+` or `00` before it,
/// and nothing in it but what people put between digits. A number is never completed:
/// a wrong one is worse than none.
pub(super) fn phone(text: &str) -> Option<String> {
    let between = |c: char| {
        c.is_whitespace()
            || matches!(c, '.' | '(' | ')' | '[' | ']' | '-' | '/' | '\u{2010}'..='\u{2013}')
    };
    let bare = text.trim().replace("(0)", "").replace(between, "");
    let number = match bare.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        None => bare,
    };
    Phone::new(number.as_str()).ok().map(|_| number)
}

/// One line of text: without what is not seen, with blanks for what breaks lines, and
/// cut where it is longer than a line may be. `None` where nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    let plain = |c: char| if breaks_line(c) { ' ' } else { c };
    let seen: String = text.chars().filter(|c| !is_unseen(*c)).map(plain).collect();
    let cut: String = seen.trim().chars().take(LINE_CHARS_MAX).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// Characters that are not seen and change how others are.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}')
}

/// An address as a guest is known by it: without blanks around it, in small letters.
/// `None` where it is no address: guests without one are not the same guest.
pub(super) fn guest_address(text: &str) -> Option<String> {
    let address = text.trim().to_lowercase();
    Email::new(address.as_str()).ok().map(|_| address)
}

/// HTML's names for characters, as HTML 4 has them.
static ENTITIES: LazyLock<HashMap<&'static str, char>> = LazyLock::new(|| {
    let rows = include_str!("entities.tsv").lines().filter_map(|row| row.split_once('\t'));
    let read = |(name, code)| Some((name, char::from_u32(u32::from_str_radix(code, 16).ok()?)?));
    rows.filter_map(read).collect()
});

/// The longest name of an entity, in bytes.
const ENTITY_BYTES_MAX: usize = 10;

/// A text in which HTML wrote characters by name or number: `Ana &amp; Luz`. What is
/// no name of one stays as it is; it is done once, as it was written once.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(ENTITY_BYTES_MAX + 2).position(|byte| byte == b';');
        match end.and_then(|end| Some((end, entity(&rest[1..end])?))) {
            Some((end, c)) => {
                plain.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else { return ENTITIES.get(name).copied() };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).filter(|c| *c != '\0')
}

/// An instant with its offset, as it came.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.trim().parse().ok()
}

/// A local time without an offset, by the clock of a zone.
pub(super) fn local_time(text: &str, zone: &str) -> Option<Timestamp> {
    let zone = TimeZone::get(zone).ok()?;
    let local: DateTime = text.trim().trim_end_matches('Z').parse().ok()?;
    Some(zone.to_ambiguous_zoned(local).compatible().ok()?.timestamp())
}

/// An instant in UTC as keys have it: `20260411T180000Z`.
pub(super) fn stamp(at: Timestamp) -> String {
    strtime::format("%Y%m%dT%H%M%SZ", at).unwrap_or_default()
}

/// A day of the year, as a birthday is told: `1987-11-24`, or `--11-24` where its
/// year is 0. A time of day behind it says nothing. `order` is `DD/MM/YYYY` and the
/// like; `None` is ISO 8601's.
pub(super) fn date(text: &str, order: Option<&str>) -> Option<String> {
    let text = text.trim();
    let (year, month, day) = match order {
        None => {
            let day = text.split(['T', ' ']).next()?;
            let mut parts = day.splitn(3, '-');
            (parts.next()?, parts.next()?, parts.next()?)
        }
        Some(order) => by_order(text, order)?,
    };
    let number = |part: &str, digits: usize| -> Option<i16> {
        let fits = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| fits)
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    // 29 February is a day of some years.
    let of_year = if year == 0 { 2000 } else { year };
    Date::new(of_year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some(match year {
        0 => format!("--{month:02}-{day:02}"),
        year => format!("{year:04}-{month:02}-{day:02}"),
    })
}

/// Year, month and day of a text that is written in this order.
fn by_order<'t>(text: &'t str, order: &str) -> Option<(&'t str, &'t str, &'t str)> {
    if text.len() != order.len() || !text.is_ascii() {
        return None;
    }
    let signs = order.bytes().zip(text.bytes());
    let fits = |(wanted, found): (u8, u8)| wanted.is_ascii_alphabetic() || wanted == found;
    let part = |letters: &str| {
        let at = order.find(letters)?;
        text.get(at..at + letters.len())
    };
    signs.into_iter().all(fits).then_some(())?;
    Some((part("YYYY")?, part("MM")?, part("DD")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_tells_its_country_or_is_none() {
        for (text, number) in [
            ("+52 55 5555 0181", Some("+525555550181")),
            ("+52 (55) 1234-5678", Some("+525512345678")),
            ("0052 55.1234.5678", Some("+525512345678")),
            ("+44 (0)20 7946 0018", Some("+442079460018")),
            ("(55) 5555-0182", None),
            ("5512345678", None),
            ("(55) 1234 5678 ext 2", None),
            ("+52 55 1234 5678 x2", None),
            ("+", None),
            ("", None),
        ] {
            assert_eq!(phone(text).as_deref(), number, "{text:?}");
        }
    }

    #[test]
    fn a_line_has_no_breaks_and_ends_where_it_must() {
        assert_eq!(line(" Ana\r\nLuz \u{200b}").as_deref(), Some("Ana  Luz"));
        assert_eq!(line(&"á".repeat(400)).map(|text| text.chars().count()), Some(300));
        assert_eq!(line("\u{0}\u{7}"), None);
    }

    #[test]
    fn html_s_names_of_characters_are_read_once() {
        for (html, plain) in [
            ("Ana &amp; Luz", "Ana & Luz"),
            ("O&#39;Neil &#x2013; &ndash; &ntilde;", "O'Neil – – ñ"),
            ("&amp;amp;", "&amp;"),
            ("a & b &nothing; &;", "a & b &nothing; &;"),
            ("&#0; &#99999999;", "&#0; &#99999999;"),
            ("fin &", "fin &"),
            ("ñandú &é;", "ñandú &é;"),
        ] {
            assert_eq!(unescape(html), plain);
        }
    }

    #[test]
    fn dates_are_read_in_their_order() {
        assert_eq!(date("1987-11-24", None).as_deref(), Some("1987-11-24"));
        assert_eq!(date("1987-11-24T00:00:00-00:00", None).as_deref(), Some("1987-11-24"));
        assert_eq!(date("0000-09-21", None).as_deref(), Some("--09-21"));
        assert_eq!(date("0000-02-29", None).as_deref(), Some("--02-29"));
        assert_eq!(date("24/11/1987", Some("DD/MM/YYYY")).as_deref(), Some("1987-11-24"));
        assert_eq!(date("11-24-1987", Some("MM-DD-YYYY")).as_deref(), Some("1987-11-24"));
        for (text, order) in [
            ("31/02/1990", Some("DD/MM/YYYY")),
            ("24.11.1987", Some("DD/MM/YYYY")),
            ("1/2/1990", Some("DD/MM/YYYY")),
            ("24/11/1987", None),
            ("1987-11", None),
            ("1987-1-4", None),
            ("", None),
        ] {
            assert_eq!(date(text, order), None, "{text:?}");
        }
    }

    #[test]
    fn times_without_an_offset_are_by_the_clock_of_their_zone() {
        let at = local_time("2026-11-05T12:12:40", "America/Mexico_City").unwrap();
        assert_eq!(at.to_string(), "2026-11-05T18:12:40Z");
        assert_eq!(local_time("2026-11-05T18:12:40", "UTC"), Some(at));
        assert_eq!(local_time("2026-11-05 18:12:40", "UTC"), Some(at));
        assert_eq!(local_time("soon", "UTC"), None);
        assert_eq!(local_time("2026-11-05T18:12:40", "Nowhere"), None);
        assert_eq!(stamp(at), "20261105T181240Z");
    }

    #[test]
    fn a_guest_is_known_by_an_address() {
        assert_eq!(guest_address(" Ana@Example.COM "), Some("ana@example.com".into()));
        for nobody in ["", "n/a", "ana@", "@example.com", "ana"] {
            assert_eq!(guest_address(nobody), None, "{nobody:?}");
        }
    }
}
