//! One rule: the sentence that it is, its file, and how it stands.

use lazo_domain::rule::Status;
use lazo_domain::rulebook::Rule;
use maud::{Markup, html};
use serde_json::json;

use super::list::status_tag;
use super::tabs;
use crate::console::acts::{Change, audit};
use crate::console::ask::{Ask, segment};
use crate::console::edit::files::{self, Place};
use crate::console::parts::{self, Tone, note};
use crate::console::reply::{Answer, Page, Reply, Trouble};
use crate::console::routes::{Section, may};
use crate::shell::versions::{PublishError, Published};

/// The page.
pub async fn show(ask: Ask) -> Answer {
    let name = ask.named("rule");
    let rules = ask.rules();
    let rule = rules.book.rule(&name).ok_or(Trouble::NotFound)?;
    let lang = ask.lang;
    let live = files::live(ask.app()).await?;
    let place = Place::of(&format!("rules/{}", rule.file));
    let text = place.and_then(|place| live.text(&place)).unwrap_or_default();
    let draft = ask.app().store.draft(&format!("rules/{}", rule.file)).await?;
    let may_write = may(ask.user.role, &http::Method::POST, "/edit/{file}");
    let main = html! {
        div.wrap {
            @if let Some(said) = done(&ask) { (said) }
            p.crumbs { a href="/rules" { (Section::Rules.called(lang)) } " / " (name) }
            header.head {
                div class="row between c" { h1 { (lang.title_of(rule)) } (status_tag(rule.status, lang)) }
                p.lead { (lang.purpose_of(rule)) }
            }
            (tabs(&name, "rule", &ask))
            @if let Some(draft) = draft {
                (note(Tone::Wait, html! {
                    p {
                        (lang.pick("Hay un borrador de ", "There is a draft of ")) (draft.by) ", "
                        (lang.time(draft.at, ask.now, &ask.zone())) ". "
                        a href={ "/edit/" (segment(&draft.file)) } { (lang.pick("Ver el borrador", "See the draft")) }
                    }
                }))
            }
            div class="edit mt6" {
                div { (sentence(rule, &ask)) @if may_write { (status_form(rule, &ask)) } }
                div.side {
                    h2.h3 { (lang.pick("Lo mismo, en YAML", "The same, as YAML")) }
                    (files::numbered(&text, &[], &[]))
                }
            }
        }
    };
    Ok(Page::new(Section::Rules, lang.title_of(rule), main).into())
}

fn done(ask: &Ask) -> Option<Markup> {
    let lang = ask.lang;
    let said = match ask.query.get("done")? {
        "published" => lang.pick(
            "Publicada: todo trabaja con ella en menos de un minuto.",
            "Published: everything works by it within a minute.",
        ),
        "status" => lang.pick(
            "Cambiado, y publicado como una versión nueva.",
            "Changed, and published as a new version.",
        ),
        "same" => lang.pick(
            "Eso ya está vigente: no se publicó nada.",
            "That is live already: nothing was published.",
        ),
        "moved" => lang.pick(
            "Alguien publicó otra versión en ese momento: mira y repite.",
            "Somebody published another version just then: look, and do it again.",
        ),
        _ => return None,
    };
    Some(parts::flash(said))
}

fn sentence(rule: &Rule, ask: &Ask) -> Markup {
    html! {
        div.card {
            @for clause in ask.lang.rule_sentence(rule) {
                div.line {
                    span.kw { (clause.keyword) }
                    div {
                        p.say1 {
                            (clause.said)
                            @if let Some(template) = &clause.template {
                                " " a.s href={ "/templates/" (segment(template)) } { (template) }
                            }
                        }
                        @if let Some(formula) = &clause.formula { p { code { (formula) } } }
                    }
                }
            }
        }
    }
}

/// Pauses, resumes or archives it: each is a version of its own.
fn status_form(rule: &Rule, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let to: &[(Status, &str)] = match rule.status {
        Status::Live => &[(Status::Paused, lang.pick("Poner en pausa", "Pause it"))],
        Status::Paused => &[
            (Status::Live, lang.pick("Activarla otra vez", "Make it live again")),
            (Status::Archived, lang.pick("Archivarla", "Archive it")),
        ],
        Status::Draft => &[(Status::Live, lang.pick("Activarla", "Make it live"))],
        Status::Archived => {
            &[(Status::Paused, lang.pick("Sacarla del archivo", "Take it out of the archive"))]
        }
    };
    html! {
        form class="card mt6" method="post" action={ "/rules/" (segment(&rule.name)) "/status" } {
            (parts::once(&ask.mark()))
            div.field {
                label for="why" {
                    (lang.pick("Por qué", "Why")) " "
                    span.hint { (lang.pick("Queda en la lista de versiones.", "It stays in the list of versions.")) }
                }
                input #why name="note" required class="full";
            }
            div class="row c mt" {
                @for (status, called) in to {
                    button.btn name="status" value=(name_of(*status)) { (called) }
                }
            }
        }
    }
}

fn name_of(status: Status) -> &'static str {
    match status {
        Status::Draft => "draft",
        Status::Live => "live",
        Status::Paused => "paused",
        Status::Archived => "archived",
    }
}

/// Publishes the live version with another status of one rule.
pub async fn set_status(ask: Ask) -> Answer {
    let name = ask.named("rule");
    let rules = ask.rules();
    let rule = rules.book.rule(&name).ok_or(Trouble::NotFound)?;
    let wished = ask.form.get("status").unwrap_or_default();
    let all = [Status::Live, Status::Paused, Status::Archived];
    let status = all.into_iter().find(|one| name_of(*one) == wished);
    let (Some(status), Some(why)) = (status, ask.form.text("note")) else {
        return Err(Trouble::NotUnderstood);
    };
    let live = files::live(ask.app()).await?;
    let place = Place::of(&format!("rules/{}", rule.file)).ok_or(Trouble::NotFound)?;
    let text = live.text(&place).ok_or(Trouble::NotFound)?;
    let changed = with_status(&text, name_of(status)).ok_or(Trouble::NotUnderstood)?;
    let page = format!("/rules/{}", segment(&name));
    let done = match live.publish(&ask, &place, &changed, why, None).await {
        Ok(Published::Done(_)) => "status",
        Ok(Published::Same(_)) => "same",
        Err(PublishError::Moved(_)) => "moved",
        Err(error) => return Err(Trouble::ours(error)),
    };
    if done == "status" {
        let before = json!({ "status": name_of(rule.status) });
        let after = json!({ "status": name_of(status), "note": why });
        audit(&ask, Change { what: "rules.status", about: &name, before, after }).await?;
    }
    Ok(Reply::go(format!("{page}?done={done}")))
}

/// The text with another status; its comment and all else stay.
fn with_status(text: &str, status: &str) -> Option<String> {
    let mut is_found = false;
    let lines = text.split_inclusive('\n').map(|line| {
        let Some(rest) = line.strip_prefix("status:").filter(|_| !is_found) else {
            return line.to_owned();
        };
        is_found = true;
        let value = rest.trim_start();
        let tail =
            value.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "\"'_".contains(c));
        format!("status: {status}{tail}")
    });
    let changed: String = lines.collect();
    is_found.then_some(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_changes_and_its_comment_stays() {
        let text = "rule: a\nstatus: live                 # draft | live\nsteps:\n  - status: x\n";
        let changed = with_status(text, "paused").unwrap();
        assert_eq!(
            changed,
            "rule: a\nstatus: paused                 # draft | live\nsteps:\n  - status: x\n"
        );
        assert_eq!(with_status("status: \"live\"", "paused").unwrap(), "status: paused");
        assert_eq!(with_status("rule: a\n", "live"), None);
    }
}
