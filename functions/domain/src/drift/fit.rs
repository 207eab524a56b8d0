//! Fitting by maximum likelihood, and what makes a fit worthless.

use serde::{Deserialize, Serialize};

use super::likelihood::likelihood;
use super::minimise::{Bounds, EXACT, Matrix, Minimum, minimise};
use super::params::{Kind, Params};
use super::summary::Histories;

/// A mean chance to leave below this says that nobody ever leaves: p_alive is 1
/// for everybody, and nobody would drift.
pub const DROPOUT_MIN: f64 = 0.01;

/// What was found, usable or not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The parameters at which the search ended, and of which model they are.
    #[serde(flatten)]
    pub params: Params,
    /// Of all histories together, at these parameters. Zero where a printed model has none.
    pub log_likelihood: f64,
    /// How often the likelihood was reckoned over all histories.
    pub evaluations: u32,
}

/// Why no model can be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refusal {
    /// There are fewer customers than the policy's `min_customers`.
    #[error("too few customers for a fit: {customers} of the {needed} that it takes")]
    TooFewCustomers {
        /// How many there are.
        customers: usize,
        /// How many it takes.
        needed: usize,
    },
    /// Nobody has a second purchase day.
    #[error("nobody bought on a second day, so nothing can be said of gaps")]
    NoRepeats,
    /// The mean chance to leave is under [`DROPOUT_MIN`].
    #[error(
        "the fit is degenerate: a/(a+b) = {dropout:.1e} is under {DROPOUT_MIN}, so nobody would ever leave"
    )]
    NobodyLeaves {
        /// The mean chance to leave after a purchase: a/(a+b).
        dropout: f64,
    },
    /// A parameter ended at the edge of what is allowed.
    #[error("the fit is degenerate: {parameter} runs to the edge of what is possible, {value:e}")]
    AtBound {
        /// Which one: `r`, `alpha`, `a` or `b`.
        parameter: String,
        /// Where it ended; `alpha` in weeks.
        value: f64,
    },
    /// The search ended away from a maximum, or its numbers are of no use.
    #[error("the fit did not converge: the slope that is left is {slope:.1e}")]
    NotConverged {
        /// The steepest slope of the mean log-likelihood there, by a parameter's logarithm.
        slope: f64,
    },
    /// As a sentence, which is all that `lazo drift fit --json` prints.
    #[error("{why}")]
    Told {
        /// The reason, as it was printed.
        why: String,
    },
}

/// A fit's outcome: an estimate may be there and still be refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// `None` where no fit was tried, or the search gave no parameters of use.
    pub estimate: Option<Estimate>,
    /// Why the estimate may not be used; `None` where it may.
    pub refused: Option<Refusal>,
}

impl Fit {
    /// The parameters, where they can be used.
    pub fn params(&self) -> Option<Params> {
        let estimate = self.estimate.filter(|_| self.refused.is_none());
        estimate.map(|estimate| estimate.params)
    }
}

/// How far parameters may go: r, alpha in units of the mean T, a, b.
const BOUNDS: [(f64, f64); 4] = [(1e-4, 1e4), (1e-5, 1e5), (1e-8, 1e4), (1e-8, 1e4)];
const NAMES: [&str; 4] = ["r", "alpha", "a", "b"];
/// As `BOUNDS`. The first is near to what most shops have, the last to shops
/// where people either stay or leave at once.
const STARTS: [[f64; 4]; 4] =
    [[0.5, 0.2, 0.8, 2.0], [1.5, 0.5, 0.3, 3.0], [0.2, 0.05, 2.0, 2.0], [1.2, 0.4, 0.3, 0.3]];
/// In smaller shops the likelihood may have several peaks, and every start is
/// followed to its end.
const SMALL_SHOP: usize = 1_000;
/// How many starts are tried out in larger ones.
const TRIALS: usize = 2;
/// Of how many histories they are tried out before all are reckoned with.
const TRIAL_ROWS: usize = 200;
/// How exact a trial is: enough to tell which start is best.
const TRIAL_TOLERANCE: f64 = 1e-3;

/// Fits a model to all histories.
pub fn fit(kind: Kind, histories: &Histories, min_customers: usize) -> Fit {
    if let Some(refused) = too_little(histories, min_customers) {
        return Fit { estimate: None, refused: Some(refused) };
    }
    let problem = Problem::new(kind, histories);
    let best = problem.best_of_trials();
    problem.judge(best)
}

/// Fits a model with the search begun at a start of one's own; where that ends
/// nowhere useful, as [`fit`] does.
pub fn fit_from(start: Params, histories: &Histories, min_customers: usize) -> Fit {
    if let Some(refused) = too_little(histories, min_customers) {
        return Fit { estimate: None, refused: Some(refused) };
    }
    let problem = Problem::new(start.kind, histories);
    let own = [start.r, start.alpha / problem.scale, start.a, start.b];
    let found = problem.search(histories, (own.map(f64::ln), None), EXACT);
    match is_inside(&found) {
        true => problem.judge(found),
        false => problem.judge(lower(found, problem.best_of_trials())),
    }
}

fn too_little(histories: &Histories, min_customers: usize) -> Option<Refusal> {
    let customers = histories.customers();
    if customers < min_customers {
        return Some(Refusal::TooFewCustomers { customers, needed: min_customers });
    }
    (!histories.has_repeats()).then_some(Refusal::NoRepeats)
}

/// The negative mean log-likelihood in the parameters' logarithms, with time in
/// units of the mean T.
struct Problem<'a> {
    kind: Kind,
    histories: &'a Histories,
    scale: f64,
}

impl<'a> Problem<'a> {
    fn new(kind: Kind, histories: &'a Histories) -> Problem<'a> {
        Problem { kind, histories, scale: histories.mean_age().max(1.0 / 7.0) }
    }

    fn params(&self, at: &[f64; 4]) -> Params {
        let [r, alpha, a, b] = at.map(f64::exp);
        Params { kind: self.kind, r, alpha: alpha * self.scale, a, b }
    }

    /// `begin` is where to begin, and the curvature there where it is known.
    fn search(
        &self,
        among: &Histories,
        begin: ([f64; 4], Option<Matrix<4>>),
        tolerance: f64,
    ) -> Minimum<4> {
        let bounds: Bounds<4> = BOUNDS.map(|(low, high)| (low.ln(), high.ln()));
        let customers = among.customers() as f64;
        let function = |at: &[f64; 4]| {
            let params = self.params(at);
            let found = likelihood(&params, among);
            let by = [params.r, params.alpha, params.a, params.b];
            let gradient = std::array::from_fn(|i| -found.gradient[i] * by[i] / customers);
            (-found.value / customers, gradient)
        };
        minimise(function, begin.0, &bounds, begin.1, tolerance)
    }

    /// Tries starts out on a part of the histories, goes on from the best one
    /// with all; from every start where that ends nowhere useful.
    fn best_of_trials(&self) -> Minimum<4> {
        let starts = STARTS.map(|start| (start.map(f64::ln), None));
        let full = |start| self.search(self.histories, start, EXACT);
        if self.histories.customers() < SMALL_SHOP {
            return starts[1..].iter().map(|start| full(*start)).fold(full(starts[0]), lower);
        }
        let thin = self.histories.thinned(TRIAL_ROWS);
        let among = thin.as_ref().unwrap_or(self.histories);
        let trials =
            starts[..TRIALS].iter().map(|start| self.search(among, *start, TRIAL_TOLERANCE));
        let best = trials.min_by(|a, b| a.value.total_cmp(&b.value));
        let begin = best.map_or(starts[0], |best| (best.at, Some(best.inverse_hessian)));
        let first = full(begin);
        match is_inside(&first) {
            true => first,
            false => starts.iter().map(|start| full(*start)).fold(first, lower),
        }
    }

    fn judge(&self, found: Minimum<4>) -> Fit {
        let params = self.params(&found.at);
        let log_likelihood = -found.value * self.histories.customers() as f64;
        if !log_likelihood.is_finite() || !params.is_valid() {
            let refused = Refusal::NotConverged { slope: found.gradient.min(f64::MAX) };
            return Fit { estimate: None, refused: Some(refused) };
        }
        let estimate = Estimate { params, log_likelihood, evaluations: found.evaluations };
        let values = [params.r, params.alpha, params.a, params.b];
        let bound = (0..4).find(|i| found.at_bound[*i]);
        let refused = if params.mean_dropout() < DROPOUT_MIN {
            Some(Refusal::NobodyLeaves { dropout: params.mean_dropout() })
        } else if let Some(i) = bound {
            Some(Refusal::AtBound { parameter: NAMES[i].to_owned(), value: values[i] })
        } else if !found.has_converged() {
            Some(Refusal::NotConverged { slope: found.gradient })
        } else {
            None
        };
        Fit { estimate: Some(estimate), refused }
    }
}

fn is_inside(found: &Minimum<4>) -> bool {
    found.has_converged() && !found.at_bound.contains(&true)
}

/// The lower of two; of two that are equally low, the one inside the box.
fn lower(a: Minimum<4>, b: Minimum<4>) -> Minimum<4> {
    let is_better = match is_inside(&b) && !is_inside(&a) {
        true => b.value <= a.value + 1e-12,
        false => b.value < a.value - 1e-12,
    };
    if is_better { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Summary;

    fn end(number: u32, value: f64, gradient: f64, is_at_edge: bool) -> Minimum<4> {
        Minimum {
            at: [0.0; 4],
            value,
            inverse_hessian: [[0.0; 4]; 4],
            evaluations: number,
            gradient,
            at_bound: [false, is_at_edge, false, false],
        }
    }

    #[test]
    fn the_lower_end_is_taken_and_of_equals_the_one_inside() {
        let taken = |a, b| lower(a, b).evaluations;
        let inside = |number, value| end(number, value, 0.0, false);
        let edge = |number, value| end(number, value, 0.0, true);
        assert!(is_inside(&inside(1, 1.0)) && !is_inside(&edge(1, 1.0)));
        assert!(!is_inside(&end(1, 1.0, 1e-3, false)));
        let (same, more) = (1.0 + 1e-13, 1.0 + 1e-9);
        for (a, b, expected) in [
            (edge(1, 1.0), inside(2, same), 2),
            (edge(1, 1.0), inside(2, more), 1),
            (inside(1, 1.0), edge(2, 1.0), 1),
            (inside(1, same), edge(2, 1.0), 1),
            (inside(1, more), edge(2, 1.0), 2),
            (inside(1, same), inside(2, 1.0), 1),
            (inside(1, more), inside(2, 1.0), 2),
            (edge(1, same), edge(2, 1.0), 1),
            (edge(1, 1.0), edge(2, more), 1),
            (inside(1, 1e-12), inside(2, 0.0), 1),
        ] {
            assert_eq!(taken(a, b), expected, "{a:?} {b:?}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_no_fit() {
        let histories = Histories::of(&[of(1), of(0)]);
        let problem = Problem::new(Kind::MbgNbd, &histories);
        let sound = problem.judge(end(7, 2.0, 0.0, false)).estimate.unwrap();
        assert_eq!((sound.log_likelihood, sound.evaluations), (-4.0, 7));
        let endless = Minimum { at: [800.0; 4], ..end(7, 2.0, 0.0, false) };
        for none in [end(7, f64::INFINITY, 0.0, false), endless] {
            let found = problem.judge(none);
            assert_eq!((found.estimate, found.refused.is_some()), (None, true));
        }
    }

    #[test]
    fn a_search_that_begins_where_it_would_end_ends_at_once() {
        let all: Vec<Summary> = (0..300)
            .map(|i: u32| {
                let recency_days = [0, 0, 20, 90, 160][i as usize % 5];
                Summary { repeats: recency_days / 20, recency_days, age_days: 170 + i % 90 }
            })
            .collect();
        let histories = Histories::of(&all);
        let found = fit(Kind::BgNbd, &histories, 1);
        let found = found.estimate.unwrap_or_else(|| panic!("{found:?}"));
        let again = fit_from(found.params, &histories, 1).estimate.unwrap();
        assert!(again.evaluations <= 2, "{found:?} {again:?}");
    }

    fn of(repeats: u32) -> Summary {
        Summary { repeats, recency_days: 7 * repeats, age_days: 70 }
    }

    #[test]
    fn so_few_as_are_asked_for_are_enough() {
        let two = Histories::of(&[of(1), of(0)]);
        assert_eq!(too_little(&two, 2), None);
        assert_eq!(too_little(&two, 3), Some(Refusal::TooFewCustomers { customers: 2, needed: 3 }));
        assert_eq!(too_little(&Histories::of(&[of(0), of(0)]), 2), Some(Refusal::NoRepeats));
    }
}
