//! A customer's way through a rule: what began it, what is pending, what ends it.

use serde::{Deserialize, Serialize};

use crate::calendar::Base;
use crate::channel::{Channel, Purpose};
use crate::event::{Detail, EventKind};
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::touch::{Defer, TouchId};

/// An event that triggers rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerEvent {
    pub kind: EventKind,
    pub occurrence: String,
    pub at: Instant,
    pub received_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_id: Option<Id>,
    pub detail: Detail,
    /// The key of the event's own item where that keeps the detail, which is too
    /// long for the customer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<String>,
    /// The id under which it was told, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<Id>,
    /// Until when a late event may still change what it starts.
    pub open_until: Instant,
    /// Until when a call or a task that was asked for needs it for its script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_until: Option<Instant>,
    /// Rules whose follow-up an exit event ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exited: Vec<String>,
}

impl TriggerEvent {
    /// Drops what may be personal.
    pub fn forget(&mut self) {
        self.detail = Detail("{}".into());
        self.apart = None;
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
    /// What conditions ask of it, where some rule has one for its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

impl Exit {
    /// How much of an exit's detail is kept, in bytes: what has more ends only
    /// what began before it arrived.
    pub const DETAIL_BYTES_MAX: usize = 2_000;
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
    #[serde(default, skip_serializing_if = "Phase::is_waiting")]
    pub phase: Phase,
    /// After a lost answer it was put back once, as the policy said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resent: bool,
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

/// How far the touch of an enrolment has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for its time.
    #[default]
    Waiting,
    /// It is on its way out, unconfirmed.
    Sending(Sending),
    /// A call that was asked for: nothing is pending until its report comes.
    AwaitingReport { asked_at: Instant },
}

/// A touch on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    pub since: Instant,
    #[serde(default, skip_serializing_if = "SendAnswer::is_expected")]
    pub answer: SendAnswer,
    /// An exit event came meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exited: bool,
}

/// What is known of how a sending went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendAnswer {
    #[default]
    Expected,
    /// The answer was lost: nobody knows whether the touch went out.
    Lost,
    /// It was lost, and nothing was heard since: the touch is listed for somebody
    /// to look.
    Listed,
}

impl SendAnswer {
    pub fn is_expected(&self) -> bool {
        *self == SendAnswer::Expected
    }
}

impl Phase {
    /// On its way out since an instant.
    pub fn sending(since: Instant) -> Phase {
        Phase::Sending(Sending { since, answer: SendAnswer::Expected, exited: false })
    }

    pub fn is_waiting(&self) -> bool {
        *self == Phase::Waiting
    }
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
pub(super) const DEFERS_MAX: usize = 20;

impl Enrolment {
    /// Whether it is this touch that the enrolment has pending.
    pub fn is_at(&self, touch: &TouchId) -> bool {
        self.rule == touch.rule && self.occurrence == touch.occurrence && self.step == touch.step
    }

    /// The touch that is pending.
    pub fn touch(&self, customer: &Id) -> TouchId {
        TouchId {
            rule: self.rule.clone(),
            customer: customer.clone(),
            occurrence: self.occurrence.clone(),
            step: self.step.clone(),
        }
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
        self.defers.is_empty() && self.phase.is_waiting() && now < self.due
    }

    /// The touch as it is on its way out.
    pub fn sending(&self) -> Option<&Sending> {
        match &self.phase {
            Phase::Sending(sending) => Some(sending),
            _ => None,
        }
    }

    pub fn sending_mut(&mut self) -> Option<&mut Sending> {
        match &mut self.phase {
            Phase::Sending(sending) => Some(sending),
            _ => None,
        }
    }

    pub fn is_sending(&self) -> bool {
        self.sending().is_some()
    }

    /// Whether an exit event came while the touch was on its way out.
    pub fn has_exited(&self) -> bool {
        self.sending().is_some_and(|sending| sending.exited)
    }

    /// Since when the call waits for its report.
    pub fn asked_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::AwaitingReport { asked_at } => Some(asked_at),
            _ => None,
        }
    }
}

/// An enrolment that was, by its trigger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PastEnrolment {
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
