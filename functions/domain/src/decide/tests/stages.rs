//! What a state keeps of the stages that were entered, and when each was learnt of.

use jiff::ToSpan;
use jiff::civil::Date;

use super::*;
use crate::event::Body;
use crate::stage::{DriftForecast, Stage};

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
    let refund = refund("p-2", 310 * DAY);
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

#[test]
fn what_an_earlier_model_judged_of_the_past_stays() {
    let book = book(&[]);
    let bought = taken(ana(), &purchase("p-1", at(0)), &book, at(0));
    let (forecast, begins) = (bought.forecast.unwrap(), bought.next_review.unwrap());
    let crossing = forecast.drifts_on.unwrap();
    let day = |days: i64| Some(crossing.checked_add(days.days()).unwrap());
    let night = |days: i64| begins.plus_millis(days * DAY);
    // When drift begins by what was forecast before, and since when it has begun.
    let after = |forecast: DriftForecast, now: Instant| -> (Option<Date>, Option<Instant>) {
        let customer = Customer { forecast: Some(forecast), ..bought.clone() };
        let customer = decide(customer, Input::Calendar, &book, now).customer;
        let drifting = customer.stages.iter().find(|entered| entered.stage == Stage::Dissolution);
        (customer.forecast.unwrap().drifts_on, drifting.map(|entered| entered.at))
    };
    let planned = |drifts_on, now| after(DriftForecast { drifts_on, ..forecast }, now);
    assert_eq!(planned(day(-20), night(-20)), (day(-20), Some(night(-20))));
    assert_eq!(planned(day(-20), night(-20).plus_millis(-1)), (day(0), None));
    // By the new model it was to begin before, and nobody saw it: tomorrow.
    for before in [day(20), None] {
        assert_eq!(planned(before, night(0).plus_millis(-1)), (day(0), None));
        assert_eq!(planned(before, night(0)), (day(1), None));
    }
    assert_eq!(planned(day(0), night(0)), (day(0), Some(night(0))));
    let other = DriftForecast { days: 2, drifts_on: day(-20), ..forecast };
    assert_eq!(after(other, night(0)), (day(0), Some(night(0))));
}

#[test]
fn what_is_given_back_leaves_the_days_of_other_purchases() {
    let book = book(&[]);
    let bought = |days: &[i64]| {
        days.iter().enumerate().fold(ana(), |customer, (number, day)| {
            let when = at(day * DAY + number as i64);
            taken(customer, &purchase(&format!("p-{number}"), when), &book, when)
        })
    };
    let days_after = |days: &[i64], key: &str| {
        let now = 9 * DAY;
        taken(bought(days), &refund(key, now), &book, at(now))
            .forecast
            .map(|forecast| forecast.days)
    };
    assert_eq!(days_after(&[0, 0], "p-1"), Some(1));
    assert_eq!(days_after(&[0, 5], "p-0"), Some(1));
    assert_eq!(days_after(&[0, 5, 6], "p-1"), Some(2));
    assert_eq!(days_after(&[0], "p-0"), None);
    // A purchase day is none of drift, even where its purchase was given back.
    let begins = bought(&[0]).next_review.unwrap();
    let midnight = begins.millis() - NOON;
    let again = purchase("p-1", at(midnight - DAY));
    let again = taken(bought(&[0]), &again, &book, at(midnight - DAY));
    let back = taken(again, &refund("p-1", midnight), &book, begins);
    let drifting = looked(back, &book, midnight + 5 * DAY);
    let (stage, since, _) = *stages(&drifting).last().unwrap();
    assert_eq!((stage, since), (Stage::Dissolution, begins.plus_millis(DAY)));
}

#[test]
fn purchases_of_which_only_sums_are_kept_count_as_days() {
    let mut customer = ana();
    for number in 0..1003 {
        // Three days, and then a thousand purchases on one.
        let when = at(number.min(3) * DAY + number);
        let delivered = purchase(&format!("p-{number}"), when);
        let Body::PurchaseCompleted(bought) = &delivered.event.body else { unreachable!() };
        customer.history.add_purchase(bought);
    }
    let when = at(3 * DAY + 2000);
    let customer = taken(customer, &purchase("last", when), &book(&[]), when);
    assert_eq!(customer.forecast.unwrap().days, 4);
    assert_eq!(customer.stages.last().unwrap().stage, Stage::Commitment);
}

#[test]
fn only_who_bought_and_then_came_back_or_was_content_is_aware() {
    let visit = |millis: i64| {
        let told = json!({ "interaction_id": "v", "channel": "store", "kind": "visit", "initiated_by": "customer", "phase": "postpurchase", "touchpoint": "counter" });
        event("InteractionRecorded", at(millis), told)
    };
    let book = book(&[]);
    let last = |events: &[(Delivered, i64)]| {
        let customer = events
            .iter()
            .fold(ana(), |customer, (event, millis)| taken(customer, event, &book, at(*millis)));
        customer.stages.last().unwrap().stage
    };
    let bought = || (purchase("p-1", at(0)), 0);
    assert_eq!(last(&[(visit(0), 0)]), Stage::Exploration);
    assert_eq!(last(&[(visit(0), 0), bought()]), Stage::Exploration);
    assert_eq!(last(&[bought(), (visit(1), 1)]), Stage::Awareness);
    let happy = json!({ "answer_id": "a", "touchpoint": "store", "csat": 5 });
    let happy = event("SurveyAnswered", at(-DAY), happy);
    assert_eq!(last(&[(happy, -DAY), bought()]), Stage::Awareness);
}
