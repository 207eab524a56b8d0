//! `lazo export`: all that is stored on a customer, for the customer.

use anyhow::Context;
use lazo::shell::wording::Language;
use lazo_domain::address::Asks;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::{Map, Value, json};

use super::Answer;
use super::system::{System, Target};
use lazo::shell::intake;

/// One JSON of all that is stored on a customer.
#[derive(clap::Args)]
pub struct Args {
    customer: String,
}

/// What stands at the head of a sort key, and under which name it is shown.
const KINDS: [(&str, &str); 6] = [
    ("event#", "events"),
    ("touch#", "touches"),
    ("call#", "calls_and_tasks"),
    ("answer#", "answers"),
    ("complaint#", "complaints"),
    ("escalation#", "escalations"),
];

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let id = Id::new(&args.customer).context("CUSTOMER")?;
    let system = System::open(target).await?;
    let store = &system.app.store;
    let now = Instant::from(jiff::Timestamp::now());
    let mut customer = store.person(&id).await?.customer;
    let mut items = Vec::new();
    for id in customer.ids() {
        items.extend(store.everything_on(id).await?);
    }
    store.hear_all([&mut customer], Asks { email: true, phone: true }).await?;
    let kept_aside = intake::kept_aside(store, &customer, now).await?;
    if items.is_empty() && kept_aside.is_empty() {
        let nothing = "nada se sabe de este cliente";
        eprintln!("lazo: {}", lang.pick(nothing, "nothing is known of this customer"));
        return Ok(Answer::No);
    }
    let mut lists: Map<String, Value> = Map::new();
    let mut state = Value::Null;
    for (sk, item) in items {
        match KINDS.iter().find(|(head, _)| sk.starts_with(head)) {
            // What an id that went into another still holds is on its way out.
            None if item.get("merged_into").is_some() => {}
            None => state = item,
            Some((_, name)) => {
                let list = lists.entry(*name).or_insert_with(|| json!([]));
                list.as_array_mut().into_iter().for_each(|list| list.push(item.clone()));
            }
        }
    }
    let mut all = json!({
        "customer_id": id,
        "exported_at": now.to_string(),
        "state": state,
        "could_not_be_processed": kept_aside.iter().map(|(_, text)| text).collect::<Vec<_>>(),
    });
    let said = said_of_addresses(&customer);
    if !said.is_empty() {
        all["said_of_addresses"] = said.into();
    }
    all.as_object_mut().into_iter().for_each(|all| all.append(&mut lists));
    out!("{}", serde_json::to_string_pretty(&all)?);
    Ok(Answer::Yes)
}

/// What is kept by the customer's address and number, apart from the customer:
/// an erasure leaves it. Under which other id it was said is not theirs to know.
fn said_of_addresses(customer: &Customer) -> Vec<Value> {
    let heard = [("email", &customer.heard.email), ("phone", &customer.heard.phone)];
    let mut all = Vec::new();
    for (of, words) in heard.into_iter().filter_map(|(of, words)| Some((of, words.as_ref()?))) {
        for (purpose, word) in words.each() {
            let state = if word.denied { "denied" } else { "granted" };
            let purpose = format!("{purpose:?}").to_lowercase();
            all.push(
                json!({ "of": of, "purpose": purpose, "state": state, "at": word.at.to_string() }),
            );
        }
        let stop = words.stop().map(|stop| stop.at.to_string());
        all.extend(stop.map(|at| json!({ "of": of, "state": "suppressed", "at": at })));
    }
    all
}
