//! Spans of time as marketing writes them: `5 business days`, `2 weeks`, `90 minutes`.
#![allow(missing_docs, reason = "published in schemas; infra/rules/README.md describes the units")]

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::bilingual::{Bilingual, said};

/// A text that is not a duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a duration; write a number and a unit, such as \"90 minutes\", \"4 hours\", \"1 day\", \"5 business days\", \"2 weeks\", \"1 month\""
)]
pub struct BadSpan(pub String);

impl BadSpan {
    /// The same for whoever writes a rule.
    pub(crate) fn told(&self) -> Bilingual {
        let es = said!(
            "{:?} no es una duración; escribe un número y una unidad, como \"90 minutes\", \"4 hours\", \"1 day\", \"5 business days\", \"2 weeks\", \"1 month\"",
            "{}",
            self.0
        )
        .es;
        Bilingual { es, en: self.to_string() }
    }
}

/// What a span counts. Minutes and hours are elapsed time; all others are
/// dates of the customer's own calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    Minutes,
    Hours,
    Days,
    BusinessDays,
    Weeks,
    Months,
    Years,
}

/// A count of units, at most ten thousand of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub count: i32,
    pub unit: Unit,
}

impl Span {
    /// The most units that a span may count: 27 years of days.
    pub const COUNT_MAX: i32 = 10_000;

    pub const fn days(count: i32) -> Span {
        Span { count, unit: Unit::Days }
    }

    pub const fn weeks(count: i32) -> Span {
        Span { count, unit: Unit::Weeks }
    }

    /// Whether it is elapsed time, not dates.
    pub fn is_exact(self) -> bool {
        matches!(self.unit, Unit::Minutes | Unit::Hours)
    }

    /// At most so many milliseconds long, whatever the calendar says: clock
    /// changes, leap days, weekends and weeks of closed days included.
    pub fn millis_at_most(self) -> i64 {
        const HOUR: i64 = 3_600_000;
        const DAY: i64 = 24 * HOUR;
        let count = i64::from(self.count);
        match self.unit {
            Unit::Minutes => count * 60_000,
            Unit::Hours => count * HOUR,
            Unit::Days => count * DAY + 2 * DAY,
            Unit::BusinessDays => count * 2 * DAY + 30 * DAY,
            Unit::Weeks => count * 7 * DAY + 2 * DAY,
            Unit::Months => count * 31 * DAY + 2 * DAY,
            Unit::Years => count * 366 * DAY + 2 * DAY,
        }
    }
}

impl FromStr for Span {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Span, BadSpan> {
        let bad = || BadSpan(text.chars().take(60).collect());
        let (count, unit) = text.trim().split_once(' ').ok_or_else(bad)?;
        if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let count: i32 = count.parse().map_err(|_| bad())?;
        if count > Span::COUNT_MAX {
            return Err(bad());
        }
        let unit = match unit.trim() {
            "minute" | "minutes" => Unit::Minutes,
            "hour" | "hours" => Unit::Hours,
            "day" | "days" => Unit::Days,
            "business day" | "business days" => Unit::BusinessDays,
            "week" | "weeks" => Unit::Weeks,
            "month" | "months" => Unit::Months,
            "year" | "years" => Unit::Years,
            _ => return Err(bad()),
        };
        Ok(Span { count, unit })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Minutes => "minute",
            Unit::Hours => "hour",
            Unit::Days => "day",
            Unit::BusinessDays => "business day",
            Unit::Weeks => "week",
            Unit::Months => "month",
            Unit::Years => "year",
        };
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        let text = String::deserialize(deserializer)?;
        let told = |bad: BadSpan| serde::de::Error::custom(bad.told().to_carry());
        text.parse().map_err(told)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A span of time: minutes and hours are elapsed time, the others count dates of the customer's calendar.",
            "pattern": "^[0-9]{1,5} (minutes?|hours?|days?|business days?|weeks?|months?|years?)$",
            "examples": ["90 minutes", "1 day", "5 business days", "2 weeks", "1 month"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_is_longer_than_it_is_at_most() {
        const HOUR: i64 = 3_600_000;
        let most = |text: &str| text.parse::<Span>().unwrap().millis_at_most();
        assert_eq!(most("3 minutes"), 180_000);
        assert_eq!(most("3 hours"), 3 * HOUR);
        // Two days more for clocks and time zones, where dates are counted.
        assert_eq!(most("3 days"), 5 * 24 * HOUR);
        assert_eq!(most("3 weeks"), 23 * 24 * HOUR);
        assert_eq!(most("3 months"), 95 * 24 * HOUR);
        assert_eq!(most("3 years"), 1_100 * 24 * HOUR);
        // Each with a weekend's day, and a month of closed ones.
        assert_eq!(most("3 business days"), 36 * 24 * HOUR);
    }

    #[test]
    fn spans_read_as_people_write_them() {
        for text in ["90 minutes", "1 hour", "1 day", "5 business days", "2 weeks", "1 month"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        let most = format!("{} days", Span::COUNT_MAX);
        assert_eq!(most.parse::<Span>().unwrap().to_string(), most);
        let more = format!("{} days", Span::COUNT_MAX + 1);
        assert!(more.parse::<Span>().is_err());
        for bad in ["", "5", "days", "-1 days", "1.5 hours", "3 fortnights", "99999 days"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
