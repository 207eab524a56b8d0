//! A fake AWS: DynamoDB, SES, EventBridge, SQS and Secrets Manager in memory, for runs that
//! need millions of calls or a fault at each of them.
//!
//! It stands where the SDK's HTTP connection stands. The store, the mailer and
//! the bus are the product's own, with the real clients of the SDK, which build
//! their requests and read their answers as ever; only what would travel over
//! a socket is answered here, at once and in this process. So there is no trait
//! to swap and nothing to mock, and what a run shows holds for the code that
//! runs in AWS.
//!
//! ```no_run
//! # async fn example(rules: lazo::shell::rules::Rules) {
//! use lazo_fake_aws::{Aws, Keep, Wiring};
//!
//! let aws = Aws::new(Keep::default());
//! let app = Wiring::to(&aws).app(rules, None);
//! // … the handlers run on `app` …
//! assert_eq!(aws.mail.count(), 0);
//! # }
//! ```
//!
//! The table is held to an embedded DynamoDB by a differential test, which runs
//! the same operations on both. What it does not know it refuses, aloud.

mod attributes;
pub mod bus;
mod expression;
pub mod faults;
mod index;
pub mod mail;
mod page;
pub mod queue;
pub mod secret;
mod table;
mod wire;
mod wiring;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use lazo_domain::instant::Instant;

pub use wiring::{Retries, Wiring};

use lazo::shell::store::table::{Alarm, SHARDS};
use table::Table;
use wire::Answer;

/// The table's name.
pub const TABLE: &str = "lazo";

/// By this header a query of an index says how many writes it is behind.
pub(crate) const STALE_WRITES: &str = "x-fake-aws-stale-writes";

/// What is kept besides the table: a long run has no room for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The text of each mail.
    pub bodies: bool,
    /// The latest changes of the indexes, so that they can be read stale.
    pub past: bool,
}

/// A whole AWS of one's own; its clones are the same one.
#[derive(Clone)]
pub struct Aws {
    table: Arc<Table>,
    /// SES: the mails that were accepted.
    pub mail: Arc<mail::Mail>,
    /// EventBridge: the events that were published.
    pub bus: Arc<bus::Bus>,
    /// SQS: the webhooks that wait.
    pub queue: Arc<queue::Queue>,
    /// Secrets Manager: the secrets of the sources.
    pub secret: Arc<secret::Secret>,
    /// How often each operation was asked for.
    asked: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aws { in memory }")
    }
}

/// A service that requests are made to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Where the table is.
    DynamoDb,
    /// Where mails are sent.
    Ses,
    /// Where events are published.
    EventBridge,
    /// Where webhooks wait to be taken.
    Sqs,
    /// Where the secrets of sources are.
    SecretsManager,
}

impl Service {
    /// Each service once, in the order in which they are declared.
    pub const ALL: [Service; 5] = [
        Service::DynamoDb,
        Service::Ses,
        Service::EventBridge,
        Service::Sqs,
        Service::SecretsManager,
    ];

    /// The name of the service in the text of a plan, such as `ses`.
    pub fn name(self) -> &'static str {
        match self {
            Service::DynamoDb => "dynamodb",
            Service::Ses => "ses",
            Service::EventBridge => "eventbridge",
            Service::Sqs => "sqs",
            Service::SecretsManager => "secretsmanager",
        }
    }
}

/// What a request asks for: the service and its operation.
pub fn operation(request: &HttpRequest) -> (Service, &str) {
    match request.headers().get("x-amz-target").and_then(|target| target.split_once('.')) {
        Some((service, operation)) if service.starts_with("DynamoDB") => {
            (Service::DynamoDb, operation)
        }
        Some(("AmazonSQS", operation)) => (Service::Sqs, operation),
        Some(("secretsmanager", operation)) => (Service::SecretsManager, operation),
        Some((_, operation)) => (Service::EventBridge, operation),
        None if request.uri().ends_with("/v2/email/account") => (Service::Ses, "GetAccount"),
        None => (Service::Ses, "SendEmail"),
    }
}

impl Aws {
    /// An empty table, no mail, nothing on the bus.
    pub fn new(keep: Keep) -> Aws {
        Aws {
            table: Arc::new(Table::new(TABLE, keep.past)),
            mail: Arc::new(mail::Mail::new(keep.bodies)),
            bus: Arc::default(),
            queue: Arc::default(),
            secret: Arc::default(),
            asked: Arc::default(),
        }
    }

    /// How often each operation was asked for, from the beginning on.
    pub fn asked(&self) -> BTreeMap<String, u64> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, operation: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match asked.get_mut(operation) {
            Some(count) => *count += 1,
            None => drop(asked.insert(operation.to_owned(), 1)),
        }
    }

    /// Shows every item's text as DynamoDB writes it in JSON, in no order.
    pub fn each_item(&self, see: impl FnMut(&str)) {
        self.table.each_item(see);
    }

    /// The same texts, in the order of keys.
    pub fn dump(&self) -> Vec<String> {
        self.table.dump()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.table.clear();
        self.mail.clear();
        self.bus.take();
        self.queue.take();
    }

    /// When the first alarm of a kind rings, by the table's index: virtual time
    /// can go on to there.
    pub fn first_alarm(&self, alarm: Alarm) -> Option<Instant> {
        (0..SHARDS).filter_map(|shard| self.first_alarm_of(alarm, shard)).min()
    }

    /// The same of one shard.
    pub fn first_alarm_of(&self, alarm: Alarm, shard: u8) -> Option<Instant> {
        let first = self.table.earliest(alarm.index(), &alarm.shard(shard));
        first.map(Instant::from_millis)
    }

    fn answer(&self, request: &HttpRequest) -> Answer {
        // The body of a request is in memory; a stream is nothing we send.
        let body = request.body().bytes().unwrap_or_default();
        let (service, operation) = operation(request);
        self.count(operation);
        match (service, operation) {
            (Service::DynamoDb, operation) => {
                let stale = request.headers().get(STALE_WRITES);
                let stale = stale.and_then(|writes| writes.parse().ok()).unwrap_or(0);
                self.table.answer(operation, body, stale)
            }
            (Service::EventBridge, _) => self.bus.answer(body),
            (Service::Sqs, _) => self.queue.answer(body),
            (Service::SecretsManager, _) => self.secret.answer(),
            (Service::Ses, "GetAccount") => self.mail.account(),
            (Service::Ses, _) => self.mail.answer(body),
        }
    }
}

/// An answer as the SDK takes it from a connection.
fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answer.status);
    let status = status.map_err(|error| ConnectorError::user(error.into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(response(self.answer(&request)))
    }
}

impl HttpClient for Aws {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
