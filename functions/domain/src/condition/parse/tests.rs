//! Both parsers make the same tree of a source, or neither makes one.

use cel::common::ast::{EntryExpr, Expr};
use proptest::prelude::*;

use super::*;
use crate::condition::Condition;

/// The tree without the numbers of its parts, by which the parsers differ.
fn unnumbered(mut at: IdedExpr) -> IdedExpr {
    fn strip(at: &mut IdedExpr) {
        at.id = 0;
        match &mut at.expr {
            Expr::Call(call) => {
                call.target.as_deref_mut().into_iter().chain(&mut call.args).for_each(strip)
            }
            Expr::Select(select) => strip(&mut select.operand),
            Expr::List(list) => list.elements.iter_mut().for_each(strip),
            Expr::Comprehension(it) => {
                let parts = [&mut it.iter_range, &mut it.accu_init, &mut it.loop_cond];
                parts.into_iter().chain([&mut it.loop_step, &mut it.result]).for_each(strip);
            }
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    entry.id = 0;
                    if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                        strip(&mut entry.key);
                        strip(&mut entry.value);
                    }
                }
            }
            Expr::Struct(it) => it.entries.iter_mut().for_each(|entry| entry.id = 0),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }
    strip(&mut at);
    at
}

/// What both parsers make of a source.
fn both(source: &str) -> [Option<IdedExpr>; 2] {
    let of = |parsed: Parsed| match parsed {
        Parsed::Tree(root) => unnumbered(root),
        Parsed::Placed(program) => unnumbered(program.expression().clone()),
    };
    [tree(source).ok().flatten().map(of), placed(source).ok().map(of)]
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(texts).prop_map(String::from)
}

const NUMBERS: &[&str] = &["0", "7", "12u", "0x1F", "1.5", ".5", "2e3", "1.0E-2"];

const NAMES: &[&str] = &[
    "customer",
    "event.total.amount",
    "event.items[0].sku",
    "customer.attributes['a b']",
    "now.getHours(customer.time_zone)",
    "a",
    "in_store",
    "_x",
    "true",
    "false",
    "null",
];

const TEXTS: &[&str] = &[
    r#""MXN""#,
    "'a b'",
    r"'it\'s'",
    r#""\n\t\\""#,
    r#""\u00e9\x41\101""#,
    r#"r"\d+""#,
    "\"\"\"two\nlines\"\"\"",
    "'''it's'''",
    "'ñandú'",
    r#"b"x""#,
];

const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];

const WALKS: &[&str] = &["all", "exists", "exists_one", "map", "filter"];

const SIGNS: &[&str] = &[
    "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "-", "+", "&&", "||", "==", "<", "in",
    "has(", ".all(", ".map(", "x", "'", "\"", "&", "if", "=", "#", "ñ", "// ",
];

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![one_of(NUMBERS), one_of(NAMES), one_of(TEXTS)]
}

/// Sources of every form that CEL has.
fn source() -> impl Strategy<Value = String> {
    leaf().prop_recursive(4, 24, 3, |inner| {
        let two = || (inner.clone(), inner.clone());
        prop_oneof![
            (inner.clone(), one_of(OPERATORS), inner.clone())
                .prop_map(|(a, o, b)| format!("{a} {o} {b}")),
            (two(), inner.clone()).prop_map(|((a, b), c)| format!("{a} ? {b} : {c}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            inner.clone().prop_map(|a| format!("({a}).b")),
            inner.clone().prop_map(|a| format!("has(({a}).b.c)")),
            inner.clone().prop_map(|a| format!("size({a})")),
            two().prop_map(|(a, b)| format!("({a})[{b}]")),
            two().prop_map(|(a, b)| format!("({a}).startsWith({b})")),
            two().prop_map(|(a, b)| format!("[{a}, {b}]")),
            two().prop_map(|(a, b)| format!("{{\"k\": {a}, 'l': {b}}}")),
            two().prop_map(|(a, b)| format!("{a} // {b}\n")),
            (two(), one_of(WALKS)).prop_map(|((a, b), walk)| format!("({a}).{walk}(x, {b})")),
        ]
    })
}

/// Words of the language in any order.
fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![leaf(), one_of(SIGNS)];
    proptest::collection::vec(word, 1..8).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn both_make_the_same_tree(source in source()) {
        let [quick, placed] = both(&source);
        prop_assert_eq!(quick, placed, "{}", source);
    }

    /// On a few sources that CEL does not have, such as `-!x` and `!-1`, they differ.
    /// Their types do not fit, so the check refuses them.
    #[test]
    fn what_they_differ_on_is_no_condition(source in words()) {
        let [quick, placed] = both(&source);
        if quick != placed || placed.is_none() {
            prop_assert!(Condition::compile(&source, None).is_err(), "{}", source);
        }
    }
}
