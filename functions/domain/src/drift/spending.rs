//! What a customer spends on a purchase day: the gamma-gamma model of Fader,
//! Hardie and Lee 2005 ("RFM and CLV: using iso-value curves for customer base
//! analysis"), with a fall-back.
//!
//! A customer's spendings are gamma distributed (shape `p`), their rate is gamma
//! distributed over customers (shape `q`, rate `gamma` in the shop's currency).
//! How often somebody buys is taken to say nothing of how much they spend.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::PurchaseDay;
use super::minimise::{Bounds, EXACT, Minimum, minimise};
use crate::gamma::{digamma, ln_gamma};

/// So many customers who spent something it takes for a fit.
pub const SPENDERS_MIN: usize = 100;

/// How many days of the shop's mean the fall-back adds to the customer's own.
const SHOP_DAYS: f64 = 2.0;

/// The parameters of the gamma-gamma model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    /// The shape of one customer's spendings.
    pub p: f64,
    /// The shape of the distribution of customers' rates; above 1 in a usable model.
    pub q: f64,
    /// The rate parameter of that distribution, in the shop's currency.
    pub gamma: f64,
}

/// What is known of a shop's spendings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spending {
    /// The mean over all purchase days.
    pub mean: f64,
    /// `None` where there are too few customers or the fit is degenerate.
    pub model: Option<GammaGamma>,
}

/// One customer's purchase days in the shop's currency, and what they spent on
/// them in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spent {
    /// How many purchase days there are of which the spending is known.
    pub days: u32,
    /// The sum over those days, net of refunds.
    pub total: f64,
}

impl Spent {
    /// What was spent on the days of which that is known.
    pub fn of(days: &[PurchaseDay]) -> Spent {
        let spent = days.iter().filter_map(|day| day.spent);
        let days = u32::try_from(spent.clone().count()).unwrap_or(u32::MAX);
        Spent { days, total: spent.sum() }
    }
}

impl Spending {
    /// Fits the model; whoever spent nothing counts for the mean alone.
    pub fn fit(all: &[Spent]) -> Spending {
        let is_sound = |spent: &&Spent| spent.days > 0 && spent.total.is_finite();
        let days: f64 = all.iter().filter(is_sound).map(|spent| f64::from(spent.days)).sum();
        let total: f64 = all.iter().filter(is_sound).map(|spent| spent.total.max(0.0)).sum();
        let mean = if days > 0.0 && total.is_finite() { total / days } else { 0.0 };
        let mut spenders: Vec<(u32, f64)> = all
            .iter()
            .filter(is_sound)
            .filter(|spent| spent.total > 0.0)
            .map(|spent| (spent.days, spent.total / mean))
            .collect();
        if spenders.len() < SPENDERS_MIN {
            return Spending { mean, model: None };
        }
        // By days, so that gamma functions are reckoned once for each.
        spenders.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let model = fit(&spenders).map(|fit| GammaGamma { gamma: fit.gamma * mean, ..fit });
        Spending { mean, model }
    }

    /// What a customer is expected to spend on a future purchase day, zero or
    /// more, in the shop's currency.
    pub fn expected(&self, of: Spent) -> f64 {
        let (days, total) = (f64::from(of.days), of.total.max(0.0));
        match self.model {
            Some(GammaGamma { p, q, gamma }) => p * (gamma + total) / (p * days + q - 1.0),
            None => (total + SHOP_DAYS * self.mean) / (days + SHOP_DAYS),
        }
    }

    /// Whether the mean is not negative, `q` is above 1, and `p` and `gamma` are above 0.
    pub fn is_valid(&self) -> bool {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let holds = |m: &GammaGamma| [m.p, m.q - 1.0, m.gamma].into_iter().all(positive);
        self.mean.is_finite() && self.mean >= 0.0 && self.model.as_ref().is_none_or(holds)
    }
}

/// `spenders`: days and total in units of the shop's mean, in order of days.
fn fit(spenders: &[(u32, f64)]) -> Option<GammaGamma> {
    const BOUNDS: [(f64, f64); 3] = [(1e-2, 1e4), (1e-2, 1e4), (1e-4, 1e5)];
    let groups = groups(spenders);
    let bounds: Bounds<3> = BOUNDS.map(|(low, high)| (low.ln(), high.ln()));
    let function = |at: &[f64; 3]| {
        let by = at.map(f64::exp);
        let (value, gradient) = likelihood(by, spenders, &groups);
        let count = spenders.len() as f64;
        (-value / count, std::array::from_fn(|i| -gradient[i] * by[i] / count))
    };
    let starts = [[4.0, 4.0, 1.0], [1.0, 2.0, 2.0], [10.0, 1.5, 0.1]];
    let found = starts.map(|start| minimise(function, start.map(f64::ln), &bounds, None, EXACT));
    found.iter().min_by(|a, b| a.value.total_cmp(&b.value)).and_then(usable)
}

fn usable(found: &Minimum<3>) -> Option<GammaGamma> {
    let [p, q, gamma] = found.at.map(f64::exp);
    // With q up to 1 the mean is infinite.
    let is_usable = found.has_converged() && !found.at_bound.contains(&true) && q > 1.01;
    is_usable.then_some(GammaGamma { p, q, gamma })
}

/// The spenders of each number of days.
fn groups(spenders: &[(u32, f64)]) -> Vec<(f64, Range<usize>)> {
    let mut groups: Vec<(f64, Range<usize>)> = Vec::new();
    for (i, (days, _)) in spenders.iter().enumerate() {
        let days = f64::from(*days);
        match groups.last_mut().filter(|(last, _)| *last == days) {
            Some((_, range)) => range.end = i + 1,
            None => groups.push((days, i..i + 1)),
        }
    }
    groups
}

/// The log-likelihood of the customers' mean spendings, but for what p, q and
/// gamma do not change, and its derivatives by them.
fn likelihood(
    [p, q, gamma]: [f64; 3],
    spenders: &[(u32, f64)],
    groups: &[(f64, Range<usize>)],
) -> (f64, [f64; 3]) {
    let count = spenders.len() as f64;
    let mut value = count * (q * gamma.ln() - ln_gamma(q));
    let mut by = [0.0, count * (gamma.ln() - digamma(q)), count * q / gamma];
    for (n, range) in groups {
        let (mut logs, mut inverses, mut own_logs) = (0.0, 0.0, 0.0);
        for (_, total) in &spenders[range.clone()] {
            logs += (gamma + total).ln();
            inverses += 1.0 / (gamma + total);
            own_logs += total.ln();
        }
        let of = range.len() as f64;
        let (shape, all) = (p * n, p * n + q);
        // (z̄ n)^(pn) is total^(pn)
        value += of * (ln_gamma(all) - ln_gamma(shape)) + shape * own_logs - all * logs;
        let ahead = digamma(all);
        by[0] += n * (of * (ahead - digamma(shape)) + own_logs - logs);
        by[1] += of * ahead - logs;
        by[2] -= all * inverses;
    }
    (value, by)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spenders() -> Vec<(u32, f64)> {
        (0..300_u32).map(|i| (1 + i / 40, 0.2 + f64::from(i * 37 % 101) * 0.03)).collect()
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let spenders = spenders();
        let groups = groups(&spenders);
        let at = [3.0, 4.0, 2.0];
        let (_, gradient) = likelihood(at, &spenders, &groups);
        for i in 0..3 {
            let beside = |step: f64| {
                let mut moved = at;
                moved[i] += step;
                likelihood(moved, &spenders, &groups).0
            };
            let slope = (beside(1e-5) - beside(-1e-5)) / 2e-5;
            assert!((gradient[i] - slope).abs() < 1e-5 * slope.abs().max(1.0), "{i}: {slope}");
        }
    }

    #[test]
    fn spenders_are_grouped_by_their_days() {
        let spenders = [(1, 5.0), (2, 7.0), (2, 8.0), (5, 9.0)];
        assert_eq!(groups(&spenders), [(1.0, 0..1), (2.0, 1..3), (5.0, 3..4)]);
    }

    #[test]
    fn a_fit_is_of_use_where_it_ended_inside_with_a_mean() {
        let end = |q: f64, gradient, is_at_edge| Minimum {
            at: [3.0_f64.ln(), q.ln(), 2.0_f64.ln()],
            value: 1.0,
            inverse_hessian: [[0.0; 3]; 3],
            evaluations: 1,
            gradient,
            at_bound: [false, is_at_edge, false],
        };
        let found = usable(&end(4.0, 0.0, false)).unwrap();
        assert!((found.p - 3.0).abs() < 1e-12 && (found.q - 4.0).abs() < 1e-12);
        assert!((found.gamma - 2.0).abs() < 1e-12);
        for none in [end(1.0, 0.0, false), end(4.0, 1.0, false), end(4.0, 0.0, true)] {
            assert_eq!(usable(&none), None, "{none:?}");
        }
    }

    #[test]
    fn few_or_equal_spenders_are_shrunk_to_the_mean() {
        let few = Spending::fit(&[Spent { days: 2, total: 60.0 }, Spent { days: 1, total: 0.0 }]);
        assert_eq!(few, Spending { mean: 20.0, model: None });
        assert_eq!(few.expected(Spent { days: 2, total: 60.0 }), 25.0);
        assert_eq!(Spending::fit(&[]).expected(Spent { days: 1, total: 0.0 }), 0.0);
        let same = Spending::fit(&[Spent { days: 1, total: 50.0 }; 200]);
        let expected = same.expected(Spent { days: 1, total: 50.0 });
        assert!((expected - 50.0).abs() < 0.5, "{same:?} {expected}");
    }

    #[test]
    fn a_customer_is_expected_to_spend_between_their_mean_and_the_shop_s() {
        let model = Some(GammaGamma { p: 3.0, q: 4.0, gamma: 300.0 });
        let spending = Spending { mean: 300.0, model };
        // 3 · (300 + 150) / (3 · 2 + 4 - 1)
        assert_eq!(spending.expected(Spent { days: 2, total: 150.0 }), 150.0);
        assert_eq!(spending.expected(Spent { days: 2, total: -9.0 }), 100.0);
    }

    #[test]
    fn numbers_that_no_fit_gives_are_told() {
        let good = GammaGamma { p: 3.0, q: 4.0, gamma: 300.0 };
        let of = |mean, model| Spending { mean, model }.is_valid();
        assert!(of(0.0, None) && of(50.0, Some(good)));
        for mean in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(!of(mean, None) && !of(mean, Some(good)), "{mean}");
        }
        for bad in [
            GammaGamma { p: 0.0, ..good },
            GammaGamma { p: f64::INFINITY, ..good },
            GammaGamma { q: 1.0, ..good },
            GammaGamma { q: f64::NAN, ..good },
            GammaGamma { gamma: -1.0, ..good },
            GammaGamma { gamma: f64::NAN, ..good },
        ] {
            assert!(!of(50.0, Some(bad)), "{bad:?}");
        }
    }

    /// A number of gamma distribution with a whole shape.
    fn gamma(shape: u32, state: &mut u64) -> f64 {
        let draws = (0..shape).map(|_| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99_991);
            -(((*state >> 11) + 1) as f64 / (1_u64 << 53) as f64).ln()
        });
        draws.sum()
    }

    /// Customers of a shop with p 2, q 4 and γ 300.
    fn population(count: u32, mut state: u64) -> Vec<Spent> {
        let customer = |i| {
            let (days, rate) = (1 + i % 6, gamma(4, &mut state) / 300.0);
            Spent { days, total: gamma(2 * days, &mut state) / rate }
        };
        (0..count).map(customer).collect()
    }

    #[test]
    fn a_fit_takes_a_hundred_spenders_whose_numbers_are_sound() {
        let all = population(100, 1);
        let fit = Spending::fit(&all);
        let model = fit.model.unwrap();
        assert!(Spending::fit(&all[1..]).model.is_none());
        // Who spent nothing counts for the mean; what is no number for nothing.
        let odd = [(0, 50.0), (3, f64::NAN), (2, 0.0), (1, -3.0)];
        let odd = odd.map(|(days, total)| Spent { days, total });
        let with = Spending::fit(&[&all[..], &odd].concat());
        let days: u32 = all.iter().map(|spent| spent.days).sum();
        let expected = fit.mean * f64::from(days) / f64::from(days + 3);
        assert!((with.mean / expected - 1.0).abs() < 1e-12, "{with:?}");
        let found = with.model.unwrap();
        for (found, expected) in
            [(found.p, model.p), (found.q, model.q), (found.gamma, model.gamma)]
        {
            assert!((found / expected - 1.0).abs() < 1e-6, "{with:?} {fit:?}");
        }
        assert!(Spending::fit(&[&all[1..], &odd].concat()).model.is_none());
    }

    #[test]
    fn a_known_population_is_found_again() {
        let all = population(20_000, 1);
        let spending = Spending::fit(&all);
        let found = spending.model.unwrap();
        for (found, expected) in [(found.p, 2.0), (found.q, 4.0), (found.gamma, 300.0)] {
            assert!((found / expected - 1.0_f64).abs() < 0.05, "{spending:?}");
        }
        // The mean of the population is pγ/(q-1); the own mean counts for the
        // more the more days there are.
        assert!((spending.mean / 200.0 - 1.0).abs() < 0.03 && spending.is_valid());
        let short =
            |days: u32| 900.0 - spending.expected(Spent { days, total: 900.0 * f64::from(days) });
        assert!(short(1) > short(3) && short(3) > short(50) && short(50) > 0.0);
    }
}
