//! The two models and their closed forms for one customer.
//!
//! Both say: while a customer is alive, purchases come at a constant rate, which
//! is gamma distributed over customers (shape `r`, rate `alpha` in weeks), and
//! after each purchase the customer leaves with a chance that is beta
//! distributed (`a`, `b`). BG/NBD (Fader, Hardie and Lee 2005, "Counting your
//! customers the easy way") leaves out the first purchase, so that whoever
//! bought once is alive for certain; MBG/NBD (Batislam, Denizel and Filiztekin
//! 2007, "Empirical validation and comparison of models for customer base
//! analysis") does not.
//!
//! All is reckoned in logarithms, so that neither hundreds of purchases nor
//! chances of 1e-55 lose digits.

use serde::{Deserialize, Serialize};

use super::summary::Weeks;

/// Which model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A customer may leave after any purchase, the first included.
    #[default]
    #[serde(rename = "mbg-nbd")]
    MbgNbd,
    /// A customer may leave after any purchase but the first.
    #[serde(rename = "bg-nbd")]
    BgNbd,
}

impl Kind {
    /// The name as files and the command line write it: `mbg-nbd` or `bg-nbd`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::MbgNbd => "mbg-nbd",
            Kind::BgNbd => "bg-nbd",
        }
    }

    /// How many chances to leave there are besides those of repeat purchases.
    pub(super) fn first_chance(self) -> f64 {
        match self {
            Kind::MbgNbd => 1.0,
            Kind::BgNbd => 0.0,
        }
    }
}

/// A model's parameters; all are positive and finite, `alpha` is in weeks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Params {
    /// Which model these parameters are for.
    #[serde(rename = "model")]
    pub kind: Kind,
    /// The shape of the gamma distribution of customers' purchase rates.
    pub r: f64,
    /// The rate parameter of that distribution, in weeks.
    pub alpha: f64,
    /// The first parameter of the beta distribution of the chance to leave.
    pub a: f64,
    /// The second one: the higher it is, the fewer customers leave.
    pub b: f64,
}

/// More terms than any horizon of some years needs.
const TERMS_MAX: u32 = 200_000;

impl Params {
    /// Whether all four numbers are finite and above zero.
    pub fn is_valid(&self) -> bool {
        [self.r, self.alpha, self.a, self.b].iter().all(|value| value.is_finite() && *value > 0.0)
    }

    /// The mean chance to leave after a purchase.
    pub fn mean_dropout(&self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// ln of P(has left) / P(is alive): minus infinity where alive for certain.
    /// It grows with T and so with the hiatus.
    pub fn left_log_odds(&self, of: Weeks) -> f64 {
        let stayed = self.b + f64::from(of.repeats) + self.kind.first_chance() - 1.0;
        if self.kind == Kind::BgNbd && of.repeats == 0 {
            return f64::NEG_INFINITY;
        }
        let hiatus = ((of.age - of.recency) / (self.alpha + of.recency)).ln_1p();
        (self.a / stayed).ln() + (self.r + f64::from(of.repeats)) * hiatus
    }

    /// P(still a customer at T).
    pub fn p_alive(&self, of: Weeks) -> f64 {
        1.0 / (1.0 + self.left_log_odds(of).exp())
    }

    /// P(at least one purchase in the next `horizon` weeks).
    pub fn p_active(&self, of: Weeks, horizon: f64) -> f64 {
        self.p_alive(of) * self.p_active_if_alive(of, horizon)
    }

    fn p_active_if_alive(&self, of: Weeks, horizon: f64) -> f64 {
        let log_wait = (horizon / (self.alpha + of.age)).ln_1p();
        -(-(self.r + f64::from(of.repeats)) * log_wait).exp_m1()
    }

    /// The expected number of purchases in the next `horizon` weeks.
    pub fn expected_purchases(&self, of: Weeks, horizon: f64) -> f64 {
        self.p_alive(of) * self.expected_if_alive(of, horizon)
    }

    /// The mean of (1 - exp(-λph)) / p over what is known of a living
    /// customer's rate λ and chance p: λ gamma (r+x, α+T), p beta (a, c-a).
    ///
    /// In the papers it is (c-1)/(a-1) (1 - y^(r+x) ₂F₁(r+x, c-a; c-1; w)), with
    /// w = h/(α+T+h), y = 1-w. Euler's transformation makes it a series that
    /// converges fast however often the customer bought; taking its first term
    /// out removes the poles at a = 1 and c = 1.
    fn expected_if_alive(&self, of: Weeks, horizon: f64) -> f64 {
        let (x, a) = (f64::from(of.repeats), self.a);
        let c = a + self.b + x + self.kind.first_chance();
        let log_y = -(horizon / (self.alpha + of.age)).ln_1p();
        let w = horizon / (self.alpha + of.age + horizon);
        // (1 - y^(a-1)) / (a-1), which is -ln y at a = 1
        let power = (a - 1.0) * log_y;
        let first = if power == 0.0 { -log_y } else { power.exp_m1() / power * -log_y };
        let top = c - 1.0 - (self.r + x);
        let (mut term, mut sum) = (top * w, 0.0);
        for n in 1..TERMS_MAX {
            sum += term;
            if term.abs() * w <= 1e-17 * sum.abs() * (1.0 - w) {
                break;
            }
            let n = f64::from(n);
            term *= (top + n) * (a + n - 1.0) / ((c + n - 1.0) * (n + 1.0)) * w;
        }
        ((c - 1.0) * first - power.exp() * sum).max(0.0)
    }

    /// The first T in weeks at which P(alive) is under `threshold`, however long
    /// the hiatus until then; infinite where that never comes.
    pub fn age_when_under(&self, threshold: f64, of: Weeks) -> f64 {
        let at_once = self.left_log_odds(Weeks { age: of.recency, ..of });
        let wanted = ((1.0 - threshold) / threshold).ln();
        let growth = ((wanted - at_once) / (self.r + f64::from(of.repeats))).exp();
        (self.alpha + of.recency) * growth.max(1.0) - self.alpha
    }

    /// ln of the likelihood of one customer's history.
    pub fn log_likelihood(&self, of: Weeks) -> f64 {
        let k = self.kind.first_chance();
        let (mut bought, mut stayed) = (0.0, 0.0);
        // Γ(r+x)/Γ(r) and the like are products of x factors.
        for i in (0..of.repeats).map(f64::from) {
            bought += (self.r + i).ln();
            stayed += ((self.b + i) / (self.a + self.b + i)).ln();
        }
        let x = f64::from(of.repeats);
        stayed += k * ((self.b + x) / (self.a + self.b + x)).ln();
        let age = (of.age / self.alpha).ln_1p();
        let waited = -(self.r + x) * age - x * self.alpha.ln();
        bought + stayed + waited + soft_plus(self.left_log_odds(of))
    }
}

/// ln(1 + e^z) without overflow.
pub(super) fn soft_plus(z: f64) -> f64 {
    z.max(0.0) + (-z.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_the_files() {
        for kind in [Kind::BgNbd, Kind::MbgNbd] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn one_in_four_leaves() {
        let params = Params { kind: Kind::MbgNbd, r: 1.0, alpha: 1.0, a: 2.0, b: 6.0 };
        assert_eq!(params.mean_dropout(), 0.25);
    }

    #[test]
    fn the_age_of_a_chance_is_where_it_goes_below() {
        for kind in [Kind::BgNbd, Kind::MbgNbd] {
            let params = Params { kind, r: 0.8, alpha: 40.0, a: 0.6, b: 1.2 };
            for (repeats, recency) in [(1, 3.0), (5, 60.0), (40, 52.0)] {
                let at = |age| params.p_alive(Weeks { repeats, recency, age });
                let when =
                    |share| params.age_when_under(share, Weeks { repeats, recency, age: recency });
                for share in [0.5, 0.2, 0.05] {
                    let age = when(share);
                    assert!(age > recency && (at(age) - share).abs() < 1e-12, "{share}: {age}");
                }
                // However long ago the last purchase is.
                let later = Weeks { repeats, recency, age: recency + 30.0 };
                assert_eq!(params.age_when_under(0.5, later), when(0.5));
                // Who hardly ever comes back is under it from the last day on.
                assert!((when(at(recency) + 0.01) - recency).abs() < 1e-12);
            }
        }
    }
}
