//! One call as a rep reads it, in the order of the call: who and why, what to know, what
//! to say.

use jiff::tz::TimeZone;
use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::customer::{Contact, Customer};
use lazo_domain::decide::{CallNow, promised};
use lazo_domain::history::Until;
use lazo_domain::instant::Instant;
use lazo_domain::view::View;
use maud::{Markup, html};

use super::view::{Card, Standing};
use crate::console::ask::{Ask, segment};
use crate::console::markdown;
use crate::console::parts::{Knot, Tone, note, once};
use crate::shell::wording::call_card;
use crate::shell::wording::people::name_of;

/// Where a call's page is.
pub fn path(card: &Card) -> String {
    format!("/calls/{}", segment(&card.listed.call.touch.to_string()))
}

/// The call.
pub fn article(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let customer = &card.listed.customer;
    let kind = match card.listed.call.channel {
        Channel::Task => lang.pick("Tarea", "Task"),
        _ => lang.pick("Llamada", "Call"),
    };
    let attempt = (card.facts.attempts > 1).then(|| {
        let (one, most) = (card.facts.attempt, card.facts.attempts);
        format!(", {} {one} {} {most}", lang.pick("intento", "attempt"), lang.pick("de", "of"))
    });
    html! {
        article.talk aria-labelledby="who" {
            div class="card head1" {
                (lease(card, ask))
                p.eyebrow { (kind) (attempt.unwrap_or_default()) }
                h2.h1 #who { (name_of(customer)) }
                p.lead { (call_card::reason(&card.listed, &rules, ask.now, lang)) }
                (warnings(card, ask))
                (dial(card, ask))
            }
            div.body {
                (context(customer, ask))
                (script(card, ask))
            }
        }
    }
}

/// Whose it is, until when, and how to keep it or let go of it.
fn lease(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let zone = ask.zone();
    let path = path(card);
    html! {
        div.lease {
            @match &card.standing {
                Standing::Yours(until) => {
                    @let left = minutes_left(*until, ask.now);
                    span data-left=(left) data-say=(lang.pick("Te quedan cinco minutos con esta llamada", "Five minutes are left of this call")) {
                        (lang.pick("Tuya hasta las ", "Yours until ")) (lang.clock(*until, &zone))
                        " · " (lang.pick("quedan ", "")) b { (left) " min" } (lang.pick("", " left"))
                    }
                    div class="row c" {
                        (act(&format!("{path}/more"), lang.pick("Más tiempo", "More time"), ask))
                        (act(&format!("{path}/release"), lang.pick("Soltarla", "Let go"), ask))
                    }
                }
                Standing::Free => {
                    span { (lang.pick("Nadie la tiene.", "Nobody has it.")) }
                    (act(&format!("{path}/take"), lang.pick("Tomarla", "Take it"), ask))
                }
                Standing::Taken(by, until) => {
                    span { (lang.taken(ask.rules().book.policy.called(by), *until, &zone)) }
                }
                Standing::Gone(gone) => {
                    span { (lang.gone(gone, &zone)) }
                }
            }
        }
    }
}

/// How many minutes are left, the one that has begun included.
fn minutes_left(until: Instant, now: Instant) -> i64 {
    (until.millis() - now.millis()).max(0).unsigned_abs().div_ceil(60_000).cast_signed()
}

fn act(path: &str, label: &str, ask: &Ask) -> Markup {
    html! {
        form method="post" action=(path) {
            (once(&ask.mark()))
            button class="btn quiet sm" { (label) }
        }
    }
}

/// What changes how one acts: an open complaint, a promise, an hour at which nobody may
/// call.
fn warnings(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let customer = &card.listed.customer;
    let shop = ask.zone();
    let zone = customer.zone(&shop);
    let not_now = lang.not_now(&card.may, ask.now, &zone);
    let promise = promised(customer, &card.listed.call.touch);
    html! {
        @if let Some(why) = not_now {
            (note(Tone::Wait, html! { p { (lang.pick("Ahora no: ", "Not now: ")) (why) } }))
        }
        @if let Some(severity) = customer.complaints.worst_open() {
            (note(Tone::Bad, html! {
                p { (lang.pick("Tiene una queja abierta, ", "A complaint is open, ")) (lang.severity(severity)) "." }
            }))
        }
        @if let Some((made, at)) = promise {
            @let today = ask.now.date_in(&zone);
            (note(Tone::Hint, html! {
                p {
                    (lang.pick("Se lo prometieron ", "Promised "))
                    (lang.day(made.date_in(&zone), today))
                    @if let Some(at) = at { (lang.pick(", para ", ", for ")) (lang.time(at, ask.now, &zone)) }
                    "."
                }
            }))
        }
    }
}

fn dial(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let customer = &card.listed.customer;
    let shop = ask.zone();
    let zone = customer.zone(&shop);
    let phone =
        customer.profile.phone.latest().filter(|_| card.listed.call.channel == Channel::Call);
    let until = lang.time(card.listed.call.expires_at_instant, ask.now, &zone);
    html! {
        div.dial {
            @if let Some(phone) = phone {
                a class=(if card.may == CallNow::Yes { "btn go" } else { "btn" })
                    href={ "tel:" (phone.as_str()) } data-key="t" {
                    (lang.pick("Llamar al ", "Call ")) (spaced(phone.as_str()))
                }
            }
            span class="s mute" {
                (place(&zone)) ", " (lang.clock(ask.now, &zone)) ". "
                (lang.pick("Hasta ", "Until ")) (until) ". "
                (lang.language(customer.locale(&ask.rules().book.policy)))
            }
        }
    }
}

/// The city of a zone: `America/Mexico_City` is Mexico City.
fn place(zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

/// A number in groups of four from its end, to be read aloud.
fn spaced(phone: &str) -> String {
    let (plus, digits) = match phone.strip_prefix('+') {
        Some(digits) => ("+", digits),
        None => ("", phone),
    };
    let digits: Vec<char> = digits.chars().collect();
    let mut out = plus.to_owned();
    for (at, digit) in digits.iter().enumerate() {
        let left = digits.len() - at;
        if at > 0 && left.is_multiple_of(4) {
            out.push(' ');
        }
        out.push(*digit);
    }
    out
}

fn context(customer: &Customer, ask: &Ask) -> Markup {
    let lang = ask.lang;
    html! {
        section class="ctx s" aria-label=(lang.pick("Lo que hay que saber", "What to know")) {
            div { (bought(customer, ask)) (person(customer, ask)) }
            div { (complaints(customer, ask)) (contacts(customer, ask)) }
        }
    }
}

fn bought(customer: &Customer, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let shop = ask.zone();
    let zone = customer.zone(&shop);
    let Some(purchase) = customer.history.latest() else { return html! {} };
    let delivered = match purchase.delivered_at {
        Some(at) => {
            let day = lang.day(at.date_in(&zone), ask.now.date_in(&zone));
            format!("{} {day}", lang.pick("Entregado", "Delivered"))
        }
        None => lang.pick("Sin entrega registrada", "No delivery is logged").to_owned(),
    };
    html! {
        section {
            h2 { (lang.pick("Lo que compró", "What they bought")) }
            p {
                b { (lang.money(purchase.total, purchase.currency, rules.book.policy.currency)) }
                ", " (lang.day(purchase.at.date_in(&zone), ask.now.date_in(&zone))) ". " (delivered) "."
            }
            p.mute {
                @for (at, item) in purchase.items.iter().take(6).enumerate() {
                    @if at > 0 { br; }
                    (item.name.as_str())
                }
            }
        }
    }
}

fn person(customer: &Customer, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let shop = rules.book.policy.currency;
    let view = View::of(customer, &rules.book, ask.now);
    let count = customer.history.count(Until::ALL);
    let currency = customer.history.currency(shop);
    let spent = customer.history.spent(Until::ALL, currency);
    let mail =
        customer.allows(Channel::Email, Purpose::Marketing, rules.book.policy.marketing_consent);
    html! {
        section {
            h2 { (lang.pick("Quién es", "Who they are")) }
            dl.facts {
                dt { (lang.pick("Compras", "Purchases")) }
                dd {
                    (count)
                    @if let Some(currency) = currency { (lang.pick(", por ", ", for ")) (lang.money(spent, currency, shop)) }
                }
                dt { (lang.pick("Este año", "This year")) }
                dd { (lang.pick("puede gastar ", "may spend ")) (lang.estimate(view.worth(), shop)) }
                dt { (lang.pick("Etapa", "Stage")) }
                dd { (lang.stage(view.stage())) }
                dt { (lang.pick("Correo", "Mail")) }
                dd { (if mail { lang.pick("acepta ofertas", "takes offers") } else { lang.pick("sin ofertas", "no offers") }) }
            }
            @if crate::console::routes::may(ask.user.role, &http::Method::GET, "/customers/{id}") {
                p.mt {
                    a href={ "/customers/" (segment(customer.id.as_str())) } {
                        (lang.pick("Su historia completa", "Their whole history"))
                    }
                }
            }
        }
    }
}

fn complaints(customer: &Customer, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let open = customer.complaints.iter().filter(|(_, one)| one.is_open()).count();
    let all = customer.complaints.iter().count();
    html! {
        section {
            h2 { (lang.pick("Quejas", "Complaints")) }
            p {
                @if open > 0 {
                    (Knot::Bad) (lang.counted(open, ["abierta", "abiertas"], ["is open", "are open"], true)) "."
                } @else {
                    (Knot::Well) (lang.pick("Ninguna abierta", "None is open"))
                    @if all > 0 {
                        ", " (lang.counted(all, ["resuelta", "resueltas"], ["resolved", "resolved"], true)) "."
                    } @else { (lang.pick(", ninguna antes.", ", none before.")) }
                }
            }
        }
    }
}

fn contacts(customer: &Customer, ask: &Ask) -> Markup {
    let lang = ask.lang;
    html! {
        section {
            h2 { (lang.pick("Últimos contactos", "Last contacts")) }
            @if customer.contacts.is_empty() {
                p.mute { (lang.pick("Ninguno registrado.", "None is logged.")) }
            } @else {
                ol.stack { @for contact in customer.contacts.iter().rev().take(5) { (contacted(contact, customer, ask)) } }
            }
        }
    }
}

fn contacted(contact: &Contact, customer: &Customer, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let shop = ask.zone();
    let zone = customer.zone(&shop);
    let rules = ask.rules();
    let day = lang.day(contact.at.date_in(&zone), ask.now.date_in(&zone));
    let by = contact.by.as_ref().map(|by| rules.book.policy.called(by.as_str()).to_owned());
    let mut letters = day.chars();
    let day: String = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    html! {
        li {
            p {
                b { (day) ", " (lang.of_contact(contact.channel.as_str())) "." } " "
                (lang.of_contact(contact.kind.as_str()))
                @if let Some(by) = by { " · " (by) }
                @if customer.call_reports.is_corrected(&contact.id) { " · " (lang.pick("corregido", "corrected")) }
            }
            @if let Some(said) = &contact.note { p { q { (said.as_str()) } } }
        }
    }
}

fn script(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let customer = &card.listed.customer;
    let locale = customer.locale(&rules.book.policy);
    if card.listed.call.template.is_empty() {
        return html! {};
    }
    html! {
        section.script aria-labelledby="h-say" {
            h2 #h-say { (lang.pick("Qué decir", "What to say")) }
            @match call_card::script(&card.listed.call, customer, &rules, ask.now, locale) {
                Ok(said) => div lang=(locale) { (markdown::script(&said)) },
                Err(error) => (note(Tone::Bad, html! {
                    p { (lang.pick("El guion no se pudo llenar: ", "The script could not be filled in: ")) (error) }
                })),
            }
        }
    }
}

/// The two acts of a small screen.
pub fn acts(card: &Card, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let phone = card.listed.customer.profile.phone.latest();
    html! {
        nav.actbar aria-label=(lang.pick("Esta llamada", "This call")) {
            @if let Some(phone) = phone {
                a class="btn go" href={ "tel:" (phone.as_str()) } { (lang.pick("Llamar", "Call")) }
            }
            a.btn href="#log" { (lang.pick("Registrar", "Log")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_can_be_read_aloud() {
        assert_eq!(spaced("+525555557263"), "+5255 5555 7263");
        assert_eq!(spaced("123"), "123");
        assert_eq!(place(&TimeZone::get("America/Mexico_City").unwrap()), "Mexico City");
    }
}
