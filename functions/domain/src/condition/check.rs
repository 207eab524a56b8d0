//! A type check of conditions over what a rule may name, so that a mistake
//! shows when the rule is written and not at a customer.

mod call;

use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr};

use super::choices::{impossible, relationship};
use super::eval::REFUNDED;
use super::parse::Parsed;
use super::types::{CUSTOMER, Type, customer_fields, event_type, trigger_type};
use super::{EventFields, FIELDS_COMMAND, SEGMENTS, Scope};
use crate::bilingual::{Bilingual, said};
use crate::nearest::{hint, hint_or};
use crate::view::CUSTOMER_FIELDS;

/// What is wrong in a condition, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted in bytes from the beginning of the condition's source.
    pub offset: usize,
    /// What is wrong, for whoever writes the rule.
    pub message: Bilingual,
}

/// What a condition names, and what is doubtful in it.
pub(super) struct Used {
    pub customer_fields: Vec<String>,
    pub event: EventFields,
    pub doubts: Vec<Fault>,
    /// Types of relationship that it asks for, and where.
    pub relationships: Vec<(usize, String)>,
    /// The segments that it names, and where.
    pub segments: Vec<(usize, String)>,
    pub lists_segments: bool,
}

pub(super) struct Checker<'a> {
    parsed: &'a Parsed,
    source: &'a str,
    scope: Scope,
    locals: Vec<(String, Type)>,
    faults: Vec<Fault>,
    doubts: Vec<Fault>,
    relationships: Vec<(usize, String)>,
    segments: Vec<(usize, String)>,
    /// How often `customer.segments` is taken as a list, not asked for one name.
    segment_lists: usize,
    customer_fields: BTreeSet<String>,
    all_customer_fields: bool,
    event_fields: BTreeSet<String>,
    all_event_fields: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn run(
        parsed: &'a Parsed,
        source: &'a str,
        scope: Scope,
    ) -> Result<Used, Vec<Fault>> {
        let mut checker = Checker {
            parsed,
            source,
            scope,
            locals: Vec::new(),
            faults: Vec::new(),
            doubts: Vec::new(),
            relationships: Vec::new(),
            segments: Vec::new(),
            segment_lists: 0,
            customer_fields: BTreeSet::new(),
            all_customer_fields: false,
            event_fields: BTreeSet::new(),
            all_event_fields: false,
        };
        let root = parsed.root();
        let result = checker.check(root);
        if !matches!(result, Type::Bool | Type::Unknown) {
            checker.fault(
                root,
                result.told().within(
                    "una condición es verdadera o falsa; esto es {}",
                    "a condition must be true or false, this is {}",
                ),
            );
        }
        let lists_segments = checker.segment_lists > 0 || checker.all_customer_fields;
        if lists_segments && scope.is_segment {
            checker.fault(root, whole_list(checker.all_customer_fields));
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
            segments: checker.segments,
            lists_segments,
        })
    }

    fn fault(&mut self, at: &IdedExpr, message: Bilingual) {
        let offset = self.offset(at);
        self.faults.push(Fault { offset, message });
    }

    fn doubt(&mut self, at: &IdedExpr, message: Bilingual) {
        let offset = self.offset(at);
        self.doubts.push(Fault { offset, message });
    }

    fn offset(&self, at: &IdedExpr) -> usize {
        // A selection stands where its dot is; the field is what matters.
        let behind = usize::from(matches!(at.expr, Expr::Select(_)));
        self.parsed.offset(self.source, at.id, behind)
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
                self.fault(
                    at,
                    said!(
                        "aquí no hay literales de mensaje",
                        "message literals are not known here"
                    ),
                );
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
            "event" | "trigger" if self.scope.is_segment => {
                let message = said!(
                    "un segmento trata de un cliente y no ve ningún {name}",
                    "a segment is about a customer and sees no {name}"
                );
                self.fault(at, message);
                Type::Unknown
            }
            "now" => Type::Timestamp,
            "customer" => {
                // A bare `customer` may be looked into by any name.
                self.all_customer_fields = true;
                CUSTOMER.clone()
            }
            "event" => {
                self.all_event_fields = true;
                match self.scope.event {
                    Some(kind) => event_type(kind).clone(),
                    None => {
                        self.fault(
                            at,
                            said!(
                                "event solo se conoce en reglas que un evento inicia",
                                "event is known only in rules that an event triggers"
                            ),
                        );
                        Type::Unknown
                    }
                }
            }
            "trigger" => trigger_type(self.scope.trigger),
            _ => {
                self.fault(at, unknown_variable(name));
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
                self.segment_lists += usize::from(select.field == SEGMENTS);
            }
            Expr::Ident(name) if name == "event" => {
                self.all_event_fields = before.1;
                self.event_fields.insert(select.field.clone());
            }
            Expr::Ident(name) if name == "trigger" && !self.scope.is_segment => {
                self.trigger(at, &select.field);
            }
            _ => {}
        }
        let field = match &kind {
            Type::Unknown | Type::Map => Type::Unknown,
            Type::Object(what, fields) => match fields.get(&select.field) {
                Some(kind) => kind.clone(),
                None => {
                    self.fault(at, unknown_field(what, &select.field, fields));
                    Type::Unknown
                }
            },
            other => {
                self.fault(at, other.told().within("{} no tiene campos", "{} has no fields"));
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

    /// Notes the names that stand where those of segments are meant.
    fn segments(&mut self, at: &IdedExpr) {
        match &at.expr {
            Expr::Literal(LiteralValue::String(name)) => {
                let offset = self.offset(at);
                self.segments.push((offset, name.inner().to_owned()));
            }
            Expr::List(list) => list.elements.iter().for_each(|one| self.segments(one)),
            _ => {}
        }
    }

    fn trigger(&mut self, at: &IdedExpr, field: &str) {
        let is_of_purchase = |kind| matches!(event_type(kind), Type::Object(_, fields) if fields.contains_key("purchase_id"));
        if field == REFUNDED && !self.scope.trigger.is_some_and(is_of_purchase) {
            let message = said!(
                "trigger.{REFUNDED} aquí siempre es falso: lo que inicia esta regla no es de una compra",
                "trigger.{REFUNDED} is always false here: what triggers this rule is about no purchase"
            );
            self.doubt(at, message);
        }
    }

    fn comprehension(&mut self, c: &ComprehensionExpr) -> Type {
        let element = match self.check(&c.iter_range) {
            Type::List(element) => *element,
            Type::Unknown | Type::Map | Type::Object(..) => Type::Unknown,
            other => {
                self.fault(
                    &c.iter_range,
                    other.told().within("{} no se puede recorrer", "{} cannot be gone through"),
                );
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
}

/// A segment that asks for all segments asks for itself.
fn whole_list(of_customer: bool) -> Bilingual {
    match of_customer {
        true => said!(
            "un segmento pregunta por los campos de customer por su nombre, por ejemplo customer.purchases",
            "a segment asks for fields of customer by their names, such as customer.purchases"
        ),
        false => said!(
            "un segmento está él mismo en customer.segments, así que no puede preguntar por la lista; nombra los demás: segment(\"loyal\")",
            "a segment is in customer.segments itself, so it cannot ask for the list; name the others: segment(\"loyal\")"
        ),
    }
}

/// A name that stands for nothing: a text without quotes, as a rule, or a name
/// whose beginning was left out.
fn unknown_variable(name: &str) -> Bilingual {
    let unknown = said!("variable desconocida {name:?}", "unknown variable {name:?}");
    let near = hint(name, ["customer", "event", "now", "trigger"]);
    if !near.is_empty() {
        return unknown.then(&near);
    }
    match name.to_lowercase().as_str() {
        "true" | "verdadero" => return unknown.then(&said!("; escribe true", "; write true")),
        "false" | "falso" => return unknown.then(&said!("; escribe false", "; write false")),
        _ => {}
    }
    let mend = match customer_fields().find(|field| *field == name) {
        Some(field) => said!("; escribe customer.{field}", "; write customer.{field}"),
        None => said!(
            "; un texto va entre comillas, \"{name}\", y `{FIELDS_COMMAND}` lista todas las variables",
            "; a text stands in quotes, \"{name}\", and `{FIELDS_COMMAND}` lists all variables"
        ),
    };
    unknown.then(&mend)
}

/// A field that there is not. Names and addresses are for templates alone.
fn unknown_field(what: &str, field: &str, fields: &BTreeMap<String, Type>) -> Bilingual {
    if what == "customer" && CUSTOMER_FIELDS.iter().any(|known| known.name == field) {
        return said!(
            "{what}.{field} es solo para plantillas: ninguna condición puede pedirlo",
            "{what}.{field} is for templates alone: no condition may ask for it"
        );
    }
    let hint = hint_or(field, fields.keys().map(String::as_str), FIELDS_COMMAND);
    said!("{what} no tiene el campo {field:?}", "{what} has no field {field:?}").then(&hint)
}
