//! What a customer says of their addresses.

use super::Customer;
use crate::address::{Address, Word, Words, latest};
use crate::consent::LastWord;
use crate::event::{ConsentChannel, ConsentState};
use crate::profile::Profile;

/// What a customer says of each of their addresses, under whichever of their ids,
/// the former addresses included: the same for all of them, so that it does not
/// matter whether a word, an address or another id was told first. What is known of
/// former addresses is bounded by [`ADDRESSES_MAX`](crate::address::ADDRESSES_MAX).
pub fn said(customer: &Customer) -> Vec<(Address, Words)> {
    if customer.consents_by_id().all(|(_, consents)| consents.is_empty()) {
        return Vec::new();
    }
    let words = |channel| {
        let mut words = Words::default();
        for (id, consents) in customer.consents_by_id() {
            for (purpose, LastWord { at, state }) in consents.words(channel) {
                let denied = state == ConsentState::Denied;
                words.note(purpose, Word { at, denied, by: id.clone() });
            }
        }
        words
    };
    let (of_mail, of_calls) = (words(ConsentChannel::Email), words(ConsentChannel::Call));
    let Profile { email, phone, .. } = &customer.profile;
    let emails = latest(email).into_iter().map(|(one, _)| (one, of_mail.clone()));
    let phones = latest(phone).into_iter().map(|(one, _)| (one, of_calls.clone()));
    emails.chain(phones).filter(|(_, words)| !words.is_empty()).collect()
}

/// What a change of a customer adds to what was said before, address by address.
pub fn said_since(before: &Customer, after: &Customer) -> Vec<(Address, Words)> {
    let is_same = before.profile.email == after.profile.email
        && before.profile.phone == after.profile.phone
        && before.consents_by_id().eq(after.consents_by_id());
    if is_same {
        return Vec::new();
    }
    let mut news = said(after);
    if !news.is_empty() {
        let known = said(before);
        news.retain(|one| !known.contains(one));
    }
    news
}
