//! What of the sending is paused, and how to pause it and to go on.

use lazo_domain::channel::Purpose;
use lazo_domain::sending_pause::{PauseScope, SendingPause};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::sub;
use crate::console::acts::{Change, audit};
use crate::console::ask::Ask;
use crate::console::parts::{self, Field, Knot, Tone, note, tag};
use crate::console::reply::{Answer, Page, Reply, Trouble};
use crate::console::routes::Section;
use crate::shell::sending::{self, Changed, PauseError};
use crate::shell::wording::Language;

/// The longest reason, in characters.
const WHY_CHARS_MAX: usize = 500;

/// The page.
pub async fn sending(ask: Ask) -> Answer {
    let lang = ask.lang;
    let state = ask.app().store.sending_state().await?;
    let is_on_hold = state.as_ref().is_some_and(|state| state.table != ask.app().store.table());
    let paused = state.map(|state| state.pauses).unwrap_or_default();
    let title = lang.pick("Envío", "Sending");
    let main = html! {
        div.wrap {
            @if let Some(said) = done(&ask) { (parts::flash(said)) }
            (parts::head(None, title, lead(&paused, is_on_hold, lang)))
            (sub("/settings/sending", &ask))
            @if is_on_hold { (note(Tone::Bad, on_hold(lang))) }
            div class="cols c84" {
                @if !paused.is_empty() { div.stack6 { (table(&paused, &ask)) } }
                div.stack6 { (form(&paused, &ask)) }
            }
        }
    };
    Ok(Page::new(Section::Settings, title, main).into())
}

/// That a restored table waits until somebody looked.
pub fn on_hold(lang: Language) -> &'static str {
    lang.pick(
        "Esta tabla es una copia restaurada: no sale nada hasta que operaciones termine la restauración.",
        "This table is a restored copy: nothing goes out until operations ends the restore.",
    )
}

fn done(ask: &Ask) -> Option<&'static str> {
    match ask.query.get("done") {
        Some("paused") => Some(
            ask.lang.pick("En pausa: lo que toque salir espera.", "Paused: what is due waits."),
        ),
        Some("resumed") => Some(ask.lang.pick(
            "Se reanuda: lo que esperaba sale en un cuarto de hora.",
            "Resumed: what waited goes within a quarter of an hour.",
        )),
        _ => None,
    }
}

fn lead(paused: &[SendingPause], is_on_hold: bool, lang: Language) -> String {
    if is_on_hold {
        return lang.pick("No sale nada.", "Nothing goes out.").to_owned();
    }
    if paused.is_empty() {
        return lang
            .pick("Todo sale cuando le toca.", "Everything goes when it is due.")
            .to_owned();
    }
    let scopes: Vec<String> = paused.iter().map(|pause| lang.pause_scope(&pause.scope)).collect();
    let paused = lang.pick("En pausa:", "Paused:");
    format!("{paused} {}.", scopes.join(", "))
}

fn table(paused: &[SendingPause], ask: &Ask) -> Markup {
    let lang = ask.lang;
    let title = lang.pick("En pausa", "Paused");
    let rules = ask.rules();
    html! {
        div.scroll tabindex="0" role="region" aria-label=(title) {
            table.tcards {
                thead { tr {
                    th scope="col" { (lang.pick("Qué", "What")) }
                    th scope="col" { (lang.pick("Desde", "Since")) }
                    th scope="col" { (lang.pick("Quién", "Who")) }
                    th scope="col" { (lang.pick("Por qué", "Why")) }
                    th scope="col" { span.vh { (lang.pick("Reanudar", "Resume")) } }
                } }
                tbody { @for pause in paused {
                    tr {
                        th scope="row" { (tag(Knot::Waits, lang.pause_scope(&pause.scope))) }
                        td data-l=(lang.pick("Desde", "Since")) { (lang.time(pause.since, ask.now, &ask.zone())) }
                        td data-l=(lang.pick("Quién", "Who")) { span dir="auto" { (rules.book.policy.called(&pause.by)) } }
                        td data-l=(lang.pick("Por qué", "Why")) { span dir="auto" { (if pause.why.is_empty() { "–" } else { &pause.why }) } }
                        td {
                            form method="post" action="/settings/sending/resume" {
                                (parts::once(&ask.mark()))
                                input type="hidden" name="scope" value=(pause.scope);
                                button class="btn sm" {
                                    (lang.pick("Reanudar", "Resume"))
                                    span.vh { ": " (lang.pause_scope(&pause.scope)) }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

/// What may still be paused.
fn form(paused: &[SendingPause], ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let live = rules.book.rules().iter().filter(|rule| rule.is_live());
    let of_rules = live.map(|rule| {
        let called = lang.title_of(rule).to_owned();
        (PauseScope::Rule(rule.name.clone()), called)
    });
    let whole = [
        PauseScope::All,
        PauseScope::Purpose(Purpose::Marketing),
        PauseScope::Purpose(Purpose::Service),
    ];
    let whole = whole.map(|scope| (scope.clone(), lang.pause_scope(&scope)));
    let is_free = |(scope, _): &(PauseScope, String)| paused.iter().all(|p| p.scope != *scope);
    let free = whole.into_iter().chain(of_rules).filter(is_free);
    let free: Vec<(String, String)> = free.map(|(scope, name)| (scope.to_string(), name)).collect();
    let options: Vec<(&str, &str)> = free.iter().map(|(v, n)| (v.as_str(), n.as_str())).collect();
    html! {
        section.card aria-labelledby="h-pause" {
            h2 #h-pause { (lang.pick("Pausar", "Pause")) }
            p.mute {
                (lang.pick(
                    "Vale en unos segundos. Lo que toque salir espera, y vence cuando dice su regla; las llamadas que ya están en la lista se quedan.",
                    "It holds within seconds. What is due waits, and expires when its rule says; calls that are on the list stay there.",
                ))
            }
            form.stack method="post" action="/settings/sending/pause" {
                (parts::once(&ask.mark()))
                (Field::new("scope", lang.pick("Qué", "What")).choice(&options))
                (Field::new("why", lang.pick("Por qué", "Why")).line("text"))
                button.btn { (lang.pick("Pausar", "Pause")) }
            }
        }
    }
}

/// Pauses what the form names. What is paused already stays as it is.
///
/// # Errors
/// Where the form names nothing that there is, or the table does not answer.
pub async fn pause(ask: Ask) -> Answer {
    let scope = scope(&ask)?;
    if let PauseScope::Rule(name) = &scope
        && ask.rules().book.rule(name).is_none()
    {
        return Err(Trouble::NotFound);
    }
    let why = ask.form.get("why").unwrap_or_default().trim();
    let why: String = why.chars().take(WHY_CHARS_MAX).collect();
    let pause = sending::new_pause(scope, &ask.user.name, &why, ask.now);
    if let Changed::Done(_) = sending::pause(&ask.app().store, &pause).await.map_err(trouble)? {
        let (before, after) = (Value::Null, json!(pause));
        audit(&ask, Change { what: "sending.pause", about: "", before, after }).await?;
    }
    Ok(Reply::go("/settings/sending?done=paused"))
}

/// Goes on with what the form names. What is not paused goes on already.
///
/// # Errors
/// Where the form names nothing that can be paused, or the table does not answer.
pub async fn resume(ask: Ask) -> Answer {
    let scope = scope(&ask)?;
    if let Changed::Done(_) = sending::resume(&ask.app().store, &scope).await.map_err(trouble)? {
        let (before, after) = (json!(scope), Value::Null);
        audit(&ask, Change { what: "sending.resume", about: "", before, after }).await?;
    }
    Ok(Reply::go("/settings/sending?done=resumed"))
}

fn scope(ask: &Ask) -> Result<PauseScope, Trouble> {
    ask.form.get("scope").and_then(|scope| scope.parse().ok()).ok_or(Trouble::NotUnderstood)
}

fn trouble(error: PauseError) -> Trouble {
    match error {
        PauseError::TooMany => Trouble::NotUnderstood,
        PauseError::Store(error) => error.into(),
    }
}
