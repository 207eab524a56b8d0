//! A value, with since when it holds.

use serde::{Deserialize, Serialize};

use crate::instant::Instant;
use crate::ordered;

/// A value with the values that it replaced a short while ago.
///
/// The last `occurred_at` wins, whatever the order of arrival. Replaced values
/// stay for as long as an event may arrive late, so that a condition can be
/// asked *as of* an earlier instant; [`Dated::forget`] drops them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound(deserialize = "T: Deserialize<'de>"))]
pub struct Dated<T>(#[serde(deserialize_with = "kept")] Vec<(Instant, Option<T>)>);

/// What is stored, without values that were taken once and do not fit any more:
/// a customer is read whatever an older version let in.
fn kept<'de, D, T>(deserializer: D) -> Result<Vec<(Instant, Option<T>)>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Value<T> {
        Fits(Option<T>),
        Unfit(serde::de::IgnoredAny),
    }
    let values = Vec::<(Instant, Value<T>)>::deserialize(deserializer)?;
    let kept = values.into_iter().filter_map(|(at, value)| match value {
        Value::Fits(value) => Some((at, value)),
        Value::Unfit(_) => None,
    });
    Ok(kept.collect())
}

impl<T> Default for Dated<T> {
    fn default() -> Dated<T> {
        Dated(Vec::new())
    }
}

impl<T: PartialEq + Serialize> Dated<T> {
    /// Notes that the value was `value` from `at` on; `None` clears it.
    pub fn set(&mut self, at: Instant, value: Option<T>) {
        match self.0.binary_search_by_key(&at, |(known, _)| *known) {
            // Two values of one instant: the choice must not depend on the
            // order of arrival, so the greater text wins.
            Ok(index) => {
                let present = &mut self.0[index].1;
                *present = [present.take(), value].into_iter().max_by_key(rank).flatten();
            }
            Err(index) => self.0.insert(index, (at, value)),
        }
    }

    /// The value as of an instant.
    pub fn as_of(&self, at: Instant) -> Option<&T> {
        let index = self.0.partition_point(|(known, _)| *known <= at);
        self.0[..index].last().and_then(|(_, value)| value.as_ref())
    }

    /// The last value told of before an instant, also where it was cleared then.
    pub fn last_before(&self, at: Instant) -> Option<&T> {
        let index = self.0.partition_point(|(known, _)| *known < at);
        self.0[..index].iter().rev().find_map(|(_, value)| value.as_ref())
    }

    /// The latest value.
    pub fn latest(&self) -> Option<&T> {
        self.0.last().and_then(|(_, value)| value.as_ref())
    }

    /// Every value that was ever told and is still kept.
    pub fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(|(_, value)| value.as_ref())
    }

    /// Every value with since when it holds, the earliest first.
    pub(crate) fn entries(&self) -> impl DoubleEndedIterator<Item = (Instant, Option<&T>)> {
        self.0.iter().map(|(at, value)| (*at, value.as_ref()))
    }

    /// Drops what nobody can ask for any more: all that was replaced before
    /// `horizon`.
    pub fn forget(&mut self, horizon: Instant) {
        let past = self.0.partition_point(|(known, _)| *known <= horizon);
        self.0.drain(..past.saturating_sub(1));
    }

    /// Takes over what was told under another id.
    pub fn merge(&mut self, other: Dated<T>) {
        other.0.into_iter().for_each(|(at, value)| self.set(at, value));
    }

    /// Drops the earliest values where there are more than `most`.
    pub fn keep_latest(&mut self, most: usize) {
        ordered::keep_latest(&mut self.0, most);
    }

    /// Whether some value was replaced so long ago that nobody can ask for it.
    pub(crate) fn has_past(&self, horizon: Instant) -> bool {
        self.0.partition_point(|(known, _)| *known <= horizon) > 1
    }

    /// Drops replaced values that nobody can ask for any more, but for those told at
    /// instants that are to be kept.
    pub(crate) fn forget_but(&mut self, horizon: Instant, is_kept: impl Fn(Instant) -> bool) {
        let past = self.0.partition_point(|(known, _)| *known <= horizon).saturating_sub(1);
        let mut index = 0;
        self.0.retain(|(at, _)| {
            index += 1;
            index > past || is_kept(*at)
        });
    }

    /// When the latest value was told.
    pub(crate) fn told_at(&self) -> Option<Instant> {
        self.0.last().map(|(at, _)| *at)
    }

    /// Whether nothing is kept. A value that was cleared counts as kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn rank<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn the_last_occurred_wins_in_any_order() {
        let mut one = Dated::default();
        one.set(at(1), Some("a"));
        one.set(at(3), Some("c"));
        one.set(at(2), Some("b"));
        assert_eq!(one.latest(), Some(&"c"));
        assert_eq!(one.as_of(at(2)), Some(&"b"));
        assert_eq!(one.as_of(at(0)), None);
        one.forget(at(2));
        assert_eq!(
            (one.as_of(at(1)), one.as_of(at(2)), one.latest()),
            (None, Some(&"b"), Some(&"c"))
        );
        one.set(at(4), None);
        assert_eq!(one.latest(), None);
    }

    #[test]
    fn of_two_values_of_one_instant_the_same_one_stays_in_any_order() {
        let told = |values: &[Option<&'static str>]| {
            let mut dated = Dated::default();
            values.iter().for_each(|value| dated.set(at(1), *value));
            dated
        };
        assert_eq!(told(&[Some("b"), Some("a")]), told(&[Some("a"), Some("b"), Some("b")]));
        assert_eq!(told(&[Some("a"), Some("b")]).0, [(at(1), Some("b"))]);
        assert_eq!(told(&[None, Some("a")]), told(&[Some("a"), None]));
        assert!(Dated::<&str>::default().is_empty() && !told(&[None]).is_empty());
    }

    #[test]
    fn before_an_instant_the_last_value_counts_also_where_it_was_cleared() {
        let mut dated = Dated::default();
        dated.set(at(1), Some("a"));
        dated.set(at(2), Some("b"));
        dated.set(at(3), None);
        let before = [1, 2, 3, 4].map(|second| dated.last_before(at(second)).copied());
        assert_eq!(before, [None, Some("a"), Some("b"), Some("b")]);
    }
}
