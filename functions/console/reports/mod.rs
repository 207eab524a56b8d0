//! Reports: what rules brought, where customers fare worst, what they complain of, who
//! they are, and the plan that follows. Read
//! from what was reckoned last; reckoning is an act of its own.

mod complaints;
mod journey;
mod plan;
mod rules;
mod segments;

pub use complaints::complaints;
pub use journey::journey;
pub use plan::plan;
pub use rules::{rule, rules};
pub use segments::segments;

use maud::{Markup, html};
use serde_json::json;

use super::acts::{Change, audit};
use super::ask::Ask;
use super::look::back;
use super::parts;
use super::reply::{Answer, Reply, Trouble};
use crate::shell::report::kept::{self, Kept};
use crate::shell::wording::Language;

/// What was reckoned last.
async fn kept(ask: &Ask) -> Result<Option<Kept>, Trouble> {
    Ok(kept::read(ask.app()).await?)
}

/// Reckons anew.
pub async fn refresh(ask: Ask) -> Answer {
    let kept = Box::pin(kept::reckon(ask.app(), ask.now)).await?;
    let after = json!({ "rules": kept.rules.len() });
    let before = serde_json::Value::Null;
    audit(&ask, Change { what: "report.reckon", about: "report", before, after }).await?;
    Ok(Reply::go(back(&ask)))
}

/// The parts of the reports.
fn sub(current: &str, lang: Language) -> Markup {
    let all = [
        ("/reports", lang.pick("Reglas", "Rules")),
        ("/reports/journey", lang.pick("Recorrido", "Journey")),
        ("/reports/complaints", lang.pick("Quejas y despedidas", "Complaints and farewells")),
        ("/reports/segments", lang.pick("Etapas y segmentos", "Stages and segments")),
        ("/reports/plan", lang.pick("El plan", "The plan")),
    ];
    html! {
        nav.sub aria-label=(lang.pick("Informes", "Reports")) {
            @for (path, name) in all {
                a href=(path) aria-current=[(path == current).then_some("page")] { (name) }
            }
        }
    }
}

/// As of when the figures are, and the way to newer ones.
fn as_of(kept: Option<&Kept>, ask: &Ask) -> Markup {
    let lang = ask.lang;
    html! {
        form class="row c s between" method="post" action="/reports/refresh" {
            (parts::once(&ask.mark()))
            input type="hidden" name="back" value=(ask.here);
            p.mute {
                @if let Some(kept) = kept {
                    (lang.pick("Cifras calculadas ", "Figures reckoned "))
                    (lang.time(kept.at, ask.now, &ask.zone())) "."
                } @else {
                    (lang.pick("Todavía no se calcula ninguna cifra.", "No figure has been reckoned yet."))
                }
            }
            button class="btn sm" { (lang.pick("Calcular de nuevo", "Reckon anew")) }
        }
    }
}

/// Where nothing was reckoned yet.
fn nothing(ask: &Ask) -> Markup {
    let lang = ask.lang;
    parts::empty(
        lang.pick("Aún no hay cifras", "There are no figures yet"),
        lang.pick(
            "El informe se calcula con lo que la tienda ha hecho en los últimos 90 días. Calcúlalo una vez, y queda aquí para todos.",
            "The report is reckoned from what the shop did in the last 90 days. Reckon it once, and it stays here for all.",
        ),
        html! {
            form method="post" action="/reports/refresh" {
                (parts::once(&ask.mark()))
                input type="hidden" name="back" value=(ask.here);
                button class="btn go" { (lang.pick("Calcular el informe", "Reckon the report")) }
            }
        },
    )
}
