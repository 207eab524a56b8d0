//! `lazo explain CUSTOMER --what-if DIR`: one customer's history, rehearsed by other rules.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use jiff::tz::TimeZone;
use lazo::shell::rules::Rules;
use lazo::shell::store::KeptEvent;
use lazo::shell::wording::Language;
use lazo_domain::event::{Delivered, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, simulate};
use lazo_domain::touch::{TouchRecord, TouchStatus};
use serde_json::{Value, json};

use super::system::System;
use super::{Answer, when};

/// How a touch differs under the other rules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Difference {
    Gained,
    Lost,
    Moved,
    Same,
}

impl Difference {
    fn of(before: Option<&TouchRecord>, after: Option<&TouchRecord>) -> Difference {
        let goes = |record: &&TouchRecord| {
            matches!(record.status, TouchStatus::Sent | TouchStatus::Pending)
        };
        match (before.filter(goes), after.filter(goes)) {
            (None, Some(_)) => Difference::Gained,
            (Some(_), None) => Difference::Lost,
            (Some(a), Some(b)) if (a.at, a.channel) != (b.at, b.channel) => Difference::Moved,
            _ => Difference::Same,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Difference::Gained => "gained",
            Difference::Lost => "lost",
            Difference::Moved => "moved",
            Difference::Same => "unchanged",
        }
    }

    fn said(self, lang: Language) -> &'static str {
        match self {
            Difference::Gained => lang.pick("NUEVO", "NEW"),
            Difference::Lost => lang.pick("YA NO", "NO LONGER"),
            Difference::Moved => lang.pick("SE MUEVE", "MOVED"),
            Difference::Same => "",
        }
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
    let events = told_of(system, id).await?;
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
    let (before, zone) = rehearse(id, &events, &rules.book, until);
    let (after, _) = rehearse(id, &events, &book, until);
    let mut all: BTreeMap<String, [Option<&TouchRecord>; 2]> = BTreeMap::new();
    for (side, records) in [&before, &after].into_iter().enumerate() {
        for record in records {
            all.entry(record.touch.to_string()).or_default()[side] = Some(record);
        }
    }
    let at = |[before, after]: &[Option<&TouchRecord>; 2]| after.or(*before).map(|one| one.at);
    let mut told: Vec<_> = all.into_iter().collect();
    told.sort_by(|(a, one), (b, other)| (at(one), a).cmp(&(at(other), b)));
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

/// What was told of a customer, under all of their ids.
async fn told_of(system: &System, id: &Id) -> anyhow::Result<Vec<Delivered>> {
    let store = &system.app.store;
    let customer = store.load(id).await?.customer;
    let mut ids = vec![id.clone()];
    ids.extend(customer.merged.iter().map(|alias| alias.id.clone()));
    let mut events = Vec::new();
    for id in ids {
        let (told, _) = store.ledger(&id).await?;
        for kept in told.into_iter().filter_map(KeptEvent::of) {
            events.push(from_wire(&kept.envelope())?);
        }
    }
    Ok(events)
}

fn rehearse(
    id: &Id,
    events: &[Delivered],
    book: &RuleBook,
    until: Instant,
) -> (Vec<TouchRecord>, TimeZone) {
    let period = Period { from: Instant::MIN, until };
    let outcome = simulate(id.clone(), &mut events.to_vec(), &[], book, period);
    let zone = outcome.customer.zone(&book.default_zone).into_owned();
    (outcome.touches, zone)
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
    let said = |record: &TouchRecord| {
        let reason = record.reason.filter(|_| record.status != TouchStatus::Sent);
        let reason = reason.map(|reason| format!(": {}", lang.reason(reason))).unwrap_or_default();
        format!("{}{reason}", lang.status(record.status))
    };
    let difference = Difference::of(before, after);
    let gone = || lang.pick("no existe", "is not there");
    let at = after.or(before).map(|one| one.at.rfc3339_in(zone)).unwrap_or_default();
    let told = after.map_or_else(|| gone().to_owned(), said);
    let mut text = format!("{at}  {:<9} {touch} {told}", difference.said(lang));
    if difference != Difference::Same {
        let before = before.map_or_else(
            || gone().to_owned(),
            |one| format!("{}, {}", said(one), one.at.rfc3339_in(zone)),
        );
        text += &format!(" ({}: {before})", lang.pick("hoy", "now"));
    }
    text
}
