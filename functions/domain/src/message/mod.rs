//! What a touch says: a template and a customer's state become a mail, or the
//! script of a call or a task.
//!
//! | file | does |
//! |---|---|
//! | `context` | what a template may name, from the customer's state |
//! | `files` | which files a language gets |
//! | `engine` | renders them: strict, escaped, bounded |
//! | `format` | money and days as a language writes them |
//! | `html` | MJML to HTML, HTML to text |
//! | `check`, `names`, `lint` | everything wrong in templates before a customer sees it |
//! | `notice` | what mail to people in the shop may name |
//! | `sample` | made-up customers, for the check and for previews |
//! | `source`, `fault` | where a fault stands, and how to mend it |
//!
//! Pure as the rest of the domain: files come in as text, nothing is fetched.

mod check;
mod context;
mod engine;
mod fault;
mod files;
pub mod format;
mod html;
mod lint;
mod names;
mod notice;
mod sample;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

pub use context::{Context, Facts, Occasion, Period, SurveyLinks, context};
use engine::Engine;
pub use fault::{FILTERS, Fault, MessageError, TESTS};
use files::{FOLDER, Files, Found, fallbacks};
pub use notice::{notice_context, sample_notice};
pub(crate) use sample::event_sample;
pub use sample::{
    BadSample, NoPreview, Variable, context_from_json, context_of, sample_context, staff_variables,
    variables,
};

use crate::nearest::hint;
use crate::rulebook::Place;

const SUBJECT: &str = "subject.txt";
const BODY: &str = "body.mjml";
const SCRIPT: &str = "script.md";

/// All templates, in memory.
///
/// # Examples
/// ```
/// use lazo_domain::message::{Templates, sample_context};
/// use lazo_domain::rulebook::RuleBook;
///
/// let book = RuleBook::read(&[("policy.yaml".into(), "default_locale: es".into())]).unwrap();
/// let text = "Llama a {{ customer.given_name | default(\"tu cliente\") }}.";
/// let templates = Templates::read(&[("hello/es/script.md".into(), text.into())]);
///
/// let ana = sample_context(&book.policy, None, "hello");
/// let script = templates.script("hello", "es-MX", "es", &ana).unwrap();
/// assert_eq!(script.markdown, "Llama a Ana.\n");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Templates {
    files: Arc<Files>,
}

/// A mail, ready to be sent. Personal: `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The locale folder that it comes from.
    pub locale: String,
    /// One line, not empty.
    pub subject: String,
    /// The whole document, made from the template's MJML.
    pub html: String,
    /// For readers without HTML.
    pub text: String,
}

/// What to say in a call, or to do in a task, in Markdown. Personal: `Debug`
/// does not show it.
///
/// Notes and names stand in it as they were written; whoever shows it as HTML
/// must not let HTML in it through.
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    /// The locale folder that it comes from.
    pub locale: String,
    /// Ends with a single line break.
    pub markdown: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({}, …)", self.locale)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Script({}, …)", self.locale)
    }
}

impl Templates {
    /// Takes the files of a templates folder: path below it, such as
    /// `thank-you-mail/es/subject.txt`, and text. Never fails; [`Templates::check`]
    /// tells what is wrong.
    pub fn read(files: &[(String, String)]) -> Templates {
        Templates { files: Arc::new(Files::read(files)) }
    }

    /// The templates' names: their folders, `_brand` aside.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.names()
    }

    /// Writes a mail in the customer's language, or else in the default one.
    ///
    /// # Errors
    /// [`MessageError`]: the template is missing or wrong, or a value does not
    /// fit, such as a line break in the subject.
    pub fn mail(
        &self,
        name: &str,
        locale: &str,
        default_locale: &str,
        context: &Context,
    ) -> Result<Mail, MessageError> {
        let found = self.find(name, &[SUBJECT, BODY], locale, default_locale)?;
        let engine = self.engine(&found, default_locale);
        let values = context.values(&found.language);
        let subject_path = &found.paths[0];
        let subject_file = format!("{FOLDER}/{subject_path}");
        let subject = header(&subject_file, &engine.render(subject_path, &values)?)?;
        if subject.is_empty() {
            return Err(MessageError::EmptySubject(subject_file));
        }
        let body_path = &found.paths[1];
        let mjml = engine.render(body_path, &values)?;
        let fault = |message| Fault::new(body_path, Place::START, message);
        let (html, _) = html::from_mjml(mjml.trim()).map_err(|found| fault(found.message))?;
        let text = match self.text_path(body_path) {
            Some(path) => html::tidy(&engine.render(&path, &values)?),
            None => html::text(&html).map_err(fault)?,
        };
        Ok(Mail { locale: found.locale, subject, html, text })
    }

    /// Writes the script of a call or a task, as [`Templates::mail`] does a mail.
    ///
    /// # Errors
    /// [`MessageError`]: the template is missing or wrong.
    pub fn script(
        &self,
        name: &str,
        locale: &str,
        default_locale: &str,
        context: &Context,
    ) -> Result<Script, MessageError> {
        let found = self.find(name, &[SCRIPT], locale, default_locale)?;
        let engine = self.engine(&found, default_locale);
        let markdown = engine.render(&found.paths[0], &context.values(&found.language))?;
        Ok(Script { locale: found.locale, markdown: format!("{}\n", markdown.trim()) })
    }

    fn find(
        &self,
        name: &str,
        needed: &[&str],
        locale: &str,
        default_locale: &str,
    ) -> Result<Found, MessageError> {
        let in_language = |language| self.files.in_language(name, needed, language);
        if let Some(found) = in_language(locale).or_else(|| in_language(default_locale)) {
            return Ok(found);
        }
        if !self.files.has(name) {
            let hint = hint(name, self.names());
            return Err(MessageError::NoTemplate { name: name.into(), hint: hint.en });
        }
        let missing = needed
            .iter()
            .find(|file| self.files.in_language(name, &[file], default_locale).is_none());
        Err(MessageError::NoFile {
            name: name.into(),
            locale: default_locale.into(),
            file: (*missing.unwrap_or(&needed[0])).into(),
        })
    }

    fn engine(&self, found: &Found, default_locale: &str) -> Engine {
        Engine::new(&self.files, &found.language, languages(found, default_locale))
    }

    /// The text that somebody wrote for a body, where the generated one is not
    /// good enough.
    /// Whether a template asks for a segment by its name in quotes.
    #[must_use]
    pub fn names_segment(&self, name: &str) -> bool {
        let quoted = [format!("\"{name}\""), format!("'{name}'")];
        let texts = self.files.paths().filter_map(|path| self.files.text(path));
        let mut asking = texts.filter(|text| text.contains("segments"));
        asking.any(|text| quoted.iter().any(|quoted| text.contains(quoted)))
    }

    fn text_path(&self, body_path: &str) -> Option<String> {
        let path = format!("{}.txt", body_path.trim_end_matches(".mjml"));
        self.files.text(&path).map(|_| path)
    }
}

/// Where includes look, in this order.
fn languages(found: &Found, default_locale: &str) -> Vec<String> {
    let mut languages = fallbacks(&found.language);
    languages.extend(fallbacks(default_locale));
    languages
}

/// A value as it may stand in a header of a mail, without blanks around it.
/// `what` names it in the error.
///
/// # Errors
/// [`MessageError::Header`] where the value would end the line and begin
/// another header.
pub fn header(what: &str, value: &str) -> Result<String, MessageError> {
    let line = value.trim();
    match line.contains(crate::event::breaks_line) {
        true => Err(MessageError::Header(what.into())),
        false => Ok(line.into()),
    }
}
