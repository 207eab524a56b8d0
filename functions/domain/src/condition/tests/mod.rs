//! What conditions come to, what is refused, and what each tells of itself.

mod check;
mod numbers;

use self::check::{faults, told};
use std::collections::HashMap;

use super::parse::{NESTING_MAX, OPERATORS_MAX, SOURCE_BYTES_MAX};
use super::*;
use crate::condition::eval::Node;

const DETAIL: &str = r#"{
    "total": { "amount": "129.90", "currency": "MXN" },
    "items": [
        { "sku": "a", "quantity": 2, "unit_price": { "amount": "50.00", "currency": "MXN" } }
    ],
    "channel": null,
    "purchase_id": "p-1"
}"#;

/// A customer and an event; it counts how often the customer is asked.
struct Sample {
    asked: std::cell::Cell<u32>,
    detail: Arc<str>,
    points: Value,
}

impl Default for Sample {
    fn default() -> Sample {
        Sample { asked: Default::default(), detail: DETAIL.into(), points: Value::Int(3) }
    }
}

impl Values for Sample {
    fn customer(&self, field: &str) -> Option<Value> {
        self.asked.update(|asked| asked + 1);
        match field {
            "purchases" => Some(Value::Int(3)),
            "total_spent" => Some(Value::Float(120.5)),
            "attributes" => {
                let known = [
                    ("vip", Value::Bool(true)),
                    ("points", self.points.clone()),
                    ("code", "12".into()),
                    ("nothing", Value::Int(0)),
                ];
                Some(known.into_iter().collect::<HashMap<&str, Value>>().into())
            }
            _ => None,
        }
    }

    fn event(&self) -> Option<&Arc<str>> {
        Some(&self.detail)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        purchase.as_str() == "p-1"
    }

    fn now(&self) -> Instant {
        Instant::from_millis(1_800_000_000_000)
    }
}

fn compiled(source: &str) -> Condition {
    Condition::compile(source, Some(EventKind::PurchaseCompleted))
        .unwrap_or_else(|faults| panic!("{source}: {faults:?}"))
}

fn verdict(source: &str) -> Verdict {
    compiled(source).verdict(&Sample::default())
}

#[test]
fn a_condition_tells_what_it_names() {
    let source = "customer.purchases >= 2 && event.channel == 'web'";
    let condition = compiled(source);
    assert!(condition.names("purchases") && !condition.names("total_spent"));
    assert_eq!(condition.source(), source);
    assert_eq!(format!("{condition:?}"), format!("{source:?}"));
    let named = |name: &str| EventFields::Named([name.to_owned()].into());
    assert_eq!(*condition.event_fields(), named("channel"));
    let part =
        |fields: EventFields| fields.of(&Detail(DETAIL.into())).map(|part| part.0.to_string());
    assert_eq!(part(EventFields::None), None);
    assert_eq!(part(named("purchase_id")).as_deref(), Some(r#"{"purchase_id":"p-1"}"#));
    assert_eq!(part(EventFields::All).as_deref(), Some(DETAIL));
    assert_eq!(named("a").and(&EventFields::None).and(&named("a")), named("a"));
    assert_eq!(EventFields::None.and(&named("a")).and(&EventFields::All), EventFields::All);
}

#[test]
fn a_condition_has_a_greatest_length() {
    let of_bytes = |bytes: usize| {
        let source = format!("true{}", " ".repeat(bytes - 4));
        Condition::compile(&source, None).map(drop)
    };
    assert!(of_bytes(SOURCE_BYTES_MAX).is_ok());
    let faults = of_bytes(SOURCE_BYTES_MAX + 1).unwrap_err();
    assert!(faults[0].message.en.contains("at most 4096"), "{faults:?}");
}

#[test]
fn conditions_run() {
    assert_eq!(verdict("customer.purchases >= 2 && customer.total_spent > 100.0"), Verdict::Holds);
    assert_eq!(verdict("double(event.total.amount) > 129.0"), Verdict::Holds);
    assert_eq!(verdict("event.items.exists(i, i.quantity > 1.0)"), Verdict::Holds);
    assert_eq!(verdict("customer.attributes.vip"), Verdict::Holds);
    assert_eq!(verdict("customer.purchases == 1"), Verdict::Fails);
    assert_eq!(verdict("now > timestamp('2026-01-01T00:00:00Z')"), Verdict::Holds);
}

#[test]
fn what_no_customer_can_give_a_value_is_refused() {
    for (source, why) in [
        ("1 / 0 > 1", "2: divides by zero"),
        ("customer.purchases / 0 > 1", "19: divides by zero"),
        ("customer.purchases % 0.0 > 1", "divides by zero"),
        ("customer.purchases / (2 - 2) > 1", "divides by zero"),
        ("double('x') > 1.0", "is no number"),
        ("timestamp('2026-11-22') > now", "with its offset"),
        ("duration('soon') > duration('1h')", "such as \"36h\""),
        ("['a'][1] == 'b'", "there is no such value"),
        ("customer.country.matches('(')", "is no regular expression"),
        ("customer.country.matches(customer.id)", "takes a pattern in quotes"),
        ("now.getHours('America/Mexco') > 1", "there is no time zone \"America/Mexco\""),
        ("customer.interests['a'] == 'a'", "takes a number here"),
        ("customer.attributes[1] == 'a'", "takes a string here"),
        ("-customer.country == 1", "cannot reckon with a string"),
        ("size(customer.purchases) > 1", "size is for strings and lists"),
        ("now.getHours(1) > 1", "getHours is for strings"),
        ("duration(1) > duration('1h')", "duration is for strings"),
        ("double(true) > 1", "double is for numbers"),
        ("customer.purchases.contains(1)", "contains is for strings and lists"),
        ("bool(1)", "bool is for strings"),
        ("timestamp(true) > now", "timestamp is for strings"),
        ("size() > 1", "size is given 0 values"),
        ("exists(i, true)", "write exists behind a list"),
        ("has(customer)", "has"),
        ("{1: 'a'} == {}", "names of fields are text"),
    ] {
        let told = faults(source);
        assert!(told.contains(why), "{source}: {told}");
    }
}

#[test]
fn what_depends_on_nobody_is_reckoned_once() {
    for (source, expected) in [
        ("2 * 3 > 5", Value::Bool(true)),
        ("size([1, 2]) == 2 && true", Value::Bool(true)),
        (
            "timestamp('2026-11-22T00:00:00Z') + duration('1h') == timestamp('2026-11-22T01:00:00Z')",
            Value::Bool(true),
        ),
    ] {
        let node = compiled(source).node;
        let is_known = matches!(&*node, Node::Literal(value) if *value == expected);
        assert!(is_known || matches!(&*node, Node::And(_)), "{source}: {node:?}");
    }
}

#[test]
fn an_amount_is_a_number() {
    for (source, expected) in [
        ("event.total.amount > 1000", Verdict::Fails),
        ("event.total.amount > 129 && event.total.amount == 129.9", Verdict::Holds),
        ("event.total.amount * 2 == 259.8", Verdict::Holds),
        ("double(event.total.amount) == 129.9", Verdict::Holds),
        ("event.items.exists(i, i.unit_price.amount * i.quantity == 100)", Verdict::Holds),
        ("event.items[0].unit_price.amount == 50", Verdict::Holds),
        ("event.total == {'amount': 129.9, 'currency': 'MXN'}", Verdict::Holds),
        ("customer.total_spent - event.total.amount < 0", Verdict::Holds),
        ("has(event.total.amount)", Verdict::Holds),
    ] {
        assert_eq!(verdict(source), expected, "{source}");
    }
    for text in ["event.total.amount > '1000'", "event.items[0].unit_price.amount == '50.00'"] {
        assert!(told(text).contains("write the number without quotes"), "{text}: {}", told(text));
    }
    assert!(told("event.total.amount.startsWith('9')").contains("is for strings"));
}

#[test]
fn a_clock_without_a_zone_is_doubtful() {
    let doubts = |source: &str| {
        let told = |fault: &Fault| format!("{}: {}", fault.offset, fault.message);
        compiled(source).doubts().iter().map(told).collect::<Vec<_>>().join("; ")
    };
    for part in
        ["FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear", "Hours", "Minutes"]
    {
        let told = doubts(&format!("now.get{part}() == 0"));
        let mend = format!("write now.get{part}(customer.time_zone)");
        assert!(told.contains(&mend), "{told}");
        assert_eq!(doubts(&format!("now.get{part}(customer.time_zone) == 0")), "");
    }
    let told = doubts("customer.last_purchase_at.getDayOfWeek() == 0");
    assert!(told.contains("write getDayOfWeek(customer.time_zone)"), "{told}");
    assert!(!doubts("timestamp(event.occurred_at).getHours() == 0").is_empty());
    for fine in [
        "now.getHours('UTC') == 0",
        "now.getSeconds() == 0",
        "now.getMilliseconds() == 0",
        "(now - customer.last_purchase_at).getHours() > 2",
    ] {
        assert_eq!(doubts(fine), "", "{fine}");
    }
}

#[test]
fn parts_of_a_time_are_those_of_a_clock() {
    let at = "timestamp('2026-11-23T01:30:15.250Z')";
    for (part, utc, mexico) in [
        ("getFullYear", 2026, 2026),
        ("getMonth", 10, 10),
        ("getDate", 23, 22),
        ("getDayOfMonth", 22, 21),
        ("getDayOfWeek", 1, 0),
        ("getDayOfYear", 326, 325),
        ("getHours", 1, 19),
        ("getMinutes", 30, 30),
        ("getSeconds", 15, 15),
        ("getMilliseconds", 250, 250),
    ] {
        for (zone, expected) in [("", utc), ("'America/Mexico_City'", mexico), ("'-06:00'", mexico)]
        {
            let source = format!("{at}.{part}({zone}) == {expected}");
            assert_eq!(verdict(&source), Verdict::Holds, "{source}");
        }
    }
    assert_eq!(verdict(&format!("{at}.getMinutes('+05:30') == 0")), Verdict::Holds);
    for (part, count) in
        [("getHours", 1), ("getMinutes", 90), ("getSeconds", 5_400), ("getMilliseconds", 5_400_000)]
    {
        assert_eq!(
            verdict(&format!("duration('90m').{part}() == {count}")),
            Verdict::Holds,
            "{part}"
        );
    }
}

#[test]
fn functions_do_what_they_say() {
    for holds in [
        "size('ñandú') == 5 && 'ñandú'.size() == 5 && size({'a': 1}) == 1",
        "int(2.9) == 2 && int(-2.9) == -2 && uint(3) == 3",
        "int(timestamp('1970-01-01T00:01:00Z')) == 60",
        "timestamp(60) == timestamp('1970-01-01T00:01:00Z') && timestamp(now) == now",
        "string(true) == 'true' && string('a') == 'a' && string(-0.0) == '0'",
        "string(timestamp('2026-11-22T00:00:00Z')) == '2026-11-22T00:00:00Z'",
        "string(duration('90s')) == '90s' && duration(duration('1h')) == duration('60m')",
        "bool('true') && !bool('false') && bool(true) && dyn(true)",
        "min(3, 1, 2) == 1 && max(3, 1, 2) == 3 && max('a', 'b') == 'b'",
        "'rugs'.contains('ug') && [1, 2].contains(2.0) && {'a': 1}.contains('a')",
        "'rugs'.startsWith('ru') && 'rugs'.endsWith('gs') && 'rugs'.matches('^r.g')",
        "'ab' in {'ab': 1} && !('b' in {'ab': 1}) && null == null && null != 1",
        "{'a': {'b': 1}}.a.b == 1 && has({'a': 1}.a) && !has({'a': 1}.b)",
        "(true ? 1 : 2) == 1 && (false ? 1 : 2) == 2",
        "[1, 2].map(i, i % 2 == 0, i * 2) == [4] && {'a': 1}.exists(k, k == 'a')",
        "now - duration('1h') < now && now + duration('1h') > now",
        "duration('1h') + duration('1h') - duration('30m') == duration('90m')",
        "[1] + [2] == [1, 2] && 'a' + 'b' == 'ab' && [1] != [1, 2] && {'a': 1} != {'b': 1}",
        "trigger.refunded && has(trigger.refunded) && trigger.purchase_id == 'p-1'",
        "size(trigger) == size(event) + 1 && size(customer) == 3",
    ] {
        assert_eq!(verdict(holds), Verdict::Holds, "{holds}");
    }
}

#[test]
fn an_exit_has_its_own_event_and_the_trigger() {
    let exit = |source: &str, trigger| {
        let compiled = Condition::compile_exit(source, EventKind::PurchaseRefunded, trigger);
        let told = |found: &[Fault]| {
            found
                .iter()
                .map(|f| format!("{}: {}", f.offset, f.message))
                .collect::<Vec<_>>()
                .join("; ")
        };
        match compiled {
            Ok(condition) => told(condition.doubts()),
            Err(faults) => told(&faults),
        }
    };
    let bought = Some(EventKind::PurchaseCompleted);
    assert_eq!(
        exit("event.refund_id != '' && trigger.total.amount >= event.total.amount", bought),
        ""
    );
    assert_eq!(exit("trigger.refunded", bought), "");
    assert!(
        exit("trigger.refund_id != ''", bought)
            .starts_with("8: trigger has no field \"refund_id\"")
    );
    assert!(exit("event.items.exists(i, true)", bought).contains("event has no field \"items\""));
    let told = exit("trigger.refunde", Some(EventKind::PurchaseDelivered));
    assert!(told.contains("did you mean \"refunded\"?"), "{told}");
    // Nothing was bought: it is false, and said to be.
    for trigger in [None, Some(EventKind::ComplaintOpened)] {
        assert!(exit("trigger.refunded", trigger).contains("is always false here"));
    }
    assert!(exit("trigger.total.amount > 1", None).contains("trigger has no field \"total\""));
}

#[test]
fn a_field_is_asked_for_once_where_it_stands_twice_in_a_row() {
    let asked = |source| {
        let sample = Sample::default();
        compiled(source).verdict(&sample);
        sample.asked.get()
    };
    assert_eq!(asked("customer.purchases > 1 && customer.purchases < 9"), 1);
    assert_eq!(asked("customer.purchases > 1 && customer.total_spent < 900.0"), 2);
}

#[test]
fn an_absent_value_is_told_from_a_false_one() {
    assert_eq!(verdict("customer.last_csat <= 2"), Verdict::MissingValue);
    assert_eq!(verdict("customer.attributes.tier == 'gold'"), Verdict::MissingValue);
    assert_eq!(verdict("event.channel == 'web'"), Verdict::MissingValue);
    assert_eq!(verdict("event.items[3].sku == 'a'"), Verdict::MissingValue);
    assert_eq!(verdict("has(customer.last_csat) && customer.last_csat <= 2"), Verdict::Fails);
    assert_eq!(verdict("customer.last_csat <= 2 || customer.purchases > 1"), Verdict::Holds);
    assert_eq!(verdict("customer.last_csat <= 2 && customer.purchases > 9"), Verdict::Fails);
}
