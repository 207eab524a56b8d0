//! What is around every page: header on the thread, menu, footer, help on keys; and the
//! pages that say that something went wrong.

mod outside;

use maud::{DOCTYPE, Markup, html};

pub use outside::{Bare, bare, expired, gate, trouble};

use super::access::{Role, User};
use super::ask::{Ask, Theme};
use super::assets;
use super::reply::{Answer, Page};
use super::routes::Section;
use crate::shell::wording::Language;

/// What the frame needs to know.
pub struct Frame {
    user: User,
    lang: Language,
    theme: Theme,
    here: String,
    shop: String,
    is_local: bool,
    /// Whose work can be seen on this machine, by name: how they are called.
    people: Vec<(String, String)>,
    version: Option<u32>,
    /// By what the log knows this answer.
    pub number: String,
}

impl Frame {
    /// The frame of what answers a request.
    pub fn of(ask: &Ask) -> Frame {
        let rules = ask.rules();
        let policy = &rules.book.policy;
        let is_local = ask.console.is_local();
        let people = policy.people.keys().filter(|_| is_local);
        let people = people.map(|name| (name.clone(), policy.called(name).to_owned())).collect();
        let number = (ask.console.fresh)().simple().to_string();
        let tail = &number[number.len() - 8..];
        Frame {
            user: ask.user.clone(),
            lang: ask.lang,
            theme: ask.theme,
            here: ask.here.clone(),
            shop: policy.brand.name.to_string(),
            is_local,
            people,
            version: rules.book.version().map(|number| number.get()),
            number: format!("{}-{}", &tail[..4], &tail[4..]),
        }
    }
}

/// The whole document of a page.
pub fn document(frame: &Frame, page: &Page) -> Markup {
    let lang = frame.lang;
    let title = format!("{} · Lazo", page.title);
    html! {
        (DOCTYPE)
        html lang=(tag(lang)) data-theme=[theme(frame.theme)] {
            (head(&title))
            body class=[Some(page.class).filter(|class| !class.is_empty())] {
                a.skip href="#content" { (lang.pick("Ir al contenido", "Skip to content")) }
                (top(frame, page))
                main #content tabindex="-1" { (page.main) }
                (foot(frame))
                (keys(lang))
                @match &page.tail {
                    Some(tail) => (tail),
                    None => (tabs(frame, page)),
                }
            }
        }
    }
}

fn tag(lang: Language) -> &'static str {
    lang.pick("es-MX", "en")
}

fn theme(theme: Theme) -> Option<&'static str> {
    (theme != Theme::Auto).then(|| theme.name())
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width,initial-scale=1";
            title { (title) }
            @for font in assets::fonts() {
                link rel="preload" href=(font) as="font" type="font/woff2" crossorigin;
            }
            link rel="stylesheet" href=(assets::css());
            link rel="icon" href=(assets::icon()) type="image/svg+xml";
            meta name="color-scheme" content="light dark";
            script src=(assets::js()) defer {}
        }
    }
}

fn top(frame: &Frame, page: &Page) -> Markup {
    let lang = frame.lang;
    let may_search = Section::of(frame.user.role).any(|section| section == Section::Customers);
    html! {
        header.top {
            div.wrap {
                a.brand href="/" {
                    (logo())
                    b { "Lazo" }
                    span { (frame.shop) }
                }
                nav.nav aria-label=(lang.pick("Principal", "Main")) {
                    ul { @for section in Section::of(frame.user.role) { (entry(frame, page, section)) } }
                }
                @if may_search {
                    form.find role="search" action="/customers" {
                        label.vh for="q" { (lang.pick("Buscar cliente", "Find a customer")) }
                        input #q name="q" type="search" autocomplete="off" data-key="/"
                            placeholder=(lang.pick("Buscar cliente", "Find a customer"));
                        kbd aria-hidden="true" { "/" }
                    }
                }
                (account(frame))
            }
        }
    }
}

fn logo() -> Markup {
    html! {
        svg viewBox="0 0 44 44" aria-hidden="true" {
            path d="M0 43 H4 C35 43 50 9 29.5 7.2 C8 5.6 10 43 39.5 43 H44" fill="none"
                stroke="currentColor" stroke-width="2" {}
        }
    }
}

fn entry(frame: &Frame, page: &Page, section: Section) -> Markup {
    let current = (page.section == section).then_some("page");
    let count = page.calls.filter(|count| section == Section::Calls && *count > 0);
    html! {
        li {
            a href=(section.path()) aria-current=[current] data-key=(section.keys()) {
                (section.called(frame.lang))
                @if let Some(count) = count {
                    " "
                    span.count { (count) span.vh { " " (frame.lang.pick("pendientes", "waiting")) } }
                }
            }
        }
    }
}

/// The menu behind the name: appearance, role on this machine, language, keys, way out.
fn account(frame: &Frame) -> Markup {
    let lang = frame.lang;
    html! {
        details.me {
            summary {
                span.ini aria-hidden="true" { (frame.user.initials()) }
                span.nm { span.vh { (lang.pick("Tu cuenta: ", "Your account: ")) } (frame.user.called) }
            }
            div.menu {
                form method="post" action="/look" data-send {
                    (back(frame))
                    fieldset {
                        legend.label { (lang.pick("Aspecto", "Appearance")) }
                        @for theme in Theme::ALL {
                            label {
                                input type="radio" name="theme" value=(theme.name()) checked[theme == frame.theme];
                                (appearance(theme, lang))
                            }
                        }
                    }
                    button.btn.sm { (lang.pick("Cambiar aspecto", "Change appearance")) }
                }
                @if frame.is_local { (see_as(frame)) }
                ul {
                    li { (other_language(frame)) }
                    li { a href="/keys" data-open="keys" { (lang.pick("Atajos de teclado", "Keyboard shortcuts")) } }
                    @if !frame.is_local {
                        li {
                            form method="post" action="/signout" {
                                button.btn.quiet.sm { (lang.pick("Salir", "Sign out")) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn appearance(theme: Theme, lang: Language) -> &'static str {
    match theme {
        Theme::Auto => lang.pick("Como el equipo", "As the device"),
        Theme::Light => lang.pick("Claro", "Light"),
        Theme::Dark => lang.pick("Oscuro", "Dark"),
    }
}

fn see_as(frame: &Frame) -> Markup {
    let lang = frame.lang;
    html! {
        form method="post" action="/as" data-send {
            (back(frame))
            fieldset {
                legend.label {
                    (lang.pick("Ver como", "See as"))
                    " " span.hint { (lang.pick("Solo en este equipo", "Only on this machine")) }
                }
                @for role in Role::ALL {
                    label {
                        input type="radio" name="role" value=(role.name()) checked[role == frame.user.role];
                        (role.called(lang))
                    }
                }
            }
            @if !frame.people.is_empty() {
                label.field {
                    span.vh { (lang.pick("Persona", "Person")) }
                    select name="who" class="full" {
                        @for (name, called) in &frame.people {
                            option value=(name) selected[*name == frame.user.name] { (called) }
                        }
                    }
                }
            }
            button.btn.sm { (lang.pick("Ver como esta persona", "See as this person")) }
        }
    }
}

fn other_language(frame: &Frame) -> Markup {
    let (value, name) = match frame.lang {
        Language::Es => ("en", "English"),
        Language::En => ("es", "Español"),
    };
    html! {
        form method="post" action="/look" {
            (back(frame))
            button.btn.quiet.sm name="lang" value=(value) lang=(value) { (name) }
        }
    }
}

/// Where a form of the frame leads back to.
fn back(frame: &Frame) -> Markup {
    html! { input type="hidden" name="back" value=(frame.here); }
}

fn foot(frame: &Frame) -> Markup {
    let lang = frame.lang;
    let version = frame.version.map(|number| match lang {
        Language::Es => format!(" · versión {number} de las reglas"),
        Language::En => format!(" · rules version {number}"),
    });
    html! {
        footer.foot #menu {
            div.wrap {
                ul {
                    @for section in Section::of(frame.user.role) {
                        li { a href=(section.path()) { (section.called(lang)) } }
                    }
                    li { a href="/keys" data-open="keys" { (lang.pick("Atajos de teclado", "Keyboard shortcuts")) } }
                }
                p { "Lazo " (env!("CARGO_PKG_VERSION")) (version.unwrap_or_default()) }
            }
        }
    }
}

/// The tabs at the foot of a small screen.
fn tabs(frame: &Frame, page: &Page) -> Markup {
    let lang = frame.lang;
    html! {
        nav.tabs aria-label=(lang.pick("Principal, abajo", "Main, below")) {
            ul {
                @for section in Section::of(frame.user.role).take(4) { (entry(frame, page, section)) }
                li { a href="#menu" { (lang.pick("Más", "More")) } }
            }
        }
    }
}

/// All keys, with the switch that turns single keys off.
fn keys(lang: Language) -> Markup {
    html! {
        dialog #keys aria-labelledby="keys-title" {
            h2 #keys-title { (lang.pick("Atajos de teclado", "Keyboard shortcuts")) }
            (keys_list(lang))
            form method="dialog" class="row between c" {
                label {
                    input type="checkbox" data-keys checked;
                    (lang.pick("Usar atajos de una sola tecla", "Use single-key shortcuts"))
                }
                button.btn { (lang.pick("Cerrar", "Close")) }
            }
        }
    }
}

fn keys_list(lang: Language) -> Markup {
    let rows: [(&[&str], &str); 8] = [
        (&["/"], lang.pick("Buscar un cliente", "Find a customer")),
        (
            &["g", "h"],
            lang.pick(
                "Ir a Hoy; l, c, r, p, i, a: a lo demás",
                "Go to Today; l, c, r, p, i, a: the rest",
            ),
        ),
        (
            &["j", "k"],
            lang.pick("Siguiente y anterior en la lista", "Next and previous in the list"),
        ),
        (&["t"], lang.pick("Llamar por teléfono", "Place the call")),
        (&["1", "–", "5"], lang.pick("Elegir el resultado", "Choose the outcome")),
        (&["n"], lang.pick("Escribir la nota", "Write the note")),
        (&["Ctrl", "Enter"], lang.pick("Enviar lo que escribes", "Send what you write")),
        (&["?"], lang.pick("Esta ayuda", "This help")),
    ];
    html! {
        p.mute {
            (lang.pick(
                "Funcionan cuando no estás escribiendo. Ninguno es necesario: todo está también en la página.",
                "They work while you are not typing. None is needed: everything is on the page as well.",
            ))
        }
        dl.keys {
            @for (keys, what) in rows {
                dt { @for key in keys { @if *key == "–" { "–" } @else { kbd { (key) } } " " } }
                dd { (what) }
            }
        }
    }
}

/// The same as a page, for those without a script.
pub async fn keys_page(ask: Ask) -> Answer {
    let title = ask.lang.pick("Atajos de teclado", "Keyboard shortcuts");
    let main = html! {
        div.wrap.narrow { h1 { (title) } div.mt6 { (keys_list(ask.lang)) } }
    };
    Ok(Page::new(Section::None, title, main).into())
}
