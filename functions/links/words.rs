//! What customers read on the pages, in Spanish and English.

use lazo_domain::customer::Customer;
use lazo_domain::policy::Policy;

use crate::shell::wording::Language;

/// The longest comment that the page takes, in characters. Written as a form, it
/// fits into a request's body.
pub const COMMENT_CHARS_MAX: usize = 1_500;

/// The first of these that is a language of ours: the customer's own, what
/// the browser asks for, what the shop speaks.
pub fn language(customer: Option<&Customer>, accepted: &str, policy: &Policy) -> Language {
    customer
        .and_then(|customer| customer.profile.locale.latest())
        .and_then(|locale| Language::of(locale.as_str()))
        .or_else(|| accepted_language(accepted))
        .or_else(|| Language::of(&policy.default_locale))
        .unwrap_or(Language::En)
}

/// The one of ours that an `Accept-Language` header likes best.
fn accepted_language(header: &str) -> Option<Language> {
    let mut best = None;
    for range in header.split(',').take(20) {
        let mut parts = range.split(';').map(str::trim);
        let Some(language) = parts.next().and_then(Language::of) else { continue };
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f32>().ok());
        let weight = weight.unwrap_or(1.0);
        // Of two that are liked as much, the first.
        if weight > 0.0 && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// What a page says. `{contact}` stands for a link to write to the shop,
/// `{score}` and `{highest}` for the score of a survey's link, `{most}` for the
/// longest comment.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub heading: &'static str,
    pub text: &'static str,
    /// Stands before the button.
    pub question: &'static str,
    pub button: &'static str,
}

/// What is to be said, whatever the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    Ask,
    Unsubscribed,
    Already,
    Undone,
    NotUndone,
    NoLink,
    NotUnderstood,
    TryAgain,
    AskScore,
    Answered,
    AnsweredBefore,
    Commented,
    CommentedBefore,
    CommentTooLong,
    SurveyOver,
    AnswerNotSaved,
}

impl Say {
    pub fn in_language(self, language: Language) -> Words {
        let (_, spanish, english) = TEXTS[self as usize];
        let [heading, text, question, button] = match language {
            Language::Es => spanish,
            Language::En => english,
        };
        Words { heading, text, question, button }
    }
}

/// A heading, a text, a question and a button.
type Texts = [&'static str; 4];

/// What is said, in Spanish and English, in the order of [`Say`].
const TEXTS: [(Say, Texts, Texts); 16] = [
    (
        Say::Ask,
        [
            "¿Quieres dejar de recibir nuestros correos?",
            "Ya no te enviaremos novedades ni promociones. Solo te escribiremos por tus compras o por algo que nos pidas.",
            "",
            "Dejar de recibir",
        ],
        [
            "Stop getting our emails?",
            "We’ll no longer send you news or offers. We’ll only write about your purchases or something you’ve asked us for.",
            "",
            "Unsubscribe",
        ],
    ),
    (
        Say::Unsubscribed,
        [
            "Listo, ya no te enviaremos estos correos",
            "No recibirás más novedades ni promociones. Si alguno ya iba en camino, es posible que todavía te llegue.",
            "¿Fue sin querer?",
            "Deshacer",
        ],
        [
            "You’re unsubscribed",
            "You won’t get any more news or offers from us. If one was already on its way, it may still reach you.",
            "Didn’t mean to?",
            "Undo",
        ],
    ),
    (
        Say::Already,
        [
            "Ya no recibes estos correos",
            "No tienes que hacer nada más: no te enviamos novedades ni promociones. Si cambias de opinión, {contact}.",
            "",
            "",
        ],
        [
            "You’re not getting these emails",
            "There’s nothing more to do: we don’t send you news or offers. If you change your mind, {contact}.",
            "",
            "",
        ],
    ),
    (
        Say::Undone,
        [
            "Seguirás recibiendo nuestros correos",
            "Deshicimos el cambio. Puedes dejar de recibirlos cuando quieras, con el enlace que viene en cada uno.",
            "",
            "",
        ],
        [
            "You’ll keep getting our emails",
            "We’ve undone the change. You can stop them at any time with the link in each one.",
            "",
            "",
        ],
    ),
    (
        Say::NotUndone,
        [
            "Ya no se puede deshacer desde aquí",
            "Si quieres volver a recibir nuestros correos, {contact} y con gusto lo arreglamos.",
            "",
            "",
        ],
        [
            "This can’t be undone from here any more",
            "If you’d like to get our emails again, {contact} and we’ll gladly set it up.",
            "",
            "",
        ],
    ),
    (
        Say::NoLink,
        [
            "Este enlace no funciona",
            "Puede que esté incompleto. Ábrelo otra vez desde el correo o {contact}.",
            "",
            "",
        ],
        [
            "This link doesn’t work",
            "It may be incomplete. Open it again from the email, or {contact}.",
            "",
            "",
        ],
    ),
    (
        Say::NotUnderstood,
        [
            "No entendimos la solicitud",
            "Abre otra vez el enlace desde el correo o {contact}.",
            "",
            "",
        ],
        [
            "We didn’t understand that request",
            "Open the link from the email again, or {contact}.",
            "",
            "",
        ],
    ),
    (
        Say::TryAgain,
        [
            "No pudimos guardar el cambio",
            "Tenemos un problema de nuestro lado. Inténtalo de nuevo en un minuto; si sigue igual, {contact}.",
            "",
            "Intentar de nuevo",
        ],
        [
            "We couldn’t save that",
            "Something went wrong on our side. Try again in a minute; if it stays like this, {contact}.",
            "",
            "Try again",
        ],
    ),
    (
        Say::AskScore,
        [
            "¿Enviamos tu respuesta?",
            "Elegiste <strong>{score} de {highest}</strong>. Falta un toque.",
            "¿Querías dar otra calificación?",
            "Enviar mi respuesta",
        ],
        [
            "Send your answer?",
            "You chose <strong>{score} out of {highest}</strong>. One tap to go.",
            "Meant to give another score?",
            "Send my answer",
        ],
    ),
    (
        Say::Answered,
        [
            "¡Gracias por tu respuesta!",
            "La recibimos y nos sirve para atenderte mejor.",
            "¿Quieres contarnos por qué? Es opcional, y lo lee una persona.",
            "Enviar comentario",
        ],
        [
            "Thank you for your answer",
            "We’ve got it, and it helps us look after you better.",
            "Would you like to tell us why? It’s optional, and a person reads it.",
            "Send comment",
        ],
    ),
    (
        Say::AnsweredBefore,
        [
            "Ya tenemos tu respuesta, gracias",
            "Cuenta la primera que enviaste. Si querías decirnos otra cosa, {contact}.",
            "¿Quieres contarnos por qué? Es opcional, y lo lee una persona.",
            "Enviar comentario",
        ],
        [
            "We already have your answer, thank you",
            "The first one you sent counts. If you meant to say something else, {contact}.",
            "Would you like to tell us why? It’s optional, and a person reads it.",
            "Send comment",
        ],
    ),
    (
        Say::Commented,
        [
            "Gracias por tomarte el tiempo",
            "Eso es todo. Si necesitas algo de nosotros, {contact}.",
            "",
            "",
        ],
        [
            "Thank you for your time",
            "That’s all. If there’s anything you need from us, {contact}.",
            "",
            "",
        ],
    ),
    (
        Say::CommentedBefore,
        [
            "Ya tenemos tu comentario, gracias",
            "Guardamos el primero que enviaste. Si quieres agregar algo, {contact}.",
            "",
            "",
        ],
        [
            "We already have your comment, thank you",
            "We kept the first one you sent. If you’d like to add something, {contact}.",
            "",
            "",
        ],
    ),
    (
        Say::CommentTooLong,
        [
            "Tu comentario es demasiado largo",
            "No lo guardamos: caben hasta {most} caracteres. Acórtalo y envíalo otra vez o, si prefieres contarlo completo, {contact}. Tu calificación no cambia.",
            "Tu comentario",
            "Enviar comentario",
        ],
        [
            "Your comment is too long",
            "We haven’t saved it: there’s room for up to {most} characters. Shorten it and send it again or, if you’d rather tell us all of it, {contact}. Your score stays as it is.",
            "Your comment",
            "Send comment",
        ],
    ),
    (
        Say::SurveyOver,
        [
            "Esta encuesta ya terminó",
            "Gracias de todos modos. Si quieres contarnos cómo te fue, {contact}.",
            "",
            "",
        ],
        [
            "This survey has ended",
            "Thank you all the same. If you’d like to tell us how it went, {contact}.",
            "",
            "",
        ],
    ),
    (
        Say::AnswerNotSaved,
        [
            "No pudimos guardar lo que enviaste",
            "Tenemos un problema de nuestro lado. Inténtalo de nuevo en un minuto; si sigue igual, {contact}.",
            "Lo que ibas a enviar",
            "Intentar de nuevo",
        ],
        [
            "We couldn’t save what you sent",
            "Something went wrong on our side. Try again in a minute; if it stays like this, {contact}.",
            "What you were about to send",
            "Try again",
        ],
    ),
];

/// The words of the link that `{contact}` stands for.
pub fn contact(language: Language) -> &'static str {
    language.pick("escríbenos", "write to us")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_finds_its_texts() {
        assert!(TEXTS.iter().enumerate().all(|(place, (say, ..))| *say as usize == place));
        assert_eq!(TEXTS[15].0, Say::AnswerNotSaved);
    }

    #[test]
    fn the_browser_is_asked_only_for_what_the_customer_did_not_tell() {
        assert_eq!(accepted_language("fr;q=0.9, en;q=0.4, es-ES;q=0.8"), Some(Language::Es));
        assert_eq!(accepted_language("en-GB,en;q=0.9,es;q=1"), Some(Language::En));
        assert_eq!(accepted_language("es;q=0, en;q=0.1"), Some(Language::En));
        assert_eq!(accepted_language("fr, *;q=0.1"), None);
        assert_eq!(accepted_language(""), None);
    }
}
