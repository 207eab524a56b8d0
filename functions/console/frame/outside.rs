//! The pages that say that something went wrong, and those outside the frame.

use maud::{DOCTYPE, Markup, html};

use super::{Frame, document, head, tag, theme};
use crate::console::ask::{Fields, Theme};
use crate::console::reply::{Page, Trouble};
use crate::console::routes::Section;
use crate::shell::wording::Language;

/// The page that says what went wrong, in the frame.
pub fn trouble(frame: &Frame, why: &Trouble) -> Markup {
    let lang = frame.lang;
    let (title, said) = match why {
        Trouble::NotFound => (
            lang.pick("Aquí no hay nada", "There is nothing here"),
            lang.pick(
                "Esta dirección no lleva a ninguna página. Puede que lo que buscas ya no exista, o que el enlace esté incompleto.",
                "This address leads to no page. What you look for may be gone, or the link may be incomplete.",
            ),
        ),
        Trouble::Forbidden => (
            lang.pick("Esto no es de tu papel", "This is not part of your role"),
            lang.pick(
                "Tu papel no incluye esta página o esta acción. Nada cambió. Si la necesitas, pídesela a Administración.",
                "Your role does not include this page or this action. Nothing changed. If you need it, ask an administrator.",
            ),
        ),
        Trouble::TooLarge => (
            lang.pick("Es demasiado largo", "This is too long"),
            lang.pick(
                "Lo que enviaste pasa de lo que cabe. Nada cambió: vuelve con el botón de tu navegador y acórtalo.",
                "What you sent is longer than what fits. Nothing changed: go back with your browser’s button and shorten it.",
            ),
        ),
        Trouble::NotUnderstood => (
            lang.pick("No se entendió", "This was not understood"),
            lang.pick(
                "Lo que llegó no es un formulario de esta página. Nada cambió.",
                "What arrived is no form of this page. Nothing changed.",
            ),
        ),
        Trouble::Ours(_) => (
            lang.pick("Se nos fue el hilo", "We lost the thread"),
            lang.pick(
                "No pudimos mostrar esta página. El problema es nuestro, no tuyo: nada se perdió y nada se envió dos veces.",
                "We could not show this page. The fault is ours, not yours: nothing was lost and nothing was sent twice.",
            ),
        ),
    };
    let main = html! {
        div.wrap {
            div.blank {
                (cut_thread())
                h1 { (title) }
                p.lead { (said) }
                p class="row c center mt6" {
                    @if matches!(why, Trouble::Ours(_)) {
                        a.btn.go href=(frame.here) { (lang.pick("Intentar otra vez", "Try again")) }
                    }
                    a.btn href="/" { (lang.pick("Ir a Hoy", "Go to Today")) }
                }
                @if matches!(why, Trouble::Ours(_)) {
                    p class="s mute mt6" {
                        (lang.pick("Si sigue igual, dile a Operación este número: ", "If it stays so, tell Operations this number: "))
                        code { (frame.number) }
                    }
                }
            }
        }
    };
    document(frame, &Page::new(Section::None, title, main))
}

fn cut_thread() -> Markup {
    html! {
        svg viewBox="0 0 360 74" aria-hidden="true" {
            path d="M0 70 H118 C150 70 166 52 172 36" fill="none" stroke="currentColor" stroke-width="2.5" {}
            path d="M188 60 C196 67 206 70 220 70 H360" fill="none" stroke="currentColor"
                stroke-width="2.5" stroke-dasharray="3 6" {}
        }
    }
}

/// A page outside the frame: nobody is known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// Nobody signed in.
    SignedOut,
    /// A form came from another site.
    OtherSite,
    /// The method is not offered there.
    NotOffered,
    /// It is ours.
    Ours,
}

/// Such a page.
pub fn bare(what: Bare, lang: Language, look: Theme) -> Markup {
    let (title, said) = match what {
        Bare::SignedOut => (
            lang.pick("Hay que entrar", "Sign in first"),
            lang.pick(
                "Tu sesión terminó o no ha empezado.",
                "Your session ended or has not begun.",
            ),
        ),
        Bare::OtherSite => (
            lang.pick("Vino de otro sitio", "It came from another site"),
            lang.pick(
                "El formulario no salió de esta consola, así que no se hizo nada.",
                "The form did not come from this console, so nothing was done.",
            ),
        ),
        Bare::NotOffered => (
            lang.pick("Eso no se puede aquí", "That cannot be done here"),
            lang.pick(
                "Esta dirección no acepta ese tipo de petición. Nada cambió.",
                "This address does not take that kind of request. Nothing changed.",
            ),
        ),
        Bare::Ours => (
            lang.pick("Se nos fue el hilo", "We lost the thread"),
            lang.pick(
                "No pudimos mostrar esta página. El problema es nuestro: nada se perdió.",
                "We could not show this page. The fault is ours: nothing was lost.",
            ),
        ),
    };
    let inside = html! {
        div.blank {
            (cut_thread())
            h1 { (title) }
            p.lead { (said) }
            p class="row c center mt6" { a.btn href="/" { (lang.pick("Ir a Hoy", "Go to Today")) } }
        }
    };
    gate(title, inside, lang, look)
}

/// A page without header and menu, for whoever has not come in.
pub fn gate(title: &str, inside: Markup, lang: Language, look: Theme) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(tag(lang)) data-theme=[theme(look)] {
            (head(&format!("{title} · Lazo")))
            body.gate { main #content { div.wrap { (inside) } } }
        }
    }
}

/// A form that came after its session had ended: what was typed is kept, and can be sent
/// again once somebody signed in.
pub fn expired(path: &str, form: &Fields, lang: Language, look: Theme) -> Markup {
    let title = lang.pick("Tu sesión terminó", "Your session ended");
    let inside = html! {
        div.blank {
            (cut_thread())
            h1 { (title) }
            p.lead {
                (lang.pick(
                    "Nada cambió, y lo que escribiste sigue aquí. Entra en otra pestaña y vuelve a enviarlo.",
                    "Nothing changed, and what you typed is still here. Sign in on another tab, and send it again.",
                ))
            }
            form class="row c center mt6" method="post" action=(path) {
                @for (name, value) in form.iter() { input type="hidden" name=(name) value=(value); }
                a.btn href="/signin" target="_blank" { (lang.pick("Entrar en otra pestaña", "Sign in on another tab")) }
                button class="btn go" { (lang.pick("Enviar otra vez", "Send again")) }
            }
        }
    };
    gate(title, inside, lang, look)
}
