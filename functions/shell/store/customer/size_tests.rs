//! However hostile a history is, and however its events are mixed, the customer's
//! state fits into the items that one transaction has for it.

use lazo_domain::decide::{Input, Merge, decide, merge};
use lazo_domain::event::{Body, Delivered, Event, from_wire};
use lazo_domain::rulebook::RuleBook;
use lazo_domain::touch::{Defer, Reason};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// How many kinds of what a state holds there are.
const KINDS: usize = 10;

/// How many events of each, beyond each bound; of triggers fewer, as beyond theirs
/// nothing starts.
const EACH: usize = 2_600;
const TRIGGERS: usize = 1_000;
const EXITS: usize = 2_100;

/// Under so many ids the events come, which then turn out to be one person: sooner
/// done than one long history.
const IDS: usize = 20;

/// The largest that a mix has of a kind.
const FULL: usize = 4;

const POLICY: (&str, &str) = ("policy.yaml", "default_time_zone: UTC\ncurrency: MXN\n");

/// What keeps most of its triggers, and what keeps most of its exits.
const RULES: [(&str, &str); 2] = [
    (
        "orders.yaml",
        "rule: orders
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps: [{ id: task, channel: task, template: note, wait: 30 days }]
",
    ),
    (
        "visits.yaml",
        "rule: visits
status: live
purpose: service
trigger: { occasion: birthday }
exit_on:
  - { event: InteractionRecorded, if: event.note == 'x' }
  - { event: PurchaseRefunded, if: event.reason == 'x' }
steps: [{ id: task, channel: task, template: note, wait: 30 days }]
",
    ),
];

fn now() -> Instant {
    Instant::from_millis(1_800_000_000_000)
}

/// Texts that cannot be compressed, as long as they may be.
struct Hostile {
    random: fastrand::Rng,
    bought: Vec<String>,
}

impl Hostile {
    fn id(&mut self) -> String {
        (0..128).map(|_| char::from(self.random.u8(b'#'..=b'['))).collect()
    }

    fn text(&mut self, chars: usize) -> String {
        let some = || char::from_u32(self.random.u32(0x2_0000..0x2_A000)).unwrap_or('x');
        std::iter::repeat_with(some).take(chars).collect()
    }

    fn event(&mut self, kind: &str, more: Value) -> Delivered {
        let at = now().plus_millis(-self.random.i64(1_000..DAYS_2));
        let mut detail = json!({ "customer_id": "x", "occurred_at": at.to_string() });
        detail.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let event = json!({ "detail-type": kind, "detail": detail });
        from_wire(&event.to_string()).unwrap_or_else(|why| panic!("{why}"))
    }

    fn bought(&mut self) -> String {
        let place = self.random.usize(..self.bought.len().max(1));
        self.bought.get(place).cloned().unwrap_or_else(|| self.id())
    }

    /// The events that fill one part of a state.
    fn of_kind(&mut self, kind: usize) -> Vec<Delivered> {
        let (id, other) = (self.id(), self.id());
        let amount = format!("{}.{:06}", self.random.u64(..1 << 40), self.random.u32(..999_999));
        let money = json!({ "amount": amount, "currency": "MXN" });
        match kind {
            0 | 1 => {
                self.bought.push(id.clone());
                let (category, name) = match kind {
                    0 => (self.text(300), "x".to_owned()),
                    _ => ("x".to_owned(), self.text(130)),
                };
                let items =
                    json!([{ "sku": "x", "name": name, "category": category, "quantity": 1 }]);
                let detail = json!({ "purchase_id": id, "total": money, "items": items });
                vec![self.event("PurchaseCompleted", detail)]
            }
            2 | 3 => {
                let purchase = if kind == 2 { self.bought() } else { other };
                let detail = json!({ "refund_id": id, "purchase_id": purchase, "total": money });
                vec![self.event("PurchaseRefunded", detail)]
            }
            4 => vec![self.event("PurchaseDelivered", json!({ "purchase_id": id }))],
            5 => {
                // Some hundred texts fill what there is for them.
                let chars = if self.random.u8(..10) == 0 { 300 } else { 1 };
                let category = self.text(chars);
                vec![self.event(
                    "ComplaintOpened",
                    json!({ "complaint_id": id, "severity": "high", "category": category }),
                )]
            }
            6 => {
                let detail = json!({ "answer_id": id, "touchpoint": "x", "csat": 1, "nps": 0 });
                vec![self.event("SurveyAnswered", detail)]
            }
            7 => {
                let note = self.text(480);
                vec![self.event(
                    "InteractionRecorded",
                    json!({
                        "interaction_id": id, "phase": "purchase", "touchpoint": "x", "kind": "x",
                        "channel": "x", "initiated_by": "customer", "satisfaction": 1, "note": note,
                    }),
                )]
            }
            8 => {
                let report =
                    json!({ "call_id": id, "outcome": "reached", "dissolution_reason": "price" });
                vec![self.event("CallReported", report)]
            }
            _ => {
                let attributes: serde_json::Map<String, Value> =
                    (0..4).map(|_| (self.text(100), self.text(300).into())).collect();
                vec![self.event("CustomerUpdated", json!({ "attributes": attributes }))]
            }
        }
    }
}

/// A state that this much of each kind leaves.
fn state(mix: [usize; KINDS], seed: u64) -> Customer {
    let book = |files: &[(&str, &str)]| {
        let files: Vec<_> =
            files.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        RuleBook::read(&files).unwrap()
    };
    let (bare, ruled) = (book(&[POLICY]), book(&[POLICY, RULES[0], RULES[1]]));
    let mut hostile = Hostile { random: fastrand::Rng::with_seed(seed), bought: Vec::new() };
    let count = |kind: usize, all: usize| (all * mix[kind] / FULL).div_ceil(IDS);
    let mut whole: Option<Customer> = None;
    for number in 0..IDS {
        let mut customer = Customer::new(Id::new(&format!("id-{number}")).unwrap());
        for (kind, all, book) in [(1, TRIGGERS, &ruled), (7, EXITS, &ruled), (9, EACH / 10, &bare)]
        {
            for _ in 0..count(kind, all) {
                for told in hostile.of_kind(kind) {
                    customer = decide(customer, Input::Event(&told.event), book, now()).customer;
                }
            }
        }
        whole = Some(match whole {
            None => customer,
            Some(whole) => {
                let Merge { stays, .. } = merge(whole, customer, now(), true, &bare, now());
                stays.customer
            }
        });
    }
    let mut whole = whole.unwrap();
    for kind in [0, 2, 3, 4, 5, 6, 8] {
        for _ in 0..count(kind, EACH * IDS) {
            hostile.of_kind(kind).iter().for_each(|told| tell(&mut whole, &told.event));
        }
    }
    for enrolment in &mut whole.enrolments {
        for _ in 0..30 {
            let mut some = || now().plus_millis(hostile.random.i64(0..DAYS_2));
            let (at, until) = (some(), some());
            enrolment.note_defer(Defer { at, reason: Reason::FrequencyCap, until });
        }
    }
    decide(whole, Input::Calendar, &ruled, now()).customer
}

/// What is history alone is told without a decision for each, which takes longer.
fn tell(customer: &mut Customer, event: &Event) {
    let at = event.occurred_at;
    match &event.body {
        Body::PurchaseCompleted(purchase) => customer.history.add_purchase(purchase),
        Body::PurchaseRefunded(refund) => customer.history.add_refund(refund),
        Body::PurchaseDelivered(delivery) => {
            customer.history.add_delivery(&delivery.purchase_id, at);
        }
        Body::ComplaintOpened(told) => {
            customer.complaints.open(&told.complaint_id, at, told.severity, &told.category);
        }
        Body::SurveyAnswered(answer) => {
            customer.csat.set(at, answer.csat.map(|score| score.0));
            customer.nps.set(at, answer.nps.map(|score| score.0));
        }
        Body::CallReported(report) => {
            customer.reported.extend(report.dissolution_reason.map(|reason| (at, reason)));
        }
        _ => {}
    }
}

const DAYS_2: i64 = 2 * lazo_domain::instant::DAY_MILLIS;

/// How many bytes a state has, compressed, where it can be written.
fn stored(customer: Customer) -> Result<usize, StoreError> {
    let id = customer.id.clone();
    let encoded = item::encode(&Loaded { customer, ..Loaded::new(&id) })?;
    let blob = |item: &Item| {
        item.values().filter_map(|v| v.as_b().ok()).map(|b| b.as_ref().len()).sum::<usize>()
    };
    assert!(encoded.puts.len() <= sections::PARTS_MAX);
    assert!(
        serde_json::to_string(&read::<serde_json::Value>(encoded.hot)?).unwrap().len() < 64 * 1024
    );
    Ok(encoded.puts.iter().map(blob).sum::<usize>())
}

#[test]
fn a_state_with_every_bound_at_its_maximum_is_written() {
    let stored = stored(state([FULL; KINDS], 1)).unwrap();
    // Otherwise these texts are not what fills a state.
    assert!(stored > 2_000_000, "{stored}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn so_is_that_of_any_mix_of_events(
        mix in prop::array::uniform10(0..=FULL),
        seed in any::<u64>(),
    ) {
        let stored = stored(state(mix, seed));
        prop_assert!(stored.is_ok(), "{stored:?}");
    }
}
