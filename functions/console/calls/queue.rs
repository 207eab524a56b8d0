//! The list beside the call.

use lazo_domain::channel::Channel;
use lazo_domain::touch::TouchId;
use maud::{Markup, html};

use super::view::Queue;
use crate::console::ask::{Ask, segment};
use crate::console::parts;
use crate::shell::call_list::{Listed, staff};
use crate::shell::wording::Language;
use crate::shell::wording::people::name_of;

/// The lists.
pub fn side(queue: &Queue, current: Option<&TouchId>, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let (calls, tasks): (Vec<&Listed>, Vec<&Listed>) =
        queue.free.iter().partition(|one| one.call.channel == Channel::Call);
    let until = |one: &Listed| until(one, ask);
    let taken = |one: &Listed| {
        let holder = one.call.holder(ask.now).unwrap_or_default();
        let rules = ask.rules();
        format!("{} {}", lang.pick("la tiene", "taken by"), rules.book.policy.called(holder))
    };
    let again = |one: &Listed| {
        let at = one.call.snoozed(ask.now).unwrap_or(ask.now);
        lang.time(at, ask.now, &ask.zone())
    };
    let made = |one: &Listed| {
        let at = one.call.reported_at.map(|at| lang.clock(at, &ask.zone())).unwrap_or_default();
        format!("{at} · {}", lang.outcome(one.call.outcome.as_deref().unwrap_or_default()))
    };
    html! {
        nav.queue aria-label=(lang.pick("Tu lista", "Your list")) {
            (filters(queue, ask))
            (part(lang.pick("Tu lista", "Your list"), calls, current, &until))
            (part(lang.pick("Notas y tareas", "Notes and tasks"), tasks, current, &until))
            (part(lang.pick("De otra persona ahora", "Somebody else’s now"), queue.others.iter().collect(), current, &taken))
            (part(lang.pick("Pospuestas", "Put off"), queue.snoozed.iter().collect(), current, &again))
            (part(lang.pick("Hechas hoy", "Made today"), queue.made.iter().collect(), current, &made))
            @if queue.is_more {
                p class="xs mute mt" { (lang.pick("Hay más; aquí están las que vencen primero.", "There are more; these are the first to end.")) }
            }
        }
    }
}

fn until(one: &Listed, ask: &Ask) -> String {
    let shop = ask.zone();
    let zone = one.customer.zone(&shop);
    let day = ask.lang.day(one.call.expires_at_instant.date_in(&zone), ask.now.date_in(&zone));
    let rules = ask.rules();
    let rule = rules.book.rule(&one.call.touch.rule);
    let title = rule
        .map_or(one.call.touch.rule.as_str(), |rule| ask.lang.title_of(rule))
        .trim_end_matches('.');
    format!("{title} · {} {day}", ask.lang.pick("hasta", "until"))
}

fn part(
    title: &str,
    listed: Vec<&Listed>,
    current: Option<&TouchId>,
    told: &dyn Fn(&Listed) -> String,
) -> Markup {
    let at = listed.iter().position(|one| Some(&one.call.touch) == current);
    html! {
        @if !listed.is_empty() {
            h2 { (title) }
            ol {
                @for (place, one) in listed.iter().enumerate() {
                    li {
                        a href={ "/calls/" (segment(&one.call.touch.to_string())) }
                            aria-current=[(at == Some(place)).then_some("true")]
                            data-key=[key(at, place)] {
                            b { (name_of(&one.customer)) }
                            span.mute { (told(one)) }
                        }
                    }
                }
            }
        }
    }
}

/// The key that leads to the call behind or before the one that is shown.
fn key(current: Option<usize>, place: usize) -> Option<&'static str> {
    match current {
        Some(at) if place == at + 1 => Some("j"),
        Some(at) if place + 1 == at => Some("k"),
        None if place == 0 => Some("j"),
        _ => None,
    }
}

/// Whose list, and whom.
fn filters(queue: &Queue, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let policy = &rules.book.policy;
    let names: Vec<&str> = staff::names(policy).collect();
    html! {
        details.more open[queue.of.is_some() || queue.search.is_some()] {
            summary { (lang.pick("Filtrar", "Filter")) }
            form action="/calls" class="stack" {
                div.field {
                    label class="s" for="of" { (lang.pick("De quién", "Whose")) }
                    select #of name="of" class="full" {
                        option value="" { (lang.pick("Mía y de mi equipo", "Mine and my team’s")) }
                        @for name in names {
                            option value=(name) selected[queue.of.as_deref() == Some(name)] { (policy.called(name)) }
                        }
                    }
                }
                div.field {
                    label class="s" for="whom" { (lang.pick("A quién", "Whom")) }
                    input #whom name="q" type="search" class="full" value=(queue.search.as_deref().unwrap_or_default());
                }
                button.btn.sm { (lang.pick("Mostrar", "Show")) }
            }
        }
    }
}

/// What stands where no call is chosen.
pub fn inside(queue: &Queue, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let made = queue.made.len();
    let ready = queue.ready();
    html! {
        div {
            h1.vh { (lang.pick("Llamadas", "Calls")) }
            @if ready > 0 {
                (parts::empty(
                    &waiting(ready, lang),
                    lang.pick(
                        "Toma la primera: nadie más la tendrá mientras llamas.",
                        "Take the first: nobody else has it while you call.",
                    ),
                    html! { form method="post" action="/calls/next" {
                        button class="btn go" { (lang.pick("Empezar por la primera", "Start with the first")) }
                    } },
                ))
            } @else {
                (parts::empty(
                    lang.pick("No queda nadie por llamar", "Nobody is left to call"),
                    spoken(made, lang),
                    html! { a.btn href="/" { (lang.pick("Volver a Hoy", "Back to Today")) } },
                ))
            }
        }
    }
}

fn waiting(ready: usize, lang: Language) -> String {
    let said = lang.counted(
        ready,
        ["llamada te espera", "llamadas te esperan"],
        ["call waits for you", "calls wait for you"],
        true,
    );
    let mut letters = said.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn spoken(made: usize, lang: Language) -> String {
    let people = lang.counted(made, ["persona", "personas"], ["person", "people"], true);
    match (made, lang) {
        (0, Language::Es) => "Aquí aparecen en cuanto una regla o alguien las pida.".to_owned(),
        (0, Language::En) => {
            "They appear here as soon as a rule or somebody asks for them.".to_owned()
        }
        (_, Language::Es) => format!("Hoy registraste a {people}."),
        (_, Language::En) => format!("Today you logged {people}."),
    }
}
