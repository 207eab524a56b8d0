//! `lazo history export`: the shop's own history, as its table keeps it; and the same for
//! commands that rehearse on it.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Subcommand;
use futures::stream::{FuturesUnordered, StreamExt};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lazo::shell::store::{HistoryPage, KeptEvent, ScanPlace, Store};
use lazo::shell::wording::Language;
use lazo_domain::event::{Delivered, from_wire};
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use super::by_customer::{self, ByCustomer};
use super::csv_rows::CsvArgs;
use super::system::{System, Target};
use super::{Answer, place, replay};

/// What the shop's customers did, as the table keeps it.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// All accepted events as JSON Lines, to rehearse rules on or to keep. Erased
    /// customers are not among them. Holds personal data: keep it where only those read it
    /// who may.
    Export {
        /// Only what happened from here on: an instant, or a date in the policy's time
        /// zone.
        #[arg(long, value_name = "T")]
        since: Option<String>,
        /// Writes into a file instead of standard output. After a stop, the same command
        /// goes on where it was.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let Command::Export { since, out } = &args.command;
    let system = System::open(target).await?;
    let zone = &system.app.rules().book.default_zone;
    let since = since.as_deref().map(|text| replay::instant(text, zone, lang));
    let since = since.transpose().context("--since")?;
    let store = &system.app.store;
    let written = match out {
        None => {
            let mut out = BufWriter::new(std::io::stdout());
            let mut done = Done::default();
            let written = each_page(store, since, &mut done, |lines, _| {
                lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
                Ok(())
            });
            let written = written.await?;
            out.flush()?;
            written
        }
        Some(path) => into_file(store, since, path, lang).await?,
    };
    let told = lang.count(written, ["evento", "eventos"], ["event", "events"]);
    eprintln!("{told}");
    Ok(Answer::Yes)
}

/// In how many parts the table is read at once.
const PARTS: i32 = 8;

/// How far each part of the table is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Done {
    /// From when on, in milliseconds: another export does not go on from here.
    since: Option<i64>,
    /// How much of the file is whole, in bytes.
    bytes: u64,
    written: usize,
    parts: Vec<PartDone>,
    /// Pieces of content, which stand under each customer whom they reached.
    contents: HashSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct PartDone {
    is_over: bool,
    after: Option<ScanPlace>,
}

/// Exports into a file, from where a former run stopped.
async fn into_file(
    store: &Store,
    since: Option<Instant>,
    path: &Path,
    lang: Language,
) -> anyhow::Result<usize> {
    let named = || path.display().to_string();
    let beside = path.with_added_extension("progress");
    let since_millis = since.map(Instant::millis);
    let mut done = match std::fs::read(&beside) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| beside.display().to_string())?,
        Err(_) if path.exists() => {
            bail!("{}: {}", named(), lang.pick("ya existe", "is there already"))
        }
        Err(_) => Done { since: since_millis, ..Done::default() },
    };
    if done.since != since_millis {
        bail!(
            "{}: {}",
            beside.display(),
            lang.pick(
                "es de una exportación con otro --since; bórralo para empezar de nuevo",
                "is of an export with another --since; delete it to begin anew"
            )
        );
    }
    let open = OpenOptions::new().create(true).write(true).truncate(false).open(path);
    let mut file = open.with_context(named)?;
    // What was written behind the last whole page is written again.
    file.set_len(done.bytes).with_context(named)?;
    file.seek(SeekFrom::End(0)).with_context(named)?;
    let written = each_page(store, since, &mut done, |lines, done| {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        file.write_all(text.as_bytes())?;
        done.bytes += text.len() as u64;
        keep(&beside, done)
    });
    let written = written.await.with_context(named)?;
    file.sync_all().with_context(named)?;
    let _ = std::fs::remove_file(&beside);
    Ok(written)
}

/// Keeps how far an export is, whole or not at all.
fn keep(beside: &Path, done: &Done) -> anyhow::Result<()> {
    let new = beside.with_added_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(&serde_json::to_vec(done)?)?;
    std::fs::rename(&new, beside)?;
    Ok(())
}

/// Reads all that is left, page by page, several parts of the table at once; how many
/// events there were.
async fn each_page(
    store: &Store,
    since: Option<Instant>,
    done: &mut Done,
    mut take: impl FnMut(&[String], &mut Done) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    done.parts.resize_with(PARTS as usize, PartDone::default);
    let read = async |part: usize, after: Option<ScanPlace>| {
        let page = store.history_page((part as i32, PARTS), since, after.as_ref()).await;
        (part, page)
    };
    let bar = progress();
    let begun = done.parts.iter().enumerate().filter(|(_, part)| !part.is_over);
    let mut pages: FuturesUnordered<_> =
        begun.map(|(part, begun)| read(part, begun.after.clone())).collect();
    while let Some((part, page)) = pages.next().await {
        let HistoryPage { events, next } = page?;
        let lines: Vec<String> = events
            .into_iter()
            .filter(|event| is_new(event, &mut done.contents))
            .map(|event| event.envelope())
            .collect();
        done.parts[part] = PartDone { is_over: next.is_none(), after: next.clone() };
        done.written += lines.len();
        take(&lines, done)?;
        bar.set_position(done.written as u64);
        if next.is_some() {
            pages.push(read(part, next));
        }
    }
    bar.finish_and_clear();
    Ok(done.written)
}

/// Whether it is not a piece of content that was told already.
fn is_new(event: &KeptEvent, contents: &mut HashSet<String>) -> bool {
    event.kind != lazo_domain::event::EventKind::ContentPublished
        || contents.insert(event.key.clone())
}

/// A counter on a terminal, for what takes more than a second.
fn progress() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{spinner} {pos} · {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}

/// The history to rehearse on: that of the files, or that of the store or table where no
/// file is named.
///
/// # Errors
/// A file that cannot be read; no file and no store; a table that does not answer.
pub async fn of(
    files: &[PathBuf],
    csv: &CsvArgs,
    target: &Target,
    threads: usize,
    lang: Language,
) -> anyhow::Result<ByCustomer> {
    if !files.is_empty() {
        return by_customer::read(files, csv, threads);
    }
    if target.table.is_none() && !place::has_store(&target.data) {
        bail!(
            "{}",
            lang.pick(
                "falta la historia: --events ARCHIVO, o un almacén o una tabla que la tenga (--data, --table)",
                "there is no history: name --events FILE, or a store or table that has it (--data, --table)"
            )
        );
    }
    let system = System::open(&target.quiet()).await?;
    let mut events: Vec<Delivered> = Vec::new();
    each_page(&system.app.store, None, &mut Done::default(), |lines, _| {
        for line in lines {
            events.push(from_wire(line)?);
        }
        Ok(())
    })
    .await?;
    Ok(by_customer::of(events))
}
