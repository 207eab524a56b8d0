//! Which rules hold out too few customers for a verdict within a year, by how many a
//! rehearsal enrolled and how many of them reached the goal.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::Lint;
use crate::calendar;
use crate::event::Delivered;
use crate::instant::Instant;
use crate::rulebook::RuleBook;
use crate::touch::TouchRecord;
use crate::uplift::customers_for_verdict;

const YEAR_DAYS: f64 = 365.0;

/// What a rehearsal saw of one rule, customers each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    enrolled: u64,
    /// Those whose time for the goal was over.
    complete: u64,
    /// Those of them who reached it.
    converted: u64,
}

/// What a rehearsal saw of each rule that has a goal and holds somebody out, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Enrolments(BTreeMap<String, Seen>);

impl Enrolments {
    /// Counts a customer's first enrolment in each rule, by the touches and the events up
    /// to an instant.
    pub fn take(
        &mut self,
        records: &[TouchRecord],
        events: &[Delivered],
        (book, zone): (&RuleBook, &TimeZone),
        until: Instant,
    ) {
        let mut firsts: BTreeMap<&str, Instant> = BTreeMap::new();
        for record in records {
            let Some(at) = record.enrolled_at else { continue };
            let first = firsts.entry(&record.touch.rule).or_insert(at);
            *first = at.min(*first);
        }
        for (name, at) in firsts {
            let Some(rule) = book.rule(name).filter(|rule| rule.holdout.0 > 0.0) else { continue };
            let Some(goal) = rule.goal else { continue };
            let by = calendar::later(at, goal.within, zone, &book.policy.closed_days);
            let is_it = |delivered: &&Delivered| {
                let event = &delivered.event;
                let is_in_time = at < event.occurred_at && event.occurred_at <= by;
                delivered.at <= until && is_in_time && event.kind() == goal.event
            };
            let is_complete = by <= until;
            let has_converted = is_complete && events.iter().any(|event| is_it(&event));
            let seen = self.0.entry(name.to_owned()).or_default();
            seen.enrolled += 1;
            seen.complete += u64::from(is_complete);
            seen.converted += u64::from(has_converted);
        }
    }

    /// Adds what was seen of other customers.
    pub fn add(&mut self, other: Enrolments) {
        for (rule, part) in other.0 {
            let sum = self.0.entry(rule).or_default();
            sum.enrolled += part.enrolled;
            sum.complete += part.complete;
            sum.converted += part.converted;
        }
    }

    /// The live rules whose holdout gives no verdict within a year, after a rehearsal of
    /// so many days.
    pub fn without_verdict(&self, book: &RuleBook, days: f64) -> Vec<Lint> {
        let live = book.rules().iter().filter(|rule| rule.is_live());
        let lint = |rule: &crate::rulebook::Rule| {
            let seen = self.0.get(&rule.name).filter(|seen| seen.complete > 0)?;
            let rate = seen.converted as f64 / seen.complete as f64;
            let smallest = book.policy.smallest_effect.0;
            let needed = customers_for_verdict(rule.holdout.0, rate, smallest);
            let a_year = (seen.enrolled as f64 / days.max(1.0) * YEAR_DAYS).round() as u64;
            let is_enough = needed.is_some_and(|needed| needed <= a_year);
            (!is_enough).then(|| Lint::NoVerdict { rule: rule.name.clone(), needed, a_year })
        };
        live.filter_map(lint).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(holdout: &str) -> RuleBook {
        let rule = format!(
            "rule: again\nstatus: live\npurpose: marketing\ntrigger: {{ event: PurchaseCompleted }}\n\
             holdout: {holdout}\ngoal: {{ event: SurveyAnswered, within: 5 days }}\n\
             steps: [{{ id: mail, channel: email, template: t }}]\n"
        );
        let files = [("policy.yaml", "currency: MXN"), ("again.yaml", &*rule)];
        RuleBook::read(&files.map(|(name, text)| (name.into(), text.into()))).unwrap()
    }

    fn found(holdout: &str, seen: Seen, days: f64) -> Vec<Lint> {
        let seen = Enrolments(BTreeMap::from([("again".to_owned(), seen)]));
        seen.without_verdict(&book(holdout), days)
    }

    #[test]
    fn a_holdout_that_is_too_small_for_the_shop_is_told() {
        // A tenth converts: halves take 5,012 customers.
        let seen = Seen { enrolled: 1_000, complete: 800, converted: 80 };
        assert_eq!(found("50%", seen, 30.0), []);
        let told = found("50%", seen, 90.0);
        assert!(matches!(
            told[..],
            [Lint::NoVerdict { needed: Some(5_000..5_020), a_year: 4_056, .. }]
        ));
        assert_eq!(found("1%", seen, 30.0).len(), 1);
        let nobody = Seen { converted: 0, ..seen };
        assert!(matches!(found("50%", nobody, 30.0)[..], [Lint::NoVerdict { needed: None, .. }]));
        // Where nobody has had their time, nothing is known.
        let early = Seen { complete: 0, converted: 0, ..seen };
        assert_eq!(found("1%", early, 30.0), []);
    }
}
