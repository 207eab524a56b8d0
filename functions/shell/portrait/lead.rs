//! The sentence that opens a customer's page: it could be its whole content.

use lazo_domain::history::Until;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::stage::{Entered, Stage};

use super::{Entry, Mark, Portrait, Telling, standing};
use crate::shell::wording::Language;

/// For how long it is news that somebody came back.
const NEWS_MILLIS: i64 = 21 * DAY_MILLIS;

/// Where the relationship stands, and what comes next.
pub fn lead(portrait: &Portrait, coming: &[Entry], telling: &Telling) -> String {
    let customer = &portrait.told.customer;
    if let Some(at) = customer.erased_at {
        let day = day(at, portrait, telling);
        return match telling.lang {
            Language::Es => format!(
                "Pidió que lo olvidáramos {day}: solo quedan números de referencia, para no volver a escribirle."
            ),
            Language::En => format!(
                "Asked to be forgotten {day}: only reference numbers are left, so that nobody writes again."
            ),
        };
    }
    let mut sentences = vec![standing_now(portrait, telling)];
    sentences.extend(complaint(portrait, telling));
    sentences.extend(next(portrait, coming, telling));
    sentences.join(" ")
}

fn standing_now(portrait: &Portrait, telling: &Telling) -> String {
    let customer = &portrait.told.customer;
    let history = &customer.history;
    let (stages, lang) = (&customer.stages, telling.lang);
    let last = stages.last();
    match last.map(|entered| entered.stage) {
        Some(Stage::Ended) => {
            let day = last.map(|entered| day(entered.at, portrait, telling)).unwrap_or_default();
            return match lang {
                Language::Es => format!("La relación terminó {day}."),
                Language::En => format!("The relationship ended {day}."),
            };
        }
        Some(Stage::Dissolution) => {
            let day = last.map(|entered| day(entered.at, portrait, telling)).unwrap_or_default();
            return match lang {
                Language::Es => format!(
                    "Se aleja: {day} pasó del punto en que, con su ritmo, ya habría vuelto."
                ),
                Language::En => format!(
                    "Is drifting: {day} the rhythm of before would have brought the next purchase."
                ),
            };
        }
        _ => {}
    }
    if let Some(text) = came_back(portrait, telling) {
        return text;
    }
    let Some(at) = history.last_at(Until::ALL) else {
        return telling.pick("Todavía no compra nada.", "Has not bought anything yet.").to_owned();
    };
    let day = day(at, portrait, telling);
    let count = history.count(Until::ALL);
    match (lang, count) {
        (Language::Es, 0 | 1) => format!("Compró una vez, {day}."),
        (Language::En, 0 | 1) => format!("Bought once, {day}."),
        (Language::Es, _) => {
            let times = lang.counted(count, ["compra", "compras"], ["", ""], true);
            format!("Su última compra fue {day}; lleva {times}.")
        }
        (Language::En, _) => {
            let times = lang.counted(count, ["", ""], ["purchase", "purchases"], false);
            format!("The latest purchase was {day}, of {times} so far.")
        }
    }
}

/// That a purchase ended drift, where that is news.
fn came_back(portrait: &Portrait, telling: &Telling) -> Option<String> {
    let stages = &portrait.told.customer.stages;
    let [.., before, now] = stages.as_slice() else { return None };
    let is_back = matches!(before.stage, Stage::Dissolution | Stage::Ended);
    let is_news = telling.now.millis() - now.at.millis() < NEWS_MILLIS;
    if !is_back || !is_news {
        return None;
    }
    let weeks = (now.at.millis() - drifted_since(stages)?.millis()) / (7 * DAY_MILLIS);
    let weeks = usize::try_from(weeks).unwrap_or_default().max(1);
    let day = day(now.at, portrait, telling);
    let lang = telling.lang;
    let weeks = lang.counted(weeks, ["semana", "semanas"], ["week", "weeks"], true);
    Some(match lang {
        Language::Es => format!("Volvió {day}: su compra terminó {weeks} de alejamiento."),
        Language::En => format!("Came back {day}: the purchase ended {weeks} of drifting."),
    })
}

fn drifted_since(stages: &[Entered]) -> Option<Instant> {
    let mut before = stages.iter().rev().skip(1);
    let since = before.find(|entered| entered.stage == Stage::Dissolution);
    since.or_else(|| stages.iter().rev().nth(1)).map(|entered| entered.at)
}

fn complaint(portrait: &Portrait, telling: &Telling) -> Option<String> {
    let open = standing::open_complaints(portrait, telling);
    let text = match (open.len(), telling.lang) {
        (0, _) => return None,
        (1, Language::Es) => {
            "Tiene una queja abierta: hasta que se resuelva no le llega nada comercial."
        }
        (1, Language::En) => {
            "A complaint is open: nothing commercial goes out until it is resolved."
        }
        (_, Language::Es) => {
            "Tiene quejas abiertas: hasta que se resuelvan no le llega nada comercial."
        }
        (_, Language::En) => {
            "Complaints are open: nothing commercial goes out until they are resolved."
        }
    };
    Some(text.to_owned())
}

/// The next thing that will go out.
fn next(portrait: &Portrait, coming: &[Entry], telling: &Telling) -> Option<String> {
    let next = coming.iter().find(|entry| entry.mark == Mark::Planned)?;
    let day = day(next.at, portrait, telling);
    Some(match telling.lang {
        Language::Es => format!("Lo siguiente, {day}: {}.", next.what),
        Language::En => format!("Next, {day}: {}.", next.what),
    })
}

fn day(at: Instant, portrait: &Portrait, telling: &Telling) -> String {
    let zone = portrait.told.customer.zone(&telling.book.default_zone);
    telling.lang.day(at.date_in(&zone), telling.now.date_in(&zone))
}
