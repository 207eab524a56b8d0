//! The functions that mappings may call: what each takes, gives and does.
//!
//! What is absent stays absent and what is null stays null. A value that does not fit
//! becomes absent, and is told: it drops its field, not its event.

use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};

use super::text;
use super::value::Value;
use crate::condition::Type;
use crate::digest::{BYTES, sha256_hex};
use crate::event::NOTE_CHARS_MAX;
use crate::money::parse_amount;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Helper {
    Id,
    Guest,
    Money,
    Minor,
    Sum,
    Abs,
    Number,
    Text,
    Line,
    Note,
    Name,
    Phone,
    Unescape,
    Lower,
    Upper,
    Instant,
    LocalTime,
    Stamp,
    Date,
    Sha256,
    First,
    List,
    Size,
    Last,
    Contains,
    StartsWith,
    EndsWith,
}

/// A function as mappings call it: what it gives, how many values it takes, and of
/// which type each must be.
pub(super) struct Signature {
    pub name: &'static str,
    pub helper: Helper,
    pub gives: Type,
    pub least: usize,
    pub takes: &'static [Wants],
}

/// What a function takes in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    Anything,
    Text,
}

const ANY: Wants = Wants::Anything;
const TEXT: Wants = Wants::Text;

const fn giving(
    name: &'static str,
    helper: Helper,
    gives: Type,
    least: usize,
    takes: &'static [Wants],
) -> Signature {
    Signature { name, helper, gives, least, takes }
}

pub(super) static HELPERS: [Signature; 27] = [
    giving("id", Helper::Id, Type::String, 1, &[ANY]),
    giving("guest", Helper::Guest, Type::String, 1, &[TEXT]),
    giving("money", Helper::Money, Type::Map, 2, &[ANY, TEXT]),
    giving("minor", Helper::Minor, Type::Map, 2, &[ANY, TEXT]),
    giving("sum", Helper::Sum, Type::Number, 1, &[ANY]),
    giving("abs", Helper::Abs, Type::Number, 1, &[ANY]),
    giving("number", Helper::Number, Type::Number, 1, &[ANY]),
    giving("string", Helper::Text, Type::String, 1, &[ANY]),
    giving("line", Helper::Line, Type::String, 1, &[ANY]),
    giving("note", Helper::Note, Type::String, 1, &[ANY]),
    giving("name", Helper::Name, Type::Map, 1, &[TEXT, TEXT]),
    giving("phone", Helper::Phone, Type::String, 1, &[ANY]),
    giving("unescape", Helper::Unescape, Type::String, 1, &[ANY]),
    giving("lower", Helper::Lower, Type::String, 1, &[TEXT]),
    giving("upper", Helper::Upper, Type::String, 1, &[TEXT]),
    giving("instant", Helper::Instant, Type::String, 1, &[ANY]),
    giving("local_time", Helper::LocalTime, Type::String, 2, &[TEXT, TEXT]),
    giving("stamp", Helper::Stamp, Type::String, 1, &[ANY]),
    giving("date", Helper::Date, Type::String, 1, &[TEXT, TEXT]),
    giving("sha256", Helper::Sha256, Type::String, 1, &[TEXT]),
    giving("first", Helper::First, Type::Unknown, 1, &[ANY; 8]),
    giving("list", Helper::List, Type::Unknown, 1, &[ANY]),
    giving("size", Helper::Size, Type::Number, 1, &[ANY]),
    giving("last", Helper::Last, Type::String, 2, &[TEXT, TEXT]),
    giving("contains", Helper::Contains, Type::Bool, 2, &[TEXT, TEXT]),
    giving("startsWith", Helper::StartsWith, Type::Bool, 2, &[TEXT, TEXT]),
    giving("endsWith", Helper::EndsWith, Type::Bool, 2, &[TEXT, TEXT]),
];

/// Currencies without decimals, as payment systems count them (ISO 4217, with the
/// exceptions of docs.stripe.com/currencies: ISK and UGX keep two).
const WITHOUT_DECIMALS: [&str; 15] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF",
    "XOF", "XPF",
];

/// Currencies of three decimals.
const OF_THREE: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];

fn decimals(currency: &str) -> u32 {
    match currency {
        _ if WITHOUT_DECIMALS.contains(&currency) => 0,
        _ if OF_THREE.contains(&currency) => 3,
        _ => 2,
    }
}

/// What a call came to, and in words why a value that was there did not fit.
pub(super) struct Told {
    pub value: Value,
    pub unfit: Option<&'static str>,
}

impl From<Value> for Told {
    fn from(value: Value) -> Told {
        Told { value, unfit: None }
    }
}

fn unfit(why: &'static str) -> Told {
    Told { value: Value::Absent, unfit: Some(why) }
}

/// The text in place of one, or why there is none.
fn text_or(found: Option<String>, why: &'static str) -> Told {
    found.map_or_else(|| unfit(why), |text| Value::text(text).into())
}

impl Helper {
    /// Calls it. `prefix` stands before the ids of this source.
    pub fn call(self, args: &[Value], prefix: &str) -> Told {
        let [first, rest @ ..] = args else { return Value::Absent.into() };
        match self {
            Helper::First => {
                let found = args.iter().find(|value| !value.is_blank());
                // Nothing was told where each is absent.
                let null = || if args.contains(&Value::Null) { Value::Null } else { Value::Absent };
                return found.cloned().unwrap_or_else(null).into();
            }
            Helper::Name => return name(first, rest.first()).into(),
            Helper::List => return list(first).into(),
            Helper::Size => return size(first).into(),
            Helper::Sum => return sum(first),
            _ => {}
        }
        match first {
            Value::Absent => return Value::Absent.into(),
            Value::Null => return Value::Null.into(),
            _ => {}
        }
        match self {
            Helper::Money | Helper::Minor => self.of_money(first, rest.first()),
            Helper::Abs => of_number(first, |number| number.abs()),
            Helper::Number => of_number(first, |number| number),
            Helper::Instant | Helper::Stamp | Helper::LocalTime | Helper::Date => {
                self.of_time(first, rest.first())
            }
            Helper::Contains | Helper::StartsWith | Helper::EndsWith | Helper::Last => {
                self.of_two_texts(first, rest.first()).into()
            }
            _ => match first.as_text() {
                Some(text) => self.of_text(&text, prefix),
                None => unfit("is no text"),
            },
        }
    }

    fn of_text(self, text: &Arc<str>, prefix: &str) -> Told {
        let is_blank = text.trim().is_empty();
        match self {
            // A text of blanks says as little as null.
            _ if is_blank && self != Helper::Text => Value::Null.into(),
            // Systems write 0 where there is nobody, and nothing.
            Helper::Id if text.trim() == "0" => Value::Null.into(),
            Helper::Id => Value::text(format!("{prefix}{}", text.trim())).into(),
            Helper::Guest => match text::guest_address(text) {
                Some(address) => {
                    let digest = sha256_hex(address, BYTES);
                    Value::text(format!("{prefix}guest-{digest}")).into()
                }
                None => unfit("is no e-mail address"),
            },
            Helper::Line => text_or(text::line(text), "has nothing to be seen"),
            Helper::Note => {
                let cut: String = text.trim().chars().take(NOTE_CHARS_MAX).collect();
                Value::text(cut).into()
            }
            Helper::Phone => {
                text_or(text::phone(text), "is no phone number that tells its country")
            }
            Helper::Unescape => Value::text(text::unescape(text)).into(),
            Helper::Lower => Value::text(text.to_lowercase()).into(),
            Helper::Upper => Value::text(text.to_uppercase()).into(),
            Helper::Sha256 => Value::text(sha256_hex(text.as_bytes(), 32)).into(),
            _ => Value::Text(text.clone()).into(),
        }
    }

    fn of_money(self, amount: &Value, currency: Option<&Value>) -> Told {
        let currency = currency.and_then(Value::as_text).unwrap_or_default();
        let currency = currency.trim().to_ascii_uppercase();
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return unfit("has no currency");
        }
        let decimals = decimals(&currency);
        // An amount in the form of events stays as it was written.
        if let (Helper::Money, Value::Text(text)) = (self, amount)
            && parse_amount(text).is_ok()
        {
            return of_amount(amount.clone(), currency);
        }
        let Some(mut number) = amount.as_number() else { return unfit("is no amount") };
        if self == Helper::Minor {
            number /= Decimal::from(10u32.pow(decimals));
        }
        if number.is_sign_negative() && !number.is_zero() {
            return unfit("is below zero");
        }
        number = number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        number.rescale(decimals);
        of_amount(Value::text(number.abs().to_string()), currency)
    }

    fn of_time(self, value: &Value, other: Option<&Value>) -> Told {
        const NO_INSTANT: &str = "is no instant with its offset";
        if value.is_blank() {
            return Value::Null.into();
        }
        let text = value.as_text().unwrap_or_default();
        let other = other.and_then(Value::as_text);
        match self {
            Helper::Date => text_or(text::date(&text, other.as_deref()), "is no such date"),
            Helper::LocalTime => {
                let at = text::local_time(&text, &other.unwrap_or_default());
                text_or(at.map(|at| at.to_string()), "is no local time")
            }
            _ => {
                let at = match value {
                    Value::Number(seconds) => {
                        i64::try_from(*seconds).ok().and_then(|s| Timestamp::from_second(s).ok())
                    }
                    _ => text::instant(&text),
                };
                match (self, value) {
                    (Helper::Stamp, _) => text_or(at.map(text::stamp), NO_INSTANT),
                    (_, Value::Number(_)) => text_or(at.map(|at| at.to_string()), NO_INSTANT),
                    // In its own offset, which tells the local day.
                    _ => text_or(at.map(|_| text.trim().to_owned()), NO_INSTANT),
                }
            }
        }
    }

    fn of_two_texts(self, one: &Value, other: Option<&Value>) -> Value {
        let (Some(one), Some(other)) = (one.as_text(), other.and_then(Value::as_text)) else {
            return Value::Absent;
        };
        match self {
            Helper::Contains => Value::Bool(one.contains(&*other)),
            Helper::StartsWith => Value::Bool(one.starts_with(&*other)),
            Helper::EndsWith => Value::Bool(one.ends_with(&*other)),
            _ => Value::text(one.rsplit(&*other).next().unwrap_or_default()),
        }
    }
}

fn of_amount(amount: Value, currency: String) -> Told {
    Value::object([("amount", amount), ("currency", Value::text(currency))]).into()
}

fn of_number(value: &Value, of: impl Fn(Decimal) -> Decimal) -> Told {
    match value.as_number() {
        Some(number) => Value::Number(of(number)).into(),
        None => unfit("is no number"),
    }
}

/// The sum of a list, without what is null in it.
fn sum(list: &Value) -> Told {
    let Value::List(list) = list else { return Value::Number(Decimal::ZERO).into() };
    let mut sum = Decimal::ZERO;
    for value in list.iter().filter(|value| !value.is_blank()) {
        match value.as_number().and_then(|number| sum.checked_add(number)) {
            Some(more) => sum = more,
            None => return unfit("has a part that is no number"),
        }
    }
    Value::Number(sum).into()
}

/// A list as it is; one thing as a list of it; nothing as an empty one.
fn list(value: &Value) -> Value {
    match value {
        Value::List(_) => value.clone(),
        Value::Absent | Value::Null => Value::List(Arc::default()),
        other => Value::List(Arc::new(vec![other.clone()])),
    }
}

fn size(value: &Value) -> Value {
    let size = match value {
        Value::List(list) => list.len(),
        Value::Object(fields) => fields.len(),
        Value::Text(text) => text.chars().count(),
        _ => 0,
    };
    Value::Number(Decimal::from(size))
}

/// A name of its parts, one of which may be missing; null where both are null.
fn name(given: &Value, family: Option<&Value>) -> Value {
    let nothing = Value::Absent;
    let family = family.unwrap_or(&nothing);
    let part = |value: &Value| value.as_text().and_then(|text| text::line(&text));
    match (part(given), part(family)) {
        (Some(given), family) => {
            let family = family.map_or(Value::Absent, Value::text);
            Value::object([("given", Value::text(given)), ("family", family)])
        }
        (None, Some(family)) => Value::object([("given", Value::text(family))]),
        (None, None) if *given == Value::Absent && *family == Value::Absent => Value::Absent,
        (None, None) => Value::Null,
    }
}

#[cfg(test)]
mod tests;
