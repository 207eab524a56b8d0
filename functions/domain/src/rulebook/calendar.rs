//! The rules that the calendar triggers, and since when each is in force.

use std::collections::{BTreeMap, BTreeSet};

use super::{Rule, RuleBook};
use crate::instant::Instant;
use crate::profile::BIRTHDAY;
use crate::rule::Trigger;
use crate::span::Span;

/// A rule of the calendar with what tells its days: another trigger, or another
/// policy for leap days or of which birthdays are none, is another rule.
pub type CalendarRule = String;

impl RuleBook {
    /// The live rules that an occasion triggers.
    pub fn occasions(&self) -> impl Iterator<Item = (&Rule, &str, Option<Span>)> {
        self.rules.iter().filter(|rule| rule.is_live()).filter_map(|rule| match &rule.trigger {
            Trigger::Occasion { name, lead } => Some((rule, name.as_str(), *lead)),
            _ => None,
        })
    }

    /// The live rules that a period's beginning triggers.
    pub fn periodic(&self) -> impl Iterator<Item = (&Rule, Span, Option<i8>)> {
        self.rules.iter().filter(|rule| rule.is_live()).filter_map(|rule| match rule.trigger {
            Trigger::Every { period, on_day } => Some((rule, period, on_day)),
            _ => None,
        })
    }

    /// The live rules that the calendar triggers.
    pub fn calendar(&self) -> impl Iterator<Item = CalendarRule> {
        let rules = self.rules.iter().filter(|rule| rule.is_live());
        rules.filter_map(|rule| self.calendar_rule(rule))
    }

    /// The same, told since when rules are in force: those that are named, and
    /// only from then on. What is not named is in force since ever.
    pub fn in_force_since(mut self, since: &BTreeMap<CalendarRule, Instant>) -> RuleBook {
        let found: Vec<_> = self
            .rules
            .iter()
            .map(|rule| self.calendar_rule(rule).and_then(|name| since.get(&name).copied()))
            .collect();
        for (rule, since) in self.rules.iter_mut().zip(found) {
            rule.in_force_since = since;
        }
        self
    }

    fn calendar_rule(&self, rule: &Rule) -> Option<CalendarRule> {
        let leap_day = self.policy.leap_day;
        let days = |name: &str| match name {
            BIRTHDAY => format!("{name}, {leap_day:?}{}", self.without_placeholders()),
            _ => format!("{name}, {leap_day:?}"),
        };
        Some(match &rule.trigger {
            Trigger::Occasion { name, lead: None } => format!("{}: {}", rule.name, days(name)),
            Trigger::Occasion { name, lead: Some(lead) } => {
                format!("{}: {lead} before {}", rule.name, days(name))
            }
            Trigger::Every { period, on_day: None } => format!("{}: every {period}", rule.name),
            Trigger::Every { period, on_day: Some(day) } => {
                format!("{}: every {period} on day {day}", rule.name)
            }
            Trigger::Event(_) | Trigger::Stage(_) => return None,
        })
    }

    /// Which birthdays are none: whose date is taken off that list is to be found.
    fn without_placeholders(&self) -> String {
        let dates = self.policy.birthdays.placeholders.iter().map(ToString::to_string);
        let dates: BTreeSet<String> = dates.collect();
        dates.iter().map(|date| format!(", not {date}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::POLICY_FILE;

    fn book(triggers: &[&str]) -> RuleBook {
        book_by("default_locale: es", triggers)
    }

    fn book_by(policy: &str, triggers: &[&str]) -> RuleBook {
        let rule = |(number, trigger): (usize, &&str)| {
            let text = format!(
                "rule: r{number}\nstatus: live\npurpose: service\ntrigger: {{ {trigger} }}\n\
                 steps: [{{ id: note, channel: task, template: note }}]\n"
            );
            (format!("r{number}.yaml"), text)
        };
        let mut files = vec![(POLICY_FILE.to_owned(), policy.to_owned())];
        files.extend(triggers.iter().enumerate().map(rule));
        RuleBook::read(&files).unwrap()
    }

    #[test]
    fn another_trigger_is_another_rule_and_events_are_none() {
        let triggers = [
            "occasion: birthday",
            "occasion: birthday, lead: 60 days",
            "occasion: birthday, lead: 3 months",
            "every: 1 month, on_day: 3",
            "event: PurchaseCompleted",
            "stage: dissolution",
        ];
        let told: Vec<_> = book(&triggers).calendar().collect();
        let expected = [
            "r0: birthday, Feb28",
            "r1: 60 days before birthday, Feb28",
            "r2: 3 months before birthday, Feb28",
            "r3: every 1 month on day 3",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn birthdays_by_other_placeholders_are_another_rule() {
        let named = |dates: &str| {
            let policy = format!("birthdays: {{ placeholders: [{dates}] }}");
            let triggers = ["occasion: birthday, lead: 1 day", "occasion: wedding"];
            book_by(&policy, &triggers).calendar().collect::<Vec<_>>()
        };
        let two = named("\"1970-01-01\", \"--03-03\"");
        assert_eq!(two, named("\"--03-03\", \"1970-01-01\""));
        let expected = "r0: 1 day before birthday, Feb28, not --03-03, not 1970-01-01";
        assert_eq!(two, [expected, "r1: wedding, Feb28"]);
        assert_eq!(named(""), ["r0: 1 day before birthday, Feb28", "r1: wedding, Feb28"]);
    }

    #[test]
    fn what_is_not_named_is_in_force_since_ever() {
        let since = Instant::from_millis(7);
        let named = BTreeMap::from([("r0: birthday, Feb28".to_owned(), since)]);
        let book = book(&["occasion: birthday", "every: 1 week"]).in_force_since(&named);
        let since_of: Vec<_> = book.rules().iter().map(|rule| rule.in_force_since).collect();
        assert_eq!(since_of, [Some(since), None]);
    }
}
