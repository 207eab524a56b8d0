//! The search's page.

use form_urlencoded::Serializer;
use lazo_domain::customer::Customer;
use lazo_domain::history::Until;
use maud::{Markup, html};

use super::super::ask::Ask;
use super::super::parts::{Knot, tag};
use super::{path, view};
use crate::shell::find::Found;
use crate::shell::wording::Language;

/// The field to type into, and who was found.
pub fn page(ask: &Ask, typed: &str, found: Option<&Found>) -> Markup {
    let lang = ask.lang;
    html! {
        div.wrap {
            header.head {
                h1 { (lang.pick("Clientes", "Customers")) }
                p.lead role="status" { (lead(typed, found, lang)) }
            }
            form.row role="search" action="/customers" aria-label=(lang.pick("Clientes", "Customers")) {
                div.field {
                    label for="find" {
                        (lang.pick("A quién buscas", "Whom you look for"))
                        " " span.hint {
                            (lang.pick(
                                "Nombre, correo, teléfono o id; basta el comienzo.",
                                "Name, mail, phone or id; the beginning is enough.",
                            ))
                        }
                    }
                    input #find name="q" type="search" class="full" value=(typed) autocomplete="off";
                }
                button.btn.go { (lang.pick("Buscar", "Search")) }
            }
            @if let Some(found) = found.filter(|found| !found.customers.is_empty()) {
                section.card.mt6 aria-labelledby="found" {
                    h2.vh #found { (lang.pick("Encontrados", "Found")) }
                    ul.rows { @for customer in &found.customers { (row(ask, customer)) } }
                    @if let Some(next) = &found.next {
                        p.mt6 { a.btn href=(further(typed, next)) { (lang.pick("Ver más", "See more")) } }
                    }
                }
            }
        }
    }
}

fn lead(typed: &str, found: Option<&Found>, lang: Language) -> Markup {
    let Some(found) = found else {
        return html! {
            (lang.pick(
                "Escribe cómo se llama, o lo que sepas: «maria lo» encuentra a María López.",
                "Type the name, or what you know: “maria lo” finds María López.",
            ))
        };
    };
    if found.is_too_short {
        return html! {
            (lang.pick(
                "Falta un poco: dos letras del nombre, tres del correo o cuatro cifras del teléfono.",
                "A little more: two letters of the name, three of the address or four digits of the number.",
            ))
        };
    }
    let count = found.customers.len();
    let said = match (count, found.next.is_some()) {
        (0, false) => lang.pick("No hay nadie con ", "There is nobody with ").to_owned(),
        (0, true) => lang.pick("Todavía nadie con ", "Nobody yet with ").to_owned(),
        (_, false) => {
            let all =
                lang.counted(count, ["cliente", "clientes"], ["customer", "customers"], false);
            format!("{} {} ", capital(&all), lang.pick("con", "with"))
        }
        (_, true) => lang.pick("Los primeros con ", "The first ones with ").to_owned(),
    };
    html! { (said) q { (typed.trim()) } "." }
}

/// With its first letter large.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().collect::<String>());
    first.unwrap_or_default() + letters.as_str()
}

fn further(typed: &str, next: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("q", typed).append_pair("behind", next);
    format!("/customers?{}", query.finish())
}

fn row(ask: &Ask, customer: &Customer) -> Markup {
    let lang = ask.lang;
    let profile = &customer.profile;
    let contact = [
        profile.email.latest().map(|email| email.as_str()),
        profile.phone.latest().map(|phone| phone.as_str()),
    ];
    let contact: Vec<&str> = contact.into_iter().flatten().collect();
    let rules = ask.rules();
    let zone = customer.zone(&rules.book.default_zone);
    let bought = customer.history.last_at(Until::ALL).map(|at| {
        let day = lang.day(at.date_in(&zone), ask.now.date_in(&zone));
        format!("{} {day}", lang.pick("compró", "bought"))
    });
    html! {
        li {
            div {
                p.who { a href=(path(&customer.id)) dir="auto" { (view::called(customer)) } }
                p class="s mute" { (contact.join(" · ")) }
                @if customer.complaints.worst_open().is_some() {
                    p.s { (tag(Knot::Bad, lang.pick("queja abierta", "open complaint"))) }
                }
            }
            div.end {
                @if customer.erased_at.is_some() {
                    span { (lang.pick("pidió que lo olvidáramos", "asked to be forgotten")) }
                } @else {
                    @if let Some(entered) = customer.stages.last() { span { (lang.stage(entered.stage)) } }
                    @if let Some(bought) = bought { span { (bought) } }
                }
                span.xs { code { (customer.id) } }
            }
        }
    }
}
