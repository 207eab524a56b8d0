//! What every test stands on: an embedded DynamoDB behind the real SDK, and a
//! server that stands where SES and EventBridge stand.
#![allow(dead_code, reason = "each user of this module needs a part of it")]

pub mod archives;
pub mod events;
pub mod generate;
pub mod program;
pub mod recorder;
pub mod retail;
pub mod virtual_time;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder as HttpClient;
use lazo::shell::app::{App, ses_client};
use lazo::shell::bus::Bus;
use lazo::shell::link::token::Keys;
use lazo::shell::mailer::{Mailer, Outbox, Ses};
use lazo::shell::rules::Rules;
use lazo::shell::store::{Item, Store, table};
use lazo_domain::customer::Customer;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::message::Templates;
use lazo_domain::notice::NoticeKind;
use lazo_domain::rulebook::RuleBook;
use miniz_oxide::inflate::decompress_to_vec;
use recorder::Recorder;
use tokio::net::TcpListener;

pub const TABLE: &str = "lazo";
pub const CONFIGURATION_SET: &str = "lazo-mail";
pub const LINKS_URL: &str = "https://links.casalumbre.example";
/// The keys of those links: 32 times the byte 1, and 32 times the byte 2.
pub const LINK_KEYS: &str = "t1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,t0:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

/// A whole system of one test's own.
pub struct World {
    pub app: Arc<App>,
    pub recorder: Recorder,
    /// Where its DynamoDB answers.
    pub dynamodb: String,
}

impl World {
    /// With the rules and templates that are shipped.
    pub async fn shipped() -> World {
        World::new(Rules::from(None).unwrap()).await
    }

    pub async fn new(rules: Rules) -> World {
        let recorder = Recorder::start().await;
        let ses = ses_client(&sdk_at(&recorder.url));
        let mailer = Mailer::Ses(Ses::new(ses, Some(CONFIGURATION_SET.into())));
        let (store, dynamodb) = table_and_endpoint().await;
        World { app: Arc::new(app(rules, mailer, &recorder, store)), recorder, dynamodb }
    }

    /// With mail into files.
    pub async fn with_outbox(rules: Rules, folder: &Path) -> World {
        let recorder = Recorder::start().await;
        let mailer = Mailer::Outbox(Outbox::open(folder).unwrap());
        let (store, dynamodb) = table_and_endpoint().await;
        World { app: Arc::new(app(rules, mailer, &recorder, store)), recorder, dynamodb }
    }

    /// Everything in the table, item by item, as JSON: that has an order. What is
    /// compressed is shown as the text that it is.
    pub async fn items(&self) -> BTreeSet<String> {
        let scan = self.app.store.client().scan().table_name(TABLE).into_paginator();
        let items = scan.items().send().try_collect().await.unwrap();
        let json = |mut item: Item| {
            let packed = item.remove("packed");
            let mut json: serde_json::Value = serde_dynamo::from_item(item).unwrap();
            if let Some(packed) = packed {
                let text = decompress_to_vec(packed.as_b().unwrap().as_ref()).unwrap();
                json["packed"] = serde_json::from_slice(&text).unwrap();
            }
            json.to_string()
        };
        items.into_iter().map(json).collect()
    }

    /// The same system over a store that counts what it asks, without keys for links.
    pub fn counting(&self) -> Arc<App> {
        let store = Store::new(self.app.store.client().clone(), TABLE).counting();
        let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk_at(&self.recorder.url)), "lazo");
        let ses = Mailer::Ses(Ses::new(ses_client(&sdk_at(&self.recorder.url)), None));
        let rules = self.app.rules();
        let rules = rules.with_book(rules.book.clone());
        Arc::new(App::new(store, bus, ses, Some(LINKS_URL.into()), rules))
    }

    pub async fn customer(&self, id: &Id) -> Customer {
        self.app.store.load(id).await.unwrap().customer
    }
}

fn app(rules: Rules, mailer: Mailer, recorder: &Recorder, store: Store) -> App {
    let bus = Bus::new(aws_sdk_eventbridge::Client::new(&sdk_at(&recorder.url)), "lazo");
    let keys = Keys::parse(LINK_KEYS).unwrap();
    App::new(store, bus, mailer, Some(LINKS_URL.into()), rules).with_link_keys(keys)
}

/// A fresh table on a DynamoDB in memory.
pub async fn table() -> Store {
    table_and_endpoint().await.0
}

/// The same, with where it answers.
async fn table_and_endpoint() -> (Store, String) {
    let (store, endpoint) = served(dynoxide::Database::memory().unwrap()).await;
    table::create(store.client(), TABLE).await.unwrap();
    (store, endpoint)
}

/// The store on an embedded DynamoDB, served from here.
pub async fn store_on(database: dynoxide::Database) -> Store {
    served(database).await.0
}

async fn served(database: dynoxide::Database) -> (Store, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    (Store::new(aws_sdk_dynamodb::Client::new(&sdk_at(&endpoint)), TABLE), endpoint)
}

/// What the SDK needs to talk to an endpoint of this machine.
pub fn sdk_at(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "local", "local", None, None, "local",
        )))
        .http_client(HttpClient::new().build_http())
        .endpoint_url(endpoint)
        .build()
}

/// Rules by their files' names and texts; every template they name says hello.
pub fn rules(files: &[(&str, &str)]) -> Rules {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let book = match RuleBook::read(&files) {
        Ok(book) => book,
        Err(wrong) => panic!("{}", wrong.iter().map(|d| format!("{d}\n")).collect::<String>()),
    };
    let mut templates = Vec::new();
    let steps = book.rules().iter().flat_map(|rule| rule.all_steps());
    let steps = steps.flat_map(|step| step.templates()).map(|(name, _)| name);
    let notices = NoticeKind::ALL.map(NoticeKind::template);
    for name in steps.chain(notices) {
        templates.push((format!("{name}/es/subject.txt"), "Hola de la tienda".to_owned()));
        templates.push((format!("{name}/es/body.mjml"), BODY.to_owned()));
        templates.push((format!("{name}/es/script.md"), "Saluda y da las gracias.".to_owned()));
    }
    templates.sort();
    templates.dedup();
    Rules::new(book, Templates::read(&templates))
}

pub const BODY: &str = "<mjml><mj-body><mj-section><mj-column><mj-text>Hola</mj-text></mj-column></mj-section></mj-body></mjml>";

pub fn id(text: &str) -> Id {
    Id::new(text).unwrap()
}

/// An instant by its RFC 3339 text.
pub fn at(text: &str) -> Instant {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

pub fn minutes_after(from: Instant, minutes: i64) -> Instant {
    from.plus_millis(minutes * 60_000)
}
