//! Touches: one message, call, task or event to or about one customer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Purpose};
use crate::id::Id;
use crate::instant::Instant;
use crate::rulebook::VersionNumber;

/// What makes a touch unique for ever: `<rule>/<customer>/<occurrence>/<step>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TouchId {
    /// The rule's name.
    pub rule: String,
    /// The customer's id.
    pub customer: Id,
    /// An event's key or instant, an occasion's year, or the first day of a stage or period.
    pub occurrence: String,
    /// The step's id; a further attempt at a call has one such as `call.2`.
    pub step: String,
}

impl TouchId {
    /// Reads a touch id, given whose it is. Names of rules and steps hold no slash;
    /// ids may.
    ///
    /// # Examples
    /// ```
    /// use lazo_domain::{id::Id, touch::TouchId};
    /// let ana = Id::new("ana").unwrap();
    /// let touch = TouchId::of_customer("thanks/ana/p/1/mail", &ana).unwrap();
    /// assert_eq!((touch.occurrence.as_str(), touch.step.as_str()), ("p/1", "mail"));
    /// ```
    pub fn of_customer(text: &str, customer: &Id) -> Option<TouchId> {
        let (rule, rest) = text.split_once('/')?;
        let rest = rest.strip_prefix(customer.as_str())?.strip_prefix('/')?;
        let (occurrence, step) = rest.rsplit_once('/')?;
        Some(TouchId {
            rule: rule.to_owned(),
            customer: customer.clone(),
            occurrence: occurrence.to_owned(),
            step: step.to_owned(),
        })
    }

    /// What a touch id may mean where nobody says whose it is: where the customer's
    /// id ends is not told by the text alone. Nearly always there is one reading.
    pub fn readings(text: &str) -> Vec<TouchId> {
        let Some((_, rest)) = text.split_once('/') else { return Vec::new() };
        rest.match_indices('/')
            .filter_map(|(end, _)| TouchId::of_customer(text, &Id::new(&rest[..end]).ok()?))
            .collect()
    }
}

impl fmt::Display for TouchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.rule, self.customer, self.occurrence, self.step)
    }
}

/// Why a touch was not sent, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The trigger arrived later than the policy's `max_trigger_age` allows.
    TooOld,
    /// The rule's filter does not hold.
    FilterFalse,
    /// A condition needs a value that is unknown or does not fit, or no day was promised.
    FilterMissingValue,
    /// The customer was in the rule before, and its `reentry` does not let them in now.
    Reentry,
    /// The customer is in the control group of the rule, which gets nothing.
    Holdout,
    /// The customer is in the control group of all rules of the purpose.
    GlobalHoldout,
    /// So much is pending for this customer that nothing else is started.
    PendingLimit,
    /// The customer asked to be forgotten.
    Erased,
    /// The channel needs an address or a number, and none is known.
    NoAddress,
    /// The address bounced or was reported as spam, or the number is wrong.
    Suppressed,
    /// Somebody said no, or the yes that marketing mail needs is missing.
    NoConsent,
    /// The customer's type of relationship does not allow the channel or the purpose.
    Relationship,
    /// The rule is not live, or the rule or its step is gone.
    RuleNotLive,
    /// An exit event came, or a rep reported that the relationship is over.
    Exited,
    /// It did not go in time.
    Expired,
    /// It waits: a complaint is open, or the pause after one or after a bad answer lasts.
    ComplaintOpen,
    /// The step's `if` does not hold.
    IfFalse,
    /// The survey goes to a sample, and this occurrence is not in it.
    NotSampled,
    /// It waits: the channel is closed at this hour or on this day.
    QuietHours,
    /// It waits: a cap is full, or what room it has is for touches that rank higher.
    FrequencyCap,
    /// It waits: somebody paused the sending.
    SendingPaused,
    /// The mail service took no more for now.
    Throttled,
    /// The answer to its sending was lost, and it goes once more.
    Unanswered,
    /// The message could not be written or was refused for good.
    Undeliverable,
}

impl Reason {
    /// Its name in snake case, as it is written in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::TooOld => "too_old",
            Reason::FilterFalse => "filter_false",
            Reason::FilterMissingValue => "filter_missing_value",
            Reason::Reentry => "reentry",
            Reason::Holdout => "holdout",
            Reason::GlobalHoldout => "global_holdout",
            Reason::PendingLimit => "pending_limit",
            Reason::Erased => "erased",
            Reason::NoAddress => "no_address",
            Reason::Suppressed => "suppressed",
            Reason::NoConsent => "no_consent",
            Reason::Relationship => "relationship",
            Reason::RuleNotLive => "rule_not_live",
            Reason::Exited => "exited",
            Reason::Expired => "expired",
            Reason::ComplaintOpen => "complaint_open",
            Reason::IfFalse => "if_false",
            Reason::NotSampled => "not_sampled",
            Reason::QuietHours => "quiet_hours",
            Reason::FrequencyCap => "frequency_cap",
            Reason::SendingPaused => "sending_paused",
            Reason::Throttled => "throttled",
            Reason::Unanswered => "unanswered",
            Reason::Undeliverable => "undeliverable",
        }
    }

    /// Whether a condition did not hold.
    pub fn is_of_a_condition(self) -> bool {
        matches!(self, Reason::FilterFalse | Reason::FilterMissingValue | Reason::IfFalse)
    }

    /// Whether a trigger that is refused for it passed the rule's filter, so that the
    /// customer counts as enrolled: in the arm that was drawn.
    pub fn is_of_an_enrolment(self) -> bool {
        matches!(self, Reason::Holdout | Reason::GlobalHoldout | Reason::PendingLimit)
    }

    /// Whether it is a reason for which a trigger starts nothing (rules#reentry).
    pub fn refuses_triggers(self) -> bool {
        matches!(
            self,
            Reason::TooOld
                | Reason::FilterFalse
                | Reason::FilterMissingValue
                | Reason::Reentry
                | Reason::Holdout
                | Reason::GlobalHoldout
                | Reason::PendingLimit
        )
    }

    /// Whether the customer is in a control group.
    pub fn is_holdout(self) -> bool {
        matches!(self, Reason::Holdout | Reason::GlobalHoldout)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a touch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchStatus {
    /// It went out, which for a call or a task means that it was asked for.
    Sent,
    /// It was not sent, or its trigger started nothing; the reason says why.
    Skipped,
    /// It ended before it went out, for [`Reason::Exited`].
    Cancelled,
    /// Its trigger started nothing, since the customer is held out of the rule.
    HeldOut,
    /// It is still to come, as a simulation lists it.
    Pending,
}

impl TouchStatus {
    /// Its name in snake case, as it is written in output.
    pub fn as_str(self) -> &'static str {
        match self {
            TouchStatus::Sent => "sent",
            TouchStatus::Skipped => "skipped",
            TouchStatus::Cancelled => "cancelled",
            TouchStatus::HeldOut => "held_out",
            TouchStatus::Pending => "pending",
        }
    }
}

/// A touch that waited: when it was tried, why it did not go, until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defer {
    /// When it was tried.
    pub at: Instant,
    /// Why it did not go.
    pub reason: Reason,
    /// Until when it waits; a later event may move this.
    pub until: Instant,
}

/// What became of a touch, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TouchRecord {
    /// The touch; of a refused trigger that of the rule's first step.
    pub touch: TouchId,
    /// That of its step, or `task` where the step is gone.
    pub channel: Channel,
    /// How it ended, or that it is pending.
    pub status: TouchStatus,
    /// When it was sent or ended; where it is pending, when it is tried next.
    pub at: Instant,
    /// When it first fell due.
    pub due: Instant,
    /// Of an enrolment's first touch, or of one that is held out: the trigger's instant.
    /// By it the enrolment is counted; `None` of later touches, and where a trigger
    /// enrolled nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled_at: Option<Instant>,
    /// Why it was not sent, or why it waited last; `None` where it was sent or never waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// When and why it waited; the latest ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defers: Vec<Defer>,
    /// Which variant of its step it says; `None` where the step has none, or nothing
    /// was to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Box<str>>,
    /// The values that a condition met which did not hold, such as
    /// `customer.purchases = 1`. May be personal, so that it is no part of the state:
    /// the ledger keeps it until the customer is forgotten.
    #[serde(skip)]
    pub met: Option<Box<str>>,
    /// The version of the rules that decided it; `None` where none is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionNumber>,
}

/// A touch that is to go out now: the executor has no choices left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Send {
    /// Which touch it is.
    pub touch: TouchId,
    /// How it goes out.
    pub channel: Channel,
    /// What it is for; a marketing mail has a link to unsubscribe.
    pub purpose: Purpose,
    /// The folder in `infra/templates/` that holds what is said; `None` for `event`.
    pub template: Option<String>,
    /// Of which variant that is; `None` where the step has none.
    pub variant: Option<Box<str>>,
    /// Who acts on a call or a task.
    pub assign_to: String,
    /// For the channel `event`: what is published.
    pub event: Option<String>,
    /// When it was decided that it goes out.
    pub at: Instant,
    /// When it fell due.
    pub due: Instant,
    /// As in [`TouchRecord`].
    pub enrolled_at: Option<Instant>,
    /// When a call or a task is of no use any more.
    pub expires_at: Instant,
    /// The version of the rules that decided it; `None` where none is published.
    pub version: Option<VersionNumber>,
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn a_trigger_starts_nothing_for_the_reasons_of_its_rule_alone() {
        let refuses = [
            Reason::TooOld,
            Reason::FilterFalse,
            Reason::FilterMissingValue,
            Reason::Reentry,
            Reason::Holdout,
            Reason::GlobalHoldout,
            Reason::PendingLimit,
        ];
        assert!(refuses.into_iter().all(Reason::refuses_triggers));
        let of_touches = [Reason::NoAddress, Reason::NoConsent, Reason::IfFalse, Reason::Exited];
        assert!(!of_touches.into_iter().any(Reason::refuses_triggers));
    }
}
