//! `lazo import`: history that counts and opens no follow-ups.

mod exported;
mod file;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use futures::StreamExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lazo::shell::app::App;
use lazo::shell::intake;
use lazo::shell::intake::history::{Imported, import_from};
use lazo::shell::rules::Rules;
use lazo::shell::wording::Language;
use lazo_domain::event::{AnnualDate, Body, Delivered, suspicious_birthdays};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use super::csv_rows::{CsvArgs, PartlyTaken};
use super::lang::spoken;
use super::system::{System, Target};
use super::{Answer, ask, event_files, rejected};
use crate::clock;
use file::File;

/// How many customers are written at a time.
const CUSTOMERS_AT_ONCE: usize = 16;

/// How many customers are read by one request.
const CUSTOMERS_READ: usize = 64;

/// How many customers may fail until the rest is left for another run.
const FAILED_MAX: usize = 32;

/// Load history: it counts, and opens no follow-ups. Run it again after a
/// stop: what was counted is not counted twice. What does not fit goes into a
/// file beside the input, NAME.rejected.csv or .jsonl, to be mended and imported.
#[derive(clap::Args)]
pub struct Args {
    /// CSV, JSON or JSON Lines.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Show how the files are understood, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask first; on a terminal a CSV file is shown and confirmed.
    #[arg(long, short)]
    yes: bool,
    /// The files hold what this system exported, such as orders of shopify: its mapping
    /// makes the events.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    csv: CsvArgs,
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let csv = args.csv.of_shop(&Rules::from(target.rules.as_deref())?.book.policy);
    if csv.currency.is_none()
        && args.source.is_none()
        && args.files.iter().any(|path| event_files::is_csv(path))
    {
        bail!(
            "{}",
            lang.pick(
                "¿en qué moneda están los importes? Dilo con --currency, o como `currency` en policy.yaml",
                "in which currency are the amounts? Say it with --currency, or as `currency` in policy.yaml"
            )
        );
    }
    let now = clock::now();
    let mapping = args.source.as_deref().map(|name| exported::source(name, target)).transpose()?;
    let read = args.files.iter().map(|path| match &mapping {
        Some(mapping) => File::exported(path, mapping, now),
        None => File::read(path, &csv, threads, now, lang),
    });
    let sources: Vec<File> = read.collect::<anyhow::Result<_>>()?;
    sources.iter().for_each(|source| source.report(lang));
    if args.dry_run {
        for source in &sources {
            out!("{}", source.page(lang).trim_end());
        }
        out!("{}", lang.pick("no se escribió nada (--dry-run)", "nothing was written (--dry-run)"));
        return Ok(if sources.iter().all(File::fits) { Answer::Yes } else { Answer::No });
    }
    let is_asked = ask::is_possible() && !args.yes;
    if is_asked && sources.iter().any(|source| source.preview.is_some()) {
        for source in sources.iter().filter(|source| source.preview.is_some()) {
            eprintln!("{}", source.page(lang).trim_end());
        }
        if !ask::yes_or_no(lang.pick("¿Importar?", "Import?"), lang)? {
            out!("{}", lang.pick("no se escribió nada", "nothing was written"));
            return Ok(Answer::No);
        }
    }
    let system = System::open_to_write(target).await?;
    import_all(&system, sources, now, lang).await
}

/// Imports what was read, and keeps what does not fit.
async fn import_all(
    system: &System,
    sources: Vec<File<'_>>,
    now: Instant,
    lang: Language,
) -> anyhow::Result<Answer> {
    let (mut events, mut bad, mut partly, mut kept) = (Vec::new(), 0, 0, Vec::new());
    for source in sources {
        if !source.fits() {
            bad += source.told.rejected.len();
            match rejected::write(source.path, &source.text, &source.told.rejected) {
                Ok(file) => kept.push((source.told.rejected.len(), file)),
                // They stay in the input, and hold up nobody else's.
                Err(error) => {
                    let not = lang.pick(
                        "lo que no sirve no se pudo apartar",
                        "what does not fit is not kept aside",
                    );
                    eprintln!("lazo: {not}: {error:#}");
                }
            }
        }
        partly += source.told.partly.len();
        for PartlyTaken { text, left_out } in &source.told.partly {
            intake::note_left_out(&system.app, text, left_out, now).await?;
        }
        events.extend(source.events);
    }
    warn_of_birthdays(&events);
    let content = events.iter().filter(|delivered| delivered.event.customer().is_none()).count();
    let customers = by_customer(events);
    let count = customers.len();
    let all: usize = customers.iter().map(|(_, events)| events.len()).sum();
    let imported = load(&system.app, customers, true).await?;
    bad += imported.refused.len();
    let twice = all.saturating_sub(imported.counted + imported.known + imported.refused.len());
    summary(&[(imported.counted, count), (imported.known, bad), (twice, content)], partly, lang)?;
    for (count, file) in &kept {
        let rows = lang.count(
            *count,
            ["que no sirve está en", "que no sirven están en"],
            ["that does not fit is in", "that do not fit are in"],
        );
        let mend = lang.pick("corrígelo e importa ese", "mend and import that");
        out!("{rows} {}: {mend}", file.display());
    }
    Ok(if bad + partly == 0 { Answer::Yes } else { Answer::No })
}

/// What an import came to: events and their customers, those known before and those
/// that do not fit, those there twice and content; and those that count in part.
fn summary(
    [(events, customers), (known, bad), (twice, content)]: &[(usize, usize); 3],
    partly: usize,
    lang: Language,
) -> anyhow::Result<()> {
    let events = lang.count(*events, ["evento", "eventos"], ["event", "events"]);
    let customers = lang.count(*customers, ["cliente", "clientes"], ["customer", "customers"]);
    let known = lang.count(
        *known,
        ["ya contaba", "ya contaban"],
        ["was counted before", "were counted before"],
    );
    let bad = lang.count(*bad, ["no sirve", "no sirven"], ["does not fit", "do not fit"]);
    match lang {
        Language::Es => out!("contaron {events} de {customers}, {known}, {bad}"),
        Language::En => out!("{events} of {customers} counted, {known}, {bad}"),
    }
    let more = [
        (
            *twice,
            [
                "estaba dos veces, por su id, y cuenta una",
                "estaban dos veces, por su id, y cuentan una",
            ],
            [
                "was there twice, by its id, and counts once",
                "were there twice, by their ids, and count once",
            ],
        ),
        (
            *content,
            [
                "ContentPublished queda fuera: no es de un cliente y solo inicia seguimientos, que la historia no inicia; publica lo nuevo con lazo send",
                "ContentPublished quedan fuera: no son de un cliente y solo inician seguimientos, que la historia no inicia; publica lo nuevo con lazo send",
            ],
            [
                "ContentPublished is left out: it concerns no single customer and only opens follow-ups, which history does not; publish what is new with lazo send",
                "ContentPublished are left out: they concern no single customer and only open follow-ups, which history does not; publish what is new with lazo send",
            ],
        ),
        (
            partly,
            [
                "evento cuenta sin los campos que no sirven: lazo failures list",
                "eventos cuentan sin los campos que no sirven: lazo failures list",
            ],
            [
                "event counts without fields that do not fit: lazo failures list",
                "events count without fields that do not fit: lazo failures list",
            ],
        ),
    ];
    for (count, es, en) in more.into_iter().filter(|(count, ..)| *count > 0) {
        out!("{}", lang.count(count, es, en));
    }
    Ok(())
}

/// Tells of days on which too many were born: some systems write one for
/// "unknown".
fn warn_of_birthdays(events: &[Delivered]) {
    let told: HashMap<&Id, AnnualDate> = events
        .iter()
        .filter_map(|delivered| match &delivered.event.body {
            Body::CustomerUpdated(profile) => {
                Some((&profile.customer_id, profile.birthday.flatten()?))
            }
            _ => None,
        })
        .collect();
    let all: Vec<AnnualDate> = told.into_values().collect();
    for (date, count) in suspicious_birthdays(&all) {
        let all = all.len();
        match spoken() {
            Language::Es => eprintln!(
                "lazo: {count} de {all} cumpleaños son {date}, muchos más de los que nacen en un día. Si significa \"desconocido\", dilo en policy.yaml: birthdays: {{ placeholders: [\"{date}\"] }}"
            ),
            Language::En => eprintln!(
                "lazo: {count} of {all} birthdays are {date}, many more than are born on any day. Where it stands for \"unknown\", name it in policy.yaml: birthdays: {{ placeholders: [\"{date}\"] }}"
            ),
        }
    }
}

/// Keeps aside what the table never takes of a customer's history.
async fn keep_refused(
    app: &App,
    events: &[Delivered],
    refused: &[(usize, String)],
    now: Instant,
) -> anyhow::Result<()> {
    for (place, why) in refused {
        let Delivered { at, event, .. } = &events[*place];
        let (kind, key) = (event.kind(), event.key().map(ToString::to_string).unwrap_or_default());
        let aside = spoken().pick("se apartó", "is kept aside");
        let see = spoken().pick("mira lazo failures list", "see lazo failures list");
        eprintln!("lazo: {kind} {key} {aside}: {why}; {see}");
        let text =
            format!(r#"{{"detail-type":"{kind}","time":"{at}","detail":{}}}"#, event.detail.0);
        intake::quarantine(app, &text, why, now).await?;
    }
    Ok(())
}

/// Each customer's events in the order in which they happened.
pub fn by_customer(events: Vec<Delivered>) -> Vec<(Id, Vec<Delivered>)> {
    let mut customers: HashMap<Id, Vec<Delivered>> = HashMap::new();
    for delivered in events {
        if let Some(id) = delivered.event.customer().cloned() {
            customers.entry(id).or_default().push(delivered);
        }
    }
    let mut customers: Vec<_> = customers.into_iter().collect();
    customers.sort_by(|a, b| a.0.cmp(&b.0));
    for (_, events) in &mut customers {
        events.sort_by_key(|delivered| delivered.event.occurred_at);
    }
    customers
}

/// Imports all customers, with a progress bar where one is wanted.
///
/// # Errors
/// Where the store does not answer; what was counted stays counted.
pub async fn load(
    app: &App,
    customers: Vec<(Id, Vec<Delivered>)>,
    show: bool,
) -> anyhow::Result<Imported> {
    let now = clock::now();
    let total: usize = customers.iter().map(|(_, events)| events.len()).sum();
    let bar = progress(total, show);
    let mut sum = Imported::default();
    let mut failed = Vec::new();
    for customers in customers.chunks(CUSTOMERS_READ) {
        let ids: Vec<Id> = customers.iter().map(|(id, _)| id.clone()).collect();
        let mut read = intake::read_ahead(&app.store, &ids).await;
        let work = customers.iter().map(|(id, events)| {
            let (bar, read) = (&bar, read.remove(id));
            async move {
                let imported = import_from(app, id, read, events, now).await;
                if let Ok(imported) = &imported {
                    keep_refused(app, events, &imported.refused, now).await?;
                }
                bar.inc(events.len() as u64);
                anyhow::Ok(imported?)
            }
        });
        let imported = futures::stream::iter(work).buffer_unordered(CUSTOMERS_AT_ONCE);
        for imported in imported.collect::<Vec<_>>().await {
            match imported {
                Ok(imported) => {
                    sum.counted += imported.counted;
                    sum.known += imported.known;
                    sum.refused.extend(imported.refused);
                }
                Err(error) => failed.push(error),
            }
        }
        // One customer holds up nobody; a table that does not answer, all.
        if failed.len() >= FAILED_MAX {
            break;
        }
    }
    bar.finish_and_clear();
    let count = failed.len();
    match failed.into_iter().next() {
        None => Ok(sum),
        Some(first) => {
            let customers = spoken().count(
                count,
                ["cliente no se pudo escribir", "clientes no se pudieron escribir"],
                ["customer could not be written", "customers could not be written"],
            );
            let counted = spoken().count(
                sum.counted,
                ["evento contó", "eventos contaron"],
                ["event was counted", "events were counted"],
            );
            let again = spoken().pick(
                "repítelo: lo que ya contó no cuenta dos veces",
                "run it again: what was counted is not counted twice",
            );
            Err(first.context(format!("{customers}, {counted}; {again}")))
        }
    }
}

/// A bar, where one is wanted.
fn progress(total: usize, show: bool) -> ProgressBar {
    let target =
        if show { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total as u64), target);
    let style = ProgressStyle::with_template(spoken().pick(
        "{bar:30} {pos}/{len} eventos, {per_sec}, faltan {eta}",
        "{bar:30} {pos}/{len} events, {per_sec}, {eta} left",
    ));
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_secs(1));
    bar
}
