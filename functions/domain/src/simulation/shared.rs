//! Addresses that several customers have: what one says of them binds the others
//! (events#no-for-an-address), though each customer's history is replayed by itself.
//!
//! Who says what, and when it is known, hangs on no decision. So it is gathered
//! first, over all customers, and looked up by address and instant while each is
//! replayed, in whatever order and on however many threads.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::order;
use crate::address::{Address, Heard, Words};
use crate::customer::{Customer, said_since};
use crate::event::{
    Body, CallOutcome, ConsentChannel, ConsentPurpose, ConsentState, Delivered, Event, EventKind,
};
use crate::id::Id;
use crate::instant::Instant;
use crate::profile::Profile;

/// What was said of shared addresses.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// Of each, since when all of that was known.
    said: HashMap<Address, Vec<(Instant, Arc<Words>)>>,
    /// Of all others.
    nothing: Arc<Words>,
}

impl Shared {
    /// Gathers what these customers say of addresses that others of them have.
    pub fn among(customers: &[(Id, Vec<Delivered>)]) -> Shared {
        let mut owners: HashMap<Address, Option<usize>> = HashMap::new();
        for (index, (_, events)) in customers.iter().enumerate() {
            for address in events.iter().flat_map(|one| addresses(&one.event)) {
                let owner = owners.entry(address).or_insert(Some(index));
                *owner = owner.filter(|known| *known == index);
            }
        }
        owners.retain(|_, owner| owner.is_none());
        let mut said: HashMap<Address, Vec<(Instant, Words)>> = HashMap::new();
        if !owners.is_empty() {
            for (id, events) in customers {
                let mut told = events.iter().flat_map(|one| addresses(&one.event));
                if told.any(|address| owners.contains_key(&address)) {
                    say(id, events, |address, at, words| {
                        if owners.contains_key(&address) {
                            said.entry(address).or_default().push((at, words));
                        }
                    });
                }
            }
        }
        let said = said.into_iter().map(|(address, words)| (address, summed(words)));
        Shared { said: said.collect(), nothing: Arc::default() }
    }

    /// What is known at an instant of a customer's address and number.
    pub(super) fn heard(&self, profile: &Profile, at: Instant) -> Heard {
        let words = |address: Option<Address>| {
            let said = address.and_then(|address| self.said.get(&address));
            let last = said
                .and_then(|said| said[..said.partition_point(|(known, _)| *known <= at)].last());
            Some(last.map_or(&self.nothing, |(_, words)| words).clone())
        };
        if self.said.is_empty() {
            return Heard { email: words(None), phone: words(None) };
        }
        Heard {
            email: words(profile.email.latest().map(Address::from)),
            phone: words(profile.phone.latest().map(Address::from)),
        }
    }
}

/// Words with all that was said before them, in the order of time.
fn summed(mut words: Vec<(Instant, Words)>) -> Vec<(Instant, Arc<Words>)> {
    words.sort_by_key(|(at, _)| *at);
    let mut sum = Words::default();
    let mut add = |(at, words): (Instant, Words)| {
        sum.add(&words);
        (at, Arc::new(sum.clone()))
    };
    words.into_iter().map(&mut add).collect()
}

/// The addresses that an event tells.
fn addresses(event: &Event) -> impl Iterator<Item = Address> {
    let update = match &event.body {
        Body::CustomerUpdated(update) => Some(update),
        _ => None,
    };
    let email = update.and_then(|update| update.email.as_ref()?.as_ref()).map(Address::from);
    let phone = update.and_then(|update| update.phone.as_ref()?.as_ref()).map(Address::from);
    email.into_iter().chain(phone)
}

/// Tells `take` what a customer says of their addresses, and since when that is
/// known.
fn say(id: &Id, events: &[Delivered], mut take: impl FnMut(Address, Instant, Words)) {
    let mut events: Vec<&Delivered> = events.iter().collect();
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut seen: BTreeSet<(EventKind, &Id)> = BTreeSet::new();
    let mut customer = Customer::new(id.clone());
    for Delivered { event, at, .. } in events {
        if event.key().is_some_and(|key| !seen.insert((event.kind(), key))) {
            continue;
        }
        let before = customer.clone();
        match &event.body {
            Body::CustomerErased(_) => return,
            Body::CustomerUpdated(update) => customer.profile.update(update),
            Body::ConsentChanged(word) => {
                let said = (word.channel, word.purpose, word.state);
                customer.consents.note(event.occurred_at, said.0, said.1, said.2);
            }
            Body::CallReported(call) if call.outcome == CallOutcome::DoNotCall => {
                let (channel, purpose) = (ConsentChannel::Call, ConsentPurpose::All);
                customer.consents.note(event.occurred_at, channel, purpose, ConsentState::Denied);
            }
            _ => continue,
        }
        for (address, words) in said_since(&before, &customer) {
            take(address, *at, words);
        }
    }
}
