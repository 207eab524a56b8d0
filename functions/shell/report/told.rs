//! A report as others read it: JSON, one object a rule, with a sentence in both
//! languages.

use jiff::tz::TimeZone;
use lazo_domain::instant::Instant;
use lazo_domain::uplift::{RuleReport, Window};
use serde::Serialize;

use crate::shell::wording::{Language, uplift};

/// What is told of one rule.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    /// The rule's name.
    rule: &'a str,
    /// Which enrolments were counted.
    window: Days,
    #[serde(flatten)]
    report: &'a RuleReport,
    /// The same in words.
    sentence: Sentence,
}

/// A window, in the shop's zone.
#[derive(Debug, Serialize)]
struct Days {
    /// `None` where it has no beginning.
    from: Option<String>,
    until: String,
}

#[derive(Debug, Serialize)]
struct Sentence {
    es: String,
    en: String,
}

/// What is told of a rule.
pub fn json<'a>(report: &'a RuleReport, window: Window, zone: &TimeZone) -> Told<'a> {
    let in_zone = |at: Instant| at.rfc3339_in(zone);
    let from = (window.from > Instant::MIN).then(|| in_zone(window.from));
    Told {
        rule: &report.rule,
        window: Days { from, until: in_zone(window.until) },
        report,
        sentence: Sentence {
            es: uplift::of_rule(report, Language::Es),
            en: uplift::of_rule(report, Language::En),
        },
    }
}
