//! What a rule brought: treated customers against those held out.
//!
//! The unit is the customer, counted once, in the arm that was drawn for them.
//! Rates are compared by their difference ([`difference`]), revenue per customer by
//! its ratio ([`revenue_ratio`]); whether the arms came out as they were drawn is
//! asked first ([`sample_ratio_p`]), and when a verdict may be given is fixed
//! beforehand ([`customers_needed`]).
//!
//! | file | holds |
//! |---|---|
//! | `person` | what is known of one person: touches, and what they did |
//! | `replayed` | the same of a simulation |
//! | `rows` | what is counted: a row a customer and rule |
//! | `verdict` | on which day a verdict is given, and by whom it is decided |
//! | `report` | what is told of each rule |
//! | `rates`, `revenue`, `sample_ratio`, `power`, `quantile` | the statistics |

mod between;
mod person;
mod power;
mod quantile;
mod rates;
mod replayed;
mod report;
mod revenue;
mod rows;
mod sample_ratio;
mod verdict;

pub use person::{GoalEvent, MailHeard, Person, TouchFact};
pub use power::customers_needed;
pub use rates::{Arm, Difference, difference};
pub use replayed::of_replay;
pub use report::{
    ArmReport, Comparison, Decided, EVERY_RULE, GoalReport, RevenueReport, RuleReport,
    VariantReport, Week,
};
pub use revenue::{RevenueRatio, Spending, TOO_FEW_BUYERS, revenue_ratio};
pub use rows::{Measuring, Window};
pub use sample_ratio::sample_ratio_p;
pub use verdict::{Verdict, customers_for_verdict};

/// How sure an interval is, such as 0.95: between 0 and 1, both excluded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level(f64);

impl Level {
    /// That of a verdict.
    pub const VERDICT: Level = Level(0.95);
    /// That of a look before the verdict's day: many looks at it are no cheat.
    pub const PROGRESS: Level = Level(0.998);

    /// `None` where it is not between 0 and 1.
    pub fn new(level: f64) -> Option<Level> {
        (level > 0.0 && level < 1.0).then_some(Level(level))
    }

    /// As a share of one.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The probability below the upper limit of a two-sided interval.
    fn upper(self) -> f64 {
        0.5 + self.0 / 2.0
    }
}

/// Where a function that grows from `low` to `high` passes zero; the end that is
/// nearer where it does not. To the last bits of a double.
fn root(mut low: f64, mut high: f64, grows: impl Fn(f64) -> f64) -> f64 {
    // Halving a double's range ends within its mantissa and exponent.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        match grows(middle) < 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    0.5 * (low + high)
}
