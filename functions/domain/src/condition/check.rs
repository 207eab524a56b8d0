//! A type check of conditions over what a rule may name, so that a mistake
//! shows when the rule is written and not at a customer.

use std::collections::BTreeSet;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators,
};
use cel::{IdedExpr, Program};

use super::choices::{impossible, relationship};
use super::eval::REFUNDED;
use super::functions::{FUNCTIONS, Function, MACROS};
use super::types::{CUSTOMER, Type, customer_fields, event_type, trigger_type};
use super::{EventFields, Scope};

/// What is wrong in a condition, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub offset: usize,
    pub message: String,
}

/// Which byte of the source a part of a condition begins at.
pub(super) fn offset(program: &Program, source: &str, id: u64, behind: usize) -> usize {
    let start = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
    // The parser counts bytes here, and characters where it cannot read on.
    source.floor_char_boundary(start + behind)
}

/// What a condition names, and what is doubtful in it.
pub(super) struct Used {
    pub customer_fields: Vec<String>,
    pub event: EventFields,
    pub doubts: Vec<Fault>,
    /// Types of relationship that it asks for, and where.
    pub relationships: Vec<(usize, String)>,
}

pub(super) struct Checker<'a> {
    program: &'a Program,
    source: &'a str,
    scope: Scope,
    locals: Vec<(String, Type)>,
    faults: Vec<Fault>,
    doubts: Vec<Fault>,
    relationships: Vec<(usize, String)>,
    customer_fields: BTreeSet<String>,
    all_customer_fields: bool,
    event_fields: BTreeSet<String>,
    all_event_fields: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn run(
        program: &'a Program,
        source: &'a str,
        scope: Scope,
    ) -> Result<Used, Vec<Fault>> {
        let mut checker = Checker {
            program,
            source,
            scope,
            locals: Vec::new(),
            faults: Vec::new(),
            doubts: Vec::new(),
            relationships: Vec::new(),
            customer_fields: BTreeSet::new(),
            all_customer_fields: false,
            event_fields: BTreeSet::new(),
            all_event_fields: false,
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
        if checker.all_customer_fields {
            checker.customer_fields.extend(customer_fields().map(str::to_owned));
        }
        Ok(Used {
            customer_fields: checker.customer_fields.into_iter().collect(),
            event: match (checker.all_event_fields, checker.event_fields.is_empty()) {
                (true, _) => EventFields::All,
                (false, true) => EventFields::None,
                (false, false) => EventFields::Named(checker.event_fields),
            },
            doubts: checker.doubts,
            relationships: checker.relationships,
        })
    }

    fn fault(&mut self, at: &IdedExpr, message: String) {
        let offset = self.offset(at);
        self.faults.push(Fault { offset, message });
    }

    fn doubt(&mut self, at: &IdedExpr, message: String) {
        let offset = self.offset(at);
        self.doubts.push(Fault { offset, message });
    }

    fn offset(&self, at: &IdedExpr) -> usize {
        // A selection stands where its dot is; the field is what matters.
        let behind = usize::from(matches!(at.expr, Expr::Select(_)));
        offset(self.program, self.source, at.id, behind)
    }

    fn check(&mut self, at: &IdedExpr) -> Type {
        match &at.expr {
            Expr::Ident(name) => self.ident(at, name),
            Expr::Select(select) => self.select(at, select),
            Expr::Call(call) => self.call(at, call),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => {
                    Type::Number
                }
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
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.check(&entry.value);
                    }
                }
                Type::Map
            }
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
            "now" => Type::Timestamp,
            "customer" => {
                // A bare `customer` may be looked into by any name.
                self.all_customer_fields = true;
                CUSTOMER.clone()
            }
            "event" => {
                self.all_event_fields = true;
                match self.scope.event {
                    Some(kind) => event_type(kind),
                    None => {
                        self.fault(
                            at,
                            "event is known only in rules that an event triggers".into(),
                        );
                        Type::Unknown
                    }
                }
            }
            "trigger" => trigger_type(self.scope.trigger),
            _ => {
                let known = ["customer", "event", "now", "trigger"];
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
            Expr::Ident(name) if name == "trigger" => self.trigger(at, &select.field),
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

    fn choices(&mut self, one: &IdedExpr, other: &IdedExpr) {
        let is_shadowed = |name: &str| self.locals.iter().any(|(local, _)| local == name);
        if ["customer", "event", "trigger"].into_iter().any(is_shadowed) {
            return;
        }
        if let Some(message) = impossible(one, other, self.scope) {
            self.fault(other, message);
        }
        if let Some(kind) = relationship(one, other) {
            let offset = self.offset(other);
            self.relationships.push((offset, kind.to_owned()));
        }
    }

    fn trigger(&mut self, at: &IdedExpr, field: &str) {
        let is_of_purchase = |kind| matches!(event_type(kind), Type::Object(_, fields) if fields.contains_key("purchase_id"));
        if field == REFUNDED && !self.scope.trigger.is_some_and(is_of_purchase) {
            let message = "is always false here: what triggers this rule is about no purchase";
            self.doubt(at, format!("trigger.{REFUNDED} {message}"));
        }
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
            // `exists_one` counts and then compares.
            Type::Bool | Type::Number => Type::Bool,
            _ => Type::Unknown,
        }
    }

    fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> Type {
        let target = call.target.as_deref();
        let values = target.into_iter().chain(&call.args);
        let args: Vec<Type> = values.map(|value| self.check(value)).collect();
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
                        (Type::String, Type::Number) | (Type::Number, Type::String) => {
                            "; write the number without quotes, or double(…) around the string"
                        }
                        _ => "",
                    };
                    self.fault(at, message + hint);
                }
                if matches!(call.func_name.as_str(), operators::EQUALS | operators::NOT_EQUALS) {
                    self.choices(&call.args[0], &call.args[1]);
                    self.choices(&call.args[1], &call.args[0]);
                }
                Type::Bool
            }
            (operators::IN, [element, list]) => {
                if let Expr::List(listed) = &call.args[1].expr {
                    listed.elements.iter().for_each(|other| self.choices(&call.args[0], other));
                }
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
            (operators::INDEX, [list, at_what]) => {
                let wanted = match list {
                    Type::List(_) => Type::Number,
                    Type::Map | Type::Object(..) => Type::String,
                    _ => Type::Unknown,
                };
                if wanted != Type::Unknown && !wanted.meets(at_what) {
                    let message =
                        format!("takes {} here, this is {}", wanted.name(), at_what.name());
                    self.fault(&call.args[1], message);
                }
                match list {
                    Type::List(of) => (**of).clone(),
                    _ => Type::Unknown,
                }
            }
            (operators::NEGATE, [kind]) => {
                if !matches!(kind, Type::Number | Type::Unknown) {
                    self.fault(at, format!("cannot reckon with {}", kind.name()));
                }
                Type::Number
            }
            (
                operator @ (operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO),
                [left, right],
            ) => self.arithmetic(at, operator, left, right),
            _ => self.function(at, call, &args),
        }
    }

    fn arithmetic(&mut self, at: &IdedExpr, operator: &str, left: &Type, right: &Type) -> Type {
        let is_sum = operator == operators::ADD;
        let is_difference = operator == operators::SUBSTRACT;
        match (left, right) {
            (Type::Unknown, _) | (_, Type::Unknown) => Type::Unknown,
            (Type::Number, Type::Number) => Type::Number,
            (Type::String, Type::String) if is_sum => Type::String,
            (Type::List(_), Type::List(_)) if is_sum => left.clone(),
            (Type::Timestamp, Type::Timestamp) if is_difference => Type::Duration,
            (Type::Timestamp, Type::Duration) if is_sum || is_difference => Type::Timestamp,
            (Type::Duration, Type::Timestamp) if is_sum => Type::Timestamp,
            (Type::Duration, Type::Duration) if is_sum || is_difference => Type::Duration,
            (a, b) => {
                self.fault(at, format!("cannot reckon with {} and {}", a.name(), b.name()));
                Type::Unknown
            }
        }
    }

    /// A call of a function; of a method, what it stands behind comes first.
    fn function(&mut self, at: &IdedExpr, call: &CallExpr, kinds: &[Type]) -> Type {
        let name = call.func_name.as_str();
        let Some(known) = FUNCTIONS.iter().find(|known| known.name == name) else {
            let message = match MACROS.contains(&name) {
                true if name == "has" => "has(…) takes a field, such as customer.last_nps".into(),
                true => {
                    format!("write {name} behind a list: event.items.{name}(i, i.quantity > 1)")
                }
                false => {
                    let names = FUNCTIONS.iter().map(|known| known.name).chain(MACROS);
                    let hint = crate::nearest::hint(name, names);
                    format!("unknown function {name:?}{hint}")
                }
            };
            self.fault(at, message);
            return Type::Unknown;
        };
        if !(known.least..=known.most).contains(&kinds.len()) {
            self.fault(at, format!("{name} is given {} values", kinds.len()));
            return known.gives.clone();
        }
        for (index, kind) in kinds.iter().enumerate() {
            if let Some(wanted) = known.function.wants(index, kind) {
                self.fault(at, format!("{name} is for {wanted}, this is {}", kind.name()));
            }
        }
        if let (Function::Part(part), [Type::Timestamp | Type::Unknown]) = (known.function, kinds)
            && !part.is_everywhere()
        {
            let subject = match call.target.as_ref().map(|target| &target.expr) {
                Some(Expr::Ident(name)) => format!("{name}."),
                _ => String::new(),
            };
            let message = format!(
                "{name}() goes by the clock of UTC, not the customer's; write {subject}{name}(customer.time_zone)"
            );
            self.doubt(at, message);
        }
        match (known.function, kinds) {
            // The least of numbers is a number.
            (Function::Min | Function::Max, [Type::List(kind)]) => (**kind).clone(),
            (Function::Min | Function::Max, [kind, rest @ ..])
                if rest.iter().all(|other| other == kind) =>
            {
                kind.clone()
            }
            _ => known.gives.clone(),
        }
    }
}
