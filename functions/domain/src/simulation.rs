//! One customer's history replayed in virtual time, by the same [`decide`] that
//! runs in production.

use std::collections::{BTreeMap, HashSet};

use crate::customer::Customer;
use crate::decide::{Decision, Input, decide};
use crate::event::{Delivered, EventKind};
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
    /// In the order of touch ids.
    pub touches: BTreeMap<TouchId, TouchRecord>,
}

/// Replays one customer's events, which need not be in order.
pub fn simulate(id: Id, events: &mut [Delivered], book: &RuleBook, period: Period) -> Outcome {
    events.sort_by(|a, b| a.at.cmp(&b.at));
    let mut run = Run {
        customer: Some(Customer::new(id)),
        book,
        touches: BTreeMap::new(),
    };
    let mut seen: HashSet<(EventKind, &Id)> = HashSet::new();
    for delivered in events.iter().take_while(|delivered| delivered.at <= period.until) {
        let event = &delivered.event;
        if event.key().is_some_and(|key| !seen.insert((event.kind(), key))) {
            continue;
        }
        run.pass_time(delivered.at, false);
        let live = delivered.at >= period.from;
        let input = if live { Input::Event(event) } else { Input::History(event) };
        run.step(input, delivered.at);
    }
    run.pass_time(period.until, true);
    run.finish(period)
}

struct Run<'a> {
    /// Always there between two steps.
    customer: Option<Customer>,
    book: &'a RuleBook,
    touches: BTreeMap<TouchId, TouchRecord>,
}

impl Run<'_> {
    /// Wakes up for each alarm before `until`, or up to it.
    fn pass_time(&mut self, until: Instant, inclusive: bool) {
        while let Some(alarm) = self.customer.as_ref().and_then(Customer::next_alarm) {
            if alarm > until || (alarm == until && !inclusive) {
                break;
            }
            self.step(Input::Due, alarm);
        }
    }

    fn step(&mut self, input: Input, now: Instant) {
        let Some(customer) = self.customer.take() else { return };
        let Decision { customer, records, sends } = decide(customer, input, self.book, now);
        self.customer = Some(customer);
        self.note(records);
        for send in sends {
            self.step(Input::Confirmed(&send.touch), now);
        }
    }

    fn note(&mut self, records: Vec<TouchRecord>) {
        for record in records {
            self.touches.insert(record.touch.clone(), record);
        }
    }

    fn finish(mut self, period: Period) -> Outcome {
        let customer = match self.customer.take() {
            Some(customer) => customer,
            None => unreachable!("a step puts the customer back"),
        };
        for enrolment in &customer.enrolments {
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
                touch: touch.clone(),
            };
            self.touches.insert(touch, record);
        }
        self.touches.retain(|_, record| {
            record.status == TouchStatus::Pending || record.at >= period.from
        });
        Outcome { customer, touches: self.touches }
    }
}
