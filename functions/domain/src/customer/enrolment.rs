//! A customer's way through a rule: what began it, what is pending, what ends it.

use serde::{Deserialize, Serialize};

use crate::calendar::Base;
use crate::channel::{Channel, Purpose};
use crate::event::{Detail, EventKind};
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::rulebook::VersionNumber;
use crate::touch::{Defer, TouchId};

/// An event that triggers rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerEvent {
    /// The kind that rules name as their trigger.
    pub kind: EventKind,
    /// The event's key, or its instant where it has no key.
    pub occurrence: String,
    /// When the event occurred.
    pub at: Instant,
    /// When it was taken in: an event that arrives too late starts nothing.
    pub received_at: Instant,
    /// The purchase that the event is about; `None` where it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_id: Option<Id>,
    /// What the event told, as JSON; `{}` once that is forgotten.
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
    /// When the event occurred.
    pub at: Instant,
    /// The kind that rules name in `exit_on`.
    pub kind: EventKind,
    /// The event's key; `None` for a profile, which has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Id>,
    /// The purchase that the event is about; `None` ends follow-ups of any purchase.
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
    /// The rule's name.
    pub rule: String,
    /// An event's key or instant, an occasion's year, or the first day of a stage or period.
    pub occurrence: String,
    /// The trigger's instant.
    pub at: Instant,
    /// The event that triggered it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<EventKind>,
    /// The purchase that the trigger is about; `None` where it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_id: Option<Id>,
    /// The id of the pending step; a further attempt at a call has one such as `call.2`.
    pub step: String,
    /// What the step is counted from: the trigger, or when the one before was sent or ended.
    pub base: Instant,
    /// Whether the base is a day without a time of day, such as an occasion.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub base_is_day: bool,
    /// When the pending touch falls due; a wait does not move it.
    pub due: Instant,
    /// When the touch is tried next, or when the wait for a call's report ends.
    pub next: Instant,
    /// When and why the touch waited; the latest ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defers: Vec<Defer>,
    /// How far the touch has got.
    #[serde(default, skip_serializing_if = "Phase::is_waiting")]
    pub phase: Phase,
    /// Of a touch on its way out: which variant of its step it says, whatever the rules
    /// say meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<Box<str>>,
    /// After a lost answer it was put back once, as the policy said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resent: bool,
    /// The attempts at the call that were asked for, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<Try>,
    /// The attempts at the call of the step before, where a report ended it: the base
    /// is that report's instant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tries_before: Vec<Try>,
    /// A call that comes back while its rule goes on, or is over: no step follows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_beside: bool,
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
    AwaitingReport {
        /// When the call was asked for.
        asked_at: Instant,
        /// An exit event came since: no report brings it back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exited: bool,
    },
}

/// A touch on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sending {
    /// Since when it is on its way.
    pub since: Instant,
    /// Whether the answer is still to come or was lost.
    #[serde(default, skip_serializing_if = "SendAnswer::is_expected")]
    pub answer: SendAnswer,
    /// An exit event came meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exited: bool,
    /// The version of the rules that decided it; `None` where none is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionNumber>,
}

/// What is known of how a sending went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendAnswer {
    /// The answer is still to come.
    #[default]
    Expected,
    /// The answer was lost: nobody knows whether the touch went out.
    Lost,
    /// It was lost, and nothing was heard since: the touch is listed for somebody
    /// to look.
    Listed,
}

impl SendAnswer {
    /// Whether the answer is still to come, and not lost.
    pub fn is_expected(&self) -> bool {
        *self == SendAnswer::Expected
    }
}

impl Phase {
    /// On its way out since an instant, as a version of the rules decided.
    pub fn sending(since: Instant, version: Option<VersionNumber>) -> Phase {
        Phase::Sending(Sending { since, answer: SendAnswer::Expected, exited: false, version })
    }

    /// Whether the touch waits for its time.
    pub fn is_waiting(&self) -> bool {
        *self == Phase::Waiting
    }
}

/// An attempt at a call that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// When the attempt was asked for.
    pub asked_at: Instant,
    /// When it fell due: its expiry counts from then.
    pub due: Instant,
    /// What ended the attempt; `None` while its report is awaited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported: Option<Reported>,
}

impl Try {
    /// When the attempt was made, as far as it is known.
    pub fn made_at(&self) -> Instant {
        self.reported.map_or(self.asked_at, |reported| reported.at)
    }
}

/// What the reports of a call come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// When the call was made, as the report tells.
    pub at: Instant,
    /// What it means for the attempts.
    pub says: Says,
}

/// What a report means for the attempts at its call. Of several the first of these
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// Somebody was reached, or nobody is to be: the call is over.
    Ends,
    /// The customer is to be called back, at the time that they named if any.
    CallBack(Option<Instant>),
    /// Nobody was reached.
    Unanswered,
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

    /// The trigger's instant where the pending touch is the first: it is counted from
    /// the trigger.
    pub fn enrolled_at(&self) -> Option<Instant> {
        (self.base == self.at).then_some(self.at)
    }

    /// What the pending step is counted from, with whether that is a day.
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

    /// The same as [`Enrolment::sending`], to be changed.
    pub fn sending_mut(&mut self) -> Option<&mut Sending> {
        match &mut self.phase {
            Phase::Sending(sending) => Some(sending),
            _ => None,
        }
    }

    /// Whether the touch is on its way out, unconfirmed.
    pub fn is_sending(&self) -> bool {
        self.sending().is_some()
    }

    /// Whether an exit event came while the touch was on its way out, or since the
    /// call was asked for.
    pub fn has_exited(&self) -> bool {
        match self.phase {
            Phase::Waiting => false,
            Phase::Sending(sending) => sending.exited,
            Phase::AwaitingReport { exited, .. } => exited,
        }
    }

    /// Since when the call waits for its report.
    pub fn asked_at(&self) -> Option<Instant> {
        match self.phase {
            Phase::AwaitingReport { asked_at, .. } => Some(asked_at),
            _ => None,
        }
    }
}

/// An enrolment that was, by its trigger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PastEnrolment {
    /// The trigger's instant.
    pub at: Instant,
    /// What triggered it, as in [`Enrolment`].
    pub occurrence: String,
}

/// A sent touch as frequency caps see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SentTouch {
    /// When it was sent.
    pub at: Instant,
    /// By which channel it went; a cap may count only some.
    pub channel: Channel,
    /// What it was for; a cap may count only one purpose.
    pub purpose: Purpose,
}
