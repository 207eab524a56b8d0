//! How large a customer's state may become, whatever comes.
//!
//! What a customer's history tells has bounds of its own (`history`, `complaint`);
//! these are those of the rest. A person never meets them: they are for an id under
//! which a shop books a whole till, and for what is sent to harm.
//!
//! Below the bounds the order of arrival makes no difference. Beyond them what is
//! latest stays.

use std::collections::BTreeMap;

use super::Turn;
use crate::channel::{Channel, Purpose};
use crate::customer::{Customer, Exit, SentTouch};
use crate::event::Detail;
use crate::ordered;
use crate::policy::Policy;

/// How many touches may be pending; what else would start is refused, and told.
pub const PENDING_MAX: usize = 1_000;

/// How many triggers are kept while their follow-ups are open.
pub const TRIGGERS_MAX: usize = 1_000;

/// How many bytes the details of those triggers may have in all.
pub const TRIGGER_BYTES_MAX: usize = 4_000_000;

/// A longer detail, in bytes, is kept in the event's own item.
pub const INLINE_DETAIL_BYTES_MAX: usize = 1_000;

/// How many answers and reports are kept, of each the latest.
const ENTRIES_MAX: usize = 2_500;

/// How many exit events are kept, the latest ones.
const EXITS_MAX: usize = 2_000;

/// How many bytes their details may have in all: those of the latest are kept.
const EXIT_BYTES_MAX: usize = 200_000;

/// How many sent touches of a channel and purpose are kept where no cap counts so
/// many: the latest ones.
const SENDS_MAX: usize = 100;

/// How many values of one field of a profile are kept, the latest ones.
const VALUES_MAX: usize = 50;

/// How many attributes and anniversaries are kept: those told last.
const NAMES_MAX: usize = 300;

/// How many bytes a profile may have in all.
const PROFILE_BYTES_MAX: usize = 200_000;

impl Turn<'_> {
    /// Whether so much is pending that nothing else is started.
    pub(super) fn is_crowded(&self) -> bool {
        let customer = &self.customer;
        let bytes = |detail: &Detail| detail.0.len();
        customer.enrolments.len() >= PENDING_MAX
            || customer.fired.len() >= TRIGGERS_MAX
            || customer.fired.iter().map(|f| bytes(&f.detail)).sum::<usize>() >= TRIGGER_BYTES_MAX
    }
}

/// Drops what is beyond the bounds.
pub(super) fn keep_within(customer: &mut Customer, policy: &Policy) {
    customer.csat.keep_latest(ENTRIES_MAX);
    customer.nps.keep_latest(ENTRIES_MAX);
    keep_latest_exits(&mut customer.exits);
    while customer.reported.len() > ENTRIES_MAX {
        customer.reported.pop_first();
    }
    if customer.sends.len() > SENDS_MAX {
        let counted = policy.all_caps().map(|cap| cap.max as usize).max();
        keep_latest_sends(&mut customer.sends, SENDS_MAX.max(counted.unwrap_or_default()));
    }
    customer.profile.keep_within(VALUES_MAX, NAMES_MAX, PROFILE_BYTES_MAX);
}

/// Beyond the bounds an exit that asks for its detail ends only what began before it
/// arrived.
fn keep_latest_exits(exits: &mut Vec<Exit>) {
    ordered::keep_latest(exits, EXITS_MAX);
    let mut bytes = 0;
    for exit in exits.iter_mut().rev() {
        bytes += exit.detail.as_ref().map_or(0, |detail| detail.0.len());
        if bytes > EXIT_BYTES_MAX {
            exit.detail = None;
        }
    }
}

/// A cap counts up to its maximum: older touches of a kind change nothing.
fn keep_latest_sends(sends: &mut Vec<SentTouch>, most: usize) {
    let mut over: BTreeMap<(Channel, Purpose), usize> = BTreeMap::new();
    for sent in sends.iter() {
        *over.entry((sent.channel, sent.purpose)).or_default() += 1;
    }
    sends.retain(|sent| match over.get_mut(&(sent.channel, sent.purpose)) {
        Some(left) if *left > most => {
            *left -= 1;
            false
        }
        _ => true,
    });
}
