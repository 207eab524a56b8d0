//! What is doubtful about proposed rules, though nothing in them is wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Action, Comparison, RuleChange};
use crate::channel::Purpose;
use crate::rule::Status;
use crate::rulebook::{Rule, RuleBook};
use crate::touch::{Reason, TouchRecord, TouchStatus};

/// From this share of a rule's touches on, caps starve it.
const STARVED_SHARE: f64 = 0.5;

/// What a rehearsal of the proposed rules saw of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Its touches, whatever became of them.
    pub touches: usize,
    /// Those that ended unsent after they had waited for a frequency cap.
    pub capped: usize,
}

/// What a rehearsal saw of each rule, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tallies(BTreeMap<String, Tally>);

impl Tallies {
    /// Counts the touches of a customer.
    pub fn take(&mut self, records: &[TouchRecord]) {
        for record in records {
            let rule = &record.touch.rule;
            let tally = match self.0.get_mut(rule) {
                Some(tally) => tally,
                None => self.0.entry(rule.clone()).or_default(),
            };
            tally.touches += 1;
            let has_ended = record.status == TouchStatus::Skipped;
            let has_waited = record.defers.iter().any(|defer| defer.reason == Reason::FrequencyCap);
            tally.capped += usize::from(has_ended && has_waited);
        }
    }

    /// Adds what was seen of other customers.
    pub fn add(&mut self, other: Tallies) {
        for (rule, tally) in other.0 {
            let sum = self.0.entry(rule).or_default();
            sum.touches += tally.touches;
            sum.capped += tally.capped;
        }
    }

    /// What was seen of a rule.
    pub fn of(&self, rule: &str) -> Tally {
        self.0.get(rule).copied().unwrap_or_default()
    }
}

/// Something doubtful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lint {
    /// A rule has another name: its touches are new ones, and its holdout is drawn
    /// anew. So many who got it would get it again.
    RenamedRule {
        /// Its name before.
        from: String,
        /// Its name now.
        to: String,
        /// How many touches of the history would go out under the new name too.
        again: usize,
    },
    /// The same of a step.
    RenamedStep {
        /// The rule.
        rule: String,
        /// The step's id before.
        from: String,
        /// Its id now.
        to: String,
        /// How many touches of the history would go out under the new id too.
        again: usize,
    },
    /// Live marketing rules that hold nobody out: what they bring is never known.
    NoHoldout {
        /// The rules.
        rules: Vec<String>,
    },
    /// Live rules to which nothing in the history gave rise.
    NeverFires {
        /// The rules.
        rules: Vec<String>,
    },
    /// Most touches of a rule end because a frequency cap was full.
    Starved {
        /// The rule.
        rule: String,
        /// How many touches ended so.
        capped: usize,
        /// Of how many.
        touches: usize,
    },
    /// Segments in which no customer of the history is.
    EmptySegments {
        /// The segments.
        segments: Vec<String>,
    },
    /// Two live marketing rules start at the same trigger and go by the same channel.
    Competing {
        /// The one that ranks higher.
        first: String,
        /// The other.
        second: String,
    },
    /// A rule's holdout gives no verdict on its goal within a year.
    NoVerdict {
        /// The rule.
        rule: String,
        /// How many customers it takes; `None` where nobody reached the goal.
        needed: Option<u64>,
        /// How many the rule enrols in a year, as in the history.
        a_year: u64,
    },
}

/// All that is doubtful: `changes` is what is written differently, `comparison` what
/// that does, and `tallies` what the rehearsal of the proposed rules saw.
pub fn lints(
    book: &RuleBook,
    changes: &[RuleChange],
    documents: (&BTreeMap<String, Value>, &BTreeMap<String, Value>),
    comparison: &Comparison,
    tallies: &Tallies,
) -> Vec<Lint> {
    let mut found = renamed_rules(changes, documents, comparison);
    found.extend(changes.iter().flat_map(|change| renamed_steps(change, comparison)));
    let live = book.rules().iter().filter(|rule| rule.status == Status::Live);
    let live: Vec<&Rule> = live.collect();
    let names = |has: &dyn Fn(&Rule) -> bool| -> Vec<String> {
        live.iter().filter(|rule| has(rule)).map(|rule| rule.name.clone()).collect()
    };
    let no_holdout = names(&|rule| rule.purpose == Purpose::Marketing && rule.holdout.0 == 0.0);
    let never = names(&|rule| tallies.of(&rule.name).touches == 0);
    found.extend((!no_holdout.is_empty()).then_some(Lint::NoHoldout { rules: no_holdout }));
    found.extend((!never.is_empty()).then_some(Lint::NeverFires { rules: never }));
    found.extend(live.iter().filter_map(|rule| {
        let Tally { touches, capped } = tallies.of(&rule.name);
        let is_starved = touches > 0 && capped as f64 >= STARVED_SHARE * touches as f64;
        is_starved.then(|| Lint::Starved { rule: rule.name.clone(), capped, touches })
    }));
    for (place, first) in live.iter().enumerate() {
        let others = live[place + 1..].iter().filter(|other| compete(first, other));
        found.extend(others.map(|other| {
            let mut pair = [first, other];
            pair.sort_by_key(|rule| (std::cmp::Reverse(rule.priority), &rule.name));
            let [first, second] = pair.map(|rule| rule.name.clone());
            Lint::Competing { first, second }
        }));
    }
    found
}

/// Whether two rules want the same customers at the same moment.
fn compete(one: &Rule, other: &Rule) -> bool {
    let first_channel = |rule: &Rule| rule.steps.first().map(|step| step.channel);
    one.purpose == Purpose::Marketing
        && other.purpose == Purpose::Marketing
        && one.trigger == other.trigger
        && first_channel(one) == first_channel(other)
}

/// Rules that are gone where another, new one says the same.
fn renamed_rules(
    changes: &[RuleChange],
    (before, after): (&BTreeMap<String, Value>, &BTreeMap<String, Value>),
    comparison: &Comparison,
) -> Vec<Lint> {
    let of = |action| changes.iter().filter(move |change| change.action == action);
    let mut found = Vec::new();
    for gone in of(Action::Delete) {
        let is_same = |new: &&RuleChange| {
            let written = [before.get(&gone.rule), after.get(&new.rule)].map(|it| it.map(content));
            written[0] == written[1]
        };
        if let Some(new) = of(Action::Create).find(is_same) {
            let (lost, gained) =
                (comparison.of(&gone.rule, None).lost, comparison.of(&new.rule, None).gained);
            found.push(Lint::RenamedRule {
                from: gone.rule.clone(),
                to: new.rule.clone(),
                again: lost.min(gained),
            });
        }
    }
    found
}

/// What a rule does, whatever it is called.
fn content(rule: &Value) -> Value {
    let mut rule = rule.clone();
    if let Value::Object(fields) = &mut rule {
        for name in ["rule", "title", "description"] {
            fields.remove(name);
        }
    }
    rule
}

/// Steps that are gone where another, new one of the same rule says the same.
fn renamed_steps(change: &RuleChange, comparison: &Comparison) -> Vec<Lint> {
    let step_of = |field: &str| field.strip_prefix("steps.").map(str::to_owned);
    let without_id = |step: &Value| {
        let mut step = step.clone();
        step.as_object_mut().map(|fields| fields.remove("id"));
        step
    };
    let steps = change.changes.iter().filter_map(|it| Some((step_of(&it.field)?, it)));
    let steps: Vec<_> = steps.filter(|(step, _)| !step.contains('.')).collect();
    let mut found = Vec::new();
    for (from, gone) in &steps {
        let (Some(before), None) = (&gone.before, &gone.after) else { continue };
        let same = steps.iter().find(|(_, new)| {
            new.before.is_none() && new.after.as_ref().map(without_id) == Some(without_id(before))
        });
        if let Some((to, _)) = same {
            let rule = change.rule.as_str();
            let lost = comparison.of(rule, Some(from)).lost;
            let gained = comparison.of(rule, Some(to)).gained;
            found.push(Lint::RenamedStep {
                rule: rule.to_owned(),
                from: from.clone(),
                to: to.clone(),
                again: lost.min(gained),
            });
        }
    }
    found
}
