//! What a state keeps of the stages that were entered, and when each was learnt of.

use super::*;
use crate::stage::Stage;

fn looked(customer: Customer, book: &RuleBook, millis: i64) -> Customer {
    decide(customer, Input::Calendar, book, at(millis)).customer
}

/// The stages of a state: which, since when, and when that was learnt.
fn stages(customer: &Customer) -> Vec<(Stage, Instant, Option<Instant>)> {
    customer.stages.iter().map(|entered| (entered.stage, entered.at, entered.learnt_at)).collect()
}

#[test]
fn a_stage_that_was_foreseen_is_learnt_of_on_time_however_late_the_look() {
    let book = book(&[]);
    let bought = taken(ana(), &purchase("p-1", at(0)), &book, at(0));
    let begins = bought.next_review.unwrap();
    let drifting = looked(bought.clone(), &book, 300 * DAY);
    let last = *stages(&drifting).last().unwrap();
    assert_eq!(last, (Stage::Dissolution, begins, None));
    // Of what comes at once it is known at once; of what is told later, later.
    assert_eq!(stages(&bought)[0], (Stage::Exploration, at(0), None));
    let late = taken(ana(), &purchase("p-1", at(0)), &book, at(DAY));
    assert_eq!(stages(&late)[0], (Stage::Exploration, at(0), Some(at(DAY))));
    // Nobody foresaw that she would come back, though it was time to look.
    let back = at(begins.millis() - NOON + DAY);
    let back = taken(bought, &purchase("p-2", back), &book, back.plus_millis(DAY));
    let learnt = Some(begins.plus_millis(2 * DAY));
    let came_back = (Stage::Expansion, begins.plus_millis(DAY), learnt);
    assert_eq!(stages(&back)[1..], [(Stage::Dissolution, begins, None), came_back]);
    // Nobody foresaw what a refund brings on.
    let again = taken(drifting, &purchase("p-2", at(301 * DAY)), &book, at(301 * DAY));
    let refund = event(
        "PurchaseRefunded",
        at(310 * DAY),
        json!({
            "refund_id": "r-1", "purchase_id": "p-2",
        }),
    );
    let refunded = taken(again, &refund, &book, at(310 * DAY));
    let after = looked(refunded, &book, 320 * DAY);
    let (stage, since, learnt) = *stages(&after).last().unwrap();
    assert_eq!(stage, Stage::Dissolution);
    assert!(since > at(301 * DAY) && since <= at(311 * DAY), "{since}");
    assert!(learnt.is_none_or(|learnt| learnt > since), "{learnt:?}");
}

#[test]
fn the_latest_sixteen_stages_are_kept() {
    let book = book(&[]);
    let mut customer = ana();
    // Two weeks of purchases and two silent months, again and again.
    for day in (0..12).flat_map(|round| (0..14).map(move |day| round * 80 + day)) {
        let when = at(day * DAY);
        customer = taken(customer, &purchase(&format!("p-{day}"), when), &book, when);
    }
    assert_eq!(customer.stages.len(), 16);
    assert!(customer.stages.is_sorted_by_key(|entered| entered.at));
    assert_eq!(customer.stages[15].at, at(11 * 80 * DAY));
}
