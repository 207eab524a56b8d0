//! Where things stand in a template's text.
//!
//! MJML is parsed after the template was rendered, so an error in it stands at
//! a place of the output. To say at which line of which file, the check renders
//! once more with a mark at the beginning of every line, and takes the marks
//! out again.

use std::ops::Range;

use super::files::Files;
use crate::rulebook::Place;

/// The characters around a mark: of Unicode's private area, which no text has.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// The byte ranges of `{{ … }}`, `{% … %}` and `{# … #}`.
pub(super) fn tags(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let close = match text.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                from = open + 1;
                continue;
            }
        };
        let end = text[open + 2..].find(close).map_or(text.len(), |at| open + 2 + at + 2);
        found.push(open..end);
        from = end;
    }
    found
}

/// The line and column of a byte.
pub(super) fn place(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Place { line: line as u64, column: column as u64 }
}

/// Where a template asks for a name, and whether it says what to do without.
pub(super) struct Mention {
    pub place: Place,
    pub guarded: bool,
}

/// Every place inside tags at which `name` (`customer.given_name`) stands.
pub(super) fn mentions(text: &str, name: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for tag in tags(text) {
        if text[tag.clone()].starts_with("{#") {
            continue;
        }
        for (at, _) in text[tag.clone()].match_indices(name) {
            let start = tag.start + at;
            let (before, after) = (&text[..start], &text[start + name.len()..tag.end]);
            let is_whole =
                !before.ends_with(|c| is_word(c) || c == '.') && !after.starts_with(is_word);
            if is_whole {
                found.push(Mention { place: place(text, start), guarded: is_guarded(after) });
            }
        }
    }
    found
}

fn is_guarded(after: &str) -> bool {
    let words = after.trim_start();
    match words.strip_prefix('|') {
        Some(filter) => ["default", "d("].iter().any(|name| filter.trim_start().starts_with(name)),
        None => {
            let test = words.strip_prefix("is ").map(str::trim_start).unwrap_or("");
            let test = test.strip_prefix("not ").map_or(test, str::trim_start);
            test.starts_with("defined") || test.starts_with("undefined")
        }
    }
}

/// What a tag calls by a name of MiniJinja's, not of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call<'a> {
    Filter(&'a str),
    Test(&'a str),
}

/// Every filter (`| name`) and test (`is name`) inside tags, with its byte.
pub(super) fn calls(text: &str) -> Vec<(usize, Call<'_>)> {
    let mut found = Vec::new();
    for tag in tags(text).into_iter().filter(|tag| !text[tag.clone()].starts_with("{#")) {
        let mut quote = None;
        let mut before = ' ';
        for (at, c) in text[tag.clone()].char_indices() {
            let rest = &text[tag.start + at..tag.end];
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c && before != '\\' => quote = None,
                (None, '|') => {
                    let name = word(&rest[1..]);
                    found.push((tag.end - rest.len() + offset(rest, name), Call::Filter(name)));
                }
                (None, 'i') if rest.starts_with("is ") && !is_word(before) && before != '.' => {
                    let test = rest[3..].trim_start();
                    let name = word(test.strip_prefix("not ").unwrap_or(test));
                    found.push((tag.end - rest.len() + offset(rest, name), Call::Test(name)));
                }
                _ => {}
            }
            before = c;
        }
    }
    found.retain(|(_, call)| !matches!(call, Call::Filter("") | Call::Test("")));
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that a text begins with, blanks aside.
fn word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// At which byte of `text` a part of it stands.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// The template with a mark at the beginning of every line that does not begin
/// inside a tag. `file` is the file's number.
pub(super) fn mark(text: &str, file: usize) -> String {
    let tags = tags(text);
    let mut marked = String::with_capacity(text.len() * 2);
    let mut start = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if !tags.iter().any(|tag| tag.start < start && start < tag.end) {
            marked.push_str(&format!("{OPEN}{file}:{}{CLOSE}", index + 1));
        }
        marked.push_str(line);
        start += line.len();
    }
    marked
}

/// Output whose marks are taken out, with what they said.
pub(super) struct Unmarked {
    pub text: String,
    /// From which byte of the text on, which file and line it came from.
    lines: Vec<(usize, usize, u64)>,
}

pub(super) fn unmark(marked: &str) -> Unmarked {
    let mut text = String::with_capacity(marked.len());
    let mut lines = Vec::new();
    let mut pieces = marked.split(OPEN);
    text.push_str(pieces.next().unwrap_or(""));
    for piece in pieces {
        let (mark, rest) = piece.split_once(CLOSE).unwrap_or(("", piece));
        let numbers = mark.split_once(':').and_then(|(file, line)| {
            Some((file.parse::<usize>().ok()?, line.parse::<u64>().ok()?))
        });
        if let Some((file, line)) = numbers {
            lines.push((text.len(), file, line));
        }
        text.push_str(rest);
    }
    Unmarked { text, lines }
}

impl Unmarked {
    /// The file and the place from which a range of the text came.
    pub fn origin<'a>(&self, range: &Range<usize>, files: &'a Files) -> Option<(&'a str, Place)> {
        let before = self.lines.partition_point(|(byte, _, _)| *byte <= range.start);
        let (_, file, line) = self.lines[..before].last()?;
        let path = files.paths().nth(*file)?;
        let source = files.text(path)?.lines().nth(*line as usize - 1)?;
        let snippet = self.text.get(range.clone()).unwrap_or("");
        let column = source.find(snippet).map_or(1, |byte| source[..byte].chars().count() + 1);
        Some((path, Place { line: *line, column: column as u64 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_a_whole_name_inside_a_tag() {
        let text = "customer.a {# customer.a #}\n{{ customer.ab }} {{ customer.a | default('') }}{% if customer.a is not defined %}{{ xcustomer.a }}{{ customer.a.b }}";
        let found = mentions(text, "customer.a");
        let seen: Vec<_> =
            found.iter().map(|m| (m.place.line, m.place.column, m.guarded)).collect();
        assert_eq!(seen, [(2, 22, true), (2, 55, true), (2, 103, false)]);
    }

    #[test]
    fn filters_and_tests_are_found_outside_of_strings() {
        let text = "a | b {{ c | upper|trim }}{% if this is not defined and x is even %}{{ 'a | b' | day }}";
        let found: Vec<_> = calls(text).into_iter().map(|(_, call)| call).collect();
        use Call::{Filter, Test};
        let expected =
            [Filter("upper"), Filter("trim"), Test("defined"), Test("even"), Filter("day")];
        assert_eq!(found, expected);
        assert_eq!(&text[calls(text)[1].0..][..4], "trim");
    }

    #[test]
    fn a_comment_is_a_tag_whatever_stands_in_it() {
        let text = "a {# {{ b }} #} {{ c }} {d}{% e";
        let found: Vec<_> = tags(text).into_iter().map(|tag| &text[tag]).collect();
        assert_eq!(found, ["{# {{ b }} #}", "{{ c }}", "{% e"]);
    }

    #[test]
    fn lines_are_marked_that_do_not_begin_inside_a_tag() {
        let marked = mark("one\n{{ x\n}}\ntwo\n{{ y }}", 7).replace([OPEN, CLOSE], "|");
        assert_eq!(marked, "|7:1|one\n|7:2|{{ x\n}}\n|7:4|two\n|7:5|{{ y }}");
    }

    #[test]
    fn marks_lead_back_to_the_line() {
        let files = Files::read(&[("a/es/b.mjml".into(), "one\n{{ x\n}}\n  two <b>".into())]);
        let marked = mark(files.text("a/es/b.mjml").unwrap(), 0);
        let unmarked = unmark(&marked);
        assert_eq!(unmarked.text, "one\n{{ x\n}}\n  two <b>");
        let at = unmarked.text.find("<b>").unwrap();
        let (path, place) = unmarked.origin(&(at..at + 3), &files).unwrap();
        assert_eq!((path, place.line, place.column), ("a/es/b.mjml", 4, 7));
    }
}
