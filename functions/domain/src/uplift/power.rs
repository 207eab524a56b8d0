//! When a verdict may be given: once the arms are large enough to see the smallest
//! effect that matters.

use super::Level;
use super::quantile::normal;

/// How probable a verdict is to see an effect that is there.
const POWER: f64 = 0.8;

/// How many customers both arms need together, where `share` of them is held out,
/// of whom `base_rate` convert by themselves, to see a difference of
/// `smallest_effect` with a power of 80 %. `None` where no number is enough: nobody
/// held out, nobody treated, or no effect asked for.
pub fn customers_needed(share: f64, base_rate: f64, smallest_effect: f64) -> Option<u64> {
    let is_share = |value: f64| value > 0.0 && value < 1.0;
    let with_effect = base_rate + smallest_effect;
    if !is_share(share) || !is_share(base_rate) || !is_share(with_effect) || smallest_effect == 0.0
    {
        return None;
    }
    let variance = |rate: f64| rate * (1.0 - rate);
    let pooled = (1.0 - share) * with_effect + share * base_rate;
    let without = (variance(pooled) * (1.0 / (1.0 - share) + 1.0 / share)).sqrt();
    let with = (variance(with_effect) / (1.0 - share) + variance(base_rate) / share).sqrt();
    let deviations = normal(Level::VERDICT.upper()) * without + normal(POWER) * with;
    Some((deviations / smallest_effect).powi(2).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Halves of 10 % against 12.5 %: 2,507 an arm (Fleiss, without correction: 2,504
    /// to 2,508 by the rounding of the quantiles).
    #[test]
    fn a_known_size() {
        let needed = customers_needed(0.5, 0.1, 0.025).unwrap();
        assert!((5_008..=5_016).contains(&needed), "{needed}");
    }

    #[test]
    fn the_smaller_the_holdout_the_longer_it_takes() {
        let sizes = [0.3, 0.1, 0.05].map(|share| customers_needed(share, 0.1, 0.025).unwrap());
        assert!(sizes.is_sorted() && sizes[0] < sizes[2], "{sizes:?}");
        assert_eq!(customers_needed(0.0, 0.1, 0.025), None);
        assert_eq!(customers_needed(0.1, 0.0, 0.0), None);
        assert_eq!(customers_needed(0.1, 0.1, -0.2), None);
    }
}
