//! Customers who cannot be worked on: nobody behind them waits, each is listed
//! once with the reason, and is tried again less and less often.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use lazo::shell::alarm_sweep::Share;
use lazo::shell::intake;
use lazo::shell::store::table::{Alarm, SHARDS, shard_of};
use lazo::shell::store::{FailureKind, StoreError, keys};
use lazo::{dispatch, drift, ingest, occasions};
use lazo_domain::history::Until;
use lazo_domain::instant::Instant;
use serde_json::json;

use crate::dispatch::{ana_buys, due, noon};
use crate::support::events::{batch, profile, purchase};
use crate::support::{TABLE, World, at, id, minutes_after};

/// More than one read of a shard gives.
const BROKEN: usize = 130;

/// The stored items of customers in the shard of `ana`, with an alarm that rang
/// long ago and more attributes, which nobody can read.
async fn broken(world: &World, alarm: Alarm, more: &[(&str, AttributeValue)]) -> Vec<String> {
    let shard = shard_of(&id("ana"));
    let names =
        (0..).map(|number| format!("x{number}")).filter(|name| shard_of(&id(name)) == shard);
    let names: Vec<String> = names.take(BROKEN).collect();
    for name in &names {
        let text = |text: String| AttributeValue::S(text);
        let put = world.app.store.client().put_item().table_name(TABLE);
        let mut put = put
            .item("pk", text(keys::customer(&id(name))))
            .item("sk", text(keys::STATE.into()))
            .item("version", AttributeValue::N("1".into()))
            .item(alarm.shard_attribute(), text(alarm.shard(shard)))
            .item(alarm.at_attribute(), AttributeValue::N("1000".into()));
        for (name, value) in more {
            put = put.item(*name, value.clone());
        }
        put.send().await.unwrap();
    }
    names
}

/// What no version can read, with an address in it.
fn garbage() -> [(&'static str, AttributeValue); 1] {
    [("enrolments", AttributeValue::S("marisol.nandu@example.com".into()))]
}

async fn alarm_of(world: &World, name: &str, alarm: Alarm) -> Instant {
    let get = world.app.store.client().get_item().table_name(TABLE);
    let get = get.key("pk", AttributeValue::S(keys::customer(&id(name))));
    let item = get.key("sk", AttributeValue::S(keys::STATE.into())).send().await.unwrap();
    let item = item.item.unwrap();
    assert_eq!(item["version"], AttributeValue::N("1".into()), "nothing else is touched");
    let millis = item[alarm.at_attribute()].as_n().unwrap().parse().unwrap();
    Instant::from_millis(millis)
}

/// Each is listed once, tried so many times, with a reason that quotes nothing.
async fn are_listed(world: &World, names: &[String], times: u64, now: Instant) {
    let failures = world.app.store.failures(now).await.unwrap();
    assert_eq!(failures.len(), names.len());
    for failure in &failures {
        assert_eq!((failure.kind, failure.times), (FailureKind::Customer, times));
        let name = world.app.store.failed_text(failure).await.unwrap();
        assert!(names.contains(&name), "{name}");
        assert!(failure.why.contains(&format!("customer {name} cannot")), "{}", failure.why);
        assert!(failure.why.contains("cannot be read: "), "{}", failure.why);
        assert!(!failure.why.contains("nandu"), "{}", failure.why);
    }
}

#[tokio::test]
async fn dispatch_goes_on_behind_customers_who_cannot_be_worked_on() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let names = broken(&world, Alarm::Due, &garbage()).await;
    let report = dispatch::run(&world.app, due()).await.unwrap();
    assert_eq!((report.sent, report.failed), (1, BROKEN));
    are_listed(&world, &names, 1, due()).await;

    // They are left alone for a while, and tried again less and less often.
    let next = dispatch::run(&world.app, minutes_after(due(), 1)).await.unwrap();
    assert_eq!(next.failed, 0);
    assert_eq!(alarm_of(&world, &names[0], Alarm::Due).await, minutes_after(due(), 15));
    let mut now = due();
    for (times, minutes) in [(2, 30), (3, 60), (4, 120)] {
        now = alarm_of(&world, &names[0], Alarm::Due).await;
        assert_eq!(dispatch::run(&world.app, now).await.unwrap().failed, BROKEN);
        assert_eq!(alarm_of(&world, &names[0], Alarm::Due).await, minutes_after(now, minutes));
        are_listed(&world, &names, times, now).await;
    }
    for _ in 0..8 {
        now = alarm_of(&world, &names[0], Alarm::Due).await;
        dispatch::run(&world.app, now).await.unwrap();
    }
    assert_eq!(alarm_of(&world, &names[0], Alarm::Due).await, minutes_after(now, 24 * 60));
}

#[tokio::test]
async fn the_calendar_goes_on_behind_them() {
    let world = World::shipped().await;
    let born = profile("ana", at("2026-11-01T12:00:00Z"), json!({ "birthday": "--11-21" }));
    ingest::handle(&world.app, batch(&[born]), at("2026-11-01T12:00:00Z")).await;
    let names = broken(&world, Alarm::Occasion, &garbage()).await;
    let now = at("2026-11-21T00:10:00-06:00");
    let looked = occasions::run(&world.app, now, None).await.unwrap();
    assert_eq!((looked.customers, looked.failed), (1, BROKEN));
    are_listed(&world, &names, 1, now).await;
    assert_eq!(alarm_of(&world, &names[0], Alarm::Occasion).await, minutes_after(now, 15));
}

#[tokio::test]
async fn drift_goes_on_behind_them_and_fits_its_model_without_them() {
    let world = World::shipped().await;
    let bought = at("2026-01-05T12:00:00Z");
    ingest::handle(&world.app, batch(&[purchase("ana", "p1", bought, "10.00")]), bought).await;
    let names = broken(&world, Alarm::Review, &garbage()).await;
    let now = at("2026-11-21T00:10:00-06:00");
    let report = drift::run(&world.app, now, None).await.unwrap();
    assert_eq!((report.reviewed.customers, report.reviewed.failed), (1, BROKEN));
    assert_eq!(report.fitted_to, Some(1));
    are_listed(&world, &names, 1, now).await;
}

#[tokio::test]
async fn ingest_lists_them_and_keeps_their_events_aside() {
    let world = World::shipped().await;
    let names = broken(&world, Alarm::Due, &garbage()).await;
    let now = due();
    let at_fault = [
        purchase(&names[0], "p1", now, "5.00"),
        profile(&names[0], now, json!({ "birthday": "soon" })),
        purchase(&names[1], "p1", now, "5.00"),
    ];
    let events = [&at_fault[..], &[purchase("eva", "p2", now, "5.00")]].concat();
    // However often they come.
    for _ in 0..2 {
        let response = ingest::handle(&world.app, batch(&events), now).await;
        assert!(response.batch_item_failures.is_empty(), "nobody waits behind them");
    }
    assert_eq!(world.customer(&id("eva")).await.history.count(Until::ALL), 1);
    let failures = world.app.store.failures(now).await.unwrap();
    let of = |kind: FailureKind| failures.iter().filter(move |one| one.kind == kind);
    assert_eq!(of(FailureKind::Customer).count(), 2, "each is listed once: {failures:?}");
    let mut kept = Vec::new();
    for failure in of(FailureKind::Event) {
        assert!(failure.why.contains("cannot be read: "), "{}", failure.why);
        kept.push(world.app.store.failed_text(failure).await.unwrap());
    }
    for failure in &failures {
        assert!(!failure.why.contains("nandu"), "{}", failure.why);
    }
    kept.sort();
    let mut expected = at_fault.to_vec();
    expected.sort();
    assert_eq!(kept, expected, "no event is lost");

    // Once the items are mended, each counts.
    for name in &names[..2] {
        let delete = world.app.store.client().delete_item().table_name(TABLE);
        let delete = delete.key("pk", AttributeValue::S(keys::customer(&id(name))));
        delete.key("sk", AttributeValue::S(keys::STATE.into())).send().await.unwrap();
    }
    for text in &kept {
        assert_eq!(intake::receive(&world.app, text, now).await.unwrap(), None);
    }
    for name in &names[..2] {
        assert_eq!(world.customer(&id(name)).await.history.count(Until::ALL), 1);
    }
}

/// Several workers share the shards, and everybody is somebody's.
#[tokio::test]
async fn workers_that_share_the_work_reach_everybody_once() {
    for of in [1, 2, 3, 4] {
        let shares = |shard: u8| (0..of).filter(move |w| Share { worker: *w, of }.has(shard));
        assert!((0..SHARDS).all(|shard| shares(shard).count() == 1));
    }
    let world = World::shipped().await;
    for customer in ["ana", "bea", "carla", "dora", "elsa", "fani"] {
        let events = [
            profile(customer, noon(), json!({})),
            purchase(customer, &format!("p-{customer}"), noon(), "129.90"),
        ];
        ingest::handle(&world.app, batch(&events), noon()).await;
    }
    let mut sent = Vec::new();
    for worker in 0..4 {
        let share = Share { worker, of: 4 };
        let budget = std::time::Duration::from_secs(60);
        sent.push(dispatch::run_for(&world.app, due(), share, budget).await.unwrap().sent);
    }
    assert_eq!(sent.iter().sum::<usize>(), 6, "{sent:?}");
    assert!(sent.iter().all(|count| *count < 6), "{sent:?}");
}

/// The table was made when an alarm had fewer shards: who stands in one of those is
/// found, and moves with the next write.
#[tokio::test]
async fn shards_can_be_added_to_a_live_table() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let stands_in = async |shard: Option<String>| {
        let client = world.app.store.client();
        let key = |text: String| AttributeValue::S(text);
        let update = client.update_item().table_name(TABLE);
        let update = update.key("pk", key(keys::customer(&id("ana"))));
        let update = update.key("sk", key(keys::STATE.into()));
        let update = match shard {
            Some(shard) => update
                .update_expression("SET due_shard = :shard")
                .expression_attribute_values(":shard", key(shard)),
            None => update,
        };
        let answer = update.return_values(ReturnValue::AllNew).send().await.unwrap();
        answer.attributes.unwrap().get("due_shard").map(|shard| shard.as_s().unwrap().clone())
    };
    let now_in = stands_in(None).await;
    let other = Alarm::Due.shard((shard_of(&id("ana")) + 1) % SHARDS);
    assert!(now_in.is_some());
    assert_ne!(stands_in(Some(other.clone())).await, now_in);
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().sent, 1);
    assert_ne!(stands_in(None).await, Some(other));
}

#[tokio::test]
async fn an_item_of_a_newer_format_is_left_alone() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    // A newer version may write what this one cannot read at all.
    let newer = [("format", AttributeValue::N("99".into())), garbage()[0].clone()];
    let names = broken(&world, Alarm::Due, &newer).await;
    let before = world.items().await;
    for minute in 0..2 {
        let report = dispatch::run(&world.app, minutes_after(due(), minute)).await.unwrap();
        assert_eq!((report.sent, report.failed), (usize::from(minute == 0), BROKEN));
    }
    // Nobody's fault: its alarm rings on, for the version that knows it.
    assert!(world.app.store.failures(due()).await.unwrap().is_empty());
    assert_eq!(alarm_of(&world, &names[0], Alarm::Due).await, Instant::from_millis(1000));
    let is_newer = |item: &&String| item.contains("\"format\":99");
    let after = world.items().await;
    assert!(before.iter().filter(is_newer).eq(after.iter().filter(is_newer)));

    // An event about such a customer comes again; the others of its batch count.
    let events = [purchase(&names[0], "p1", due(), "5.00"), purchase("eva", "p2", due(), "5.00")];
    let response = ingest::handle(&world.app, batch(&events), due()).await;
    let failed: Vec<_> =
        response.batch_item_failures.iter().map(|one| one.item_identifier.as_str()).collect();
    assert_eq!(failed, ["m0"]);
    assert!(world.items().await.iter().filter(is_newer).eq(after.iter().filter(is_newer)));
    let error = world.app.store.load(&id(&names[0])).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn an_item_without_a_format_is_of_the_first_and_gets_the_number_when_it_is_written() {
    let world = World::shipped().await;
    ana_buys(&world).await;
    let update = world.app.store.client().update_item().table_name(TABLE);
    let update = update.key("pk", AttributeValue::S(keys::customer(&id("ana"))));
    let update = update.key("sk", AttributeValue::S(keys::STATE.into()));
    update
        .update_expression("REMOVE #format")
        .expression_attribute_names("#format", "format")
        .send()
        .await
        .unwrap();
    let has_format = async || {
        let pk = format!("\"{}\"", keys::customer(&id("ana")));
        let items = world.items().await;
        let state = items.iter().find(|i| i.contains(&pk) && i.contains("\"sk\":\"state\""));
        state.unwrap().contains("\"format\":")
    };
    assert!(!has_format().await);
    assert_eq!(dispatch::run(&world.app, due()).await.unwrap().sent, 1);
    assert!(has_format().await);
}
