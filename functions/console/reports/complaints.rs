//! What customers complain of, what was behind it, and why they leave.

use maud::{Markup, html};

use super::{as_of, kept, nothing, sub};
use crate::console::ask::Ask;
use crate::console::charts;
use crate::console::reply::{Answer, Page};
use crate::console::routes::Section;
use crate::shell::report::kept::Kept;
use crate::shell::wording::Language;

/// The page.
pub async fn complaints(ask: Ask) -> Answer {
    let kept = kept(&ask).await?;
    let lang = ask.lang;
    let title = lang.pick("Quejas y despedidas", "Complaints and farewells");
    let main = html! {
        div.wrap {
            header.head {
                h1 { (title) }
                @if let Some(kept) = &kept { p.lead { (lead(kept, lang)) } }
            }
            (sub("/reports/complaints", lang))
            @match &kept {
                None => (nothing(&ask)),
                Some(kept) => {
                    (as_of(Some(kept), &ask))
                    div class="cols c84 mt6" { (months(kept, lang)) (leaving(kept, lang)) }
                }
            }
        }
    };
    Ok(Page::new(Section::Reports, title, main).into())
}

fn lead(kept: &Kept, lang: Language) -> String {
    let opened: u64 = kept.complaints.iter().map(|one| one.opened).sum();
    let resolved: u64 = kept.complaints.iter().map(|one| one.resolved).sum();
    let opened = usize::try_from(opened).unwrap_or(usize::MAX);
    let resolved = usize::try_from(resolved).unwrap_or(usize::MAX);
    let said = lang.counted(opened, ["queja", "quejas"], ["complaint", "complaints"], true);
    match lang {
        Language::Es => {
            format!("En doce meses, {said}; {} resueltas.", lang.number(resolved, true))
        }
        Language::En => {
            format!("In twelve months, {said}; {} resolved.", lang.number(resolved, false))
        }
    }
}

fn months(kept: &Kept, lang: Language) -> Markup {
    html! {
        section.card aria-labelledby="h-months" {
            h2 #h-months { (lang.pick("Mes a mes, y qué las causó", "Month by month, and what caused them")) }
            @if kept.complaints.is_empty() {
                p.mute { (lang.pick("No hubo quejas.", "There were no complaints.")) }
            } @else {
                div.scroll tabindex="0" role="group" aria-labelledby="h-months" {
                    table {
                        thead {
                            tr {
                                th scope="col" { (lang.pick("Mes", "Month")) }
                                th scope="col" { (lang.pick("De qué", "What about")) }
                                th.n scope="col" { (lang.pick("Abiertas", "Opened")) }
                                th.n scope="col" { (lang.pick("Resueltas", "Resolved")) }
                                th scope="col" { (lang.pick("Causas", "Causes")) }
                            }
                        }
                        tbody {
                            @for one in &kept.complaints {
                                tr {
                                    th scope="row" { (one.month) }
                                    td { (lang.category(&one.category)) }
                                    td.n { (one.opened) }
                                    td.n { (one.resolved) }
                                    td { @for (at, (cause, count)) in one.causes.iter().enumerate() { @if at > 0 { ", " } (cause) " (" (count) ")" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn leaving(kept: &Kept, lang: Language) -> Markup {
    let most = kept.leaving.first().map_or(1, |(_, count)| *count);
    html! {
        section.card aria-labelledby="h-leaving" {
            h2 #h-leaving { (lang.pick("Por qué se van", "Why they leave")) }
            @if kept.leaving.is_empty() {
                p.mute { (lang.pick("Nadie ha dicho por qué se va.", "Nobody has said why they leave.")) }
            } @else {
                table.funnel {
                    tbody {
                        @for (reason, count) in &kept.leaving {
                            tr {
                                th scope="row" { (lang.dissolution(*reason)) }
                                td.n { (count) }
                                td.barcell { (charts::bar(*count, most, "f-past")) }
                            }
                        }
                    }
                }
            }
        }
    }
}
