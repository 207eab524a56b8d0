//! What is found in a file of segments, and in conditions that ask for them.

use super::*;
use crate::customer::Customer;
use crate::segment::SEGMENTS_MAX;
use crate::view::View;

const ASKS: &str = "rule: greet
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: segment(\"loyal\")
steps: [{ id: note, channel: task, template: note }]
";

fn files(segments: &str, rule: &str) -> Vec<(String, String)> {
    let all = [(POLICY_FILE, "{}"), (SEGMENTS_FILE, segments), ("greet.yaml", rule)];
    all.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec()
}

fn told(segments: &str, rule: &str) -> Vec<String> {
    RuleBook::check(&files(segments, rule)).1.iter().map(ToString::to_string).collect()
}

const LOYAL: &str = "loyal: { if: customer.purchases > 1 }\n";

#[test]
fn segments_are_read_with_titles_and_descriptions() {
    let text = "loyal:
  title: { es: Fieles, en: Loyal }
  description: They came back.
  if: customer.purchases > 1
";
    assert_eq!(told(text, ASKS), [""; 0]);
    let book = RuleBook::read(&files(text, ASKS)).unwrap();
    let loyal = book.segments().get("loyal").unwrap();
    assert_eq!((loyal.title.es(), loyal.title.en()), (Some("Fieles"), Some("Loyal")));
    assert_eq!(loyal.description.es(), Some("They came back."));
}

#[test]
fn a_file_with_nothing_in_it_has_no_segments() {
    for empty in ["", "\n", "# none yet\n", "---\n", "{}", "~", "# a\n---\n# b\n"] {
        assert_eq!(told(empty, GREET), [""; 0], "{empty:?}");
    }
    let compiled = |text: &str| {
        let rule = serde_saphyr::from_str::<serde_json::Value>(GREET).unwrap().to_string();
        RuleBook::read_compiled(&files(text, &rule))
    };
    assert!(compiled("null").unwrap().segments().is_empty());
    let one = compiled(r#"{"loyal":{"if":"customer.purchases > 1","title":{"es":"Fieles"}}}"#);
    assert_eq!(one.unwrap().segments().get("loyal").unwrap().title.en(), Some("Fieles"));
}

#[test]
fn a_name_that_no_segment_has_is_told_with_the_nearest() {
    let asks = |filter: &str| ASKS.replace("segment(\"loyal\")", filter);
    for (filter, column, name) in [
        ("segment(\"loyl\")", 17, "loyl"),
        ("\"loyl\" in customer.segments", 9, "loyl"),
        ("customer.segments.contains(\"loyl\")", 36, "loyl"),
        ("customer.segments.exists(s, s == \"loyl\")", 42, "loyl"),
        ("customer.segments == [\"loyl\"]", 31, "loyl"),
        ("customer.segments.exists(s, s in [\"loyal\", \"loyl\"])", 52, "loyl"),
        ("customer.segments[0] == \"loyl\"", 33, "loyl"),
        ("!segment(\"loyal\") && segment(\"loyl\")", 38, "loyl"),
    ] {
        let rule = asks(&format!("'{filter}'"));
        let expected = format!(
            "greet.yaml:5:{}: error: there is no segment {name:?}; did you mean \"loyal\"?",
            column + 1
        );
        assert_eq!(told(LOYAL, &rule), [expected], "{filter}");
    }
    let far = told(LOYAL, &asks("segment(\"elsewhere\")"));
    assert!(
        far[0].ends_with("there is no segment \"elsewhere\"; segments.yaml has loyal"),
        "{far:?}"
    );
    let none = told("", ASKS);
    assert!(none[0].ends_with("there is no segment \"loyal\"; segments.yaml has none"), "{none:?}");
    let within =
        told("loyal: { if: segment(\"big\") }\nbit: { if: \"true\", counted: true }", ASKS);
    assert_eq!(
        within,
        ["segments.yaml:1:22: error: there is no segment \"big\"; did you mean \"bit\"?"]
    );
    // What is wrong in one segment is told of that one alone.
    let broken = told("loyal: { if: customer.purchase > 1 }", ASKS);
    assert!(broken.len() == 1 && broken[0].contains("\"purchases\"?"), "{broken:?}");
    let without = told("loyal: { description: x }", ASKS);
    assert!(without.len() == 1 && without[0].contains("the key \"if\" is missing"), "{without:?}");
    let no_yaml = told("loyal: [", ASKS);
    assert!(no_yaml.len() == 1 && no_yaml[0].starts_with("segments.yaml:"), "{no_yaml:?}");
}

#[test]
fn what_is_no_name_of_a_segment_is_told() {
    let asks = |filter: &str| told(LOYAL, &ASKS.replace("segment(\"loyal\")", filter));
    for (filter, message) in [
        ("segment(customer.stage)", "segment takes a name in quotes, such as segment(\"loyal\")"),
        ("segment(3)", "segment takes a name in quotes"),
        ("'\"loyal\".segment()'", "write segment(\"loyal\"), with nothing before it"),
        ("'segment(\"loyal\", \"x\")'", "segment is given 2 values"),
        ("segment(\"loyal\") > 2", "compares true or false with a number"),
        ("'3 in customer.segments'", "looks for a number in a list of a string"),
        ("segmnt(\"loyal\")", "did you mean \"segment\"?"),
    ] {
        let found = asks(filter);
        assert!(found.iter().any(|told| told.contains(message)), "{filter}: {found:?}");
    }
    for fine in [
        "'size(customer.segments) > 0'",
        "'customer.segments.exists(s, s.startsWith(\"lo\"))'",
        "'customer.segments.map(s, s + \"!\").exists(s, s == \"anything!\")'",
    ] {
        assert_eq!(asks(fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_circle_is_told_with_the_way_round() {
    let circle = "a: { if: segment(\"c\") }
b: { if: segment(\"a\") }
c: { if: 'segment(\"b\") || customer.purchases > 1' }
d: { if: segment(\"d\") }
loyal: { if: segment(\"a\") }
";
    let found = told(circle, ASKS);
    let expected = [
        "segments.yaml:1:10: error: segments go round in a circle: a → c → b → a; one of them has to do without the next",
        "segments.yaml:4:10: error: segments go round in a circle: d → d; one of them has to do without the next",
    ];
    assert_eq!(found, expected);
    // Also by the list; and of a customer as a whole.
    for own in ["size(customer.segments) > 1", "'\"a\" in customer.segments.filter(s, true)'"] {
        let found =
            told(&format!("loyal: {{ if: {own} }}\na: {{ if: 'true', counted: true }}"), ASKS);
        assert!(
            found.iter().any(|told| told.contains("is in customer.segments itself")),
            "{found:?}"
        );
    }
    let whole = told("loyal: { if: 'customer[\"segments\"] == []' }", ASKS);
    assert!(whole[0].contains("asks for fields of customer by their names"), "{whole:?}");
    // A long chain is none, and is asked once each.
    let mut chain = String::from("loyal: { if: segment(\"s0\") }\n");
    for n in 0..SEGMENTS_MAX - 2 {
        let next = format!("segment(\"s{}\")", n + 1);
        chain += &format!("s{n}: {{ if: '{next} || {next}' }}\n");
    }
    chain += &format!("s{}: {{ if: customer.purchases > 5 }}\n", SEGMENTS_MAX - 2);
    assert_eq!(told(&chain, ASKS), [""; 0]);
    let book = RuleBook::read(&files(&chain, ASKS)).unwrap();
    let nobody = Customer::new(crate::id::Id::new("nobody").unwrap());
    let view = View::of(&nobody, &book, Instant::from_millis(0));
    let filter = book.rule("greet").unwrap().filter.as_ref().unwrap();
    assert_eq!(filter.verdict(&view), crate::condition::Verdict::Fails);
}

#[test]
fn a_segment_sees_no_event() {
    for (condition, message) in [
        ("event.total.amount > 1", "a segment is about a customer and sees no event"),
        ("trigger.refunded", "a segment is about a customer and sees no trigger"),
        ("has(event.total)", "sees no event"),
        ("customer.email == 'x'", "is for templates alone"),
        ("customer.purchases", "a condition must be true or false"),
    ] {
        let found = told(&format!("loyal: {{ if: {condition} }}"), ASKS);
        assert!(found.len() == 1 && found[0].contains(message), "{condition}: {found:?}");
    }
}

#[test]
fn what_does_not_fit_in_a_segment_is_told_with_its_place() {
    for (text, expected) in [
        (
            "Loyal: { if: 'true', counted: true }\n",
            "segments.yaml:1:1: error: a segment's name is lower-case",
        ),
        (
            "a: { if: 'true', counted: true, titel: x }\n",
            "segments.yaml:1:33: error: unknown key \"titel\"; did you mean \"title\"?",
        ),
        ("a: { if: 'true', counted: true, title: { fr: x } }\n", "unknown key \"fr\""),
        ("a: { if: true, counted: true }\n", "expected text, found true"),
        ("a: { if: 'true', title: 3, counted: true }\n", "expected text, or a text by language"),
        ("- a\n", "expected keys with values"),
        ("a: { if: 'true', counted: true }\na: { if: 'true' }\n", "a second time"),
    ] {
        let found = told(text, GREET);
        assert!(found.iter().any(|told| told.contains(expected)), "{text}: {found:#?}");
    }
    let many: String = (0..=SEGMENTS_MAX)
        .map(|n| format!("s{n}: {{ if: customer.purchases > {n}, counted: true }}\n"))
        .collect();
    let found = told(&many, GREET);
    assert!(found[0].contains("has 101 segments, at most 100 are taken"), "{found:?}");
}

#[test]
fn a_segment_that_nobody_uses_or_that_never_holds_is_doubtful() {
    let two = "big: { if: customer.total_spent > 9.0 }\nloyal: { if: customer.purchases > 1 }\n";
    let found = told(two, ASKS);
    assert_eq!(found.len(), 1, "{found:?}");
    let expected = "segments.yaml:1:1: warning: nothing asks for the segment \"big\"; take it out";
    assert!(found[0].starts_with(expected), "{found:?}");
    let counted = two.replace("9.0", "9.0, counted: true");
    assert_eq!(told(&counted, ASKS), [""; 0]);
    // A segment that another uses, an if, an exit, and the list are uses.
    let by_other = two
        .replace("purchases > 1", "purchases > 1 && segment(\"big\")")
        .replace("loyal: { if: customer", "loyal: { if: 'customer")
        .replace(") }\n", ")' }\n");
    assert_eq!(told(&by_other, ASKS), [""; 0]);
    for (from, to) in [
        ("template: note }", "template: note, if: segment(\"big\") }"),
        ("steps:", "exit_on: [{ event: SurveyAnswered, if: segment(\"big\") }]\nsteps:"),
        ("segment(\"loyal\")", "size(customer.segments) == 0"),
    ] {
        assert_eq!(told(two, &ASKS.replace(from, to)), [""; 0], "{to}");
    }
    let never = told("loyal: { if: customer.last_nps > 10 }", ASKS);
    assert_eq!(never, ["segments.yaml:1:14: warning: can never hold: nobody is in this segment"]);
}

#[test]
fn what_segments_ask_for_rules_ask_for() {
    let by = |segments: &str| RuleBook::read(&files(segments, ASKS)).unwrap().asks_for_drift();
    assert!(!by("loyal: { if: customer.purchases > 1 }"));
    assert!(by("loyal: { if: customer.stage == 'commitment' }"));
    assert!(by(
        "loyal: { if: '!segment(\"a\")' }\na: { if: segment(\"b\") }\nb: { if: customer.p_alive > 0.5 }"
    ));
    assert!(!by("loyal: { if: customer.purchases > 1 }\nb: { if: customer.p_alive > 0.5 }"));
}
