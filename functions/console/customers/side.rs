//! What stands beside a customer's history: worth, consents, complaints, details.

use http::Method;
use lazo_domain::channel::{Channel, Purpose};
use maud::{Markup, html};

use super::super::ask::{Ask, segment};
use super::super::parts::{Knot, tag};
use super::super::routes::may;
use super::path;
use super::view::View;
use crate::shell::portrait::standing::{self, CHANNELS, PURPOSES};
use crate::shell::wording::Language;

/// What they are worth.
pub fn worth(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let shop = rules.book.policy.currency;
    let worth = view.worth;
    let spent = match shop {
        Some(currency) => lang.money(worth.spent, currency, shop),
        None => worth.spent.to_string(),
    };
    let in_all =
        lang.counted(worth.purchases, ["compra", "compras"], ["purchase", "purchases"], true);
    html! {
        section.card aria-labelledby="h-worth" {
            h2 #h-worth { (lang.pick("Lo que vale", "What it is worth")) }
            div.nums {
                @if let Some(estimate) = worth.estimate {
                    div {
                        b { (lang.estimate(estimate, shop)) }
                        span { (lang.pick("puede gastar en un año", "may be spent in a year")) }
                    }
                }
                div {
                    b { (spent) }
                    span { (lang.pick("ha gastado, en", "spent, in")) " " (in_all) }
                }
            }
            @if worth.estimate.is_none() && worth.purchases > 0 {
                p class="s mute" {
                    (lang.pick(
                        "Aún no hay historia suficiente para estimar lo que puede gastar.",
                        "There is not enough history yet to tell what may be spent.",
                    ))
                }
            }
        }
    }
}

/// What the customer accepts.
pub fn accepts(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let [bounced, wrong_number] = standing::unreachable(view.customer());
    html! {
        section.card aria-labelledby="h-accepts" {
            h2 #h-accepts { (lang.pick("Lo que acepta", "What is welcome")) }
            table {
                thead {
                    tr {
                        td {}
                        @for purpose in PURPOSES { th scope="col" { (called(purpose, lang)) } }
                    }
                }
                tbody {
                    @for channel in CHANNELS {
                        tr {
                            th scope="row" {
                                (match channel {
                                    Channel::Email => lang.pick("Correo", "Mail"),
                                    _ => lang.pick("Llamadas", "Calls"),
                                })
                            }
                            @for purpose in PURPOSES { (cell(ask, view, channel, purpose)) }
                        }
                    }
                }
            }
            p class="s mute" {
                @if view.complaints.is_empty() { (lang.pick("Sin quejas abiertas. ", "No complaint is open. ")) }
                @if bounced {
                    (lang.pick("El correo rebotó o lo marcó como no deseado.", "Mail bounced for good or was called spam."))
                } @else {
                    (lang.pick("Ningún correo ha rebotado.", "No mail has bounced."))
                }
                @if wrong_number { (lang.pick(" El número es de otra persona.", " The number is somebody else’s.")) }
            }
        }
    }
}

fn called(purpose: Purpose, lang: Language) -> &'static str {
    match purpose {
        Purpose::Marketing => lang.pick("Comercial", "Commercial"),
        Purpose::Service => lang.pick("De servicio", "Service"),
    }
}

fn cell(ask: &Ask, view: &View, channel: Channel, purpose: Purpose) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let customer = view.customer();
    let zone = customer.zone(&rules.book.default_zone);
    let accepts = standing::accepts(customer, &rules.book, channel, purpose);
    let said = accepts.said_at.map(|at| lang.date(at.date_in(&zone), ask.now.date_in(&zone)));
    html! {
        td {
            @if accepts.is_allowed {
                (tag(Knot::Well, lang.pick("sí", "yes")))
            } @else {
                (tag(Knot::Not, "no"))
            }
            @if let Some(said) = said {
                br; span class="xs mute" {
                    (said)
                    @if accepts.is_of_address {
                        (lang.pick(", con otro id", ", under another id"))
                    }
                }
            }
        }
    }
}

/// The complaints that are open.
pub fn complaints(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let own = path(&view.customer().id);
    let may_resolve = may(ask.user.role, &Method::GET, "/customers/{id}/complaints/{complaint}");
    let zone = ask.zone();
    let when = |at| lang.time(at, ask.now, &zone);
    html! {
        section.card aria-labelledby="h-complaints" {
            h2 #h-complaints { (lang.pick("Quejas abiertas", "Open complaints")) }
            ul.rows {
                @for one in &view.complaints {
                    li {
                        div {
                            p.who {
                                (lang.category(one.category.as_ref().map_or("", |line| line.as_str())))
                            }
                            p.s {
                                (tag(Knot::Bad, lang.severity(one.severity))) " "
                                @if let Some(at) = one.opened_at { (lang.pick("desde ", "since ")) (when(at)) }
                            }
                            @if let Some(text) = &one.description { p.s { q dir="auto" { (text) } } }
                            p class="s mute" {
                                (lang.pick("La resuelve ", "To be resolved by ")) (one.owner)
                                @if let Some(at) = one.deadline { (lang.pick(", antes de ", ", before ")) (when(at)) }
                                "."
                            }
                        }
                        @if may_resolve {
                            div.end {
                                a class="btn sm" href={ (own) "/complaints/" (segment(one.id.as_str())) } {
                                    (lang.pick("Resolver", "Resolve"))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What else is known.
pub fn details(ask: &Ask, view: &View) -> Markup {
    let lang = ask.lang;
    let customer = view.customer();
    let profile = &customer.profile;
    let others: Vec<&str> = customer.merged.iter().map(|alias| alias.id.as_str()).collect();
    let interests = profile.interests.latest().into_iter().flatten();
    let interests: Vec<&str> = interests.map(|line| line.as_str()).collect();
    let email = profile.email.latest().map(|email| email.as_str().to_owned());
    let phone = profile.phone.latest().map(|phone| phone.as_str().to_owned());
    let list = |all: Vec<&str>| Some(all.join(", ")).filter(|text| !text.is_empty());
    let facts = [
        (lang.pick("Correo", "Mail"), email),
        (lang.pick("Teléfono", "Phone"), phone),
        (lang.pick("Le interesa", "Interests"), list(interests)),
        (lang.pick("Otros ids", "Other ids"), list(others)),
    ];
    html! {
        section.card aria-labelledby="h-details" {
            h2 #h-details { (lang.pick("Sus datos", "Details")) }
            dl.facts {
                @for (label, value) in facts {
                    @if let Some(value) = value { dt { (label) } dd dir="auto" { (value) } }
                }
                @for (name, value) in &profile.attributes {
                    @if let Some(value) = value.latest() {
                        dt { (name) } dd dir="auto" { (text(value)) }
                    }
                }
            }
        }
    }
}

fn text(value: &lazo_domain::event::Scalar) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => String::new(),
    }
}
