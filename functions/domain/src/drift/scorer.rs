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

/// By what customers are judged.
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
    /// currency: expected purchase days times the expected spending on one.
    /// `total_spent` is what was spent so far, net of refunds.
    pub fn lifetime_value(&self, of: Rhythm, today: Date, total_spent: f64) -> f64 {
        let spent = Spent { days: of.days(), total: total_spent };
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
