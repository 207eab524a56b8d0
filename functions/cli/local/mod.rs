//! `lazo local`: the whole system on this machine.

pub mod bus_server;
pub mod console_server;
pub mod links_server;
mod summary;
mod watch;
pub mod webhooks_server;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use lazo::content::{self, Bounds};
use lazo::shell::app::App;
use lazo::shell::bus;
use lazo::shell::rules::bundle;
use lazo::shell::store::StoreError;
use lazo::shell::versions;
use lazo::shell::wording::Language;
use lazo::{digest, dispatch, drift, occasions};
use lazo_domain::event::from_wire;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use super::sample_shop;
use super::system::{self, LocalPorts, Setup, System, Target};
use super::which_rules::WhichRules;
use super::{Answer, import};
use crate::clock;

/// Run the whole system here: the functions, DynamoDB on a file, a bus, and
/// mail into an outbox.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Leave an empty store empty, without the sample shop.
    #[arg(long)]
    empty: bool,
    /// Send mail through this SMTP server instead of into the outbox:
    /// smtp://user:password@host:port, or smtps://…
    #[arg(long, value_name = "URL")]
    smtp: Option<String>,
    /// The port of DynamoDB; any free one where it is taken.
    #[arg(long, value_name = "PORT", default_value_t = DYNAMODB_PORT)]
    dynamodb_port: u16,
    /// The port of the bus; any free one where it is taken.
    #[arg(long, value_name = "PORT", default_value_t = BUS_PORT)]
    bus_port: u16,
    /// The port of the links in mails; any free one where it is taken.
    #[arg(long, value_name = "PORT", default_value_t = LINKS_PORT)]
    links_port: u16,
    /// The port of the webhooks of other systems; any free one where it is taken.
    #[arg(long, value_name = "PORT", default_value_t = WEBHOOKS_PORT)]
    webhooks_port: u16,
    /// The port of the console, on this machine alone; any free one where it is taken.
    #[arg(long, value_name = "PORT", default_value_t = CONSOLE_PORT)]
    console_port: u16,
    /// Stop after the first round of work, for scripts.
    #[arg(long)]
    once: bool,
    /// Publish the rules folder as the next version whenever it changes and passes the
    /// check, for whoever is writing rules.
    #[arg(long)]
    watch: bool,
}

/// What the sample shop was made from, so that a stopped filling goes on
/// with the same events.
#[derive(Serialize, Deserialize)]
struct Filling {
    seed: u64,
    now: jiff::Timestamp,
    done: bool,
}

const SEED: u64 = 2026;

/// Where the sample shop's events are kept in the data folder, to rehearse rules
/// on: one envelope a line.
pub const SAMPLE_EVENTS: &str = "sample-shop.jsonl";

/// Where the local system listens, unless told otherwise.
const DYNAMODB_PORT: u16 = 4701;
const BUS_PORT: u16 = 4702;
const LINKS_PORT: u16 = 4703;
const WEBHOOKS_PORT: u16 = 4704;
const CONSOLE_PORT: u16 = 8080;

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    if target.table.is_some() {
        bail!("lazo local runs here; --table is for commands on a table in AWS");
    }
    let Some(lock) = system::lock(&target.data)? else {
        bail!(
            "{} is in use by another lazo; stop it, or choose another folder with --data",
            target.data.display()
        );
    };
    let system = start(args, target, lock).await?;
    if let (Some(outbox), None) = (&system.outbox, &args.smtp) {
        // Now, and not when the first mail is due.
        let folder = target.data.join("outbox");
        let what = lang.pick("no se pueden escribir correos en", "cannot write mails into");
        outbox.check().with_context(|| format!("{what} {}", folder.display()))?;
    }
    let app = &system.app;
    let now = || clock::now();
    tell_version(&system, target, now(), lang).await?;
    // This process holds the lock: whatever was on its way out is nobody's now.
    dispatch::settle_all(app, now()).await?;
    if !args.empty {
        fill(app, &target.data, lang).await?;
    }
    look_at_calendars(app, now()).await?;
    let first = dispatch::run(app, now()).await?;
    summary::print(&system, target, &first, lang).await?;
    if args.once {
        return Ok(Answer::Yes);
    }
    let _ = system.telling.set(lang);
    let folder = target.rules.as_deref();
    let watching = async {
        match (args.watch, folder) {
            (true, Some(folder)) => watch::publish_changes(app, folder, lang).await,
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        done = work(app.clone(), lang) => done?,
        () = watching => {}
    }
    let _ = std::fs::remove_file(target.data.join("running.json"));
    println!(
        "{}",
        lang.pick("todo está guardado; hasta pronto", "everything is stored; see you soon")
    );
    Ok(Answer::Yes)
}

async fn start(args: &Args, target: &Target, lock: File) -> anyhow::Result<System> {
    // The live version counts, whichever folder is named: that is what is published.
    let target = &Target { which: WhichRules::default(), ..target.clone() };
    let setup = Setup {
        publishes_first: true,
        smtp: args.smtp.clone(),
        dynamodb_port: args.dynamodb_port,
        bus_port: args.bus_port,
        links_port: args.links_port,
        ports_of_local: Some(LocalPorts {
            webhooks: args.webhooks_port,
            console: args.console_port,
        }),
    };
    System::embed(target, &setup, lock).await
}

/// A round of work every minute, until the process is asked to stop.
async fn work(app: Arc<App>, lang: Language) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = ticks.tick() => {}
        }
        let now = clock::now();
        follow(&app, now, lang).await;
        if let Err(error) = look_at_calendars(&app, now).await {
            eprintln!("lazo: {error}");
        }
        match dispatch::run(&app, now).await {
            Ok(report) => summary::print_round(&report, lang),
            Err(error) => eprintln!("lazo: {error}"),
        }
    }
}

/// Says which version is live, and where the rules folder says something else.
async fn tell_version(
    system: &System,
    target: &Target,
    now: Instant,
    lang: Language,
) -> anyhow::Result<()> {
    versions::keep_schedule(&system.app, now).await?;
    let Some(live) = system.app.take_version().await? else { return Ok(()) };
    println!("{}", WhichRules::Live(live.number).told(lang));
    let folder = target.rules.as_deref();
    let carried = bundle(folder)?;
    if let (Some(folder), true) = (folder, live.digest != carried.digest()) {
        let folder = folder.display();
        match lang {
            Language::Es => println!(
                "{folder} dice otra cosa que la versión vigente: `lazo rules plan` muestra qué cambiaría, `lazo rules publish` la publica, y `lazo local --watch` publica cada cambio"
            ),
            Language::En => println!(
                "{folder} says something else than the live version: `lazo rules plan` shows what would change, `lazo rules publish` publishes it, and `lazo local --watch` publishes each change"
            ),
        }
    }
    Ok(())
}

/// Works by what was published meanwhile, and says so.
async fn follow(app: &App, now: Instant, lang: Language) {
    let before = app.rules().book.version();
    versions::keep_up(app, now).await;
    if let Some(live) = app.rules().book.version().filter(|live| before != Some(*live)) {
        println!("{}", WhichRules::Live(live).told(lang));
    }
}

/// What schedules do in AWS besides sending: the calendar, who drifts away, what
/// was published, and the mornings' mails.
async fn look_at_calendars(app: &App, now: Instant) -> Result<(), StoreError> {
    occasions::run(app, now, None).await?;
    drift::run(app, now, None).await?;
    content::run(app, now, Bounds::NONE).await?;
    digest::run(app, now).await?;
    Ok(())
}

/// A store that a shop filled itself gets no sample shop: says so, and how to get one.
fn tell_of_own_events(data: &Path, lang: Language) {
    let folder = data.display();
    match lang {
        Language::Es => println!(
            "el almacén {folder} ya tiene eventos, así que no se agrega la tienda de ejemplo; para verla: lazo --data OTRA_CARPETA (--empty calla este aviso)"
        ),
        Language::En => println!(
            "the store {folder} already holds events, so the sample shop is not added; to see it: lazo --data ANOTHER_FOLDER (--empty silences this)"
        ),
    }
}

/// Fills an empty store with the sample shop: two years of history, and the
/// last three days as events on the bus.
async fn fill(app: &App, data: &Path, lang: Language) -> anyhow::Result<()> {
    let path = data.join("sample-shop.json");
    let filling = match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).with_context(|| path.display().to_string())?,
        Err(_) if summary::is_empty(&app.store).await? => {
            let filling = Filling { seed: SEED, now: clock::timestamp(), done: false };
            std::fs::write(&path, serde_json::to_string(&filling)?)?;
            filling
        }
        Err(_) => {
            tell_of_own_events(data, lang);
            return Ok(());
        }
    };
    if filling.done {
        return Ok(());
    }
    println!(
        "{}",
        lang.pick(
            "almacén vacío: se llena con una tienda de ejemplo (--empty la omite) …",
            "the store is empty: filling it with a sample shop (--empty leaves it out) …"
        )
    );
    let shop = sample_shop::generate(filling.seed, filling.now);
    let events = shop.history.iter().chain(&shop.recent);
    let lines: String = events.map(|event| format!("{event}\n")).collect();
    std::fs::write(data.join(SAMPLE_EVENTS), lines)?;
    let decode = |events: &[serde_json::Value]| -> anyhow::Result<Vec<_>> {
        events.iter().map(|event| Ok(from_wire(&event.to_string())?)).collect()
    };
    let imported = import::load(app, import::by_customer(decode(&shop.history)?), true).await?;
    let mut messages = Vec::with_capacity(shop.recent.len());
    for event in &shop.recent {
        let kind = event["detail-type"].as_str().unwrap_or_default().to_owned();
        let at: jiff::Timestamp = event["time"].as_str().unwrap_or_default().parse()?;
        messages.push(bus::Message {
            source: "shop".into(),
            detail_type: kind,
            detail: event["detail"].clone(),
            at: at.into(),
        });
    }
    app.bus.publish(&messages).await?;
    let done = Filling { done: true, ..filling };
    std::fs::write(&path, serde_json::to_string(&done)?)?;
    let history = lang.count(
        imported.counted + imported.known,
        ["evento de historia", "eventos de historia"],
        ["event of history", "events of history"],
    );
    let recent = lang.count(
        messages.len(),
        ["evento en el bus", "eventos en el bus"],
        ["event on the bus", "events on the bus"],
    );
    println!("{history} + {recent}");
    Ok(())
}
