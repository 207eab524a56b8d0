//! From a mapping's CEL to what is run: names are known, types fit as far as they can
//! be told, and what is asked for of a payload is noted.

mod calls;
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, SelectExpr};

use super::expr::{Fold, Node, Root};
use super::helpers::Helper;
use super::shape::{Shape, Step};
use super::value::Value;
use crate::bilingual::{Bilingual, said};
use crate::condition::{Fault, Parsed, Type, placed, tree};
use crate::nearest::hint;
use parts::{of_literal, of_setting, parts_of};

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
}
