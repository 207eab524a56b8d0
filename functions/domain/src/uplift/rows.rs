//! What is counted: of each rule a row a customer, by the first enrolment in the
//! window, and what became of the touches.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::prelude::ToPrimitive;

use super::person::{Drawn, Enrolled, Person};
use super::rates::Arm;
use super::report::EVERY_RULE;
use super::revenue::Spending;
use crate::calendar;
use crate::channel::Purpose;
use crate::event::EventKind;
use crate::instant::Instant;
use crate::policy::GlobalHoldout;
use crate::rule::Goal;
use crate::rulebook::{Rule, RuleBook};
use crate::span::Span;
use crate::touch::{Reason, TouchStatus};

/// Which enrolments are counted, and as of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From this trigger's instant on.
    pub from: Instant,
    /// Up to this one.
    pub until: Instant,
    /// What is known by then counts: what customers did after `until` too.
    pub as_of: Instant,
}

impl Window {
    fn holds(&self, at: Instant) -> bool {
        self.from <= at && at <= self.until
    }
}

/// What is measured: a goal, and the share that is held out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Aim {
    pub goal: Option<Goal>,
    pub holdout: f64,
}

impl Aim {
    pub fn of(rule: &Rule) -> Aim {
        Aim { goal: rule.goal, holdout: rule.holdout.0 }
    }

    /// What all rules of a purpose are measured by, where the policy holds somebody out of
    /// all of them: purchases, in the longest time that any of them has for them.
    pub fn of_all(book: &RuleBook) -> Option<(Purpose, Aim)> {
        let GlobalHoldout { share, purpose, .. } = book.policy.global_holdout.as_ref()?;
        let of_purpose = book.rules().iter().filter(|rule| rule.purpose == *purpose);
        let event = EventKind::PurchaseCompleted;
        let goals = of_purpose.filter_map(|rule| rule.goal).filter(|goal| goal.event == event);
        let longest = goals.max_by_key(|goal| goal.within.millis_at_most());
        let goal = longest.unwrap_or(Goal { event, within: Span::days(90) });
        (share.0 > 0.0).then_some((*purpose, Aim { goal: Some(goal), holdout: share.0 }))
    }
}

/// A customer in one arm of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The trigger's instant of the first enrolment in the window.
    pub at: Instant,
    /// When the time for the goal is over.
    pub complete_at: Instant,
    pub is_held_out: bool,
    pub has_converted: bool,
    /// What was bought within that time.
    pub spent: f64,
    /// By step, the variant that the customer was to get.
    pub variants: Vec<(Box<str>, Box<str>)>,
}

impl Row {
    fn order(&self, other: &Row) -> std::cmp::Ordering {
        let key = |row: &Row| (row.at, row.complete_at, row.is_held_out, row.has_converted);
        key(self)
            .cmp(&key(other))
            .then(self.spent.total_cmp(&other.spent))
            .then(self.variants.cmp(&other.variants))
    }
}

/// What is counted of one rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    pub rows: Vec<Row>,
    /// Customers who are held out of every rule of the purpose.
    pub held_out_of_all: u64,
    /// Customers to whom something was sent.
    pub reached: u64,
    pub sent: u64,
    pub pending: u64,
    pub not_sent: BTreeMap<Reason, u64>,
    pub delivered: u64,
    pub bounced: u64,
    pub complained: u64,
    /// Whether the mail service told anything of any mail.
    pub is_heard_of: bool,
}

impl Counted {
    fn add(&mut self, other: Counted) {
        self.rows.extend(other.rows);
        self.held_out_of_all += other.held_out_of_all;
        self.reached += other.reached;
        self.sent += other.sent;
        self.pending += other.pending;
        for (reason, count) in other.not_sent {
            *self.not_sent.entry(reason).or_default() += count;
        }
        self.delivered += other.delivered;
        self.bounced += other.bounced;
        self.complained += other.complained;
        self.is_heard_of |= other.is_heard_of;
    }

    fn touches(&mut self, enrolments: &[&Enrolled]) {
        let mut was_reached = false;
        for touch in enrolments.iter().flat_map(|enrolled| &enrolled.touches) {
            match touch.status {
                TouchStatus::Sent => {
                    self.sent += 1;
                    was_reached = true;
                }
                TouchStatus::Pending => self.pending += 1,
                TouchStatus::HeldOut => {}
                TouchStatus::Skipped | TouchStatus::Cancelled => {
                    let reasons = touch.reason.into_iter();
                    reasons.for_each(|reason| *self.not_sent.entry(reason).or_default() += 1);
                }
            }
            self.delivered += u64::from(touch.heard.delivered);
            self.bounced += u64::from(touch.heard.bounced);
            self.complained += u64::from(touch.heard.complained);
            self.is_heard_of |= touch.heard.is_any();
        }
        self.reached += u64::from(was_reached);
    }
}

/// A count under way: people are added one by one, in any order.
#[derive(Clone, Debug)]
pub struct Measuring<'a> {
    pub(super) book: &'a RuleBook,
    pub(super) window: Window,
    /// What all rules of a purpose are measured by together.
    pub(super) of_all: Option<(Purpose, Aim)>,
    rules: BTreeMap<String, Counted>,
}

impl<'a> Measuring<'a> {
    /// Of whom nobody is counted yet.
    pub fn new(book: &'a RuleBook, window: Window) -> Measuring<'a> {
        Measuring { book, window, of_all: Aim::of_all(book), rules: BTreeMap::new() }
    }

    /// Counts one person: once a rule, in one arm.
    pub fn take(&mut self, person: &Person) {
        let mut enrolments = person.enrolments();
        enrolments.retain(|enrolled| self.window.holds(enrolled.at));
        self.take_of_all(person, &enrolments);
        for of_rule in enrolments.chunk_by(|a, b| a.rule == b.rule) {
            let name = of_rule[0].rule;
            let rule = self.book.rule(name);
            let counted = counted_in(&mut self.rules, name);
            let of_rule: Vec<&Enrolled> = of_rule.iter().collect();
            if of_rule[0].drawn == Drawn::HeldOutOfAll {
                counted.held_out_of_all += 1;
                continue;
            }
            let goal = rule.and_then(|rule| rule.goal);
            let is_held_out = of_rule[0].drawn == Drawn::HeldOut;
            counted.rows.push(row(person, &of_rule, (goal, is_held_out), self.book));
            counted.touches(&of_rule);
        }
    }

    /// Counts a person once for all rules of the purpose: those held out of all of them,
    /// against everybody else, whatever single rules hold out.
    fn take_of_all(&mut self, person: &Person, enrolments: &[Enrolled]) {
        let Some((purpose, aim)) = self.of_all else { return };
        let is_of_it = |enrolled: &&Enrolled| {
            self.book.rule(enrolled.rule).is_some_and(|rule| rule.purpose == purpose)
        };
        let mut all: Vec<&Enrolled> = enrolments.iter().filter(is_of_it).collect();
        all.sort_by_key(|enrolled| enrolled.at);
        let Some(first) = all.first() else { return };
        let is_held_out = first.drawn == Drawn::HeldOutOfAll;
        let mut row = row(person, &all, (aim.goal, is_held_out), self.book);
        row.variants.clear();
        let counted = counted_in(&mut self.rules, EVERY_RULE);
        counted.rows.push(row);
        counted.touches(&all);
    }

    /// Adds what was counted of other people.
    pub fn add(&mut self, other: Measuring<'a>) {
        for (rule, counted) in other.rules {
            self.rules.entry(rule).or_default().add(counted);
        }
    }

    /// What was counted of a rule, in an order that does not depend on who came first.
    pub(super) fn counted(&mut self, rule: &str) -> Counted {
        let mut counted = self.rules.remove(rule).unwrap_or_default();
        counted.rows.sort_by(Row::order);
        counted
    }
}

fn counted_in<'c>(rules: &'c mut BTreeMap<String, Counted>, name: &str) -> &'c mut Counted {
    if !rules.contains_key(name) {
        rules.insert(name.to_owned(), Counted::default());
    }
    rules.entry(name.to_owned()).or_default()
}

/// A person in an arm, by the first of these enrolments.
fn row(
    person: &Person,
    of_rule: &[&Enrolled],
    (goal, is_held_out): (Option<Goal>, bool),
    book: &RuleBook,
) -> Row {
    let first = of_rule[0];
    let within =
        |goal: Goal| calendar::later(first.at, goal.within, &person.zone, &book.policy.closed_days);
    let complete_at = goal.map_or(first.at, within);
    let (has_converted, spent) =
        goal.map_or((false, 0.0), |goal| reached(person, goal.event, (first.at, complete_at)));
    let mut variants: Vec<(Box<str>, Box<str>)> = of_rule
        .iter()
        .flat_map(|enrolled| &enrolled.touches)
        .filter_map(|touch| Some((touch.step.into(), touch.variant?.into())))
        .collect();
    variants.sort();
    variants.dedup();
    Row { at: first.at, complete_at, is_held_out, has_converted, spent, variants }
}

/// Whether a person reached a goal after an instant and up to another, and what they
/// bought by it.
fn reached(person: &Person, kind: EventKind, (after, until): (Instant, Instant)) -> (bool, f64) {
    let done = person
        .events
        .iter()
        .filter(|event| event.kind == kind && after < event.at && event.at <= until);
    let mut has_converted = false;
    let mut spent = rust_decimal::Decimal::ZERO;
    for event in done {
        has_converted = true;
        if let Some((total, currency)) = event.total
            && Some(currency) == person.currency
        {
            spent += total;
        }
    }
    (has_converted, spent.to_f64().unwrap_or_default())
}

/// An arm's customers, and what they spent.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub arm: Arm,
    pub spending: Spending,
}

impl Side {
    pub fn of<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Side {
        let mut side = Side::default();
        for row in rows {
            side.arm.customers += 1;
            side.arm.converted += u64::from(row.has_converted);
            if row.spent > 0.0 {
                side.spending.add(row.spent);
            }
        }
        side.spending.customers = side.arm.customers;
        side
    }

    /// Both arms: the treated, and those held out.
    pub fn both<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> [Side; 2] {
        [false, true]
            .map(|is_held_out| Side::of(rows.clone().filter(|row| row.is_held_out == is_held_out)))
    }
}

/// The Monday of the week of an instant.
pub(super) fn week_of(at: Instant, zone: &TimeZone) -> jiff::civil::Date {
    let date = at.date_in(zone);
    let back = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
}
