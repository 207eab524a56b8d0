//! Events from files: one JSON, JSON Lines, or CSV with a mapping.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lazo_domain::event::{self, BadEvent, Delivered};
use serde_json::value::RawValue;

use super::csv_rows::{self, CsvArgs};
use super::threads;

/// An event that does not fit, and where it stands.
pub struct Bad {
    pub place: String,
    pub why: BadEvent,
}

impl Bad {
    pub fn at(path: &Path, line: usize, why: BadEvent) -> Bad {
        Bad { place: format!("{}:{line}", path.display()), why }
    }
}

/// What files held: the events in the files' order, and what is none.
#[derive(Default)]
pub struct Events {
    pub good: Vec<Delivered>,
    pub bad: Vec<Bad>,
}

impl Events {
    /// What was read of a file, each with its line.
    pub fn sorted_out(
        path: &Path,
        read: impl IntoIterator<Item = (usize, Result<Delivered, BadEvent>)>,
    ) -> Events {
        let mut events = Events::default();
        for (line, event) in read {
            match event {
                Ok(delivered) => events.good.push(delivered),
                Err(why) => events.bad.push(Bad::at(path, line, why)),
            }
        }
        events
    }
}

/// Tells on standard error what was left out: the first ten, and how many.
pub fn report_bad(left_out: &[Bad]) {
    const SHOWN: usize = 10;
    for bad in left_out.iter().take(SHOWN) {
        eprintln!("lazo: {}: left out: {}", bad.place, bad.why);
    }
    if left_out.len() > SHOWN {
        eprintln!("lazo: … and {} more left out", left_out.len() - SHOWN);
    }
}

/// Whether a file is read as CSV, by its ending.
pub fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"))
}

/// Reads all files, on as many threads as given.
///
/// # Errors
/// A file that cannot be read, or a CSV file whose columns do not fit.
pub fn read(paths: &[PathBuf], csv: &CsvArgs, threads: usize) -> anyhow::Result<Events> {
    let mut events = Events::default();
    for path in paths {
        let text = text(path)?;
        let text = without_mark(&text);
        let read = match is_csv(path) {
            true => csv_rows::read(path, text, csv, threads)?,
            false => decode(path, &json_texts(path, text)?, threads)?,
        };
        events.good.extend(read.good);
        events.bad.extend(read.bad);
    }
    Ok(events)
}

/// A file's text.
///
/// # Errors
/// A file that cannot be read, or is no text.
pub fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{} is not UTF-8 text", path.display()))
}

/// The text behind the mark with which some programs begin it.
pub fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// Whether each line of a file is a text of its own, by its ending: one that is
/// no JSON takes none of the others with it.
fn is_lines(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ["jsonl", "ndjson"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// The JSON texts in a file, each with its line.
///
/// # Errors
/// A file that holds no JSON at all.
pub fn json_texts<'a>(path: &Path, text: &'a str) -> anyhow::Result<Vec<(usize, &'a str)>> {
    let is_whole = |line: &str| line.starts_with('{') && line.ends_with('}');
    let lines = || text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let first = lines().next().map_or("", |(_, line)| line);
    if is_lines(path) || is_whole(first) {
        return Ok(lines().map(|(index, line)| (index + 1, line)).collect());
    }
    // One document over several lines: an object, an array, or a few in a row.
    let mut texts = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let line_at = |offset: usize| text[..offset].lines().count().max(1);
    loop {
        let offset = stream.byte_offset();
        match stream.next() {
            None => break,
            Some(Ok(value)) if value.get().starts_with('[') => {
                let list: Vec<&RawValue> = serde_json::from_str(value.get())
                    .with_context(|| format!("{}: no JSON", path.display()))?;
                texts.extend(list.iter().map(|item| (line_at(offset), item.get())));
            }
            Some(Ok(value)) => texts.push((line_at(offset), value.get())),
            Some(Err(error)) => bail!("{}: no JSON: {error}", path.display()),
        }
    }
    Ok(texts)
}

/// Decodes JSON texts, each with its line, on as many threads as given.
///
/// # Errors
/// Only where a thread panicked; what is no event is among `bad`.
pub fn decode<T>(path: &Path, texts: &[(usize, T)], threads: usize) -> anyhow::Result<Events>
where
    T: AsRef<str> + Sync,
{
    let read =
        threads::for_each(threads, texts, |(line, text)| (*line, event::from_wire(text.as_ref())))?;
    Ok(Events::sorted_out(path, read))
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
    fn one_document_may_go_over_lines() {
        let text = "[\n  {\"a\":1},\n  {\"b\":\n2}\n]";
        let texts = json_texts(Path::new("events.json"), text).unwrap();
        assert_eq!(
            texts.iter().map(|(_, text)| *text).collect::<Vec<_>>(),
            ["{\"a\":1}", "{\"b\":\n2}"]
        );
    }
}
