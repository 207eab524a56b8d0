//! `lazo explain CUSTOMER --what-if DIR`: one customer's history, rehearsed by other rules.

use std::path::Path;

use anyhow::Context;
use jiff::tz::TimeZone;
use lazo::shell::rehearsal::{Difference, rehearse, side_by_side, told_of};
use lazo::shell::rules::Rules;
use lazo::shell::wording::Language;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::simulation::Period;
use lazo_domain::touch::{TouchRecord, TouchStatus};
use serde_json::{Value, json};

use super::system::System;
use super::{Answer, when};

/// What is different, in a word.
fn said(difference: Difference, lang: Language) -> &'static str {
    match difference {
        Difference::Gained => lang.pick("NUEVO", "NEW"),
        Difference::Lost => lang.pick("YA NO", "NO LONGER"),
        Difference::Moved => lang.pick("SE MUEVE", "MOVED"),
        Difference::Same => "",
    }
}

/// Tells each touch by the other rules, and which of them are new, gone or moved.
pub async fn tell(
    system: &System,
    id: &Id,
    folder: &Path,
    until: Option<&str>,
    json: bool,
    lang: Language,
) -> anyhow::Result<Answer> {
    let rules = system.app.rules();
    let mut book = Rules::from(Some(folder)).context("--what-if")?.book;
    if let Some(learnt) = system.app.store.drift_model().await? {
        book = book.with_model(&learnt.model);
    }
    let events = told_of(&system.app.store, id).await?;
    if events.is_empty() {
        let none = lang.pick(
            "de este cliente no se guarda ningún evento",
            "no event of this customer is kept",
        );
        out!("{none}");
        return Ok(Answer::No);
    }
    let now = crate::clock::now();
    let (zone, policy) = (&rules.book.default_zone, &rules.book.policy);
    let until = until.map(|text| when::read(text, "--at", now, zone, policy, lang)).transpose()?;
    let until = until.unwrap_or(now);
    let period = Period { from: Instant::MIN, until };
    let (before, zone) = rehearse(id, &events, &rules.book, period);
    let (after, _) = rehearse(id, &events, &book, period);
    let told = side_by_side(&before, &after);
    if !json {
        let events = lang.count(events.len(), ["evento", "eventos"], ["event", "events"]);
        let until = until.rfc3339_in(&zone);
        match lang {
            Language::Es => out!("con {}: {events}, hasta {until}", folder.display()),
            Language::En => out!("by {}: {events}, until {until}", folder.display()),
        }
    }
    for (touch, sides) in told {
        match json {
            true => out!("{}", as_json(&touch, sides, &zone)),
            false => out!("{}", line(&touch, sides, &zone, lang)),
        }
    }
    Ok(Answer::Yes)
}

fn as_json(touch: &str, [before, after]: [Option<&TouchRecord>; 2], zone: &TimeZone) -> Value {
    let side = |record: Option<&TouchRecord>| {
        record.map(|record| {
            json!({
                "status": record.status,
                "at": record.at.rfc3339_in(zone),
                "reason": record.reason,
            })
        })
    };
    json!({
        "touch_id": touch,
        "change": Difference::of(before, after).name(),
        "before": side(before),
        "after": side(after),
    })
}

fn line(
    touch: &str,
    [before, after]: [Option<&TouchRecord>; 2],
    zone: &TimeZone,
    lang: Language,
) -> String {
    let became = |record: &TouchRecord| {
        let reason = record.reason.filter(|_| record.status != TouchStatus::Sent);
        let reason = reason.map(|reason| format!(": {}", lang.reason(reason))).unwrap_or_default();
        format!("{}{reason}", lang.status(record.status))
    };
    let difference = Difference::of(before, after);
    let gone = || lang.pick("no existe", "is not there");
    let at = after.or(before).map(|one| one.at.rfc3339_in(zone)).unwrap_or_default();
    let told = after.map_or_else(|| gone().to_owned(), became);
    let mut text = format!("{at}  {:<9} {touch} {told}", said(difference, lang));
    if difference != Difference::Same {
        let before = before.map_or_else(
            || gone().to_owned(),
            |one| format!("{}, {}", became(one), one.at.rfc3339_in(zone)),
        );
        text += &format!(" ({}: {before})", lang.pick("hoy", "now"));
    }
    text
}
