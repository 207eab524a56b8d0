//! How the workers fare: what is due at each, and since when.

use lazo_domain::instant::Instant;
use maud::html;

use super::sub;
use crate::console::ask::Ask;
use crate::console::parts::{self, Knot, tag};
use crate::console::reply::{Answer, Page, Trouble};
use crate::console::routes::Section;
use crate::shell::store::table::{Alarm, SHARDS};
use crate::shell::wording::Language;

/// How many of each of 16 parts are looked at.
const OF_EACH: i32 = 10;
/// For how long what is due may wait before somebody should look.
const LATE_MILLIS: i64 = 15 * 60_000;

/// What is due at a worker.
struct Backlog {
    alarm: Alarm,
    count: usize,
    is_more: bool,
    oldest: Option<Instant>,
}

/// The page.
pub async fn health(ask: Ask) -> Answer {
    let lang = ask.lang;
    let title = lang.pick("Salud", "Health");
    let mut backlogs = Vec::new();
    for alarm in [Alarm::Due, Alarm::Occasion, Alarm::Review] {
        backlogs.push(backlog(&ask, alarm).await?);
    }
    let is_late =
        |one: &Backlog| one.oldest.is_some_and(|at| ask.now.millis() - at.millis() > LATE_MILLIS);
    let late = backlogs.iter().filter(|one| is_late(one)).count();
    let lead = match late {
        0 => lang.pick("Todo va al día.", "All is up to date."),
        _ => lang.pick(
            "Algo espera más de lo debido: mira el trabajador en cuestión.",
            "Something waits longer than it should: look at that worker.",
        ),
    };
    let live = ask.app().store.live_version().await?;
    let deployed = ask.app().store.deployed().await?;
    let main = html! {
        div.wrap {
            (parts::head(None, title, lead))
            (sub("/settings/health", &ask))
            div.scroll tabindex="0" role="region" aria-label=(title) {
                table.tcards {
                    thead { tr {
                        th scope="col" { (lang.pick("Trabajador", "Worker")) }
                        th.n scope="col" { (lang.pick("Pendientes ahora", "Due now")) }
                        th scope="col" { (lang.pick("El más antiguo", "The oldest")) }
                        th scope="col" { (lang.pick("Cómo va", "How it fares")) }
                    } }
                    tbody {
                        @for one in &backlogs {
                            tr {
                                th scope="row" { (worker(one.alarm, lang)) }
                                td.n data-l=(lang.pick("Pendientes", "Due")) { (one.count) @if one.is_more { "+" } }
                                td data-l=(lang.pick("El más antiguo", "The oldest")) {
                                    (one.oldest.map_or("–".to_owned(), |at| lang.time(at, ask.now, &ask.zone())))
                                }
                                td { (if is_late(one) { tag(Knot::Bad, lang.pick("atrasado", "late")) } else { tag(Knot::Well, lang.pick("al día", "up to date")) }) }
                            }
                        }
                    }
                }
            }
            dl class="facts mt6" {
                @if let Some(live) = live {
                    dt { (lang.pick("Reglas", "Rules")) }
                    dd { (lang.pick("versión ", "version ")) (live.number) ", " (lang.time(live.since, ask.now, &ask.zone())) }
                }
                @if let Some(deployed) = deployed {
                    dt { "Bus" } dd { (deployed.bus) }
                    @if let Some(source) = deployed.source { dt { (lang.pick("Origen", "Source")) } dd { (source) } }
                }
            }
        }
    };
    Ok(Page::new(Section::Settings, title, main).into())
}

fn worker(alarm: Alarm, lang: Language) -> &'static str {
    match alarm {
        Alarm::Due => lang.pick("dispatch: lo que sale", "dispatch: what goes out"),
        Alarm::Occasion => lang.pick("occasions: las fechas", "occasions: the dates"),
        Alarm::Review => lang.pick("drift: quién se aleja", "drift: who drifts away"),
    }
}

async fn backlog(ask: &Ask, alarm: Alarm) -> Result<Backlog, Trouble> {
    let store = &ask.app().store;
    let asked = (0..SHARDS).map(|shard| store.ringing_page(alarm, shard, ask.now, (None, OF_EACH)));
    let (mut count, mut is_more, mut oldest) = (0, false, None::<Instant>);
    for page in futures::future::join_all(asked).await {
        let page = page?;
        count += page.places.len();
        is_more |= page.next.is_some();
        let first = page.places.first().map(|place| place.at);
        oldest = oldest.into_iter().chain(first).min();
    }
    Ok(Backlog { alarm, count, is_more, oldest })
}
