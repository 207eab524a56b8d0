//! Commands on a table in an account: they find the bus, and say that something
//! is logged once the table has it.

use std::process::Output;

use lazo::ingest;
use lazo::shell::app::App;
use lazo::shell::store::{Call, CallStatus, Deployed, FittedModel, Ledger, LedgerEntry};
use lazo_domain::channel::Channel;
use lazo_domain::instant::{DAY_MILLIS, Instant};
use lazo_domain::touch::TouchId;
use serde_json::{Value, json};

use crate::calendar::usable_model;
use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::recorder::{Recorder, Service};
use crate::support::{TABLE, World, id};

pub fn now() -> Instant {
    jiff::Timestamp::now().into()
}

/// A system whose parts listen where another process can reach them.
pub struct Account {
    pub world: World,
    /// The shop's rules, where they are not those that are shipped.
    pub rules: Option<tempfile::TempDir>,
}

impl Account {
    pub async fn new() -> Account {
        Account { world: World::shipped().await, rules: None }
    }

    /// A command on the table of the account.
    pub async fn run(&self, words: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_lazo"));
        command.args(["--table", TABLE]).args(words);
        command.env("AWS_ENDPOINT_URL_DYNAMODB", &self.world.dynamodb);
        command.env("AWS_ENDPOINT_URL_EVENTBRIDGE", &self.world.recorder.url);
        of_account(&mut command);
        if let Some(folder) = &self.rules {
            command.env("LAZO_RULES", folder.path().join("rules"));
        }
        command.output().await.unwrap()
    }

    pub async fn put(&self, events: &[String]) {
        take(&self.world.app, events).await;
    }

    /// A complaint that is open.
    async fn complaint(&self) {
        let at = now().plus_millis(-3_600_000);
        let detail = json!({
            "complaint_id": "k1", "customer_id": "ana", "occurred_at": at.to_string(),
            "severity": "low", "category": "delivery",
        });
        self.put(&[profile("ana", at, json!({})), envelope("ComplaintOpened", at, detail)]).await;
    }

    /// What was put on the bus: the bus, the source and the event.
    fn sent(&self) -> Vec<(String, String, String)> {
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let sent = of_shop(&self.world.recorder).into_iter();
        sent.map(|e| (text(&e, "EventBusName"), text(&e, "Source"), e.to_string())).collect()
    }
}

/// An account that asks nothing of the machine: its credentials, and nothing of ours.
pub fn of_account(command: &mut tokio::process::Command) {
    for (name, value) in [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("NO_PROXY", "127.0.0.1"),
    ] {
        command.env(name, value);
    }
    for name in ["LAZO_RULES", "LAZO_BUS", "LAZO_SHOP_SOURCE"] {
        command.env_remove(name);
    }
    command.kill_on_drop(true);
}

/// What commands put on a bus.
pub fn of_shop(recorder: &Recorder) -> Vec<Value> {
    let requests = recorder.requests(Service::EventBridge);
    let entries = requests.iter().flat_map(|body| body["Entries"].as_array().unwrap().clone());
    entries.filter(|entry| entry["Source"] != "lazo").collect()
}

/// Takes events as the worker does.
pub async fn take(app: &App, events: &[String]) {
    let response = ingest::handle(app, batch(events), now()).await;
    assert!(response.batch_item_failures.is_empty());
}

pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

const RESOLVE: [&str; 5] = ["complaints", "resolve", "k1", "--cause", "lost"];

#[tokio::test]
async fn a_command_goes_to_the_bus_that_the_workers_told_and_waits_for_the_table() {
    let account = Account::new().await;
    account.complaint().await;
    let told =
        Deployed { bus: "tienda".into(), source: Some("shop.pos".into()), configuration_set: None };
    account.world.app.store.keep_deployed(&told).await.unwrap();
    // What the account does: the bus's event comes to the queue a little later.
    let meanwhile = async {
        while account.sent().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        let (.., entry) = account.sent()[0].clone();
        let entry: Value = serde_json::from_str(&entry).unwrap();
        let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
        account.put(&[envelope("ComplaintResolved", now(), detail)]).await;
    };
    let (output, ()) = tokio::join!(account.run(&RESOLVE), meanwhile);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "logged\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "lazo: table \"lazo\", us-east-1\n");
    let sent: Vec<_> = account.sent().into_iter().map(|(bus, source, _)| (bus, source)).collect();
    assert_eq!(sent, [("tienda".to_owned(), "shop.pos".to_owned())]);
    assert!(account.world.app.store.open_complaints().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_taken_is_not_called_logged() {
    let account = Account::new().await;
    account.complaint().await;
    let mut words = RESOLVE.to_vec();
    words.extend(["--bus", "otro"]);
    let output = account.run(&words).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(!said(&output).contains("logged"), "{}", said(&output));
    assert!(said(&output).contains("is not in the table yet"), "{}", said(&output));
    assert!(said(&output).contains("\"otro\""), "{}", said(&output));
    assert_eq!(account.sent()[0].0, "otro");
}

#[tokio::test]
async fn without_a_bus_nothing_is_sent_and_nothing_is_changed() {
    let account = Account::new().await;
    account.complaint().await;
    let before = account.world.items().await;
    for words in [&RESOLVE[..], &["erase", "ana", "--yes"]] {
        let output = account.run(words).await;
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains("--bus NAME"), "{}", said(&output));
    }
    assert!(account.sent().is_empty());
    assert_eq!(account.world.items().await, before);
    // What only reads needs none.
    let output = account.run(&["complaints", "list"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

/// A call that may be made until an instant.
fn call(customer: &str, until: Instant) -> Call {
    let touch = TouchId {
        rule: "thank-you-call".into(),
        customer: id(customer),
        occurrence: format!("{customer}-1"),
        step: "call".into(),
    };
    Call {
        touch,
        channel: Channel::Call,
        template: "thank-you-call".into(),
        assigned_to: "care".into(),
        asked_at: now(),
        expires_at_instant: until,
        status: CallStatus::Open,
        outcome: None,
        claimed_by: None,
        claimed_until: None,
        snoozed_until: None,
        handed_over: false,
        reported_by: None,
        reported_at: None,
    }
}

/// Puts a customer's call on the list of the care team.
pub async fn listed(account: &Account, customer: &str, until: Instant) {
    let store = &account.world.app.store;
    let loaded = store.load(&id(customer)).await.unwrap();
    let ledger = Ledger { entries: vec![LedgerEntry::Call(call(customer, until))] };
    store.commit(&loaded, loaded.customer.clone(), &ledger, now()).await.unwrap();
    store.note_assignee("care").await.unwrap();
}

#[tokio::test]
async fn a_command_judges_by_the_drift_model_that_the_workers_learnt() {
    let account = Account::new().await;
    let store = &account.world.app.store;
    let (today, until) = (now(), now().plus_millis(2 * DAY_MILLIS));
    let ago = |days: i64| today.plus_millis(-days * DAY_MILLIS);
    // Ana spent more, once and long ago; Eva buys every week.
    let mut events = vec![purchase("ana", "ana-1", ago(600), "9000.00")];
    events.extend((1..=20).map(|n| purchase("eva", &format!("eva-{n}"), ago(7 * n), "200.00")));
    for customer in ["ana", "eva"] {
        events.push(profile(customer, ago(1), json!({})));
    }
    account.put(&events).await;
    for customer in ["ana", "eva"] {
        listed(&account, customer, until).await;
    }
    // By deadline, which is the same, then by what each is worth.
    let order = async || {
        let output = account.run(&["calls", "list", "--brief", "--json"]).await;
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let lines = String::from_utf8(output.stdout).unwrap();
        let customer = |line: &str| {
            serde_json::from_str::<Value>(line).unwrap()["customer_id"].as_str().unwrap().to_owned()
        };
        lines.lines().map(customer).collect::<Vec<_>>()
    };
    assert_eq!(order().await, ["ana", "eva"], "by what they have spent");
    let learnt = FittedModel { model: usable_model(), tried_at: today, refused: None };
    store.keep_drift_model(&learnt).await.unwrap();
    assert_eq!(order().await, ["eva", "ana"], "by what they will bring");
}
