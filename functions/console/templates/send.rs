//! A mail of a template to somebody of the shop, to be seen in a real mailbox.

use lazo_domain::event::Email;
use lazo_domain::id::Id;
use lazo_domain::touch::TouchId;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{all, context, is_mail, locale, page, shown};
use crate::console::acts::{Change, audit};
use crate::console::ask::{Ask, segment};
use crate::console::edit::files;
use crate::console::parts::{self, Field};
use crate::console::reply::{Answer, Reply, Trouble};
use crate::console::routes::may;
use crate::shell::mailer::{Letter, Recipient, SendError};

/// The form: to whom. Shown to those who may.
pub fn form(name: &str, locale: &str, wrong: Option<&str>, ask: &Ask) -> Markup {
    let lang = ask.lang;
    if !may(ask.user.role, &http::Method::POST, "/templates/{name}/send") {
        return html! {};
    }
    let rules = ask.rules();
    let policy = &rules.book.policy;
    let own = policy.people.get(&ask.user.name).map(|person| person.email.as_str());
    let field = Field {
        hint: Some(lang.pick(
            "Va escrito para un cliente inventado. No cuenta como contacto.",
            "It is written for a made-up customer. It does not count as a touch.",
        )),
        value: ask.form.get("to").or(own).unwrap_or_default(),
        error: wrong,
        is_required: true,
        ..Field::new("to", lang.pick("A qué dirección", "To which address"))
    };
    html! {
        form class="card mt6" method="post" aria-labelledby="h-send"
            action={ "/templates/" (segment(name)) "/send" (chosen(locale, ask)) } {
            (parts::once(&ask.mark()))
            h2 #h-send { (lang.pick("Enviar una prueba", "Send a test")) }
            (field.line("email"))
            p.mt { button.btn { (lang.pick("Enviar la prueba", "Send the test")) } }
        }
    }
}

/// What is shown of the template, as a query.
fn chosen(locale: &str, ask: &Ask) -> String {
    let draft = if ask.query.get("draft") == Some("1") { "&draft=1" } else { "" };
    format!("?locale={locale}{draft}")
}

/// What was just done.
pub fn done(ask: &Ask) -> Option<&'static str> {
    let is_sent = ask.query.get("done") == Some("sent");
    is_sent.then(|| ask.lang.pick("La prueba salió.", "The test went out."))
}

/// Sends it, or shows the page again with what is wrong.
///
/// # Errors
/// Where there is no such mail, or the table does not answer.
pub async fn send(ask: Ask) -> Answer {
    let name = ask.named("name");
    let lang = ask.lang;
    let live = files::live(ask.app()).await?;
    let all = all(&live.bundle.templates);
    let by_locale = all.get(&name).filter(|files| is_mail(files)).ok_or(Trouble::NotFound)?;
    let locale = locale(&ask, by_locale);
    let Ok(to) = Email::new(ask.form.get("to").unwrap_or_default().trim()) else {
        let why = lang.pick("Eso no es una dirección de correo.", "That is no mail address.");
        return Ok(page(&ask, Some(why)).await?.refused().into());
    };
    let (templates, _) = shown(&ask, &live, &name).await?;
    let rules = ask.rules();
    let policy = &rules.book.policy;
    let context = context(&rules, &name, &locale);
    let mail = templates.mail(&name, &locale, &policy.default_locale, &context);
    let mail = mail.map_err(|_| Trouble::NotFound)?;
    let recipient = Recipient { email: to.as_str(), name: None };
    let letter = Letter::new(&policy.brand, recipient, &mail, None);
    let letter = letter.map_err(|error| Trouble::Ours(error.to_string()))?;
    if let Err(error) = ask.app().mailer.send(&test_touch(&ask)?, &letter).await {
        tracing::warn!(%error, template = name, "a test of a template was not sent");
        return Ok(page(&ask, Some(not_sent(&error, &ask))).await?.refused().into());
    }
    // The address may be anybody's: the entry tells whether it is one of the shop's.
    let is_ours = policy.people.values().any(|person| person.email == to);
    let after = json!({ "locale": locale, "to_staff": is_ours });
    let change = Change { what: "template.test", about: &name, before: Value::Null, after };
    audit(&ask, change).await?;
    let query = chosen(&locale, &ask);
    Ok(Reply::go(format!("/templates/{}{query}&done=sent", segment(&name))))
}

/// By what the mailer knows it: no customer's.
fn test_touch(ask: &Ask) -> Result<TouchId, Trouble> {
    let customer = Id::new("preview").map_err(|error| Trouble::Ours(error.to_string()))?;
    let (rule, step) = ("preview".to_owned(), "preview".to_owned());
    Ok(TouchId { rule, customer, occurrence: ask.once(), step })
}

fn not_sent(error: &SendError, ask: &Ask) -> &'static str {
    let lang = ask.lang;
    match error {
        SendError::Refused { .. } => lang.pick(
            "El servicio de correo no la aceptó: no salió.",
            "The mail service did not take it: it did not go out.",
        ),
        _ => lang.pick(
            "No se sabe si salió: mira el buzón antes de enviarla otra vez.",
            "Whether it went out is not known: look at the mailbox before sending it again.",
        ),
    }
}
