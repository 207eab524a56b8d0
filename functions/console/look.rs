//! What somebody chooses for themselves: language and appearance, kept in cookies.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use super::access::{cookie, lasting};
use super::ask::{Ask, Theme};
use super::reply::{Answer, Goto, Reply};
use crate::shell::wording::Language;

const LANG: &str = "lazo-lang";
const THEME: &str = "lazo-theme";

/// The language of an answer: the one that was chosen, or else the first of the browser's
/// that is one of ours.
pub fn language(headers: &HeaderMap) -> Language {
    if let Some(chosen) = cookie(headers, LANG).and_then(Language::of) {
        return chosen;
    }
    let wished = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let mut tags: Vec<(f32, Language)> =
        wished.unwrap_or_default().split(',').filter_map(weighed).collect();
    tags.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    tags.first().map_or(Language::Es, |(_, lang)| *lang)
}

/// A tag of `Accept-Language` with its weight, where it is a language of ours.
fn weighed(tag: &str) -> Option<(f32, Language)> {
    let (tag, weight) = tag.split_once(";q=").unwrap_or((tag, "1"));
    let weight: f32 = weight.trim().parse().unwrap_or(0.0);
    Language::of(tag.trim()).filter(|_| weight > 0.0).map(|lang| (weight, lang))
}

/// The appearance that was chosen.
pub fn theme(headers: &HeaderMap) -> Theme {
    cookie(headers, THEME).and_then(Theme::of).unwrap_or_default()
}

/// Keeps what was chosen, and goes back to where that was.
pub async fn choose(ask: Ask) -> Answer {
    let is_secure = !ask.console.is_local();
    let lang = ask.form.get("lang").and_then(Language::of);
    let theme = ask.form.get("theme").and_then(Theme::of);
    let lang = lang.map(|lang| lasting(LANG, lang.tag(), is_secure));
    let theme = theme.map(|theme| lasting(THEME, theme.name(), is_secure));
    let cookies = lang.into_iter().chain(theme).collect();
    Ok(Reply::Goto(Goto { to: back(&ask), cookies }))
}

/// The path of this console that a form came from; the first page where it says another
/// place.
pub fn back(ask: &Ask) -> String {
    own_path(ask.form.get("back").unwrap_or_default()).to_owned()
}

/// A path of this console, or the first page: never an address of elsewhere.
pub fn own_path(path: &str) -> &str {
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { path } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(cookie: &str, wished: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", cookie.parse().unwrap());
        headers.insert(ACCEPT_LANGUAGE, wished.parse().unwrap());
        language(&headers)
    }

    #[test]
    fn the_language_is_the_chosen_one_or_the_browsers() {
        assert_eq!(asked("lazo-lang=en", "es-MX"), Language::En);
        assert_eq!(asked("", "en-GB,en;q=0.9,es;q=0.8"), Language::En);
        assert_eq!(asked("", "fr, es;q=0.5, en;q=0.7"), Language::En);
        assert_eq!(asked("", "de"), Language::Es);
        assert_eq!(asked("lazo-lang=xx", "en;q=0, es"), Language::Es);
        assert_eq!(language(&HeaderMap::new()), Language::Es);
    }

    #[test]
    fn one_never_goes_back_to_elsewhere() {
        for own in ["/", "/calls?of=care", "/customers/~2E"] {
            assert_eq!(own_path(own), own);
        }
        for other in ["", "//evil.example", "https://evil.example", "/\\evil", "/a\r\nb", "x"] {
            assert_eq!(own_path(other), "/", "{other:?}");
        }
    }
}
