//! Which days a state looks forward to, and what a look at the calendar starts.

use super::*;

/// The first instant of the day, 16 February 2026, a Monday.
const MIDNIGHT: i64 = -12 * HOUR;

fn birthday(more: &str) -> String {
    format!(
        "rule: birthday
status: live
purpose: service
trigger: {{ occasion: birthday, {more} }}
steps: [{{ id: mail, channel: email, template: x, at: '12:00', expires: 1 day }}]
"
    )
}

fn born(date: &str, millis: i64, customer: Customer, book: &RuleBook) -> Customer {
    let told = event("CustomerUpdated", at(millis), json!({ "birthday": date }));
    taken(customer, &told, book, at(millis))
}

fn looked(customer: Customer, book: &RuleBook, millis: i64) -> Decision {
    decide(customer, Input::Calendar, book, at(millis))
}

#[test]
fn a_lead_is_counted_back_on_the_calendar() {
    for (lead, begins, occurrence) in [
        ("10 days", "2026-02-06", "2026"),
        ("2 weeks", "2026-02-02", "2026"),
        ("1 month", "2026-01-16", "2026"),
        ("3 years", "2026-02-16", "2029"),
        ("1 business day", "2026-02-13", "2026"),
        ("5 business days", "2026-02-06", "2026"),
        ("30 business days", "2026-01-02", "2026"),
    ] {
        let rule = birthday(&format!("lead: {lead}"));
        let book = policy_and("closed_days: ['2026-02-10']\n", &[&rule]);
        // Told before the day of either year has come.
        let told = -50 * DAY;
        let known = born("1990-02-16", told, ana(), &book);
        let next = known.next_occasion.unwrap();
        assert_eq!(next.to_string(), format!("{begins}T00:00:00Z"), "{lead}");
        let early = decide(known.clone(), Input::Calendar, &book, next.plus_millis(-1)).customer;
        assert_eq!(pending(&early), [""; 0], "{lead}");
        let on_the_day = decide(known, Input::Due, &book, next).customer;
        assert_eq!(pending(&on_the_day), [format!("birthday/{occurrence}")], "{lead}");
        assert!(on_the_day.next_occasion.unwrap() > next.plus_millis(360 * DAY), "{lead}");
    }
}

#[test]
fn the_day_of_leap_years_may_be_eight_years_ahead() {
    let book = policy_and("leap_day: leap_years_only\n", &[&birthday("lead: 1 day")]);
    let turn_of_the_century: Instant =
        "2096-03-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
    let told = json!({ "birthday": "--02-29" });
    let told = event("CustomerUpdated", turn_of_the_century, told);
    let known = taken(ana(), &told, &book, turn_of_the_century);
    assert_eq!(known.next_occasion.unwrap().to_string(), "2104-02-28T00:00:00Z");
}

#[test]
fn a_day_that_was_looked_at_is_refused_once() {
    let book = book(&[&birthday("lead: 1 day").replace("steps", "filter: 'false'\nsteps")]);
    let known = born("1990-02-17", -10 * DAY, ana(), &book);
    let first = looked(known, &book, MIDNIGHT);
    assert_eq!(first.records.len(), 1);
    assert_eq!(looked(first.customer, &book, MIDNIGHT + 1).records.len(), 0);
}

#[test]
fn a_day_that_is_learnt_of_too_late_goes_by_whatever_else_is_under_way() {
    let since = SINCE.replace("at:", "wait: 2 days, at:");
    let book = book(&[&birthday(""), &since]);
    let year_ago = at(-365 * DAY);
    let bought = taken(ana(), &purchase("p-1", year_ago), &book, year_ago);
    let looked = looked(bought, &book, MIDNIGHT).customer;
    assert_eq!(pending(&looked), ["since/2026"]);
    let in_time = born("1990-02-16", 0, looked.clone(), &book);
    assert_eq!(pending(&in_time), ["birthday/2026", "since/2026"]);
    let late = born("1990-02-16", 1, looked, &book);
    assert_eq!(pending(&late), ["since/2026"]);
}

#[test]
fn a_day_that_moves_into_the_past_still_goes_until_it_expires() {
    let rule = birthday("lead: 5 days").replace("at:", "wait: 5 days, at:");
    let book = book(&[&rule]);
    let known = born("1990-02-20", -30 * DAY, ana(), &book);
    let under_way = looked(known, &book, MIDNIGHT).customer;
    assert_eq!(pending(&under_way), ["birthday/2026"]);
    let corrected = |millis: i64| pending(&born("1990-02-15", millis, under_way.clone(), &book));
    assert_eq!(corrected(-1), ["birthday/2026"]);
    assert_eq!(corrected(0), [""; 0]);
}

#[test]
fn a_missed_look_makes_up_for_every_period_that_began() {
    let weekly =
        birthday("").replace("birthday", "news").replace("occasion: news", "every: 1 week");
    let book = book(&[&weekly]);
    let profile = event("CustomerUpdated", at(-20 * DAY), json!({ "locale": "es" }));
    let known = taken(ana(), &profile, &book, at(-20 * DAY));
    let before = looked(known.clone(), &book, MIDNIGHT - 1).customer;
    assert_eq!(pending(&before), ["news/2026-02-02", "news/2026-02-09"]);
    let sixteenth = looked(known, &book, MIDNIGHT).customer;
    assert_eq!(pending(&sixteenth), ["news/2026-02-02", "news/2026-02-09", "news/2026-02-16"]);
}
