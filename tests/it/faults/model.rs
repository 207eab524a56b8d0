//! The table in memory is held to the embedded DynamoDB: the same operations,
//! through the product's own store, get the same answers and leave the same
//! items.

mod items;

use std::collections::BTreeSet;
use std::fmt::Debug;

use fastrand::Rng;
use lazo::dispatch;
use lazo::shell::app::App;
use lazo::shell::intake;
use lazo::shell::rules::Rules;
use lazo::shell::store::table::{Alarm, SHARDS};
use lazo::shell::store::{
    Call, CallStatus, Commit, EventEntry, Failing, FailureKind, Ledger, LedgerEntry, Loaded, Note,
    Reservation, Store, TouchEntry, TouchState,
};
use lazo_domain::channel::{Channel, Purpose};
use lazo_domain::event::{People, from_wire};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::touch::{Send, TouchId};
use lazo_fake_aws::{Aws, Keep, Wiring};

use self::items::{by_key, scan};
use super::embedded::{self, Beside};
use crate::support::generate::{Plan, history};
use crate::support::{at, events, id, minutes_after, rules};

fn now() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

/// The same table twice.
struct Pair {
    aws: Aws,
    stores: [Store; 2],
}

impl Pair {
    async fn new() -> Pair {
        let aws = Aws::new(Keep::default());
        let endpoint = embedded::start().await;
        let real = Wiring::to(&embedded::real()).endpoint(endpoint).store();
        Pair { stores: [Wiring::to(&aws).store(), real], aws }
    }

    async fn assert_equal_tables(&self, why: &str) {
        let ours = by_key(self.aws.dump().iter().map(|text| serde_json::from_str(text).unwrap()));
        let theirs = by_key(scan(&self.stores[1]).await);
        assert_eq!(ours.len(), theirs.len(), "{why}");
        for (key, item) in &theirs {
            assert_eq!(ours.get(key), Some(item), "{why}: {key:?}");
        }
    }
}

/// Made-up calls of the store, the same for the same seed.
struct Caller {
    rng: Rng,
    /// What each store gave to be written back, possibly long ago.
    loaded: Vec<[Loaded; 2]>,
}

impl Caller {
    fn customer(&mut self) -> Id {
        id(["ana", "b/o", "customer#ñ".split('ñ').next().unwrap()][self.rng.usize(..3)])
    }

    fn touch(&mut self) -> TouchId {
        TouchId {
            rule: ["thanks", "birthday"][self.rng.usize(..2)].to_owned(),
            customer: self.customer(),
            occurrence: format!("p{}", self.rng.u8(..3)),
            step: "mail".to_owned(),
        }
    }

    fn moment(&mut self) -> Instant {
        minutes_after(now(), self.rng.i64(-100..100))
    }

    fn send(&mut self, touch: TouchId) -> Send {
        Send {
            touch,
            channel: Channel::Call,
            purpose: Purpose::Service,
            template: None,
            variant: None,
            assign_to: self.assignee(),
            event: None,
            at: self.moment(),
            due: self.moment(),
            enrolled_at: Some(self.moment()),
            expires_at: self.moment(),
            version: None,
        }
    }

    fn assignee(&mut self) -> String {
        ["sofia.leal", "care"][self.rng.usize(..2)].to_owned()
    }

    fn entry(&mut self, customer: &Id) -> LedgerEntry {
        let touch = TouchId { customer: customer.clone(), ..self.touch() };
        let send = self.send(touch);
        match self.rng.u8(..6) {
            0 => LedgerEntry::Touch(TouchEntry::fence(&send)),
            1 => LedgerEntry::Touch(TouchEntry::put_back(&send)),
            2 => {
                let was_fenced = self.rng.bool();
                let state = [TouchState::Sent, TouchState::Skipped][self.rng.usize(..2)];
                LedgerEntry::Touch(TouchEntry { state, was_fenced, ..TouchEntry::fence(&send) })
            }
            3 => LedgerEntry::Call(Call::new(&send)),
            _ => {
                let key = format!("p{}", self.rng.u8(..4));
                let text = events::purchase(customer.as_str(), &key, now(), "10.00");
                let event = from_wire(&text).unwrap().event;
                LedgerEntry::Event(EventEntry::new(
                    &event,
                    self.moment(),
                    &Rules::from(None).unwrap().book,
                ))
            }
        }
    }

    /// Loads a customer, and keeps what was loaded.
    async fn load(&mut self, stores: &[Store; 2]) -> [String; 2] {
        let id = self.customer();
        let mut loaded = Vec::new();
        for store in stores {
            loaded.push(store.load(&id).await.unwrap());
        }
        let told = [format!("{:?}", loaded[0]), format!("{:?}", loaded[1])];
        self.loaded.push(loaded.try_into().unwrap());
        told
    }

    /// Loads some customers at once, who are there or not.
    async fn load_all(&mut self, stores: &[Store; 2]) -> [String; 2] {
        let ids: Vec<Id> = (0..self.rng.usize(..5)).map(|_| self.customer()).collect();
        let ids: Vec<Id> = ids.into_iter().collect::<BTreeSet<Id>>().into_iter().collect();
        let mut told = Vec::new();
        for store in stores {
            told.push(format!("{:?}", store.load_all(&ids).await.unwrap()));
        }
        told.try_into().unwrap()
    }

    /// Writes a customer who was loaded, now or a while ago.
    async fn commit(&mut self, stores: &[Store; 2]) -> [String; 2] {
        if self.loaded.is_empty() {
            return self.load(stores).await;
        }
        let back = self.rng.usize(..self.loaded.len().min(3));
        let before = self.loaded[self.loaded.len() - 1 - back].clone();
        let mut customer = before[0].customer.clone();
        // Or nothing changes but when calendars were looked at.
        if self.rng.bool() {
            customer.next_occasion = Some(self.moment()).filter(|_| self.rng.bool());
        }
        customer.occasions_until = Some(self.moment());
        let count = self.rng.usize(..4);
        let mut ledger = Ledger::default();
        let mut keys = Vec::new();
        for _ in 0..count {
            let entry = self.entry(&customer.id);
            let key = match &entry {
                LedgerEntry::Event(entry) => entry.key.clone(),
                LedgerEntry::Touch(entry) => entry.touch.to_string(),
                LedgerEntry::Call(call) => format!("call {}", call.touch),
                LedgerEntry::Answer(answer) => format!("answer {}", answer.answer_id),
                other => unreachable!("entry() makes none such: {other:?}"),
            };
            // One transaction writes an item once.
            if !keys.contains(&key) {
                keys.push(key);
                ledger.entries.push(entry);
            }
        }
        let mut told = Vec::new();
        let mut after = Vec::new();
        for (store, before) in stores.iter().zip(&before) {
            let done = store.commit(before, customer.clone(), &ledger, now()).await.unwrap();
            told.push(format!("{done:?}"));
            if let Commit::Done(loaded) = done {
                after.push(*loaded);
            }
        }
        if let Ok(after) = after.try_into() {
            self.loaded.push(after);
        }
        told.try_into().unwrap()
    }

    async fn call(&mut self, store: &Store, number: u8) -> String {
        match number {
            0 => told(store.note_assignee(&self.assignee()).await),
            1 => told(store.assignees().await),
            2 => told(store.open_calls(&self.assignee(), self.moment()).await),
            3 => told(store.call(&self.touch()).await),
            4 => {
                let touch = self.touch();
                told(store.close_call(&touch.customer, &touch.to_string(), "reached").await)
            }
            5 => {
                let touches = [self.touch(), self.touch(), self.touch()];
                format!(
                    "{} {}",
                    told(store.touch(&touches[0]).await),
                    told(store.touches(&touches).await)
                )
            }
            6 => {
                let note = [Note::Delivered, Note::Bounced][self.rng.usize(..2)];
                told(store.note(&self.touch(), note, self.moment()).await)
            }
            7 => {
                let text = "x".repeat([0, 10, 20, 30, 400_000][self.rng.usize(..5)]);
                let kind = FailureKind::Event;
                let people = People::named_in(r#"{"customer_id":"c1"}"#);
                let expires_at = minutes_after(now(), 60 * 24 * 400);
                let failing = Failing {
                    kind,
                    text: &text,
                    why: "why",
                    people: &people,
                    times: 1,
                    expires_at,
                };
                told(store.keep_failure(&failing, self.moment()).await)
            }
            8 => told(store.failures(now()).await),
            9 => {
                let failures = store.failures(now()).await.unwrap();
                let Some(failure) = failures.first() else { return String::new() };
                let text = store.failed_text(failure).await.unwrap();
                if self.rng.bool() {
                    store.drop_failure(failure).await.unwrap();
                }
                text
            }
            10 => {
                let touch = self.touch();
                told(store.drop_unknown(&touch, minutes_after(now(), -90_000), now()).await)
            }
            11 => {
                let start = now().millis() * 1000;
                let reservation = Reservation {
                    count: self.rng.u32(1..5),
                    interval_micros: 400,
                    now_micros: start + self.rng.i64(..3_000),
                    latest_micros: start + self.rng.i64(..5_000),
                };
                told(store.reserve("mail", reservation).await)
            }
            12 => told(store.ledger(&self.customer()).await),
            _ => self.ringing(store).await,
        }
    }

    /// What rings, read in pages or all at once.
    async fn ringing(&mut self, store: &Store) -> String {
        let alarm = [Alarm::Due, Alarm::Occasion][self.rng.usize(..2)];
        let until = self.moment();
        let mut ids = Vec::new();
        for shard in 0..SHARDS {
            let found = store.ringing(alarm, shard, until, self.rng.i32(1..50)).await.unwrap();
            ids.extend(found.into_iter().map(|id| id.to_string()));
            let mut behind = None;
            loop {
                let page = store.alarmed_behind(alarm, shard, behind.as_ref(), 2).await.unwrap();
                ids.extend(page.iter().map(|place| format!("{place:?}")));
                match page.last() {
                    Some(last) => behind = Some(last.clone()),
                    None => break,
                }
            }
        }
        ids.join(" ")
    }
}

fn told(answer: Result<impl Debug, impl Debug>) -> String {
    format!("{answer:?}")
}

#[tokio::test]
async fn the_same_calls_get_the_same_answers_and_leave_the_same_items() {
    for seed in 0..8 {
        let pair = Pair::new().await;
        let mut caller = Caller { rng: Rng::with_seed(seed), loaded: Vec::new() };
        for number in 0..120 {
            let kind = caller.rng.u8(..26);
            let [ours, theirs] = match kind {
                0..=2 => caller.load(&pair.stores).await,
                3 => caller.load_all(&pair.stores).await,
                4..=11 => caller.commit(&pair.stores).await,
                _ => {
                    // Both stores are called by the same throws.
                    let before = caller.rng.clone();
                    let ours = caller.call(&pair.stores[0], kind - 12).await;
                    caller.rng = before;
                    let theirs = caller.call(&pair.stores[1], kind - 12).await;
                    [ours, theirs]
                }
            };
            assert_eq!(ours, theirs, "seed {seed}, call {number} of kind {kind}");
        }
        pair.assert_equal_tables(&format!("seed {seed}")).await;
    }
}

const THANKS: &str = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
exit_on: [PurchaseRefunded]
steps:
  - { id: mail, channel: email, template: thanks, wait: 1 day, at: '10:00' }
  - { id: call, channel: call, template: thanks, wait: 2 days, at: '11:00' }
";

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example }
default_locale: es
default_time_zone: America/Mexico_City
frequency_caps: [{ channel: any, max: 4, per: 7 days }]
";

/// Whole histories by the handlers, on both.
#[tokio::test]
async fn the_handlers_leave_the_same_items_on_both() {
    let book = || rules(&[("policy.yaml", POLICY), ("thanks.yaml", THANKS)]);
    let pair = Pair::new().await;
    let mails = Aws::new(Keep::default());
    let beside = Beside { dynamodb: embedded::real(), rest: mails.clone() };
    let apps: [App; 2] = [Wiring::to(&pair.aws), Wiring::to(&beside)].map(|w| w.app(book(), None));
    let [ours, mut theirs] = apps;
    theirs.store = pair.stores[1].clone();
    let plan = Plan { from: now(), days: 20, late: 3_600_000 };
    for seed in 0..6 {
        let customer = format!("c{seed}");
        let mut made = history(seed, &customer, plan);
        made.sort_by_key(|event| event.at);
        for event in &made {
            let delivered = from_wire(&event.text()).unwrap();
            for app in [&ours, &theirs] {
                intake::take(app, &delivered, event.at).await.unwrap();
            }
        }
        for day in 0..25 {
            for app in [&ours, &theirs] {
                let later = minutes_after(now(), day * 24 * 60);
                dispatch::attend(app, &id(&customer), later).await.unwrap();
            }
        }
    }
    pair.assert_equal_tables("histories").await;
    assert_eq!(pair.aws.mail.accepted().len(), mails.mail.accepted().len());
    assert!(pair.aws.mail.count() > 0, "something was sent");
    let open = |store: Store| async move { store.open_calls("care", now()).await.unwrap() };
    let calls = open(ours.store.clone()).await;
    assert_eq!(calls, open(theirs.store.clone()).await);
    assert!(calls.iter().all(|call| call.status == CallStatus::Open));
}

/// What the store does not use is refused.
#[tokio::test]
async fn what_the_model_does_not_know_is_an_error() {
    let store = Wiring::to(&Aws::new(Keep::default())).store();
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let get = store.client().get_item().key("pk", text("a")).key("sk", text("b"));
    assert!(get.clone().table_name("lazo").send().await.is_ok());
    assert!(get.clone().table_name("other").send().await.is_err());
    assert!(get.table_name("lazo").projection_expression("pk").send().await.is_err());
    assert!(store.client().scan().table_name("lazo").send().await.is_err());
    let put = store.client().put_item().table_name("lazo").item("pk", text("a"));
    assert!(put.clone().send().await.is_err(), "an item has both keys");
    let put = put.item("sk", text("b")).condition_expression("size(pk) > :one");
    assert!(put.send().await.is_err());
}
