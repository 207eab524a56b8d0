//! How well drift is seen: scores as of a date, against who came back after it.

use jiff::civil::Date;
use serde::Serialize;

use super::model::{Model, PurchaseDay, Sample};
use super::params::Kind;
use super::rhythm::{Rhythm, days_between, overdue_ratio};
use super::scorer::Scorer;
use super::summary::Summary;
use crate::policy::Drift;

/// A score by which customers can be ranked: the higher, the likelier lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// 1 - p_active over the time that is looked at.
    Inactive,
    /// 1 - p_alive.
    Gone,
    /// The overdue ratio.
    OverdueRatio,
    /// Days since the last purchase.
    Recency,
}

impl Measure {
    /// The name in English, as reports print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Inactive => "1 - p_active",
            Measure::Gone => "1 - p_alive",
            Measure::OverdueRatio => "overdue ratio",
            Measure::Recency => "recency",
        }
    }

    /// Whether it is meant as a probability.
    pub fn is_probability(self) -> bool {
        matches!(self, Measure::Inactive | Measure::Gone)
    }
}

/// About a tenth of the customers, by score; equal scores are never parted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Decile {
    /// How many customers are in it, at least one.
    pub customers: usize,
    /// The mean of their scores: a chance, a ratio or days, by the measure.
    pub mean_score: f64,
    /// The share that did not come back.
    pub observed: f64,
}

/// What one measure is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EvaluationReport {
    /// By which score the customers were ranked.
    pub measure: Measure,
    /// The chance that somebody lost is ranked above somebody who came back,
    /// ties counting half; `None` where there are not both.
    pub roc_auc: Option<f64>,
    /// The same among those who had bought on two days at least.
    pub roc_auc_repeat: Option<f64>,
    /// The mean precision over all lost, in order of the score.
    pub pr_auc: Option<f64>,
    /// The mean squared error; `None` for what is no probability.
    pub brier: Option<f64>,
    /// From the lowest scores to the highest; a tenth without customers is left out.
    pub calibration: Vec<Decile>,
}

/// What an evaluation found. Somebody is lost who bought up to `split` and not
/// after it, up to `until`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The last day that the scores know of.
    pub split: Date,
    /// The last day on which a purchase counts as coming back.
    pub until: Date,
    /// Those who bought up to `split`.
    pub customers: usize,
    /// Those of them who had bought on two days at least.
    pub repeat_customers: usize,
    /// Those of them who did not come back.
    pub lost: usize,
    /// Fitted to what was known at the split.
    pub model: Model,
    /// Those of the model first, where there are estimates, be they refused.
    pub reports: Vec<EvaluationReport>,
}

/// A customer as of the split.
struct Case {
    summary: Summary,
    is_lost: bool,
}

/// One customer of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The purchase days up to the split, in order and each given once, as they
    /// were known then: what was given back later still counts.
    pub known: Vec<PurchaseDay>,
    /// Whether there was a purchase day after the split, up to the end.
    pub came_back: bool,
}

/// Fits to what was known at `split` and looks who came back up to `until`.
/// Customers without a day up to the split are left out.
pub fn evaluate(
    customers: &[Observed],
    kind: Kind,
    split: Date,
    until: Date,
    policy: &Drift,
) -> Evaluation {
    let mut sample = Sample::new(split);
    let mut cases = Vec::new();
    for customer in customers {
        let known = customer.known.iter().map(|day| day.date).filter(|date| *date <= split);
        let Some(rhythm) = Rhythm::of(known) else { continue };
        sample.add(&customer.known);
        cases.push(Case { summary: rhythm.summary(split), is_lost: !customer.came_back });
    }
    let model = sample.fit(kind, policy.min_customers as usize);
    let weeks = days_between(split, until).max(0) as f64 / 7.0;
    let mut reports = Vec::new();
    if let Some(params) = model.estimate.map(|estimate| estimate.params) {
        let inactive = |s: Summary| 1.0 - params.p_active(s.into(), weeks);
        reports.push(report(Measure::Inactive, &cases, inactive));
        // By odds, in which near certainties still differ.
        let odds = report(Measure::Gone, &cases, |s| params.left_log_odds(s.into()));
        let gone = report(Measure::Gone, &cases, |s| 1.0 - params.p_alive(s.into()));
        let EvaluationReport { roc_auc, roc_auc_repeat, pr_auc, .. } = odds;
        reports.push(EvaluationReport { roc_auc, roc_auc_repeat, pr_auc, ..gone });
    }
    let (gap, _) = Scorer::new(Some(&model), policy).ratio_figures();
    reports.push(report(Measure::OverdueRatio, &cases, |s| overdue_ratio(s, gap)));
    reports.push(report(Measure::Recency, &cases, |s| f64::from(s.hiatus_days())));
    Evaluation {
        split,
        until,
        customers: cases.len(),
        repeat_customers: cases.iter().filter(|case| case.summary.repeats > 0).count(),
        lost: cases.iter().filter(|case| case.is_lost).count(),
        model,
        reports,
    }
}

fn report(measure: Measure, cases: &[Case], score: impl Fn(Summary) -> f64) -> EvaluationReport {
    let scored = |only_repeat: bool| {
        let counted = cases.iter().filter(move |case| !only_repeat || case.summary.repeats > 0);
        let scored = counted.map(|case| (score(case.summary), case.is_lost));
        Ranking::of(scored.collect())
    };
    let all = scored(false);
    EvaluationReport {
        measure,
        roc_auc: all.roc_auc(),
        roc_auc_repeat: scored(true).roc_auc(),
        pr_auc: all.pr_auc(),
        brier: all.brier().filter(|_| measure.is_probability()),
        calibration: all.deciles(),
    }
}

/// Customers of one score.
#[derive(Clone, Copy)]
struct Tie {
    score: f64,
    lost: f64,
    back: f64,
}

/// Scores with what became of the customers, from the lowest score on.
struct Ranking(Vec<Tie>);

impl Ranking {
    fn of(mut scored: Vec<(f64, bool)>) -> Ranking {
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut ties: Vec<Tie> = Vec::new();
        for (score, is_lost) in scored {
            let lost = f64::from(u8::from(is_lost));
            match ties.last_mut().filter(|tie| tie.score == score) {
                Some(tie) => {
                    tie.lost += lost;
                    tie.back += 1.0 - lost;
                }
                None => ties.push(Tie { score, lost, back: 1.0 - lost }),
            }
        }
        Ranking(ties)
    }

    fn totals(&self) -> (f64, f64) {
        self.0.iter().fold((0.0, 0.0), |(lost, back), t| (lost + t.lost, back + t.back))
    }

    fn roc_auc(&self) -> Option<f64> {
        let (lost, back) = self.totals();
        let (mut below, mut won) = (0.0, 0.0);
        for tie in &self.0 {
            won += tie.lost * (below + 0.5 * tie.back);
            below += tie.back;
        }
        (lost > 0.0 && back > 0.0).then(|| won / (lost * back))
    }

    fn pr_auc(&self) -> Option<f64> {
        let (all_lost, back) = self.totals();
        let (mut lost, mut seen, mut area) = (0.0, 0.0, 0.0);
        for tie in self.0.iter().rev() {
            lost += tie.lost;
            seen += tie.lost + tie.back;
            area += tie.lost * lost / seen;
        }
        (all_lost > 0.0 && back > 0.0).then(|| area / all_lost)
    }

    fn brier(&self) -> Option<f64> {
        let (lost, back) = self.totals();
        let error = |t: &Tie| t.lost * (1.0 - t.score).powi(2) + t.back * t.score.powi(2);
        (lost + back > 0.0).then(|| self.0.iter().map(error).sum::<f64>() / (lost + back))
    }

    /// Each score belongs to the tenth in which the middle of its ties lies.
    fn deciles(&self) -> Vec<Decile> {
        let (lost, back) = self.totals();
        let mut sums = [(0.0, 0.0, 0.0); 10];
        let mut below = 0.0;
        for tie in &self.0 {
            let here = tie.lost + tie.back;
            let tenth = ((below + 0.5 * here) / (lost + back) * 10.0) as usize;
            let (customers, score, gone) = &mut sums[tenth.min(9)];
            *customers += here;
            *score += here * tie.score;
            *gone += tie.lost;
            below += here;
        }
        let filled = sums.iter().filter(|(customers, ..)| *customers > 0.0);
        let decile = |(customers, score, lost): &(f64, f64, f64)| Decile {
            customers: *customers as usize,
            mean_score: score / customers,
            observed: lost / customers,
        };
        filled.map(decile).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(scored: &[(f64, bool)]) -> Ranking {
        Ranking::of(scored.to_vec())
    }

    /// Reckoned by hand.
    #[test]
    fn areas_and_errors() {
        let mixed = ranking(&[(0.1, false), (0.4, true), (0.35, false), (0.8, true)]);
        assert_eq!((mixed.roc_auc(), mixed.pr_auc()), (Some(1.0), Some(1.0)));
        let mixed = ranking(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]);
        assert_eq!(mixed.roc_auc(), Some(0.75));
        assert!((mixed.pr_auc().unwrap() - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
        let error = 0.01 + 0.16 + 0.65 * 0.65 + 0.04;
        assert!((mixed.brier().unwrap() - error / 4.0).abs() < 1e-15);
        let equal = ranking(&[(0.5, true), (0.5, false), (0.5, true)]);
        assert_eq!(equal.roc_auc(), Some(0.5));
        assert!((equal.pr_auc().unwrap() - 2.0 / 3.0).abs() < 1e-15);
        for alike in [&[(0.2, true), (0.3, true)][..], &[(0.2, false)], &[]] {
            assert_eq!((ranking(alike).roc_auc(), ranking(alike).pr_auc()), (None, None));
        }
        assert_eq!(ranking(&[]).brier(), None);
        assert_eq!(ranking(&[(0.5, true), (0.5, true), (0.0, false)]).brier(), Some(0.5 / 3.0));
        assert_eq!(ranking(&[(0.5, true)]).brier(), Some(0.25));
    }

    #[test]
    fn errors_weigh_those_of_one_score_together() {
        let tied = ranking(&[(0.25, true), (0.25, false), (0.25, false), (0.75, true)]);
        let error = 0.75 * 0.75 + 2.0 * 0.25 * 0.25 + 0.25 * 0.25;
        assert!((tied.brier().unwrap() - error / 4.0).abs() < 1e-15);
    }

    /// A half-year of five customers, and who of them came back in the next.
    fn by(policy: &Drift) -> Evaluation {
        use jiff::civil::date;
        let day = |month, day| PurchaseDay { date: date(2026, month, day), spent: Some(10.0) };
        let once = Observed { known: vec![day(1, 5)], came_back: false };
        let twice = Observed { known: vec![day(1, 5), day(2, 5)], came_back: true };
        let thrice = Observed { known: vec![day(1, 5), day(2, 5), day(6, 30)], came_back: false };
        let later = Observed { known: vec![day(7, 2)], came_back: true };
        let customers = [once, twice, thrice.clone(), thrice, later];
        evaluate(&customers, Kind::MbgNbd, date(2026, 6, 30), date(2026, 12, 31), policy)
    }

    #[test]
    fn that_somebody_is_gone_has_a_chance() {
        let found = by(&Drift { min_customers: 1, ..Drift::default() });
        let gone = found.reports.iter().find(|report| report.measure == Measure::Gone).unwrap();
        assert!(gone.calibration.iter().all(|decile| (0.0..=1.0).contains(&decile.mean_score)));
        assert_eq!(gone.calibration.iter().map(|decile| decile.customers).sum::<usize>(), 4);
    }

    #[test]
    fn of_those_who_are_as_good_as_gone_the_one_who_left_first_is_gone_most() {
        use jiff::ToSpan;
        use jiff::civil::date;
        let daily = |until: Date, came_back| {
            let days = (0..60).map(|ago: i64| until - ago.days()).rev();
            let known = days.map(|date| PurchaseDay { date, spent: Some(10.0) }).collect();
            Observed { known, came_back }
        };
        let split = date(2026, 6, 30);
        let customers = [
            daily(split, true),
            daily(split - 40.days(), true),
            daily(split - 100.days(), true),
            daily(split - 150.days(), false),
        ];
        let policy = Drift { min_customers: 1, ..Drift::default() };
        let found = evaluate(&customers, Kind::MbgNbd, split, date(2026, 12, 31), &policy);
        let gone = found.reports.iter().find(|report| report.measure == Measure::Gone).unwrap();
        let areas = (gone.roc_auc, gone.roc_auc_repeat, gone.pr_auc);
        assert_eq!(areas, (Some(1.0), Some(1.0), Some(1.0)), "{:?} {gone:?}", found.model);
        // Their chances are 1 to the last bit, and so are alike.
        assert_eq!(gone.calibration.last().unwrap().mean_score, 1.0);
    }

    #[test]
    fn whoever_came_once_is_counted_and_is_no_repeat_buyer() {
        let found = by(&Drift::default());
        assert_eq!((found.customers, found.repeat_customers, found.lost), (4, 3, 3));
        assert!(found.model.estimate.is_none());
        let recency = found.reports.last().unwrap();
        assert_eq!((recency.measure.as_str(), recency.brier), ("recency", None));
        // Of the repeat buyers those who stayed away had bought last.
        assert_eq!(recency.roc_auc_repeat, Some(0.0));
        assert_eq!(recency.roc_auc, Some(1.0 / 3.0));
        let names: Vec<_> = found.reports.iter().map(|report| report.measure.as_str()).collect();
        assert_eq!(names, ["overdue ratio", "recency"]);
    }

    #[test]
    fn deciles_part_no_ties() {
        let scored: Vec<(f64, bool)> =
            (0..100).map(|i| (if i < 50 { 0.2 } else { f64::from(i) / 100.0 }, i >= 75)).collect();
        let deciles = ranking(&scored).deciles();
        assert_eq!(deciles.len(), 6);
        assert_eq!((deciles[0].customers, deciles[0].observed), (50, 0.0));
        assert!((deciles[0].mean_score - 0.2).abs() < 1e-12);
        let (customers, last) = (deciles.iter().map(|d| d.customers).sum::<usize>(), deciles[5]);
        assert_eq!((customers, last.customers, last.observed), (100, 10, 1.0));
        assert!(ranking(&[]).deciles().is_empty());
        // Of twenty, the middle of the three behind the first is in the second tenth.
        let score = |i| if (1..4).contains(&i) { 0.1 } else { f64::from(i) };
        let tied: Vec<(f64, bool)> = (0..20).map(|i| (score(i), false)).collect();
        let customers: Vec<_> = ranking(&tied).deciles().iter().map(|d| d.customers).collect();
        assert_eq!(customers[..3], [1, 3, 2]);
    }
}
