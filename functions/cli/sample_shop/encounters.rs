//! Everything between shop and customer that is not a purchase.

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::draw::{Hours, chance, date_after, pick, weighted};
use super::life::{Life, OpenComplaint};
use super::texts::{self, GRIEVANCES, PARCEL_GRIEVANCES, Text};

/// An answer to a survey.
#[derive(Clone, Copy)]
pub enum Score {
    /// 1–5.
    Csat(usize),
    /// 0–10.
    Nps(usize),
}

impl Score {
    /// What one who answers so has to say.
    fn comments(self) -> &'static [Text] {
        match self {
            Score::Csat(4..) | Score::Nps(9..) => texts::PRAISE,
            Score::Csat(3) | Score::Nps(7..) => texts::SHRUGS,
            Score::Csat(_) | Score::Nps(_) => texts::GRUMBLES,
        }
    }
}

/// A score as a good shop gets them: mostly high, some bad.
pub fn draw_score(rng: &mut Rng) -> Score {
    if chance(rng, 0.65) {
        Score::Csat(1 + weighted(rng, &[3, 4, 12, 34, 47]))
    } else {
        Score::Nps(weighted(rng, &[1, 0, 1, 1, 1, 3, 4, 8, 17, 26, 38]))
    }
}

pub fn survey(life: &mut Life, at: Timestamp, touchpoint: &str, score: Score, rng: &mut Rng) {
    let mut answer = json!({
        "answer_id": life.next_id("ans"),
        "touchpoint": touchpoint,
    });
    match score {
        Score::Csat(stars) => answer["csat"] = json!(stars),
        Score::Nps(points) => answer["nps"] = json!(points),
    }
    if chance(rng, 0.4) {
        answer["comment"] = json!(life.say(pick(rng, score.comments())));
    }
    life.record(at, "SurveyAnswered", answer);
}

/// Adds an `InteractionRecorded`: `what` says kind, touchpoint and channel.
fn interaction(life: &mut Life, at: Timestamp, (phase, initiated_by): (&str, &str), what: Value) {
    let mut detail = what;
    detail["interaction_id"] = json!(life.next_id("int"));
    detail["phase"] = json!(phase);
    detail["initiated_by"] = json!(initiated_by);
    life.record(at, "InteractionRecorded", detail);
}

/// The customer drops in without buying; `phase` tells before or after what.
pub fn look_around(life: &mut Life, at: Timestamp, phase: &str, rng: &mut Rng) {
    let note = life.say(pick(rng, texts::VISITS));
    let mut visit = json!({
        "kind": "visit", "touchpoint": "boutique", "channel": "store", "note": note,
    });
    // There is a tablet by the door.
    if chance(rng, 0.3) {
        visit["satisfaction"] = json!(1 + weighted(rng, &[3, 6, 15, 36, 40]));
    }
    interaction(life, at, (phase, "customer"), visit);
}

/// A public review, one to five stars.
pub fn review(life: &mut Life, at: Timestamp, stars: usize, rng: &mut Rng) {
    let note = life.say(pick(rng, Score::Csat(stars).comments()));
    let review = json!({
        "kind": "review", "touchpoint": "review site", "channel": "online",
        "satisfaction": stars, "note": note,
    });
    interaction(life, at, ("postpurchase", "customer"), review);
}

fn support(life: &mut Life, at: Timestamp, rng: &mut Rng) {
    let note = life.say(pick(rng, texts::SUPPORT));
    let channel = pick(rng, &["phone", "email", "online"]);
    let mut support = json!({
        "kind": "support", "touchpoint": "customer service", "channel": channel, "note": note,
    });
    if chance(rng, 0.3) {
        support["satisfaction"] = json!(1 + weighted(rng, &[3, 4, 12, 34, 47]));
    }
    interaction(life, at, ("postpurchase", "customer"), support);
}

/// One of the small contacts that follow a purchase now and then.
pub fn stay_in_touch(life: &mut Life, at: Timestamp, rng: &mut Rng) {
    match weighted(rng, &[2, 1, 1]) {
        0 => look_around(life, at, "postpurchase", rng),
        1 => support(life, at, rng),
        _ => {
            let stars = 1 + weighted(rng, &[4, 4, 10, 30, 52]);
            review(life, at, stars, rng);
        }
    }
}

/// A meeting with the rep, who promises to come back to it so many days later.
pub fn meet(life: &mut Life, at: Timestamp, promised_days: i64, rng: &mut Rng) {
    let (note, about) = pick(rng, texts::MEETINGS);
    let home = life.customer.home;
    let meeting = json!({
        "kind": "meeting", "touchpoint": "appointment", "channel": "store",
        "note": life.say(note),
        "follow_up": {
            "on": date_after(at, promised_days, home.shop.time_zone),
            "about": life.say(about),
        },
    });
    interaction(life, at, ("postpurchase", "brand"), meeting);
}

pub fn call_outcome(rng: &mut Rng) -> &'static str {
    let outcomes = ["reached", "voicemail", "no_answer", "wrong_number"];
    outcomes[weighted(rng, &[58, 24, 16, 2])]
}

/// A call that the rep made of their own accord.
pub fn call(life: &mut Life, at: Timestamp, outcome: &str, rng: &mut Rng) {
    let mut call = json!({ "call_id": life.next_id("call"), "outcome": outcome });
    if outcome == "reached" {
        call["note"] = json!(life.say(pick(rng, texts::CALL_NOTES)));
        if chance(rng, 0.6) {
            call["satisfaction"] = json!(3 + weighted(rng, &[1, 4, 5]));
        }
    }
    life.record(at, "CallReported", call);
}

/// Some of those who stay away tell a rep why, months after they last bought.
pub fn farewell(life: &mut Life, last_at: Timestamp, now: Timestamp, rng: &mut Rng) {
    let at = life.later(rng, last_at, 100..=240, Hours::Desk);
    if at > now || !life.customer.is_callable() || !chance(rng, 0.2) {
        return;
    }
    let (reason, note) = pick(rng, texts::FAREWELLS);
    let call = json!({
        "call_id": life.next_id("call"),
        "outcome": "reached",
        "dissolution_reason": reason,
        "note": life.say(note),
    });
    life.record(at, "CallReported", call);
    life.has_left = true;
}

/// A complaint with its resolution some days later, if that day has come.
pub fn complaint(life: &mut Life, opened_at: Timestamp, now: Timestamp, rng: &mut Rng) {
    if opened_at > now || life.open_complaint.is_some() {
        return;
    }
    let severity = ["low", "normal", "high"][weighted(rng, &[35, 45, 20])];
    open_complaint(life, opened_at, severity, rng);
    let resolved_at = life.later(rng, opened_at, 1..=6, Hours::Desk);
    if resolved_at <= now {
        resolve_complaint(life, resolved_at);
    }
}

pub fn open_complaint(life: &mut Life, at: Timestamp, severity: &str, rng: &mut Rng) {
    let has_parcel = life.last_visit.is_some_and(|visit| visit.is_online);
    let about_parcel = has_parcel && chance(rng, 0.5);
    let table = if about_parcel { PARCEL_GRIEVANCES } else { GRIEVANCES };
    let grievance = pick(rng, table);
    let id = life.next_id("com");
    let opened = json!({
        "complaint_id": id,
        "severity": severity,
        "category": grievance.category,
        "description": life.say(grievance.description),
    });
    life.record(at, "ComplaintOpened", opened);
    life.open_complaint = Some(OpenComplaint { id, opened_at: at, grievance });
}

/// Settles the open complaint, if there is one.
pub fn resolve_complaint(life: &mut Life, at: Timestamp) {
    if let Some(OpenComplaint { id, grievance, .. }) = life.open_complaint.take() {
        let resolved = json!({
            "complaint_id": id,
            "resolution": life.say(grievance.resolution),
            "root_cause": grievance.root_cause,
        });
        life.record(at, "ComplaintResolved", resolved);
    }
}
