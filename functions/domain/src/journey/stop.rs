//! The touchpoints of a journey, the worst first.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Feeling;
use crate::event::Phase;

/// The quantile of the normal distribution for intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// One experience with what its customer was worth then.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Where on the journey; `None` where that was not said.
    pub phase: Option<Phase>,
    /// What it was about, such as `delivery`.
    pub touchpoint: &'a str,
    /// How the customer felt, as the scores tell.
    pub feeling: Feeling,
    /// In the shop's currency.
    pub worth: f64,
}

/// A share of answers with its interval of 95 % (Wilson 1927), from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// The share as it was counted or weighed.
    pub share: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
}

impl Share {
    /// A share of so many answers; by Kish's effective number where they weigh
    /// differently.
    fn of(share: f64, answers: f64) -> Share {
        let square = Z * Z / answers;
        let middle = (share + square / 2.0) / (1.0 + square);
        let spread = share * (1.0 - share) / answers + square / (4.0 * answers);
        let half = Z * spread.sqrt() / (1.0 + square);
        Share { share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
    }
}

/// A touchpoint and how customers fare there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TouchpointScore {
    /// Where on the journey it is.
    pub phase: Phase,
    /// Its name, such as `delivery`.
    pub touchpoint: String,
    /// How many experiences were told of it, neutral ones included.
    pub answers: usize,
    /// How many of them were happy.
    pub happy: usize,
    /// How many of them were unhappy.
    pub unhappy: usize,
    /// The share of the unhappy, each customer as one.
    pub unhappy_share: Share,
    /// The same, each customer by what they were worth: `None` where nobody had
    /// bought anything.
    pub unhappy_by_value: Option<Share>,
    /// What the unhappy were worth together.
    pub worth_unhappy: f64,
}

impl TouchpointScore {
    /// How bad it certainly is, for those who bring most where they are known.
    fn badness(&self) -> (f64, f64) {
        let share = self.unhappy_by_value.unwrap_or(self.unhappy_share);
        (share.low, share.share)
    }
}

#[derive(Default)]
struct Sums {
    answers: usize,
    happy: usize,
    unhappy: usize,
    worth: f64,
    worth_squared: f64,
    worth_unhappy: f64,
}

impl Sums {
    fn add(&mut self, told: &Told<'_>) {
        let worth = told.worth.max(0.0);
        self.answers += 1;
        self.worth += worth;
        self.worth_squared += worth * worth;
        match told.feeling {
            Feeling::Happy => self.happy += 1,
            Feeling::Neutral => {}
            Feeling::Unhappy => {
                self.unhappy += 1;
                self.worth_unhappy += worth;
            }
        }
    }

    fn stop(&self, phase: Phase, touchpoint: &str) -> TouchpointScore {
        let answers = self.answers as f64;
        let by_value = (self.worth > 0.0).then(|| {
            let effective = self.worth * self.worth / self.worth_squared;
            Share::of(self.worth_unhappy / self.worth, effective)
        });
        TouchpointScore {
            phase,
            touchpoint: touchpoint.to_owned(),
            answers: self.answers,
            happy: self.happy,
            unhappy: self.unhappy,
            unhappy_share: Share::of(self.unhappy as f64 / answers, answers),
            unhappy_by_value: by_value,
            worth_unhappy: self.worth_unhappy,
        }
    }
}

/// The touchpoints that customers told of: by phase, and in each phase the
/// worst first, for those who bring most. What does not say in which phase it
/// was is in the phase of the others at its touchpoint, the latest one where
/// they are several, or after the purchase.
pub fn stops<'a>(told: impl IntoIterator<Item = Told<'a>>) -> Vec<TouchpointScore> {
    let told: Vec<Told<'_>> = told.into_iter().collect();
    let mut phases: BTreeMap<&str, Phase> = BTreeMap::new();
    for one in &told {
        if let Some(phase) = one.phase {
            let known = phases.entry(one.touchpoint).or_insert(phase);
            *known = phase.max(*known);
        }
    }
    let mut sums: BTreeMap<(Phase, &str), Sums> = BTreeMap::new();
    for one in &told {
        let usual = phases.get(one.touchpoint).copied().unwrap_or(Phase::Postpurchase);
        sums.entry((one.phase.unwrap_or(usual), one.touchpoint)).or_default().add(one);
    }
    let stops = sums.iter().map(|((phase, touchpoint), sums)| sums.stop(*phase, touchpoint));
    let mut stops: Vec<TouchpointScore> = stops.collect();
    let worse = |a: &TouchpointScore, b: &TouchpointScore| {
        let ((low_a, share_a), (low_b, share_b)) = (a.badness(), b.badness());
        low_b.total_cmp(&low_a).then(share_b.total_cmp(&share_a))
    };
    stops.sort_by(|a, b| a.phase.cmp(&b.phase).then(worse(a, b)));
    stops
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(touchpoint: &str, feeling: Feeling, worth: f64) -> Told<'_> {
        Told { phase: Some(Phase::Purchase), touchpoint, feeling, worth }
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 5e-4
    }

    #[test]
    fn an_interval_is_wilson_s() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
        for (count, of, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let share = Share::of(count / of, of);
            assert!(close(share.low, low) && close(share.high, high), "{count}/{of}: {share:?}");
        }
    }

    #[test]
    fn those_who_bring_most_count_most() {
        let few = [("till", 1000.0), ("desk", 10.0)];
        let all = few.iter().flat_map(|(touchpoint, worth)| {
            let happy = (0..9).map(|_| told(touchpoint, Feeling::Happy, 100.0));
            happy.chain([told(touchpoint, Feeling::Unhappy, *worth)])
        });
        let stops = stops(all);
        let names: Vec<&str> = stops.iter().map(|stop| stop.touchpoint.as_str()).collect();
        assert_eq!(names, ["till", "desk"]);
        assert!(stops.iter().all(|stop| close(stop.unhappy_share.share, 0.1)));
        assert!(close(stops[0].unhappy_by_value.unwrap().share, 1000.0 / 1900.0));
        assert!(close(stops[1].unhappy_by_value.unwrap().share, 10.0 / 910.0));
        assert_eq!((stops[0].answers, stops[0].happy, stops[0].unhappy), (10, 9, 1));
        assert!(close(stops[0].worth_unhappy, 1000.0));
    }

    #[test]
    fn one_bad_answer_is_no_proof() {
        let one = [told("one", Feeling::Unhappy, 50.0)];
        let many = (0..100)
            .map(|n| told("many", if n < 40 { Feeling::Unhappy } else { Feeling::Neutral }, 50.0));
        let stops = stops(one.into_iter().chain(many));
        assert_eq!(stops[0].touchpoint, "many");
        assert_eq!(stops[0].happy, 0);
    }

    #[test]
    fn nobody_who_bought_nothing_weighs() {
        let stops = stops([told("window", Feeling::Unhappy, 0.0)]);
        assert_eq!(stops[0].unhappy_by_value, None);
        assert!(close(stops[0].unhappy_share.share, 1.0));
    }

    #[test]
    fn a_survey_belongs_to_the_phase_of_its_touchpoint() {
        let survey = |touchpoint| Told { phase: None, ..told(touchpoint, Feeling::Happy, 1.0) };
        let before = Told { phase: Some(Phase::Prepurchase), ..survey("web") };
        let phases: Vec<(Phase, usize)> = stops([
            survey("web"),
            before,
            told("shop", Feeling::Happy, 1.0),
            survey("shop"),
            survey("delivery"),
        ])
        .iter()
        .map(|stop| (stop.phase, stop.answers))
        .collect();
        let expected = [(Phase::Prepurchase, 2), (Phase::Purchase, 2), (Phase::Postpurchase, 1)];
        assert_eq!(phases, expected);
    }
}
