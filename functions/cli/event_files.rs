//! Events from files: one JSON, JSON Lines, or CSV with a mapping.

use std::path::Path;

use anyhow::Context;
use lazo::shell::wording::Language;
use lazo_domain::event::{self, Delivered};
use lazo_domain::instant::Instant;
use serde_json::value::RawValue;

use super::csv_rows::{Sheet, Told};
use super::lang::spoken;
use super::threads;

/// How many remarks of a kind on one file are shown.
pub const REMARKS_SHOWN: usize = 10;

/// Tells on standard error what was left out of a file and what was made of its
/// rows: the first ten of both, and how many. Whoever reads a file tells it so.
pub fn report(path: &Path, told: &Told) {
    let (name, lang) = (path.display(), spoken());
    for (line, remark) in told.remarks.iter().take(REMARKS_SHOWN) {
        eprintln!("lazo: {name}:{line}: {remark}");
    }
    if told.remarks.len() > REMARKS_SHOWN {
        let more = told.remarks.len() - REMARKS_SHOWN;
        let rows = lang.count(
            more,
            ["fila más como estas", "filas más como estas"],
            ["more such row", "more such rows"],
        );
        eprintln!("lazo: {name}: … {} {rows}", lang.pick("y", "and"));
    }
    match told.partly.len() {
        0 => {}
        count => {
            let events = lang.count(
                count,
                [
                    "evento cuenta sin los campos que no sirven",
                    "eventos cuentan sin los campos que no sirven",
                ],
                [
                    "event counts without fields that do not fit",
                    "events count without fields that do not fit",
                ],
            );
            eprintln!("lazo: {name}: {events}");
        }
    }
    for (line, why) in told.rejected.iter().take(REMARKS_SHOWN) {
        eprintln!("lazo: {name}:{line}: {}: {why}", lang.pick("queda fuera", "left out"));
    }
    if told.rejected.len() > REMARKS_SHOWN {
        let more = told.rejected.len() - REMARKS_SHOWN;
        match lang {
            Language::Es => eprintln!("lazo: {name}: … y {more} más quedan fuera"),
            Language::En => eprintln!("lazo: {name}: … and {more} more left out"),
        }
    }
}

/// Whether a file is read as CSV, by its ending.
pub fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// Reads a CSV file's events, on as many threads as given. They arrive when they
/// are told to, or each when it occurred.
///
/// # Errors
/// A file that is no CSV.
pub fn of_sheet(
    sheet: &Sheet,
    threads: usize,
    arrive: Option<Instant>,
) -> anyhow::Result<(Vec<Delivered>, Told)> {
    let parts = threads::in_parts(threads, |part| {
        let (mut events, mut early) = (Vec::new(), Vec::new());
        let told = sheet.events((part, threads), &mut |line, event| {
            let at = arrive.unwrap_or(event.at);
            match event.arrived(at) {
                Ok(event) => events.push((line, event)),
                Err(why) => early.push((line, why.to_string())),
            }
        })?;
        anyhow::Ok((events, told, early))
    })?;
    let (mut events, mut all) = (Vec::new(), Told::default());
    for part in parts {
        let (of_part, told, early) = part?;
        events.extend(of_part);
        all.add(told);
        all.rejected.extend(early);
    }
    events.sort_by_key(|(line, _)| *line);
    all.sort();
    Ok((events.into_iter().map(|(_, event)| event).collect(), all))
}

/// A file's text.
///
/// # Errors
/// A file that cannot be read, or is not UTF-8.
pub fn text(path: &Path) -> anyhow::Result<String> {
    lazo::shell::text_file::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Whether each line of a file is a text of its own, by its ending: one that is
/// no JSON takes none of the others with it.
fn is_lines(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["jsonl", "ndjson"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The JSON texts in a file, each with its line. Of JSON Lines, a line that begins
/// with `#` is a note.
///
/// # Errors
/// A file that holds no JSON at all.
pub fn json_texts<'a>(path: &Path, text: &'a str) -> anyhow::Result<Vec<(usize, &'a str)>> {
    let is_whole = |line: &str| line.starts_with('{') && line.ends_with('}');
    // Files that were put together have a byte order mark in the middle.
    let trimmed = |line: &'a str| line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let is_text = |line: &str| !line.is_empty() && !line.starts_with('#');
    let lines = || text.lines().map(trimmed).enumerate().filter(|(_, line)| is_text(line));
    let first = lines().next().map_or("", |(_, line)| line);
    if is_lines(path) || is_whole(first) {
        return Ok(lines().map(|(index, line)| (index + 1, line)).collect());
    }
    // One document over several lines: an object, an array, or a few in a row.
    let mut texts = Vec::new();
    let mut lines = Lines { text, counted: 0, line: 1 };
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let no_json = || format!("{}: no JSON", path.display());
        let value = value.with_context(no_json)?;
        match value.get().starts_with('[') {
            true => {
                let list: Vec<&RawValue> =
                    serde_json::from_str(value.get()).with_context(no_json)?;
                texts.extend(list.iter().map(|item| (lines.of(item.get()), item.get())));
            }
            false => texts.push((lines.of(value.get()), value.get())),
        }
    }
    Ok(texts)
}

/// Counts the lines of a text up to each of its parts, which come in their order.
struct Lines<'a> {
    text: &'a str,
    counted: usize,
    line: usize,
}

impl Lines<'_> {
    /// The line on which a part begins.
    fn of(&mut self, part: &str) -> usize {
        // A part is a piece of the text itself.
        let at = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let at = at.clamp(self.counted, self.text.len());
        let between = &self.text.as_bytes()[self.counted..at];
        self.line += between.iter().filter(|byte| **byte == b'\n').count();
        self.counted = at;
        self.line
    }
}

/// Decodes JSON texts, each with its line, on as many threads as given. The events
/// stay in the texts' order, and arrive when they are told to, or each at the time
/// of its envelope.
///
/// # Errors
/// Only where a thread panicked; what is no event is told.
pub fn decode<T>(
    texts: &[(usize, T)],
    threads: usize,
    arrive: Option<Instant>,
) -> anyhow::Result<(Vec<Delivered>, Told)>
where
    T: AsRef<str> + Sync,
{
    let read = threads::for_each(threads, texts, |(_, text)| {
        event::from_wire(text.as_ref()).and_then(|delivered| {
            let at = arrive.unwrap_or(delivered.at);
            delivered.arrived(at)
        })
    })?;
    let (mut events, mut told) = (Vec::with_capacity(texts.len()), Told::default());
    for ((line, text), event) in texts.iter().zip(read) {
        match event {
            Ok(delivered) => {
                told.note_left_out(*line, &delivered, || text.as_ref().to_owned());
                events.push(delivered);
            }
            Err(why) => {
                let why = spoken().failure_reason(&why.to_string()).into_owned();
                told.rejected.push((*line, why));
            }
        }
    }
    Ok((events, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_json_takes_no_other_with_it() {
        let text = "no json\n\n{\"a\":1}\n{\"b\":\n";
        let texts = json_texts(Path::new("events.jsonl"), text).unwrap();
        assert_eq!(texts, [(1, "no json"), (3, "{\"a\":1}"), (4, "{\"b\":")]);
        assert!(json_texts(Path::new("events.json"), text).is_err());
    }

    #[test]
    fn notes_and_marks_between_lines_are_no_texts() {
        let text = "# why\n{\"a\":1}\n\u{feff}{\"b\":2}\n";
        let texts = json_texts(Path::new("events.jsonl"), text).unwrap();
        assert_eq!(texts, [(2, "{\"a\":1}"), (3, "{\"b\":2}")]);
    }

    #[test]
    fn one_document_may_go_over_lines() {
        let text = "[\n  {\"a\":1},\n  {\"b\":\n2}\n]";
        let texts = json_texts(Path::new("events.json"), text).unwrap();
        assert_eq!(texts, [(2, "{\"a\":1}"), (3, "{\"b\":\n2}")]);
    }

    #[test]
    fn lines_are_those_of_the_file_whatever_ends_them() {
        let json = "[\n {\"a\":1},\n\n {\"b\":2}\n]\n{\n\"c\":3}\n";
        let lines = "{\"a\":1}\n# why\n\n{\"b\":2}\nno json\n";
        let places = |name: &str, text: &str| -> Vec<usize> {
            let texts = json_texts(Path::new(name), text).unwrap();
            texts.into_iter().map(|(line, _)| line).collect()
        };
        for (name, text, expected) in [("e.json", json, [2, 4, 6]), ("e.jsonl", lines, [1, 4, 5])] {
            assert_eq!(places(name, text), expected);
            assert_eq!(places(name, &text.replace('\n', "\r\n")), expected);
        }
    }
}
