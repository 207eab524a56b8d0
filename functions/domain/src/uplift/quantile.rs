//! Quantiles of the normal and of Student's distribution, and the regularised
//! incomplete beta function that both tests of arms need.

use super::root;
use crate::gamma::ln_gamma;

/// The value below which a standard normal variable lies with probability `p`, for
/// 0 < p < 1, to about 1e-15 of it. Wichura's algorithm AS 241 (1988).
pub(super) fn normal(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &CENTRE);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let z = if r <= 5.0 { ratio(r - 1.6, &MIDDLE) } else { ratio(r - 5.0, &FAR) };
    z.copysign(q)
}

/// Two polynomials of the seventh degree, divided.
fn ratio(x: f64, [above, below]: &[[f64; 8]; 2]) -> f64 {
    let at = |of: &[f64; 8]| of.iter().rev().fold(0.0, |sum, term| sum * x + term);
    at(above) / at(below)
}

#[rustfmt::skip]
const CENTRE: [[f64; 8]; 2] = [
    [3.387_132_872_796_366_5, 133.141_667_891_784_38, 1_971.590_950_306_551_3, 13_731.693_765_509_46,
     45_921.953_931_549_87, 67_265.770_927_008_7, 33_430.575_583_588_13, 2_509.080_928_730_122_7],
    [1.0, 42.313_330_701_600_91, 687.187_007_492_057_9, 5_394.196_021_424_751,
     21_213.794_301_586_597, 39_307.895_800_092_71, 28_729.085_735_721_943, 5_226.495_278_852_854],
];

#[rustfmt::skip]
const MIDDLE: [[f64; 8]; 2] = [
    [1.423_437_110_749_683_5, 4.630_337_846_156_546, 5.769_497_221_460_691, 3.647_848_324_763_204_5,
     1.270_458_252_452_368_4, 2.417_807_251_774_506e-1, 2.272_384_498_926_918_4e-2, 7.745_450_142_783_414e-4],
    [1.0, 2.053_191_626_637_759, 1.676_384_830_183_803_8, 6.897_673_349_851e-1,
     1.481_039_764_274_800_8e-1, 1.519_866_656_361_645_7e-2, 5.475_938_084_995_345e-4, 1.050_750_071_644_416_9e-9],
];

#[rustfmt::skip]
const FAR: [[f64; 8]; 2] = [
    [6.657_904_643_501_104, 5.463_784_911_164_114, 1.784_826_539_917_291_3, 2.965_605_718_285_048_7e-1,
     2.653_218_952_657_612_4e-2, 1.242_660_947_388_078_4e-3, 2.711_555_568_743_487_6e-5, 2.010_334_399_292_288_1e-7],
    [1.0, 5.998_322_065_558_88e-1, 1.369_298_809_227_358e-1, 1.487_536_129_085_061_5e-2,
     7.868_691_311_456_133e-4, 1.846_318_317_510_054_8e-5, 1.421_511_758_316_446e-7, 2.044_263_103_389_939_8e-15],
];

/// The same of Student's t with so many degrees of freedom, for 0.5 <= p < 1.
pub(super) fn student(p: f64, degrees: f64) -> f64 {
    let below = |t: f64| 1.0 - 0.5 * beta(degrees / 2.0, 0.5, degrees / (degrees + t * t));
    let mut high = 1.0;
    while below(high) < p && high < 1e300 {
        high *= 2.0;
    }
    root(0.0, high, |t| below(t) - p)
}

/// The regularised incomplete beta function I_x(a, b), for a, b > 0 and 0 <= x <= 1,
/// to about 1e-13: Lentz's continued fraction, from the side on which it converges.
pub(super) fn beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta(b, a, 1.0 - x);
    }
    let front = a * x.ln() + b * (-x).ln_1p() - (ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b));
    front.exp() / (a * fraction(a, b, x))
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    /// In place of a divisor that vanishes.
    const TINY: f64 = 1e-300;
    let apart = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut value, mut c, mut d) = (1.0, 1.0, 0.0);
    // As many terms as the square root of the greater argument, some times over.
    let terms = 200 + 20 * (a.max(b).sqrt() as usize);
    for m in 0..terms {
        let (m, next) = (m as f64, m as f64 + 1.0);
        for term in [
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
            next * (b - next) * x / ((a + 2.0 * next - 1.0) * (a + 2.0 * next)),
        ] {
            d = 1.0 / apart(1.0 + term * d);
            c = apart(1.0 + term / c);
            value *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} {expected}");
    }

    /// From tables of the distributions.
    #[test]
    fn known_quantiles() {
        near(normal(0.5), 0.0);
        near(normal(0.975), 1.959_963_984_540_054);
        near(normal(0.025), -1.959_963_984_540_054);
        near(normal(0.999), 3.090_232_306_167_813_5);
        near(normal(1e-20), -9.262_340_089_798_408);
        near(student(0.975, 1.0), 12.706_204_736_174_698);
        near(student(0.975, 13.0), 2.160_368_656_461_012_5);
        // By the expansion in powers of the inverse degrees of freedom.
        assert!((student(0.975, 1e6) - 1.959_966_356_814_107).abs() < 1e-9);
    }

    /// I_x(1, b) and I_x(a, 1) have closed forms, and the ends add up to one.
    #[test]
    fn known_values_of_beta() {
        for x in [0.01, 0.3, 0.5, 0.97] {
            near(beta(1.0, 7.5, x), 1.0 - (1.0 - x).powf(7.5));
            near(beta(7.5, 1.0, x), x.powf(7.5));
            near(beta(400.0, 900.0, x) + beta(900.0, 400.0, 1.0 - x), 1.0);
        }
    }
}
