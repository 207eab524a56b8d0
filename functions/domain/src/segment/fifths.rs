//! Where the fifths of a shop's buyers lie: when they bought last, how often, how much.

use super::Segments;
use crate::view::View;
use cel::Value;

/// How many buyers it takes to speak of fifths.
pub const BUYERS_MIN: usize = 25;

/// What was seen of buyers.
#[derive(Clone, Debug, Default)]
pub struct Buyers {
    days: Vec<f64>,
    purchases: Vec<f64>,
    spent: Vec<f64>,
}

/// Values that part buyers into fifths: a fifth has the first or less, two fifths the
/// second or less, and so on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fifths {
    /// How many buyers they were learnt from.
    pub buyers: usize,
    /// Days since the last purchase, the latest first.
    pub days: [f64; 4],
    /// Purchases, the fewest first.
    pub purchases: [f64; 4],
    /// Spent in all, the least first.
    pub spent: [f64; 4],
}

impl Buyers {
    /// Takes a customer who bought and was not forgotten.
    pub fn take(&mut self, view: &View<'_>) {
        let number = |field: &str| match view.field(field) {
            Some(Value::Int(number)) => Some(number as f64),
            Some(Value::Float(number)) => Some(number),
            _ => None,
        };
        if view.customer.erased_at.is_some() {
            return;
        }
        let Some(days) = number("days_since_purchase") else { return };
        self.days.push(days);
        self.purchases.push(number("purchases").unwrap_or_default());
        self.spent.push(number("total_spent").unwrap_or_default());
    }

    /// Adds what was seen of others.
    pub fn add(&mut self, other: Buyers) {
        self.days.extend(other.days);
        self.purchases.extend(other.purchases);
        self.spent.extend(other.spent);
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.days.len()
    }

    /// Their fifths; `None` where they are fewer than [`BUYERS_MIN`].
    pub fn fifths(self) -> Option<Fifths> {
        let buyers = self.count();
        (buyers >= BUYERS_MIN).then(|| Fifths {
            buyers,
            days: cuts(self.days),
            purchases: cuts(self.purchases),
            spent: cuts(self.spent),
        })
    }
}

/// The values up to which one, two, three and four fifths lie.
fn cuts(mut values: Vec<f64>) -> [f64; 4] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3, 4].map(|fifth| {
        let at = (values.len() * fifth).div_ceil(5);
        values.get(at.saturating_sub(1)).copied().unwrap_or_default()
    })
}

impl Fifths {
    /// Groups of buyers by these values: name and condition. Of the first six each
    /// buyer is in exactly one.
    pub fn groups(&self) -> Vec<(&'static str, String)> {
        let [_, recent, active, _] = self.days;
        let often = self.purchases[2];
        let [_, _, much, most] = self.spent;
        let (days, purchases) = ("customer.days_since_purchase", "customer.purchases");
        let spent = "customer.total_spent";
        vec![
            (
                "rfm-champions",
                format!("{days} <= {recent} && {purchases} > {often} && {spent} > {much}"),
            ),
            (
                "rfm-loyal",
                format!(
                    "{days} <= {active} && {purchases} > {often} && !segment(\"rfm-champions\")"
                ),
            ),
            ("rfm-promising", format!("{days} <= {recent} && {purchases} <= {often}")),
            (
                "rfm-cooling",
                format!("{days} > {recent} && {days} <= {active} && {purchases} <= {often}"),
            ),
            ("rfm-at-risk", format!("{days} > {active} && {purchases} > {often}")),
            ("rfm-dormant", format!("{days} > {active} && {purchases} <= {often}")),
            ("rfm-big-spenders", format!("{purchases} > 0 && {spent} > {most}")),
        ]
    }
}

impl Segments {
    /// Whether any segment asks for stages, chances or value.
    pub fn ask_for_drift(&self) -> bool {
        let fields = ["stage", "p_alive", "p_active", "lifetime_value"];
        let conditions = self.0.iter().filter_map(|segment| segment.condition.as_ref());
        conditions.into_iter().any(|it| fields.iter().any(|field| it.names(field)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_has_the_first_cut_or_less() {
        let ten = || (1..=10).rev().map(f64::from).collect::<Vec<_>>();
        assert_eq!(cuts(ten()), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(cuts(vec![1.0; 30]), [1.0; 4]);
        assert_eq!(cuts(vec![5.0, 1.0, 3.0]), [1.0, 3.0, 3.0, 5.0]);
        let of = |count: usize| Buyers {
            days: vec![1.0; count],
            purchases: vec![1.0; count],
            spent: vec![1.0; count],
        };
        assert!(of(BUYERS_MIN - 1).fifths().is_none());
        assert_eq!(of(BUYERS_MIN).fifths().unwrap().buyers, BUYERS_MIN);
    }
}
