//! Whether a trigger starts a rule (2.3, 2.12, 2.13), and what a late event
//! changes about it.
//!
//! A filter is asked *as of* the trigger's instant, so the answer does not
//! depend on the order in which events arrive: until the first touch falls
//! due, a late event makes the triggers behind it be decided again.

use super::Turn;
use super::bounds::INLINE_DETAIL_BYTES_MAX;
use crate::calendar::Base;
use crate::channel::Channel;
use crate::condition::Verdict;
use crate::customer::{Enrolment, PastEnrolment, Phase, TriggerEvent};
use crate::draw::fraction;
use crate::event::{Detail, Event, EventKind};
use crate::history::Until;
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::rule::{Reentry, Trigger};
use crate::rulebook::Rule;
use crate::touch::{Reason, TouchStatus};
use crate::view::View;

/// How many past enrolments are kept by rule.
const PAST_MAX: usize = 8;

/// A trigger of a rule, as deciding needs it.
pub(super) struct Occurrence<'a> {
    pub name: &'a str,
    pub at: Instant,
    pub is_day: bool,
    pub received_at: Instant,
    pub kind: Option<EventKind>,
    pub purchase_id: Option<&'a Id>,
    pub detail: Option<&'a Detail>,
}

impl<'a> Occurrence<'a> {
    fn of(fired: &'a TriggerEvent) -> Occurrence<'a> {
        Occurrence {
            name: &fired.occurrence,
            at: fired.at,
            is_day: false,
            received_at: fired.received_at,
            kind: Some(fired.kind),
            purchase_id: fired.purchase_id.as_ref(),
            detail: Some(&fired.detail),
        }
    }
}

impl Turn<'_> {
    /// Whether a late event changes what a trigger saw whose follow-up has not
    /// begun.
    pub(super) fn changes_the_past(&self, event: &Event) -> bool {
        self.customer.fired.iter().any(|f| self.now < f.open_until && event.occurred_at <= f.at)
    }

    /// Starts the rules that a live event triggers.
    pub(super) fn fire(&mut self, event: &Event) {
        let kind = event.kind();
        let book = self.book;
        if book.triggered_by(kind).next().is_none() {
            return;
        }
        let occurrence = match event.key() {
            Some(key) => key.to_string(),
            // A profile has no key: the instant that it tells of is one.
            None => event.occurred_at.to_string(),
        };
        let same = |f: &TriggerEvent| f.kind == kind && f.occurrence == occurrence;
        if self.customer.fired.iter().any(same) {
            return;
        }
        let open_until = self.open_until(book.triggered_by(kind), event.occurred_at, &event.detail);
        let mut fired = TriggerEvent {
            kind,
            at: event.occurred_at,
            received_at: self.now,
            purchase_id: event.purchase_id().cloned(),
            detail: event.detail.clone(),
            occurrence,
            apart: (event.detail.0.len() > INLINE_DETAIL_BYTES_MAX).then(|| event.ledger_key()),
            under: None,
            open_until,
            kept_until: None,
            exited: Vec::new(),
        };
        for rule in book.triggered_by(kind) {
            if self.decide_rule(rule, &fired) {
                fired.exited.push(rule.name.clone());
            }
        }
        if self.customer.erased_at.is_some() {
            fired.forget();
        }
        if self.is_crowded() {
            return;
        }
        self.customer.note_fired(fired);
    }

    /// When the last first touch of the rules that a trigger starts falls due.
    pub(super) fn open_until<'b>(
        &self,
        rules: impl Iterator<Item = &'b Rule>,
        trigger_at: Instant,
        detail: &Detail,
    ) -> Instant {
        let base = Base { at: trigger_at, is_day: false };
        let dues = rules.filter_map(|rule| Some(self.due(rule.steps.first()?, base, Some(detail))));
        dues.max().unwrap_or(trigger_at)
    }

    /// Decides one rule on one trigger, and carries the choice out; tells
    /// whether an exit event has ended it already.
    fn decide_rule(&mut self, rule: &Rule, fired: &TriggerEvent) -> bool {
        let occurrence = Occurrence::of(fired);
        match self.choose(rule, &occurrence) {
            Ok(()) => !self.enrol(rule, &occurrence),
            Err(reason) => {
                self.refuse(rule, &occurrence, reason);
                false
            }
        }
    }

    pub(super) fn refuse(&mut self, rule: &Rule, occurrence: &Occurrence, reason: Reason) {
        if reason.is_holdout() {
            self.remember_enrolment(rule, occurrence);
        }
        self.record_refusal(rule, occurrence.name, occurrence.at, reason);
    }

    /// Decides again the triggers that a late event lies before, as long as
    /// nothing that they started has been tried.
    pub(super) fn decide_again(&mut self, event: &Event) {
        self.take_back_content(event);
        self.decide_again_if(|fired| event.occurred_at <= fired.at);
    }

    /// Decides again those of the triggers whose follow-up has not begun.
    pub(super) fn decide_again_if(&mut self, is_meant: impl Fn(&TriggerEvent) -> bool) {
        let book = self.book;
        let open: Vec<TriggerEvent> = self
            .customer
            .fired
            .iter()
            .filter(|f| self.now < f.open_until && is_meant(f))
            .cloned()
            .collect();
        for rule in book.rules().iter().filter(|rule| rule.is_live()) {
            let Trigger::Event(kind) = rule.trigger else {
                continue;
            };
            let Some(first) = rule.steps.first() else {
                continue;
            };
            let mine: Vec<&TriggerEvent> = open
                .iter()
                .filter(|f| f.kind == kind)
                .filter(|f| {
                    let base = Base { at: f.at, is_day: false };
                    self.now < self.due(first, base, Some(&f.detail))
                })
                .filter(|f| {
                    self.enrolment(rule, f)
                        .is_none_or(|e| e.step == first.id && e.is_untried(self.now))
                })
                .collect();
            if let Some(past) = self.customer.past.get_mut(&rule.name) {
                past.retain(|p| !mine.iter().any(|f| f.occurrence == p.occurrence));
            }
            for fired in mine {
                self.decide_rule_again(rule, fired);
            }
        }
    }

    /// Content that reached the customer by an interest that they had given up
    /// before, as a late profile tells: nothing of it is left.
    fn take_back_content(&mut self, event: &Event) {
        if event.kind() != EventKind::CustomerUpdated {
            return;
        }
        let now = self.now;
        let customer = &self.customer;
        let is_unwanted = |fired: &&TriggerEvent| {
            fired.kind == EventKind::ContentPublished
                && now < fired.open_until
                && serde_json::from_str(&fired.detail.0)
                    .is_ok_and(|content| customer.topic_of(&content, fired.at).is_none())
        };
        let unwanted: Vec<String> =
            customer.fired.iter().filter(is_unwanted).map(|f| f.occurrence.clone()).collect();
        for occurrence in unwanted {
            let is_it = |kind: Option<EventKind>, of: &str| {
                kind == Some(EventKind::ContentPublished) && of == occurrence
            };
            let is_begun = |e: &Enrolment| is_it(e.kind, &e.occurrence) && !e.is_untried(now);
            if self.customer.enrolments.iter().any(is_begun) {
                continue;
            }
            self.customer.enrolments.retain(|e| !is_it(e.kind, &e.occurrence));
            self.customer.fired.retain(|f| !is_it(Some(f.kind), &f.occurrence));
            for rule in self.book.triggered_by(EventKind::ContentPublished) {
                if let Some(past) = self.customer.past.get_mut(&rule.name) {
                    past.retain(|p| p.occurrence != occurrence);
                }
            }
        }
    }

    fn enrolment(&self, rule: &Rule, fired: &TriggerEvent) -> Option<&Enrolment> {
        self.customer.enrolments.iter().find(|e| {
            e.rule == rule.name && e.kind == Some(fired.kind) && e.occurrence == fired.occurrence
        })
    }

    fn decide_rule_again(&mut self, rule: &Rule, fired: &TriggerEvent) {
        let occurrence = Occurrence::of(fired);
        let mut has_exited = fired.exited.contains(&rule.name);
        match self.choose(rule, &occurrence) {
            Ok(()) if has_exited || self.enrolment(rule, fired).is_some() => {
                self.remember_enrolment(rule, &occurrence);
            }
            Ok(()) => has_exited = !self.enrol(rule, &occurrence),
            Err(reason) => {
                let is_it = |e: &Enrolment| {
                    e.rule == rule.name
                        && e.kind == Some(fired.kind)
                        && e.occurrence == fired.occurrence
                };
                self.customer.enrolments.retain(|e| !is_it(e));
                self.refuse(rule, &occurrence, reason);
                has_exited = false;
            }
        }
        self.note_exit(fired.kind, &fired.occurrence, &rule.name, has_exited);
    }

    /// Keeps in mind whether an exit event ended a rule's follow-up.
    pub(super) fn note_exit(
        &mut self,
        kind: EventKind,
        occurrence: &str,
        rule: &str,
        has_exited: bool,
    ) {
        let mut fired = self.customer.fired.iter_mut();
        let Some(fired) = fired.find(|f| f.kind == kind && f.occurrence == occurrence) else {
            return;
        };
        match (fired.exited.binary_search_by(|known| known.as_str().cmp(rule)), has_exited) {
            (Err(index), true) => fired.exited.insert(index, rule.to_owned()),
            (Ok(index), false) => drop(fired.exited.remove(index)),
            (Ok(_), true) | (Err(_), false) => {}
        }
    }

    /// Whether a trigger enrols the customer, or why not, in the order of rules#reentry.
    pub(super) fn choose(&self, rule: &Rule, occurrence: &Occurrence) -> Result<(), Reason> {
        let policy = &self.book.policy;
        let is_late = occurrence.received_at > occurrence.at;
        if is_late && occurrence.received_at > self.later(occurrence.at, policy.max_trigger_age) {
            return Err(Reason::TooOld);
        }
        if let Some(filter) = &rule.filter {
            let purchase = occurrence
                .purchase_id
                .filter(|_| occurrence.kind == Some(EventKind::PurchaseCompleted));
            let until = Until { at: occurrence.at, purchase };
            let view = View { until, now: occurrence.at, event: occurrence.detail, ..self.view() };
            match self.verdict(filter, &view) {
                Verdict::Holds => {}
                Verdict::Fails => return Err(Reason::FilterFalse),
                Verdict::MissingValue => return Err(Reason::FilterMissingValue),
            }
        }
        if !self.may_enter(rule, occurrence.at) {
            return Err(Reason::Reentry);
        }
        self.held_out_of(rule).map_or(Ok(()), Err)
    }

    /// The control group that keeps a rule from the customer: that of all rules of the
    /// purpose first, then the rule's own (rules#global-holdout, rules#holdout).
    pub(super) fn held_out_of(&self, rule: &Rule) -> Option<Reason> {
        let (id, share) = (&self.customer.id, rule.holdout.0);
        let global = self.book.policy.global_holdout.as_ref();
        if global.is_some_and(|global| global.purpose == rule.purpose && global.has(id)) {
            return Some(Reason::GlobalHoldout);
        }
        let is_held_out = share > 0.0 && fraction(&format!("{}/{id}", rule.name)) < share;
        is_held_out.then_some(Reason::Holdout)
    }

    fn may_enter(&self, rule: &Rule, at: Instant) -> bool {
        let past = self.customer.past.get(&rule.name).map_or(&[][..], Vec::as_slice);
        match rule.reentry {
            Reentry::Always => true,
            Reentry::Once => past.is_empty(),
            Reentry::Cooldown(span) => past.iter().all(|before| {
                let (earlier, later) = (before.at.min(at), before.at.max(at));
                later >= self.later(earlier, span)
            }),
        }
    }

    /// Keeps in mind that the customer was enrolled, where the rule asks.
    pub(super) fn remember_enrolment(&mut self, rule: &Rule, occurrence: &Occurrence) {
        let is_calendar = !matches!(rule.trigger, Trigger::Event(_));
        if rule.reentry == Reentry::Always && !is_calendar {
            return;
        }
        let past = self.customer.past.entry(rule.name.clone()).or_default();
        let entry = PastEnrolment { at: occurrence.at, occurrence: occurrence.name.to_owned() };
        ordered::insert_once(past, entry);
        ordered::keep_latest(past, PAST_MAX);
    }

    /// Plans the first touch, or refuses it where too much is pending; tells
    /// whether no exit event that came before its trigger has ended it.
    pub(super) fn enrol(&mut self, rule: &Rule, occurrence: &Occurrence) -> bool {
        if self.is_crowded() {
            self.refuse(rule, occurrence, Reason::PendingLimit);
            return true;
        }
        self.remember_enrolment(rule, occurrence);
        let Some(step) = rule.steps.first() else {
            return false;
        };
        let base = Base { at: occurrence.at, is_day: occurrence.is_day };
        let due = self.due(step, base, occurrence.detail);
        let purchase_id = occurrence.purchase_id.cloned();
        let mut exits = self.customer.exits.iter();
        let exited = exits.any(|exit| self.ends_follow_up(exit, rule, occurrence));
        let enrolment = Enrolment {
            rule: rule.name.clone(),
            occurrence: occurrence.name.to_owned(),
            at: occurrence.at,
            kind: occurrence.kind,
            purchase_id,
            step: step.id.clone(),
            base: base.at,
            base_is_day: base.is_day,
            due,
            next: due,
            defers: Vec::new(),
            phase: Phase::Waiting,
            variant: None,
            resent: false,
            tries: Vec::new(),
            tries_before: Vec::new(),
            is_beside: false,
        };
        if exited {
            let reason = Some(Reason::Exited);
            self.record_end(&enrolment, step.channel, TouchStatus::Cancelled, self.now, reason);
            return false;
        }
        self.customer.insert_enrolment(enrolment);
        true
    }

    pub(super) fn channel_of(&self, enrolment: &Enrolment) -> Channel {
        self.book
            .rule(&enrolment.rule)
            .and_then(|rule| rule.step(&enrolment.step))
            .map_or(Channel::Task, |step| step.channel)
    }
}
