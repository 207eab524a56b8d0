//! The logs of a full run of the sample shop tell nothing of a person.

use std::collections::BTreeSet;
use std::process::Stdio;

use lazo::shell::store::{Item, Store, keys};

use crate::support::program::{LOCAL, Shop};
use crate::support::{TABLE, id, sdk_at};

/// Every address, number and name in the table of a local system.
async fn personal(endpoint: &str) -> BTreeSet<String> {
    let store = Store::new(aws_sdk_dynamodb::Client::new(&sdk_at(endpoint)), TABLE);
    let scan = store.client().scan().table_name(TABLE).into_paginator();
    let items = scan.items().send().try_collect().await.unwrap();
    let mut found = BTreeSet::new();
    let text = |item: &Item, name: &str| item[name].as_s().unwrap().clone();
    for item in items.into_iter().filter(|item| text(item, "sk") == keys::STATE) {
        let customer = id(text(&item, "pk").strip_prefix("customer#").unwrap());
        let profile = store.load(&customer).await.unwrap().customer.profile;
        found.extend(profile.addresses().map(str::to_owned));
        let names = [profile.given.latest(), profile.family.latest()];
        found.extend(names.into_iter().flatten().map(|name| name.as_str().to_owned()));
    }
    found
}

#[tokio::test]
async fn no_name_address_or_number_is_logged() {
    let shop = Shop::new();
    // Everything that the program can say.
    let mut local = shop.command(&LOCAL);
    local.env("LAZO_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped());
    let local = local.spawn().unwrap();
    let pid = local.id().unwrap();
    let running = shop.path("data/running.json");
    let done = shop.path("data/sample-shop.json");
    for _ in 0..1200 {
        let text = std::fs::read_to_string(&done).unwrap_or_default();
        if text.contains("\"done\":true") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // A few things that go wrong are logged too.
    let bad = shop.path("bad.json");
    std::fs::write(&bad, r#"{"detail-type":"CustomerUpdated","customer_id":"cus-00001","occurred_at":"soon","email":"marisol.nandu@example.com","phone":"+525555550142"}"#).unwrap();
    let sent = shop.command(&["send", &bad.to_string_lossy()]).output().await.unwrap();
    assert_eq!(sent.status.code(), Some(1));
    let endpoints: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(running).unwrap()).unwrap();
    let mut words = personal(endpoints["dynamodb"].as_str().unwrap()).await;
    assert!(words.len() > 500, "{}", words.len());
    words.extend(["marisol.nandu".into(), "5555550142".into()]);

    let stopped = tokio::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status();
    assert!(stopped.await.unwrap().success());
    let output = local.wait_with_output().await.unwrap();
    let logs = String::from_utf8(output.stderr).unwrap();
    assert!(logs.contains("is kept aside"), "nothing was logged: {logs}");
    let terminal = String::from_utf8(output.stdout).unwrap();
    let published = std::fs::read_to_string(shop.path("data/events-out.jsonl")).unwrap_or_default();
    // Words of letters alone may be part of others: "Luz" is in "Luzern".
    let lists: [(&str, &str); 3] =
        [("logs", &logs), ("terminal", &terminal), ("events out", &published)];
    for (place, text) in lists {
        let tokens: BTreeSet<&str> =
            text.split(|c: char| !c.is_alphanumeric() && !"@+.".contains(c)).collect();
        for word in &words {
            let is_there = match word.chars().all(char::is_alphabetic) {
                true => tokens.contains(word.as_str()),
                false => text.contains(word.as_str()),
            };
            assert!(!is_there, "{word:?} is in the {place}");
        }
    }
}
