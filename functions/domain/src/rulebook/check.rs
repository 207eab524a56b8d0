//! What `lazo rules check` finds in rules beyond their shape.

use std::collections::BTreeSet;

use super::check_step::step;
use super::report::Findings;
use super::segments::Written;
use super::yaml::{self, Form, Key};
use super::{Diagnostic, ExitOn, Rule, rule_schema};
use super::{files, goal};
use crate::bilingual::{Bilingual, said};
use crate::condition::Condition;
use crate::customer::CUSTOMER_SINCE;
use crate::event::EventKind;
use crate::nearest::hint;
use crate::policy::Policy;
use crate::rule::{ExitSpec, RuleSpec, Status, Trigger, is_name};

/// What rules are checked by; `None` where it cannot be read.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub policy: Option<&'a Policy>,
    pub segments: Option<&'a Written>,
}

/// The rule of a file, also where something in it is wrong, so that what it
/// names can be checked; `None` where it cannot be read at all.
pub fn rule(
    file: &str,
    text: &str,
    form: Form,
    Known { policy, segments }: Known,
    found: &mut Vec<Diagnostic>,
) -> Option<Rule> {
    let (spec, node) = yaml::read::<RuleSpec>(file, text, rule_schema, form, found)?;
    let segments = segments.map(Written::names);
    let kinds = policy.into_iter().flat_map(|policy| policy.relationships.keys());
    let relationships = kinds.map(String::as_str).collect();
    let mut report = Findings { file, text, node, relationships, segments, found: Vec::new() };
    let rule = match spec {
        Some(spec) => build(spec, policy, &mut report),
        None => {
            report.conditions_alone();
            None
        }
    };
    found.append(&mut report.found);
    rule
}

fn build(spec: RuleSpec, policy: Option<&Policy>, report: &mut Findings) -> Option<Rule> {
    names(&spec, report);
    let trigger = match spec.trigger.trigger() {
        Ok(trigger) => Some(trigger),
        Err(error) => {
            report.error(&[Key::Name("trigger")], error.told());
            None
        }
    };
    let event = match &trigger {
        Some(Trigger::Event(kind)) => Some(*kind),
        _ => None,
    };
    if let Some(Trigger::Occasion { name, .. }) = &trigger {
        occasion(name, policy, report);
    }
    if spec.status == Status::Paused {
        let message = said!(
            "en pausa: lo que venza mientras tanto termina como rule_not_live y no se recupera; no espera a que la regla vuelva a estar activa",
            "paused: what falls due meanwhile ends as rule_not_live and is not made up for; it does not wait until the rule is live again"
        );
        report.warning(&[Key::Name("status")], message);
    }
    if spec.priority > 100 {
        report.error(
            &[Key::Name("priority")],
            said!("priority va de 0 a 100", "priority is 0 to 100"),
        );
    }
    let filter = report.condition(&[Key::Name("filter")], spec.filter.as_ref(), |source| {
        Condition::compile(source, event)
    });
    let exit_on = exits(&spec, event, report);
    goal::check(&spec, event, report);
    let steps =
        (0..spec.steps.len()).map(|index| step(&spec, index, event, policy, report)).collect();
    Some(Rule {
        trigger: trigger?,
        filter,
        steps,
        in_force_since: None,
        name: spec.rule,
        file: report.file.to_owned(),
        title: spec.title,
        description: spec.description,
        status: spec.status,
        purpose: spec.purpose,
        priority: spec.priority,
        holdout: spec.holdout,
        reentry: spec.reentry,
        exit_on,
        goal: spec.goal,
        during_complaint: spec.during_complaint,
    })
}

/// The events that end touches, with their conditions.
fn exits(spec: &RuleSpec, trigger: Option<EventKind>, report: &mut Findings) -> Vec<ExitOn> {
    let mut exits = Vec::new();
    for (index, exit) in spec.exit_on.iter().enumerate() {
        let event = exit.event();
        let path = [Key::Name("exit_on"), Key::Index(index), Key::Name("if")];
        let condition = report.condition(&path, exit.condition(), |source| {
            Condition::compile_exit(source, event, trigger)
        });
        let ends_anyway = |other: &ExitSpec| other.event() == event && other.condition().is_none();
        if exit.condition().is_some() && spec.exit_on.iter().any(ends_anyway) {
            let message = said!(
                "{event} también está sin if, así que esto no cambia nada",
                "{event} is also named without an if, so this one changes nothing"
            );
            report.warning(&path, message);
        }
        exits.push(ExitOn { event, condition });
    }
    exits
}

/// An occasion that nobody has is never celebrated, and nothing would tell why.
fn occasion(name: &str, policy: Option<&Policy>, report: &mut Findings) {
    const OF_EVERYBODY: [&str; 2] = ["birthday", CUSTOMER_SINCE];
    let path = [Key::Name("trigger"), Key::Name("occasion")];
    let named = policy.map_or(&[][..], |policy| &policy.anniversaries);
    let known = || OF_EVERYBODY.into_iter().chain(named.iter().map(String::as_str));
    if known().any(|known| known == name) {
        return;
    }
    let near = hint(name, known());
    if name.trim().is_empty() {
        report.error(
            &path,
            said!(
                "di la ocasión: birthday, o un aniversario como wedding",
                "name the occasion: birthday, or an anniversary such as wedding"
            ),
        );
    } else if named.is_empty() {
        if !near.is_empty() {
            report.warning(
                &path,
                said!("{name:?} es un aniversario aparte", "{name:?} is an anniversary of its own")
                    .then(&near),
            );
        }
    } else if near.is_empty() {
        let all = known().collect::<Vec<_>>().join(", ");
        let message = said!(
            "ocasión desconocida {name:?}; se conocen {all}: policy.yaml las nombra en anniversaries",
            "unknown occasion {name:?}; known are {all}: policy.yaml names them under anniversaries"
        );
        report.error(&path, message);
    } else {
        report.error(
            &path,
            said!("ocasión desconocida {name:?}", "unknown occasion {name:?}").then(&near),
        );
    }
}

fn names(spec: &RuleSpec, report: &mut Findings) {
    let (es, en) = (
        "minúsculas sin acentos, cifras y guiones, 64 a lo más",
        "lower-case letters, digits and hyphens, at most 64",
    );
    if !is_name(&spec.rule) {
        report.error(
            &[Key::Name("rule")],
            Bilingual {
                es: format!("el nombre de una regla lleva {es}; hay {:?}", spec.rule),
                en: format!("a rule's name is {en}, found {:?}", spec.rule),
            },
        );
    }
    let stem = files::stem(report.file).unwrap_or(report.file).to_owned();
    if is_name(&spec.rule) && stem != spec.rule {
        let message = said!(
            "la regla se llama {:?} y su archivo {stem:?}; dales el mismo nombre",
            "the rule is named {:?} and its file {stem:?}; give both one name",
            spec.rule
        );
        report.error(&[Key::Name("rule")], message);
    }
    if spec.steps.is_empty() {
        report.error(
            &[Key::Name("steps")],
            said!("una regla tiene al menos un paso", "a rule has at least one step"),
        );
    }
    let mut seen = BTreeSet::new();
    for (index, step) in spec.steps.iter().enumerate() {
        let path = [Key::Name("steps"), Key::Index(index), Key::Name("id")];
        if !is_name(&step.id) {
            let message = Bilingual {
                es: format!("el id de un paso lleva {es}; hay {:?}", step.id),
                en: format!("a step's id is {en}, found {:?}", step.id),
            };
            report.error(&path, message);
        }
        if !seen.insert(step.id.as_str()) {
            let message = said!(
                "dos pasos tienen el id {:?}; cada uno necesita el suyo, es parte del id del contacto",
                "two steps have the id {:?}; each needs its own, it is part of the touch id",
                step.id
            );
            report.error(&path, message);
        }
    }
}
