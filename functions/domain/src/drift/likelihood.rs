//! The log-likelihood of many histories with its gradient.
//!
//! x is a whole number, so every Γ(r+x)/Γ(r) is a product of x factors: the
//! terms in x alone are running sums, and ψ(r+x) - ψ(r) is the sum of 1/(r+i).
//! No gamma function is needed, and none of its rounding is met.

use super::params::{Kind, Params};
use super::summary::{Group, Histories};

/// The log-likelihood, and its derivatives by r, alpha, a and b.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Likelihood {
    /// The natural logarithm of the likelihood, summed over all customers.
    pub value: f64,
    /// The derivatives of `value` by r, alpha, a and b, in this order.
    pub gradient: [f64; 4],
}

/// ln Γ(start+n)/Γ(start) and its derivative, for an n that only grows.
struct Rising {
    start: f64,
    factors: u32,
    log: f64,
    slope: f64,
}

impl Rising {
    fn from(start: f64) -> Rising {
        Rising { start, factors: 0, log: 0.0, slope: 0.0 }
    }

    fn rise_to(&mut self, factors: u32) {
        for i in self.factors..factors {
            let factor = self.start + f64::from(i);
            self.log += factor.ln();
            self.slope += 1.0 / factor;
        }
        self.factors = self.factors.max(factors);
    }
}

/// ln(α+t) and 1/(α+t) of a time.
#[derive(Clone, Copy)]
struct Wait {
    log: f64,
    inverse: f64,
}

/// The log-likelihood of all histories, in weeks.
pub fn likelihood(params: &Params, histories: &Histories) -> Likelihood {
    let Params { kind, r, alpha, a, b } = *params;
    let waits: Vec<Wait> = histories
        .times
        .iter()
        .map(|weeks| Wait { log: (alpha + weeks).ln(), inverse: 1.0 / (alpha + weeks) })
        .collect();
    let mut sum = Likelihood::default();
    // r has x factors; b and a+b have one more where the first purchase is a
    // chance to leave.
    let first_chance = kind.first_chance() as u32;
    let mut bought = Rising::from(r);
    let (mut stayed, mut either) = (Rising::from(b), Rising::from(a + b));
    for group in &histories.groups {
        let n = group.customers;
        bought.rise_to(group.repeats);
        stayed.rise_to(group.repeats + first_chance);
        either.rise_to(group.repeats + first_chance);
        sum.value += n * (bought.log + stayed.log - either.log);
        sum.gradient[0] += n * bought.slope;
        sum.gradient[2] -= n * either.slope;
        sum.gradient[3] += n * (stayed.slope - either.slope);
        add_times(&mut sum, params, histories, group, &waits);
    }
    let customers: f64 = histories.groups.iter().map(|group| group.customers).sum();
    sum.value += customers * r * alpha.ln();
    sum.gradient[0] += customers * alpha.ln();
    sum.gradient[1] += customers * r / alpha;
    sum
}

/// The terms in t_x and T: (α+T)^-(r+x) (1 + e^z), where z is the log-odds of
/// having left.
fn add_times(
    sum: &mut Likelihood,
    params: &Params,
    histories: &Histories,
    group: &Group,
    waits: &[Wait],
) {
    let Params { kind, r, a, b, .. } = *params;
    let s = r + f64::from(group.repeats);
    let stayed = b + f64::from(group.repeats) + kind.first_chance() - 1.0;
    let can_leave = kind == Kind::MbgNbd || group.repeats > 0;
    let base = if can_leave { (a / stayed).ln() } else { f64::NEG_INFINITY };
    let (mut value, mut by_s, mut by_alpha, mut left) = (0.0, 0.0, 0.0, 0.0);
    let mut logs = LogOfProduct::default();
    for row in &histories.rows[group.rows.clone()] {
        let (age, recency) = (waits[row.age as usize], waits[row.recency as usize]);
        let n = row.customers;
        let grown = age.log - recency.log;
        let z = base + s * grown;
        let small = (-z.abs()).exp();
        let part = small / (1.0 + small);
        let has_left = if z > 0.0 { 1.0 - part } else { part };
        value += n * (z.max(0.0) - s * age.log);
        logs.add(n, 1.0 + small);
        by_s += n * (has_left * grown - age.log);
        by_alpha += n * (has_left * (age.inverse - recency.inverse) - age.inverse);
        left += n * has_left;
    }
    sum.value += value + logs.sum();
    sum.gradient[0] += by_s;
    sum.gradient[1] += s * by_alpha;
    if can_leave {
        sum.gradient[2] += left / a;
        sum.gradient[3] -= left / stayed;
    }
}

/// A sum of logarithms of numbers from 1 to 2, each so many times: one logarithm
/// for many.
struct LogOfProduct {
    product: f64,
    rest: f64,
}

impl Default for LogOfProduct {
    fn default() -> LogOfProduct {
        LogOfProduct { product: 1.0, rest: 0.0 }
    }
}

impl LogOfProduct {
    fn add(&mut self, times: f64, value: f64) {
        if times > 64.0 {
            self.rest += times * value.ln();
            return;
        }
        self.product *= value.powi(times as i32);
        if self.product > 1e30 {
            self.rest += self.product.ln();
            self.product = 1.0;
        }
    }

    fn sum(&self) -> f64 {
        self.rest + self.product.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::summary::{Summary, Weeks};

    fn histories() -> Histories {
        let mut all = vec![Summary { repeats: 0, recency_days: 0, age_days: 0 }];
        for i in 0..200_u32 {
            let age_days = 40 + i * 7 % 500;
            let recency_days = i * 13 % age_days;
            let repeats = if recency_days == 0 { 0 } else { 1 + i % 17 };
            all.push(Summary { repeats, recency_days, age_days });
            all.push(Summary { repeats: 0, recency_days: 0, age_days: 100 });
        }
        Histories::of(&all)
    }

    const STARTS: [[f64; 4]; 4] = [
        [0.525, 6.183, 0.891, 1.614],
        [3.0, 1.5, 0.02, 4.0],
        [0.1, 40.0, 7.0, 0.3],
        [1.0, 1.0, 1.0, 1.0],
    ];

    fn params(kind: Kind, [r, alpha, a, b]: [f64; 4]) -> Params {
        Params { kind, r, alpha, a, b }
    }

    #[test]
    fn the_sum_is_that_of_single_customers() {
        let histories = histories();
        for kind in [Kind::MbgNbd, Kind::BgNbd] {
            for start in STARTS {
                let params = params(kind, start);
                let mut sum = 0.0;
                for group in &histories.groups {
                    for row in &histories.rows[group.rows.clone()] {
                        let weeks = Weeks {
                            repeats: group.repeats,
                            recency: histories.times[row.recency as usize],
                            age: histories.times[row.age as usize],
                        };
                        sum += row.customers * params.log_likelihood(weeks);
                    }
                }
                let found = likelihood(&params, &histories).value;
                assert!((found / sum - 1.0).abs() < 1e-13, "{found} {sum}");
            }
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        let histories = histories();
        for kind in [Kind::MbgNbd, Kind::BgNbd] {
            for start in STARTS {
                let found = likelihood(&params(kind, start), &histories).gradient;
                for i in 0..4 {
                    let at = |steps: f64| {
                        let mut moved = start;
                        moved[i] *= 1.0 + steps * 1e-3;
                        likelihood(&params(kind, moved), &histories).value
                    };
                    // Five points: exact to the fourth order.
                    let rise = 8.0 * (at(1.0) - at(-1.0)) - (at(2.0) - at(-2.0));
                    let slope = rise / (12e-3 * start[i]);
                    let error = (found[i] - slope).abs() / slope.abs().max(1.0);
                    assert!(error < 1e-7, "{kind:?} {start:?} {i}: {} {slope}", found[i]);
                }
            }
        }
    }
}
