//! How often intervals hold the truth, and how often looking every week tells of an
//! effect that is not there: `cargo bench -p lazo-domain --bench coverage`.
//!
//! It prints a line a cell, and fails where one is outside its bar: 94 to 97 % of the
//! intervals of rates, 91 to 97.5 % of those of revenue, at most 6 % of the shops in
//! which nothing happened.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../tests/experiments/mod.rs"]
mod experiments;
#[path = "../tests/shared_data/mod.rs"]
mod shared_data;

use experiments::{Cell, Shop, rates_cover, ratios_cover, weekly_looks};

const CUSTOMERS: [u64; 4] = [300, 2_000, 10_000, 50_000];
const HOLDOUTS: [f64; 3] = [0.05, 0.1, 0.3];
const RATES: [f64; 3] = [0.02, 0.1, 0.3];

/// With fewer converted customers held out than that there is no telling: the interval
/// is wider than it would have to be, and is not held to the bar.
const EXPECTED_MIN: f64 = 3.0;

fn main() {
    let mut wrong = rates();
    wrong += revenue();
    wrong += looks();
    assert_eq!(wrong, 0, "outside the bars");
}

fn cells() -> impl Iterator<Item = Cell> {
    CUSTOMERS.into_iter().flat_map(|customers| {
        HOLDOUTS.into_iter().flat_map(move |holdout| {
            RATES.into_iter().map(move |rate| Cell { customers, holdout, rate, effect: rate / 4.0 })
        })
    })
}

fn expected(cell: &Cell) -> f64 {
    cell.customers as f64 * cell.holdout * cell.rate
}

/// Prints a cell; 1 where it is outside its bar.
fn tell(what: &str, cell: &Cell, share: f64, [low, high]: [f64; 2]) -> usize {
    let is_held = expected(cell) >= EXPECTED_MIN;
    let is_out = is_held && !(low..=high).contains(&share);
    let note = if is_out {
        "  OUTSIDE"
    } else if is_held {
        ""
    } else {
        "  (few)"
    };
    println!(
        "{what}: {:>6} customers, {:>3.0} % held out, {:>3.0} %: {:.2} %{note}",
        cell.customers,
        cell.holdout * 100.0,
        cell.rate * 100.0,
        share * 100.0
    );
    usize::from(is_out)
}

fn rates() -> usize {
    let cells = cells().enumerate();
    let out = cells.map(|(seed, cell)| {
        let share = rates_cover(&cell, 20_000, seed as u64);
        tell("rates", &cell, share, [0.94, 0.97])
    });
    out.sum()
}

fn revenue() -> usize {
    let histories =
        [("CDNOW", shared_data::cdnow()), ("Online Retail", shared_data::online_retail())];
    let mut wrong = 0;
    for (name, purchases) in histories {
        let Some(purchases) = purchases else { continue };
        let spent: Vec<f64> = purchases
            .values()
            .flat_map(|days| days.values().copied())
            .filter(|spent| *spent > 0.0)
            .collect();
        for (seed, cell) in cells().enumerate() {
            let experiments = if cell.customers > 2_000 { 3_000 } else { 10_000 };
            let share = ratios_cover(&cell, &spent, experiments, seed as u64);
            wrong += tell(&format!("revenue of {name}"), &cell, share, [0.91, 0.975]);
        }
    }
    wrong
}

fn looks() -> usize {
    let mut wrong = 0;
    for (holdout, rate, a_day) in [(0.3, 0.4, 12), (0.5, 0.2, 30), (0.1, 0.5, 40)] {
        let shop = Shop { holdout, rate, effect: 0.0, a_day, days: 91 };
        let looks = weekly_looks(&shop, 2_000);
        let share = looks.effects as f64 / looks.runs as f64;
        println!(
            "13 weekly looks, {:.0} % held out, {:.0} %, {a_day} a day: {:.2} % told of an effect; {} of {} decided",
            holdout * 100.0,
            rate * 100.0,
            share * 100.0,
            looks.decided,
            looks.runs
        );
        wrong += usize::from(share > 0.06);
    }
    wrong
}
