//! Rules: what each does, how it stands, what it brought; their versions, and back again.

mod list;
mod one;
mod versions;

pub use list::{begin, list, new};
pub use one::{set_status, show};
pub use versions::{roll_back, version, versions};

use maud::{Markup, html};

use super::ask::{Ask, segment};

/// The parts of one rule's pages.
pub fn tabs(rule: &str, current: &str, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let name = segment(rule);
    let file = segment(&format!("rules/{rule}.yaml"));
    let all = [
        ("rule", format!("/rules/{name}"), lang.pick("La regla", "The rule")),
        ("report", format!("/reports/rules/{name}"), lang.pick("Informe", "Report")),
        ("edit", format!("/edit/{file}"), lang.pick("Escribir", "Write")),
    ];
    html! {
        nav.sub aria-label=(lang.pick("De esta regla", "Of this rule")) {
            @for (key, path, called) in all {
                a href=(path) aria-current=[(key == current).then_some("page")] { (called) }
            }
            a href="/versions" { (lang.pick("Versiones", "Versions")) }
        }
    }
}
