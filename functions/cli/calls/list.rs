//! `lazo calls list` and `lazo calls today`.

use lazo::shell::call_list::desk::RepDay;
use lazo::shell::call_list::short_id::ShortIds;
use lazo::shell::call_list::{self, Listed, lookup, search};
use lazo::shell::wording::call_card::{self, Look};
use lazo::shell::wording::moment;
use serde_json::json;

use super::{Answer, Desk};
use crate::staff::has_list;

/// Who to call, why, and what to say; the most urgent first.
#[derive(clap::Args)]
pub struct ListArgs {
    /// Only the calls of one person or team.
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    /// Only calls whose customer's name, mail, phone or id, or whose own id, has
    /// these words.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Leave the scripts out.
    #[arg(long)]
    brief: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// A rep's day: what to call now, what is put off, and what they reported today.
#[derive(clap::Args)]
pub struct TodayArgs {
    /// Whose day it is.
    #[arg(long, value_name = "REP")]
    by: String,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

pub async fn list(desk: &Desk<'_>, args: &ListArgs) -> anyhow::Result<Answer> {
    let Desk { app, now, lang, .. } = *desk;
    let mut calls = match &args.of {
        Some(name) => {
            has_list(app, name, lang).await?;
            call_list::open(app, std::slice::from_ref(name), now).await?
        }
        None => call_list::open_of_all(app, now).await?,
    };
    let short = lookup::short_ids(app, now).await?;
    if let Some(text) = &args.search {
        calls.retain(|one| search::finds(one, &short.of(&one.call.touch), text));
    }
    // What is put off comes behind all others, in their order.
    calls.sort_by_key(|one| one.call.snoozed(now).is_some());
    for listed in &calls {
        show(desk, listed, &short, (args.brief, args.json))?;
    }
    if calls.is_empty() && !args.json {
        match &args.search {
            Some(text) => {
                let none =
                    lang.pick("ninguna llamada de la lista es de", "no call on the list is of");
                out!("{none} {text:?}");
            }
            None => out!("{}", nothing(desk)),
        }
    }
    Ok(Answer::Yes)
}

pub fn nothing(desk: &Desk<'_>) -> &'static str {
    desk.lang.pick("no hay llamadas pendientes", "no calls are waiting")
}

pub fn show(
    desk: &Desk<'_>,
    listed: &Listed,
    short: &ShortIds,
    (is_brief, as_json): (bool, bool),
) -> anyhow::Result<()> {
    let rules = desk.app.rules();
    let short = short.of(&listed.call.touch);
    match as_json {
        true => out!("{}", call_card::as_value(listed, &rules, desk.now, &short)),
        false => {
            let look = Look { short: &short, is_brief };
            out!("{}", call_card::card(listed, &rules, desk.now, look, desk.lang));
        }
    }
    Ok(())
}

pub async fn today(desk: &Desk<'_>, args: &TodayArgs) -> anyhow::Result<Answer> {
    let Desk { app, now, lang, .. } = *desk;
    desk.check(&args.by)?;
    let day = call_list::desk::day(app, &args.by, now).await?;
    let short = lookup::short_ids(app, now).await?;
    let rules = app.rules();
    let shop = &rules.book.default_zone;
    let RepDay { open, snoozed, made } = &day;
    if args.json {
        for (status, calls) in [("open", open), ("snoozed", snoozed), ("reported", made)] {
            for one in calls {
                let short = short.of(&one.call.touch);
                let mut value = call_card::as_value(one, &rules, now, &short);
                value["status"] = json!(status);
                out!("{value}");
            }
        }
        return Ok(Answer::Yes);
    }
    let until = |one: &Listed| {
        let zone = one.customer.zone(shop);
        let before = moment(one.call.expires_at_instant, &zone);
        let taken = one.call.holder(now).map(|_| lang.pick("  la tienes", "  you have it"));
        format!("{} {before}{}", lang.pick("antes de", "before"), taken.unwrap_or_default())
    };
    let again = |one: &Listed| {
        let at = one.call.snoozed(now).map(|until| moment(until, shop));
        format!("{} {}", lang.pick("pospuesta a", "snoozed to"), at.unwrap_or_default())
    };
    let how = |one: &Listed| {
        let at = one.call.reported_at.map(|at| at.zoned(shop).strftime("%H:%M").to_string());
        let outcome = one.call.outcome.as_deref().unwrap_or_default();
        format!("{}  {}", at.unwrap_or_default(), lang.outcome(outcome))
    };
    type Told<'a> = &'a dyn Fn(&Listed) -> String;
    let parts: [(&str, &str, &Vec<Listed>, Told); 3] = [
        ("por llamar", "to call", open, &until),
        ("pospuestas", "snoozed", snoozed, &again),
        ("anotadas hoy", "reported today", made, &how),
    ];
    for (es, en, calls, told) in parts {
        out!("{} ({})", lang.pick(es, en), calls.len());
        for one in calls {
            out!("{}", call_card::line(one, &short.of(&one.call.touch), &told(one)));
        }
    }
    Ok(Answer::Yes)
}
