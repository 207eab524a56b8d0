//! `lazo rules fields` and `lazo template fields`: all that conditions and templates may
//! name, made from the tables that the program itself works by.

use std::path::Path;

use lazo::shell::rules::Rules;
use lazo::shell::wording::Language;
use lazo::shell::wording::described::Table;
use lazo_domain::condition::{self, Named};
use lazo_domain::event::EventKind;
use lazo_domain::message::{self, FILTERS, TESTS, Variable};
use lazo_domain::notice::NoticeKind;
use lazo_domain::segment::Segment;
use lazo_domain::view::Missing;
use serde_json::{Value, json};

use super::Answer;

/// Which names are listed.
#[derive(clap::Args)]
pub struct Args {
    /// Only the names with this in them, such as `purchase`.
    name: Option<String>,
    /// One JSON object a line per name.
    #[arg(long)]
    json: bool,
}

/// A name as it is listed.
struct Row {
    /// What it is: `variable`, `event_field`, `function`, `segment`, `filter`,
    /// `test`.
    list: &'static str,
    /// Where it is known: the kind of event, or the staff mail; empty everywhere.
    of: &'static str,
    name: String,
    kind: Option<&'static str>,
    missing: Missing,
    /// What it is, in words.
    meaning: String,
    example: String,
}

/// A part of the list, under a title.
struct Part {
    title: String,
    rows: Vec<Row>,
}

/// What the conditions of rules may name; the segments are those of a rules folder, or
/// of the program's own rules.
///
/// # Errors
/// Where that folder cannot be read.
pub fn of_conditions(args: &Args, folder: Option<&Path>, lang: Language) -> anyhow::Result<Answer> {
    let book = Rules::from(folder)?.book;
    let variables = condition::variables();
    let variables =
        variables.into_iter().map(|named| of_named("variable", "", named, Table::Condition, lang));
    let mut parts = vec![Part {
        title: lang.pick("Variables de toda condición", "Variables of every condition").into(),
        rows: variables.collect(),
    }];
    for kind in EventKind::ALL {
        if matches!(kind, EventKind::CustomerErased | EventKind::CustomerMerged) {
            continue;
        }
        let title = match lang {
            Language::Es => format!("event, si {kind} inicia la regla"),
            Language::En => format!("event, where {kind} starts the rule"),
        };
        let rows = condition::event_fields(kind).into_iter().map(|named| {
            let meaning = Table::of_event(kind.as_str(), &named.name, lang).unwrap_or_default();
            Row {
                meaning: meaning.into(),
                example: told(&named.example),
                name: format!("event.{}", named.name),
                list: "event_field",
                of: kind.as_str(),
                kind: Some(named.kind),
                missing: named.missing,
            }
        });
        parts.push(Part { title, rows: rows.collect() });
    }
    let functions = condition::functions();
    let functions =
        functions.into_iter().map(|named| of_named("function", "", named, Table::Functions, lang));
    parts.push(Part {
        title: lang.pick("Funciones", "Functions").into(),
        rows: functions.collect(),
    });
    parts.push(Part {
        title: lang.pick("Segmentos de la tienda", "Segments of the shop").into(),
        rows: book.segments().iter().map(|segment| of_segment(segment, lang)).collect(),
    });
    print(parts, args, lang)
}

/// A segment, as a condition asks for it.
fn of_segment(segment: &Segment, lang: Language) -> Row {
    let title = lang.pick_text(&segment.title).unwrap_or(&segment.name);
    let meaning = match lang.pick_text(&segment.description) {
        Some(description) => format!("{title}: {description}"),
        None => title.to_owned(),
    };
    Row {
        list: "segment",
        of: "",
        name: segment.name.clone(),
        kind: Some("true or false"),
        missing: Missing::Never,
        meaning,
        example: format!("segment({:?})", segment.name),
    }
}

/// What templates may name.
pub fn of_templates(args: &Args, lang: Language) -> anyhow::Result<Answer> {
    let policy = Rules::from(None)?.book.policy;
    let rows = |all: Vec<Variable>, of: &'static str, table: Table| {
        all.into_iter().map(|one| of_variable(of, one, table, lang)).collect::<Vec<_>>()
    };
    let mut parts = vec![Part {
        title: lang.pick("Variables de los mensajes", "Variables of messages").into(),
        rows: rows(message::variables(&policy), "", Table::Template),
    }];
    for kind in NoticeKind::ALL {
        let title = match lang {
            Language::Es => format!("Variables de {}, el correo interno", kind.template()),
            Language::En => format!("Variables of {}, which is staff mail", kind.template()),
        };
        let rows = rows(message::staff_variables(&policy, kind), kind.template(), Table::Staff);
        parts.push(Part { title, rows });
    }
    let of_calls = |list: &'static str, names: &[&str], table: Table| {
        let row = |name: &&str| {
            let (example, meaning) = table.said(name, lang).map_or_else(Default::default, parted);
            let (kind, missing, name) = (None, Missing::Never, (*name).to_owned());
            Row { list, of: "", name, kind, missing, meaning, example }
        };
        names.iter().map(row).collect::<Vec<_>>()
    };
    parts.push(Part {
        title: lang.pick("Filtros, detrás de |", "Filters, behind |").into(),
        rows: of_calls("filter", &FILTERS, Table::Filters),
    });
    parts.push(Part {
        title: lang.pick("Pruebas, detrás de is", "Tests, behind is").into(),
        rows: of_calls("test", &TESTS, Table::Tests),
    });
    print(parts, args, lang)
}

fn of_named(
    list: &'static str,
    of: &'static str,
    named: Named,
    table: Table,
    lang: Language,
) -> Row {
    let (written, meaning) = table.said(&named.name, lang).map_or_else(Default::default, parted);
    let example = if written.is_empty() { told(&named.example) } else { written };
    let (name, kind) = (named.name, Some(named.kind));
    Row { list, of, name, kind, missing: named.missing, meaning, example }
}

fn of_variable(of: &'static str, one: Variable, table: Table, lang: Language) -> Row {
    // The brand is the same in every mail.
    let table = if one.name.starts_with("brand.") { Table::Template } else { table };
    let meaning = table.said(&one.name, lang).unwrap_or_default().to_owned();
    let missing = if one.may_be_missing { Missing::Untold } else { Missing::Never };
    let (name, kind, example) = (one.name, Some(one.kind), told(&one.example));
    Row { list: "variable", of, name, kind, missing, meaning, example }
}

/// A description that begins with an example: the two apart.
fn parted(said: &str) -> (String, String) {
    match said.strip_prefix('`').and_then(|rest| rest.split_once("`: ")) {
        Some((example, meaning)) => (example.to_owned(), meaning.to_owned()),
        None => (String::new(), said.to_owned()),
    }
}

/// A value as a reader takes it; a text without its quotes.
fn told(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(money) if money.contains_key("amount") => {
            let part = |name: &str| money.get(name).and_then(Value::as_str).unwrap_or_default();
            format!("{} {}", part("amount"), part("currency"))
        }
        Value::Object(fields) if fields.is_empty() => String::new(),
        other => other.to_string(),
    }
}

fn print(parts: Vec<Part>, args: &Args, lang: Language) -> anyhow::Result<Answer> {
    let wanted = args.name.as_deref().unwrap_or_default().to_lowercase();
    let mut count = 0;
    for Part { title, mut rows } in parts {
        rows.retain(|row| row.name.to_lowercase().contains(&wanted));
        if !rows.is_empty() && !args.json {
            out!("{}{title}\n", if count > 0 { "\n" } else { "" });
        }
        count += rows.len();
        for row in rows {
            match args.json {
                true => out!("{}", as_json(&row, lang)),
                false => show(&row, lang)?,
            }
        }
    }
    if count == 0 && !args.json {
        let none = lang.pick("ningún nombre contiene", "no name has this in it:");
        out!("{none} {wanted:?}");
    }
    Ok(if count > 0 { Answer::Yes } else { Answer::No })
}

fn as_json(row: &Row, lang: Language) -> Value {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "list": row.list,
        "of": given(row.of),
        "name": row.name,
        "type": row.kind.map(|kind| Language::En.type_name(kind)),
        "missing": row.missing.as_str(),
        "meaning": row.meaning,
        "example": given(&row.example),
        "lang": lang.tag(),
    })
}

fn show(row: &Row, lang: Language) -> anyhow::Result<()> {
    let kind = row.kind.map(|kind| lang.type_name(kind)).unwrap_or_default();
    let missing = match row.missing {
        Missing::Never => "",
        missing => lang.missing(missing),
    };
    out!("{}", format!("  {:<34} {kind:<18} {missing}", row.name).trim_end());
    out!("      {}", row.meaning);
    if !row.example.is_empty() {
        out!("      {} {}", lang.pick("p. ej.", "e.g."), row.example);
    }
    Ok(())
}
