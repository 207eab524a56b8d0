//! What did not fit, in a file beside the one that it came from: ready to be
//! mended and imported.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::csv_rows::Records;
use super::event_files;

/// What stands in such a file's name.
const MARK: &str = ".rejected";
/// The last column of such a CSV file; the second where the file has a `reason`.
const REASONS: [&str; 2] = ["reason", "rejected_reason"];

/// Writes the rows of a file that do not fit, each with the reason, beside it. A
/// file that is there with other rows stays as it is: a number goes behind the
/// name.
///
/// # Errors
/// A file that cannot be written.
pub fn write(path: &Path, text: &str, bad: &[(usize, String)]) -> anyhow::Result<PathBuf> {
    let reasons: BTreeMap<usize, &str> =
        bad.iter().map(|(line, why)| (*line, why.as_str())).collect();
    let (text, ending) = match event_files::is_csv(path) {
        true => (rows(path, text, &reasons)?, "csv"),
        false => (texts(path, text, &reasons)?.into_bytes(), "jsonl"),
    };
    beside(path, &text, ending)
}

/// The rows of a CSV file with a column more. Rows of a file that this wrote
/// have it already.
fn rows(path: &Path, text: &str, reasons: &BTreeMap<usize, &str>) -> anyhow::Result<Vec<u8>> {
    let records = Records::of(text)?;
    let columns = records.header.len();
    let last = records.header.iter().next_back();
    let has_column = is_rejected(path) && last.is_some_and(|last| REASONS.contains(&last));
    let kept = if has_column { columns - 1 } else { columns };
    let names: Vec<&str> = records.header.iter().take(kept).collect();
    let name = REASONS.into_iter().find(|name| !names.contains(name)).unwrap_or(REASONS[0]);
    let mut writer = csv::WriterBuilder::new()
        .delimiter(records.delimiter as u8)
        .flexible(true)
        .from_writer(Vec::new());
    writer.write_record(names.iter().copied().chain([name]))?;
    let mut written = Ok(());
    records.each(|line, record, _| {
        let Some(why) = reasons.get(&line) else { return };
        let empty = std::iter::repeat_n("", kept.saturating_sub(record.len()));
        let cells = record.iter().take(kept).chain(empty);
        // Cells for which the header has no name stand behind the reason.
        let more = record.iter().skip(columns).filter(|cell| !cell.is_empty());
        if written.is_ok() {
            written = writer.write_record(cells.chain([*why]).chain(more));
        }
    })?;
    written?;
    writer.into_inner().context("cannot put rows together")
}

/// JSON texts, each in a line behind a line with its reason. Readers pass over
/// lines that begin with `#`.
fn texts(path: &Path, text: &str, reasons: &BTreeMap<usize, &str>) -> anyhow::Result<String> {
    let mut written = String::new();
    for (line, text) in event_files::json_texts(path, text)? {
        let Some(why) = reasons.get(&line) else { continue };
        // Between the parts of JSON, a line's end is a blank like others.
        let one_line = |text: &str| text.replace(['\r', '\n'], " ");
        written += &format!("# {}\n{}\n", one_line(why), one_line(text));
    }
    Ok(written)
}

fn is_rejected(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().contains(MARK))
}

/// Writes a file beside another, under a name that no file with another text has.
fn beside(path: &Path, text: &[u8], ending: &str) -> anyhow::Result<PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.split(MARK).next().unwrap_or_default();
    let mut number = 1;
    loop {
        let behind = if number == 1 { String::new() } else { format!("-{number}") };
        let name = path.with_file_name(format!("{stem}{MARK}{behind}.{ending}"));
        number += 1;
        let file = OpenOptions::new().write(true).create_new(true).open(&name);
        match file {
            Ok(mut file) => {
                let written = file.write_all(text).and_then(|()| file.sync_all());
                return written
                    .map(|()| name.clone())
                    .with_context(|| format!("cannot write {}", name.display()));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // The same rows of an earlier run.
                if std::fs::read(&name).is_ok_and(|there| there == text) {
                    return Ok(name);
                }
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot write {}", name.display()));
            }
        }
    }
}
