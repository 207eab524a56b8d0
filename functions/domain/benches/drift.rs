//! How long drift takes: `cargo bench -p lazo-domain --bench drift`.
//!
//! Times are the best of several runs, in one process. The fit of CDNOW is set
//! against PyPI's `lifetimes` on the same machine and the same summaries where
//! a Python that has it is named:
//!
//! ```text
//! python3 -m venv ~/.cache/lazo/lifetimes
//! ~/.cache/lazo/lifetimes/bin/pip install lifetimes setuptools
//! LIFETIMES_PYTHON=~/.cache/lazo/lifetimes/bin/python cargo bench -p lazo-domain --bench drift
//! ```
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../tests/shared_data/mod.rs"]
mod shared_data;

#[path = "../tests/made_shop/mod.rs"]
mod made_shop;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::civil::{Date, date};
use lazo_domain::drift::{Histories, Kind, Rhythm, Summary, Weeks, fit};
use made_shop::{Draw, customer};

const SHOP: usize = 1_000_000;

fn main() {
    cdnow();
    million();
}

/// The shortest of several runs, in seconds.
fn best(runs: u32, mut work: impl FnMut()) -> f64 {
    let time = |_| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    (0..runs).map(time).min().unwrap_or(Duration::ZERO).as_secs_f64()
}

fn cdnow() {
    let Some(cdnow) = shared_data::cdnow() else { return };
    let until: Date = date(1997, 9, 30);
    let summaries: Vec<Summary> = cdnow
        .values()
        .filter_map(|days| Rhythm::of(days.range(..=until).map(|(day, _)| *day)))
        .map(|rhythm| rhythm.summary(until))
        .collect();
    for (kind, class) in [(Kind::MbgNbd, "ModifiedBetaGeoFitter"), (Kind::BgNbd, "BetaGeoFitter")] {
        let ours = best(50, || {
            black_box(fit(kind, &Histories::of(black_box(&summaries)), 500));
        });
        let summed = best(50, || {
            black_box(Histories::of(black_box(&summaries)));
        });
        let found = fit(kind, &Histories::of(&summaries), 500).estimate.unwrap();
        println!(
            "CDNOW, {} customers, {}: fitted in {:.3} ms, of which summing up is {:.3} ms, {} evaluations, log-likelihood {:.6}",
            summaries.len(),
            kind.as_str(),
            ours * 1e3,
            summed * 1e3,
            found.evaluations,
            found.log_likelihood
        );
        match lifetimes(class, &summaries) {
            Some(theirs) => println!(
                "  lifetimes' {class}: {:.1} ms; it takes {:.0} times as long",
                theirs * 1e3,
                theirs / ours
            ),
            None => println!("  lifetimes left out: LIFETIMES_PYTHON names no Python that has it"),
        }
    }
}

/// Seconds that `lifetimes` takes for the same fit, the best of three.
fn lifetimes(class: &str, summaries: &[Summary]) -> Option<f64> {
    let python = std::env::var_os("LIFETIMES_PYTHON")?;
    let mut script = format!(
        "import time, warnings\nwarnings.simplefilter('ignore')\nimport numpy as np\n\
         from lifetimes import {class}\nd = np.array(["
    );
    for s in summaries {
        write!(script, "({},{},{}),", s.repeats, s.recency_days, s.age_days).ok()?;
    }
    script += "], dtype=float)\nx, r, t = d[:, 0], d[:, 1] / 7, d[:, 2] / 7\nbest = 1e9\n";
    write!(
        script,
        "for _ in range(3):\n s = time.perf_counter()\n {class}().fit(x, r, t)\n \
         best = min(best, time.perf_counter() - s)\nprint(best)\n"
    )
    .ok()?;
    let output = std::process::Command::new(python).arg("-c").arg(script).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn million() {
    let mut draw = Draw(1);
    let summaries: Vec<Summary> = (0..SHOP).map(|_| customer(&mut draw)).collect();
    let mut histories = Histories::of(&summaries);
    let summed = best(5, || histories = Histories::of(black_box(&summaries)));
    let mut found = fit(Kind::MbgNbd, &histories, 500);
    let fitted = best(3, || found = fit(Kind::MbgNbd, black_box(&histories), 500));
    println!(
        "{SHOP} customers, {} histories on a week's grid: summed up in {:.0} ms, fitted in {:.0} ms, together {:.0} ms",
        histories.unique(),
        summed * 1e3,
        fitted * 1e3,
        (summed + fitted) * 1e3
    );
    println!("  {:?} refused: {:?}", found.estimate, found.refused);
    let params = found.params().unwrap();
    let each = |seconds: f64| seconds / SHOP as f64 * 1e9;
    let mut sum = 0.0;
    let alive = best(3, || {
        sum = summaries.iter().map(|s| params.p_alive(Weeks::from(*s))).sum();
    });
    let active = best(3, || {
        sum += summaries.iter().map(|s| params.p_active(Weeks::from(*s), 26.0)).sum::<f64>();
    });
    let expected = best(3, || {
        sum +=
            summaries.iter().map(|s| params.expected_purchases(Weeks::from(*s), 26.0)).sum::<f64>();
    });
    let crossing = best(3, || {
        sum += summaries.iter().map(|s| params.age_when_under(0.5, Weeks::from(*s))).sum::<f64>();
    });
    black_box(sum);
    println!(
        "  a customer: p_alive {:.0} ns, p_active {:.0} ns, expected purchases {:.0} ns, crossing {:.0} ns",
        each(alive),
        each(active),
        each(expected),
        each(crossing)
    );
}
