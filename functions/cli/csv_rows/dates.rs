//! Dates and times as people write them: `2025-11-13`, `13/11/2025 10:00`,
//! `2025-11-13 10:00:00 -0600`.
//!
//! `05/06/2025` may be in May or in June. The column's other cells decide, or
//! `--date-order` does; nothing is guessed.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use lazo::shell::wording::Language;

use crate::lang::spoken;

/// Which number stands first where the year stands last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DateOrder {
    #[value(name = "day-first")]
    Day,
    #[value(name = "month-first")]
    Month,
}

/// What a column's cells say of its order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    day: bool,
    month: bool,
    pub unclear: usize,
}

/// How the dates of a column are read.
#[derive(Clone, Debug)]
pub struct Dates {
    /// `None` where nothing tells.
    pub order: Option<DateOrder>,
    is_given: bool,
    zone: TimeZone,
}

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct When {
    /// The nearest one, where the calendar's end is too near.
    nearest: Timestamp,
    /// In the file's time zone.
    pub local: DateTime,
    has_instant: bool,
}

impl When {
    /// `None` where the calendar's end is too near for an instant.
    pub fn instant(&self) -> Option<Timestamp> {
        self.has_instant.then_some(self.nearest)
    }
}

/// A cell taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    date: WrittenDate,
    time: Time,
    offset: Option<Offset>,
}

#[derive(Clone, Copy, Debug)]
enum WrittenDate {
    Is(Date),
    /// Two numbers of which either may be the day: both dates, day first.
    Unclear(Date, Date),
    /// Only one order makes a date of it.
    Ordered(DateOrder, Date),
}

impl Seen {
    pub fn add(&mut self, written: &Written) {
        match written.date {
            WrittenDate::Is(_) => {}
            WrittenDate::Unclear(..) => self.unclear += 1,
            WrittenDate::Ordered(DateOrder::Day, _) => self.day = true,
            WrittenDate::Ordered(DateOrder::Month, _) => self.month = true,
        }
    }

    /// Whether cells contradict each other.
    pub fn is_mixed(&self) -> bool {
        self.day && self.month
    }
}

impl Dates {
    pub fn new(seen: Seen, given: Option<DateOrder>, zone: TimeZone) -> Dates {
        let found = match (seen.day, seen.month) {
            (true, false) => Some(DateOrder::Day),
            (false, true) => Some(DateOrder::Month),
            _ => None,
        };
        Dates { order: given.or(found), is_given: given.is_some(), zone }
    }

    /// Reads a cell: an instant, or a date or time of the file's zone.
    ///
    /// # Errors
    /// Why it is no time, or what it may be.
    pub fn read(&self, text: &str) -> Result<When, String> {
        let written = written(text)?;
        let date = match (written.date, self.order) {
            (WrittenDate::Is(date), _) => date,
            (WrittenDate::Unclear(date, _), Some(DateOrder::Day))
            | (WrittenDate::Unclear(_, date), Some(DateOrder::Month)) => date,
            (WrittenDate::Unclear(day_first, month_first), None) => {
                return Err(match spoken() {
                    Language::Es => format!(
                        "{text:?} es {day_first} o {month_first}; di cuál con \
                         --date-order day-first o --date-order month-first"
                    ),
                    Language::En => format!(
                        "{text:?} is {day_first} or {month_first}; say which with \
                         --date-order day-first or --date-order month-first"
                    ),
                });
            }
            (WrittenDate::Ordered(order, _), Some(given)) if self.is_given && given != order => {
                let no = spoken().pick("no va con", "does not go with");
                return Err(format!("{text:?} {no} --date-order"));
            }
            (WrittenDate::Ordered(_, date), _) => date,
        };
        let local = date.to_datetime(written.time);
        Ok(match written.offset {
            None => {
                let instant = self.zone.to_ambiguous_timestamp(local).compatible().ok();
                let end = if local.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
                When { nearest: instant.unwrap_or(end), local, has_instant: instant.is_some() }
            }
            Some(offset) => {
                let instant = offset.to_timestamp(local).map_err(|_| no_time(text))?;
                let local = self.zone.to_datetime(instant);
                When { nearest: instant, local, has_instant: true }
            }
        })
    }
}

impl Dates {
    /// Whether times mostly fall, row by row: the file's first rows are the latest.
    pub fn falls(&self, times: &[Written]) -> bool {
        let key = |written: &Written| {
            let date = match (written.date, self.order) {
                (WrittenDate::Is(date) | WrittenDate::Ordered(_, date), _) => date,
                (WrittenDate::Unclear(_, date), Some(DateOrder::Month)) => date,
                (WrittenDate::Unclear(date, _), _) => date,
            };
            (date, written.time)
        };
        let steps = || times.windows(2).map(|pair| key(&pair[0]).cmp(&key(&pair[1])));
        let count = |wanted: Ordering| steps().filter(|step| *step == wanted).count();
        count(Ordering::Greater) > count(Ordering::Less)
    }
}

fn no_time(text: &str) -> String {
    let no = spoken().pick("no es fecha ni hora como", "is no date or time such as");
    let or = spoken().pick("o", "or");
    format!("{text:?} {no} 2027-01-31 {or} 2027-01-31 10:30:00")
}

/// Takes a cell apart.
///
/// # Errors
/// Why it is no time.
pub fn written(text: &str) -> Result<Written, String> {
    let of = |local: DateTime, offset| Written {
        date: WrittenDate::Is(local.date()),
        time: local.time(),
        offset,
    };
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(of(Offset::UTC.to_datetime(instant), Some(Offset::UTC)));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return Ok(of(local, None));
    }
    let none = || no_time(text);
    let is_space = |c: char| c.is_whitespace() || c == 'T';
    let (date, rest) = text.trim().split_once(is_space).unwrap_or((text.trim(), ""));
    let date = date_of(date).ok_or_else(|| match is_short_year(date) {
        true => format!("{text:?} has two digits for the year; write four"),
        false => none(),
    })?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Ok(Written { date, time: Time::midnight(), offset: None });
    }
    let (time, rest) = time_of(rest).ok_or_else(none)?;
    let offset = match rest {
        "" => None,
        rest => Some(offset_of(rest).ok_or_else(none)?),
    };
    Ok(Written { date, time, offset })
}

/// Three numbers between slashes, points or dashes.
fn numbers(text: &str) -> Option<[&str; 3]> {
    let mark = text.chars().find(|c| matches!(c, '/' | '.' | '-'))?;
    let parts: Vec<&str> = text.split(mark).collect();
    let are_numbers = parts
        .iter()
        .all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    parts.try_into().ok().filter(|_| are_numbers)
}

fn is_short_year(text: &str) -> bool {
    numbers(text).is_some_and(|parts| parts.iter().all(|part| part.len() <= 2))
}

fn date_of(text: &str) -> Option<WrittenDate> {
    let [first, second, third] = numbers(text)?;
    let number = |part: &str| part.parse::<i16>().ok();
    let date = |year: &str, month: &str, day: &str| {
        Date::new(number(year)?, number(month)? as i8, number(day)? as i8).ok()
    };
    match (first.len(), second.len(), third.len()) {
        (4, 1..=2, 1..=2) => date(first, second, third).map(WrittenDate::Is),
        (1..=2, 1..=2, 4) => match (date(third, second, first), date(third, first, second)) {
            (Some(day), Some(month)) if day == month => Some(WrittenDate::Is(day)),
            (Some(day), Some(month)) => Some(WrittenDate::Unclear(day, month)),
            (Some(day), None) => Some(WrittenDate::Ordered(DateOrder::Day, day)),
            (None, Some(month)) => Some(WrittenDate::Ordered(DateOrder::Month, month)),
            (None, None) => None,
        },
        _ => None,
    }
}

/// A time of day, of 24 hours or with `a. m.` or `PM`, and what stands behind it.
fn time_of(text: &str) -> Option<(Time, &str)> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | ':' | '.')).unwrap_or(text.len());
    let (clock, rest) = (text[..end].trim_end_matches('.'), text[end..].trim_start());
    let (clock, nanos) = match clock.split_once('.') {
        Some((clock, digits)) if (1..=9).contains(&digits.len()) => {
            (clock, format!("{digits:0<9}").parse::<i32>().ok()?)
        }
        Some(_) => return None,
        None => (clock, 0),
    };
    let parts: Vec<i8> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (hour, minute, second) = match parts[..] {
        [hour] if is_half(rest).is_some() => (hour, 0, 0),
        [hour, minute] => (hour, minute, 0),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let (hour, rest) = match is_half(rest) {
        None => (hour, rest),
        Some((is_afternoon, rest)) if (1..=12).contains(&hour) => {
            (hour % 12 + if is_afternoon { 12 } else { 0 }, rest)
        }
        Some(_) => return None,
    };
    Some((Time::new(hour, minute, second, nanos).ok()?, rest))
}

/// Whether `AM`, `p. m.` and the like begin a text: afternoon or not, and the rest.
fn is_half(text: &str) -> Option<(bool, &str)> {
    let mut letters = String::new();
    for (index, c) in text.char_indices() {
        match c.to_ascii_lowercase() {
            '.' => {}
            c if c.is_whitespace() && letters.len() < 2 => {}
            c @ ('a' | 'p') if letters.is_empty() => letters.push(c),
            'm' if letters.len() == 1 => letters.push('m'),
            _ if letters.len() == 2 => return Some((letters == "pm", text[index..].trim_start())),
            _ => return None,
        }
    }
    (letters.len() == 2).then_some((letters == "pm", ""))
}

/// `Z`, `UTC`, `-06`, `-0600` or `-06:00`.
fn offset_of(text: &str) -> Option<Offset> {
    if ["Z", "UTC", "GMT"].iter().any(|name| text.eq_ignore_ascii_case(name)) {
        return Some(Offset::UTC);
    }
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' | '−' => -1,
        _ => return None,
    };
    let digits: String = text.chars().skip(1).filter(|c| *c != ':').collect();
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = match digits.len() {
        2 if is_number => (digits.as_str(), "0"),
        4 if is_number => digits.split_at(2),
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let is_clock = hours <= 14 && minutes < 60;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| is_clock)
}

#[cfg(test)]
mod tests;
