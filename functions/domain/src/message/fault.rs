//! What is wrong in a template, where, and how to mend it.

use std::error::Error as _;

use minijinja::{Error, ErrorKind};

use super::files::{BRAND, FOLDER, Files};
use super::source::{self, Call};
use crate::bilingual::{Bilingual, said};
use crate::nearest::{hint, hint_or};
use crate::rulebook::Place;

/// The command that lists all that templates may name.
pub(super) const FIELDS_COMMAND: &str = "lazo template fields";

/// Something wrong at a place of a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Below the folder that holds `rules` and `templates`.
    pub file: String,
    /// The line and column in that file; its start where no better place is known.
    pub place: Place,
    /// What is wrong and how to mend it, for whoever writes templates.
    pub message: Bilingual,
}

/// Why a message cannot be written. It names files and fields, never a
/// customer's data, so it may stand in a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No template has this name.
    #[error("there is no template {name:?}, make the folder {FOLDER}/{name}{hint}")]
    NoTemplate {
        /// The name that was asked for.
        name: String,
        /// `; did you mean …?` with a name that is near, or nothing.
        hint: String,
    },
    /// A template lacks a file, in the default language too.
    #[error("{FOLDER}/{name}/{locale}/{file} is missing")]
    NoFile {
        /// The template's name.
        name: String,
        /// The default language, which is the last to be looked in.
        locale: String,
        /// The missing file, such as `subject.txt`.
        file: String,
    },
    /// A template is wrong, or a value does not fit it.
    #[error("{}:{}: {}", .0.file, .0.place.line, .0.message)]
    Template(Fault),
    /// A value would break a mail's header. It holds the file or field that gave the value.
    #[error("{0} has a line break or another control character, which no header may hold")]
    Header(String),
    /// A mail's subject is blank. It holds the file that gave the subject.
    #[error("{0} gives an empty subject")]
    EmptySubject(String),
}

impl Fault {
    pub(super) fn new(path: &str, place: Place, message: impl Into<Bilingual>) -> Fault {
        Fault { file: format!("{FOLDER}/{path}"), place, message: message.into() }
    }

    /// What MiniJinja found, said for those who write templates. `path` is the
    /// file that was being rendered; the fault may be in one that it includes.
    pub(super) fn of_template(error: &Error, path: &str, files: &Files) -> Fault {
        let mut inner = error;
        while let Some(next) = inner.source().and_then(|source| source.downcast_ref::<Error>()) {
            inner = next;
        }
        let path = inner.name().or(error.name()).unwrap_or(path);
        let line = inner.line().or(error.line()).unwrap_or(1);
        let text = files.text(path).unwrap_or("");
        let place = exact(inner, text).filter(|place| place.line == line as u64);
        let place = place.unwrap_or(Place { line: line as u64, column: 1 });
        Fault::new(path, place, explain(inner, files))
    }
}

impl From<Fault> for MessageError {
    fn from(fault: Fault) -> MessageError {
        MessageError::Template(fault)
    }
}

/// Where the name that is undefined stands, or else the expression that failed.
fn exact(error: &Error, text: &str) -> Option<Place> {
    let range = error.range()?;
    let failed = source::place(text, range.start);
    let name = undefined(error.detail().unwrap_or(""));
    let mentions = name.map_or(Vec::new(), |name| source::mentions(text, name));
    let here = mentions.into_iter().map(|mention| mention.place);
    let here = here.filter(|place| place.line == failed.line);
    Some(here.min_by_key(|place| place.column.abs_diff(failed.column)).unwrap_or(failed))
}

fn explain(error: &Error, files: &Files) -> Bilingual {
    let detail = error.detail().unwrap_or("");
    if let Some(name) = undefined(detail) {
        return said!(
            "{name} puede faltar; escribe {{{{ {name} | default(\"\") }}}}, o ponlo dentro de {{% if {name} is defined %}}",
            "{name} may be missing; write {{{{ {name} | default(\"\") }}}}, or put it behind {{% if {name} is defined %}}"
        );
    }
    let named = |pattern: &str| {
        detail.trim_start_matches(pattern).trim_end_matches(" is unknown").to_owned()
    };
    match error.kind() {
        ErrorKind::TemplateNotFound => {
            let name = detail.split(['"', '\'']).nth(1).unwrap_or("");
            let brand = files.paths().filter(|path| path.starts_with(BRAND)).map(brand_name);
            let known: Vec<String> = brand.collect();
            said!(
                "no existe el archivo {name:?} que se incluye",
                "there is no file {name:?} to include"
            )
            .then(&hint(name, known.iter().map(String::as_str)))
        }
        ErrorKind::OutOfFuel => said!(
            "da demasiados pasos; ¿un ciclo recorre demasiado?",
            "takes too many steps; does a loop go through too much?"
        ),
        // The one detail that may quote a customer's data.
        _ if detail.starts_with("unable to calculate") => {
            said!("no se puede calcular con estos valores", "cannot calculate with these values")
        }
        kind if detail.is_empty() => kind.to_string().into(),
        ErrorKind::UnknownFilter => unknown(Call::Filter(&named("filter "))),
        ErrorKind::UnknownTest => unknown(Call::Test(&named("test "))),
        ErrorKind::InvalidOperation => Bilingual::carried(detail),
        ErrorKind::SyntaxError => syntax(detail),
        kind => format!("{kind}: {detail}").into(),
    }
}

/// What MiniJinja cannot read.
fn syntax(detail: &str) -> Bilingual {
    let there = |text: &str| match text {
        "end of input" | "end of file" => said!("el final del archivo", "the end of the file"),
        "end of variable block" => said!("}}}}", "}}}}"),
        "end of block" => said!("%}}", "%}}"),
        "start of block" => said!("{{%", "{{%"),
        "identifier" => said!("un nombre", "a name"),
        "string" => said!("un texto", "a text"),
        "integer" | "float" => said!("un número", "a number"),
        other => other.into(),
    };
    let expected = detail.strip_prefix("unexpected ").map(|rest| rest.split_once(", expected "));
    match expected {
        Some(Some((found, wanted))) => {
            let wanted = there(wanted).within("; falta {}", ", {} is missing");
            there(found).within("no va aquí {}", "{} does not go here").then(&wanted)
        }
        Some(None) => {
            there(&detail["unexpected ".len()..]).within("no va aquí {}", "{} does not go here")
        }
        None => detail.into(),
    }
    .within("error de sintaxis: {}", "syntax error: {}")
}

pub(super) fn unknown(call: Call) -> Bilingual {
    match call {
        Call::Filter(name) => said!("filtro desconocido {name:?}", "unknown filter {name:?}")
            .then(&hint_or(name, FILTERS, FIELDS_COMMAND)),
        Call::Test(name) => said!("prueba desconocida {name:?}", "unknown test {name:?}")
            .then(&hint_or(name, TESTS, FIELDS_COMMAND)),
    }
}

/// The expression in "`customer.given_name` is undefined".
fn undefined(detail: &str) -> Option<&str> {
    let end = detail.find("` is undefined")?;
    detail[..end].rsplit('`').next()
}

/// How a brand file is named in an include: without its locale.
fn brand_name(path: &str) -> String {
    match path.split('/').collect::<Vec<_>>()[..] {
        [folder, _, file] => format!("{folder}/{file}"),
        _ => path.to_owned(),
    }
}

/// What templates commonly filter with.
pub const FILTERS: [&str; 22] = [
    "money",
    "day",
    "default",
    "trim",
    "upper",
    "lower",
    "title",
    "capitalize",
    "replace",
    "length",
    "first",
    "last",
    "join",
    "sort",
    "reverse",
    "round",
    "int",
    "float",
    "list",
    "unique",
    "map",
    "selectattr",
];

/// What templates commonly test for.
pub const TESTS: [&str; 8] =
    ["defined", "undefined", "none", "odd", "even", "in", "string", "number"];
