//! A type check of conditions over what a rule may name, so that a mistake
//! shows when the rule is written and not at a customer.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr, operators};
use cel::{IdedExpr, Program};

use super::EventFields;
use super::types::{CUSTOMER, FUNCTIONS, Type, event_type};
use crate::event::EventKind;

/// What is wrong in a condition, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub offset: usize,
    pub message: String,
}

/// What a condition names.
pub(super) struct Used {
    pub customer_fields: Vec<String>,
    pub event: EventFields,
    pub now: bool,
}

pub(super) struct Checker<'a> {
    program: &'a Program,
    source: &'a str,
    event: Option<Type>,
    locals: Vec<(String, Type)>,
    faults: Vec<Fault>,
    customer_fields: BTreeSet<String>,
    all_customer_fields: bool,
    event_fields: BTreeSet<String>,
    all_event_fields: bool,
    uses_now: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn run(
        program: &'a Program,
        source: &'a str,
        trigger: Option<EventKind>,
    ) -> Result<Used, Vec<Fault>> {
        let mut checker = Checker {
            program,
            source,
            event: trigger.map(event_type),
            locals: Vec::new(),
            faults: Vec::new(),
            customer_fields: BTreeSet::new(),
            all_customer_fields: false,
            event_fields: BTreeSet::new(),
            all_event_fields: false,
            uses_now: false,
        };
        let root = program.expression();
        let result = checker.check(root);
        if !matches!(result, Type::Bool | Type::Unknown) {
            checker.fault(
                root,
                format!("a condition must be true or false, this is {}", result.name()),
            );
        }
        if !checker.faults.is_empty() {
            return Err(checker.faults);
        }
        if checker.all_customer_fields
            && let Type::Object(_, fields) = &*CUSTOMER
        {
            checker.customer_fields.extend(fields.keys().cloned());
        }
        Ok(Used {
            customer_fields: checker.customer_fields.into_iter().collect(),
            event: match (checker.all_event_fields, checker.event_fields.is_empty()) {
                (true, _) => EventFields::All,
                (false, true) => EventFields::None,
                (false, false) => EventFields::Named(checker.event_fields.into_iter().collect()),
            },
            now: checker.uses_now,
        })
    }

    fn fault(&mut self, at: &IdedExpr, message: String) {
        let start = self.program.source_info().offset_for(at.id).map_or(0, |(start, _)| start);
        // A selection stands where its dot is; the field is what matters.
        let start = start + u32::from(matches!(at.expr, Expr::Select(_)));
        // The parser counts bytes here, and characters where it cannot read on.
        let offset = self.source.floor_char_boundary(start as usize);
        self.faults.push(Fault { offset, message });
    }

    fn check(&mut self, at: &IdedExpr) -> Type {
        match &at.expr {
            Expr::Ident(name) => self.ident(at, name),
            Expr::Select(select) => self.select(at, select),
            Expr::Call(call) => self.call(at, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Double(_) => Type::Double,
                LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Int,
                LiteralValue::Null => Type::Null,
                LiteralValue::String(_) => Type::String,
                LiteralValue::Bytes(_) => Type::Unknown,
            },
            Expr::List(list) => {
                let mut kinds = list.elements.iter().map(|e| self.check(e)).collect::<Vec<_>>();
                kinds.dedup();
                match kinds.len() {
                    1 => Type::List(Box::new(kinds.remove(0))),
                    _ => Type::List(Box::new(Type::Unknown)),
                }
            }
            Expr::Map(_) => Type::Map,
            Expr::Struct(_) => {
                self.fault(at, "message literals are not known here".into());
                Type::Unknown
            }
            Expr::Unspecified => Type::Unknown,
        }
    }

    fn ident(&mut self, at: &IdedExpr, name: &str) -> Type {
        if let Some((_, kind)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return kind.clone();
        }
        match name {
            "now" => {
                self.uses_now = true;
                Type::Timestamp
            }
            "customer" => {
                // A bare `customer` may be looked into by any name.
                self.all_customer_fields = true;
                CUSTOMER.clone()
            }
            "event" => {
                self.all_event_fields = true;
                match &self.event {
                    Some(kind) => kind.clone(),
                    None => {
                        self.fault(
                            at,
                            "event is known only in rules that an event triggers".into(),
                        );
                        Type::Unknown
                    }
                }
            }
            _ => {
                let known = ["customer", "event", "now"];
                let message =
                    format!("unknown variable {name:?}{}", crate::nearest::hint(name, known));
                self.fault(at, message);
                Type::Unknown
            }
        }
    }

    fn select(&mut self, at: &IdedExpr, select: &SelectExpr) -> Type {
        let before = (self.all_customer_fields, self.all_event_fields);
        let kind = self.check(&select.operand);
        match &select.operand.expr {
            Expr::Ident(name) if name == "customer" => {
                self.all_customer_fields = before.0;
                self.customer_fields.insert(select.field.clone());
            }
            Expr::Ident(name) if name == "event" => {
                self.all_event_fields = before.1;
                self.event_fields.insert(select.field.clone());
            }
            _ => {}
        }
        let field = match &kind {
            Type::Unknown | Type::Map => Type::Unknown,
            Type::Object(what, fields) => match fields.get(&select.field) {
                Some(kind) => kind.clone(),
                None => {
                    let hint =
                        crate::nearest::hint(&select.field, fields.keys().map(String::as_str));
                    self.fault(at, format!("{what} has no field {:?}{hint}", select.field));
                    Type::Unknown
                }
            },
            other => {
                self.fault(at, format!("{} has no field {:?}", other.name(), select.field));
                Type::Unknown
            }
        };
        if select.test { Type::Bool } else { field }
    }

    fn comprehension(&mut self, c: &ComprehensionExpr) -> Type {
        let element = match self.check(&c.iter_range) {
            Type::List(element) => *element,
            Type::Unknown | Type::Map | Type::Object(..) => Type::Unknown,
            other => {
                self.fault(&c.iter_range, format!("{} cannot be gone through", other.name()));
                Type::Unknown
            }
        };
        let result = self.check(&c.accu_init);
        let depth = self.locals.len();
        self.locals.push((c.iter_var.clone(), element));
        if let Some(second) = &c.iter_var2 {
            self.locals.push((second.clone(), Type::Unknown));
        }
        self.locals.push((c.accu_var.clone(), Type::Unknown));
        self.check(&c.loop_cond);
        self.check(&c.loop_step);
        self.check(&c.result);
        self.locals.truncate(depth);
        match result {
            Type::Bool => Type::Bool,
            // `exists_one` counts and then compares.
            Type::Int => Type::Bool,
            _ => Type::Unknown,
        }
    }

    fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> Type {
        let target = call.target.as_ref().map(|target| self.check(target));
        let args: Vec<Type> = call.args.iter().map(|arg| self.check(arg)).collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, kinds) => {
                for (arg, kind) in call.args.iter().zip(kinds) {
                    if !matches!(kind, Type::Bool | Type::Unknown) {
                        self.fault(
                            arg,
                            format!("must be true or false here, this is {}", kind.name()),
                        );
                    }
                }
                Type::Bool
            }
            (operators::CONDITIONAL, [_, then, otherwise]) => {
                if then == otherwise {
                    then.clone()
                } else {
                    Type::Unknown
                }
            }
            (
                operators::EQUALS
                | operators::NOT_EQUALS
                | operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                [left, right],
            ) => {
                if !left.meets(right) {
                    let message = format!("compares {} with {}", left.name(), right.name());
                    let hint = match (left, right) {
                        (Type::String, b) if b.is_number() => "; write double(…) around the string",
                        (a, Type::String) if a.is_number() => "; write double(…) around the string",
                        _ => "",
                    };
                    self.fault(at, message + hint);
                }
                Type::Bool
            }
            (operators::IN, [element, list]) => {
                match list {
                    Type::List(of) if !of.meets(element) => {
                        let message =
                            format!("looks for {} in a list of {}", element.name(), of.name());
                        self.fault(at, message);
                    }
                    Type::List(_) | Type::Map | Type::Object(..) | Type::Unknown => {}
                    other => self.fault(at, format!("`in` takes a list, this is {}", other.name())),
                }
                Type::Bool
            }
            (operators::INDEX | operators::OPT_INDEX, [list, _]) => match list {
                Type::List(of) => (**of).clone(),
                _ => Type::Unknown,
            },
            (operators::NEGATE, [kind]) => kind.clone(),
            (
                operator @ (operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO),
                [left, right],
            ) => self.arithmetic(at, operator, left, right),
            (name, _) => self.function(at, name, target),
        }
    }

    fn arithmetic(&mut self, at: &IdedExpr, operator: &str, left: &Type, right: &Type) -> Type {
        let is_sum = operator == operators::ADD;
        let is_difference = operator == operators::SUBSTRACT;
        match (left, right) {
            (Type::Unknown, _) | (_, Type::Unknown) => Type::Unknown,
            (Type::Int, Type::Int) => Type::Int,
            (Type::Double, Type::Double) if operator != operators::MODULO => Type::Double,
            (Type::String, Type::String) if is_sum => Type::String,
            (Type::List(_), Type::List(_)) if is_sum => left.clone(),
            (Type::Timestamp, Type::Timestamp) if is_difference => Type::Duration,
            (Type::Timestamp, Type::Duration) if is_sum || is_difference => Type::Timestamp,
            (Type::Duration, Type::Timestamp) if is_sum => Type::Timestamp,
            (Type::Duration, Type::Duration) if is_sum || is_difference => Type::Duration,
            (a, b) if a.is_number() && b.is_number() => {
                let message =
                    "mixes whole and decimal numbers; write 2.0 instead of 2, or double(…)";
                self.fault(at, message.into());
                Type::Double
            }
            (a, b) => {
                self.fault(at, format!("cannot reckon with {} and {}", a.name(), b.name()));
                Type::Unknown
            }
        }
    }

    fn function(&mut self, at: &IdedExpr, name: &str, target: Option<Type>) -> Type {
        let Some((_, result)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            let hint = crate::nearest::hint(name, FUNCTIONS.iter().map(|(known, _)| *known));
            self.fault(at, format!("unknown function {name:?}{hint}"));
            return Type::Unknown;
        };
        let of_strings = ["startsWith", "endsWith", "matches"].contains(&name);
        let of_times = name.starts_with("get");
        match target {
            Some(kind) if of_strings && !matches!(kind, Type::String | Type::Unknown) => {
                self.fault(at, format!("{name} is for strings, this is {}", kind.name()));
            }
            Some(kind)
                if of_times
                    && !matches!(kind, Type::Timestamp | Type::Duration | Type::Unknown) =>
            {
                self.fault(at, format!("{name} is for timestamps, this is {}", kind.name()));
            }
            _ => {}
        }
        result.clone()
    }
}
