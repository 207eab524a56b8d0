//! What happened and what is coming, on the terminal.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use jiff::ToSpan;
use lazo::dispatch::DispatchReport;
use lazo::shell::call_list;
use lazo::shell::store::{EventEntry, Item, Store, TouchEntry, TouchState};
use lazo::shell::wording::Language;
use lazo_domain::customer::Customer;
use lazo_domain::instant::Instant;
use lazo_domain::touch::Reason;

use super::SAMPLE_EVENTS;
use super::webhooks_server;
use crate::clock;
use crate::system::{Endpoints, System, TABLE, Target};

/// Everything in the local table, counted. Only the local system reads its
/// whole table: it is small, and its own.
#[derive(Default)]
struct Counts {
    customers: usize,
    events: BTreeMap<String, usize>,
    sent: BTreeMap<String, usize>,
    not_sent: BTreeMap<Reason, usize>,
    waiting: BTreeMap<Reason, usize>,
    coming: Vec<(Instant, String)>,
}

/// More items than the versions of a new store have.
const EMPTY_ITEMS_MAX: i32 = 200;

/// Whether nothing is stored yet.
///
/// # Errors
/// Where the table cannot be read.
pub async fn is_empty(store: &Store) -> anyhow::Result<bool> {
    // Besides the versions of its rules and whether it sends, which are there from the
    // beginning.
    let scan = store.client().scan().table_name(TABLE).select(Select::Count);
    let scan = scan
        .filter_expression("pk <> :rules AND pk <> :sending AND NOT begins_with(pk, :bundle)")
        .expression_attribute_values(":rules", AttributeValue::S("rules".into()))
        .expression_attribute_values(":sending", AttributeValue::S("sending".into()))
        .expression_attribute_values(":bundle", AttributeValue::S("bundle#".into()));
    Ok(scan.limit(EMPTY_ITEMS_MAX).send().await?.count() == 0)
}

async fn count(store: &Store) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    let mut items = store.client().scan().table_name(TABLE).into_paginator().items().send();
    while let Some(item) = items.next().await {
        counts.take(item?)?;
    }
    counts.coming.sort();
    Ok(counts)
}

impl Counts {
    fn take(&mut self, mut item: Item) -> anyhow::Result<()> {
        let text = |item: &Item, name: &str| {
            item.get(name).and_then(|v| v.as_s().ok()).cloned().unwrap_or_default()
        };
        let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
        if sk.starts_with("event#") {
            let event: EventEntry = serde_dynamo::from_item(item)?;
            *self.events.entry(event.kind.to_string()).or_default() += 1;
        } else if sk.starts_with("touch#") {
            let touch: TouchEntry = serde_dynamo::from_item(item)?;
            match (touch.state, touch.reason) {
                (TouchState::Sent, _) => {
                    let rule = format!("{} ({})", touch.touch.rule, touch.channel);
                    *self.sent.entry(rule).or_default() += 1;
                }
                (_, Some(reason)) => *self.not_sent.entry(reason).or_default() += 1,
                _ => {}
            }
        } else if sk == "state"
            && let Some(id) = pk.strip_prefix("customer#")
        {
            self.customers += 1;
            item.insert("id".into(), aws_sdk_dynamodb::types::AttributeValue::S(id.to_owned()));
            let customer: Customer = serde_dynamo::from_item(item)?;
            for enrolment in customer.pending() {
                if let Some(defer) = enrolment.defers.last() {
                    *self.waiting.entry(defer.reason).or_default() += 1;
                }
                let touch = format!("{} → {id}", enrolment.rule);
                self.coming.push((enrolment.next, touch));
            }
        }
        Ok(())
    }
}

/// Tells what happened, what is coming, and what to try next.
///
/// # Errors
/// Where the table cannot be read.
pub async fn print(
    system: &System,
    target: &Target,
    first: &DispatchReport,
    lang: Language,
) -> anyhow::Result<()> {
    let counts = count(&system.app.store).await?;
    let now = clock::now();
    let calls = call_list::open_of_all(&system.app, now).await?;
    let zone = &system.app.rules().book.default_zone;
    let title = |es, en| println!("\n{}", lang.pick(es, en));
    let row = |count: usize, what: &str| println!("  {count:>6}  {what}");

    title("Eventos recibidos", "Events in");
    counts.events.iter().for_each(|(kind, n)| row(*n, kind));
    row(counts.customers, lang.pick("clientes", "customers"));

    title("Contactos enviados", "Touches sent");
    counts.sent.iter().for_each(|(rule, n)| row(*n, rule));
    title("No enviados, y por qué", "Not sent, and why");
    counts.not_sent.iter().for_each(|(reason, n)| row(*n, lang.reason(*reason)));
    title("En espera, y por qué", "Held back for now, and why");
    counts.waiting.iter().for_each(|(reason, n)| row(*n, lang.reason(*reason)));

    title("Lo que viene (hora de la tienda)", "What is coming (the shop's time)");
    for (at, touch) in counts.coming.iter().take(6) {
        println!("  {}  {touch}", at.zoned(zone).strftime("%Y-%m-%d %H:%M"));
    }
    if counts.coming.len() > 6 {
        println!("  … {} {}", lang.pick("y otros", "and"), more(counts.coming.len() - 6, lang));
    }
    title("Ahora", "Now");
    if let Some(outbox) = &system.outbox {
        row(outbox.count(), lang.pick("correos en la bandeja de salida", "mails in the outbox"));
    }
    row(calls.len(), lang.pick("llamadas en la lista", "calls on the list"));
    if first.failed > 0 {
        row(first.failed, lang.pick("clientes con error", "customers with an error"));
    }
    commands(system, target, calls.first().map(|one| one.customer.id.to_string()), lang);
    Ok(())
}

fn more(count: usize, lang: Language) -> String {
    match lang {
        Language::Es => format!("{count}"),
        Language::En => format!("{count} more"),
    }
}

fn commands(system: &System, target: &Target, customer: Option<String>, lang: Language) {
    let data = target.data.display();
    let lazo = std::env::args().next().unwrap_or_else(|| "lazo".into());
    let suffix =
        if data.to_string() == ".lazo" { String::new() } else { format!(" --data {data}") };
    println!("\n{}", lang.pick("Para seguir", "Try next"));
    let customer = customer.unwrap_or_else(|| "cus-00001".into());
    let rows = [
        (
            format!("{lazo} calls list"),
            lang.pick("a quién llamar y qué decir", "who to call, and what to say"),
        ),
        (
            format!("{lazo} explain {customer}"),
            lang.pick("qué pasó con un cliente, y por qué", "what happened to a customer, and why"),
        ),
        (
            format!("{lazo} send --sample PurchaseCompleted"),
            lang.pick("un evento más, y lo que provoca", "one more event, and what it leads to"),
        ),
        (
            format!("{lazo} failures list"),
            lang.pick("lo que no se pudo procesar", "what could not be processed"),
        ),
    ];
    for (command, what) in rows {
        println!("  {:<50} {what}", format!("{command}{suffix}"));
    }
    println!("  {:<50} {}", format!("ls {data}/outbox"), lang.pick("los correos", "the mails"));
    let sample = target.data.join(SAMPLE_EVENTS);
    if sample.exists() {
        let tomorrow = clock::here().date().saturating_add(1.day());
        println!(
            "  {lazo} simulate --events {} --until {tomorrow}\n  {:<50} {}",
            sample.display(),
            "",
            lang.pick(
                "lo que habrían hecho las reglas en estos dos años",
                "what the rules would have done in these two years"
            ),
        );
    }
    if let Some(endpoints) = &system.endpoints {
        let Endpoints { dynamodb, bus, links, webhooks, console, .. } = endpoints;
        println!(
            "\n  {}  {console}",
            lang.pick("la consola, en el navegador:", "the console, in a browser:")
        );
        let (of, signed) = match lang {
            Language::Es => ("los webhooks de tus sistemas:", "secreto"),
            Language::En => ("webhooks of your systems:", "secret"),
        };
        for (secret, sources) in webhooks_server::of_file(&target.data) {
            println!("  {of}  {webhooks}/{}  {signed} {secret}", sources.join("|"));
        }
        println!("\n  DynamoDB {dynamodb}   bus {bus}   {} {links}", lang.pick("enlaces", "links"));
        println!(
            "  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws --region us-east-1 --endpoint-url {} dynamodb list-tables",
            dynamodb
        );
    }
}

/// One line on a round in which something happened.
pub fn print_round(report: &DispatchReport, lang: Language) {
    if report.sent + report.not_sent + report.put_back + report.unknown + report.failed == 0 {
        return;
    }
    let clock = clock::here().strftime("%H:%M").to_string();
    println!(
        "{clock}  {} {}, {} {}, {} {}",
        report.sent,
        lang.pick("enviados", "sent"),
        report.not_sent,
        lang.pick("no enviados", "not sent"),
        report.put_back,
        lang.pick("para más tarde", "put back"),
    );
}
