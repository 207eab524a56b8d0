//! What the entry into a stage starts, and what takes it back or ends it.

use super::*;
use crate::customer::{Enrolment, PastEnrolment, Phase};
use crate::stage::Stage;
use crate::touch::Defer;

const WINBACK: &str = "rule: winback
status: live
purpose: service
trigger: { stage: dissolution }
filter: has(customer.attributes.tier) && customer.attributes.tier == 'gold'
reentry: always
steps:
  - { id: mail, channel: email, template: x, wait: 5 days, expires: 5 days }
  - { id: task, channel: task, template: x, wait: 1 day }
";

fn tier(tier: &str, occurred: Instant) -> Delivered {
    event("CustomerUpdated", occurred, json!({ "attributes": { "tier": tier } }))
}

/// Ana, who bought once, and the night in which she begins to drift away.
fn bought(book: &RuleBook) -> (Customer, Instant) {
    let gold = taken(ana(), &tier("gold", at(-DAY)), book, at(-DAY));
    let bought = taken(gold, &purchase("p-1", at(0)), book, at(0));
    let begins = bought.next_review.unwrap();
    (bought, begins)
}

/// The same, once that was seen: she is to be won back.
fn drifting(book: &RuleBook) -> (Customer, Instant) {
    let (bought, begins) = bought(book);
    let drifting = decide(bought, Input::Calendar, book, begins).customer;
    assert_eq!(drifting.stages.last().unwrap().stage, Stage::Dissolution);
    (drifting, begins)
}

fn reasons(decision: &Decision) -> Vec<Option<Reason>> {
    decision.records.iter().map(|record| record.reason).collect()
}

#[test]
fn what_is_told_of_the_time_before_decides_again_what_a_stage_started() {
    let book = book(&[WINBACK]);
    let (drifting, begins) = drifting(&book);
    let pending = only(&drifting).clone();
    let now = begins.plus_millis(HOUR);
    let silver = |millis: i64| {
        let late = tier("silver", begins.plus_millis(millis));
        decide(drifting.clone(), Input::Event(&late.event), &book, now)
    };
    for before in [-1, 0] {
        let refused = silver(before);
        assert_eq!(reasons(&refused), [Some(Reason::FilterFalse)]);
        assert!(refused.customer.enrolments.is_empty());
    }
    assert_eq!(*only(&silver(1).customer), pending);
    // It starts anew while its touch is not due, and only what is no history.
    let none = silver(-1).customer;
    let gold = tier("gold", begins);
    let again = |now| decide(none.clone(), Input::Event(&gold.event), &book, now).customer;
    let due = pending.due;
    assert_eq!(only(&again(due.plus_millis(-1))).due, due);
    assert!(again(due).enrolments.is_empty());
    let history = decide(none.clone(), Input::History(&gold.event), &book, now).customer;
    assert!(history.enrolments.is_empty());
    // What was taken back to be decided again goes on, whatever brought that about.
    for input in [Input::Event(&gold.event), Input::History(&gold.event)] {
        assert_eq!(*only(&decide(drifting.clone(), input, &book, due).customer), pending);
    }
}

#[test]
fn a_stage_that_was_not_entered_takes_back_what_was_not_tried() {
    let book = book(&[WINBACK]);
    let (drifting, begins) = drifting(&book);
    let now = begins.plus_millis(HOUR);
    let earlier = PastEnrolment { at: at(-500 * DAY), occurrence: "2024-01-01".into() };
    let after = |change: &dyn Fn(&mut Enrolment)| {
        let mut customer = drifting.clone();
        change(&mut customer.enrolments[0]);
        customer.past.get_mut("winback").unwrap().insert(0, earlier.clone());
        taken(customer, &purchase("p-2", begins.plus_millis(-DAY)), &book, now)
    };
    let gone = after(&|_| {});
    assert!(gone.enrolments.is_empty());
    assert_eq!(gone.past["winback"], std::slice::from_ref(&earlier));
    let defer = Defer { at: begins, reason: Reason::QuietHours, until: now };
    let tried: [&dyn Fn(&mut Enrolment); 5] = [
        &|enrolment| enrolment.defers.push(defer),
        &|enrolment| enrolment.phase = Phase::sending(begins, None),
        &|enrolment| enrolment.phase = Phase::AwaitingReport { asked_at: begins, exited: false },
        &|enrolment| enrolment.step = "task".into(),
        &|enrolment| enrolment.at = begins.plus_millis(1),
    ];
    for change in tried {
        let kept = after(change);
        only(&kept);
        assert_eq!(kept.past["winback"].len(), 2);
    }
}

#[test]
fn who_was_held_out_of_a_stage_that_was_not_entered_was_never_in() {
    let book = book(&[&WINBACK.replace("steps:", "holdout: 100%\nsteps:")]);
    let (bought, begins) = bought(&book);
    let held_out = decide(bought, Input::Calendar, &book, begins);
    assert_eq!(reasons(&held_out), [Some(Reason::Holdout)]);
    let mut customer = held_out.customer;
    assert_eq!(customer.past["winback"].iter().map(|past| past.at).collect::<Vec<_>>(), [begins]);
    let earlier = PastEnrolment { at: at(-500 * DAY), occurrence: "2024-01-01".into() };
    customer.past.get_mut("winback").unwrap().insert(0, earlier.clone());
    let late = purchase("p-2", begins.plus_millis(-DAY));
    let after = taken(customer, &late, &book, begins.plus_millis(HOUR));
    assert_eq!(after.past["winback"], [earlier]);
}

#[test]
fn whom_a_rep_reports_as_lost_nobody_wins_back() {
    let book = book(&[WINBACK, THANKS]);
    let (drifting, begins) = drifting(&book);
    let now = begins.plus_millis(HOUR);
    let told = json!({ "call_id": "c-1", "outcome": "reached", "dissolution_reason": "price" });
    let report = event("CallReported", now, told);
    let after = |change: &dyn Fn(&mut Enrolment)| {
        let mut customer = drifting.clone();
        customer.enrolments.retain(|enrolment| enrolment.rule == "winback");
        change(&mut customer.enrolments[0]);
        let decision = decide(customer, Input::Event(&report.event), &book, now);
        (decision.customer.enrolments.len(), reasons(&decision))
    };
    assert_eq!(after(&|_| {}), (0, vec![Some(Reason::Exited)]));
    assert_eq!(after(&|enrolment| enrolment.at = now), (0, vec![Some(Reason::Exited)]));
    // What was asked of somebody was recorded then.
    assert_eq!(
        after(&|enrolment| enrolment.phase =
            Phase::AwaitingReport { asked_at: begins, exited: false }),
        (0, vec![])
    );
    let goes_on: [&dyn Fn(&mut Enrolment); 3] = [
        &|enrolment| enrolment.phase = Phase::sending(begins, None),
        &|enrolment| enrolment.at = now.plus_millis(1),
        &|enrolment| enrolment.rule = "thanks".into(),
    ];
    for change in goes_on {
        assert_eq!(after(change), (1, vec![]));
    }
}

#[test]
fn neither_another_stage_nor_time_ends_a_win_back() {
    let book = book(&[WINBACK]);
    let (drifting, begins) = drifting(&book);
    let back = purchase("p-2", begins.plus_millis(HOUR));
    let expanding = taken(drifting.clone(), &back, &book, begins.plus_millis(HOUR));
    assert_eq!(expanding.stages.last().unwrap().stage, Stage::Expansion);
    only(&expanding);
    let over = drifting.next_review.unwrap();
    let ended = decide(drifting, Input::Calendar, &book, over).customer;
    let last = ended.stages.last().unwrap();
    assert_eq!((last.stage, last.at, last.is_day), (Stage::Ended, over, true));
    only(&ended);
}

#[test]
fn stages_that_are_entered_now_are_told_and_to_be_known_at_all_is_none() {
    let book = book(&[]);
    let stages = |decision: &Decision| -> Vec<(Stage, Instant)> {
        decision.stages.iter().map(|entered| (entered.stage, entered.at)).collect()
    };
    let first = purchase("p-1", at(0));
    let bought = decide(ana(), Input::Event(&first.event), &book, at(0));
    assert_eq!(stages(&bought), []);
    let second = purchase("p-2", at(5 * DAY));
    let live = decide(bought.customer.clone(), Input::Event(&second.event), &book, at(5 * DAY));
    assert_eq!(stages(&live), [(Stage::Expansion, at(5 * DAY))]);
    let history = decide(bought.customer, Input::History(&second.event), &book, at(5 * DAY));
    assert_eq!(stages(&history), []);
    let refund = refund("p-2", 6 * DAY);
    let back = decide(live.customer, Input::Event(&refund.event), &book, at(6 * DAY));
    assert_eq!(stages(&back), [(Stage::Exploration, at(6 * DAY))]);
}
