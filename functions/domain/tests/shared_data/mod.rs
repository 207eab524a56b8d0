//! Real purchase histories and reference values, where they are at hand: beside
//! the repository; a clone alone does not have them.
#![allow(dead_code, reason = "not every test binary reads all of them")]

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");

/// A file's text; `None`, with a line that says so, where it is not there.
fn text(file: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("{FOLDER}/{file}")).ok();
    if text.is_none() {
        println!("left out: ../shared/data/{file} is not there");
    }
    text
}

pub fn vectors() -> Option<Value> {
    Some(serde_json::from_str(&text("mbg-nbd-vectors.json")?).unwrap())
}

pub fn uplift_vectors() -> Option<Value> {
    Some(serde_json::from_str(&text("uplift-vectors.json")?).unwrap())
}

/// By customer, the days on which they bought, with what they spent.
pub type Purchases = BTreeMap<String, BTreeMap<Date, f64>>;

pub fn cdnow() -> Option<Purchases> {
    let text = text("cdnow-sample.csv")?;
    Some(read(&text, [0, 1, 2]))
}

/// Without cancellations.
pub fn online_retail() -> Option<Purchases> {
    let text = text("online-retail-invoices.csv")?;
    Some(read(&text, [1, 2, 3]))
}

/// `columns` are those of customer, time and amount.
fn read(text: &str, columns: [usize; 3]) -> Purchases {
    let mut purchases = Purchases::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [customer, at, amount] = columns.map(|column| cells[column]);
        let amount: f64 = amount.parse().unwrap();
        if amount >= 0.0 {
            let days = purchases.entry(customer.to_owned()).or_default();
            *days.entry(at[..10].parse().unwrap()).or_default() += amount;
        }
    }
    purchases
}
