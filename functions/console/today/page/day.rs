//! The day as markup: on a thread, in three columns, in a table.

use maud::{Markup, html};

use super::Told;
use crate::console::ask::segment;
use crate::console::parts::{Knot, tag};
use crate::console::routes::may;
use crate::console::today::chart;
use crate::console::today::day::Day;
use crate::shell::wording::Language;

/// The day on a thread, and what became of what.
pub fn day(told: &Told, day: &Day) -> Markup {
    let lang = told.lang;
    let hours = chart::hours(day, told.zone);
    let local = told.now.zoned(told.zone);
    let now = f64::from(local.hour()) + f64::from(local.minute()) / 60.0;
    let clock = lang.clock(told.now, told.zone);
    let (sent, not) = (day.count(true), day.count(false));
    let said = match lang {
        Language::Es => format!(
            "El día por horas, según el reloj de la tienda: hasta las {clock} salieron {sent} contactos y {not} no; {} esperan y faltan {}.",
            day.waiting.len(),
            day.coming.len()
        ),
        Language::En => format!(
            "The day by hours, by the shop’s clock: until {clock}, {sent} touches went out and {not} did not; {} wait and {} are to come.",
            day.waiting.len(),
            day.coming.len()
        ),
    };
    html! {
        section.sec #day aria-labelledby="h-day" {
            div class="row between" {
                h2 #h-day { (lang.pick("El día, en un hilo", "The day, on a thread")) }
                p class="s mute" { (lang.pick("Según el reloj de la tienda", "By the shop’s clock")) }
            }
            div.card {
                figure {
                    (chart::chart(&hours, (now, &clock), &said, lang))
                    figcaption.legend {
                        (tag(Knot::Sent, lang.pick("salió", "went out")))
                        (tag(Knot::Not, lang.pick("no salió", "did not")))
                        (tag(Knot::Planned, lang.pick("previsto", "planned")))
                    }
                }
                hr;
                div class="cols c3" { (sent_column(told, day)) (not_column(told, day)) (waiting_column(told, day)) }
                @if day.is_more {
                    p class="s mute mt" { (lang.pick("Hubo más de lo que cabe aquí: son al menos estos.", "There was more than fits here: these are the least.")) }
                }
                hr;
                (numbers(&hours, lang))
            }
        }
    }
}

fn title<'a>(told: &'a Told, rule: &'a str) -> &'a str {
    // A description that stands in for a title ends in a full stop.
    told.rules.book.rule(rule).map_or(rule, |rule| told.lang.title_of(rule)).trim_end_matches('.')
}

fn rule_link(told: &Told, rule: &str) -> Markup {
    match may(told.ask.user.role, &http::Method::GET, "/rules/{rule}") {
        true => html! { a.plain href={ "/rules/" (segment(rule)) } { (title(told, rule)) } },
        false => html! { (title(told, rule)) },
    }
}

fn sent_column(told: &Told, day: &Day) -> Markup {
    let mut rows: Vec<_> = day.sent.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    html! {
        div {
            h3 { (Knot::Sent) (day.count(true)) " " (told.lang.pick("salieron", "went out")) }
            dl.facts { @for (rule, count) in rows { dt { (count) } dd { (rule_link(told, rule)) } } }
        }
    }
}

fn not_column(told: &Told, day: &Day) -> Markup {
    let lang = told.lang;
    let mut rows: Vec<_> = day.not_sent.iter().collect();
    rows.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    html! {
        div {
            h3 { (Knot::Not) (day.count(false)) " " (lang.pick("no salieron", "did not")) }
            dl.facts {
                @for ((rule, reason), count) in rows {
                    dt { (count) }
                    dd { (rule_link(told, rule)) ": " (lang.reason(*reason)) }
                }
            }
        }
    }
}

fn waiting_column(told: &Told, day: &Day) -> Markup {
    let lang = told.lang;
    html! {
        div {
            h3 { (Knot::Waits) (day.waiting.len()) " " (lang.pick("esperan", "wait")) }
            dl.facts {
                @for one in day.waiting.iter().take(6) {
                    dt { (told.time(one.until)) }
                    dd {
                        (rule_link(told, &one.touch.rule)) ", " (told.customer(&one.customer))
                        ": " (lang.reason(one.reason))
                    }
                }
            }
        }
    }
}

fn numbers(hours: &[chart::Hour; 24], lang: Language) -> Markup {
    let rows = hours.iter().enumerate().filter(|(_, hour)| **hour != chart::Hour::default());
    html! {
        details.more {
            summary { (lang.pick("Los números, en tabla", "The numbers, as a table")) }
            div.scroll tabindex="0" role="region" aria-label=(lang.pick("El día por horas", "The day by hours")) {
                table {
                    thead {
                        tr {
                            th scope="col" { (lang.pick("Hora", "Hour")) }
                            th.n scope="col" { (lang.pick("Salieron", "Went out")) }
                            th.n scope="col" { (lang.pick("No salieron", "Did not")) }
                            th.n scope="col" { (lang.pick("Previstos", "Planned")) }
                        }
                    }
                    tbody {
                        @for (at, hour) in rows {
                            tr {
                                th scope="row" { (at) ":00" }
                                td.n { (hour.sent) } td.n { (hour.not) } td.n { (hour.coming) }
                            }
                        }
                    }
                }
            }
        }
    }
}
