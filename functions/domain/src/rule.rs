//! Rules as marketing writes them: a closed, typed vocabulary.
//!
//! One YAML file a rule; `infra/rules/rule.schema.json` is generated from
//! these types.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

mod exit;
mod percent;

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bilingual::{Bilingual, said};
use crate::channel::{Channel, Purpose};
use crate::event::{Detail, EventKind};
use crate::policy::time_of_day;
use crate::span::Span;
use crate::text_by_language::TextByLanguage;
pub use exit::{ExitIf, ExitSpec};
pub use percent::{Percent, Share};

/// A follow-up: whom it is for, when it starts, what it sends.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Lazo rule")]
pub struct RuleSpec {
    /// The rule's name, which is its file's name without `.yaml`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,63}$"))]
    pub rule: String,
    /// What people read in place of the name.
    #[serde(default)]
    pub title: TextByLanguage,
    /// What it is for, as people read it.
    #[serde(default)]
    pub description: TextByLanguage,
    pub status: Status,
    pub purpose: Purpose,
    /// 0 to 100; the higher wins where a frequency cap leaves room for one.
    #[serde(default = "fifty")]
    #[schemars(range(max = 100))]
    pub priority: u8,
    pub trigger: TriggerSpec,
    /// A condition (CEL), evaluated when the trigger fires.
    pub filter: Option<String>,
    /// The share of customers who get nothing, to compare with.
    #[serde(default)]
    pub holdout: Share,
    #[serde(default)]
    pub reentry: Reentry,
    /// Events that end the customer's pending touches of this rule: a kind, or
    /// `{ event: PurchaseRefunded, if: trigger.refunded }`.
    #[serde(default)]
    pub exit_on: Vec<ExitSpec>,
    pub goal: Option<Goal>,
    /// Whether touches wait while the customer has an open complaint.
    #[serde(default)]
    pub during_complaint: DuringComplaint,
    #[schemars(length(min = 1))]
    pub steps: Vec<StepSpec>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSpec {
    /// The step's name, unique in its rule. It is part of the touch id.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,63}$"))]
    pub id: String,
    pub channel: Channel,
    /// The folder in `infra/templates/` that holds what is said.
    pub template: Option<String>,
    /// In place of `template`: several by name, of which each customer gets one.
    pub variants: Option<BTreeMap<String, VariantSpec>>,
    /// How long after the trigger, or after the step before.
    pub wait: Option<Span>,
    /// The day that the trigger tells of, in place of a wait.
    pub on: Option<PromisedDay>,
    /// The local time of day, as `"10:00"`.
    #[serde(default, deserialize_with = "time_of_day::option::deserialize")]
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9]{2}:[0-9]{2}$"))]
    pub at: Option<Time>,
    /// A condition (CEL), evaluated when the step falls due.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// How long after its due time the touch is given up.
    pub expires: Option<Span>,
    /// `account_manager`, `sold_by`, or a team's name.
    pub assign_to: Option<String>,
    pub attempts: Option<Attempts>,
    pub survey: Option<Survey>,
    /// For the channel `event`: the detail-type that is published.
    pub event: Option<String>,
}

impl StepSpec {
    /// How long after its due time the touch is given up (rules#expiry).
    pub fn expiry(&self) -> Span {
        self.expires.unwrap_or(self.channel.expiry())
    }
}

/// One of several templates of a step.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantSpec {
    /// The folder in `infra/templates/` that holds what is said.
    pub template: String,
    /// The share of customers who get it; those of all variants are 100% together.
    pub share: Percent,
}

/// A day that a trigger tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PromisedDay {
    /// The day for which an `InteractionRecorded` promises the next contact.
    #[serde(rename = "event.follow_up.on")]
    FollowUp,
}

impl PromisedDay {
    /// The events that tell of it.
    pub fn told_by(self) -> EventKind {
        match self {
            PromisedDay::FollowUp => EventKind::InteractionRecorded,
        }
    }

    /// The day that an event's detail names; `None` where it promises nothing.
    pub fn of(self, detail: &Detail) -> Option<Date> {
        let detail: serde_json::Value = serde_json::from_str(&detail.0).ok()?;
        let PromisedDay::FollowUp = self;
        detail.pointer("/follow_up/on")?.as_str()?.parse().ok()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Draft,
    Live,
    Paused,
    Archived,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuringComplaint {
    #[default]
    Wait,
    Send,
}

/// What starts a rule: exactly one of an event, an occasion, a stage, a period.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerSpec {
    /// An event of this detail-type arrives.
    pub event: Option<EventKind>,
    /// `birthday`, or the name of an anniversary.
    pub occasion: Option<String>,
    /// How long before the occasion.
    pub lead: Option<Span>,
    /// The customer enters this stage.
    pub stage: Option<crate::stage::Stage>,
    /// A period, such as `1 month`.
    pub every: Option<Span>,
    /// The day of the month on which a period begins.
    #[schemars(range(min = 1, max = 31))]
    pub on_day: Option<i8>,
}

/// A trigger with its parts in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    Event(EventKind),
    Occasion { name: String, lead: Option<Span> },
    Stage(crate::stage::Stage),
    Every { period: Span, on_day: Option<i8> },
}

/// A trigger that names none or several of the four, or a part of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadTrigger {
    NotOne,
    Lead,
    LeadUnit(Span),
    OnDay,
    OnDayRange,
    Period(Span),
    Erased,
    Merged,
}

impl BadTrigger {
    /// What does not go together, for whoever writes the rule.
    pub fn told(&self) -> Bilingual {
        match self {
            BadTrigger::NotOne => said!(
                "un trigger lleva exactamente uno de event, occasion, stage y every",
                "a trigger names exactly one of event, occasion, stage and every"
            ),
            BadTrigger::Lead => said!("lead va solo con occasion", "lead goes with occasion only"),
            BadTrigger::LeadUnit(span) => said!(
                "lead cuenta días, semanas o meses, no {span}",
                "lead counts days, weeks or months, not {span}"
            ),
            BadTrigger::OnDay => said!(
                "on_day va solo con every, y con un periodo de meses o años",
                "on_day goes with every only, and with a period of months or years"
            ),
            BadTrigger::OnDayRange => {
                said!(
                    "on_day es un día del mes, de 1 a 31",
                    "on_day is a day of the month, 1 to 31"
                )
            }
            BadTrigger::Period(span) => said!(
                "every lleva al menos 1 day, week, month o year, no {span}",
                "every takes at least 1 day, week, month or year, not {span}"
            ),
            BadTrigger::Erased => said!(
                "CustomerErased no inicia nada: el cliente pidió que lo olvidáramos",
                "CustomerErased starts nothing: the customer asked to be forgotten"
            ),
            BadTrigger::Merged => said!(
                "CustomerMerged no inicia nada: dice que dos ids son una persona",
                "CustomerMerged starts nothing: it tells that two ids are one person"
            ),
        }
    }
}

impl TriggerSpec {
    /// Puts the parts together.
    ///
    /// # Errors
    /// [`BadTrigger`] says which parts do not go together.
    pub fn trigger(&self) -> Result<Trigger, BadTrigger> {
        let named = [
            self.event.is_some(),
            self.occasion.is_some(),
            self.stage.is_some(),
            self.every.is_some(),
        ];
        if named.into_iter().filter(|named| *named).count() != 1 {
            return Err(BadTrigger::NotOne);
        }
        if self.lead.is_some() && self.occasion.is_none() {
            return Err(BadTrigger::Lead);
        }
        if self.on_day.is_some() && self.every.is_none() {
            return Err(BadTrigger::OnDay);
        }
        if let Some(kind) = self.event {
            return match kind {
                EventKind::CustomerErased => Err(BadTrigger::Erased),
                EventKind::CustomerMerged => Err(BadTrigger::Merged),
                kind => Ok(Trigger::Event(kind)),
            };
        }
        if let Some(stage) = self.stage {
            return Ok(Trigger::Stage(stage));
        }
        if let Some(period) = self.every {
            return self.period(period);
        }
        let name = self.occasion.clone().unwrap_or_default();
        match self.lead {
            Some(lead) if lead.is_exact() => Err(BadTrigger::LeadUnit(lead)),
            lead => Ok(Trigger::Occasion { name, lead }),
        }
    }

    fn period(&self, period: Span) -> Result<Trigger, BadTrigger> {
        use crate::span::Unit;
        if period.is_exact() || period.unit == Unit::BusinessDays || period.count == 0 {
            return Err(BadTrigger::Period(period));
        }
        match (self.on_day, period.unit) {
            (Some(day), _) if !(1..=31).contains(&day) => Err(BadTrigger::OnDayRange),
            (Some(_), Unit::Days | Unit::Weeks) => Err(BadTrigger::OnDay),
            (on_day, _) => Ok(Trigger::Every { period, on_day }),
        }
    }
}

/// Whether a customer may be enrolled again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reentry {
    #[default]
    Always,
    Once,
    /// Not before so long after the last enrolment's trigger.
    Cooldown(Span),
}

/// What the rule is meant to bring about: such an event of the customer's, after the
/// trigger and within that time of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    pub event: EventKind,
    pub within: Span,
}

/// How often a call is tried, and what then. After a report of `no_answer` or
/// `voicemail` it is asked for again, in another part of the day.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempts {
    /// The first included.
    #[schemars(range(min = 1, max = 10))]
    pub max: u8,
    /// From the report to the next attempt.
    pub gap: Span,
    /// What is sent once after the last: `email` or `task`.
    pub then: Option<Channel>,
    /// What that says: a folder in `infra/templates/`.
    pub template: Option<String>,
}

/// A survey that a mail asks one to answer, by a link for each score.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// `csat` asks how content one is, from 1 to 5; `nps` whether one would
    /// recommend the shop, from 0 to 10.
    pub kind: SurveyKind,
    /// The share of the rule's occurrences that are asked.
    pub sample: Share,
    /// What the answer is about, such as `delivery`; at most 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub touchpoint: String,
}

impl Survey {
    /// The longest name of a touchpoint, in characters: it travels in links.
    pub const TOUCHPOINT_CHARS_MAX: usize = 64;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SurveyKind {
    Csat,
    Nps,
}

impl SurveyKind {
    pub fn as_str(self) -> &'static str {
        match self {
            SurveyKind::Csat => "csat",
            SurveyKind::Nps => "nps",
        }
    }

    /// The scores that there are, the lowest first.
    pub fn scale(self) -> std::ops::RangeInclusive<u8> {
        match self {
            SurveyKind::Csat => 1..=5,
            SurveyKind::Nps => 0..=10,
        }
    }
}

fn fifty() -> u8 {
    50
}

/// Whether a name may stand in a touch id: lower-case letters, digits, hyphens.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests;
