//! `lazo rules publish`, `rollback`, `list` and `show`: which rules are live, who made
//! them so, and back again.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::tz::TimeZone;
use lazo::shell::rules::bundle;
use lazo::shell::store::{LiveVersion, Version, VersionState};
use lazo::shell::versions::{self, Publication, PublishError, Published};
use lazo::shell::wording::{Language, moment};
use lazo_domain::rulebook::{Bundle, RuleBook, VersionNumber};
use serde_json::{Value, json};

use super::plan::bundles::Differences;
use super::system::{System, Target};
use super::{Answer, plan, rules, when};

/// Make the rules of a folder live: everything works by them within a minute. What
/// fails the check is refused, and so is a plan against rules that are not live any more.
#[derive(clap::Args)]
pub struct PublishArgs {
    /// What `lazo rules plan --out` wrote: published is what was planned, or nothing.
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    /// Why, for those who look later.
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Go live later: a time, a day, a span such as "2 hours", or an instant.
    #[arg(long, value_name = "T")]
    at: Option<String>,
    /// Who publishes; without it the name of the terminal's user.
    #[arg(long, value_name = "NAME", env = "LAZO_BY")]
    by: Option<String>,
}

/// Publish the content of an earlier version again, under a new number.
#[derive(clap::Args)]
pub struct RollbackArgs {
    /// The number of the version.
    #[arg(value_name = "VERSION")]
    version: u32,
    /// Why, for those who look later.
    #[arg(long, value_name = "TEXT")]
    note: String,
    /// Who takes it back; without it the name of the terminal's user.
    #[arg(long, value_name = "NAME", env = "LAZO_BY")]
    by: Option<String>,
}

/// What a version says, who published it, when and why.
#[derive(clap::Args)]
pub struct ShowArgs {
    /// The number of the version; without it the live one.
    #[arg(value_name = "VERSION")]
    version: Option<u32>,
    /// Writes its files into this folder, which must not be there yet: rules and
    /// templates.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// As one JSON object.
    #[arg(long)]
    json: bool,
}

/// How many versions are told that were published since a plan.
const TOLD_MAX: usize = 10;

pub async fn publish(
    args: &PublishArgs,
    target: &Target,
    lang: Language,
) -> anyhow::Result<Answer> {
    let folder = target.rules.as_deref();
    let by = who(args.by.as_deref(), lang);
    let note = note(&args.note, lang)?;
    if !rules::is_sound(folder, lang)? {
        let mend = lang.pick(
            "no se publica nada hasta corregir esto",
            "nothing is published until this is mended",
        );
        eprintln!("lazo: {mend}");
        return Ok(Answer::No);
    }
    let proposed = bundle(folder)?;
    let system = System::open_to_write(target).await?;
    let store = &system.app.store;
    let live = store.live_version().await?;
    let now = crate::clock::now();
    let book = &system.app.rules().book;
    let zone = &book.default_zone;
    if let (Some(path), Some(live)) = (&args.plan, &live) {
        let planned = plan::Planned::read(path)?;
        if planned.proposed != proposed.digest() {
            bail!("{}", other_content(path, folder, lang));
        }
        if planned.base != live.digest {
            let since = since_plan(store.versions(TOLD_MAX).await?, &planned.base);
            eprintln!("lazo: {}", lang.moved(live, &since, zone));
            return Ok(Answer::No);
        }
    }
    let at = args.at.as_deref();
    let at = at.map(|at| when::read(at, "--at", now, zone, &book.policy, lang)).transpose()?;
    let base = live.as_ref().map(|live| live.number);
    let publication = Publication { by: &by, note, base, at, restores: None };
    let done = versions::publish(store, &proposed, &publication, now).await;
    answer(&system, done, lang).await
}

pub async fn roll_back(
    args: &RollbackArgs,
    target: &Target,
    lang: Language,
) -> anyhow::Result<Answer> {
    let by = who(args.by.as_deref(), lang);
    let note = note(&args.note, lang)?;
    let to = numbered(args.version, lang)?;
    let system = System::open_to_write(target).await?;
    let now = crate::clock::now();
    let done = versions::roll_back(&system.app.store, to, (&by, note), now).await;
    answer(&system, done, lang).await
}

/// Tells how a publication ended.
async fn answer(
    system: &System,
    done: Result<Published, PublishError>,
    lang: Language,
) -> anyhow::Result<Answer> {
    let zone = &system.app.rules().book.default_zone;
    match done {
        Ok(Published::Done(version)) => {
            println!("{}", lang.published(&version, zone));
            Ok(Answer::Yes)
        }
        Ok(Published::Same(number)) => {
            println!("{}", lang.published_before(number));
            Ok(Answer::Yes)
        }
        // Somebody else was first by a moment.
        Err(PublishError::Moved(live)) => {
            let latest = system.app.store.versions(1).await?;
            eprintln!("lazo: {}", lang.moved(&live, &latest, zone));
            Ok(Answer::No)
        }
        Err(error @ (PublishError::Rules(_) | PublishError::Store(_))) => Err(error.into()),
        Err(error) => bail!("{}", lang.unpublished(&error)),
    }
}

/// The versions, the newest first.
pub async fn list(
    target: &Target,
    limit: usize,
    json: bool,
    lang: Language,
) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let store = &system.app.store;
    let Some(live) = store.live_version().await? else {
        none_published(lang);
        return Ok(Answer::Yes);
    };
    let zone = &system.app.rules().book.default_zone;
    for version in store.versions(limit).await? {
        if json {
            out!("{}", as_json(&version, &live));
            continue;
        }
        let state = lang.version_state(&version, live.number, zone);
        out!("{:>4}  {state}", version.number);
        out!("      {}: {}{}", version.by, version.note, restored(&version, lang));
    }
    Ok(Answer::Yes)
}

pub async fn show(args: &ShowArgs, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let store = &system.app.store;
    let Some(live) = store.live_version().await? else {
        none_published(lang);
        return Ok(Answer::No);
    };
    let number = match args.version {
        Some(number) => numbered(number, lang)?,
        None => live.number,
    };
    let (version, bundle) = whole(store, number, lang).await?;
    if let Some(folder) = &args.out {
        write(&bundle, folder, lang)?;
    }
    let base = match version.base {
        Some(base) => Some(whole(store, base, lang).await?.1),
        None => None,
    };
    let changes = base.map(|base| Differences::between(&base, &bundle));
    if args.json {
        let mut object = as_json(&version, &live);
        object["changes"] = changes.map_or(
            Value::Null,
            |changes| json!({ "rules": changes.rules, "policy": changes.policy }),
        );
        out!("{object}");
        return Ok(Answer::Yes);
    }
    print(&version, &bundle, changes, (&live, &system.app.rules().book.default_zone), lang)?;
    Ok(Answer::Yes)
}

fn print(
    version: &Version,
    bundle: &Bundle,
    changes: Option<Differences>,
    (live, zone): (&LiveVersion, &TimeZone),
    lang: Language,
) -> anyhow::Result<()> {
    let Version { number, by, note, at, .. } = version;
    let state = lang.version_state(version, live.number, zone);
    out!("{} {number}: {state}", lang.pick("versión", "version"));
    let published = lang.pick("publicada el", "published at");
    out!("{published} {}, {by}: {note}{}", moment(*at, zone), restored(version, lang));
    out!("{} {}", lang.pick("contenido", "content"), version.digest);
    if let (Some(changes), Some(base)) = (changes, version.base) {
        let against = lang.pick("Frente a la versión", "Against version");
        out!("\n{against} {base}:");
        let told = plan::changes_told(&changes, lang);
        if told.is_empty() {
            out!("  {}", lang.pick("dice lo mismo", "it says the same"));
        }
        for line in told {
            out!("  {line}");
        }
    }
    out!("\n{}:", lang.pick("Sus reglas, por prioridad", "Its rules, by priority"));
    let book = RuleBook::read(&bundle.rules).map_err(lazo::shell::rules::RulesError::Wrong)?;
    rules::by_priority(&book, lang)
}

/// A version with what it says.
pub async fn whole(
    store: &lazo::shell::store::Store,
    number: VersionNumber,
    lang: Language,
) -> anyhow::Result<(Version, Bundle)> {
    let missing = || lang.unpublished(&PublishError::NoSuch(number));
    let version = store.version(number).await?.with_context(missing)?;
    let bundle = store.bundle(&version.digest).await?.with_context(missing)?;
    Ok((version, bundle))
}

fn as_json(version: &Version, live: &LiveVersion) -> Value {
    let Version { number, digest, at, by, note, base, restores, state } = version;
    let (state, since) = match *state {
        VersionState::Published { since } if *number == live.number => ("live", since),
        VersionState::Published { since } => ("earlier", since),
        VersionState::Scheduled { at } => ("scheduled", at),
        VersionState::Suspended { at } => ("suspended", at),
    };
    json!({
        "version": number, "digest": digest, "state": state, "since": since.to_string(),
        "published_at": at.to_string(), "by": by, "note": note, "base": base,
        "restores": restores,
    })
}

fn restored(version: &Version, lang: Language) -> String {
    version.restores.map_or_else(String::new, |number| format!(" ({})", lang.restored(number)))
}

fn none_published(lang: Language) {
    println!(
        "{}",
        lang.pick(
            "todavía no se publica ninguna versión: rigen las reglas del programa",
            "no version is published yet: the rules of the program are in force"
        )
    );
}

/// The number of a version, as it was typed.
fn numbered(number: u32, lang: Language) -> anyhow::Result<VersionNumber> {
    VersionNumber::new(number).with_context(|| {
        lang.pick("las versiones se cuentan desde 1", "versions are counted from 1").to_owned()
    })
}

/// Who does it: as they say, or as the terminal's user is called, where it is known.
pub fn who(by: Option<&str>, lang: Language) -> String {
    let user = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    let by = by.map(str::to_owned).or_else(user).unwrap_or_default();
    match by.trim() {
        "" => lang.pick("sin nombre", "unnamed").to_owned(),
        by => by.to_owned(),
    }
}

/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 2_000;

fn note(text: &str, lang: Language) -> anyhow::Result<&str> {
    match text.trim() {
        "" => bail!(
            "--note: {}",
            lang.pick("di por qué, para quien mire después", "say why, for those who look later")
        ),
        text if text.chars().count() > NOTE_CHARS_MAX => {
            bail!("--note: {} {NOTE_CHARS_MAX}", lang.pick("caben", "characters taken:"))
        }
        text => Ok(text),
    }
}

/// What was published after the content that a plan was made against.
fn since_plan(latest: Vec<Version>, base: &str) -> Vec<Version> {
    latest.into_iter().take_while(|version| version.digest != base).collect()
}

fn other_content(plan: &Path, folder: Option<&Path>, lang: Language) -> String {
    let (plan, folder) = (plan.display(), folder.unwrap_or(Path::new("infra/rules")).display());
    match lang {
        Language::Es => format!(
            "{folder} no dice lo que se planeó en {plan}: cambió desde entonces, o es otra carpeta (--rules). Planea de nuevo"
        ),
        Language::En => format!(
            "{folder} does not say what was planned in {plan}: it changed since, or it is another folder (--rules). Plan again"
        ),
    }
}

/// Writes a bundle as the folders that people edit.
fn write(bundle: &Bundle, folder: &Path, lang: Language) -> anyhow::Result<()> {
    if folder.exists() {
        bail!("{}: {}", folder.display(), lang.pick("ya existe", "is there already"));
    }
    let folders =
        [("rules", &bundle.rules), ("templates", &bundle.templates), ("sources", &bundle.sources)];
    for (below, files) in folders {
        for (path, text) in files {
            let path = folder.join(below).join(path);
            let parent = path.parent().unwrap_or(folder);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&path, text))
                .with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}
