//! What could not be processed: why, its text to be mended, and trying it again.

use lazo_domain::id::Id;
use lazo_domain::source::RawEvent;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::sub;
use crate::console::acts::{Change, audit};
use crate::console::ask::{Ask, segment};
use crate::console::parts::{self, Tone, note, once};
use crate::console::reply::{Answer, Page, Reply, Trouble};
use crate::console::routes::Section;
use crate::shell::alarm_sweep;
use crate::shell::intake::{self, IntakeError};
use crate::shell::store::{Failure, FailureKind};

/// How many months back they are listed here.
const MONTHS: i32 = 6;
/// How many are shown.
const SHOWN: usize = 100;

/// The list, the latest first.
pub async fn failures(ask: Ask) -> Answer {
    let lang = ask.lang;
    let mut found = ask.app().store.failures_of(ask.now, MONTHS).await?;
    found.reverse();
    let title = lang.pick("Fallas", "Failures");
    let lead = match found.len() {
        0 => lang
            .pick(
                "Nada necesita a nadie: todo se procesó.",
                "Nothing needs anyone: all was processed.",
            )
            .to_owned(),
        count => {
            let said = lang.counted(
                count,
                ["cosa espera a alguien", "cosas esperan a alguien"],
                ["thing waits for someone", "things wait for someone"],
                true,
            );
            format!(
                "{said}. {}",
                lang.pick(
                    "Nada se perdió: en cuanto se corrija, cuenta con su fecha.",
                    "Nothing was lost: once mended, it counts with its date."
                )
            )
        }
    };
    let done = ask.query.get("done").map(|done| match done {
        "redriven" => lang.pick("Procesado.", "Processed."),
        _ => lang.pick("Ya no está en la lista.", "It is off the list."),
    });
    let main = html! {
        div.wrap {
            @if let Some(done) = done { (parts::flash(done)) }
            (parts::head(None, title, lead))
            (sub("/settings/failures", &ask))
            ol.rows { @for failure in found.iter().take(SHOWN) { (row(failure, &ask)) } }
            @if found.len() > SHOWN {
                p class="s mute mt" { (lang.pick("Y otras ", "And others: ")) (found.len() - SHOWN) "." }
            }
        }
    };
    Ok(Page::new(Section::Settings, title, main).into())
}

fn row(failure: &Failure, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let last = failure.last_at.unwrap_or(failure.failed_at);
    html! {
        li {
            div {
                p.who { a href={ "/settings/failures/" (segment(&failure.id)) } { (lang.failure(failure.kind)) } }
                p.s { (lang.failure_reason(&failure.why)) }
            }
            div.end {
                span { (lang.time(last, ask.now, &ask.zone())) }
                @if failure.times > 1 { span { (lang.figures(failure.times as f64, 0)) (lang.pick(" veces", " times")) } }
            }
        }
    }
}

async fn named(ask: &Ask) -> Result<Failure, Trouble> {
    let id = ask.named("id");
    let found = ask.app().store.failures_of(ask.now, MONTHS).await?;
    found.into_iter().find(|failure| failure.id == id).ok_or(Trouble::NotFound)
}

/// One failure, with its text.
pub async fn failure(ask: Ask) -> Answer {
    let failure = named(&ask).await?;
    let text = ask.app().store.failed_text(&failure).await?;
    Ok(page(&ask, &failure, &text, None).into())
}

/// Whether its text can be mended here.
fn is_text(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::Event | FailureKind::PartlyTaken | FailureKind::Waiting)
}

/// What is to be done by another way: only the command asks the mail service.
fn by_command(kind: FailureKind) -> bool {
    matches!(kind, FailureKind::UnknownSend | FailureKind::MailEvent)
}

fn page(ask: &Ask, failure: &Failure, text: &str, still: Option<&str>) -> Page {
    let lang = ask.lang;
    let title = lang.failure(failure.kind);
    let action = format!("/settings/failures/{}/redrive", segment(&failure.id));
    let main = html! {
        div.wrap {
            p.crumbs { a href="/settings/failures" { (lang.pick("Fallas", "Failures")) } " / " (failure.id) }
            (parts::head(None, title, lang.failure_reason(&failure.why)))
            @if let Some(still) = still {
                (note(Tone::Bad, html! { p { (lang.pick("Todavía no: ", "Still not: ")) (lang.failure_reason(still)) } }))
            }
            @if by_command(failure.kind) {
                (note(Tone::Plain, html! {
                    p {
                        (lang.pick("Pregunta al servicio de correo si salió, y dilo en la terminal: ", "Ask the mail service whether it went out, and say so on a terminal: "))
                        code { "lazo failures redrive " (failure.id) " --sent" } " " (lang.pick("o", "or")) " " code { "--resend" }
                    }
                }))
            } @else {
                form class="card mt6" method="post" action=(action) {
                    (once(&ask.mark()))
                    @if is_text(failure.kind) {
                        div class=(if still.is_some() { "field isbad" } else { "field" }) {
                            label for="text" {
                                (lang.pick("El texto que falló", "The text that failed")) " "
                                span.hint { (lang.pick("Corrígelo aquí; lo demás queda como llegó.", "Mend it here; the rest stays as it came.")) }
                            }
                            textarea.code #text name="text" rows="18" spellcheck="false" { "\n" (text) }
                        }
                    }
                    div class="row c mt" {
                        button class="btn go" name="do" value="redrive" {
                            (if is_text(failure.kind) { lang.pick("Procesar así", "Process it so") } else { lang.pick("Intentar otra vez", "Try again") })
                        }
                    }
                }
            }
        }
    };
    Page::new(Section::Settings, title, main)
}

/// Tries it again, mended or as it is.
pub async fn redrive(ask: Ask) -> Answer {
    let failure = named(&ask).await?;
    if by_command(failure.kind) {
        return Err(Trouble::NotUnderstood);
    }
    let stored = ask.app().store.failed_text(&failure).await?;
    let text = ask.form.get("text").map(|text| text.replace("\r\n", "\n"));
    let text = text.unwrap_or_else(|| stored.clone());
    if let Some(still) = again(&ask, &failure, &text, text.trim() != stored.trim()).await? {
        return Ok(page(&ask, &failure, &text, Some(&still)).refused().into());
    }
    let before = json!({ "kind": failure.kind, "times": failure.times });
    let change = Change { what: "failure.redrive", about: &failure.id, before, after: Value::Null };
    audit(&ask, change).await?;
    Ok(Reply::go("/settings/failures?done=redriven"))
}

/// Why it fails still; `None` where it was processed, and is off the list.
async fn again(
    ask: &Ask,
    failure: &Failure,
    text: &str,
    is_mended: bool,
) -> Result<Option<String>, Trouble> {
    let app = ask.app();
    match failure.kind {
        FailureKind::Event | FailureKind::PartlyTaken | FailureKind::Waiting => {
            if failure.kind == FailureKind::PartlyTaken && !is_mended {
                return Ok(Some(failure.why.clone()));
            }
            if RawEvent::read(text.trim()).is_some() {
                if let Some(still) =
                    Box::pin(intake::foreign::take_again(app, text, ask.now)).await?
                {
                    return Ok(Some(still));
                }
                app.store.drop_failure(failure).await?;
                return Ok(None);
            }
            let delivered = match intake::read(text.trim(), ask.now) {
                Ok(delivered) => delivered,
                Err(why) => return Ok(Some(why.to_string())),
            };
            if let Some(left_out) = delivered.left_out.first() {
                return Ok(Some(left_out.to_string()));
            }
            if let Err(error) = Box::pin(intake::take(app, &delivered, ask.now)).await {
                return still(error);
            }
        }
        FailureKind::Customer => {
            let id = Id::new(text.trim()).map_err(|_| Trouble::NotUnderstood)?;
            if let Err(error) = Box::pin(alarm_sweep::look(app, &id, ask.now)).await {
                return Ok(Some(error.to_string()));
            }
        }
        // The mails themselves wait or have ended, the version can be published anew, and
        // a notice goes once: this is but the reason.
        _ => {}
    }
    app.store.drop_failure(failure).await?;
    Ok(None)
}

fn still(error: IntakeError) -> Result<Option<String>, Trouble> {
    match error.is_for_good() {
        true => Ok(Some(error.to_string())),
        false => Err(error.into()),
    }
}
