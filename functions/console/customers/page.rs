//! One customer's page: head, chart, history, and what stands beside.

use http::Method;
use lazo_domain::stage::Stage;
use maud::{Markup, html};

use super::super::ask::Ask;
use super::super::parts::{Tone, flash, note};
use super::super::routes::may;
use super::view::View;
use super::{chart, history, list, path, rehearse, side};
use crate::shell::wording::Language;

/// The page.
pub fn page(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let is_erased = view.customer().erased_at.is_some();
    html! {
        div.wrap {
            p.crumbs {
                a href="/customers" { (lang.pick("Clientes", "Customers")) }
                " / " code { (view.customer().id) }
            }
            @if let Some(said) = done(ask) { (flash(said)) }
            (head(ask, view))
            div class="cols c84" {
                div.stack6 {
                    @if let Some(drift) = &view.drift { (chart::card(ask, view, drift)) }
                    (history::card(ask, view))
                }
                div.stack6 {
                    @if !view.complaints.is_empty() { (side::complaints(ask, view)) }
                    @if !is_erased {
                        (side::worth(ask, view))
                        (side::accepts(ask, view))
                        (rehearse::card(ask, view))
                        (side::details(ask, view))
                    }
                }
            }
        }
    }
}

/// What was just done, by its code.
fn done(ask: &Ask) -> Option<Markup> {
    let lang = ask.lang;
    let id = ask.path.get("id").unwrap_or_default();
    let said = match ask.query.get("done")? {
        "contact" => lang.pick("Contacto anotado.", "Contact logged."),
        "unhappy" => {
            return Some(html! {
                (lang.pick("Contacto anotado. No quedó a gusto: ", "Contact logged. It was no good experience: "))
                a href={ "/customers/" (id) "/complaint" } {
                    (lang.pick("abre una queja", "open a complaint"))
                }
                (lang.pick(", si la hay.", " if there is one."))
            });
        }
        "complaint" => lang.pick("Queja abierta.", "Complaint opened."),
        "resolved" => lang.pick("Queja resuelta.", "Complaint resolved."),
        "consent" => lang.pick("Anotado lo que acepta.", "What is welcome is noted."),
        "merged" => lang.pick("Ya son una sola persona.", "They are one person now."),
        "erased" => lang.pick("Sus datos se borraron.", "The personal data were erased."),
        _ => return None,
    };
    Some(html! { (said) })
}

fn head(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let customer = view.customer();
    let phone = customer.profile.phone.latest().filter(|_| customer.erased_at.is_none());
    html! {
        header.head {
            div class="row between" {
                div {
                    h1 dir="auto" { (view.name()) }
                    p.mute { (facts(ask, view).join(" · ")) }
                }
                div.row {
                    @if let Some(phone) = phone {
                        a.btn href={ "tel:" (phone.as_str()) } data-key="t" {
                            (lang.pick("Llamar", "Call")) span.vh { " " (phone.as_str()) }
                        }
                    }
                    (menu(ask, view))
                }
            }
            p.lead { (view.lead) }
            @if !view.portrait.is_whole {
                (note(Tone::Plain, html! {
                    (lang.pick(
                        "Su historia es muy larga: aquí está lo último. Todo está en la exportación.",
                        "The history is very long: this is the latest of it. All of it is in the export.",
                    ))
                }))
            }
            @if customer.erased_at.is_none() { (stages(ask, view)) }
        }
    }
}

/// Who this is, in a few words.
fn facts(ask: &Ask, view: &View) -> Vec<String> {
    let lang = ask.lang;
    let customer = view.customer();
    let profile = &customer.profile;
    let rules = ask.rules();
    let (book, policy) = (&rules.book, &rules.book.policy);
    if customer.erased_at.is_some() {
        return Vec::new();
    }
    let zone = customer.zone(&book.default_zone);
    let there = zone.iana_name().and_then(|name| name.rsplit('/').next());
    let clock = lang.clock(ask.now, &zone);
    let mut facts = vec![match there {
        Some(place) => match lang {
            Language::Es => format!("{}, son las {clock}", place.replace('_', " ")),
            Language::En => format!("{}, {clock} there", place.replace('_', " ")),
        },
        None => clock,
    }];
    let manager = profile.account_manager.latest().map(|name| policy.called(name.as_str()));
    match (profile.relationship.latest(), manager) {
        (Some(kind), Some(who)) => facts.push(match lang {
            Language::Es => format!("trato {}, con {who}", relationship(kind.as_str(), lang)),
            Language::En => {
                format!("{} relationship, with {who}", relationship(kind.as_str(), lang))
            }
        }),
        (Some(kind), None) => facts.push(match lang {
            Language::Es => format!("trato {}", relationship(kind.as_str(), lang)),
            Language::En => format!("{} relationship", relationship(kind.as_str(), lang)),
        }),
        (None, Some(who)) => facts.push(format!("{} {who}", lang.pick("con", "with"))),
        (None, None) => {}
    }
    facts.push(lang.language(customer.locale(policy)).to_lowercase());
    if let Some(born) = profile.birthday.latest() {
        let (day, month) = (born.day, lang.month(born.month));
        facts.push(match lang {
            Language::Es => format!("cumple el {day} de {month}"),
            Language::En => format!("birthday {day} {month}"),
        });
    }
    facts
}

/// A type of relationship in words; one that the shop made up stays.
fn relationship(kind: &str, lang: Language) -> &str {
    let (es, en) = match kind {
        "transactional" => ("de paso", "transactional"),
        "long_term" | "long-term" => ("a largo plazo", "long-term"),
        "personal" => ("personal", "personal"),
        "dedicated" => ("dedicado", "dedicated"),
        "self_service" | "self-service" => ("de autoservicio", "self-service"),
        "automated" => ("automático", "automated"),
        "community" => ("de comunidad", "community"),
        other => return other,
    };
    lang.pick(es, en)
}

/// What may be done, behind one button.
fn menu(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let own = path(&view.customer().id);
    let is_erased = view.customer().erased_at.is_some();
    let links: [(&str, &str); 5] = [
        ("contact", lang.pick("Anotar un contacto", "Log a contact")),
        ("complaint", lang.pick("Abrir una queja", "Open a complaint")),
        ("consent", lang.pick("Anotar lo que acepta", "Note what is welcome")),
        ("merge", lang.pick("Unir con otro cliente…", "Merge with another customer…")),
        ("erase", lang.pick("Olvidarlo para siempre…", "Forget for good…")),
    ];
    let may_see =
        |name: &str| may(ask.user.role, &Method::GET, &format!("/customers/{{id}}/{name}"));
    let links: Vec<_> = links.into_iter().filter(|(name, _)| !is_erased && may_see(name)).collect();
    let may_export = may(ask.user.role, &Method::POST, "/customers/{id}/export");
    html! {
        details.me {
            summary.btn { (lang.pick("Más", "More")) }
            div.menu {
                ul.first {
                    @for (name, said) in links { li { a href={ (own) "/" (name) } { (said) } } }
                    @if may_export {
                        li {
                            form method="post" action={ (own) "/export" } {
                                button.btn.quiet.sm {
                                    (lang.pick("Exportar todo lo que guardamos", "Export all that we keep"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The line of the relationship, with the stage that it stands at.
fn stages(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let customer = view.customer();
    let rules = ask.rules();
    let zone = customer.zone(&rules.book.default_zone);
    let today = ask.now.date_in(&zone);
    let Some(now) = customer.stages.last().map(|entered| entered.stage) else {
        return html! {};
    };
    let is_leaving = matches!(now, Stage::Dissolution | Stage::Ended);
    // Where it leads to: growth, or an end.
    let line: &[Stage] = match is_leaving {
        true => &[Stage::Exploration, Stage::Expansion, Stage::Dissolution, Stage::Ended],
        false => &[Stage::Exploration, Stage::Awareness, Stage::Expansion, Stage::Commitment],
    };
    let at = line.iter().position(|stage| *stage == now);
    let since = |stage: Stage| {
        let entered = customer.stages.iter().rev().find(|entered| entered.stage == stage);
        entered.map(|entered| lang.date(entered.at.date_in(&zone), today))
    };
    html! {
        ol.stages aria-label=(lang.pick("Etapa de la relación", "Stage of the relationship")) {
            @for (place, stage) in line.iter().enumerate() {
                @let is_past = at.is_some_and(|at| place <= at);
                li class=[is_past.then_some("was")] aria-current=[(at == Some(place)).then_some("step")] {
                    (list::capital(lang.stage(*stage)))
                    @if let Some(since) = since(*stage).filter(|_| is_past) {
                        br; span.xs { (since) }
                    }
                }
            }
        }
    }
}
