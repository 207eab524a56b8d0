//! Publications under every fault at every request: whoever publishes tries again, as
//! people do, and then exactly one version more is live, whole.

use std::sync::Arc;

use lazo::shell::versions::{self, Publication, PublishError, Published};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::Bundle;
use lazo_fake_aws::faults::{Fault, Plan, Without};

use super::flows::noon;
use super::run::World;
use super::schedules::block_on;
use crate::support::minutes_after;
use crate::versions::{bundle, number, publish};

/// What is done under the fault.
#[derive(Clone, Copy, Debug)]
enum Flow {
    Publish,
    RollBack,
    Schedule,
}

fn later() -> Instant {
    minutes_after(noon(), 30)
}

async fn once(world: &World, flow: Flow, new: &Bundle) -> Result<Published, PublishError> {
    let store = &world.app().store;
    let base = Some(number(2));
    let at = matches!(flow, Flow::Schedule).then(later);
    match flow {
        Flow::RollBack => versions::roll_back(store, number(1), ("ana", "back"), noon()).await,
        Flow::Publish | Flow::Schedule => {
            let publication = Publication { by: "ana", note: "new", base, at, restores: None };
            versions::publish(store, new, &publication, noon()).await
        }
    }
}

/// Does it until it is done; what is wrong then.
async fn wrong_after(world: &World, flow: Flow, plan: Plan) -> Option<String> {
    world.clear().await;
    let (old, now, new) = (bundle("old"), bundle("now"), bundle("new"));
    publish(&world.observer, &old, noon()).await;
    publish(&world.observer, &now, noon()).await;
    world.faults.plan(plan);
    let mut done = None;
    for _ in 0..6 {
        match world.faults.run(once(world, flow, &new), || async {}).await.done() {
            Some(Ok(published)) => {
                done = Some(published);
                break;
            }
            // It stopped, or an answer was lost: they try again.
            Some(Err(PublishError::Store(_))) | None => {}
            // What they published with a lost answer is live: the others look at it.
            Some(Err(PublishError::Moved(live))) if live.digest == new.digest() => {
                done = Some(Published::Same(live.number));
                break;
            }
            Some(Err(error)) => return Some(format!("{error}")),
        }
    }
    if done.is_none() {
        return Some("it is never done".into());
    }
    for _ in 0..6 {
        let kept = versions::keep_schedule(world.app(), minutes_after(later(), 1));
        if world.faults.run(kept, || async {}).await.done().is_some_and(|kept| kept.is_ok()) {
            break;
        }
    }
    world.faults.plan(Plan::Clean);
    let live = world.observer.live_version().await.unwrap().unwrap();
    let expected = if matches!(flow, Flow::RollBack) { &old } else { &new };
    let whole = world.observer.bundle(&live.digest).await.unwrap();
    let is_last = world.observer.version(number(4)).await.unwrap().is_none();
    let is_whole = whole.as_ref() == Some(expected);
    match live.number == number(3) && live.last == number(3) && is_last && is_whole {
        true if live.scheduled.is_empty() => None,
        _ => Some(format!("{live:?}: last {is_last}, whole {is_whole}")),
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
fn a_publication_is_made_once_under_every_fault() {
    let world = World::in_memory();
    block_on(async {
        for flow in [Flow::Publish, Flow::RollBack, Flow::Schedule] {
            let mut tried = 0;
            for request in 1..40 {
                for fault in FAULTS {
                    let plan = Plan::At(vec![(request, fault)]);
                    let wrong = wrong_after(&world, flow, plan.clone()).await;
                    assert_eq!(wrong, None, "{flow:?} {plan}");
                    tried += 1;
                }
            }
            assert!(tried > 100);
        }
    });
}

/// One publishes while a request of another's publication is held up; how many of them
/// believe that theirs is live, at most.
async fn winners(world: &World) -> usize {
    let store = &world.app().store;
    let base = Some(number(1));
    let of = |by| Publication { by, note: "mine", base, at: None, restores: None };
    let (ana, beto) = (of("ana"), of("beto"));
    let (one, other) = (bundle("ana"), bundle("beto"));
    let mut most = 0;
    for request in 1..10 {
        world.clear().await;
        publish(&world.observer, &bundle("base"), noon()).await;
        world.faults.plan(Plan::At(vec![(request, Fault::Hold)]));
        let mut second = None;
        let meanwhile = async || {
            second = Some(versions::publish(&world.observer, &other, &beto, noon()).await);
        };
        let first = versions::publish(store, &one, &ana, noon());
        let first = world.faults.run(first, meanwhile).await.done();
        let both = [first, second].into_iter().flatten();
        let won = both.filter(|done| matches!(done, Ok(Published::Done(_)))).count();
        most = most.max(won);
    }
    most
}

#[test]
fn without_the_revision_two_who_publish_at_once_both_win() {
    assert_eq!(block_on(winners(&World::in_memory())), 1);
    let without: Without = Arc::new(|sk, _| sk == "live");
    assert_eq!(block_on(winners(&World::in_memory().without(without))), 2);
}
