//! What a book knows, and what is told of files that do not fit.

mod faults;
mod segments;
mod variants;

use super::*;
use crate::drift::{Kind, Spending};

/// What is told of a rule for an occasion, under a policy.
fn told_of_occasion(name: &str, policy: &str) -> Vec<String> {
    let rule = format!(
        "rule: greet\nstatus: live\npurpose: service\ntrigger: {{ occasion: {name} }}\n\
         steps: [{{ id: note, channel: task, template: note }}]\n"
    );
    let files = [(POLICY_FILE.into(), policy.into()), ("greet.yaml".into(), rule)];
    let (_, found) = RuleBook::check(&files);
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn an_occasion_that_nobody_has_is_told() {
    const NONE: &str = "default_locale: es";
    let names = "anniversaries: [wedding, contract]";
    for known in ["birthday", "customer_since", "wedding", "contract"] {
        assert_eq!(told_of_occasion(known, names), [""; 0], "{known}");
        assert_eq!(told_of_occasion(known, NONE), [""; 0], "{known}");
    }
    let place = "greet.yaml:4:22";
    assert_eq!(
        told_of_occasion("weding", names),
        [format!("{place}: error: unknown occasion \"weding\"; did you mean \"wedding\"?")]
    );
    assert_eq!(
        told_of_occasion("retirement", names),
        [format!(
            "{place}: error: unknown occasion \"retirement\"; known are birthday, customer_since, \
             wedding, contract: policy.yaml names them under anniversaries"
        )]
    );
    // Without names any may be right, and one is likely mistyped.
    assert_eq!(told_of_occasion("retirement", NONE), [""; 0]);
    let warned = told_of_occasion("brithday", NONE);
    assert!(warned[0].contains("warning") && warned[0].contains("\"birthday\"?"), "{warned:?}");
    let empty = told_of_occasion("''", NONE);
    assert!(empty[0].contains("error: name the occasion"), "{empty:?}");
}

#[test]
fn names_of_staff_that_lead_to_no_mailbox_are_told_with_their_place() {
    let policy = "\
people: { eva: { email: eva@casa.example, locale: en } }
teams:
  care: { members: [eva, luis] }
  idle: {}
  eva: { email: team@casa.example }
complaints: { escalate_to: [care, evo] }
";
    let (_, found) = RuleBook::check(&[(POLICY_FILE.into(), policy.into())]);
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "policy.yaml:3:20: error: team \"care\" names \"luis\", who is not among people",
        "policy.yaml:4:9: error: team \"idle\" has neither an email nor members, so no mail reaches it",
        "policy.yaml:5:8: error: \"eva\" is the name of a person and of a team; give each a name of its own",
        "policy.yaml:6:28: error: complaints escalate to \"evo\", who is neither among people nor teams; did you mean \"eva\"?",
    ];
    assert_eq!(told, expected);
    let bad = "people: { eva: { email: eva, locale: english please } }";
    let (_, found) = RuleBook::check(&[(POLICY_FILE.into(), bad.into())]);
    assert!(found[0].message.en.contains("ana@example.com"), "{found:?}");
}

#[test]
fn who_gets_work_and_no_mail_about_it_is_doubtful() {
    let policy = "digest_at: '07:30'
people: { eva: { name: Eva Ruiz, email: eva@casa.example } }
call_team: care
complaints: { departments: { delivery: eva, product: shed } }
";
    let rule = "rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: call, channel: call, template: call, assign_to: evo }
  - { id: task, channel: task, template: call, assign_to: account_manager }
  - { id: alert, channel: event, event: Bought, assign_to: nobody }
";
    let files =
        |policy: &str| [(POLICY_FILE.into(), policy.into()), ("call.yaml".into(), rule.into())];
    let (book, found) = RuleBook::check(&files(policy));
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = [
        "call.yaml:6:59: warning: \"evo\" is neither among people nor teams in the policy, so no mail in the morning tells of this; did you mean \"eva\"?",
        "policy.yaml:3:12: warning: \"care\" is neither among people nor teams in the policy, so no mail in the morning tells of this",
        "policy.yaml:4:54: warning: \"shed\" is neither among people nor teams in the policy, so no mail in the morning tells of this",
    ];
    assert_eq!(told, expected);
    assert_eq!(book.unwrap().policy.mailboxes("eva")[0].called, "Eva Ruiz");
    // A shop without such mails may do as it likes.
    let (_, found) = RuleBook::check(&files(&policy.replace("digest_at", "default_time")));
    assert!(found.is_empty(), "{found:?}");
}

fn book(rule: &str) -> RuleBook {
    let files = [(POLICY_FILE.into(), "{}".into()), ("greet.yaml".into(), rule.into())];
    RuleBook::read(&files).unwrap()
}

const GREET: &str = "rule: greet
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: note, channel: task, template: note }]
";

#[test]
fn by_a_rhythm_alone_nobody_s_value_is_known() {
    let rhythm = ShopRhythm { completed_gaps: 100, mean_gap_days: 45.0, overdue_ratio: 2.5 };
    let model = Model {
        kind: Kind::MbgNbd,
        until: jiff::civil::date(2026, 1, 1),
        customers: 1_000,
        unique_histories: 900,
        estimate: None,
        refused: None,
        rhythm: ShopRhythm::default(),
        spending: Spending::fit(&[]),
    };
    let taught = book(GREET).with_model(&model);
    assert!(taught.values().is_some());
    let forecast = taught.with_rhythm(rhythm);
    assert!(forecast.values().is_none());
    assert_eq!(forecast.scorer().ratio_figures(), (45.0, 2.5));
}

#[test]
fn a_book_knows_what_its_rules_ask_for() {
    assert_eq!(book(GREET).rule("greet").unwrap().priority, 50);
    assert!(
        !book(GREET).asks_for_drift() && book(GREET).exit(EventKind::ComplaintOpened).is_none()
    );
    let exits = book(&GREET.replace("steps", "exit_on: [ComplaintOpened]\nsteps"));
    assert!(exits.exit(EventKind::ComplaintOpened).is_some());
    assert!(exits.exit(EventKind::PurchaseCompleted).is_none());
    let of_stage = GREET.replace("{ event: PurchaseCompleted }", "{ stage: dissolution }");
    assert!(book(&of_stage).asks_for_drift());
    assert!(!book(&of_stage.replace("live", "paused")).asks_for_drift());
    for (condition, asks) in [
        ("customer.p_alive < 0.5", true),
        ("customer.stage == 'ended'", true),
        ("customer.lifetime_value > 1.0", true),
        ("customer.p_active > 0.5", true),
        ("customer.purchases > 1", false),
    ] {
        let filter = GREET.replace("steps", &format!("filter: {condition}\nsteps"));
        assert_eq!(book(&filter).asks_for_drift(), asks, "{condition}");
        let step = GREET.replace("template: note", &format!("template: note, if: \"{condition}\""));
        assert_eq!(book(&step).asks_for_drift(), asks, "{condition}");
    }
}

#[test]
fn what_follows_an_attempt_is_like_it_at_times_of_its_own() {
    for time in ["wait: 2 days", "on: event.follow_up.on"] {
        let step = format!(
            "{{ id: call, channel: call, template: script, {time}, at: '12:00', \
             if: customer.purchases > 1, expires: 9 days, attempts: {{ max: 3, gap: 1 day, \
             then: email, template: sorry }} }}"
        );
        let rule = GREET.replace("PurchaseCompleted", "InteractionRecorded");
        let book = book(&rule.replace("{ id: note, channel: task, template: note }", &step));
        let rule = book.rule("greet").unwrap();
        let steps: Vec<&Step> = rule.all_steps().collect();
        let ids: Vec<&str> = steps.iter().map(|step| &*step.id).collect();
        assert_eq!(ids, ["call", "call.2", "call.3", "call.then"]);
        let [first, second, third, then] = steps[..] else { unreachable!() };
        let has_time = |step: &Step| [step.wait.is_some() || step.on.is_some(), step.at.is_some()];
        let times = [first, second, third, then].map(has_time);
        assert_eq!(times, [[true; 2], [false; 2], [false; 2], [false; 2]]);
        for further in [second, third] {
            assert_eq!((&further.template, further.expiry), (&first.template, Span::days(9)));
            assert!(further.channel == Channel::Call && further.condition.is_some());
        }
        assert_eq!((then.channel, then.template.as_deref()), (Channel::Email, Some("sorry")));
        assert!(then.condition.is_none() && then.template_place > first.template_place);
        assert_eq!(then.expiry, Channel::Email.expiry());
    }
}
