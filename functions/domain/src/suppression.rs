//! Addresses that mail must not go to any more: they bounced for good, or
//! somebody there called a mail spam.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::instant::Instant;

/// How many addresses of one customer are remembered; the latest ones.
const ADDRESSES_MAX: usize = 16;

/// How much of the hash is kept, in bytes.
const HASH_BYTES: usize = 16;

/// An address that can be recognised and not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressHash(String);

impl AddressHash {
    /// The hash of an address; upper and lower case are the same mailbox.
    pub fn of(address: &str) -> AddressHash {
        let digest = Sha256::digest(address.trim().to_lowercase().as_bytes());
        AddressHash(digest.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect())
    }
}

/// A hash of few possible texts can be guessed, so it is not shown either.
impl fmt::Debug for AddressHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressHash(…)")
    }
}

/// Why mail to an address must stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no such mailbox.
    HardBounce,
    /// Somebody there called a mail spam, which is a *no* to marketing as well.
    SpamComplaint,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Suppression {
    at: Instant,
    address: AddressHash,
}

/// The addresses of one customer that mail must not go to. A suppression
/// belongs to the address and not to the person: with a new address mail may
/// go again, and with the old one back it may not.
///
/// # Examples
/// ```
/// use lazo_domain::instant::Instant;
/// use lazo_domain::suppression::{AddressHash, Suppressions};
///
/// let mut suppressed = Suppressions::default();
/// suppressed.note(&AddressHash::of("Ana@example.com"), Instant::from_millis(0));
/// assert!(suppressed.covers("ana@example.com"));
/// assert!(!suppressed.covers("ana.new@example.com"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Suppressions(Vec<Suppression>);

impl Suppressions {
    /// Notes an address; the first word on it stays, whatever the order of
    /// arrival.
    pub fn note(&mut self, address: &AddressHash, at: Instant) {
        match self.0.iter_mut().find(|known| known.address == *address) {
            Some(known) => known.at = known.at.min(at),
            None => self.0.push(Suppression { at, address: address.clone() }),
        }
        self.0.sort();
        if self.0.len() > ADDRESSES_MAX {
            self.0.remove(0);
        }
    }

    /// Whether mail must not go to this address.
    pub fn covers(&self, address: &str) -> bool {
        // Hashing is for the few who have any.
        !self.0.is_empty() && {
            let hash = AddressHash::of(address);
            self.0.iter().any(|known| known.address == hash)
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_gives_the_same_and_the_number_is_bounded() {
        let note = |numbers: &[i64]| {
            let mut all = Suppressions::default();
            for number in numbers {
                let address = AddressHash::of(&format!("a{}@example.com", number % 3));
                all.note(&address, Instant::from_millis(*number));
            }
            all
        };
        assert_eq!(note(&[1, 2, 3, 4, 5]), note(&[5, 1, 4, 4, 3, 2]));
        let mut many = Suppressions::default();
        for number in 0..100 {
            let address = AddressHash::of(&format!("a{number}@example.com"));
            many.note(&address, Instant::from_millis(number));
        }
        assert_eq!(many.0.len(), ADDRESSES_MAX);
        assert!(many.covers("a99@example.com") && !many.covers("a1@example.com"));
        assert!(!format!("{many:?}").contains(&many.0[0].address.0));
    }
}
