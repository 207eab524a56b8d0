//! Amounts as people write them: `1,290.50`, `1.290,50`, `-$ 100`, `(100,00)`.
//!
//! `1.290` alone may be 1290 or 1.29. The column's other cells decide, or
//! `--decimal` does; nothing is guessed.

use lazo_domain::money::Currency;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use lazo::shell::wording::Language;

use crate::lang::spoken;

/// How many decimals an amount may have.
const DECIMALS_MAX: u32 = 6;
/// How much of an amount a computation in binary floats may have blurred: some
/// units in the last of its 52 binary places, as a sum of many terms does.
const NOISE_SHARE: f64 = 64.0 * f64::EPSILON;

/// The sign between whole and fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DecimalSign {
    Point,
    Comma,
}

impl DecimalSign {
    fn of(sign: char) -> Option<DecimalSign> {
        match sign {
            '.' => Some(DecimalSign::Point),
            ',' => Some(DecimalSign::Comma),
            _ => None,
        }
    }

    fn other(self) -> DecimalSign {
        match self {
            DecimalSign::Point => DecimalSign::Comma,
            DecimalSign::Comma => DecimalSign::Point,
        }
    }
}

/// What a column's cells say of its decimal sign.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    point: bool,
    comma: bool,
    pub unclear: usize,
}

/// How the amounts of a column are read.
#[derive(Clone, Copy, Debug)]
pub struct Amounts {
    currency: Option<Currency>,
    /// `None` where nothing tells.
    pub decimal: Option<DecimalSign>,
    /// Whether `decimal` was given, so that a cell may contradict it.
    is_given: bool,
}

/// An amount, and whether it was blurred by binary floats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    pub value: Decimal,
    pub was_noisy: bool,
}

/// A cell taken apart.
struct Parts {
    is_negative: bool,
    whole: String,
    fraction: String,
    sign: Sign,
}

/// What a cell says of the decimal sign.
#[derive(Clone, Copy)]
enum Sign {
    /// No sign at all: whole whichever the decimal sign is.
    None,
    Is(DecimalSign),
    /// One sign with three digits behind it: `whole` and `fraction` are what they
    /// are if this is the decimal sign.
    Unclear(DecimalSign),
}

impl Seen {
    /// Takes a cell into account; one that is no amount says nothing.
    pub fn add(&mut self, text: &str, currency: Option<Currency>) {
        match take_apart(text, currency).map(|parts| parts.sign) {
            Ok(Sign::Is(DecimalSign::Point)) => self.point = true,
            Ok(Sign::Is(DecimalSign::Comma)) => self.comma = true,
            Ok(Sign::Unclear(_)) => self.unclear += 1,
            Ok(Sign::None) | Err(_) => {}
        }
    }

    /// Whether cells contradict each other.
    pub fn is_mixed(&self) -> bool {
        self.point && self.comma
    }
}

impl Amounts {
    pub fn new(seen: Seen, given: Option<DecimalSign>, currency: Option<Currency>) -> Amounts {
        let found = match (seen.point, seen.comma) {
            (true, false) => Some(DecimalSign::Point),
            (false, true) => Some(DecimalSign::Comma),
            _ => None,
        };
        Amounts { currency, decimal: given.or(found), is_given: given.is_some() }
    }

    /// Reads a cell.
    ///
    /// # Errors
    /// Why it is no amount, or what it may be.
    pub fn read(&self, text: &str) -> Result<Amount, String> {
        let mut parts = take_apart(text, self.currency)?;
        match parts.sign {
            Sign::Unclear(sign) => match self.decimal {
                Some(decimal) if decimal == sign => {}
                Some(_) => {
                    parts.whole.push_str(&parts.fraction);
                    parts.fraction.clear();
                }
                None => {
                    let (whole, fraction) = (&parts.whole, &parts.fraction);
                    return Err(spoken().pick(&format!("{text:?} es {whole}{fraction} o {whole}.{fraction}; di cuál con \
                             --decimal point o --decimal comma"), &format!("{text:?} is {whole}{fraction} or {whole}.{fraction}; say which with \
                             --decimal point or --decimal comma")).to_owned());
                }
            },
            Sign::Is(sign) if self.is_given && self.decimal == Some(sign.other()) => {
                let no = spoken().pick("no va con", "does not go with");
                return Err(format!("{text:?} {no} --decimal"));
            }
            Sign::Is(_) | Sign::None => {}
        }
        value(text, &parts)
    }
}

/// The amount that the digits make, without the noise of binary floats.
fn value(text: &str, parts: &Parts) -> Result<Amount, String> {
    let Parts { whole, fraction, is_negative, .. } = parts;
    let fraction = fraction.trim_end_matches('0');
    // As it is written, with its zeros, where it has no more than may be.
    let written = match parts.fraction.len() as u32 <= DECIMALS_MAX {
        true => parts.fraction.as_str(),
        false => fraction,
    };
    let digits = match written {
        "" => whole.clone(),
        written => format!("{whole}.{written}"),
    };
    let mut value = Decimal::from_str_exact(&digits)
        .or_else(|_| digits.parse())
        .map_err(|_| no_amount(text))?;
    let was_noisy = fraction.len() as u32 > DECIMALS_MAX;
    if was_noisy {
        value = without_noise(value)
            .ok_or_else(|| format!("{text:?} has more than {DECIMALS_MAX} decimals; round it"))?;
    }
    value.set_sign_negative(*is_negative && !value.is_zero());
    Ok(Amount { value, was_noisy })
}

/// The amount with few decimals that a computation in binary floats blurred.
fn without_noise(value: Decimal) -> Option<Decimal> {
    let most = value.to_f64()?.abs().max(1.0) * NOISE_SHARE;
    let rounded = (0..=DECIMALS_MAX).map(|decimals| value.round_dp(decimals));
    rounded
        .into_iter()
        .find(|rounded| (value - rounded).to_f64().is_some_and(|rest| rest.abs() <= most))
        .map(|rounded| rounded.normalize())
}

fn no_amount(text: &str) -> String {
    let no = spoken().pick("no es un importe como", "is no amount such as");
    format!("{text:?} {no} 129.90")
}

fn take_apart(text: &str, currency: Option<Currency>) -> Result<Parts, String> {
    let (is_negative, body) = without_sign(text, currency)?;
    if let Some(parts) = of_exponent(&body, is_negative) {
        return Ok(parts);
    }
    let body: String = body
        .chars()
        .map(|c| match c {
            '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
            '’' => '\'',
            other => other,
        })
        .collect();
    let is_sign = |c: char| matches!(c, '.' | ',' | ' ' | '\'');
    let groups: Vec<&str> = body.split(is_sign).collect();
    let signs: Vec<char> = body.chars().filter(|c| is_sign(*c)).collect();
    let is_digits = |group: &&str| group.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = groups.iter().any(|group| !group.is_empty());
    if !has_digits || !groups.iter().all(is_digits) {
        return Err(no_amount(text));
    }
    let parts = |whole: &[&str], fraction: &str, sign| Parts {
        is_negative,
        whole: if whole.concat().is_empty() { "0".into() } else { whole.concat() },
        fraction: fraction.to_owned(),
        sign,
    };
    let (Some(last), Some((fraction, whole))) = (signs.last(), groups.split_last()) else {
        return Ok(parts(&groups, "", Sign::None));
    };
    // One sign, several times, or one that is never decimal: thousands.
    let is_one_kind = signs.iter().all(|sign| sign == last);
    let decimal = DecimalSign::of(*last);
    match decimal {
        Some(decimal) if signs.len() == 1 => {
            let may_be_thousands = fraction.len() == 3
                && (1..=3).contains(&whole[0].len())
                && !whole[0].starts_with('0');
            let sign = if may_be_thousands { Sign::Unclear } else { Sign::Is };
            Ok(parts(whole, fraction, sign(decimal)))
        }
        _ if is_one_kind && are_thousands(&groups) => {
            Ok(parts(&groups, "", decimal.map_or(Sign::None, |sign| Sign::Is(sign.other()))))
        }
        Some(decimal) if are_thousands(whole) => {
            let thousands = &signs[..signs.len() - 1];
            let is_one_kind = thousands.iter().all(|sign| *sign == thousands[0] && sign != last);
            match is_one_kind {
                true => Ok(parts(whole, fraction, Sign::Is(decimal))),
                false => Err(no_amount(text)),
            }
        }
        _ => Err(no_amount(text)),
    }
}

/// Whether digits are in groups of three, but for the first.
fn are_thousands(groups: &[&str]) -> bool {
    groups.split_first().is_some_and(|(first, others)| {
        (1..=3).contains(&first.len()) && others.iter().all(|group| group.len() == 3)
    })
}

/// Whether it is negative, and the rest without signs of a currency.
fn without_sign(text: &str, currency: Option<Currency>) -> Result<(bool, String), String> {
    let mut rest = text.trim();
    let mut minus = 0;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (minus, rest) = (1, inner.trim());
    }
    // The minus may stand before or behind the currency, or at the end.
    for _ in 0..3 {
        for sign in ['-', '−', '+'] {
            if let Some(without) = strip(rest, sign) {
                minus += usize::from(sign != '+');
                rest = without;
            }
        }
        for (sign, code) in [('$', ""), ('€', "EUR"), ('£', "GBP"), ('¥', "")] {
            if let Some(without) = strip(rest, sign) {
                same_currency(text, code, currency)?;
                rest = without;
            }
        }
        let is_letter = |c: &char| c.is_ascii_uppercase();
        let head: String = rest.chars().take_while(is_letter).collect();
        let tail: String = rest.chars().rev().take_while(is_letter).collect();
        let tail: String = tail.chars().rev().collect();
        for code in [head.as_str(), tail.as_str()] {
            if code.len() == 3 && rest.len() > 3 {
                same_currency(text, code, currency)?;
                rest = rest.strip_prefix(code).or(rest.strip_suffix(code)).unwrap_or(rest).trim();
            }
        }
    }
    match minus {
        0 | 1 => Ok((minus == 1, rest.to_owned())),
        _ => Err(no_amount(text)),
    }
}

/// A text without a sign at one of its ends.
fn strip(text: &str, sign: char) -> Option<&str> {
    text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)).map(str::trim)
}

fn same_currency(text: &str, code: &str, currency: Option<Currency>) -> Result<(), String> {
    match currency {
        Some(currency) if !code.is_empty() && code != currency.as_str() => Err(match spoken() {
            Language::Es => format!(
                "{text:?} está en {code}, los importes del archivo están en {currency} (--currency)"
            ),
            Language::En => {
                format!("{text:?} is in {code}, the file's amounts are in {currency} (--currency)")
            }
        }),
        _ => Ok(()),
    }
}

/// What is left where floats should have given zero, such as `7.1e-15`.
fn of_exponent(body: &str, is_negative: bool) -> Option<Parts> {
    let (_, exponent) = body.split_once(['e', 'E'])?;
    let value: f64 = body.parse().ok()?;
    let is_zero = exponent.starts_with('-') && value.abs() < 1e-9;
    let zero = Parts { is_negative, whole: "0".into(), fraction: String::new(), sign: Sign::None };
    is_zero.then_some(zero)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cells of a column, read.
    fn column(cells: &[&str], given: Option<DecimalSign>) -> Vec<Result<String, String>> {
        let mxn = Some("MXN".parse().unwrap());
        let mut seen = Seen::default();
        cells.iter().for_each(|cell| seen.add(cell, mxn));
        let amounts = Amounts::new(seen, given, mxn);
        cells.iter().map(|cell| amounts.read(cell).map(|found| found.value.to_string())).collect()
    }

    fn reads(cells: &[&str], expected: &[&str]) {
        let found: Vec<String> = column(cells, None).into_iter().map(Result::unwrap).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_clear_is_read() {
        reads(
            &["129.90", "-1,290.50", "100", "$ 1,290,500.00", "1.125", "0.125", ".5"],
            &["129.90", "-1290.50", "100", "1290500.00", "1.125", "0.125", "0.5"],
        );
        reads(
            &["129,90", "1.290", "1.290.500", "(100,00)", "1 290,50", "1.290,50", "-0"],
            &["129.90", "1290", "1290500", "-100.00", "1290.50", "1290.50", "0"],
        );
    }

    #[test]
    fn three_digits_behind_one_sign_are_told() {
        for cell in ["1.290", "1,290", "-12.500", "999.999"] {
            let why = column(&[cell, "100", "7"], None).remove(0).unwrap_err();
            assert!(why.contains("--decimal"), "{why}");
        }
        let given = |sign| column(&["1.290"], Some(sign)).remove(0).unwrap();
        assert_eq!(given(DecimalSign::Point), "1.290");
        assert_eq!(given(DecimalSign::Comma), "1290");
        // Another cell decides.
        reads(&["1.290", "7,5"], &["1290", "7.5"]);
        reads(&["1.290", "7.5"], &["1.290", "7.5"]);
        reads(&["1,290", "1,290,500"], &["1290", "1290500"]);
        // Cells that contradict each other decide nothing.
        let mixed = column(&["7,5", "7.5", "1.290"], None);
        assert!(mixed[0].is_ok() && mixed[1].is_ok() && mixed[2].is_err());
        assert!(column(&["7,5"], Some(DecimalSign::Point))[0].is_err());
    }

    #[test]
    fn the_noise_of_floats_is_taken_off_and_nothing_else_is() {
        reads(
            &[
                "78.25999999999999",
                "0.30000000000000004",
                "-168469.60000000003",
                "1.1250000000000002",
                "7.105427357601002e-15",
                "10.0000000",
            ],
            &["78.26", "0.3", "-168469.6", "1.125", "0", "10"],
        );
        reads(&["78.2599", "1.125001"], &["78.2599", "1.125001"]);
        for cell in ["33.333333333333336", "78.2599999", "1.1234567"] {
            assert!(column(&[cell], None)[0].as_ref().unwrap_err().contains("decimals"), "{cell}");
        }
    }

    #[test]
    fn what_is_no_amount_is_told() {
        let cells =
            ["", "NaN", "1e5", "1.29.50", "12,34,567.00", "--1", "abc", "1-2", ".", "1_000", "10%"];
        for cell in cells {
            assert!(column(&[cell], None)[0].is_err(), "{cell}");
        }
        for cell in ["USD 100.50", "100.50 USD", "€ 100.50", "100.50€"] {
            let why = column(&[cell], None).remove(0).unwrap_err();
            assert!(why.contains("the file's amounts are in MXN"), "{why}");
        }
        reads(
            &["MXN 100.50", "100.50 MXN", "-$100.50", "$-100.50", "100.50-", "−100.50"],
            &["100.50", "100.50", "-100.50", "-100.50", "-100.50", "-100.50"],
        );
    }
}
