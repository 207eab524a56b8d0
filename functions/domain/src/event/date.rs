//! Dates that come back every year: birthdays and anniversaries.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no date such as 1984-03-09, or --03-09 where the year is not known")]
pub struct BadDate;

/// A day of the year, with the year it began in where that is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnnualDate {
    /// From 1 to 9999; `None` where it is not known.
    pub year: Option<i16>,
    /// From 1 to 12.
    pub month: i8,
    /// From 1 to 31. 29 February is taken where the year is not known.
    pub day: i8,
}

impl AnnualDate {
    /// The whole date, where the year is known.
    pub fn date(self) -> Option<Date> {
        Date::new(self.year?, self.month, self.day).ok()
    }

    /// Whether it is 29 February, which most years do not have.
    pub fn is_leap_day(self) -> bool {
        self.month == 2 && self.day == 29
    }
}

/// Dates on which so many were born that they are likely another system's for
/// "unknown": at least ten, and a share of the birthdays that no real day has. The
/// most frequent first.
///
/// # Examples
/// ```
/// use lazo_domain::event::{AnnualDate, suspicious_birthdays};
/// let date = |text: &str| text.parse::<AnnualDate>().unwrap();
/// let mut birthdays = vec![date("1970-01-01"); 12];
/// birthdays.extend((1..29).map(|day| date(&format!("1984-03-{day:02}"))));
/// assert_eq!(suspicious_birthdays(&birthdays), [(date("1970-01-01"), 12)]);
/// ```
pub fn suspicious_birthdays(birthdays: &[AnnualDate]) -> Vec<(AnnualDate, usize)> {
    const COUNT_MIN: usize = 10;
    // With a year, a day has one in some 20,000 living people; without, one in 365.
    let share_max = |date: &AnnualDate| if date.year.is_some() { 0.005 } else { 0.03 };
    let mut counts: BTreeMap<AnnualDate, usize> = BTreeMap::new();
    for date in birthdays {
        *counts.entry(*date).or_default() += 1;
        if date.year.is_some() {
            *counts.entry(AnnualDate { year: None, ..*date }).or_default() += 1;
        }
    }
    let is_much = |date: &AnnualDate, count: usize| {
        count >= COUNT_MIN && count as f64 > share_max(date) * birthdays.len() as f64
    };
    let much: Vec<_> = counts.into_iter().filter(|(date, count)| is_much(date, *count)).collect();
    // A day of many years is told where no single year explains it.
    let of_years = |day: &AnnualDate| -> usize {
        let same = |date: &AnnualDate| (date.month, date.day) == (day.month, day.day);
        much.iter().filter(|(date, _)| date.year.is_some() && same(date)).map(|(_, n)| n).sum()
    };
    let mut told: Vec<_> = much
        .iter()
        .filter(|(date, count)| date.year.is_some() || is_much(date, count - of_years(date)))
        .copied()
        .collect();
    told.sort_by_key(|(date, count)| (std::cmp::Reverse(*count), *date));
    told
}

impl FromStr for AnnualDate {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<AnnualDate, BadDate> {
        let number = |part: &str| -> Result<i16, BadDate> {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten().ok_or(BadDate)
        };
        let (year, rest) = match text.strip_prefix("--") {
            Some(rest) => (None, rest),
            None => {
                let (year, rest) = text.split_once('-').ok_or(BadDate)?;
                if year.len() != 4 {
                    return Err(BadDate);
                }
                (Some(number(year)?), rest)
            }
        };
        let (month, day) = rest.split_once('-').ok_or(BadDate)?;
        if month.len() != 2 || day.len() != 2 || year.is_some_and(|year| year < 1) {
            return Err(BadDate);
        }
        let (month, day) = (number(month)? as i8, number(day)? as i8);
        // A leap year stands in for an unknown one, so that 29 February passes.
        Date::new(year.unwrap_or(2000), month, day).map_err(|_| BadDate)?;
        Ok(AnnualDate { year, month, day })
    }
}

impl fmt::Display for AnnualDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            Some(year) => write!(f, "{year:04}-{:02}-{:02}", self.month, self.day),
            None => write!(f, "--{:02}-{:02}", self.month, self.day),
        }
    }
}

impl fmt::Debug for AnnualDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Serialize for AnnualDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AnnualDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<AnnualDate, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for AnnualDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AnnualDate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "title": "AnnualDate",
            "type": "string",
            "pattern": "^ *(([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])-|--)(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]) *$",
            "description": "A date such as 1984-03-09, or --03-09 where the year is not known.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_and_without_year() {
        let date: AnnualDate = "1984-03-09".parse().unwrap();
        assert_eq!((date.year, date.month, date.day), (Some(1984), 3, 9));
        assert_eq!(date.date(), Some(Date::constant(1984, 3, 9)));
        let of = |text: &str| text.parse::<AnnualDate>().unwrap();
        assert_eq!(of("--03-09").date(), None);
        assert_eq!(of("0001-01-01").date(), Some(Date::constant(1, 1, 1)));
        let leaps = ["--02-29", "2028-02-29", "--02-28", "--03-29", "1984-03-09"];
        let are_leaps = [true, true, false, false, false];
        assert_eq!(leaps.map(|text| of(text).is_leap_day()), are_leaps);
        assert_eq!(format!("{date:?}"), "…");
        assert_eq!("--02-29".parse::<AnnualDate>().unwrap().to_string(), "--02-29");
        for bad in [
            "1984-02-30",
            "2027-02-29",
            "0000-01-01",
            "84-01-01",
            "--13-01",
            "--1-1",
            "",
            "1984-3-09",
            "1984-03-9",
            "--3-009",
            "+984-03-09",
            "--+3-09",
            "--03-+9",
            "----03-09",
        ] {
            assert!(bad.parse::<AnnualDate>().is_err(), "{bad}");
        }
    }
}
