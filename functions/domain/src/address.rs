//! What was said of an address or of a number, under whatever id it is known
//! (events#no-for-an-address): a *no*, a *yes*, a bounce, a spam complaint.
//!
//! A customer's words are theirs, and those of each address that they have, had
//! or come to have ([`said`](crate::customer::said)). Who has one of these as well, under another id, is
//! bound by its *no* ([`Heard`]). A *yes* is for nobody else: it only ends an
//! earlier *no* of the same address.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::channel::Purpose;
use crate::dated::Dated;
use crate::event::{ConsentChannel, ConsentPurpose, Email, Phone};
use crate::id::Id;
use crate::instant::Instant;

/// How many mail addresses of one customer their words are carried to, and how
/// many numbers: the latest ones.
pub const ADDRESSES_MAX: usize = 4;

/// A mail address or a telephone number, written in one way: without blanks
/// around it, in lower case. Dots and plus signs stay: not every mail service
/// passes over them.
///
/// # Examples
/// ```
/// use lazo_domain::address::Address;
///
/// assert_eq!(Address::email(" Ana@Example.com "), Address::email("ana@example.com"));
/// assert_ne!(Address::email("ana+shop@example.com"), Address::email("ana@example.com"));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    channel: ConsentChannel,
    text: String,
}

impl Address {
    /// A mail address, trimmed and in lower case. Its form is not checked.
    pub fn email(text: &str) -> Address {
        Address { channel: ConsentChannel::Email, text: text.trim().to_lowercase() }
    }

    /// A telephone number, trimmed and in lower case. Its form is not checked.
    pub fn phone(text: &str) -> Address {
        Address { channel: ConsentChannel::Call, text: text.trim().to_lowercase() }
    }

    /// What it is good for.
    pub fn channel(&self) -> ConsentChannel {
        self.channel
    }

    /// The address or the number itself. It is personal: `Debug` does not show it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<&Email> for Address {
    fn from(email: &Email) -> Address {
        Address::email(email.as_str())
    }
}

impl From<&Phone> for Address {
    fn from(phone: &Phone) -> Address {
        Address::phone(phone.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?}, …)", self.channel)
    }
}

/// A yes or a no, and under which id it was said. Ordered so that of two words
/// of one instant the *no* is the later one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Word {
    /// When it was said.
    pub at: Instant,
    /// `true` for a *no*, `false` for a *yes*.
    pub denied: bool,
    /// The customer's id under which it was said.
    pub by: Id,
}

/// A bounce for good or a spam complaint, and of whose mail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stop {
    /// When the bounce or the complaint happened.
    pub at: Instant,
    /// The id of the customer whose mail it was.
    pub by: Id,
}

/// What was said of one address. Whatever the order in which words come in, and
/// however often, they add up to the same: of each kind the last one is kept,
/// and of bounces and spam complaints, which hold for ever, the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Words {
    #[serde(skip_serializing_if = "Option::is_none")]
    marketing: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<Stop>,
}

impl Words {
    /// That mail to the address came back for good, or was called spam.
    pub fn of_stop(at: Instant, by: &Id) -> Words {
        Words { stop: Some(Stop { at, by: by.clone() }), ..Words::default() }
    }

    /// Notes a yes or a no. Of two words on one purpose the later one stays.
    pub fn note(&mut self, purpose: ConsentPurpose, word: Word) {
        let known = match purpose {
            ConsentPurpose::Marketing => &mut self.marketing,
            ConsentPurpose::Service => &mut self.service,
            ConsentPurpose::All => &mut self.all,
        };
        *known = known.take().max(Some(word));
    }

    /// Adds what else was said.
    pub fn add(&mut self, other: &Words) {
        for (purpose, word) in other.each() {
            self.note(purpose, word.clone());
        }
        let first = [self.stop.take(), other.stop.clone()].into_iter().flatten().min();
        self.stop = first;
    }

    /// Each kind of word, where one was said.
    pub fn each(&self) -> impl Iterator<Item = (ConsentPurpose, &Word)> {
        let words = [
            (ConsentPurpose::Marketing, &self.marketing),
            (ConsentPurpose::Service, &self.service),
            (ConsentPurpose::All, &self.all),
        ];
        words.into_iter().filter_map(|(purpose, word)| Some((purpose, word.as_ref()?)))
    }

    /// The *no* that holds for touches of a purpose, where the last word is one.
    pub fn no(&self, purpose: Purpose) -> Option<&Word> {
        let own = match purpose {
            Purpose::Marketing => &self.marketing,
            Purpose::Service => &self.service,
        };
        own.max(&self.all).as_ref().filter(|word| word.denied)
    }

    /// Since when no mail goes there at all.
    pub fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    /// Whether there is no word, no bounce and no spam complaint.
    pub fn is_empty(&self) -> bool {
        *self == Words::default()
    }
}

/// What is known of a customer's own address and number, under whatever id it
/// was said. An input of decisions, and no part of what is stored of a customer:
/// `None` where nobody has looked, which counts as nothing said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// What was said of the latest mail address.
    pub email: Option<Arc<Words>>,
    /// What was said of the latest telephone number.
    pub phone: Option<Arc<Words>>,
}

/// What a decision would need to hear of, and did not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// Whether the words on the mail address are needed.
    pub email: bool,
    /// Whether the words on the telephone number are needed.
    pub phone: bool,
}

impl Asks {
    /// Whether something must be looked up before the decision holds.
    pub fn any(self) -> bool {
        self.email || self.phone
    }
}

/// The latest addresses that were told, the last one first, each with when that
/// was. One that was cleared or replaced is still one that the customer had.
pub(crate) fn latest<T: PartialEq + Serialize>(told: &Dated<T>) -> Vec<(Address, Instant)>
where
    for<'a> Address: From<&'a T>,
{
    let mut latest: Vec<(Address, Instant)> = Vec::new();
    for (at, value) in told.entries().rev() {
        let Some(address) = value.map(Address::from) else { continue };
        if latest.iter().all(|(known, _)| *known != address) {
            latest.push((address, at));
        }
        if latest.len() == ADDRESSES_MAX {
            break;
        }
    }
    latest
}

/// Drops replaced addresses that nobody can ask for any more; the latest stay: what
/// the customer says is for those that they had as well.
pub(crate) fn forget<T: PartialEq + Serialize>(told: &mut Dated<T>, horizon: Instant)
where
    for<'a> Address: From<&'a T>,
{
    if told.has_past(horizon) {
        let kept = latest(told);
        told.forget_but(horizon, |at| kept.iter().any(|(_, told)| *told == at));
    }
}

#[cfg(test)]
mod tests;
