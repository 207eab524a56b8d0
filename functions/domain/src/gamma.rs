//! The logarithm of the gamma function and its derivative, for positive
//! arguments.

/// From here on Stirling's series is exact to the last bit of a double.
const SERIES_FROM: f64 = 12.0;

/// ln Γ(x) for x > 0, to about 1e-14 of max(1, |ln Γ(x)|). Not a number for
/// what is not positive.
pub fn ln_gamma(mut x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    // Γ(x) = Γ(x + n) / (x (x+1) … (x+n-1))
    let mut product = 1.0;
    while x < SERIES_FROM {
        product *= x;
        x += 1.0;
    }
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
    let i = 1.0 / (x * x);
    let series = 1.0 / 1_260.0 - i * (1.0 / 1_680.0 - i * (1.0 / 1_188.0 - i * 691.0 / 360_360.0));
    let series = (1.0 / 12.0 - i * (1.0 / 360.0 - i * series)) / x;
    (x - 0.5) * x.ln() - x + HALF_LN_TAU + series - f64::ln(product)
}

/// ψ(x), the derivative of ln Γ, for x > 0, to about 1e-14 of max(1, |ψ(x)|).
/// Not a number for what is not positive.
pub fn digamma(mut x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::NAN;
    }
    let mut sum = 0.0;
    while x < SERIES_FROM {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let i = 1.0 / (x * x);
    let series = 1.0 / 240.0 - i * (1.0 / 132.0 - i * (691.0 / 32_760.0 - i / 12.0));
    let series = i * (1.0 / 12.0 - i * (1.0 / 120.0 - i * (1.0 / 252.0 - i * series)));
    sum + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From tables: Abramowitz and Stegun, 6.1 and 6.3.
    #[test]
    fn known_values() {
        let half_ln_pi = 0.5 * std::f64::consts::PI.ln();
        for (x, expected) in [
            (0.5, half_ln_pi),
            (1.0, 0.0),
            (1.5, half_ln_pi - std::f64::consts::LN_2),
            (2.0, 0.0),
            (10.0, 362_880.0_f64.ln()),
            (1e-5, 11.512_919_692_895_826),
            (100.0, 359.134_205_369_575_4),
            (1e6, 12_815_504.569_147_612),
        ] {
            let error = (ln_gamma(x) - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-14, "ln Γ({x}) is {} and not {expected}", ln_gamma(x));
        }
        const EULER: f64 = 0.577_215_664_901_532_9;
        for (x, expected) in [
            (0.5, -EULER - 2.0 * std::f64::consts::LN_2),
            (1.0, -EULER),
            (2.0, 1.0 - EULER),
            (10.0, 2.251_752_589_066_721),
            (100.0, 4.600_161_852_738_087),
        ] {
            let error = (digamma(x) - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-14, "ψ({x}) is {} and not {expected}", digamma(x));
        }
        assert!(ln_gamma(0.0).is_nan() && ln_gamma(-1.0).is_nan() && ln_gamma(f64::NAN).is_nan());
        assert!(digamma(0.0).is_nan() && digamma(f64::NAN).is_nan());
    }

    #[test]
    fn both_obey_their_recurrence() {
        for step in 1..4_000 {
            let x = f64::from(step) * 0.0137;
            let ln = ln_gamma(x + 1.0) - ln_gamma(x) - x.ln();
            assert!(ln.abs() < 1e-13 * ln_gamma(x).abs().max(1.0), "ln Γ at {x}: {ln:e}");
            let psi = digamma(x + 1.0) - digamma(x) - 1.0 / x;
            assert!(psi.abs() < 1e-13 * digamma(x).abs().max(1.0), "ψ at {x}: {psi:e}");
        }
    }
}
