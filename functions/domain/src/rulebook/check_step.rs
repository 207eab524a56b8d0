//! What is found in the steps of a rule beyond their shape.

use super::report::Findings;
use super::variants::variants;
use super::yaml::Key;
use super::{Attempts, Step};
use crate::bilingual::said;
use crate::condition::Condition;
use crate::event::EventKind;
use crate::policy::Policy;
use crate::rule::{RuleSpec, StepSpec, Survey};

/// Names in `assign_to` that stand for whoever the customer or the sale names.
const FROM_THE_SALE: [&str; 2] = ["account_manager", "sold_by"];

pub(super) fn step(
    spec: &RuleSpec,
    index: usize,
    event: Option<EventKind>,
    policy: Option<&Policy>,
    report: &mut Findings,
) -> Step {
    let step = &spec.steps[index];
    let path = |key: &'static str| [Key::Name("steps"), Key::Index(index), Key::Name(key)];
    let condition = report.condition(&path("if"), step.condition.as_ref(), |source| {
        Condition::compile(source, event)
    });
    let variants = variants(step, &path("variants"), report);
    content(step, &path, report);
    promised_day(step, event, &path, report);
    survey(step, event, &path("survey"), report);
    if let Some(policy) = policy {
        hours(step, policy, &path("at"), report);
        let is_work = step.channel.is_for_a_person();
        let to_whom = step.assign_to.as_deref().filter(|_| is_work);
        let to_whom = to_whom.filter(|name| !FROM_THE_SALE.contains(name));
        if let Some(doubt) = to_whom.and_then(|name| policy.hears_nothing(name)) {
            report.warning(&path("assign_to"), doubt);
        }
    }
    let mut built = Step {
        id: step.id.clone(),
        channel: step.channel,
        template: step.template.clone(),
        template_place: report.node.place_of(&path("template")),
        variants,
        wait: step.wait,
        on: step.on,
        at: step.at,
        condition,
        expiry: step.expiry(),
        assign_to: step.assign_to.clone(),
        survey: step.survey.clone(),
        event: step.event.clone(),
        attempts: None,
    };
    built.attempts = attempts(step, &built, &path("attempts"), report);
    built
}

/// Tells where a step has no template and needs one, or has one and takes none.
fn content(
    step: &StepSpec,
    path: &dyn Fn(&'static str) -> [Key<'static>; 3],
    report: &mut Findings,
) {
    match (step.channel.content(), &step.template) {
        (None, None) if step.variants.is_some() => {
            report.error(
                &path("variants"),
                said!(
                    "un event lleva solo ids y no tiene plantilla",
                    "an event carries ids only and has no template"
                ),
            );
        }
        (Some(_), None) if step.variants.is_some() => {}
        (None, Some(_)) => {
            report.error(
                &path("template"),
                said!(
                    "un event lleva solo ids y no tiene plantilla",
                    "an event carries ids only and has no template"
                ),
            );
        }
        (Some(_), None) => {
            let message = said!(
                "un paso del canal {} necesita una plantilla (template)",
                "a step of channel {} needs a template",
                step.channel
            );
            report.error(&path("channel"), message);
        }
        _ => {}
    }
}

/// Tells where nobody tells of the day that a step waits for.
fn promised_day(
    step: &StepSpec,
    event: Option<EventKind>,
    path: &dyn Fn(&'static str) -> [Key<'static>; 3],
    report: &mut Findings,
) {
    if let Some(day) = step.on {
        if event != Some(day.told_by()) {
            let message = said!(
                "solo {} dice ese día; escribe trigger: {{ event: {0} }}",
                "{} alone tells of this day; write trigger: {{ event: {0} }}",
                day.told_by()
            );
            report.error(&path("on"), message);
        }
        if step.wait.is_some() {
            report.error(
                &path("wait"),
                said!(
                    "on ya dice el día; quita wait, o on",
                    "on names the day itself; leave wait out, or on"
                ),
            );
        }
    }
}

/// How often a call is tried; tells what does not go together.
fn attempts(
    spec: &StepSpec,
    first: &Step,
    path: &[Key; 3],
    report: &mut Findings,
) -> Option<Attempts> {
    let Some(attempts) = spec.attempts.as_ref() else {
        return spec.channel.has_attempts().then(|| Attempts::once(first));
    };
    let part = |name: &'static str| [path[0], path[1], path[2], Key::Name(name)];
    if !spec.channel.has_attempts() {
        report.error(path, said!("attempts es para llamadas", "attempts are for calls"));
    }
    if !(1..=10).contains(&attempts.max) {
        report.error(&part("max"), said!("max va de 1 a 10", "max is 1 to 10"));
    }
    if attempts.gap.count == 0 {
        report.error(
            &part("gap"),
            said!(
                "gap debe durar algo, por ejemplo \"1 business day\"",
                "gap must be longer than nothing, such as \"1 business day\""
            ),
        );
    }
    match (attempts.then, &attempts.template) {
        (Some(then), _) if !then.can_follow_calls() => {
            report.error(
                &part("then"),
                said!(
                    "lo que sigue al último intento es email o task",
                    "what follows the last attempt is an email or a task"
                ),
            );
        }
        (Some(_), None) => {
            report.error(
                &part("then"),
                said!(
                    "lo que sigue al último intento necesita una plantilla (template)",
                    "what follows the last attempt needs a template"
                ),
            );
        }
        (None, Some(_)) => {
            report.error(
                &part("template"),
                said!(
                    "di con then cómo sale: email o task",
                    "name with then how it goes: email or task"
                ),
            );
        }
        _ => {}
    }
    let then = attempts.then.map(|channel| Step {
        channel,
        template: attempts.template.clone(),
        template_place: report.node.place_of(&part("template")),
        variants: Vec::new(),
        wait: None,
        on: None,
        at: None,
        condition: None,
        expiry: channel.expiry(),
        ..first.clone()
    });
    Some(Attempts::of(first, attempts.max.min(10), attempts.gap, then))
}

fn survey(step: &StepSpec, event: Option<EventKind>, path: &[Key], report: &mut Findings) {
    let Some(survey) = &step.survey else { return };
    if !step.channel.carries_surveys() {
        report.error(path, said!("una encuesta va por email", "a survey goes by email"));
    }
    let within = |key: &'static str| [path, &[Key::Name(key)]].concat();
    let touchpoint = &survey.touchpoint;
    let is_short = touchpoint.chars().count() <= Survey::TOUCHPOINT_CHARS_MAX;
    if !is_short || crate::event::Line::new(touchpoint.as_str()).is_err() {
        let most = Survey::TOUCHPOINT_CHARS_MAX;
        let message = said!(
            "un touchpoint es un nombre en una línea, de {most} caracteres a lo más",
            "a touchpoint is a name on one line, of at most {most} characters"
        );
        report.error(&within("touchpoint"), message);
    }
    if event.is_none_or(|kind| kind == EventKind::ContentPublished) {
        let message = said!(
            "a quién se pregunta se sortea por la ocurrencia de la regla, y aquí es la misma para muchos clientes: se preguntaría a todos o a nadie; que un evento del propio cliente inicie la regla",
            "who is asked is drawn by the rule's occurrence, and here that is the same for many customers: all of them would be asked, or none; let an event of the customer's own trigger the rule"
        );
        report.warning(&within("sample"), message);
    }
}

fn hours(step: &StepSpec, policy: &Policy, path: &[Key], report: &mut Findings) {
    let Some(window) = policy.windows.get(&step.channel) else { return };
    let at = step.at.unwrap_or(policy.default_time);
    let minute = at.hour() as u16 * 60 + at.minute() as u16;
    if step.at.is_some() && !window.ever_includes(minute) {
        let message = said!(
            "{:02}:{:02} está fuera de la ventana de la política para {} todos los días, así que el contacto esperaría siempre",
            "{:02}:{:02} is outside the policy's window for {} on every day, so the touch would always wait",
            at.hour(),
            at.minute(),
            step.channel
        );
        report.warning(path, message);
    }
}
