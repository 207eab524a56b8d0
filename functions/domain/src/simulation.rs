//! One person's history replayed in virtual time, by the same
//! [`decide`](crate::decide::decide) that runs in production.

mod shared;

use std::collections::BTreeSet;

use crate::address::Heard;
use crate::complaint::Escalation;
use crate::customer::{Customer, Enrolment};
use crate::decide::{Effects, Input, Merge, decide_in_place, merge};
use crate::drift::PurchaseDay;
use crate::event::{Body, CustomerMerged, Delivered, EventKind};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::rulebook::RuleBook;
use crate::touch::{TouchId, TouchRecord, TouchStatus};
pub use shared::Shared;

/// From when on follow-ups are opened, and when virtual time stops.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// What is delivered before it is history: it opens no follow-up.
    pub from: Instant,
    /// The last instant that is replayed.
    pub until: Instant,
}

/// What a simulation knows of a person at its end.
pub struct Outcome {
    /// The state at the end; of several ids that of the one that stays.
    pub customer: Customer,
    /// In the order of touch ids, each once.
    pub touches: Vec<TouchRecord>,
    /// The complaints that went up a level, in that order.
    pub escalations: Vec<Escalation>,
}

/// Replays one person's events, which need not be in order: the outcome does not
/// depend on it. Where they were told under several ids, `id` is any of them.
/// `contents` came out for everybody whom they interest.
pub fn simulate(
    id: Id,
    events: &mut [Delivered],
    contents: &[Delivered],
    book: &RuleBook,
    period: Period,
) -> Outcome {
    simulate_among(&Shared::default(), id, events, contents, book, period)
}

/// The same of one customer among others, with whom they may share an address or
/// a number.
pub fn simulate_among(
    shared: &Shared,
    id: Id,
    events: &mut [Delivered],
    contents: &[Delivered],
    book: &RuleBook,
    period: Period,
) -> Outcome {
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    let mut run = Run { people: vec![Person::new(id)], ..Run::new(book, shared) };
    let mut all: Vec<&Delivered> = events.iter().chain(contents).collect();
    if !contents.is_empty() {
        all.sort_by(|a, b| order(a).cmp(&order(b)));
    }
    let mut has_begun = false;
    for delivered in all.into_iter().take_while(|delivered| delivered.at <= period.until) {
        let opens = delivered.at >= period.from;
        if opens && !has_begun && run.may_open(delivered) {
            has_begun = true;
            run.begin(period.from);
        }
        match delivered.event.customer() {
            Some(id) => {
                let at = run.place_of(id);
                run.take(at, delivered, opens);
            }
            None => (0..run.people.len()).for_each(|at| run.take(at, delivered, opens)),
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

/// An id, with what was told under it.
struct Person<'a> {
    customer: Customer,
    /// The events that were counted, by their keys.
    seen: BTreeSet<(EventKind, &'a Id)>,
    /// The instants that profiles told of.
    profiles: BTreeSet<Instant>,
    /// Content that came out and did not reach the customer, as far as was known.
    unread: Vec<&'a Delivered>,
}

impl Person<'_> {
    fn new(id: Id) -> Self {
        let (seen, profiles) = (BTreeSet::new(), BTreeSet::new());
        Person { customer: Customer::new(id), seen, profiles, unread: Vec::new() }
    }

    fn is_reached_by(&self, delivered: &Delivered) -> bool {
        let Body::ContentPublished(content) = &delivered.event.body else { return false };
        let at = delivered.event.occurred_at;
        self.customer.topic_of(content, at).is_some()
    }
}

struct Run<'a> {
    /// The ids of one person; mostly one.
    people: Vec<Person<'a>>,
    book: &'a RuleBook,
    shared: &'a Shared,
    now: Instant,
    /// As they were told of: of one touch the latest holds.
    touches: Vec<TouchRecord>,
    escalations: Vec<Escalation>,
}

impl<'a> Run<'a> {
    fn new(book: &'a RuleBook, shared: &'a Shared) -> Run<'a> {
        let (touches, escalations) = (Vec::new(), Vec::new());
        Run { people: Vec::new(), book, shared, now: Instant::MIN, touches, escalations }
    }

    /// Where the customer is who an id is now.
    fn place_of(&mut self, id: &Id) -> usize {
        let Some(mut at) = self.people.iter().position(|one| one.customer.id == *id) else {
            self.people.push(Person::new(id.clone()));
            return self.people.len() - 1;
        };
        while let Some(into) = &self.people[at].customer.merged_into
            && let Some(next) = self.people.iter().position(|one| one.customer.id == *into)
        {
            at = next;
        }
        at
    }

    /// Whether an event is one that is taken at all: content that interests nobody
    /// does not begin anything.
    fn may_open(&self, delivered: &Delivered) -> bool {
        delivered.event.kind() != EventKind::ContentPublished
            || self.people.iter().any(|one| one.is_reached_by(delivered))
    }

    fn take(&mut self, at: usize, delivered: &'a Delivered, opens: bool) {
        let event = &delivered.event;
        let person = &mut self.people[at];
        let is_new = match event.key() {
            Some(key) if !person.seen.insert((event.kind(), key)) => return,
            Some(_) => true,
            // A profile may be told in parts; it triggers once.
            None => person.profiles.insert(event.occurred_at),
        };
        if event.kind() == EventKind::ContentPublished
            && !(opens && person.customer.merged_into.is_none() && person.is_reached_by(delivered))
        {
            if opens {
                person.unread.push(delivered);
            }
            return;
        }
        if opens {
            self.pass_time(delivered.at, false);
        }
        if let Body::CustomerMerged(told) = &event.body {
            return self.merge(at, told, delivered, opens);
        }
        let input = if opens && is_new { Input::Event(event) } else { Input::History(event) };
        self.step(at, input, delivered.at);
        if matches!(&event.body, Body::CustomerUpdated(update) if opens && update.interests.is_some())
        {
            self.hand_over_unread(at, delivered.at);
        }
    }

    /// Two ids are one person from here on.
    fn merge(&mut self, stays: usize, told: &CustomerMerged, delivered: &Delivered, opens: bool) {
        let goes = self.place_of(&told.merged_id);
        if stays == goes {
            return;
        }
        self.now = delivered.at;
        let [one, other] = [stays, goes].map(|at| self.people[at].customer.clone());
        let at = delivered.event.occurred_at;
        let Merge { stays: decision, goes: left } =
            merge(one, other, at, opens, self.book, delivered.at);
        let seen = std::mem::take(&mut self.people[goes].seen);
        self.people[stays].seen.extend(seen);
        self.people[stays].customer = decision.customer;
        self.people[goes].customer = left;
        self.touches.extend(decision.records);
    }

    /// Interests that were learnt of late bring what came out meanwhile.
    fn hand_over_unread(&mut self, at: usize, now: Instant) {
        let oldest = now.plus_millis(-self.book.policy.max_trigger_age.millis_at_most());
        let unread = std::mem::take(&mut self.people[at].unread);
        for delivered in unread.into_iter().filter(|d| d.event.occurred_at > oldest) {
            match self.people[at].is_reached_by(delivered) {
                true => self.step(at, Input::Event(&delivered.event), now),
                false => self.people[at].unread.push(delivered),
            }
        }
    }

    /// From here on follow-ups are opened: what the calendar brought before is
    /// history.
    fn begin(&mut self, from: Instant) {
        if from > Instant::MIN {
            for at in 0..self.people.len() {
                self.step(at, Input::Begin, from.plus_millis(-1));
            }
        }
    }

    /// Wakes up for each alarm before `until`, or up to it. What an event that
    /// came late has started falls due at once: time never goes back.
    fn pass_time(&mut self, until: Instant, inclusive: bool) {
        let next = |run: &Self| {
            let alarms = run.people.iter().enumerate();
            let alarms = alarms.filter_map(|(at, one)| Some((one.customer.next_alarm()?, at)));
            alarms.min().map(|(alarm, at)| (alarm.max(run.now), at))
        };
        while let Some((alarm, at)) = next(self) {
            if alarm > until || (alarm == until && !inclusive) {
                break;
            }
            self.step(at, Input::Due, alarm);
        }
    }

    fn step(&mut self, at: usize, input: Input, now: Instant) {
        self.now = now;
        // What is due goes by what was said of the address, as in the handlers.
        if matches!(input, Input::Due) {
            let customer = &mut self.people[at].customer;
            customer.heard = self.shared.heard(&customer.profile, now);
        }
        let Effects { records, sends, escalations, .. } =
            decide_in_place(&mut self.people[at].customer, input, self.book, now);
        self.people[at].customer.heard = Heard::default();
        self.touches.extend(records);
        for send in sends {
            let told = self.touches.len();
            let was_sent = self.was_sent_under_another_id(at, &send.touch);
            self.step(at, Input::Confirmed(&send.touch), now);
            if was_sent {
                self.touches.truncate(told);
            }
        }
        for escalation in escalations {
            let (complaint, level) = (&escalation.complaint, escalation.level);
            self.step(at, Input::EscalationNotified { complaint, level }, now);
            self.escalations.push(escalation);
        }
    }

    /// Whether a touch went out under another id of the person: then it does not go
    /// again.
    fn was_sent_under_another_id(&self, at: usize, touch: &TouchId) -> bool {
        let aliases = &self.people[at].customer.merged;
        !aliases.is_empty()
            && self.touches.iter().any(|told| {
                told.status == TouchStatus::Sent
                    && (&told.touch.rule, &told.touch.occurrence, &told.touch.step)
                        == (&touch.rule, &touch.occurrence, &touch.step)
                    && aliases.iter().any(|alias| alias.id == told.touch.customer)
            })
    }

    fn finish(mut self) -> Outcome {
        let main = self.people[0].customer.id.clone();
        let main = self.place_of(&main);
        let Run { mut people, mut touches, escalations, book, .. } = self;
        for customer in people.iter().map(|one| &one.customer) {
            for enrolment in customer.pending() {
                touches.extend(pending(customer, enrolment, book));
            }
        }
        touches.sort_by(|a, b| a.touch.cmp(&b.touch));
        touches.dedup_by(|later, earlier| {
            let is_same = later.touch == earlier.touch;
            if is_same {
                std::mem::swap(later, earlier);
            }
            is_same
        });
        let customer = people.swap_remove(main).customer;
        Outcome { customer, touches, escalations }
    }
}

/// A touch that is still to come.
pub(crate) fn pending(
    customer: &Customer,
    enrolment: &Enrolment,
    book: &RuleBook,
) -> Option<TouchRecord> {
    let step = book.rule(&enrolment.rule).and_then(|rule| rule.step(&enrolment.step))?;
    Some(TouchRecord {
        touch: enrolment.touch(&customer.id),
        channel: step.channel,
        status: TouchStatus::Pending,
        at: enrolment.next,
        due: enrolment.due,
        enrolled_at: enrolment.enrolled_at(),
        reason: enrolment.defers.last().map(|defer| defer.reason),
        defers: enrolment.defers.clone(),
        variant: book.variant_of(&customer.id, enrolment),
        met: None,
        version: book.version(),
    })
}

#[cfg(test)]
mod tests;
