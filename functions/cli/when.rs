//! Moments as people type them.

use anyhow::bail;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use lazo::shell::wording::Language;
use lazo_domain::calendar;
use lazo_domain::instant::Instant;
use lazo_domain::policy::Policy;
use lazo_domain::span::Span;

/// The moment that a text names, by the clock of a zone: a time of day (the next one),
/// a day (at the policy's `default_time`), both, a span from now, or an instant.
///
/// # Errors
/// Where it is none of these, or is over; `option` says where it stands.
pub fn read(
    text: &str,
    option: &str,
    now: Instant,
    zone: &TimeZone,
    policy: &Policy,
    lang: Language,
) -> anyhow::Result<Instant> {
    let Some(at) = parse(text.trim(), now, zone, policy) else {
        bail!(
            "{option} {text:?}: {}",
            lang.pick(
                "no es un momento como 15:30, 2026-12-03, \"2026-12-03 10:00\", \"2 hours\" o 2026-12-03T10:00:00-06:00",
                "is no moment such as 15:30, 2026-12-03, \"2026-12-03 10:00\", \"2 hours\" or 2026-12-03T10:00:00-06:00"
            )
        );
    };
    if at <= now {
        bail!(
            "{option} {text:?}: {} {}",
            lang.pick("ya pasó; ahora son las", "is over; it is now"),
            now.zoned(zone).strftime("%Y-%m-%d %H:%M (%:Q)")
        );
    }
    Ok(at)
}

fn parse(text: &str, now: Instant, zone: &TimeZone, policy: &Policy) -> Option<Instant> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(instant.into());
    }
    if let Ok(span) = text.parse::<Span>() {
        return Some(calendar::later(now, span, zone, &policy.closed_days));
    }
    if let Ok(time) = Time::strptime("%H:%M", text) {
        let today = now.date_in(zone);
        let at = calendar::instant(today, time, zone);
        return match at > now {
            true => Some(at),
            false => Some(calendar::instant(today.tomorrow().ok()?, time, zone)),
        };
    }
    if let Ok(date) = Date::strptime("%Y-%m-%d", text) {
        return Some(calendar::instant(date, policy.default_time, zone));
    }
    let both = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let both = both.iter().find_map(|form| DateTime::strptime(form, text).ok())?;
    Some(calendar::instant(both.date(), both.time(), zone))
}

#[cfg(test)]
mod tests {
    use lazo_domain::rulebook::RuleBook;

    use super::*;

    fn said(text: &str) -> Result<String, String> {
        let zone = TimeZone::get("America/Mexico_City").unwrap();
        let policy = "default_time: '09:30'\nclosed_days: ['2026-12-25']";
        let policy = RuleBook::read(&[("policy.yaml".into(), policy.into())]).unwrap().policy;
        // A Thursday.
        let now: jiff::Timestamp = "2026-12-24T12:00:00-06:00".parse().unwrap();
        let read = read(text, "--until", now.into(), &zone, &policy, Language::En);
        read.map(|at| at.rfc3339_in(&zone)).map_err(|error| error.to_string())
    }

    #[test]
    fn moments_are_read_as_people_type_them() {
        let cases = [
            ("15:30", "2026-12-24T15:30:00-06:00"),
            ("09:00", "2026-12-25T09:00:00-06:00"),
            ("2026-12-28", "2026-12-28T09:30:00-06:00"),
            ("2026-12-28 16:05", "2026-12-28T16:05:00-06:00"),
            ("2026-12-28T16:05", "2026-12-28T16:05:00-06:00"),
            ("2 hours", "2026-12-24T14:00:00-06:00"),
            ("1 business day", "2026-12-28T12:00:00-06:00"),
            ("2026-12-24T20:00:00Z", "2026-12-24T14:00:00-06:00"),
        ];
        for (text, expected) in cases {
            assert_eq!(said(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_or_is_over_is_refused() {
        assert!(said("soon").unwrap_err().starts_with("--until \"soon\": is no moment such as"));
        assert!(said("2026-12-24").unwrap_err().contains("is over; it is now 2026-12-24 12:00"));
        assert!(said("25:00").is_err());
    }
}
