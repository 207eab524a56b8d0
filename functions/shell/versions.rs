//! Versions of the rules: published once, worked by within a minute, taken back in
//! a minute.

use lazo_domain::instant::Instant;
use lazo_domain::rulebook::{Bundle, Diagnostic, RuleBook, VersionNumber};
use lazo_domain::source::read_sources;

use crate::shell::app::App;
use crate::shell::aside;
use crate::shell::bus::{BusError, Message};
use crate::shell::rules::RulesError;
use crate::shell::store::{
    BUNDLE_BYTES_MAX, FailureKind, LiveVersion, ScheduledVersion, Store, StoreError, Version,
    VersionState,
};

/// How many versions may wait for their time.
pub const SCHEDULED_MAX: usize = 20;

/// How many versions others may still have to be told of.
const UNTOLD_MAX: usize = 50;

/// How often a publication is tried where others change what is live meanwhile.
const ATTEMPTS_MAX: u32 = 8;

/// What is said of a publication.
#[derive(Clone, Debug)]
pub struct Publication<'a> {
    /// Who publishes.
    pub by: &'a str,
    /// Why.
    pub note: &'a str,
    /// The version that must be live, as it was when this one was planned; `None` where
    /// none is.
    pub base: Option<VersionNumber>,
    /// When it goes live; `None` for at once.
    pub at: Option<Instant>,
    /// The earlier version whose content it has.
    pub restores: Option<VersionNumber>,
}

/// How a publication ended that nothing was wrong with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// It is live, or scheduled.
    Done(Version),
    /// Just this content is live already, as the version of this number.
    Same(VersionNumber),
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another version than the one that it was planned against is live.
    #[error("version {} is live now, and not the one that this was planned against", .0.number)]
    Moved(LiveVersion),
    /// It holds more than a version may.
    #[error("the rules and templates hold {0} bytes, at most {BUNDLE_BYTES_MAX} are taken")]
    TooLarge(usize),
    /// Enough versions wait for their time.
    #[error("{SCHEDULED_MAX} versions wait for their time already")]
    TooManyScheduled,
    /// It was to go live before now.
    #[error("it is to go live in the past")]
    Past,
    /// There never was a version of this number.
    #[error("there is no version {0}")]
    NoSuch(VersionNumber),
    /// The rules have errors.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// The table does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Publishes a bundle as the next version. Of two who publish at once, one wins: the
/// other is told that the base has moved.
///
/// # Errors
/// [`PublishError`]: then what is live stays as it is.
pub async fn publish(
    store: &Store,
    bundle: &Bundle,
    publication: &Publication<'_>,
    now: Instant,
) -> Result<Published, PublishError> {
    if bundle.bytes() > BUNDLE_BYTES_MAX {
        return Err(PublishError::TooLarge(bundle.bytes()));
    }
    if publication.at.is_some_and(|at| at <= now) {
        return Err(PublishError::Past);
    }
    RuleBook::read(&bundle.rules).map_err(RulesError::Wrong)?;
    sound_sources(bundle)?;
    // What workers read says what was checked, or is not published.
    let compiled = bundle.compiled_rules().unwrap_or_default();
    RuleBook::read_compiled(&compiled).map_err(RulesError::Wrong)?;
    let digest = bundle.digest();
    for _ in 0..ATTEMPTS_MAX {
        let seen = store.live_version().await?;
        if let Some(live) = &seen
            && publication.at.is_none()
            && publication.restores.is_none()
            && live.digest == digest
        {
            return Ok(Published::Same(live.number));
        }
        if let Some(known) = scheduled_before(store, seen.as_ref(), &digest, publication).await? {
            return Ok(Published::Done(known));
        }
        if seen.as_ref().map(|live| live.number) != publication.base {
            return Err(match seen {
                Some(live) => PublishError::Moved(live),
                // A base that never was.
                None => PublishError::NoSuch(publication.base.unwrap_or(VersionNumber::FIRST)),
            });
        }
        let (next, version) = next(seen.as_ref(), &digest, publication, now)?;
        store.keep_bundle(bundle).await?;
        if store.move_live(seen.as_ref(), &next, std::slice::from_ref(&version)).await? {
            return Ok(Published::Done(version));
        }
    }
    Err(StoreError::Service("others publish all the time; try again".into()).into())
}

/// Refuses mappings with errors.
fn sound_sources(bundle: &Bundle) -> Result<(), RulesError> {
    let (_, mut found) = read_sources(&bundle.sources);
    found.retain(Diagnostic::is_error);
    if found.is_empty() { Ok(()) } else { Err(RulesError::Wrong(found)) }
}

/// The same publication, where it was made before and its answer was lost.
async fn scheduled_before(
    store: &Store,
    seen: Option<&LiveVersion>,
    digest: &str,
    publication: &Publication<'_>,
) -> Result<Option<Version>, StoreError> {
    let scheduled = seen.map(|live| &live.scheduled[..]).unwrap_or_default();
    let is_it = |one: &&ScheduledVersion| {
        one.digest == digest && Some(one.at) == publication.at && Some(one.base) == publication.base
    };
    match scheduled.iter().find(is_it) {
        Some(one) => store.version(one.number).await,
        None => Ok(None),
    }
}

/// What is live once a version is published, and the version.
fn next(
    seen: Option<&LiveVersion>,
    digest: &str,
    publication: &Publication<'_>,
    now: Instant,
) -> Result<(LiveVersion, Version), PublishError> {
    let number = seen.map_or(VersionNumber::FIRST, |live| live.last.next());
    let at = publication.at.filter(|_| seen.is_some());
    let version = Version {
        number,
        digest: digest.to_owned(),
        at: now,
        by: publication.by.to_owned(),
        note: publication.note.to_owned(),
        base: publication.base,
        restores: publication.restores,
        state: match at {
            Some(at) => VersionState::Scheduled { at },
            None => VersionState::Published { since: now },
        },
    };
    let revision = seen.map_or(0, |live| live.revision) + 1;
    let scheduled = seen.map(|live| live.scheduled.clone()).unwrap_or_default();
    let next = match (seen, at) {
        (Some(live), Some(at)) => {
            if scheduled.len() >= SCHEDULED_MAX {
                return Err(PublishError::TooManyScheduled);
            }
            let mut scheduled = scheduled;
            let digest = digest.to_owned();
            scheduled.push(ScheduledVersion { number, digest, at, base: live.number });
            scheduled.sort_by_key(|one| (one.at, one.number));
            LiveVersion { last: number, scheduled, revision, ..live.clone() }
        }
        _ => {
            let (digest, since) = (digest.to_owned(), now);
            let untold = seen.map(|live| live.untold.clone()).unwrap_or_default();
            let untold = with_latest(untold, number);
            LiveVersion { number, digest, since, last: number, scheduled, untold, revision }
        }
    };
    Ok((next, version))
}

/// Publishes the content of an earlier version again, under a new number.
///
/// # Errors
/// [`PublishError`]: then what is live stays as it is.
pub async fn roll_back(
    store: &Store,
    to: VersionNumber,
    (by, note): (&str, &str),
    now: Instant,
) -> Result<Published, PublishError> {
    let live = store.live_version().await?.ok_or(PublishError::NoSuch(to))?;
    let version = store.version(to).await?.ok_or(PublishError::NoSuch(to))?;
    if version.digest == live.digest {
        return Ok(Published::Same(live.number));
    }
    let bundle = store.bundle(&version.digest).await?.ok_or(PublishError::NoSuch(to))?;
    let base = Some(live.number);
    let publication = Publication { by, note, base, at: None, restores: Some(to) };
    publish(store, &bundle, &publication, now).await
}

/// What a table starts with: its first version, where none is published yet.
///
/// # Errors
/// [`PublishError`] where the rules have errors or the table does not answer.
pub async fn begin(
    store: &Store,
    bundle: &Bundle,
    by: &str,
    note: &str,
    now: Instant,
) -> Result<(), PublishError> {
    if store.live_version().await?.is_some() {
        return Ok(());
    }
    let publication = Publication { by, note, base: None, at: None, restores: None };
    match publish(store, bundle, &publication, now).await {
        // Somebody else was first: then theirs is live.
        Ok(_) | Err(PublishError::Moved(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What a worker does for versions that runs every minute: makes those live whose time has
/// come, tells others of those that went live, and works by the one that is live. Where
/// nothing changed it costs one read. What fails is logged, and done by the next run.
pub async fn keep_up(app: &App, now: Instant) {
    let live = match keep_schedule(app, now).await {
        Ok(Some(live)) => live,
        Ok(None) => return,
        Err(error) => {
            tracing::error!(%error, "the versions that are to go live could not be looked at");
            return;
        }
    };
    if let Err(error) = tell_published(app, &live).await {
        tracing::error!(%error, "others were not told yet which rules are live");
    }
    if let Err(error) = app.work_by(&live).await {
        tracing::error!(%error, "the live version of the rules could not be read");
    }
}

/// Makes those versions live whose time has come. One whose base is no longer live is
/// suspended, and listed as a failure. What is live then; `None` where nothing is.
///
/// # Errors
/// [`StoreError`] where the table does not answer: the next run does it.
pub async fn keep_schedule(app: &App, now: Instant) -> Result<Option<LiveVersion>, StoreError> {
    let mut live = None;
    for _ in 0..ATTEMPTS_MAX {
        let Some(seen) = app.store.live_version().await? else { return Ok(None) };
        live = Some(seen.clone());
        let Some(first) = seen.scheduled.first().filter(|first| first.at <= now).cloned() else {
            break;
        };
        let Some(version) = app.store.version(first.number).await? else { break };
        let mut next = LiveVersion { revision: seen.revision + 1, ..seen.clone() };
        next.scheduled.remove(0);
        let state = match first.base == seen.number {
            true => {
                let untold = with_latest(next.untold, first.number);
                let (number, digest) = (first.number, first.digest);
                next = LiveVersion { number, digest, since: now, untold, ..next };
                VersionState::Published { since: now }
            }
            false => {
                tell_suspended(app, &version, seen.number, now).await?;
                VersionState::Suspended { at: now }
            }
        };
        let changed = Version { state, ..version };
        // Where somebody else came first, it is looked at again.
        app.store.move_live(Some(&seen), &next, &[changed]).await?;
    }
    Ok(live)
}

/// Those that others are still to be told of; the oldest go where nobody could be told
/// for long.
fn with_latest(mut untold: Vec<VersionNumber>, number: VersionNumber) -> Vec<VersionNumber> {
    let beyond = (untold.len() + 1).saturating_sub(UNTOLD_MAX);
    untold.drain(..beyond);
    untold.push(number);
    untold
}

/// Tells others which versions went live, each once at least: those that the bus does not
/// take are told by the next run.
///
/// # Errors
/// [`TellError`] where the table or the bus does not answer.
pub async fn tell_published(app: &App, seen: &LiveVersion) -> Result<(), TellError> {
    if seen.untold.is_empty() {
        return Ok(());
    }
    let mut messages = Vec::with_capacity(seen.untold.len());
    for number in &seen.untold {
        if let Some(version) = app.store.version(*number).await?
            && let VersionState::Published { since } = version.state
        {
            messages.push(Message::rules_published(*number, &version.digest, since));
        }
    }
    app.bus.publish(&messages).await?;
    let next = LiveVersion { untold: Vec::new(), revision: seen.revision + 1, ..seen.clone() };
    // Where somebody publishes meanwhile, the next run tells of it, and of these again.
    app.store.move_live(Some(seen), &next, &[]).await?;
    Ok(())
}

/// Why others were not told of what went live.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The table does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bus does not take it.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Lists a version that does not go live, before it is written down as such.
async fn tell_suspended(
    app: &App,
    version: &Version,
    live: VersionNumber,
    now: Instant,
) -> Result<(), StoreError> {
    let number = version.number;
    let why = format!(
        "version {number} was planned against version {}, and version {live} was published \
         meanwhile: look at both and publish it anew",
        version.base.map_or_else(|| "none".to_owned(), |base| base.to_string()),
    );
    let text = format!("rules: version {number}");
    tracing::error!(suspended_versions = 1, version = number.get(), "a version did not go live");
    aside::keep(app, FailureKind::SuspendedVersion, &text, &why, now).await?;
    Ok(())
}
