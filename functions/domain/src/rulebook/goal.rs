//! What `lazo rules check` finds in a rule's goal.

use super::report::Findings;
use super::yaml::Key;
use crate::event::EventKind;
use crate::rule::RuleSpec;

/// A goal that no customer can reach is an error; one that is the trigger's own kind of
/// event is worth a word.
pub fn check(spec: &RuleSpec, trigger: Option<EventKind>, report: &mut Findings) {
    let Some(goal) = &spec.goal else { return };
    let event = goal.event;
    if let Some(why) = why_none(event) {
        report.error(&[Key::Name("goal"), Key::Name("event")], format!("{event} {why}"));
        return;
    }
    if goal.within.count == 0 {
        let message = "within must be longer than nothing, such as \"60 days\"";
        report.error(&[Key::Name("goal"), Key::Name("within")], message);
    }
    if trigger == Some(event) {
        let message = format!(
            "the goal is the trigger's own kind of event: the {event} that starts the rule does not count, only a later one within {}",
            goal.within
        );
        report.warning(&[Key::Name("goal"), Key::Name("event")], message);
    }
}

/// Why an event is nobody's goal; `None` where it may be one.
fn why_none(event: EventKind) -> Option<&'static str> {
    match event {
        EventKind::ContentPublished => Some(
            "is no goal: it is about no customer; name what a customer is to do, such as PurchaseCompleted",
        ),
        EventKind::CustomerErased => {
            Some("is no goal: a customer who asked to be forgotten was not brought to anything")
        }
        EventKind::CustomerMerged => Some(
            "is no goal: it tells that two ids are one person; name what a customer is to do, such as PurchaseCompleted",
        ),
        EventKind::CustomerUpdated
        | EventKind::ConsentChanged
        | EventKind::PurchaseCompleted
        | EventKind::PurchaseDelivered
        | EventKind::PurchaseRefunded
        | EventKind::InteractionRecorded
        | EventKind::ComplaintOpened
        | EventKind::ComplaintResolved
        | EventKind::CallReported
        | EventKind::SurveyAnswered => None,
    }
}
