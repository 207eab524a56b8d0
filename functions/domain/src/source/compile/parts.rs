//! Parts of an expression that stand by themselves.

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, Expr, LiteralValue, operators};
use rust_decimal::Decimal;

use super::Known;
use crate::bilingual::{Bilingual, said};
use crate::condition::Type;
use crate::nearest::hint;
use crate::source::expr::{Comparison, Fold, Node, Operator};
use crate::source::helpers::HELPERS;
use crate::source::value::{Value, of_number};

/// What CEL writes with a variable inside.
const MACROS: [&str; 6] = ["has", "all", "exists", "exists_one", "map", "filter"];

/// What a macro was written out as, read back: what is done, on which condition, with
/// what of each.
pub(super) fn parts_of(
    it: &ComprehensionExpr,
) -> Option<(Fold, Option<&IdedExpr>, Option<&IdedExpr>)> {
    let Expr::Call(step) = &it.loop_step.expr else { return None };
    let is_accu = |at: &IdedExpr| matches!(&at.expr, Expr::Ident(name) if *name == it.accu_var);
    let item = |at: &'_ IdedExpr| -> Option<usize> {
        let Expr::Call(call) = &at.expr else { return None };
        (call.func_name == operators::ADD).then_some(call.args.len())
    };
    match (step.func_name.as_str(), step.args.as_slice()) {
        (operators::LOGICAL_OR, [accu, test]) if is_accu(accu) => {
            Some((Fold::Exists, Some(test), None))
        }
        (operators::LOGICAL_AND, [accu, test]) if is_accu(accu) => {
            Some((Fold::All, Some(test), None))
        }
        (operators::ADD, _) => Some((Fold::Map, None, Some(appended(&it.loop_step)?))),
        (operators::CONDITIONAL, [test, then, accu]) if is_accu(accu) && item(then) == Some(2) => {
            match appended(then) {
                Some(item) => Some((Fold::Map, Some(test), Some(item))),
                None => Some((Fold::ExistsOne, Some(test), None)),
            }
        }
        _ => None,
    }
}

/// The element of `accu + [element]`.
fn appended(at: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &at.expr else { return None };
    let Expr::List(list) = &call.args.get(1)?.expr else { return None };
    list.elements.first()
}

pub(super) fn of_literal(literal: &LiteralValue) -> Known {
    match literal {
        LiteralValue::Boolean(value) => {
            Known::of(Node::Literal(Value::Bool(*value.inner())), Type::Bool)
        }
        LiteralValue::Int(value) => {
            Known::of(Node::Literal(Value::Number(Decimal::from(*value.inner()))), Type::Number)
        }
        LiteralValue::UInt(value) => {
            Known::of(Node::Literal(Value::Number(Decimal::from(*value.inner()))), Type::Number)
        }
        LiteralValue::Double(value) => {
            Known::of(Node::Literal(of_number(&value.inner().to_string())), Type::Number)
        }
        LiteralValue::String(value) => {
            Known::of(Node::Literal(Value::text(value.inner())), Type::String)
        }
        LiteralValue::Null | LiteralValue::Bytes(_) => {
            Known::of(Node::Literal(Value::Null), Type::Null)
        }
    }
}

/// The type of a setting, as the file's own value tells it; null may become anything.
pub(super) fn of_setting(setting: &serde_json::Value) -> Type {
    match setting {
        serde_json::Value::Null => Type::Unknown,
        serde_json::Value::Bool(_) => Type::Bool,
        serde_json::Value::Number(_) => Type::Number,
        serde_json::Value::String(_) => Type::String,
        serde_json::Value::Array(_) => Type::List(Box::new(Type::Unknown)),
        serde_json::Value::Object(_) => Type::Map,
    }
}

pub(super) fn no_function(name: &str) -> Bilingual {
    if MACROS.contains(&name) {
        return match name {
            "has" => said!(
                "has(…) lleva un campo, como has(payload.customer)",
                "has(…) takes a field, such as has(payload.customer)"
            ),
            _ => said!(
                "escribe {name} detrás de una lista: payload.refunds.{name}(r, …)",
                "write {name} behind a list: payload.refunds.{name}(r, …)"
            ),
        };
    }
    let names = || HELPERS.iter().map(|known| known.name).chain(MACROS);
    let near = hint(name, names());
    let unknown = said!("función desconocida {name:?}", "unknown function {name:?}");
    match near.is_empty() {
        true => {
            let all = names().collect::<Vec<_>>().join(", ");
            unknown.then(&said!("; se conocen {all}", "; known are {all}"))
        }
        false => unknown.then(&near),
    }
}

impl Comparison {
    pub(super) fn of(sign: &str) -> Option<Comparison> {
        Some(match sign {
            operators::LESS => Comparison::Less,
            operators::LESS_EQUALS => Comparison::LessOrEqual,
            operators::GREATER => Comparison::Greater,
            operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }
}

impl Operator {
    pub(super) fn of(sign: &str) -> Option<Operator> {
        Some(match sign {
            operators::ADD => Operator::Add,
            operators::SUBSTRACT => Operator::Subtract,
            operators::MULTIPLY => Operator::Multiply,
            operators::DIVIDE => Operator::Divide,
            operators::MODULO => Operator::Remainder,
            _ => return None,
        })
    }
}
