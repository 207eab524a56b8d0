//! `lazo local --watch`: whoever is writing rules sees them at work at once.

use std::path::Path;
use std::time::Duration;

use lazo::shell::app::App;
use lazo::shell::rules::bundle;
use lazo::shell::versions::{self, Publication, Published};
use lazo::shell::wording::Language;
use lazo_domain::rulebook::Bundle;

use crate::{rules, versions as commands};

/// How often the folder is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Publishes a rules folder whenever it changes, until the process ends. One with errors
/// is told of once, and the live version stays.
pub async fn publish_changes(app: &App, folder: &Path, lang: Language) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut known: Option<Bundle> = None;
    loop {
        ticks.tick().await;
        let Ok(now) = bundle(Some(folder)) else { continue };
        if known.as_ref() == Some(&now) {
            continue;
        }
        let names = known.as_ref().map(|before| changed(before, &now)).unwrap_or_default();
        match publish(app, folder, &now, &names, lang).await {
            Ok(Some(told)) => println!("{told}"),
            Ok(None) => {}
            Err(error) => eprintln!("lazo: {error:#}"),
        }
        known = Some(now);
    }
}

/// What is told where it was published.
async fn publish(
    app: &App,
    folder: &Path,
    bundle: &Bundle,
    names: &[String],
    lang: Language,
) -> anyhow::Result<Option<String>> {
    let live = app.store.live_version().await?;
    if live.as_ref().is_some_and(|live| live.digest == bundle.digest()) {
        return Ok(None);
    }
    if !rules::is_sound(Some(folder), lang)? {
        let stays =
            lang.pick("la versión vigente sigue como estaba", "the live version stays as it is");
        anyhow::bail!("{stays}");
    }
    let by = commands::who(None, lang);
    let note = match names.is_empty() {
        true => folder.display().to_string(),
        false => listed(names),
    };
    let base = live.map(|live| live.number);
    let publication = Publication { by: &by, note: &note, base, at: None, restores: None };
    let now = crate::clock::now();
    let done = versions::publish(&app.store, bundle, &publication, now).await?;
    app.take_version().await?;
    Ok(match done {
        Published::Done(version) => {
            let taken = lang.pick("vigente: versión", "live: version");
            Some(format!("{taken} {} ({note})", version.number))
        }
        Published::Same(_) => None,
    })
}

/// The names of the files that came, went or have another text.
fn changed(before: &Bundle, now: &Bundle) -> Vec<String> {
    let files = |bundle: &Bundle| [bundle.rules.clone(), bundle.templates.clone()].concat();
    let (before, now) = (files(before), files(now));
    let other = |one: &[(String, String)], in_: &[(String, String)]| {
        let differs = one.iter().filter(|file| !in_.contains(file));
        differs.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let mut names = [other(&before, &now), other(&now, &before)].concat();
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
