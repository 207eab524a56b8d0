//! Each morning whoever resolves complaints is told of those that are due by the
//! next morning, or were: of how many, the mail says.

use super::{Morning, Surroundings};
use crate::fact::{Fact, What};
use crate::life::{DAY, HOUR};
use crate::shop::{MORNING, TICK};

/// What has to be resolved by the next morning was opened so long before this
/// one: two days by the customer's clock, which may change within them.
const OPEN_FOR: i64 = DAY;
const CLOCK_CHANGE: i64 = HOUR;

/// For how long a morning is told of.
const TOLD_FOR: i64 = 2 * TICK;

/// What a shop knows of how many complaints are due, morning by morning.
struct Counts {
    first: i64,
    /// How many more there are than on the morning before: surely, and at most.
    changes: Vec<(i64, i64)>,
}

impl Counts {
    fn day(&self, at: i64) -> usize {
        let day = (at - self.first).div_euclid(DAY) + 1;
        usize::try_from(day).unwrap_or(0).min(self.changes.len() - 1)
    }

    /// Counts a complaint in the mornings that begin behind one instant and not
    /// behind the other.
    fn add(&mut self, from: i64, until: i64, which: impl Fn(&mut (i64, i64)) -> &mut i64) {
        if from < until {
            let (from, until) = (self.day(from), self.day(until));
            *which(&mut self.changes[from]) += 1;
            *which(&mut self.changes[until]) -= 1;
        }
    }
}

/// What is wrong with what was told in a shop's mornings: what, and why.
pub fn mornings(
    facts: &[Vec<Fact>],
    told: &[Morning],
    around: &Surroundings,
) -> Vec<(String, String)> {
    let days = ((around.until - around.from) / DAY) as usize;
    let first = around.from.div_euclid(DAY) * DAY + MORNING;
    let mut counts = Counts { first, changes: vec![(0, 0); days + 2] };
    facts.iter().for_each(|facts| count(facts, &mut counts));
    let mut wrong = Vec::new();
    let mut told = told.iter().peekable();
    let (mut surely, mut at_most) = (0, 0);
    for day in 0..days {
        let (more, more_at_most) = counts.changes[day];
        (surely, at_most) = (surely + more, at_most + more_at_most);
        let morning = first + day as i64 * DAY;
        let name = format!("the mail of the morning of {}", super::safety::when(morning));
        let mails: Vec<&Morning> =
            std::iter::from_fn(|| told.next_if(|mail| mail.at < morning + DAY)).collect();
        if around.had_trouble(morning, morning + TOLD_FOR) {
            continue;
        }
        for mail in &mails {
            if !(surely..=at_most).contains(&(mail.complaints as i64)) {
                let why = format!(
                    "tells of {} complaints, and {surely} to {at_most} are due",
                    mail.complaints
                );
                wrong.push((name.clone(), why));
            }
        }
        if mails.is_empty() && surely > 0 && morning + DAY < around.until {
            wrong.push((name, format!("did not come, and {surely} complaints are due")));
        }
    }
    wrong
}

/// Counts a customer's complaints in the mornings on which they are due.
fn count(facts: &[Fact], counts: &mut Counts) {
    for opened in facts.iter().filter(|fact| matches!(fact.what, What::ComplaintOpened)) {
        let ends = facts.iter().filter(|fact| match fact.what {
            What::ComplaintResolved => fact.key == opened.key,
            What::Erased => true,
            _ => false,
        });
        let soonest = ends.clone().map(|end| end.maybe).min().unwrap_or(i64::MAX);
        let latest = ends.map(|end| end.sure).min().unwrap_or(i64::MAX);
        let due = opened.occurred + OPEN_FOR;
        let surely_from = opened.sure.max(due + CLOCK_CHANGE);
        counts.add(surely_from, soonest.saturating_sub(TOLD_FOR), |both| &mut both.0);
        let at_most_from = opened.maybe.saturating_sub(TOLD_FOR).max(due - CLOCK_CHANGE);
        counts.add(at_most_from, latest.saturating_add(TICK), |both| &mut both.1);
    }
}
