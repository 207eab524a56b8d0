//! `lazo restore`: a table that was restored from a copy learns what went out since, and
//! sends from there on.

mod archives;

use anyhow::{Context, bail};
use jiff::Timestamp;
use lazo::shell::sending;
use lazo::shell::store::FailureKind;
use lazo::shell::wording::{Language, moment};
use lazo_domain::instant::Instant;

use super::place::Place;
use super::system::{System, Target};
use super::{Answer, argument, ask};
use crate::clock;
use archives::{Archives, Span};

/// How long before the restored instant archives are replayed from: what was on its way
/// then is in none of both.
const MARGIN_MILLIS: i64 = 60 * 60_000;

/// Bring a restored table into service: nothing goes out of it before. It replays what the
/// shop and the mail service told since the copy was made, lists the mails of unknown fate,
/// and begins to send.
#[derive(clap::Args)]
pub struct Args {
    /// Replay from this instant on; without it from an hour before the one that the table
    /// was restored to.
    #[arg(long, value_name = "INSTANT", value_parser = argument::instant)]
    since: Option<Timestamp>,
    /// Replay nothing: it was done, or the old table's once-only keys were taken over.
    #[arg(long)]
    no_replay: bool,
    /// Do not ask; needed where no terminal can answer.
    #[arg(long, short)]
    yes: bool,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open_to_write(target).await?;
    let store = &system.app.store;
    let Place::Table { name, .. } = &system.place else {
        bail!(
            "{}",
            lang.pick("se restaura una tabla: da --table", "a table is restored: give --table")
        );
    };
    let Some(original) = sending::copied_from(store).await? else {
        let live = lang.pick(
            "no es una copia que espere: de ella ya se envía. No hay nada que restaurar",
            "is no copy that waits: it sends already. There is nothing to restore",
        );
        eprintln!("lazo: {name} {live}");
        return Ok(Answer::No);
    };
    let zone = system.app.rules().book.default_zone.clone();
    let now = clock::now();
    let copied = lang.pick("es una copia de", "is a copy of");
    let waits = lang.pick("todavía no sale nada de ella", "nothing goes out of it yet");
    out!("{name} {copied} {original}; {waits}");
    if !args.no_replay {
        let since = match args.since {
            Some(since) => since.into(),
            None => restored_to(&system, lang).await?.plus_millis(-MARGIN_MILLIS),
        };
        let span = Span { since, until: now };
        let archives = Archives::of(&system, lang).await?;
        let (from, until) = (moment(since, &zone), moment(now, &zone));
        for archive in &archives.all {
            let replayed = lang.pick("se repite", "replaying");
            out!("{replayed} {}: {from} … {until}", archive.0.name);
            archives.replay(archive, span, name, lang).await?;
        }
        archives.wait_for_queues(lang).await?;
        out!("{}", lang.pick("todo se repitió y se procesó", "all of it was replayed and taken"));
    }
    let unknown = store.failures(now).await?;
    let unknown: Vec<_> =
        unknown.iter().filter(|one| one.kind == FailureKind::UnknownSend).collect();
    for failure in &unknown {
        out!("{}  {}  {}", failure.id, failure.failed_at, lang.failure_reason(&failure.why));
    }
    if !unknown.is_empty() {
        out!(
            "{}",
            lang.pick(
                "De estos correos no se sabe si salieron: lazo failures redrive ID --sent o --resend",
                "Of these mails nobody knows whether they went out: lazo failures redrive ID --sent or --resend",
            )
        );
    }
    if !args.yes && !may_begin(name, lang)? {
        return Ok(Answer::No);
    }
    sending::begin_anew(store).await?;
    out!("{name}: {}", lang.pick("desde ahora se envía", "sends from here on"));
    Ok(Answer::Yes)
}

/// Asks where somebody can answer.
fn may_begin(table: &str, lang: Language) -> anyhow::Result<bool> {
    if !ask::is_possible() {
        bail!(
            "{}",
            lang.pick(
                "aquí nadie puede contestar: con --yes empieza a enviar",
                "nobody can answer here: with --yes it begins to send",
            )
        );
    }
    let question = lang.pick("¿Empezar a enviar desde", "Begin to send from");
    ask::yes_or_no(&format!("{question} {table}?"), lang)
}

/// To which instant the table was restored, as DynamoDB tells.
async fn restored_to(system: &System, lang: Language) -> anyhow::Result<Instant> {
    let store = &system.app.store;
    let told = store.client().describe_table().table_name(store.table()).send().await;
    let told = told.context(lang.pick(
        "DynamoDB no dice a qué momento se restauró la tabla (dynamodb:DescribeTable); da --since",
        "DynamoDB does not tell to which instant the table was restored (dynamodb:DescribeTable); give --since",
    ))?;
    let summary = told.table().and_then(|table| table.restore_summary());
    let at = summary.and_then(|summary| summary.restore_date_time().to_millis().ok());
    at.map(Instant::from_millis).with_context(|| {
        lang.pick(
            "DynamoDB no sabe que esta tabla se haya restaurado: da --since, el momento de la copia",
            "DynamoDB knows of no restore of this table: give --since, the instant of the copy",
        )
        .to_owned()
    })
}
