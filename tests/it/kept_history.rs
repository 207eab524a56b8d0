//! What events told is kept beside their keys: it is exported, rehearsed on, and gone
//! with an erased customer.

use std::path::Path;
use std::process::Command;

use lazo::shell::store::KeptEvent;
use lazo::{drift, ingest};
use lazo_domain::event::EventKind;
use lazo_domain::instant::DAY_MILLIS;
use serde_json::{Value, json};

use crate::dispatch::noon;
use crate::support::events::{batch, envelope, profile, purchase};
use crate::support::{World, id};

fn lazo(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazo"));
    command.current_dir(folder).args(["--lang", "en"]).args(words);
    let output = command.env_remove("LAZO_RULES").output().unwrap();
    let of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), of(output.stdout), of(output.stderr))
}

/// A history of some customers: profiles, purchases with long lists of items, a refund.
fn history(folder: &Path) -> String {
    let mut lines = String::new();
    for customer in 0..12 {
        let name = format!("cus-{customer}");
        let mut tell = |kind: &str, day: u32, mut detail: Value| {
            let at = format!("2026-{:02}-{:02}T15:00:00Z", 1 + day / 28, 1 + day % 28);
            detail["customer_id"] = name.as_str().into();
            detail["occurred_at"] = at.as_str().into();
            lines += &json!({ "detail-type": kind, "time": at, "detail": detail }).to_string();
            lines.push('\n');
        };
        let email = format!("{name}@example.com");
        tell("CustomerUpdated", customer, json!({ "email": email, "birthday": "1990-06-03" }));
        for number in 0..4 {
            let day = customer + 40 * number;
            let items: Vec<Value> = (0..30 * number)
                .map(|sku| json!({ "sku": format!("sku-{sku}"), "name": "lamp", "quantity": 1 }))
                .collect();
            let total = json!({ "amount": "120.00", "currency": "MXN" });
            let detail = json!({ "purchase_id": format!("{name}-{number}"), "total": total, "items": items });
            tell("PurchaseCompleted", day, detail);
        }
    }
    std::fs::write(folder.join("history.jsonl"), &lines).unwrap();
    lines
}

#[test]
fn rules_are_rehearsed_on_the_table_as_on_the_file_that_filled_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let lines = history(path);
    let (status, _, told) = lazo(path, &["import", "history.jsonl", "--new", "--yes"]);
    assert_eq!(status, Some(0), "{told}");
    let simulate = ["simulate", "--until", "2026-12-01", "--json"];
    let (_, of_file, _) = lazo(path, &[&simulate[..], &["--events", "history.jsonl"]].concat());
    let (status, of_table, told) = lazo(path, &simulate);
    assert_eq!(status, Some(0), "{told}");
    assert!(of_file.lines().count() > 20);
    assert_eq!(of_table, of_file);
    // What is exported is what was told, each event once.
    let (status, _, told) = lazo(path, &["history", "export", "--out", "kept.jsonl"]);
    assert!(status == Some(0) && told.contains("60 events"), "{told}");
    let sorted = |text: &str| {
        let mut lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.sort_by_key(Value::to_string);
        lines
    };
    let kept = std::fs::read_to_string(path.join("kept.jsonl")).unwrap();
    assert_eq!(sorted(&kept), sorted(&lines));
    assert!(!path.join("kept.jsonl.progress").exists());
    let (status, _, told) = lazo(path, &["history", "export", "--out", "kept.jsonl"]);
    assert!(status == Some(2) && told.contains("is there already"), "{told}");
    let since = ["history", "export", "--since", "2026-05-01"];
    let (_, late, _) = lazo(path, &since);
    assert!(late.lines().count() > 5 && late.lines().count() < 40);
    // A plan needs no file either, and one of what is live says that nothing changes.
    let (status, told, why) = lazo(path, &["rules", "plan"]);
    assert!(status == Some(0) && told.contains("60 events"), "{told}{why}");
    assert!(told.contains("Nothing changes."), "{told}");
    let empty = tempfile::tempdir().unwrap();
    let (status, _, told) = lazo(empty.path(), &simulate);
    assert!(status == Some(2) && told.contains("there is no history"), "{told}");
}

#[test]
fn an_export_that_was_stopped_goes_on_and_tells_each_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let lines = history(path);
    let (status, _, told) = lazo(path, &["import", "history.jsonl", "--new", "--yes"]);
    assert_eq!(status, Some(0), "{told}");
    // As a stop in the middle of a page leaves it: nothing of it is whole.
    let begun = json!({ "since": null, "bytes": 0, "written": 0, "parts": [], "contents": [] });
    std::fs::write(path.join("kept.jsonl"), "{\"detail-type\":\"Purch").unwrap();
    std::fs::write(path.join("kept.jsonl.progress"), begun.to_string()).unwrap();
    let (status, _, told) =
        lazo(path, &["history", "export", "--out", "kept.jsonl", "--since", "2026-02-01"]);
    assert!(status == Some(2) && told.contains("another --since"), "{told}");
    let (status, _, told) = lazo(path, &["history", "export", "--out", "kept.jsonl"]);
    assert_eq!(status, Some(0), "{told}");
    let kept = std::fs::read_to_string(path.join("kept.jsonl")).unwrap();
    assert_eq!(kept.lines().count(), lines.lines().count());
    kept.lines().for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
}

async fn kept(world: &World) -> Vec<KeptEvent> {
    let mut all = Vec::new();
    for part in 0..3 {
        let mut after = None;
        loop {
            let page = world.app.store.history_page((part, 3), None, after.as_ref()).await.unwrap();
            all.extend(page.events);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    all
}

#[tokio::test]
async fn what_an_erased_customer_told_is_gone() {
    let world = World::shipped().await;
    let item = json!({ "sku": "s", "name": "a long note on somebody", "quantity": 1 });
    let long = json!({
        "customer_id": "ana", "occurred_at": noon().to_string(), "purchase_id": "p9",
        "total": { "amount": "10.00", "currency": "MXN" },
        "items": vec![item; 40],
    });
    let events = [
        profile("ana", noon(), json!({})),
        purchase("ana", "p1", noon(), "10.00"),
        envelope("PurchaseCompleted", noon(), long),
        purchase("beto", "p2", noon(), "10.00"),
    ];
    let response = ingest::handle(&world.app, batch(&events), noon()).await;
    assert!(response.batch_item_failures.is_empty());
    let told = kept(&world).await;
    assert_eq!(told.len(), 4, "{told:?}");
    let note_of = |event: &KeptEvent| event.detail.0.contains("a long note on somebody");
    assert!(told.iter().any(note_of));
    let erased =
        json!({ "customer_id": "ana", "occurred_at": noon().to_string(), "request_id": "r1" });
    let response =
        ingest::handle(&world.app, batch(&[envelope("CustomerErased", noon(), erased)]), noon())
            .await;
    assert!(response.batch_item_failures.is_empty());
    let told = kept(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind, told[0].key.as_str()), (EventKind::PurchaseCompleted, "p2"));
    // What comes afterwards is not kept either.
    ingest::handle(&world.app, batch(&[purchase("ana", "p3", noon(), "10.00")]), noon()).await;
    assert_eq!(kept(&world).await.len(), 1);
    assert!(world.app.store.load(&id("ana")).await.unwrap().customer.erased_at.is_some());
}

#[test]
fn one_customer_is_rehearsed_by_other_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    history(path);
    let answers = "new shop --name Azul --currency MXN --time-zone America/Mexico_City \
                   --languages en --from hola@azul.example --address Centro";
    let (status, _, told) = lazo(path, &answers.split_whitespace().collect::<Vec<_>>());
    assert_eq!(status, Some(0), "{told}");
    let publish = ["rules", "publish", "--rules", "shop/rules", "--note", "now", "--new"];
    let (status, _, told) = lazo(path, &publish);
    assert_eq!(status, Some(0), "{told}");
    let (status, _, told) = lazo(path, &["import", "history.jsonl", "--yes"]);
    assert_eq!(status, Some(0), "{told}");
    let what_if = ["explain", "cus-3", "--what-if", "shop/rules"];
    let (status, told, why) = lazo(path, &what_if);
    assert_eq!(status, Some(0), "{why}");
    assert!(told.contains("thank-you-mail/cus-3/") && !told.contains("MOVED"), "{told}");
    let rule = path.join("shop/rules/thank-you-mail.yaml");
    let text = std::fs::read_to_string(&rule).unwrap();
    assert!(text.contains("wait: 1 day"), "{text}");
    std::fs::write(&rule, text.replace("wait: 1 day", "wait: 3 days")).unwrap();
    std::fs::remove_file(path.join("shop/rules/winback.yaml")).unwrap();
    let (_, told, why) = lazo(path, &what_if);
    assert!(told.contains("MOVED     thank-you-mail/cus-3/"), "{told}{why}");
    assert!(told.contains("winback/cus-3/2026-10-08/mail is not there"), "{told}");
    // What it would have got is what a simulation of the whole history says.
    let (_, told, _) = lazo(path, &[&what_if[..], &["--json"]].concat());
    let now = jiff::Timestamp::now().to_string();
    let simulate = ["simulate", "--rules", "shop/rules", "--until", now.as_str(), "--json"];
    let (_, simulated, _) = lazo(path, &simulate);
    let simulated: Vec<Value> =
        simulated.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut compared = 0;
    for line in told.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let touch = simulated.iter().find(|touch| touch["touch_id"] == line["touch_id"]);
        let after = touch.map(|touch| json!({ "status": touch["status"], "at": touch["at"], "reason": touch["reason"] }));
        assert_eq!(line["after"], after.unwrap_or(Value::Null), "{line}");
        compared += 1;
    }
    assert!(compared > 5, "{told}");
    let (status, told, _) = lazo(path, &["explain", "nobody", "--what-if", "shop/rules"]);
    assert!(status == Some(1) && told.contains("no event of this customer"), "{told}");
    let (status, _, told) = lazo(path, &["explain", "cus-3", "--what-if", "none"]);
    assert!(status == Some(2) && told.contains("cannot read none"), "{told}");
}

#[tokio::test]
async fn what_events_told_goes_when_the_policy_says_and_still_counts_once() {
    let world = World::shipped().await;
    let app = &world.app;
    let years = |years: i64| noon().plus_millis(years * 366 * DAY_MILLIS);
    let first = [profile("ana", noon(), json!({})), purchase("ana", "p1", noon(), "10.00")];
    assert!(ingest::handle(app, batch(&first), noon()).await.batch_item_failures.is_empty());
    let later = [purchase("ana", "p2", years(2), "20.00")];
    assert!(ingest::handle(app, batch(&later), years(2)).await.batch_item_failures.is_empty());
    // Within three years nothing goes.
    drift::run(app, years(2), None).await.unwrap();
    assert_eq!(kept(&world).await.len(), 3);
    drift::run(app, years(4), None).await.unwrap();
    let told = kept(&world).await;
    let keys: Vec<&str> = told.iter().map(|event| event.key.as_str()).collect();
    assert_eq!(keys, ["p2"], "{told:?}");
    // An archive that comes again adds nothing to it, and counts nothing twice.
    ingest::handle(app, batch(&first), years(4)).await;
    let customer = app.store.load(&id("ana")).await.unwrap().customer;
    assert_eq!(customer.history.latest().unwrap().id, id("p2"));
    assert_eq!(kept(&world).await.len(), 1);
    assert_eq!(app.store.ledger(&id("ana")).await.unwrap().0.len(), 3);
}
