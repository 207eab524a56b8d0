//! What must hold after a run, whatever happened in it. Written from the
//! promises, without the core: from what SES accepted, what is on the bus, what
//! the ledger holds, and what the same run leaves without faults.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use lazo::shell::store::{FailureKind, Month, Part, Store, TouchState, keys};
use lazo_domain::address::{Asks, Heard};
use lazo_domain::channel::Channel;
use lazo_domain::customer::{CallReports, Customer, Phase};
use lazo_domain::event::{Body, EventKind};
use lazo_domain::instant::Instant;
use lazo_domain::notice::{NoticeId, NoticeKind};
use lazo_domain::search::Typed;
use lazo_domain::touch::Reason;
use lazo_fake_aws::Service;
use lazo_fake_aws::faults::{Fault, Plan};

use serde_json::json;

use super::acts::Act;
use super::flows::{CUSTOMER, Flow, due};
use super::run::{Trail, Variant, World, mails};
use crate::support::events::{delivered, profile};
use crate::support::{id, minutes_after};

/// What the customers of the flows are called, and were.
const SEARCHED: [&str; 6] =
    ["marisol", "marisol quis", "nandu quispe", "sol luna", "marisol.nandu@", "5550142"];

/// How long the policy of the flows keeps what events told: three years, and a leap day.
const KEPT_DAYS: i64 = 3 * 365 + 1;

/// What a run left.
#[derive(Clone, Debug)]
pub struct Left {
    pub customer: Customer,
    /// The ledger's events. A profile has no key, and is told by the state.
    pub events: BTreeSet<String>,
    /// When the events happened of which the details are kept.
    pub kept: BTreeSet<(Instant, String)>,
    /// The ledger's touches, and why they were not sent.
    pub touches: BTreeMap<String, (TouchState, Option<Reason>)>,
    /// How often each touch's mail was accepted.
    pub mails: BTreeMap<String, usize>,
    /// How often each call was asked for.
    pub asked: BTreeMap<String, usize>,
    /// How often each touch was told to have been sent or not.
    pub told: BTreeMap<String, usize>,
    /// How often each level that a complaint reached was published.
    pub escalated: BTreeMap<String, usize>,
    /// The calls of the list: how they stand.
    pub calls: BTreeMap<String, String>,
    /// What was said of the address and the number that the flows have.
    pub said: Heard,
    /// What the index of searches lists under what the flows' customers are called, and
    /// whether it has this one.
    pub found: BTreeSet<String>,
    /// What is counted in the month in which all of it happens.
    pub counted: BTreeSet<String>,
    /// The touches that are listed as unknown.
    pub unknown: BTreeSet<String>,
    /// Whatever else is listed.
    pub failures: Vec<String>,
}

impl Left {
    /// What is left; where the customer cannot be read, why.
    pub async fn of(world: &World) -> Result<Left, String> {
        let store = &world.observer;
        let loaded = store.load(&id(CUSTOMER)).await;
        let loaded = loaded.map_err(|why| format!("the customer is unreadable: {why}"))?;
        let is_searchable = loaded.is_searchable();
        let found = listed(store, is_searchable).await;
        let (events, touches) = store.ledger(&id(CUSTOMER)).await.unwrap();
        let mut asked = BTreeMap::new();
        let mut told = BTreeMap::new();
        let mut escalated = BTreeMap::new();
        for event in world.aws.bus.published() {
            let counts = match event.detail_type.as_str() {
                "CallRequested" | "TaskRequested" => &mut asked,
                "EmailSent" | "TouchSkipped" => &mut told,
                "StageChanged" => continue,
                "ComplaintEscalated" => {
                    let (complaint, level) =
                        (&event.detail["complaint_id"], &event.detail["level"]);
                    *escalated.entry(format!("{complaint} {level}")).or_default() += 1;
                    continue;
                }
                other => panic!("{other} was published"),
            };
            let touch = event.detail["touch_id"].as_str().unwrap().to_owned();
            *counts.entry(touch).or_default() += 1;
        }
        let mut calls = BTreeMap::new();
        let is_for_a_person = |c: Channel| matches!(c, Channel::Call | Channel::Task);
        for touch in touches.iter().filter(|entry| is_for_a_person(entry.channel)) {
            if let Some(call) = store.call(&touch.touch).await.unwrap() {
                let desk = (&call.claimed_by, call.snoozed_until, call.handed_over);
                let stands =
                    format!("{:?} {:?} {} {desk:?}", call.status, call.outcome, call.assigned_to);
                calls.insert(touch.touch.to_string(), stands);
            }
        }
        let month = Month { year: 2026, month: 11 };
        let left = store.dissolutions_of(month).await.unwrap();
        let complaints = store.complaints_of(month).await.unwrap();
        let felt = store.experiences_of(month).await.unwrap();
        let counted = left.iter().map(|one| format!("{one:?}"));
        let counted = counted.chain(complaints.iter().map(|one| format!("{one:?}")));
        let counted = counted.chain(felt.iter().map(|one| format!("{one:?}")));
        let (unknown, failures) = failures(store).await;
        let known = delivered(&profile(CUSTOMER, due(), json!({})));
        let mut probe = Customer::new(id(CUSTOMER));
        if let Body::CustomerUpdated(told) = &known.event.body {
            probe.profile.update(told);
        }
        store.hear_all([&mut probe], Asks { email: true, phone: true }).await.unwrap();
        Ok(Left {
            said: probe.heard,
            found,
            counted: counted.collect(),
            customer: loaded.customer,
            events: events
                .iter()
                .filter(|e| e.kind != EventKind::CustomerUpdated)
                .map(|e| keys::event(e.kind, &e.key))
                .collect(),
            kept: events
                .iter()
                .filter(|e| e.detail.is_some())
                .map(|e| (e.at, keys::event(e.kind, &e.key)))
                .collect(),
            touches: touches.iter().map(|e| (e.touch.to_string(), (e.state, e.reason))).collect(),
            mails: mails(&world.aws),
            asked,
            told,
            escalated,
            calls,
            unknown,
            failures,
        })
    }

    /// What must be the same, whatever happened on the way. When a touch went
    /// out may differ, and with it what is remembered for the frequency caps
    /// and for touches still open; a touch of unknown fate stays open.
    pub fn comparable(&self) -> Customer {
        let mut customer = self.customer.clone();
        customer.sends.clear();
        customer.fired.clear();
        customer.exits.clear();
        // When a calendar was looked at last depends on who came first.
        customer.occasions_until = None;
        customer.stages.iter_mut().for_each(|entered| entered.learnt_at = None);
        for e in customer.enrolments.iter_mut().chain(&mut customer.asked_calls) {
            if let Phase::AwaitingReport { asked_at, .. } = &mut e.phase {
                *asked_at = due();
                e.base = due();
            }
            let tries = e.tries.iter_mut().chain(&mut e.tries_before);
            tries.for_each(|one| one.asked_at = due());
        }
        customer.call_reports = arrived_once(&customer.call_reports);
        customer
            .enrolments
            .retain(|e| !self.unknown.contains(&e.touch(&self.customer.id).to_string()));
        customer
    }
}

/// The same reports, as if all had arrived at one time: that may differ.
fn arrived_once(reports: &CallReports) -> CallReports {
    let mut value = serde_json::to_value(reports).unwrap();
    for report in value.as_array_mut().into_iter().flatten() {
        report["received_at"] = 0.into();
    }
    serde_json::from_value(value).unwrap()
}

/// Every entry of the index that anything leads to that the flows tell of somebody.
async fn listed(store: &Store, is_searchable: bool) -> BTreeSet<String> {
    let mut found = BTreeSet::from([format!("the state says that it is listed: {is_searchable}")]);
    for text in SEARCHED {
        let typed = Typed::read(text).unwrap();
        let page = store.searched(&typed, Part::Beginning, None, 100).await.unwrap();
        found.extend(page.listed.iter().map(|(_, id)| format!("{text}: {id}")));
    }
    found
}

async fn failures(store: &Store) -> (BTreeSet<String>, Vec<String>) {
    let (mut unknown, mut others) = (BTreeSet::new(), Vec::new());
    // All of it happens in one month; the list looks two years back.
    let month = AttributeValue::S("failures#2026-11".into());
    let listed = store.client().query().table_name(store.table());
    let listed = listed.key_condition_expression("pk = :pk");
    let listed = listed.expression_attribute_values(":pk", month).send().await.unwrap();
    if listed.items().is_empty() {
        return (unknown, others);
    }
    for failure in store.failures(minutes_after(due(), 10_000)).await.unwrap() {
        let text = store.failed_text(&failure).await.unwrap();
        match failure.kind {
            FailureKind::UnknownSend | FailureKind::UnknownNotice => {
                unknown.insert(text);
            }
            // A fault may leave the mail service out of reach for a while: that is told.
            FailureKind::MailRefused => {}
            FailureKind::Event
            | FailureKind::Waiting
            | FailureKind::PartlyTaken
            | FailureKind::MailEvent
            | FailureKind::MailUnwritten
            | FailureKind::SuspendedVersion
            | FailureKind::Customer => others.push(text),
        }
    }
    (unknown, others)
}

/// Why a touch's fate may rightly be unknown: a process that stopped, or an
/// answer that proves nothing. What the table did and told nobody is found there
/// by reading it again.
fn leaves_unknown(plan: &Plan, trail: &Trail) -> bool {
    if let Plan::At(faults) = plan
        && let [(number, Fault::LoseAnswer)] = faults[..]
    {
        let step = (number as usize).checked_sub(1).and_then(|place| trail.steps.get(place));
        return step.is_some_and(|step| step.service == Service::Ses);
    }
    let proves_nothing = |fault: &Fault| {
        matches!(fault, Fault::Fail | Fault::LoseAnswer | Fault::StopBefore | Fault::StopAfter)
            // A worker that could not write what it knew is as good as stopped.
            || matches!(fault, Fault::Refuse | Fault::Throttle)
    };
    matches!(plan, Plan::At(faults) if faults.iter().any(|(_, fault)| proves_nothing(fault)))
}

/// Everything that is wrong with a run, in words.
pub fn check(
    flow: &Flow,
    variant: Variant,
    plan: &Plan,
    trail: &Trail,
    (left, clean): (&Left, &Left),
) -> Vec<String> {
    let mut wrong = Vec::new();
    if !trail.stuck.is_empty() {
        wrong.push(format!("never acknowledged: {:?}", trail.stuck));
    }
    if !trail.lost.is_empty() {
        wrong.push(format!("acknowledged and not stored: {:?}", trail.lost));
    }
    if left.events != clean.events {
        wrong.push(format!("the ledger's events: {:?}, clean {:?}", left.events, clean.events));
    }
    if left.kept != clean.kept {
        wrong.push(format!("details are kept of {:?}, clean {:?}", left.kept, clean.kept));
    }
    // Whoever looks at a calendar looks whether something has been kept for too long.
    let is_look = matches!(flow.input, Act::Calendar { .. });
    let oldest = minutes_after(due(), -KEPT_DAYS * 24 * 60);
    if is_look && left.kept.iter().any(|(at, _)| *at < oldest) {
        wrong.push(format!("kept for too long: {:?}", left.kept));
    }
    if left.counted != clean.counted {
        wrong.push(format!("counted: {:?}, clean {:?}", left.counted, clean.counted));
    }
    if !left.failures.is_empty() {
        wrong.push(format!("kept as bad: {:?}", left.failures));
    }
    if left.found != clean.found {
        wrong.push(format!("FOUND: {:?}, clean {:?}", left.found, clean.found));
    }
    if left.said != clean.said {
        wrong.push(format!("said of the address: {:?}, clean {:?}", left.said, clean.said));
    }
    duplicates(trail, left, &mut wrong);
    let may_be_unknown = leaves_unknown(plan, trail);
    losses(flow, variant, may_be_unknown, (left, clean), &mut wrong);
    notices(may_be_unknown, left, clean, &mut wrong);
    escalations(left, clean, &mut wrong);
    unwelcome(trail, left, &mut wrong);
    let (is, should) = (left.comparable(), clean.comparable());
    if is != should {
        wrong.push(format!("the customer is {is:#?}, clean {should:#?}"));
    }
    if left.calls != clean.calls {
        wrong.push(format!("the call list is {:?}, clean {:?}", left.calls, clean.calls));
    }
    wrong
}

fn duplicates(trail: &Trail, left: &Left, wrong: &mut Vec<String>) {
    for (touch, count) in left.mails.iter().filter(|(_, count)| **count > 1) {
        wrong.push(format!("DUPLICATE: {touch} went out {count} times"));
    }
    // A request whose answer was lost is made again under the same touch id,
    // by which the one call on the list is known.
    for (touch, count) in &left.asked {
        if *count > 1 + trail.struck as usize {
            wrong.push(format!("DUPLICATE: {touch} was asked for {count} times"));
        }
    }
    for (touch, count) in &left.told {
        if *count > 1 + trail.struck as usize {
            wrong.push(format!("{touch} was told {count} times"));
        }
    }
}

/// Whether a touch of these flows is a call: no mail, so its fate is known.
fn is_call(touch: &str) -> bool {
    let step = touch.rsplit('/').next().unwrap_or_default();
    step == "call" || step == "call.2"
}

/// Those in charge are told of each level, whatever happens: by an event, and
/// by a mail.
fn escalations(left: &Left, clean: &Left, wrong: &mut Vec<String>) {
    if left.escalated.keys().ne(clean.escalated.keys()) {
        let (is, should) = (&left.escalated, &clean.escalated);
        wrong.push(format!("LOST: the escalations {is:?}, clean {should:?}"));
    }
}

/// Each mail to somebody in the shop went out, or is listed where something
/// happened that makes its fate unknown.
fn notices(may_be_unknown: bool, left: &Left, clean: &Left, wrong: &mut Vec<String>) {
    let unknown: BTreeMap<String, &String> =
        left.unknown.iter().filter_map(|text| Some((notice_mail(text)?, text))).collect();
    for mail in clean.mails.keys().filter(|key| key.starts_with("notice ")) {
        if !left.mails.contains_key(mail) && !unknown.contains_key(mail) {
            wrong.push(format!("LOST: {mail} to staff; listed are {unknown:?}"));
        }
    }
    if !may_be_unknown && !unknown.is_empty() {
        wrong.push(format!("nothing that happened makes the fate of {unknown:?} unknown"));
    }
}

/// What the mails of a notice are counted under, by its id; `None` for a touch.
fn notice_mail(id: &str) -> Option<String> {
    let (kind, rest) = id.split_once('/')?;
    let kind = NoticeKind::of_template(kind)?;
    let (parts, to) = rest.rsplit_once('/')?;
    let id = NoticeId::new(kind, &parts.split('/').collect::<Vec<_>>(), to);
    Some(format!("notice {}", id.hash()))
}

fn losses(
    flow: &Flow,
    variant: Variant,
    may_be_unknown: bool,
    (left, clean): (&Left, &Left),
    wrong: &mut Vec<String>,
) {
    let mut lost = |touch: &String, why: &str| {
        let stands = left.touches.get(touch);
        wrong.push(format!("LOST: {touch}: {why}; it stands as {stands:?}"));
    };
    for (touch, (state, reason)) in &clean.touches {
        let is_mail = !is_call(touch);
        let is_listed = left.unknown.contains(touch);
        let is_accepted = left.mails.contains_key(touch) || left.asked.contains_key(touch);
        let Some((now, why)) = left.touches.get(touch) else {
            lost(touch, "the ledger does not know it");
            continue;
        };
        let is_refused = flow.may_be_refused.is_some() && *why == flow.may_be_refused;
        if *now == TouchState::Sent && !is_accepted {
            lost(touch, "taken for sent, and nothing went out");
        }
        if (now, why) == (state, reason) || (is_refused && !is_accepted) {
            continue;
        }
        if *now != TouchState::Fenced || !is_listed || !is_mail {
            lost(touch, "neither as without faults, nor listed");
        } else if !may_be_unknown {
            lost(touch, "nothing that happened makes its fate unknown");
        } else if is_accepted && variant.is_told {
            lost(touch, "SES told that it went out");
        }
    }
}

fn unwelcome(trail: &Trail, left: &Left, wrong: &mut Vec<String>) {
    let Some((count, fenced)) = &trail.no else { return };
    let total: usize = left.mails.values().sum();
    if total > *count && fenced.is_empty() {
        wrong.push(format!("UNWELCOME: {} mails after a no", total - count));
    }
}
