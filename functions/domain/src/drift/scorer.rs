//! One customer's drift: the model's where there is one, the ratio's otherwise.

use jiff::civil::Date;

use super::model::Model;
use super::params::Params;
use super::rhythm::{Rhythm, ShopRhythm, overdue_ratio};
use super::spending::{Spending, Spent};
use super::summary::{Summary, Weeks};
use crate::policy::Drift;
use crate::span::{Span, Unit};

/// A crossing later than this after the last purchase counts as never: a
/// hundred years.
pub const CROSSING_DAYS_MAX: u32 = 36_525;

const YEAR_WEEKS: f64 = 365.25 / 7.0;

/// By what customers are forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judge {
    /// p_alive of the fitted model.
    Model(Params),
    /// The overdue ratio, where there is no model that may be used.
    Ratio,
}

/// Scores customers by a shop's model and policy: pure, cheap, made once.
///
/// # Examples
///
/// ```
/// use jiff::civil::date;
/// use lazo_domain::drift::{Rhythm, Scorer};
/// use lazo_domain::policy::Drift;
///
/// // No model yet: three times the usual gap is too long.
/// let scorer = Scorer::new(None, &Drift::default());
/// let once = Rhythm::of([date(2026, 1, 1)]).unwrap();
/// // 2 · 60 days / 2 · 3.0 = 180 days, and on the day after it is more.
/// assert_eq!(scorer.crossing_day(once), Some(date(2026, 7, 1)));
/// assert!(!scorer.is_drifting(once, date(2026, 6, 30)));
/// assert!(scorer.is_drifting(once, date(2026, 7, 1)));
/// assert_eq!(scorer.p_alive(once, date(2026, 7, 1)), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scorer {
    judge: Judge,
    /// p_alive below this is drift.
    at_risk: f64,
    /// Weeks that p_active looks ahead.
    horizon: f64,
    /// g and the ratio above which a customer drifts.
    mean_gap_days: f64,
    overdue_from: f64,
    spending: Spending,
}

impl Scorer {
    /// A scorer by what was learnt, `None` while nothing was. What the model
    /// lacks the policy's defaults stand in for.
    pub fn new(model: Option<&Model>, policy: &Drift) -> Scorer {
        let rhythm = model.map(|model| model.rhythm).filter(|rhythm| rhythm.is_usable());
        let (mean_gap_days, overdue_from) = match rhythm {
            Some(rhythm) => (rhythm.mean_gap_days, rhythm.overdue_ratio),
            None => (span_days(policy.default_gap).max(1.0), policy.default_overdue_ratio),
        };
        Scorer {
            judge: model.and_then(Model::params).map_or(Judge::Ratio, Judge::Model),
            at_risk: policy.at_risk_p_alive,
            horizon: span_days(policy.horizon) / 7.0,
            mean_gap_days,
            overdue_from,
            spending: model.map(|model| model.spending).unwrap_or_default(),
        }
    }

    /// A scorer by the shop's rhythm alone.
    pub fn of_rhythm(rhythm: ShopRhythm, policy: &Drift) -> Scorer {
        let scorer = Scorer::new(None, policy);
        match rhythm.is_usable() {
            true => Scorer {
                mean_gap_days: rhythm.mean_gap_days,
                overdue_from: rhythm.overdue_ratio,
                ..scorer
            },
            false => scorer,
        }
    }

    /// By what customers are judged: the model where it may be used, otherwise the ratio.
    pub fn judge(&self) -> Judge {
        self.judge
    }

    /// The mean gap in days and the ratio above which a customer drifts, as they
    /// are used where there is no model.
    pub fn ratio_figures(&self) -> (f64, f64) {
        (self.mean_gap_days, self.overdue_from)
    }

    /// How far ahead p_active looks.
    pub fn horizon_weeks(&self) -> f64 {
        self.horizon
    }

    fn params(&self) -> Option<Params> {
        match self.judge {
            Judge::Model(params) => Some(params),
            Judge::Ratio => None,
        }
    }

    /// P(still a customer today); `None` without a model.
    pub fn p_alive(&self, of: Rhythm, today: Date) -> Option<f64> {
        Some(self.params()?.p_alive(of.summary(today).into()))
    }

    /// P(at least one purchase within the policy's horizon); `None` without a
    /// model.
    pub fn p_active(&self, of: Rhythm, today: Date) -> Option<f64> {
        Some(self.params()?.p_active(of.summary(today).into(), self.horizon))
    }

    /// How many purchase days are expected in the next `weeks`, zero or more.
    ///
    /// Without a model it is the customer's rate shrunk to the shop's,
    /// `(2+x) / (2g + T)` a day: a long hiatus lowers it, but nobody counts as
    /// gone.
    pub fn expected_purchases(&self, of: Rhythm, today: Date, weeks: f64) -> f64 {
        let summary = of.summary(today);
        match self.params() {
            Some(params) => params.expected_purchases(summary.into(), weeks),
            None => {
                let gaps = 2.0 + f64::from(summary.repeats);
                weeks * 7.0 * gaps / (2.0 * self.mean_gap_days + f64::from(summary.age_days))
            }
        }
    }

    /// What the customer is expected to spend in the coming year, in the shop's
    /// currency: expected purchase days times the expected spending on one, by
    /// what was spent so far.
    pub fn lifetime_value(&self, of: Rhythm, today: Date, spent: Spent) -> f64 {
        self.expected_purchases(of, today, YEAR_WEEKS) * self.spending.expected(spent)
    }

    /// How far behind its rhythm the customer is.
    pub fn overdue_ratio(&self, of: Rhythm, today: Date) -> f64 {
        overdue_ratio(of.summary(today), self.mean_gap_days)
    }

    /// Whether the customer drifts at local midnight of `today`.
    pub fn is_drifting(&self, of: Rhythm, today: Date) -> bool {
        self.drifts(of.summary(today))
    }

    fn drifts(&self, of: Summary) -> bool {
        match self.judge {
            Judge::Model(params) => params.p_alive(of.into()) < self.at_risk,
            Judge::Ratio => overdue_ratio(of, self.mean_gap_days) > self.overdue_from,
        }
    }

    /// The first whole local day after the last purchase day on which the
    /// customer drifts, unless they buy before; `None` where that is more than
    /// [`CROSSING_DAYS_MAX`] away.
    ///
    /// A purchase ends drift, so its own day never counts, even where hardly
    /// anybody comes back after one.
    pub fn crossing_day(&self, of: Rhythm) -> Option<Date> {
        let at_last = of.summary(of.last());
        let after = |hiatus: u32| {
            self.drifts(Summary {
                age_days: at_last.recency_days.saturating_add(hiatus),
                ..at_last
            })
        };
        let limit = match self.judge {
            Judge::Model(params) => {
                let of = Weeks::from(at_last);
                (params.age_when_under(self.at_risk, of) - of.age) * 7.0
            }
            Judge::Ratio => {
                let gaps = 2.0 + f64::from(at_last.repeats);
                let days = 2.0 * self.mean_gap_days + f64::from(at_last.recency_days);
                self.overdue_from * days / gaps
            }
        };
        if limit.is_nan() || limit >= f64::from(CROSSING_DAYS_MAX) {
            return None;
        }
        // The closed form is right but for rounding: the rule itself decides.
        let mut hiatus = (limit.max(0.0) as u32).max(1);
        while hiatus > 1 && after(hiatus - 1) {
            hiatus -= 1;
        }
        while !after(hiatus) {
            hiatus += 1;
            if hiatus > CROSSING_DAYS_MAX {
                return None;
            }
        }
        of.after_last(hiatus)
    }
}

/// A span in days, months and years at their mean length.
fn span_days(span: Span) -> f64 {
    let days = match span.unit {
        Unit::Minutes => 1.0 / 1440.0,
        Unit::Hours => 1.0 / 24.0,
        Unit::Days => 1.0,
        Unit::BusinessDays => 7.0 / 5.0,
        Unit::Weeks => 7.0,
        Unit::Months => 365.25 / 12.0,
        Unit::Years => 365.25,
    };
    f64::from(span.count) * days
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;
    use crate::drift::{Estimate, Kind};

    const PARAMS: Params = Params { kind: Kind::MbgNbd, r: 0.8, alpha: 40.0, a: 0.6, b: 1.2 };

    fn model(params: Params, rhythm: ShopRhythm) -> Model {
        Model {
            kind: params.kind,
            until: date(2026, 1, 1),
            customers: 1_000,
            unique_histories: 900,
            estimate: Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 }),
            refused: None,
            rhythm,
            spending: Spending { mean: 50.0, model: None },
        }
    }

    fn usable() -> ShopRhythm {
        ShopRhythm { completed_gaps: 100, mean_gap_days: 45.0, overdue_ratio: 2.5 }
    }

    /// Three days in January, the first and the last one given.
    fn january() -> Rhythm {
        Rhythm::new(date(2026, 1, 1), date(2026, 1, 31), 3).unwrap()
    }

    #[test]
    fn without_a_model_the_rate_is_shrunk_to_the_shop() {
        let scorer = Scorer::new(None, &Drift::default());
        assert_eq!(scorer.ratio_figures(), (60.0, 3.0));
        let today = date(2026, 3, 2);
        assert_eq!(january().first(), date(2026, 1, 1));
        assert_eq!(
            (scorer.p_alive(january(), today), scorer.p_active(january(), today)),
            (None, None)
        );
        // 4 gaps in 2 · 60 + 60 days.
        assert!((scorer.expected_purchases(january(), today, 4.5) - 0.7).abs() < 1e-12);
        // 5 gaps in 2 · 60 + 30 days.
        let four = Rhythm::new(date(2026, 2, 1), date(2026, 3, 1), 4).unwrap();
        let expected = scorer.expected_purchases(four, date(2026, 3, 3), 3.0);
        assert!((expected - 0.7).abs() < 1e-12, "{expected}");
        // And 300 on 3 days with 2 days of nothing: 60 on each.
        let value = scorer.lifetime_value(january(), today, Spent { days: 3, total: 300.0 });
        assert!((value - 365.25 * 4.0 / 180.0 * 60.0).abs() < 1e-9, "{value}");
        // 30 days · 4 / (2 · 60 + 30)
        assert!((scorer.overdue_ratio(january(), today) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_model_tells_chances_and_the_value() {
        let policy = Drift::default();
        let scorer = Scorer::new(Some(&model(PARAMS, usable())), &policy);
        let today = date(2026, 5, 1);
        let of = january().summary(today).into();
        assert_eq!(scorer.p_alive(january(), today), Some(PARAMS.p_alive(of)));
        let active = PARAMS.p_active(of, scorer.horizon_weeks());
        assert_eq!(scorer.p_active(january(), today), Some(active));
        let expected = PARAMS.expected_purchases(of, 9.0);
        assert_eq!(scorer.expected_purchases(january(), today, 9.0), expected);
        let a_year = PARAMS.expected_purchases(of, YEAR_WEEKS);
        assert_eq!(
            scorer.lifetime_value(january(), today, Spent { days: 3, total: 400.0 }),
            a_year * 100.0
        );
        assert_eq!(scorer.ratio_figures(), (45.0, 2.5));
        // Under the policy's share it is drift, at it it is none.
        let at_risk_p_alive = PARAMS.p_alive(of);
        let policy = Drift { at_risk_p_alive, ..policy };
        let scorer = Scorer::new(Some(&model(PARAMS, usable())), &policy);
        assert!(!scorer.is_drifting(january(), today));
        assert!(scorer.is_drifting(january(), today.tomorrow().unwrap()));
    }

    #[test]
    fn a_shop_is_judged_by_its_own_figures_where_they_stand_on_enough() {
        let policy = Drift::default();
        let figures = |rhythm| {
            let alone = Scorer::of_rhythm(rhythm, &policy);
            let with_model = Scorer::new(Some(&model(PARAMS, rhythm)), &policy);
            assert_eq!(alone.ratio_figures(), with_model.ratio_figures());
            assert_eq!(alone.judge(), Judge::Ratio);
            alone.ratio_figures()
        };
        assert_eq!(figures(usable()), (45.0, 2.5));
        for few in [
            ShopRhythm { completed_gaps: 99, ..usable() },
            ShopRhythm { mean_gap_days: 0.0, ..usable() },
            ShopRhythm { mean_gap_days: f64::INFINITY, ..usable() },
            ShopRhythm { overdue_ratio: 0.0, ..usable() },
            ShopRhythm { overdue_ratio: f64::NAN, ..usable() },
        ] {
            assert_eq!(figures(few), (60.0, 3.0), "{few:?}");
        }
    }

    #[test]
    fn spans_of_the_policy_count_days_at_their_mean_length() {
        let weeks = |span: &str| {
            let policy = Drift { horizon: span.parse().unwrap(), ..Drift::default() };
            Scorer::new(None, &policy).horizon_weeks()
        };
        for (span, days) in [
            ("1440 minutes", 1.0),
            ("48 hours", 2.0),
            ("3 days", 3.0),
            ("10 business days", 14.0),
            ("2 weeks", 14.0),
            ("12 months", 365.25),
            ("2 years", 730.5),
        ] {
            assert!((weeks(span) - days / 7.0).abs() < 1e-12, "{span}: {}", weeks(span));
        }
        let gap = |span: &str| {
            let policy = Drift { default_gap: span.parse().unwrap(), ..Drift::default() };
            Scorer::new(None, &policy).ratio_figures().0
        };
        assert_eq!((gap("30 days"), gap("1 hour")), (30.0, 1.0));
    }

    #[test]
    fn drift_begins_on_the_first_day_that_is_one() {
        let once = Rhythm::new(date(2026, 1, 1), date(2026, 1, 1), 1).unwrap();
        let often = Rhythm::new(date(2025, 1, 1), date(2026, 1, 1), 40).unwrap();
        let seldom = Rhythm::new(date(2016, 1, 1), date(2026, 1, 1), 3).unwrap();
        let loyal = Params { a: 0.1, b: 4.0, ..PARAMS };
        let fleeting = Params { kind: Kind::MbgNbd, r: 2.0, alpha: 5.0, a: 6.0, b: 1.0 };
        let policy = Drift::default();
        let models = [PARAMS, loyal, fleeting].map(|params| Some(model(params, usable())));
        for model in models.iter().chain([&None]) {
            let scorer = Scorer::new(model.as_ref(), &policy);
            for of in [once, january(), often, seldom] {
                let days = (1..=CROSSING_DAYS_MAX).map(|days| of.last() + i64::from(days).days());
                let first = { days }.find(|day| scorer.is_drifting(of, *day));
                assert_eq!(scorer.crossing_day(of), first, "{of:?} {:?}", scorer.judge());
            }
        }
        // In a hundred years hardly anybody is left, and who is as good as never
        // under the share never drifts.
        let never = Drift { at_risk_p_alive: 1e-9, ..policy };
        let scorer = Scorer::new(Some(&model(PARAMS, usable())), &never);
        assert_eq!(scorer.crossing_day(once), None);
        // Without a model it is by the ratio: 2 · 60 days by 2, times the policy's.
        for (overdue_ratio, days) in [
            (f64::from(CROSSING_DAYS_MAX - 1) / 60.0 + 1e-6, Some(CROSSING_DAYS_MAX)),
            (f64::from(CROSSING_DAYS_MAX) / 60.0, None),
        ] {
            let scorer =
                Scorer::new(None, &Drift { default_overdue_ratio: overdue_ratio, ..policy });
            let expected = days.map(|days| once.last() + i64::from(days).days());
            assert_eq!(scorer.crossing_day(once), expected, "{overdue_ratio}");
        }
    }
}
