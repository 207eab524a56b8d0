//! A table that is restored from a copy: nothing goes out of it before it has learnt what
//! went out since, and nothing twice after that.

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use lazo::shell::app::{App, ses_client};
use lazo::shell::bus::Bus;
use lazo::shell::mailer::{Mailer, Ses};
use lazo::shell::store::{Deployed, Item, Store, table};
use lazo::{dispatch, feedback, ingest};
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use serde_json::{Value, json};

use crate::feedback::{mails, sent};
use crate::support::archives::{Archives, MAIL, SHOP};
use crate::support::events::{batch, profile, purchase};
use crate::support::{
    CONFIGURATION_SET, LINKS_URL, TABLE, World, at, id, minutes_after, rules, sdk_at,
};
use crate::table_commands::{of_account, said};

const COPY: &str = "lazo-restored";

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
";

const THANKS: &str = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
steps:
  - { id: mail, channel: email, template: thanks, wait: 1 day, at: '10:00' }
  - { id: more, channel: email, template: thanks, wait: 1 day, at: '10:00' }
";

fn noon() -> Instant {
    at("2026-11-18T12:00:00-06:00")
}

fn due() -> Instant {
    at("2026-11-19T10:00:00-06:00")
}

fn customer(number: usize) -> String {
    format!("c-{number:03}")
}

fn events_of(number: usize) -> [String; 2] {
    let (name, at) = (customer(number), minutes_after(noon(), 1));
    let email = json!({ "email": format!("{name}@example.com") });
    [profile(&name, at, email), purchase(&name, &format!("p-{number}"), at, "129.90")]
}

/// A shop, its table as it was at an instant, and what happened since.
struct Shop {
    world: World,
    copy: Arc<App>,
    archives: Archives,
    /// Before the copy was made, and since.
    customers: [usize; 2],
}

impl Shop {
    /// So many customers before the copy is made, and so many after. Then all get their
    /// first mail. `is_told` is whether the archive has what SES told.
    async fn new(customers: [usize; 2], is_told: bool) -> Shop {
        let world = World::new(rules(&[("policy.yaml", POLICY), ("thanks.yaml", THANKS)])).await;
        let app = &world.app;
        let told = Deployed {
            bus: "lazo".into(),
            source: Some("shop".into()),
            configuration_set: Some(CONFIGURATION_SET.into()),
        };
        app.store.keep_deployed(&told).await.unwrap();
        let all = customers[0] + customers[1];
        let mut archived = Vec::new();
        let mut copied = Vec::new();
        for number in 0..all {
            if number == customers[0] {
                dispatch::run(app, minutes_after(noon(), 2)).await.unwrap();
                copied = items(&app.store).await;
            }
            let events = events_of(number);
            let response = ingest::handle(app, batch(&events), minutes_after(noon(), 3)).await;
            assert!(response.batch_item_failures.is_empty());
            archived.extend(events);
        }
        dispatch::run(app, due()).await.unwrap();
        assert_eq!(mails(&world).len(), all);
        let mut kept = BTreeMap::from([(SHOP, archived)]);
        if is_told {
            kept.insert(MAIL, mails(&world).iter().map(sent).collect());
        }
        let archives = Archives::start(kept).await;
        let client = app.store.client();
        table::create(client, COPY).await.unwrap();
        for item in copied {
            client.put_item().table_name(COPY).set_item(Some(item)).send().await.unwrap();
        }
        let copy = Arc::new(on_copy(&world));
        Shop { world, copy, archives, customers }
    }

    /// `lazo restore`, while the functions work off what is replayed.
    async fn restore(&self, words: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_lazo"));
        command.args(["--table", COPY, "restore", "--yes"]).args(words);
        for (name, value) in [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.world.dynamodb.as_str()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", self.archives.url.as_str()),
            ("AWS_ENDPOINT_URL_SQS", self.archives.url.as_str()),
        ] {
            command.env(name, value);
        }
        of_account(&mut command);
        let work = async {
            loop {
                let taken = self.archives.take();
                for message in &taken {
                    let (app, now) = (&self.copy, minutes_after(due(), 30));
                    let bodies = batch(&[&message.body]);
                    let response = match message.queue {
                        "ingest" => ingest::handle(app, bodies, now).await,
                        _ => feedback::handle(app, bodies, now).await,
                    };
                    assert!(response.batch_item_failures.is_empty());
                }
                self.archives.done(taken.len());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            output = command.output() => output.unwrap(),
            () = work => unreachable!(),
        }
    }

    /// How often each customer got a mail.
    fn counts(&self) -> Vec<usize> {
        let to = |mail: &Value| mail["Destination"]["ToAddresses"][0].as_str().unwrap().to_owned();
        let all: Vec<String> = mails(&self.world).iter().map(to).collect();
        let is_to = |number: usize, to: &String| to.contains(&format!("{}@", customer(number)));
        let count = |number| all.iter().filter(|to| is_to(number, to)).count();
        (0..self.customers.iter().sum()).map(count).collect()
    }
}

async fn items(store: &Store) -> Vec<Item> {
    let scan = store.client().scan().table_name(TABLE).into_paginator();
    scan.items().send().try_collect().await.unwrap()
}

/// The functions, on the restored table.
fn on_copy(world: &World) -> App {
    let store = Store::new(world.app.store.client().clone(), COPY);
    let sdk = sdk_at(&world.recorder.url);
    let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk), "lazo");
    let ses = Mailer::Ses(Ses::new(ses_client(&sdk), Some(CONFIGURATION_SET.into())));
    let rules = world.app.rules();
    App::new(store, bus, ses, Some(LINKS_URL.into()), rules.with_book(rules.book.clone()))
}

#[tokio::test]
async fn a_restored_table_sends_nothing_before_it_knows_and_nothing_twice() {
    let shop = Shop::new([150, 50], true).await;
    for minute in 0..3 {
        let report = dispatch::run(&shop.copy, minutes_after(due(), minute)).await.unwrap();
        assert_eq!(report, dispatch::DispatchReport::default());
    }
    let output = shop.restore(&["--since", "2026-11-18T18:00:00Z"]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("sends from here on"), "{}", said(&output));
    // To the stack's own rules alone, and nothing of others.
    let replays = shop.archives.replays();
    assert_eq!(replays.len(), 2);
    for replay in replays {
        assert_eq!(replay["Destination"]["FilterArns"].as_array().unwrap().len(), 1, "{replay}");
    }
    // What was read a moment ago holds for some seconds.
    let copy = on_copy(&shop.world);
    for minute in [31, 32, 60, 90] {
        dispatch::run(&copy, minutes_after(due(), minute)).await.unwrap();
    }
    assert_eq!(shop.counts(), [1; 200]);
    // The follow-up goes on behind what went out, for those of before and since.
    for minute in 0..4 {
        dispatch::run(&copy, minutes_after(due(), 24 * 60 + minute)).await.unwrap();
    }
    assert_eq!(shop.counts(), [2; 200]);
    let entry = copy.store.ledger(&id(&customer(199))).await.unwrap().1;
    assert!(entry.iter().all(|entry| entry.message_id.is_some()), "{entry:?}");
    // It sends now, so there is nothing to restore.
    let again = shop.restore(&[]).await;
    assert_eq!(again.status.code(), Some(1), "{}", said(&again));
}

#[tokio::test]
async fn without_what_ses_told_mails_go_again_and_the_command_refuses_to_go_on() {
    let shop = Shop::new([2, 1], false).await;
    let output = shop.restore(&["--since", "2026-11-18T18:00:00Z"]).await;
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("the archive of SES's events is not found"),
        "{}",
        said(&output)
    );
    // The instant is not known of a table that DynamoDB did not restore.
    let output = shop.restore(&[]).await;
    assert!(said(&output).contains("give --since"), "{}", said(&output));
    let output = shop.restore(&["--no-replay"]).await;
    assert!(output.status.success(), "{}", said(&output));
    dispatch::run(&on_copy(&shop.world), minutes_after(due(), 40)).await.unwrap();
    assert_eq!(shop.counts(), [2, 2, 1]);
}

#[tokio::test]
async fn outside_of_a_restore_a_mail_that_nobody_knows_is_none_of_ours() {
    let shop = Shop::new([1, 0], true).await;
    let mut foreign = sent(&mails(&shop.world)[0]);
    let ours = sent(&mails(&shop.world)[0]);
    let touch = |text: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    foreign = foreign.replace(&touch("thanks/c-000/p-0/mail"), &touch("thanks/c-000/p-9/mail"));
    assert_ne!(foreign, ours);
    let response = feedback::handle(&shop.world.app, batch(&[foreign]), due()).await;
    assert!(response.batch_item_failures.is_empty());
    let ledger = shop.world.app.store.ledger(&Id::new("c-000").unwrap()).await.unwrap().1;
    assert_eq!(ledger.len(), 1);
}
