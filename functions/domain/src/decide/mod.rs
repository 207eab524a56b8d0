//! What to do for one customer: a pure function of the customer's state, one
//! input, the rules and the time.
//!
//! | file | decides |
//! |---|---|
//! | `input` | what may happen |
//! | `event` | what follows from an event |
//! | `apply` | what it changes in the state |
//! | `exits` | events that end follow-ups |
//! | `enrol` | whether a trigger starts a rule, and what a late event changes about it |
//! | `occasion` | which birthdays, anniversaries and periods have come |
//! | `period` | when periods begin |
//! | `stages` | which stages were entered, and what that starts |
//! | `due` | whether a touch that fell due goes, waits or ends, and why |
//! | `answer` | what follows from how a sending went, and which step comes next |
//! | `complaints` | when a complaint goes up a level, and what opens it again |
//! | `reports` | what a report of a call means: tried again, called back, over, corrected |
//! | `attempts` | when a call is tried again |
//! | `calls` | who makes a call, which attempt it is, whether it may be made now |
//! | `settle` | what becomes of a touch of which the answer was lost |
//! | `bounds` | how large the state may become, and what is refused beyond |
//! | `merge` | what two ids that are one person have together |
//! | `cap` | which of a day's touches go where frequency caps leave room for some |

mod answer;
mod apply;
mod attempts;
mod bounds;
mod calls;
mod cap;
mod complaints;
mod due;
mod enrol;
mod event;
mod exits;
mod input;
mod merge;
mod occasion;
mod period;
mod records;
mod reports;
mod settle;
mod stages;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::address::Asks;
use crate::calendar;
use crate::complaint::Escalation;
use crate::condition::{Condition, Verdict};
use crate::customer::Customer;
use crate::event::{Detail, EventKind};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::profile::Profile;
use crate::rulebook::{RuleBook, Step};
use crate::segment::Asked;
use crate::stage::Entered;
use crate::touch::{Reason, Send, TouchRecord};
use crate::view::View;
pub use bounds::{INLINE_DETAIL_BYTES_MAX, PENDING_MAX, TRIGGERS_MAX};
pub use calls::{CallFacts, CallNow, assignee, call_facts, call_now, call_opening, promised};
pub use complaints::deadline;
pub use input::Input;
pub use merge::{ALIASES_MAX, Merge, MergeRefusal, merge, merge_refusal};
pub use occasion::celebrated_on;
pub use period::current as period_begin;

/// What follows from an input.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The state after the input.
    pub customer: Customer,
    /// Touches that ended or were refused, each with its reason.
    pub records: Vec<TouchRecord>,
    /// Touches that are to go out now.
    pub sends: Vec<Send>,
    /// Stages that were entered, history aside.
    pub stages: Vec<Entered>,
    /// Complaints that went up a level now: those in charge are to be told.
    pub escalations: Vec<Escalation>,
    /// Complaints of which an event told something, opened or resolved ones.
    pub complaints: BTreeSet<Id>,
    /// What was said of the address or the number bears on it, and is not known:
    /// look it up, put it into `heard` of the customer, and decide again.
    pub asks: Asks,
}

/// Decides what to do for a customer. Total: it never fails and never panics.
///
/// # Examples
/// ```
/// use lazo_domain::decide::{Input, decide};
/// use lazo_domain::{customer::Customer, event, id::Id, rulebook::RuleBook, touch::Reason};
///
/// let files = [
///     ("policy.yaml", "default_time_zone: America/Mexico_City"),
///     ("thanks.yaml", "
/// rule: thanks
/// status: live
/// purpose: service
/// trigger: { event: PurchaseCompleted }
/// steps: [{ id: mail, channel: email, template: thanks, wait: 1 day, at: '10:00' }]
/// "),
/// ];
/// let book = RuleBook::read(&files.map(|(name, text)| (name.into(), text.into()))).unwrap();
/// let delivered = event::from_wire(r#"{
///     "detail-type": "PurchaseCompleted", "purchase_id": "p-1", "customer_id": "ana",
///     "occurred_at": "2026-11-20T18:30:00-06:00", "total": { "amount": "129.90", "currency": "MXN" }
/// }"#).unwrap();
///
/// let ana = Customer::new(Id::new("ana").unwrap());
/// let decision = decide(ana, Input::Event(&delivered.event), &book, delivered.at);
/// let due = decision.customer.next_due().unwrap();
/// assert_eq!(due.to_string(), "2026-11-21T16:00:00Z"); // ten o'clock in Mexico City
///
/// let decision = decide(decision.customer, Input::Due, &book, due);
/// assert!(decision.sends.is_empty());
/// assert_eq!(decision.records[0].reason, Some(Reason::NoAddress));
/// ```
pub fn decide(mut customer: Customer, input: Input, book: &RuleBook, now: Instant) -> Decision {
    let Effects { records, sends, stages, escalations, complaints, asks } =
        Turn { tells_values: true, ..Turn::new(&mut customer, book, now) }.take(input);
    Decision { customer, records, sends, stages, escalations, complaints, asks }
}

/// What follows from an input, besides the state that it leaves.
pub(crate) struct Effects {
    pub records: Vec<TouchRecord>,
    pub sends: Vec<Send>,
    pub stages: Vec<Entered>,
    pub escalations: Vec<Escalation>,
    pub complaints: BTreeSet<Id>,
    pub asks: Asks,
}

/// [`decide`] on a customer where it stands, without the values that conditions met:
/// a replay of years moves nobody about, and tells reasons alone.
pub(crate) fn decide_in_place(
    customer: &mut Customer,
    input: Input,
    book: &RuleBook,
    now: Instant,
) -> Effects {
    Turn::new(customer, book, now).take(input)
}

/// One call of [`decide`] under way.
struct Turn<'a> {
    customer: &'a mut Customer,
    book: &'a RuleBook,
    now: Instant,
    zone: Cow<'a, TimeZone>,
    /// The date of `now` in the zone, once somebody has asked.
    today: OnceCell<Date>,
    records: Vec<TouchRecord>,
    sends: Vec<Send>,
    stages_entered: Vec<Entered>,
    escalations: Vec<Escalation>,
    complaints: BTreeSet<Id>,
    asks: Cell<Asks>,
    /// Whether the values are told that a condition met which did not hold.
    tells_values: bool,
    /// Those of the condition that was asked last.
    met: Cell<Option<Box<str>>>,
}

impl<'a> Turn<'a> {
    fn new(customer: &'a mut Customer, book: &'a RuleBook, now: Instant) -> Turn<'a> {
        let zone = customer.zone(&book.default_zone);
        Turn {
            customer,
            book,
            now,
            zone,
            today: OnceCell::new(),
            records: Vec::new(),
            sends: Vec::new(),
            stages_entered: Vec::new(),
            escalations: Vec::new(),
            complaints: BTreeSet::new(),
            asks: Cell::default(),
            tells_values: false,
            met: Cell::default(),
        }
    }
}

impl Turn<'_> {
    fn take(mut self, input: Input) -> Effects {
        match input {
            Input::Event(event) => self.on_event(event, true),
            Input::History(event) => self.on_event(event, false),
            Input::Due => self.on_due(),
            Input::Begin => self.on_begin(),
            Input::Calendar => self.on_calendar(),
            Input::Confirmed(touch) => self.on_confirmed(touch),
            Input::PutBack { touch, until } => self.on_put_back(touch, until),
            Input::Refused(touch) => self.on_refused(touch),
            Input::Unanswered(touch) => self.on_unanswered(touch),
            Input::Unresolved(touch) => self.on_unresolved(touch),
            Input::Resend(touch) => self.on_resend(touch),
            Input::Accepted { touch, at } => self.on_accepted(touch, at),
            Input::EscalationNotified { complaint, level } => self.on_notified(complaint, level),
            Input::EscalationNotNotified { complaint, level, until, is_published } => {
                self.on_untold(complaint, level, until, is_published);
            }
            Input::Suppressed { address, at, cause } => self.on_suppressed(address, at, cause),
        }
        self.end()
    }

    /// Whether a condition holds; where it does not, its values are kept for the
    /// record of the reason.
    fn verdict(&self, condition: &Condition, view: &View) -> Verdict {
        let verdict = condition.verdict(view);
        let is_told = self.tells_values && self.customer.erased_at.is_none();
        let met = (is_told && verdict != Verdict::Holds).then(|| condition.met(view));
        self.met.set(met.filter(|met| !met.is_empty()));
        verdict
    }

    /// What the condition met that was asked last, where it is the reason.
    fn met_for(&self, reason: Option<Reason>) -> Option<Box<str>> {
        self.met.take().filter(|_| reason.is_some_and(Reason::is_of_a_condition))
    }

    fn end(mut self) -> Effects {
        self.watch_complaints();
        self.forget();
        let Turn { records, sends, stages_entered: stages, escalations, complaints, asks, .. } =
            self;
        let asks = asks.get();
        Effects { records, sends, stages, escalations, complaints, asks }
    }

    fn today(&self) -> Date {
        *self.today.get_or_init(|| self.now.date_in(&self.zone))
    }

    /// The customer as of now, with all that is known and no event.
    fn view(&self) -> View<'_> {
        View {
            customer: self.customer,
            until: Until::ALL,
            now: self.now,
            zone: Cow::Borrowed(&self.zone),
            policy: &self.book.policy,
            drift: self.book.values(),
            segments: Asked::of(self.book.segments()),
            event: None,
        }
    }

    /// Goes by the time zone that the customer has told last.
    fn move_to_zone(&mut self) {
        self.zone = self.customer.zone(&self.book.default_zone);
        self.today = OnceCell::new();
    }

    /// When a step falls due, counted from a base, or on the day that the
    /// trigger's detail tells of.
    fn due(&self, step: &Step, base: calendar::Base, trigger: Option<&Detail>) -> Instant {
        let policy = &self.book.policy;
        let base = match step.on.map(|day| trigger.and_then(|trigger| day.of(trigger))) {
            None => base,
            Some(Some(day)) => {
                calendar::Base { at: calendar::midnight(day, &self.zone), is_day: true }
            }
            // Nothing was promised: it ends at once, on whatever clock.
            Some(None) => return base.at,
        };
        calendar::due(
            base,
            step.wait,
            step.at,
            policy.default_time,
            &self.zone,
            &policy.closed_days,
        )
    }

    fn later(&self, at: Instant, span: crate::span::Span) -> Instant {
        calendar::later(at, span, &self.zone, &self.book.policy.closed_days)
    }

    /// The instant at which a pending touch is given up.
    fn expires_at(&self, due: Instant, step: &Step) -> Instant {
        self.later(due, step.expiry)
    }

    /// Drops what no later input can ask for, so that the item stays small and
    /// the same history gives the same state in whatever order it came.
    fn forget(&mut self) {
        let (policy, now) = (&self.book.policy, self.now);
        let customer = &mut *self.customer;
        if customer.erased_at.is_some() && customer.enrolments.is_empty() {
            customer.profile = Profile::default();
        }
        customer.asked_calls.retain(|call| now < call.next);
        customer.past.retain(|_, enrolments| !enrolments.is_empty());
        let recent = now.plus_millis(-policy.max_trigger_age.millis_at_most());
        let (enrolments, calls) = (&customer.enrolments, &customer.asked_calls);
        customer.fired.retain(|fired| {
            now < fired.open_until
                || fired.kept_until.is_some_and(|until| now < until)
                // Without a key nothing else keeps it from counting twice.
                || (fired.kind == EventKind::CustomerUpdated && fired.at >= recent)
                || enrolments
                    .iter()
                    .chain(calls)
                    .any(|e| e.kind == Some(fired.kind) && e.occurrence == fired.occurrence)
        });
        // What may yet be decided again is asked as of its trigger.
        let open = customer.fired.iter().filter(|f| now < f.open_until).map(|f| f.at);
        let days = enrolments.iter().filter(|e| e.kind.is_none()).map(|e| e.at);
        let horizon = open.chain(days).fold(recent, Instant::min);
        customer.profile.forget(horizon);
        customer.csat.forget(horizon);
        customer.nps.forget(horizon);
        customer.complaints.forget(horizon, policy);
        customer.exits.retain(|exit| exit.at >= horizon);
        if !customer.sends.is_empty() {
            let longest = policy.all_caps().map(|cap| cap.per.millis_at_most());
            let capped = now.plus_millis(-longest.max().unwrap_or(0));
            customer.sends.retain(|sent| sent.at >= capped);
        }
        bounds::keep_within(customer, policy);
    }
}

#[cfg(test)]
mod tests;
