//! What reps report of the calls and tasks that they were asked for, and correct.

use serde_json::{Value, json};

use super::fact::{Calls, Fact, What};
use super::happening::{Happening, rfc3339};
use super::life::{DAY, HOUR, MINUTE, SECOND};
use super::people::of_thousand;
use super::shop::Defect;
use super::world::World;

/// Of a call: seven in ten are reported, and one in ten of these was reported as
/// something else first, by the same rep.
pub fn of_call(world: &mut World, customer: usize, touch: &str, id: &str) {
    if !of_thousand(&mut world.rng, 700) {
        return;
    }
    let occurred = world.now + world.rng.i64(HOUR..2 * DAY) / SECOND * SECOND + 7 * SECOND;
    let words = ["reached", "no_answer", "no_answer", "voicemail", "wrong_number", "call_back"];
    let outcome = words[world.rng.usize(..words.len())];
    let outcome = if of_thousand(&mut world.rng, 15) { "do_not_call" } else { outcome };
    // Behind the last attempt the oracle knows of the mail alone.
    let outcome = match outcome {
        "call_back" if touch.ends_with("/call.3") => "no_answer",
        other => other,
    };
    // The defect shows where a correction takes something back: each is corrected there.
    let corrected = if world.setup.defect == Defect::NobodyNamed { 1_000 } else { 100 };
    if of_thousand(&mut world.rng, corrected) {
        world.totals.corrections += 1;
        let wrong = if outcome == "reached" { "no_answer" } else { "reached" };
        let before = occurred - world.rng.i64(MINUTE..50 * MINUTE) / SECOND * SECOND;
        report(world, (customer, touch, id), before, json!({ "outcome": wrong }), Calls::of(wrong));
    }
    let mut fields = json!({ "outcome": outcome });
    let score = world.rng.u8(1..=5);
    if outcome == "reached" {
        fields["satisfaction"] = score.into();
    }
    let mut calls = Calls::of(outcome);
    if outcome == "call_back" {
        world.totals.call_backs += 1;
        let named = occurred + world.rng.i64(HOUR..3 * DAY) / SECOND * SECOND;
        if world.rng.bool() {
            calls = Calls::CallBack(Some(named));
            if world.setup.defect != Defect::BlindToNamedTimes {
                fields["call_back_at"] = rfc3339(named).into();
            }
        }
    }
    report(world, (customer, touch, id), occurred, fields, calls);
}

/// Of a task: half are reported, some as not done.
pub fn of_task(world: &mut World, customer: usize, touch: &str, id: &str) {
    if !touch.ends_with("/note") || world.rng.bool() {
        return;
    }
    let occurred = world.now + world.rng.i64(HOUR..3 * DAY) / SECOND * SECOND + 7 * SECOND;
    let fields = match of_thousand(&mut world.rng, 300) {
        true => json!({ "outcome": "not_done", "note": "the shop was closed" }),
        false => json!({ "outcome": "done" }),
    };
    report(world, (customer, touch, id), occurred, fields, Calls::Nothing);
}

fn report(
    world: &mut World,
    (customer, touch, id): (usize, &str, &str),
    occurred: i64,
    mut fields: Value,
    calls: Calls,
) {
    let key = format!("call-{}-{}", world.people[customer].number, world.events.len());
    fields["call_id"] = key.as_str().into();
    fields["touch_id"] = touch.into();
    if world.setup.defect != Defect::NobodyNamed {
        fields["by"] = "eva".into();
    }
    let is_bad = fields["satisfaction"].as_u64().is_some_and(|score| score <= 2);
    let what = What::Heard { kind: "CallReported", is_bad, calls };
    let happening = Happening::new(Fact::new(what, key, occurred).about(touch), fields);
    let text = happening.text(id);
    let mut rng = world.rng.fork();
    world.add_event(&mut rng, customer, happening.fact, text);
}

impl Calls {
    fn of(outcome: &str) -> Calls {
        match outcome {
            "do_not_call" => Calls::Denied,
            "wrong_number" => Calls::WrongNumber,
            "no_answer" | "voicemail" => Calls::Unanswered,
            "call_back" => Calls::CallBack(None),
            _ => Calls::Nothing,
        }
    }
}
