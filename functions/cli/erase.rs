//! `lazo erase`: forgets a customer, for ever.

use anyhow::{Context, bail};
use lazo::shell::intake;
use lazo::shell::wording::Language;
use lazo_domain::event::from_wire;
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use serde_json::json;

use super::place::Place;
use super::system::{System, Target};
use super::{Answer, ask};
use crate::clock;

/// How long the bus's archive and the logs keep what they have, in days, unless the
/// stack's parameters `ArchiveDays` and `LogDays` say otherwise; and for how long back
/// the table can be restored. A test holds them to infra/template.yaml.
pub const ARCHIVE_DAYS: i64 = 90;
pub const LOG_DAYS: i64 = 30;
pub const RESTORE_DAYS: i64 = 35;

/// Forget a customer for ever: all personal data go, pending touches end. What
/// keeps things from happening twice stays, as ids.
#[derive(clap::Args)]
pub struct Args {
    /// The customer's id.
    customer: String,
    /// The request by which the customer asked for it; the same one counts once.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// Do not ask; needed where no terminal can answer.
    #[arg(long, short)]
    yes: bool,
    /// Also an id of which nothing is known: nothing will be kept of it.
    #[arg(long)]
    unknown: bool,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let id = Id::new(&args.customer).context("CUSTOMER")?;
    let request = match &args.request_id {
        Some(request) => Id::new(request).context("--request-id")?.to_string(),
        None => format!("erase-{}", clock::fresh_id()),
    };
    let system = System::open_to_write(target).await?;
    system.needs_bus()?;
    let store = &system.app.store;
    let before = store.person(&id).await?.customer;
    let is_known = !store.everything_on(&id).await?.is_empty();
    if !is_known && !args.unknown {
        match lang {
            Language::Es => bail!(
                "no se sabe nada de {id:?}: revisa el id (lazo explain {id}); con --unknown se borra igual, y nada se guardará de él"
            ),
            Language::En => bail!(
                "nothing is known of {id:?}: check the id (lazo explain {id}); --unknown erases it all the same, and nothing will be kept of it"
            ),
        }
    }
    if !args.yes && !is_agreed(&id, lang)? {
        out!("{}", lang.pick("no se borró nada", "nothing was erased"));
        return Ok(Answer::No);
    }
    let now = clock::now();
    let event = json!({
        "detail-type": "CustomerErased",
        "detail": { "customer_id": id, "request_id": request, "occurred_at": now.to_string() },
    });
    let delivered = from_wire(&event.to_string())?;
    intake::take(&system.app, &delivered, now).await?;
    if store.person(&id).await?.customer.erased_at.is_none() {
        bail!(
            "{id} is not erased: the request {request:?} was counted before; leave --request-id out"
        );
    }
    let said = match (before.erased_at, is_known) {
        (Some(_), _) => lang.pick("ya se había olvidado a", "was forgotten before:"),
        (None, true) => lang.pick("se ha olvidado a", "forgotten:"),
        (None, false) => lang.pick(
            "nada se sabía, y nada se guardará, de",
            "nothing was known, and nothing will be kept, of",
        ),
    };
    out!("{said} {id}");
    if is_known {
        out!("{}", elsewhere(&system.place, now, lang));
    }
    Ok(Answer::Yes)
}

/// Asks whoever sits at the terminal.
fn is_agreed(id: &Id, lang: Language) -> anyhow::Result<bool> {
    if !ask::is_possible() {
        match lang {
            Language::Es => bail!(
                "no hay nadie en una terminal a quien preguntar, y no se borró nada; con --yes se borra sin preguntar"
            ),
            Language::En => bail!(
                "nobody sits at a terminal who could be asked, and nothing was erased; --yes erases without asking"
            ),
        }
    }
    let question = match lang {
        Language::Es => format!("¿Olvidar para siempre a {id}? Escribe su id para confirmar:"),
        Language::En => format!("Forget {id} for ever? Type the id to confirm:"),
    };
    Ok(ask::line(&question)? == id.as_str())
}

/// What else holds the person, until when, and what to do there.
fn elsewhere(place: &Place, now: Instant, lang: Language) -> String {
    let day = |days: i64| now.plus_millis(days * DAY_MILLIS).date_in(&jiff::tz::TimeZone::UTC);
    let (archive, logs, restore) = (day(ARCHIVE_DAYS), day(LOG_DAYS), day(RESTORE_DAYS));
    match (place, lang) {
        (Place::Folder { path, .. }, Language::Es) => {
            let path = path.display();
            format!(
                "quedan fuera del almacén, y los borras tú:
  {path}/outbox: los correos ya enviados a esta persona
  {path}/sample-shop.jsonl, si está: los eventos de la tienda de ejemplo
  los archivos que importaste o enviaste, y sus .rejected; los buzones de quienes atienden"
            )
        }
        (Place::Folder { path, .. }, Language::En) => {
            let path = path.display();
            format!(
                "outside the store, for you to delete:
  {path}/outbox: the mails that went to this person
  {path}/sample-shop.jsonl, if it is there: the sample shop's events
  files that you imported or sent, and their .rejected ones; the mailboxes of your staff"
            )
        }
        (_, Language::Es) => format!(
            "otros lugares que tienen a esta persona:
  el archivo del bus, hasta el {archive} (ArchiveDays, {ARCHIVE_DAYS} días si la pila no dice otra cosa): no lo reproduzcas sin necesidad; una reproducción no la trae de vuelta
  los registros, hasta el {logs} (LogDays, {LOG_DAYS} días): solo tienen su id
  las copias de la tabla, hasta el {restore} ({RESTORE_DAYS} días): si restauras, borra otra vez
  los buzones: los correos que se le enviaron y los avisos al personal; bórralos ahí
  tus propios sistemas, que publicaron sus eventos"
        ),
        (_, Language::En) => format!(
            "what else holds this person:
  the bus's archive, until {archive} (ArchiveDays, {ARCHIVE_DAYS} days unless the stack says otherwise): replay it only where you must; a replay brings nobody back
  the logs, until {logs} (LogDays, {LOG_DAYS} days): they have the id alone
  backups of the table, until {restore} ({RESTORE_DAYS} days): after a restore, erase again
  mailboxes: mails that went to them and mails to your staff; delete them there
  your own systems, which published the events"
        ),
    }
}
