//! Which request meets which fault.

use std::fmt;
use std::str::FromStr;

use crate::Service;

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The connection is never made: nothing took effect, and that is certain.
    Refuse,
    /// An error of the service, 500; nothing took effect, and nobody knows.
    Fail,
    /// It took effect, and the connection was reset before the answer came.
    LoseAnswer,
    /// The service takes no more for now.
    Throttle,
    /// It comes to the service only after another worker's requests.
    Hold,
    /// It took effect at once, and its answer comes after another worker's
    /// requests.
    HoldAnswer,
    /// Another transaction has the same items.
    Conflict,
    /// The index is read as it was so many writes ago.
    Stale(u64),
    /// The process ends before the request takes effect.
    StopBefore,
    /// The process ends after the request took effect.
    StopAfter,
}

impl Fault {
    /// One of each kind.
    pub const ALL: [Fault; 10] = [
        Fault::Refuse,
        Fault::Fail,
        Fault::LoseAnswer,
        Fault::Throttle,
        Fault::Hold,
        Fault::HoldAnswer,
        Fault::Conflict,
        Fault::Stale(3),
        Fault::StopBefore,
        Fault::StopAfter,
    ];

    fn name(self) -> &'static str {
        match self {
            Fault::Refuse => "refuse",
            Fault::Fail => "fail",
            Fault::LoseAnswer => "lose-answer",
            Fault::Throttle => "throttle",
            Fault::Hold => "hold",
            Fault::HoldAnswer => "hold-answer",
            Fault::Conflict => "conflict",
            Fault::Stale(_) => "stale",
            Fault::StopBefore => "stop-before",
            Fault::StopAfter => "stop-after",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Stale(writes) => write!(f, "stale-{writes}"),
            fault => f.write_str(fault.name()),
        }
    }
}

/// A text that is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no plan of faults; one is written 3:lose-answer+9:stop-before")]
pub struct BadPlan(String);

impl FromStr for Fault {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Fault, BadPlan> {
        let bad = || BadPlan(text.to_owned());
        if let Some(writes) = text.strip_prefix("stale-") {
            return writes.parse().map(Fault::Stale).map_err(|_| bad());
        }
        Fault::ALL.into_iter().find(|fault| fault.name() == text).ok_or_else(bad)
    }
}

/// Which requests meet which faults, the first request being number one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Plan {
    /// No request meets a fault.
    #[default]
    Clean,
    /// Each by its number.
    At(Vec<(u64, Fault)>),
    /// The first request to a service.
    First(Service, Fault),
    /// By chance, so many of a million requests each; the same for a seed.
    Chance {
        /// The same seed gives the same faults to the same requests.
        seed: u64,
        /// Each fault, and how many of a million requests meet it on average.
        per_million: Vec<(Fault, u32)>,
    },
}

impl Plan {
    /// The fault of a request by its number; `of_service` is its number among
    /// the requests to its service.
    pub fn at(&self, number: u64, (service, of_service): (Service, u64)) -> Option<Fault> {
        match self {
            Plan::Clean => None,
            Plan::First(first, fault) => (*first == service && of_service == 1).then_some(*fault),
            Plan::At(faults) => {
                faults.iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault)
            }
            Plan::Chance { seed, per_million } => {
                let seed = seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let mut throw = fastrand::Rng::with_seed(seed).u32(..1_000_000);
                per_million.iter().find_map(|(fault, share)| match throw < *share {
                    true => Some(*fault),
                    false => {
                        throw -= share;
                        None
                    }
                })
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |parts: Vec<String>| parts.join("+");
        match self {
            Plan::Clean => f.write_str("clean"),
            Plan::First(service, fault) => write!(f, "{}:{fault}", service.name()),
            Plan::At(faults) => f.write_str(&join(
                faults.iter().map(|(at, fault)| format!("{at}:{fault}")).collect(),
            )),
            Plan::Chance { seed, per_million } => {
                let parts = per_million.iter().map(|(fault, share)| format!("{share}:{fault}"));
                write!(f, "seed-{seed}/{}", join(parts.collect()))
            }
        }
    }
}

impl FromStr for Plan {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Plan, BadPlan> {
        let bad = || BadPlan(text.to_owned());
        if text == "clean" {
            return Ok(Plan::Clean);
        }
        let (seed, faults) = match text.strip_prefix("seed-") {
            None => (None, text),
            Some(rest) => {
                let (seed, faults) = rest.split_once('/').ok_or_else(bad)?;
                (Some(seed.parse().map_err(|_| bad())?), faults)
            }
        };
        let mut read: Vec<(u64, Fault)> = Vec::new();
        for part in faults.split('+') {
            let (number, fault) = part.split_once(':').ok_or_else(bad)?;
            if let Some(service) = Service::ALL.into_iter().find(|s| s.name() == number) {
                return Ok(Plan::First(service, fault.parse()?));
            }
            read.push((number.parse().map_err(|_| bad())?, fault.parse()?));
        }
        let Some(seed) = seed else { return Ok(Plan::At(read)) };
        let share = |(share, fault)| u32::try_from(share).map(|share| (fault, share));
        let per_million = read.into_iter().map(share).collect::<Result<_, _>>();
        Ok(Plan::Chance { seed, per_million: per_million.map_err(|_| bad())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_repeated_from_what_is_printed() {
        let all: Vec<(u64, Fault)> = (1..).zip(Fault::ALL).collect();
        let shares = Fault::ALL.map(|fault| (fault, 1_000)).to_vec();
        for plan in [
            Plan::Clean,
            Plan::First(Service::Ses, Fault::LoseAnswer),
            Plan::At(all),
            Plan::Chance { seed: 7, per_million: shares },
        ] {
            assert_eq!(plan.to_string().parse(), Ok(plan));
        }
        assert!("3:nothing".parse::<Plan>().is_err() && "x".parse::<Plan>().is_err());
    }

    #[test]
    fn chance_strikes_as_often_as_it_is_told() {
        let plan = Plan::Chance {
            seed: 1,
            per_million: vec![(Fault::StopAfter, 10_000), (Fault::LoseAnswer, 1_000)],
        };
        let count = |fault| {
            (0..1_000_000).filter(|n| plan.at(*n, (Service::Ses, *n)) == Some(fault)).count()
        };
        assert!((9_500..10_500).contains(&count(Fault::StopAfter)));
        assert!((850..1_150).contains(&count(Fault::LoseAnswer)));
    }
}
