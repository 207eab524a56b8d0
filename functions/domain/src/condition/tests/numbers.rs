//! Numbers are numbers, however they are spelt.

use super::*;

#[test]
fn a_number_is_a_number_however_it_is_spelt() {
    // Of a condition and what it comes to where the number is 3.
    for (source, expected) in [
        ("event.n * 2.0 >= 6.0 && event.n * 2 >= 6", Verdict::Holds),
        ("event.n == 3 && event.n == 3.0 && 3 == event.n && event.n != 2", Verdict::Holds),
        ("event.n in [1, 3.0] && event.n in [1.0, 3] && !(event.n in [4.0])", Verdict::Holds),
        ("event.n / 2 == 1.5 && event.n / 2.0 > 1 && int(event.n / 2) == 1", Verdict::Holds),
        ("event.n % 2 == 1 && event.n % 2.0 == 1.0 && -event.n == -3", Verdict::Holds),
        ("string(event.n) == '3' && string(event.n / 2) == '1.5'", Verdict::Holds),
        ("[10, 20, 30, 40][event.n] == 40 && ['a', 'b'][event.n - 2] == 'b'", Verdict::Holds),
        ("size([1, 2, 3]) == event.n && [1, 2, 3].size() / event.n == 1.0", Verdict::Holds),
        (
            "max(event.n, 2.5) == 3 && min(event.n, 4) == 3.0 && max([event.n, 1]) == 3",
            Verdict::Holds,
        ),
        ("[event.n, 1.0] == [3.0, 1] && {'a': event.n} == {'a': 3}", Verdict::Holds),
        ("event.list.exists(i, i * 1.5 > 4 && i * 2 == 6) && 3.0 in event.list", Verdict::Holds),
        (
            "event.list.map(i, i + 0.5) == [3.5] && event.list.filter(i, i > 2.5).size() == 1",
            Verdict::Holds,
        ),
        ("event.list.exists_one(i, i == 3) && event.list.all(i, i >= 3)", Verdict::Holds),
        ("double(event.n) == 3 && double('3') == event.n && int('3') == event.n", Verdict::Holds),
        ("event.n > 3 || event.n < 3.0", Verdict::Fails),
        ("timestamp('2026-11-22T03:00:00Z').getHours() == event.n", Verdict::Holds),
        ("customer.purchases == event.n && customer.purchases * 1.5 == 4.5", Verdict::Holds),
    ] {
        // No schema has these fields.
        let source = source.replace("event.", "customer.attributes.");
        for spelt in [Value::Int(3), Value::Float(3.0), Value::UInt(3)] {
            let list = Value::List(Arc::new(vec![spelt.clone()]));
            let known = Numbers([("n", spelt), ("list", list)].into());
            assert_eq!(compiled(&source).verdict(&known), expected, "{source} {known:?}");
        }
    }
    for spelt in ["3", "3.0", "3e0", "30e-1"] {
        let detail = format!(r#"{{"items":[{{"quantity":{spelt}}}]}}"#);
        let sample = Sample { detail: detail.into(), ..Sample::default() };
        for source in [
            "event.items.exists(i, i.quantity * 2.0 >= 4.0)",
            "event.items[0].quantity * 1.5 == 4.5",
            "event.items.all(i, i.quantity in [3])",
        ] {
            assert_eq!(compiled(source).verdict(&sample), Verdict::Holds, "{source} {spelt}");
        }
    }
}

/// Attributes alone.
#[derive(Debug)]
struct Numbers(HashMap<&'static str, Value>);

impl Values for Numbers {
    fn customer(&self, field: &str) -> Option<Value> {
        match field {
            "attributes" => Some(self.0.clone().into()),
            _ => Some(Value::Int(3)),
        }
    }

    fn event(&self) -> Option<&Arc<str>> {
        None
    }

    fn is_refunded(&self, _: &Id) -> bool {
        false
    }

    fn now(&self) -> Instant {
        Instant::from_millis(0)
    }
}

#[test]
fn what_cannot_be_reckoned_is_no_plain_no() {
    for source in [
        "1 / customer.attributes.nothing > 0",
        "1 % customer.attributes.nothing > 0",
        "!(1 / customer.attributes.nothing > 0)",
        "customer.attributes.code > 10",
        "customer.attributes.code == 12",
        "customer.attributes.code != 12",
        "customer.attributes.code in [12, 13]",
        "customer.attributes.code * 2 > 10",
        "customer.attributes.vip > 1",
        "customer.attributes.code && true",
        "!customer.attributes.points",
        "customer.attributes.code",
        "customer.attributes.points.name == 'a'",
        "double(customer.attributes.vip) > 1",
        "int('x' + customer.attributes.code) > 1",
        "customer.attributes.points.startsWith('3')",
        "now.getHours(customer.attributes.code) == 1",
        "[1, 2][customer.attributes.points / 2] == 1",
        "customer.attributes.points * 1e300 * 1e300 > 1",
    ] {
        assert_eq!(verdict(source), Verdict::MissingValue, "{source}");
    }
    // What decides alone does not need the other side.
    assert_eq!(verdict("true || 1 / customer.attributes.nothing > 0"), Verdict::Holds);
    assert_eq!(verdict("1 / customer.attributes.nothing > 0 || true"), Verdict::Holds);
    assert_eq!(verdict("1 / customer.attributes.nothing > 0 && false"), Verdict::Fails);
    assert_eq!(verdict("[0, 1].exists(i, 1 / i == 1)"), Verdict::Holds);
    assert_eq!(verdict("[0, 2].all(i, 1 / i == 1)"), Verdict::Fails);
    assert_eq!(verdict("[0, 1].all(i, 1 / i == 1)"), Verdict::MissingValue);
    assert_eq!(verdict("customer.attributes.code in [12, '12']"), Verdict::Holds);
    assert_eq!(verdict("customer.attributes.code in []"), Verdict::Fails);
    let nested = "[1].exists(a, [0].exists(b, a / b == 1) || [2].exists(c, c == a + 1))";
    assert_eq!(verdict(nested), Verdict::Holds);
}
