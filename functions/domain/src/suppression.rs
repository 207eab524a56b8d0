//! Addresses that mail must not go to any more: they bounced for good, or
//! somebody there called a mail spam.

use std::fmt;

use crate::digest::{self, sha256_hex};
use serde::{Deserialize, Serialize};

use crate::dated::Dated;
use crate::event::Phone;
use crate::instant::Instant;
use crate::ordered;

/// How many addresses of one customer are remembered; the latest ones.
const ADDRESSES_MAX: usize = 16;

/// An address that can be recognised and not read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AddressHash(String);

impl AddressHash {
    /// The hash of an address; upper and lower case are the same mailbox.
    pub fn of(address: &str) -> AddressHash {
        AddressHash(sha256_hex(address.trim().to_lowercase(), digest::BYTES))
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
        ordered::keep_latest(&mut self.0, ADDRESSES_MAX);
    }

    /// Takes over what is known under another id.
    pub fn merge(&mut self, other: Suppressions) {
        other.0.into_iter().for_each(|one| self.note(&one.address, one.at));
    }

    /// Whether mail must not go to this address.
    pub fn covers(&self, address: &str) -> bool {
        // Hashing is for the few who have any.
        !self.0.is_empty() && {
            let hash = AddressHash::of(address);
            self.0.iter().any(|known| known.address == hash)
        }
    }

    /// Whether no address is noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How many reports of a wrong number are remembered; the latest ones.
const WRONG_NUMBERS_MAX: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct WrongNumber {
    at: Instant,
    /// Unknown while no number of that time is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    number: Option<AddressHash>,
}

/// Numbers of one customer at which somebody else answered. As with addresses,
/// it is the number that is not called any more: a new one may be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WrongNumbers(Vec<WrongNumber>);

impl WrongNumbers {
    /// Notes that the number of an instant was wrong.
    pub fn note(&mut self, at: Instant) {
        self.0.push(WrongNumber { at, number: None });
        self.0.sort();
        self.0.dedup_by_key(|known| known.at);
        ordered::keep_latest(&mut self.0, WRONG_NUMBERS_MAX);
    }

    /// Takes back that the number of an instant was wrong.
    pub fn take_back(&mut self, at: Instant) {
        self.0.retain(|known| known.at != at);
    }

    /// Finds out which numbers those were: the profile may have been told
    /// since, and of an earlier time. Whoever reports a number as wrong may clear
    /// or correct it at the same instant, so one of before comes first.
    pub fn find(&mut self, phones: &Dated<Phone>) {
        for wrong in &mut self.0 {
            let told_with_it = || phones.as_of(wrong.at).filter(|_| wrong.number.is_none());
            if let Some(phone) = phones.last_before(wrong.at).or_else(told_with_it) {
                wrong.number = Some(AddressHash::of(phone.as_str()));
            }
        }
    }

    /// Takes over what is known under another id.
    pub fn merge(&mut self, other: WrongNumbers) {
        self.0.extend(other.0);
        self.0.sort();
        // Known ones sort behind unknown ones of the same instant.
        self.0.dedup_by(|later, earlier| {
            let is_same = later.at == earlier.at && earlier.number.is_none();
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same || later == earlier
        });
        ordered::keep_latest(&mut self.0, WRONG_NUMBERS_MAX);
    }

    /// Whether this number must not be called.
    pub fn covers(&self, phone: &str) -> bool {
        !self.0.is_empty() && {
            let hash = Some(AddressHash::of(phone));
            self.0.iter().any(|known| known.number == hash)
        }
    }

    /// Whether no report of a wrong number is noted.
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

    #[test]
    fn a_wrong_number_is_that_of_its_time_in_whatever_order_it_is_told() {
        let at = Instant::from_millis;
        let phone = |text: &str| Phone::new(text).unwrap();
        let told = |order: [usize; 3]| {
            let (mut wrong, mut phones) = (WrongNumbers::default(), Dated::default());
            for step in order {
                match step {
                    0 => phones.set(at(10), Some(phone("+525511111111"))),
                    1 => phones.set(at(30), Some(phone("+525522222222"))),
                    _ => wrong.note(at(20)),
                }
                wrong.find(&phones);
            }
            wrong
        };
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let wrong = told(order);
            assert!(wrong.covers("+525511111111") && !wrong.covers("+525522222222"), "{order:?}");
        }
    }

    #[test]
    fn a_wrong_number_may_be_cleared_or_corrected_as_it_is_reported() {
        let at = Instant::from_millis;
        let (wrong_one, right_one) = ("+525511111111", "+525522222222");
        let told = |order: [usize; 3], from: i64, then: Option<&str>| {
            let (mut wrong, mut phones) = (WrongNumbers::default(), Dated::default());
            for step in order {
                match step {
                    0 => phones.set(at(from), Some(Phone::new(wrong_one).unwrap())),
                    1 => phones.set(at(20), then.map(|phone| Phone::new(phone).unwrap())),
                    _ => wrong.note(at(20)),
                }
                wrong.find(&phones);
            }
            phones.forget(at(30));
            wrong.find(&phones);
            wrong
        };
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for then in [None, Some(right_one)] {
                let wrong = told(order, 10, then);
                let covered = [wrong_one, right_one].map(|phone| wrong.covers(phone));
                assert_eq!(covered, [true, false], "{order:?} {then:?}");
            }
            // Told with the number, and with none before: it is that one.
            assert!(told(order, 20, Some(wrong_one)).covers(wrong_one), "{order:?}");
        }
    }

    #[test]
    fn of_wrong_numbers_the_latest_are_kept() {
        let mut wrong = WrongNumbers::default();
        assert!(wrong.is_empty() && Suppressions::default().is_empty());
        for number in 0..WRONG_NUMBERS_MAX as i64 {
            wrong.note(Instant::from_millis(number));
        }
        assert_eq!(wrong.0.len(), WRONG_NUMBERS_MAX);
        wrong.note(Instant::from_millis(99));
        assert_eq!(wrong.0.len(), WRONG_NUMBERS_MAX);
        assert_eq!(wrong.0[0].at, Instant::from_millis(1));
        assert!(!wrong.is_empty());
    }

    #[test]
    fn what_is_remembered_is_written_and_a_hash_is_not_shown() {
        let hash = AddressHash::of("ana@example.com");
        let mut suppressed = Suppressions::default();
        suppressed.note(&hash, Instant::from_millis(1));
        assert!(!suppressed.is_empty());
        assert_eq!(format!("{hash:?}"), "AddressHash(…)");
    }
}
