//! The list of rules: its main column is a sentence made of the figures.

use std::collections::BTreeMap;

use lazo_domain::channel::Purpose;
use lazo_domain::event::EventKind;
use lazo_domain::rule::{Status, Trigger, is_name};
use lazo_domain::rulebook::Rule;
use maud::{Markup, html};

use crate::console::ask::{Ask, segment};
use crate::console::charts;
use crate::console::parts::{self, Field, Knot, tag};
use crate::console::reply::{Answer, Page, Reply};
use crate::console::routes::{Section, may};
use crate::shell::report::kept::{self, Kept, RuleFigures};
use crate::shell::store::Draft;
use crate::shell::wording::Language;

/// How many days a report counts, and a month has.
const WINDOW_DAYS: u64 = 90;
const MONTH_DAYS: u64 = 30;

/// What starts rules: the groups of the list, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Relationship,
    Purchase,
    Said,
    Dates,
    Other,
}

impl Group {
    fn of(trigger: &Trigger) -> Group {
        match trigger {
            Trigger::Stage(_) => Group::Relationship,
            Trigger::Occasion { .. } | Trigger::Every { .. } => Group::Dates,
            Trigger::Event(kind) => match kind {
                EventKind::PurchaseCompleted
                | EventKind::PurchaseDelivered
                | EventKind::PurchaseRefunded => Group::Purchase,
                EventKind::ComplaintOpened
                | EventKind::ComplaintResolved
                | EventKind::InteractionRecorded
                | EventKind::SurveyAnswered
                | EventKind::CallReported => Group::Said,
                _ => Group::Other,
            },
        }
    }

    fn called(self, lang: Language) -> &'static str {
        match self {
            Group::Relationship => {
                lang.pick("Cuando la relación cambia", "When the relationship changes")
            }
            Group::Purchase => {
                lang.pick("Cuando compra o recibe algo", "When they buy or receive something")
            }
            Group::Said => lang.pick("Cuando dice algo", "When they say something"),
            Group::Dates => lang.pick("En sus fechas", "On their dates"),
            Group::Other => lang.pick("Cuando pasa otra cosa", "When something else happens"),
        }
    }
}

/// The page.
pub async fn list(ask: Ask) -> Answer {
    let lang = ask.lang;
    let app = ask.app();
    let (kept, drafts) = futures::try_join!(kept::read(app), app.store.drafts())?;
    let rules = ask.rules();
    let word = ask.query.text("q").unwrap_or_default().to_lowercase();
    let purpose = ask.query.get("purpose").unwrap_or_default();
    let is_shown = |rule: &&Rule| {
        let title = lang.title_of(rule).to_lowercase();
        let fits = word.is_empty() || title.contains(&word) || rule.name.contains(&word);
        fits && match purpose {
            "marketing" => rule.purpose == Purpose::Marketing,
            "service" => rule.purpose == Purpose::Service,
            _ => true,
        }
    };
    let mut groups: BTreeMap<Group, Vec<&Rule>> = BTreeMap::new();
    for rule in rules.book.rules().iter().filter(is_shown) {
        groups.entry(Group::of(&rule.trigger)).or_default().push(rule);
    }
    let may_write = may(ask.user.role, &http::Method::POST, "/edit/{file}");
    let main = html! {
        div.wrap {
            header.head {
                div class="row between c" {
                    h1 { (Section::Rules.called(lang)) }
                    div.row {
                        a.btn href="/versions" { (lang.pick("Qué cambió", "What changed")) }
                        @if may_write { a class="btn go" href="/new-rule" { (lang.pick("Escribir una regla", "Write a rule")) } }
                    }
                }
                p.lead { (lead(rules.book.rules(), kept.as_ref(), lang)) }
            }
            (filters(&word, purpose, lang))
            div class="rulehead mt" aria-hidden="true" {
                span { (lang.pick("Lo que hace", "What it does")) }
                span.st { (lang.pick("Estado", "Status")) }
                span { (lang.pick("Entraron y control, 13 semanas", "Entered and control, 13 weeks")) }
                span { (lang.pick("Efecto, en puntos", "Effect, in points")) (charts::whisker_scale(lang)) }
            }
            @for (group, rules) in &groups {
                section.group aria-label=(group.called(lang)) {
                    h2 { (group.called(lang)) }
                    @for rule in rules { (row(rule, kept.as_ref(), draft_of(&drafts, &rule.name), lang)) }
                }
            }
            (unpublished(&drafts, rules.book.rules(), lang))
            @if groups.is_empty() {
                p class="mute mt6" { (lang.pick("Ninguna regla es así.", "No rule is like that.")) }
            }
        }
    };
    Ok(Page::new(Section::Rules, Section::Rules.called(lang), main).into())
}

fn draft_of<'a>(drafts: &'a [Draft], rule: &str) -> Option<&'a Draft> {
    let file = format!("rules/{rule}.yaml");
    drafts.iter().find(|draft| draft.file == file)
}

fn lead(rules: &[Rule], kept: Option<&Kept>, lang: Language) -> Markup {
    let live = rules.iter().filter(|rule| rule.is_live()).count();
    let verdict = |name: &str| {
        kept.map_or(0, |kept| kept.rules.iter().filter(|one| one.goal.verdict == name).count())
    };
    let is_unmeasured = |rule: &&Rule| {
        rule.is_live()
            && rule.purpose == Purpose::Marketing
            && (rule.goal.is_none() || rule.holdout.0 <= 0.0)
    };
    let unmeasured = rules.iter().filter(is_unmeasured).count();
    let all = lang.counted(rules.len(), ["regla", "reglas"], ["rule", "rules"], true);
    let (works, unseen) = (verdict("effect"), verdict("no_effect_seen"));
    let mut letters = all.chars();
    let all: String = letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    html! {
        (all)
        (match lang {
            Language::Es => format!(", {} activas. ", lang.number(live, true)),
            Language::En => format!(", {} of them live. ", lang.number(live, false)),
        })
        @if works + unseen > 0 {
            (match lang {
                Language::Es => format!("En {} se vio un efecto y en {} no. ", lang.number(works, true), lang.number(unseen, true)),
                Language::En => format!("An effect was seen in {} and none in {}. ", lang.number(works, false), lang.number(unseen, false)),
            })
        }
        @if unmeasured > 0 {
            (match lang {
                Language::Es => format!("De marketing, {} no se miden.", lang.number(unmeasured, true)),
                Language::En => format!("Of marketing’s, {} are not measured.", lang.number(unmeasured, false)),
            })
        }
    }
}

fn filters(word: &str, purpose: &str, lang: Language) -> Markup {
    let purposes = [
        ("", lang.pick("Todas", "All")),
        ("marketing", "Marketing"),
        ("service", lang.pick("Servicio", "Service")),
    ];
    html! {
        form class="row c s" role="search" aria-label=(lang.pick("Filtrar reglas", "Filter rules")) action="/rules" {
            label.vh for="word" { (lang.pick("Filtrar por palabra", "Filter by word")) }
            input #word name="q" type="search" value=(word) placeholder=(lang.pick("Filtrar por palabra", "Filter by word"));
            div.choice {
                @for (value, called) in purposes {
                    label { input type="radio" name="purpose" value=(value) checked[value == purpose]; (called) }
                }
            }
            button class="btn sm" { (lang.pick("Filtrar", "Filter")) }
        }
    }
}

/// How a rule stands, as a knot and a word.
pub fn status_tag(status: Status, lang: Language) -> Markup {
    let knot = match status {
        Status::Live => Knot::Well,
        Status::Draft => Knot::Planned,
        Status::Paused => Knot::Waits,
        Status::Archived => Knot::Not,
    };
    html! { span.tag { (knot) (lang.rule_status(status)) } }
}

fn row(rule: &Rule, kept: Option<&Kept>, draft: Option<&Draft>, lang: Language) -> Markup {
    let figures = kept.and_then(|kept| kept.rule(&rule.name));
    let none = RuleFigures::default();
    let shown = figures.unwrap_or(&none);
    html! {
        article.rule {
            div {
                h3 {
                    a.plain href={ "/rules/" (segment(&rule.name)) } { (lang.title_of(rule)) }
                    " " code.faint { (rule.name) }
                }
                p {
                    (sentence(rule, figures, lang))
                    @if let Some(draft) = draft {
                        " " span.pill { (lang.pick("borrador de ", "draft of ")) (draft.by) }
                    }
                }
            }
            div.st { (status_tag(rule.status, lang)) }
            div { (charts::weeks(&shown.trend, lang)) }
            div { (measure(shown, lang)) }
        }
    }
}

/// What a rule comes to, by its figures.
fn sentence(rule: &Rule, figures: Option<&RuleFigures>, lang: Language) -> String {
    let Some(figures) = figures.filter(|figures| figures.enrolled > 0) else {
        // Where it has no title, the line above says already what it is for.
        return match lang.pick_text(&rule.title) {
            Some(_) => lang.purpose_of(rule).to_owned(),
            None => lang.pick("Todavía no hay cifras.", "No figures yet.").to_owned(),
        };
    };
    let month = (figures.reached * MONTH_DAYS).div_ceil(WINDOW_DAYS);
    let month = lang.figures(month as f64, 0);
    let reaches = match lang {
        Language::Es => format!("Llega a unas {month} personas al mes."),
        Language::En => format!("It reaches about {month} people a month."),
    };
    let goal = &figures.goal;
    let more = match (goal.verdict.as_str(), goal.difference, &goal.verdict_on) {
        ("effect", Some(by), _) => {
            let hundred = lang.number((by.abs() * 100.0).round() as usize, true);
            let (es, en) = match by > 0.0 {
                true => (
                    "llegan a la meta que no habrían llegado solas",
                    "reach the goal who would not have without it",
                ),
                false => {
                    ("dejan de llegar a la meta por ella", "do not reach the goal because of it")
                }
            };
            match lang {
                Language::Es => format!("De cada 100, unas {hundred} {es}."),
                Language::En => format!("Of each 100, about {hundred} {en}."),
            }
        }
        ("no_effect_seen", ..) => lang
            .pick("En su veredicto no se vio efecto.", "Its verdict: no effect seen.")
            .to_owned(),
        ("too_early", _, Some(day)) => match lang {
            Language::Es => format!("Aún es pronto: el veredicto llega el {day}."),
            Language::En => format!("It is too early: the verdict comes on {day}."),
        },
        ("too_early", ..) => lang
            .pick("Aún es pronto para un veredicto.", "It is too early for a verdict.")
            .to_owned(),
        ("withheld", ..) => lang
            .pick(
                "El reparto se desvió: no hay veredicto.",
                "The arms are off: there is no verdict.",
            )
            .to_owned(),
        _ => String::new(),
    };
    format!("{reaches} {more}").trim_end().to_owned()
}

fn measure(figures: &RuleFigures, lang: Language) -> Markup {
    let goal = &figures.goal;
    let progress =
        goal.customers_needed.filter(|_| goal.verdict == "too_early" && goal.difference.is_none());
    match progress {
        Some(needed) => {
            let percent =
                (figures.enrolled as f64 / needed.max(1) as f64 * 100.0).min(100.0).round();
            html! {
                span.s { (lang.pick("aún es pronto: ", "too early: ")) (percent) "\u{a0}%" }
                progress.pr max="100" value=(percent) aria-label=(lang.pick("Avance hacia el veredicto", "Progress to the verdict")) { (percent) " %" }
            }
        }
        None => charts::whisker(goal, lang),
    }
}

/// Drafts of rules that no version has.
fn unpublished(drafts: &[Draft], rules: &[Rule], lang: Language) -> Markup {
    let is_new = |draft: &&Draft| {
        let name = draft.file.strip_prefix("rules/").and_then(|file| file.strip_suffix(".yaml"));
        name.is_some_and(|name| {
            name != "policy" && name != "segments" && rules.iter().all(|rule| rule.name != name)
        })
    };
    let new: Vec<&Draft> = drafts.iter().filter(is_new).collect();
    html! {
        @if !new.is_empty() {
            section.group aria-label=(lang.pick("Sin publicar", "Not published")) {
                h2 { (lang.pick("Sin publicar", "Not published")) }
                @for draft in new {
                    article.rule {
                        div {
                            h3 { a.plain href={ "/edit/" (segment(&draft.file)) } { (draft.file) } }
                            p { (lang.pick("Borrador de ", "Draft of ")) (draft.by) (lang.pick(", sin publicar.", ", not published.")) }
                        }
                        div.st { (tag(Knot::Planned, lang.pick("borrador", "draft"))) }
                    }
                }
            }
        }
    }
}

/// Asks for the name of a new rule.
pub async fn new(ask: Ask) -> Answer {
    Ok(new_page(&ask, "", None).into())
}

fn new_page(ask: &Ask, typed: &str, error: Option<&str>) -> Page {
    let lang = ask.lang;
    let title = lang.pick("Escribir una regla", "Write a rule");
    let field = Field {
        hint: Some(lang.pick(
            "Letras pequeñas, números y guiones. No cambia nunca: está en cada contacto.",
            "Small letters, digits and hyphens. It never changes: it is in each touch.",
        )),
        value: typed,
        error,
        is_required: true,
        ..Field::new("name", lang.pick("Nombre", "Name"))
    };
    let main = html! {
        div class="wrap narrow" {
            h1 { (title) }
            form class="card mt6" method="post" action="/new-rule" {
                (parts::once(&ask.mark()))
                (field.line("text"))
                p.mt { button class="btn go" { (lang.pick("Empezar a escribir", "Begin to write")) } }
            }
        }
    };
    Page::new(Section::Rules, title, main)
}

/// Begins a rule of that name.
pub async fn begin(ask: Ask) -> Answer {
    let name = ask.form.text("name").unwrap_or_default().to_lowercase();
    if !is_name(&name) || ["policy", "segments"].contains(&name.as_str()) {
        let why = ask.lang.pick(
            "Escribe letras pequeñas, números y guiones, sin empezar por guion",
            "Write small letters, digits and hyphens, not a hyphen first",
        );
        return Ok(new_page(&ask, &name, Some(why)).refused().into());
    }
    Ok(Reply::go(format!("/edit/{}", segment(&format!("rules/{name}.yaml")))))
}
