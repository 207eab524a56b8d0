//! Two ids turn out to be one person (events#customer-merged): what is known under
//! the one that goes is taken over by the one that stays.
//!
//! | state | taken over |
//! |---|---|
//! | profile, history, complaints, answers | together, as if all had been told of one |
//! | consents | kept apart: a *no* under either holds until a later *yes* |
//! | triggers, exits, enrolments, past, sends | together, each occurrence once |
//! | reports of calls | together: one may correct one of the other id |
//! | what is pending of a rule that holds the customer out | ends for `holdout`, or `global_holdout` |
//! | a touch on its way out | stays behind until it is settled |
//!
//! Events that come later under the id that went are those of the one that stays;
//! a word of consent from before still belongs to the id under which it was given.
//! So the order in which all this is told makes no difference.

use super::apply::{CONTACTS_MAX, take_back};
use super::bounds::{PENDING_MAX, TRIGGERS_MAX};
use super::{Decision, Effects, Turn};
use crate::customer::{Alias, Customer, Enrolment};
use crate::id::Id;
use crate::instant::Instant;
use crate::ordered;
use crate::rulebook::RuleBook;
use crate::stage::Entered;
use crate::touch::{TouchId, TouchStatus};

/// How many other ids of one person are known; more are refused.
pub const ALIASES_MAX: usize = 20;

/// Why two ids cannot become one now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeRefusal {
    /// The person would have more than [`ALIASES_MAX`] other ids.
    #[error(
        "one person can have {ALIASES_MAX} other ids at most: {why}",
        why = "look for a mapping that merges everybody into one id"
    )]
    TooManyIds,
    /// Together they have over [`PENDING_MAX`] pending touches or [`TRIGGERS_MAX`] triggers.
    #[error(
        "the two ids have more than {PENDING_MAX} touches pending in all: {why}",
        why = "redrive this when there are fewer"
    )]
    TooManyPending,
}

/// Whether two ids cannot become one now, and why.
pub fn merge_refusal(stays: &Customer, goes: &Customer) -> Option<MergeRefusal> {
    let is_over = |count: fn(&Customer) -> usize, most| count(stays) + count(goes) > most;
    if is_over(|customer| customer.merged.len(), ALIASES_MAX - 1) {
        return Some(MergeRefusal::TooManyIds);
    }
    let is_crowded = is_over(|customer| customer.enrolments.len(), PENDING_MAX)
        || is_over(|customer| customer.fired.len(), TRIGGERS_MAX);
    is_crowded.then_some(MergeRefusal::TooManyPending)
}

/// What follows from a merge: for the id that stays, and what is left of the one
/// that goes.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The new state of the id that stays, and what follows for it.
    pub stays: Decision,
    /// What is left under the id that goes: touches on their way out, and what they need.
    pub goes: Customer,
}

/// Takes over what is known under another id, as of the instant at which the two
/// were told to be one. `opens` says whether follow-ups are opened. Done again it
/// takes over what was left behind meanwhile.
pub fn merge(
    mut stays: Customer,
    goes: Customer,
    at: Instant,
    opens: bool,
    book: &RuleBook,
    now: Instant,
) -> Merge {
    let (taken, goes) = part(goes, &stays.id);
    let mut turn = Turn::new(&mut stays, book, now);
    turn.take_over(taken, at, opens);
    let Effects { records, sends, stages, escalations, complaints, asks } = turn.end();
    let stays = Decision { customer: stays, records, sends, stages, escalations, complaints, asks };
    Merge { stays, goes }
}

/// What can be taken over, and what stays behind: the touches that are on their way
/// out, with what they need.
fn part(mut goes: Customer, to: &Id) -> (Customer, Customer) {
    let mut left = Customer::new(goes.id.clone());
    left.merged_into = Some(to.clone());
    left.erased_at = goes.erased_at;
    left.unwritten = std::mem::take(&mut goes.unwritten);
    left.enrolments = goes.enrolments.extract_if(.., |e| e.is_sending()).collect();
    let is_needed = |e: &Enrolment, f: &crate::customer::TriggerEvent| {
        e.kind == Some(f.kind) && e.occurrence == f.occurrence
    };
    let needed = goes.fired.iter().filter(|f| left.enrolments.iter().any(|e| is_needed(e, f)));
    left.fired = needed.cloned().collect();
    (goes, left)
}

impl Turn<'_> {
    fn take_over(&mut self, other: Customer, at: Instant, opens: bool) {
        let erased_at = self.customer.erased_at.into_iter().chain(other.erased_at).min();
        let begun: Vec<TouchId> =
            other.enrolments.iter().map(|e| e.touch(&self.customer.id)).collect();
        self.customer.take_over(other, at);
        if let Some(at) = erased_at {
            // Whoever asked to be forgotten asked so under every id.
            self.erase(at);
            return;
        }
        self.move_to_zone();
        self.review_stages(None, opens);
        let exits = self.customer.exits.clone();
        self.end_what_exits(|turn, one| exits.iter().any(|exit| turn.ends(exit, one)));
        self.decide_again_if(|_| true);
        self.end_what_is_held_out(&begun);
        self.look_at_occasions_again(opens);
        self.plan_again();
        self.wait_anew();
    }

    /// Ends the follow-ups that were begun under the other id and that the customer is
    /// held out of: whoever is held out hears nothing, whichever id came first
    /// (rules#holdout). One that has not got beyond its first touch was held out as a
    /// whole; of another the rest is left out.
    fn end_what_is_held_out(&mut self, begun: &[TouchId]) {
        let book = self.book;
        let is_meant = |turn: &Self, e: &Enrolment| {
            begun.iter().any(|touch| e.is_at(touch))
                && book.rule(&e.rule).is_some_and(|rule| turn.held_out_of(rule).is_some())
        };
        let (ends, stay): (Vec<_>, Vec<_>) = std::mem::take(&mut self.customer.enrolments)
            .into_iter()
            .partition(|e| is_meant(self, e));
        self.customer.enrolments = stay;
        for enrolment in ends.iter().filter(|e| e.asked_at().is_none()) {
            let Some(rule) = book.rule(&enrolment.rule) else { continue };
            let Some(reason) = self.held_out_of(rule) else { continue };
            let is_whole = rule.steps.first().is_some_and(|step| step.id == enrolment.step);
            match is_whole {
                true => {
                    let (name, at) = (&enrolment.occurrence, enrolment.at);
                    self.record_refusal(rule, name, at, reason);
                }
                false => {
                    let channel = self.channel_of(enrolment);
                    let (status, at) = (TouchStatus::Skipped, self.now);
                    self.record_end(enrolment, channel, status, at, Some(reason));
                }
            }
        }
    }
}

impl Customer {
    /// Puts together what is known under two ids.
    fn take_over(&mut self, other: Customer, at: Instant) {
        let Customer { id, consents, merged, .. } = other;
        self.note_alias(Alias { id: id.clone(), at, consents });
        merged.into_iter().for_each(|alias| self.note_alias(alias));
        self.profile.merge(other.profile);
        self.history.merge(other.history);
        self.complaints.merge(other.complaints);
        self.csat.merge(other.csat);
        self.nps.merge(other.nps);
        for at in other.signals.positive_calls {
            self.signals.note_positive_call(at);
        }
        let positive = self.signals.positive_at.into_iter().chain(other.signals.positive_at);
        self.signals.positive_at = positive.min();
        for contact in other.signals.contacts {
            ordered::insert_once(&mut self.signals.contacts, contact);
        }
        for contact in other.contacts {
            ordered::insert_once(&mut self.contacts, contact);
        }
        ordered::keep_latest(&mut self.contacts, CONTACTS_MAX);
        self.suppressed.merge(other.suppressed);
        self.wrong_numbers.merge(other.wrong_numbers);
        self.reported.extend(other.reported);
        self.known_since = self.known_since.into_iter().chain(other.known_since).min();
        self.occasions_until = self.occasions_until.max(other.occasions_until);
        for mut fired in other.fired {
            fired.under.get_or_insert_with(|| id.clone());
            self.note_fired(fired);
        }
        for exit in other.exits {
            ordered::insert_once(&mut self.exits, exit);
        }
        other.enrolments.into_iter().for_each(|enrolment| self.take_enrolment(enrolment));
        other.asked_calls.into_iter().for_each(|call| self.keep_asked_call(call));
        for report in other.call_reports.iter() {
            let corrected = self.call_reports.take(report.clone());
            corrected.iter().for_each(|report| take_back(self, report));
        }
        for (rule, enrolments) in other.past {
            let past = self.past.entry(rule).or_default();
            enrolments.into_iter().for_each(|one| ordered::insert_once(past, one));
        }
        for sent in other.sends {
            ordered::insert(&mut self.sends, sent);
        }
        self.take_stages(other.stages);
    }

    fn note_alias(&mut self, alias: Alias) {
        if alias.id == self.id {
            return;
        }
        match self.merged.binary_search_by(|known| known.id.cmp(&alias.id)) {
            Ok(index) => {
                let known = &mut self.merged[index];
                known.at = known.at.min(alias.at);
                known.consents.merge(&alias.consents);
            }
            Err(index) => self.merged.insert(index, alias),
        }
    }

    /// Of two follow-ups of one occurrence the one that has got further goes on: the
    /// steps that it is past were sent or ended under its id.
    fn take_enrolment(&mut self, enrolment: Enrolment) {
        let same = |e: &Enrolment| {
            e.rule == enrolment.rule
                && e.kind == enrolment.kind
                && e.is_beside == enrolment.is_beside
                && e.occurrence == enrolment.occurrence
        };
        if let Some(known) = self.enrolments.iter_mut().find(|e| same(e)) {
            let is_further =
                (enrolment.base, enrolment.asked_at()) > (known.base, known.asked_at());
            if is_further && !known.is_sending() {
                *known = enrolment;
            }
            return;
        }
        self.insert_enrolment(enrolment);
    }

    fn take_stages(&mut self, stages: Vec<Entered>) {
        let known = |all: &[Entered], one: &Entered| {
            all.iter().any(|entered| (entered.stage, entered.at) == (one.stage, one.at))
        };
        for entered in stages {
            if !known(&self.stages, &entered) {
                self.stages.push(entered);
            }
        }
        self.stages.sort_by_key(|entered| entered.at);
    }
}
