//! Whether every customer got what they should, and nothing else: a model of
//! its own, which shares no line with the code that decides.
//!
//! It knows what happened, since when the product may know it and since when it
//! must ([`Fact`]), what went out, and what the ledger says. What went out is
//! wrong if it is forbidden by what the product must know and by what it may
//! know; a reason is right if it holds by either.
//!
//! | file | holds |
//! |---|---|
//! | `flows` | the rules and the policy of `../rules`, in words of its own |
//! | `clock` | local time, on jiff alone |
//! | `view` | what is known of a customer at an instant |
//! | `safety` | nothing goes out that must not |
//! | `guest` | customers who came as guests first |
//! | `kin` | what others said who have the same address or number |
//! | `fate` | everything expected goes out, or has a reason |
//! | `birthday` | the same for the days of the year |
//! | `digest` | the same for periods |
//! | `drift` | the same for who drifts away |
//! | `calls` | the same for calls that are tried again |
//! | `complaints` | whether those in charge are told of what nobody resolves |
//! | `pauses` | what somebody had paused when |
//! | `versions` | whether each touch names the version of the rules that was live |
//! | `mornings` | whether they are told in the morning of what is due |

mod birthday;
mod calls;
mod clock;
mod complaints;
mod digest;
mod drift;
mod fate;
mod flows;
mod guest;
mod history;
mod kin;
mod mornings;
mod pauses;
mod reasons;
mod safety;
mod versions;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::fact::{Fact, Known};
use super::pauses::Paused;
use super::seen::{Escalated, Gone, Morning};
pub use flows::is_of_a_day;
pub use guest::under_any_id;
use guest::{Parted, part};
pub use kin::kin;
pub use mornings::mornings;

/// How a touch stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Fenced,
    Sent,
    Skipped,
    Cancelled,
    HeldOut,
    PutBack,
}

/// A touch in the ledger.
#[derive(Clone, Debug)]
pub struct Seen {
    pub end: End,
    pub at: i64,
    pub due: i64,
    pub reason: &'static str,
    pub defers: Vec<Deferred>,
    /// Which of several texts it was.
    pub variant: Option<String>,
    /// Whether it was the guest's who the customer was.
    pub is_of_guest: bool,
    /// The version of the rules that the entry names.
    pub version: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub struct Deferred {
    pub at: i64,
    pub reason: &'static str,
}

/// A rule that a trigger did not start.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub rule: String,
    pub occurrence: String,
    pub reason: &'static str,
    pub at: i64,
    pub is_of_guest: bool,
}

/// When an event was received: as the customer's own, and as the guest's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Received {
    pub own: Option<i64>,
    pub of_guest: Option<i64>,
}

/// A touch that the state has pending.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    pub due: i64,
    pub next: i64,
    pub is_sending: bool,
}

/// What became of a customer, as the product tells it.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// In the order of time.
    pub gone: Vec<Gone>,
    pub escalated: Vec<Escalated>,
    pub touches: BTreeMap<String, Seen>,
    pub refused: Vec<Refusal>,
    pub pending: BTreeMap<String, Pending>,
    /// By kind and key, when it was received.
    pub events: BTreeMap<(String, String), Received>,
    /// When the oldest event happened of which the details are kept.
    pub kept_since: Option<i64>,
}

impl Received {
    pub fn first(&self) -> i64 {
        self.own.into_iter().chain(self.of_guest).min().unwrap_or(crate::fact::NEVER)
    }
}

impl Observed {
    /// When it was told that the customer and a guest are one.
    fn merged_at(&self) -> i64 {
        let merges = self.events.iter().filter(|((kind, _), _)| kind == "CustomerMerged");
        merges.map(|(_, received)| received.first()).min().unwrap_or(crate::fact::NEVER)
    }
}

/// What all customers of a shop have in common.
#[derive(Clone, Debug)]
pub struct Surroundings {
    pub from: i64,
    pub until: i64,
    /// When something went wrong, in order.
    pub trouble: Vec<i64>,
    /// Touches that are or were listed as of unknown fate.
    pub listed: BTreeSet<String>,
    /// Which version of the rules was live from when on, in the order of time.
    pub live: Vec<(i64, u32)>,
    /// What was paused when.
    pub pauses: Vec<Paused>,
}

impl Surroundings {
    /// Whether something went wrong from one instant up to another.
    fn had_trouble(&self, from: i64, until: i64) -> bool {
        let index = self.trouble.partition_point(|at| *at < from);
        self.trouble.get(index).is_some_and(|at| *at <= until)
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub customer: String,
    /// The touch or the event.
    pub what: String,
    pub why: String,
}

/// One customer under examination.
struct Case<'a> {
    id: &'a str,
    /// The id of the guest who the customer was.
    guest: Option<&'a str>,
    /// What is known of the customer.
    facts: &'a [Fact],
    /// What was known of the guest, and since when the two are one.
    of_guest: &'a [Fact],
    merged: Known,
    /// The facts of those who ever had an address or a number of this customer's.
    kin: &'a [&'a [Fact]],
    observed: &'a Observed,
    around: &'a Surroundings,
    violations: Vec<Violation>,
}

impl Case<'_> {
    fn accuse(&mut self, what: &str, why: impl Into<String>) {
        let customer = self.id.to_owned();
        self.violations.push(Violation { customer, what: what.to_owned(), why: why.into() });
    }
}

/// Everything that is wrong with what became of a customer.
pub fn examine(
    (id, guest): (&str, Option<&str>),
    (facts, kin): (&[Fact], &[&[Fact]]),
    observed: &Observed,
    around: &Surroundings,
) -> Vec<Violation> {
    let Parted { together, of_guest, merged } = part(facts);
    let mut case = Case {
        id,
        guest,
        facts: &together,
        of_guest: &of_guest,
        merged,
        kin,
        observed,
        around,
        violations: Vec::new(),
    };
    case.check_what_went_out();
    case.check_what_was_due();
    case.check_birthdays();
    case.check_digests();
    case.check_drift();
    case.check_calls();
    case.check_complaints();
    case.check_guest();
    case.check_versions();
    case.check_history();
    case.violations
}
