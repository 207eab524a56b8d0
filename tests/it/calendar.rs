//! What the calendar brings: the workers of occasions and of drift.

use lazo::shell::app::App;
use lazo::shell::store::TouchState;
use lazo::shell::store::table::Alarm;
use lazo::{dispatch, drift, ingest, occasions};
use lazo_domain::drift::{Kind, Model, Sample};
use lazo_domain::instant::Instant;
use lazo_domain::stage::Stage;
use lazo_fake_aws::{Aws, Keep, Wiring};
use serde_json::json;

use crate::support::events::{batch, profile, purchase};
use crate::support::recorder::Service;
use crate::support::{World, at, id, minutes_after, rules};

const POLICY: &str = "brand: { name: Tienda, from: hola@example.com }
default_time_zone: America/Mexico_City
default_locale: es
";

const BIRTHDAY: &str = "rule: birthday
description: Greets.
status: live
purpose: service
trigger: { occasion: birthday }
steps: [{ id: mail, channel: email, template: hello, at: '09:00' }]
";

const WIN_BACK: &str = "rule: winback
description: Asks who stays away.
status: live
purpose: service
trigger: { stage: dissolution }
steps: [{ id: mail, channel: email, template: hello, at: '09:00' }]
";

fn day() -> i64 {
    24 * 60
}

async fn put(app: &App, events: &[String], now: Instant) {
    let response = ingest::handle(app, batch(events), now).await;
    assert!(response.batch_item_failures.is_empty());
}

/// Lets time pass from the one instant up to the other: all three workers, every
/// three hours.
async fn pass(app: &App, from: Instant, until: Instant) {
    let mut now = from;
    while now <= until {
        occasions::run(app, now, None).await.unwrap();
        drift::run(app, now, None).await.unwrap();
        dispatch::run(app, now).await.unwrap();
        now = minutes_after(now, 180);
    }
}

fn mails(world: &World) -> usize {
    world.recorder.requests(Service::Ses).len()
}

#[tokio::test]
async fn a_birthday_is_greeted_on_its_morning_once() {
    let world = World::new(rules(&[("policy.yaml", POLICY), ("birthday.yaml", BIRTHDAY)])).await;
    let known = at("2026-11-01T12:00:00-06:00");
    put(&world.app, &[profile("ana", known, json!({ "birthday": "1984-11-20" }))], known).await;
    pass(&world.app, at("2026-11-18T00:00:00-06:00"), at("2026-11-20T08:59:00-06:00")).await;
    assert_eq!(mails(&world), 0);
    let planned = world.customer(&id("ana")).await.enrolments;
    assert_eq!((planned.len(), planned[0].occurrence.as_str()), (1, "2026"));
    pass(&world.app, at("2026-11-20T09:00:00-06:00"), at("2026-11-22T00:00:00-06:00")).await;
    assert_eq!(mails(&world), 1);
    // The date was wrong: this year's greeting is out all the same.
    let mended = at("2026-11-22T12:00:00-06:00");
    put(&world.app, &[profile("ana", mended, json!({ "birthday": "1984-11-25" }))], mended).await;
    pass(&world.app, mended, at("2026-11-27T00:00:00-06:00")).await;
    assert_eq!(mails(&world), 1);
}

#[tokio::test]
async fn an_outage_of_days_is_made_up_for_by_the_next_run() {
    let world = World::new(rules(&[("policy.yaml", POLICY), ("birthday.yaml", BIRTHDAY)])).await;
    let known = at("2026-11-01T12:00:00-06:00");
    let born = |customer: &str, day: &str| profile(customer, known, json!({ "birthday": day }));
    put(&world.app, &[born("ana", "--11-18"), born("eva", "--11-20")], known).await;
    // Nobody ran from the 17th on; eva's greeting is of use yet, ana's is not.
    let now = at("2026-11-22T07:00:00-06:00");
    pass(&world.app, now, minutes_after(now, 120)).await;
    assert_eq!(mails(&world), 1);
    let state = async |customer: &str| {
        let (_, touches) = world.app.store.ledger(&id(customer)).await.unwrap();
        (touches[0].state, touches[0].reason.map(|reason| reason.as_str()))
    };
    assert_eq!(state("ana").await, (TouchState::Skipped, Some("expired")));
    assert_eq!(state("eva").await, (TouchState::Sent, None));
}

/// Has a customer be known since September whose birthday is 20 November, publishes
/// a rule of so many days' lead, and lets the day pass.
async fn published(at: Instant, lead_days: u8) -> u64 {
    let rule = BIRTHDAY.replace("birthday }", &format!("birthday, lead: {lead_days} days }}"));
    let aws = Aws::new(Keep::default());
    let app = Wiring::to(&aws).app(rules(&[("policy.yaml", POLICY)]), None);
    let known = crate::support::at("2026-09-01T12:00:00-06:00");
    put(&app, &[profile("ana", known, json!({ "birthday": "--11-20" }))], known).await;
    let mut now = known;
    while now < at {
        occasions::run(&app, now, None).await.unwrap();
        now = minutes_after(now, day());
    }
    app.replace_rules(rules(&[("policy.yaml", POLICY), ("birthday.yaml", &rule)]));
    pass(&app, at, crate::support::at("2026-11-23T00:00:00-06:00")).await;
    aws.mail.count()
}

/// Published 20 days before with 14 days' lead, it reaches her; 10 days before,
/// it does not.
#[tokio::test]
async fn a_new_rule_reaches_whom_it_still_can() {
    for (day, lead_days, reached) in [
        ("2026-10-31T12:00:00-06:00", 14, 1),
        ("2026-11-10T12:00:00-06:00", 14, 0),
        ("2026-11-10T12:00:00-06:00", 9, 1),
        ("2026-11-12T12:00:00-06:00", 9, 0),
        ("2026-11-19T12:00:00-06:00", 0, 1),
        ("2026-09-02T12:00:00-06:00", 50, 1),
        ("2026-09-02T12:00:00-06:00", 75, 1),
        ("2026-09-08T12:00:00-06:00", 75, 0),
    ] {
        let mails = published(at(day), lead_days).await;
        assert_eq!(mails, reached, "{day}, {lead_days} days' lead");
    }
}

/// A date that stood for "unknown" is a birthday once the policy says so no more.
#[tokio::test]
async fn a_date_that_is_a_placeholder_no_more_is_celebrated() {
    let by = |placeholders: &str| {
        let policy = format!("{POLICY}birthdays: {{ placeholders: [{placeholders}] }}\n");
        rules(&[("policy.yaml", &policy), ("birthday.yaml", BIRTHDAY)])
    };
    let world = World::new(by("\"--11-20\", \"1970-01-01\"")).await;
    let known = at("2026-09-01T12:00:00-06:00");
    put(&world.app, &[profile("ana", known, json!({ "birthday": "1984-11-20" }))], known).await;
    pass(&world.app, known, minutes_after(known, 2 * day())).await;
    world.app.replace_rules(by("\"1970-01-01\""));
    let published = at("2026-11-10T12:00:00-06:00");
    pass(&world.app, published, at("2026-11-22T00:00:00-06:00")).await;
    assert_eq!(mails(&world), 1);
}

/// A digest concerns everybody, also whom no date is known of.
#[tokio::test]
async fn a_new_digest_reaches_everybody_with_its_first_period() {
    let world = World::new(rules(&[("policy.yaml", POLICY)])).await;
    let bought = at("2026-10-20T12:00:00-06:00");
    let events = [
        profile("ana", bought, json!({ "birthday": "--05-20" })),
        profile("eva", bought, json!({})),
        purchase("eva", "p1", bought, "10.00"),
        profile("luz", bought, json!({})),
    ];
    put(&world.app, &events, bought).await;
    occasions::run(&world.app, bought, None).await.unwrap();
    let digest = BIRTHDAY.replace("occasion: birthday", "every: 1 month");
    world.app.replace_rules(rules(&[("policy.yaml", POLICY), ("birthday.yaml", &digest)]));
    pass(&world.app, minutes_after(bought, day()), at("2026-11-02T00:00:00-06:00")).await;
    assert_eq!(mails(&world), 3);
}

/// The way to everybody goes on where a run ended. Nobody is looked at before, nor
/// afterwards until their day.
#[tokio::test]
async fn a_new_rule_finds_everybody_once_in_pages() {
    let aws = Aws::new(Keep::default());
    let app = Wiring::to(&aws).app(rules(&[("policy.yaml", POLICY)]), None);
    let known = at("2026-09-01T12:00:00-06:00");
    for number in 0..2700 {
        let birthday = if number % 3 == 0 { "--11-20" } else { "--05-20" };
        let told = profile(&format!("cus-{number}"), known, json!({ "birthday": birthday }));
        assert!(ingest::handle(&app, batch(&[told]), known).await.batch_item_failures.is_empty());
    }
    occasions::run(&app, known, None).await.unwrap();
    let published = at("2026-10-10T12:00:00-06:00");
    assert_eq!(occasions::run(&app, published, None).await.unwrap().customers, 0);
    app.replace_rules(rules(&[("policy.yaml", POLICY), ("birthday.yaml", BIRTHDAY)]));
    let read = |aws: &Aws| aws.asked().get("BatchGetItem").copied().unwrap_or_default();
    occasions::run(&app, published, None).await.unwrap();
    let before = read(&aws);
    assert!(app.store.calendar_rules().await.unwrap().unwrap().tour.is_some());
    occasions::run(&app, minutes_after(published, 15), None).await.unwrap();
    assert_eq!(app.store.calendar_rules().await.unwrap().unwrap().tour, None);
    // Some hundred and seventy of a shard, in two pages, of which a read gives fifty at
    // a time.
    let reads = read(&aws) - before;
    assert!((54..=160).contains(&reads), "{reads} reads");
    let eve = at("2026-11-19T12:00:00-06:00");
    assert_eq!(occasions::run(&app, eve, None).await.unwrap().customers, 0);
    let birthday = at("2026-11-20T00:00:00-06:00");
    let looked = occasions::run(&app, birthday, None).await.unwrap();
    assert_eq!((looked.customers, looked.planned), (900, 900));
}

#[tokio::test]
async fn who_drifts_away_is_found_on_the_day_and_asked_once() {
    let world = World::new(rules(&[("policy.yaml", POLICY), ("winback.yaml", WIN_BACK)])).await;
    let bought = at("2026-01-10T18:00:00-06:00");
    let events = [profile("ana", bought, json!({})), purchase("ana", "p1", bought, "10.00")];
    put(&world.app, &events, bought).await;
    pass(&world.app, at("2026-07-08T00:00:00-06:00"), at("2026-07-09T23:59:00-06:00")).await;
    assert_eq!(mails(&world), 0);
    pass(&world.app, at("2026-07-10T00:00:00-06:00"), at("2026-07-12T00:00:00-06:00")).await;
    assert_eq!(mails(&world), 1);
    let stages = world.customer(&id("ana")).await.stages;
    assert_eq!(stages.last().unwrap().stage, Stage::Dissolution);
    let published = world.recorder.entries();
    let changes = published.iter().filter(|(kind, _)| kind == "StageChanged");
    let changes: Vec<_> = changes.map(|(_, detail)| detail["stage"].clone()).collect();
    assert_eq!(changes, [json!("dissolution")]);
    // A purchase brings her back.
    let back = at("2026-07-13T12:00:00-06:00");
    put(&world.app, &[purchase("ana", "p2", back, "10.00")], back).await;
    assert_eq!(world.customer(&id("ana")).await.stages.last().unwrap().stage, Stage::Expansion);
}

/// A model is fitted to whoever bought, kept with its date, and loaded again.
#[tokio::test]
async fn the_model_is_fitted_stored_and_kept_where_a_new_one_is_refused() {
    let world = World::new(rules(&[("policy.yaml", POLICY)])).await;
    let first = at("2026-01-10T18:00:00-06:00");
    for customer in 0..20 {
        let name = format!("cus-{customer}");
        let events: Vec<String> = (0..=customer % 4)
            .map(|n| {
                let bought = minutes_after(first, n * 20 * day());
                purchase(&name, &format!("p-{customer}-{n}"), bought, "10.00")
            })
            .collect();
        put(&world.app, &events, minutes_after(first, 90 * day())).await;
    }
    let now = minutes_after(first, 100 * day());
    let report = drift::run(&world.app, now, None).await.unwrap();
    assert_eq!(report.fitted_to, Some(20));
    assert!(report.refused.unwrap().contains("20"), "too few customers");
    let learnt = world.app.store.drift_model().await.unwrap().unwrap();
    assert_eq!((learnt.tried_at, learnt.model.rhythm.completed_gaps), (now, 30));
    // The next run leaves it alone, a day later it tries again.
    let soon = minutes_after(now, 60);
    assert_eq!(drift::run(&world.app, soon, None).await.unwrap().fitted_to, None);
    let later = minutes_after(now, day() + 1);
    assert_eq!(drift::run(&world.app, later, None).await.unwrap().fitted_to, Some(20));

    let usable = usable_model();
    let learnt =
        lazo::shell::store::FittedModel { model: usable.clone(), tried_at: first, refused: None };
    world.app.store.keep_drift_model(&learnt).await.unwrap();
    drift::run(&world.app, minutes_after(later, 60), None).await.unwrap();
    let kept = world.app.store.drift_model().await.unwrap().unwrap();
    assert_eq!(kept.model.params(), usable.params(), "the old one goes on");
    assert!(kept.refused.is_some());
}

/// A model that may be used.
pub fn usable_model() -> Model {
    let fitted = Sample::new(jiff::civil::date(2026, 1, 1)).fit(Kind::MbgNbd, 500);
    let mut json = serde_json::to_value(&fitted).unwrap();
    json["refused"] = serde_json::Value::Null;
    json["estimate"] = json!({
        "model": json["kind"], "r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6,
        "log_likelihood": -1.0, "evaluations": 1,
    });
    Model::read(&json.to_string()).unwrap()
}

/// A round costs what is due, however many others there are.
#[tokio::test]
async fn a_round_reads_whose_day_it_is_and_nobody_else() {
    let mut costs = Vec::new();
    for others in [20, 400] {
        let mut world =
            World::new(rules(&[("policy.yaml", POLICY), ("birthday.yaml", BIRTHDAY)])).await;
        let app = std::sync::Arc::get_mut(&mut world.app).unwrap();
        app.store = app.store.clone().counting();
        let known = at("2026-11-01T12:00:00-06:00");
        let mut events = Vec::new();
        for customer in 0..20 + others {
            let day = if customer < 20 { "--11-20" } else { "--04-02" };
            events.push(profile(&format!("cus-{customer}"), known, json!({ "birthday": day })));
        }
        put(&world.app, &events, known).await;
        // What the rules are is noted first; the day itself is what is counted.
        let eve = at("2026-11-19T23:00:00-06:00");
        occasions::run(&world.app, eve, None).await.unwrap();
        world.app.store.take_cost();
        let midnight = at("2026-11-20T00:00:00-06:00");
        let looked = occasions::run(&world.app, midnight, None).await.unwrap();
        assert_eq!((looked.customers, looked.planned), (20, 20));
        costs.push(world.app.store.take_cost());
    }
    assert_eq!(costs[0].round_trips, costs[1].round_trips);
    assert_eq!(costs[0].read_units, costs[1].read_units);
}

/// Who bought last has the latest review, and no worse a chance to be sampled.
#[tokio::test]
async fn who_is_sampled_has_nothing_to_do_with_when_they_bought() {
    let world = World::new(rules(&[("policy.yaml", POLICY)])).await;
    let bought = at("2026-10-01T12:00:00-06:00");
    let key = |n: i64| (format!("c{n}"), format!("p{n}"));
    let purchases: Vec<String> = (0..60)
        .map(|n| purchase(&key(n).0, &key(n).1, minutes_after(bought, n * day() / 4), "10.00"))
        .collect();
    put(&world.app, &purchases, at("2026-10-20T12:00:00-06:00")).await;
    let sample = async |count: usize| world.app.store.sample(Alarm::Review, 0, count).await;
    let (all, few) = (sample(60).await.unwrap(), sample(3).await.unwrap());
    assert!(all.len() > 4 && few == all[..3], "{all:?} {few:?}");
    // Those in the sample buy again: their alarms move behind those of the others.
    let later = at("2026-12-20T12:00:00-06:00");
    let again: Vec<String> = few
        .iter()
        .map(|id| purchase(id.as_str(), &format!("{id}-again"), later, "10.00"))
        .collect();
    put(&world.app, &again, later).await;
    assert_eq!(sample(3).await.unwrap(), few);
    assert_eq!(sample(60).await.unwrap(), all);
}
