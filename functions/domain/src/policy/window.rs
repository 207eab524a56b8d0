//! Hours of the day by day of the week: `{ mon-fri: "09:00-19:00", sat: "10:00-14:00" }`.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the fields")]

use std::collections::BTreeMap;

use jiff::civil::Weekday;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::bilingual::{Bilingual, said};

/// Why a window cannot be read, or never opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadWindow {
    Days(String),
    Hours(String),
    Empty(String),
}

impl BadWindow {
    /// What is wrong, for whoever writes the policy.
    pub fn told(&self) -> Bilingual {
        match self {
            BadWindow::Days(text) => said!(
                "{text:?} no dice días; escribe \"mon\", \"mon-fri\" o \"mon,wed,fri\"",
                "{text:?} names no days; write \"mon\", \"mon-fri\" or \"mon,wed,fri\""
            ),
            BadWindow::Hours(text) => said!(
                "{text:?} no son horas; escribe \"09:00-19:00\", o \"09:00-14:00, 16:00-20:00\"",
                "{text:?} are no hours; write \"09:00-19:00\", or \"09:00-14:00, 16:00-20:00\""
            ),
            BadWindow::Empty(text) => said!(
                "{text:?} nunca se abre: el fin va después del inicio (\"24:00\" es el fin del día)",
                "{text:?} never opens: the end must be after the start (\"24:00\" is the end of the day)"
            ),
        }
    }
}

/// From a minute of the day, up to but without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range {
    pub from_minute: u16,
    pub until_minute: u16,
}

/// The ranges of each day of the week, Monday first, in order, not overlapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayRanges([Vec<Range>; 7]);

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl DayRanges {
    pub fn on(&self, day: Weekday) -> &[Range] {
        &self.0[day.to_monday_zero_offset() as usize]
    }

    pub fn never_opens(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }

    /// Whether a minute of the day is inside on any day of the week.
    pub fn ever_includes(&self, minute: u16) -> bool {
        let inside = |range: &Range| (range.from_minute..range.until_minute).contains(&minute);
        self.0.iter().flatten().any(inside)
    }

    /// The hours that lie in both.
    pub fn intersection(&self, other: &DayRanges) -> DayRanges {
        let mut both = DayRanges::default();
        for (day, ranges) in both.0.iter_mut().enumerate() {
            for a in &self.0[day] {
                for b in &other.0[day] {
                    let from_minute = a.from_minute.max(b.from_minute);
                    let until_minute = a.until_minute.min(b.until_minute);
                    if from_minute < until_minute {
                        ranges.push(Range { from_minute, until_minute });
                    }
                }
            }
            ranges.sort_unstable();
        }
        both
    }

    /// Reads the days and hours of a policy.
    ///
    /// # Errors
    /// [`BadWindow`] names the entry that does not fit.
    pub fn parse(entries: &BTreeMap<String, String>) -> Result<DayRanges, BadWindow> {
        let mut all = DayRanges::default();
        for (days, hours) in entries {
            let ranges = parse_hours(hours)?;
            for day in parse_days(days)? {
                all.0[day].extend(&ranges);
                all.0[day].sort_unstable();
            }
        }
        Ok(all)
    }
}

fn parse_days(text: &str) -> Result<Vec<usize>, BadWindow> {
    let bad = || BadWindow::Days(text.into());
    let index = |name: &str| DAYS.iter().position(|day| *day == name.trim()).ok_or_else(bad);
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            None => days.push(index(part)?),
            Some((first, last)) => {
                let (first, last) = (index(first)?, index(last)?);
                // "sat-mon" runs over the week's end.
                let count = (last + 7 - first) % 7;
                days.extend((0..=count).map(|step| (first + step) % 7));
            }
        }
    }
    Ok(days)
}

fn parse_hours(text: &str) -> Result<Vec<Range>, BadWindow> {
    let bad = || BadWindow::Hours(text.into());
    let minute = |clock: &str| -> Result<u16, BadWindow> {
        let (hour, minute) = clock.trim().split_once(':').ok_or_else(bad)?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(hour) || !digits(minute) {
            return Err(bad());
        }
        let (hour, minute): (u16, u16) =
            (hour.parse().map_err(|_| bad())?, minute.parse().map_err(|_| bad())?);
        let total = hour * 60 + minute;
        if minute > 59 || total > 1440 { Err(bad()) } else { Ok(total) }
    };
    text.split(',')
        .map(|part| {
            let (from, until) = part.split_once('-').ok_or_else(bad)?;
            let (from_minute, until_minute) = (minute(from)?, minute(until)?);
            if from_minute < until_minute {
                Ok(Range { from_minute, until_minute })
            } else {
                Err(BadWindow::Empty(part.trim().into()))
            }
        })
        .collect()
}

impl<'de> Deserialize<'de> for DayRanges {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<DayRanges, D::Error> {
        let entries = BTreeMap::<String, String>::deserialize(deserializer)?;
        DayRanges::parse(&entries).map_err(|bad| serde::de::Error::custom(bad.told().to_carry()))
    }
}

impl JsonSchema for DayRanges {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Hours by days of the week, in the customer's time zone; the end is not included.",
            "additionalProperties": { "type": "string" },
            "examples": [{ "mon-fri": "09:00-19:00", "sat": "10:00-14:00" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &str, hours: &str) -> Result<DayRanges, BadWindow> {
        DayRanges::parse(&BTreeMap::from([(days.to_owned(), hours.to_owned())]))
    }

    #[test]
    fn days_and_hours() {
        let office = window("mon-fri", "09:00-14:00, 16:00-20:00").unwrap();
        assert_eq!(office.on(Weekday::Friday).len(), 2);
        assert!(office.on(Weekday::Sunday).is_empty());
        let weekend = window("sat-mon", "10:00-24:00").unwrap();
        assert_eq!(weekend.on(Weekday::Sunday).len(), 1);
        assert!(weekend.on(Weekday::Tuesday).is_empty() && weekend.on(Weekday::Friday).is_empty());
        assert!(weekend.ever_includes(600) && weekend.ever_includes(1439));
        assert!(!weekend.ever_includes(599) && !weekend.ever_includes(1440));
        assert!(!weekend.never_opens() && DayRanges::default().never_opens());
        assert!(matches!(window("mon", "21:00-08:00"), Err(BadWindow::Empty(_))));
        assert!(matches!(window("lun", "08:00-21:00"), Err(BadWindow::Days(_))));
        assert!(matches!(window("mon", "21:00-21:00"), Err(BadWindow::Empty(_))));
        assert!(window("mon", "10:59-11:00").is_ok());
        for bad in ["8-21", "8:00-21:00", "08:0-21:00", "ab:00-21:00", "08:60-21:00", "08:00-24:01"]
        {
            assert!(matches!(window("mon", bad), Err(BadWindow::Hours(_))), "{bad}");
        }
    }

    #[test]
    fn a_country_narrows_the_window() {
        let general = window("mon-sun", "08:00-21:00").unwrap();
        let spain = window("mon-fri", "09:00-22:00").unwrap();
        let both = general.intersection(&spain);
        assert_eq!(both.on(Weekday::Monday), [Range { from_minute: 540, until_minute: 1260 }]);
        assert!(both.on(Weekday::Sunday).is_empty());
        let night = window("mon", "21:00-23:00").unwrap();
        assert!(general.intersection(&night).never_opens());
    }
}
