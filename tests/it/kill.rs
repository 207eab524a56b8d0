//! The local system, killed as `kill -9` does, at any moment and again and
//! again: nothing is lost, and nothing goes out twice.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use lazo::shell::store::TouchState;
use serde_json::json;

use crate::support::program::{LOCAL, Shop, kill_after};
use crate::support::{id, store_on};

const CUSTOMERS: usize = 60;

/// For each customer an address and a purchase of a minute ago.
fn events() -> String {
    let at = |seconds: i64| {
        (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds)).to_string()
    };
    let mut lines = String::new();
    for number in 0..CUSTOMERS {
        let customer = format!("cus-{number:02}");
        let email = format!("{customer}@example.com");
        let profile = json!({
            "detail-type": "CustomerUpdated", "customer_id": customer, "occurred_at": at(120), "email": email,
        });
        let purchase = json!({
            "detail-type": "PurchaseCompleted", "customer_id": customer, "occurred_at": at(60),
            "purchase_id": format!("pur-{number:02}"), "total": { "amount": "10.00", "currency": "MXN" },
        });
        lines += &format!("{profile}\n{purchase}\n");
    }
    lines
}

async fn succeed(mut command: tokio::process::Command) {
    let done = command.stderr(Stdio::piped()).output().await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn each_mail_goes_out_once_however_often_the_program_is_killed() {
    let shop = Shop::new();
    let file = shop.path("events.jsonl");
    std::fs::write(&file, events()).unwrap();
    let file = file.to_string_lossy().into_owned();
    // While events come in …
    for round in 0..8u64 {
        let send = shop.with_rules(&["send", &file]).spawn().unwrap();
        kill_after(send, 100 + round * 90).await;
    }
    succeed(shop.with_rules(&["send", &file])).await;
    // … and while mails go out.
    let words: Vec<&str> = LOCAL.into_iter().chain(["--empty", "--once"]).collect();
    let mut killed_between = 0;
    for round in 0..12usize {
        let mut local = shop.with_rules(&words).spawn().unwrap();
        while shop.mails().len() <= round * CUSTOMERS / 12 && local.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kill_after(local, 0).await;
        let so_far = shop.mails().len();
        killed_between += usize::from(0 < so_far && so_far < CUSTOMERS);
    }
    succeed(shop.with_rules(&words)).await;
    assert!(killed_between > 2, "killed {killed_between} times with some mails out, others not");

    let mut by_address: BTreeMap<String, usize> = BTreeMap::new();
    for mail in shop.mails() {
        let to = mail.lines().find_map(|line| line.strip_prefix("To: ")).unwrap();
        *by_address.entry(to.to_owned()).or_default() += 1;
    }
    assert!(by_address.values().all(|count| *count == 1), "{by_address:?}");
    assert_eq!(by_address.len(), CUSTOMERS, "{by_address:?}");

    // What the ledger says is what the outbox holds.
    let file = shop.path("data/table.sqlite");
    let store = store_on(dynoxide::Database::new(&file.to_string_lossy()).unwrap()).await;
    for number in 0..CUSTOMERS {
        let customer = id(&format!("cus-{number:02}"));
        let (events, touches) = store.ledger(&customer).await.unwrap();
        assert_eq!(events.len(), 2, "{customer}: each event counts once");
        let states: Vec<TouchState> = touches.iter().map(|touch| touch.state).collect();
        assert_eq!(states, [TouchState::Sent], "{customer}");
        assert_eq!(store.load(&customer).await.unwrap().customer.history.purchases.len(), 1);
    }
}
