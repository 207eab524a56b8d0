//! The plain part of CEL, run without CEL's machinery: fields compared with
//! literals, `in` a list of literals, `has`, `double`, `&&`, `||` and `!`.
//! Most conditions are nothing else, and this runs them ten times faster.
//!
//! Whatever is in doubt (another operator, a type that was not expected) is
//! left to CEL, whose word holds. A property in `tests/conditions.rs` holds the
//! two against each other.

use std::borrow::Cow;
use std::cell::RefCell;

use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};
use cel::objects::KeyRef;
use cel::{IdedExpr, Value};

use super::{Stop, Values};

/// A condition of the plain part.
#[derive(Debug)]
pub(super) enum Plain {
    Not(Box<Plain>),
    And(Box<(Plain, Plain)>),
    Or(Box<(Plain, Plain)>),
    Compare(Term, Comparison, Term),
    In(Term, Vec<Value>),
    Has(Path),
    Is(Path),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug)]
pub(super) enum Term {
    Literal(Value),
    Path(Path),
    Double(Box<Term>),
}

/// `customer.a` or `event.a.b`: at least one name.
#[derive(Debug)]
pub(super) struct Path {
    root: Root,
    names: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Root {
    Customer,
    Event,
}

impl Plain {
    /// The condition, where it has nothing beyond the plain part.
    pub(super) fn of(at: &IdedExpr) -> Option<Plain> {
        let Expr::Call(call) = &at.expr else {
            return match path(at)? {
                (path, true) => Some(Plain::Has(path)),
                (path, false) => Some(Plain::Is(path)),
            };
        };
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, None, [one]) => Some(Plain::Not(Box::new(Plain::of(one)?))),
            (operators::LOGICAL_AND, None, [left, right]) => {
                Some(Plain::And(Box::new((Plain::of(left)?, Plain::of(right)?))))
            }
            (operators::LOGICAL_OR, None, [left, right]) => {
                Some(Plain::Or(Box::new((Plain::of(left)?, Plain::of(right)?))))
            }
            (operators::IN, None, [one, list]) => {
                let Expr::List(list) = &list.expr else { return None };
                let list = list.elements.iter().map(literal).collect::<Option<Vec<_>>>()?;
                Some(Plain::In(Term::of(one)?, list))
            }
            (operator, None, [left, right]) => {
                let comparison = Comparison::of(operator)?;
                Some(Plain::Compare(Term::of(left)?, comparison, Term::of(right)?))
            }
            _ => None,
        }
    }

    fn run<'a, V: Values>(&'a self, values: &Known<'a, V>) -> Result<bool, Stop> {
        match self {
            Plain::Not(one) => one.run(values).map(|holds| !holds),
            // As in CEL, a missing value on one side does not matter where the
            // other decides alone.
            Plain::And(both) => match both.0.run(values) {
                Ok(true) => both.1.run(values),
                Err(Stop::Missing) => match both.1.run(values)? {
                    true => Err(Stop::Missing),
                    false => Ok(false),
                },
                decided => decided,
            },
            Plain::Or(both) => match both.0.run(values) {
                Ok(false) => both.1.run(values),
                Err(Stop::Missing) => match both.1.run(values)? {
                    true => Ok(true),
                    false => Err(Stop::Missing),
                },
                decided => decided,
            },
            Plain::Compare(left, comparison, right) => {
                comparison.holds(left.value(values)?.as_ref(), right.value(values)?.as_ref())
            }
            Plain::In(one, list) => {
                let one = one.value(values)?;
                let mut is_in = false;
                for other in list {
                    is_in |= Comparison::Equal.holds(&one, other)?;
                }
                Ok(is_in)
            }
            Plain::Has(path) => Ok(path.last(values)?.is_some()),
            Plain::Is(path) => match path.value(values)? {
                Value::Bool(holds) => Ok(holds),
                _ => Err(Stop::InDoubt),
            },
        }
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// [`Stop`] says why that cannot be told.
    pub(super) fn holds(&self, values: &impl Values) -> Result<bool, Stop> {
        self.run(&Known { values, asked: RefCell::new(None) })
    }
}

impl Comparison {
    fn of(operator: &str) -> Option<Comparison> {
        Some(match operator {
            operators::EQUALS => Comparison::Equal,
            operators::NOT_EQUALS => Comparison::NotEqual,
            operators::LESS => Comparison::Less,
            operators::LESS_EQUALS => Comparison::LessOrEqual,
            operators::GREATER => Comparison::Greater,
            operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, left: &Value, right: &Value) -> Result<bool, Stop> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match (left, right) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).ok_or(Stop::InDoubt)?,
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            _ => return Err(Stop::InDoubt),
        };
        Ok(match self {
            Comparison::Equal => order == Equal,
            Comparison::NotEqual => order != Equal,
            Comparison::Less => order == Less,
            Comparison::LessOrEqual => order != Greater,
            Comparison::Greater => order == Greater,
            Comparison::GreaterOrEqual => order != Less,
        })
    }
}

impl Term {
    fn of(at: &IdedExpr) -> Option<Term> {
        if let Some(value) = literal(at) {
            return Some(Term::Literal(value));
        }
        match &at.expr {
            Expr::Call(CallExpr { func_name, target: None, args }) => match args.as_slice() {
                [one] if func_name == "double" => Some(Term::Double(Box::new(Term::of(one)?))),
                _ => None,
            },
            _ => match path(at)? {
                (path, false) => Some(Term::Path(path)),
                (_, true) => None,
            },
        }
    }

    fn value<'a, V: Values>(&'a self, values: &Known<'a, V>) -> Result<Cow<'a, Value>, Stop> {
        let number = match self {
            Term::Literal(value) => return Ok(Cow::Borrowed(value)),
            Term::Path(path) => return path.value(values).map(Cow::Owned),
            Term::Double(term) => match term.value(values)?.as_ref() {
                Value::Float(value) => *value,
                Value::Int(value) => *value as f64,
                Value::String(text) => text.parse().map_err(|_| Stop::InDoubt)?,
                _ => return Err(Stop::InDoubt),
            },
        };
        Ok(Cow::Owned(Value::Float(number)))
    }
}

impl Path {
    fn value<'a, V: Values>(&'a self, values: &Known<'a, V>) -> Result<Value, Stop> {
        self.last(values)?.ok_or(Stop::Missing)
    }

    /// The value, `None` where only the last name is unknown.
    fn last<'a, V: Values>(&'a self, values: &Known<'a, V>) -> Result<Option<Value>, Stop> {
        let (field, inner) = match (self.root, self.names.split_first()) {
            (Root::Customer, Some(split)) => split,
            _ => return values.values.event_field(&self.names),
        };
        let mut value = values.customer(field);
        for name in inner {
            value = within(&value.ok_or(Stop::Missing)?, name)?;
        }
        Ok(value)
    }
}

fn within(value: &Value, name: &str) -> Result<Option<Value>, Stop> {
    match value {
        Value::Map(map) => Ok(map.get(&KeyRef::String(name)).cloned()),
        _ => Err(Stop::InDoubt),
    }
}

/// What a run has asked for so far.
struct Known<'a, V> {
    values: &'a V,
    /// The customer's field asked for last: mostly the next one is the same.
    asked: RefCell<Option<(&'a str, Option<Value>)>>,
}

impl<'a, V: Values> Known<'a, V> {
    fn customer(&self, field: &'a str) -> Option<Value> {
        let mut asked = self.asked.borrow_mut();
        match &*asked {
            Some((last, value)) if *last == field => value.clone(),
            _ => {
                let value = self.values.customer(field);
                *asked = Some((field, value.clone()));
                value
            }
        }
    }
}

fn literal(at: &IdedExpr) -> Option<Value> {
    let Expr::Literal(literal) = &at.expr else { return None };
    match literal {
        LiteralValue::Boolean(value) => Some(Value::Bool(*value.inner())),
        LiteralValue::Double(value) => Some(Value::Float(*value.inner())),
        LiteralValue::Int(value) => Some(Value::Int(*value.inner())),
        LiteralValue::String(value) => Some(value.inner().into()),
        LiteralValue::Bytes(_) | LiteralValue::Null | LiteralValue::UInt(_) => None,
    }
}

/// A path, and whether the expression asks only if there is such a value.
fn path(at: &IdedExpr) -> Option<(Path, bool)> {
    let Expr::Select(select) = &at.expr else { return None };
    if let Expr::Ident(name) = &select.operand.expr {
        let root = match name.as_str() {
            "customer" => Root::Customer,
            "event" => Root::Event,
            _ => return None,
        };
        let path = Path { root, names: vec![select.field.clone()] };
        return Some((path, select.test));
    }
    match path(&select.operand)? {
        (mut path, false) => {
            path.names.push(select.field.clone());
            Some((path, select.test))
        }
        (_, true) => None,
    }
}
