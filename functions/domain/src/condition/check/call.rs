//! The types of operators and functions.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, operators};

use super::super::functions::{FUNCTIONS, Function, MACROS};
use super::super::types::Type;
use super::super::{FIELDS_COMMAND, SEGMENTS};
use super::Checker;
use crate::bilingual::{Bilingual, said};

impl Checker<'_> {
    pub(super) fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> Type {
        let target = call.target.as_deref();
        let values = target.into_iter().chain(&call.args);
        let args: Vec<Type> = values.map(|value| self.check(value)).collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, kinds) => {
                self.logical(call, kinds)
            }
            (operators::CONDITIONAL, [_, then, otherwise]) if then == otherwise => then.clone(),
            (operators::CONDITIONAL, [_, _, _]) => Type::Unknown,
            (
                operators::EQUALS
                | operators::NOT_EQUALS
                | operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS,
                [left, right],
            ) => self.comparison(at, call, left, right),
            (operators::IN, [element, list]) => self.membership(at, call, element, list),
            (operators::INDEX, [list, at_what]) => self.index(call, list, at_what),
            (operators::NEGATE, [kind]) => {
                if !matches!(kind, Type::Number | Type::Unknown) {
                    self.fault(
                        at,
                        kind.told().within("no se puede calcular con {}", "cannot reckon with {}"),
                    );
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

    fn logical(&mut self, call: &CallExpr, kinds: &[Type]) -> Type {
        for (arg, kind) in call.args.iter().zip(kinds) {
            if !matches!(kind, Type::Bool | Type::Unknown) {
                let message = kind.told().within(
                    "aquí va verdadero o falso; esto es {}",
                    "must be true or false here, this is {}",
                );
                self.fault(arg, message);
            }
        }
        Type::Bool
    }

    fn comparison(&mut self, at: &IdedExpr, call: &CallExpr, left: &Type, right: &Type) -> Type {
        if !left.meets(right) {
            let message = left
                .told()
                .within("compara {}", "compares {}")
                .then(&right.told().within(" con {}", " with {}"));
            let hint = match (left, right) {
                (Type::String, Type::Number) | (Type::Number, Type::String) => {
                    said!(
                        "; escribe el número sin comillas, o double(…) alrededor del texto",
                        "; write the number without quotes, or double(…) around the string"
                    )
                }
                _ => Bilingual::default(),
            };
            self.fault(at, message.then(&hint));
        }
        if matches!(call.func_name.as_str(), operators::EQUALS | operators::NOT_EQUALS) {
            self.choices(&call.args[0], &call.args[1]);
            self.choices(&call.args[1], &call.args[0]);
            for (kind, other) in [(left, &call.args[1]), (right, &call.args[0])] {
                if kind.names_segments() {
                    self.segments(other);
                }
            }
        }
        Type::Bool
    }

    fn membership(&mut self, at: &IdedExpr, call: &CallExpr, element: &Type, list: &Type) -> Type {
        if let Expr::List(listed) = &call.args[1].expr {
            listed.elements.iter().for_each(|other| self.choices(&call.args[0], other));
        }
        if list.names_segments() {
            self.segments(&call.args[0]);
            let is_named = matches!(call.args[0].expr, Expr::Literal(LiteralValue::String(_)));
            // Of one name alone it is asked, as `segment(…)` asks.
            self.segment_lists -= usize::from(is_named && is_segments(&call.args[1]));
        } else if element.names_segments() {
            self.segments(&call.args[1]);
        }
        match list {
            Type::List(of) if !of.meets(element) => {
                let message = element
                    .told()
                    .within("busca {}", "looks for {}")
                    .then(&of.told().within(" en una lista de {}", " in a list of {}"));
                self.fault(at, message);
            }
            Type::List(_) | Type::Map | Type::Object(..) | Type::Unknown => {}
            other => self.fault(
                at,
                other
                    .told()
                    .within("`in` lleva una lista; esto es {}", "`in` takes a list, this is {}"),
            ),
        }
        Type::Bool
    }

    fn index(&mut self, call: &CallExpr, list: &Type, at_what: &Type) -> Type {
        let wanted = match list {
            Type::List(_) => Type::Number,
            Type::Map | Type::Object(..) => Type::String,
            _ => Type::Unknown,
        };
        if wanted != Type::Unknown && !wanted.meets(at_what) {
            let message = wanted
                .told()
                .within("aquí va {}", "takes {} here")
                .then(&at_what.told().within("; esto es {}", ", this is {}"));
            self.fault(&call.args[1], message);
        }
        match list {
            Type::List(of) => (**of).clone(),
            _ => Type::Unknown,
        }
    }

    fn arithmetic(&mut self, at: &IdedExpr, operator: &str, left: &Type, right: &Type) -> Type {
        let (left, right) = (left.plain(), right.plain());
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
                self.fault(
                    at,
                    a.told()
                        .within("no se puede calcular con {}", "cannot reckon with {}")
                        .then(&b.told().within(" y {}", " and {}")),
                );
                Type::Unknown
            }
        }
    }

    /// `segment("loyal")`: which one is asked for is known before any customer is.
    fn segment(&mut self, at: &IdedExpr, call: &CallExpr, is_method: bool) {
        match call.args.first() {
            Some(name) if matches!(name.expr, Expr::Literal(LiteralValue::String(_))) => {
                self.segments(name);
            }
            _ if is_method => self.fault(
                at,
                said!(
                    "escribe segment(\"loyal\"), sin nada antes",
                    "write segment(\"loyal\"), with nothing before it"
                ),
            ),
            _ => self.fault(
                at,
                said!(
                    "segment lleva un nombre entre comillas, como segment(\"loyal\")",
                    "segment takes a name in quotes, such as segment(\"loyal\")"
                ),
            ),
        }
    }

    /// A call of a function; of a method, what it stands behind comes first.
    fn function(&mut self, at: &IdedExpr, call: &CallExpr, kinds: &[Type]) -> Type {
        let name = call.func_name.as_str();
        let Some(known) = FUNCTIONS.iter().find(|known| known.name == name) else {
            self.fault(at, no_function(name));
            return Type::Unknown;
        };
        if !(known.least..=known.most).contains(&kinds.len()) {
            let message = said!(
                "{name} lleva aquí {} valores, y no son los suyos",
                "{name} is given {} values",
                kinds.len()
            );
            self.fault(at, message);
            return known.gives.clone();
        }
        for (index, kind) in kinds.iter().enumerate() {
            if let Some(wanted) = known.function.wants(index, kind) {
                let this = kind.told().within("; esto es {}", ", this is {}");
                let message =
                    said!("{name} es para {wanted}", "{name} is for {wanted}").then(&this);
                self.fault(at, message);
            }
        }
        match (known.function, kinds, call.target.is_some()) {
            (Function::Segment, _, is_method) => self.segment(at, call, is_method),
            (Function::Contains, [list, _], _) if list.names_segments() => {
                call.args.last().into_iter().for_each(|name| self.segments(name));
            }
            _ => {}
        }
        if let (Function::Part(part), [Type::Timestamp | Type::Unknown]) = (known.function, kinds)
            && !part.is_everywhere()
        {
            let subject = match call.target.as_ref().map(|target| &target.expr) {
                Some(Expr::Ident(name)) => format!("{name}."),
                _ => String::new(),
            };
            let message = said!(
                "{name}() va por el reloj de UTC, no por el del cliente; escribe {subject}{name}(customer.time_zone)",
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

/// What to write where there is no such function.
fn no_function(name: &str) -> Bilingual {
    match MACROS.contains(&name) {
        true if name == "has" => said!(
            "has(…) lleva un campo, como customer.last_nps",
            "has(…) takes a field, such as customer.last_nps"
        ),
        true => {
            said!(
                "escribe {name} detrás de una lista: event.items.{name}(i, i.quantity > 1)",
                "write {name} behind a list: event.items.{name}(i, i.quantity > 1)"
            )
        }
        false => {
            let names = FUNCTIONS.iter().map(|known| known.name).chain(MACROS);
            let names = names.filter(|known| !known.starts_with('@'));
            let hint = crate::nearest::hint_or(name, names, FIELDS_COMMAND);
            said!("función desconocida {name:?}", "unknown function {name:?}").then(&hint)
        }
    }
}

/// Whether this is `customer.segments` as it is written.
fn is_segments(at: &IdedExpr) -> bool {
    let Expr::Select(select) = &at.expr else { return false };
    let is_customer = matches!(&select.operand.expr, Expr::Ident(name) if name == "customer");
    is_customer && !select.test && select.field == SEGMENTS
}
