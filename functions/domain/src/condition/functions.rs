//! The functions that conditions may call: what each takes, gives and does.

use std::cmp::Ordering;

use cel::Value;
use cel::objects::KeyRef;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::Stop;
use super::types::Type;
use super::values::{equal, number, order};
use crate::instant::Instant;
use crate::view::timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Whole,
    Number,
    Text,
    Truth,
    Same,
    Min,
    Max,
    Timestamp,
    Duration,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Segment,
    Part(Part),
}

/// A part of a timestamp, by a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// A function as conditions call it: what it gives, and how many values it
/// takes, the one that it stands behind included.
pub(super) struct Signature {
    pub name: &'static str,
    pub function: Function,
    pub gives: Type,
    pub least: usize,
    pub most: usize,
}

const fn taking(
    name: &'static str,
    function: Function,
    gives: Type,
    least: usize,
    most: usize,
) -> Signature {
    Signature { name, function, gives, least, most }
}

const fn part(name: &'static str, part: Part) -> Signature {
    taking(name, Function::Part(part), Type::Number, 1, 2)
}

/// So many values at most: a condition has no room for more.
const MANY: usize = 200;

pub(super) static FUNCTIONS: [Signature; 27] = [
    taking("size", Function::Size, Type::Number, 1, 1),
    taking("int", Function::Whole, Type::Number, 1, 1),
    taking("uint", Function::Whole, Type::Number, 1, 1),
    taking("double", Function::Number, Type::Number, 1, 1),
    taking("string", Function::Text, Type::String, 1, 1),
    taking("bool", Function::Truth, Type::Bool, 1, 1),
    taking("dyn", Function::Same, Type::Unknown, 1, 1),
    taking("min", Function::Min, Type::Unknown, 1, MANY),
    taking("max", Function::Max, Type::Unknown, 1, MANY),
    taking("timestamp", Function::Timestamp, Type::Timestamp, 1, 1),
    taking("duration", Function::Duration, Type::Duration, 1, 1),
    taking("contains", Function::Contains, Type::Bool, 2, 2),
    taking("startsWith", Function::StartsWith, Type::Bool, 2, 2),
    taking("endsWith", Function::EndsWith, Type::Bool, 2, 2),
    taking("matches", Function::Matches, Type::Bool, 2, 2),
    taking("segment", Function::Segment, Type::Bool, 1, 1),
    part("getFullYear", Part::FullYear),
    part("getMonth", Part::Month),
    part("getDate", Part::Date),
    part("getDayOfMonth", Part::DayOfMonth),
    part("getDayOfWeek", Part::DayOfWeek),
    part("getDayOfYear", Part::DayOfYear),
    part("getHours", Part::Hours),
    part("getMinutes", Part::Minutes),
    part("getSeconds", Part::Seconds),
    part("getMilliseconds", Part::Milliseconds),
    // How `exists` and `all` are written out.
    taking("@not_strictly_false", Function::Same, Type::Bool, 1, 1),
];

/// What is written with a condition inside: `list.exists(i, i.quantity > 1)`.
pub(super) const MACROS: [&str; 6] = ["has", "all", "exists", "exists_one", "map", "filter"];

impl Function {
    /// What it wants in place of a value of another type.
    pub(super) fn wants(self, index: usize, kind: &Type) -> Option<&'static str> {
        let kind = kind.plain();
        let (fits, wanted) = match (self, index) {
            (Function::StartsWith | Function::EndsWith | Function::Matches, _)
            | (Function::Part(_), 1) => (matches!(kind, Type::String), "strings"),
            (Function::Part(_), _) => {
                (matches!(kind, Type::Timestamp | Type::Duration), "timestamps")
            }
            (Function::Size, _) => {
                let is_fit =
                    matches!(kind, Type::String | Type::List(_) | Type::Map | Type::Object(..));
                (is_fit, "strings and lists")
            }
            (Function::Whole | Function::Number, _) => (
                matches!(kind, Type::Number | Type::String | Type::Timestamp),
                "numbers and strings",
            ),
            (Function::Timestamp, _) => {
                (matches!(kind, Type::String | Type::Timestamp | Type::Number), "strings")
            }
            (Function::Duration, _) => (matches!(kind, Type::String | Type::Duration), "strings"),
            (Function::Truth, _) => (matches!(kind, Type::Bool | Type::String), "strings"),
            (Function::Contains, 0) => (
                matches!(kind, Type::String | Type::List(_) | Type::Map | Type::Object(..)),
                "strings and lists",
            ),
            _ => (true, ""),
        };
        (!fits && *kind != Type::Unknown).then_some(wanted)
    }

    pub(super) fn call(self, args: &[Value]) -> Result<Value, Stop> {
        let [first, rest @ ..] = args else { return Err(Stop::Unfit("needs a value")) };
        match self {
            Function::Size => size(first),
            Function::Whole => match read_number(first)?.trunc() {
                whole if whole.abs() < 9e18 => Ok(Value::Float(whole)),
                _ => Err(Stop::Unfit("is too large for a whole number")),
            },
            Function::Number => read_number(first).map(Value::Float),
            Function::Text => text(first),
            Function::Truth => match first {
                Value::Bool(_) => Ok(first.clone()),
                Value::String(text) => match text.as_str() {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    _ => Err(Stop::Unfit("bool takes \"true\" or \"false\"")),
                },
                _ => Err(Stop::Unfit("bool takes \"true\" or \"false\"")),
            },
            Function::Same => Ok(first.clone()),
            Function::Min => extreme(args, Ordering::Less),
            Function::Max => extreme(args, Ordering::Greater),
            Function::Timestamp => read_timestamp(first),
            Function::Duration => read_duration(first),
            Function::Contains => contains(first, rest),
            Function::StartsWith => of_texts(first, rest, |text, other| text.starts_with(other)),
            Function::EndsWith => of_texts(first, rest, |text, other| text.ends_with(other)),
            // With a pattern that is not known yet it does not pass the check.
            Function::Matches => Err(Stop::Unfit("matches takes a pattern in quotes")),
            // The same holds of a name that is not written out.
            Function::Segment => Err(Stop::Unfit("segment takes a name in quotes")),
            Function::Part(part) => part.of(first, rest),
        }
    }
}

fn size(value: &Value) -> Result<Value, Stop> {
    let size = match value {
        Value::String(text) => text.chars().count(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.map.len(),
        _ => return Err(Stop::Unfit("size is for text, lists and objects")),
    };
    Ok(Value::Int(size as i64))
}

fn read_number(value: &Value) -> Result<f64, Stop> {
    let read = match value {
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        Value::Timestamp(at) => Some(at.timestamp() as f64),
        other => number(other),
    };
    read.ok_or(Stop::Unfit("is no number"))
}

fn text(value: &Value) -> Result<Value, Stop> {
    if let Some(number) = number(value) {
        // `{}` of a whole number has no point: 3 and 3.0 read alike.
        return Ok(format!("{}", if number == 0.0 { 0.0 } else { number }).into());
    }
    Ok(match value {
        Value::String(_) => value.clone(),
        Value::Bool(value) => value.to_string().into(),
        Value::Timestamp(at) => Instant::from_millis(at.timestamp_millis()).to_string().into(),
        Value::Duration(by) => format!("{}s", by.num_milliseconds() as f64 / 1_000.0).into(),
        _ => return Err(Stop::Unfit("cannot be written as text")),
    })
}

fn extreme(args: &[Value], wanted: Ordering) -> Result<Value, Stop> {
    let values = match args {
        [Value::List(list)] => list.as_slice(),
        values => values,
    };
    let mut found = values.first().ok_or(Stop::Missing)?;
    for value in &values[1..] {
        if order(value, found)? == wanted {
            found = value;
        }
    }
    Ok(found.clone())
}

fn read_timestamp(value: &Value) -> Result<Value, Stop> {
    let read = match value {
        Value::Timestamp(_) => return Ok(value.clone()),
        Value::String(text) => text.parse::<Timestamp>().ok(),
        other => number(other).and_then(|seconds| Timestamp::from_second(seconds as i64).ok()),
    };
    let at = read.ok_or(Stop::Unfit(
        "timestamp takes an instant with its offset, such as \"2026-11-21T10:00:00-06:00\"",
    ))?;
    Ok(timestamp(Instant::from_millis(at.as_millisecond())))
}

fn read_duration(value: &Value) -> Result<Value, Stop> {
    let read = match value {
        Value::Duration(_) => return Ok(value.clone()),
        Value::String(text) => text.parse::<SignedDuration>().ok(),
        _ => None,
    };
    let millis = read.and_then(|by| i64::try_from(by.as_millis()).ok());
    millis
        .and_then(chrono::Duration::try_milliseconds)
        .map(Value::Duration)
        .ok_or(Stop::Unfit("duration takes a text such as \"36h\" or \"90m\""))
}

fn contains(value: &Value, rest: &[Value]) -> Result<Value, Stop> {
    let is_in = match (value, rest) {
        (Value::String(text), [Value::String(part)]) => text.contains(part.as_str()),
        (Value::List(list), [one]) => {
            let one_of = |other: &Value| matches!(equal(one, other), Ok(true));
            list.iter().any(one_of)
        }
        (Value::Map(map), [Value::String(name)]) => map.get(&KeyRef::String(name)).is_some(),
        _ => return Err(Stop::Unfit("contains is for text and lists")),
    };
    Ok(Value::Bool(is_in))
}

fn of_texts(
    value: &Value,
    rest: &[Value],
    holds: impl Fn(&str, &str) -> bool,
) -> Result<Value, Stop> {
    match (value, rest) {
        (Value::String(text), [Value::String(other)]) => Ok(Value::Bool(holds(text, other))),
        _ => Err(Stop::Unfit("is for text")),
    }
}

/// A time zone as CEL names it: `America/Mexico_City`, or `-06:00`.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    let Some((hours, minutes)) = name.split_once(':') else { return TimeZone::get(name).ok() };
    let is_west = hours.starts_with('-');
    let hours: i32 = hours.trim_start_matches(['-', '+']).parse().ok()?;
    let minutes: i32 = minutes.parse().ok().filter(|minutes| (0..60).contains(minutes))?;
    let seconds = hours.checked_mul(3_600)?.checked_add(minutes * 60)?;
    Offset::from_seconds(if is_west { -seconds } else { seconds }).ok().map(TimeZone::fixed)
}

impl Part {
    /// Whether every clock of the world shows the same.
    pub(super) fn is_everywhere(self) -> bool {
        matches!(self, Part::Seconds | Part::Milliseconds)
    }

    fn of(self, value: &Value, rest: &[Value]) -> Result<Value, Stop> {
        let at = match value {
            Value::Timestamp(at) => *at,
            Value::Duration(by) if rest.is_empty() => return self.of_duration(*by),
            _ => return Err(Stop::Unfit("is for timestamps")),
        };
        let zone = match rest {
            [] => TimeZone::UTC,
            [Value::String(name)] => zone(name).ok_or(Stop::Unfit("there is no such time zone"))?,
            _ => return Err(Stop::Unfit("a time zone is a text")),
        };
        let at = Timestamp::from_millisecond(at.timestamp_millis());
        let at = at.map_err(|_| Stop::Unfit("is too far away"))?;
        Ok(Value::Int(self.of_local(&at.to_zoned(zone))))
    }

    /// As CEL counts: months, days of the month and of the year from 0, dates
    /// from 1, days of the week from Sunday.
    fn of_local(self, at: &Zoned) -> i64 {
        match self {
            Part::FullYear => at.year().into(),
            Part::Month => i64::from(at.month()) - 1,
            Part::Date => at.day().into(),
            Part::DayOfMonth => i64::from(at.day()) - 1,
            Part::DayOfWeek => at.weekday().to_sunday_zero_offset().into(),
            Part::DayOfYear => i64::from(at.day_of_year()) - 1,
            Part::Hours => at.hour().into(),
            Part::Minutes => at.minute().into(),
            Part::Seconds => at.second().into(),
            Part::Milliseconds => at.millisecond().into(),
        }
    }

    fn of_duration(self, by: chrono::Duration) -> Result<Value, Stop> {
        Ok(Value::Int(match self {
            Part::Hours => by.num_hours(),
            Part::Minutes => by.num_minutes(),
            Part::Seconds => by.num_seconds(),
            Part::Milliseconds => by.num_milliseconds(),
            _ => return Err(Stop::Unfit("is for timestamps")),
        }))
    }
}
