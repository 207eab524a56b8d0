//! An instant in whole milliseconds: small in a stored item, quick to compare.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// The milliseconds of a day of 24 hours.
pub const DAY_MILLIS: i64 = 86_400_000;

/// Milliseconds since 1970-01-01T00:00:00Z, always inside jiff's range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// The earliest instant: the beginning of year 1 in UTC.
    pub const MIN: Instant = Instant(-62_135_596_800_000); // 0001-01-01
    /// The latest instant: the beginning of year 9999 in UTC.
    pub const MAX: Instant = Instant(253_370_764_800_000); // 9999-01-01

    /// The instant at so many milliseconds, kept inside year 1 to 9998.
    pub fn from_millis(millis: i64) -> Instant {
        Instant(millis.clamp(Self::MIN.0, Self::MAX.0))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, negative before it.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The same instant as jiff's type.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::MAX)
    }

    /// The same instant with the local time of a zone.
    pub fn zoned(self, zone: &TimeZone) -> jiff::Zoned {
        self.timestamp().to_zoned(zone.clone())
    }

    /// The local date in a zone at this instant.
    pub fn date_in(self, zone: &TimeZone) -> jiff::civil::Date {
        zone.to_datetime(self.timestamp()).date()
    }

    /// So many milliseconds later, or earlier where negative.
    pub fn plus_millis(self, millis: i64) -> Instant {
        Instant::from_millis(self.0.saturating_add(millis))
    }

    /// RFC 3339 in the offset that `zone` has at this instant.
    pub fn rfc3339_in(self, zone: &TimeZone) -> String {
        let timestamp = self.timestamp();
        let offset = zone.to_offset(timestamp);
        timestamp.display_with_offset(offset).to_string()
    }
}

impl From<Timestamp> for Instant {
    fn from(timestamp: Timestamp) -> Instant {
        Instant::from_millis(timestamp.as_millisecond())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.timestamp(), f)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        i64::deserialize(deserializer).map(Instant::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_in_utc_or_in_the_offset_of_a_zone() {
        let at = Instant::from_millis(1_800_000_000_000);
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(at.rfc3339_in(&madrid), "2027-01-15T09:00:00+01:00");
        assert_eq!(
            (at.to_string(), format!("{at:?}")),
            ("2027-01-15T08:00:00Z".into(), at.to_string())
        );
    }
}
