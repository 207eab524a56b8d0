//! What is wrong in rules and the policy, and where.

use super::*;

#[test]
fn what_is_wrong_in_one_file_refuses_all() {
    let bad = GREET.replace("live", "alive");
    let files = [(POLICY_FILE.into(), "{}".into()), ("greet.yaml".into(), bad)];
    let found = RuleBook::read(&files).map(drop).unwrap_err();
    assert_eq!((found.len(), found[0].file.as_str()), (1, "greet.yaml"));
    // A warning refuses nothing.
    let doubtful = GREET.replace("{ event: PurchaseCompleted }", "{ occasion: brithday }");
    assert!(book(&doubtful).rule("greet").is_some());
}

/// What is told of a policy and of a rule, each with its place.
fn told(policy: &str, rule: &str) -> Vec<String> {
    let files = [(POLICY_FILE.into(), policy.into()), ("greet.yaml".into(), rule.into())];
    RuleBook::check(&files).1.iter().map(ToString::to_string).collect()
}

const TASK: &str = "id: note, channel: task, template: note";

fn with(step: &str) -> String {
    GREET.replace(TASK, step)
}

fn more(more: &str) -> String {
    with(&format!("{TASK}, {more}"))
}

fn attempts(more: &str) -> String {
    with(&format!("id: note, channel: call, template: note, attempts: {{ {more} }}"))
}

/// The one fault of a rule is told where a text stands in it, in such words.
fn is_told(rule: &str, at: &str, message: &str) {
    let start = rule.find(at).map(|byte| &rule[..byte]).unwrap();
    let line = start.lines().count().max(1) + usize::from(start.ends_with('\n'));
    let column = start.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let told = told("{}", rule);
    assert_eq!(told.len(), 1, "{rule}: {told:#?}");
    let place = format!("greet.yaml:{line}:{column}: error: ");
    let is_it = told[0].starts_with(&place) && told[0].contains(message);
    assert!(is_it, "{place}{message}: {told:?}");
}

#[test]
fn what_does_not_go_together_in_attempts_is_told_with_its_place() {
    for (rule, at, message) in [
        (attempts("max: 0, gap: 1 day"), "0,", "max is 1 to 10"),
        (attempts("max: 11, gap: 1 day"), "11", "max is 1 to 10"),
        (attempts("max: 2, gap: 0 days"), "0 days", "gap must be longer than nothing"),
        (
            attempts("max: 2, gap: 1 day, then: call, template: x"),
            "call, template: x",
            "is an email or a task",
        ),
        (
            attempts("max: 2, gap: 1 day, then: event, template: x"),
            "event, template: x",
            "is an email or a task",
        ),
        (attempts("max: 2, gap: 1 day, then: email"), "email", "needs a template"),
        (attempts("max: 2, gap: 1 day, template: x"), "x }", "name with then how it goes"),
        (more("attempts: { max: 2, gap: 1 day }"), "{ max", "attempts are for calls"),
    ] {
        is_told(&rule, at, message);
    }
    let good =
        [attempts("max: 1, gap: 1 day"), attempts("max: 10, gap: 1 day, then: task, template: x")];
    for good in good {
        assert_eq!(told("{}", &good), [""; 0], "{good}");
    }
}

#[test]
fn what_does_not_go_together_in_a_rule_is_told_with_its_place() {
    let mail = "id: note, channel: email, template: note";
    let survey = "survey: { kind: csat, touchpoint: store, sample: 20% }";
    let most = Survey::TOUCHPOINT_CHARS_MAX;
    let long = survey.replace("store", &"x".repeat(most + 1));
    // Each rule, where in it the fault is told, and in what words.
    for (rule, at, message) in [
        (GREET.replace("greet", "Greet"), "Greet", "a rule's name is lower-case letters"),
        (GREET.replace("greet", "meet"), "meet", "its file \"greet\"; give both one name"),
        (format!("{GREET}priority: 101"), "101", "priority is 0 to 100"),
        (with(&TASK.replace("note, c", "Note, c")), "Note", "a step's id is lower-case"),
        (
            GREET.replace("}]", "}, { id: note, channel: task, template: next }]"),
            "note, channel: task, template: next }",
            "two steps have the id \"note\"",
        ),
        (with("id: note, channel: event, event: Greeted, template: x"), "x }", "has no template"),
        (with("id: note, channel: task"), "task", "a step of channel task needs a template"),
        (with("id: note, channel: email"), "email", "a step of channel email needs a template"),
        (with("id: note, channel: call"), "call", "a step of channel call needs a template"),
        (more("on: event.follow_up.on"), "event.f", "tells of this day"),
        (more(survey), "{ kind", "a survey goes by email"),
        (with(&format!("{mail}, {long}")), "xxx", "a touchpoint is a name on one line"),
        (
            with(&format!("{mail}, {}", survey.replace("store", "\"a\\tb\""))),
            "\"a\\tb",
            "a touchpoint is a name on one line",
        ),
        (more("if: customer.purchases"), "purchases", "must be true or false"),
        (
            GREET.replace("steps", "filter: \"'ñandú' == 'ñ' || customer.purchses > 1\"\nsteps"),
            "purchses",
            "no field \"purchses\"",
        ),
    ] {
        is_told(&rule, at, message);
    }
    for good in [
        format!("{GREET}priority: 100"),
        with("id: note, channel: event, event: Greeted"),
        with(&format!("{mail}, {survey}")),
        with(&format!("{mail}, {}", long.replacen('x', "", 1))),
    ] {
        assert_eq!(told("{}", &good), [""; 0], "{good}");
    }
    let folded =
        GREET.replace("steps", "filter: >-\n  customer.purchases >\n  customer.nothing\nsteps");
    assert!(told("{}", &folded)[0].starts_with("greet.yaml:6:3: "), "{:?}", told("{}", &folded));
}

#[test]
fn a_survey_that_is_drawn_for_many_at_once_is_doubtful() {
    let survey = "id: note, channel: email, template: note, survey: { kind: nps, touchpoint: store, sample: 20% }";
    let of = |trigger: &str| {
        let rule = GREET.replace("event: PurchaseCompleted", trigger);
        let told = told("{}", &rule.replace("id: note, channel: task, template: note", survey));
        assert!(
            told.iter().all(|told| told.contains("warning: who is asked is drawn")),
            "{told:?}"
        );
        told.len()
    };
    let triggers = [
        "event: PurchaseCompleted",
        "event: ContentPublished",
        "occasion: birthday",
        "every: 1 month",
    ];
    assert_eq!(triggers.map(of), [0, 1, 1, 1]);
}

#[test]
fn a_time_at_which_a_channel_never_goes_is_doubtful() {
    let policy = "windows: { task: { mon-fri: '09:00-19:30', sat: '08:00-14:00' } }\ndefault_time: '23:00'\n";
    let of = |at: &str| {
        let told = told(policy, &GREET.replace("template: note", &format!("template: note{at}")));
        assert!(
            told.iter().all(|told| told.contains("is outside the policy's window")),
            "{told:?}"
        );
        told.len()
    };
    let times =
        ["", ", at: '08:00'", ", at: '19:29'", ", at: '07:59'", ", at: '19:30'", ", at: '00:30'"];
    assert_eq!(times.map(of), [0, 0, 0, 1, 1, 1]);
    let other = GREET
        .replace("channel: task, template: note", "channel: email, template: note, at: '03:00'");
    assert_eq!(told(policy, &other), [""; 0]);
}

#[test]
fn what_lets_nothing_through_is_told_with_its_place() {
    for (policy, told_at, message) in [
        (
            "frequency_caps: [{ channel: any, max: 0, per: 7 days }]",
            "1:18",
            "max: 0 lets nothing through",
        ),
        ("frequency_caps: [{ channel: any, max: 1, per: 0 days }]", "1:18", "per must be longer"),
        (
            "relationships: { trade: { frequency_caps: [{ channel: any, max: 0, per: 7 days }] } }",
            "1:44",
            "max: 0 lets nothing through",
        ),
        ("windows: { email: {} }", "1:19", "the window for email never opens"),
        (
            "windows: { call: { mon: '09:00-12:00' } }\nby_country: { ES: { call: { mon: '13:00-15:00' } } }",
            "2:27",
            "together with the general window, call never opens in ES",
        ),
        ("brand: { name: X, from: nobody }", "1:25", "\"nobody\" is no e-mail address"),
        (
            "brand: { name: X, from: a@b.co, reply_to: nobody }",
            "1:43",
            "\"nobody\" is no e-mail address",
        ),
        ("brand: { name: \"a\\nb\", from: a@b.co }", "1:8", "one line each"),
    ] {
        let told = told(policy, GREET);
        assert_eq!(told.len(), 1, "{policy}: {told:#?}");
        let start = format!("policy.yaml:{told_at}: error: ");
        assert!(
            told[0].starts_with(&start) && told[0].contains(message),
            "{start}{message}: {told:?}"
        );
        let files = [(POLICY_FILE.into(), policy.into())];
        assert!(RuleBook::read(&files).is_err(), "{policy}");
    }
}

#[test]
fn every_fault_of_a_file_is_told_at_once_with_its_place() {
    let rule = "\
rule: greet
status: alive
purpose: service
priority: high
colour: red
trigger: { event: PurchaseCompleted }
reentry: { cooldown: soon }
steps:
  - { id: note, channel: task, template: no }
  - { id: ask, channel: pigeon, template: note }
  - { id: rate, channel: email, template: note, survey: { kind: csat, tochpoint: store } }
";
    let spans = "write a number and a unit, such as \"90 minutes\", \"4 hours\", \"1 day\", \
                 \"5 business days\", \"2 weeks\", \"1 month\"";
    let expected = [
        "2:9: error: unknown value \"alive\"; did you mean \"live\"?".to_owned(),
        "4:11: error: expected a whole number, zero or more, found \"high\"".to_owned(),
        "5:1: error: unknown key \"colour\"; known are description, during_complaint, exit_on, \
         filter, goal, holdout, priority, purpose, reentry, rule, status, steps, title, trigger"
            .to_owned(),
        format!("7:10: error: \"soon\" is not a duration; {spans}"),
        "9:42: error: expected text, found false; write it in quotes".to_owned(),
        "10:25: error: unknown value \"pigeon\"; known are email, call, task, event".to_owned(),
        "11:71: error: unknown key \"tochpoint\"; did you mean \"touchpoint\"?".to_owned(),
    ];
    assert_eq!(told("{}", rule), expected.map(|line| format!("greet.yaml:{line}")));
    let policy = "closed_days: [soon]\nbrand: [5]\nteams: { care: }\nanniversaries: wedding\n";
    let expected = [
        "1:15: error: closed_days is no date such as 1984-03-09, or --03-09 where the year is \
         not known",
        "2:9: error: expected text, found 5; write it in quotes",
        "3:14: error: expected keys with values, such as \"name: value\", found nothing",
        "4:16: error: expected a list, found \"wedding\"",
    ];
    assert_eq!(told(policy, GREET), expected.map(|line| format!("policy.yaml:{line}")));
    for (rule, expected) in [
        ("", "1:1: error: expected keys with values, such as \"name: value\", found nothing"),
        ("rule: greet\nstatus: [live\n", "2:9: error: unclosed bracket '['"),
        ("rule: greet\nrule: greet\n", "2:1: error: the key \"rule\" stands here a second time"),
        ("rule: greet\n", "1:1: error: the key \"status\" is missing"),
    ] {
        assert_eq!(told("{}", rule), [format!("greet.yaml:{expected}")]);
    }
}

#[test]
fn what_the_policy_would_never_apply_is_told() {
    let told = |policy: &str| {
        let found = RuleBook::check(&[("policy.yaml".into(), policy.into())]).1;
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    for (country, meant) in
        [("es", "ES"), ("UK", "GB"), ("Spain", "ES"), ("España", "ES"), ("MEX", "MX")]
    {
        let policy =
            format!("by_country:\n  {country}: {{ call: {{ mon-fri: \"09:00-21:00\" }} }}\n");
        let told = told(&policy);
        let expected = format!(
            "policy.yaml:2:3: error: {country:?} is no country code (ISO 3166, two capitals); did you mean {meant:?}?"
        );
        assert_eq!(told, expected);
    }
    let zz = told("by_country: { ZZ: { call: { mon: \"09:00-21:00\" } } }");
    assert!(zz.contains("no country code") && !zz.contains("did you mean"), "{zz}");
    assert_eq!(told("by_country: { GB: { call: { mon: \"09:00-21:00\" } } }"), "");
    assert!(told("currency: MXM").contains("1:11: error: there is no currency \"MXM\""));
    assert!(told("default_locale: Spanish").contains("is no language tag"));
    assert!(told("default_locale: es-MX").is_empty());
    for (policy, why) in [
        (
            "windows: { mail: { mon: \"09:00-21:00\" } }",
            "unknown key \"mail\"; did you mean \"email\"?",
        ),
        ("windows: { email: { lunes: \"09:00-21:00\" } }", "names no days"),
        ("default_time_zone: America/Mexco_City", "time zone"),
        ("frequency_caps: [{ channel: mail, max: 1, per: 1 day }]", "unknown value \"mail\""),
        ("relationships: { dedicated: { channels: [mail] } }", "unknown value \"mail\""),
    ] {
        assert!(told(policy).contains(why), "{policy}: {}", told(policy));
    }
}

#[test]
fn what_a_condition_asks_for_in_vain_is_told() {
    let policy =
        ("policy.yaml".to_owned(), "relationships: { dedicated: {}, self_service: {} }".to_owned());
    let told = |filter: &str| {
        let text = GREET.replace("steps", &format!("filter: {filter}\nsteps"));
        let found = RuleBook::check(&[policy.clone(), ("greet.yaml".into(), text)]).1;
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    for (filter, why) in [
        ("customer.country == \"UK\"", "did you mean \"GB\"?"),
        ("customer.country in [\"MX\", \"es\"]", "did you mean \"ES\"?"),
        ("customer.stage != \"Ended\"", "did you mean \"ended\"?"),
        ("customer.stage == \"gone\"", "it is one of exploration, awareness"),
        ("event.total.currency == \"MXM\"", "there is no currency"),
        (
            "customer.relationship == \"dedicatd\"",
            "warning: the policy has no relationship \"dedicatd\"; did you mean \"dedicated\"?",
        ),
    ] {
        assert!(told(filter).contains(why), "{filter}: {}", told(filter));
    }
    for fine in [
        "customer.country == \"MX\" && customer.stage != \"ended\"",
        "customer.relationship in [\"dedicated\", \"wholesale\"]",
        "event.total.currency == \"EUR\"",
    ] {
        assert_eq!(told(fine), "", "{fine}");
    }
}

#[test]
fn an_exit_s_condition_is_checked_where_it_stands() {
    let told = |exits: &str| {
        let text = GREET.replace("steps", &format!("exit_on: {exits}\nsteps"));
        let files = [("policy.yaml".to_owned(), "{}".to_owned()), ("greet.yaml".into(), text)];
        let (book, found) = RuleBook::check(&files);
        let kinds = book.map(|book| book.rule("greet").map_or(0, |rule| rule.exit_on.len()));
        (kinds, found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    };
    for fine in [
        "[PurchaseRefunded]",
        "[{ event: PurchaseRefunded }]",
        "[{ event: PurchaseRefunded, if: trigger.refunded }]",
        "[{ event: PurchaseRefunded, if: event.total.amount > trigger.total.amount / 2 }]",
    ] {
        assert_eq!(told(fine), (Some(1), String::new()), "{fine}");
    }
    let both = "[ComplaintOpened, { event: SurveyAnswered, if: event.csat >= 4 && now > timestamp(trigger.occurred_at) }]";
    assert_eq!(told(both), (Some(2), String::new()));
    for (exits, why) in [
        (
            "[{ event: PurchaseRefunded, if: event.totl.amount > 1 }]",
            "5:48: error: event has no field \"totl\"; did you mean \"total\"?",
        ),
        (
            "[{ event: PurchaseRefunded, if: trigger.refund_id == 'r' }]",
            "5:50: error: trigger has no field \"refund_id\"",
        ),
        (
            "[{ event: PurchaseRefnded, if: trigger.refunded }]",
            "unknown value \"PurchaseRefnded\"; did you mean \"PurchaseRefunded\"?",
        ),
        (
            "[PurchaseRefnded]",
            "5:11: error: unknown value \"PurchaseRefnded\"; did you mean \"PurchaseRefunded\"?",
        ),
        (
            "[{ event: PurchaseRefunded, iff: trigger.refunded }]",
            "unknown key \"iff\"; did you mean \"if\"?",
        ),
        ("[{ if: trigger.refunded }]", "the key \"event\" is missing"),
        ("[7]", "expected an event such as PurchaseRefunded"),
        (
            "[PurchaseRefunded, { event: PurchaseRefunded, if: trigger.refunded }]",
            "warning: PurchaseRefunded is also named without an if",
        ),
    ] {
        assert!(told(exits).1.contains(why), "{exits}: {}", told(exits).1);
    }
    let asks = book(&GREET.replace(
        "steps",
        "exit_on: [{ event: ComplaintOpened, if: customer.p_alive > 0.5 }]\nsteps",
    ));
    assert!(asks.asks_for_drift());
}
