//! Whether the arms came out as they were drawn.

use super::quantile::beta;
use crate::gamma::ln_gamma;

/// How probable it is that so many of `customers`, or a number that is no more
/// likely, are held out where each is by a chance of `share`: the exact binomial
/// test, two-sided. Below 0.001 something is wrong with the arms.
pub fn sample_ratio_p(held_out: u64, customers: u64, share: f64) -> f64 {
    if customers == 0 {
        return 1.0;
    }
    if share <= 0.0 || share >= 1.0 {
        let expected = if share <= 0.0 { 0 } else { customers };
        return if held_out == expected { 1.0 } else { 0.0 };
    }
    let n = customers as f64;
    let ln_of = |count: u64| {
        let k = count as f64;
        ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
            + k * share.ln()
            + (n - k) * (-share).ln_1p()
    };
    // No more likely than what was seen, but for what a double rounds.
    let seen = ln_of(held_out) + 1e-7;
    let likeliest = (((n + 1.0) * share).floor() as u64).min(customers);
    // Probabilities fall to both sides of the likeliest number.
    let (below, above) = if held_out < likeliest {
        (held_out + 1, first(likeliest, customers + 1, |count| ln_of(count) <= seen))
    } else if held_out > likeliest {
        (first(0, likeliest, |count| ln_of(count) > seen), held_out)
    } else {
        return 1.0;
    };
    let fewer = if below == 0 { 0.0 } else { 1.0 - at_least(below, customers, share) };
    (fewer + at_least(above, customers, share)).min(1.0)
}

/// The probability of `count` or more of `customers`.
fn at_least(count: u64, customers: u64, share: f64) -> f64 {
    match count {
        0 => 1.0,
        count if count > customers => 0.0,
        count => beta(count as f64, (customers - count) as f64 + 1.0, share),
    }
}

/// The first number from `low` on for which it holds, as it does for all behind
/// it; `high` where it never does.
fn first(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        match holds(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All terms added up.
    fn by_hand(held_out: u64, customers: u64, share: f64) -> f64 {
        let mut terms = vec![(1.0 - share).powi(customers as i32)];
        for k in 1..=customers {
            let last = terms[k as usize - 1];
            terms.push(last * (customers - k + 1) as f64 / k as f64 * share / (1.0 - share));
        }
        let seen = terms[held_out as usize] * (1.0 + 1e-7);
        terms.iter().filter(|term| **term <= seen).sum()
    }

    #[test]
    fn it_is_the_sum_of_all_that_is_no_more_likely() {
        for (customers, share) in [(1, 0.1), (7, 0.5), (50, 0.1), (200, 0.05), (333, 0.3)] {
            for held_out in 0..=customers {
                let (found, expected) = (
                    sample_ratio_p(held_out, customers, share),
                    by_hand(held_out, customers, share),
                );
                assert!(
                    (found - expected).abs() < 1e-10,
                    "{held_out}/{customers}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn large_shops_and_ends() {
        assert!(sample_ratio_p(1_000_000, 10_000_000, 0.1) > 0.99);
        assert!(sample_ratio_p(1_010_000, 10_000_000, 0.1) < 1e-20);
        assert!((sample_ratio_p(0, 0, 0.1), sample_ratio_p(0, 9, 0.0)) == (1.0, 1.0));
        assert_eq!(sample_ratio_p(1, 9, 0.0), 0.0);
    }
}
