//! Who is signed in, and how to sign somebody out.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::sub;
use crate::console::access::Role;
use crate::console::acts::{Change, audit};
use crate::console::ask::{Ask, segment};
use crate::console::parts;
use crate::console::reply::{Answer, Page, Reply};
use crate::console::routes::Section;
use crate::shell::store::Session;
use crate::shell::wording::Language;

/// How many sessions the page shows.
const SHOWN: usize = 200;

/// The sessions that have not ended, the latest first.
///
/// # Errors
/// Where the table does not answer.
pub async fn sessions(ask: Ask) -> Answer {
    let lang = ask.lang;
    let mut live = ask.app().store.sessions(ask.now).await?;
    live.sort_by_key(|(_, session)| std::cmp::Reverse(session.began_at));
    let title = lang.pick("Sesiones", "Sessions");
    let said = done(&ask);
    let main = html! {
        div.wrap {
            @if let Some(said) = said { (parts::flash(said)) }
            (parts::head(None, title, lead(live.len(), &ask)))
            (sub("/settings/sessions", &ask))
            @if !live.is_empty() { (table(&live, &ask)) }
        }
    };
    Ok(Page::new(Section::Settings, title, main).into())
}

fn done(ask: &Ask) -> Option<&'static str> {
    let is_ended = ask.query.get("done") == Some("ended");
    is_ended.then(|| {
        ask.lang.pick(
            "Sesión cerrada: su próxima página le pide entrar otra vez.",
            "Session ended: their next page asks them to sign in again.",
        )
    })
}

fn lead(count: usize, ask: &Ask) -> String {
    let lang = ask.lang;
    if ask.console.is_local() {
        return lang
            .pick(
                "En este equipo nadie entra con una cuenta: aquí no hay sesiones.",
                "On this machine nobody signs in: there are no sessions here.",
            )
            .to_owned();
    }
    let said =
        lang.counted(count, ["sesión abierta", "sesiones abiertas"], ["session", "sessions"], true);
    match lang {
        Language::Es => format!("Hay {said}. Cada una termina sola a las diez horas."),
        Language::En => format!("{said} open. Each ends by itself after ten hours."),
    }
}

fn table(live: &[(String, Session)], ask: &Ask) -> Markup {
    let lang = ask.lang;
    let title = lang.pick("Sesiones", "Sessions");
    html! {
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table.tcards {
                thead { tr {
                    th scope="col" { (lang.pick("Quién", "Who")) }
                    th scope="col" { (lang.pick("Papel", "Role")) }
                    th scope="col" { (lang.pick("Entró", "Signed in")) }
                    th scope="col" { (lang.pick("Termina", "Ends")) }
                    th scope="col" { span.vh { (lang.pick("Cerrar", "End")) } }
                } }
                tbody { @for (hash, session) in live.iter().take(SHOWN) { (row(hash, session, ask)) } }
            }
        }
    }
}

fn row(hash: &str, session: &Session, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let role = Role::of(&session.role).map_or(session.role.as_str(), |role| role.called(lang));
    html! {
        tr {
            th scope="row" { span dir="auto" { (session.called) } " " code.faint { (session.name) } }
            td data-l=(lang.pick("Papel", "Role")) { (role) }
            td data-l=(lang.pick("Entró", "Signed in")) { (lang.time(session.began_at, ask.now, &ask.zone())) }
            td data-l=(lang.pick("Termina", "Ends")) { (lang.time(session.ends_at, ask.now, &ask.zone())) }
            td {
                form method="post" action={ "/settings/sessions/" (segment(hash)) "/end" } {
                    (parts::once(&ask.mark()))
                    button class="btn sm" {
                        (lang.pick("Cerrar la sesión", "End the session"))
                        span.vh { " " (lang.pick("de", "of")) " " (session.called) }
                    }
                }
            }
        }
    }
}

/// Ends a session. One that has ended already stays so.
///
/// # Errors
/// Where the table does not answer.
pub async fn end_session(ask: Ask) -> Answer {
    let hash = ask.named("session");
    let store = &ask.app().store;
    let live = store.sessions(ask.now).await?;
    if let Some((_, session)) = live.iter().find(|(known, _)| *known == hash) {
        store.revoke_session(&hash).await?;
        let before = json!({ "role": session.role, "began_at": session.began_at.to_string() });
        let change =
            Change { what: "session.end", about: &session.name, before, after: Value::Null };
        audit(&ask, change).await?;
    }
    Ok(Reply::go("/settings/sessions?done=ended".to_owned()))
}
