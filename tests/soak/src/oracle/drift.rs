//! Who drifts away, and is written to on that day.
//!
//! By the chance that a customer is still one (MBG/NBD, Batislam, Denizel and
//! Filiztekin 2007), on purchase days that were not given back.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::Case;
use super::clock::{date, instant, later};
use super::flows::flow;
use super::view::View;
use crate::fact::{Fact, NEVER, What};
use crate::life::{DAY, HOUR};

/// The parameters, in weeks, as in `../shop`; and the chance below which a
/// customer is as good as gone.
const R: f64 = 0.8;
const ALPHA: f64 = 40.0;
const A: f64 = 0.6;
const B: f64 = 1.2;
const AT_RISK: f64 = 0.5;

/// How long nobody waits for a customer to be gone.
const DAYS_MAX: i64 = 40_000;

/// What is told so shortly before a day may be known on it or not.
const UNCERTAIN: i64 = 2 * DAY;

/// The chance that a customer of these purchase days is still one.
fn p_alive(days: &[Date], today: Date) -> f64 {
    let weeks = |until: Date| f64::from(until.duration_since(days[0]).as_hours() as i32 / 24) / 7.0;
    let repeats = (days.len() - 1) as f64;
    let silence = (ALPHA + weeks(today)) / (ALPHA + weeks(days[days.len() - 1]));
    1.0 / (1.0 + A / (B + repeats) * silence.powf(R + repeats))
}

/// The first day on which a customer of these purchase days is as good as gone.
fn onset(days: &[Date]) -> Option<Date> {
    let last = *days.last()?;
    let is_gone = |after: i64| p_alive(days, later(last, after)) < AT_RISK;
    let (mut here, mut gone) = (-1, DAYS_MAX);
    if !is_gone(gone) {
        return None;
    }
    while gone - here > 1 {
        let middle = (here + gone) / 2;
        *(if is_gone(middle) { &mut gone } else { &mut here }) = middle;
    }
    Some(later(last, gone))
}

/// The days on which somebody began to drift away up to a view's instant, by
/// what is known then.
fn onsets(view: View, zone: &TimeZone) -> Vec<Date> {
    let mut purchases: Vec<(i64, bool, &str)> = Vec::new();
    for fact in view.facts.iter().filter(|fact| view.knows(fact)) {
        let purchase = fact.purchase.as_deref().unwrap_or_default();
        match fact.what {
            What::Purchase { .. } => purchases.push((fact.occurred, true, purchase)),
            What::Refunded => purchases.push((fact.occurred, false, purchase)),
            _ => {}
        }
    }
    purchases.sort_unstable();
    let midnight = |day: Date| instant(day, Time::midnight(), zone);
    let mut found = Vec::new();
    let mut kept: Vec<(i64, &str)> = Vec::new();
    let (mut next, mut is_gone) = (None::<Date>, false);
    let end = (i64::MAX, false, "");
    for (at, is_bought, purchase) in purchases.into_iter().chain([end]) {
        let passed = next.filter(|day| midnight(*day) < at && midnight(*day) <= view.at);
        if let Some(day) = passed.filter(|_| !is_gone) {
            found.push(day);
            is_gone = true;
        }
        match is_bought {
            true => {
                kept.push((at, purchase));
                is_gone = false;
            }
            false => kept.retain(|(_, known)| *known != purchase),
        }
        let days: BTreeSet<Date> = kept.iter().map(|(at, _)| date(*at, zone)).collect();
        let days: Vec<Date> = days.into_iter().collect();
        is_gone &= !days.is_empty();
        // Days that are over are not gone back to.
        next = onset(&days).map(|day| {
            if at == i64::MAX || midnight(day) > at { day } else { later(date(at, zone), 1) }
        });
    }
    found
}

impl<'a> Case<'a> {
    pub(super) fn check_drift(&mut self) {
        let Some(flow) = flow("winback") else { return };
        let expected: Vec<Date> = self.certain_onsets();
        let zones = self.zones(self.around.from);
        let last = View { facts: self.facts, at: self.around.until, is_sure: true }.zone();
        for day in &expected {
            let (step, occurrence) = (&flow.steps[0], day.to_string());
            let touch = flow.touch(self.id, &occurrence, step);
            let base = self.began_on(*day, (&touch, step), &zones, &last);
            self.follow_day(flow, occurrence, base, base);
        }
        self.check_other_onsets(&expected);
    }

    /// The days that nothing makes uncertain which came late, or about then, and
    /// that are the same wherever the customer has been.
    fn certain_onsets(&self) -> Vec<Date> {
        let at = self.around.until;
        let view = View { facts: self.facts, at, is_sure: true };
        let zone = view.zone();
        let zones = self.zones(self.around.from);
        let elsewhere: Vec<Vec<Date>> = zones.iter().map(|zone| onsets(view, zone)).collect();
        let is_certain = |day: &Date| {
            let base = instant(*day, Time::midnight(), &zone);
            elsewhere.iter().all(|days| days.contains(day))
                && base < at - 2 * UNCERTAIN
                && !self.facts.iter().any(|fact| unsettles(fact, base))
        };
        onsets(view, &zone).into_iter().filter(is_certain).collect()
    }

    /// Touches of other days: by something that was known once they were right.
    fn check_other_onsets(&mut self, expected: &[Date]) {
        let prefix = format!("winback/{}/", self.id);
        let observed = self.observed;
        let touches = observed.touches.keys().chain(observed.pending.keys());
        let days: BTreeSet<Date> = touches
            .filter_map(|touch| touch.strip_prefix(&prefix)?.split('/').next()?.parse().ok())
            .filter(|day| !expected.contains(day))
            .collect();
        if days.is_empty() {
            return;
        }
        let mut possible: BTreeSet<Date> = BTreeSet::new();
        let ends = [self.around.until];
        let times = self.facts.iter().flat_map(|fact| [fact.maybe, fact.sure]).chain(ends);
        let times: BTreeSet<i64> = times.filter(|at| *at < NEVER).collect();
        let zones = self.zones(self.around.from);
        let mut times: Vec<i64> = times.into_iter().collect();
        times.push(NEVER - 1);
        for pair in times.windows(2) {
            // What was known from one time on, until just before the next.
            for is_sure in [true, false] {
                let view = View { facts: self.facts, at: pair[0], is_sure };
                let known: Vec<Fact> =
                    self.facts.iter().filter(|fact| view.knows(fact)).cloned().collect();
                let later = View { facts: &known, at: pair[1].min(self.around.until), is_sure };
                possible.extend(zones.iter().flat_map(|zone| onsets(later, zone)));
            }
        }
        for day in days.difference(&possible) {
            self.accuse(&format!("{prefix}{day}/mail"), "nobody began to drift away on that day");
        }
    }
}

/// Whether something makes uncertain who drifts away on a day: it was told late,
/// or about then.
fn unsettles(fact: &Fact, base: i64) -> bool {
    let is_about_it = match &fact.what {
        What::Purchase { .. } | What::Refunded | What::Erased => true,
        What::Profile(told) => told.zone.is_some(),
        _ => false,
    };
    let is_late = fact.occurred <= base + HOUR && fact.sure > base - UNCERTAIN;
    is_about_it && is_late || matches!(fact.what, What::Erased) && fact.maybe < base + UNCERTAIN
}
