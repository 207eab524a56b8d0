//! What may happen to a customer: the input of a decision.

use crate::event::Event;
use crate::id::Id;
use crate::instant::Instant;
use crate::suppression::{AddressHash, Cause};
use crate::touch::TouchId;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// An event that the bus delivered.
    Event(&'a Event),
    /// An event of the past: it counts, and opens no follow-up.
    History(&'a Event),
    /// Time has passed: look at the calendar, send what is due.
    Due,
    /// From the next instant on follow-ups are opened: the calendar's days up to
    /// now are history.
    Begin,
    /// Days have come: look at occasions, periods and stages, send nothing.
    Calendar,
    /// The touch went out at the instant at which it was decided.
    Confirmed(&'a TouchId),
    /// Nothing went out, for certain; try again not before `until`.
    PutBack {
        /// The touch that did not go out.
        touch: &'a TouchId,
        /// The earliest instant of the next try.
        until: Instant,
    },
    /// The touch cannot go out, ever.
    Refused(&'a TouchId),
    /// Nobody knows whether the touch went out; its fence stays.
    Unanswered(&'a TouchId),
    /// Nothing was heard of an unanswered touch in the time that it takes: it
    /// goes once more, or is listed.
    Unresolved(&'a TouchId),
    /// Somebody found that an unanswered touch did not go out: it may go.
    Resend(&'a TouchId),
    /// The mail service itself says that it took the touch, at an instant.
    Accepted {
        /// The touch that the service took.
        touch: &'a TouchId,
        /// When the service took it. A later instant than now counts as now.
        at: Instant,
    },
    /// Those in charge were told that a complaint went up a level.
    EscalationNotified {
        /// The id of the complaint.
        complaint: &'a Id,
        /// The level that it reached, counted from 1.
        level: u8,
    },
    /// They were not, or not all of them: it is tried again not before `until`.
    EscalationNotNotified {
        /// The id of the complaint.
        complaint: &'a Id,
        /// The level that it reached, counted from 1.
        level: u8,
        /// The earliest instant of the next try.
        until: Instant,
        /// Whether the event about it was published, so that only mails are left.
        is_published: bool,
    },
    /// Mail to an address must stop.
    Suppressed {
        /// The hash of the address.
        address: &'a AddressHash,
        /// When the bounce or the spam complaint happened.
        at: Instant,
        /// Which of the two it was.
        cause: Cause,
    },
}
