//! What a report counts: each customer once in one arm, and a verdict that looking
//! often does not bring about.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod experiments;
mod shared_data;

use experiments::{DAY, Shop, Somebody, at, book, enrolled, person};
use lazo_domain::digest::sha256_hex;
use lazo_domain::event::{Delivered, EventKind, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, simulate};
use lazo_domain::touch::{Reason, TouchStatus};
use lazo_domain::uplift::{
    GoalReport, Measuring, RuleReport, TouchFact, Verdict, Window, of_replay,
};

const RULE: &str = "
rule: winback
status: live
purpose: marketing
trigger: { event: InteractionRecorded }
holdout: 20%
goal: { event: PurchaseCompleted, within: 2 days }
steps: [{ id: mail, channel: email, template: t }, { id: more, channel: email, template: t, wait: 1 day }]
";

fn report(rule: &str, people: &[Somebody]) -> RuleReport {
    let book = book(rule);
    let window = Window { from: at(0), until: at(100 * DAY), as_of: at(100 * DAY) };
    let mut measuring = Measuring::new(&book, window);
    people.iter().for_each(|person| measuring.take(person));
    measuring.reports(None).remove(0)
}

#[test]
fn a_customer_counts_once_by_the_first_enrolment_in_the_window() {
    let mut ana = person();
    // Before the window, and twice in it.
    ana.touches = vec![
        enrolled("winback", "0", at(-DAY), None),
        enrolled("winback", "1", at(DAY), None),
        enrolled("winback", "2", at(10 * DAY), None),
    ];
    ana.bought(at(11 * DAY), "30.00");
    let told = report(RULE, &[ana.clone()]);
    // The purchase is too late for the first, and the second does not count anew.
    assert_eq!((told.enrolled, told.held_out, told.sent), (1, 0, 2));
    assert_eq!(told.goal.treated.converted, Some(0));

    ana.bought(at(2 * DAY), "12.50");
    ana.bought(at(3 * DAY), "7.50");
    let told = report(RULE, &[ana]);
    assert_eq!(told.goal.treated.converted, Some(1));
    assert_eq!(told.goal.treated.revenue, Some(20.0));
}

#[test]
fn only_what_comes_after_the_trigger_and_in_time_is_the_goal() {
    for (bought, converted) in [(0, 0), (1, 1), (2 * DAY, 1), (2 * DAY + 1, 0), (-1, 0)] {
        let mut ana = person();
        ana.touches = vec![enrolled("winback", "1", at(DAY), None)];
        ana.bought(at(DAY + bought), "1.00");
        assert_eq!(report(RULE, &[ana]).goal.treated.converted, Some(converted), "{bought}");
    }
    let mut ana = person();
    ana.touches = vec![enrolled("winback", "1", at(DAY), None)];
    ana.did(EventKind::SurveyAnswered, at(DAY + 1));
    assert_eq!(report(RULE, &[ana]).goal.treated.converted, Some(0), "another kind");
}

#[test]
fn held_out_counts_alike_and_what_enrolled_nobody_does_not() {
    let mut held = person();
    held.touches = vec![enrolled("winback", "1", at(DAY), Some(Reason::Holdout))];
    held.bought(at(DAY + 5), "9.00");
    let mut refused = person();
    refused.touches = vec![enrolled("winback", "1", at(DAY), Some(Reason::FilterFalse))];
    let mut crowded = person();
    crowded.touches = vec![enrolled("winback", "1", at(DAY), Some(Reason::PendingLimit))];
    let told = report(RULE, &[held, refused, crowded]);
    assert_eq!((told.enrolled, told.held_out, told.sent, told.reached), (2, 1, 0, 0));
    assert_eq!(told.goal.held_out.converted, Some(1));
    assert_eq!(told.not_sent.into_iter().collect::<Vec<_>>(), [(Reason::PendingLimit, 1)]);
}

#[test]
fn touches_are_counted_by_how_they_ended() {
    let mut ana = person();
    ana.touches = vec![enrolled("winback", "1", at(DAY), None)];
    let more = |status, reason| {
        let mut more = enrolled("winback", "1", at(DAY), None);
        (more.step, more.enrolled_at, more.status, more.reason) = ("more", None, status, reason);
        more
    };
    ana.touches.push(more(TouchStatus::Cancelled, Some(Reason::Exited)));
    let mut ben = person();
    ben.touches = vec![enrolled("winback", "1", at(DAY), None), more(TouchStatus::Pending, None)];
    ben.touches[0].status = TouchStatus::Skipped;
    ben.touches[0].reason = Some(Reason::NoConsent);
    let told = report(RULE, &[ana, ben]);
    assert_eq!((told.enrolled, told.reached, told.sent, told.pending), (2, 1, 1, 1));
    let not_sent: Vec<_> = told.not_sent.into_iter().collect();
    assert_eq!(not_sent, [(Reason::NoConsent, 1), (Reason::Exited, 1)]);
    assert_eq!(told.delivered, None, "nothing was heard of any mail");
}

#[test]
fn without_a_goal_or_a_holdout_there_is_no_verdict() {
    let mut ana = person();
    ana.touches = vec![enrolled("winback", "1", at(DAY), None)];
    let of = |rule: &str| report(rule, &[ana.clone()]).goal;
    let aimless = of(&RULE.replace("goal:", "# goal:"));
    assert_eq!((aimless.verdict, aimless.treated.converted), (Verdict::None, None));
    let for_all = of(&RULE.replace("holdout: 20%", "holdout: 0%"));
    assert_eq!((for_all.verdict, for_all.treated.converted), (Verdict::None, Some(0)));
    assert_eq!(for_all.rates.level, None);
    let measured = of(RULE);
    assert_eq!((measured.verdict, measured.verdict_on), (Verdict::TooEarly, None));
    assert_eq!(measured.rates.level, Some(0.998));
}

#[test]
fn the_verdict_has_one_day_and_is_decided_by_who_had_their_time_then() {
    // 40 a day, of whom a third buys: about 700 are needed.
    let shop = Shop { holdout: 0.3, rate: 0.35, effect: 0.0, a_day: 40, days: 60 };
    let people = shop.people(7);
    let rule = RULE.replace("holdout: 20%", "holdout: 30%");
    let book = book(&rule);
    let look = |day: i64| {
        let now = at(day * DAY);
        let window = Window { from: at(0), until: now, as_of: now };
        let mut measuring = Measuring::new(&book, window);
        people.iter().for_each(|person| measuring.take(&person.until(now)));
        measuring.reports(None).remove(0).goal
    };
    let looks: Vec<_> = (1..=60).map(look).collect();
    let first = looks.iter().position(|goal| goal.verdict != Verdict::TooEarly).unwrap();
    let (before, decided) = looks.split_at(first);
    assert!(first > 12 && first < 55, "decided on day {first}");
    assert!(before.iter().all(|goal| goal.rates.level == Some(0.998) && goal.decided_by.is_none()));
    let day = decided[0].verdict_on.unwrap();
    assert!(decided.iter().all(|goal| goal.verdict_on == Some(day)), "its day does not move");
    assert!(decided.iter().all(|goal| goal.decided_by == decided[0].decided_by));
    assert!(decided.iter().all(|goal| goal.rates.level == Some(0.95)));
    let on = |goal: &lazo_domain::uplift::GoalReport| goal.treated.customers;
    assert!(on(&decided[decided.len() - 1]) > on(&decided[0]), "all in the window are told of");
    // It was foreseen well once the shop was known a little.
    let foreseen = before[first - 3].verdict_on.unwrap();
    assert!((foreseen - day).get_days().abs() <= 6, "{foreseen} {day}");
}

#[test]
fn arms_that_did_not_come_out_as_drawn_withhold_the_verdict() {
    let shop = Shop { holdout: 0.4, rate: 0.3, effect: 0.0, a_day: 20, days: 20 };
    let people = shop.people(3);
    let told = report(RULE, &people);
    assert!(told.goal.rates.sample_ratio_p.unwrap() < 0.001);
    assert_eq!(told.goal.verdict, Verdict::Withheld);
}

#[test]
fn what_is_told_does_not_depend_on_who_was_counted_first() {
    let shop = Shop { holdout: 0.2, rate: 0.3, effect: 0.1, a_day: 30, days: 30 };
    let people = shop.people(5);
    let book = book(RULE);
    let window = Window { from: Instant::MIN, until: at(60 * DAY), as_of: at(60 * DAY) };
    let told = |order: Vec<&Somebody>, split: usize| {
        let mut parts = [Measuring::new(&book, window), Measuring::new(&book, window)];
        for (place, person) in order.into_iter().enumerate() {
            parts[usize::from(place >= split)].take(person);
        }
        let [mut one, other] = parts;
        one.add(other);
        serde_json::to_string(&one.reports(None)).unwrap()
    };
    let forwards = told(people.iter().collect(), 100);
    let backwards = told(people.iter().rev().collect(), 333);
    assert_eq!(forwards, backwards);
}

/// A few runs of what `cargo bench -p lazo-domain --bench coverage` does with many.
#[test]
fn looking_every_week_brings_no_effects_about() {
    let shop = Shop { holdout: 0.3, rate: 0.4, effect: 0.0, a_day: 12, days: 91 };
    let looks = experiments::weekly_looks(&shop, 60);
    assert!(looks.decided >= 55, "{looks:?}");
    // Five in a hundred, and what chance adds to that in sixty runs.
    assert!(looks.effects <= 9, "{looks:?}");
}

#[test]
fn intervals_hold_what_they_should() {
    let cell = experiments::Cell { customers: 2_000, holdout: 0.2, rate: 0.1, effect: 0.02 };
    let share = experiments::rates_cover(&cell, 1_500, 1);
    assert!((0.935..=0.97).contains(&share), "{share}");
    let spent: Vec<f64> = (1..200).map(|n| f64::from(n * n)).collect();
    let share = experiments::ratios_cover(&cell, &spent, 600, 1);
    assert!((0.90..=0.985).contains(&share), "{share}");
}

/// A real history, in which a rule does nothing: each customer is in one arm, by the draw
/// of the rule, however often they buy.
#[test]
fn a_replayed_history_counts_each_customer_once_in_one_arm() {
    let purchases = shared_data::cdnow().unwrap_or_else(made_up);
    let rule = RULE.replace("InteractionRecorded", "PurchaseCompleted");
    let book = book(&rule);
    let until = day("1999-01-01");
    let window = Window { from: Instant::MIN, until, as_of: until };
    let mut measuring = Measuring::new(&book, window);
    let mut drawn = 0;
    let customers = purchases.into_iter().take(1_500).map(|(customer, days)| {
        let id = Id::new(&format!("c{customer}")).unwrap();
        drawn += u64::from(share(&format!("winback/{id}")) < 0.2);
        (id, days)
    });
    let mut count = 0;
    for (id, days) in customers.collect::<Vec<_>>() {
        count += 1;
        let purchase = |(place, (date, spent)): (usize, (&jiff::civil::Date, &f64))| {
            let text = format!(
                r#"{{"detail-type":"PurchaseCompleted","detail":{{"customer_id":"{id}","purchase_id":"{id}-{place}","occurred_at":"{date}T12:00:00Z","total":{{"amount":"{spent:.2}","currency":"MXN"}}}}}}"#
            );
            from_wire(&text).unwrap()
        };
        let mut events: Vec<Delivered> = days.iter().enumerate().map(purchase).collect();
        // Whatever comes twice counts once.
        events.extend(events.clone());
        let period = Period { from: Instant::MIN, until };
        let outcome = simulate(id, &mut events, &[], &book, period);
        measuring.take(&of_replay(&outcome, &events, &book, until));
    }
    let told = measuring.reports(None).remove(0);
    assert!(count >= 300);
    assert_eq!((told.enrolled, told.held_out), (count, drawn));
    assert_eq!(told.goal.treated.customers + told.goal.held_out.customers, count);
    assert!(told.goal.rates.sample_ratio_p.unwrap() > 0.001);
}

/// Where the draw of a holdout falls.
fn share(text: &str) -> f64 {
    let first = u64::from_str_radix(&sha256_hex(text, 8), 16).unwrap();
    first as f64 / 2f64.powi(64)
}

fn day(date: &str) -> Instant {
    format!("{date}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().into()
}

fn made_up() -> shared_data::Purchases {
    let days = |number: u32| {
        let first: jiff::civil::Date = "1997-01-05".parse().unwrap();
        let bought = (0..=number % 4).map(|n| first + jiff::Span::new().days(i64::from(n * 20)));
        bought.map(|date| (date, 10.0)).collect()
    };
    (0..400).map(|number| (format!("{number:04}"), days(number))).collect()
}

#[test]
fn all_rules_of_a_purpose_are_measured_together_and_variants_against_each_other() {
    let policy =
        "currency: MXN\nglobal_holdout: { share: 20%, purpose: marketing, epoch: \"2027\" }";
    let winback = RULE.replacen(
        "template: t }",
        "variants: { a: { template: t, share: 50% }, b: { template: u, share: 50% } } }",
        1,
    );
    let notes = "
rule: notes
status: live
purpose: service
trigger: { event: InteractionRecorded }
steps: [{ id: mail, channel: email, template: t }]
";
    let files = [("policy.yaml", policy), ("winback.yaml", &winback), ("notes.yaml", notes)];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let book = RuleBook::read(&files).unwrap();
    let window = Window { from: at(0), until: at(100 * DAY), as_of: at(100 * DAY) };
    let mut measuring = Measuring::new(&book, window);
    let mut take =
        |count: usize, reason: Option<Reason>, variant: Option<&'static str>, bought: bool| {
            for _ in 0..count {
                let mut somebody = person();
                let touch = enrolled("winback", "1", at(DAY), reason);
                somebody.touches = vec![TouchFact { variant, ..touch }];
                // A rule of another purpose is no part of it.
                somebody.touches.push(enrolled("notes", "1", at(DAY), None));
                if bought {
                    somebody.bought(at(2 * DAY), "10.00");
                }
                measuring.take(&somebody);
            }
        };
    take(30, None, Some("a"), true);
    take(10, None, Some("a"), false);
    take(20, None, Some("b"), true);
    take(20, None, Some("b"), false);
    take(15, Some(Reason::Holdout), None, false);
    take(4, Some(Reason::GlobalHoldout), None, true);
    take(16, Some(Reason::GlobalHoldout), None, false);
    let told = measuring.reports(None);
    let names: Vec<&str> = told.iter().map(|report| report.rule.as_str()).collect();
    assert_eq!(names, ["*", "notes", "winback"]);
    let (all, winback) = (&told[0], &told[2]);
    // Whoever one rule alone holds out is treated by the others.
    assert_eq!((all.enrolled, all.held_out), (115, 20));
    let arms = |report: &RuleReport| {
        let GoalReport { treated, held_out, .. } = &report.goal;
        (treated.customers, treated.converted, held_out.customers, held_out.converted)
    };
    assert_eq!(arms(all), (95, Some(50), 20, Some(4)));
    assert_eq!(arms(winback), (80, Some(50), 15, Some(0)));
    assert_eq!(winback.held_out_of_all, 20);
    let [a, b] = &winback.variants[..] else { panic!("{:?}", winback.variants) };
    assert_eq!((a.variant.as_str(), a.arm.converted, a.against.as_deref()), ("a", Some(30), None));
    assert_eq!((b.arm.customers, b.against.as_deref()), (40, Some("a")));
    assert_eq!(b.rates.difference, Some(-0.25));
}
