//! The names that a template uses, against those that there are.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value as Json};

use super::engine::Engine;
use super::fault::{self, FIELDS_COMMAND, Fault};
use super::sample::NAMES;
use super::source;
use crate::bilingual::{Bilingual, said};
use crate::nearest::hint_or;
use crate::rulebook::Place;

/// The objects whose fields anybody may add to.
const OPEN: [&str; 3] = ["customer.attributes", "event.attributes", "event.anniversaries"];

/// Names in the file at `path` that no customer will ever have. `full` is a
/// sample that has every field there is.
///
/// A shared part (of `_brand`) serves many templates, so what it asks of
/// `event`, and the variables that it takes from around it, are left alone:
/// rendering tells.
pub(super) fn unknown(
    path: &str,
    text: &str,
    used: &[String],
    full: &Json,
    is_shared: bool,
) -> Vec<Fault> {
    let mut found = Vec::new();
    for name in used {
        let root = name.split('.').next().unwrap_or(name);
        if !NAMES.contains(&root) {
            if !is_shared && !sets(text, root) {
                let message = said!("variable desconocida {root:?}", "unknown variable {root:?}")
                    .then(&hint_or(root, NAMES, FIELDS_COMMAND));
                found.extend(at_mentions(path, text, root, false, &message));
            }
        } else if let Some((known, field, fields)) = first_unknown(name, full) {
            let is_event = root == "event";
            if is_event && is_shared {
                continue;
            }
            let message = match is_event && fields.is_empty() {
                true => said!(
                    "event solo se conoce en reglas que un evento inicia; escribe default(…) detrás",
                    "event is known only in rules that an event triggers; write default(…) behind it"
                ),
                false => {
                    let names = fields.keys().map(String::as_str);
                    said!("{known} no tiene el campo {field:?}", "{known} has no field {field:?}")
                        .then(&hint_or(field, names, FIELDS_COMMAND))
                }
            };
            // An event may carry more than its schema says, a customer may not.
            found.extend(at_mentions(path, text, &format!("{known}.{field}"), is_event, &message));
        }
    }
    found
}

/// Filters and tests that there are not, in whatever branch they stand.
pub(super) fn unknown_calls(path: &str, text: &str, engine: &Engine) -> Vec<Fault> {
    let calls = source::calls(text).into_iter().filter(|(_, call)| !engine.knows(*call));
    calls
        .map(|(at, call)| Fault::new(path, source::place(text, at), fault::unknown(call)))
        .collect()
}

/// Filters that would take an amount for text.
const OF_TEXT: [&str; 9] =
    ["capitalize", "first", "last", "length", "replace", "split", "string", "trim", "upper"];

/// A name compared with a text, on either side of the sign.
static COMPARED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let sign = "(?:==|!=|<=|>=|<|>)";
    let patterns = [
        format!(r#"([A-Za-z_][\w.]*)\s*{sign}\s*["']"#),
        format!(r#"["']\s*{sign}\s*([A-Za-z_][\w.]*)"#),
    ];
    patterns.iter().filter_map(|pattern| Regex::new(pattern).ok()).collect()
});

/// Numbers that are handled as text: amounts would lose their zeros, and no number
/// is ever more or less than a text.
pub(super) fn numbers_as_text(path: &str, text: &str, full: &Json) -> Vec<Fault> {
    const AMOUNT: &str = ".amount";
    let mut found = Vec::new();
    for tag in source::tags(text) {
        let within = &text[tag.clone()];
        let mut fault = |at: usize, message: &Bilingual| {
            found.push(Fault::new(path, source::place(text, tag.start + at), message.clone()));
        };
        let is_glued = within.contains('~');
        for (at, _) in within.match_indices(AMOUNT) {
            let behind = within[at + AMOUNT.len()..].trim_start();
            if behind.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let filter = behind.strip_prefix('|').map(str::trim_start).unwrap_or_default();
            let end = filter.find(|c: char| !c.is_alphanumeric() && c != '_');
            let filter = &filter[..end.unwrap_or(filter.len())];
            if is_glued || OF_TEXT.contains(&filter) {
                fault(
                    at + 1,
                    &said!(
                        "un importe es un número, y como texto perdería sus ceros; escríbelo solo, {{{{ event.total.amount }}}}, o como {{{{ event.total | money }}}}",
                        "an amount is a number, and as text it would lose its zeros; write it by itself, {{{{ event.total.amount }}}}, or as {{{{ event.total | money }}}}"
                    ),
                );
            }
        }
        for name in COMPARED.iter().flat_map(|pattern| pattern.captures_iter(within)) {
            let Some(name) = name.get(1) else { continue };
            let sample = full.pointer(&format!("/{}", name.as_str().replace('.', "/")));
            let is_number = name.as_str().ends_with(AMOUNT) || sample.is_some_and(Json::is_number);
            if is_number {
                let message = said!(
                    "{} es un número; escribe sin comillas aquello con lo que se compara",
                    "{} is a number; write what it is compared with without quotes",
                    name.as_str()
                );
                fault(name.start(), &message);
            }
        }
    }
    found
}

/// Where a dotted name leaves what is known: the known part, the field that it
/// lacks, and the fields that it has.
fn first_unknown<'a>(
    name: &'a str,
    full: &'a Json,
) -> Option<(&'a str, &'a str, &'a Map<String, Json>)> {
    let mut here = full;
    let mut end = 0;
    for (index, field) in name.split('.').enumerate() {
        let known = &name[..end];
        let Json::Object(fields) = here else {
            return None;
        };
        match fields.get(field) {
            _ if OPEN.contains(&known) => return None,
            Some(inner) => here = inner,
            // One of the names that this use of the template does not have.
            None if index == 0 => return None,
            None => return Some((known, field, fields)),
        }
        end += field.len() + usize::from(index > 0);
    }
    None
}

/// Whether the template gives a name a value somewhere: a branch may do so.
fn sets(text: &str, name: &str) -> bool {
    source::tags(text).into_iter().any(|tag| {
        let words = text[tag].trim_start_matches("{%").trim_start_matches('-').trim_start();
        let target = words.strip_prefix("set ").map(str::trim_start);
        target
            .and_then(|target| target.strip_prefix(name))
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
    })
}

fn at_mentions(
    path: &str,
    text: &str,
    name: &str,
    may_be_guarded: bool,
    message: &Bilingual,
) -> Vec<Fault> {
    let mentions = source::mentions(text, name);
    if mentions.is_empty() {
        return vec![Fault::new(path, Place::START, message.clone())];
    }
    let wrong = mentions.into_iter().filter(|mention| !(may_be_guarded && mention.guarded));
    wrong.map(|mention| Fault::new(path, mention.place, message.clone())).collect()
}
