//! What the check says of a condition, and where.

use super::*;

pub(super) fn faults(source: &str) -> String {
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
    assert!(faults("event.total.currency > 100").contains("compares a string with a number"));
    assert!(faults("customer.purchases + 1").contains("must be true or false"));
    assert!(!faults("customer.purchases >").is_empty());
    assert!(faults("customer.stage.startWith('x')").contains("startsWith"));
    // Places are bytes, and never inside a character.
    assert!(faults("customer.purchases >ñ= 1").starts_with("20: "));
    assert!(faults("true\n|| 'ñandú' > > 1").contains("20: "));
}

/// Whether a condition is taken, and what is said of it otherwise.
pub(super) fn told(source: &str) -> String {
    match Condition::compile(source, Some(EventKind::PurchaseCompleted)) {
        Ok(_) => String::new(),
        Err(faults) => faults.into_iter().map(|f| f.message.en).collect::<Vec<_>>().join("; "),
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
    for mixed in ["event.total.amount > '1'", "'1' < event.total.amount", "(true ? 1 : 2) == 'a'"] {
        assert!(told(mixed).ends_with("or double(…) around the string"), "{mixed}");
    }
    for mixed in [
        "event.total.currency == true",
        "true == event.total.currency",
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
    assert_eq!(of_items.event_fields, EventFields::Named(["items".to_owned()].into()));
    assert_eq!(of_items.customer_fields, ["purchases"]);
    assert_eq!(compiled("customer.purchases > 1").event_fields, EventFields::None);
    let of_all = compiled("size(event) > 1 && size(customer) > 1 && now == now");
    assert_eq!(of_all.event_fields, EventFields::All);
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
        let operators = |count: usize| told(&vec!["1"; count + 1].join("%"));
        assert!(!operators(OPERATORS_MAX).contains("split the rule"));
        assert!(operators(OPERATORS_MAX + 1).contains("more than 200 fields and operators"));
    });
    test.unwrap().join().unwrap();
}
