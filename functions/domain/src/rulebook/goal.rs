//! What `lazo rules check` finds in a rule's goal.

use super::report::Findings;
use super::yaml::Key;
use crate::bilingual::said;
use crate::event::EventKind;
use crate::rule::RuleSpec;

/// A goal that no customer can reach is an error; one that is the trigger's own kind of
/// event is worth a word.
pub fn check(spec: &RuleSpec, trigger: Option<EventKind>, report: &mut Findings) {
    let Some(goal) = &spec.goal else { return };
    let event = goal.event;
    if let Some(why) = why_none(event) {
        let [es, en] = why;
        let message = said!("{event} {es}", "{event} {en}");
        report.error(&[Key::Name("goal"), Key::Name("event")], message);
        return;
    }
    if goal.within.count == 0 {
        let message = said!(
            "within debe durar algo, por ejemplo \"60 days\"",
            "within must be longer than nothing, such as \"60 days\""
        );
        report.error(&[Key::Name("goal"), Key::Name("within")], message);
    }
    if trigger == Some(event) {
        let message = said!(
            "el objetivo es del mismo tipo de evento que inicia la regla: el {event} que la inicia no cuenta, solo uno posterior en menos de {}",
            "the goal is the trigger's own kind of event: the {event} that starts the rule does not count, only a later one within {}",
            goal.within
        );
        report.warning(&[Key::Name("goal"), Key::Name("event")], message);
    }
}

/// Why an event is nobody's goal; `None` where it may be one.
fn why_none(event: EventKind) -> Option<[&'static str; 2]> {
    match event {
        EventKind::ContentPublished => Some([
            "no sirve de objetivo: no trata de ningún cliente; nombra lo que un cliente debe hacer, por ejemplo PurchaseCompleted",
            "is no goal: it is about no customer; name what a customer is to do, such as PurchaseCompleted",
        ]),
        EventKind::CustomerErased => Some([
            "no sirve de objetivo: a quien pidió ser olvidado no se le llevó a nada",
            "is no goal: a customer who asked to be forgotten was not brought to anything",
        ]),
        EventKind::CustomerMerged => Some([
            "no sirve de objetivo: dice que dos ids son una persona; nombra lo que un cliente debe hacer, por ejemplo PurchaseCompleted",
            "is no goal: it tells that two ids are one person; name what a customer is to do, such as PurchaseCompleted",
        ]),
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
