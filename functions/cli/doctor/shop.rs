//! What the table tells of the shop's work: what is overdue, failed, paused, not live.

use lazo::shell::sending;
use lazo::shell::store::table::{Alarm, SHARDS};
use lazo::shell::store::{FailureKind, StoreError};
use lazo::shell::wording::Language;
use lazo_domain::instant::{DAY_MILLIS, Instant};

use super::Findings;
use crate::system::System;

const MINUTE_MILLIS: i64 = 60_000;

/// For how long what is due may wait before somebody should look: twice what its worker's
/// schedule leaves, and some.
const OVERDUE: [(Alarm, i64, &str); 3] = [
    (Alarm::Due, 15, "dispatch"),
    (Alarm::Occasion, 60, "occasions"),
    (Alarm::Review, 180, "drift"),
];

/// After how long a pause is looked at as forgotten.
const PAUSE_DAYS: i64 = 1;

/// How old the drift model may be: it is fitted every week.
const MODEL_DAYS: i64 = 15;

/// Looks at the shop's work.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub(super) async fn look(
    system: &System,
    now: Instant,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let store = &system.app.store;
    if store.live_version().await?.is_none() {
        found.error(
            "no-rules",
            ("no hay ninguna versión de las reglas vigente", "no version of the rules is live"),
            (
                "espera a que dispatch corra una vez, o publica: lazo rules publish",
                "wait until dispatch has run once, or publish: lazo rules publish",
            ),
        );
    }
    for (alarm, minutes, worker) in OVERDUE {
        if let Some(oldest) = oldest(system, alarm, now).await?
            && now.millis() - oldest.millis() > minutes * MINUTE_MILLIS
        {
            let (es, en) = (
                format!("{worker} no da abasto o no corre: lo más antiguo espera desde {oldest}"),
                format!("{worker} falls behind or does not run: the oldest waits since {oldest}"),
            );
            let (mend_es, mend_en) = (
                format!("mira el registro de la función {worker} y su horario"),
                format!("look at the log of the function {worker}, and at its schedule"),
            );
            found.error("overdue", (&es, &en), (&mend_es, &mend_en));
        }
    }
    for pause in sending::pauses(store).await? {
        if now.millis() - pause.since.millis() > PAUSE_DAYS * DAY_MILLIS {
            let zone = &system.app.rules().book.default_zone;
            let told = found.lang.sending_pause(&pause, zone);
            found.warning(
                "paused",
                (&told, &told),
                (
                    "¿sigue haciendo falta? lazo pause --list dice cómo reanudar",
                    "is it still needed? lazo pause --list tells how to resume",
                ),
            );
        }
    }
    failures(system, now, found).await?;
    if let Some(learnt) = store.drift_model().await?
        && now.millis() - learnt.tried_at.millis() > MODEL_DAYS * DAY_MILLIS
    {
        let (es, en) = (
            format!("el modelo de alejamiento no se ajusta desde {}", learnt.tried_at),
            format!("the drift model has not been fitted since {}", learnt.tried_at),
        );
        found.warning(
            "drift-model",
            (&es, &en),
            ("mira el registro de la función drift", "look at the log of the function drift"),
        );
    }
    Ok(())
}

/// Since when the oldest alarm of a kind has rung.
async fn oldest(
    system: &System,
    alarm: Alarm,
    now: Instant,
) -> Result<Option<Instant>, StoreError> {
    let store = &system.app.store;
    let first = (0..SHARDS).map(|shard| store.ringing_page(alarm, shard, now, (None, 1)));
    let mut oldest = None::<Instant>;
    for page in futures::future::join_all(first).await {
        let first = page?.places.first().map(|place| place.at);
        oldest = oldest.into_iter().chain(first).min();
    }
    Ok(oldest)
}

/// What failed: mails of unknown fate apart, which may be told to have gone out.
async fn failures(system: &System, now: Instant, found: &mut Findings) -> Result<(), StoreError> {
    let failures = system.app.store.failures(now).await?;
    let is_unknown = |kind| matches!(kind, FailureKind::UnknownSend | FailureKind::UnknownNotice);
    let unknown = failures.iter().filter(|one| is_unknown(one.kind)).count();
    let refused = failures.iter().filter(|one| one.kind == FailureKind::MailRefused).count();
    let others = failures.len() - unknown - refused;
    if refused > 0 {
        let (es, en) = (
            format!(
                "el servicio de correo rechaza correos: {}",
                Language::Es.count(refused, ["motivo", "motivos"], ["", ""])
            ),
            format!(
                "the mail service refuses mails: {}",
                Language::En.count(refused, ["", ""], ["reason", "reasons"])
            ),
        );
        found.error(
            "mail-refused",
            (&es, &en),
            ("lazo failures list dice por qué", "lazo failures list says why"),
        );
    }
    if unknown > 0 {
        let (es, en) = (
            format!(
                "no se sabe si salieron: {}",
                Language::Es.count(unknown, ["correo", "correos"], ["", ""])
            ),
            format!(
                "nobody knows whether they went out: {}",
                Language::En.count(unknown, ["", ""], ["mail", "mails"])
            ),
        );
        found.warning(
            "unknown-sends",
            (&es, &en),
            (
                "lazo failures redrive ID --sent o --resend",
                "lazo failures redrive ID --sent or --resend",
            ),
        );
    }
    if others > 0 {
        let (es, en) = (
            format!("no se procesó: {}", Language::Es.count(others, ["falla", "fallas"], ["", ""])),
            format!(
                "not processed: {}",
                Language::En.count(others, ["", ""], ["failure", "failures"])
            ),
        );
        found.warning(
            "failures",
            (&es, &en),
            (
                "lazo failures list, y lazo failures redrive",
                "lazo failures list, and lazo failures redrive",
            ),
        );
    }
    Ok(())
}
