//! From what the parser read to what is run. What is known before any customer
//! is reckoned here, and what cannot be reckoned is a fault.

use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators,
};
use cel::{IdedExpr, Value};
use regex::Regex;

use super::SEGMENTS;
use super::eval::{Fold, Node, Root, Run};
use super::functions::{FUNCTIONS, Function, zone};
use super::values::{Comparison, Operator, number};
use super::{Stop, Values};
use crate::bilingual::{Bilingual, said};
use crate::id::Id;
use crate::instant::Instant;

/// What is wrong, and in which part of the condition.
pub(super) type Wrong = (u64, Bilingual);

/// A condition as it is run.
///
/// # Errors
/// What has no value, whoever the customer is.
pub(super) fn build(root: &IdedExpr) -> Result<Node, Vec<Wrong>> {
    let mut builder = Builder { locals: Vec::new(), wrong: Vec::new() };
    let node = builder.node(root);
    if builder.wrong.is_empty() { Ok(node) } else { Err(builder.wrong) }
}

struct Builder<'a> {
    locals: Vec<&'a str>,
    wrong: Vec<Wrong>,
}

impl<'a> Builder<'a> {
    fn node(&mut self, at: &'a IdedExpr) -> Node {
        let node = match &at.expr {
            Expr::Literal(literal) => return Node::Literal(value_of(literal)),
            Expr::Ident(name) => self.ident(name),
            Expr::Select(select) => self.select(select),
            Expr::List(list) => Node::List(self.nodes(&list.elements)),
            Expr::Map(map) => {
                Node::Map(map.entries.iter().filter_map(|e| self.entry(&e.expr)).collect())
            }
            Expr::Comprehension(it) => self.fold(it),
            Expr::Call(call) => self.call(at, call),
            Expr::Struct(_) | Expr::Unspecified => Node::Literal(Value::Null),
        };
        self.known(at, node)
    }

    fn nodes(&mut self, all: &'a [IdedExpr]) -> Vec<Node> {
        all.iter().map(|one| self.node(one)).collect()
    }

    fn entry(&mut self, entry: &'a EntryExpr) -> Option<(String, Node)> {
        let EntryExpr::MapEntry(entry) = entry else { return None };
        match self.node(&entry.key) {
            Node::Literal(Value::String(name)) => Some((name.to_string(), self.node(&entry.value))),
            _ => {
                self.wrong.push((
                    entry.key.id,
                    said!(
                        "los nombres de campos van entre comillas",
                        "names of fields are text in quotes"
                    ),
                ));
                None
            }
        }
    }

    fn ident(&self, name: &str) -> Node {
        if let Some(index) = self.locals.iter().rposition(|local| *local == name) {
            return Node::Local(index);
        }
        match Root::of(name) {
            Some(root) => Node::Whole(root),
            // The check lets no other name through.
            None => Node::Now,
        }
    }

    fn select(&mut self, select: &'a SelectExpr) -> Node {
        let name = select.field.clone();
        match (self.node(&select.operand), select.test) {
            (Node::Whole(root), false) => Node::Path(root, vec![name]),
            (Node::Whole(root), true) => Node::Has(root, vec![name]),
            (Node::Path(root, mut names), is_test) => {
                names.push(name);
                if is_test { Node::Has(root, names) } else { Node::Path(root, names) }
            }
            (of, true) => Node::HasField(Box::new(of), name),
            (of, false) => Node::Select(Box::new(of), name),
        }
    }

    fn fold(&mut self, it: &'a ComprehensionExpr) -> Node {
        let over = self.node(&it.iter_range);
        let begin = self.node(&it.accu_init);
        let depth = self.locals.len();
        self.locals.push(&it.iter_var);
        self.locals.extend(it.iter_var2.as_deref());
        self.locals.push(&it.accu_var);
        let goes_on = self.node(&it.loop_cond);
        let step = self.node(&it.loop_step);
        let result = self.node(&it.result);
        self.locals.truncate(depth);
        let with_values = it.iter_var2.is_some();
        Node::Fold(Box::new(Fold { over, with_values, begin, goes_on, step, result }))
    }

    fn call(&mut self, at: &'a IdedExpr, call: &'a CallExpr) -> Node {
        let name = call.func_name.as_str();
        let target = call.target.as_deref().map(|target| self.node(target));
        let mut args: Vec<Node> = target.into_iter().collect();
        args.extend(self.nodes(&call.args));
        if let Some(comparison) = Comparison::of(name) {
            return both(args, |both| Node::Compare(comparison, both));
        }
        if let Some(operator) = Operator::of(name) {
            if matches!(operator, Operator::Divide | Operator::Remainder)
                && let Some(Node::Literal(by)) = args.get(1)
                && number(by) == Some(0.0)
            {
                self.wrong.push((at.id, said!("divide entre cero", "divides by zero")));
            }
            return both(args, |both| Node::Reckon(operator, both));
        }
        match name {
            operators::LOGICAL_AND => both(args, Node::And),
            operators::LOGICAL_OR => both(args, Node::Or),
            operators::IN => both(args, membership),
            operators::INDEX => both(args, Node::Index),
            operators::LOGICAL_NOT => one(args, Node::Not),
            operators::NEGATE => one(args, Node::Negate),
            operators::NOT_STRICTLY_FALSE => one(args, Node::NotFalse),
            operators::CONDITIONAL => match <[Node; 3]>::try_from(args) {
                Ok(parts) => Node::If(Box::new(parts)),
                Err(_) => Node::Literal(Value::Null),
            },
            "matches" => self.matches(at, args),
            "segment" => segment(args),
            _ => match FUNCTIONS.iter().find(|known| known.name == name) {
                Some(known) => self.function(at, known.function, args),
                None => Node::Literal(Value::Null),
            },
        }
    }

    fn matches(&mut self, at: &IdedExpr, args: Vec<Node>) -> Node {
        let mut args = args.into_iter();
        let (Some(text), Some(Node::Literal(Value::String(pattern)))) = (args.next(), args.next())
        else {
            let message = said!(
                "matches lleva un patrón entre comillas",
                "matches takes a pattern in quotes"
            );
            self.wrong.push((at.id, message));
            return Node::Literal(Value::Null);
        };
        match Regex::new(&pattern) {
            Ok(pattern) => Node::Matches(Box::new(text), pattern),
            Err(_) => {
                let message = said!(
                    "{pattern:?} no es una expresión regular",
                    "{pattern:?} is no regular expression"
                );
                self.wrong.push((at.id, message));
                Node::Literal(Value::Null)
            }
        }
    }

    fn function(&mut self, at: &IdedExpr, function: Function, args: Vec<Node>) -> Node {
        if let (Function::Part(_), [_, Node::Literal(Value::String(name))]) =
            (function, args.as_slice())
            && zone(name).is_none()
        {
            let message = said!(
                "no hay zona horaria {:?}; escribe customer.time_zone, o una como \"America/Mexico_City\"",
                "there is no time zone {:?}; write customer.time_zone, or one such as \"America/Mexico_City\"",
                name.as_str()
            );
            self.wrong.push((at.id, message));
        }
        Node::Call(function, args)
    }

    /// Runs what depends on no customer once and for all.
    fn known(&mut self, at: &IdedExpr, node: Node) -> Node {
        let is_known = |node: &Node| matches!(node, Node::Literal(_));
        let all = |both: &[Node]| both.iter().all(is_known);
        let is_constant = match &node {
            Node::List(nodes) | Node::Call(_, nodes) => all(nodes),
            Node::Map(entries) => entries.iter().all(|(_, node)| is_known(node)),
            Node::Compare(_, both) | Node::In(both) | Node::Reckon(_, both) | Node::Index(both) => {
                all(&**both)
            }
            Node::Negate(one) | Node::Not(one) | Node::Matches(one, _) => is_known(one),
            _ => false,
        };
        if !is_constant || self.wrong.iter().any(|(id, _)| *id == at.id) {
            return node;
        }
        match Run::new(&Nothing).value(&node) {
            Ok(value) => Node::Literal(value),
            Err(stop) => {
                let why = match stop {
                    Stop::Missing => said!("no existe ese valor", "there is no such value"),
                    Stop::Unfit(why) => why.into(),
                };
                self.wrong.push((at.id, why));
                node
            }
        }
    }
}

fn both(args: Vec<Node>, make: impl FnOnce(Box<[Node; 2]>) -> Node) -> Node {
    match <[Node; 2]>::try_from(args) {
        Ok(both) => make(Box::new(both)),
        Err(_) => Node::Literal(Value::Null),
    }
}

/// `"loyal" in customer.segments` asks for that one alone.
fn membership(both: Box<[Node; 2]>) -> Node {
    match &*both {
        [Node::Literal(Value::String(name)), Node::Path(Root::Customer, names)] if matches!(names.as_slice(), [field] if field == SEGMENTS) => {
            Node::Segment(name.to_string())
        }
        _ => Node::In(both),
    }
}

/// The check lets a name in quotes through, and nothing else.
fn segment(args: Vec<Node>) -> Node {
    match args.into_iter().next() {
        Some(Node::Literal(Value::String(name))) => Node::Segment(name.to_string()),
        _ => Node::Literal(Value::Null),
    }
}

fn one(args: Vec<Node>, make: impl FnOnce(Box<Node>) -> Node) -> Node {
    match args.into_iter().next() {
        Some(one) => make(Box::new(one)),
        None => Node::Literal(Value::Null),
    }
}

fn value_of(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Double(value) => Value::Float(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::UInt(value) => Value::UInt(*value.inner()),
        LiteralValue::String(value) => value.inner().into(),
        LiteralValue::Bytes(_) | LiteralValue::Null => Value::Null,
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
}

impl Operator {
    pub(super) fn of(operator: &str) -> Option<Operator> {
        Some(match operator {
            operators::ADD => Operator::Add,
            operators::SUBSTRACT => Operator::Subtract,
            operators::MULTIPLY => Operator::Multiply,
            operators::DIVIDE => Operator::Divide,
            operators::MODULO => Operator::Remainder,
            _ => return None,
        })
    }
}

/// Nobody and nothing: what constants are reckoned by.
struct Nothing;

impl Values for Nothing {
    fn customer(&self, _: &str) -> Option<Value> {
        None
    }

    fn event(&self) -> Option<&Arc<str>> {
        None
    }

    fn is_refunded(&self, _: &Id) -> bool {
        false
    }

    fn now(&self) -> Instant {
        Instant::from_millis(0)
    }
}
