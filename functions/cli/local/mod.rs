//! `lazo local`: the whole system on this machine.

pub mod bus_server;
pub mod links_server;
mod summary;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use lazo::content::{self, Bounds};
use lazo::shell::app::App;
use lazo::shell::bus;
use lazo::shell::rules::{Files, Rules, RulesError, rule_files, template_files};
use lazo::shell::store::StoreError;
use lazo::shell::wording::Language;
use lazo::{digest, dispatch, drift, occasions};
use lazo_domain::event::from_wire;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use super::lang::counted;
use super::sample_shop;
use super::system::{self, Setup, System, Target};
use super::{Answer, import};

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
    /// Stop after the first round of work, for scripts.
    #[arg(long)]
    once: bool,
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
    let now = || Instant::from(jiff::Timestamp::now());
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
    work(app.clone(), target, lang).await?;
    let _ = std::fs::remove_file(target.data.join("running.json"));
    println!(
        "{}",
        lang.pick("todo está guardado; hasta pronto", "everything is stored; see you soon")
    );
    Ok(Answer::Yes)
}

async fn start(args: &Args, target: &Target, lock: File) -> anyhow::Result<System> {
    let setup = Setup {
        smtp: args.smtp.clone(),
        dynamodb_port: args.dynamodb_port,
        bus_port: args.bus_port,
        links_port: args.links_port,
    };
    System::embed(target, &setup, lock).await
}

/// A round of work every minute, until the process is asked to stop.
async fn work(app: Arc<App>, target: &Target, lang: Language) -> anyhow::Result<()> {
    let mut ticks = tokio::time::interval(Duration::from_secs(60));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut files = rules_of(target)?;
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            _ = ticks.tick() => {}
        }
        match reload_rules(&app, target, &mut files, lang) {
            Some(Reload::Taken(told)) => println!("{told}"),
            Some(Reload::Refused(told)) => eprintln!("lazo: {told}"),
            None => {}
        }
        let now = Instant::from(jiff::Timestamp::now());
        if let Err(error) = look_at_calendars(&app, now).await {
            eprintln!("lazo: {error}");
        }
        match dispatch::run(&app, now).await {
            Ok(report) => summary::print_round(&report, lang),
            Err(error) => eprintln!("lazo: {error}"),
        }
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

/// The files of rules and of templates that a local system works by.
fn rules_of(target: &Target) -> Result<[Files; 2], RulesError> {
    let folder = target.rules.as_deref();
    Ok([rule_files(folder)?, template_files(folder)?])
}

/// What came of looking at a rules folder that changed.
#[derive(Debug, PartialEq, Eq)]
enum Reload {
    /// Its rules are the live ones now.
    Taken(String),
    /// It has errors: the live rules stay as they are.
    Refused(String),
}

/// Takes over a rules folder that changed; one with errors leaves the live rules as they
/// are. `known` are the files that were looked at last; `None` where they are the same.
fn reload_rules(
    app: &App,
    target: &Target,
    known: &mut [Files; 2],
    lang: Language,
) -> Option<Reload> {
    let folder = target.rules.as_ref()?;
    let read = rules_of(target).and_then(|files| {
        if files == *known {
            return Ok(None);
        }
        let before = std::mem::replace(known, files);
        let [rules, templates] = &*known;
        let names = [changed(&before[0], rules), changed(&before[1], templates)].concat();
        Rules::read(rules, templates).map(|rules| Some((rules, names)))
    });
    match read {
        Ok(None) => None,
        Ok(Some((rules, names))) => {
            app.replace_rules(rules);
            let said = lang.pick("se tomaron los cambios de", "took over the changes of");
            Some(Reload::Taken(format!("{said} {}: {}", folder.display(), listed(&names))))
        }
        Err(error) => {
            let said = lang
                .pick("las reglas vigentes siguen como estaban", "the live rules stay as they are");
            Some(Reload::Refused(format!("{said}: {error}")))
        }
    }
}

/// The names of the files that came, went or have another text.
fn changed(before: &Files, now: &Files) -> Vec<String> {
    let other = |one: &Files, in_: &Files| {
        let differs = one.iter().filter(|file| !in_.contains(file));
        differs.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let mut names = [other(before, now), other(now, before)].concat();
    names.sort();
    names.dedup();
    names
}

/// How many names of changed files are told.
const CHANGED_MAX: usize = 5;

fn listed(names: &[String]) -> String {
    let told = names.iter().take(CHANGED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(CHANGED_MAX) {
        0 => told,
        more => format!("{told} +{more}"),
    }
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
            let filling = Filling { seed: SEED, now: jiff::Timestamp::now(), done: false };
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
    let history = counted(
        imported.counted + imported.known,
        lang.pick("evento de historia", "event of history"),
        lang.pick("eventos de historia", "events of history"),
    );
    let recent = counted(
        messages.len(),
        lang.pick("evento en el bus", "event on the bus"),
        lang.pick("eventos en el bus", "events on the bus"),
    );
    println!("{history} + {recent}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use lazo::shell::mailer::{Mailer, Outbox};
    use lazo::shell::store::Store;

    use super::*;

    #[tokio::test]
    async fn a_reload_is_told_also_when_it_succeeded() {
        let shop = tempfile::tempdir().unwrap();
        let folder = shop.path().join("rules");
        let write = |name: &str, text: &str| {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join(name), text).unwrap();
        };
        let rule = |status: &str| {
            format!(
                "rule: greet\nstatus: {status}\npurpose: service\n\
                 trigger: {{ event: PurchaseCompleted }}\n\
                 steps: [{{ id: note, channel: task, template: note }}]\n"
            )
        };
        write("policy.yaml", "{}");
        write("greet.yaml", &rule("live"));
        let sdk = system::local_sdk("http://127.0.0.1:9");
        let store = Store::new(aws_sdk_dynamodb::Client::new(&sdk), "none");
        let bus = bus::Bus::new(aws_sdk_eventbridge::Client::new(&sdk), "none");
        let outbox = Mailer::Outbox(Outbox::open(&shop.path().join("outbox")).unwrap());
        let app = App::new(store, bus, outbox, None, Rules::from(Some(&folder)).unwrap());
        let (data, rules) = (shop.path().join("data"), Some(folder.clone()));
        let target = Target { data, rules, table: None, bus: None, new: false };
        let mut known = rules_of(&target).unwrap();
        assert_eq!(reload_rules(&app, &target, &mut known, Language::En), None);

        write("greet.yaml", &rule("paused"));
        let told = reload_rules(&app, &target, &mut known, Language::En);
        let Some(Reload::Taken(told)) = told else { panic!("{told:?}") };
        assert!(told.starts_with("took over the changes of ") && told.ends_with(": greet.yaml"));
        assert!(!app.rules().book.rule("greet").unwrap().is_live());

        write("greet.yaml", &rule("alive"));
        let told = reload_rules(&app, &target, &mut known, Language::Es);
        let Some(Reload::Refused(told)) = told else { panic!("{told:?}") };
        assert!(told.starts_with("las reglas vigentes siguen como estaban: "), "{told}");
        // It is told once, and the rules that were live still are.
        assert_eq!(reload_rules(&app, &target, &mut known, Language::Es), None);
        assert!(app.rules().book.rule("greet").is_some());
    }
}
