//! Operators and functions.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, operators};

use super::parts::no_function;
use super::{Expression, Known};
use crate::bilingual::said;
use crate::condition::Type;
use crate::source::expr::{Comparison, Node, Operator};
use crate::source::helpers::{HELPERS, Helper, Wants};
use crate::source::shape::Step;
use crate::source::value::Value;

impl Expression<'_, '_> {
    pub(super) fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> Known {
        let name = call.func_name.as_str();
        let (is, not) = (operators::EQUALS, operators::NOT_EQUALS);
        match (name, call.args.as_slice()) {
            (operators::LOGICAL_NOT, [one]) => {
                Known::of(Node::Not(Box::new(self.condition(one))), Type::Bool)
            }
            (operators::LOGICAL_AND, [one, other]) => {
                let both = Box::new([self.condition(one), self.condition(other)]);
                Known::of(Node::And(both), Type::Bool)
            }
            (operators::LOGICAL_OR, [one, other]) => {
                let both = Box::new([self.condition(one), self.condition(other)]);
                Known::of(Node::Or(both), Type::Bool)
            }
            (operators::CONDITIONAL, [condition, one, other]) => {
                let condition = self.condition(condition);
                let (one, other) = (self.known(one), self.known(other));
                let kind = if one.kind == other.kind { one.kind } else { Type::Unknown };
                let mut origins = one.origins;
                origins.extend(other.origins);
                let node = Node::If(Box::new([condition, one.node, other.node]));
                Known { node, kind, origins }
            }
            (sign, [one, other]) if sign == is || sign == not => {
                let both = self.compared(at, one, other);
                Known::of(Node::Equal(sign == is, both), Type::Bool)
            }
            (operators::IN, [one, list]) => {
                let both = Box::new([self.scalar(one).node, self.whole(list).node]);
                Known::of(Node::In(both), Type::Bool)
            }
            (operators::INDEX, [of, at]) => self.index(of, at),
            (operators::NEGATE, [one]) => {
                let node = self.reckoned(one).node;
                Known::of(Node::Negate(Box::new(node)), Type::Number)
            }
            (sign, [one, other]) => match (Comparison::of(sign), Operator::of(sign)) {
                (Some(how), _) => {
                    let both = self.compared(at, one, other);
                    Known::of(Node::Compare(how, both), Type::Bool)
                }
                (_, Some(how)) => self.arithmetic(at, how, one, other),
                _ => self.function(at, call),
            },
            _ => self.function(at, call),
        }
    }

    fn compared(&mut self, at: &IdedExpr, one: &IdedExpr, other: &IdedExpr) -> Box<[Node; 2]> {
        let (one, other) = (self.scalar(one), self.scalar(other));
        if !one.kind.meets(&other.kind) {
            let message = one.kind.told().within("compara {}", "compares {}");
            let with = other.kind.told().within(" con {}", " with {}");
            self.wrong.push((at.id, message.then(&with)));
        }
        Box::new([one.node, other.node])
    }

    fn reckoned(&mut self, at: &IdedExpr) -> Known {
        let known = self.scalar(at);
        if !matches!(known.kind, Type::Number | Type::Unknown | Type::String) {
            let message =
                known.kind.told().within("no se puede calcular con {}", "cannot reckon with {}");
            self.wrong.push((at.id, message));
        }
        known
    }

    fn arithmetic(
        &mut self,
        at: &IdedExpr,
        how: Operator,
        one: &IdedExpr,
        other: &IdedExpr,
    ) -> Known {
        let (one, other) = (self.reckoned(one), self.reckoned(other));
        let kind = match (&one.kind, &other.kind) {
            (Type::String, Type::String) if how == Operator::Add => Type::String,
            (Type::String, Type::Unknown) | (Type::Unknown, Type::String)
                if how == Operator::Add =>
            {
                Type::String
            }
            (Type::Unknown, _) | (_, Type::Unknown) => Type::Unknown,
            (Type::Number, Type::Number) => Type::Number,
            (a, b) => {
                let message =
                    a.told().within("no se puede calcular con {}", "cannot reckon with {}");
                let and = b.told().within(" y {}", " and {}");
                return self.wrong(at, message.then(&and));
            }
        };
        Known::of(Node::Reckon(how, Box::new([one.node, other.node])), kind)
    }

    fn index(&mut self, of: &IdedExpr, at: &IdedExpr) -> Known {
        let (of, at) = (self.known(of), self.scalar(at));
        let origins = match &at.node {
            Node::Literal(Value::Text(name)) => {
                let step = Step::Field(name.to_string());
                of.origins.iter().map(|origin| origin.step(step.clone())).collect()
            }
            Node::Literal(_) => of.origins.iter().map(|o| o.step(Step::Element)).collect(),
            _ => {
                // Which one is not known before.
                self.compiler.ask(&of.origins, true);
                Vec::new()
            }
        };
        let node = Node::Index(Box::new([of.node, at.node]));
        Known { node, kind: Type::Unknown, origins }
    }

    /// A call of a function; of a method, what it stands behind comes first.
    fn function(&mut self, at: &IdedExpr, call: &CallExpr) -> Known {
        let name = call.func_name.as_str();
        let Some(known) = HELPERS.iter().find(|known| known.name == name) else {
            return self.wrong(at, no_function(name));
        };
        let values: Vec<&IdedExpr> = call.target.as_deref().into_iter().chain(&call.args).collect();
        if !(known.least..=known.takes.len()).contains(&values.len()) {
            let message =
                said!("{name} no lleva {} valores", "{name} takes no {} values", values.len());
            return self.wrong(at, message);
        }
        let (mut nodes, mut origins) = (Vec::new(), Vec::new());
        for (value, wants) in values.into_iter().zip(known.takes) {
            let one = match known.helper {
                // What comes of these is looked into further.
                Helper::List | Helper::First => self.known(value),
                Helper::Size => self.scalar(value),
                _ => self.whole(value),
            };
            let is_text = matches!(one.kind, Type::String | Type::Unknown | Type::Null);
            if *wants == Wants::Text && !is_text {
                let this = one.kind.told().within("; esto es {}", ", this is {}");
                let message =
                    said!("{name} lleva texto aquí", "{name} takes text here").then(&this);
                self.wrong.push((value.id, message));
            }
            origins.extend(one.origins);
            nodes.push(one.node);
        }
        match known.helper {
            Helper::List | Helper::First => {}
            _ => origins.clear(),
        }
        Known { node: Node::Call(known.helper, nodes), kind: known.gives.clone(), origins }
    }
}
