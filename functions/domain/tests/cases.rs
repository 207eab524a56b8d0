//! Runs `tests/cases/*.yaml`: decision tables that people read.
//!
//! A file holds a policy and rules, and cases that may change either; a case
//! holds what happened and what is to come of it, a line a touch. Times are
//! the customer's own. With `shipped`, a file goes by the rules and the policy of
//! `infra/rules` instead.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use lazo_domain::event::{Delivered, EventKind, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::journey::{Experience, Told, TouchpointScore, stops, worth_at};
use lazo_domain::rulebook::RuleBook;
use lazo_domain::simulation::{Period, Shared, simulate_among};
use lazo_domain::touch::{TouchRecord, TouchStatus};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    #[allow(dead_code)] // for readers
    topic: String,
    /// By the rules that are shipped.
    #[serde(default)]
    shipped: bool,
    /// Reasons for which a trigger is refused that are not worth a line here.
    #[serde(default)]
    leave_out: Vec<String>,
    /// For cases that say nothing else.
    from: Option<String>,
    until: Option<String>,
    #[serde(default)]
    policy: Map<String, Value>,
    /// The segments that conditions may ask for.
    #[serde(default)]
    segments: Map<String, Value>,
    #[serde(default)]
    rules: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    customer: Map<String, Value>,
    cases: Vec<Case>,
    /// How all these customers together fared, touchpoint by touchpoint.
    journey: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    /// Keys that replace the topic's.
    #[serde(default)]
    policy: Map<String, Value>,
    #[serde(default)]
    segments: Map<String, Value>,
    #[serde(default)]
    rules: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    customer: Map<String, Value>,
    /// Events before this count as history.
    from: Option<String>,
    when: Vec<Map<String, Value>>,
    /// What happens to others meanwhile, by their ids; of them only that is known.
    #[serde(default)]
    others: BTreeMap<String, Vec<Map<String, Value>>>,
    until: Option<String>,
    then: Vec<String>,
    /// The stages that the customer enters, where the case tells.
    stages: Option<Vec<String>>,
}

#[test]
fn cases_come_out_as_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    // Beside them lie those of sources, in a folder of their own.
    files.retain(|path| path.is_file());
    files.sort();
    let mut wrong = Vec::new();
    let mut compare = |place: &str, told: &[String], came: &[String]| {
        if came != told {
            let (told, came) = (told.join("\n    "), came.join("\n    "));
            wrong.push(format!("{place}\n  told:\n    {told}\n  came:\n    {came}"));
        }
    };
    let mut count = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let topic: Topic = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut felt = Vec::new();
        for case in &topic.cases {
            count += 1;
            let place = format!("{}: {}", file.file_name().unwrap().display(), case.case);
            let came = run(&topic, case, &place);
            felt.extend(came.felt);
            compare(&place, &case.then, &came.touches);
            if let Some(told) = &case.stages {
                compare(&place, told, &came.stages);
            }
        }
        if let Some(told) = &topic.journey {
            compare(&format!("{}: journey", file.display()), told, &journey(&felt));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(count > 100, "only {count} cases were found");
}

/// What came of a case.
struct Came {
    touches: Vec<String>,
    stages: Vec<String>,
    /// What the customer said of touchpoints, and was worth then.
    felt: Vec<(Experience, f64)>,
}

/// The touchpoints in lines, by phase and the worst first.
fn journey(felt: &[(Experience, f64)]) -> Vec<String> {
    let told = felt.iter().map(|(Experience { phase, touchpoint, feeling }, worth)| Told {
        phase: *phase,
        touchpoint: touchpoint.as_str(),
        feeling: *feeling,
        worth: *worth,
    });
    let line = |stop: &TouchpointScore| {
        let TouchpointScore { touchpoint, answers, happy, unhappy, .. } = stop;
        let phase = json!(stop.phase);
        let by_value = stop.unhappy_by_value.map(|share| format!("{:.0}%", share.share * 100.0));
        let share = by_value.unwrap_or("–".to_owned());
        format!(
            "{} {touchpoint}: {happy} of {answers} happy, {unhappy} unhappy, {share} by value",
            phase.as_str().unwrap()
        )
    };
    stops(told).iter().map(line).collect()
}

fn run(topic: &Topic, case: &Case, place: &str) -> Came {
    let book = if topic.shipped { shipped() } else { book(topic, case, place) };
    let mut customer = merged(&topic.customer, &case.customer);
    let id = match customer.remove("id") {
        Some(id) => Id::new(id.as_str().unwrap_or_default()).unwrap(),
        None => Id::new("ana").unwrap(),
    };
    let zone = match customer.get("time_zone").and_then(Value::as_str) {
        Some(name) => TimeZone::get(name).unwrap_or_else(|e| panic!("{place}: {e}")),
        None => book.default_zone.clone(),
    };
    let mut events = introduce(&id, customer);
    events.extend(case.when.iter().map(|event| delivered(&id, event, &zone, place)));
    // The order in which a file lists events must not matter.
    events.reverse();
    let from = case.from.as_ref().or(topic.from.as_ref());
    let until = case.until.as_ref().or(topic.until.as_ref());
    let period = Period {
        from: from.map_or(Instant::MIN, |from| at(from, &zone, place)),
        until: at(until.unwrap_or_else(|| panic!("{place}: no `until`")), &zone, place),
    };
    let (contents, mut events): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|delivered| delivered.event.customer().is_none());
    let others = case.others.iter().map(|(other, told)| {
        let other = Id::new(other).unwrap();
        let told = told.iter().map(|event| delivered(&other, event, &zone, place)).collect();
        (other, told)
    });
    let all: Vec<(Id, Vec<Delivered>)> = others.chain([(id.clone(), events.clone())]).collect();
    let shared = Shared::among(&all);
    let outcome = simulate_among(&shared, id, &mut events, &contents, &book, period);
    let felt = events.iter().filter_map(|delivered| {
        let worth = worth_at(&outcome.customer, delivered.event.occurred_at, &book);
        Some((Experience::of(&delivered.event.body)?, worth))
    });
    let felt = felt.collect();
    let zone = outcome.customer.zone(&book.default_zone);
    let mut touches: Vec<&TouchRecord> = outcome.touches.iter().collect();
    let is_told = |record: &&TouchRecord| {
        let reason = record.reason.map(|reason| reason.to_string());
        !reason.is_some_and(|reason| topic.leave_out.contains(&reason))
    };
    touches.retain(is_told);
    touches.sort_by_key(|record| (record.at, record.touch.to_string()));
    let mut lines: Vec<String> =
        touches.into_iter().map(|record| line(record, &outcome.customer.id, &zone)).collect();
    lines.extend(outcome.escalations.iter().map(|escalation| {
        let owner = book.policy.department(None);
        let to = book.policy.in_charge(escalation.level, owner).unwrap_or("nobody");
        format!(
            "complaint {} goes up to {to} {}",
            escalation.complaint,
            local(escalation.at, &zone)
        )
    }));
    let entered = outcome.customer.stages.iter();
    let stages =
        entered.map(|entered| format!("{} {}", entered.stage.as_str(), local(entered.at, &zone)));
    Came { touches: lines, stages: stages.collect(), felt }
}

/// A touch in a line: what, in brackets which variant, how it stands and why, when, and
/// when it was due where that is another time.
fn line(record: &TouchRecord, main: &Id, zone: &TimeZone) -> String {
    let customer = format!("/{main}/");
    let touch = record.touch.to_string().replacen(&customer, "/", 1);
    let variant = record.variant.as_ref().map_or(String::new(), |name| format!(" [{name}]"));
    let status = record.status.as_str();
    let why = record.reason.map_or(String::new(), |reason| format!(" {reason}"));
    let due = match record.due == record.at {
        true => String::new(),
        false => format!(", due {}", local(record.due, zone)),
    };
    assert!(record.status != TouchStatus::Sent || why.is_empty(), "{touch}: sent{why}");
    format!("{touch}{variant} {status}{why} {}{due}", local(record.at, zone))
}

fn local(at: Instant, zone: &TimeZone) -> String {
    let zoned = at.zoned(zone);
    let seconds = if zoned.second() == 0 { "" } else { ":%S" };
    let text = zoned.strftime(&format!("%a %Y-%m-%d %H:%M{seconds}")).to_string();
    let first = zone.to_ambiguous_zoned(zoned.datetime()).compatible().unwrap();
    if first.timestamp() == zoned.timestamp() { text } else { format!("{text} again") }
}

/// `2026-11-20 18:30` on the customer's clock, or an RFC 3339 instant.
fn at(text: &str, zone: &TimeZone, place: &str) -> Instant {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return timestamp.into();
    }
    let local: DateTime = text.parse().unwrap_or_else(|e| panic!("{place}: {text}: {e}"));
    zone.to_zoned(local).unwrap().timestamp().into()
}

fn merged(topic: &Map<String, Value>, case: &Map<String, Value>) -> Map<String, Value> {
    topic.clone().into_iter().chain(case.clone()).collect()
}

/// The rules that are shipped.
fn shipped() -> RuleBook {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/rules");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let file = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    RuleBook::read(&yaml.map(file).collect::<Vec<_>>()).unwrap()
}

/// What a rule leaves out: live, for service, with one text for all.
fn book(topic: &Topic, case: &Case, place: &str) -> RuleBook {
    let policy = merged(&topic.policy, &case.policy);
    let mut files = vec![("policy.yaml".to_owned(), Value::Object(policy).to_string())];
    let mut rules = topic.rules.clone();
    for (name, changes) in &case.rules {
        let rule = rules.entry(name.clone()).or_default();
        rule.extend(changes.clone());
    }
    for (name, rule) in rules {
        let mut whole = json!({ "rule": name, "status": "live", "purpose": "service" });
        whole.as_object_mut().unwrap().extend(rule);
        for step in whole["steps"].as_array_mut().into_iter().flatten() {
            let step = step.as_object_mut().unwrap();
            let channel = step.entry("channel").or_insert("email".into()).clone();
            if channel != "event" && !step.contains_key("variants") {
                step.entry("template").or_insert("text".into());
            }
        }
        files.push((format!("{name}.yaml"), whole.to_string()));
    }
    let segments = merged(&topic.segments, &case.segments);
    if !segments.is_empty() {
        files.push(("segments.yaml".to_owned(), Value::Object(segments).to_string()));
    }
    RuleBook::read(&files).unwrap_or_else(|found| {
        panic!("{place}: {}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })
}

/// Makes the customer known, with an address and a number, since the year
/// 2000 or `since`; `consent: true` agrees to marketing mail.
fn introduce(id: &Id, mut customer: Map<String, Value>) -> Vec<Delivered> {
    let since = customer.remove("since").unwrap_or("2000-01-01T00:00:00Z".into());
    let agrees = customer.remove("consent") == Some(Value::Bool(true));
    let mut detail = json!({
        "detail-type": "CustomerUpdated", "customer_id": id, "occurred_at": since,
        "email": "ana@example.com", "phone": "+525512345678",
    });
    detail.as_object_mut().unwrap().extend(customer);
    let consent = json!({
        "detail-type": "ConsentChanged", "customer_id": id, "occurred_at": since,
        "consent_id": "given", "channel": "email", "purpose": "marketing", "state": "granted",
        "source": "form",
    });
    let events = std::iter::once(detail).chain(agrees.then_some(consent));
    events.map(|event| from_wire(&event.to_string()).unwrap()).collect()
}

/// `{ PurchaseCompleted: p1, at: …, arrives: … }` as the bus delivers it.
fn delivered(id: &Id, event: &Map<String, Value>, zone: &TimeZone, place: &str) -> Delivered {
    let mut detail = event.clone();
    let kind = EventKind::ALL
        .into_iter()
        .find(|kind| detail.contains_key(kind.as_str()))
        .unwrap_or_else(|| panic!("{place}: no event: {event:?}"));
    let key = detail.remove(kind.as_str()).unwrap_or_default();
    let happened = detail.remove("at").unwrap_or_else(|| panic!("{place}: no `at`: {event:?}"));
    let happened = at(happened.as_str().unwrap_or(""), zone, place);
    let arrives = detail.remove("arrives");
    let arrives = arrives.map_or(happened, |text| at(text.as_str().unwrap_or(""), zone, place));
    let mut whole = defaults(kind, key);
    whole.insert("customer_id".into(), id.as_str().into());
    whole.insert("occurred_at".into(), happened.to_string().into());
    whole.extend(detail);
    if let Some(Value::String(money)) = whole.get("total") {
        let (amount, currency) = money.split_once(' ').unwrap_or((money, "MXN"));
        whole.insert("total".into(), json!({ "amount": amount, "currency": currency }));
    }
    let envelope = json!({
        "detail-type": kind.as_str(), "source": "shop", "time": arrives.to_string(),
        "detail": Value::Object(whole),
    });
    from_wire(&envelope.to_string()).unwrap_or_else(|error| panic!("{place}: {error}"))
}

/// The fields that an event must have, where a case does not care.
fn defaults(kind: EventKind, key: Value) -> Map<String, Value> {
    let fields = match kind {
        EventKind::CustomerUpdated => json!({}),
        EventKind::ConsentChanged => json!({
            "consent_id": key, "channel": "email", "purpose": "all", "state": "denied",
            "source": "form",
        }),
        EventKind::PurchaseCompleted => json!({ "purchase_id": key, "total": "100 MXN" }),
        EventKind::PurchaseDelivered => json!({ "purchase_id": key }),
        EventKind::PurchaseRefunded => json!({ "refund_id": key, "purchase_id": "p1" }),
        EventKind::InteractionRecorded => json!({
            "interaction_id": key, "phase": "postpurchase", "touchpoint": "shop",
            "channel": "shop", "initiated_by": "brand", "kind": "visit",
        }),
        EventKind::ComplaintOpened => json!({
            "complaint_id": key, "severity": "normal", "category": "quality",
        }),
        EventKind::ComplaintResolved => json!({ "complaint_id": key }),
        EventKind::CallReported => json!({ "call_id": key, "outcome": "reached" }),
        EventKind::SurveyAnswered => json!({ "answer_id": key, "touchpoint": "shop" }),
        EventKind::ContentPublished => json!({
            "content_id": key, "title": "Light", "url": "https://casa.example/light",
            "topics": ["lamps"],
        }),
        EventKind::CustomerErased => json!({ "request_id": key }),
        EventKind::CustomerMerged => json!({ "merge_id": key }),
    };
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
