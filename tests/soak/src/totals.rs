//! What a soak counts.

use std::collections::BTreeMap;
use std::fmt;

use lazo_domain::digest;
use serde::{Serialize, Serializer};

/// Counted over all shops.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    pub customers: u64,
    /// Deliveries of the shop's events, repetitions included.
    pub events: u64,
    pub duplicates: u64,
    pub reordered: u64,
    /// Guests who turned out to be customers.
    pub merges: u64,
    /// Records that fit no schema.
    pub poisoned: u64,
    pub mail_events: u64,
    pub mail_events_lost: u64,
    pub clicks: u64,
    /// Runs of a handler.
    pub runs: u64,
    pub crashes: u64,
    pub faults: u64,
    pub answers_lost: u64,
    pub over_quota: u64,
    pub too_fast: u64,
    /// Requests that the SDK's clients made.
    pub requests: u64,
    /// The same by operation, as far as they reached AWS.
    pub operations: BTreeMap<String, u64>,
    pub mails: u64,
    pub calls: u64,
    pub tasks: u64,
    /// Customers who asked to be called back.
    pub call_backs: u64,
    /// Reports of calls that a later one corrects.
    pub corrections: u64,
    /// Mails to somebody in the shop.
    pub notices: u64,
    /// Versions of the rules that went live.
    pub versions: u64,
    /// Pauses of the sending.
    pub pauses: u64,
    /// Touches by how they ended, and why where they did not go out.
    pub touches: BTreeMap<String, u64>,
    pub replayed: u64,
    /// Of all that is stored, before the archive is replayed and after it.
    pub state_before_replay: StateHash,
    pub state_after_replay: StateHash,
    pub violations: u64,
}

impl Totals {
    pub fn add(&mut self, other: Totals) {
        for (sums, more) in
            [(&mut self.touches, other.touches), (&mut self.operations, other.operations)]
        {
            more.into_iter().for_each(|(name, count)| *sums.entry(name).or_default() += count);
        }
        self.state_before_replay.add(other.state_before_replay);
        self.state_after_replay.add(other.state_after_replay);
        for (sum, more) in [
            (&mut self.customers, other.customers),
            (&mut self.events, other.events),
            (&mut self.duplicates, other.duplicates),
            (&mut self.reordered, other.reordered),
            (&mut self.merges, other.merges),
            (&mut self.poisoned, other.poisoned),
            (&mut self.mail_events, other.mail_events),
            (&mut self.mail_events_lost, other.mail_events_lost),
            (&mut self.clicks, other.clicks),
            (&mut self.runs, other.runs),
            (&mut self.crashes, other.crashes),
            (&mut self.faults, other.faults),
            (&mut self.answers_lost, other.answers_lost),
            (&mut self.over_quota, other.over_quota),
            (&mut self.too_fast, other.too_fast),
            (&mut self.requests, other.requests),
            (&mut self.mails, other.mails),
            (&mut self.calls, other.calls),
            (&mut self.tasks, other.tasks),
            (&mut self.call_backs, other.call_backs),
            (&mut self.corrections, other.corrections),
            (&mut self.notices, other.notices),
            (&mut self.versions, other.versions),
            (&mut self.pauses, other.pauses),
            (&mut self.replayed, other.replayed),
            (&mut self.violations, other.violations),
        ] {
            *sum += more;
        }
    }
}

/// A hash of all that shops have stored: of several shops, whichever came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateHash(pub [u8; 32]);

impl StateHash {
    /// Together with another shop's.
    pub fn add(&mut self, other: StateHash) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum ^= more);
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digest::hex(&self.0[..digest::BYTES]))
    }
}

impl Serialize for StateHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
