//! The editor of files: a rule, the policy, the segments, a template. What somebody writes
//! is a draft until it is published; two who write one file both keep their work.

pub mod files;
mod page;

use jiff::civil::DateTime;
use lazo_domain::calendar;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::{DiagnosticSeverity, VersionNumber};
use serde_json::json;

use super::acts::{Change, audit};
use super::ask::{Ask, segment};
use super::reply::{Answer, Page, Reply, Trouble};
use crate::shell::store::{DRAFT_BYTES_MAX, Draft};
use crate::shell::versions::{PublishError, Published};
use files::{Live, Place};
use page::{Clash, Sheet};

/// The longest note of a publication, in characters.
const NOTE_CHARS_MAX: usize = 2_000;

fn place(ask: &Ask) -> Result<Place, Trouble> {
    Place::of(&ask.named("file")).ok_or(Trouble::NotFound)
}

/// Where a file's editor is.
pub fn path(place: &Place) -> String {
    format!("/edit/{}", segment(&place.path()))
}

/// The editor: with the draft where there is one, or else with what is live.
pub async fn show(ask: Ask) -> Answer {
    let place = place(&ask)?;
    let live = files::live(ask.app()).await?;
    let draft = ask.app().store.draft(&place.path()).await?;
    let in_force = live.text(&place);
    let text = draft.as_ref().map(|draft| draft.text.clone()).or_else(|| in_force.clone());
    let text = text.unwrap_or_else(|| page::begun(&place));
    let found = files::findings(&files::with_text(&live.bundle, &place, &text));
    let sheet = Sheet {
        place: &place,
        in_force: in_force.as_deref(),
        live: live.number,
        base: draft.as_ref().map_or(live.number, |draft| draft.base),
        text: &text,
        seen: draft.as_ref().map_or(0, |draft| draft.revision),
        draft: draft.as_ref(),
        found: &found,
        clash: None,
        wrong: Vec::new(),
    };
    Ok(page::page(&sheet, &ask).into())
}

/// What a script asks while somebody types: the findings alone.
pub async fn check(ask: Ask) -> Answer {
    let place = place(&ask)?;
    let live = files::live(ask.app()).await?;
    let text = text(&ask);
    let found = files::findings(&files::with_text(&live.bundle, &place, &text));
    Ok(Reply::Part(page::findings(&place, &found, ask.lang)))
}

fn text(ask: &Ask) -> String {
    ask.form.get("text").unwrap_or_default().replace("\r\n", "\n")
}

fn number(ask: &Ask) -> Option<VersionNumber> {
    ask.form.get("base").and_then(|number| number.parse().ok()).and_then(VersionNumber::new)
}

fn seen(ask: &Ask) -> u64 {
    ask.form.get("seen").and_then(|seen| seen.parse().ok()).unwrap_or_default()
}

/// Checks, saves, publishes or drops what was written, as its button says.
pub async fn act(ask: Ask) -> Answer {
    let place = place(&ask)?;
    match ask.form.get("do") {
        Some("save") => save(&ask, &place).await,
        Some("publish") => publish(&ask, &place).await,
        Some("drop") => drop_draft(&ask, &place).await,
        _ => Ok(again(&ask, &place, None, Vec::new()).await?.into()),
    }
}

/// The editor again with what was typed.
async fn again(
    ask: &Ask,
    place: &Place,
    clash: Option<Clash>,
    wrong: Vec<(&'static str, String)>,
) -> Result<Page, Trouble> {
    let live = files::live(ask.app()).await?;
    let draft = ask.app().store.draft(&place.path()).await?;
    let text = text(ask);
    let in_force = live.text(place);
    let found = files::findings(&files::with_text(&live.bundle, place, &text));
    // Whoever saw a clash goes on from what the other one wrote.
    let seen = match &clash {
        Some(_) => draft.as_ref().map_or(0, |draft| draft.revision),
        None => seen(ask),
    };
    let base = if clash.is_some() { live.number } else { number(ask) };
    let is_refused = clash.is_some() || !wrong.is_empty();
    let sheet = Sheet {
        place,
        in_force: in_force.as_deref(),
        live: live.number,
        base,
        text: &text,
        seen,
        draft: draft.as_ref(),
        found: &found,
        clash,
        wrong,
    };
    let page = page::page(&sheet, ask);
    Ok(if is_refused { page.refused() } else { page })
}

async fn save(ask: &Ask, place: &Place) -> Answer {
    let (text, path_of) = (text(ask), place.path());
    let wrong = too_long(ask, &text);
    if !wrong.is_empty() {
        return Ok(again(ask, place, None, wrong).await?.into());
    }
    let seen = seen(ask);
    let draft = Draft {
        file: path_of.clone(),
        text,
        by: ask.user.name.clone(),
        at: ask.now,
        base: number(ask),
        revision: seen + 1,
    };
    let store = &ask.app().store;
    if !store.save_draft(&draft, seen).await? {
        let other = store.draft(&path_of).await?;
        // The same form sent twice.
        if other.as_ref().is_some_and(|other| other.text == draft.text && other.by == draft.by) {
            return Ok(Reply::go(format!("{}?done=saved", path(place))));
        }
        let clash = Clash::Draft(other);
        return Ok(again(ask, place, Some(clash), Vec::new()).await?.into());
    }
    let after = json!({ "revision": draft.revision, "bytes": draft.text.len() });
    let before = json!({ "revision": seen });
    audit(ask, Change { what: "draft.save", about: &path_of, before, after }).await?;
    Ok(Reply::go(format!("{}?done=saved", path(place))))
}

fn too_long(ask: &Ask, text: &str) -> Vec<(&'static str, String)> {
    let lang = ask.lang;
    match text.len() > DRAFT_BYTES_MAX {
        true => vec![(
            "text",
            lang.pick("Es demasiado largo: caben 200 kB", "It is too long: 200 kB fit").to_owned(),
        )],
        false => Vec::new(),
    }
}

async fn drop_draft(ask: &Ask, place: &Place) -> Answer {
    let (file, seen) = (place.path(), seen(ask));
    if !ask.app().store.drop_draft(&file, seen).await? {
        let other = ask.app().store.draft(&file).await?;
        return Ok(again(ask, place, Some(Clash::Draft(other)), Vec::new()).await?.into());
    }
    let (before, after) = (json!({ "revision": seen }), serde_json::Value::Null);
    audit(ask, Change { what: "draft.drop", about: &file, before, after }).await?;
    Ok(Reply::go(format!("{}?done=dropped", path(place))))
}

/// What keeps a text from being published, by the form alone and by the check.
fn obstacles(ask: &Ask, place: &Place, live: &Live, text: &str) -> Vec<(&'static str, String)> {
    let lang = ask.lang;
    let mut wrong = too_long(ask, text);
    let note = ask.form.text("note").unwrap_or_default();
    if note.is_empty() {
        wrong.push((
            "note",
            lang.pick("Di por qué, para quien mire después", "Say why, for those who look later")
                .to_owned(),
        ));
    } else if note.chars().count() > NOTE_CHARS_MAX {
        wrong.push(("note", lang.pick("Es demasiado larga", "It is too long").to_owned()));
    }
    if let Err(said) = when(ask) {
        wrong.push(("at", said));
    }
    let found = files::findings(&files::with_text(&live.bundle, place, text));
    let errors = found.iter().filter(|one| one.severity == DiagnosticSeverity::Error).count();
    if errors > 0 {
        let said = lang.counted(
            errors,
            ["cosa por corregir", "cosas por corregir"],
            ["thing to mend", "things to mend"],
            true,
        );
        wrong.push(("text", format!("{} {said}", lang.pick("Hay", "There is"))));
    }
    wrong
}

/// When it is to go live; `None` for at once.
fn when(ask: &Ask) -> Result<Option<Instant>, String> {
    let lang = ask.lang;
    let Some(text) = ask.form.text("at") else { return Ok(None) };
    let read = DateTime::strptime("%Y-%m-%dT%H:%M", text);
    let Ok(read) = read else {
        return Err(lang.pick("No es un día con su hora", "It is no day with its time").to_owned());
    };
    let at = calendar::instant(read.date(), read.time(), &ask.zone());
    match at > ask.now {
        true => Ok(Some(at)),
        false => Err(lang.pick("Ese momento ya pasó", "That time is over").to_owned()),
    }
}

async fn publish(ask: &Ask, place: &Place) -> Answer {
    let (text, file) = (text(ask), place.path());
    let live = files::live(ask.app()).await?;
    if let Some(clash) = overtaken(ask, place, &live, &text).await? {
        return Ok(again(ask, place, Some(clash), Vec::new()).await?.into());
    }
    let wrong = obstacles(ask, place, &live, &text);
    if !wrong.is_empty() {
        return Ok(again(ask, place, None, wrong).await?.into());
    }
    let note = ask.form.text("note").unwrap_or_default();
    let at = when(ask).unwrap_or_default();
    let published = match live.publish(ask, place, &text, note, at).await {
        Ok(published) => published,
        Err(PublishError::Moved(_)) => {
            let clash = Clash::Version { before: None, theirs: live.text(place) };
            return Ok(again(ask, place, Some(clash), Vec::new()).await?.into());
        }
        Err(PublishError::Store(error)) => return Err(error.into()),
        Err(error) => {
            let wrong = vec![("text", ask.lang.unpublished(&error))];
            return Ok(again(ask, place, None, wrong).await?.into());
        }
    };
    let done = match published {
        Published::Same(_) => "same",
        Published::Done(version) => {
            let before = json!({ "version": live.number });
            let after =
                json!({ "version": version.number, "digest": version.digest, "note": note });
            audit(ask, Change { what: "rules.publish", about: &file, before, after }).await?;
            if at.is_some() { "scheduled" } else { "published" }
        }
    };
    // The draft is what was published; one that somebody saved meanwhile stays.
    ask.app().store.drop_draft(&file, seen(ask)).await?;
    Ok(Reply::go(format!("{}?done={done}", path(place))))
}

/// Whether somebody published another text of this very file since it was begun; what
/// others published of other files is no clash.
async fn overtaken(
    ask: &Ask,
    place: &Place,
    live: &Live,
    text: &str,
) -> Result<Option<Clash>, Trouble> {
    let base = number(ask);
    if base == live.number {
        return Ok(None);
    }
    let before = files::text_of_version(ask.app(), base, place).await?;
    let theirs = live.text(place);
    let is_clash = before != theirs && theirs.as_deref() != Some(text);
    Ok(is_clash.then_some(Clash::Version { before, theirs }))
}
