//! Today as markup.

mod day;

use jiff::tz::TimeZone;
use lazo_domain::channel::Channel;
use lazo_domain::decide::promised;
use lazo_domain::event::Line;
use lazo_domain::instant::Instant;
use maud::{Markup, html};

use super::view::{Calls, View};
use crate::console::access::Role;
use crate::console::ask::{Ask, segment};
use crate::console::parts::{Knot, Tone, note, tag};
use crate::console::routes::may;
use crate::console::settings::on_hold;
use crate::shell::call_list::Listed;
use crate::shell::rules::Rules;
use crate::shell::store::{ComplaintEntry, Failure};
use crate::shell::wording::people::name_of;
use crate::shell::wording::{Language, call_card};

/// What all cards need.
struct Told<'a> {
    ask: &'a Ask,
    rules: &'a Rules,
    zone: &'a TimeZone,
    lang: Language,
    now: Instant,
}

impl Told<'_> {
    fn day(&self, at: Instant) -> String {
        self.lang.day(at.date_in(self.zone), self.now.date_in(self.zone))
    }

    fn time(&self, at: Instant) -> String {
        self.lang.time(at, self.now, self.zone)
    }

    fn customer(&self, customer: &lazo_domain::customer::Customer) -> Markup {
        let path = format!("/customers/{}", segment(customer.id.as_str()));
        match may(self.ask.user.role, &http::Method::GET, "/customers/{id}") {
            true => html! { a href=(path) { (name_of(customer)) } },
            false => html! { (name_of(customer)) },
        }
    }
}

/// The page.
pub fn page(view: &View, ask: &Ask) -> Markup {
    let rules = ask.rules();
    let told =
        Told { ask, rules: &rules, zone: &rules.book.default_zone, lang: ask.lang, now: ask.now };
    let lang = ask.lang;
    let local = ask.now.zoned(told.zone);
    let eyebrow =
        format!("{}, {}", capital(&lang.whole_day(local.date())), lang.clock(ask.now, told.zone));
    let day = day::day(&told, &view.day);
    let is_first = ask.user.role == Role::Marketing;
    html! {
        div.wrap {
            header.head {
                p.eyebrow { (eyebrow) }
                h1 { (greeting(local.hour(), lang)) ", " (ask.user.first_name()) }
                p.lead { (lead(&told, view)) }
            }
            (held_back(&told, view))
            @if is_first { (day) }
            div class="cols c75" {
                div.stack6 {
                    @if let Some(calls) = &view.calls { (calls_card(&told, calls)) }
                    @if ask.user.role == Role::Operations { (failures(&told, view)) }
                    @if !view.birthdays.is_empty() { (birthdays(&told, view)) }
                }
                div.stack6 {
                    (complaints(&told, view))
                    @if !view.drifting.is_empty() { (drifting(&told, view)) }
                    @if ask.user.role != Role::Operations { (failures(&told, view)) }
                }
            }
            @if !is_first { (day) }
        }
    }
}

/// What of the sending waits for a person to go on.
fn held_back(told: &Told, view: &View) -> Markup {
    let lang = told.lang;
    let Some(state) = &view.sending else { return html! {} };
    let is_on_hold = state.table != told.ask.app().store.table();
    let said = match (is_on_hold, state.pauses.is_empty()) {
        (true, _) => on_hold(lang).to_owned(),
        (false, true) => return html! {},
        (false, false) => {
            let scopes = state.pauses.iter().map(|pause| lang.pause_scope(&pause.scope));
            let scopes = scopes.collect::<Vec<_>>().join(", ");
            format!("{} {scopes}.", lang.pick("El envío está en pausa:", "Sending is paused:"))
        }
    };
    let tone = if is_on_hold { Tone::Bad } else { Tone::Wait };
    let sees = may(told.ask.user.role, &http::Method::GET, "/settings/sending");
    note(
        tone,
        html! {
            (said)
            @if sees { " " a href="/settings/sending" { (lang.pick("Ver el envío", "See the sending")) } }
        },
    )
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn greeting(hour: i8, lang: Language) -> &'static str {
    match hour {
        4..=11 => lang.pick("Buenos días", "Good morning"),
        12..=18 => lang.pick("Buenas tardes", "Good afternoon"),
        _ => lang.pick("Buenas noches", "Good evening"),
    }
}

/// The sentence that could be the whole page.
fn lead(told: &Told, view: &View) -> Markup {
    let lang = told.lang;
    let late = |entry: &&(ComplaintEntry, _)| entry.0.deadline.is_some_and(|at| at <= told.now);
    let late = view.complaints.iter().filter(late).count();
    let failures = view.failures.as_ref().map_or(0, Vec::len);
    let (sent, not) = (view.day.count(true), view.day.count(false));
    html! {
        @if let Some(calls) = &view.calls {
            (calls_lead(calls, lang)) " "
        } @else {
            (lang.pick("Hoy ", "Today "))
            a href="#day" {
                (lang.counted(sent, ["contacto salió", "contactos salieron"], ["touch went out", "touches went out"], false))
            }
            (match lang {
                Language::Es => format!(" y {} no. ", lang.number(not, false)),
                Language::En => format!(" and {} did not. ", lang.number(not, false)),
            })
        }
        @if late > 0 {
            a href="#complaints" {
                (capital(&lang.counted(late, ["queja ya venció", "quejas ya vencieron"], ["complaint is late", "complaints are late"], true)))
            }
            ". "
        } @else if !view.complaints.is_empty() {
            a href="#complaints" {
                (capital(&lang.counted(view.complaints.len(), ["queja está abierta", "quejas están abiertas"], ["complaint is open", "complaints are open"], true)))
            }
            ". "
        }
        @if !view.drifting.is_empty() {
            a href="#drifting" {
                (capital(&lang.counted(view.drifting.len(), ["cliente empezó a alejarse", "clientes empezaron a alejarse"], ["customer began to drift away", "customers began to drift away"], false)))
            }
            ". "
        }
        @if failures > 0 {
            a href="#failures" {
                (capital(&lang.counted(failures, ["cosa necesita a alguien", "cosas necesitan a alguien"], ["thing needs someone", "things need someone"], true)))
            }
            "."
        }
    }
}

fn calls_lead(calls: &Calls, lang: Language) -> Markup {
    let ready = calls.ready();
    let tasks = calls.listed.iter().filter(|one| one.call.channel == Channel::Task).count();
    let count = ready.saturating_sub(tasks);
    let said = lang.counted(count, ["llamada", "llamadas"], ["call", "calls"], true);
    let tasks = (tasks > 0).then(|| {
        let said = lang.counted(tasks, ["tarea", "tareas"], ["task", "tasks"], true);
        format!(" {} {said}", lang.pick("y", "and"))
    });
    html! {
        @if ready == 0 {
            (lang.pick("No te espera ninguna llamada.", "No call waits for you."))
        } @else {
            (match (lang, ready) {
                (Language::Es, 1) => "Te espera ",
                (Language::Es, _) => "Te esperan ",
                (Language::En, _) => "You have ",
            })
            a href="#calls" {
                @if calls.is_more { (lang.pick("más de ", "more than ")) }
                (said)
            }
            (tasks.unwrap_or_default())
            (lang.pick(".", " to make."))
        }
    }
}

fn calls_card(told: &Told, calls: &Calls) -> Markup {
    let lang = told.lang;
    html! {
        section.card #calls aria-labelledby="h-calls" {
            div class="row between c" {
                h2 #h-calls { (lang.pick("Por llamar", "To call")) }
                @if calls.ready() > 0 {
                    form method="post" action="/calls/next" {
                        button class="btn go" { (lang.pick("Empezar por la primera", "Start with the first")) }
                    }
                }
            }
            @if calls.listed.is_empty() {
                p.mute { (lang.pick("No queda nadie por llamar.", "Nobody is left to call.")) }
            } @else {
                ol.rows { @for one in calls.shown() { (call_row(told, one)) } }
                @if calls.listed.len() > calls.shown().len() {
                    p class="s mt" { a href="/calls" { (lang.pick("Ver toda la lista", "See the whole list")) } }
                }
            }
        }
    }
}

fn call_row(told: &Told, one: &Listed) -> Markup {
    let lang = told.lang;
    let path = format!("/calls/{}", segment(&one.call.touch.to_string()));
    let zone = one.customer.zone(told.zone);
    let until = lang.day(one.call.expires_at_instant.date_in(&zone), told.now.date_in(&zone));
    let latest = one.customer.history.latest();
    let shop = told.rules.book.policy.currency;
    let held = one.call.holder(told.now).filter(|holder| *holder != told.ask.user.name);
    let promise = promised(&one.customer, &one.call.touch).and_then(|(_, at)| at);
    html! {
        li {
            div {
                p.who {
                    a href=(path) { (name_of(&one.customer)) }
                    @if one.customer.complaints.worst_open().is_some() {
                        " " span.pill.bad { (lang.pick("queja abierta", "open complaint")) }
                    }
                }
                p class="s mute" { (call_card::reason(one, told.rules, told.now, lang)) }
            }
            div.end {
                @if let Some(at) = promise {
                    span class="tag wait" {
                        (lang.pick("prometida para ", "promised for "))
                        (lang.day(at.date_in(&zone), told.now.date_in(&zone)))
                    }
                } @else if let Some(bought) = latest {
                    span { (lang.money(bought.total, bought.currency, shop)) }
                }
                @if let Some(holder) = held {
                    span { (lang.pick("la tiene ", "taken by ")) (told.rules.book.policy.called(holder)) }
                } @else {
                    span { (lang.pick("hasta ", "until ")) (until) }
                }
            }
        }
    }
}

fn birthdays(told: &Told, view: &View) -> Markup {
    let lang = told.lang;
    let today = told.now.date_in(told.zone);
    html! {
        section.card #birthdays aria-labelledby="h-birthdays" {
            h2 #h-birthdays { (lang.pick("Cumpleaños", "Birthdays")) }
            ol.rows {
                @for (date, customer) in &view.birthdays {
                    li {
                        div { p.who { (told.customer(customer)) } }
                        div.end { (lang.day(*date, today)) }
                    }
                }
            }
        }
    }
}

fn complaints(told: &Told, view: &View) -> Markup {
    let lang = told.lang;
    html! {
        section.card #complaints aria-labelledby="h-complaints" {
            h2 #h-complaints { (lang.pick("Quejas por resolver", "Complaints to resolve")) }
            @if view.complaints.is_empty() {
                p.mute { (lang.pick("No hay ninguna abierta.", "None is open.")) }
            } @else {
                ol.rows {
                    @for (entry, customer) in &view.complaints {
                        li {
                            div {
                                p.who {
                                    @match customer {
                                        Some(customer) => (told.customer(customer)),
                                        None => (entry.customer),
                                    }
                                }
                                p.s { (lang.category(entry.category.as_ref().map_or("", Line::as_str))) }
                            }
                            div.end {
                                (deadline(told, entry))
                                span {
                                    (lang.severity(entry.severity)) " · "
                                    (told.rules.book.policy.called(
                                        told.rules.book.policy.department(entry.category.as_ref().map(Line::as_str)),
                                    ))
                                }
                            }
                        }
                    }
                }
                @if view.complaints_more > 0 {
                    p class="s mt mute" {
                        (lang.counted(view.complaints_more, ["más abierta", "más abiertas"], ["more is open", "more are open"], true))
                    }
                }
            }
        }
    }
}

fn deadline(told: &Told, entry: &ComplaintEntry) -> Markup {
    let lang = told.lang;
    match entry.deadline {
        None => html! { span { (lang.pick("sin plazo", "no deadline")) } },
        Some(at) if at <= told.now => {
            let ago = lang.span(told.now.millis() - at.millis());
            let said = match lang {
                Language::Es => format!("venció hace {ago}"),
                Language::En => format!("was due {ago} ago"),
            };
            tag(Knot::Bad, said)
        }
        Some(at) => {
            html! { span class="tag wait" { (lang.pick("vence ", "due ")) (told.time(at)) } }
        }
    }
}

fn drifting(told: &Told, view: &View) -> Markup {
    let lang = told.lang;
    html! {
        section.card #drifting aria-labelledby="h-drifting" {
            h2 #h-drifting { (lang.pick("Empezaron a alejarse", "Began to drift away")) }
            ol.rows {
                @for (at, customer) in &view.drifting {
                    li {
                        div {
                            p.who { (told.customer(customer)) }
                            p class="s mute" { (rhythm(told, customer)) }
                        }
                        div.end { span { (told.day(*at)) } }
                    }
                }
            }
        }
    }
}

/// How often somebody bought, and since when nothing came.
fn rhythm(told: &Told, customer: &lazo_domain::customer::Customer) -> String {
    use lazo_domain::history::Until;
    let lang = told.lang;
    let count = customer.history.count(Until::ALL);
    let bought = lang.count(count, ["compra", "compras"], ["purchase", "purchases"]);
    match customer.history.last_at(Until::ALL) {
        None => format!("{bought}."),
        Some(last) => {
            let ago = lang.span(told.now.millis() - last.millis());
            match lang {
                Language::Es => format!("{bought}; la última, hace {ago}."),
                Language::En => format!("{bought}; the last one {ago} ago."),
            }
        }
    }
}

fn failures(told: &Told, view: &View) -> Markup {
    let lang = told.lang;
    let Some(failures) = &view.failures else { return html! {} };
    html! {
        section.card #failures aria-labelledby="h-failures" {
            h2 #h-failures { (lang.pick("Necesita a alguien", "Needs someone")) }
            @if failures.is_empty() {
                p.mute { (lang.pick("Nada: todo se procesó.", "Nothing: all was processed.")) }
            } @else {
                div.stack { @for failure in failures.iter().take(3) { (failure_note(told, failure)) } }
                p class="s mt" { a href="/settings/failures" { (lang.pick("Ver y corregir", "See and mend")) } }
            }
        }
    }
}

fn failure_note(told: &Told, failure: &Failure) -> Markup {
    let lang = told.lang;
    note(
        Tone::Bad,
        html! {
            h3 { (lang.failure(failure.kind)) }
            p.s { (told.time(failure.last_at.unwrap_or(failure.failed_at))) ": " (lang.failure_reason(&failure.why)) }
        },
    )
}
