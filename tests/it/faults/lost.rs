//! Answers that are lost, and what a worker makes of it: it knows its own fence
//! again, works on where one part of an index fails, and tells what it could
//! not tell.

use lazo::dispatch;
use lazo::ingest;
use lazo::shell::sending;
use lazo::shell::store::TouchState;
use lazo::shell::store::table::shard_of;
use lazo_fake_aws::faults::{Fault, Faults, Plan};
use lazo_fake_aws::{Aws, Keep, Retries, Service, Wiring};
use serde_json::json;

use super::flows::{due, links, noon};
use super::shop::book;
use crate::support::events::{batch, profile, purchase};
use crate::support::{id, minutes_after};

/// Two customers whose alarms are in different parts of the index.
const BOTH: [&str; 2] = ["ana", "bea"];

struct Shop {
    aws: Aws,
    faults: Faults,
    app: lazo::shell::app::App,
}

/// A shop in which both bought and a mail is due to each.
async fn shop(retries: Retries) -> Shop {
    let aws = Aws::new(Keep::default());
    let faults = Faults::default();
    let app = Wiring::to(&faults.on(aws.clone())).retries(retries).app(book(), Some(links()));
    for customer in BOTH {
        let known = profile(customer, minutes_after(noon(), -60), json!({}));
        let bought = purchase(customer, "p1", noon(), "10.00");
        let response = ingest::handle(&app, batch(&[known, bought]), noon()).await;
        assert!(response.batch_item_failures.is_empty());
    }
    Shop { aws, faults, app }
}

impl Shop {
    /// At which request an operation of a service is made first.
    async fn first(&self, operation: &str) -> u64 {
        let other = shop(Retries::Off).await;
        other.faults.plan(Plan::Clean);
        other.faults.record();
        dispatch::attend(&other.app, &id("ana"), due()).await.unwrap();
        let steps = other.faults.steps();
        1 + steps.iter().position(|step| step.operation == operation).unwrap() as u64
    }
}

/// However many times the SDK asked, and whatever was lost of it.
#[tokio::test(start_paused = true)]
async fn a_worker_knows_its_own_fence_again_and_calls_once() {
    for (retries, tries) in [(Retries::Off, 1), (Retries::On, 3)] {
        let shop = shop(retries).await;
        let fence = shop.first("TransactWriteItems").await;
        let lost = (fence..fence + tries).map(|number| (number, Fault::LoseAnswer));
        shop.faults.plan(Plan::At(lost.collect()));
        let report = dispatch::attend(&shop.app, &id("ana"), due()).await.unwrap();
        assert_eq!((shop.faults.struck(), report.sent, report.unknown), (tries, 1, 0));
        shop.faults.plan(Plan::Clean);
        for minute in [1, 3, 61, 70] {
            dispatch::attend(&shop.app, &id("ana"), minutes_after(due(), minute)).await.unwrap();
        }
        assert_eq!(shop.aws.mail.count(), 1, "{retries:?}");
        let (_, touches) = shop.app.store.ledger(&id("ana")).await.unwrap();
        assert_eq!(touches[0].state, TouchState::Sent);
        assert!(shop.app.store.failures(due()).await.unwrap().is_empty());
    }
}

/// Somebody else's fence looks the same but for its mark.
#[tokio::test(start_paused = true)]
async fn the_fence_of_another_worker_is_not_taken_for_the_own() {
    let shop = shop(Retries::Off).await;
    let fence = shop.first("TransactWriteItems").await;
    shop.faults.plan(Plan::At(vec![(fence, Fault::Hold)]));
    let ana = id("ana");
    let slow = dispatch::attend(&shop.app, &ana, due());
    let fast = || async {
        // Fences at the very instant, and dies before it calls.
        let faults = Faults::default();
        faults.plan(Plan::First(Service::Ses, Fault::StopBefore));
        let other = Wiring::to(&faults.on(shop.aws.clone())).app(book(), Some(links()));
        let attended = dispatch::attend(&other, &ana, due());
        assert!(faults.run(attended, || async {}).await.done().is_none());
    };
    let report = shop.faults.run(slow, fast).await.done().unwrap().unwrap();
    assert_eq!((report.sent, shop.aws.mail.count()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn where_one_part_of_the_index_fails_the_others_are_worked_on() {
    assert_ne!(shard_of(&id(BOTH[0])), shard_of(&id(BOTH[1])));
    let mut went = Vec::new();
    for query in 1..=8 {
        let shop = shop(Retries::Off).await;
        sending::look_now(&shop.app).await.unwrap();
        // Requests in between shift the numbers: behind the look whether anything may
        // go out the first one is sure to be a query, so the round begins with another
        // part each time.
        let now = minutes_after(due(), query);
        shop.faults.plan(Plan::At(vec![(2, Fault::Fail)]));
        let failed = dispatch::run(&shop.app, now).await;
        assert!(failed.is_err(), "the alarm must ring");
        went.push(shop.aws.mail.count());
        shop.faults.plan(Plan::Clean);
        dispatch::run(&shop.app, now).await.unwrap();
        assert_eq!(shop.aws.mail.count(), 2);
    }
    went.sort_unstable();
    assert_eq!(went, [1, 1, 2, 2, 2, 2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_others_were_not_told_is_counted() {
    let shop = shop(Retries::Off).await;
    let told = shop.first("PutEvents").await;
    shop.faults.plan(Plan::At(vec![(told, Fault::Throttle)]));
    let report = dispatch::attend(&shop.app, &id("ana"), due()).await.unwrap();
    assert_eq!((report.sent, report.not_notified, shop.aws.mail.count()), (1, 1, 1));
    assert!(shop.aws.bus.take().iter().all(|event| event.detail_type != "EmailSent"));
}
