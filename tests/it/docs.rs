//! The READMEs say what the code says: their generated tables are current, every
//! field, alarm and parameter is in them, and every link leads somewhere.

mod links;

use std::path::Path;

use lazo::shell::wording::Language;
use lazo::shell::wording::described::Table;
use lazo_domain::condition::{self, Named, Values};
use lazo_domain::customer::Customer;
use lazo_domain::event::{self, EventKind};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::message::{self, Variable};
use lazo_domain::notice::NoticeKind;
use lazo_domain::rulebook::{RuleBook, policy_schema, rule_schema};
use lazo_domain::view::View;
use serde_json::Value;

const RULES: [(&str, Language); 2] =
    [("infra/rules/README.md", Language::En), ("infra/rules/README.es.md", Language::Es)];
const TEMPLATES: [(&str, Language); 2] =
    [("infra/templates/README.md", Language::En), ("infra/templates/README.es.md", Language::Es)];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

fn book() -> RuleBook {
    RuleBook::read(&[("policy.yaml".into(), "currency: MXN\n".into())]).unwrap()
}

/// The cells of a table's head.
fn titles<'a>(lang: Language, en: &[&'a str], es: &[&'a str]) -> String {
    head(if lang == Language::En { en } else { es })
}

fn yes_or_no(lang: Language, yes: bool) -> &'static str {
    if yes { lang.pick("sí", "yes") } else { "no" }
}

/// What a name is, which must be told.
fn said(table: Table, name: &str, lang: Language) -> &'static str {
    let told = table.said(name, lang);
    told.unwrap_or_else(|| {
        panic!("{name} has no description: add a line to functions/shell/wording/described.tsv")
    })
}

/// Fails where a description is of a name that there is not.
fn holds_no_other_than(table: Table, names: &[String]) {
    for [known, _, _] in table.rows() {
        let is_there = names.iter().any(|name| name == known);
        assert!(is_there, "{known} is no name any more: take it out of described.tsv");
    }
}

/// A line of a table.
fn row(cells: &[&str]) -> String {
    let cells = cells.iter().map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

fn head(cells: &[&str]) -> String {
    row(cells) + &row(&vec!["---"; cells.len()])
}

fn code(name: &str) -> String {
    format!("`{name}`")
}

/// Holds what stands between the markers of a file to what is generated.
fn hold(path: &str, name: &str, expected: &str) {
    let text = read(path);
    let begin = format!("<!-- generated: {name} -->\n");
    let found = text.split_once(&begin).and_then(|(_, rest)| rest.split_once("<!-- end -->"));
    let found = found.unwrap_or_else(|| panic!("{path} has no {begin}…<!-- end -->")).0;
    assert!(
        found == expected,
        "{path}: {name} is not current; paste this:\n{begin}{expected}<!-- end -->"
    );
}

/// The fields of `customer` that somebody of whom nothing is known lacks.
fn may_be_missing(name: &str) -> bool {
    let Some(field) = name.strip_prefix("customer.") else { return false };
    let (book, nobody) = (book(), Customer::new(Id::new("nobody").unwrap()));
    View::of(&nobody, &book, Instant::from_millis(0)).customer(field).is_none()
}

#[test]
fn the_tables_of_conditions_are_current() {
    let (variables, functions) = (condition::variables(), condition::functions());
    let names = |of: &[Named]| of.iter().map(|named| named.name.clone()).collect::<Vec<_>>();
    holds_no_other_than(Table::Condition, &names(&variables));
    holds_no_other_than(Table::Functions, &names(&functions));
    for (path, language) in RULES {
        let mut table = titles(
            language,
            &["Name", "Type", "Can be missing", "What it is"],
            &["Nombre", "Tipo", "Puede faltar", "Qué es"],
        );
        for Named { name, kind, .. } in &variables {
            let missing = yes_or_no(language, may_be_missing(name));
            let what = said(Table::Condition, name, language);
            table += &row(&[&code(name), language.type_name(kind), missing, what]);
        }
        hold(path, "condition variables", &table);
        let mut table = titles(
            language,
            &["Function", "Gives", "Example and meaning"],
            &["Función", "Devuelve", "Ejemplo y significado"],
        );
        for Named { name, kind, .. } in &functions {
            let what = said(Table::Functions, name, language);
            table += &row(&[&code(name), language.type_name(kind), what]);
        }
        hold(path, "condition functions", &table);
    }
}

/// Whether an event of this kind can start a rule.
fn starts(kind: &EventKind) -> bool {
    !matches!(kind, EventKind::CustomerErased | EventKind::CustomerMerged)
}

#[test]
fn every_field_of_an_event_every_filter_and_every_test_is_described() {
    for kind in EventKind::ALL.into_iter().filter(starts) {
        for field in condition::event_fields(kind) {
            for lang in [Language::Es, Language::En] {
                let told = Table::of_event(kind.as_str(), &field.name, lang);
                assert!(told.is_some(), "{kind}.{} has no description", field.name);
            }
        }
    }
    for (table, all) in [(Table::Filters, &message::FILTERS[..]), (Table::Tests, &message::TESTS)] {
        all.iter().for_each(|name| {
            said(table, name, Language::Es);
            said(table, name, Language::En);
        });
        let all: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        holds_no_other_than(table, &all);
    }
}

#[test]
fn the_table_of_event_fields_is_current() {
    for (path, language) in RULES {
        let mut table =
            titles(language, &["Trigger", "`event` has"], &["Disparador", "`event` trae"]);
        for kind in EventKind::ALL.into_iter().filter(starts) {
            let fields = condition::event_fields(kind);
            let of_all = |name: &str| matches!(name, "customer_id" | "occurred_at");
            let fields = fields
                .iter()
                .filter(|field| !of_all(&field.name))
                .map(|field| format!("`{}` ({})", field.name, language.type_name(field.kind)));
            table += &row(&[&code(kind.as_str()), &fields.collect::<Vec<_>>().join(", ")]);
        }
        hold(path, "event fields", &table);
    }
}

fn of_templates(variables: &[Variable], of: Table, language: Language) -> String {
    let mut table = titles(
        language,
        &["Name", "Type", "Can be missing", "What it is"],
        &["Nombre", "Tipo", "Puede faltar", "Qué es"],
    );
    for Variable { name, kind, may_be_missing, .. } in variables {
        let missing = yes_or_no(language, *may_be_missing);
        // The brand is the same in every mail.
        let of = if name.starts_with("brand.") { Table::Template } else { of };
        let what = said(of, name, language);
        table += &row(&[&code(name), language.type_name(kind), missing, what]);
    }
    table
}

#[test]
fn the_tables_of_templates_are_current() {
    let book = book();
    let variables = message::variables(&book.policy);
    let staff = NoticeKind::ALL.map(|kind| (kind, message::staff_variables(&book.policy, kind)));
    let names = |of: &[Variable]| of.iter().map(|known| known.name.clone()).collect::<Vec<_>>();
    holds_no_other_than(Table::Template, &names(&variables));
    holds_no_other_than(
        Table::Staff,
        &staff.iter().flat_map(|(_, known)| names(known)).collect::<Vec<_>>(),
    );
    for (path, language) in TEMPLATES {
        hold(path, "template variables", &of_templates(&variables, Table::Template, language));
        for (kind, known) in &staff {
            let name = format!("variables of {}", kind.template());
            hold(path, &name, &of_templates(known, Table::Staff, language));
        }
    }
}

/// Every name of a property, wherever in a schema.
fn properties(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Some(named)) = (name == "properties", value.as_object()) {
                    found.extend(named.keys().cloned());
                }
                properties(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| properties(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_a_rule_and_of_the_policy_is_told() {
    let mut names = Vec::new();
    properties(rule_schema(), &mut names);
    properties(policy_schema(), &mut names);
    for (path, _) in RULES {
        let text = read(path);
        for name in &names {
            assert!(text.contains(&code(name)), "{path} does not tell of `{name}`");
        }
    }
}

/// The rows of an event's table in `events/README.md`: each field, and whether it
/// must be there.
fn told_of(kind: EventKind, text: &str) -> Vec<(String, bool)> {
    let section = text
        .split_once(&format!("\n### {kind}\n"))
        .unwrap_or_else(|| panic!("each event has a section"))
        .1;
    let section = section.split("\n### ").next().and_then(|own| own.split("\n## ").next());
    let rows = section.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (name, rest) = row.split_once('`').unwrap();
        (name.to_owned(), rest.starts_with(" | yes |"))
    })
    .collect()
}

#[test]
fn every_field_of_an_event_is_told() {
    let text = read("events/README.md");
    for kind in EventKind::ALL {
        let schema = event::schema(kind).to_value();
        let required = schema["required"].as_array().unwrap();
        let fields = schema["properties"].as_object().unwrap().keys();
        let mut expected: Vec<(String, bool)> = fields
            .filter(|name| !matches!(name.as_str(), "customer_id" | "occurred_at"))
            .map(|name| (name.clone(), required.iter().any(|known| known == name.as_str())))
            .collect();
        let mut told = told_of(kind, &text);
        expected.sort();
        told.sort();
        assert_eq!(
            told, expected,
            "events/README.md, {kind}: fields, and whether each is required"
        );
    }
}

#[test]
fn every_alarm_and_parameter_is_told() {
    let text = read("infra/README.md");
    let alarms = crate::table::resources("AWS::CloudWatch::Alarm");
    assert!(alarms.len() > 20);
    for name in alarms.keys() {
        assert!(text.contains(&code(name)), "infra/README.md does not tell of the alarm {name}");
    }
    let template = read("infra/template.yaml");
    let parameters = template.split_once("\nParameters:\n").unwrap().1;
    let parameters = parameters.split("\n\n").next().unwrap().lines();
    let names = parameters.filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    for name in names.filter(|name| !name.starts_with(' ')) {
        assert!(
            text.contains(&code(name)),
            "infra/README.md does not tell of the parameter {name}"
        );
    }
}
