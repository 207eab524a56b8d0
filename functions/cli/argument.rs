//! Dates and instants on the command line. What is wrong with one is told by an example.

use jiff::Timestamp;
use jiff::civil::Date;

/// Such as `2026-11-30`.
///
/// # Errors
/// What is no date.
pub fn date(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "no date such as 2026-11-30")
}

/// Such as `2026-11-30T10:00:00-06:00`.
///
/// # Errors
/// What is no instant, or has no offset.
pub fn instant(text: &str) -> Result<Timestamp, &'static str> {
    text.parse().map_err(|_| "no instant with its offset such as 2026-11-30T10:00:00-06:00")
}
