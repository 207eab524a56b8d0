//! Everything wrong in the templates that rules use, before a customer sees it.
//!
//! A template is rendered for many made-up customers: one of whom all is
//! known, one of whom nothing is that may be missing, and between the two one
//! for every single thing that the template names. What fails for one of them
//! would have failed for a real one.

use std::collections::BTreeSet;

use super::engine::Engine;
use super::fault::Fault;
use super::files::{BRAND, FOLDER, Found};
use super::html::{self, MjmlFault};
use super::lint::lint;
use super::names;
use super::sample::{Samples, Use};
use super::source::{Unmarked, unmark};
use super::{BODY, Context, SCRIPT, SUBJECT, Templates, header, languages};
use crate::bilingual::{Bilingual, said};
use crate::channel::{Channel, Content, Purpose};
use crate::nearest::hint;
use crate::notice::NoticeKind;
use crate::policy::Policy;
use crate::rule::Status;
use crate::rulebook::{Diagnostic, DiagnosticSeverity, Place, RuleBook};

impl Templates {
    /// Everything wrong in templates that rules use, archived ones aside: in
    /// the order of files and places, each thing once. Files are named from the
    /// folder that holds `rules` and `templates`.
    pub fn check(&self, book: &RuleBook) -> Vec<Diagnostic> {
        let mut report = Findings::default();
        let mut checked: Vec<(&str, Use)> = Vec::new();
        for rule in book.rules().iter().filter(|rule| rule.status != Status::Archived) {
            for step in rule.all_steps() {
                for (template, place) in step.templates() {
                    if !self.files.has(template) {
                        let file = format!("rules/{}", rule.file);
                        let hint = hint(template, self.names());
                        let message = said!(
                            "el paso {:?} nombra la plantilla {template:?}, y no existe la carpeta {FOLDER}/{template}",
                            "step {:?} names the template {template:?}, and there is no folder {FOLDER}/{template}",
                            step.id
                        )
                        .then(&hint);
                        report.add(Diagnostic::error(&file, place, message));
                        continue;
                    }
                    let trigger = Some(&rule.trigger);
                    let survey = step.survey.as_ref().map(|survey| survey.kind);
                    let (channel, purpose) = (step.channel, rule.purpose);
                    let used = Use { trigger, channel, purpose, survey };
                    if !checked.contains(&(template, used)) {
                        checked.push((template, used));
                        let samples = Samples::of(&book.policy, &used);
                        self.check_use(template, &used, &samples, &book.policy, &mut report);
                    }
                }
            }
        }
        self.check_notices(&book.policy, &mut report);
        if let Some((_, used)) = checked.first() {
            self.check_brand(used, &book.policy, &mut report);
        }
        report.found.sort_by(|a, b| (&a.file, a.place).cmp(&(&b.file, b.place)));
        report.found
    }

    /// Mail to people in the shop: what the policy asks for must be there, and
    /// what is there must be sound.
    fn check_notices(&self, policy: &Policy, report: &mut Findings) {
        for kind in NoticeKind::ALL {
            let template = kind.template();
            if self.files.has(template) {
                let used = Use {
                    trigger: None,
                    channel: Channel::Email,
                    purpose: Purpose::Service,
                    survey: None,
                };
                let samples = super::notice::samples(policy, kind);
                self.check_use(template, &used, &samples, policy, report);
            } else if kind.is_asked_for(policy) {
                let message = said!(
                    "la política manda ese correo a quienes trabajan en la tienda, y no existe la carpeta {FOLDER}/{template}",
                    "the policy sends such mail to people in the shop, and there is no folder {FOLDER}/{template}"
                );
                report.add(Diagnostic::error("rules/policy.yaml", Place::START, message));
            }
        }
    }

    fn check_use(
        &self,
        template: &str,
        used: &Use,
        samples: &Samples,
        policy: &Policy,
        report: &mut Findings,
    ) {
        let needed: &[&str] = match used.channel.content() {
            Some(Content::Mail) => &[SUBJECT, BODY],
            Some(Content::Script) => &[SCRIPT],
            None => return,
        };
        for (path, folder) in self.files.strays(template) {
            let message = said!(
                "no se lee: {folder:?} no es un idioma como es o es-MX",
                "is not read: {folder:?} is no language tag such as es or es-MX"
            );
            report.fault(Fault::new(path, Place::START, message));
        }
        for (path, message) in self.files.unread(template) {
            report.fault(Fault::new(path, Place::START, message));
        }
        let mut locales: BTreeSet<&str> = self.files.all_locales();
        locales.insert(&policy.default_locale);
        for locale in locales {
            if let Some(found) = self.files.in_language(template, needed, locale) {
                Checker::new(self, policy, used, samples, found, report).run();
                continue;
            }
            for file in needed {
                if self.files.in_language(template, &[file], locale).is_none() {
                    let path = format!("{template}/{locale}/{file}");
                    let message = match locale == policy.default_locale {
                        true => said!(
                            "falta; el idioma por defecto de la política lo necesita",
                            "is missing; the policy's default language needs it"
                        ),
                        false => said!(
                            "falta; otros mensajes hablan este idioma, así que este también debe",
                            "is missing; other messages speak this language, so this one must too"
                        ),
                    };
                    report.fault(Fault::new(&path, Place::START, message));
                }
            }
        }
    }

    /// The names in shared parts, which no single template answers for.
    fn check_brand(&self, used: &Use, policy: &Policy, report: &mut Findings) {
        let full = Samples::of(policy, used).full;
        let engine = Engine::new(&self.files, &policy.default_locale, Vec::new());
        for path in self.files.paths().filter(|path| path.starts_with(BRAND)) {
            match engine.names_used(path) {
                Err(fault) => report.fault(fault),
                Ok(names) => {
                    let text = self.files.text(path).unwrap_or("");
                    report.faults(names::unknown(path, text, &names, &full.0, true));
                    report.faults(names::numbers_as_text(path, text, &full.0));
                    report.faults(names::unknown_calls(path, text, &engine));
                }
            }
        }
    }
}

/// What was found, each thing once.
#[derive(Default)]
struct Findings {
    found: Vec<Diagnostic>,
}

impl Findings {
    fn add(&mut self, diagnostic: Diagnostic) {
        if !self.found.contains(&diagnostic) {
            self.found.push(diagnostic);
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.add(Diagnostic::error(&fault.file, fault.place, fault.message));
    }

    fn faults(&mut self, faults: Vec<Fault>) {
        faults.into_iter().for_each(|fault| self.fault(fault));
    }

    /// A fault that rendering found: left out where the line is known to be
    /// wrong, since it would be the same thing in other words.
    fn rendering(&mut self, fault: Fault) {
        let is_known = |d: &Diagnostic| d.file == fault.file && d.place.line == fault.place.line;
        if !self.found.iter().any(is_known) {
            self.fault(fault);
        }
    }
}

/// The check of one use of a template, in one language.
struct Checker<'a> {
    templates: &'a Templates,
    policy: &'a Policy,
    used: &'a Use<'a>,
    samples: &'a Samples,
    found: Found,
    engine: Engine,
    /// All files of the message, a written text part included.
    paths: Vec<String>,
    report: &'a mut Findings,
}

impl<'a> Checker<'a> {
    fn new(
        templates: &'a Templates,
        policy: &'a Policy,
        used: &'a Use<'a>,
        samples: &'a Samples,
        found: Found,
        report: &'a mut Findings,
    ) -> Checker<'a> {
        let engine = templates.engine(&found, &policy.default_locale);
        let mut paths = found.paths.clone();
        paths.extend(found.paths.last().and_then(|body| templates.text_path(body)));
        Checker { templates, policy, used, samples, found, engine, paths, report }
    }

    fn run(mut self) {
        if !self.names() {
            return;
        }
        let renders = self.renderings();
        if renders && self.used.channel.content() == Some(Content::Mail) {
            for context in [&self.samples.full, &self.samples.bare] {
                self.mail(context);
            }
        }
    }

    /// Whether every file can be read; tells which names there are not.
    fn names(&mut self) -> bool {
        let before = self.report.found.len();
        for path in &self.paths {
            let text = self.templates.files.text(path).unwrap_or("");
            match self.engine.names_used(path) {
                Err(fault) => self.report.fault(fault),
                Ok(names) => {
                    let full = &self.samples.full.0;
                    self.report.faults(names::unknown(path, text, &names, full, false));
                    self.report.faults(names::numbers_as_text(path, text, full));
                    self.report.faults(names::unknown_calls(path, text, &self.engine));
                }
            }
        }
        let is_syntax = |d: &Diagnostic| d.message.en.starts_with("syntax error");
        !self.report.found[before..].iter().any(is_syntax)
    }

    /// Whether the message can be written for every made-up customer.
    fn renderings(&mut self) -> bool {
        let files = &self.templates.files;
        let shared = files.paths().filter(|path| path.starts_with(BRAND));
        let paths = self.paths.iter().map(String::as_str).chain(shared);
        let text: String = paths.filter_map(|path| files.text(path)).collect();
        let Samples { full, bare, changes } = self.samples;
        let mut renders = self.renders(full);
        renders &= self.renders(bare);
        for change in changes.iter().filter(|change| change.matters_to(&text)) {
            renders &= self.renders(&change.applied_to(full));
            let changed = change.applied_to(bare);
            if changed != *bare {
                renders &= self.renders(&changed);
            }
        }
        renders
    }

    fn renders(&mut self, context: &Context) -> bool {
        let values = context.values(&self.found.language);
        let mut renders = true;
        for path in &self.paths {
            let fault = match self.engine.render(path, &values) {
                Err(fault) => fault,
                Ok(text) if path.ends_with(SUBJECT) => {
                    let message = match header(path, &text) {
                        Err(_) => said!(
                            "un asunto es una sola línea; quita el salto de línea que tiene en medio",
                            "a subject is one line; take the line break out of its middle"
                        ),
                        Ok(line) if line.is_empty() => said!(
                            "el asunto puede quedar vacío; dale palabras que no dependan de lo que se sepa",
                            "the subject may be empty; give it words that do not depend on what is known"
                        ),
                        Ok(_) => continue,
                    };
                    Fault::new(path, Place::START, message)
                }
                Ok(_) => continue,
            };
            renders = false;
            self.report.rendering(fault);
        }
        renders
    }

    /// The MJML of a mail, and what every marketing mail must show.
    fn mail(&mut self, context: &Context) {
        let Some(body) = self.found.paths.last().cloned() else {
            return;
        };
        let values = context.values(&self.found.language);
        let languages = languages(&self.found, &self.policy.default_locale);
        let engine = Engine::marked(&self.templates.files, &self.found.language, languages);
        // A mark in a place that is none spoils the marked text only.
        let marked = engine.render(&body, &values);
        let Ok(marked) = marked.or_else(|_| self.engine.render(&body, &values)) else {
            return;
        };
        let unmarked = unmark(&marked);
        let skipped = unmarked.text.len() - unmarked.text.trim_start().len();
        let mjml = unmarked.text.trim();
        let broken = lint(mjml);
        let parsed = html::from_mjml(mjml);
        // What the linter tells of, the parser stumbles over: once is enough.
        let (html, more) = match parsed {
            Ok((html, warnings)) => (Some(html), warnings),
            Err(_) if !broken.is_empty() => (None, Vec::new()),
            Err(fault) => (None, vec![fault]),
        };
        for fault in broken.into_iter().chain(more) {
            self.mjml(&body, fault, skipped, &unmarked);
        }
        let Some(html) = html else { return };
        if self.used.survey.is_some() {
            self.survey(&body, &html, context);
        }
        if self.used.purpose == Purpose::Marketing {
            self.marketing(&body, &html, context);
        }
    }

    fn mjml(&mut self, body: &str, fault: MjmlFault, skipped: usize, unmarked: &Unmarked) {
        let range = fault.range.start + skipped..fault.range.end + skipped;
        let origin = unmarked.origin(&range, &self.templates.files);
        let (path, place) = origin.unwrap_or((body, Place::START));
        let told = Fault::new(path, place, fault.message);
        let mut diagnostic = Diagnostic::error(&told.file, told.place, told.message);
        if fault.is_warning {
            diagnostic.severity = DiagnosticSeverity::Warning;
        }
        self.report.add(diagnostic);
    }

    /// Every score of a survey can be given.
    fn survey(&mut self, body: &str, html: &str, context: &Context) {
        const LINKS: &str = "{% for answer in survey.answers %}<a href=\"{{ answer.url }}\">{{ answer.score }}</a>{% endfor %}";
        let answers = context.0["survey"]["answers"].as_array().cloned().unwrap_or_default();
        let links = html::visible_links(html);
        let has = |url: &str| links.iter().any(|link| link == url);
        if !answers.iter().all(|answer| has(answer["url"].as_str().unwrap_or(""))) {
            let message = said!(
                "el correo de una encuesta necesita un enlace visible por calificación; escribe {LINKS} dentro de un <mj-text>",
                "a survey's mail needs a visible link for each score; write {LINKS} inside an <mj-text>"
            );
            self.report.fault(Fault::new(body, Place::START, message));
        }
    }

    /// What the law asks of marketing mail: a way out, and who writes.
    fn marketing(&mut self, body: &str, html: &str, context: &Context) {
        let unsubscribe = context.0["links"]["unsubscribe"].as_str().unwrap_or("");
        let shows_link = html::visible_links(html).iter().any(|link| link == unsubscribe);
        if !shows_link {
            self.body_lacks(body, &said!(
                "un enlace visible para darse de baja; escribe <a href=\"{{{{ links.unsubscribe }}}}\">…</a> dentro de un <mj-text>",
                "a visible link to unsubscribe; write <a href=\"{{{{ links.unsubscribe }}}}\">…</a> inside an <mj-text>"
            ));
        }
        let address = words(&self.policy.brand.postal_address);
        if address.is_empty() {
            let message = said!(
                "falta brand.postal_address; el correo de marketing debe mostrarla",
                "brand.postal_address is missing; marketing mail must show it"
            );
            self.report.add(Diagnostic::error("rules/policy.yaml", Place::START, message));
        } else if !html::text(html).is_ok_and(|text| words(&text).contains(&address)) {
            self.body_lacks(
                body,
                &said!(
                    "la dirección postal; escribe {{{{ brand.postal_address }}}} dentro de un <mj-text>",
                    "the postal address; write {{{{ brand.postal_address }}}} inside an <mj-text>"
                ),
            );
        }
        let Some(path) = self.templates.text_path(body) else {
            return;
        };
        let values = context.values(&self.found.language);
        let Ok(text) = self.engine.render(&path, &values) else {
            return;
        };
        if !text.contains(unsubscribe) {
            self.lacks(
                &path,
                &said!(
                    "el enlace para darse de baja; escribe {{{{ links.unsubscribe }}}}",
                    "the link to unsubscribe; write {{{{ links.unsubscribe }}}}"
                ),
            );
        }
        if !words(&text).contains(&address) {
            self.lacks(
                &path,
                &said!(
                    "la dirección postal; escribe {{{{ brand.postal_address }}}}",
                    "the postal address; write {{{{ brand.postal_address }}}}"
                ),
            );
        }
    }

    fn body_lacks(&mut self, path: &str, what: &Bilingual) {
        let include = said!(
            ", o {{% include \"{BRAND}/footer.mjml\" %}}",
            ", or {{% include \"{BRAND}/footer.mjml\" %}}"
        );
        self.lacks(path, &what.clone().then(&include));
    }

    fn lacks(&mut self, path: &str, what: &Bilingual) {
        let message =
            what.within("un correo de marketing necesita {}", "a marketing mail needs {}");
        self.report.fault(Fault::new(path, Place::START, message));
    }
}

/// The words of a text, so that line breaks do not matter.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
