//! Everything that a decision needs about one customer: one stored item.

mod enrolment;
mod reports;
mod said;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::address::Heard;
use crate::channel::{Channel, Purpose};
use crate::complaint::Complaints;
use crate::consent::{Consents, LastWord};
use crate::dated::Dated;
use crate::event::{AnnualDate, DissolutionReason, EventKind, Line};
use crate::history::{History, Until};
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::policy::{MarketingConsent, Policy};
use crate::profile::Profile;
use crate::stage::{DriftForecast, Entered};
use crate::suppression::{Suppressions, WrongNumbers};
use crate::touch::{TouchId, TouchRecord};
pub use enrolment::*;
pub use reports::{CORRECTION_MILLIS, CallReport, CallReports};
pub use said::{said, said_since};

/// The anniversary that nobody needs to tell: that of the first purchase.
pub const CUSTOMER_SINCE: &str = "customer_since";

/// One customer, as of the last input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// The id under which this state is kept; the person's other ids are in `merged`.
    pub id: Id,
    /// The id under which this person is known since; here is only what was on its
    /// way out then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Id>,
    /// Other ids of this person, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<Alias>,
    /// Name, addresses, language and the like, as `CustomerUpdated` told them.
    #[serde(default)]
    pub profile: Profile,
    /// Consent as it was told, except for what `merged` keeps under other ids.
    #[serde(default)]
    pub consents: Consents,
    /// Purchases, with their refunds and deliveries.
    #[serde(default)]
    pub history: History,
    /// Complaints and bad answers.
    #[serde(default)]
    pub complaints: Complaints,
    /// CSAT scores of survey answers, from 1 to 5, each with when it was given.
    #[serde(default, skip_serializing_if = "Dated::is_empty")]
    pub csat: Dated<u8>,
    /// NPS scores of survey answers, from 0 to 10, each with when it was given.
    #[serde(default, skip_serializing_if = "Dated::is_empty")]
    pub nps: Dated<u8>,
    /// The first good score, and contacts that the customer started.
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
    /// When the customer asked to be forgotten; `None` where they did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Instant>,
    /// Events that started follow-ups, or may yet, kept while one is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<TriggerEvent>,
    /// Recent events that end follow-ups: a trigger may arrive after them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<Exit>,
    /// The rules that the customer is on the way through now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrolments: Vec<Enrolment>,
    /// How touches ended that the ledger has still to be told of: one transaction
    /// takes so many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unwritten: Vec<TouchRecord>,
    /// By rule, the latest enrolments, where the rule asks who was in before.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub past: BTreeMap<String, Vec<PastEnrolment>>,
    /// Calls that were asked for and whose rules go on, or are over, without them: a
    /// report may bring one back, or correct what ended it. So many at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked_calls: Vec<Enrolment>,
    /// The latest reports of calls, so that later ones may correct them.
    #[serde(default, skip_serializing_if = "CallReports::is_empty")]
    pub call_reports: CallReports,
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
    /// The latest forecast of when drift begins; `None` where no purchase counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<DriftForecast>,
    /// When the next stage is entered if nothing happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_review: Option<Instant>,
    /// Up to when occasions have been looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occasions_until: Option<Instant>,
    /// When the next occasion wants attention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_occasion: Option<Instant>,
    /// What was said of the address and the number under any id, as far as it
    /// was looked up for this decision. It is stored by the address.
    #[serde(skip)]
    pub heard: Heard,
}

/// Another id of the same person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// The id that was given up; later events under it are this customer's.
    pub id: Id,
    /// When the two were told to be one.
    pub at: Instant,
    /// What was said under it until then.
    #[serde(default)]
    pub consents: Consents,
}

/// Signs of a good relationship.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Signals {
    /// The first satisfaction or CSAT of 4 or more, or NPS of 9 or more.
    /// Those that reps report are in `positive_calls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_at: Option<Instant>,
    /// The same as reps report it, the earliest ones: a report may be corrected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub positive_calls: Vec<Instant>,
    /// Contacts that the customer started, complaints aside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Instant>,
}

/// A contact as the next caller sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Contact {
    /// When it took place.
    pub at: Instant,
    /// The key of the interaction, the call or the survey answer.
    pub id: Id,
    /// Such as `store`; for a call `call`, for a task `task`, for a survey answer the
    /// touchpoint it is about.
    pub channel: Line,
    /// Such as `visit`; for a call its outcome, for a survey answer `survey`.
    pub kind: Line,
    /// The beginning of what was noted; `None` where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<crate::event::Note>,
    /// Who of the shop it was, where a report of a call tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Line>,
}

/// How many satisfied customers' calls are kept: the earliest counts.
const POSITIVE_CALLS_MAX: usize = 20;

impl Signals {
    /// When the first good score was given.
    pub fn first_positive(&self) -> Option<Instant> {
        self.positive_at.into_iter().chain(self.positive_calls.first().copied()).min()
    }

    /// Notes that a rep reported a satisfied customer.
    pub fn note_positive_call(&mut self, at: Instant) {
        ordered::insert(&mut self.positive_calls, at);
        self.positive_calls.truncate(POSITIVE_CALLS_MAX);
    }

    /// Takes back what a rep reported and corrected.
    pub fn take_back_positive_call(&mut self, at: Instant) {
        if let Ok(index) = self.positive_calls.binary_search(&at) {
            self.positive_calls.remove(index);
        }
    }
}

impl Customer {
    /// A customer of whom nothing is known yet.
    pub fn new(id: Id) -> Customer {
        Customer {
            id,
            merged_into: None,
            merged: Vec::new(),
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
            unwritten: Vec::new(),
            past: BTreeMap::new(),
            asked_calls: Vec::new(),
            call_reports: CallReports::default(),
            sends: Vec::new(),
            known_since: None,
            reported: BTreeSet::new(),
            stages: Vec::new(),
            forecast: None,
            next_review: None,
            occasions_until: None,
            next_occasion: None,
            heard: Heard::default(),
        }
    }

    /// Every id of this person, this one first.
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        std::iter::once(&self.id).chain(self.merged.iter().map(|alias| &alias.id))
    }

    /// What was said under each of them.
    pub fn consents_by_id(&self) -> impl Iterator<Item = (&Id, &Consents)> {
        let others = self.merged.iter().map(|alias| (&alias.id, &alias.consents));
        std::iter::once((&self.id, &self.consents)).chain(others)
    }

    /// Whether an id is one of this person's.
    pub fn is_known_as(&self, id: &Id) -> bool {
        self.ids().any(|known| known == id)
    }

    /// What a touch id may mean under each of the person's ids.
    pub fn touches_named<'a>(&'a self, text: &'a str) -> impl Iterator<Item = TouchId> {
        self.ids().filter_map(|id| TouchId::of_customer(text, id))
    }

    /// Where a word of consent belongs that was given under an id at an instant.
    pub fn consents_under(&mut self, id: &Id, at: Instant) -> &mut Consents {
        match self.merged.iter().position(|alias| alias.id == *id && at <= alias.at) {
            Some(index) => &mut self.merged[index].consents,
            None => &mut self.consents,
        }
    }

    /// Whether a touch of this channel and purpose is allowed (rules#consent).
    pub fn allows(&self, channel: Channel, purpose: Purpose, marketing: MarketingConsent) -> bool {
        self.consents.allow(self.words_of_others(), channel, purpose, marketing)
    }

    /// The word that decides on touches of this channel and purpose.
    pub fn last_word(&self, channel: Channel, purpose: Purpose) -> Option<LastWord> {
        self.consents.last_word(self.words_of_others(), channel, purpose)
    }

    fn words_of_others(&self) -> impl Iterator<Item = (Instant, &Consents)> {
        self.merged.iter().map(|alias| (alias.at, &alias.consents))
    }

    /// Puts an enrolment where it belongs.
    pub(crate) fn insert_enrolment(&mut self, enrolment: Enrolment) {
        fn key(e: &Enrolment) -> (Instant, &str, &str, bool) {
            (e.at, &e.rule, &e.occurrence, e.is_beside)
        }
        let place = self.enrolments.binary_search_by(|known| key(known).cmp(&key(&enrolment)));
        let (Ok(index) | Err(index)) = place;
        self.enrolments.insert(index, enrolment);
    }

    /// Puts a trigger where it belongs, unless it is there.
    pub(crate) fn note_fired(&mut self, fired: TriggerEvent) {
        fn key(f: &TriggerEvent) -> (Instant, EventKind, &str) {
            (f.at, f.kind, &f.occurrence)
        }
        let same = |f: &TriggerEvent| f.kind == fired.kind && f.occurrence == fired.occurrence;
        if self.fired.iter().any(same) {
            return;
        }
        let place = self.fired.binary_search_by(|known| key(known).cmp(&key(&fired)));
        let (Ok(index) | Err(index)) = place;
        self.fired.insert(index, fired);
    }

    /// The customer's time zone, or `default`.
    pub fn zone<'a>(&self, default: &'a TimeZone) -> Cow<'a, TimeZone> {
        let named = self.profile.time_zone.latest();
        match named.and_then(|name| TimeZone::get(name.as_str()).ok()) {
            Some(zone) => Cow::Owned(zone),
            None => Cow::Borrowed(default),
        }
    }

    /// The customer's locale, or the policy's default where none is known.
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

    /// The next instant at which a touch, a complaint or the ledger wants
    /// attention.
    pub fn next_due(&self) -> Option<Instant> {
        let waiting = self.enrolments.iter().filter(|e| !e.is_sending());
        let unwritten = self.unwritten.iter().map(|record| record.at).min();
        waiting.map(|e| e.next).chain(self.complaints.next_alarm()).chain(unwritten).min()
    }

    /// The next instant at which anything wants attention.
    pub fn next_alarm(&self) -> Option<Instant> {
        self.next_due().into_iter().chain(self.next_occasion).chain(self.next_review).min()
    }

    /// The enrolments whose next touch is still to go.
    pub fn pending(&self) -> impl Iterator<Item = &Enrolment> {
        self.enrolments.iter().filter(|e| e.asked_at().is_none())
    }

    /// Whether this state differs from an earlier one in nothing but when its
    /// calendar was looked at.
    pub fn was_only_looked_at(&self, before: &Customer) -> bool {
        Customer { occasions_until: before.occasions_until, ..self.clone() } == *before
    }

    /// The event that started an enrolment, where one did.
    pub fn trigger_of(&self, enrolment: &Enrolment) -> Option<&TriggerEvent> {
        let kind = enrolment.kind?;
        self.fired.iter().find(|f| f.kind == kind && f.occurrence == enrolment.occurrence)
    }
}

#[cfg(test)]
mod tests;
