use std::path::Path;

use jiff::tz::TimeZone;

use super::*;
use crate::customer::Customer;
use crate::event::{Body, Detail, from_wire};
use crate::history::Until;
use crate::id::Id;
use crate::policy::Policy;
use crate::rulebook::{Diagnostic, RuleBook};
use crate::view::View;

fn folder(name: &str) -> Vec<(String, String)> {
    fn walk(root: &Path, at: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<_> = std::fs::read_dir(at).unwrap().map(|e| e.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(root, &path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, text));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra").join(name);
    let mut found = Vec::new();
    walk(&root, &root, &mut found);
    found
}

fn shipped() -> Templates {
    Templates::read(&folder("templates"))
}

fn shipped_rules() -> RuleBook {
    let mut files = folder("rules");
    files.retain(|(name, _)| name.ends_with(".yaml"));
    RuleBook::read(&files).unwrap()
}

const PURCHASE: &str = r#"{
    "detail-type": "PurchaseCompleted", "purchase_id": "pur-7", "customer_id": "cus-1",
    "occurred_at": "2026-11-20T23:30:00-06:00",
    "total": { "amount": "1290.00", "currency": "MXN" },
    "items": [{ "sku": "a", "name": "Armazón Alba", "quantity": 1 },
              { "sku": "b", "name": "Vela <Copal>", "quantity": 2.0 }]
}"#;

/// A customer of that name, and what her purchase tells.
fn ana(given_name: &str) -> (Customer, Detail) {
    let mut customer = Customer::new(Id::new("cus-1").unwrap());
    let at = crate::instant::Instant::from_millis(0);
    let line: crate::event::Line =
        serde_json::from_value(given_name.replace(['\r', '\n'], "").into()).unwrap();
    customer.profile.given.set(at, Some(line));
    let event = from_wire(PURCHASE).unwrap().event;
    let Body::PurchaseCompleted(purchase) = &event.body else { unreachable!() };
    customer.history.add_purchase(purchase);
    (customer, event.detail)
}

fn context_of(customer: &Customer, detail: &Detail, policy: &Policy) -> Context {
    let zone = TimeZone::get("America/Mexico_City").unwrap();
    let now = "2026-11-21T10:00:00-06:00".parse::<jiff::Timestamp>().unwrap().into();
    let view =
        View { customer, until: Until::ALL, now, zone: &zone, policy, event: Some(detail) };
    let unsubscribe = Some("https://links.example/u/AbC?x=1&y=2");
    context(&view, &Facts { rep: "Bruno", unsubscribe, occasion: None })
}

#[test]
fn the_shipped_templates_pass() {
    let found = shipped().check(&shipped_rules());
    let told: Vec<_> = found.iter().map(Diagnostic::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn print() {
    let (customer, detail) = ana("<b>Ana</b> & \"Co\"");
    let book = shipped_rules();
    let context = context_of(&customer, &detail, &book.policy);
    for locale in ["es-MX", "en-GB", "fr"] {
        let mail = shipped().mail("thank-you-mail", locale, "es", &context).unwrap();
        println!("{} | {}\n{}\n{}", mail.locale, mail.subject, mail.text, mail.html.len());
        println!("{}", shipped().script("thank-you-call", locale, "es", &context).unwrap().markdown);
    }
    let t = std::time::Instant::now();
    let s = shipped();
    println!("read {:?}", t.elapsed());
    let t = std::time::Instant::now();
    for _ in 0..20 { s.mail("thank-you-mail", "es", "es", &context).unwrap(); }
    println!("mail {:?}", t.elapsed() / 20);
    let t = std::time::Instant::now();
    s.check(&book);
    println!("check {:?}", t.elapsed());
}
