//! What somebody asks of the console, read once: who asks, in which language, and what
//! the path, the query and the form hold.

use std::sync::Arc;

use axum::extract::RawPathParams;
use jiff::tz::TimeZone;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use super::Console;
use super::access::User;
use super::reply::Trouble;
use crate::shell::app::App;
use crate::shell::rules::Rules;
use crate::shell::wording::Language;

/// How the console looks; the device says where nobody chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them, as the menu lists them.
    pub const ALL: [Theme; 3] = [Theme::Auto, Theme::Light, Theme::Dark];

    /// Its name in the cookie and in the menu's form.
    pub fn name(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The one of a name.
    pub fn of(name: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// One request, read.
pub struct Ask {
    /// What the console works with.
    pub console: Arc<Console>,
    /// When it was asked.
    pub now: Instant,
    /// Who asks; they may, by the table of routes.
    pub user: User,
    /// The language of the answer.
    pub lang: Language,
    /// How the console looks for whoever asks.
    pub theme: Theme,
    /// The path with its query, to come back to.
    pub here: String,
    /// What the path's `{names}` stand for.
    pub path: Fields,
    /// What stands behind the `?`.
    pub query: Fields,
    /// The fields of the form; none of a `GET`.
    pub form: Fields,
}

impl Ask {
    /// Clients, store and rules.
    pub fn app(&self) -> &App {
        &self.console.app
    }

    /// The rules that are live.
    pub fn rules(&self) -> Arc<Rules> {
        self.console.app.rules()
    }

    /// The shop's time zone.
    pub fn zone(&self) -> TimeZone {
        self.rules().book.default_zone.clone()
    }

    /// An id in the path, as [`segment`] wrote it.
    ///
    /// # Errors
    /// [`Trouble::NotFound`] where it is none: no page can be about it.
    pub fn id(&self, name: &str) -> Result<Id, Trouble> {
        Id::new(&self.named(name)).map_err(|_| Trouble::NotFound)
    }

    /// A text in the path, as [`segment`] wrote it.
    pub fn named(&self, name: &str) -> String {
        unsegmented(self.path.get(name).unwrap_or_default())
    }

    /// A mark for a form that is about to be shown: whatever the form does, it does once,
    /// however often it is sent (`Ask::once` reads it back).
    pub fn mark(&self) -> String {
        (self.console.fresh)().simple().to_string()
    }

    /// The mark of the form that was sent; a fresh one where it has none.
    pub fn once(&self) -> String {
        let is_mark =
            |mark: &&str| mark.len() == 32 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
        let sent = self.form.get("once").filter(is_mark);
        sent.map_or_else(|| self.mark(), str::to_ascii_lowercase)
    }
}

/// Names with values, in their order, as a form or a query has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of `a=1&b=2`.
    pub fn read(encoded: &[u8]) -> Fields {
        let pairs = form_urlencoded::parse(encoded);
        Fields(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// Of what the router read of a path.
    pub fn of_path(params: &RawPathParams) -> Fields {
        let pairs = params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Fields(pairs.collect())
    }

    /// The first value of a name, as it was sent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The same without space around it; `None` where nothing is left.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Fields {
    fn from(pairs: [(&str, &str); N]) -> Fields {
        Fields(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

/// An id or another text as one segment of a path: letters, digits, `-`, `_` and `.` stay,
/// every other byte is `~` with two hex digits. Nothing that a proxy or a browser would
/// decode, resolve or cut is left, so that any id works, `..` and `a/b` too.
pub fn segment(text: &str) -> String {
    let only_dots = text.bytes().all(|byte| byte == b'.');
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'.' if only_dots => out.push_str("~2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(byte.into()),
            _ => out.push_str(&format!("~{byte:02X}")),
        }
    }
    out
}

/// What a segment stands for; whatever is no escape stays as it is.
pub fn unsegmented(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'~');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_is_one_segment_and_comes_back() {
        let visible: String = (0x21..0x7f).map(char::from).collect();
        for id in
            ["cus-00001", "a/b", "..", ".", "a?b#c%2F", "~7E", "x y", "thank/c/p/call", &visible]
        {
            let segment = segment(id);
            assert_eq!(unsegmented(&segment), id);
            assert!(segment != "." && segment != ".." && !segment.contains(['/', '?', '#', '%']));
        }
        assert_eq!(unsegmented("a~"), "a~");
        assert_eq!(unsegmented("a~zz~4"), "a~zz~4");
        assert_eq!(unsegmented("~FF"), "~FF");
    }

    #[test]
    fn fields_are_read_as_a_browser_sends_them() {
        let fields = Fields::read(b"note=S%C3%AD+%26+no&day=1&day=2&empty=+");
        assert_eq!(fields.get("note"), Some("Sí & no"));
        assert_eq!(fields.all("day").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((fields.get("empty"), fields.text("empty")), (Some(" "), None));
        assert_eq!(fields.get("none"), None);
    }
}
