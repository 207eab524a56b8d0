//! Guards, shown by their removal: without each of them the same schedules that
//! pass find what the guard is there for. The table of all guards is in
//! `tests/README.md`.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use lazo::shell::store::keys;
use lazo_fake_aws::Service;
use lazo_fake_aws::faults::{Fault, Plan, Without};

use super::acts::Act;
use super::flows::{self, CUSTOMER, due};
use super::run::{Variant, World, mails};
use super::schedules::{Clean, Schedule, block_on};
use super::shop::book_with;
use crate::support::{id, minutes_after};

/// How many schedules are tried until one shows that a guard is missing.
const TRIED_MAX: usize = 600;

/// The first thing wrong that names `word`, among schedules of some faults.
fn finds(world: &World, word: &str, strikes: impl Fn(Fault) -> bool) -> Option<String> {
    let clean = Clean::get();
    let is_meant = |schedule: &Schedule| match &schedule.plan {
        Plan::At(faults) => faults.iter().all(|(_, fault)| strikes(*fault)),
        _ => false,
    };
    let mut schedules = clean.singles(true);
    schedules.retain(|schedule| is_meant(schedule) && !schedule.variant.retries);
    fastrand::Rng::with_seed(3).shuffle(&mut schedules);
    block_on(async {
        for schedule in schedules.into_iter().take(TRIED_MAX) {
            let wrong = clean.judge(world, &schedule).await;
            if let Some(line) = wrong.into_iter().find(|line| line.contains(word)) {
                return Some(line);
            }
        }
        None
    })
}

fn is_hold(fault: Fault) -> bool {
    matches!(fault, Fault::Hold | Fault::HoldAnswer)
}

fn is_lost(fault: Fault) -> bool {
    fault == Fault::LoseAnswer
}

fn conditions_of(prefix: &'static str) -> Without {
    Arc::new(move |sk, _| sk.starts_with(prefix))
}

/// Workers overwrite each other: what the slower one did not see is gone.
#[test]
fn without_the_version_check_updates_are_lost() {
    let world = World::in_memory().without(conditions_of("state"));
    assert!(finds(&world, "", is_hold).is_some());
    // Nor does the ledger's key of a touch make up for it.
    let found = finds(&world, "the customer is", is_hold);
    assert!(found.is_some());
}

/// Two workers hold the same touch, and both hand it over.
#[test]
fn without_version_check_and_touch_key_mails_go_out_twice() {
    let without: Without = Arc::new(|sk, _| sk == "state" || sk.starts_with("touch#"));
    let world = World::in_memory().without(without);
    let found = finds(&world, "DUPLICATE", is_hold);
    assert!(found.is_some_and(|line| line.contains("went out 2 times")));
}

/// A state that somebody restored meets a ledger that went on.
async fn mails_after_a_restore(world: &World) -> usize {
    world.clear().await;
    let flows = flows::all();
    let flow = flows.iter().find(|flow| flow.name == "dispatch of a mail").unwrap();
    for act in &flow.before {
        assert!(act.perform(world.app()).await);
    }
    let key = |text: String| AttributeValue::S(text);
    let client = world.observer.client();
    let query = client.query().table_name(world.observer.table()).consistent_read(true);
    let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
    let query = query.expression_attribute_values(":pk", key(keys::customer(&id(CUSTOMER))));
    let query = query.expression_attribute_values(":sk", key(keys::STATE.into()));
    let before = query.send().await.unwrap().items.unwrap();
    assert!(flow.input.perform(world.app()).await);
    for item in before {
        let put = client.put_item().table_name(world.observer.table()).set_item(Some(item));
        put.send().await.unwrap();
    }
    assert!(Act::Tick { at: minutes_after(due(), 1) }.perform(world.app()).await);
    mails(&world.aws).into_values().sum()
}

#[test]
fn without_the_touch_key_a_restored_state_sends_again() {
    assert_eq!(block_on(mails_after_a_restore(&World::in_memory())), 1);
    let without = World::in_memory().without(conditions_of("touch#"));
    assert_eq!(block_on(mails_after_a_restore(&without)), 2);
}

/// What the ledger has counted counts again.
#[test]
fn without_the_event_key_an_event_counts_twice() {
    let world = World::in_memory().without(conditions_of("event#"));
    assert!(finds(&world, "", |_| true).is_some());
}

/// How many mails went out after a *no* of the same address was acknowledged while
/// a request of the sender was held up; which may be any but the mail itself.
async fn mails_after_a_no_elsewhere(world: &World) -> usize {
    let flows = flows::all();
    let name = "dispatch before a no of the address";
    let flow = flows.iter().find(|flow| flow.name == name).unwrap();
    let mut after = 0;
    for number in 1..40 {
        world.clear().await;
        for act in &flow.before {
            assert!(act.perform(world.app()).await);
        }
        world.faults.plan(Plan::At(vec![(number, Fault::Hold)]));
        world.faults.record();
        let before = Mutex::new(None);
        let no = || async {
            assert!(flow.next.perform(world.app()).await);
            *before.lock().unwrap() = Some(world.aws.mail.count());
        };
        world.faults.run(flow.input.perform(world.app()), no).await;
        let steps = world.faults.steps();
        let is_mail = steps.get(number as usize - 1).is_none_or(|s| s.service == Service::Ses);
        let before = *before.lock().unwrap();
        if let Some(before) = before.filter(|_| !is_mail) {
            after += (world.aws.mail.count() - before) as usize;
        }
    }
    after
}

#[test]
fn without_the_check_of_the_address_a_fence_overtakes_a_no() {
    assert_eq!(block_on(mails_after_a_no_elsewhere(&World::in_memory())), 0);
    let without = World::in_memory().without(conditions_of("said"));
    assert!(block_on(mails_after_a_no_elsewhere(&without)) > 0);
}

/// The SDK repeats a request whose answer was lost.
#[test]
fn with_retries_of_the_sdk_a_lost_answer_is_a_second_mail() {
    let world = World::in_memory().repeating_mail();
    assert!(finds(&world, "DUPLICATE", is_lost).is_some());
}

/// Unknown is settled or listed, and not resent unless the policy says so.
#[test]
fn where_unknown_mail_is_resent_it_may_go_out_twice() {
    let world = World::in_memory().by(|| book_with("resend_unknown: true"));
    assert!(finds(&world, "DUPLICATE", is_lost).is_some());
}

/// What events told is kept as long as the policy says, and no longer.
#[test]
fn where_history_is_never_forgotten_it_is_kept_for_too_long() {
    let world = World::in_memory().by(|| book_with("keep_history: 50 years"));
    let flows = flows::all();
    let flow = flows.iter().position(|flow| flow.name == "history that is too old").unwrap();
    let variant = Variant::each().into_iter().next().unwrap();
    let schedule = Schedule { flow, variant, plan: Plan::Clean };
    let wrong = block_on(Clean::get().judge(&world, &schedule));
    assert!(wrong.iter().any(|line| line.contains("kept for too long")), "{wrong:?}");
}
