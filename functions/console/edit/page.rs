//! The editor as markup: the text, what is found in it, and how it differs from what is
//! live.

use lazo_domain::rulebook::{Diagnostic, DiagnosticSeverity, VersionNumber};
use maud::{Markup, html};

use super::files::{self, Place};
use super::path;
use crate::console::ask::{Ask, segment};
use crate::console::parts::{self, Knot, Tone, note};
use crate::console::reply::Page;
use crate::console::routes::{Section, may};
use crate::shell::store::Draft;
use crate::shell::wording::Language;

/// How many findings of other files are listed.
const OTHERS_SHOWN: usize = 8;

/// Somebody else was faster.
pub enum Clash {
    /// They saved another draft of the file.
    Draft(Option<Draft>),
    /// They published another text of it.
    Version {
        /// What it said when this was begun.
        before: Option<String>,
        /// What it says now.
        theirs: Option<String>,
    },
}

/// What the editor shows.
pub struct Sheet<'a> {
    /// The file.
    pub place: &'a Place,
    /// What it says in the live version; `None` where it is new.
    pub in_force: Option<&'a str>,
    /// The live version.
    pub live: Option<VersionNumber>,
    /// The version that the text was begun from.
    pub base: Option<VersionNumber>,
    /// What is written.
    pub text: &'a str,
    /// The revision of the draft that was seen; 0 for none.
    pub seen: u64,
    /// The draft that is saved.
    pub draft: Option<&'a Draft>,
    /// What is found in the whole bundle with this text.
    pub found: &'a [Diagnostic],
    /// Somebody else was faster.
    pub clash: Option<Clash>,
    /// What is wrong with the form.
    pub wrong: Vec<(&'static str, String)>,
}

/// What a new file begins with.
pub fn begun(place: &Place) -> String {
    let Place::Rules(file) = place else { return String::new() };
    let name = file.trim_end_matches(".yaml").trim_end_matches(".yml");
    format!(
        "rule: {name}\ntitle: {{ es: , en: }}\ndescription:\n  es:\n  en:\nstatus: draft\npurpose: marketing\npriority: 50\ntrigger: {{ event: PurchaseCompleted }}\nholdout: 10%\nexit_on: [ComplaintOpened]\ngoal: {{ event: PurchaseCompleted, within: 60 days }}\nsteps:\n  - id: mail\n    channel: email\n    template: thank-you-mail\n    wait: 1 day\n    at: \"10:00\"\n"
    )
}

/// The page.
pub fn page(sheet: &Sheet, ask: &Ask) -> Page {
    let lang = ask.lang;
    let file = sheet.place.path();
    let (_, new) = files::lines_changed(sheet.in_force.unwrap_or_default(), sheet.text);
    let may_write = may(ask.user.role, &http::Method::POST, "/edit/{file}");
    let (section, up, up_name) = above(sheet.place, lang);
    let main = html! {
        div.wrap {
            @if let Some(said) = done(ask) { (parts::flash(said)) }
            p.crumbs { a href=(up) { (up_name) } " / " (file) }
            header.head {
                h1 { (title(sheet.place, ask)) }
                p.lead { (lead(sheet, new.len(), lang)) }
            }
            @if let Place::Rules(name) = sheet.place {
                @if let Some(rule) = name.strip_suffix(".yaml").filter(|name| *name != "policy" && *name != "segments") {
                    (crate::console::rules::tabs(rule, "edit", ask))
                }
            }
            (parts::summary(&sheet.wrong, lang))
            @if let Some(clash) = &sheet.clash { (clashed(clash, lang)) }
            form class="edit mt6" #editor method="post" action=(path(sheet.place)) data-check={ (path(sheet.place)) "/check" } {
                div {
                    (parts::once(&ask.mark()))
                    input type="hidden" name="base" value=(sheet.base.map(|number| number.to_string()).unwrap_or_default());
                    input type="hidden" name="seen" value=(sheet.seen);
                    label.label for="text" { (lang.pick("El archivo", "The file")) }
                    textarea.code #text name="text" rows="32" spellcheck="false" readonly[!may_write]
                        data-keep={ (file) "@" (sheet.seen) } { "\n" (sheet.text) }
                }
                div class="side stack6" {
                    section.card aria-labelledby="h-findings" {
                        div class="row between" {
                            h2 #h-findings { (lang.pick("Revisión", "Check")) }
                            button class="btn sm" name="do" value="check" { (lang.pick("Revisar", "Check")) }
                        }
                        div #findings aria-live="polite" { (findings(sheet.place, sheet.found, lang)) }
                    }
                    @if may_write { (publish_card(sheet, ask)) }
                    section aria-labelledby="h-lines" {
                        h2.h3 #h-lines { (lang.pick("Línea a línea", "Line by line")) }
                        (files::numbered(sheet.text, &new, &bad_lines(sheet)))
                    }
                }
            }
        }
    };
    Page::new(section, title(sheet.place, ask), main)
}

fn above(place: &Place, lang: Language) -> (Section, &'static str, &'static str) {
    match place {
        Place::Rules(file) if file.starts_with("policy.") => {
            (Section::Settings, "/settings", Section::Settings.called(lang))
        }
        Place::Rules(_) => (Section::Rules, "/rules", Section::Rules.called(lang)),
        Place::Templates(_) => (Section::Templates, "/templates", Section::Templates.called(lang)),
    }
}

fn title(place: &Place, ask: &Ask) -> String {
    let lang = ask.lang;
    match place {
        Place::Rules(file) if file.starts_with("policy.") => {
            lang.pick("La política de contacto", "The contact policy").to_owned()
        }
        Place::Rules(file) if file.starts_with("segments.") => {
            lang.pick("Los segmentos", "The segments").to_owned()
        }
        Place::Rules(file) => {
            let name = file.trim_end_matches(".yaml");
            let rules = ask.rules();
            rules
                .book
                .rule(name)
                .map_or_else(|| name.to_owned(), |rule| lang.title_of(rule).to_owned())
        }
        Place::Templates(file) => file.clone(),
    }
}

fn lead(sheet: &Sheet, changed: usize, lang: Language) -> String {
    let Some(_) = sheet.in_force else {
        return lang
            .pick("Es nuevo: nadie lo ha publicado.", "It is new: nobody has published it.")
            .to_owned();
    };
    let version = sheet.live.map(|number| number.to_string());
    let of = match (&version, lang) {
        (Some(number), Language::Es) => format!("de la versión {number}"),
        (Some(number), Language::En) => format!("of version {number}"),
        (None, _) => lang.pick("de lo vigente", "of what is live").to_owned(),
    };
    match (changed, sheet.in_force == Some(sheet.text)) {
        (_, true) => {
            format!("{} {of}.", lang.pick("Dice lo mismo que el", "It says the same as that"))
        }
        (_, false) => {
            let lines = lang.counted(changed, ["línea", "líneas"], ["line", "lines"], true);
            format!("{} {lines} {of}.", lang.pick("Cambias", "You change"))
        }
    }
}

fn done(ask: &Ask) -> Option<Markup> {
    let lang = ask.lang;
    let said = match ask.query.get("done")? {
        "saved" => lang.pick("Guardado como borrador.", "Saved as a draft."),
        "dropped" => lang.pick("El borrador ya no está.", "The draft is gone."),
        "published" => lang.pick(
            "Publicado: todo trabaja con ello en menos de un minuto.",
            "Published: everything works by it within a minute.",
        ),
        "scheduled" => lang.pick(
            "Programado: entra en vigor a su hora, si hasta entonces no se publica otra cosa.",
            "Scheduled: it goes live at its time, unless something else is published before.",
        ),
        "same" => lang.pick(
            "Eso ya está vigente: no se publicó nada.",
            "That is live already: nothing was published.",
        ),
        _ => return None,
    };
    Some(html! { (said) })
}

fn bad_lines(sheet: &Sheet) -> Vec<usize> {
    let file = sheet.place.path();
    let own = sheet
        .found
        .iter()
        .filter(|one| one.file == file && one.severity == DiagnosticSeverity::Error);
    own.map(|one| (one.place.line as usize).saturating_sub(1)).collect()
}

/// What is found: in this file each with its line, of the others how many.
pub fn findings(place: &Place, found: &[Diagnostic], lang: Language) -> Markup {
    let file = place.path();
    let (own, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        found.iter().partition(|one| one.file == file);
    let is_error = |one: &&&Diagnostic| one.severity == DiagnosticSeverity::Error;
    let errors = found.iter().filter(|one| one.severity == DiagnosticSeverity::Error).count();
    html! {
        div.stack {
            @if errors == 0 {
                p { (Knot::Well) (lang.pick("Está bien escrito: se puede publicar.", "It is well written: it can be published.")) }
            }
            @if own.iter().any(|one| is_error(&one)) {
                (note(Tone::Bad, html! {
                    h3 { (lang.pick("Por corregir", "To be mended")) }
                    (list(&own, DiagnosticSeverity::Error, lang))
                }))
            }
            @if own.iter().any(|one| !is_error(&one)) {
                (note(Tone::Wait, html! {
                    h3 { (lang.pick("Avisos", "Warnings")) }
                    (list(&own, DiagnosticSeverity::Warning, lang))
                }))
            }
            @let wrong: Vec<&&Diagnostic> = others.iter().filter(is_error).collect();
            @if !wrong.is_empty() {
                (note(Tone::Bad, html! {
                    h3 { (lang.pick("En otros archivos", "In other files")) }
                    ul.s { @for one in wrong.iter().take(OTHERS_SHOWN) {
                        li { a href={ "/edit/" (segment(&one.file)) } { (one.file) ":" (one.place.line) } " " (lang.said(&one.message)) }
                    } }
                }))
            }
        }
    }
}

fn list(found: &[&Diagnostic], severity: DiagnosticSeverity, lang: Language) -> Markup {
    html! {
        ul.s {
            @for one in found.iter().filter(|one| one.severity == severity) {
                li { b { (lang.pick("Línea ", "Line ")) (one.place.line) ": " } (lang.said(&one.message)) }
            }
        }
    }
}

fn publish_card(sheet: &Sheet, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let why = sheet.wrong.iter().find(|(name, _)| *name == "note").map(|(_, said)| said.as_str());
    let at = sheet.wrong.iter().find(|(name, _)| *name == "at").map(|(_, said)| said.as_str());
    let typed = |name: &'static str| ask.form.get(name).unwrap_or_default();
    let field = parts::Field {
        hint: Some(lang.pick(
            "Para quien mire después la lista de versiones.",
            "For those who look at the list of versions later.",
        )),
        value: typed("note"),
        error: why,
        ..parts::Field::new("note", lang.pick("Por qué", "Why"))
    };
    let later = parts::Field {
        hint: Some(lang.pick(
            "Vacío: enseguida. Según el reloj de la tienda.",
            "Empty: at once. By the shop’s clock.",
        )),
        value: typed("at"),
        error: at,
        ..parts::Field::new("at", lang.pick("Cuándo entra en vigor", "When it goes live"))
    };
    html! {
        section.card aria-labelledby="h-publish" {
            h2 #h-publish { (lang.pick("Guardar o publicar", "Save or publish")) }
            @if let Some(draft) = sheet.draft {
                p class="s mute" {
                    (lang.pick("Borrador de ", "Draft of ")) (draft.by) ", " (lang.time(draft.at, ask.now, &ask.zone())) "."
                }
            }
            p { button.btn name="do" value="save" { (lang.pick("Guardar borrador", "Save draft")) } }
            hr;
            (field.line("text"))
            (later.line("datetime-local"))
            div class="row c mt" {
                button class="btn go" name="do" value="publish" { (lang.pick("Publicar", "Publish")) }
                @if sheet.draft.is_some() {
                    button class="btn quiet" name="do" value="drop" { (lang.pick("Descartar el borrador", "Drop the draft")) }
                }
            }
        }
    }
}

/// Somebody else was faster: what it was, theirs; what was typed stays in the form.
fn clashed(clash: &Clash, lang: Language) -> Markup {
    let none = lang.pick("(no existía)", "(it was not there)");
    match clash {
        Clash::Draft(Some(other)) => note(
            Tone::Wait,
            html! {
                h2 { (other.by) (lang.pick(" guardó otro borrador mientras escribías", " saved another draft while you wrote")) }
                p { (lang.pick("Abajo sigue lo tuyo, sin guardar. Junta lo que quieras del suyo y guarda: entonces rige lo que dejes.", "Yours is below, not saved. Take over what you want of theirs and save: then what you leave counts.")) }
                (files::numbered(&other.text, &[], &[]))
            },
        ),
        Clash::Draft(None) => note(
            Tone::Wait,
            html! {
                h2 { (lang.pick("Alguien publicó o descartó este borrador mientras escribías", "Somebody published or dropped this draft while you wrote")) }
                p { (lang.pick("Abajo sigue lo tuyo, sin guardar.", "Yours is below, not saved.")) }
            },
        ),
        Clash::Version { before, theirs } => note(
            Tone::Wait,
            html! {
                h2 { (lang.pick("Alguien publicó otra versión de este archivo mientras escribías", "Somebody published another version of this file while you wrote")) }
                p { (lang.pick("Abajo sigue lo tuyo. Junta lo que quieras y publica otra vez.", "Yours is below. Take over what you want and publish again.")) }
                @let was = before.as_deref().unwrap_or(none);
                @let is = theirs.as_deref().unwrap_or(none);
                @let (gone, new) = files::lines_changed(was, is);
                div class="cols c2" {
                    div { p.s { (lang.pick("Como era", "As it was")) } (files::folded(was, &[], &gone)) }
                    div { p.s { (lang.pick("Como está ahora", "As it is now")) } (files::folded(is, &new, &[])) }
                }
            },
        ),
    }
}
