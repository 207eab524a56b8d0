//! Templates: what is said, in which languages; each as a customer would read it.

mod send;

pub use send::send;

use std::collections::{BTreeMap, BTreeSet};

use lazo_domain::channel::Channel;
use lazo_domain::message::{Context, Templates, sample_context, sample_notice};
use lazo_domain::notice::NoticeKind;
use lazo_domain::rulebook::Rule;
use maud::{Markup, html};

use super::ask::{Ask, segment};
use super::edit::files::{self, Live, Place};
use super::markdown;
use super::parts::{self, Knot, Tone, note, tag};
use super::reply::{Answer, Page, Reply, Trouble};
use super::routes::Section;
use crate::shell::rules::Rules;

/// A template: by locale, its files.
type ByLocale = BTreeMap<String, Vec<String>>;

/// Every template by its name, the parts that all share aside.
fn all(files: &[(String, String)]) -> BTreeMap<String, ByLocale> {
    let mut found: BTreeMap<String, ByLocale> = BTreeMap::new();
    for (path, _) in files {
        let mut parts = path.splitn(3, '/');
        let (Some(name), Some(locale), Some(file)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if !name.starts_with('_') {
            let by_locale = found.entry(name.to_owned()).or_default();
            by_locale.entry(locale.to_owned()).or_default().push(file.to_owned());
        }
    }
    found
}

/// The languages that the shop writes in: those that most templates have.
fn languages(all: &BTreeMap<String, ByLocale>) -> BTreeSet<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for locale in all.values().flat_map(BTreeMap::keys) {
        *counts.entry(locale.as_str()).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| count * 2 >= all.len()).map(|(name, _)| name).collect()
}

fn is_mail(by_locale: &ByLocale) -> bool {
    by_locale.values().flatten().any(|file| file == "body.mjml")
}

/// A rule that uses the template, a live one first: it tells which event starts it.
fn rule_of<'a>(rules: &'a Rules, template: &str) -> Option<&'a Rule> {
    let uses = |rule: &&Rule| {
        rule.all_steps().any(|step| step.uses(template) && step.channel != Channel::Event)
    };
    let mut using: Vec<&Rule> = rules.book.rules().iter().filter(uses).collect();
    using.sort_by_key(|rule| !rule.is_live());
    using.first().copied()
}

/// The list.
pub async fn list(ask: Ask) -> Answer {
    let lang = ask.lang;
    let live = files::live(ask.app()).await?;
    let all = all(&live.bundle.templates);
    let wanted = languages(&all);
    let rules = ask.rules();
    let lacking = all.values().filter(|one| !missing(one, &wanted).is_empty()).count();
    let title = Section::Templates.called(lang);
    let main = html! {
        div.wrap {
            header.head {
                h1 { (title) }
                p.lead {
                    (capital(&lang.counted(all.len(), ["plantilla", "plantillas"], ["template", "templates"], true)))
                    @if lacking == 0 {
                        (lang.pick(", todas en ", ", all of them in "))
                        (wanted.iter().map(|one| lang.language(one)).collect::<Vec<_>>().join(lang.pick(" y ", " and "))) "."
                    } @else {
                        (lang.pick("; ", "; "))
                        (lang.counted(lacking, ["a una le falta un idioma", "les falta algún idioma"], ["lacks a language", "lack a language"], true)) "."
                    }
                }
            }
            div.scroll tabindex="0" role="region" aria-label=(title) {
                table.tcards {
                    thead {
                        tr {
                            th scope="col" { (lang.pick("Plantilla", "Template")) }
                            th scope="col" { (lang.pick("Qué es", "What it is")) }
                            th scope="col" { (lang.pick("La usa", "Used by")) }
                            th scope="col" { (lang.pick("Idiomas", "Languages")) }
                        }
                    }
                    tbody { @for (name, by_locale) in &all { (row(name, by_locale, &wanted, &rules, &ask)) } }
                }
            }
        }
    };
    Ok(Page::new(Section::Templates, title, main).into())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn missing<'a>(by_locale: &ByLocale, wanted: &BTreeSet<&'a str>) -> Vec<&'a str> {
    wanted.iter().filter(|locale| !by_locale.contains_key(**locale)).copied().collect()
}

fn row(
    name: &str,
    by_locale: &ByLocale,
    wanted: &BTreeSet<&str>,
    rules: &Rules,
    ask: &Ask,
) -> Markup {
    let lang = ask.lang;
    let missing = missing(by_locale, wanted);
    let kind = match (NoticeKind::of_template(name).is_some(), is_mail(by_locale)) {
        (true, _) => lang.pick("correo al equipo", "mail to staff"),
        (_, true) => lang.pick("correo", "mail"),
        _ => lang.pick("guion", "script"),
    };
    html! {
        tr {
            th scope="row" { a.plain href={ "/templates/" (segment(name)) } { (name) } }
            td data-l=(lang.pick("Qué es", "What it is")) { (kind) }
            td data-l=(lang.pick("La usa", "Used by")) {
                @if let Some(rule) = rule_of(rules, name) {
                    a.plain href={ "/rules/" (segment(&rule.name)) } { (lang.title_of(rule)) }
                } @else if NoticeKind::of_template(name).is_none() {
                    span.mute { (lang.pick("nadie", "nobody")) }
                }
            }
            td data-l=(lang.pick("Idiomas", "Languages")) {
                (by_locale.keys().cloned().collect::<Vec<_>>().join(", "))
                @if !missing.is_empty() { " " (tag(Knot::Waits, format!("{} {}", lang.pick("falta", "missing:"), missing.join(", ")))) }
            }
        }
    }
}

/// The templates with the drafts of one of them in place, where that is asked for.
async fn shown(ask: &Ask, live: &Live, name: &str) -> Result<(Templates, usize), Trouble> {
    let drafts = ask.app().store.drafts().await?;
    let start = format!("templates/{name}/");
    let own: Vec<_> = drafts.iter().filter(|draft| draft.file.starts_with(&start)).collect();
    let mut bundle = live.bundle.clone();
    if ask.query.get("draft") == Some("1") {
        for draft in &own {
            if let Some(place) = Place::of(&draft.file) {
                bundle = files::with_text(&bundle, &place, &draft.text);
            }
        }
    }
    Ok((Templates::read(&bundle.templates), own.len()))
}

/// For whom it is written: somebody made up.
fn context(rules: &Rules, name: &str, locale: &str) -> Context {
    match NoticeKind::of_template(name) {
        Some(kind) => sample_notice(&rules.book.policy, kind, locale),
        None => sample_context(&rules.book.policy, rule_of(rules, name), name),
    }
}

fn locale(ask: &Ask, by_locale: &ByLocale) -> String {
    let wished = ask.query.get("locale").filter(|one| by_locale.contains_key(*one));
    let own = by_locale.keys().find(|one| one.starts_with(ask.lang.tag()));
    let first = own.or_else(|| by_locale.keys().next());
    wished.map(str::to_owned).or_else(|| first.cloned()).unwrap_or_default()
}

/// One template.
pub async fn show(ask: Ask) -> Answer {
    Ok(page(&ask, None).await?.into())
}

/// Its page, with what is wrong with the address of a test.
async fn page(ask: &Ask, wrong: Option<&str>) -> Result<Page, Trouble> {
    let lang = ask.lang;
    let name = ask.named("name");
    let live = files::live(ask.app()).await?;
    let all = all(&live.bundle.templates);
    let by_locale = all.get(&name).ok_or(Trouble::NotFound)?;
    let (templates, drafts) = shown(ask, &live, &name).await?;
    let locale = locale(ask, by_locale);
    let rules = ask.rules();
    let main = html! {
        div class="wrap wide" {
            @if let Some(said) = send::done(ask) { (parts::flash(said)) }
            p.crumbs { a href="/templates" { (Section::Templates.called(lang)) } " / " (name) }
            header.head {
                h1 { (name) }
                p.lead {
                    @match rule_of(&rules, &name) {
                        Some(rule) => { (lang.pick("La usa ", "Used by ")) a href={ "/rules/" (segment(&rule.name)) } { (lang.title_of(rule)) } "." },
                        None if NoticeKind::of_template(&name).is_some() => (lang.pick("Va al equipo de la tienda.", "It goes to people of the shop.")),
                        None => (lang.pick("Ninguna regla la usa.", "No rule uses it.")),
                    }
                }
            }
            div.shelf {
                nav aria-label=(lang.pick("Idiomas y archivos", "Languages and files")) {
                    @for (one, files) in by_locale {
                        h2.h3 { (lang.language(one)) }
                        ul {
                            li {
                                a href={ "/templates/" (segment(&name)) "?locale=" (one) } aria-current=[(*one == locale).then_some("true")] {
                                    (lang.pick("Ver", "See"))
                                }
                            }
                            @for file in files {
                                li { a href={ "/edit/" (segment(&format!("templates/{name}/{one}/{file}"))) } { (file) } }
                            }
                        }
                    }
                    @if drafts > 0 {
                        p class="s mt" { a href={ "/templates/" (segment(&name)) "?locale=" (locale) "&draft=1" } {
                            (lang.pick("Ver con los borradores", "See with the drafts"))
                        } }
                    }
                }
                div {
                    (said(&name, &locale, by_locale, &templates, &rules, ask))
                    @if is_mail(by_locale) { (send::form(&name, &locale, wrong, ask)) }
                }
            }
        }
    };
    Ok(Page::new(Section::Templates, name.clone(), main))
}

/// What it says, in a language.
fn said(
    name: &str,
    locale: &str,
    by_locale: &ByLocale,
    templates: &Templates,
    rules: &Rules,
    ask: &Ask,
) -> Markup {
    let lang = ask.lang;
    let default = &rules.book.policy.default_locale;
    let context = context(rules, name, locale);
    let fault = |why: String| {
        note(
            Tone::Bad,
            html! { p { (lang.pick("No se pudo escribir: ", "It could not be written: ")) (why) } },
        )
    };
    if !is_mail(by_locale) {
        return match templates.script(name, locale, default, &context) {
            Ok(script) => {
                html! { div.card lang=(locale) { div.script { (markdown::script(&script.markdown)) } } }
            }
            Err(error) => fault(error.to_string()),
        };
    }
    let draft = if ask.query.get("draft") == Some("1") { "&draft=1" } else { "" };
    match templates.mail(name, locale, default, &context) {
        Err(error) => fault(error.to_string()),
        Ok(mail) => html! {
            div.pair {
                div.mail {
                    div.env {
                        p class="s mute" { (lang.pick("Asunto", "Subject")) }
                        p lang=(locale) { b { (mail.subject) } }
                    }
                    iframe sandbox="" loading="lazy" title=(lang.pick("El correo, como lo ve el cliente", "The mail as the customer sees it"))
                        src={ "/templates/" (segment(name)) "/preview?locale=" (locale) (draft) } {}
                }
                div.mail {
                    div.env { p class="s mute" { (lang.pick("Solo texto", "Text alone")) } }
                    div.plaintext lang=(locale) tabindex="0" { (mail.text) }
                }
            }
        },
    }
}

/// The mail as a document of its own.
pub async fn preview(ask: Ask) -> Answer {
    let name = ask.named("name");
    let live = files::live(ask.app()).await?;
    let all = all(&live.bundle.templates);
    let by_locale = all.get(&name).ok_or(Trouble::NotFound)?;
    let locale = locale(&ask, by_locale);
    let (templates, _) = shown(&ask, &live, &name).await?;
    let rules = ask.rules();
    let context = context(&rules, &name, &locale);
    let mail = templates.mail(&name, &locale, &rules.book.policy.default_locale, &context);
    mail.map(|mail| Reply::Preview(mail.html)).map_err(|_| Trouble::NotFound)
}
