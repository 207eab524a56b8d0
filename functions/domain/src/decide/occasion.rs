//! Which birthdays and anniversaries have come (rules#occasions), and which periods began.

use std::cell::OnceCell;
use std::ops::RangeInclusive;

use jiff::civil::Date;

use super::enrol::Occurrence;
use super::{Turn, period};
use crate::calendar;
use crate::customer::{CUSTOMER_SINCE, Enrolment};
use crate::event::AnnualDate;
use crate::instant::{DAY_MILLIS, Instant};
use crate::policy::LeapDay;
use crate::profile::BIRTHDAY;
use crate::rule::Trigger;
use crate::rulebook::{Rule, RuleBook};
use crate::span::Span;

/// How many years ahead the next occasion is looked for: 29 February can be
/// eight years away.
const YEARS_AHEAD_MAX: i16 = 9;

/// An occasion of one year, or a period.
struct Occasion<'a> {
    rule: &'a Rule,
    /// The year, or the period's first day.
    name: String,
    base: Instant,
}

impl<'a> Turn<'a> {
    /// Starts the rules whose occasion came since they were last looked at.
    pub(super) fn fire_occasions(&mut self) {
        if self.customer.next_occasion.is_some_and(|next| next <= self.now) {
            self.catch_up_on_occasions();
        }
    }

    /// The same, also where none was expected.
    pub(super) fn catch_up_on_occasions(&mut self) {
        let Some(since) = self.customer.occasions_until else {
            return;
        };
        for occasion in self.occasions_since(since) {
            self.celebrate(&occasion);
        }
        self.customer.occasions_until = Some(self.now);
        self.customer.next_occasion = self.next_occasion();
    }

    /// Lets the occasions up to now go by.
    pub(super) fn pass_over_occasions(&mut self) {
        if self.customer.occasions_until.is_some() {
            self.customer.occasions_until = Some(self.now);
            self.customer.next_occasion = self.next_occasion();
        }
    }

    /// After a change of the profile, or an event older than the last look:
    /// touches that were under way are planned anew, and an occasion that is
    /// learnt of before its touch falls due is still celebrated if that
    /// `opens` follow-ups. A year that was celebrated stays so, whatever the
    /// date is corrected to.
    pub(super) fn look_at_occasions_again(&mut self, opens: bool) {
        let under_way = self.take_back_occasions();
        let year_ago = self.now.plus_millis(-400 * DAY_MILLIS);
        for occasion in self.occasions_since(year_ago) {
            let Some(step) = occasion.rule.steps.first() else {
                continue;
            };
            let due = self.due(step, calendar::Base { at: occasion.base, is_day: true }, None);
            let was = under_way
                .iter()
                .any(|e| e.rule == occasion.rule.name && e.occurrence == occasion.name);
            // Being moved into the past does not lose a touch: it goes at once.
            if opens && due >= self.now || was && self.now < self.expires_at(due, step) {
                self.celebrate(&occasion);
            }
        }
        self.customer.occasions_until = Some(self.now);
        self.customer.next_occasion = self.next_occasion();
    }

    /// Takes out the occasions' touches that nobody tried to send yet.
    fn take_back_occasions(&mut self) -> Vec<Enrolment> {
        let (book, now) = (self.book, self.now);
        let customer = &mut self.customer;
        let taken: Vec<Enrolment> = customer
            .enrolments
            .extract_if(.., |e| {
                e.is_untried(now)
                    && book.rule(&e.rule).is_some_and(|rule| {
                        matches!(rule.trigger, Trigger::Occasion { .. } | Trigger::Every { .. })
                            && rule.steps.first().is_some_and(|step| step.id == e.step)
                    })
            })
            .collect();
        for enrolment in &taken {
            if let Some(past) = customer.past.get_mut(&enrolment.rule) {
                past.retain(|p| p.occurrence != enrolment.occurrence);
            }
        }
        taken
    }

    fn celebrate(&mut self, occasion: &Occasion) {
        let rule = occasion.rule;
        let known = self.customer.past.get(&rule.name);
        if known.is_some_and(|past| past.iter().any(|p| p.occurrence == occasion.name)) {
            return;
        }
        let occurrence = Occurrence {
            name: &occasion.name,
            at: occasion.base,
            is_day: true,
            // It is the calendar that tells of it, and the calendar is on time.
            received_at: occasion.base,
            kind: None,
            purchase_id: None,
            detail: None,
        };
        match self.choose(rule, &occurrence) {
            Ok(()) => drop(self.enrol(rule, &occurrence)),
            Err(reason) => self.refuse(rule, &occurrence, reason),
        }
    }

    /// The occasions whose base lies after an instant and up to now, in the
    /// order of time.
    fn occasions_since(&self, after: Instant) -> Vec<Occasion<'a>> {
        let mut found = Vec::new();
        let days = days_around(after.date_in(&self.zone), self.today());
        for (rule, date, lead) in self.dated_occasions() {
            let after = in_force_after(rule, after);
            for (year, begins) in self.begins_within(&days, date, lead) {
                let base = calendar::midnight(begins, &self.zone);
                if after < base && base <= self.now {
                    found.push(Occasion { rule, name: year.to_string(), base });
                }
            }
        }
        self.periods_since(after, &mut found);
        found.sort_by(|a, b| (a.base, &a.rule.name).cmp(&(b.base, &b.rule.name)));
        found
    }

    /// The periods that begin after an instant and up to now; of who was not
    /// known yet when one began there is nothing to tell.
    fn periods_since(&self, after: Instant, found: &mut Vec<Occasion<'a>>) {
        let book: &'a RuleBook = self.book;
        let Some(since) = self.customer.known_since else { return };
        for (rule, period, on_day) in book.periodic() {
            let first = in_force_after(rule, after.max(since)).date_in(&self.zone);
            let days = days_around(first, self.today());
            let mut day = period::next(period, on_day, first);
            while let Some(begins) = day.filter(|day| days.contains(day)) {
                let base = calendar::midnight(begins, &self.zone);
                if base > self.now {
                    break;
                }
                found.push(Occasion { rule, name: begins.to_string(), base });
                day = period::next(period, on_day, begins);
            }
        }
    }

    /// The next base behind now, over all rules.
    fn next_occasion(&self) -> Option<Instant> {
        let today = self.today();
        let until = Date::new(today.year().saturating_add(YEARS_AHEAD_MAX), 12, 31);
        let days = days_around(today, until.unwrap_or(Date::MAX));
        let tomorrow = today.tomorrow().unwrap_or(Date::MAX);
        let is_ahead =
            |day: &Date| *day > tomorrow || calendar::midnight(*day, &self.zone) > self.now;
        let dated = self.dated_occasions().filter_map(|(_, date, lead)| {
            self.begins_within(&days, date, lead).map(|(_, begins)| begins).find(is_ahead)
        });
        let periods = self.book.periodic();
        let periods = periods.filter_map(|(_, period, on_day)| period::next(period, on_day, today));
        dated.chain(periods).min().map(|day| calendar::midnight(day, &self.zone))
    }

    /// The rules that wait for an occasion whose date is known.
    fn dated_occasions(&self) -> impl Iterator<Item = (&'a Rule, AnnualDate, Option<Span>)> {
        let book: &'a RuleBook = self.book;
        let since = OnceCell::new();
        book.occasions().filter_map(move |(rule, name, lead)| {
            let date = || self.customer.occasion(name, &self.zone);
            let date = match name {
                CUSTOMER_SINCE => *since.get_or_init(date),
                BIRTHDAY => date().filter(|date| !book.policy.birthdays.is_placeholder(*date)),
                _ => date(),
            };
            Some((rule, date?, lead))
        })
    }

    /// The days of an occasion, less the lead, that are among others, each with
    /// its year.
    fn begins_within(
        &self,
        days: &RangeInclusive<Date>,
        date: AnnualDate,
        lead: Option<Span>,
    ) -> impl Iterator<Item = (i16, Date)> {
        let closed = &self.book.policy.closed_days;
        let last = *days.end();
        let farthest = lead.map_or(last, |lead| calendar::later_date(last, lead, closed));
        let years = days.start().year()..=farthest.year();
        // A date with a year is first celebrated in the year after it.
        let years = years.filter(move |year| date.year.is_none_or(|began| *year > began));
        years.filter_map(move |year| {
            let day = celebrated_on(date, year, self.book.policy.leap_day)?;
            let begins = match lead {
                None => day,
                Some(lead) => earlier(day, lead, closed)?,
            };
            days.contains(&begins).then_some((year, begins))
        })
    }
}

/// From when on a rule's days count that is asked for those after an instant.
fn in_force_after(rule: &Rule, after: Instant) -> Instant {
    rule.in_force_since.map_or(after, |since| since.max(after))
}

/// The days that can begin between two instants of these dates, and some more:
/// quick to ask, and sure of a *no*, also where a clock is put back over
/// midnight.
fn days_around(first: Date, last: Date) -> RangeInclusive<Date> {
    first.yesterday().unwrap_or(Date::MIN)..=last.tomorrow().unwrap_or(Date::MAX)
}

/// The day of a year on which a date is celebrated.
pub fn celebrated_on(date: AnnualDate, year: i16, leap_day: LeapDay) -> Option<Date> {
    match (Date::new(year, date.month, date.day), leap_day) {
        (Ok(day), _) => Some(day),
        (Err(_), LeapDay::Feb28) => Date::new(year, 2, 28).ok(),
        (Err(_), LeapDay::Mar1) => Date::new(year, 3, 1).ok(),
        (Err(_), LeapDay::LeapYearsOnly) => None,
    }
}

fn earlier(day: Date, lead: Span, closed: &crate::policy::ClosedDays) -> Option<Date> {
    use crate::span::Unit;
    use jiff::ToSpan;
    let count = i64::from(lead.count);
    match lead.unit {
        Unit::Days => day.checked_sub(count.days()).ok(),
        Unit::Weeks => day.checked_sub(count.weeks()).ok(),
        Unit::Months => day.checked_sub(count.months()).ok(),
        Unit::Years => day.checked_sub(count.years()).ok(),
        Unit::BusinessDays => {
            let mut day = day;
            let mut left = lead.count;
            while left > 0 {
                day = day.yesterday().ok()?;
                left -= i32::from(calendar::is_business_day(day, closed));
            }
            Some(day)
        }
        Unit::Minutes | Unit::Hours => None,
    }
}
