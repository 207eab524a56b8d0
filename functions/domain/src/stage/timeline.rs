//! A customer's way through the stages, worked out from all that happened.

use std::cell::Cell;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{DriftForecast, Entered, Stage};
use crate::calendar;
use crate::customer::Customer;
use crate::drift::{Rhythm, Scorer};
use crate::instant::Instant;
use crate::policy::ClosedDays;
use crate::span::Span;

/// What stages are worked out by.
pub struct Course<'a> {
    /// The customer's time zone: stages that time brings begin at its midnight.
    pub zone: &'a TimeZone,
    /// What tells on which day a customer begins to drift.
    pub scorer: &'a Scorer,
    /// How long somebody is in dissolution before it is over.
    pub end_after: Span,
    /// Days that do not count where `end_after` is in business days.
    pub closed_days: &'a ClosedDays,
}

/// The stages of a customer up to an instant, and when the next one is entered
/// if nothing happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The stages entered, the earliest first.
    pub entered: Vec<Entered>,
    /// When time alone brings the next stage; `None` where it brings none.
    pub next: Option<Instant>,
    /// By what drift is forecast after all that happened.
    pub forecast: Option<DriftForecast>,
}

/// What may change a stage, in the order in which it counts at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Positive,
    Purchase(usize),
    /// A purchase was given back in full.
    Refund(usize),
    Contact,
    /// A rep reported why the customer leaves.
    Reported,
}

impl Course<'_> {
    /// Works out the stages up to an instant.
    pub fn timeline(&self, customer: &Customer, until: Instant) -> Timeline {
        let mut walk = Walk::new(self, customer);
        let mut until = until;
        for (at, moment) in moments(customer) {
            walk.pass_to(at, false);
            walk.take(at, moment);
            until = until.max(at);
        }
        let forecast = walk.judge(until);
        walk.planned = forecast.and_then(|forecast| forecast.drifts_on);
        walk.pass_to(until, true);
        let next = walk.next().map(|(_, at)| at);
        Timeline { entered: walk.entered, next, forecast }
    }
}

/// All that may change the stage, in order.
/// A shop's clock may be ahead of ours: what is told has happened.
fn moments(customer: &Customer) -> Vec<(Instant, Moment)> {
    let signals = &customer.signals;
    let mut moments = Vec::with_capacity(customer.history.purchases.len());
    moments.extend(signals.first_positive().map(|at| (at, Moment::Positive)));
    moments.extend(signals.contacts.iter().map(|at| (*at, Moment::Contact)));
    moments.extend(customer.reported.iter().map(|(at, _)| (*at, Moment::Reported)));
    for (index, purchase) in customer.history.purchases.iter().enumerate() {
        moments.push((purchase.at, Moment::Purchase(index)));
        let full = purchase.refunds.iter().map(|refund| refund.at);
        if let Some(at) = full.filter(|at| purchase.is_fully_refunded(*at)).min() {
            moments.push((at.max(purchase.at), Moment::Refund(index)));
        }
    }
    moments.sort_unstable();
    moments
}

struct Walk<'a> {
    course: &'a Course<'a>,
    customer: &'a Customer,
    /// Since when the purchases count that do now.
    since: Instant,
    stage: Stage,
    entered: Vec<Entered>,
    /// Which purchases count so far, by their place.
    kept: Vec<bool>,
    /// Each purchase day with how many purchases count on it, in order.
    days: Vec<(Date, usize)>,
    /// The day asked for last, since the same is mostly asked for again.
    asked: Cell<(Instant, Date)>,
    positive: bool,
    last_contact: Option<Instant>,
    /// When drift begins after all that happened.
    planned: Option<Date>,
}

impl<'a> Walk<'a> {
    fn new(course: &'a Course<'a>, customer: &'a Customer) -> Walk<'a> {
        let mut walk = Walk {
            course,
            customer,
            since: Instant::MIN,
            stage: Stage::Exploration,
            entered: Vec::new(),
            kept: vec![false; customer.history.purchases.len()],
            days: Vec::with_capacity(customer.history.purchases.len()),
            asked: Cell::new((Instant::MIN, Instant::MIN.date_in(course.zone))),
            positive: false,
            last_contact: None,
            planned: None,
        };
        if let Some(at) = customer.known_since {
            walk.entered.push(Entered {
                stage: Stage::Exploration,
                at,
                is_day: false,
                learnt_at: None,
            });
        }
        walk
    }

    fn day_of(&self, at: Instant) -> Date {
        let (asked, day) = self.asked.get();
        if asked == at {
            return day;
        }
        let day = at.date_in(self.course.zone);
        self.asked.set((at, day));
        day
    }

    fn enter(&mut self, stage: Stage, at: Instant, is_day: bool) {
        if stage != self.stage {
            self.stage = stage;
            // At one instant only the last stage counts.
            self.entered.retain(|entered| entered.at != at);
            self.entered.push(Entered { stage, at, is_day, learnt_at: None });
        }
    }

    /// Lets time pass: drift begins, and is over after long enough.
    fn pass_to(&mut self, until: Instant, inclusive: bool) {
        if !self.may_change_by(until) {
            return;
        }
        while let Some((stage, at)) = self.next() {
            if at > until || (at == until && !inclusive) {
                break;
            }
            self.enter(stage, at, true);
        }
    }

    /// Whether time alone can have changed anything: quick to tell of somebody
    /// who does not drift even at the end of it.
    fn may_change_by(&self, until: Instant) -> bool {
        if self.planned.is_some() || matches!(self.stage, Stage::Dissolution | Stage::Ended) {
            return true;
        }
        let today = self.day_of(until);
        self.rhythm().is_some_and(|rhythm| self.course.scorer.is_drifting(rhythm, today))
    }

    /// What comes next by the mere passing of time.
    fn next(&self) -> Option<(Stage, Instant)> {
        match self.stage {
            Stage::Ended => None,
            Stage::Dissolution => {
                let began = self.entered.last()?.at;
                let (zone, closed) = (self.course.zone, self.course.closed_days);
                let day = calendar::midnight(began.date_in(zone), zone);
                let over = calendar::later(day, self.course.end_after, zone, closed);
                Some((Stage::Ended, over.max(self.midnight_after(began))))
            }
            _ => Some((Stage::Dissolution, self.onset()?)),
        }
    }

    /// Local midnight of the first day on which the customer drifts.
    fn onset(&self) -> Option<Instant> {
        let day = match self.planned {
            Some(day) => day,
            None => self.course.scorer.crossing_day(self.rhythm()?)?,
        };
        let at = calendar::midnight(day, self.course.zone);
        // A purchase day is none of drift, and what was given back brings it on
        // the next day at the earliest.
        let at = if at > self.since { at } else { self.midnight_after(self.since) };
        // What was entered since stays as it was.
        let latest = self.entered.last().map_or(at, |entered| entered.at);
        Some(if at >= latest { at } else { self.midnight_after(latest) })
    }

    /// On which day the customer begins to drift if nothing more happens, by
    /// what is known as of an instant. Where an earlier model had another day,
    /// the past stays as that one forecast it.
    fn judge(&self, until: Instant) -> Option<DriftForecast> {
        let rhythm = self.rhythm()?;
        let (first, last, days) = (rhythm.first(), rhythm.last(), rhythm.days());
        let crossing = self.course.scorer.crossing_day(rhythm);
        let before =
            self.customer.forecast.filter(|b| (b.first, b.last, b.days) == (first, last, days));
        let is_past = |day: Date| calendar::midnight(day, self.course.zone) <= until;
        let drifts_on = match (before.map(|before| before.drifts_on), crossing) {
            (Some(Some(planned)), _) if is_past(planned) => Some(planned),
            (Some(planned), Some(day)) if planned != Some(day) && is_past(day) => {
                until.date_in(self.course.zone).tomorrow().ok()
            }
            _ => crossing,
        };
        Some(DriftForecast { first, last, days, drifts_on })
    }

    fn midnight_after(&self, at: Instant) -> Instant {
        let zone = self.course.zone;
        let tomorrow = at.date_in(zone).tomorrow().unwrap_or(Date::MAX);
        calendar::midnight(tomorrow, zone)
    }

    fn rhythm(&self) -> Option<Rhythm> {
        let earlier = self.customer.history.earlier.as_ref();
        let first = earlier.map(|earlier| earlier.first_at.date_in(self.course.zone));
        let first = first.or_else(|| self.days.first().map(|(day, _)| *day))?;
        let last = self.days.last().map(|(day, _)| *day);
        let last = last.or_else(|| Some(earlier?.last_at.date_in(self.course.zone)))?;
        let count = self.days.len() + earlier.map_or(0, |earlier| earlier.days as usize);
        Rhythm::new(first, last, u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn take(&mut self, at: Instant, moment: Moment) {
        match moment {
            Moment::Purchase(index) => {
                (self.kept[index], self.since) = (true, at);
                let day = self.day_of(at);
                match self.place_of(day) {
                    Ok(place) => self.days[place].1 += 1,
                    Err(place) => self.days.insert(place, (day, 1)),
                }
                // Whoever buys has come back.
                self.enter(self.steady(), at, false);
            }
            Moment::Refund(index) => {
                self.since = at;
                self.give_back(index);
            }
            Moment::Positive => self.positive = true,
            Moment::Contact => self.last_contact = Some(at),
            Moment::Reported => return self.enter(Stage::Ended, at, false),
        }
        let gone = matches!(self.stage, Stage::Dissolution | Stage::Ended);
        if !gone || self.rhythm().is_none() {
            self.enter(self.steady(), at, false);
        }
    }

    fn give_back(&mut self, index: usize) {
        self.kept[index] = false;
        let day = self.day_of(self.customer.history.purchases[index].at);
        if let Ok(place) = self.place_of(day) {
            self.days[place].1 -= 1;
            if self.days[place].1 == 0 {
                self.days.remove(place);
            }
        }
    }

    fn place_of(&self, day: Date) -> Result<usize, usize> {
        self.days.binary_search_by_key(&day, |(day, _)| *day)
    }

    /// The stage of somebody who does not drift.
    fn steady(&self) -> Stage {
        let earlier = self.customer.history.earlier.as_ref();
        let first = earlier.map(|earlier| earlier.first_at);
        let first = first.or_else(|| {
            let index = self.kept.iter().position(|kept| *kept)?;
            Some(self.customer.history.purchases[index].at)
        });
        let contacted =
            first.zip(self.last_contact).is_some_and(|(first, contact)| contact > first);
        let days = self.days.len() + earlier.map_or(0, |earlier| earlier.days as usize);
        Stage::of(days, self.positive || contacted)
    }
}
