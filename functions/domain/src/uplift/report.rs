//! What is told of each rule: what became of its enrolments, and what it brought.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::Level;
use super::between::variants;
use super::rates::{Arm, Difference, difference};
use super::revenue::{RevenueRatio, revenue_ratio};
use super::rows::{Aim, Measuring, Row, Side, week_of};
use super::sample_ratio::sample_ratio_p;
use super::verdict::{self, Due, Verdict};
use crate::event::EventKind;
use crate::money::Currency;
use crate::rulebook::Rule;
use crate::touch::Reason;

/// The name under which all rules of a purpose are measured by a global holdout.
pub const EVERY_RULE: &str = "*";

/// Below this the arms did not come out as they were drawn.
const SAMPLE_RATIO_P_MIN: f64 = 0.001;

/// What is told of one rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// Its name.
    #[serde(skip)]
    pub rule: String,
    /// Customers who passed its filter in the window, in both arms.
    pub enrolled: u64,
    /// Those of them who are held out.
    pub held_out: u64,
    /// Customers who passed its filter too, and are held out of all rules: they are in
    /// neither arm.
    pub held_out_of_all: u64,
    /// Customers to whom something was sent.
    pub reached: u64,
    /// Touches that were sent.
    pub sent: u64,
    /// Touches that are still to come.
    pub pending: u64,
    /// Touches that ended unsent, by their reason.
    pub not_sent: BTreeMap<Reason, u64>,
    /// Mails that the other side took; `None` where nothing was heard of any.
    pub delivered: Option<u64>,
    /// Mails that came back.
    pub bounced: Option<u64>,
    /// Mails that somebody called spam.
    pub complained: Option<u64>,
    /// What the variants of its steps brought, by step and name.
    pub variants: Vec<VariantReport>,
    /// What the rule brought.
    pub goal: GoalReport,
    /// Week by week of the shop's calendar, as customers were enrolled.
    pub trend: Vec<Week>,
}

/// The customers of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ArmReport {
    /// Each once.
    pub customers: u64,
    /// Those who reached the goal; `None` where the rule has none.
    pub converted: Option<u64>,
    /// What they bought by it; `None` where the goal is no purchase.
    pub revenue: Option<f64>,
}

/// Two arms held against each other. `None` where there is nothing to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// The rate of the treated less that of those held out, as counted.
    pub difference: Option<f64>,
    /// The interval's lower limit.
    pub low: Option<f64>,
    /// Its upper limit.
    pub high: Option<f64>,
    /// How sure it is.
    pub level: Option<f64>,
    /// How probable arms are that are as far off what was drawn.
    pub sample_ratio_p: Option<f64>,
}

/// Revenue per customer of the treated by that of those held out; `None` where it is
/// too early to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RevenueReport {
    /// As counted: 1 is no difference.
    pub revenue_ratio: Option<f64>,
    /// The interval's lower limit.
    pub revenue_low: Option<f64>,
    /// Its upper limit.
    pub revenue_high: Option<f64>,
}

/// What a rule brought, by its goal.
#[derive(Clone, Debug, Serialize)]
pub struct GoalReport {
    /// The goal's event; `None` where the rule has no goal.
    pub event: Option<EventKind>,
    /// The time for it, as the rule says it.
    pub within: Option<String>,
    /// In which currency revenue is, where the policy names one.
    pub currency: Option<Currency>,
    /// The share that is held out.
    pub holdout: f64,
    /// Those whom the rule was for.
    pub treated: ArmReport,
    /// Those who got nothing of it, to compare with.
    pub held_out: ArmReport,
    /// Their rates.
    #[serde(flatten)]
    pub rates: Comparison,
    /// What may be said.
    pub verdict: Verdict,
    /// The day of the verdict by the shop's calendar, as foreseen where it has not come.
    pub verdict_on: Option<Date>,
    /// How many customers it takes.
    pub customers_needed: Option<u64>,
    /// By whom it was decided, once its day has come.
    pub decided_by: Option<Decided>,
    /// Their revenue.
    #[serde(flatten)]
    pub revenue: RevenueReport,
}

/// The customers who had their whole time for the goal on the verdict's day: they
/// decide it for good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Decided {
    /// Those whom the rule was for.
    pub treated: ArmReport,
    /// Those held out.
    pub held_out: ArmReport,
    /// As in a comparison, at 95 %.
    pub difference: f64,
    /// The interval's lower limit.
    pub low: f64,
    /// Its upper limit.
    pub high: f64,
}

/// What a variant of a step brought, against the first of them.
#[derive(Clone, Debug, Serialize)]
pub struct VariantReport {
    /// The step.
    pub step: String,
    /// The variant's name.
    pub variant: String,
    /// Those who were to get it.
    #[serde(flatten)]
    pub arm: ArmReport,
    /// The variant that it is held against; `None` of the first.
    pub against: Option<String>,
    /// Its rate less that of the other.
    #[serde(flatten)]
    pub rates: Comparison,
    /// Its revenue by that of the other.
    #[serde(flatten)]
    pub revenue: RevenueReport,
}

/// The customers who were enrolled in a week, and how it stood at its end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub week: Date,
    /// Of this week's customers those whom the rule was for.
    pub treated: ArmReport,
    /// Of this week's customers those held out.
    pub held_out: ArmReport,
    /// Of all customers so far, with an interval at 99.8 %.
    pub so_far: Comparison,
}

impl Measuring<'_> {
    /// What is told of each rule, in the order of their names, and before them of all of
    /// them together where the policy has a global holdout; of one alone where `only`
    /// names it.
    pub fn reports(mut self, only: Option<&str>) -> Vec<RuleReport> {
        let book = self.book;
        let rules = book.rules().iter().filter(|rule| only.is_none_or(|only| only == rule.name));
        let together = self.of_all.filter(|_| only.is_none_or(|only| only == EVERY_RULE));
        let together = together.map(|(_, aim)| (EVERY_RULE, aim, None));
        let each = rules.map(|rule| (rule.name.as_str(), Aim::of(rule), Some(rule)));
        let all = together.into_iter().chain(each);
        all.map(|(name, aim, rule)| self.report(name, aim, rule)).collect()
    }

    fn report(&mut self, name: &str, aim: Aim, rule: Option<&Rule>) -> RuleReport {
        let counted = self.counted(name);
        let told = |count: u64| counted.is_heard_of.then_some(count);
        let (goal, level) = self.goal(aim, &counted.rows);
        RuleReport {
            rule: name.to_owned(),
            enrolled: goal.treated.customers + goal.held_out.customers,
            held_out: goal.held_out.customers,
            held_out_of_all: counted.held_out_of_all,
            reached: counted.reached,
            sent: counted.sent,
            pending: counted.pending,
            delivered: told(counted.delivered),
            bounced: told(counted.bounced),
            complained: told(counted.complained),
            variants: variants((aim, rule), &counted, level),
            trend: self.trend(aim, &counted.rows),
            goal,
            not_sent: counted.not_sent,
        }
    }

    fn goal(&self, aim: Aim, rows: &[Row]) -> (GoalReport, Level) {
        let [treated, held_out] = Side::both(rows.iter());
        let share = aim.holdout;
        let is_measured = aim.goal.is_some() && share > 0.0;
        let policy = &self.book.policy;
        let zone = &self.book.default_zone;
        let due = match is_measured {
            true => verdict::due(rows, (share, policy.smallest_effect.0), self.window, zone),
            false => Due { needed: None, on: None, decided_at: None },
        };
        let level = if due.decided_at.is_some() { Level::VERDICT } else { Level::PROGRESS };
        let mut rates = Comparison::default();
        let mut revenue = RevenueReport::default();
        if is_measured {
            rates = Comparison::of([&treated, &held_out], level);
            let customers = treated.arm.customers + held_out.arm.customers;
            let p = sample_ratio_p(held_out.arm.customers, customers, share);
            rates.sample_ratio_p = (customers > 0).then_some(p);
            revenue = RevenueReport::of([&treated, &held_out], level);
        }
        let decided_by = due.decided_at.and_then(|at| {
            let those = rows.iter().filter(|row| row.complete_at <= at);
            Decided::by(Side::both(those), aim)
        });
        let goal = GoalReport {
            event: aim.goal.map(|goal| goal.event),
            within: aim.goal.map(|goal| goal.within.to_string()),
            currency: policy.currency,
            holdout: share,
            treated: ArmReport::of(&treated, aim),
            held_out: ArmReport::of(&held_out, aim),
            verdict: say(is_measured, &rates, decided_by.as_ref()),
            rates,
            verdict_on: due.on,
            customers_needed: due.needed,
            decided_by,
            revenue,
        };
        (goal, level)
    }

    fn trend(&self, aim: Aim, rows: &[Row]) -> Vec<Week> {
        let zone = &self.book.default_zone;
        let mut weeks: Vec<Week> = Vec::new();
        let mut so_far = [Side::default(), Side::default()];
        for of_week in rows.chunk_by(|a, b| week_of(a.at, zone) == week_of(b.at, zone)) {
            let sides = Side::both(of_week.iter());
            for (sum, side) in so_far.iter_mut().zip(&sides) {
                sum.arm.customers += side.arm.customers;
                sum.arm.converted += side.arm.converted;
            }
            let [treated, held_out] = sides.map(|side| ArmReport::of(&side, aim));
            let has_goal = aim.goal.is_some();
            let so_far = match has_goal {
                true => Comparison::of([&so_far[0], &so_far[1]], Level::PROGRESS),
                false => Comparison::default(),
            };
            weeks.push(Week { week: week_of(of_week[0].at, zone), treated, held_out, so_far });
        }
        weeks
    }
}

/// What may be said of the effect.
fn say(is_measured: bool, rates: &Comparison, decided: Option<&Decided>) -> Verdict {
    if !is_measured {
        return Verdict::None;
    }
    if rates.sample_ratio_p.is_some_and(|p| p < SAMPLE_RATIO_P_MIN) {
        return Verdict::Withheld;
    }
    match decided {
        None => Verdict::TooEarly,
        Some(decided) if decided.low > 0.0 || decided.high < 0.0 => Verdict::Effect,
        Some(_) => Verdict::NoEffectSeen,
    }
}

impl ArmReport {
    pub(super) fn of(side: &Side, aim: Aim) -> ArmReport {
        let Arm { customers, converted } = side.arm;
        let is_purchase = |goal| goal == EventKind::PurchaseCompleted;
        let event = aim.goal.map(|goal| goal.event);
        // To the cent, as amounts are told.
        let revenue = (side.spending.total() * 100.0).round() / 100.0;
        ArmReport {
            customers,
            converted: event.map(|_| converted),
            revenue: event.is_some_and(is_purchase).then_some(revenue),
        }
    }

    /// As the statistics take it.
    pub fn counts(&self) -> Arm {
        Arm { customers: self.customers, converted: self.converted.unwrap_or_default() }
    }
}

impl Comparison {
    pub(super) fn of([treated, held_out]: [&Side; 2], level: Level) -> Comparison {
        let found = difference(treated.arm, held_out.arm, level);
        Comparison {
            difference: found.map(|found| found.difference),
            low: found.map(|found| found.low),
            high: found.map(|found| found.high),
            level: Some(level.get()),
            sample_ratio_p: None,
        }
    }

    /// The difference with its interval, where there is one.
    pub fn interval(&self) -> Option<Difference> {
        Some(Difference { difference: self.difference?, low: self.low?, high: self.high? })
    }
}

impl RevenueReport {
    pub(super) fn of([treated, held_out]: [&Side; 2], level: Level) -> RevenueReport {
        let found = revenue_ratio(&treated.spending, &held_out.spending, level);
        RevenueReport {
            revenue_ratio: found.map(|found| found.ratio),
            revenue_low: found.map(|found| found.low),
            revenue_high: found.map(|found| found.high),
        }
    }

    /// The ratio with its interval, where there is one.
    pub fn interval(&self) -> Option<RevenueRatio> {
        let (ratio, low, high) = (self.revenue_ratio?, self.revenue_low?, self.revenue_high?);
        Some(RevenueRatio { ratio, low, high })
    }
}

impl Decided {
    fn by([treated, held_out]: [Side; 2], aim: Aim) -> Option<Decided> {
        let found = difference(treated.arm, held_out.arm, Level::VERDICT)?;
        let Difference { difference, low, high } = found;
        let [treated, held_out] = [treated, held_out].map(|side| ArmReport::of(&side, aim));
        Some(Decided { treated, held_out, difference, low, high })
    }
}
