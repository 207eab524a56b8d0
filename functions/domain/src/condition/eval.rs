//! Runs conditions. They are CEL, with one difference: a number is a number,
//! however it is spelt. `3`, `3.0` and `3e0` are the same in an event, in an
//! attribute and in a rule, and `7 / 2` is 3.5.
//!
//! Whatever has no sensible value (a text where a number is needed, a division
//! by zero) stops the condition with its reason: it never counts as false.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};
use regex::Regex;

use super::functions::Function;
use super::json::{event_field, event_value};
use super::types::customer_fields;
use super::values::{Comparison, Operator, at_index, is_in, reckon, within};
use super::{Stop, Values};
use crate::id::Id;
use crate::view::timestamp;

/// A condition as it is run.
#[derive(Debug)]
pub(super) enum Node {
    Literal(Value),
    /// `customer.a` or `event.a.b`: at least one name.
    Path(Root, Vec<String>),
    /// Whether there is such a value.
    Has(Root, Vec<String>),
    /// All fields of a variable.
    Whole(Root),
    Now,
    /// Whether the customer is in the segment of this name.
    Segment(String),
    /// A variable of `exists(i, …)` and the like.
    Local(usize),
    Select(Box<Node>, String),
    HasField(Box<Node>, String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    Compare(Comparison, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Negate(Box<Node>),
    Reckon(Operator, Box<[Node; 2]>),
    Index(Box<[Node; 2]>),
    /// Goes on unless it is false for certain.
    NotFalse(Box<Node>),
    Matches(Box<Node>, Regex),
    Call(Function, Vec<Node>),
    Fold(Box<Fold>),
}

/// What `exists`, `all`, `map` and the like are written out as.
#[derive(Debug)]
pub(super) struct Fold {
    pub over: Node,
    /// Whether each key or index comes with its value.
    pub with_values: bool,
    pub begin: Node,
    pub goes_on: Node,
    pub step: Node,
    pub result: Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    Customer,
    Event,
    Trigger,
}

impl Root {
    pub(super) fn of(name: &str) -> Option<Root> {
        match name {
            "customer" => Some(Root::Customer),
            "event" => Some(Root::Event),
            "trigger" => Some(Root::Trigger),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Root::Customer => "customer",
            Root::Event => "event",
            Root::Trigger => "trigger",
        }
    }
}

/// The field of `trigger` that no event tells.
pub(super) const REFUNDED: &str = "refunded";

type Found = Result<Value, Stop>;

/// One run of a condition.
pub(super) struct Run<'a, V> {
    values: &'a V,
    /// Of each variable what it is, or why it is nothing.
    locals: Vec<Found>,
    /// The customer's field asked for last: mostly the next one is the same.
    asked: Option<(&'a str, Option<Value>)>,
}

impl<'a, V: Values> Run<'a, V> {
    pub(super) fn new(values: &'a V) -> Run<'a, V> {
        Run { values, locals: Vec::new(), asked: None }
    }

    /// Whether a condition holds.
    ///
    /// # Errors
    /// [`Stop`] says why that cannot be told.
    pub(super) fn holds(&mut self, node: &'a Node) -> Result<bool, Stop> {
        match self.value(node)? {
            Value::Bool(holds) => Ok(holds),
            _ => Err(Stop::Unfit("must be true or false")),
        }
    }

    pub(super) fn value(&mut self, node: &'a Node) -> Found {
        match node {
            Node::Literal(value) => Ok(value.clone()),
            Node::Path(root, names) => self.path(*root, names)?.ok_or(Stop::Missing),
            Node::Has(root, names) => Ok(Value::Bool(self.path(*root, names)?.is_some())),
            Node::Whole(root) => Ok(self.whole(*root)),
            Node::Now => Ok(timestamp(self.values.now())),
            Node::Segment(name) => Ok(Value::Bool(self.values.segment(name))),
            Node::Local(index) => {
                self.locals.get(*index).cloned().unwrap_or(Err(Stop::Unfit("is not known")))
            }
            Node::Select(of, name) => within(&self.value(of)?, name)?.ok_or(Stop::Missing),
            Node::HasField(of, name) => Ok(Value::Bool(within(&self.value(of)?, name)?.is_some())),
            Node::List(nodes) => {
                let values = nodes.iter().map(|node| self.value(node));
                Ok(Value::List(Arc::new(values.collect::<Result<_, _>>()?)))
            }
            Node::Map(entries) => {
                let mut map: HashMap<Key, Value> = HashMap::new();
                for (name, node) in entries {
                    map.insert(name.clone().into(), self.value(node)?);
                }
                Ok(Value::Map(Map { map: Arc::new(map) }))
            }
            Node::Not(one) => Ok(Value::Bool(!self.holds(one)?)),
            Node::And(both) => self.either(both, false).map(Value::Bool),
            Node::Or(both) => self.either(both, true).map(Value::Bool),
            Node::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let holds = self.holds(condition)?;
                self.value(if holds { then } else { otherwise })
            }
            Node::Compare(comparison, both) => {
                let (left, right) = (self.value(&both[0])?, self.value(&both[1])?);
                comparison.holds(&left, &right).map(Value::Bool)
            }
            Node::In(both) => {
                let (one, list) = (self.value(&both[0])?, self.value(&both[1])?);
                is_in(&one, &list).map(Value::Bool)
            }
            Node::Negate(one) => reckon(Operator::Subtract, &Value::Int(0), &self.value(one)?),
            Node::Reckon(operator, both) => {
                let (left, right) = (self.value(&both[0])?, self.value(&both[1])?);
                reckon(*operator, &left, &right)
            }
            Node::Index(both) => {
                let (list, at) = (self.value(&both[0])?, self.value(&both[1])?);
                at_index(&list, &at)
            }
            Node::NotFalse(one) => {
                Ok(Value::Bool(!matches!(self.value(one), Ok(Value::Bool(false)))))
            }
            Node::Matches(one, pattern) => match self.value(one)? {
                Value::String(text) => Ok(Value::Bool(pattern.is_match(&text))),
                _ => Err(Stop::Unfit("matches is for text")),
            },
            Node::Call(function, args) => {
                let args = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>, _>>()?;
                function.call(&args)
            }
            Node::Fold(fold) => self.fold(fold),
        }
    }

    /// `&&` and `||`: as in CEL, what is missing on one side does not matter
    /// where the other decides alone.
    fn either(&mut self, both: &'a [Node; 2], decides: bool) -> Result<bool, Stop> {
        let left = self.holds(&both[0]);
        if left == Ok(decides) {
            return left;
        }
        match (left, self.holds(&both[1])) {
            (_, Ok(right)) if right == decides => Ok(decides),
            (Err(stop), _) | (_, Err(stop)) => Err(stop),
            (Ok(_), right) => right,
        }
    }

    fn fold(&mut self, fold: &'a Fold) -> Found {
        let over = self.value(&fold.over)?;
        let entries: Vec<(Value, Value)> = match &over {
            Value::List(list) if fold.with_values => {
                let numbered = list.iter().enumerate();
                numbered.map(|(at, value)| (Value::Int(at as i64), value.clone())).collect()
            }
            Value::List(list) => list.iter().map(|value| (value.clone(), Value::Null)).collect(),
            Value::Map(map) => {
                let named = |(key, value): (&Key, &Value)| (key.to_string(), value.clone());
                let mut entries: Vec<_> = map.map.iter().map(named).collect();
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                entries.into_iter().map(|(key, value)| (key.into(), value)).collect()
            }
            _ => return Err(Stop::Unfit("only a list can be gone through")),
        };
        let result = self.value(&fold.begin);
        let depth = self.locals.len();
        let place = depth + 1 + usize::from(fold.with_values);
        self.locals.resize(place, Ok(Value::Null));
        self.locals.push(result);
        let result = self.each(fold, entries, depth, place);
        self.locals.truncate(depth);
        result
    }

    /// Goes through a list with its variables from `depth` on, the last of which,
    /// at `place`, is what the list comes to.
    fn each(
        &mut self,
        fold: &'a Fold,
        entries: Vec<(Value, Value)>,
        depth: usize,
        place: usize,
    ) -> Found {
        for (one, value) in entries {
            self.locals[depth] = Ok(one);
            if fold.with_values {
                self.locals[depth + 1] = Ok(value);
            }
            if !self.holds(&fold.goes_on)? {
                break;
            }
            self.locals[place] = self.value(&fold.step);
        }
        self.value(&fold.result)
    }

    /// A value that a condition names, where it is known.
    pub(super) fn known(&mut self, root: Root, names: &'a [String]) -> Option<Value> {
        self.path(root, names).ok().flatten()
    }

    /// A value deep in a variable, `None` where only the last name is unknown.
    fn path(&mut self, root: Root, names: &'a [String]) -> Result<Option<Value>, Stop> {
        let Some((first, inner)) = names.split_first() else { return Ok(None) };
        let detail = match root {
            Root::Customer => {
                let mut value = self.customer(first);
                for name in inner {
                    value = within(&value.ok_or(Stop::Missing)?, name)?;
                }
                return Ok(value);
            }
            Root::Trigger if first == REFUNDED => return Ok(Some(Value::Bool(self.is_refunded()))),
            Root::Trigger => self.values.trigger(),
            Root::Event => self.values.event(),
        };
        match detail {
            Some(detail) => event_field(detail, names),
            None if inner.is_empty() => Ok(None),
            None => Err(Stop::Missing),
        }
    }

    fn customer(&mut self, field: &'a str) -> Option<Value> {
        if let Some((last, value)) = &self.asked
            && *last == field
        {
            return value.clone();
        }
        let value = self.values.customer(field);
        self.asked = Some((field, value.clone()));
        value
    }

    fn whole(&self, root: Root) -> Value {
        let told = |detail: Option<&Arc<str>>| match detail.map(|detail| event_value(detail)) {
            Some(Value::Map(map)) => (*map.map).clone(),
            _ => HashMap::new(),
        };
        let map = match root {
            Root::Customer => {
                let known = customer_fields()
                    .filter_map(|name| Some((name.to_owned().into(), self.values.customer(name)?)));
                known.collect()
            }
            Root::Event => told(self.values.event()),
            Root::Trigger => {
                let mut map = told(self.values.trigger());
                map.insert(REFUNDED.into(), Value::Bool(self.is_refunded()));
                map
            }
        };
        Value::Map(Map { map: Arc::new(map) })
    }

    /// Whether the trigger's purchase has been given back; false without one.
    fn is_refunded(&self) -> bool {
        let path = ["purchase_id".to_owned()];
        let told = self.values.trigger().map(|detail| event_field(detail, &path));
        match told {
            Some(Ok(Some(Value::String(id)))) => {
                Id::new(id.as_str()).is_ok_and(|id| self.values.is_refunded(&id))
            }
            _ => false,
        }
    }
}
