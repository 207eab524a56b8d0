//! Intervals against reference values, and how often they hold what they should.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shared_data;

use lazo_domain::uplift::{Arm, Level, Spending, difference, revenue_ratio};
use serde_json::Value;

fn near(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9, "{what}: {found} is not {expected}");
}

#[test]
fn rates_have_the_reference_intervals() {
    let Some(vectors) = shared_data::uplift_vectors() else { return };
    let rows = vectors["rates"].as_array().unwrap();
    assert!(rows.len() >= 12);
    for row in rows {
        let arm = |name: &str| {
            let [converted, customers] = [0, 1].map(|place| row[name][place].as_u64().unwrap());
            Arm { customers, converted }
        };
        let found = difference(arm("treated"), arm("held_out"), Level::VERDICT).unwrap();
        near(found.difference, &row["difference"], "difference");
        near(found.low, &row["low"], "low");
        near(found.high, &row["high"], "high");
    }
}

#[test]
fn revenue_has_the_reference_intervals() {
    let Some(vectors) = shared_data::uplift_vectors() else { return };
    let rows = vectors["revenue_ratio"].as_array().unwrap();
    assert!(rows.len() >= 3);
    for row in rows {
        let arm = |name: &str| {
            let spent = row[name]["spent"].as_array().unwrap();
            let spent = spent.iter().map(|amount| amount.as_f64().unwrap());
            Spending::of(row[name]["customers"].as_u64().unwrap(), spent)
        };
        let found = revenue_ratio(&arm("treated"), &arm("held_out"), Level::VERDICT).unwrap();
        near(found.ratio, &row["ratio"], "ratio");
        near(found.low, &row["low"], "low");
        near(found.high, &row["high"], "high");
    }
}

/// Newcombe (1998), table II, method 5: to four places, as it was printed.
#[test]
fn rates_have_newcombes_intervals() {
    for (treated, held_out, low, high) in [
        ((56, 70), (48, 80), 0.0528, 0.3382),
        ((9, 10), (3, 10), 0.1700, 0.8406),
        ((6, 7), (2, 7), 0.0342, 0.8534),
        ((5, 56), (0, 29), -0.0326, 0.1933),
        ((0, 10), (0, 20), -0.1658, 0.2844),
        ((10, 10), (0, 20), 0.7156, 1.0),
    ] {
        let arm = |(converted, customers)| Arm { customers, converted };
        let found = difference(arm(treated), arm(held_out), Level::VERDICT).unwrap();
        assert!((found.low - low).abs() < 1e-4 && (found.high - high).abs() < 1e-4, "{found:?}");
    }
}
