//! What was counted, the most frequent first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Names with how often each was counted: the most frequent first, those that
/// are as frequent in the order of their names.
pub fn ranked<K: Ord>(counts: &BTreeMap<K, usize>) -> Vec<(&K, usize)> {
    let mut ranked: Vec<_> = counts.iter().map(|(name, count)| (name, *count)).collect();
    ranked.sort_by_key(|(_, count)| Reverse(*count));
    ranked
}
