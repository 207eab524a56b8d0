//! MiniJinja as Lazo sets it up: strict, escaped, bounded, without any I/O.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::Value;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, escape_formatter,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::context::{TOLD, Told};
use super::fault::Fault;
use super::files::Files;
use super::format;
use super::source::{self, Call};
use crate::bilingual::{Bilingual, said};
use crate::money::{Money, parse_amount};

/// How many steps a template may take: about twenty thousand lines of a list.
const FUEL: u64 = 1_000_000;

/// What renders the templates of one language.
pub(super) struct Engine {
    environment: Environment<'static>,
    files: Arc<Files>,
}

impl Engine {
    /// An engine whose includes look in `languages`, in that order, and whose
    /// `money` and `day` write as `language` does.
    pub fn new(files: &Arc<Files>, language: &str, languages: Vec<String>) -> Engine {
        let texts = files.clone();
        Engine::with_loader(files, language, languages, move |path| {
            texts.text(path).map(str::to_owned)
        })
    }

    /// An engine whose MJML output carries marks that say from where each line
    /// came; [`source::unmark`] takes them out.
    pub fn marked(files: &Arc<Files>, language: &str, languages: Vec<String>) -> Engine {
        let texts = files.clone();
        Engine::with_loader(files, language, languages, move |path| {
            let file = texts.paths().position(|known| known == path)?;
            Some(source::mark(texts.text(path)?, file))
        })
    }

    fn with_loader(
        files: &Arc<Files>,
        language: &str,
        languages: Vec<String>,
        load: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Engine {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        // So that an error names the value that is undefined; costs little
        // until there is one.
        environment.set_debug(true);
        environment.set_auto_escape_callback(|name| match name.ends_with(".mjml") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        environment.set_formatter(format_value);
        let known = files.clone();
        environment.set_path_join_callback(move |name, _| match known.resolve(name, &languages) {
            Some(path) => Cow::Owned(path),
            None => Cow::Borrowed(name),
        });
        environment.set_loader(move |path| Ok(load(path)));
        let locale = language.to_owned();
        environment.add_filter("money", move |value: &Value, currency: Option<String>| {
            money(value, currency.as_deref(), &locale)
        });
        let locale = language.to_owned();
        environment.add_filter("day", move |text: String| match format::parse_day(&text) {
            Some(date) => Ok(format::day(date, &locale)),
            None => Err(refused(&said!(
                "day lleva una fecha, como purchase.at | day",
                "day takes a date, such as purchase.at | day"
            ))),
        });
        Engine { environment, files: files.clone() }
    }

    /// Renders the file at a path.
    pub fn render(&self, path: &str, context: &Value) -> Result<String, Fault> {
        let template = self.environment.get_template(path);
        let rendered = template.and_then(|template| template.render(context));
        rendered.map_err(|error| Fault::of_template(&error, path, &self.files))
    }

    /// The names that a file takes from outside, with what it asks of them
    /// (`customer.given_name`); names of functions are left out.
    pub fn names_used(&self, path: &str) -> Result<Vec<String>, Fault> {
        let template = self.environment.get_template(path);
        let template = template.map_err(|error| Fault::of_template(&error, path, &self.files))?;
        let names = template.undeclared_variables(true);
        let is_function = |name: &str| self.environment.globals().any(|(known, _)| known == name);
        let mut names: Vec<_> = names.into_iter().filter(|name| !is_function(name)).collect();
        names.sort();
        Ok(names)
    }

    /// Whether there is such a filter or test; MiniJinja itself tells only when
    /// a customer takes the branch that calls it.
    pub fn knows(&self, call: Call) -> bool {
        let (tried, unknown) = match call {
            Call::Filter(name) => (format!("{{{{ 1 | {name} }}}}"), ErrorKind::UnknownFilter),
            Call::Test(name) => (format!("{{{{ 1 is {name} }}}}"), ErrorKind::UnknownTest),
        };
        let result = self.environment.render_str(&tried, ());
        result.err().is_none_or(|error| error.kind() != unknown)
    }
}

/// An error that [`Fault::of_template`] tells in both languages.
fn refused(message: &Bilingual) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.to_carry())
}

/// Writes a value, in HTML escaped. Unlike MiniJinja's own escaping it leaves
/// `/` alone, so that a link reads as a link to whatever scans the mail.
fn format_value(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if let Some(text) = float(state, value) {
        return out.write_str(&text).map_err(Error::from);
    }
    let escaped = match value.as_str() {
        Some(text) if !value.is_safe() && *state.auto_escape() == AutoEscape::Html => escape(text),
        _ => return escape_formatter(out, state, value),
    };
    out.write_str(&escaped).map_err(Error::from)
}

/// A float as it is written: as it was told, or with two decimals at least where
/// it was reckoned. What is reckoned in a message is money.
fn float(state: &State, value: &Value) -> Option<String> {
    if !value.is_number() || value.is_integer() {
        return None;
    }
    let float = f64::try_from(value.clone()).ok().filter(|float| float.is_finite())?;
    let told = state.lookup(TOLD);
    let told = told.as_ref().and_then(|told| told.downcast_object_ref::<Told>());
    let as_told = told.and_then(|told| told.0.iter().find(|(known, _)| *known == float));
    if let Some((_, text)) = as_told {
        return Some(text.clone());
    }
    // The noise of floats is behind the sixth decimal.
    let text = format!("{float:.6}");
    let decimals = text.rsplit_once('.').map_or(0, |(_, behind)| behind.len());
    let zeros = text.len() - text.trim_end_matches('0').len();
    Some(text[..text.len() - zeros.min(decimals.saturating_sub(2))].to_owned())
}

/// Text as HTML, for content and for attributes in quotes.
fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// The filter `money`: of an object with `amount` and `currency`, or of a
/// number with the currency given.
fn money(value: &Value, currency: Option<&str>, locale: &str) -> Result<String, Error> {
    let (amount, own) = (value.get_attr("amount")?, value.get_attr("currency")?);
    let amount = if amount.is_undefined() { value } else { &amount };
    let currency = own.as_str().or(currency).ok_or_else(|| {
        refused(&said!(
            "money lleva event.total | money, o un número con su moneda: customer.total_spent | money(customer.currency)",
            "money takes event.total | money, or a number with its currency: customer.total_spent | money(customer.currency)"
        ))
    })?;
    let currency = currency.parse().map_err(|_| {
        refused(&said!(
            "una moneda son tres mayúsculas, como \"MXN\"",
            "a currency is three capital letters, such as \"MXN\""
        ))
    })?;
    let parsed = match amount.as_str() {
        Some(text) => parse_amount(text).ok(),
        None => f64::try_from(amount.clone()).ok().and_then(Decimal::from_f64),
    };
    match parsed.filter(|amount| !amount.is_sign_negative() || amount.is_zero()) {
        Some(amount) => Ok(format::money(&Money { amount, currency }, locale)),
        None => Err(refused(&said!(
            "money lleva un importe de cero o más, como event.total | money",
            "money takes an amount of zero or more, such as event.total | money"
        ))),
    }
}
