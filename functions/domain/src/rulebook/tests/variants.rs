//! What is found in variants and in the global holdout.

use super::*;
use crate::id::Id;

fn with(variants: &str) -> String {
    GREET.replace("template: note", &format!("variants: {{ {variants} }}"))
}

fn told(policy: &str, rule: &str) -> Vec<String> {
    let files = [(POLICY_FILE.into(), policy.into()), ("greet.yaml".into(), rule.into())];
    RuleBook::check(&files).1.iter().map(ToString::to_string).collect()
}

#[test]
fn variants_that_do_not_fit_are_told() {
    let two = "a: { template: x, share: 50% }, b: { template: z, share: 50% }";
    assert_eq!(told("{}", &with(two)), [""; 0]);
    let thirds = "a: { template: x, share: 33.3% }, b: { template: z, share: 33.3% }, c: { template: w, share: 33.4% }";
    assert_eq!(told("{}", &with(thirds)), [""; 0]);
    let place = "greet.yaml:5:";
    for (variants, message) in [
        (
            two.replacen("50%", "49%", 1),
            "error: the shares add up to 99%, and must be 100% together",
        ),
        (two.replacen("50%", "50.01%", 1), "error: the shares add up to 100.01%, and"),
        (two.replacen("50%", "100%", 2), "error: the shares add up to 200%, and"),
        (two.replacen("50%", "half", 1), "\"half\" is no percentage"),
        (two.replacen("50%", "-5%", 1), "\"-5%\" is no percentage"),
        (two.replacen("50%", "0.5", 1), "expected text, found 0.5"),
        (two.replacen("template: x, ", "", 1), "the key \"template\" is missing"),
        (two.replacen("b:", "B:", 1), "error: a variant's name is lower-case letters"),
        (two.replacen("share", "shares", 1), "unknown key \"shares\"; did you mean \"share\"?"),
        (String::new(), "error: name at least two variants, or write template"),
        ("a: { template: x, share: 100% }".into(), "warning: there is one variant only"),
    ] {
        let found = told("{}", &with(&variants));
        let is_told = found.iter().any(|told| told.starts_with(place) && told.contains(message));
        assert!(is_told, "{variants}: {found:#?}");
    }
    let both = with(two).replace("variants:", "template: note, variants:");
    let found = told("{}", &both);
    assert!(found[0].contains("a step has a template or variants, not both"), "{found:?}");
    let event = with(two).replace("channel: task", "channel: event");
    let found = told("{}", &event);
    assert!(found[0].contains("an event carries ids only and has no template"), "{found:?}");
    let neither = GREET.replace(", template: note", "");
    assert!(told("{}", &neither)[0].contains("needs a template"));
}

#[test]
fn each_customer_gets_the_variant_that_the_hash_draws() {
    let rule = with(
        "b: { template: two, share: 60% }, a: { template: one, share: 10% }, c: { template: three, share: 30% }",
    );
    let book = book(&rule);
    let step = &book.rule("greet").unwrap().steps[0];
    let mut counts = std::collections::BTreeMap::new();
    for number in 0..20_000 {
        let id = Id::new(format!("cus-{number}").as_str()).unwrap();
        // Once more, by hand.
        let drawn = crate::draw::fraction(&format!("greet/note/{id}"));
        let expected = match drawn {
            ..0.1 => ("one", "a"),
            ..0.7 => ("two", "b"),
            _ => ("three", "c"),
        };
        assert_eq!(step.drawn("greet", &id, None), (Some(expected.0), Some(expected.1)));
        *counts.entry(expected.1).or_insert(0) += 1;
    }
    for (name, share) in [("a", 0.1), ("b", 0.6), ("c", 0.3)] {
        let found = f64::from(counts[name]) / 20_000.0;
        assert!((found - share).abs() < 0.02, "{name}: {found}");
    }
    let ana = Id::new("ana").unwrap();
    assert_eq!(step.drawn("greet", &ana, Some("c")), (Some("three"), Some("c")));
    let drawn = step.drawn("greet", &ana, None);
    assert_eq!(step.drawn("greet", &ana, Some("gone")), drawn);
}

#[test]
fn a_global_holdout_that_does_not_fit_is_told() {
    let of = |fields: &str| told(&format!("global_holdout: {{ {fields} }}"), GREET);
    for fine in ["\"2027\"", "2027", "autumn", "\"1.10\""] {
        assert_eq!(of(&format!("share: 5%, purpose: marketing, epoch: {fine}")), [""; 0], "{fine}");
    }
    for (fields, message) in [
        ("share: 5%, purpose: marketing", "the key \"epoch\" is missing"),
        (
            "share: 5%, purpose: marketing, epoch: 1.10",
            "expected a name in quotes, such as \"2027\"",
        ),
        ("share: 5%, purpose: marketing, epoch: ''", "an epoch is a name such as \"2027\""),
        ("share: 5, purpose: marketing, epoch: x", "expected text, found 5"),
        ("share: 5%, purpose: markting, epoch: x", "did you mean \"marketing\"?"),
        ("share: 5%, purpose: marketing, epoc: x", "did you mean \"epoch\"?"),
    ] {
        let found = of(fields);
        assert!(found.iter().any(|told| told.contains(message)), "{fields}: {found:#?}");
    }
}
