//! Settings: the policy, people and teams, what was changed by whom, what could not be
//! processed, and how the workers fare.

mod audit;
mod failures;
mod health;
mod sending;
mod sessions;

pub use audit::audit;
pub use failures::{failure, failures, redrive};
pub use health::health;
pub use sending::{on_hold, pause, resume, sending};
pub use sessions::{end_session, sessions};

use lazo_domain::policy::Policy;
use maud::{Markup, html};

use super::ask::{Ask, segment};
use super::parts;
use super::reply::{Answer, Page};
use super::routes::{Section, may};

/// The parts of the settings.
fn sub(current: &str, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let all = [
        ("/settings", lang.pick("Política y personas", "Policy and people")),
        ("/settings/failures", lang.pick("Fallas", "Failures")),
        ("/settings/sessions", lang.pick("Sesiones", "Sessions")),
        ("/settings/sending", lang.pick("Envío", "Sending")),
        ("/settings/health", lang.pick("Salud", "Health")),
        ("/settings/audit", lang.pick("Quién cambió qué", "Who changed what")),
    ];
    let seen = |path: &str| may(ask.user.role, &http::Method::GET, path);
    html! {
        nav.sub aria-label=(Section::Settings.called(lang)) {
            @for (path, name) in all.into_iter().filter(|(path, _)| seen(path)) {
                a href=(path) aria-current=[(path == current).then_some("page")] { (name) }
            }
            a href="/versions" { (lang.pick("Versiones", "Versions")) }
        }
    }
}

/// The policy, and who works in the shop.
pub async fn show(ask: Ask) -> Answer {
    let lang = ask.lang;
    let rules = ask.rules();
    let policy = &rules.book.policy;
    let title = Section::Settings.called(lang);
    let people =
        lang.counted(policy.people.len(), ["persona", "personas"], ["person", "people"], true);
    let teams = lang.counted(policy.teams.len(), ["equipo", "equipos"], ["team", "teams"], false);
    let lead = format!("{}: {people} {} {teams}.", policy.brand.name, lang.pick("y", "and"));
    let main = html! {
        div.wrap {
            (parts::head(None, title, lead))
            (sub("/settings", &ask))
            div class="cols c84" {
                (staff(policy, &ask))
                div.stack6 { (in_short(policy, &ask)) }
            }
        }
    };
    Ok(Page::new(Section::Settings, title, main).into())
}

fn staff(policy: &Policy, ask: &Ask) -> Markup {
    let lang = ask.lang;
    html! {
        section.card aria-labelledby="h-people" {
            h2 #h-people { (lang.pick("Personas y equipos", "People and teams")) }
            div.scroll tabindex="0" role="group" aria-labelledby="h-people" {
                table.tcards {
                    thead { tr {
                        th scope="col" { (lang.pick("Nombre", "Name")) }
                        th scope="col" { (lang.pick("Correo", "Mail")) }
                        th scope="col" { (lang.pick("Equipos", "Teams")) }
                    } }
                    tbody {
                        @for (name, person) in &policy.people {
                            tr {
                                th scope="row" { (policy.called(name)) " " code.faint { (name) } }
                                td data-l=(lang.pick("Correo", "Mail")) { (person.email.as_str()) }
                                td data-l=(lang.pick("Equipos", "Teams")) {
                                    (policy.teams_of(name).map(|team| policy.called(team)).collect::<Vec<_>>().join(", "))
                                }
                            }
                        }
                        @for (name, team) in &policy.teams {
                            tr {
                                th scope="row" { (policy.called(name)) " " code.faint { (name) } }
                                td data-l=(lang.pick("Correo", "Mail")) { (team.email.as_ref().map_or("–", |email| email.as_str())) }
                                td data-l=(lang.pick("Miembros", "Members")) {
                                    (team.members.iter().map(|one| policy.called(one)).collect::<Vec<_>>().join(", "))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn in_short(policy: &Policy, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let edit = |file: &str| format!("/edit/{}", segment(&format!("rules/{file}")));
    html! {
        section.card aria-labelledby="h-policy" {
            div class="row between" {
                h2 #h-policy { (lang.pick("La política, en breve", "The policy, in short")) }
            }
            dl.facts {
                dt { (lang.pick("Zona", "Zone")) } dd { (rules_zone(ask)) }
                dt { (lang.pick("Idioma", "Language")) } dd { (lang.language(&policy.default_locale)) }
                @if let Some(currency) = policy.currency { dt { (lang.pick("Moneda", "Currency")) } dd { (currency) } }
                dt { (lang.pick("Llaman", "Who calls")) } dd { (policy.called(&policy.call_team)) }
                dt { (lang.pick("Una llamada es tuya", "A call is yours")) } dd { (lang.duration(policy.call_claim)) }
                dt { (lang.pick("Topes", "Caps")) } dd { (policy.frequency_caps.len()) }
                dt { (lang.pick("Días cerrados", "Closed days")) } dd { (lang.pick("los de la política", "those of the policy")) }
            }
            p.mt { a.btn href=(edit("policy.yaml")) { (lang.pick("Leer o cambiar la política", "Read or change the policy")) } }
            p.mt { a href=(edit("segments.yaml")) { (lang.pick("Los segmentos", "The segments")) } }
        }
    }
}

fn rules_zone(ask: &Ask) -> String {
    ask.zone().iana_name().unwrap_or("UTC").to_owned()
}
