//! What the console answers, and what it says where something went wrong.

use std::fmt::Display;

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderName};
use maud::Markup;

use super::routes::Section;
use crate::shell::intake::IntakeError;
use crate::shell::rules::RulesError;
use crate::shell::store::StoreError;

/// How a request ends.
pub type Answer = Result<Reply, Trouble>;

/// What is sent back.
pub enum Reply {
    /// A page in the console's frame.
    Page(Page),
    /// Another page is to be asked for: what an action that was done ends with, so that a
    /// reload repeats nothing.
    Goto(Goto),
    /// A document of its own, for a sandboxed frame: a mail.
    Preview(String),
    /// A part of a page, for the script that asked for it.
    Part(Markup),
    /// A file to be kept.
    File {
        /// What it is to be called.
        name: String,
        /// Its media type.
        kind: &'static str,
        /// What it holds.
        text: String,
    },
}

/// A page without its frame.
pub struct Page {
    /// What stands in the browser's title, and what the page is about.
    pub title: String,
    /// Where in the console it is.
    pub section: Section,
    /// What stands between header and footer.
    pub main: Markup,
    /// 200, or what says that something was refused.
    pub status: StatusCode,
    /// A class of the whole page: `focus` hides the tabs of a small screen.
    pub class: &'static str,
    /// How many calls wait, where the page knows.
    pub calls: Option<usize>,
    /// What stands at the very end, such as the acts of a small screen.
    pub tail: Option<Markup>,
}

impl Page {
    /// A page that was found.
    pub fn new(section: Section, title: impl Into<String>, main: Markup) -> Page {
        let (title, status) = (title.into(), StatusCode::OK);
        Page { title, section, main, status, class: "", calls: None, tail: None }
    }

    /// The same page, which says that what was sent does not do: what was typed stays.
    pub fn refused(self) -> Page {
        Page { status: StatusCode::UNPROCESSABLE_ENTITY, ..self }
    }

    /// The same page with another status.
    pub fn with_status(self, status: StatusCode) -> Page {
        Page { status, ..self }
    }
}

impl From<Page> for Reply {
    fn from(page: Page) -> Reply {
        Reply::Page(page)
    }
}

/// Where to go next.
pub struct Goto {
    /// A path of the console, or the sign-in's address.
    pub to: String,
    /// Cookies to be set on the way, whole.
    pub cookies: Vec<String>,
}

impl Reply {
    /// To a path of the console.
    pub fn go(to: impl Into<String>) -> Reply {
        Reply::Goto(Goto { to: to.into(), cookies: Vec::new() })
    }
}

/// Why there is no answer as it was asked for.
#[derive(Debug)]
pub enum Trouble {
    /// There is nothing of that name.
    NotFound,
    /// Whoever asks may not.
    Forbidden,
    /// The request holds more than is taken.
    TooLarge,
    /// The request cannot be read.
    NotUnderstood,
    /// It is ours: the text is for the log, and names nobody.
    Ours(String),
}

impl Trouble {
    /// Something on our side.
    pub fn ours(error: impl Display) -> Trouble {
        Trouble::Ours(error.to_string())
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Trouble::NotFound => StatusCode::NOT_FOUND,
            Trouble::Forbidden => StatusCode::FORBIDDEN,
            Trouble::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Trouble::NotUnderstood => StatusCode::BAD_REQUEST,
            Trouble::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Trouble {
        Trouble::ours(error)
    }
}

impl From<IntakeError> for Trouble {
    fn from(error: IntakeError) -> Trouble {
        Trouble::ours(error)
    }
}

impl From<RulesError> for Trouble {
    fn from(error: RulesError) -> Trouble {
        Trouble::ours(error)
    }
}

/// An answer of a media type.
pub fn response(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    put(&mut response, header::CONTENT_TYPE, kind);
    response
}

/// Sets a header; a value that no header can have is left out.
pub fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}
