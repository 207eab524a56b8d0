//! What others said who have the same address or number, under ids of their
//! own: a *no*, a bounce and a spam complaint are the address's.

use std::collections::BTreeMap;

use super::view::View;
use crate::fact::{Calls, Fact, For, Line, What};

/// Of each customer of a shop, who else ever had one of their addresses or
/// numbers.
pub fn kin(shop: &[Vec<Fact>]) -> Vec<Vec<usize>> {
    let mut owners: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, facts) in shop.iter().enumerate() {
        for address in
            facts.iter().flat_map(|fact| [Line::Email, Line::Call].map(|l| told(fact, l)))
        {
            owners.entry(address.unwrap_or_default()).or_default().push(place);
        }
    }
    owners.remove("");
    let mut kin = vec![Vec::new(); shop.len()];
    for places in owners.values() {
        for place in places {
            kin[*place].extend(places.iter().filter(|other| *other != place));
        }
    }
    for others in &mut kin {
        others.sort_unstable();
        others.dedup();
    }
    kin
}

/// The address or number that a fact tells.
fn told(fact: &Fact, line: Line) -> Option<String> {
    match &fact.what {
        What::Profile(told) => told.address(line),
        _ => None,
    }
}

/// A yes or a no to touches of a purpose, where a fact is one.
fn word(fact: &Fact, line: Line, purpose: For) -> Option<bool> {
    match fact.what {
        What::Consent { line: on, purpose: of, denied } => {
            (on == line && (of == purpose || of == For::All)).then_some(denied)
        }
        What::Heard { calls: Calls::Denied, .. } => (line == Line::Call).then_some(true),
        _ => None,
    }
}

impl View<'_> {
    /// The customer's own address or number, in small letters.
    fn address(&self, line: Line) -> Option<String> {
        let of = |fact: &Fact| match &fact.what {
            What::Profile(told) => {
                let is_told = match line {
                    Line::Email => told.email.is_some(),
                    Line::Call => told.phone.is_some(),
                    Line::Task => false,
                };
                is_told.then(|| (fact.occurred, told.address(line)))
            }
            _ => None,
        };
        let known = self.facts.iter().filter(|fact| self.knows(fact)).filter_map(of);
        known.max_by_key(|(occurred, _)| *occurred)?.1
    }

    /// Since when a fact must be known, or may be.
    fn since(&self, fact: &Fact) -> i64 {
        if self.is_sure { fact.sure } else { fact.maybe }
    }

    /// The words of another that are words of an address as well.
    fn words_for<'a>(
        &'a self,
        other: &'a [Fact],
        address: &str,
        (line, purpose): (Line, For),
    ) -> impl Iterator<Item = (i64, bool)> + 'a {
        let had = other.iter().filter(|fact| told(fact, line).as_deref() == Some(address));
        let had_since = had.map(|fact| self.since(fact)).min();
        // Behind an erasure nothing is taken any more.
        let erased = other.iter().filter(|fact| matches!(fact.what, What::Erased));
        let erased_since = erased.map(|fact| match self.is_sure {
            true => fact.maybe,
            false => fact.sure.saturating_add(1),
        });
        let erased_since = erased_since.min();
        other.iter().filter_map(move |fact| {
            let denied = word(fact, line, purpose)?;
            let both = self.since(fact).max(had_since?);
            let counts = both <= self.at && erased_since.is_none_or(|erased| both < erased);
            counts.then_some((fact.occurred, denied))
        })
    }

    /// Whether the last word on it that was said of the address is another's *no*.
    pub fn is_denied_by(&self, kin: &[&[Fact]], line: Line, purpose: For) -> bool {
        let Some(address) = self.address(line) else { return false };
        let own = self.facts.iter().filter(|fact| self.knows(fact));
        let own = own.filter_map(|fact| Some((fact.occurred, word(fact, line, purpose)?)));
        let theirs = kin.iter().flat_map(|other| self.words_for(other, &address, (line, purpose)));
        let theirs: Vec<(i64, bool)> = theirs.collect();
        !theirs.is_empty() && own.chain(theirs).max().is_some_and(|(_, denied)| denied)
    }

    /// Whether another's mail to the same address came back or was called spam.
    pub fn is_stopped_by(&self, kin: &[&[Fact]], line: Line) -> bool {
        let address = self.address(Line::Email).filter(|_| line == Line::Email);
        kin.iter().copied().flatten().any(|fact| match &fact.what {
            What::Suppressed { address: stopped } => {
                self.knows(fact) && Some(stopped.to_lowercase()) == address
            }
            _ => false,
        })
    }
}
