//! A pause and its end under every fault at every request: from the acknowledged pause
//! to the end of it nothing that it covers goes out, and behind it everything goes once.

use std::sync::Arc;

use lazo::dispatch;
use lazo::shell::sending;
use lazo_domain::instant::Instant;
use lazo_domain::sending_pause::{PauseScope, SendingPause};
use lazo_domain::touch::Reason;
use lazo_fake_aws::faults::{Fault, Plan, Without};

use super::acts::Act;
use super::flows::{self, CUSTOMER, due};
use super::run::{World, mails};
use super::schedules::block_on;
use crate::support::{id, minutes_after};

const FAULTS: [Fault; 7] = [
    Fault::Refuse,
    Fault::Fail,
    Fault::Throttle,
    Fault::LoseAnswer,
    Fault::Conflict,
    Fault::StopBefore,
    Fault::StopAfter,
];

/// The one mail of the flow.
const MAIL: &str = "thanks/ana/p1/mail";

fn pause_of(scope: PauseScope) -> SendingPause {
    sending::new_pause(scope, "ana", "wrong prices", minutes_after(due(), -10))
}

/// Pauses, or goes on, until that is acknowledged.
async fn until_done(world: &World, pause: &SendingPause, is_paused: bool) -> bool {
    let once = async || match is_paused {
        true => sending::pause(&world.app().store, pause).await,
        false => sending::resume(&world.app().store, &pause.scope).await,
    };
    for _ in 0..6 {
        let done = world.faults.run(once(), || async {}).await;
        if done.done().is_some_and(|done| done.is_ok()) {
            return true;
        }
    }
    false
}

async fn tick(world: &World, at: Instant) {
    let run = dispatch::run(world.app(), at);
    let _ = world.faults.run(run, || async {}).await;
}

/// What is wrong with a pause of a scope that covers the mail, under a plan.
async fn wrong_after(world: &World, scope: &PauseScope, plan: Plan) -> Option<String> {
    world.clear().await;
    let flows = flows::all();
    let flow = flows.iter().find(|flow| flow.name == "dispatch of a mail").unwrap();
    for act in &flow.before {
        assert!(act.perform(world.app()).await);
    }
    world.faults.plan(plan);
    let pause = pause_of(scope.clone());
    if !until_done(world, &pause, true).await {
        return Some("it is never paused".into());
    }
    for minutes in [0, 1, 16, 32] {
        tick(world, minutes_after(due(), minutes)).await;
    }
    if !mails(&world.aws).is_empty() {
        return Some(format!("in the pause went out: {:?}", mails(&world.aws)));
    }
    let ana = world.observer.load(&id(CUSTOMER)).await.unwrap().customer;
    let waits = ana.enrolments.iter().filter(|e| e.rule == "thanks").flat_map(|e| &e.defers);
    if !waits.clone().any(|defer| defer.reason == Reason::SendingPaused) {
        return Some(format!("nothing tells of the pause: {:?}", waits.collect::<Vec<_>>()));
    }
    if !until_done(world, &pause, false).await {
        return Some("it is never resumed".into());
    }
    for minutes in [33, 48, 64, 130, 195] {
        tick(world, minutes_after(due(), minutes)).await;
    }
    world.faults.plan(Plan::Clean);
    let gone = mails(&world.aws);
    let state = world.observer.sending_state().await.unwrap().unwrap();
    let listed = world.observer.failures(minutes_after(due(), 300)).await.unwrap();
    match gone.get(MAIL) {
        _ if !state.pauses.is_empty() => Some(format!("still paused: {state:?}")),
        Some(1) if gone.len() == 1 => None,
        // A process that stopped in the middle leaves a mail that nobody knows of.
        None if !listed.is_empty() => None,
        _ => Some(format!("after it went out: {gone:?}")),
    }
}

#[test]
fn a_pause_holds_from_its_answer_on_under_every_fault() {
    let world = World::in_memory();
    block_on(async {
        let rule = PauseScope::Rule("thanks".into());
        assert_eq!(wrong_after(&world, &rule, Plan::Clean).await, None);
        for request in 1..26 {
            for fault in FAULTS {
                let plan = Plan::At(vec![(request, fault)]);
                let wrong = wrong_after(&world, &PauseScope::All, plan.clone()).await;
                assert_eq!(wrong, None, "{plan}");
            }
        }
    });
}

#[test]
fn a_pause_of_another_rule_holds_nothing_back() {
    let world = World::in_memory();
    let other = PauseScope::Rule("news".into());
    let wrong = block_on(wrong_after(&world, &other, Plan::Clean));
    assert!(wrong.is_some_and(|wrong| wrong.contains("in the pause went out")));
}

/// Two pause different rules at once; how many pauses there are then, at the least.
async fn pauses_of_two(world: &World) -> usize {
    let mut least = 2;
    for request in 1..4 {
        world.clear().await;
        let [one, other] = ["thanks", "news"].map(|rule| pause_of(PauseScope::Rule(rule.into())));
        world.faults.plan(Plan::At(vec![(request, Fault::Hold)]));
        let meanwhile = async || {
            sending::pause(&world.observer, &other).await.unwrap();
        };
        let first = sending::pause(&world.app().store, &one);
        world.faults.run(first, meanwhile).await;
        world.faults.plan(Plan::Clean);
        let state = world.observer.sending_state().await.unwrap().unwrap();
        least = least.min(state.pauses.len());
    }
    least
}

#[test]
fn without_the_revision_one_of_two_pauses_is_lost() {
    // There are three: two that look, and the one that writes.
    let world = World::in_memory();
    assert_eq!(block_on(pauses_of_two(&world)), 2);
    let without: Without = Arc::new(|sk, _| sk == "pauses");
    assert_eq!(block_on(pauses_of_two(&World::in_memory().without(without))), 1);
}

/// How many mails go out of a table that is a restored copy.
async fn mails_of_a_copy(world: &World, knows_its_table: bool) -> usize {
    world.clear().await;
    let flows = flows::all();
    let flow = flows.iter().find(|flow| flow.name == "dispatch of a mail").unwrap();
    for act in &flow.before {
        assert!(act.perform(world.app()).await);
    }
    if knows_its_table {
        let store = &world.observer;
        sending::resume(store, &PauseScope::All).await.unwrap();
        let state = store.sending_state().await.unwrap().unwrap();
        let mut copy = state.clone();
        copy.table = "the table that it was copied from".into();
        copy.revision += 1;
        assert!(store.move_sending(Some(&state), &copy).await.unwrap());
    }
    Act::Tick { at: due() }.perform(world.app()).await;
    mails(&world.aws).values().sum()
}

#[test]
fn without_the_name_of_its_table_a_restored_copy_sends() {
    let world = World::in_memory();
    assert_eq!(block_on(mails_of_a_copy(&world, true)), 0);
    assert_eq!(block_on(mails_of_a_copy(&world, false)), 1);
}
