//! MJML to HTML, and HTML to the text that a reader without HTML gets.

use std::ops::Range;

use html2text::{Element, Handle, RcDom, config};
use mrml::prelude::parser::{Error, Span, WarningKind};
use mrml::prelude::render::RenderOptions;

use crate::bilingual::{Bilingual, said};

/// Text is not broken into lines: each reader's window does that, and no link
/// is cut in two.
const WIDTH: usize = 10_000;

/// Something wrong in MJML, at a range of its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MjmlFault {
    pub range: Range<usize>,
    pub message: Bilingual,
    pub is_warning: bool,
}

impl MjmlFault {
    pub fn error(range: Range<usize>, message: impl Into<Bilingual>) -> MjmlFault {
        MjmlFault { range, message: message.into(), is_warning: false }
    }
}

/// Renders MJML without touching network or disk; also tells what the MJML
/// parser would pass over.
pub(super) fn from_mjml(mjml: &str) -> Result<(String, Vec<MjmlFault>), MjmlFault> {
    let parsed = mrml::parse(mjml).map_err(|error| refused(&error, mjml))?;
    // No fonts: each would be fetched from its maker when the mail is read.
    let options = RenderOptions { fonts: Default::default(), ..RenderOptions::default() };
    let html = parsed.element.render(&options);
    let html = html.map_err(|error| {
        let message = said!("no se puede componer: {error}", "cannot be rendered: {error}");
        MjmlFault::error(0..0, message)
    })?;
    let warnings = parsed.warnings.iter().map(|warning| MjmlFault {
        range: warning.span.start..warning.span.end,
        message: match warning.kind {
            WarningKind::UnexpectedAttribute => {
                said!("MJML no conoce aquí este atributo", "MJML does not know this attribute here")
            }
            kind => kind.to_string().into(),
        },
        is_warning: true,
    });
    Ok((html, warnings.collect()))
}

fn refused(error: &Error, mjml: &str) -> MjmlFault {
    let at = |span: &Span| span.start..span.end;
    let (range, message) = match error {
        Error::UnexpectedElement { position, .. } => (
            at(position),
            said!("este elemento no puede estar aquí", "this element may not stand here"),
        ),
        Error::UnexpectedToken { position, .. } => (
            at(position),
            said!(
                "esto no puede estar aquí; ¿quedó sin cerrar un elemento anterior?",
                "this may not stand here; is an element before it not closed?"
            ),
        ),
        Error::MissingAttribute { name, position, .. } => {
            (at(position), said!("le falta el atributo {name}", "lacks the attribute {name}"))
        }
        Error::InvalidAttribute { position, .. } => {
            (at(position), said!("no se puede leer este atributo", "this attribute cannot be read"))
        }
        Error::InvalidFormat { position, .. } => {
            (at(position), said!("no se puede leer este valor", "this value cannot be read"))
        }
        Error::EndOfStream { .. } => (
            mjml.len()..mjml.len(),
            said!("termina sin cerrar todos los elementos", "ends before every element is closed"),
        ),
        Error::SizeLimit { .. } => (0..0, said!("pasa de 4 GB", "is larger than 4 GB")),
        Error::ParserError { source, .. } => {
            let start = start_of(mjml, source.pos().row, source.pos().col);
            let message = said!(
                "aquí no hay MJML; escribe < en un texto como &lt;",
                "is no MJML here; write < in text as &lt;"
            );
            (start..start, message)
        }
        Error::NoRootNode => {
            (0..0, said!("no tiene ningún elemento <mjml>", "has no <mjml> element"))
        }
        Error::IncludeLoaderError { position, .. } => (at(position), include()),
    };
    MjmlFault::error(range, message)
}

/// Where a row and a column of a parser's begin, in bytes.
fn start_of(mjml: &str, row: u32, column: u32) -> usize {
    let before = mjml.split_inclusive('\n').take((row - 1) as usize);
    let line: usize = before.map(str::len).sum();
    let rest = &mjml[line..];
    line + rest.char_indices().nth((column - 1) as usize).map_or(0, |(byte, _)| byte)
}

pub(super) fn include() -> Bilingual {
    said!(
        "mj-include no se lee; escribe {{% include \"_brand/…\" %}} para las partes comunes",
        "mj-include is not read; write {{% include \"_brand/…\" %}} for shared parts"
    )
}

/// The text of an HTML mail: what its reader sees, links with their addresses.
pub(super) fn text(html: &str) -> Result<String, Bilingual> {
    let config = config::rich().no_table_borders();
    let parsed = config.parse_html(html.as_bytes());
    let dom = parsed.map_err(|error| {
        said!("no se puede leer como HTML: {error}", "cannot be read as HTML: {error}")
    })?;
    hide(&dom.document);
    let space = Piece::new("<br><br>");
    space_out(&dom.document, &space.nodes());
    let mut told = Vec::new();
    for link in links(&dom) {
        if let Some(address) = address(&link.href)
            && !link.shown.contains(&address)
        {
            let piece = Piece::new(&format!("<span> ({})</span>", address.replace('&', "&amp;")));
            link.node.children.borrow_mut().extend(piece.nodes());
            told.push(piece);
        }
    }
    let tree = config.dom_to_render_tree(&dom);
    let text = tree.and_then(|tree| config.render_to_string(tree, WIDTH));
    let text = text.map_err(|error| {
        said!("no se puede pasar a texto: {error}", "cannot be turned into text: {error}")
    })?;
    Ok(tidy(&text.lines().map(unpadded).collect::<Vec<_>>().join("\n")))
}

/// The addresses of the links that the reader of an HTML mail sees.
pub(super) fn visible_links(html: &str) -> Vec<String> {
    let Ok(dom) = config::rich().parse_html(html.as_bytes()) else {
        return Vec::new();
    };
    hide(&dom.document);
    links(&dom).into_iter().map(|link| link.href).collect()
}

/// Text without trailing blanks, and with one empty line at most between two.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for line in text.trim().lines().map(str::trim_end) {
        if !line.is_empty() || !tidied.ends_with("\n\n") {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied
}

/// A line without the blanks that fill the columns of a table; those before a
/// list's bullet stay.
fn unpadded(line: &str) -> String {
    let words = line.trim_start_matches(' ');
    let mut unpadded = line[..line.len() - words.len()].to_owned();
    let mut words = words.split(' ').filter(|word| !word.is_empty());
    unpadded.push_str(words.next().unwrap_or(""));
    words.for_each(|word| unpadded.extend([" ", word]));
    unpadded
}

struct Link {
    node: Handle,
    href: String,
    /// Its content, as HTML without tags.
    shown: String,
}

/// The links with something to click on.
fn links(dom: &RcDom) -> Vec<Link> {
    let mut found = Vec::new();
    walk(&dom.document, &mut |node| {
        let href = attribute(node, "href").filter(|_| node.element_name().as_deref() == Some("a"));
        let Some(href) = href else { return };
        let shown = shown(node);
        if !shown.is_empty() {
            found.push(Link { node: node.clone(), href, shown });
        }
    });
    found
}

/// What an element shows: its text, and its pictures' texts.
fn shown(node: &Handle) -> String {
    let mut html = Vec::new();
    if node.serialize(&mut html).is_err() {
        return String::new();
    }
    let html = String::from_utf8_lossy(&html).replace("&nbsp;", " ");
    let mut shown = String::new();
    for piece in html.split('<') {
        let (tag, text) = piece.split_once('>').unwrap_or(("", piece));
        if let Some((_, alt)) = tag.split_once("alt=\"") {
            shown.push_str(alt.split('"').next().unwrap_or(""));
        }
        shown.push_str(text);
    }
    shown.trim().to_owned()
}

/// Where a link leads, as a person would write it down.
fn address(href: &str) -> Option<String> {
    let plain = ["mailto:", "tel:"].iter().find_map(|scheme| href.strip_prefix(scheme));
    match plain {
        Some(address) => Some(address.split('?').next().unwrap_or("").to_owned()),
        None => href.starts_with("http").then(|| href.to_owned()),
    }
}

fn walk(node: &Handle, visit: &mut impl FnMut(&Handle)) {
    visit(node);
    let children = node.children.borrow().clone();
    children.iter().for_each(|child| walk(child, visit));
}

fn attribute(node: &Handle, name: &str) -> Option<String> {
    let Element { attrs, .. } = &node.data else {
        return None;
    };
    let attributes = attrs.borrow();
    let found = attributes.iter().find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| attribute.value.to_string())
}

fn style(node: &Handle) -> String {
    attribute(node, "style").unwrap_or_default().replace(' ', "").to_lowercase()
}

/// Takes out what no reader sees, such as the line that inboxes preview.
fn hide(document: &Handle) {
    walk(document, &mut |node| {
        node.children.borrow_mut().retain(|child| {
            let style = style(child);
            let is_hidden = style.contains("display:none") || style.contains("visibility:hidden");
            !is_hidden && attribute(child, "hidden").is_none()
        });
    });
}

/// Puts nodes behind every MJML block, which mrml renders as a table cell of
/// this style: in HTML space sets blocks apart, in text an empty line does.
fn space_out(document: &Handle, space: &[Handle]) {
    walk(document, &mut |node| {
        let is_cell = node.element_name().as_deref() == Some("td");
        if is_cell && style(node).contains("word-break:break-word") {
            node.children.borrow_mut().extend(space.iter().cloned());
        }
    });
}

/// A piece of HTML to put into a document. A document that goes empties its
/// nodes, so the piece must outlive their use.
struct Piece(Option<RcDom>);

impl Piece {
    fn new(html: &str) -> Piece {
        Piece(config::rich().parse_html(html.as_bytes()).ok())
    }

    fn nodes(&self) -> Vec<Handle> {
        let mut found = Vec::new();
        if let Some(dom) = &self.0 {
            walk(&dom.document, &mut |node| {
                if node.element_name().as_deref() == Some("body") {
                    found = node.children.borrow().clone();
                }
            });
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_shows_what_a_reader_sees() {
        let html = "<div style=\"display: none\">preview</div><table><tr>\
            <td style=\"word-break:break-word\">Hola <b>Ana</b> &lt;b&gt;</td></tr><tr>\
            <td style=\"word-break:break-word\"><a href=\"https://x.example/a?b=1&amp;c=2\">here</a> \
            <a href=\"mailto:a@x.example?subject=x\">write</a> <a href=\"https://y.example/\"><i></i></a>\
            <a href=\"https://x.example/\">https://x.example/</a></td></tr></table>";
        let expected = "Hola Ana <b>\n\nhere (https://x.example/a?b=1&c=2) write (a@x.example) \
            https://x.example/\n";
        assert_eq!(text(html).unwrap().replace("**", ""), expected);
        assert_eq!(
            visible_links(html),
            ["https://x.example/a?b=1&c=2", "mailto:a@x.example?subject=x", "https://x.example/"]
        );
    }

    #[test]
    fn a_mail_fetches_no_fonts() {
        let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text font-family=\"Roboto\">a\
            </mj-text></mj-column></mj-section></mj-body></mjml>";
        let (html, _) = from_mjml(mjml).unwrap();
        assert!(html.contains("Roboto") && !html.contains("fonts.googleapis.com"), "{html}");
    }

    #[test]
    fn mjml_that_cannot_be_read_says_where() {
        let mjml = |inner: &str| {
            format!(
                "<mjml><mj-body><mj-section><mj-column>{inner}</mj-column></mj-section></mj-body></mjml>"
            )
        };
        let fault = from_mjml(&mjml("<mj-text>a\n< b</mj-text>")).unwrap_err();
        assert_eq!((fault.range.start, fault.message.en.contains("&lt;")), (49, true));
        let fault = from_mjml(&mjml("<mj-include path=\"/etc/passwd\" />")).unwrap_err();
        assert_eq!(fault.message, include());
        let (html, passed_over) = from_mjml(&mjml("<mj-text>a</mj-text>")).unwrap();
        assert_eq!(passed_over, []);
        assert!(!html.contains("googleapis"), "{html}");
        let (_, passed_over) =
            from_mjml("<mjml colour=\"red\"><mj-body></mj-body></mjml>").unwrap();
        assert_eq!((passed_over[0].range.start, passed_over[0].is_warning), (6, true));
    }
}
