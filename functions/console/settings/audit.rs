//! Who changed what: the entries that changes leave.

use lazo_domain::instant::DAY_MILLIS;
use maud::{Markup, html};

use super::sub;
use crate::console::access::Role;
use crate::console::ask::Ask;
use crate::console::parts;
use crate::console::reply::{Answer, Page};
use crate::console::routes::Section;
use crate::shell::store::{AuditEntry, Month};
use crate::shell::wording::Language;

/// How many entries of a month are read.
const READ: i32 = 100;

/// The latest entries.
pub async fn audit(ask: Ask) -> Answer {
    let lang = ask.lang;
    let month = Month::of(ask.now, &jiff::tz::TimeZone::UTC);
    let store = &ask.app().store;
    let (now, before) =
        futures::try_join!(store.audit_of(month, READ), store.audit_of(month.before(), READ))?;
    let entries: Vec<AuditEntry> = now.into_iter().chain(before).take(READ as usize).collect();
    let title = lang.pick("Quién cambió qué", "Who changed what");
    let lately = ask.now.plus_millis(-DAY_MILLIS);
    let count = entries.iter().filter(|entry| entry.at >= lately).count();
    let said = lang.counted(count, ["cambio", "cambios"], ["change", "changes"], false);
    let lead = format!("{} {said}.", lang.pick("En el último día,", "In the last day,"));
    let main = html! {
        div.wrap {
            (parts::head(None, title, lead))
            (sub("/settings/audit", &ask))
            @if entries.is_empty() {
                p.mute { (lang.pick("Nadie ha cambiado nada por la consola.", "Nobody has changed anything by the console.")) }
            } @else { (table(&entries, &ask)) }
        }
    };
    Ok(Page::new(Section::Settings, title, main).into())
}

fn table(entries: &[AuditEntry], ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(lang.pick("Cambios", "Changes")) {
            table.tcards {
                thead { tr {
                    th scope="col" { (lang.pick("Cuándo", "When")) }
                    th scope="col" { (lang.pick("Quién", "Who")) }
                    th scope="col" { (lang.pick("Qué", "What")) }
                    th scope="col" { (lang.pick("Antes", "Before")) }
                    th scope="col" { (lang.pick("Después", "After")) }
                } }
                tbody {
                    @for entry in entries {
                        tr {
                            th scope="row" { (lang.time(entry.at, ask.now, &ask.zone())) }
                            td data-l=(lang.pick("Quién", "Who")) { (rules.book.policy.called(&entry.by)) " (" (role(&entry.role, lang)) ")" }
                            td data-l=(lang.pick("Qué", "What")) { (called(&entry.what, lang)) " " code.faint { (entry.about) } }
                            td data-l=(lang.pick("Antes", "Before")) { (value(&entry.before)) }
                            td data-l=(lang.pick("Después", "After")) { (value(&entry.after)) }
                        }
                    }
                }
            }
        }
    }
}

fn role(name: &str, lang: Language) -> &str {
    Role::of(name).map_or(name, |role| role.called(lang))
}

fn value(value: &serde_json::Value) -> Markup {
    match value.is_null() {
        true => html! { "–" },
        false => html! { code { (value) } },
    }
}

/// A change in words; one that this version does not know stays.
fn called(what: &str, lang: Language) -> &str {
    match what {
        "call.take" => lang.pick("tomó la llamada", "took the call"),
        "call.release" => lang.pick("soltó la llamada", "let go of the call"),
        "call.snooze" => lang.pick("pospuso la llamada", "put the call off"),
        "call.assign" => lang.pick("dio la llamada", "gave the call away"),
        "call.report" => lang.pick("registró la llamada", "logged the call"),
        "draft.save" => lang.pick("guardó un borrador de", "saved a draft of"),
        "draft.drop" => lang.pick("descartó el borrador de", "dropped the draft of"),
        "rules.publish" => lang.pick("publicó", "published"),
        "rules.rollback" => lang.pick("volvió a la versión", "went back to version"),
        "rules.status" => lang.pick("cambió el estado de", "changed the status of"),
        "report.reckon" => lang.pick("calculó el informe", "reckoned the report"),
        "template.test" => lang.pick("envió una prueba de", "sent a test of"),
        "sending.pause" => lang.pick("pausó el envío", "paused the sending"),
        "sending.resume" => lang.pick("reanudó el envío", "resumed the sending"),
        "session.end" => lang.pick("cerró la sesión de", "ended the session of"),
        "complaint.open" => lang.pick("abrió una queja de", "opened a complaint of"),
        "complaint.resolve" => lang.pick("resolvió la queja", "resolved the complaint"),
        "customer.consent" => lang.pick("anotó lo que acepta", "noted what is welcome to"),
        "customer.export" => lang.pick("exportó los datos de", "exported the data of"),
        "customer.erase" => lang.pick("olvidó a", "forgot"),
        "customer.merge" => lang.pick("unió con otro a", "merged with another"),
        "customer.contact" => lang.pick("anotó un contacto con", "logged a contact with"),
        "failure.redrive" => lang.pick("reintentó la falla", "redrove the failure"),
        "failure.drop" => lang.pick("quitó la falla", "dropped the failure"),
        other => other,
    }
}
