//! What `lazo rules check` finds in rules and policy beyond their shape.

mod of_step;

use std::collections::BTreeSet;

use of_step::{attempts, hours, survey};

use super::report::Findings;
use super::segments::Written;
use super::variants::variants;
use super::yaml::{self, Form, Key};
use super::{Diagnostic, ExitOn, Rule, Step, policy_schema, rule_schema};
use super::{files, goal};
use crate::codes::{is_country, no_country, no_currency};
use crate::condition::Condition;
use crate::customer::CUSTOMER_SINCE;
use crate::event::{EventKind, Locale};
use crate::nearest::hint;
use crate::policy::{FrequencyCap, Policy};
use crate::rule::{ExitSpec, RuleSpec, Status, Trigger, is_name};

/// The policy, also where something in it is wrong, so that rules can be checked by
/// the rest; `None` where it cannot be read at all.
pub fn policy(file: &str, text: &str, form: Form, found: &mut Vec<Diagnostic>) -> Option<Policy> {
    let (policy, node) = yaml::read::<Policy>(file, text, policy_schema, form, found)?;
    let policy = policy?;
    let mut report =
        Findings { file, text, node, relationships: Vec::new(), segments: None, found: Vec::new() };
    for (channel, window) in &policy.windows {
        if window.never_opens() {
            let path = [Key::Name("windows"), Key::Name(channel.as_str())];
            report.error(
                &path,
                format!(
                    "the window for {channel} never opens; give it days and hours, or leave it out"
                ),
            );
        }
    }
    for (country, channels) in &policy.by_country {
        if !is_country(country) {
            report
                .error_at_key(&[Key::Name("by_country"), Key::Name(country)], no_country(country));
            continue;
        }
        for channel in channels.keys() {
            if policy.window(*channel, Some(country)).is_some_and(|window| window.never_opens()) {
                let path =
                    [Key::Name("by_country"), Key::Name(country), Key::Name(channel.as_str())];
                report.error(
                    &path,
                    format!("together with the general window, {channel} never opens in {country}"),
                );
            }
        }
    }
    if let Some(why) = policy.currency.and_then(|currency| no_currency(currency.as_str())) {
        report.error(&[Key::Name("currency")], why);
    }
    if let Err(error) = Locale::new(policy.default_locale.as_str()) {
        let message = format!("{:?} {error}", policy.default_locale);
        report.error(&[Key::Name("default_locale")], message);
    }
    if policy.smallest_effect.0 == 0.0 {
        let message = "an effect of 0% cannot be seen in any number of customers; give the smallest that matters, such as \"25%\"";
        report.error(&[Key::Name("smallest_effect")], message);
    }
    caps(&policy.frequency_caps, &[], &mut report);
    for (kind, relationship) in &policy.relationships {
        let path = [Key::Name("relationships"), Key::Name(kind)];
        caps(&relationship.frequency_caps, &path, &mut report);
    }
    let brand = &policy.brand;
    let addresses = [("from", Some(&brand.from)), ("reply_to", brand.reply_to.as_ref())];
    for (key, address) in addresses {
        let Some(address) = address.filter(|address| !address.is_empty()) else { continue };
        if let Err(error) = crate::event::Email::new(address.as_str()) {
            report.error(&[Key::Name("brand"), Key::Name(key)], format!("{address:?} {error}"));
        }
    }
    if brand.name.chars().chain(brand.postal_address.chars()).any(crate::event::breaks_line) {
        report.error(&[Key::Name("brand")], "name and postal_address are one line each");
    }
    for (path, wrong) in policy.bad_staff() {
        let path: Vec<Key> = path.into_iter().map(Key::Name).collect();
        report.error(&path, wrong.to_string());
    }
    for (path, doubt) in policy.unheard() {
        let path: Vec<Key> = path.into_iter().map(Key::Name).collect();
        report.warning(&path, doubt);
    }
    found.append(&mut report.found);
    Some(policy)
}

fn caps(caps: &[FrequencyCap], under: &[Key], report: &mut Findings) {
    for (index, cap) in caps.iter().enumerate() {
        let path = [under, &[Key::Name("frequency_caps"), Key::Index(index)]].concat();
        if cap.max == 0 {
            report.error(&path, "max: 0 lets nothing through; pause the rules instead");
        }
        if cap.per.count == 0 {
            report.error(&path, "per must be longer than nothing, such as \"7 days\"");
        }
    }
}

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
            report.error(&[Key::Name("trigger")], error.to_string());
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
        let message = "paused: what falls due meanwhile ends as rule_not_live and is not made up for; it does not wait until the rule is live again";
        report.warning(&[Key::Name("status")], message);
    }
    if spec.priority > 100 {
        report.error(&[Key::Name("priority")], "priority is 0 to 100");
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
            let message =
                format!("{event} is also named without an if, so this one changes nothing");
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
        report.error(&path, "name the occasion: birthday, or an anniversary such as wedding");
    } else if named.is_empty() {
        if !near.is_empty() {
            report.warning(&path, format!("{name:?} is an anniversary of its own{near}"));
        }
    } else if near.is_empty() {
        let all = known().collect::<Vec<_>>().join(", ");
        let message = format!(
            "unknown occasion {name:?}; known are {all}: policy.yaml names them under anniversaries"
        );
        report.error(&path, message);
    } else {
        report.error(&path, format!("unknown occasion {name:?}{near}"));
    }
}

fn names(spec: &RuleSpec, report: &mut Findings) {
    let shape = "lower-case letters, digits and hyphens, at most 64";
    if !is_name(&spec.rule) {
        report.error(
            &[Key::Name("rule")],
            format!("a rule's name is {shape}, found {:?}", spec.rule),
        );
    }
    let stem = files::stem(report.file).unwrap_or(report.file).to_owned();
    if is_name(&spec.rule) && stem != spec.rule {
        let message =
            format!("the rule is named {:?} and its file {stem:?}; give both one name", spec.rule);
        report.error(&[Key::Name("rule")], message);
    }
    if spec.steps.is_empty() {
        report.error(&[Key::Name("steps")], "a rule has at least one step");
    }
    let mut seen = BTreeSet::new();
    for (index, step) in spec.steps.iter().enumerate() {
        let path = [Key::Name("steps"), Key::Index(index), Key::Name("id")];
        if !is_name(&step.id) {
            report.error(&path, format!("a step's id is {shape}, found {:?}", step.id));
        }
        if !seen.insert(step.id.as_str()) {
            let message = format!(
                "two steps have the id {:?}; each needs its own, it is part of the touch id",
                step.id
            );
            report.error(&path, message);
        }
    }
}

/// Names in `assign_to` that stand for whoever the customer or the sale names.
const FROM_THE_SALE: [&str; 2] = ["account_manager", "sold_by"];

fn step(
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
    match (step.channel.content(), &step.template) {
        (None, None) if step.variants.is_some() => {
            report.error(&path("variants"), "an event carries ids only and has no template");
        }
        (Some(_), None) if step.variants.is_some() => {}
        (None, Some(_)) => {
            report.error(&path("template"), "an event carries ids only and has no template");
        }
        (Some(_), None) => {
            let message = format!("a step of channel {} needs a template", step.channel);
            report.error(&path("channel"), message);
        }
        _ => {}
    }
    if let Some(day) = step.on {
        if event != Some(day.told_by()) {
            let message = format!(
                "{} alone tells of this day; write trigger: {{ event: {0} }}",
                day.told_by()
            );
            report.error(&path("on"), message);
        }
        if step.wait.is_some() {
            report.error(&path("wait"), "on names the day itself; leave wait out, or on");
        }
    }
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
