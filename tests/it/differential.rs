//! The simulator against the handlers: the same events give the same touches,
//! one by one, in memory and through the table.

use std::collections::BTreeMap;

use futures::StreamExt;
use lazo::shell::rules::Rules;
use lazo_domain::event::Delivered;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, Shared, simulate, simulate_among};
use lazo_domain::touch::{TouchRecord, TouchStatus};

use crate::support::events::{delivered, profile};
use crate::support::generate::{Plan, history};
use crate::support::virtual_time::{Fate, fates, replay, replay_together};
use crate::support::{World, at, id, retail, rules};

/// How many customers are replayed at a time: SQLite is the bottleneck.
const AT_ONCE: usize = 8;

const DAY: i64 = 86_400_000;

/// What happened to the touches of all customers, by how they ended.
type Census = BTreeMap<(&'static str, Option<&'static str>), usize>;

async fn compare(
    world: &World,
    customer: Id,
    mut events: Vec<Delivered>,
    until: Instant,
) -> Census {
    let book: &RuleBook = &world.app.rules().book;
    let period = Period { from: Instant::MIN, until };
    let expected = simulate(customer.clone(), &mut events, &[], book, period);
    replay(&world.app, &customer, &events, until).await;
    differ(world, &customer, &expected.touches).await
}

/// Holds what the table has of a customer's touches to what was expected.
async fn differ(world: &World, customer: &Id, expected: &[TouchRecord]) -> Census {
    let found = fates(&world.app, customer).await;
    let mut census = Census::new();
    for record in expected {
        let touch = &record.touch;
        let Some(fate) = found.get(touch) else {
            panic!("{touch} is not in the table: {record:?}")
        };
        let times = Some((record.at, record.due)).filter(|_| fate.times.is_some());
        let expected = Fate { status: record.status, reason: record.reason, times };
        assert_eq!(fate, &expected, "{touch}");
        let reason = record.reason.map(|reason| reason.as_str());
        *census.entry((record.status.as_str(), reason)).or_default() += 1;
    }
    for touch in found.keys() {
        let is_expected = expected.iter().any(|record| record.touch == *touch);
        assert!(is_expected, "{touch} is in the table alone");
    }
    census
}

async fn compare_all(
    world: &World,
    customers: Vec<(Id, Vec<Delivered>)>,
    until: Instant,
) -> Census {
    let work = customers.into_iter().map(|(id, events)| compare(world, id, events, until));
    let mut done = futures::stream::iter(work).buffer_unordered(AT_ONCE);
    let mut sum = Census::new();
    while let Some(census) = done.next().await {
        census.into_iter().for_each(|(fate, count)| *sum.entry(fate).or_default() += count);
    }
    sum
}

/// Customers who share addresses and numbers, three by three: what one of them says
/// binds the others from then on, in memory as in the table.
async fn compare_kin(
    world: &World,
    mut customers: Vec<(Id, Vec<Delivered>)>,
    until: Instant,
) -> Census {
    let book: &RuleBook = &world.app.rules().book;
    let period = Period { from: Instant::MIN, until };
    let shared = Shared::among(&customers);
    let mut expected = Vec::new();
    for (id, events) in &mut customers {
        expected.push(simulate_among(&shared, id.clone(), events, &[], book, period).touches);
    }
    let work = customers.chunks(3).map(|kin| replay_together(&world.app, kin, until));
    futures::stream::iter(work).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    let mut sum = Census::new();
    for ((id, events), expected) in customers.iter_mut().zip(&expected) {
        let census = differ(world, id, expected).await;
        census.into_iter().for_each(|(fate, count)| *sum.entry(fate).or_default() += count);
        // What the others change: how often it is another fate than alone.
        let alone = simulate(id.clone(), events, &[], book, period).touches;
        let others = alone.iter().zip(expected).filter(|(a, b)| a.reason != b.reason).count();
        *sum.entry(("by others", None)).or_default() += others;
    }
    sum
}

/// Made-up histories of customers who share addresses and numbers.
fn generated_kin(seeds: std::ops::Range<u64>, plan: Plan) -> Vec<(Id, Vec<Delivered>)> {
    let histories = seeds.map(|seed| {
        let customer = format!("cus-{seed:04}");
        let mut made = history(seed, &customer, plan);
        for one in made.iter_mut().filter(|one| one.kind == "CustomerUpdated") {
            let (kin, is_first) = (seed / 3, seed % 3 == 0);
            let email = if is_first {
                format!("Kin{kin}@Example.com")
            } else {
                format!("kin{kin}@example.com")
            };
            for (field, shared) in [("email", email), ("phone", format!("+5255{kin:08}"))] {
                if one.detail[field].is_string() {
                    one.detail[field] = shared.into();
                }
            }
        }
        (id(&customer), made.iter().map(|made| delivered(&made.text())).collect())
    });
    histories.collect()
}

fn generated(seeds: std::ops::Range<u64>, plan: Plan) -> Vec<(Id, Vec<Delivered>)> {
    seeds
        .map(|seed| {
            let customer = format!("cus-{seed:04}");
            let made = history(seed, &customer, plan);
            (id(&customer), made.iter().map(|made| delivered(&made.text())).collect())
        })
        .collect()
}

fn sent(census: &Census) -> usize {
    census.iter().filter(|(fate, _)| fate.0 == TouchStatus::Sent.as_str()).map(|(_, n)| n).sum()
}

/// Online Retail's customers, each with a profile made up, so that mail can be
/// sent and calls be made; without the file, made-up histories stand in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shipped_rules_on_a_real_history() {
    let world = World::shipped().await;
    let Some(all) = retail::customers() else {
        let plan = Plan { from: at("2025-03-01T00:00:00Z"), days: 120, late: DAY };
        let census = compare_all(&world, generated(0..300, plan), at("2025-08-01T00:00:00Z")).await;
        assert!(sent(&census) > 300, "{census:?}");
        return;
    };
    let zones = ["Europe/London", "Europe/Madrid", "America/Mexico_City", "Asia/Tokyo"];
    let relationships = ["long_term", "transactional", "personal", "dedicated"];
    // Every fourteenth customer, whatever they bought: 313 of them.
    let sample: Vec<(Id, Vec<Delivered>)> = all
        .into_iter()
        .step_by(14)
        .enumerate()
        .map(|(number, (customer, mut events))| {
            let mut more = serde_json::json!({ "time_zone": zones[number % 4] });
            if number % 3 == 0 {
                more["relationship"] = relationships[number / 3 % 4].into();
            }
            if number % 10 == 0 {
                more["email"] = serde_json::Value::Null;
            }
            let before = at("2010-11-30T00:00:00Z");
            events.push(delivered(&profile(&customer, before, more)));
            (id(&customer), events)
        })
        .collect();
    assert!(sample.len() >= 300);
    let census = compare_all(&world, sample, at("2012-01-01T00:00:00Z")).await;
    println!("{census:#?}");
    assert!(sent(&census) > 500, "{census:?}");
}

/// Everything that a rule can do, on histories with late and doubled events.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rules_on_made_up_histories() {
    let world = World::new(rules(&FILES)).await;
    let plan = Plan { from: at("2026-02-20T00:00:00Z"), days: 100, late: 3 * DAY };
    let customers = generated(1_000..1_120, plan);
    let census = compare_all(&world, customers, at("2026-07-15T00:00:00Z")).await;
    println!("{census:#?}");
    for reason in [
        "too_old",
        "filter_false",
        "reentry",
        "holdout",
        "no_address",
        "no_consent",
        "relationship",
        "exited",
        "expired",
        "if_false",
    ] {
        let found = census.keys().any(|(_, why)| *why == Some(reason));
        assert!(found, "no touch ended for {reason}: the comparison says less than it should");
    }
    assert!(sent(&census) > 300, "{census:?}");
}

/// The same where customers share addresses and numbers, under ids of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_say_of_the_same_address_counts_alike() {
    let world = World::new(rules(&FILES)).await;
    let plan = Plan { from: at("2026-02-20T00:00:00Z"), days: 100, late: 3 * DAY };
    let customers = generated_kin(3_000..3_090, plan);
    let census = compare_kin(&world, customers, at("2026-07-15T00:00:00Z")).await;
    println!("{census:#?}");
    assert!(census[&("by others", None)] > 10, "{census:?}");
    assert!(sent(&census) > 100, "{census:?}");
}

/// What the shipped rules and these tests' own are, in one place.
#[test]
fn the_rules_of_the_comparison_are_sound() {
    let rules: Rules = rules(&FILES);
    assert_eq!(rules.book.rules().len(), FILES.len() - 1);
}

const FILES: [(&str, &str); 9] = [
    ("policy.yaml", "
brand: { name: Casa Lumbre, from: hola@casalumbre.example, postal_address: Orizaba 127 }
currency: MXN
default_time_zone: America/Mexico_City
default_locale: es
max_trigger_age: 2 days
windows:
  email: { mon-sun: '08:00-21:00' }
  call: { mon-fri: '09:00-19:00', sat: '10:00-14:00' }
by_country: { ES: { call: { mon-fri: '09:00-21:00' } } }
closed_days: ['2026-03-16', '--05-01']
frequency_caps:
  - { purpose: marketing, max: 1, per: 7 days }
  - { channel: any, max: 3, per: 5 days }
complaints: { resume_after: 2 days, bad_experience_pause: 3 days }
relationships:
  transactional: { channels: [email], purposes: [service] }
  dedicated: { call_by: account_manager }
"),
    ("thanks.yaml", "
rule: thanks
status: live
purpose: service
priority: 60
trigger: { event: PurchaseCompleted }
exit_on: [PurchaseRefunded, ComplaintOpened]
steps:
  - { id: mail, channel: email, template: note, wait: 1 day, at: '10:00' }
  - { id: call, channel: call, template: note, wait: 2 business days, at: '11:00', if: customer.total_spent > 900.0, expires: 5 days }
  - { id: ask, channel: email, template: note, wait: 36 hours }
"),
    ("offer.yaml", "
rule: offer
status: live
purpose: marketing
priority: 30
trigger: { event: PurchaseCompleted }
filter: customer.purchases >= 2
holdout: 15%
reentry: { cooldown: 20 days }
steps:
  - { id: mail, channel: email, template: note, wait: 3 hours }
  - { id: again, channel: email, template: note, wait: 4 days, at: '20:30', expires: 2 days }
"),
    ("first.yaml", "
rule: first
status: live
purpose: service
priority: 80
trigger: { event: PurchaseCompleted }
reentry: once
exit_on: [{ event: PurchaseRefunded, if: trigger.refunded }]
steps:
  - { id: team, channel: task, template: note }
  - { id: tell, channel: event, event: OpportunityFound, wait: 10 minutes }
"),
    ("sorry.yaml", "
rule: sorry
status: live
purpose: service
priority: 90
during_complaint: send
trigger: { event: ComplaintOpened }
exit_on: [ComplaintResolved]
steps:
  - { id: call, channel: call, template: note, wait: 30 minutes }
  - { id: mail, channel: email, template: note, wait: 2 days }
"),
    ("arrived.yaml", "
rule: arrived
status: live
purpose: service
priority: 40
trigger: { event: PurchaseDelivered }
filter: customer.last_csat >= 3 || customer.open_complaints == 0
steps:
  - { id: mail, channel: email, template: note, wait: 1 day, at: '09:30' }
"),
    ("birthday.yaml", "
rule: birthday
status: live
purpose: marketing
priority: 70
trigger: { occasion: birthday }
steps:
  - { id: mail, channel: email, template: note, at: '09:00', expires: 1 day }
"),
    ("wedding.yaml", "
rule: wedding
status: live
purpose: service
priority: 20
trigger: { occasion: wedding, lead: 7 days }
filter: customer.purchases >= 1
steps:
  - { id: gift, channel: task, template: note, wait: 1 business day }
  - { id: mail, channel: email, template: note, wait: 6 days, at: '09:00' }
"),
    ("asleep.yaml", "
rule: asleep
status: paused
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: note, wait: 1 day }]
"),
];
