//! What the MJML parser lets pass although it breaks the mail: elements that
//! are not closed or crossed, names that do not exist, text outside of text.

use std::ops::Range;

use super::html::{MjmlFault, include};
use crate::bilingual::{Bilingual, said};
use crate::nearest::hint;

/// The elements of MJML.
const ELEMENTS: [&str; 33] = [
    "mjml",
    "mj-head",
    "mj-body",
    "mj-attributes",
    "mj-all",
    "mj-class",
    "mj-breakpoint",
    "mj-font",
    "mj-preview",
    "mj-style",
    "mj-title",
    "mj-accordion",
    "mj-accordion-element",
    "mj-accordion-text",
    "mj-accordion-title",
    "mj-button",
    "mj-carousel",
    "mj-carousel-image",
    "mj-column",
    "mj-divider",
    "mj-group",
    "mj-hero",
    "mj-image",
    "mj-navbar",
    "mj-navbar-link",
    "mj-raw",
    "mj-section",
    "mj-social",
    "mj-social-element",
    "mj-spacer",
    "mj-table",
    "mj-text",
    "mj-wrapper",
];

/// Elements that hold other MJML elements only.
const STRUCTURE: [&str; 8] =
    ["mjml", "mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero"];

/// HTML elements without an end.
const VOID: [&str; 11] =
    ["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"];

struct Open<'a> {
    name: &'a str,
    range: Range<usize>,
}

struct Linter<'a> {
    mjml: &'a str,
    open: Vec<Open<'a>>,
    found: Vec<MjmlFault>,
}

/// All that is wrong in rendered MJML, in the order of the text.
pub(super) fn lint(mjml: &str) -> Vec<MjmlFault> {
    let mut linter = Linter { mjml, open: Vec::new(), found: Vec::new() };
    let mut at = 0;
    while let Some(start) = mjml[at..].find('<').map(|found| at + found) {
        linter.text(at..start);
        at = linter.tag(start);
    }
    for open in std::mem::take(&mut linter.open).into_iter().rev() {
        linter.not_closed(&open, &said!("el final", "the end"));
    }
    linter.found
}

impl<'a> Linter<'a> {
    fn fault(&mut self, range: Range<usize>, message: Bilingual) {
        self.found.push(MjmlFault::error(range, message));
    }

    fn parent(&self) -> Option<&'a str> {
        self.open.last().map(|open| open.name)
    }

    /// The text between two tags.
    fn text(&mut self, range: Range<usize>) {
        let text = &self.mjml[range.clone()];
        let start = range.start + text.len() - text.trim_start().len();
        if let Some(parent) = self.parent().filter(|parent| STRUCTURE.contains(parent))
            && !text.trim().is_empty()
        {
            let range = start..start + text.trim().lines().next().unwrap_or("").len();
            self.fault(
                range,
                said!(
                    "hay texto directamente en <{parent}>; ponlo dentro de <mj-text>",
                    "text stands directly in <{parent}>; put it inside <mj-text>"
                ),
            );
        }
    }

    /// Takes in the tag that begins here, and says where to go on.
    fn tag(&mut self, start: usize) -> usize {
        let rest = &self.mjml[start..];
        if rest.starts_with("<!--") {
            return start + rest.find("-->").map_or(rest.len(), |end| end + 3);
        }
        let is_end = rest.starts_with("</");
        let from = if is_end { 2 } else { 1 };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == ':';
        let length = rest[from..].find(|c| !is_name(c)).unwrap_or(rest.len() - from);
        let name = &rest[from..from + length];
        let end = start + tag_length(rest);
        if name.is_empty() {
            // A declaration, or a lone < that the parser tells of.
            return start + 1;
        }
        let range = start..start + from + length;
        if is_end {
            self.close(name, range);
            return end;
        }
        self.begin(name, range.clone());
        let is_whole = self.mjml[..end].ends_with("/>") || VOID.contains(&name);
        if is_whole {
            return end;
        }
        self.open.push(Open { name, range });
        match name {
            // CSS, no markup.
            "mj-style" | "style" => {
                let close =
                    self.mjml[end..].find("</").map_or(self.mjml.len(), |found| end + found);
                close.max(end)
            }
            _ => end,
        }
    }

    fn begin(&mut self, name: &str, range: Range<usize>) {
        if name == "mj-include" {
            return self.fault(range, include());
        }
        let is_mjml = name == "mjml" || name.starts_with("mj-");
        if is_mjml && !ELEMENTS.contains(&name) {
            let message =
                said!("MJML no tiene el elemento <{name}>", "MJML has no element <{name}>")
                    .then(&hint(name, ELEMENTS));
            return self.fault(range, message);
        }
        if let Some(parent) = self.parent().filter(|parent| STRUCTURE.contains(parent))
            && !is_mjml
        {
            self.fault(
                range,
                said!(
                    "<{name}> está directamente en <{parent}>; ponlo dentro de <mj-text>",
                    "<{name}> stands directly in <{parent}>; put it inside <mj-text>"
                ),
            );
        }
    }

    fn close(&mut self, name: &str, range: Range<usize>) {
        match self.open.iter().rposition(|open| open.name == name) {
            None => {
                self.fault(range, said!("</{name}> no cierra nada", "</{name}> closes nothing"))
            }
            Some(index) => {
                for open in self.open.split_off(index).into_iter().skip(1).rev() {
                    self.not_closed(&open, &format!("</{name}>").into());
                }
            }
        }
    }

    fn not_closed(&mut self, open: &Open, before: &Bilingual) {
        let name = open.name;
        let message = before.within(
            &format!("<{name}> no se cierra antes de {{}}; escribe </{name}>"),
            &format!("<{name}> is not closed before {{}}; write </{name}>"),
        );
        self.fault(open.range.clone(), message);
    }
}

/// How long a tag is; a `>` inside a quoted value does not end it.
fn tag_length(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(column: &str) -> String {
        let mjml = format!(
            "<mjml><mj-head><mj-style>.a > b {{ }} /* <p> */</mj-style></mj-head><mj-body><mj-section>\
             <mj-column>{column}</mj-column></mj-section></mj-body></mjml>"
        );
        let found = lint(&mjml);
        let told = found.iter().map(|f| format!("{}: {}", &mjml[f.range.clone()], f.message));
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn sound_mjml_passes() {
        assert_eq!(
            messages("<mj-text a='>'>a<br>b <!-- <p> --><b>c</b></mj-text><mj-spacer />"),
            ""
        );
        assert_eq!(messages("<!-- a <p> b --><mj-spacer a=\"1>0\" />"), "");
    }

    #[test]
    fn what_breaks_a_mail_is_told_with_its_place() {
        let cases = [
            (
                "<mj-text>a",
                "<mj-text: <mj-text> is not closed before </mj-column>; write </mj-text>",
            ),
            ("<mj-text><b>a</mj-text>", "<b: <b> is not closed before </mj-text>; write </b>"),
            ("<mj-text>a</b></mj-text>", "</b: </b> closes nothing"),
            (
                "<mj-txt>a</mj-txt>",
                "<mj-txt: MJML has no element <mj-txt>; did you mean \"mj-text\"?",
            ),
            ("Hola", "Hola: text stands directly in <mj-column>; put it inside <mj-text>"),
            ("<p>a</p>", "<p: <p> stands directly in <mj-column>; put it inside <mj-text>"),
        ];
        for (column, expected) in cases {
            assert_eq!(messages(column), expected, "{column}");
        }
        assert!(messages("<mj-include path=\"x\" />").contains("{% include"));
        let found = lint("<mjml");
        assert_eq!((found.len(), found[0].range.clone()), (1, 0..5));
    }
}
