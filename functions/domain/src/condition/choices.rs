//! Values of which only some can ever be: stages, countries, what an event's
//! schema lists. A condition that asks for another never holds, or always does.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

use super::Scope;
use super::eval::Root;
use crate::bilingual::{Bilingual, said};
use crate::codes::{is_country, no_country, no_currency};
use crate::event::schema;
use crate::nearest::hint;
use crate::stage::Stage;

/// What is wrong with comparing one part of a condition with another, where the
/// other is written out and can never be.
pub(super) fn impossible(one: &IdedExpr, other: &IdedExpr, scope: Scope) -> Option<Bilingual> {
    let Expr::Literal(LiteralValue::String(value)) = &other.expr else { return None };
    let value = value.inner();
    let (root, names) = path(one)?;
    let told = match root {
        Root::Event => scope.event,
        Root::Trigger => scope.trigger,
        Root::Customer => {
            return match names.as_slice() {
                ["stage"] => {
                    let known = Stage::ALL.map(Stage::as_str);
                    not_among(value, known.into_iter())
                }
                ["country"] => (!is_country(value)).then(|| no_country(value)),
                _ => None,
            };
        }
    };
    match names.as_slice() {
        [.., "currency"] => no_currency(value),
        ["country"] => (!is_country(value)).then(|| no_country(value)),
        _ => {
            let root = schema(told?);
            let listed = listed(root.as_value(), root.as_value(), &names)?;
            not_among(value, listed.iter().filter_map(|value| value.as_str()))
        }
    }
}

/// The type of relationship that a condition asks for.
pub(super) fn relationship<'a>(one: &IdedExpr, other: &'a IdedExpr) -> Option<&'a str> {
    let Expr::Literal(LiteralValue::String(value)) = &other.expr else { return None };
    let (root, names) = path(one)?;
    (root == Root::Customer && names == ["relationship"]).then_some(value.inner())
}

fn not_among<'a>(value: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<Bilingual> {
    if known.clone().any(|known| known == value) {
        return None;
    }
    let near = hint(value, known.clone());
    let all = known.collect::<Vec<_>>().join(", ");
    let near = match near.is_empty() {
        true => said!("; es uno de {all}", "; it is one of {all}"),
        false => near,
    };
    Some(said!("nunca es {value:?}", "is never {value:?}").then(&near))
}

/// `customer.a` or `event.a.b`, by its names.
fn path(at: &IdedExpr) -> Option<(Root, Vec<&str>)> {
    let Expr::Select(select) = &at.expr else { return None };
    if select.test {
        return None;
    }
    if let Expr::Ident(name) = &select.operand.expr {
        return Some((Root::of(name)?, vec![&select.field]));
    }
    let (root, mut names) = path(&select.operand)?;
    names.push(&select.field);
    Some((root, names))
}

/// The values that a schema lists for a field.
fn listed<'a>(
    schema: &'a serde_json::Value,
    root: &'a serde_json::Value,
    names: &[&str],
) -> Option<Vec<&'a serde_json::Value>> {
    if let Some(target) = schema.get("$ref").and_then(|target| target.as_str()) {
        return listed(root.pointer(target.trim_start_matches('#'))?, root, names);
    }
    for any in ["anyOf", "oneOf"] {
        if let Some(options) = schema.get(any).and_then(|options| options.as_array()) {
            let others = options.iter().filter(|one| one["type"].as_str() != Some("null"));
            let found: Option<Vec<Vec<_>>> = others.map(|one| listed(one, root, names)).collect();
            return found.map(|found| found.concat());
        }
    }
    match names.split_first() {
        Some((first, rest)) => listed(schema.get("properties")?.get(first)?, root, rest),
        None => match schema.get("enum").and_then(|values| values.as_array()) {
            Some(values) => Some(values.iter().collect()),
            None => schema.get("const").map(|value| vec![value]),
        },
    }
}
