//! Two rates compared by their difference, with the interval of Miettinen and
//! Nurminen (1985): score, by constrained maximum likelihood, with N/(N-1).

use super::quantile::normal;
use super::{Level, root};

/// How many customers an arm has, and how many of them converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arm {
    /// Customers, each once.
    pub customers: u64,
    /// Those of them of whom the goal was seen; at most all.
    pub converted: u64,
}

impl Arm {
    /// Which share converted; 0 where there is nobody.
    pub fn rate(self) -> f64 {
        match self.customers {
            0 => 0.0,
            customers => self.converted as f64 / customers as f64,
        }
    }

    /// d/dp of the log likelihood of a rate `p`.
    fn score(self, p: f64) -> f64 {
        let (of, not_of) = (self.converted as f64, (self.customers - self.converted) as f64);
        let part = |count: f64, p: f64| if count == 0.0 { 0.0 } else { count / p };
        part(of, p) - part(not_of, 1.0 - p)
    }

    /// The variance of the rate, were it `p`.
    fn variance(self, p: f64) -> f64 {
        p * (1.0 - p) / self.customers as f64
    }
}

/// The rate of the treated less that of those held out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// As counted, between -1 and 1.
    pub difference: f64,
    /// The lower limit of the interval.
    pub low: f64,
    /// Its upper limit.
    pub high: f64,
}

/// The difference of two rates with its interval; `None` where an arm is empty.
///
/// ```
/// use lazo_domain::uplift::{Arm, Level, difference};
/// let treated = Arm { customers: 450, converted: 30 };
/// let held_out = Arm { customers: 50, converted: 2 };
/// let found = difference(treated, held_out, Level::VERDICT).unwrap();
/// assert!((found.difference - 0.0267).abs() < 1e-4);
/// assert!((found.low + 0.0696).abs() < 1e-4 && (found.high - 0.0681).abs() < 1e-4);
/// ```
pub fn difference(treated: Arm, held_out: Arm, level: Level) -> Option<Difference> {
    if treated.customers == 0 || held_out.customers == 0 {
        return None;
    }
    let difference = treated.rate() - held_out.rate();
    let z = normal(level.upper());
    let beyond = |delta: f64| distance(treated, held_out, delta) - z;
    Some(Difference {
        difference,
        // The distance grows from where the arms were found, to either side.
        low: root(-1.0, difference, |delta| -beyond(delta)),
        high: root(difference, 1.0, beyond),
    })
}

/// How many standard deviations the arms lie from a true difference of `delta`.
pub(super) fn distance(treated: Arm, held_out: Arm, delta: f64) -> f64 {
    let off = (treated.rate() - held_out.rate() - delta).abs();
    // The most likely rates that differ by that much.
    let (least, most) = ((-delta).max(0.0), (1.0 - delta).min(1.0));
    let held = root(least, most, |p| -(treated.score(p + delta) + held_out.score(p)));
    let customers = (treated.customers + held_out.customers) as f64;
    let variance = treated.variance((held + delta).clamp(0.0, 1.0)) + held_out.variance(held);
    match off == 0.0 {
        true => 0.0,
        false => off / (variance * customers / (customers - 1.0)).sqrt(),
    }
}
