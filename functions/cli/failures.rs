//! `lazo failures`: what could not be processed, and trying it again.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Subcommand;
use lazo::feedback::{self, Resolution, Settled, ses_event};
use lazo::shell::intake::{self, Taken};
use lazo::shell::store::{Failure, FailureKind};
use lazo::shell::wording::Language;
use lazo::shell::{alarm_sweep, aside};
use lazo_domain::id::Id;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::source::RawEvent;

use super::Answer;
use super::lang::spoken;
use super::system::{System, Target};
use crate::clock;

/// How many months back failures are listed at most.
const MONTHS_MAX: i32 = 120;

/// What could not be processed.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what failed, and why.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print the text of one failure, to mend it.
    Show {
        /// The failure's id, as the list shows it, or its beginning.
        id: String,
    },
    /// Try again: one failure, mended in a file or as it is, or all.
    Redrive {
        /// The failure's id, as the list shows it, or its beginning.
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// The mended text that stands in for the failed one.
        #[arg(long, value_name = "FILE", requires = "id")]
        with: Option<PathBuf>,
        /// All that failed, but for mails of unknown fate and what counts in part.
        #[arg(long)]
        all: bool,
        /// The mail service was asked: this mail of unknown fate went out.
        #[arg(long, requires = "id", conflicts_with_all = ["with", "resend"])]
        sent: bool,
        /// The mail service was asked: this mail did not go out, send it again.
        #[arg(long, requires = "id", conflicts_with = "with")]
        resend: bool,
    },
}

pub async fn run(args: &Args, target: &Target) -> anyhow::Result<Answer> {
    let system = match &args.command {
        Command::Redrive { .. } => System::open_to_write(target).await?,
        _ => System::open(target).await?,
    };
    let now = clock::now();
    let keep = system.app.rules().book.policy.keep_failures.millis_at_most();
    let months = i32::try_from(keep / (28 * DAY_MILLIS)).unwrap_or(i32::MAX).clamp(1, MONTHS_MAX);
    let mut failures = system.app.store.failures_of(now, months + 1).await?;
    if aside::renew(&system.app, &failures).await? {
        failures = system.app.store.failures_of(now, months + 1).await?;
    }
    if let Command::Redrive { .. } = &args.command {
        system.needs_bus()?;
    }
    match &args.command {
        Command::List { json } => list(&failures, *json),
        Command::Show { id } => {
            let failure = find(&failures, id)?;
            out!("{}", system.app.store.failed_text(failure).await?);
            Ok(Answer::Yes)
        }
        Command::Redrive { id: Some(id), sent, resend, .. } if *sent || *resend => {
            let word = if *sent { Resolution::Sent } else { Resolution::Resend };
            settle(&system, find(&failures, id)?, word, now).await
        }
        Command::Redrive { id, with, .. } => {
            let chosen: Vec<&Failure> = match id {
                Some(id) => vec![find(&failures, id)?],
                None => failures.iter().filter(|f| !is_unknown(f) && !is_counted(f)).collect(),
            };
            let (mut done, mut left) = (0, 0);
            for failure in chosen {
                match redrive(&system, failure, with.as_ref(), now).await? {
                    None => done += 1,
                    Some(why) => {
                        left += 1;
                        let still = spoken().pick("todavía no", "still not");
                        eprintln!("lazo: {}: {still}: {why}", failure.id);
                    }
                }
            }
            let done =
                spoken().count(done, ["procesada", "procesadas"], ["processed", "processed"]);
            let pending = spoken().count(left, ["pendiente", "pendientes"], ["left", "left"]);
            out!("{done}, {pending}");
            Ok(if left == 0 { Answer::Yes } else { Answer::No })
        }
    }
}

fn list(failures: &[Failure], json: bool) -> anyhow::Result<Answer> {
    for failure in failures {
        if json {
            out!("{}", serde_json::to_string(failure)?);
        } else {
            let times = match (failure.times, failure.last_at) {
                (2.., Some(last)) => {
                    let last_time = spoken().pick("veces, la última", "times, last");
                    format!("  {} {last_time} {last}", failure.times)
                }
                _ => String::new(),
            };
            let Failure { id, failed_at, bytes, why, .. } = failure;
            let bytes = spoken().count(*bytes, ["byte", "bytes"], ["byte", "bytes"]);
            let why = spoken().failure_reason(why);
            out!("{id}  {failed_at}  {bytes}{times}  {why}");
        }
    }
    if failures.is_empty() && !json {
        out!("{}", spoken().pick("nada falló", "nothing failed"));
    }
    Ok(Answer::Yes)
}

fn find<'a>(failures: &'a [Failure], id: &str) -> anyhow::Result<&'a Failure> {
    let mut found = failures.iter().filter(|failure| failure.id.starts_with(id));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => match spoken() {
            Language::Es => bail!("varias fallas empiezan con {id:?}; da más letras del id"),
            Language::En => bail!("several failures begin with {id:?}; give more of the id"),
        },
        (None, _) => match spoken() {
            Language::Es => bail!("no hay ninguna falla {id:?}; lazo failures list las muestra"),
            Language::En => bail!("no failure {id:?}; lazo failures list shows them"),
        },
    }
}

/// Whether somebody must look what became of a mail.
fn is_unknown(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::UnknownSend | FailureKind::UnknownNotice)
}

/// Whether it counts already, without what does not fit of it.
fn is_counted(failure: &Failure) -> bool {
    failure.kind == FailureKind::PartlyTaken
}

/// Settles a mail of unknown fate by somebody's word.
async fn settle(
    system: &System,
    failure: &Failure,
    word: Resolution,
    now: Instant,
) -> anyhow::Result<Answer> {
    if failure.kind == FailureKind::UnknownNotice {
        if word == Resolution::Resend {
            bail!(
                "{}",
                spoken().pick(
                    "un correo al equipo va una sola vez; avísales tú, y luego usa redrive con --sent",
                    "a mail to staff goes once; tell them yourself, then redrive it with --sent"
                )
            );
        }
        system.app.store.drop_failure(failure).await?;
        out!("{} {}", failure.id, spoken().pick("ya no está en la lista", "is off the list"));
        return Ok(Answer::Yes);
    }
    if failure.kind != FailureKind::UnknownSend {
        let not = spoken().pick(
            "no es un correo de suerte desconocida; --sent y --resend son para esos",
            "is no mail of unknown fate; --sent and --resend are for those",
        );
        bail!("{} {not}", failure.id);
    }
    let store = &system.app.store;
    let touch = store.failed_text(failure).await?;
    let settled = feedback::settle(&system.app, &touch, word, now).await?;
    store.drop_failure(failure).await?;
    match (settled, word) {
        (Settled::NotOpen, _) => {
            out!("{touch} {}", spoken().pick("ya estaba resuelto", "was settled already"));
        }
        (Settled::Done, Resolution::Sent) => {
            out!("{touch} {}", spoken().pick("cuenta como enviado", "counts as sent"));
        }
        (Settled::Done, Resolution::Resend) => {
            out!("{touch} {}", spoken().pick("sale en cuanto pueda", "goes as soon as it may"));
        }
    }
    Ok(Answer::Yes)
}

/// Why it fails still, `None` where it was processed.
async fn redrive(
    system: &System,
    failure: &Failure,
    with: Option<&PathBuf>,
    now: Instant,
) -> anyhow::Result<Option<String>> {
    if is_unknown(failure) {
        let how = spoken().pick(
            "busca en el servicio de correo si salió, y luego usa redrive con --sent o --resend",
            "look up at the mail service whether it went out, then redrive it with --sent or --resend",
        );
        return Ok(Some(how.into()));
    }
    match failure.kind {
        FailureKind::MailRefused | FailureKind::MailUnwritten | FailureKind::SuspendedVersion => {
            // The mails themselves wait, or have ended, and the version can be published
            // anew: this is but the reason.
            system.app.store.drop_failure(failure).await?;
            return Ok(None);
        }
        FailureKind::Customer => return redrive_customer(system, failure, now).await,
        _ => {}
    }
    let text = match with {
        Some(path) => lazo::shell::text_file::read(path)
            .with_context(|| format!("cannot read {}", path.display()))?,
        None => system.app.store.failed_text(failure).await?,
    };
    if failure.kind == FailureKind::MailEvent {
        return redrive_mail_event(system, failure, text.trim(), now).await;
    }
    redrive_event(system, failure, text.trim(), with.is_some(), now).await
}

/// The same, for an event: as it is, or mended.
async fn redrive_event(
    system: &System,
    failure: &Failure,
    text: &str,
    is_mended: bool,
    now: Instant,
) -> anyhow::Result<Option<String>> {
    if is_counted(failure) && !is_mended {
        let id = &failure.id;
        let mend = match spoken() {
            Language::Es => {
                format!("corrige lo que imprime `lazo failures show {id}` y repite con --with")
            }
            Language::En => {
                format!("mend what `lazo failures show {id}` prints, then redrive {id} --with it")
            }
        };
        return Ok(Some(format!("{}; {mend}", spoken().failure_reason(&failure.why))));
    }
    if RawEvent::read(text).is_some() {
        return redrive_foreign(system, failure, text, now).await;
    }
    let delivered = match intake::read(text, now) {
        Err(why) => return Ok(Some(spoken().failure_reason(&why.to_string()).into_owned())),
        Ok(delivered) => delivered,
    };
    let store = &system.app.store;
    intake::note_left_out(&system.app, text, &delivered.left_out, now).await?;
    let taken = match intake::take(&system.app, &delivered, now).await {
        Err(error) if error.is_for_good() => {
            intake::keep_untaken(&system.app, text, &error, now).await?;
            return Ok(Some(spoken().failure_reason(&error.to_string()).into_owned()));
        }
        taken => taken?,
    };
    if taken == Taken::Duplicate {
        let what = delivered.event.kind();
        let key = delivered.event.key().map(ToString::to_string).unwrap_or_default();
        let counts = spoken().pick(
            "ya contó, y cuenta una vez: lo que entonces quedó fuera sigue fuera, y este texto no cambia nada",
            "has counted before, and counts once: what was left out then stays out, and this text changes nothing",
        );
        eprintln!("lazo: {what} {key} {counts}");
    }
    if !delivered.left_out.is_empty() && !is_mended {
        // It stays on the list, as what counts in part.
        let left_out: Vec<String> = delivered.left_out.iter().map(ToString::to_string).collect();
        let now = spoken().pick("ahora cuenta, sin", "it counts now, without");
        return Ok(Some(format!("{now} {}", spoken().failure_reason(&left_out.join("; ")))));
    }
    store.drop_failure(failure).await?;
    Ok(None)
}

/// The same of an event of another system: it goes the way that it came.
async fn redrive_foreign(
    system: &System,
    failure: &Failure,
    text: &str,
    now: Instant,
) -> anyhow::Result<Option<String>> {
    if let Some(still) = intake::foreign::take_again(&system.app, text, now).await? {
        return Ok(Some(spoken().failure_reason(&still).into_owned()));
    }
    system.app.store.drop_failure(failure).await?;
    Ok(None)
}

/// The same of a customer who could not be worked on: looks whether they can be now.
async fn redrive_customer(
    system: &System,
    failure: &Failure,
    now: Instant,
) -> anyhow::Result<Option<String>> {
    let app = &system.app;
    let id = Id::new(&app.store.failed_text(failure).await?)?;
    if let Err(error) = alarm_sweep::look(app, &id, now).await {
        return Ok(Some(spoken().failure_reason(&error.to_string()).into_owned()));
    }
    app.store.drop_failure(failure).await?;
    Ok(None)
}

/// The same, for what the mail service told.
async fn redrive_mail_event(
    system: &System,
    failure: &Failure,
    text: &str,
    now: Instant,
) -> anyhow::Result<Option<String>> {
    match ses_event::parse(text) {
        Err(why) => Ok(Some(spoken().failure_reason(&why.to_string()).into_owned())),
        Ok(event) => {
            if let Some(event) = event {
                feedback::take(&system.app, &event, now).await?;
            }
            system.app.store.drop_failure(failure).await?;
            Ok(None)
        }
    }
}
