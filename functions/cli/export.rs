//! `lazo export`: all that is stored on a customer, for the customer.

use lazo::shell::store::Store;
use lazo::shell::wording::Language;
use lazo::shell::{export, intake};
use lazo_domain::address::Asks;
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::{Map, Value, json};

use super::system::{System, Target};
use super::{Answer, customer};
use crate::clock;

/// All that is stored on a customer, as a page for the customer in their language.
#[derive(clap::Args)]
pub struct Args {
    /// The customer's id, or their mail address or number where nobody else has it.
    customer: String,
    /// As one JSON object with documented fields, for another system.
    #[arg(long)]
    json: bool,
    /// As one JSON object of the items as they are stored, for engineers.
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

/// `chosen` is the language that the command line names, if it does: without one the
/// customer's own counts, then `usual`.
pub async fn run(
    args: &Args,
    target: &Target,
    chosen: Option<Language>,
    usual: Language,
) -> anyhow::Result<Answer> {
    let system = System::open(target).await?;
    let id = customer::id_of(&system.app, &args.customer, usual).await?;
    let store = &system.app.store;
    let now = clock::now();
    if args.raw {
        let mut customer = store.person(&id).await?.customer;
        store.hear_all([&mut customer], Asks { email: true, phone: true }).await?;
        let kept_aside = intake::kept_aside(store, &customer, now).await?;
        let kept_aside: Vec<String> = kept_aside.into_iter().map(|(_, text)| text).collect();
        return raw(store, &id, &customer, &kept_aside, now).await;
    }
    let Some(whole) = export::read(&system.app, &id, now).await? else { return nothing(usual) };
    let rules = system.app.rules();
    if args.json {
        out!("{}", serde_json::to_string_pretty(&whole.fields(&rules.book))?);
        return Ok(Answer::Yes);
    }
    let lang = chosen.or(whole.language(&rules.book)).unwrap_or(usual);
    out!("{}", whole.page(&rules.book, lang).trim_end());
    Ok(Answer::Yes)
}

fn nothing(lang: Language) -> anyhow::Result<Answer> {
    let nothing = "no se sabe nada de este cliente";
    eprintln!("lazo: {}", lang.pick(nothing, "nothing is known of this customer"));
    Ok(Answer::No)
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

/// The items as they are stored.
async fn raw(
    store: &Store,
    id: &Id,
    customer: &Customer,
    kept_aside: &[String],
    now: Instant,
) -> anyhow::Result<Answer> {
    let mut items = Vec::new();
    for id in customer.ids() {
        items.extend(store.everything_on(id).await?);
    }
    if items.is_empty() && kept_aside.is_empty() {
        return nothing(super::lang::spoken());
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
        "could_not_be_processed": kept_aside,
    });
    let said = export::said_of_addresses(customer);
    if !said.is_empty() {
        all["said_of_addresses"] = said.into();
    }
    all.as_object_mut().into_iter().for_each(|all| all.append(&mut lists));
    out!("{}", serde_json::to_string_pretty(&all)?);
    Ok(Answer::Yes)
}
