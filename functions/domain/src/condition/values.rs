//! What can be done with values: comparing, looking into, reckoning.

use std::cmp::Ordering;
use std::sync::Arc;

use cel::Value;
use cel::objects::KeyRef;

use super::Stop;

type Found = Result<Value, Stop>;

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A number, however it is spelt.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::UInt(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

const MIXED: Stop = Stop::Unfit("values of two kinds cannot be compared, such as text and number");

impl Comparison {
    pub(super) fn holds(self, left: &Value, right: &Value) -> Result<bool, Stop> {
        use Ordering::{Equal, Greater, Less};
        match self {
            Comparison::Equal => return equal(left, right),
            Comparison::NotEqual => return equal(left, right).map(|is_equal| !is_equal),
            _ => {}
        }
        let order = order(left, right)?;
        Ok(match self {
            Comparison::Less => order == Less,
            Comparison::LessOrEqual => order != Greater,
            Comparison::Greater => order == Greater,
            _ => matches!(order, Equal | Greater),
        })
    }
}

pub(super) fn order(left: &Value, right: &Value) -> Result<Ordering, Stop> {
    if let (Some(a), Some(b)) = (number(left), number(right)) {
        return a.partial_cmp(&b).ok_or(MIXED);
    }
    Ok(match (left, right) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(b),
        (Value::Duration(a), Value::Duration(b)) => a.cmp(b),
        _ => return Err(MIXED),
    })
}

pub(super) fn equal(left: &Value, right: &Value) -> Result<bool, Stop> {
    match (left, right) {
        (Value::Null, other) | (other, Value::Null) => Ok(matches!(other, Value::Null)),
        (Value::List(a), Value::List(b)) => {
            let mut is_equal = a.len() == b.len();
            for (a, b) in a.iter().zip(b.iter()) {
                is_equal &= equal(a, b)?;
            }
            Ok(is_equal)
        }
        (Value::Map(a), Value::Map(b)) => {
            let mut is_equal = a.map.len() == b.map.len();
            for (key, value) in a.map.iter() {
                is_equal &= match b.map.get(key) {
                    Some(other) => equal(value, other)?,
                    None => false,
                };
            }
            Ok(is_equal)
        }
        _ => order(left, right).map(Ordering::is_eq),
    }
}

/// Whether a list has a value. One of a kind that the list has not at all is
/// no plain no.
pub(super) fn is_in(one: &Value, list: &Value) -> Result<bool, Stop> {
    match list {
        Value::List(list) => {
            let mut fits = list.is_empty();
            for other in list.iter() {
                match equal(one, other) {
                    Ok(true) => return Ok(true),
                    Ok(false) => fits = true,
                    Err(_) => {}
                }
            }
            if fits { Ok(false) } else { Err(MIXED) }
        }
        Value::Map(map) => match one {
            Value::String(name) => Ok(map.get(&KeyRef::String(name)).is_some()),
            _ => Err(Stop::Unfit("names of fields are text")),
        },
        _ => Err(Stop::Unfit("`in` takes a list")),
    }
}

pub(super) fn within(value: &Value, name: &str) -> Result<Option<Value>, Stop> {
    match value {
        Value::Map(map) => Ok(map.get(&KeyRef::String(name)).cloned()),
        _ => Err(Stop::Unfit("has no fields")),
    }
}

pub(super) fn at_index(list: &Value, at: &Value) -> Found {
    match list {
        Value::List(list) => {
            let at = number(at).filter(|at| at.fract() == 0.0);
            let at = at.ok_or(Stop::Unfit("a place in a list is a whole number"))?;
            let at = if at < 0.0 { usize::MAX } else { at as usize };
            list.get(at).cloned().ok_or(Stop::Missing)
        }
        Value::Map(_) => match at {
            Value::String(name) => within(list, name)?.ok_or(Stop::Missing),
            _ => Err(Stop::Unfit("names of fields are text")),
        },
        _ => Err(Stop::Unfit("only a list or an object has such parts")),
    }
}

pub(super) fn reckon(operator: Operator, left: &Value, right: &Value) -> Found {
    use Operator::{Add, Divide, Multiply, Remainder, Subtract};
    const UNFIT: Stop = Stop::Unfit("cannot reckon with these, such as text and number");
    if let (Some(a), Some(b)) = (number(left), number(right)) {
        let result = match operator {
            Add => a + b,
            Subtract => a - b,
            Multiply => a * b,
            Divide | Remainder if b == 0.0 => return Err(Stop::Unfit("divides by zero")),
            Divide => a / b,
            Remainder => a % b,
        };
        return match result.is_finite() {
            true => Ok(Value::Float(result)),
            false => Err(Stop::Unfit("comes to a number that is too large")),
        };
    }
    const FAR: Stop = Stop::Unfit("comes to a time that is too far away");
    match (left, operator, right) {
        (Value::String(a), Add, Value::String(b)) => Ok(format!("{a}{b}").into()),
        (Value::List(a), Add, Value::List(b)) => {
            Ok(Value::List(Arc::new(a.iter().chain(b.iter()).cloned().collect())))
        }
        (Value::Timestamp(a), Subtract, Value::Timestamp(b)) => Ok(Value::Duration(*a - *b)),
        (Value::Timestamp(at), Add, Value::Duration(by))
        | (Value::Duration(by), Add, Value::Timestamp(at)) => {
            at.checked_add_signed(*by).map(Value::Timestamp).ok_or(FAR)
        }
        (Value::Timestamp(at), Subtract, Value::Duration(by)) => {
            at.checked_sub_signed(*by).map(Value::Timestamp).ok_or(FAR)
        }
        (Value::Duration(a), Add, Value::Duration(b)) => {
            a.checked_add(b).map(Value::Duration).ok_or(FAR)
        }
        (Value::Duration(a), Subtract, Value::Duration(b)) => {
            a.checked_sub(b).map(Value::Duration).ok_or(FAR)
        }
        _ => Err(UNFIT),
    }
}
