//! The pages: one small document without scripts, pictures, fonts, cookies, or
//! anything from elsewhere.

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use lazo_domain::policy::Brand;
use lazo_domain::rule::SurveyKind;
use sha2::{Digest, Sha256};

use super::words::{COMMENT_CHARS_MAX, Say, contact};
use crate::shell::wording::Language;

/// The palette of the mails (`infra/templates/_brand/head.mjml`), so that the
/// page is recognised. Every pair of text and ground has 4.5 to 1 at least.
const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#f6efe6;--card:#fffdfa;--ink:#2e2420;--quiet:#6b5a4f;--accent:#a8452b;--on-accent:#fff}\
@media(prefers-color-scheme:dark){:root{--ground:#1b1613;--card:#28211d;--ink:#f3eae0;--quiet:#bbaa9d;--accent:#f2a783;--on-accent:#1b1613}}\
*{box-sizing:border-box}\
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\
body{margin:0;min-height:100vh;min-height:100svh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:24px;padding:32px 16px;background:var(--ground);color:var(--ink);font:1.0625rem/1.55 -apple-system,BlinkMacSystemFont,'Segoe UI',Helvetica,Arial,sans-serif;overflow-wrap:anywhere}\
header p{margin:0;font:1.5rem/1.3 Georgia,'Times New Roman',serif;text-align:center}\
main{width:100%;max-width:32rem;padding:32px 24px;background:var(--card);border-radius:16px}\
h1{margin:0 0 12px;font:1.75rem/1.25 Georgia,'Times New Roman',serif;text-wrap:balance}\
main p{margin:0 0 24px}main p:last-child{margin:0}\
form p{margin:0 0 12px}\
a{color:var(--accent)}\
textarea{display:block;width:100%;margin:0 0 16px;padding:12px;border:2px solid var(--quiet);border-radius:10px;background:transparent;color:inherit;font:inherit;resize:vertical}\
nav{margin:28px 0 0}nav p{margin:0 0 8px}\
nav ul{display:flex;flex-wrap:wrap;gap:8px;margin:0;padding:0;list-style:none}\
nav a{display:flex;align-items:center;justify-content:center;min-width:44px;height:44px;border:1px solid var(--quiet);border-radius:10px;text-decoration:none}\
nav a[aria-current]{border:2px solid var(--accent);font-weight:600}\
button{display:block;width:100%;min-height:48px;padding:12px 24px;border:2px solid var(--accent);border-radius:10px;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}\
button.second{background:transparent;color:var(--accent)}\
button:hover{text-decoration:underline}\
a:focus-visible,button:focus-visible,textarea:focus-visible{outline:3px solid var(--ink);outline-offset:3px;border-radius:10px}\
footer p{margin:0;max-width:32rem;text-wrap:balance;font-size:.875rem;color:var(--quiet);text-align:center}\
@media(min-width:480px){main{padding:40px 44px}button{width:auto}}";

/// Nothing may load or run; only this very style sheet applies; the form goes
/// to where the page came from; nobody may put the page in a frame.
static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// What a button does, as fields of the form that it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Button {
    None,
    /// Says no.
    Unsubscribe,
    /// Takes it back, by a token of its own.
    Undo(String),
    /// Answers a survey with the score of the page's own address.
    Answer {
        kind: SurveyKind,
        score: u8,
    },
    /// Adds a comment; the words that are there already.
    Comment(String),
}

/// One page, ready to be written in a language.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: StatusCode,
    pub say: Say,
    pub button: Button,
}

impl Page {
    pub fn new(status: StatusCode, say: Say) -> Page {
        Page { status, say, button: Button::None }
    }

    /// The page as an answer.
    pub fn write(&self, language: Language, brand: &Brand) -> Response<String> {
        let mut response = Response::new(self.html(language, brand));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let mut put = |name, value| drop(headers.insert(name, HeaderValue::from_static(value)));
        put(header::CONTENT_TYPE, "text/html; charset=utf-8");
        put(header::CACHE_CONTROL, "no-store");
        // The address is the key: it must not travel on to anywhere.
        put(header::REFERRER_POLICY, "no-referrer");
        put(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        put(ROBOTS, "noindex, nofollow");
        match self.status {
            StatusCode::METHOD_NOT_ALLOWED => put(header::ALLOW, "GET, HEAD, POST"),
            StatusCode::SERVICE_UNAVAILABLE => put(header::RETRY_AFTER, "60"),
            _ => {}
        }
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.clone());
        response
    }

    fn html(&self, language: Language, brand: &Brand) -> String {
        let words = self.say.in_language(language);
        let name = escape(&brand.name);
        let title = match name.is_empty() {
            true => words.heading.to_owned(),
            false => format!("{} – {name}", words.heading),
        };
        let mut html = String::with_capacity(4096);
        // Writing into a string cannot fail.
        let _ = write!(
            html,
            "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            language.tag(),
        );
        if !name.is_empty() {
            let _ = writeln!(html, "<header><p>{name}</p></header>");
        }
        let text = words.text.replace("{contact}", &contact_link(language, brand));
        let text = match &self.button {
            Button::Answer { kind, score } => chosen(&text, *kind, *score),
            _ => text.replace("{most}", &COMMENT_CHARS_MAX.to_string()),
        };
        let _ = write!(html, "<main>\n<h1>{}</h1>\n<p>{text}</p>\n", words.heading);
        html.push_str(&self.form(words.question, words.button));
        html.push_str("</main>\n");
        if !brand.postal_address.is_empty() {
            let _ = writeln!(html, "<footer><p>{}</p></footer>", escape(&brand.postal_address));
        }
        html.push_str("</body>\n</html>\n");
        html
    }

    /// A form posts to the address that it was served from.
    fn form(&self, question: &str, label: &str) -> String {
        let (field, value, class) = match &self.button {
            Button::None => return String::new(),
            Button::Comment(comment) => return comment_form(question, label, comment),
            Button::Answer { kind, score } => {
                return score_form(label) + &other_scores(question, *kind, *score);
            }
            Button::Unsubscribe => ("action", "unsubscribe", ""),
            Button::Undo(token) => ("undo", token.as_str(), " class=\"second\""),
        };
        let question = match question {
            "" => String::new(),
            text => format!("<p>{text}</p>\n"),
        };
        format!(
            "<form method=\"post\">\n{question}<input type=\"hidden\" name=\"{field}\" value=\"{}\">\n\
             <button type=\"submit\"{class}>{label}</button>\n</form>\n",
            escape(value),
        )
    }
}

/// The text with the score that a link stands for.
fn chosen(text: &str, kind: SurveyKind, score: u8) -> String {
    let highest = kind.scale().end().to_string();
    text.replace("{score}", &score.to_string()).replace("{highest}", &highest)
}

fn score_form(label: &str) -> String {
    format!(
        "<form method=\"post\">\n<input type=\"hidden\" name=\"action\" value=\"answer\">\n\
         <button type=\"submit\">{label}</button>\n</form>\n"
    )
}

/// Links to the pages of the other scores: to look at one changes nothing.
fn other_scores(question: &str, kind: SurveyKind, chosen: u8) -> String {
    let link = |score: u8| match score == chosen {
        true => format!("<li><a href=\"{score}\" aria-current=\"true\">{score}</a></li>"),
        false => format!("<li><a href=\"{score}\">{score}</a></li>"),
    };
    let links: String = kind.scale().map(link).collect();
    format!(
        "<nav aria-labelledby=\"other\">\n<p id=\"other\">{question}</p>\n<ul>{links}</ul>\n</nav>\n"
    )
}

fn comment_form(question: &str, label: &str, comment: &str) -> String {
    format!(
        "<form method=\"post\">\n<p><label for=\"comment\">{question}</label></p>\n\
         <textarea id=\"comment\" name=\"comment\" rows=\"4\" maxlength=\"{COMMENT_CHARS_MAX}\">{}</textarea>\n\
         <button type=\"submit\">{label}</button>\n</form>\n",
        escape(comment),
    )
}

/// A link to write to the shop; the bare words where it gives no address.
fn contact_link(language: Language, brand: &Brand) -> String {
    let words = contact(language);
    let address = brand.reply_to.as_deref().filter(|address| !address.is_empty());
    match address.unwrap_or(&brand.from) {
        "" => words.to_owned(),
        address => format!("<a href=\"mailto:{}\">{words}</a>", escape(address)),
    }
}

/// Text as it may stand in HTML and in a quoted attribute.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_shop_wrote_is_text_and_nothing_else() {
        let brand = Brand {
            name: "<script>alert('x')</script> & \"Co\"".into(),
            from: "a@example.com".into(),
            postal_address: "<img src=x>".into(),
            ..Brand::default()
        };
        let mut page = Page::new(StatusCode::OK, Say::Already);
        page.button = Button::Undo("\"><b>".into());
        let response = page.write(Language::Es, &brand);
        let html = response.body();
        for bad in ["<script", "<img", "<b>", "alert('x')"] {
            assert!(!html.contains(bad), "{bad}: {html}");
        }
        assert!(html.contains("&lt;script&gt;") && html.contains("mailto:a@example.com"));
    }

    #[test]
    fn the_policy_names_the_very_style_of_the_page() {
        let response = Page::new(StatusCode::OK, Say::Ask).write(Language::En, &Brand::default());
        let style =
            response.body().split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(&hash) && policy.starts_with("default-src 'none';"), "{policy}");
    }

    /// Whatever the page says, in either language, it says with a heading.
    #[test]
    fn every_page_is_whole_in_both_languages() {
        for language in [Language::Es, Language::En] {
            for say in [
                Say::Ask,
                Say::Unsubscribed,
                Say::Already,
                Say::Undone,
                Say::NotUndone,
                Say::NoLink,
                Say::NotUnderstood,
                Say::TryAgain,
                Say::AskScore,
                Say::Answered,
                Say::AnsweredBefore,
                Say::Commented,
                Say::CommentedBefore,
                Say::CommentTooLong,
                Say::SurveyOver,
                Say::AnswerNotSaved,
            ] {
                let mut page = Page::new(StatusCode::OK, say);
                if say == Say::AskScore {
                    page.button = Button::Answer { kind: SurveyKind::Nps, score: 7 };
                }
                let html = page.html(language, &Brand::default());
                let (_, main) = html.split_once("<main>").unwrap();
                assert!(!main.contains(['{', '}']), "{html}");
                assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));
                assert_eq!(html.matches("<h1>").count(), 1);
            }
        }
    }
}
