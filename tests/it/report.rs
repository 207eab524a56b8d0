//! What `lazo report` tells of the table: what a simulation of the same history tells,
//! by reads of the days that are asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use lazo::shell::intake;
use lazo::shell::report::{self, json};
use lazo::shell::rules::Rules;
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::simulation::{Period, simulate};
use lazo_domain::uplift::{Measuring, Window, of_replay};

use crate::support::events::{delivered, envelope, profile, purchase};
use crate::support::generate::{Plan, history};
use crate::support::virtual_time::replay;
use crate::support::{World, at, id, minutes_after, rules};

const DAY_MINUTES: i64 = 1_440;

/// Rules with a holdout and a goal, of every kind of trigger.
fn measured() -> Rules {
    rules(&FILES)
}

const FILES: [(&str, &str); 5] = [
    (
        "policy.yaml",
        "
brand: { name: Casa Lumbre, from: hola@casalumbre.example, postal_address: Orizaba 127 }
currency: MXN
default_time_zone: America/Mexico_City
default_locale: es
max_trigger_age: 2 days
windows: { email: { mon-sun: '08:00-21:00' } }
frequency_caps: [{ purpose: marketing, max: 1, per: 7 days }]
",
    ),
    (
        "offer.yaml",
        "
rule: offer
status: live
purpose: marketing
trigger: { event: PurchaseCompleted }
filter: customer.purchases >= 2
holdout: 40%
reentry: { cooldown: 10 days }
exit_on: [PurchaseRefunded, ComplaintOpened]
goal: { event: PurchaseCompleted, within: 20 days }
steps:
  - { id: mail, channel: email, template: note, wait: 2 days, at: '10:00' }
  - { id: again, channel: email, template: note, wait: 4 days, at: '20:30', expires: 2 days }
",
    ),
    (
        "arrived.yaml",
        "
rule: arrived
status: live
purpose: service
trigger: { event: PurchaseDelivered }
holdout: 25%
goal: { event: SurveyAnswered, within: 5 days }
steps: [{ id: mail, channel: email, template: note, wait: 1 hour }]
",
    ),
    (
        "birthday.yaml",
        "
rule: birthday
status: live
purpose: marketing
trigger: { occasion: birthday }
holdout: 50%
goal: { event: PurchaseCompleted, within: 1 month }
steps: [{ id: mail, channel: email, template: note, at: '09:00' }]
",
    ),
    (
        "growing.yaml",
        "
rule: growing
status: live
purpose: service
trigger: { stage: expansion }
holdout: 30%
goal: { event: PurchaseCompleted, within: 5 business days }
steps: [{ id: task, channel: task, template: note, wait: 1 day }]
",
    ),
];

fn customers(seeds: std::ops::Range<u64>, plan: Plan) -> Vec<(Id, Vec<Delivered>)> {
    let history = |seed| {
        let customer = format!("cus-{seed:04}");
        let made = history(seed, &customer, plan);
        (id(&customer), made.iter().map(|made| delivered(&made.text())).collect())
    };
    seeds.map(history).collect()
}

/// The lines of a report of the table.
async fn of_table(world: &World, window: Window, only: Option<&str>) -> Vec<String> {
    let rules = world.app.rules();
    let (store, book) = (&world.app.store, &rules.book);
    let ids = report::enrolled(store, book, window, only).await.unwrap();
    let measuring = report::measure(store, book, window, &ids, |_| {}).await.unwrap();
    lines(measuring, window, only)
}

fn lines(measuring: Measuring, window: Window, only: Option<&str>) -> Vec<String> {
    let zone = jiff::tz::TimeZone::UTC;
    let reports = measuring.reports(only);
    reports.iter().map(|one| serde_json::to_string(&json(one, window, &zone)).unwrap()).collect()
}

/// Histories with late and doubled events: the table tells what a simulation tells, of
/// the whole time and of a part of it, and once more where it is rebuilt.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_tells_what_a_simulation_of_its_history_tells() {
    let plan = Plan { from: at("2026-02-20T00:00:00Z"), days: 90, late: 3 * DAY_MINUTES * 60_000 };
    let mut all = customers(5_000..5_090, plan);
    let until = at("2026-06-01T00:00:00Z");
    let rules = measured();
    let windows = [
        Window { from: Instant::MIN, until, as_of: until },
        Window {
            from: at("2026-03-10T00:00:00Z"),
            until: at("2026-04-05T00:00:00Z"),
            as_of: until,
        },
        Window { from: at("2026-05-12T00:00:00Z"), until, as_of: until },
    ];
    let mut expected: Vec<Measuring> =
        windows.iter().map(|window| Measuring::new(&rules.book, *window)).collect();
    for (id, events) in &mut all {
        let period = Period { from: Instant::MIN, until };
        let outcome = simulate(id.clone(), events, &[], &rules.book, period);
        let person = of_replay(&outcome, events, &rules.book, until);
        expected.iter_mut().for_each(|measuring| measuring.take(&person));
    }
    let expected: Vec<Vec<String>> = expected
        .into_iter()
        .zip(windows)
        .map(|(measuring, window)| lines(measuring, window, None))
        .collect();
    println!("{:#?}", expected[0]);
    for rule in expected[0].iter() {
        let told: serde_json::Value = serde_json::from_str(rule).unwrap();
        let count = |name: &str| told[name].as_u64().unwrap();
        assert!(count("enrolled") > 10 && count("held_out") > 1, "{rule}");
    }
    for _rebuilt in 0..2 {
        let world = World::new(measured()).await;
        for (id, events) in &all {
            replay(&world.app, id, events, until).await;
        }
        for (window, expected) in windows.into_iter().zip(&expected) {
            assert_eq!(of_table(&world, window, None).await, *expected);
        }
        let only = of_table(&world, windows[1], Some("offer")).await;
        let expected = expected[1].iter().filter(|line| line.contains("\"rule\":\"offer\""));
        assert_eq!(only.iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

/// A table in which each day so many customers are enrolled, and their mail goes out.
async fn shop(days: i64, a_day: usize) -> World {
    let mut world = World::new(measured()).await;
    Arc::get_mut(&mut world.app).unwrap().store = world.app.store.clone().counting();
    let app = &world.app;
    for day in 0..days {
        for number in 0..a_day {
            let now = minutes_after(at("2026-03-01T15:00:00Z"), day * DAY_MINUTES);
            let customer = format!("cus-{day}-{number}");
            let key = format!("pur-{day}-{number}");
            let arrived = serde_json::json!({
                "customer_id": customer, "purchase_id": key, "occurred_at": now.to_string(),
            });
            let texts = [
                profile(&customer, minutes_after(now, -9), serde_json::json!({})),
                purchase(&customer, &key, minutes_after(now, -5), "90.00"),
                envelope("PurchaseDelivered", now, arrived),
            ];
            for text in texts {
                intake::take(app, &delivered(&text), now).await.unwrap();
            }
            let due = minutes_after(now, 60);
            lazo::dispatch::attend(app, &id(&customer), due).await.unwrap();
        }
    }
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_reads_the_days_that_it_is_asked_for() {
    let day = |day: i64| minutes_after(at("2026-03-01T12:00:00Z"), day * DAY_MINUTES);
    let window = Window { from: day(3), until: day(4), as_of: day(90) };
    let mut costs = Vec::new();
    for days in [5, 25] {
        let world = shop(days, 6).await;
        world.app.store.take_cost();
        let told = of_table(&world, window, Some("arrived")).await;
        let told: serde_json::Value = serde_json::from_str(&told[0]).unwrap();
        assert_eq!(told["enrolled"], 6, "{told}");
        let cost = world.app.store.take_cost();
        // Sixteen shards, and a query a customer of that day.
        assert!(cost.round_trips <= 16 + 16, "{cost:?}");
        costs.push(cost.read_units);
    }
    assert!(costs[1] <= costs[0] + 1.0, "more days cost more: {costs:?}");
}

#[tokio::test]
async fn nobody_was_enrolled_on_days_without_data() {
    let world = World::new(measured()).await;
    let now = at("2026-03-01T12:00:00Z");
    let told = of_table(&world, report::usual(now), None).await;
    assert_eq!(told.len(), 4);
    for line in told {
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&told["enrolled"], &told["goal"]["verdict"]), (&0.into(), &"too_early".into()));
        assert!(told["sentence"]["es"].as_str().unwrap().contains("no entró nadie"), "{line}");
    }
}

#[tokio::test]
async fn whoever_is_forgotten_still_counts_and_is_not_named() {
    let world = shop(1, 4).await;
    let now = at("2026-03-05T12:00:00Z");
    let bought = at("2026-03-02T12:00:00Z");
    for number in 0..4 {
        let customer = format!("cus-0-{number}");
        let text = purchase(&customer, &format!("more-{number}"), bought, "45.50");
        intake::take(&world.app, &delivered(&text), now).await.unwrap();
    }
    let window = Window { from: at("2026-02-01T00:00:00Z"), until: now, as_of: now };
    let before = of_table(&world, window, None).await;
    for number in 0..4 {
        let erased = serde_json::json!({
            "customer_id": format!("cus-0-{number}"), "request_id": "e", "occurred_at": now.to_string(),
        });
        let erased = delivered(&envelope("CustomerErased", now, erased));
        intake::take(&world.app, &erased, now).await.unwrap();
    }
    let counts = |lines: &[String]| -> Vec<serde_json::Value> {
        let of = |line: &String| {
            let told: serde_json::Value = serde_json::from_str(line).unwrap();
            let goal = &told["goal"];
            serde_json::json!([
                told["enrolled"],
                told["held_out"],
                goal["treated"],
                goal["held_out"]
            ])
        };
        lines.iter().map(of).collect()
    };
    let after = of_table(&world, window, None).await;
    assert_eq!(counts(&before), counts(&after));
    assert!(!after.concat().contains("cus-0"), "{after:?}");
    let offers: BTreeSet<String> = after.into_iter().filter(|line| line.contains("45.5")).collect();
    assert!(offers.len() <= 1, "revenue is of goals that are purchases alone");
}

/// What a late event takes back was no enrolment, in either arm; what comes twice changes
/// nothing.
#[tokio::test]
async fn what_a_late_event_takes_back_is_not_counted() {
    let world = World::new(measured()).await;
    let day = |day: i64| minutes_after(at("2026-03-01T15:00:00Z"), day * DAY_MINUTES);
    let now = minutes_after(day(5), 60);
    let window = Window { from: day(-1), until: now, as_of: now };
    let counted = async || {
        let told = of_table(&world, window, Some("offer")).await;
        let told: serde_json::Value = serde_json::from_str(&told[0]).unwrap();
        (told["enrolled"].as_u64().unwrap(), told["held_out"].as_u64().unwrap())
    };
    for number in 0..12 {
        let customer = format!("cus-{number}");
        for (key, at) in [("one", day(0)), ("two", day(5)), ("two", day(5))] {
            let text = purchase(&customer, &format!("{key}-{number}"), at, "90.00");
            intake::take(&world.app, &delivered(&text), at).await.unwrap();
        }
    }
    let (enrolled, held_out) = counted().await;
    assert!(enrolled == 12 && held_out > 0 && held_out < 12, "{held_out} held out");
    for number in 0..12 {
        let refund = serde_json::json!({
            "customer_id": format!("cus-{number}"), "refund_id": format!("r-{number}"),
            "purchase_id": format!("one-{number}"), "occurred_at": day(4).to_string(),
        });
        let refund = envelope("PurchaseRefunded", day(4), refund);
        intake::take(&world.app, &delivered(&refund), now).await.unwrap();
    }
    assert_eq!(counted().await, (0, 0));
}
