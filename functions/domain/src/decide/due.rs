//! Whether a touch that fell due goes, waits or ends, and why (rules#eligibility).

use super::Turn;
use crate::address::Words;
use crate::calendar::Hours;
use crate::channel::{AddressField, Channel, Purpose};
use crate::complaint::Pause;
use crate::condition::Verdict;
use crate::customer::{Enrolment, Phase, SentTouch, TriggerEvent};
use crate::draw::fraction;
use crate::event::Detail;
use crate::instant::Instant;
use crate::ordered;
use crate::rule::{DuringComplaint, Trigger};
use crate::rulebook::{Rule, Step};
use crate::sending_pause::LOOK_AGAIN_MILLIS;
use crate::touch::{Defer, Reason, Send, TouchStatus};
use crate::view::View;

/// How many touches one turn sends: each has a fence, and some a call, that are
/// written together with the state.
const SENDS_AT_ONCE: usize = 20;

/// What is to become of a touch that fell due.
pub(super) enum Fate {
    Go,
    Wait { reason: Reason, until: Instant },
    End { reason: Reason, at: Instant },
}

/// What eligibility asks of the rule of a touch.
#[derive(Clone, Copy)]
pub(super) struct Gate {
    pub purpose: Purpose,
    pub is_live: bool,
    pub has_exited: bool,
    pub waits_for_complaints: bool,
}

impl Gate {
    /// That of a rule; of one that is no more, the stricter answer to each.
    pub fn of(rule: Option<&Rule>) -> Gate {
        Gate {
            purpose: rule.map_or(Purpose::Marketing, |rule| rule.purpose),
            is_live: rule.is_some_and(Rule::is_live),
            has_exited: false,
            waits_for_complaints: rule
                .is_none_or(|rule| rule.during_complaint == DuringComplaint::Wait),
        }
    }
}

impl<'a> Turn<'a> {
    /// Looks at occasions and sends what is due: as much as one transaction takes;
    /// what is left stays due.
    pub(super) fn on_due(&mut self) {
        self.look_at_the_calendar();
        self.escalate();
        while self.sends.len() < SENDS_AT_ONCE
            && let Some(enrolment) = self.take_first_due()
        {
            self.attempt(enrolment);
        }
    }

    pub(super) fn on_begin(&mut self) {
        self.pass_over_occasions();
        self.review_stages(None, false);
    }

    /// Looks at the calendar whether or not anything is expected of it: rules
    /// may be new since the last look.
    pub(super) fn on_calendar(&mut self) {
        if self.customer.erased_at.is_none() {
            self.review_stages(None, true);
            self.catch_up_on_occasions();
        }
    }

    /// Starts what the mere passing of days starts.
    pub(super) fn look_at_the_calendar(&mut self) {
        if self.customer.next_review.is_some_and(|next| next <= self.now) {
            self.review_stages(None, true);
        }
        self.fire_occasions();
    }

    /// Takes out the due touch that comes first.
    fn take_first_due(&mut self) -> Option<Enrolment> {
        let enrolments = &self.customer.enrolments;
        let is_due = |e: &Enrolment| !e.is_sending() && e.next <= self.now;
        let due = enrolments.iter().enumerate().filter(|(_, e)| is_due(e));
        let (index, _) = due.min_by(|(_, a), (_, b)| self.compare(a, b))?;
        Some(self.customer.enrolments.remove(index))
    }

    fn attempt(&mut self, enrolment: Enrolment) {
        if enrolment.asked_at().is_some() {
            return self.give_up_report(enrolment);
        }
        let status = TouchStatus::Skipped;
        let Some((rule, step)) = self.planned(&enrolment) else {
            let (reason, at) = (Some(Reason::RuleNotLive), self.now);
            return self.record_end(&enrolment, Channel::Task, status, at, reason);
        };
        match self.examine(&enrolment, rule, step) {
            Fate::Go => self.send(enrolment, rule, step),
            Fate::Wait { reason, until } => self.defer(enrolment, step, reason, until),
            Fate::End { reason, at } => {
                self.record_end(&enrolment, step.channel, status, at, Some(reason));
                self.go_on(enrolment, rule, at);
            }
        }
    }

    fn defer(&mut self, mut enrolment: Enrolment, step: &Step, reason: Reason, until: Instant) {
        let until = until.min(self.expires_at(enrolment.due, step));
        // Always forward, so that a pass over what is due ends.
        enrolment.next = until.max(self.now.plus_millis(1));
        enrolment.note_defer(Defer { at: self.now, reason, until });
        self.customer.insert_enrolment(enrolment);
    }

    fn send(&mut self, mut enrolment: Enrolment, rule: &Rule, step: &Step) {
        let version = self.book.version();
        enrolment.phase = Phase::sending(self.now, version);
        let (template, variant) = step.drawn(&rule.name, &self.customer.id, None);
        let template = template.map(str::to_owned);
        enrolment.variant = variant.map(Into::into);
        let send = Send {
            touch: enrolment.touch(&self.customer.id),
            channel: step.channel,
            purpose: rule.purpose,
            template,
            variant: enrolment.variant.clone(),
            assign_to: self.assignee(step, &enrolment.rule, &enrolment.occurrence),
            event: step.event.clone(),
            at: self.now,
            due: enrolment.due,
            enrolled_at: enrolment.enrolled_at(),
            expires_at: self.expires_at(enrolment.due, step),
            version,
        };
        self.sends.push(send);
        self.customer.insert_enrolment(enrolment);
        let (channel, purpose) = (step.channel, rule.purpose);
        self.count_sent(SentTouch { at: self.now, channel, purpose });
    }

    /// Counts a touch for the frequency caps.
    pub(super) fn count_sent(&mut self, sent: SentTouch) {
        ordered::insert(&mut self.customer.sends, sent);
    }

    /// Who acts (rules#assign-to).
    pub(super) fn assignee(&self, step: &Step, rule: &str, occurrence: &str) -> String {
        let policy = &self.book.policy;
        let relationship = self.customer.profile.relationship.latest();
        let by_type = relationship
            .and_then(|kind| policy.relationships.get(kind.as_str()))
            .and_then(|allowed| allowed.call_by.as_deref());
        let person = match step.assign_to.as_deref().or(by_type) {
            None => None,
            Some("account_manager") => {
                self.customer.profile.account_manager.latest().map(|l| l.as_str().to_owned())
            }
            Some("sold_by") => self.trigger_named(rule, occurrence).and_then(|fired| {
                let detail: serde_json::Value = serde_json::from_str(&fired.detail.0).ok()?;
                detail.get("sold_by")?.as_str().map(str::to_owned)
            }),
            Some(team) => Some(team.to_owned()),
        };
        person.unwrap_or_else(|| policy.call_team.clone())
    }

    /// The event that started an enrolment of a rule, where one did.
    fn trigger_named(&self, rule: &str, occurrence: &str) -> Option<&TriggerEvent> {
        let Trigger::Event(kind) = self.book.rule(rule)?.trigger else { return None };
        self.customer.fired.iter().find(|f| f.kind == kind && f.occurrence == occurrence)
    }

    /// The eligibility of rules#eligibility: the first that fails is the reason.
    fn examine(&self, enrolment: &Enrolment, rule: &Rule, step: &Step) -> Fate {
        let expires_at = self.expires_at(enrolment.due, step);
        if let Some(fate) = self.kept_back(Gate::of(Some(rule)), step.channel, expires_at) {
            return fate;
        }
        if let Some(reason) = self.condition_fails(enrolment, step) {
            return Fate::End { reason, at: self.now };
        }
        if self.book.is_paused(rule) {
            let until = self.now.plus_millis(LOOK_AGAIN_MILLIS).min(expires_at);
            return Fate::Wait { reason: Reason::SendingPaused, until };
        }
        if let Some(fate) = self.rests(step.channel, expires_at) {
            return fate;
        }
        match self.capped_until(enrolment, rule, step) {
            None => Fate::Go,
            Some(until) => Fate::Wait { reason: Reason::FrequencyCap, until },
        }
    }

    /// What keeps a touch back whatever its step says, up to an open complaint: asked when
    /// it is sent, and of a call again when somebody is about to make it.
    pub(super) fn kept_back(
        &self,
        gate: Gate,
        channel: Channel,
        expires_at: Instant,
    ) -> Option<Fate> {
        if let Some(reason) = self.forbidden(gate, channel) {
            return Some(Fate::End { reason, at: self.now });
        }
        if self.now >= expires_at {
            return Some(Fate::End { reason: Reason::Expired, at: expires_at });
        }
        let until = match self.pause() {
            _ if !gate.waits_for_complaints => return None,
            Pause::None => return None,
            Pause::Until(until) => until,
            Pause::Open => expires_at,
        };
        Some(Fate::Wait { reason: Reason::ComplaintOpen, until })
    }

    /// Whether a channel rests now, and until when.
    pub(super) fn rests(&self, channel: Channel, expires_at: Instant) -> Option<Fate> {
        let opening = self.opening(self.now, channel);
        let until = opening.unwrap_or(expires_at);
        (opening != Some(self.now)).then_some(Fate::Wait { reason: Reason::QuietHours, until })
    }

    /// What ends a touch, whenever it is tried.
    pub(super) fn forbidden(&self, gate: Gate, channel: Channel) -> Option<Reason> {
        let customer = &self.customer;
        let policy = &self.book.policy;
        let profile = &customer.profile;
        let address = channel.address();
        let has_address = match address {
            Some(AddressField::Email) => profile.email.latest().is_some(),
            Some(AddressField::Phone) => profile.phone.latest().is_some(),
            None => true,
        };
        let purpose = gate.purpose;
        let relationship = profile.relationship.latest();
        let allowed = relationship
            .and_then(|kind| policy.relationships.get(kind.as_str()))
            .is_none_or(|kind| kind.allows(channel, purpose));
        let words = self.heard(channel);
        let is_suppressed = match address {
            Some(AddressField::Email) => {
                let email = profile.email.latest();
                email.is_some_and(|email| customer.suppressed.covers(email.as_str()))
            }
            Some(AddressField::Phone) => {
                let phone = profile.phone.latest();
                phone.is_some_and(|phone| customer.wrong_numbers.covers(phone.as_str()))
            }
            None => false,
        };
        if customer.erased_at.is_some() {
            Some(Reason::Erased)
        } else if !has_address {
            Some(Reason::NoAddress)
        } else if is_suppressed || words.is_some_and(|words| words.stop().is_some()) {
            Some(Reason::Suppressed)
        } else if !customer.allows(channel, purpose, policy.marketing_consent)
            || words.is_some_and(|words| words.no(purpose).is_some())
        {
            Some(Reason::NoConsent)
        } else if !allowed {
            Some(Reason::Relationship)
        } else if !gate.is_live {
            Some(Reason::RuleNotLive)
        } else if gate.has_exited {
            Some(Reason::Exited)
        } else {
            None
        }
    }

    /// What was said of the address that a channel needs, under whatever id
    /// (events#no-for-an-address). Where nobody has looked, it is asked for.
    fn heard(&self, channel: Channel) -> Option<&Words> {
        let (customer, mut asks) = (&self.customer, self.asks.get());
        let words = match channel.address() {
            _ if customer.erased_at.is_some() => None,
            Some(AddressField::Email) => {
                let words = customer.heard.email.as_deref();
                asks.email |= words.is_none() && customer.profile.email.latest().is_some();
                words
            }
            Some(AddressField::Phone) => {
                let words = customer.heard.phone.as_deref();
                asks.phone |= words.is_none() && customer.profile.phone.latest().is_some();
                words
            }
            None => None,
        };
        self.asks.set(asks);
        words
    }

    /// Why what the step itself asks for does not hold: its `if`, the day that
    /// was promised, and being drawn for its survey.
    pub(super) fn condition_fails(&self, enrolment: &Enrolment, step: &Step) -> Option<Reason> {
        self.if_fails(enrolment, step).or_else(|| self.is_unpromised(enrolment, step)).or_else(
            || {
                let sample = step.survey.as_ref()?.sample;
                let drawn = fraction(&format!("{}/{}", enrolment.rule, enrolment.occurrence));
                (drawn >= sample.0).then_some(Reason::NotSampled)
            },
        )
    }

    /// What the trigger of an enrolment told, where an event triggered it.
    pub(super) fn detail_of(&self, enrolment: &Enrolment) -> Option<&Detail> {
        self.customer.trigger_of(enrolment).map(|fired| &fired.detail)
    }

    /// A step for a day of which the trigger tells nothing.
    fn is_unpromised(&self, enrolment: &Enrolment, step: &Step) -> Option<Reason> {
        let told = step.on?.of(self.detail_of(enrolment)?);
        self.met.take();
        told.is_none().then_some(Reason::FilterMissingValue)
    }

    /// Why a step's `if` does not hold, where it has one and does not.
    fn if_fails(&self, enrolment: &Enrolment, step: &Step) -> Option<Reason> {
        let condition = step.condition.as_ref()?;
        let view = View { event: self.detail_of(enrolment), ..self.view() };
        match self.verdict(condition, &view) {
            Verdict::Holds => None,
            Verdict::Fails => Some(Reason::IfFalse),
            Verdict::MissingValue => Some(Reason::FilterMissingValue),
        }
    }

    /// The first instant from `from` on at which the channel may be used;
    /// `None` where its window never opens.
    pub(super) fn opening(&self, from: Instant, channel: Channel) -> Option<Instant> {
        let policy = &self.book.policy;
        let country = self.customer.profile.country.latest();
        let local = country.and_then(|country| policy.by_country.get(country.as_str()));
        let hours = Hours {
            windows: [policy.windows.get(&channel), local.and_then(|c| c.get(&channel))],
            closed: channel.rests_on_closed_days().then_some(&policy.closed_days),
        };
        hours.next_opening(from, &self.zone)
    }

    /// Until when an open complaint or a bad answer keeps touches back.
    pub(super) fn pause(&self) -> Pause {
        self.customer.complaints.pause(self.now, &self.zone, &self.book.policy)
    }

    /// The rule and the step of a pending touch, where the book still has them.
    pub(super) fn planned(&self, enrolment: &Enrolment) -> Option<(&'a Rule, &'a Step)> {
        self.book.step(&enrolment.rule, &enrolment.step)
    }
}
