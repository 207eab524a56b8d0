//! The variants of a step, held against each other.

use std::collections::BTreeSet;

use super::Level;
use super::report::{ArmReport, Comparison, RevenueReport, VariantReport};
use super::rows::{Aim, Counted, Row, Side};
use super::sample_ratio::sample_ratio_p;
use crate::rulebook::Rule;

/// Which share of two variants' customers gets the first of them; `None` where the rule has
/// not both of them any more.
fn drawn_share(rule: Option<&Rule>, step: &str, [one, other]: [&str; 2]) -> Option<f64> {
    let step = rule?.step(step)?;
    let (one, other) = (step.share_of(one)?, step.share_of(other)?);
    Some(one / (one + other))
}

/// The variants of each step, each against the first.
pub(super) fn variants(
    (aim, rule): (Aim, Option<&Rule>),
    counted: &Counted,
    level: Level,
) -> Vec<VariantReport> {
    let rows = || counted.rows.iter().filter(|row| !row.is_held_out);
    let all: BTreeSet<(&str, &str)> =
        rows().flat_map(|row| &row.variants).map(|(step, name)| (&**step, &**name)).collect();
    let side = |step: &str, name: &str| {
        let is_it = |row: &&Row| row.variants.iter().any(|(s, n)| **s == *step && **n == *name);
        Side::of(rows().filter(is_it))
    };
    let mut found: Vec<VariantReport> = Vec::new();
    let mut first: Option<(&str, &str, Side)> = None;
    for (step, name) in all {
        let own = side(step, name);
        let other = first.as_ref().filter(|(of, ..)| *of == step);
        let (mut rates, mut revenue) = (Comparison::default(), RevenueReport::default());
        if let Some((_, against, other)) = other
            && aim.goal.is_some()
        {
            rates = Comparison::of([&own, other], level);
            let share = drawn_share(rule, step, [name, *against]);
            rates.sample_ratio_p = share.map(|share| {
                let customers = own.arm.customers + other.arm.customers;
                sample_ratio_p(own.arm.customers, customers, share)
            });
            revenue = RevenueReport::of([&own, other], level);
        }
        found.push(VariantReport {
            step: step.to_owned(),
            variant: name.to_owned(),
            arm: ArmReport::of(&own, aim),
            against: other.map(|(_, name, _)| (*name).to_owned()),
            rates,
            revenue,
        });
        if other.is_none() {
            first = Some((step, name, own));
        }
    }
    found
}
