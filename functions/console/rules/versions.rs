//! Versions of the rules: who, when, why, what; and back to an earlier one.

use lazo_domain::rulebook::{Bundle, VersionNumber};
use maud::{Markup, html};
use serde_json::json;

use crate::console::acts::{Change, audit};
use crate::console::ask::{Ask, segment};
use crate::console::edit::files;
use crate::console::parts::{self, Knot, Tone, note, tag};
use crate::console::reply::{Answer, Page, Reply, Trouble};
use crate::console::routes::{Section, may};
use crate::shell::store::{Version, VersionState};
use crate::shell::versions::{self, PublishError, Published};

/// How many are listed.
const LISTED: usize = 50;
/// How many files of a version are shown with what changed in them.
const FILES_SHOWN: usize = 12;

/// The list, the newest first.
pub async fn versions(ask: Ask) -> Answer {
    let lang = ask.lang;
    let store = &ask.app().store;
    let (live, listed) = futures::try_join!(store.live_version(), store.versions(LISTED))?;
    let title = lang.pick("Versiones", "Versions");
    let live = live.map(|live| live.number);
    let main = html! {
        div.wrap {
            @if ask.query.get("done") == Some("back") {
                (parts::flash(lang.pick("Publicada otra vez, con un número nuevo.", "Published again, under a new number.")))
            }
            @if ask.query.get("done") == Some("moved") {
                (note(Tone::Wait, html! { p { (lang.pick("Alguien publicó otra versión en ese momento: mira y repite.", "Somebody published another version just then: look, and do it again.")) } }))
            }
            p.crumbs { a href="/rules" { (Section::Rules.called(lang)) } " / " (title) }
            (parts::head(None, title, lead(&listed, live, &ask)))
            ol.rows { @for version in &listed { (row(version, live, &ask)) } }
        }
    };
    Ok(Page::new(Section::Rules, title, main).into())
}

fn lead(listed: &[Version], live: Option<VersionNumber>, ask: &Ask) -> String {
    let lang = ask.lang;
    let (Some(live), Some(latest)) = (live, listed.first()) else {
        return lang
            .pick(
                "Todavía no se publica ninguna: rigen las reglas del programa.",
                "None is published yet: the rules of the program are in force.",
            )
            .to_owned();
    };
    let when = lang.time(latest.at, ask.now, &ask.zone());
    match lang {
        crate::shell::wording::Language::Es => {
            format!("Rige la versión {live}. La última la publicó {} {when}.", latest.by)
        }
        crate::shell::wording::Language::En => {
            format!("Version {live} is live. {} published the latest {when}.", latest.by)
        }
    }
}

fn row(version: &Version, live: Option<VersionNumber>, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let zone = ask.zone();
    let state = match (version.state, live == Some(version.number)) {
        (VersionState::Published { .. }, true) => tag(Knot::Well, lang.pick("vigente", "live")),
        (VersionState::Published { .. }, false) => tag(Knot::Not, lang.pick("anterior", "earlier")),
        (VersionState::Scheduled { .. }, _) => {
            tag(Knot::Planned, lang.pick("programada", "scheduled"))
        }
        (VersionState::Suspended { .. }, _) => tag(Knot::Bad, lang.pick("suspendida", "suspended")),
    };
    html! {
        li {
            div {
                p.who { a href={ "/versions/" (version.number) } { (lang.pick("Versión ", "Version ")) (version.number) } }
                p.s { (version.note) @if let Some(number) = version.restores { " (" (lang.restored(number)) ")" } }
                p class="s mute" { (version.by) ", " (lang.time(version.at, ask.now, &zone)) }
            }
            div.end { (state) }
        }
    }
}

fn number(ask: &Ask) -> Result<VersionNumber, Trouble> {
    let number = ask.named("number").parse().ok().and_then(VersionNumber::new);
    number.ok_or(Trouble::NotFound)
}

/// One version: what it says differently from the one that it was planned against.
pub async fn version(ask: Ask) -> Answer {
    let lang = ask.lang;
    let store = &ask.app().store;
    let number = number(&ask)?;
    let version = store.version(number).await?.ok_or(Trouble::NotFound)?;
    let live = store.live_version().await?.ok_or(Trouble::NotFound)?;
    let bundle = store.bundle(&version.digest).await?.ok_or(Trouble::NotFound)?;
    let before = match version.base {
        Some(base) => match store.version(base).await? {
            Some(base) => store.bundle(&base.digest).await?,
            None => None,
        },
        None => None,
    };
    let title = format!("{} {number}", lang.pick("Versión", "Version"));
    let may_publish = may(ask.user.role, &http::Method::POST, "/versions/{number}/rollback");
    let is_other = version.digest != live.digest;
    let main = html! {
        div.wrap {
            p.crumbs { a href="/versions" { (lang.pick("Versiones", "Versions")) } " / " (number) }
            header.head {
                h1 { (title) }
                p.lead { (version.note) }
                p class="s mute mt" {
                    (version.by) ", " (lang.time(version.at, ask.now, &ask.zone())) ". "
                    (lang.version_state(&version, live.number, &ask.zone())) ". "
                    code.faint { (&version.digest[..12.min(version.digest.len())]) }
                }
            }
            (changes(before.as_ref(), &bundle, &ask))
            @if may_publish && is_other { (back_form(number, &ask)) }
        }
    };
    Ok(Page::new(Section::Rules, title, main).into())
}

fn back_form(number: VersionNumber, ask: &Ask) -> Markup {
    let lang = ask.lang;
    html! {
        form class="card mt6" method="post" action={ "/versions/" (number) "/rollback" } {
            (parts::once(&ask.mark()))
            h2 { (lang.pick("Volver a esta versión", "Back to this version")) }
            p.s { (lang.pick("Lo que dice se publica otra vez, con un número nuevo. Nada de lo que ya salió cambia.", "What it says is published again, under a new number. Nothing that went out changes.")) }
            div.field {
                label for="why" { (lang.pick("Por qué", "Why")) }
                input #why name="note" required class="full";
            }
            p.mt { button class="btn go" { (lang.pick("Publicar otra vez la ", "Publish again version ")) (number) } }
        }
    }
}

/// The files that differ, each with its lines.
fn changes(before: Option<&Bundle>, after: &Bundle, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let Some(before) = before else {
        let said = lang.pick(
            "Es la primera: no hay con qué compararla.",
            "It is the first: there is nothing to compare it with.",
        );
        return html! { p.mute { (said) } };
    };
    let differing = files::differing(before, after);
    html! {
        @if differing.is_empty() {
            p.mute { (lang.pick("Dice lo mismo que la versión de la que partió.", "It says the same as the version that it was begun from.")) }
        }
        @for change in differing.iter().take(FILES_SHOWN) {
            section class="card mt6" {
                h2.h3 { a href={ "/edit/" (segment(&change.file)) } { (change.file) } }
                div class="cols c2" {
                    div { p class="s mute" { (lang.pick("Antes", "Before")) } (files::folded(&change.before, &[], &change.gone)) }
                    div { p class="s mute" { (lang.pick("Después", "After")) } (files::folded(&change.after, &change.new, &[])) }
                }
            }
        }
        @if differing.len() > FILES_SHOWN {
            p class="s mute mt" { (lang.pick("Y otros archivos: ", "And other files: ")) (differing.len() - FILES_SHOWN) "." }
        }
    }
}

/// Publishes what an earlier version says again.
pub async fn roll_back(ask: Ask) -> Answer {
    let number = number(&ask)?;
    let Some(why) = ask.form.text("note") else { return Err(Trouble::NotUnderstood) };
    let by = (ask.user.name.as_str(), why);
    let done = match versions::roll_back(&ask.app().store, number, by, ask.now).await {
        Ok(Published::Done(version)) => {
            let after = json!({ "version": version.number, "restores": number, "note": why });
            let about = number.to_string();
            let before = serde_json::Value::Null;
            audit(&ask, Change { what: "rules.rollback", about: &about, before, after }).await?;
            ask.app().take_version().await?;
            "back"
        }
        Ok(Published::Same(_)) => "same",
        Err(PublishError::Moved(_)) => "moved",
        Err(PublishError::NoSuch(_)) => return Err(Trouble::NotFound),
        Err(error) => return Err(Trouble::ours(error)),
    };
    Ok(Reply::go(format!("/versions?done={done}")))
}
