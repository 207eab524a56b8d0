//! An expression of a mapping, ready to run.

use std::cmp::Ordering;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::helpers::{Helper, Told};
use super::value::Value;

/// Where an expression takes its values from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// The event's detail, or the body of a webhook.
    Detail,
    /// What in it is about the thing itself.
    Payload,
    /// The headers, by their names in small letters.
    Headers,
    /// The source's settings.
    Setting,
    /// What names the kind of event: a Lazo mapping decides how.
    Topic,
    /// The `detail-type` of the envelope; absent of a webhook.
    DetailType,
    /// When it arrived, as RFC 3339.
    ReceivedAt,
}

impl Root {
    /// By their names in mappings.
    pub const ALL: [(&'static str, Root); 7] = [
        ("detail", Root::Detail),
        ("payload", Root::Payload),
        ("headers", Root::Headers),
        ("setting", Root::Setting),
        ("topic", Root::Topic),
        ("detail_type", Root::DetailType),
        ("received_at", Root::ReceivedAt),
    ];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is done with the elements of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Exists,
    All,
    ExistsOne,
    /// Makes a list of what comes of each for which the condition holds.
    Map,
}

#[derive(Debug)]
pub(super) enum Node {
    Literal(Value),
    Root(Root),
    /// A value that the mapping names, by its place.
    Named(usize),
    /// A variable of `exists(i, …)` and the like.
    Local(usize),
    Select(Box<Node>, String),
    Has(Box<Node>, String),
    List(Vec<Node>),
    Object(Vec<(Arc<str>, Node)>),
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    /// Whether both are the same; the other way round where `false`.
    Equal(bool, Box<[Node; 2]>),
    Compare(Comparison, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Negate(Box<Node>),
    Reckon(Operator, Box<[Node; 2]>),
    Index(Box<[Node; 2]>),
    Call(Helper, Vec<Node>),
    /// Over a list: a condition, and for `map` what comes of each.
    Fold(Fold, Box<[Node; 3]>),
}

/// Why an expression has no value: in words, for whoever keeps the mapping.
pub(super) type Stop = &'static str;

/// What mappings take their values from.
pub(super) struct Roots<'a> {
    pub detail: &'a Value,
    pub payload: &'a Value,
    pub headers: &'a Value,
    pub setting: &'a Value,
    pub topic: Value,
    pub detail_type: Value,
    pub received_at: Value,
    pub prefix: &'a str,
}

/// One run over what arrived.
pub(super) struct Run<'a> {
    roots: Roots<'a>,
    /// What each named value is made of.
    named: &'a [Node],
    known: Vec<Option<Value>>,
    locals: Vec<Value>,
    /// Why values that were there did not fit, in the order in which they were found.
    pub unfit: Vec<&'static str>,
}

impl<'a> Run<'a> {
    pub fn new(roots: Roots<'a>, named: &'a [Node]) -> Run<'a> {
        let known = vec![None; named.len()];
        Run { roots, named, known, locals: vec![Value::Absent], unfit: Vec::new() }
    }

    pub fn set_topic(&mut self, topic: Value) {
        self.roots.topic = topic;
    }

    /// Begins with another element, which is always the first variable: what was named of the last one is forgotten.
    pub fn begin_with(&mut self, element: Value, own: std::ops::Range<usize>) {
        self.locals = vec![element];
        self.known[own].fill(None);
    }

    /// Whether a condition holds; what is absent or null does not.
    ///
    /// # Errors
    /// [`Stop`] where it is neither true nor false.
    pub fn holds(&mut self, node: &'a Node) -> Result<bool, Stop> {
        match self.value(node)? {
            Value::Bool(holds) => Ok(holds),
            Value::Absent | Value::Null => Ok(false),
            _ => Err("a condition is neither true nor false"),
        }
    }

    pub fn value(&mut self, node: &'a Node) -> Result<Value, Stop> {
        Ok(match node {
            Node::Literal(value) => value.clone(),
            Node::Root(root) => self.root(*root),
            Node::Named(place) => return self.named(*place),
            Node::Local(index) => self.locals.get(*index).cloned().unwrap_or(Value::Absent),
            Node::Select(of, name) => self.field(of, name)?,
            Node::Has(of, name) => Value::Bool(self.field(of, name)? != Value::Absent),
            Node::List(nodes) => {
                let values = nodes.iter().map(|node| self.value(node));
                Value::List(Arc::new(values.collect::<Result<_, _>>()?))
            }
            Node::Object(entries) => {
                let mut fields = Vec::with_capacity(entries.len());
                for (name, node) in entries {
                    match self.value(node)? {
                        Value::Absent => {}
                        value => fields.push((name.clone(), value)),
                    }
                }
                Value::Object(Arc::new(fields))
            }
            Node::Not(one) => Value::Bool(!self.holds(one)?),
            Node::And(both) => Value::Bool(self.holds(&both[0])? && self.holds(&both[1])?),
            Node::Or(both) => Value::Bool(self.holds(&both[0])? || self.holds(&both[1])?),
            Node::If(parts) => match self.holds(&parts[0])? {
                true => return self.value(&parts[1]),
                false => return self.value(&parts[2]),
            },
            Node::Equal(wanted, both) => {
                let is_equal = equal(&self.value(&both[0])?, &self.value(&both[1])?);
                Value::Bool(is_equal == *wanted)
            }
            Node::Compare(how, both) => {
                let order = order(&self.value(&both[0])?, &self.value(&both[1])?);
                Value::Bool(order.is_some_and(|order| how.holds(order)))
            }
            Node::In(both) => {
                let (one, all) = (self.value(&both[0])?, self.value(&both[1])?);
                Value::Bool(match &all {
                    Value::List(list) => list.iter().any(|other| equal(&one, other)),
                    Value::Object(_) => {
                        one.as_text().is_some_and(|name| all.field(&name) != Value::Absent)
                    }
                    _ => false,
                })
            }
            Node::Negate(one) => match self.value(one)?.as_number() {
                Some(number) => Value::Number(-number),
                None => Value::Absent,
            },
            Node::Reckon(how, both) => {
                return how.reckon(&self.value(&both[0])?, &self.value(&both[1])?);
            }
            Node::Index(both) => {
                let (of, at) = (self.value(&both[0])?, self.value(&both[1])?);
                match (&of, &at) {
                    (Value::List(_), Value::Number(index)) => of.element(index),
                    (Value::Object(_), _) => {
                        at.as_text().map_or(Value::Absent, |name| of.field(&name))
                    }
                    _ => Value::Absent,
                }
            }
            Node::Call(helper, args) => self.call(*helper, args)?,
            Node::Fold(fold, parts) => self.fold(*fold, parts)?,
        })
    }

    fn root(&self, root: Root) -> Value {
        match root {
            Root::Detail => self.roots.detail.clone(),
            Root::Payload => self.roots.payload.clone(),
            Root::Headers => self.roots.headers.clone(),
            Root::Setting => self.roots.setting.clone(),
            Root::Topic => self.roots.topic.clone(),
            Root::DetailType => self.roots.detail_type.clone(),
            Root::ReceivedAt => self.roots.received_at.clone(),
        }
    }

    /// A named value, reckoned once.
    fn named(&mut self, place: usize) -> Result<Value, Stop> {
        if let Some(Some(known)) = self.known.get(place) {
            return Ok(known.clone());
        }
        let named = self.named;
        let Some(node) = named.get(place) else { return Ok(Value::Absent) };
        // It sees the element alone, and no variable of who asks.
        let inner = self.locals.split_off(self.locals.len().min(1));
        let value = self.value(node);
        self.locals.extend(inner);
        let value = value?;
        self.known[place] = Some(value.clone());
        Ok(value)
    }

    /// A field, without a copy of what has it where that is plain to see.
    fn field(&mut self, of: &'a Node, name: &str) -> Result<Value, Stop> {
        Ok(match of {
            Node::Root(Root::Payload) => self.roots.payload.field(name),
            Node::Root(Root::Detail) => self.roots.detail.field(name),
            Node::Root(Root::Headers) => self.roots.headers.field(name),
            Node::Root(Root::Setting) => self.roots.setting.field(name),
            Node::Local(index) => {
                self.locals.get(*index).map_or(Value::Absent, |local| local.field(name))
            }
            _ => self.value(of)?.field(name),
        })
    }

    fn call(&mut self, helper: Helper, args: &'a [Node]) -> Result<Value, Stop> {
        if helper == Helper::First {
            return self.first(args);
        }
        let args = args.iter().map(|node| self.value(node));
        let args: Vec<Value> = args.collect::<Result<_, _>>()?;
        let Told { value, unfit } = helper.call(&args, self.roots.prefix);
        self.unfit.extend(unfit);
        Ok(value)
    }

    /// The first that says something. Those behind it are not asked.
    fn first(&mut self, args: &'a [Node]) -> Result<Value, Stop> {
        let mut nothing = Value::Absent;
        for node in args {
            match self.value(node)? {
                value if !value.is_blank() => return Ok(value),
                Value::Absent => {}
                _ => nothing = Value::Null,
            }
        }
        Ok(nothing)
    }

    fn fold(&mut self, fold: Fold, parts: &'a [Node; 3]) -> Result<Value, Stop> {
        let [over, condition, item] = parts;
        let list = match self.value(over)? {
            Value::List(list) => list,
            Value::Absent | Value::Null => Arc::default(),
            _ => return Err("what is gone through is no list"),
        };
        let (mut count, mut made) = (0usize, Vec::new());
        for element in list.iter() {
            self.locals.push(element.clone());
            let found = self.holds(condition).and_then(|holds| {
                count += usize::from(holds);
                match fold == Fold::Map && holds {
                    true => self.value(item).map(|value| made.push(value)),
                    false => Ok(()),
                }
            });
            self.locals.pop();
            found?;
        }
        Ok(match fold {
            Fold::Exists => Value::Bool(count > 0),
            Fold::All => Value::Bool(count == list.len()),
            Fold::ExistsOne => Value::Bool(count == 1),
            Fold::Map => {
                made.retain(|value| *value != Value::Absent);
                Value::List(Arc::new(made))
            }
        })
    }
}

/// Whether two values are the same: a number and a text of it are, and null and what
/// is absent are.
fn equal(one: &Value, other: &Value) -> bool {
    let is_nothing = |value: &Value| matches!(value, Value::Absent | Value::Null);
    match (one, other) {
        (Value::Number(a), text @ Value::Text(_)) | (text @ Value::Text(_), Value::Number(a)) => {
            text.as_number() == Some(*a)
        }
        _ => one == other || (is_nothing(one) && is_nothing(other)),
    }
}

fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => Some(one.as_number()?.cmp(&other.as_number()?)),
    }
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Operator {
    /// Exact; what is absent or null makes the result absent.
    fn reckon(self, left: &Value, right: &Value) -> Result<Value, Stop> {
        let (a, b): (Decimal, Decimal) = match (left, right) {
            (Value::Absent | Value::Null, _) | (_, Value::Absent | Value::Null) => {
                return Ok(Value::Absent);
            }
            (Value::Text(a), Value::Text(b)) if self == Operator::Add => {
                return Ok(Value::text(format!("{a}{b}")));
            }
            (Value::Number(a), Value::Number(b)) => (*a, *b),
            _ => return Err("text and numbers cannot be reckoned together; write string(…)"),
        };
        let result = match self {
            Operator::Add => a.checked_add(b),
            Operator::Subtract => a.checked_sub(b),
            Operator::Multiply => a.checked_mul(b),
            Operator::Divide => a.checked_div(b),
            Operator::Remainder => a.checked_rem(b),
        };
        Ok(result.map_or(Value::Absent, Value::Number))
    }
}
