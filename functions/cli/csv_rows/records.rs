//! A CSV file's rows, whatever stands between its cells.

use anyhow::Context;

/// What may stand between cells.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// A file's text as rows.
pub struct Records<'a> {
    text: &'a str,
    pub delimiter: char,
    /// How many lines stand before `text` in the file.
    lines_before: usize,
    pub header: csv::StringRecord,
}

impl<'a> Records<'a> {
    /// # Errors
    /// A file without a header.
    pub fn of(text: &'a str) -> anyhow::Result<Records<'a>> {
        // Excel's own way to tell what stands between cells.
        let (hint, text, lines_before) = match text.split_once('\n') {
            Some((line, rest)) if line.trim_end().len() == 5 && line.starts_with("sep=") => {
                (line.chars().nth(4), rest, 1)
            }
            _ => (None, text, 0),
        };
        let delimiter = hint.filter(char::is_ascii).unwrap_or_else(|| delimiter(text));
        let mut records =
            Records { text, delimiter, lines_before, header: csv::StringRecord::new() };
        records.header = records.reader(text, true).headers().context("no CSV")?.clone();
        Ok(records)
    }

    fn reader(&self, text: &'a str, quoting: bool) -> csv::Reader<&'a [u8]> {
        csv::ReaderBuilder::new()
            .delimiter(self.delimiter as u8)
            .quoting(quoting)
            .flexible(true)
            .from_reader(text.as_bytes())
    }

    /// Goes through the rows behind the header, each with its line; empty ones are
    /// passed over. The second argument says why a row does not fit, if so.
    ///
    /// # Errors
    /// What `take` says.
    pub fn each(
        &self,
        mut take: impl FnMut(usize, &csv::StringRecord, Option<&str>),
    ) -> anyhow::Result<()> {
        let mut reader = self.reader(self.text, true);
        reader.headers()?;
        let mut record = csv::StringRecord::new();
        let (mut line, mut counted) = (self.lines_before + 1, 0);
        while reader.read_record(&mut record)? {
            let from = record.position().map_or(0, csv::Position::byte) as usize;
            let until = (reader.position().byte() as usize).min(self.text.len());
            let raw = &self.text[from.min(until)..until];
            let blank = raw.len() - raw.trim_start_matches(['\r', '\n']).len();
            let start = from + blank;
            line += newlines(&self.text[counted..start]);
            counted = start;
            let raw = raw.trim_matches(['\r', '\n']);
            if raw.contains('\n') && !is_well_quoted(raw, self.delimiter) {
                // A quote that is not closed has swallowed the rows behind it.
                self.each_line(raw, line, &mut take)?;
            } else if record.iter().any(|cell| !cell.trim().is_empty()) {
                take(line, &record, self.too_many(&record).as_deref());
            }
        }
        Ok(())
    }

    /// Goes through lines one by one, as if a quote were a letter.
    fn each_line(
        &self,
        raw: &'a str,
        first: usize,
        take: &mut impl FnMut(usize, &csv::StringRecord, Option<&str>),
    ) -> anyhow::Result<()> {
        let why = "a quote (\") stands where none may, so that rows run into one another; \
            remove it, or double it within quotes";
        for (index, text) in raw.lines().enumerate() {
            let mut reader = csv::ReaderBuilder::new();
            let reader = reader.delimiter(self.delimiter as u8).quoting(false).has_headers(false);
            for record in reader.flexible(true).from_reader(text.as_bytes()).records() {
                take(first + index, &record?, Some(why));
            }
        }
        Ok(())
    }

    fn too_many(&self, record: &csv::StringRecord) -> Option<String> {
        let columns = self.header.len();
        let is_more = record.iter().skip(columns).any(|cell| !cell.trim().is_empty());
        is_more.then(|| {
            format!(
                "has {} cells, the header {columns}; put a cell with a {:?} inside in quotes",
                record.len(),
                self.delimiter
            )
        })
    }
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// What stands most often between the header's cells.
fn delimiter(text: &str) -> char {
    let mut counts = [0; DELIMITERS.len()];
    let mut is_quoted = false;
    for c in text.trim_start().chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\n' if !is_quoted => break,
            c if !is_quoted => {
                if let Some(place) = DELIMITERS.iter().position(|known| *known == c) {
                    counts[place] += 1;
                }
            }
            _ => {}
        }
    }
    let most = counts.iter().max().copied().unwrap_or(0);
    let place = counts.iter().position(|count| *count == most).unwrap_or(0);
    DELIMITERS[place]
}

/// Whether each quote of a row opens or closes a cell, or is doubled in one.
fn is_well_quoted(raw: &str, delimiter: char) -> bool {
    let mut chars = raw.chars().peekable();
    let mut is_start = true;
    while let Some(c) = chars.next() {
        match c {
            '"' if is_start => loop {
                match (chars.next(), chars.peek()) {
                    (None, _) => return false,
                    (Some('"'), Some('"')) => drop(chars.next()),
                    (Some('"'), next) => {
                        let is_end = next.is_none_or(|c| *c == delimiter);
                        if !is_end {
                            return false;
                        }
                        break;
                    }
                    (Some(_), _) => {}
                }
            },
            '"' => return false,
            _ => {}
        }
        is_start = c == delimiter;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of a text: line, cells, whether they fit.
    fn rows(text: &str) -> Vec<(usize, Vec<String>, bool)> {
        let mut found = Vec::new();
        Records::of(text)
            .unwrap()
            .each(|line, record, why| {
                found.push((line, record.iter().map(str::to_owned).collect(), why.is_none()));
            })
            .unwrap();
        found
    }

    #[test]
    fn what_stands_between_cells_is_found() {
        for text in [
            "a,b,c\n1,2,3\n",
            "a;b;c\n1;2;3\n",
            "a\tb\tc\n1\t2\t3\n",
            "a|b|c\n1|2|3\n",
            "sep=;\na;b;c\n1;2;3\n",
            "\"a,;\";b;c\r\n1;2;3\r\n",
            "\n\na,b,c\n\n1,2,3\n",
        ] {
            let found = rows(text);
            assert_eq!((found.len(), found[0].1.join(" ")), (1, "1 2 3".into()), "{text:?}");
        }
    }

    #[test]
    fn lines_are_those_of_the_file() {
        for (text, expected) in [
            ("a,b\n1,2\n\n3,4\n", vec![2, 4]),
            ("a,b\r\n1,2\r\n\r\n\r\n3,4\r\n5,6", vec![2, 5, 6]),
            ("sep=,\na,b\n1,\"2\n2\"\n3,4\n,\n5,6\n", vec![3, 5, 7]),
        ] {
            let found: Vec<usize> = rows(text).into_iter().map(|(line, ..)| line).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn a_row_that_runs_over_its_end_is_told() {
        let text = "a,b,c\n1,2,\"Mesa 30\"\n1,100,50,x\n1,2,3,\n";
        assert_eq!(
            rows(text).into_iter().map(|row| row.2).collect::<Vec<_>>(),
            [true, false, true]
        );
        // Rows behind a quote that is not closed are not swallowed.
        for text in [
            "a,b,c\n1,2,\"Mesa\n3,4,5\n6,7,8\n",
            "a,b,c\n1,2,\"Mesa\n3,4,\"Silla\n6,7,8\n",
            "a,b,c\n1,2,\"Mesa\n3,4,x\n6,7,\"Silla\"\n",
        ] {
            let lines: Vec<_> = rows(text).into_iter().map(|(line, ..)| line).collect();
            assert_eq!(lines, [2, 3, 4], "{text:?}");
            assert!(!rows(text)[0].2 && rows(text)[0].1[2] == "\"Mesa");
        }
    }
}
