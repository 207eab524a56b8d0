//! What a step says besides when it goes: attempts at a call, a survey, its hours.

use super::super::report::Findings;
use super::super::yaml::Key;
use super::super::{Attempts, Step};
use crate::event::EventKind;
use crate::policy::Policy;
use crate::rule::{StepSpec, Survey};

/// How often a call is tried; tells what does not go together.
pub(super) fn attempts(
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
        report.error(path, "attempts are for calls");
    }
    if !(1..=10).contains(&attempts.max) {
        report.error(&part("max"), "max is 1 to 10");
    }
    if attempts.gap.count == 0 {
        report.error(&part("gap"), "gap must be longer than nothing, such as \"1 business day\"");
    }
    match (attempts.then, &attempts.template) {
        (Some(then), _) if !then.can_follow_calls() => {
            report.error(&part("then"), "what follows the last attempt is an email or a task");
        }
        (Some(_), None) => {
            report.error(&part("then"), "what follows the last attempt needs a template");
        }
        (None, Some(_)) => {
            report.error(&part("template"), "name with then how it goes: email or task");
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

pub(super) fn survey(
    step: &StepSpec,
    event: Option<EventKind>,
    path: &[Key],
    report: &mut Findings,
) {
    let Some(survey) = &step.survey else { return };
    if !step.channel.carries_surveys() {
        report.error(path, "a survey goes by email");
    }
    let within = |key: &'static str| [path, &[Key::Name(key)]].concat();
    let touchpoint = &survey.touchpoint;
    let is_short = touchpoint.chars().count() <= Survey::TOUCHPOINT_CHARS_MAX;
    if !is_short || crate::event::Line::new(touchpoint.as_str()).is_err() {
        let most = Survey::TOUCHPOINT_CHARS_MAX;
        let message = format!("a touchpoint is a name on one line, of at most {most} characters");
        report.error(&within("touchpoint"), message);
    }
    if event.is_none_or(|kind| kind == EventKind::ContentPublished) {
        let message = "who is asked is drawn by the rule's occurrence, and here that is the same for many customers: all of them would be asked, or none; let an event of the customer's own trigger the rule";
        report.warning(&within("sample"), message);
    }
}

pub(super) fn hours(step: &StepSpec, policy: &Policy, path: &[Key], report: &mut Findings) {
    let Some(window) = policy.windows.get(&step.channel) else { return };
    let at = step.at.unwrap_or(policy.default_time);
    let minute = at.hour() as u16 * 60 + at.minute() as u16;
    if step.at.is_some() && !window.ever_includes(minute) {
        let message = format!(
            "{:02}:{:02} is outside the policy's window for {} on every day, so the touch would always wait",
            at.hour(),
            at.minute(),
            step.channel
        );
        report.warning(path, message);
    }
}
