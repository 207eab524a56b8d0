//! A customer's history as a thread: what comes above, then newest first.

use maud::{Markup, html};

use super::super::ask::Ask;
use super::super::parts::Knot;
use super::path;
use super::view::{ENTRIES, Shown, View};
use crate::shell::portrait::{Decided, Entry, Mark, Said};
use crate::shell::wording::Language;

/// The card.
pub fn card(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    html! {
        section.card #history aria-labelledby="h-history" {
            div class="row between c" {
                h2 #h-history { (lang.pick("Su historia", "The history")) }
                (choice(ask, view))
            }
            @if view.from == 0 && !view.coming.is_empty() {
                p.mark-day { (lang.pick("Lo que viene", "What comes")) }
                ol class="thread plan" { @for entry in &view.coming { (item(ask, view, entry)) } }
                hr;
            }
            p.mark-day { (lang.pick("Hasta hoy", "Until today")) }
            @if view.history.is_empty() {
                p.mute { (lang.pick("Aquí todavía no hay nada.", "There is nothing here yet.")) }
            } @else {
                ol.thread { @for entry in &view.history { (item(ask, view, entry)) } }
            }
            (pages(view, lang))
        }
    }
}

/// What of it is shown.
fn choice(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let Shown { events, sent, not } = view.shown;
    let boxes = [
        ("events", events, lang.pick("lo que hizo", "what was done")),
        ("sent", sent, lang.pick("lo que salió", "what went out")),
        ("not", not, lang.pick("lo que no salió", "what did not")),
    ];
    html! {
        form class="choice s" action={ (path(&view.customer().id)) "#history" }
            aria-label=(lang.pick("Qué mostrar", "What to show")) {
            @for (name, is_on, said) in boxes {
                label { input type="checkbox" name="show" value=(name) checked[is_on]; (said) }
            }
            button.btn.sm { (lang.pick("Mostrar", "Show")) }
        }
    }
}

fn pages(view: &View, lang: Language) -> Markup {
    let Shown { events, sent, not } = view.shown;
    let shown = [("events", events), ("sent", sent), ("not", not)];
    let shown: String =
        shown.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| format!("&show={name}")).collect();
    let at = |from: usize| format!("{}?from={from}{shown}#history", path(&view.customer().id));
    html! {
        @if view.from > 0 || view.has_more {
            p class="row mt6" {
                @if view.from > 0 {
                    a.btn href=(at(view.from.saturating_sub(ENTRIES))) { (lang.pick("Más reciente", "Newer")) }
                }
                @if view.has_more {
                    a.btn href=(at(view.from + ENTRIES)) { (lang.pick("Más antiguo", "Older")) }
                }
            }
        }
    }
}

fn item(ask: &Ask, view: &View, entry: &Entry) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let zone = view.customer().zone(&rules.book.default_zone);
    let day = lang.day(entry.at.date_in(&zone), ask.now.date_in(&zone));
    let when = match entry.is_day {
        true => day,
        false => format!("{day}, {}", lang.clock(entry.at, &zone)),
    };
    html! {
        li {
            (knot(entry.mark))
            time datetime=(entry.at.rfc3339_in(&zone)) { (when) }
            p.what { (entry.what) }
            @for note in &entry.notes { p.s { (note) } }
            @if let Some(said) = &entry.said { (quoted(view, said)) }
            @if !entry.branch.is_empty() {
                ul.branch { @for decided in &entry.branch { (branch(decided, lang)) } }
            }
        }
    }
}

/// Somebody's own words, marked with their language where it is the customer's.
fn quoted(view: &View, said: &Said) -> Markup {
    let locale = view.customer().profile.locale.latest().map(|locale| locale.as_str());
    let locale = locale.filter(|_| said.is_of_customer);
    html! { p.s { q lang=[locale] dir="auto" { (said.text) } } }
}

fn branch(decided: &Decided, lang: Language) -> Markup {
    match decided {
        Decided::Stage(text) => html! { li { (text) } },
        Decided::Refused { mark, text } => html! { li { (knot(*mark)) (text) } },
        Decided::NotMeant(titles) => html! {
            li {
                details.more {
                    summary {
                        (lang.count(titles.len(), ["regla no le tocaba", "reglas no le tocaban"],
                            ["rule did not apply", "rules did not apply"]))
                    }
                    ul { @for title in titles { li { (title) } } }
                }
            }
        },
    }
}

/// The knot of what became of something.
pub fn knot(mark: Mark) -> Knot {
    match mark {
        Mark::Event => Knot::Event,
        Mark::Sent => Knot::Sent,
        Mark::Not => Knot::Not,
        Mark::Waits => Knot::Waits,
        Mark::Planned => Knot::Planned,
        Mark::Control => Knot::Control,
        Mark::Bad => Knot::Bad,
    }
}
