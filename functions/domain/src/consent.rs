//! Who said yes and who said no.

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Purpose};
use crate::event::{ConsentChannel, ConsentPurpose, ConsentState};
use crate::instant::Instant;
use crate::policy::MarketingConsent;

/// The last word on each pair of channel and purpose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Consents {
    #[serde(skip_serializing_if = "Option::is_none")]
    email_marketing: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_service: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_all: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_marketing: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_service: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call_all: Option<Word>,
}

/// A yes or a no, with when it was said. Ordered so that of two words of one
/// instant the *no* is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Word {
    at: Instant,
    denied: bool,
}

impl Word {
    fn told(self) -> LastWord {
        let state = if self.denied { ConsentState::Denied } else { ConsentState::Granted };
        LastWord { at: self.at, state }
    }
}

/// What was said last on something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastWord {
    /// When it was said.
    pub at: Instant,
    /// Whether it was a yes or a no.
    pub state: ConsentState,
}

impl Consents {
    /// Notes a word; the last `occurred_at` wins, and a *no* over a *yes* of
    /// the same instant.
    pub fn note(
        &mut self,
        at: Instant,
        channel: ConsentChannel,
        purpose: ConsentPurpose,
        state: ConsentState,
    ) {
        let word = Word { at, denied: state == ConsentState::Denied };
        let known = match (channel, purpose) {
            (ConsentChannel::Email, ConsentPurpose::Marketing) => &mut self.email_marketing,
            (ConsentChannel::Email, ConsentPurpose::Service) => &mut self.email_service,
            (ConsentChannel::Email, ConsentPurpose::All) => &mut self.email_all,
            (ConsentChannel::Call, ConsentPurpose::Marketing) => &mut self.call_marketing,
            (ConsentChannel::Call, ConsentPurpose::Service) => &mut self.call_service,
            (ConsentChannel::Call, ConsentPurpose::All) => &mut self.call_all,
        };
        *known = (*known).max(Some(word));
    }

    /// Whether a touch of this channel and purpose is allowed (rules#consent).
    ///
    /// `others` are the words under the person's other ids, each with when the ids
    /// were told to be one: a *no* under any of them holds, unless something was
    /// said after that.
    pub fn allow<'a>(
        &self,
        others: impl IntoIterator<Item = (Instant, &'a Consents)>,
        channel: Channel,
        purpose: Purpose,
        marketing: MarketingConsent,
    ) -> bool {
        let must_be_granted = channel.needs_opt_in()
            && purpose == Purpose::Marketing
            && marketing == MarketingConsent::OptIn;
        match self.deciding(others, channel, purpose) {
            Some(word) => !word.denied,
            None => !must_be_granted,
        }
    }

    /// The last word on each purpose of a channel, where one was said.
    pub fn words(
        &self,
        channel: ConsentChannel,
    ) -> impl Iterator<Item = (ConsentPurpose, LastWord)> + use<> {
        let [marketing, service, all] = match channel {
            ConsentChannel::Email => [self.email_marketing, self.email_service, self.email_all],
            ConsentChannel::Call => [self.call_marketing, self.call_service, self.call_all],
        };
        let words = [
            (ConsentPurpose::Marketing, marketing),
            (ConsentPurpose::Service, service),
            (ConsentPurpose::All, all),
        ];
        words.into_iter().filter_map(|(purpose, word)| Some((purpose, word?.told())))
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Consents::default()
    }

    /// The word that decides on touches of this channel and purpose; `None`
    /// where nothing was said.
    pub fn last_word<'a>(
        &self,
        others: impl IntoIterator<Item = (Instant, &'a Consents)>,
        channel: Channel,
        purpose: Purpose,
    ) -> Option<LastWord> {
        self.deciding(others, channel, purpose).map(Word::told)
    }

    fn deciding<'a>(
        &self,
        others: impl IntoIterator<Item = (Instant, &'a Consents)>,
        channel: Channel,
        purpose: Purpose,
    ) -> Option<Word> {
        let own = self.word(channel, purpose);
        let others = others.into_iter().filter_map(|(merged_at, consents)| {
            let is_outdated = own.is_some_and(|own| own.at > merged_at);
            consents.word(channel, purpose).filter(|_| !is_outdated)
        });
        own.into_iter().chain(others).max_by_key(|word| (word.denied, word.at))
    }

    /// Takes over the words that were said under another id.
    pub fn merge(&mut self, other: &Consents) {
        let pairs = [
            (&mut self.email_marketing, other.email_marketing),
            (&mut self.email_service, other.email_service),
            (&mut self.email_all, other.email_all),
            (&mut self.call_marketing, other.call_marketing),
            (&mut self.call_service, other.call_service),
            (&mut self.call_all, other.call_all),
        ];
        for (known, word) in pairs {
            *known = (*known).max(word);
        }
    }

    fn word(&self, channel: Channel, purpose: Purpose) -> Option<Word> {
        match (channel, purpose) {
            (Channel::Email, Purpose::Marketing) => self.email_marketing.max(self.email_all),
            (Channel::Email, Purpose::Service) => self.email_service.max(self.email_all),
            (Channel::Call, Purpose::Marketing) => self.call_marketing.max(self.call_all),
            (Channel::Call, Purpose::Service) => self.call_service.max(self.call_all),
            // Tasks and events are the shop's own: they reach no customer.
            (Channel::Task | Channel::Event, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConsentState::{Denied, Granted};

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn the_last_word_is_told_with_its_time() {
        let mut consents = Consents::default();
        let told = |consents: &Consents| consents.last_word([], Channel::Email, Purpose::Marketing);
        assert_eq!(told(&consents), None);
        consents.note(at(2), ConsentChannel::Email, ConsentPurpose::Marketing, Granted);
        assert_eq!(told(&consents), Some(LastWord { at: at(2), state: Granted }));
        consents.note(at(3), ConsentChannel::Email, ConsentPurpose::All, Denied);
        assert_eq!(told(&consents), Some(LastWord { at: at(3), state: Denied }));
        assert_eq!(consents.last_word([], Channel::Task, Purpose::Service), None);
    }

    #[test]
    fn the_last_word_counts_and_all_covers_each() {
        let mut consents = Consents::default();
        let mail = |consents: &Consents, purpose| {
            consents.allow([], Channel::Email, purpose, MarketingConsent::OptIn)
        };
        assert!(!mail(&consents, Purpose::Marketing));
        assert!(mail(&consents, Purpose::Service));
        consents.note(at(2), ConsentChannel::Email, ConsentPurpose::Marketing, Granted);
        assert!(mail(&consents, Purpose::Marketing));
        consents.note(at(3), ConsentChannel::Email, ConsentPurpose::All, Denied);
        assert!(!mail(&consents, Purpose::Marketing) && !mail(&consents, Purpose::Service));
        consents.note(at(4), ConsentChannel::Email, ConsentPurpose::Service, Granted);
        assert!(!mail(&consents, Purpose::Marketing) && mail(&consents, Purpose::Service));
        consents.note(at(1), ConsentChannel::Email, ConsentPurpose::Service, Denied);
        assert!(mail(&consents, Purpose::Service), "an older word arriving late changes nothing");
    }

    #[test]
    fn a_no_under_any_id_holds_until_something_is_said_of_the_whole_person() {
        let (email, marketing) = (ConsentChannel::Email, ConsentPurpose::Marketing);
        let said = |words: &[(i64, ConsentState)]| {
            let mut consents = Consents::default();
            words
                .iter()
                .for_each(|(second, word)| consents.note(at(*second), email, marketing, *word));
            consents
        };
        let may = |own: &[(i64, ConsentState)], other: &[(i64, ConsentState)]| {
            let (own, other) = (said(own), said(other));
            let others = [(at(10), &other)];
            own.allow(others, Channel::Email, Purpose::Marketing, MarketingConsent::OptIn)
        };
        assert!(may(&[], &[(1, Granted)]), "a yes under the other id is a yes");
        assert!(!may(&[(2, Granted)], &[(1, Denied)]), "an earlier no holds too");
        assert!(!may(&[(1, Denied)], &[(2, Granted)]));
        assert!(may(&[(1, Denied), (11, Granted)], &[(2, Denied)]), "a yes since the merge");
        assert!(!may(&[(11, Denied)], &[(2, Granted)]));
    }
}
