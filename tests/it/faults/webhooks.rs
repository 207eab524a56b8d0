//! Webhooks under every fault at every request: whoever posts tries again until it is
//! answered by 200, the queue brings its message again until it is taken, and then the
//! purchase counts once.

use lazo::ingest;
use lazo::shell::secrets::Secrets;
use lazo::webhooks::{self, Inbox, Webhooks};
use lazo_fake_aws::faults::{Fault, Plan};

use super::run::World;
use super::schedules::block_on;
use crate::sources::noon;
use crate::support::events::batch;
use crate::support::{id, minutes_after};
use crate::webhooks::paid;

/// How often shops' systems post what was not taken.
const POSTS_MAX: usize = 8;

/// How often the queue brings a message.
const DELIVERIES_MAX: usize = 8;

/// Posts once; whether the sender may forget it.
async fn post(world: &World, inbox: &Inbox) -> bool {
    let secrets = Secrets::parse(r#"{"shopify":"shpss_new"}"#).unwrap();
    let hooks = Webhooks { secrets: &secrets, inbox, base_url: None };
    let post = paid(5);
    let answer = webhooks::respond(world.app(), hooks, &post, noon());
    let end = world.faults.run(answer, || async {}).await;
    end.done().is_some_and(|answer| answer.status() == http::StatusCode::OK)
}

/// Takes what waits on the queue once.
async fn deliver(world: &World) {
    for message in world.aws.queue.waiting() {
        let now = minutes_after(noon(), 1);
        let taken = ingest::handle(world.app(), batch(std::slice::from_ref(&message)), now);
        let end = world.faults.run(taken, || async {}).await;
        if end.done().is_some_and(|answer| answer.batch_item_failures.is_empty()) {
            world.aws.queue.acknowledge(&message);
        }
    }
}

/// What is wrong in the end. `loses` lets what is on the queue disappear.
async fn wrong_after(world: &World, plan: Plan, loses: bool) -> Option<String> {
    world.clear().await;
    let inbox = Inbox::Queue(world.queue());
    world.faults.plan(plan);
    let mut posts = 0;
    while !post(world, &inbox).await {
        posts += 1;
        if posts == POSTS_MAX {
            return Some("it is never answered".into());
        }
    }
    if loses {
        world.aws.queue.take();
    }
    for _ in 0..DELIVERIES_MAX {
        deliver(world).await;
    }
    world.faults.plan(Plan::Clean);
    let waiting = world.aws.queue.waiting().len();
    let customer = id("shopify-88");
    let (events, _) = world.observer.ledger(&customer).await.unwrap();
    let state = world.observer.load(&customer).await.unwrap().customer;
    let purchases = state.history.purchases.len();
    let failures = world.observer.failures(minutes_after(noon(), 60)).await.unwrap();
    match (waiting, events.len(), purchases, failures.len()) {
        // The profile and the purchase.
        (0, 2, 1, 0) => None,
        other => Some(format!("waiting, events, purchases, failures: {other:?}")),
    }
}

const FAULTS: [Fault; 7] = [
    Fault::Refuse,
    Fault::Fail,
    Fault::Throttle,
    Fault::LoseAnswer,
    Fault::Conflict,
    Fault::StopBefore,
    Fault::StopAfter,
];

#[test]
fn a_webhook_that_was_answered_is_never_lost_and_counts_once() {
    let world = World::in_memory();
    block_on(async {
        let mut tried = 0;
        for request in 1..30 {
            for fault in FAULTS {
                let plan = Plan::At(vec![(request, fault)]);
                let wrong = wrong_after(&world, plan.clone(), false).await;
                assert_eq!(wrong, None, "{plan}");
                let twice = Plan::At(vec![(request, fault), (request + 1, fault)]);
                assert_eq!(wrong_after(&world, twice.clone(), false).await, None, "{twice}");
                tried += 2;
            }
        }
        assert!(tried > 300, "{tried}");
    });
}

#[test]
fn a_queue_that_loses_messages_is_seen() {
    let wrong = block_on(wrong_after(&World::in_memory(), Plan::Clean, true));
    assert!(wrong.is_some_and(|wrong| wrong.contains("(0, 0, 0, 0)")));
}
