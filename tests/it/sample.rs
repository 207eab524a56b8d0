//! The sample shop, as somebody meets it who tries the product.

use crate::support::program::{LOCAL, Shop};

#[tokio::test]
async fn the_rules_are_rehearsed_on_the_sample_shops_history() {
    let shop = Shop::new();
    let words: Vec<&str> = LOCAL.into_iter().chain(["--once"]).collect();
    let filled = shop.command(&words).output().await.unwrap();
    assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));
    let told = String::from_utf8(filled.stdout).unwrap();
    let events = shop.path("data/sample-shop.jsonl").to_string_lossy().into_owned();
    assert!(told.contains(&format!("simulate --events {events}")), "{told}");

    let words = ["simulate", "--events", &events, "--until", "2100-01-01"];
    let rehearsed = shop.command(&words).output().await.unwrap();
    assert!(rehearsed.status.success(), "{}", String::from_utf8_lossy(&rehearsed.stderr));
    let told = String::from_utf8(rehearsed.stdout).unwrap();
    let count = std::fs::read_to_string(&events).unwrap().lines().count();
    assert!(count > 2_000, "{count} events");
    assert!(told.contains(&format!("\n{count} events of 320 customers replayed")), "{told}");
    let block = told.split("\n\n").find(|block| block.starts_with("thank-you-call")).unwrap();
    assert!(!block.contains(" 0 sent"), "{block}");
}
