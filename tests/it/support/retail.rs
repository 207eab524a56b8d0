//! The purchase history of Online Retail, where it is at hand.

use std::collections::BTreeMap;
use std::path::Path;

use lazo_domain::event::Delivered;
use lazo_domain::instant::Instant;
use rust_decimal::Decimal;
use serde_json::json;

use super::events::{delivered, envelope};

/// Beside the repository; a clone alone does not have it.
const FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/online-retail-invoices.csv");

/// By customer, purchases and refunds in the file's order; `None` where the
/// file is not there.
pub fn customers() -> Option<BTreeMap<String, Vec<Delivered>>> {
    let text = std::fs::read_to_string(Path::new(FILE)).ok()?;
    let zone = jiff::tz::TimeZone::get("Europe/London").unwrap();
    let mut open: BTreeMap<String, Vec<(String, Decimal)>> = BTreeMap::new();
    let mut customers: BTreeMap<String, Vec<Delivered>> = BTreeMap::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.unwrap();
        let (invoice, customer) = (&row[0], &row[1]);
        let local: jiff::civil::DateTime = row[2].replace(' ', "T").parse().unwrap();
        let at: Instant = zone.to_ambiguous_timestamp(local).compatible().unwrap().into();
        let amount: Decimal = row[3].parse().unwrap();
        let purchases = open.entry(customer.to_owned()).or_default();
        let mut detail = json!({
            "customer_id": customer,
            "occurred_at": at.to_string(),
            "total": { "amount": amount.abs().to_string(), "currency": "GBP" },
        });
        let kind = if amount.is_sign_negative() && !amount.is_zero() {
            let bought = purchases.iter_mut().rev().find(|(_, left)| *left >= -amount);
            detail["refund_id"] = invoice.into();
            detail["purchase_id"] = match bought {
                None => format!("before-{invoice}").into(),
                Some((purchase, left)) => {
                    *left += amount;
                    purchase.as_str().into()
                }
            };
            "PurchaseRefunded"
        } else {
            purchases.push((invoice.to_owned(), amount));
            detail["purchase_id"] = invoice.into();
            if !row[5].trim().is_empty() {
                detail["items"] = json!([{ "sku": &row[5], "name": &row[5], "quantity": 1 }]);
            }
            "PurchaseCompleted"
        };
        let event = delivered(&envelope(kind, at, detail));
        customers.entry(customer.to_owned()).or_default().push(event);
    }
    Some(customers)
}
