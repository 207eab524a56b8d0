//! Which birthdays and anniversaries have come (2.5), and which periods began.

use jiff::civil::Date;

use super::enrol::Occurrence;
use super::{Turn, period};
use crate::calendar;
use crate::customer::Enrolment;
use crate::event::AnnualDate;
use crate::instant::Instant;
use crate::policy::LeapDay;
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
        for occasion in self.occasions_between(since, self.now) {
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
        let year_ago = self.now.plus_millis(-400 * 86_400_000);
        for occasion in self.occasions_between(year_ago, self.now) {
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

    /// The occasions whose base lies after one instant and up to another, in
    /// the order of time.
    fn occasions_between(&self, after: Instant, until: Instant) -> Vec<Occasion<'a>> {
        let book: &'a RuleBook = self.book;
        let mut found = Vec::new();
        let (first, last) = (after.date_in(&self.zone), until.date_in(&self.zone));
        for (rule, name, lead) in book.occasions() {
            let Some(date) = self.customer.occasion(name, &self.zone) else {
                continue;
            };
            for year in first.year()..=last.year().saturating_add(1 + lead_years(lead)) {
                let begins = self.begins(date, year, lead).filter(|day| is_near(*day, first, last));
                let base = begins.map(|day| calendar::midnight(day, &self.zone));
                if let Some(base) = base.filter(|base| after < *base && *base <= until) {
                    found.push(Occasion { rule, name: year.to_string(), base });
                }
            }
        }
        self.periods_between(after, until, &mut found);
        found.sort_by(|a, b| (a.base, &a.rule.name).cmp(&(b.base, &b.rule.name)));
        found
    }

    /// The periods that begin after one instant and up to another; of who was
    /// not known yet when one began there is nothing to tell.
    fn periods_between(&self, after: Instant, until: Instant, found: &mut Vec<Occasion<'a>>) {
        let book: &'a RuleBook = self.book;
        let Some(since) = self.customer.known_since else { return };
        let after = after.max(since);
        let (first, last) = (after.date_in(&self.zone), until.date_in(&self.zone));
        for (rule, period, on_day) in book.periodic() {
            let mut day = period::next(period, on_day, first);
            while let Some(begins) = day.filter(|day| is_near(*day, first, last)) {
                let base = calendar::midnight(begins, &self.zone);
                if base > until {
                    break;
                }
                found.push(Occasion { rule, name: begins.to_string(), base });
                day = period::next(period, on_day, begins);
            }
        }
    }

    fn next_period(&self) -> Option<Instant> {
        let today = self.now.date_in(&self.zone);
        let begins = self
            .book
            .periodic()
            .filter_map(|(_, period, on_day)| period::next(period, on_day, today));
        begins.min().map(|day| calendar::midnight(day, &self.zone))
    }

    /// The next base behind now, over all rules.
    fn next_occasion(&self) -> Option<Instant> {
        let today = self.now.date_in(&self.zone);
        let year = today.year();
        let next = self.book.occasions().filter_map(|(_, name, lead)| {
            let date = self.customer.occasion(name, &self.zone)?;
            (year..=year.saturating_add(YEARS_AHEAD_MAX + lead_years(lead)))
                .filter_map(|year| self.begins(date, year, lead))
                .filter(|day| is_near(*day, today, Date::MAX))
                .map(|day| calendar::midnight(day, &self.zone))
                .find(|base| *base > self.now)
        });
        next.chain(self.next_period()).min()
    }

    /// The occasion's day in a year, less the lead.
    fn begins(&self, date: AnnualDate, year: i16, lead: Option<Span>) -> Option<Date> {
        // A date with a year is first celebrated in the year after it.
        if date.year.is_some_and(|began| year <= began) {
            return None;
        }
        let day = celebrated_on(date, year, self.book.policy.leap_day)?;
        match lead {
            None => Some(day),
            Some(lead) => earlier(day, lead, &self.book.policy.closed_days),
        }
    }
}

/// Whether a day can begin between two instants of these dates: quick to tell,
/// and sure of a *no*, also where a clock is put back over midnight.
fn is_near(day: Date, first: Date, last: Date) -> bool {
    day >= first.yesterday().unwrap_or(Date::MIN) && day <= last.tomorrow().unwrap_or(Date::MAX)
}

fn lead_years(lead: Option<Span>) -> i16 {
    lead.map_or(0, |lead| (lead.millis_at_most() / (365 * 86_400_000) + 1) as i16)
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
