//! Everything that a decision needs about one customer: one stored item.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::calendar::Base;
use crate::complaint::Complaints;
use crate::consent::Consents;
use crate::event::{AnnualDate, Detail, DissolutionReason, EventKind, Line};
use crate::history::{History, Until};
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::policy::Policy;
use crate::profile::{Dated, Profile};
use crate::rule::{Channel, Purpose};
use crate::stage::{Entered, Judged};
use crate::suppression::{Suppressions, WrongNumbers};
use crate::touch::{Defer, TouchId};

/// The anniversary that nobody needs to tell: that of the first purchase.
pub const CUSTOMER_SINCE: &str = "customer_since";

/// One customer, as of the last input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    pub id: Id,
    #[serde(default)]
    pub profile: Profile,
    #[serde(default)]
    pub consents: Consents,
    #[serde(default)]
    pub history: History,
    #[serde(default)]
    pub complaints: Complaints,
    #[serde(default, skip_serializing_if = "Dated::is_empty")]
    pub csat: Dated<u8>,
    #[serde(default, skip_serializing_if = "Dated::is_empty")]
    pub nps: Dated<u8>,
    #[serde(default)]
    pub signals: Signals,
    /// The latest contacts, for whoever calls next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Addresses of this customer that mail must not go to.
    #[serde(default, skip_serializing_if = "Suppressions::is_empty")]
    pub suppressed: Suppressions,
    /// Numbers at which somebody else answered.
    #[serde(default, skip_serializing_if = "WrongNumbers::is_empty")]
    pub wrong_numbers: WrongNumbers,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Instant>,
    /// Events that started follow-ups, or may yet, kept while one is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<Fired>,
    /// Recent events that end follow-ups: a trigger may arrive after them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<Exit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrolments: Vec<Enrolment>,
    /// By rule, the latest enrolments, where the rule asks who was in before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub past: BTreeMap<String, Vec<Past>>,
    /// What was sent, as far back as the frequency caps look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sends: Vec<SentTouch>,
    /// The first instant of which anything is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_since: Option<Instant>,
    /// Why the customer leaves, as reps reported it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reported: BTreeSet<(Instant, DissolutionReason)>,
    /// The stages entered, the latest ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Entered>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// When the next stage is entered if nothing happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_review: Option<Instant>,
    /// Up to when occasions have been looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasions_until: Option<Instant>,
    /// When the next occasion wants attention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_occasion: Option<Instant>,
}

/// Signs of a good relationship.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signals {
    /// The first satisfaction or CSAT of 4 or more, or NPS of 9 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_at: Option<Instant>,
    /// Contacts that the customer started, complaints aside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Instant>,
}

/// A contact as the next caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    pub at: Instant,
    pub id: Id,
    pub channel: Line,
    pub kind: Line,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<crate::event::Note>,
}

/// An event that triggers rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fired {
    pub kind: EventKind,
    pub occurrence: String,
    pub at: Instant,
    pub received_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_id: Option<Id>,
    pub detail: Detail,
    /// Until when a late event may still change what it starts.
    pub open_until: Instant,
    /// Until when a call or a task that was asked for needs it for its script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Instant>,
    /// Rules whose follow-up an exit event ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exited: Vec<String>,
}

impl Fired {
    /// Drops what may be personal.
    pub fn forget(&mut self) {
        self.detail = Detail("{}".into());
    }
}

/// An event that ended, or may yet end, follow-ups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exit {
    pub at: Instant,
    pub kind: EventKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_id: Option<Id>,
}

/// A customer on the way through a rule, with the one touch that is pending.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    pub rule: String,
    pub occurrence: String,
    /// The trigger's instant.
    pub at: Instant,
    /// The event that triggered it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EventKind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_id: Option<Id>,
    pub step: String,
    pub base: Instant,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub base_is_day: bool,
    pub due: Instant,
    pub next: Instant,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defers: Vec<Defer>,
    /// Since when the touch is on its way out, unconfirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending_since: Option<Instant>,
    /// The answer to its sending was lost: nobody knows whether it went out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// Nothing was heard of it since: it is listed for somebody to look.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
    /// After a lost answer it was put back once, as the policy said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resent: bool,
    /// An exit event came while the touch was on its way out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exited: bool,
    /// Since when a call that was asked for waits for its report: nothing is
    /// pending meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Instant>,
    /// The attempts at the call that came before and reached nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
    /// What was reported of a call before its asking was confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
    /// The base is the report that ended the call before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub base_is_report: bool,
}

/// An attempt at a call that reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    pub asked_at: Instant,
    pub reported_at: Instant,
}

/// What a report says of a call, as far as attempts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    pub at: Instant,
    /// Whether nobody was reached, so that it is tried again.
    pub is_unanswered: bool,
}

/// How many deferrals of a touch are kept; the latest ones.
const DEFERS_MAX: usize = 20;

impl Enrolment {
    /// Whether it is this touch that the enrolment has pending.
    pub fn is_at(&self, touch: &TouchId) -> bool {
        self.rule == touch.rule && self.occurrence == touch.occurrence && self.step == touch.step
    }

    /// Notes that the touch waits: of a long row of waits the latest.
    pub fn note_defer(&mut self, defer: Defer) {
        self.defers.push(defer);
        ordered::keep_latest(&mut self.defers, DEFERS_MAX);
    }

    pub fn base(&self) -> Base {
        Base { at: self.base, is_day: self.base_is_day }
    }

    /// Whether nothing has been tried yet, so that its plan may still move.
    pub fn is_untried(&self, now: Instant) -> bool {
        self.defers.is_empty()
            && self.sending_since.is_none()
            && self.asked_at.is_none()
            && now < self.due
    }
}

/// An enrolment that was, by its trigger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Past {
    pub at: Instant,
    pub occurrence: String,
}

/// A sent touch as frequency caps see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SentTouch {
    pub at: Instant,
    pub channel: Channel,
    pub purpose: Purpose,
}

impl Customer {
    /// A customer of whom nothing is known yet.
    pub fn new(id: Id) -> Customer {
        Customer {
            id,
            profile: Profile::default(),
            consents: Consents::default(),
            history: History::default(),
            complaints: Complaints::default(),
            csat: Dated::default(),
            nps: Dated::default(),
            signals: Signals::default(),
            contacts: Vec::new(),
            suppressed: Suppressions::default(),
            wrong_numbers: WrongNumbers::default(),
            erased_at: None,
            fired: Vec::new(),
            exits: Vec::new(),
            enrolments: Vec::new(),
            past: BTreeMap::new(),
            sends: Vec::new(),
            known_since: None,
            reported: BTreeSet::new(),
            stages: Vec::new(),
            judged: None,
            next_review: None,
            occasions_until: None,
            next_occasion: None,
        }
    }

    /// The customer's time zone, or `default`.
    pub fn zone<'a>(&self, default: &'a TimeZone) -> Cow<'a, TimeZone> {
        let named = self.profile.time_zone.latest();
        match named.and_then(|name| TimeZone::get(name.as_str()).ok()) {
            Some(zone) => Cow::Owned(zone),
            None => Cow::Borrowed(default),
        }
    }

    pub fn locale<'a>(&'a self, policy: &'a Policy) -> &'a str {
        self.profile.locale.latest().map_or(policy.default_locale.as_str(), |l| l.as_str())
    }

    /// The date of an occasion: of the profile, or the day of the first purchase
    /// for [`CUSTOMER_SINCE`] where the profile has no such date.
    pub fn occasion(&self, name: &str, zone: &TimeZone) -> Option<AnnualDate> {
        self.profile.occasion(name).or_else(|| {
            if name != CUSTOMER_SINCE {
                return None;
            }
            let day = self.history.first_at(Until::ALL)?.date_in(zone);
            Some(AnnualDate { year: Some(day.year()), month: day.month(), day: day.day() })
        })
    }

    /// The next instant at which a touch or a complaint wants attention.
    pub fn next_due(&self) -> Option<Instant> {
        let waiting = self.enrolments.iter().filter(|e| e.sending_since.is_none());
        waiting.map(|e| e.next).chain(self.complaints.next_alarm()).min()
    }

    /// The next instant at which anything wants attention.
    pub fn next_alarm(&self) -> Option<Instant> {
        self.next_due().into_iter().chain(self.next_occasion).chain(self.next_review).min()
    }

    /// The enrolments whose next touch is still to go.
    pub fn pending(&self) -> impl Iterator<Item = &Enrolment> {
        self.enrolments.iter().filter(|e| e.asked_at.is_none())
    }

    /// Whether this state differs from an earlier one in nothing but when its
    /// calendar was looked at.
    pub fn was_only_looked_at(&self, before: &Customer) -> bool {
        Customer { occasions_until: before.occasions_until, ..self.clone() } == *before
    }

    /// The event that started an enrolment, where one did.
    pub fn trigger_of(&self, enrolment: &Enrolment) -> Option<&Fired> {
        let kind = enrolment.kind?;
        self.fired.iter().find(|f| f.kind == kind && f.occurrence == enrolment.occurrence)
    }
}

#[cfg(test)]
mod tests;
