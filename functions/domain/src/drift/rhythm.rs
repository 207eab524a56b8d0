//! A customer's purchase days, and the ratio that judges them without a model.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::summary::Summary;

/// So many completed gaps it takes for a shop's own figures.
pub const GAPS_MIN: usize = 100;

/// A customer's purchase days, summed up: the local dates of the first and the
/// last one, and how many distinct ones there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rhythm {
    first: Date,
    last: Date,
    days: u32,
}

impl Rhythm {
    /// `None` where there is no day or the last one is before the first. More
    /// days than there is room for count as many as there is room for, and two
    /// dates as two days at least: a shop's sums of old purchases may be off by
    /// a day where customers move between time zones.
    pub fn new(first: Date, last: Date, days: u32) -> Option<Rhythm> {
        let span = u32::try_from(days_between(first, last)).ok()?;
        let days = (days > 0).then(|| days.clamp(1 + span.min(1), span.saturating_add(1)))?;
        Some(Rhythm { first, last, days })
    }

    /// Of dates in any order, each counted once.
    pub fn of(dates: impl IntoIterator<Item = Date>) -> Option<Rhythm> {
        let mut dates: Vec<Date> = dates.into_iter().collect();
        dates.sort_unstable();
        dates.dedup();
        Rhythm::new(*dates.first()?, *dates.last()?, u32::try_from(dates.len()).ok()?)
    }

    /// The local date of the first purchase day.
    pub fn first(self) -> Date {
        self.first
    }

    /// The local date of the last purchase day.
    pub fn last(self) -> Date {
        self.last
    }

    /// Distinct purchase days, one at least.
    pub fn days(self) -> u32 {
        self.days
    }

    /// x, t_x and T as of a date; a date before the last purchase day counts as
    /// that day.
    pub fn summary(self, today: Date) -> Summary {
        let recency_days = days_between(self.first, self.last) as u32;
        let age_days = days_between(self.first, today).max(i64::from(recency_days)) as u32;
        Summary { repeats: self.days - 1, recency_days, age_days }
    }

    /// The date so many days after the last purchase day.
    pub(super) fn after_last(self, days: u32) -> Option<Date> {
        self.last.checked_add(i64::from(days).days()).ok()
    }
}

/// Whole days from one date to another, negative where it is earlier.
pub fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// How far behind its rhythm a customer is: `hiatus · (2+x) / (2g + t_x)`, in
/// days, where `mean_gap_days` is g.
///
/// The customer's own mean gap, shrunk to the shop's as if it had made two more
/// gaps of that length.
pub fn overdue_ratio(of: Summary, mean_gap_days: f64) -> f64 {
    ratio(of.hiatus_days(), of.repeats, of.recency_days, mean_gap_days)
}

fn ratio(hiatus_days: u32, repeats: u32, recency_days: u32, mean_gap_days: f64) -> f64 {
    f64::from(hiatus_days) * (2.0 + f64::from(repeats))
        / (2.0 * mean_gap_days + f64::from(recency_days))
}

/// A gap between two purchase days, with x and t_x as they were before the
/// second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    days: u32,
    repeats: u32,
    recency_days: u32,
}

/// All completed gaps of a shop: of each customer, those between consecutive
/// purchase days. The hiatus since the last day is none, as it is not over.
#[derive(Clone, Debug, Default)]
pub struct Gaps(Vec<Gap>);

impl Gaps {
    /// Adds a customer's purchase days, in order and each once.
    pub fn add(&mut self, days: impl IntoIterator<Item = Date>) {
        let mut days = days.into_iter();
        let Some(first) = days.next() else { return };
        let mut last = first;
        for (repeats, day) in (0..).zip(days) {
            self.0.push(Gap {
                days: days_between(last, day).max(0) as u32,
                repeats,
                recency_days: days_between(first, last).max(0) as u32,
            });
            last = day;
        }
    }

    /// The figures of all gaps that were added; all zero where there is none.
    pub fn figures(&self) -> ShopRhythm {
        let count = self.0.len();
        if count == 0 {
            return ShopRhythm::default();
        }
        let days: f64 = self.0.iter().map(|gap| f64::from(gap.days)).sum();
        let mean = days / count as f64;
        let of = |gap: &Gap| ratio(gap.days, gap.repeats, gap.recency_days, mean);
        let mut ratios: Vec<f64> = self.0.iter().map(of).collect();
        let highest = percentile(&mut ratios, 0.9);
        ShopRhythm { completed_gaps: count, mean_gap_days: mean, overdue_ratio: highest }
    }
}

/// The value below which a share of all values lies: linear between the two
/// nearest by rank, at rank `share · (n-1)` counted from 0 (definition 7 of
/// Hyndman and Fan 1996, which most programs use). Zero of no values.
fn percentile(values: &mut [f64], share: f64) -> f64 {
    let Some(end) = values.len().checked_sub(1) else { return 0.0 };
    let rank = share * end as f64;
    let (below, beside, above) = values.select_nth_unstable_by(rank as usize, f64::total_cmp);
    let (below, beside) = (below.len(), *beside);
    let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(beside);
    beside + (rank - below as f64) * (next - beside)
}

/// A shop's own figures for the ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ShopRhythm {
    /// How many gaps the figures stand on; at least [`GAPS_MIN`] make them usable.
    pub completed_gaps: usize,
    /// g: the mean of all completed gaps, which is Σt_x/Σx over all customers.
    pub mean_gap_days: f64,
    /// The 90th percentile of the ratio over all completed gaps: at each one,
    /// the hiatus is the whole gap, x and t_x are those before the purchase
    /// that ended it, and g is the shop's mean gap as it is now.
    pub overdue_ratio: f64,
}

impl ShopRhythm {
    /// Whether these figures stand on enough.
    pub fn is_usable(&self) -> bool {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        self.completed_gaps >= GAPS_MIN
            && positive(self.mean_gap_days)
            && positive(self.overdue_ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn gaps_are_judged_as_they_were_before_each_purchase() {
        let mut gaps = Gaps::default();
        let day = |day| date(2026, 3, day);
        gaps.add([day(1), day(5), day(15)]);
        gaps.add([day(2)]);
        gaps.add([day(10), day(11)]);
        let gap = |days, repeats, recency_days| Gap { days, repeats, recency_days };
        assert_eq!(gaps.0, [gap(4, 0, 0), gap(10, 1, 4), gap(1, 0, 0)]);
        let figures = gaps.figures();
        assert_eq!((figures.completed_gaps, figures.mean_gap_days), (3, 5.0));
        // The ratios: 4·2/10, 10·3/14, 1·2/10; nine tenths of the way.
        let expected = 0.8 + 0.8 * (30.0 / 14.0 - 0.8);
        assert!((figures.overdue_ratio - expected).abs() < 1e-12, "{figures:?}");
        assert!(!figures.is_usable());
        assert_eq!(Gaps::default().figures(), ShopRhythm::default());
    }

    #[test]
    fn figures_are_usable_where_they_stand_on_enough_and_mean_something() {
        let of = |completed_gaps, mean_gap_days, overdue_ratio| {
            ShopRhythm { completed_gaps, mean_gap_days, overdue_ratio }.is_usable()
        };
        assert!(of(GAPS_MIN, 30.0, 3.0) && !of(GAPS_MIN - 1, 30.0, 3.0));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(!of(GAPS_MIN, bad, 3.0) && !of(GAPS_MIN, 30.0, bad), "{bad}");
        }
    }

    #[test]
    fn percentiles_are_linear_between_ranks() {
        let mut values: Vec<f64> = (1..=11).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 0.9), 10.0);
        assert_eq!(percentile(&mut values, 0.95), 10.5);
        assert_eq!(percentile(&mut values, 1.0), 11.0);
        assert_eq!((percentile(&mut [3.0], 0.9), percentile(&mut [], 0.9)), (3.0, 0.0));
    }

    #[test]
    fn a_rhythm_holds_together() {
        let (first, last) = (date(2026, 1, 1), date(2026, 1, 15));
        let rhythm = Rhythm::of([last, first, last, date(2026, 1, 8)]).unwrap();
        assert_eq!(Some(rhythm), Rhythm::new(first, last, 3));
        assert_eq!((rhythm.first(), rhythm.last(), rhythm.days()), (first, last, 3));
        let summary = rhythm.summary(date(2026, 2, 1));
        assert_eq!(summary, Summary { repeats: 2, recency_days: 14, age_days: 31 });
        assert_eq!(rhythm.summary(first).hiatus_days(), 0);
        let days = |days| Rhythm::new(first, last, days).unwrap().days();
        assert_eq!((days(1), days(2), days(15), days(16)), (2, 2, 15, 15));
        assert_eq!(Rhythm::new(first, first, 9).unwrap().days(), 1);
        assert_eq!(Rhythm::new(last, first, 2), None);
        assert_eq!((Rhythm::new(first, first, 0), Rhythm::of([])), (None, None));
    }
}
