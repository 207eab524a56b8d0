//! What the models see of a customer: how often, how lately, how long.

use std::ops::Range;

/// Above so many customers times are rounded to whole weeks, so that the work
/// grows with the number of different histories and not of customers.
pub const WEEK_GRID_ABOVE: usize = 100_000;

/// One customer's purchase days up to a date, summed up: x, t_x and T.
///
/// A day with several purchases counts once. `recency_days <= age_days`, and
/// both `repeats` and `recency_days` are zero where there is one day only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Summary {
    /// x: purchase days after the first.
    pub repeats: u32,
    /// t_x: days from the first purchase day to the last.
    pub recency_days: u32,
    /// T: days from the first purchase day to today.
    pub age_days: u32,
}

impl Summary {
    /// Days since the last purchase day.
    pub fn hiatus_days(self) -> u32 {
        self.age_days.saturating_sub(self.recency_days)
    }
}

/// x, t_x and T in weeks, as the models reckon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weeks {
    /// x
    pub repeats: u32,
    /// t_x
    pub recency: f64,
    /// T
    pub age: f64,
}

impl From<Summary> for Weeks {
    fn from(summary: Summary) -> Weeks {
        Weeks {
            repeats: summary.repeats,
            recency: f64::from(summary.recency_days) / 7.0,
            age: f64::from(summary.age_days) / 7.0,
        }
    }
}

/// Many customers' summaries: each that occurs, once, with its count.
pub struct Histories {
    customers: usize,
    is_on_week_grid: bool,
    /// In order of x.
    pub(super) groups: Vec<Group>,
    pub(super) rows: Vec<Row>,
    /// Each time that occurs, in weeks.
    pub(super) times: Vec<f64>,
}

/// The rows of one x.
#[derive(Clone)]
pub(super) struct Group {
    pub repeats: u32,
    pub customers: f64,
    pub rows: Range<usize>,
}

#[derive(Clone, Copy)]
pub(super) struct Row {
    /// t_x and T as places among `times`.
    pub recency: u32,
    pub age: u32,
    pub customers: f64,
}

impl Histories {
    /// Exact for up to [`WEEK_GRID_ABOVE`] customers, then on a week's grid.
    pub fn of(summaries: &[Summary]) -> Histories {
        let mut sorted = summaries.to_vec();
        let is_on_week_grid = summaries.len() > WEEK_GRID_ABOVE;
        if is_on_week_grid {
            for summary in &mut sorted {
                summary.recency_days = whole_weeks(summary.recency_days);
                summary.age_days = whole_weeks(summary.age_days);
            }
        }
        let counted = count(sorted);
        let customers = summaries.len();
        Histories { is_on_week_grid, ..Histories::counted(customers, &counted) }
    }

    /// `counted` in order, each summary once.
    fn counted(customers: usize, counted: &[(Summary, u32)]) -> Histories {
        let days = counted.iter().flat_map(|(s, _)| [s.recency_days, s.age_days]);
        let mut days: Vec<u32> = days.collect();
        days.sort_unstable();
        days.dedup();
        let place = |day: u32| days.partition_point(|known| *known < day) as u32;
        let mut groups: Vec<Group> = Vec::new();
        let mut rows = Vec::with_capacity(counted.len());
        for (summary, count) in counted {
            let count = f64::from(*count);
            let (recency, age) = (place(summary.recency_days), place(summary.age_days));
            rows.push(Row { recency, age, customers: count });
            match groups.last_mut().filter(|group| group.repeats == summary.repeats) {
                Some(group) => {
                    group.customers += count;
                    group.rows.end = rows.len();
                }
                None => groups.push(Group {
                    repeats: summary.repeats,
                    customers: count,
                    rows: rows.len() - 1..rows.len(),
                }),
            }
        }
        let times = days.iter().map(|day| f64::from(*day) / 7.0).collect();
        Histories { customers, is_on_week_grid: false, groups, rows, times }
    }

    /// How many customers there are; those with equal histories count each.
    pub fn customers(&self) -> usize {
        self.customers
    }

    /// How many different histories there are.
    pub fn unique(&self) -> usize {
        self.rows.len()
    }

    /// Whether times are whole weeks.
    pub fn is_on_week_grid(&self) -> bool {
        self.is_on_week_grid
    }

    /// Whether anybody bought again.
    pub fn has_repeats(&self) -> bool {
        self.groups.iter().any(|group| group.repeats > 0)
    }

    /// T of the average customer, in weeks.
    pub(super) fn mean_age(&self) -> f64 {
        let ages = self.rows.iter().map(|row| row.customers * self.times[row.age as usize]);
        ages.sum::<f64>() / self.customers.max(1) as f64
    }

    /// About so many rows that stand for all: every n-th customer in order.
    pub(super) fn thinned(&self, rows_max: usize) -> Option<Histories> {
        if self.rows.len() <= rows_max * 2 {
            return None;
        }
        let stride = self.customers as f64 / rows_max as f64;
        let mut thin: Vec<Row> = Vec::with_capacity(rows_max);
        let mut groups: Vec<Group> = Vec::new();
        let (mut passed, mut next) = (0.0, 0.5 * stride);
        for group in &self.groups {
            let start = thin.len();
            for row in &self.rows[group.rows.clone()] {
                passed += row.customers;
                let mut taken = 0.0;
                while next < passed {
                    taken += 1.0;
                    next += stride;
                }
                if taken > 0.0 {
                    thin.push(Row { customers: taken, ..*row });
                }
            }
            let customers: f64 = thin[start..].iter().map(|row| row.customers).sum();
            if customers > 0.0 {
                groups.push(Group { rows: start..thin.len(), customers, ..group.clone() });
            }
        }
        let customers = thin.iter().map(|row| row.customers).sum::<f64>() as usize;
        let mut used: Vec<u32> = thin.iter().flat_map(|row| [row.recency, row.age]).collect();
        used.sort_unstable();
        used.dedup();
        let place = |time: u32| used.partition_point(|known| *known < time) as u32;
        for row in &mut thin {
            (row.recency, row.age) = (place(row.recency), place(row.age));
        }
        let times = used.iter().map(|time| self.times[*time as usize]).collect();
        Some(Histories { customers, is_on_week_grid: false, groups, rows: thin, times })
    }
}

/// Half a week and more counts as a week.
fn whole_weeks(days: u32) -> u32 {
    days.saturating_add(3) / 7 * 7
}

/// Each summary once, in order, with how often it occurs.
fn count(mut summaries: Vec<Summary>) -> Vec<(Summary, u32)> {
    summaries.sort_unstable();
    let mut counted: Vec<(Summary, u32)> = Vec::new();
    for summary in summaries {
        match counted.last_mut().filter(|(last, _)| *last == summary) {
            Some((_, count)) => *count += 1,
            None => counted.push((summary, 1)),
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(repeats: u32, recency_days: u32, age_days: u32) -> Summary {
        Summary { repeats, recency_days, age_days }
    }

    #[test]
    fn equal_histories_are_kept_once() {
        let mut all = vec![summary(1, 7, 70), summary(0, 0, 70), summary(1, 7, 70)];
        all.push(summary(1, 8, 70));
        let histories = Histories::of(&all);
        assert_eq!((histories.customers(), histories.unique()), (4, 3));
        assert!(histories.has_repeats() && !histories.is_on_week_grid());
        assert_eq!(histories.times, [0.0, 1.0, 8.0 / 7.0, 10.0]);
        let counts: Vec<f64> = histories.rows.iter().map(|row| row.customers).collect();
        assert_eq!(counts, [1.0, 2.0, 1.0]);
        assert_eq!(histories.groups.len(), 2);
        assert_eq!(histories.groups[1].customers, 3.0);
    }

    #[test]
    fn a_large_shop_is_reckoned_in_weeks() {
        let all: Vec<Summary> =
            (0..=WEEK_GRID_ABOVE as u32).map(|i| summary(1, 1 + i % 70, 100 + i % 7)).collect();
        let histories = Histories::of(&all);
        assert!(histories.is_on_week_grid());
        assert!(histories.unique() <= 22, "{}", histories.unique());
        assert!(histories.times.iter().all(|weeks| weeks.fract() == 0.0));
        assert_eq!(histories.customers(), all.len());
        assert!(!Histories::of(&all[1..]).is_on_week_grid());
    }

    #[test]
    fn the_average_customer_has_an_age() {
        let all = [summary(0, 0, 7), summary(0, 0, 7), summary(0, 0, 7), summary(1, 7, 70)];
        assert_eq!(Histories::of(&all).mean_age(), 3.25);
        assert_eq!(Histories::of(&[]).mean_age(), 0.0);
    }

    #[test]
    fn some_rows_stand_for_all() {
        // Of x = 0 the ages 1 and 2, of x = 1 those to 30, one of them 19 times, of
        // x = 2 those to 42.
        let mut all = vec![summary(0, 0, 7), summary(0, 0, 14)];
        all.extend((3..=30).map(|age| summary(1, 7, 7 * age)));
        all.extend([summary(1, 7, 7 * 4); 18]);
        all.extend((31..=42).map(|age| summary(2, 7, 7 * age)));
        let histories = Histories::of(&all);
        assert_eq!((histories.customers(), histories.unique()), (60, 42));
        assert!(histories.thinned(21).is_none() && histories.thinned(20).is_some());
        let thin = histories.thinned(10).unwrap();
        // Every sixth customer from the fourth on: the 4th, the 10th and so on.
        let row = |row: &Row| {
            let time = |place: u32| thin.times[place as usize];
            (time(row.recency), time(row.age), row.customers)
        };
        let ages = [
            (4.0, 4.0),
            (10.0, 1.0),
            (16.0, 1.0),
            (22.0, 1.0),
            (28.0, 1.0),
            (34.0, 1.0),
            (40.0, 1.0),
        ];
        let expected = ages.map(|(age, customers)| (1.0, age, customers));
        assert_eq!(thin.rows.iter().map(row).collect::<Vec<_>>(), expected);
        assert_eq!((thin.customers(), thin.is_on_week_grid()), (10, false));
        let groups: Vec<_> =
            thin.groups.iter().map(|g| (g.repeats, g.customers, g.rows.clone())).collect();
        assert_eq!(groups, [(1, 8.0, 0..5), (2, 2.0, 5..7)]);
    }

    #[test]
    fn no_customers_are_no_histories() {
        let none = Histories::of(&[]);
        assert_eq!((none.customers(), none.unique(), none.has_repeats()), (0, 0, false));
    }
}
