//! A plan as machines read it.

use std::path::Path;

use anyhow::Context;
use jiff::tz::TimeZone;
use lazo::shell::wording::Language;
use lazo::shell::wording::plan::lint_name;
use lazo_domain::plan::{Changed, Day, Effects};
use lazo_domain::touch::TouchRecord;
use serde_json::{Value, json};

use super::{History, Plan};

/// The plan as one object.
pub fn plan(plan: &Plan) -> Value {
    let Plan { base, proposed, history, differences, comparison, lints } = plan;
    let History { from, until, zone, events, customers, .. } = history;
    let per_rule = comparison.by_rule().into_iter().map(|((rule, channel), effects)| {
        let Effects { gained, lost, moved, unchanged } = effects;
        json!({
            "rule": rule, "channel": channel,
            "gained": gained, "lost": lost, "moved": moved, "unchanged": unchanged,
        })
    });
    let per_day = comparison.days.iter().map(|(day, Day { before, after })| {
        json!({
            "day": day.to_string(),
            "before": before.touches, "after": after.touches,
            "calls_before": before.calls, "calls_after": after.calls,
        })
    });
    let templates = differences.templates.iter();
    let warnings = lints.iter().map(|lint| {
        let [es, en] = [Language::Es, Language::En].map(|lang| lang.lint(lint));
        json!({ "lint": lint_name(lint), "message": { "es": es, "en": en } })
    });
    json!({
        "format_version": 1,
        "base": { "version": base.version, "digest": base.digest },
        "proposed": { "digest": proposed.digest },
        "history": {
            "from": from.rfc3339_in(zone), "until": until.rfc3339_in(zone),
            "events": events, "customers": customers,
        },
        "rules": differences.rules,
        "policy": differences.policy,
        "segments": differences.segments,
        "templates": templates
            .map(|(name, action)| json!({ "template": name, "action": action }))
            .collect::<Vec<_>>(),
        "effects": comparison.effects,
        "per_rule": per_rule.collect::<Vec<_>>(),
        "per_day": per_day.collect::<Vec<_>>(),
        "pending": comparison.pending,
        "warnings": warnings.collect::<Vec<_>>(),
        "no_changes": plan.is_none(),
    })
}

/// What a plan that was written into a file tells for its publication.
pub struct Planned {
    /// The digest of what it was planned against.
    pub base: String,
    /// The digest of what was planned.
    pub proposed: String,
}

impl Planned {
    /// Reads what `--out` wrote.
    ///
    /// # Errors
    /// A file that cannot be read, or is no plan.
    pub fn read(path: &Path) -> anyhow::Result<Planned> {
        let named = || path.display().to_string();
        let text = lazo::shell::text_file::read(path).with_context(named)?;
        let plan: Value = serde_json::from_str(&text).with_context(named)?;
        let digest = |of: &str| {
            let digest = plan[of]["digest"].as_str().map(str::to_owned);
            digest.with_context(|| format!("{}: is no plan of `lazo rules plan --out`", named()))
        };
        Ok(Planned { base: digest("base")?, proposed: digest("proposed")? })
    }
}

/// A touch that changes: its id, and its line. Instants are in the customer's offset,
/// by either bundle.
pub fn touch(changed: &Changed<'_>, zones: [&TimeZone; 2]) -> (String, String) {
    let side = |record: Option<&TouchRecord>, zone: &TimeZone| {
        record.map(|record| {
            json!({
                "status": record.status,
                "at": record.at.rfc3339_in(zone),
                "reason": record.reason,
            })
        })
    };
    let either = changed.before.or(changed.after);
    let id = either.map(|record| record.touch.to_string()).unwrap_or_default();
    let line = json!({
        "touch_id": id,
        "change": changed.change,
        "before": side(changed.before, zones[0]),
        "after": side(changed.after, zones[1]),
    });
    (id, line.to_string())
}
