//! From a mapping's CEL to what is run: names are known, types fit as far as they can
//! be told, and what is asked for of a payload is noted.

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators,
};
use rust_decimal::Decimal;

use super::expr::{Comparison, Fold, Node, Operator, Root};
use super::helpers::{HELPERS, Helper, Wants};
use super::shape::{Shape, Step};
use super::value::{Value, of_number};
use crate::bilingual::{Bilingual, said};
use crate::condition::{Fault, Parsed, Type, placed, tree};
use crate::nearest::hint;

/// What CEL writes with a variable inside.
const MACROS: [&str; 6] = ["has", "all", "exists", "exists_one", "map", "filter"];

/// Where in a payload a value may come from.
#[derive(Clone, Debug, PartialEq)]
struct Origin {
    root: Root,
    path: Vec<Step>,
}

impl Origin {
    fn step(&self, step: Step) -> Origin {
        let mut path = self.path.clone();
        path.push(step);
        Origin { root: self.root, path }
    }
}

/// What is known of a part of an expression.
struct Known {
    node: Node,
    kind: Type,
    origins: Vec<Origin>,
}

impl Known {
    fn of(node: Node, kind: Type) -> Known {
        Known { node, kind, origins: Vec::new() }
    }
}

/// A value that a mapping names.
struct Named {
    name: String,
    kind: Type,
    origins: Vec<Origin>,
}

/// What is wrong, and in which part of an expression.
type Wrong = (u64, Bilingual);

/// Compiles the expressions of one mapping.
pub(super) struct Compiler<'a> {
    /// The source's settings.
    settings: &'a BTreeMap<String, serde_json::Value>,
    named: Vec<Named>,
    nodes: Vec<Node>,
    detail: Shape,
    payload: Shape,
}

/// An expression on its way.
struct Expression<'c, 'a> {
    compiler: &'c mut Compiler<'a>,
    /// The variables; the first is the element that an event is made of.
    locals: Vec<(String, Type, Vec<Origin>)>,
    wrong: Vec<Wrong>,
}

/// The element that an event is made of, as a maker names it, and what is known of it.
#[derive(Clone, Default)]
pub(super) struct Element {
    name: String,
    origins: Vec<Origin>,
}

impl<'a> Compiler<'a> {
    pub fn new(settings: &'a BTreeMap<String, serde_json::Value>) -> Compiler<'a> {
        let (detail, payload) = (Shape::default(), Shape::default());
        Compiler { settings, named: Vec::new(), nodes: Vec::new(), detail, payload }
    }

    /// What is asked for of details and payloads, and what the named values are.
    pub fn finish(self) -> (Shape, Shape, Vec<Node>) {
        (self.detail, self.payload, self.nodes)
    }

    /// How many values are named so far.
    pub fn named_so_far(&self) -> usize {
        self.named.len()
    }

    /// Forgets the names of a maker, once it is made: their values keep their places.
    pub fn forget_names_from(&mut self, place: usize) {
        self.named.iter_mut().skip(place).for_each(|named| named.name.clear());
    }

    /// Names a value; those named before may stand in it.
    ///
    /// # Errors
    /// Every [`Fault`] in it.
    pub fn name(&mut self, name: &str, source: &str, of: &Element) -> Result<(), Vec<Fault>> {
        let known = self.known(source, of, |_| None)?;
        let Known { node, kind, origins } = known;
        self.named.push(Named { name: name.to_owned(), kind, origins });
        self.nodes.push(node);
        Ok(())
    }

    /// An expression that gives a value; all of it is read.
    ///
    /// # Errors
    /// Every [`Fault`] in it.
    pub fn value(
        &mut self,
        source: &str,
        of: &Element,
        wanted: Option<&Type>,
    ) -> Result<Node, Vec<Fault>> {
        let fits = |kind: &Type| {
            let wanted = wanted?;
            (!wanted.meets(kind)).then(|| {
                let this = kind.told().within("; esto es {}", ", this is {}");
                wanted.told().within("aquí va {}", "takes {} here").then(&this)
            })
        };
        let known = self.known(source, of, fits)?;
        self.ask(&known.origins, true);
        Ok(known.node)
    }

    /// A condition.
    ///
    /// # Errors
    /// Every [`Fault`] in it.
    pub fn condition(&mut self, source: &str, of: &Element) -> Result<Node, Vec<Fault>> {
        self.value(source, of, Some(&Type::Bool))
    }

    /// A list of which an event is made for each element, under this name.
    ///
    /// # Errors
    /// Every [`Fault`] in it.
    pub fn each(&mut self, source: &str, name: &str) -> Result<(Node, Element), Vec<Fault>> {
        let known = self.known(source, &Element::default(), |kind| match kind {
            Type::List(_) | Type::Unknown | Type::Null => None,
            other => Some(
                other
                    .told()
                    .within("aquí va una lista; esto es {}", "takes a list here, this is {}"),
            ),
        })?;
        // Of a list that is one thing at times, its parts are asked for all the same.
        let is_listed = matches!(known.node, Node::Call(Helper::List, _));
        let mut origins: Vec<Origin> =
            known.origins.iter().map(|origin| origin.step(Step::Element)).collect();
        if is_listed {
            origins.extend(known.origins.iter().cloned());
        }
        self.ask(&origins, false);
        Ok((known.node, Element { name: name.to_owned(), origins }))
    }

    fn known(
        &mut self,
        source: &str,
        of: &Element,
        unfit: impl Fn(&Type) -> Option<Bilingual>,
    ) -> Result<Known, Vec<Fault>> {
        // Of the tree alone nobody knows where its parts stand, so what is wrong is
        // looked for once more.
        if let Some(parsed) = tree(source).map_err(|fault| vec![fault])?
            && let Ok(known) = self.of_parsed(&parsed, source, of, &unfit)
        {
            return Ok(known);
        }
        self.of_parsed(&placed(source)?, source, of, &unfit)
    }

    fn of_parsed(
        &mut self,
        parsed: &Parsed,
        source: &str,
        of: &Element,
        unfit: &impl Fn(&Type) -> Option<Bilingual>,
    ) -> Result<Known, Vec<Fault>> {
        let locals = vec![(of.name.clone(), Type::Unknown, of.origins.clone())];
        let mut expression = Expression { compiler: self, locals, wrong: Vec::new() };
        let root = parsed.root();
        let known = expression.known(root);
        if let Some(message) = unfit(&known.kind) {
            expression.wrong.push((root.id, message));
        }
        let wrong = expression.wrong;
        if wrong.is_empty() {
            return Ok(known);
        }
        let fault = |(id, message)| Fault { offset: parsed.offset(source, id, 0), message };
        Err(wrong.into_iter().map(fault).collect())
    }

    fn ask(&mut self, origins: &[Origin], is_whole: bool) {
        for origin in origins {
            match origin.root {
                Root::Detail => self.detail.ask(&origin.path, is_whole),
                _ => self.payload.ask(&origin.path, is_whole),
            }
        }
    }
}

impl Expression<'_, '_> {
    fn wrong(&mut self, at: &IdedExpr, message: Bilingual) -> Known {
        self.wrong.push((at.id, message));
        Known::of(Node::Literal(Value::Absent), Type::Unknown)
    }

    fn known(&mut self, at: &IdedExpr) -> Known {
        match &at.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::Ident(name) => self.ident(at, name),
            Expr::Select(select) => self.select(at, select),
            Expr::List(list) => {
                let nodes = list.elements.iter().map(|one| self.whole(one).node).collect();
                Known::of(Node::List(nodes), Type::List(Box::new(Type::Unknown)))
            }
            Expr::Map(map) => {
                let entries = map.entries.iter();
                let entries = entries.filter_map(|entry| self.entry(&entry.expr)).collect();
                Known::of(Node::Object(entries), Type::Map)
            }
            Expr::Comprehension(it) => self.comprehension(at, it),
            Expr::Call(call) => self.call(at, call),
            Expr::Struct(_) | Expr::Unspecified => {
                let message = said!("esto no se entiende aquí", "this cannot be read here");
                self.wrong(at, message)
            }
        }
    }

    /// A part whose value is used as it is: all of it is read.
    fn whole(&mut self, at: &IdedExpr) -> Known {
        let known = self.known(at);
        self.compiler.ask(&known.origins, true);
        known
    }

    /// A part of which is asked whether it is there, or a scalar.
    fn scalar(&mut self, at: &IdedExpr) -> Known {
        let known = self.known(at);
        self.compiler.ask(&known.origins, false);
        known
    }

    fn condition(&mut self, at: &IdedExpr) -> Node {
        let known = self.scalar(at);
        if !matches!(known.kind, Type::Bool | Type::Unknown | Type::Null) {
            let message = known.kind.told().within(
                "aquí va verdadero o falso; esto es {}",
                "must be true or false here, this is {}",
            );
            self.wrong.push((at.id, message));
        }
        known.node
    }

    fn entry(&mut self, entry: &EntryExpr) -> Option<(Arc<str>, Node)> {
        let EntryExpr::MapEntry(entry) = entry else { return None };
        match self.known(&entry.key).node {
            Node::Literal(Value::Text(name)) => Some((name, self.whole(&entry.value).node)),
            _ => {
                let message = said!(
                    "los nombres de campos van entre comillas",
                    "names of fields are text in quotes"
                );
                self.wrong.push((entry.key.id, message));
                None
            }
        }
    }

    fn ident(&mut self, at: &IdedExpr, name: &str) -> Known {
        if let Some(index) = self.locals.iter().rposition(|(local, ..)| local == name) {
            let (_, kind, origins) = &self.locals[index];
            return Known {
                node: Node::Local(index),
                kind: kind.clone(),
                origins: origins.clone(),
            };
        }
        if let Some(place) = self.compiler.named.iter().rposition(|named| named.name == name) {
            let Named { kind, origins, .. } = &self.compiler.named[place];
            let (kind, origins) = (kind.clone(), origins.clone());
            return Known { node: Node::Named(place), kind, origins };
        }
        let Some((_, root)) = Root::ALL.iter().find(|(known, _)| *known == name) else {
            let locals = self.locals.iter().map(|(local, ..)| local.as_str());
            let named = self.compiler.named.iter().map(|named| named.name.as_str());
            let names = Root::ALL.iter().map(|(root, _)| *root).chain(locals).chain(named);
            let near = hint(name, names.filter(|name| !name.is_empty()));
            let unknown = said!("no hay nada que se llame {name:?}", "nothing is called {name:?}");
            let rest = match near.is_empty() {
                true => said!(
                    "; un texto va entre comillas, y lo que llegó está en payload, detail y headers",
                    "; a text stands in quotes, and what came is in payload, detail and headers"
                ),
                false => near,
            };
            return self.wrong(at, unknown.then(&rest));
        };
        let (kind, is_of_payload) = match root {
            Root::Detail | Root::Payload => (Type::Unknown, true),
            Root::Headers | Root::Setting => (Type::Map, false),
            Root::Topic | Root::DetailType | Root::ReceivedAt => (Type::String, false),
        };
        let origin = Origin { root: *root, path: Vec::new() };
        let origins = is_of_payload.then_some(origin).into_iter().collect();
        Known { node: Node::Root(*root), kind, origins }
    }

    fn select(&mut self, at: &IdedExpr, select: &SelectExpr) -> Known {
        let of = self.known(&select.operand);
        let name = select.field.clone();
        let mut kind = Type::Unknown;
        match (&of.node, &of.kind) {
            (Node::Root(Root::Setting), _) => match self.compiler.settings.get(&name) {
                Some(setting) => kind = of_setting(setting),
                None => {
                    let known = self.compiler.settings.keys().map(String::as_str);
                    let near = hint(&name, known);
                    let no = said!("no hay ajuste {name:?}", "there is no setting {name:?}");
                    return self.wrong(at, no.then(&near));
                }
            },
            (Node::Root(Root::Headers), _) => {
                if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    let message = said!(
                        "los nombres de headers van en minúsculas",
                        "names of headers are written in small letters"
                    );
                    return self.wrong(at, message);
                }
                kind = Type::String;
            }
            (_, Type::Unknown | Type::Map | Type::Object(..) | Type::Null) => {}
            (_, other) => {
                let message = other.told().within("{} no tiene campos", "{} has no fields");
                return self.wrong(at, message);
            }
        }
        let step = Step::Field(name.clone());
        let origins: Vec<Origin> = of.origins.iter().map(|o| o.step(step.clone())).collect();
        if select.test {
            self.compiler.ask(&origins, false);
            return Known::of(Node::Has(Box::new(of.node), name), Type::Bool);
        }
        Known { node: Node::Select(Box::new(of.node), name), kind, origins }
    }

    fn comprehension(&mut self, at: &IdedExpr, it: &ComprehensionExpr) -> Known {
        let over = self.known(&it.iter_range);
        if !matches!(over.kind, Type::List(_) | Type::Unknown | Type::Null) {
            let message =
                over.kind.told().within("{} no se puede recorrer", "{} cannot be gone through");
            return self.wrong(&it.iter_range, message);
        }
        let mut origins: Vec<Origin> =
            over.origins.iter().map(|origin| origin.step(Step::Element)).collect();
        if matches!(over.node, Node::Call(Helper::List, _)) {
            origins.extend(over.origins.iter().cloned());
        }
        self.compiler.ask(&origins, false);
        let Some((fold, condition, item)) = parts_of(it) else {
            let message = said!("esto no se entiende aquí", "this cannot be read here");
            return self.wrong(at, message);
        };
        self.locals.push((it.iter_var.clone(), Type::Unknown, origins));
        let condition = match condition {
            Some(condition) => self.condition(condition),
            None => Node::Literal(Value::Bool(true)),
        };
        let item = item.map_or(Node::Literal(Value::Null), |item| self.whole(item).node);
        self.locals.pop();
        let kind = match fold {
            Fold::Map => Type::List(Box::new(Type::Unknown)),
            _ => Type::Bool,
        };
        Known::of(Node::Fold(fold, Box::new([over.node, condition, item])), kind)
    }

    fn call(&mut self, at: &IdedExpr, call: &CallExpr) -> Known {
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

/// What a macro was written out as, read back: what is done, on which condition, with
/// what of each.
fn parts_of(it: &ComprehensionExpr) -> Option<(Fold, Option<&IdedExpr>, Option<&IdedExpr>)> {
    let Expr::Call(step) = &it.loop_step.expr else { return None };
    let is_accu = |at: &IdedExpr| matches!(&at.expr, Expr::Ident(name) if *name == it.accu_var);
    let item = |at: &'_ IdedExpr| -> Option<usize> {
        let Expr::Call(call) = &at.expr else { return None };
        (call.func_name == operators::ADD).then_some(call.args.len())
    };
    match (step.func_name.as_str(), step.args.as_slice()) {
        (operators::LOGICAL_OR, [accu, test]) if is_accu(accu) => {
            Some((Fold::Exists, Some(test), None))
        }
        (operators::LOGICAL_AND, [accu, test]) if is_accu(accu) => {
            Some((Fold::All, Some(test), None))
        }
        (operators::ADD, _) => Some((Fold::Map, None, Some(appended(&it.loop_step)?))),
        (operators::CONDITIONAL, [test, then, accu]) if is_accu(accu) && item(then) == Some(2) => {
            match appended(then) {
                Some(item) => Some((Fold::Map, Some(test), Some(item))),
                None => Some((Fold::ExistsOne, Some(test), None)),
            }
        }
        _ => None,
    }
}

/// The element of `accu + [element]`.
fn appended(at: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &at.expr else { return None };
    let Expr::List(list) = &call.args.get(1)?.expr else { return None };
    list.elements.first()
}

fn of_literal(literal: &LiteralValue) -> Known {
    match literal {
        LiteralValue::Boolean(value) => {
            Known::of(Node::Literal(Value::Bool(*value.inner())), Type::Bool)
        }
        LiteralValue::Int(value) => {
            Known::of(Node::Literal(Value::Number(Decimal::from(*value.inner()))), Type::Number)
        }
        LiteralValue::UInt(value) => {
            Known::of(Node::Literal(Value::Number(Decimal::from(*value.inner()))), Type::Number)
        }
        LiteralValue::Double(value) => {
            Known::of(Node::Literal(of_number(&value.inner().to_string())), Type::Number)
        }
        LiteralValue::String(value) => {
            Known::of(Node::Literal(Value::text(value.inner())), Type::String)
        }
        LiteralValue::Null | LiteralValue::Bytes(_) => {
            Known::of(Node::Literal(Value::Null), Type::Null)
        }
    }
}

/// The type of a setting, as the file's own value tells it; null may become anything.
fn of_setting(setting: &serde_json::Value) -> Type {
    match setting {
        serde_json::Value::Null => Type::Unknown,
        serde_json::Value::Bool(_) => Type::Bool,
        serde_json::Value::Number(_) => Type::Number,
        serde_json::Value::String(_) => Type::String,
        serde_json::Value::Array(_) => Type::List(Box::new(Type::Unknown)),
        serde_json::Value::Object(_) => Type::Map,
    }
}

fn no_function(name: &str) -> Bilingual {
    if MACROS.contains(&name) {
        return match name {
            "has" => said!(
                "has(…) lleva un campo, como has(payload.customer)",
                "has(…) takes a field, such as has(payload.customer)"
            ),
            _ => said!(
                "escribe {name} detrás de una lista: payload.refunds.{name}(r, …)",
                "write {name} behind a list: payload.refunds.{name}(r, …)"
            ),
        };
    }
    let names = || HELPERS.iter().map(|known| known.name).chain(MACROS);
    let near = hint(name, names());
    let unknown = said!("función desconocida {name:?}", "unknown function {name:?}");
    match near.is_empty() {
        true => {
            let all = names().collect::<Vec<_>>().join(", ");
            unknown.then(&said!("; se conocen {all}", "; known are {all}"))
        }
        false => unknown.then(&near),
    }
}

impl Comparison {
    fn of(sign: &str) -> Option<Comparison> {
        Some(match sign {
            operators::LESS => Comparison::Less,
            operators::LESS_EQUALS => Comparison::LessOrEqual,
            operators::GREATER => Comparison::Greater,
            operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
            _ => return None,
        })
    }
}

impl Operator {
    fn of(sign: &str) -> Option<Operator> {
        Some(match sign {
            operators::ADD => Operator::Add,
            operators::SUBSTRACT => Operator::Subtract,
            operators::MULTIPLY => Operator::Multiply,
            operators::DIVIDE => Operator::Divide,
            operators::MODULO => Operator::Remainder,
            _ => return None,
        })
    }
}
