//! What happened, newest first: events with what was decided by them, touches, stages.

use std::collections::BTreeMap;

use lazo_domain::stage::Stage;
use lazo_domain::touch::Reason;

use super::{Decided, Entry, Mark, Portrait, Telling, events, sentence, touches};
use crate::shell::store::EventEntry;

/// A customer's history, newest first.
pub fn story(portrait: &Portrait, telling: &Telling) -> Vec<Entry> {
    let told = &portrait.told;
    let mut entries = Vec::new();
    let mut in_order: Vec<&EventEntry> = told.events.iter().collect();
    in_order.sort_by_key(|event| event.received_at);
    // A later event decides open triggers again: what it only repeats is not told.
    let mut said = BTreeMap::new();
    for event in in_order {
        let branch = refused(event, &mut said, telling);
        if events::is_told_with_its_touch(event, told) {
            continue;
        }
        let mut entry = events::entry(event, told, telling);
        entry.branch = branch;
        entries.push(entry);
    }
    entries.extend(told.touches.iter().map(|touch| touches::entry(touch, told, telling)));
    entries.extend(escalated(portrait, telling));
    stages(portrait, telling, &mut entries);
    entries.retain(|entry| entry.at <= telling.now);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    entries
}

/// Of each rule and occurrence, the reason that was told last.
type Known = BTreeMap<(String, String), Reason>;

/// The rules that an event did not start, those that it does not concern in one.
fn refused(event: &EventEntry, said: &mut Known, telling: &Telling) -> Vec<Decided> {
    let (mut branch, mut not_meant) = (Vec::new(), Vec::new());
    for (refused, met) in event.refusals() {
        let of = (refused.rule.clone(), refused.occurrence.clone());
        if said.insert(of, refused.reason) == Some(refused.reason) {
            continue;
        }
        let title = telling.title(&refused.rule);
        let mark = if refused.reason.is_holdout() { Mark::Control } else { Mark::Not };
        match refused.reason {
            Reason::FilterFalse if !not_meant.contains(&title) => not_meant.push(title),
            Reason::FilterFalse => {}
            reason => {
                let why = telling.lang.reason_met(reason, met);
                branch.push(Decided::Refused { mark, text: format!("{title}: {why}.") });
            }
        }
    }
    if !not_meant.is_empty() {
        branch.push(Decided::NotMeant(not_meant));
    }
    branch
}

/// Stages hang under the event by which they were entered; those that time alone brings
/// stand by themselves.
fn stages(portrait: &Portrait, telling: &Telling, entries: &mut Vec<Entry>) {
    let mut before: Option<Stage> = None;
    for entered in &portrait.told.customer.stages {
        let text = telling.lang.entered(entered.stage, before);
        let is_first = before.is_none() && entered.stage == Stage::Exploration;
        before = Some(entered.stage);
        if is_first {
            continue;
        }
        let cause = entries
            .iter_mut()
            .find(|entry| !entered.is_day && entry.at == entered.at && entry.mark == Mark::Event);
        match cause {
            Some(entry) => entry.branch.insert(0, Decided::Stage(sentence(&text))),
            None => {
                let mut entry = Entry::new(entered.at, Mark::Event, text);
                entry.is_day = entered.is_day;
                if entered.stage == Stage::Dissolution {
                    entry.notes.push(
                        telling
                            .pick(
                                "Con su ritmo de antes ya habría vuelto.",
                                "By the rhythm of before, the next purchase would have come.",
                            )
                            .to_owned(),
                    );
                }
                entries.push(entry);
            }
        }
    }
}

/// Complaints that went up a level.
fn escalated(portrait: &Portrait, telling: &Telling) -> Vec<Entry> {
    let entry = |level: u8, at| {
        let what = telling.pick(
            "Su queja no se resolvió a tiempo y subió de nivel",
            "The complaint was not resolved in time and went up a level",
        );
        let mut entry = Entry::new(at, Mark::Bad, what);
        entry.notes.push(format!("{} {level}.", telling.pick("Nivel", "Level")));
        entry
    };
    portrait.told.escalations.iter().map(|one| entry(one.level, one.at)).collect()
}
