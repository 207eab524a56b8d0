//! Money and days as the customer's language writes them: the filters `money`
//! and `day` of templates.
//!
//! Spanish and English, by region. In any other language money and days stay
//! as they are stored (`1290.00 BRL`, `2026-11-21`), which nobody misreads.

use jiff::civil::Date;
use rust_decimal::RoundingStrategy;

use crate::event::AnnualDate;
use crate::money::Money;

/// A language tag taken apart: `es-MX` is Spanish of Mexico.
struct Tongue {
    language: String,
    region: Option<String>,
}

impl Tongue {
    fn of(locale: &str) -> Tongue {
        let mut parts = locale.split('-');
        let language = parts.next().unwrap_or("").to_ascii_lowercase();
        let is_region = |part: &&str| {
            part.len() == 2 && part.bytes().all(|b| b.is_ascii_alphabetic())
                || part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit())
        };
        let region = parts.find(is_region).map(str::to_ascii_uppercase);
        Tongue { language, region }
    }
}

/// How a language writes an amount.
struct Style {
    group: char,
    point: char,
    symbol_first: bool,
}

const POINT: Style = Style { group: ',', point: '.', symbol_first: true };
const COMMA: Style = Style { group: '.', point: ',', symbol_first: true };
const COMMA_SYMBOL_LAST: Style = Style { group: '.', point: ',', symbol_first: false };

/// Spanish-speaking countries of America that write `1.290,00`.
const COMMA_REGIONS: [&str; 9] = ["AR", "BO", "CL", "CO", "CR", "EC", "PY", "UY", "VE"];

/// Their currencies, which tell the region where the language tag does not.
const COMMA_CURRENCIES: [&str; 8] = ["ARS", "BOB", "CLP", "COP", "CRC", "PYG", "UYU", "VES"];

impl Style {
    /// `None` where the language is neither Spanish nor English.
    fn of(tongue: &Tongue, currency: &str) -> Option<Style> {
        match (tongue.language.as_str(), tongue.region.as_deref()) {
            ("en", _) => Some(POINT),
            ("es", Some("ES")) => Some(COMMA_SYMBOL_LAST),
            ("es", Some(region)) if COMMA_REGIONS.contains(&region) => Some(COMMA),
            ("es", Some(_)) => Some(POINT),
            // Spanish of nowhere in particular: the currency tells whose.
            ("es", None) if currency == "EUR" => Some(COMMA_SYMBOL_LAST),
            ("es", None) if COMMA_CURRENCIES.contains(&currency) => Some(COMMA),
            ("es", None) => Some(POINT),
            _ => None,
        }
    }
}

/// The sign of a currency, and whether others share it, so that the code must
/// stand beside it.
fn sign(currency: &str) -> Option<(&'static str, bool)> {
    match currency {
        "EUR" => Some(("€", false)),
        "GBP" => Some(("£", false)),
        "BRL" => Some(("R$", false)),
        "PEN" => Some(("S/", false)),
        "GTQ" => Some(("Q", false)),
        "CRC" => Some(("₡", false)),
        "PYG" => Some(("₲", false)),
        "ARS" | "AUD" | "CAD" | "CLP" | "COP" | "DOP" | "MXN" | "NZD" | "USD" | "UYU" => {
            Some(("$", true))
        }
        _ => None,
    }
}

/// How many decimals a currency has (ISO 4217).
fn decimals(currency: &str) -> u32 {
    match currency {
        "CLP" | "ISK" | "JPY" | "KRW" | "PYG" | "VND" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// An amount as a language writes it.
///
/// A currency whose sign is also that of others carries its code, in Mexico
/// too: `$1,290.00 MXN` is no dollar.
pub fn money(money: &Money, locale: &str) -> String {
    let code = money.currency.as_str();
    let places = decimals(code);
    let rounding = RoundingStrategy::MidpointAwayFromZero;
    let rounded = money.amount.round_dp_with_strategy(places, rounding);
    let plain = format!("{rounded:.*}", places as usize);
    let Some(style) = Style::of(&Tongue::of(locale), code) else {
        return format!("{plain} {code}");
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut number = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            number.push(style.group);
        }
        number.push(digit);
    }
    if !fraction.is_empty() {
        number.push(style.point);
        number.push_str(fraction);
    }
    match (sign(code), style.symbol_first) {
        (Some((sign, false)), true) => format!("{sign}{number}"),
        (Some((sign, false)), false) => format!("{number} {sign}"),
        (Some((sign, true)), true) => format!("{sign}{number} {code}"),
        (_, _) => format!("{number} {code}"),
    }
}

const SPANISH_MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day as a language writes it; without a year where none is known.
pub fn day(date: AnnualDate, locale: &str) -> String {
    let tongue = Tongue::of(locale);
    let (day, year) = (date.day, date.year);
    let month = usize::from(date.month.unsigned_abs().clamp(1, 12)) - 1;
    let month_first = matches!(tongue.region.as_deref(), None | Some("US" | "CA" | "PH" | "PR"));
    match tongue.language.as_str() {
        "es" => {
            let month = SPANISH_MONTHS[month];
            year.map_or(format!("{day} de {month}"), |year| format!("{day} de {month} de {year}"))
        }
        "en" if month_first => {
            let month = ENGLISH_MONTHS[month];
            year.map_or(format!("{month} {day}"), |year| format!("{month} {day}, {year}"))
        }
        "en" => {
            let month = ENGLISH_MONTHS[month];
            year.map_or(format!("{day} {month}"), |year| format!("{day} {month} {year}"))
        }
        _ => date.to_string(),
    }
}

/// Reads what the filter `day` takes: `2026-11-21`, `--11-21`, or an instant
/// with its offset, of which the date is taken as it is written.
pub fn parse_day(text: &str) -> Option<AnnualDate> {
    if let Ok(date) = text.parse::<AnnualDate>() {
        return Some(date);
    }
    text.parse::<jiff::Timestamp>().ok()?;
    let date: Date = text.get(..10)?.parse().ok()?;
    Some(AnnualDate { year: Some(date.year()), month: date.month(), day: date.day() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(amount: &str, currency: &str, locale: &str) -> String {
        let amount = crate::money::parse_amount(amount).unwrap();
        money(&Money { amount, currency: currency.parse().unwrap() }, locale)
    }

    #[test]
    fn money_is_written_by_language_and_region() {
        let cases = [
            ("1290.00", "MXN", "es-MX", "$1,290.00 MXN"),
            ("1290.00", "MXN", "es", "$1,290.00 MXN"),
            ("1290.00", "EUR", "es-ES", "1.290,00 €"),
            ("1290", "EUR", "es", "1.290,00 €"),
            ("1290.00", "MXN", "es-ES", "1.290,00 MXN"),
            ("1290.00", "EUR", "es-MX", "€1,290.00"),
            ("1290.00", "MXN", "en", "$1,290.00 MXN"),
            ("1290.00", "EUR", "en-GB", "€1,290.00"),
            ("129.9", "GBP", "en-GB", "£129.90"),
            ("1234567.5", "ARS", "es-AR", "$1.234.567,50 ARS"),
            ("129990", "CLP", "es-CL", "$129.990 CLP"),
            ("0.005", "USD", "en-US", "$0.01 USD"),
            ("999.999", "CHF", "en", "1,000.00 CHF"),
            ("1290.00", "BRL", "pt-BR", "1290.00 BRL"),
            ("1290.00", "BRL", "en", "R$1,290.00"),
            ("1290.00", "PEN", "es-PE", "S/1,290.00"),
            ("1290.00", "GTQ", "es-GT", "Q1,290.00"),
            ("1290.00", "CRC", "es-MX", "₡1,290.00"),
            ("1290.00", "COP", "es", "$1.290,00 COP"),
            ("129990", "PYG", "es", "₲129.990"),
            ("1290.5", "KWD", "en", "1,290.500 KWD"),
            ("1290.00", "COP", "es-419", "$1,290.00 COP"),
            ("1290.00", "COP", "es-x1-Latn-abc-41", "$1.290,00 COP"),
            ("1290.00", "MXN", "es-Latn-MX", "$1,290.00 MXN"),
        ];
        for (amount, currency, locale, expected) in cases {
            assert_eq!(written(amount, currency, locale), expected, "{currency} {locale}");
        }
    }

    #[test]
    fn days_are_written_by_language_and_region() {
        let cases = [
            ("2026-11-21", "es-MX", "21 de noviembre de 2026"),
            ("2026-11-21", "en", "November 21, 2026"),
            ("2026-11-21", "en-US", "November 21, 2026"),
            ("2026-11-21", "en-GB", "21 November 2026"),
            ("2026-11-21", "fr", "2026-11-21"),
            ("--03-09", "es", "9 de marzo"),
            ("--03-09", "en", "March 9"),
            ("2026-11-20T23:30:00-06:00", "en", "November 20, 2026"),
        ];
        for (text, locale, expected) in cases {
            assert_eq!(day(parse_day(text).unwrap(), locale), expected, "{text} {locale}");
        }
        for bad in ["", "tomorrow", "2026-13-01", "2026-11-20T23:30:00"] {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }
}
