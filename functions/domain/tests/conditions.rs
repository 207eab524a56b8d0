//! Conditions come to what CEL itself says, where CEL says anything; and never to
//! something else for how a number is spelt.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashMap;
use std::sync::Arc;

use cel::{Context, ExecutionError, Program, Value};
use lazo_domain::condition::{Condition, Values, Verdict};
use lazo_domain::event::EventKind;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use proptest::prelude::*;

/// A customer and an event of which anything may be unknown.
#[derive(Debug)]
struct Known {
    purchases: i64,
    total_spent: f64,
    relationship: Option<&'static str>,
    last_nps: Option<i64>,
    vip: Option<Value>,
    detail: Arc<str>,
}

impl Values for Known {
    fn customer(&self, field: &str) -> Option<Value> {
        match field {
            "purchases" => Some(Value::Int(self.purchases)),
            "total_spent" => Some(Value::Float(self.total_spent)),
            "relationship" => self.relationship.map(Into::into),
            "last_nps" => self.last_nps.map(Value::Int),
            "attributes" => {
                let vip = self.vip.clone().map(|vip| ("vip".to_owned(), vip));
                Some(vip.into_iter().collect::<HashMap<String, Value>>().into())
            }
            _ => None,
        }
    }

    fn event(&self) -> Option<&Arc<str>> {
        Some(&self.detail)
    }

    fn is_refunded(&self, _: &Id) -> bool {
        false
    }

    fn now(&self) -> Instant {
        Instant::from_millis(0)
    }
}

fn known() -> impl Strategy<Value = Known> {
    let vip = prop_oneof![
        Just(None),
        Just(Some(Value::Bool(true))),
        Just(Some(Value::Bool(false))),
        (0..3i64).prop_map(|n| Some(Value::Int(n))),
        Just(Some(Value::Float(1.0))),
        Just(Some("gold".into())),
    ];
    let detail = prop_oneof![
        Just(r#"{"total":{"amount":"5000.00","currency":"MXN"},"channel":"web"}"#),
        Just(r#"{"total":{"amount":"12","currency":"EUR"},"channel":null}"#),
        Just(r#"{"total":{"amount":"7.5","currency":"MXN"}}"#),
        Just(r#"{"total":{"amount":null,"currency":"MXN"},"channel":"store"}"#),
        Just(r#"{"total":null}"#),
        Just(r#"{"channel":"web","total":"7.5"}"#),
        Just("{}"),
    ];
    let relationship = prop_oneof![Just(None), Just(Some("dedicated")), Just(Some("community"))];
    let nps = proptest::option::of(0..=10i64);
    (0..4i64, prop_oneof![Just(0.0), Just(100.0), Just(250.25)], relationship, nps, vip, detail)
        .prop_map(|(purchases, total_spent, relationship, last_nps, vip, detail)| Known {
            purchases,
            total_spent,
            relationship,
            last_nps,
            vip,
            detail: detail.into(),
        })
}

fn condition() -> impl Strategy<Value = String> {
    let operator = || prop_oneof!["==", "!=", "<", "<=", ">", ">="];
    let leaf = prop_oneof![
        (operator(), 0..4).prop_map(|(o, n)| format!("customer.purchases {o} {n}")),
        (operator(), 0..2).prop_map(|(o, n)| format!("customer.purchases {o} {n}.0")),
        operator().prop_map(|o| format!("customer.total_spent {o} 100.0")),
        (operator(), 0..=10).prop_map(|(o, n)| format!("customer.last_nps {o} {n}")),
        (operator(), 0..=10).prop_map(|(o, n)| format!("event.total.amount {o} {n}.5 * 2.0")),
        (operator(), 0..3).prop_map(|(o, n)| format!("customer.attributes.vip {o} {n}")),
        operator().prop_map(|o| format!("customer.attributes.vip {o} 'gold'")),
        operator().prop_map(|o| format!("double(event.total.amount) {o} 12.0")),
        operator().prop_map(|o| format!("'MXN' {o} event.total.currency")),
        Just("double(customer.relationship) > 1.0".to_owned()),
        Just("customer.attributes.vip".to_owned()),
        Just("customer.attributes.vip in [1, 2]".to_owned()),
        Just("customer.relationship in ['dedicated', 'personal']".to_owned()),
        Just("event.channel == 'web'".to_owned()),
        Just("has(customer.last_nps)".to_owned()),
        Just("has(customer.attributes.vip)".to_owned()),
        Just("has(event.channel)".to_owned()),
        Just("has(event.total.currency)".to_owned()),
        Just("size(customer.relationship) > 3".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) || ({b})")),
        ]
    })
}

/// A value of JSON as CEL takes it: every number a double, an amount a number.
fn cel_value(json: &serde_json::Value, name: &str) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => Value::Float(number.as_f64()?),
        serde_json::Value::String(text) if name == "amount" => Value::Float(text.parse().ok()?),
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(list) => {
            list.iter().filter_map(|one| cel_value(one, "")).collect::<Vec<_>>().into()
        }
        serde_json::Value::Object(fields) => {
            let known = fields.iter();
            let known =
                known.filter_map(|(name, json)| Some((name.clone(), cel_value(json, name)?)));
            known.collect::<HashMap<String, Value>>().into()
        }
    })
}

/// What CEL itself says.
fn by_cel(source: &str, known: &Known) -> Result<Value, ExecutionError> {
    let fields = ["purchases", "total_spent", "relationship", "last_nps", "attributes"];
    let customer = fields.into_iter().filter_map(|field| Some((field, known.customer(field)?)));
    let mut context = Context::default();
    context.add_variable_from_value("customer", customer.collect::<HashMap<&str, Value>>());
    let detail = serde_json::from_str(&known.detail).unwrap();
    context.add_variable_from_value("event", cel_value(&detail, "").unwrap());
    Program::compile(source).unwrap().execute(&context)
}

/// The same condition with each number in other words.
fn respelt(source: &str) -> String {
    let mut spelt = String::new();
    let mut rest = source;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[start..].find(|c: char| !c.is_ascii_digit() && c != '.');
        let end = end.map_or(rest.len(), |end| start + end);
        let number: f64 = rest[start..end].parse().unwrap();
        spelt.push_str(&rest[..start]);
        spelt.push_str(&if rest[start..end].contains('.') && number.fract() == 0.0 {
            format!("{number}")
        } else {
            format!("{number:?}e0").replace("e0e0", "e0")
        });
        rest = &rest[end..];
    }
    spelt + rest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn verdicts_are_those_of_cel(source in condition(), known in known()) {
        let trigger = Some(EventKind::PurchaseCompleted);
        let condition = Condition::compile(&source, trigger)
            .map_err(|faults| TestCaseError::fail(format!("{source}: {faults:?}")))?;
        let verdict = condition.verdict(&known);
        match by_cel(&source, &known) {
            Ok(Value::Bool(true)) => prop_assert_ne!(verdict, Verdict::Fails, "{}", source),
            // CEL takes a text for another than any number; here that is no plain no.
            Ok(Value::Bool(false)) => prop_assert_ne!(verdict, Verdict::Holds, "{}", source),
            _ => prop_assert_eq!(verdict, Verdict::MissingValue, "{}", source),
        }
        if verdict == Verdict::MissingValue && !source.contains("vip") {
            prop_assert!(by_cel(&source, &known).is_err(), "{}", source);
        }
        let respelt = Condition::compile(&respelt(&source), trigger).unwrap();
        prop_assert_eq!(respelt.verdict(&known), verdict, "{:?}", respelt);
    }
}

/// Cases of the conformance tests of cel-spec (simple tests: basic, comparisons,
/// fp_math, integer_math, lists, logic, macros, parse, string, timestamps), as far as
/// conditions have what they are about. Numbers are one kind here, so a case that
/// tells kinds of number apart is none of them.
const CONFORMANCE: &[&str] = &[
    // basic and parse: literals, names, comments, white space, nesting.
    "0x55555555 == 1431655765",
    "-0x10 == -16",
    "123.456 == 1.23456e2",
    "'' == \"\"",
    "'\\'' == \"'\"",
    "\"\\\"\" == '\"'",
    "'''a'b''' == \"a'b\"",
    "\"\"\"a\"b\"\"\" == 'a\"b'",
    "r'\\n' == '\\\\n'",
    "'\\u270c' == '✌'",
    "'\\U0001f431' == '🐱'",
    "'\\x41\\101' == 'AA'",
    "'\\a\\b\\f\\n\\r\\t\\v'.size() == 7",
    "null == null",
    "[1, 2, 3,] == [1, 2, 3]",
    "1 + 2 * 3 == 7",
    "(1 + 2) * 3 == 9",
    "2 - 1 - 1 == 0",
    "8.0 / 4.0 / 2.0 == 1.0",
    "true || false && false",
    "!false && !!true",
    "--1 == 1",
    "true ? true : false ? false : false",
    "(false ? 1 : true ? 2 : 3) == 2",
    "// before\n1 // between\n== 1 // behind",
    "\t1\r\n==\n1",
    "((((((((7)))))))) == 7",
    "[[[[1]]]][0][0][0][0] == 1",
    // comparisons
    "1 == 1.0",
    "!(1 == 2)",
    "1 != 2",
    "'abc' != 'ABC'",
    "[1, 'two'] == [1.0, 'two']",
    "[1, 2] != [2, 1]",
    "{'a': 1, 'b': 2} == {'b': 2, 'a': 1}",
    "{'a': 1} != {'a': 2}",
    "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3",
    "1 < 1.5",
    "'aaa' < 'aab' && 'Z' < 'a'",
    "false < true",
    "'a' in ['b', 'a']",
    "!('c' in ['b', 'a'])",
    "3.0 in [1, 2, 3]",
    "'k' in {'k': 1}",
    "!('x' in [])",
    // math
    "-(5) == -5",
    "7 % 3 == 1 && -7 % 3 == -1",
    "0.1 + 0.2 > 0.3",
    "4.25 + 15.25 == 19.5",
    "1.5e3 * 0.5 == 750.0",
    // lists and maps
    "[0, 1, 2][1] == 1",
    "[1] + [2] == [1, 2]",
    "size([]) == 0 && size([1, 2]) == 2 && size({'a': 1}) == 1",
    "{'name': 100}.name == 100",
    "{'a b': 1}['a b'] == 1",
    "has({'a': 1}.a) && !has({'a': 1}.b)",
    // logic: what decides is enough
    "true || 1 / customer.purchases > 0",
    "!(false && 1 / customer.purchases > 0)",
    // macros
    "[1, 2, 3].exists(e, e > 2)",
    "!([1, 2, 3].exists(e, e > 3))",
    "![].exists(e, e == 1)",
    "[1, 2, 3].all(e, e > 0)",
    "[].all(e, e > 0)",
    "!([1, 2, 3].all(e, e != 2))",
    "[7].exists_one(a, a == 7)",
    "![7, 7].exists_one(a, a == 7)",
    "[1, 2, 3].filter(x, x >= 2) == [2, 3]",
    "[1, 2].map(n, n / 2.0) == [0.5, 1.0]",
    "[1, 2, 3].map(n, n > 1, n * 10) == [20, 30]",
    "[[1], [2, 3]].exists(l, l.exists(e, e == 3))",
    "{'k1': 1, 'k2': 2}.exists(k, k == 'k2')",
    // string
    "size('') == 0 && size('πέντε') == 5",
    "'ñandú'.size() == 5",
    "'foobar'.startsWith('foo') && !'foobar'.startsWith('bar') && ''.startsWith('')",
    "'foobar'.endsWith('bar') && !'foobar'.endsWith('foo')",
    "'foobar'.contains('ob') && !'foobar'.contains('fob')",
    "'hubba'.matches('ubb') && !'hubba'.matches('^ubb')",
    "'he' + 'llo' == 'hello'",
    // timestamps
    "timestamp('2009-02-13T23:31:30Z') == timestamp('2009-02-14T00:31:30+01:00')",
    "timestamp('2009-02-13T23:31:30Z').getFullYear('UTC') == 2009",
    "timestamp('2009-02-13T23:31:30Z').getMonth('UTC') == 1",
    "timestamp('2009-02-13T23:31:30Z').getDate('UTC') == 13",
    "timestamp('2009-02-13T23:31:30Z').getDate('Australia/Sydney') == 14",
    "timestamp('2009-02-13T23:31:30Z').getDayOfWeek('UTC') == 5",
    "timestamp('2009-02-13T23:31:30Z').getDayOfMonth('UTC') == 12",
    "timestamp('2009-02-13T23:31:30Z').getDayOfYear('UTC') == 43",
    "timestamp('2009-02-13T23:31:30Z').getHours('+05:30') == 5",
    "timestamp('2009-02-13T23:31:30Z').getMinutes('UTC') == 31",
    "timestamp('2009-02-13T23:31:30Z') + duration('1h') == timestamp('2009-02-14T00:31:30Z')",
    "timestamp('2009-02-14T00:31:30Z') - timestamp('2009-02-13T23:31:30Z') == duration('1h')",
    "duration('60s') == duration('1m') && duration('1h') > duration('59m')",
];

/// Sources that cel-spec's parse tests refuse.
const NO_EXPRESSIONS: &[&str] = &[
    "", "1 +", "a.", "(1", "[1, 2", "{'a' 1}", "'open", "a b", "1 2", "if", "a = 1", "-!true",
    "x.(y)",
];

#[test]
fn the_cases_of_cel_spec_hold() {
    let nobody = Known {
        purchases: 0,
        total_spent: 0.0,
        relationship: None,
        last_nps: None,
        vip: None,
        detail: "{}".into(),
    };
    let wrong: Vec<String> = CONFORMANCE
        .iter()
        .filter_map(|source| match Condition::compile(source, None) {
            Ok(condition) => {
                let verdict = condition.verdict(&nobody);
                (verdict != Verdict::Holds).then(|| format!("{source}: {verdict:?}"))
            }
            Err(faults) => Some(format!("{source}: {faults:?}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for source in NO_EXPRESSIONS {
        assert!(Condition::compile(source, None).is_err(), "{source}");
    }
}
