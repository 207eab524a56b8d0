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
pub(super) const DEFERS_MAX: usize = 20;

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
