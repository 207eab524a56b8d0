//! One customer's history replayed in virtual time, by the same
//! [`decide`](crate::decide::decide) that runs in production.

use std::collections::BTreeSet;

use crate::complaint::Escalation;
use crate::customer::Customer;
use crate::decide::{Effects, Input, take_in};
use crate::drift::PurchaseDay;
use crate::event::{Body, Delivered, EventKind};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::rulebook::RuleBook;
use crate::touch::{TouchId, TouchRecord, TouchStatus};

/// From when on follow-ups are opened, and when virtual time stops.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    pub from: Instant,
    pub until: Instant,
}

/// What a simulation knows of a customer at its end.
pub struct Outcome {
    pub customer: Customer,
    /// In the order of touch ids, each once.
    pub touches: Vec<TouchRecord>,
    /// The complaints that went up a level, in that order.
    pub escalations: Vec<Escalation>,
}

/// Replays one customer's events, which need not be in order: the outcome does
/// not depend on it. `contents` came out for everybody whom they interest.
pub fn simulate(
    id: Id,
    events: &mut [Delivered],
    contents: &[Delivered],
    book: &RuleBook,
    period: Period,
) -> Outcome {
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut run = Run {
        customer: Customer::new(id),
        book,
        now: Instant::MIN,
        touches: Vec::new(),
        escalations: Vec::new(),
        unread: Vec::new(),
    };
    let mut all: Vec<&Delivered> = events.iter().chain(contents).collect();
    if !contents.is_empty() {
        all.sort_by(|a, b| order(a).cmp(&order(b)));
    }
    let mut seen: BTreeSet<(EventKind, &Id)> = BTreeSet::new();
    let mut profiles: BTreeSet<Instant> = BTreeSet::new();
    let mut has_begun = false;
    for delivered in all.into_iter().take_while(|delivered| delivered.at <= period.until) {
        let event = &delivered.event;
        let is_new = match event.key() {
            Some(key) if !seen.insert((event.kind(), key)) => continue,
            Some(_) => true,
            // A profile may be told in parts; it triggers once.
            None => profiles.insert(event.occurred_at),
        };
        let opens = delivered.at >= period.from;
        if event.kind() == EventKind::ContentPublished && !(opens && run.is_reached_by(delivered)) {
            if opens {
                run.unread.push(delivered);
            }
            continue;
        }
        if opens && !has_begun {
            has_begun = true;
            run.begin(period.from);
        }
        if opens {
            run.pass_time(delivered.at, false);
        }
        let input = if opens && is_new { Input::Event(event) } else { Input::History(event) };
        run.step(input, delivered.at);
        if matches!(&event.body, Body::CustomerUpdated(update) if opens && update.interests.is_some())
        {
            run.hand_over_unread(delivered.at);
        }
    }
    if !has_begun {
        run.begin(period.from);
    }
    run.pass_time(period.until, true);
    run.finish()
}

/// A customer's purchase days as of an instant, to learn from: in the zone that
/// the customer told last, and without what was given back by then.
pub fn purchase_days(events: &[Delivered], book: &RuleBook, until: Instant) -> Vec<PurchaseDay> {
    let mut customer = Customer::new(match events.first().and_then(|e| e.event.customer()) {
        Some(id) => id.clone(),
        None => return Vec::new(),
    });
    let mut seen: BTreeSet<(EventKind, &Id)> = BTreeSet::new();
    let known = events.iter().filter(|delivered| delivered.at <= until);
    for event in known.map(|delivered| &delivered.event) {
        if event.key().is_some_and(|key| !seen.insert((event.kind(), key))) {
            continue;
        }
        match &event.body {
            Body::PurchaseCompleted(purchase) => customer.history.add_purchase(purchase),
            Body::PurchaseRefunded(refund) => customer.history.add_refund(refund),
            Body::CustomerUpdated(update) => customer.profile.update(update),
            _ => {}
        }
    }
    let zone = customer.zone(&book.default_zone);
    let until = Until { at: until, purchase: None };
    customer.history.purchase_days(until, &zone, book.policy.currency)
}

/// What is delivered first; of one instant, a profile before what it bears on.
fn order(delivered: &Delivered) -> (Instant, Instant, EventKind, Option<&Id>, &str) {
    let event = &delivered.event;
    (delivered.at, event.occurred_at, event.kind(), event.key(), &event.detail.0)
}

struct Run<'a> {
    customer: Customer,
    book: &'a RuleBook,
    now: Instant,
    /// As they were told of: of one touch the latest holds.
    touches: Vec<TouchRecord>,
    /// Content that came out and did not reach the customer, as far as was known.
    unread: Vec<&'a Delivered>,
    escalations: Vec<Escalation>,
}

impl Run<'_> {
    fn is_reached_by(&self, delivered: &Delivered) -> bool {
        let Body::ContentPublished(content) = &delivered.event.body else { return false };
        let at = delivered.event.occurred_at;
        self.customer.topic_of(content, at).is_some()
    }

    /// Interests that were learnt of late bring what came out meanwhile.
    fn hand_over_unread(&mut self, now: Instant) {
        let oldest = now.plus_millis(-self.book.policy.max_trigger_age.millis_at_most());
        let unread = std::mem::take(&mut self.unread);
        for delivered in unread.into_iter().filter(|d| d.event.occurred_at > oldest) {
            match self.is_reached_by(delivered) {
                true => self.step(Input::Event(&delivered.event), now),
                false => self.unread.push(delivered),
            }
        }
    }

    /// From here on follow-ups are opened: what the calendar brought before is
    /// history.
    fn begin(&mut self, from: Instant) {
        if from > Instant::MIN {
            self.step(Input::Begin, from.plus_millis(-1));
        }
    }

    /// Wakes up for each alarm before `until`, or up to it. What an event that
    /// came late has started falls due at once: time never goes back.
    fn pass_time(&mut self, until: Instant, inclusive: bool) {
        while let Some(alarm) = self.customer.next_alarm() {
            let alarm = alarm.max(self.now);
            if alarm > until || (alarm == until && !inclusive) {
                break;
            }
            self.step(Input::Due, alarm);
        }
    }

    fn step(&mut self, input: Input, now: Instant) {
        self.now = now;
        let Effects { records, sends, escalations, .. } =
            take_in(&mut self.customer, input, self.book, now);
        self.touches.extend(records);
        for send in sends {
            self.step(Input::Confirmed(&send.touch), now);
        }
        for escalation in escalations {
            let (complaint, level) = (&escalation.complaint, escalation.level);
            self.step(Input::EscalationTold { complaint, level }, now);
            self.escalations.push(escalation);
        }
    }

    fn finish(self) -> Outcome {
        let Run { customer, mut touches, escalations, .. } = self;
        for enrolment in customer.pending() {
            let touch = TouchId {
                rule: enrolment.rule.clone(),
                customer: customer.id.clone(),
                occurrence: enrolment.occurrence.clone(),
                step: enrolment.step.clone(),
            };
            let step = self.book.rule(&enrolment.rule).and_then(|rule| rule.step(&enrolment.step));
            let Some(step) = step else { continue };
            let record = TouchRecord {
                channel: step.channel,
                status: TouchStatus::Pending,
                at: enrolment.next,
                due: enrolment.due,
                reason: enrolment.defers.last().map(|defer| defer.reason),
                defers: enrolment.defers.clone(),
                touch,
            };
            touches.push(record);
        }
        touches.sort_by(|a, b| a.touch.cmp(&b.touch));
        touches.dedup_by(|later, earlier| {
            let is_same = later.touch == earlier.touch;
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        Outcome { customer, touches, escalations }
    }
}

#[cfg(test)]
mod tests;
