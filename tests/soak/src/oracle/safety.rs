//! Nothing goes out that must not.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::Case;
use super::clock::{days_later, instant, is_open};
use super::flows::{CAP, CAP_DAYS, CAP_MARKETING, Flow, Step, flow_of};
use super::view::{Began, View};
use crate::fact::{Fact, For, Line};
use crate::seen::Gone;

/// A touch's parts.
pub struct Named<'a> {
    pub flow: &'static Flow,
    pub step: &'static Step,
    pub occurrence: &'a str,
}

/// What a touch id names; `None` where it names nothing of ours.
pub fn named<'a>(touch: &'a str, id: &str) -> Option<Named<'a>> {
    let parts: Vec<&str> = touch.split('/').collect();
    let [rule, customer, occurrence, step] = parts[..] else { return None };
    let (flow, step) = flow_of(rule, step).filter(|_| customer == id)?;
    Some(Named { flow, step, occurrence })
}

impl Case<'_> {
    pub(super) fn check_what_went_out(&mut self) {
        let gone = &self.observed.gone;
        for (index, one) in gone.iter().enumerate() {
            if gone[..index].iter().any(|before| before.touch == one.touch) {
                self.accuse(&one.touch, format!("went out twice, again at {}", when(one.at)));
                continue;
            }
            let Some(named) = named(&one.touch, self.id) else {
                self.accuse(&one.touch, "went out, and names nothing that there is");
                continue;
            };
            let trigger = self.trigger(&named);
            if trigger.is_none() && !named.flow.trigger.is_empty() {
                self.accuse(&one.touch, "went out, and nothing had started it");
                continue;
            }
            let wrong = View::both(self.facts_of(one.is_of_guest), one.at)
                .map(|view| self.wrong_with(view, index, one, &named, trigger));
            for why in wrong[0].iter().filter(|why| wrong[1].contains(why)) {
                self.accuse(&one.touch, format!("went out at {}, {why}", when(one.at)));
            }
        }
    }

    /// The event that started a touch, where one did that may be known.
    pub(super) fn trigger(&self, named: &Named) -> Option<&Fact> {
        self.facts
            .iter()
            .find(|fact| fact.kind() == Some(named.flow.trigger) && fact.key == named.occurrence)
    }

    /// What forbids a touch that went out.
    fn wrong_with(
        &self,
        view: View,
        index: usize,
        gone: &Gone,
        named: &Named,
        trigger: Option<&Fact>,
    ) -> Vec<&'static str> {
        let Named { flow, step, .. } = named;
        let mut wrong = Vec::new();
        let mut check = |is_wrong: bool, why: &'static str| {
            if is_wrong {
                wrong.push(why);
            }
        };
        let is_marketing = flow.purpose == For::Marketing;
        check(view.is_erased(), "after the customer was erased");
        match &gone.to {
            Some(to) => {
                check(
                    view.email() != Some(to.as_str()),
                    "to an address that is not the customer's",
                );
            }
            None => {
                check(step.line == Line::Call && !view.has_phone(), "without a number to call");
            }
        }
        check(view.is_suppressed(step.line), "to an address or a number that is not to be used");
        check(!view.consents(step.line, flow.purpose), "after a no, or without a yes");
        let is_denied = view.is_denied_by(self.kin, step.line, flow.purpose);
        check(is_denied, "after a no of the same address, under another id");
        let is_stopped = view.is_stopped_by(self.kin, step.line);
        check(is_stopped, "to an address that bounced or complained, under another id");
        let is_limited = step.line != Line::Email || is_marketing;
        check(view.is_transactional() && is_limited, "against the kind of relationship");
        check(flow.waits_for_complaints && view.is_paused(), "during a complaint's pause");
        check(self.around.is_paused(flow, gone.at), "while its sending was paused");
        let zone = view.zone();
        check(!is_open(step.line, view.country(), gone.at, &zone), "outside its window");
        check(flow.holds_out(self.id_of(gone.is_of_guest)), "to somebody who is held out");
        let is_kept_from = flow.is_kept_from(self.id_of(gone.is_of_guest));
        check(is_kept_from, "to somebody who gets no marketing, to compare with");
        check(!flow.draws(named.occurrence), "to somebody who was not drawn");
        let began = self.began(named.flow, named.occurrence, trigger, &zone);
        check(
            began.is_some_and(|began| view.has_exited(flow, began)),
            "after an event that ends it",
        );
        if let Some(trigger) = trigger {
            check(!flow.is_for(trigger), "against its filter");
            check(
                self.breaks_cooldown(index, flow, trigger, view),
                "before its rule may start again",
            );
        }
        if let Some(due) = self.due_of(&gone.touch) {
            check(gone.at < due, "before it was due");
            check(gone.at >= step.expires(due, &zone), "after it had expired");
        }
        check(self.is_full(view, index, is_marketing), "over a frequency cap");
        wrong
    }

    /// When what led to a touch began, where an event or a day did.
    pub(super) fn began<'a>(
        &self,
        flow: &Flow,
        occurrence: &str,
        trigger: Option<&'a Fact>,
        zone: &TimeZone,
    ) -> Option<Began<'a>> {
        match trigger {
            Some(trigger) => Some((trigger.occurred, trigger.purchase.as_deref())),
            None if flow.exit_on.is_empty() => None,
            None => Some((instant(occurrence.parse().ok()?, Time::midnight(), zone), None)),
        }
    }

    pub(super) fn due_of(&self, touch: &str) -> Option<i64> {
        let seen = self.observed.touches.get(touch).map(|seen| seen.due);
        seen.or_else(|| self.observed.pending.get(touch).map(|pending| pending.due))
    }

    /// Whether as many touches went out before one as may.
    fn is_full(&self, view: View, index: usize, is_marketing: bool) -> bool {
        let zone = view.zone();
        let is_of_guest = self.observed.gone[index].is_of_guest;
        let before = self.observed.gone[..index]
            .iter()
            .filter(|gone| gone.is_of_guest == is_of_guest)
            .filter(|gone| days_later(gone.at, CAP_DAYS, &zone) > view.at);
        let of_marketing = before.clone().filter(|gone| self.is_marketing(&gone.touch)).count();
        before.count() >= CAP || is_marketing && of_marketing >= CAP_MARKETING
    }

    pub(super) fn is_marketing(&self, touch: &str) -> bool {
        named(touch, self.id).is_some_and(|named| named.flow.purpose == For::Marketing)
    }

    /// Whether its rule was started by another trigger too short a time away.
    fn breaks_cooldown(&self, index: usize, flow: &Flow, trigger: &Fact, view: View) -> bool {
        let Some(days) = flow.cooldown_days else { return false };
        let zone = view.zone();
        self.observed.gone[..index].iter().any(|gone| {
            let Some(named) = named(&gone.touch, self.id) else { return false };
            let Some(other) = self.trigger(&named).filter(|_| named.flow.rule == flow.rule) else {
                return false;
            };
            let first = other.occurred.min(trigger.occurred);
            let last = other.occurred.max(trigger.occurred);
            other.key != trigger.key && days_later(first, days, &zone) > last
        })
    }
}

pub fn when(millis: i64) -> String {
    crate::happening::rfc3339(millis)
}
