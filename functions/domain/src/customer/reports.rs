//! What was reported of calls, kept so that a later report may correct an earlier one
//! (events#corrections).

use serde::{Deserialize, Serialize};

use crate::event::{CallOutcome, CallReported, DissolutionReason, Line};
use crate::id::Id;
use crate::instant::{DAY_MILLIS, Instant};
use crate::ordered;

/// How many reports are kept, the latest ones.
const REPORTS_MAX: usize = 20;

/// How long after a report the same rep may correct it, in milliseconds.
pub const CORRECTION_MILLIS: i64 = DAY_MILLIS;

/// A report that names the touch of which it tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallReport {
    /// When the call was made, as the report tells.
    pub at: Instant,
    /// The report's key.
    pub id: Id,
    /// The touch id, as it was told.
    pub touch: Line,
    /// How it went, as it was told.
    pub outcome: CallOutcome,
    /// Who called; `None` where nobody was named, and nobody can correct it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Line>,
    /// When the customer asked to be called back; `None` where they named no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back_at: Option<Instant>,
    /// How satisfied the customer was, from 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<u8>,
    /// Why the customer leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dissolution_reason: Option<DissolutionReason>,
    /// When it arrived; `None` for history, which opens nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Instant>,
}

impl CallReport {
    /// What is kept of a report; `None` where it names no touch.
    pub fn of(call: &CallReported, received_at: Option<Instant>) -> Option<CallReport> {
        Some(CallReport {
            at: call.occurred_at.into(),
            id: call.call_id.clone(),
            touch: call.touch_id.clone()?,
            outcome: call.outcome,
            by: call.by.clone(),
            call_back_at: call.call_back_at.map(Instant::from),
            satisfaction: call.satisfaction.map(|score| score.0),
            dissolution_reason: call.dissolution_reason,
            received_at,
        })
    }

    fn is_of_same_rep(&self, other: &CallReport) -> bool {
        self.by.is_some() && self.by == other.by && self.touch == other.touch
    }
}

/// The latest reports of a customer's calls, in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallReports(Vec<CallReport>);

impl CallReports {
    /// Keeps a report; gives those that it corrects.
    pub fn take(&mut self, report: CallReport) -> Vec<CallReport> {
        if self.0.iter().any(|known| known.id == report.id) {
            return Vec::new();
        }
        let id = report.id.clone();
        let before: Vec<Id> = self.corrected().map(|one| one.id.clone()).collect();
        ordered::insert(&mut self.0, report);
        let is_new = |one: &&CallReport| one.id != id && !before.contains(&one.id);
        let corrected = self.corrected().filter(is_new).cloned().collect();
        ordered::keep_latest(&mut self.0, REPORTS_MAX);
        corrected
    }

    /// The reports that nobody corrected.
    pub fn standing(&self) -> impl Iterator<Item = &CallReport> {
        self.0.iter().filter(|one| self.correction_of(one).is_none())
    }

    fn corrected(&self) -> impl Iterator<Item = &CallReport> {
        self.0.iter().filter(|one| self.correction_of(one).is_some())
    }

    /// The next report of the same touch by the same rep, where it came within a day.
    fn correction_of(&self, report: &CallReport) -> Option<&CallReport> {
        let mut later = self.0.iter().skip_while(|one| *one <= report);
        let next = later.find(|one| one.is_of_same_rep(report))?;
        (next.at <= report.at.plus_millis(CORRECTION_MILLIS)).then_some(next)
    }

    /// Whether a later report corrects the one of this key.
    pub fn is_corrected(&self, id: &Id) -> bool {
        self.corrected().any(|one| one.id == *id)
    }

    /// When the first of the reports was made that a report corrects, one by one.
    pub fn since(&self, report: &CallReport) -> Instant {
        let mut since = report;
        while let Some(before) = self
            .0
            .iter()
            .take_while(|one| *one < since)
            .filter(|one| one.is_of_same_rep(since))
            .last()
            .filter(|before| self.correction_of(before) == Some(since))
        {
            since = before;
        }
        since.at
    }

    /// The report that one made now, by this rep of this touch, would correct.
    pub fn to_correct(&self, touch: &str, by: &str, now: Instant) -> Option<&CallReport> {
        let is_its = |one: &&CallReport| {
            one.touch.as_str() == touch && one.by.as_ref().is_some_and(|known| known.as_str() == by)
        };
        let last = self.standing().filter(is_its).last()?;
        (last.at <= now && now <= last.at.plus_millis(CORRECTION_MILLIS)).then_some(last)
    }

    /// All that are kept, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &CallReport> {
        self.0.iter()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(id: &str, hour: i64, by: Option<&str>) -> CallReport {
        CallReport {
            at: Instant::from_millis(hour * 3_600_000),
            id: Id::new(id).unwrap(),
            touch: Line::new("thanks/ana/p1/call").unwrap(),
            outcome: CallOutcome::Reached,
            by: by.map(|by| Line::new(by).unwrap()),
            call_back_at: None,
            satisfaction: None,
            dissolution_reason: None,
            received_at: None,
        }
    }

    fn ids<'a>(reports: impl IntoIterator<Item = &'a CallReport>) -> Vec<&'a str> {
        reports.into_iter().map(|one| one.id.as_str()).collect()
    }

    #[test]
    fn a_later_report_by_the_same_rep_within_a_day_corrects_in_any_order() {
        let all = [
            report("a", 0, Some("eva")),
            report("b", 24, Some("eva")),
            report("c", 49, Some("eva")),
            report("d", 1, Some("luis")),
            report("e", 2, None),
            report("f", 3, None),
        ];
        for first in 0..all.len() {
            let mut reports = CallReports::default();
            let mut corrected = Vec::new();
            for index in 0..all.len() {
                let one = &all[(first + index) % all.len()];
                corrected.extend(reports.take(one.clone()));
                assert!(reports.take(one.clone()).is_empty(), "it counts once");
            }
            assert_eq!(ids(reports.standing()), ["d", "e", "f", "b", "c"], "{first}");
            // Told of as corrected only where it had counted.
            let late = usize::from(first == 1);
            assert_eq!(ids(&corrected), &["a"][late..], "{first}");
            assert!(reports.is_corrected(&all[0].id) && !reports.is_corrected(&all[1].id));
            let b = reports.iter().find(|one| one.id.as_str() == "b").unwrap();
            assert_eq!(reports.since(b), all[0].at);
        }
    }

    #[test]
    fn who_reports_again_is_told_what_they_correct() {
        let mut reports = CallReports::default();
        reports.take(report("a", 1, Some("eva")));
        let touch = "thanks/ana/p1/call";
        let hour = |hour: i64| Instant::from_millis(hour * 3_600_000);
        let found = |by, at| reports.to_correct(touch, by, hour(at)).map(|one| one.id.as_str());
        assert_eq!([found("eva", 25), found("eva", 26), found("luis", 2)], [Some("a"), None, None]);
        assert!(reports.to_correct("thanks/ana/p2/call", "eva", hour(2)).is_none());
    }

    #[test]
    fn the_latest_are_kept() {
        let mut reports = CallReports::default();
        assert!(reports.is_empty());
        for number in (0..30).rev() {
            reports.take(report(&format!("r{number}"), number, None));
        }
        assert_eq!(
            (reports.iter().count(), reports.iter().next().unwrap().id.as_str()),
            (20, "r10")
        );
    }
}
