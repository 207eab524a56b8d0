//! A made-up shop whose customers behave as the model says.

use lazo_domain::drift::Summary;

/// A generator of its own, so that the shop is the same everywhere.
pub struct Draw(pub u64);

impl Draw {
    /// Above 0, up to 1.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        ((self.0 >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }
}

/// A customer of the MBG/NBD's own story over three years, with r = 1 and
/// alpha = 10 weeks, a = 1 and b = 3.
pub fn customer(draw: &mut Draw) -> Summary {
    let age_days = 1 + (draw.uniform() * 1_094.0) as u32;
    let rate = draw.exponential() / 70.0;
    // Beta (1, 3).
    let leaves = 1.0 - draw.uniform().powf(1.0 / 3.0);
    let (mut at, mut last, mut repeats) = (0.0, 0, 0);
    while draw.uniform() > leaves {
        at += draw.exponential() / rate;
        if at >= f64::from(age_days) {
            break;
        }
        // One day's purchases are one.
        if at as u32 > last {
            last = at as u32;
            repeats += 1;
        }
    }
    Summary { repeats, recency_days: last, age_days }
}
