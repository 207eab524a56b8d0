//! What conditions come to, what is refused, and what each tells of itself.

use super::*;

const DETAIL: &str = r#"{
    "total": { "amount": "129.90", "currency": "MXN" },
    "items": [{ "sku": "a", "quantity": 2 }],
    "channel": null
}"#;

/// A customer and an event; it counts how often the customer is asked.
#[derive(Default)]
struct Sample {
    asked: std::cell::Cell<u32>,
}

impl Values for Sample {
    fn customer(&self, field: &str) -> Option<Value> {
        self.asked.update(|asked| asked + 1);
        match field {
            "purchases" => Some(Value::Int(3)),
            "total_spent" => Some(Value::Float(120.5)),
            "attributes" => Some(HashMap::from([("vip".to_owned(), Value::Bool(true))]).into()),
            _ => None,
        }
    }

    fn event(&self, fields: &EventFields) -> Value {
        event_value(DETAIL, fields)
    }

    fn event_field(&self, path: &[String]) -> Result<Option<Value>, Stop> {
        event_field(&Arc::from(DETAIL), path)
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
    let condition = compiled(source);
    let verdict = condition.verdict(&Sample::default());
    assert_eq!(condition.verdict_of_cel(&Sample::default()), verdict, "{source}");
    verdict
}

#[test]
fn a_condition_tells_what_it_names() {
    let source = "customer.purchases >= 2 && event.channel == 'web'";
    let condition = compiled(source);
    assert!(condition.names("purchases") && !condition.names("total_spent"));
    assert_eq!(condition.source(), source);
    assert_eq!(format!("{condition:?}"), format!("{source:?}"));
    assert!(condition.event_fields.include("channel"));
    assert!(!condition.event_fields.include("total"));
    assert!(!EventFields::None.include("channel") && EventFields::All.include("channel"));
}

#[test]
fn a_condition_has_a_greatest_length() {
    let of_bytes = |bytes: usize| {
        let source = format!("true{}", " ".repeat(bytes - 4));
        Condition::compile(&source, None).map(drop)
    };
    assert!(of_bytes(SOURCE_BYTES_MAX).is_ok());
    let faults = of_bytes(SOURCE_BYTES_MAX + 1).unwrap_err();
    assert!(faults[0].message.contains("at most 4096"), "{faults:?}");
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
fn what_is_plain_needs_no_cel() {
    for (source, expected) in [
        ("customer.attributes.vip", Ok(true)),
        ("!customer.attributes.vip", Ok(false)),
        ("!(customer.purchases == 3)", Ok(false)),
        ("customer.purchases == 3 && event.total.currency == 'EUR'", Ok(false)),
        ("customer.purchases == 4 || event.total.currency == 'MXN'", Ok(true)),
        ("customer.purchases != 3", Ok(false)),
        ("customer.purchases < 4", Ok(true)),
        ("customer.purchases <= 2", Ok(false)),
        ("customer.purchases > 2", Ok(true)),
        ("customer.purchases >= 4", Ok(false)),
        ("customer.total_spent > 120.25", Ok(true)),
        ("event.total.currency < 'MXN'", Ok(false)),
        ("customer.attributes.vip == true", Ok(true)),
        ("event.total.currency in ['EUR', 'MXN']", Ok(true)),
        ("customer.purchases in [1, 2]", Ok(false)),
        ("double(event.total.amount) >= 129.9", Ok(true)),
        ("double(customer.purchases) < 3.0", Ok(false)),
        ("double(customer.total_spent) == 120.5", Ok(true)),
        ("double('2.5') == 2.5", Ok(true)),
        ("has(customer.attributes.tier)", Ok(false)),
        ("has(event.total.amount)", Ok(true)),
        ("customer.attributes.tier == 'gold'", Err(Stop::Missing)),
        ("event.channel == 'web'", Err(Stop::Missing)),
        ("customer.attributes.vip.since == 1", Err(Stop::InDoubt)),
    ] {
        let condition = compiled(source);
        let plain = condition.plain.as_ref().unwrap_or_else(|| panic!("{source} is plain"));
        assert_eq!(plain.holds(&Sample::default()), expected, "{source}");
    }
    for beyond in ["size(customer.interests) > 1", "event.items.exists(i, i.quantity > 1.0)"] {
        assert!(compiled(beyond).plain.is_none(), "{beyond}");
    }
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

fn faults(source: &str) -> String {
    let faults = Condition::compile(source, Some(EventKind::PurchaseCompleted)).unwrap_err();
    faults.iter().map(|f| format!("{}: {}", f.offset, f.message)).collect::<Vec<_>>().join("; ")
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    assert_eq!(
        faults("customer.purchses > 1"),
        "9: customer has no field \"purchses\"; did you mean \"purchases\"?"
    );
    assert!(faults("custmer.purchases > 1").contains("did you mean \"customer\"?"));
    assert!(faults("event.totl.amount == '1'").contains("did you mean \"total\"?"));
    assert!(faults("event.total.amount > 100").contains("compares a string with a number"));
    assert!(faults("customer.purchases + 1").contains("must be true or false"));
    assert!(!faults("customer.purchases >").is_empty());
    assert!(faults("customer.total_spent * 2 > 1.0").contains("2.0"));
    assert!(faults("customer.stage.startWith('x')").contains("startsWith"));
    // Places are bytes, and never inside a character.
    assert!(faults("customer.purchases >ñ= 1").starts_with("20: "));
    assert!(faults("true\n|| 'ñandú' > > 1").contains("20: "));
}

/// Whether a condition is taken, and what is said of it otherwise.
fn told(source: &str) -> String {
    match Condition::compile(source, Some(EventKind::PurchaseCompleted)) {
        Ok(_) => String::new(),
        Err(faults) => faults.into_iter().map(|f| f.message).collect::<Vec<_>>().join("; "),
    }
}

#[test]
fn what_is_compared_is_of_one_type() {
    for fits in [
        "(true ? 1 : 2) == 3",
        "(true ? 1 : 'b') == 'a'",
        "customer.interests[0] == 'rugs'",
        "'rugs' in customer.interests",
        "1 in [1, 2]",
        "'a' in [1, 'b']",
    ] {
        assert_eq!(told(fits), "", "{fits}");
    }
    for mixed in ["event.total.amount > 100", "100 < event.total.amount", "(true ? 1 : 2) == 'a'"] {
        assert!(told(mixed).ends_with("write double(…) around the string"), "{mixed}");
    }
    for mixed in [
        "event.total.amount == true",
        "true == event.total.amount",
        "customer.interests[0] == true",
    ] {
        let told = told(mixed);
        assert!(told.contains("compares ") && !told.contains("double"), "{mixed}: {told}");
    }
    for elsewhere in ["1 in customer.interests", "'a' in [1, 2]"] {
        assert!(told(elsewhere).contains("looks for "), "{elsewhere}");
    }
    assert!(told("1 in 2").contains("takes a list"));
}

#[test]
fn what_is_reckoned_with_is_of_types_that_go_together() {
    for fits in [
        "1 % 2 == 0",
        "1.5 * 2.0 - 1.0 > 1.0",
        "'a' + 'b' == 'ab'",
        "[1] + [2] == [1, 2]",
        "now - now == duration('1h')",
        "now + duration('1h') > now",
        "now - duration('1h') < now",
        "duration('1h') + now > now",
        "duration('1h') + duration('1h') - duration('1h') == duration('1h')",
    ] {
        assert_eq!(told(fits), "", "{fits}");
    }
    for bad in [
        "'a' - 'b' == 'c'",
        "[1] - [2] == [1]",
        "now + now == now",
        "now * duration('1h') == now",
        "duration('1h') - now == now",
        "duration('1h') * duration('1h') == duration('1h')",
        "true + 1 == 2",
        "1 + true == 2",
        "event.items.exists(i, true) + 1 == 2",
        "event.items.exists_one(i, true) + 1 == 2",
    ] {
        assert!(told(bad).contains("cannot reckon with "), "{bad}: {}", told(bad));
    }
    for mixed in ["1 + 1.0 > 1.0", "1.0 - 1 > 1.0", "1.5 % 0.5 == 0.5"] {
        assert!(told(mixed).contains("mixes whole and decimal"), "{mixed}");
    }
}

#[test]
fn functions_are_for_what_they_are_for() {
    for fits in [
        "customer.country.startsWith('M')",
        "customer.attributes.city.startsWith('M')",
        "now.getFullYear() > 2020",
        "(now - now).getHours() > 2",
        "customer.interests.size() > 1",
    ] {
        let told = told(fits);
        assert!(!told.contains(" is for "), "{fits}: {told}");
    }
    assert!(told("customer.purchases.startsWith('1')").contains("startsWith is for strings"));
    assert!(told("customer.country.getFullYear() > 1").contains("getFullYear is for timestamps"));
}

#[test]
fn only_what_is_named_is_read() {
    let of_items = compiled("event.items.exists(i, i.sku == 'a') && customer.purchases > 1");
    assert_eq!(of_items.event_fields, EventFields::Named(vec!["items".into()]));
    assert_eq!(of_items.customer_fields, ["purchases"]);
    let of_none = compiled("customer.purchases > 1");
    assert_eq!((of_none.event_fields, of_none.uses_now), (EventFields::None, false));
    let of_all = compiled("size(event) > 1 && size(customer) > 1 && now == now");
    assert_eq!((of_all.event_fields.clone(), of_all.uses_now), (EventFields::All, true));
    assert!(of_all.names("purchases") && of_all.names("lifetime_value"));
}

#[test]
fn what_is_too_deep_to_be_walked_is_refused() {
    // Without optimisations the parser asks for more stack than a test has.
    let test = std::thread::Builder::new().stack_size(32 << 20).spawn(|| {
        let nested = |open: &str, close: &str| told(&format!("{open}true{close}"));
        for (open, close) in [("(", ")"), ("!", ""), ("! ", "")] {
            let most = |more: usize| {
                nested(&open.repeat(NESTING_MAX + more), &close.repeat(NESTING_MAX + more))
            };
            assert_eq!(most(0), "", "{open}");
            assert!(most(1).contains("nested deeper"), "{open}");
        }
        assert!(nested(&("(".repeat(NESTING_MAX) + "!"), "").contains("nested deeper"));
        // What was closed nests no more, nor do signs of another value.
        assert_eq!(told(&vec!["((!true))"; 30].join("||")), "");
        let operators = |count: usize| told(&vec!["true"; count + 1].join("%"));
        assert!(!operators(OPERATORS_MAX).contains("split the rule"));
        assert!(operators(OPERATORS_MAX + 1).contains("more than 200 fields and operators"));
    });
    test.unwrap().join().unwrap();
}
