//! The contact policy: `infra/rules/policy.yaml`.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

mod holdout;
mod staff;
pub(crate) mod time_of_day;
mod window;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::channel::{Channel, Purpose};
use crate::event::{AnnualDate, Severity, ZoneName};
use crate::money::Currency;
use crate::rule::Share;
use crate::span::Span;
use crate::text_by_language::TextByLanguage;
pub use holdout::{Epoch, GlobalHoldout};
pub use staff::{BadStaff, Mailbox, Person, Team};
pub use time_of_day::parse_time;
pub use window::{BadWindow, DayRanges, Range};

/// Who may be contacted, when, how often, and by whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What every message shows of the shop.
    #[serde(default)]
    pub brand: Brand,
    /// The time zone of customers who told none.
    #[serde(default = "utc")]
    pub default_time_zone: ZoneName,
    /// The language of customers who told none, or one without templates.
    #[serde(default = "english")]
    pub default_locale: String,
    /// The time of day that stands in where a rule names none.
    #[serde(default = "ten", deserialize_with = "time_of_day::deserialize")]
    #[schemars(with = "String", regex(pattern = r"^[0-9]{2}:[0-9]{2}$"))]
    pub default_time: Time,
    /// The shop's currency; other currencies do not count in totals. Absent:
    /// the currency of each customer's first purchase.
    pub currency: Option<Currency>,
    /// The anniversaries that customers' profiles tell, besides `birthday` and
    /// `customer_since`. Where some are named here, a rule for another is an error.
    #[serde(default)]
    pub anniversaries: Vec<String>,
    /// What people read in place of the names of touchpoints.
    #[serde(default)]
    pub touchpoints: BTreeMap<String, TextByLanguage>,
    /// When 29 February is celebrated in other years.
    #[serde(default)]
    pub leap_day: LeapDay,
    #[serde(default)]
    pub birthdays: Birthdays,
    /// What marketing mail needs.
    #[serde(default)]
    pub marketing_consent: MarketingConsent,
    /// An older event counts in the history and opens no follow-up.
    #[serde(default = "three_days")]
    pub max_trigger_age: Span,
    /// By channel, then by days of the week, the hours in which a touch may go.
    #[serde(default)]
    pub windows: BTreeMap<Channel, DayRanges>,
    /// By country and channel, further limits: both windows must be open.
    #[serde(default)]
    pub by_country: BTreeMap<String, BTreeMap<Channel, DayRanges>>,
    /// Days without calls, which are no business days either.
    #[serde(default)]
    pub closed_days: ClosedDays,
    /// At most so many touches in so long.
    #[serde(default)]
    pub frequency_caps: Vec<FrequencyCap>,
    /// Customers who get nothing of any rule of a purpose, to learn what all of them
    /// bring together.
    pub global_holdout: Option<GlobalHoldout>,
    #[serde(default)]
    pub complaints: Complaints,
    /// By type of relationship, what is allowed and who acts.
    #[serde(default)]
    pub relationships: BTreeMap<String, Relationship>,
    /// The team that calls where nobody else is named.
    #[serde(default = "care")]
    pub call_team: String,
    /// How long a call is theirs alone who took it from the list.
    #[serde(default = "half_an_hour")]
    pub call_claim: Span,
    /// Who works in the shop, for mail to them.
    #[serde(default)]
    pub people: BTreeMap<String, Person>,
    #[serde(default)]
    pub teams: BTreeMap<String, Team>,
    /// When each person and team gets the mail of what the day brings, by the
    /// shop's clock, as `"07:30"`. Absent: nobody does.
    #[serde(default, deserialize_with = "time_of_day::option::deserialize")]
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9]{2}:[0-9]{2}$"))]
    pub digest_at: Option<Time>,
    #[serde(default)]
    pub drift: Drift,
    /// The smallest effect that a verdict on a rule must be able to see, as a share of
    /// the rate at which customers reach its goal: 25% of a rate of 8 % is 2 points. The
    /// smaller it is, the later the verdict.
    #[serde(default = "a_quarter")]
    pub smallest_effect: Share,
    /// At most so many mails begin in any second, over all senders. Absent: as
    /// many as the mail service takes of the account.
    pub mails_per_second: Option<NonZeroU32>,
    /// How long what could not be processed is kept, with its reason, for somebody
    /// to mend it. It may hold personal data.
    #[serde(default = "two_years")]
    pub keep_failures: Span,
    /// How long it is kept what a customer's events told: rules are rehearsed on it. That
    /// they happened, and counted, is kept for ever.
    #[serde(default = "three_years")]
    pub keep_history: Span,
    /// Whether a mail whose answer was lost, and of which nothing was heard for
    /// an hour, goes once more: better twice than never. Otherwise it is listed
    /// for somebody to look.
    #[serde(default)]
    pub resend_unknown: bool,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Brand {
    pub name: String,
    /// The sender's address of every mail.
    pub from: String,
    pub reply_to: Option<String>,
    /// Shown in every marketing mail, as the law asks.
    pub postal_address: String,
    pub logo_url: Option<String>,
}

/// Which birthdays are none.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Birthdays {
    /// Dates that the shop's systems write where they know none, such as
    /// `1970-01-01`, or `--01-01` for that day of any year. They are not celebrated.
    pub placeholders: Vec<AnnualDate>,
}

impl Birthdays {
    /// Whether a date stands for an unknown one.
    pub fn is_placeholder(&self, date: AnnualDate) -> bool {
        self.placeholders.iter().any(|known| {
            (known.month, known.day) == (date.month, date.day)
                && known.year.is_none_or(|year| date.year == Some(year))
        })
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeapDay {
    #[default]
    Feb28,
    Mar1,
    LeapYearsOnly,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarketingConsent {
    /// Only who granted it.
    #[default]
    OptIn,
    /// All but who denied it.
    OptOut,
}

/// A sliding window over the touches sent to one customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyCap {
    /// Only touches of this purpose count and wait.
    pub purpose: Option<Purpose>,
    /// Only touches of this channel count and wait.
    #[serde(default)]
    pub channel: CapChannel,
    pub max: u32,
    pub per: Span,
}

impl FrequencyCap {
    pub fn covers(&self, channel: Channel, purpose: Purpose) -> bool {
        let channel_fits = match self.channel {
            CapChannel::Any => true,
            CapChannel::Contact => channel.reaches_customer(),
            CapChannel::Email => channel == Channel::Email,
            CapChannel::Call => channel == Channel::Call,
            CapChannel::Task => channel == Channel::Task,
            CapChannel::Event => channel == Channel::Event,
        };
        channel_fits && self.purpose.is_none_or(|only| only == purpose)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CapChannel {
    /// Every touch of the customer's, also one that only the shop sees.
    #[default]
    Any,
    /// What reaches the customer: email and call.
    Contact,
    Email,
    Call,
    Task,
    Event,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Complaints {
    /// How long touches still wait behind a resolution.
    pub resume_after: Span,
    /// How long a bad answer pauses touches.
    pub bad_experience_pause: Span,
    /// By severity, how long until an open complaint goes one level up, and
    /// from each level to the next.
    pub escalate_after: BTreeMap<Severity, Span>,
    /// By category, the person or team that resolves; others are `call_team`'s.
    pub departments: BTreeMap<String, String>,
    /// The people or teams that a complaint goes up to, level by level.
    pub escalate_to: Vec<String>,
}

impl Default for Complaints {
    fn default() -> Complaints {
        Complaints {
            resume_after: Span::days(7),
            bad_experience_pause: Span::days(14),
            escalate_after: BTreeMap::new(),
            departments: BTreeMap::new(),
            escalate_to: Vec::new(),
        }
    }
}

/// What a type of relationship allows; what it does not name is allowed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Relationship {
    pub channels: Option<Vec<Channel>>,
    pub purposes: Option<Vec<Purpose>>,
    /// Who calls: `account_manager`, `sold_by` or a team.
    pub call_by: Option<String>,
    /// At most so many touches in so long, besides the caps for all.
    pub frequency_caps: Vec<FrequencyCap>,
}

impl Relationship {
    pub fn allows(&self, channel: Channel, purpose: Purpose) -> bool {
        self.channels.as_ref().is_none_or(|allowed| allowed.contains(&channel))
            && self.purposes.as_ref().is_none_or(|allowed| allowed.contains(&purpose))
    }
}

/// How drifting away is forecast.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Drift {
    pub at_risk_p_alive: f64,
    pub horizon: Span,
    pub min_customers: u32,
    pub default_overdue_ratio: f64,
    pub default_gap: Span,
    pub end_after: Span,
}

impl Default for Drift {
    fn default() -> Drift {
        Drift {
            at_risk_p_alive: 0.5,
            horizon: Span::weeks(26),
            min_customers: 500,
            default_overdue_ratio: 3.0,
            default_gap: Span::days(60),
            end_after: Span::days(365),
        }
    }
}

/// Days without calls: dates, and days that come back every year.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ClosedDays(pub Vec<AnnualDate>);

impl ClosedDays {
    pub fn contains(&self, date: Date) -> bool {
        self.0.iter().any(|closed| {
            closed.month == date.month()
                && closed.day == date.day()
                && closed.year.is_none_or(|year| year == date.year())
        })
    }
}

impl Policy {
    /// The policy's zone for customers who told none.
    pub fn default_zone(&self) -> TimeZone {
        TimeZone::get(self.default_time_zone.as_str()).unwrap_or(TimeZone::UTC)
    }

    /// The frequency caps for customers of a type: those for all, and the type's
    /// own.
    pub fn caps<'a>(
        &'a self,
        relationship: Option<&str>,
    ) -> impl Iterator<Item = &'a FrequencyCap> + use<'a> {
        let own = relationship.and_then(|kind| self.relationships.get(kind));
        self.frequency_caps.iter().chain(own.into_iter().flat_map(|own| &own.frequency_caps))
    }

    /// Every cap that holds for anybody.
    pub fn all_caps(&self) -> impl Iterator<Item = &FrequencyCap> {
        let own = self.relationships.values().flat_map(|own| &own.frequency_caps);
        self.frequency_caps.iter().chain(own)
    }

    /// When a channel may be used for a customer of that country: `None` means
    /// at any time.
    pub fn window(&self, channel: Channel, country: Option<&str>) -> Option<DayRanges> {
        let general = self.windows.get(&channel);
        let local = country
            .and_then(|country| self.by_country.get(country))
            .and_then(|channels| channels.get(&channel));
        match (general, local) {
            (Some(general), Some(local)) => Some(general.intersection(local)),
            (one, other) => one.or(other).cloned(),
        }
    }
}

fn utc() -> ZoneName {
    ZoneName::utc()
}

fn english() -> String {
    "en".into()
}

fn ten() -> Time {
    Time::constant(10, 0, 0, 0)
}

fn three_days() -> Span {
    Span::days(3)
}

fn two_years() -> Span {
    Span { count: 24, unit: crate::span::Unit::Months }
}

fn three_years() -> Span {
    Span { count: 3, unit: crate::span::Unit::Years }
}

fn a_quarter() -> Share {
    Share(0.25)
}

fn half_an_hour() -> Span {
    Span { count: 30, unit: crate::span::Unit::Minutes }
}

fn care() -> String {
    "care".into()
}

#[cfg(test)]
mod tests;
