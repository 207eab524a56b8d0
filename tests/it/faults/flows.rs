//! The flows: what comes in, what comes after it, and what was before.

mod events;

use lazo::shell::store::table::Alarm;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Reason, TouchId};
use serde_json::{Value, json};

use super::acts::{Act, AtDesk};
use crate::support::events::{envelope, profile, purchase};
use crate::support::{LINKS_URL, at, id, minutes_after};

pub const CUSTOMER: &str = "ana";

/// Somebody with the same address and number, under another id.
pub const OTHER: &str = "beto";

/// Another id of the same customer, as slots out.
const GUEST: &str = "guest-17";

pub fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

/// When everything that was started at noon falls due.
pub fn due() -> Instant {
    at("2026-11-19T10:00:00-06:00")
}

/// A flow: the input meets the faults, the rest is what it meets them in.
#[derive(Clone)]
pub struct Flow {
    pub name: &'static str,
    pub before: Vec<Act>,
    /// Whether the last act before loses SES's answer.
    pub loses_answer: bool,
    pub input: Act,
    pub next: Act,
    /// Why a touch of the clean run may rightly not be sent: what comes next
    /// may come first.
    pub may_be_refused: Option<Reason>,
}

fn event(kind: &str, minutes: i64, detail: Value) -> Act {
    event_of(CUSTOMER, kind, minutes, detail)
}

fn event_of(customer: &str, kind: &str, minutes: i64, mut detail: Value) -> Act {
    let at = minutes_after(noon(), minutes);
    detail["customer_id"] = customer.into();
    detail["occurred_at"] = at.to_string().into();
    Act::Event { text: envelope(kind, at, detail), at }
}

fn bought(key: &str, minutes: i64, amount: &str) -> Act {
    let at = minutes_after(noon(), minutes);
    Act::Event { text: purchase(CUSTOMER, key, at, amount), at }
}

/// A purchase of ten days ago that an archive brings.
fn archived(key: &str, minutes: i64) -> Act {
    let bought = minutes_after(noon(), minutes - 10 * 24 * 60);
    Act::Event {
        text: purchase(CUSTOMER, key, bought, "10.00"),
        at: minutes_after(noon(), minutes),
    }
}

fn known(minutes: i64) -> Act {
    let at = minutes_after(noon(), minutes);
    Act::Event { text: profile(CUSTOMER, at, json!({})), at }
}

fn interested(minutes: i64) -> Act {
    let at = minutes_after(noon(), minutes);
    let interests = json!({ "interests": ["velas", "sillas"] });
    Act::Event { text: profile(CUSTOMER, at, interests), at: minutes_after(noon(), 5) }
}

fn article() -> Act {
    let detail = json!({
        "content_id": "p1", "occurred_at": noon().to_string(), "title": "Luz",
        "url": "https://casa.example/luz", "topics": ["sillas", "velas"],
    });
    Act::Event { text: envelope("ContentPublished", noon(), detail), at: noon() }
}

fn consent(key: &str, minutes: i64, state: &str) -> Act {
    let purpose = if state == "denied" { "all" } else { "marketing" };
    let detail = json!({
        "consent_id": key, "channel": "email", "purpose": purpose, "state": state, "source": "till",
    });
    event("ConsentChanged", minutes, detail)
}

fn touch(rule: &str, step: &str) -> TouchId {
    TouchId {
        rule: rule.into(),
        customer: id(CUSTOMER),
        occurrence: "p1".into(),
        step: step.into(),
    }
}

fn flow(name: &'static str, before: Vec<Act>, input: Act, next: Act) -> Flow {
    Flow { name, before, loses_answer: false, input, next, may_be_refused: None }
}

/// Every flow.
pub fn all() -> Vec<Flow> {
    let tick = || Act::Tick { at: due() };
    let from = |act: Act| vec![known(-60), act];
    let small = || bought("p1", 0, "10.00");
    let mut flows = events::events();
    flows.extend(calendar());
    flows.extend(mornings());
    flows.extend([
        flow("dispatch of a mail", from(small()), tick(), bought("p2", 22 * 60, "10.00")),
        flow(
            "dispatch of a call",
            from(bought("p1", 0, "2000.00")),
            tick(),
            bought("p2", 22 * 60, "10.00"),
        ),
        Flow {
            may_be_refused: Some(Reason::NoConsent),
            ..flow("dispatch before a no", from(small()), tick(), consent("no", 22 * 60, "denied"))
        },
    ]);
    let of_mail = |kind, minutes| Act::SendStatus {
        touch: touch("thanks", "mail").to_string(),
        kind,
        at: minutes_after(due(), minutes),
    };
    flows.push(Flow {
        loses_answer: true,
        ..flow(
            "feedback of SES",
            vec![known(-60), small(), tick()],
            of_mail("Email Delivered", 1),
            of_mail("Email Bounced", 2),
        )
    });
    flows.extend(of_calls());
    flows.extend(at_desk());
    flows.extend(of_addresses());
    flows.push(flow(
        "escalation",
        vec![
            known(-60),
            event(
                "ComplaintOpened",
                -60,
                json!({ "complaint_id": "k1", "severity": "high", "category": "delivery" }),
            ),
        ],
        tick(),
        bought("p2", 22 * 60, "10.00"),
    ));
    flows.push(flow(
        "unsubscribe by a link",
        vec![known(-60), consent("yes", -50, "granted"), bought("p1", 0, "77.00"), tick()],
        Act::Click { touch: touch("news", "mail"), at: minutes_after(due(), 5) },
        bought("p2", 22 * 60 + 10, "77.00"),
    ));
    flows.push(flow("archive", from(small()), archived("p0", 10), bought("p2", 20, "10.00")));
    flows.extend(of_content());
    flows.push(flow(
        "survey answer by a link",
        vec![known(-60), small(), tick()],
        Act::Answer { touch: touch("thanks", "mail"), at: minutes_after(due(), 5) },
        bought("p2", 22 * 60 + 10, "10.00"),
    ));
    flows
}

/// Pieces that interest somebody, and what else an interest comes from.
fn of_content() -> Vec<Flow> {
    let share = || Act::Share { at: minutes_after(noon(), 10) };
    let met = json!({
        "interaction_id": "p1", "phase": "postpurchase", "touchpoint": "shop", "channel": "store",
        "initiated_by": "brand", "kind": "meeting", "note": "Busca sillas.",
    });
    vec![
        flow("content", vec![interested(-60), article()], share(), bought("p2", 10, "10.00")),
        flow(
            "interest told late",
            vec![known(-60), article(), share()],
            interested(-30),
            bought("p2", 10, "10.00"),
        ),
        flow(
            "meeting",
            vec![known(-60)],
            event("InteractionRecorded", 30, met),
            bought("p2", 40, "10.00"),
        ),
    ]
}

/// The flows that the calendar starts.
fn calendar() -> Vec<Flow> {
    let midnight = at("2026-11-19T00:00:00-06:00");
    let born = profile(CUSTOMER, noon(), json!({ "birthday": "--11-19" }));
    let look = |at| Act::Calendar { alarm: Alarm::Occasion, at };
    let greeted = Act::Event { text: born.clone(), at: noon() };
    vec![
        // Who slept by other rules is found, and greeted on the day.
        flow(
            "new rules of the calendar",
            vec![Act::Formerly { text: born.clone(), at: noon() }, look(noon())],
            look(minutes_after(noon(), 20)),
            look(midnight),
        ),
        flow("birthday", vec![greeted.clone()], look(midnight), bought("p2", 22 * 60, "10.00")),
        // Bought so long ago that drift begins with the day.
        flow(
            "drift",
            vec![bought("p0", -180 * 1440, "5.00"), known(-60)],
            Act::Calendar { alarm: Alarm::Review, at: midnight },
            bought("p2", 22 * 60, "10.00"),
        ),
        // What was bought then is kept no longer; that it was bought counts for ever.
        flow(
            "history that is too old",
            vec![bought("p0", -4 * 366 * 1440, "5.00"), greeted],
            look(midnight),
            bought("p2", 22 * 60, "10.00"),
        ),
    ]
}

/// The mails to the people of the shop: as the morning begins and as it ends,
/// when what it leaves open is the next one's.
fn mornings() -> Vec<Flow> {
    let begins = at("2026-11-19T07:30:00-06:00");
    let birthday = json!({ "birthday": "--11-19", "account_manager": "eva" });
    let known = Act::Event { text: profile(CUSTOMER, noon(), birthday), at: noon() };
    // Luis has until noon.
    let opened = json!({ "complaint_id": "k1", "severity": "high", "category": "returns" });
    let complaint = event("ComplaintOpened", 60, opened);
    let of = |name, minutes| {
        flow(
            name,
            vec![known.clone(), complaint.clone()],
            Act::Morning { at: minutes_after(begins, minutes) },
            bought("p2", 25 * 60, "10.00"),
        )
    };
    vec![of("morning", 0), of("end of a morning", 299)]
}

/// The flows of calls that are tried again.
fn of_calls() -> Vec<Flow> {
    let asked = || vec![known(-60), bought("p1", 0, "3000.00"), Act::Tick { at: due() }];
    let report = |key: &str, minutes: i64, step: &str, outcome: &str| {
        let touch = touch("again", step).to_string();
        let detail = json!({ "call_id": key, "touch_id": touch, "outcome": outcome });
        event("CallReported", 22 * 60 + minutes, detail)
    };
    // The second attempt falls due two hours after the report of the first.
    let second = || Act::Tick { at: minutes_after(due(), 125) };
    let by_eva = |key: &str, minutes: i64, mut more: Value| {
        more["call_id"] = key.into();
        more["by"] = "eva".into();
        more["touch_id"] = touch("again", "call").to_string().into();
        event("CallReported", 22 * 60 + minutes, more)
    };
    let named = minutes_after(due(), 300).to_string();
    let call_back = json!({ "outcome": "call_back", "call_back_at": named });
    let mut mistaken = asked();
    mistaken.push(by_eva("c1", 5, json!({ "outcome": "reached" })));
    let mut twice = asked();
    twice.extend([report("c1", 5, "call", "no_answer"), second()]);
    vec![
        flow(
            "report of nobody reached",
            asked(),
            report("c1", 5, "call", "no_answer"),
            bought("p2", 22 * 60 + 10, "10.00"),
        ),
        flow(
            "report of a call back",
            asked(),
            by_eva("c1", 5, call_back),
            bought("p2", 22 * 60 + 10, "10.00"),
        ),
        flow(
            "report that corrects another",
            mistaken,
            by_eva("c2", 7, json!({ "outcome": "no_answer" })),
            bought("p2", 22 * 60 + 10, "10.00"),
        ),
        flow(
            "second attempt",
            asked().into_iter().chain([report("c1", 5, "call", "no_answer")]).collect(),
            second(),
            bought("p2", 24 * 60 + 10, "10.00"),
        ),
        flow(
            "report of the last attempt",
            twice,
            report("c2", 130, "call.2", "voicemail"),
            bought("p2", 24 * 60 + 20, "10.00"),
        ),
    ]
}

/// The flows of a rep who has taken a call: it is let go of, given away, put off.
fn at_desk() -> Vec<Flow> {
    let desk = |what, minutes| {
        let (touch, at) = (touch("again", "call"), minutes_after(due(), minutes));
        Act::Desk { touch, what, at }
    };
    let taken = || {
        let asked = [known(-60), bought("p1", 0, "3000.00"), Act::Tick { at: due() }];
        asked.into_iter().chain([desk(AtDesk::Claim, 1)]).collect::<Vec<_>>()
    };
    let next = || bought("p2", 22 * 60 + 10, "10.00");
    vec![
        flow("release of a call", taken(), desk(AtDesk::Release, 5), next()),
        flow("call for somebody else", taken(), desk(AtDesk::HandOver, 5), next()),
        flow("call put off", taken(), desk(AtDesk::Snooze, 5), next()),
    ]
}

/// The flows in which somebody with the same address and number says no, under
/// another id.
fn of_addresses() -> Vec<Flow> {
    let at = minutes_after(noon(), -70);
    let other = || Act::Event { text: profile(OTHER, at, json!({})), at };
    let wanted = || vec![known(-60), other(), consent("yes", -50, "granted")];
    let bought_on_offer = || bought("p1", 0, "77.00");
    let no = |minutes| {
        let detail = json!({
            "consent_id": "no", "channel": "email", "purpose": "all", "state": "denied",
            "source": "till",
        });
        event_of(OTHER, "ConsentChanged", minutes, detail)
    };
    let with = |mut acts: Vec<Act>, act: Act| {
        acts.push(act);
        acts
    };
    let not_to_call = json!({ "call_id": "c9", "outcome": "do_not_call" });
    vec![
        flow(
            "no of the address",
            with(wanted(), bought_on_offer()),
            no(30),
            bought("p2", 40, "10.00"),
        ),
        // Whose address it is, is told after they said no.
        flow(
            "address of a no",
            vec![known(-60), consent("yes", -50, "granted"), bought_on_offer(), no(20)],
            other(),
            bought("p2", 40, "10.00"),
        ),
        Flow {
            may_be_refused: Some(Reason::NoConsent),
            ..flow(
                "dispatch before a no of the address",
                with(wanted(), bought_on_offer()),
                Act::Tick { at: due() },
                no(22 * 60),
            )
        },
        flow(
            "bounce of the address",
            with(wanted(), bought("p1", 0, "10.00")),
            Act::SendStatus {
                touch: format!("thanks/{OTHER}/p9/mail"),
                kind: "Email Bounced",
                at: minutes_after(noon(), 30),
            },
            bought("p2", 40, "77.00"),
        ),
        flow(
            "no of the number",
            with(wanted(), bought("p1", 0, "2000.00")),
            event_of(OTHER, "CallReported", 30, not_to_call),
            bought("p2", 40, "10.00"),
        ),
    ]
}

/// The address of links, for an app.
pub fn links() -> (String, lazo::shell::link::token::Keys) {
    (LINKS_URL.into(), lazo::shell::link::token::Keys::parse(crate::support::LINK_KEYS).unwrap())
}
