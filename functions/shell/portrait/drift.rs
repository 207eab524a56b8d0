//! Whether somebody is still a customer, day by day: what the chart shows.
//!
//! With a fitted model it is the chance of still being one; without, how far behind their
//! own rhythm they are, in parts of the ratio from which on a customer drifts.

use jiff::ToSpan;
use jiff::civil::Date;
use lazo_domain::drift::{Judge, Rhythm};
use lazo_domain::history::Until;
use lazo_domain::stage::Stage;

use super::{Portrait, Telling};
use crate::shell::store::TouchState;

/// How many days back the chart begins at most.
const DAYS_BACK: i64 = 400;
/// How many days ahead it goes at least, and at most.
const DAYS_AHEAD: [i64; 2] = [45, 120];
/// How many days lie between two points.
const STEP_DAYS: i64 = 4;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// The chance of still being a customer, 0 to 1; below this the customer drifts.
    Chance(f64),
    /// How far behind the own rhythm, 0 or more; above this the customer drifts.
    Overdue(f64),
}

/// A curve with what goes with it.
#[derive(Clone, Debug)]
pub struct Drift {
    /// What is measured.
    pub measure: Measure,
    /// The first and the last day of the chart.
    pub days: [Date; 2],
    /// Today, by the customer's calendar.
    pub today: Date,
    /// The measure of days until today.
    pub past: Vec<(Date, f64)>,
    /// That of days from today on, if nothing is bought.
    pub future: Vec<(Date, f64)>,
    /// Purchase days within the chart.
    pub purchases: Vec<Date>,
    /// Spans in which the customer drifted: since when, and until when where it ended.
    pub drifted: Vec<(Date, Option<Date>)>,
    /// When drift begins if nothing is bought; `None` where it began, or lies far ahead.
    pub begins: Option<Date>,
    /// Touches within the chart, and whether they went out.
    pub touches: Vec<(Date, bool)>,
}

/// The chart of a customer; `None` of one who bought nothing that counts.
pub fn drift(portrait: &Portrait, telling: &Telling) -> Option<Drift> {
    let customer = &portrait.told.customer;
    let zone = customer.zone(&telling.book.default_zone);
    let scorer = telling.book.scorer();
    let history = &customer.history;
    let today = telling.now.date_in(&zone);
    let listed = history.purchase_days(Until::ALL, &zone, telling.book.policy.currency);
    let days: Vec<Date> = listed.iter().map(|day| day.date).filter(|day| *day <= today).collect();
    let first = history.first_at(Until::ALL)?.date_in(&zone);
    // Older ones are known as a sum alone.
    let earlier = history.days(Until::ALL, &zone).saturating_sub(listed.len());
    let rhythm = |day: Date| {
        let until = days.partition_point(|known| *known <= day);
        let last = days[..until].last().copied().unwrap_or(first);
        let count = u32::try_from(earlier + until).unwrap_or(u32::MAX);
        Rhythm::new(first, last, count.max(1))
    };
    let measure = match scorer.judge() {
        Judge::Model(_) => Measure::Chance(telling.book.policy.drift.at_risk_p_alive),
        Judge::Ratio => Measure::Overdue(scorer.ratio_figures().1),
    };
    let value = |day: Date| {
        let of = rhythm(day)?;
        Some((day, scorer.p_alive(of, day).unwrap_or_else(|| scorer.overdue_ratio(of, day))))
    };
    let start = first.max(today.saturating_sub(DAYS_BACK.days()));
    let now = rhythm(today)?;
    let is_drifting = scorer.is_drifting(now, today);
    let begins = scorer.crossing_day(now).filter(|day| !is_drifting && *day > today);
    let [least, most] = DAYS_AHEAD;
    let ahead = begins.map_or(least, |day| (day - today).get_days().into()).clamp(least, most);
    let end = today.saturating_add((ahead + 7).days());
    let mut points: Vec<Date> = stepped(start, today);
    // The curve jumps at a purchase: the day before and the day itself.
    for day in days.iter().filter(|day| **day >= start) {
        points.extend([day.saturating_sub(1.day()), *day]);
    }
    points.retain(|day| *day >= start);
    points.sort_unstable();
    points.dedup();
    Some(Drift {
        measure,
        days: [start, end],
        today,
        past: points.into_iter().filter_map(value).collect(),
        future: stepped(today, end).into_iter().filter_map(value).collect(),
        purchases: days.iter().copied().filter(|day| *day >= start).collect(),
        drifted: drifted(portrait, telling, start),
        begins: begins.filter(|day| *day <= end),
        touches: touches(portrait, telling, start),
    })
}

/// Days from one to another, a few apart, both ends included.
fn stepped(from: Date, until: Date) -> Vec<Date> {
    let mut days = Vec::new();
    let mut day = from;
    while day < until {
        days.push(day);
        day = day.saturating_add(STEP_DAYS.days());
    }
    days.push(until);
    days
}

/// When the customer drifted, by the stages that were entered.
fn drifted(portrait: &Portrait, telling: &Telling, start: Date) -> Vec<(Date, Option<Date>)> {
    let customer = &portrait.told.customer;
    let zone = customer.zone(&telling.book.default_zone);
    let mut spans: Vec<(Date, Option<Date>)> = Vec::new();
    for entered in &customer.stages {
        let day = entered.at.date_in(&zone);
        let is_open = spans.last().is_some_and(|(_, until)| until.is_none());
        match (entered.stage, spans.last_mut()) {
            (Stage::Dissolution, _) if !is_open => spans.push((day, None)),
            (Stage::Dissolution | Stage::Ended, _) => {}
            (_, Some((_, until))) if is_open => *until = Some(day),
            _ => {}
        }
    }
    spans.retain(|(_, until)| until.is_none_or(|until| until > start));
    spans.iter().map(|(from, until)| ((*from).max(start), *until)).collect()
}

fn touches(portrait: &Portrait, telling: &Telling, start: Date) -> Vec<(Date, bool)> {
    let zone = portrait.told.customer.zone(&telling.book.default_zone);
    let went = |state: TouchState| match state {
        TouchState::Sent => Some(true),
        TouchState::Skipped | TouchState::Cancelled => Some(false),
        TouchState::Fenced | TouchState::PutBack | TouchState::HeldOut => None,
    };
    let all = portrait.told.touches.iter();
    let mut touches: Vec<(Date, bool)> = all
        .filter_map(|touch| Some((touch.at.date_in(&zone), went(touch.state)?)))
        .filter(|(day, _)| *day >= start)
        .collect();
    touches.sort_unstable();
    touches.dedup();
    touches
}
