//! In every time zone, on every day of three years: a birthday is greeted on its
//! local day, once.
//!
//! By default every zone greets a sample of the days, with all those near its
//! clock changes; `LAZO_BIRTHDAYS=all` takes every day in every zone.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::civil::{Date, date, time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use lazo_domain::event::{Delivered, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, simulate};
use lazo_domain::touch::TouchStatus;
use serde_json::json;

const YEARS: std::ops::RangeInclusive<i16> = 2027..=2029;

const RULE: &str = "
rule: birthday
status: live
purpose: service
trigger: { occasion: birthday }
steps: [{ id: mail, channel: email, template: hello, at: '09:00' }]
";

fn book() -> RuleBook {
    let policy = "brand: { name: Tienda, from: hola@example.com }\ndefault_time_zone: UTC\n\
                  windows: { email: { mon-sun: '08:00-21:00' } }\n";
    let files = [("policy.yaml", policy), ("birthday.yaml", RULE)];
    RuleBook::read(&files.map(|(name, text)| (name.into(), text.into()))).unwrap()
}

fn profile(customer: &str, zone: &str, birthday: Date) -> Delivered {
    let event = json!({
        "detail-type": "CustomerUpdated", "customer_id": customer, "email": "ana@example.com",
        "occurred_at": "2026-11-01T00:00:00Z", "time_zone": zone,
        "birthday": birthday.strftime("--%m-%d").to_string(),
    });
    from_wire(&event.to_string()).unwrap()
}

/// The days on which a zone's clocks change in these years, and their neighbours.
fn days_of_changes(zone: &TimeZone) -> Vec<Date> {
    let from = date(*YEARS.start(), 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let until = date(*YEARS.end() + 1, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let changes = zone.following(from).take_while(|change| change.timestamp() < until);
    let days = changes.map(|change| zone.to_datetime(change.timestamp()).date());
    days.flat_map(|day| (-1..=1).filter_map(move |n: i64| day.checked_add(n.days()).ok())).collect()
}

/// Every day of a leap year that a zone is to be tried with.
fn birthdays(place: usize, zone: &TimeZone) -> Vec<Date> {
    let is_all = std::env::var("LAZO_BIRTHDAYS").is_ok_and(|which| which == "all");
    let changes = days_of_changes(zone);
    let days = (0..366).map(|n: i64| date(2028, 1, 1) + Span::new().days(n));
    let near = |day: Date| changes.iter().any(|c| (c.month(), c.day()) == (day.month(), day.day()));
    let drawn = |day: Date| (place + day.day_of_year() as usize).is_multiple_of(61);
    days.filter(|day| is_all || drawn(*day) || near(*day)).collect()
}

/// Where and when each year's greeting of somebody is to leave.
fn expected(zone: &TimeZone, birthday: Date) -> Vec<Instant> {
    let in_year = |year| {
        // Born on 29 February, by default greeted on the 28th in other years.
        let day = Date::new(year, birthday.month(), birthday.day());
        let day = day.unwrap_or_else(|_| date(year, 2, 28));
        zone.to_zoned(day.to_datetime(time(9, 0, 0, 0))).unwrap().timestamp().into()
    };
    YEARS.map(in_year).collect()
}

#[test]
fn each_greeting_leaves_on_the_right_local_day_once() {
    let book = book();
    let midnight = |year| date(year, 1, 1).to_zoned(TimeZone::UTC).unwrap().timestamp();
    // A day more at each end: what is behind midnight in London is not in Apia.
    let day = 86_400_000;
    let period = Period {
        from: Instant::from(midnight(*YEARS.start())).plus_millis(-day),
        until: Instant::from(midnight(*YEARS.end() + 1)).plus_millis(day),
    };
    let zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    assert!(zones.len() > 400, "the whole database is here: {}", zones.len());
    let mut greeted = 0;
    for (place, name) in zones.iter().enumerate() {
        let zone = TimeZone::get(name).unwrap();
        for birthday in birthdays(place, &zone) {
            let mut events = [profile("ana", name, birthday)];
            let outcome = simulate(Id::new("ana").unwrap(), &mut events, &[], &book, period);
            let sent = outcome.touches.iter().filter(|t| t.status == TouchStatus::Sent);
            let mut sent: Vec<Instant> = sent.map(|touch| touch.at).collect();
            sent.retain(|at| YEARS.contains(&at.date_in(&zone).year()));
            assert_eq!(sent, expected(&zone, birthday), "{name}, born on {birthday}");
            greeted += sent.len();
        }
    }
    println!("{greeted} greetings in {} time zones", zones.len());
}
