//! Days and hours as people say them: near ones by their weekday, far ones by their date,
//! the year only where it is another one.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;

use super::Language;

const MONTHS_ES: [&str; 12] = [
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
const MONTHS_EN: [&str; 12] = [
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

/// For how many days before and after today a weekday alone says which day is meant.
const NEAR_DAYS: i32 = 6;

impl Language {
    /// The name of a weekday.
    pub fn weekday(self, day: Weekday) -> &'static str {
        match day {
            Weekday::Monday => self.pick("lunes", "Monday"),
            Weekday::Tuesday => self.pick("martes", "Tuesday"),
            Weekday::Wednesday => self.pick("miércoles", "Wednesday"),
            Weekday::Thursday => self.pick("jueves", "Thursday"),
            Weekday::Friday => self.pick("viernes", "Friday"),
            Weekday::Saturday => self.pick("sábado", "Saturday"),
            Weekday::Sunday => self.pick("domingo", "Sunday"),
        }
    }

    /// The name of a month, by its number from 1.
    pub fn month(self, month: i8) -> &'static str {
        let at = usize::from(month.clamp(1, 12).unsigned_abs()) - 1;
        self.pick(MONTHS_ES[at], MONTHS_EN[at])
    }

    /// A date with its weekday: `lunes 30 de noviembre`.
    pub fn whole_day(self, date: Date) -> String {
        let (weekday, month) = (self.weekday(date.weekday()), self.month(date.month()));
        match self {
            Language::Es => format!("{weekday} {} de {month}", date.day()),
            Language::En => format!("{weekday} {} {month}", date.day()),
        }
    }

    /// A date without its weekday, with the year where it is another than today's.
    pub fn date(self, date: Date, today: Date) -> String {
        let (day, month, year) = (date.day(), self.month(date.month()), date.year());
        match (self, year == today.year()) {
            (Language::Es, true) => format!("{day} de {month}"),
            (Language::Es, false) => format!("{day} de {month} de {year}"),
            (Language::En, true) => format!("{day} {month}"),
            (Language::En, false) => format!("{day} {month} {year}"),
        }
    }

    /// A day as one says it today: `hoy`, `mañana`, `el viernes 4`, `el 3 de agosto`.
    pub fn day(self, date: Date, today: Date) -> String {
        let days = (date - today).get_days();
        match days {
            0 => return self.pick("hoy", "today").to_owned(),
            1 => return self.pick("mañana", "tomorrow").to_owned(),
            -1 => return self.pick("ayer", "yesterday").to_owned(),
            _ => {}
        }
        let the = self.pick("el ", "");
        match days.abs() <= NEAR_DAYS {
            true => format!("{the}{} {}", self.weekday(date.weekday()), date.day()),
            false => format!("{the}{}", self.date(date, today)),
        }
    }

    /// The same with the time of day, by the clock of a zone.
    pub fn time(self, at: Instant, now: Instant, zone: &TimeZone) -> String {
        let day = self.day(at.date_in(zone), now.date_in(zone));
        format!("{day}, {}", self.clock(at, zone))
    }

    /// A time of day, by the clock of a zone.
    pub fn clock(self, at: Instant, zone: &TimeZone) -> String {
        at.zoned(zone).strftime("%-H:%M").to_string()
    }

    /// How long ago or how far ahead something is, in the largest unit that fits.
    pub fn span(self, millis: i64) -> String {
        const MINUTE: i64 = 60_000;
        let minutes = millis.abs() / MINUTE;
        let (count, es, en) = match minutes {
            0..=59 => (minutes, ["minuto", "minutos"], ["minute", "minutes"]),
            60..=2_879 => (minutes / 60, ["hora", "horas"], ["hour", "hours"]),
            _ => (minutes / 1_440, ["día", "días"], ["day", "days"]),
        };
        self.count(usize::try_from(count).unwrap_or_default(), es, en)
    }

    /// A number up to twelve as a word, with the gender of what is counted in Spanish;
    /// others in figures.
    pub fn number(self, count: usize, is_feminine: bool) -> String {
        const ES: [&str; 13] = [
            "cero", "un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve",
            "diez", "once", "doce",
        ];
        const EN: [&str; 13] = [
            "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve",
        ];
        match (self, count) {
            (Language::Es, 1) if is_feminine => "una".to_owned(),
            (Language::Es, 0) => self.none(is_feminine).to_owned(),
            (_, 0..=12) => self.pick(ES[count], EN[count]).to_owned(),
            _ => self.figures(count as f64, 0),
        }
    }

    fn none(self, is_feminine: bool) -> &'static str {
        if is_feminine { "ninguna" } else { "ningún" }
    }

    /// A number with its noun, one or many, Spanish first, as words up to twelve.
    pub fn counted(self, count: usize, es: [&str; 2], en: [&str; 2], is_feminine: bool) -> String {
        let [one, many] = match self {
            Language::Es => es,
            Language::En => en,
        };
        let is_one = count == 1 || (count == 0 && self == Language::Es);
        format!("{} {}", self.number(count, is_feminine), if is_one { one } else { many })
    }

    /// A number in figures, thousands apart.
    pub fn figures(self, number: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", number.abs());
        let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
        let mut out = String::new();
        if number < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
            out.push('−');
        }
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                out.push(',');
            }
            out.push(digit);
        }
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_said_as_one_says_it_today() {
        let today = date("2026-11-30");
        let cases = [
            ("2026-11-30", "hoy", "today"),
            ("2026-12-01", "mañana", "tomorrow"),
            ("2026-11-29", "ayer", "yesterday"),
            ("2026-12-04", "el viernes 4", "Friday 4"),
            ("2026-11-26", "el jueves 26", "Thursday 26"),
            ("2026-12-09", "el 9 de diciembre", "9 December"),
            ("2025-08-03", "el 3 de agosto de 2025", "3 August 2025"),
        ];
        for (day, es, en) in cases {
            assert_eq!(Language::Es.day(date(day), today), es);
            assert_eq!(Language::En.day(date(day), today), en);
        }
        assert_eq!(Language::Es.whole_day(today), "lunes 30 de noviembre");
    }

    #[test]
    fn numbers_up_to_twelve_are_words() {
        let calls = |count, lang: Language| {
            lang.counted(count, ["llamada", "llamadas"], ["call", "calls"], true)
        };
        assert_eq!(calls(1, Language::Es), "una llamada");
        assert_eq!(calls(6, Language::Es), "seis llamadas");
        assert_eq!(calls(0, Language::Es), "ninguna llamada");
        assert_eq!(calls(0, Language::En), "no calls");
        assert_eq!(calls(1, Language::En), "one call");
        assert_eq!(calls(13, Language::Es), "13 llamadas");
        assert_eq!(calls(1_204, Language::En), "1,204 calls");
    }

    #[test]
    fn figures_have_their_thousands_apart() {
        let figures = |number, decimals| Language::Es.figures(number, decimals);
        assert_eq!(figures(1_234_567.5, 2), "1,234,567.50");
        assert_eq!(figures(-12.34, 1), "−12.3");
        assert_eq!(figures(-0.01, 1), "0.0");
        assert_eq!(figures(999.0, 0), "999");
    }

    #[test]
    fn spans_are_told_in_one_unit() {
        assert_eq!(Language::Es.span(-7 * 86_400_000), "7 días");
        assert_eq!(Language::En.span(59 * 60_000), "59 minutes");
        assert_eq!(Language::Es.span(60 * 60_000), "1 hora");
    }
}
