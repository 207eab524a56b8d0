//! Revenue per customer compared by its ratio: most customers spend nothing, so
//! whether they bought and how much buyers spent are looked at apart.

use super::quantile::{normal, student};
use super::{Level, root};

/// With fewer buyers than this held out, nothing is said.
pub const TOO_FEW_BUYERS: u64 = 3;

/// What the customers of an arm spent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spending {
    /// Customers, each once.
    pub customers: u64,
    /// Those of them who spent something.
    pub buyers: u64,
    /// What a buyer spent, on average.
    mean: f64,
    /// The sum of the squares by which buyers were off that.
    squares: f64,
}

impl Spending {
    /// So many customers, of whom the buyers spent these amounts, each above zero.
    pub fn of(customers: u64, spent: impl IntoIterator<Item = f64>) -> Spending {
        let mut spending = Spending { customers, ..Spending::default() };
        spent.into_iter().for_each(|amount| spending.add(amount));
        spending
    }

    /// Counts what one more of the customers spent, in an order that may be any.
    pub fn add(&mut self, amount: f64) {
        self.buyers += 1;
        let off = amount - self.mean;
        self.mean += off / self.buyers as f64;
        self.squares += off * (amount - self.mean);
    }

    /// What all of them spent.
    pub fn total(&self) -> f64 {
        self.mean * self.buyers as f64
    }

    /// What a customer spent, on average; 0 where there is nobody.
    pub fn per_customer(&self) -> f64 {
        match self.customers {
            0 => 0.0,
            customers => self.total() / customers as f64,
        }
    }
}

/// Revenue per customer of the treated, by that of those held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RevenueRatio {
    /// As counted: 1 is no difference.
    pub ratio: f64,
    /// The lower limit of the interval.
    pub low: f64,
    /// Its upper limit.
    pub high: f64,
}

/// The ratio with its two-part interval: Koopman's score limits (1984) for the
/// share of buyers, Student's t with a pooled coefficient of variation for what
/// buyers spent, combined by MOVER on the logarithm. `None` where it is too early
/// to say: fewer than [`TOO_FEW_BUYERS`] in either arm.
pub fn revenue_ratio(
    treated: &Spending,
    held_out: &Spending,
    level: Level,
) -> Option<RevenueRatio> {
    if treated.buyers.min(held_out.buyers) < TOO_FEW_BUYERS {
        return None;
    }
    let shares = share_ratio(treated, held_out, normal(level.upper()));
    let amounts = (treated.mean / held_out.mean).ln();
    let off = amounts_off(treated, held_out, level);
    let middle = shares.middle + amounts;
    Some(RevenueRatio {
        ratio: middle.exp(),
        low: (middle - (shares.middle - shares.low).hypot(off)).exp(),
        high: (middle + (shares.high - shares.middle).hypot(off)).exp(),
    })
}

/// How far the logarithm of the ratio of two means may be off.
fn amounts_off(treated: &Spending, held_out: &Spending, level: Level) -> f64 {
    let relative = |arm: &Spending| arm.squares / (arm.mean * arm.mean);
    let degrees = (treated.buyers + held_out.buyers - 2) as f64;
    let variation = (relative(treated) + relative(held_out)) / degrees;
    let each = 1.0 / treated.buyers as f64 + 1.0 / held_out.buyers as f64;
    student(level.upper(), degrees) * (variation * each).sqrt()
}

/// The logarithm of a ratio of shares, with its limits.
struct Shares {
    middle: f64,
    low: f64,
    high: f64,
}

fn share_ratio(treated: &Spending, held_out: &Spending, z: f64) -> Shares {
    /// No share is a hundred million times another.
    const FAR: f64 = 20.0;
    let share = |arm: &Spending| arm.buyers as f64 / arm.customers as f64;
    let middle = (share(treated) / share(held_out)).ln();
    let beyond = |ratio: f64| koopman(treated, held_out, ratio.exp()) - z * z;
    Shares {
        middle,
        low: root(middle - FAR, middle, |ratio| -beyond(ratio)),
        high: root(middle, middle + FAR, beyond),
    }
}

/// Koopman's statistic of a true ratio of shares: how far off the arms are, in
/// squares of standard deviations.
fn koopman(treated: &Spending, held_out: &Spending, ratio: f64) -> f64 {
    let (n1, x1) = (treated.customers as f64, treated.buyers as f64);
    let (n0, x0) = (held_out.customers as f64, held_out.buyers as f64);
    // The most likely shares that have that ratio.
    let a = (n1 + n0) * ratio;
    let b = n1 * ratio + x1 + n0 + x0 * ratio;
    let p0 = 2.0 * (x1 + x0) / (b + (b * b - 4.0 * a * (x1 + x0)).max(0.0).sqrt());
    let p1 = p0 * ratio;
    let off = x1 - n1 * p1;
    let rest = 1.0 - p1;
    if off == 0.0 {
        return 0.0;
    }
    off * off / (n1 * p1 * rest) * (1.0 + n1 * (ratio - p1) / (n0 * rest))
}
