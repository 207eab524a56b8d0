//! Segments as they were counted, for people and for programs.

use lazo::shell::wording::Language;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::segment::{Segment, Tally};
use lazo_domain::text_by_language::TextByLanguage;
use serde_json::{Map, Value, json};

/// How many overlaps are told of one segment.
const OVERLAPS_MAX: usize = 5;

/// One object a line per segment, in the order of names.
///
/// # Errors
/// Where standard output is closed.
pub fn print_lines(tally: &Tally, book: &RuleBook) -> anyhow::Result<()> {
    let segments: Vec<&Segment> = book.segments().iter().collect();
    for (place, segment) in segments.iter().enumerate() {
        let seen = tally.of(place);
        let others = segments.iter().enumerate().filter(|(other, _)| *other != place);
        let overlaps =
            others.map(|(other, one)| (one.name.clone(), json!(tally.in_both(place, other))));
        let examples: Vec<&str> = seen.examples().map(|id| id.as_str()).collect();
        out!(
            "{}",
            json!({
                "segment": segment.name,
                "title": by_language(&segment.title),
                "description": by_language(&segment.description),
                "customers": tally.customers,
                "size": seen.size,
                "share": share(seen.size, tally.customers),
                "overlaps": Value::Object(overlaps.collect::<Map<_, _>>()),
                "examples": examples,
            })
        );
    }
    Ok(())
}

fn by_language(text: &TextByLanguage) -> Value {
    match (text.es(), text.en()) {
        (Some(es), Some(en)) => json!({ "es": es, "en": en }),
        _ => Value::Null,
    }
}

fn share(size: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { size as f64 / of as f64 }
}

/// A table, the largest overlaps of each segment under it.
///
/// # Errors
/// Where standard output is closed.
pub fn print(tally: &Tally, book: &RuleBook, at: Instant, lang: Language) -> anyhow::Result<()> {
    let segments: Vec<&Segment> = book.segments().iter().collect();
    let day = at.date_in(&book.default_zone);
    let customers = lang.count(tally.customers, ["cliente", "clientes"], ["customer", "customers"]);
    out!("{}", format!("{customers}, {day}"));
    if segments.is_empty() {
        let none = lang.pick(
            "no hay segmentos: escríbelos en segments.yaml, en la carpeta de reglas",
            "there are no segments: write them in segments.yaml, in the rules folder",
        );
        out!("{none}");
        return Ok(());
    }
    for (place, segment) in segments.iter().enumerate() {
        let seen = tally.of(place);
        let percent = share(seen.size, tally.customers) * 100.0;
        let title = lang.pick_text(&segment.title).unwrap_or_default();
        out!(
            "{}",
            format!("{:<26}{:>8}{percent:>7.1} %  {title}", segment.name, seen.size).trim_end()
        );
        let overlaps = overlaps(tally, &segments, place);
        if !overlaps.is_empty() {
            out!("    {} {}", lang.pick("también en", "also in"), overlaps.join(", "));
        }
        let examples: Vec<&str> = seen.examples().map(|id| id.as_str()).collect();
        if !examples.is_empty() {
            out!("    {} {}", lang.pick("p. ej.", "e.g."), examples.join(", "));
        }
    }
    Ok(())
}

/// The segments with which one shares most customers, with how many.
fn overlaps(tally: &Tally, segments: &[&Segment], place: usize) -> Vec<String> {
    let others = (0..segments.len()).filter(|other| *other != place);
    let mut found: Vec<(usize, usize)> =
        others.map(|other| (tally.in_both(place, other), other)).filter(|(n, _)| *n > 0).collect();
    found.sort_by_key(|(count, other)| (std::cmp::Reverse(*count), *other));
    let told = found.iter().take(OVERLAPS_MAX);
    let mut told: Vec<String> =
        told.map(|(count, other)| format!("{} {count}", segments[*other].name)).collect();
    if found.len() > OVERLAPS_MAX {
        told.push("…".into());
    }
    told
}
