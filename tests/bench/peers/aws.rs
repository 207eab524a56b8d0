//! What the functions talk to: an embedded DynamoDB with a table of ours and one of the
//! peers', and a server that stands where SES and EventBridge stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::support::{self, World};

const PEER_TABLE: &str = "peer";

pub struct Aws {
    world: World,
    url: String,
    mails: Arc<AtomicUsize>,
}

pub async fn start() -> Aws {
    let world = World::shipped().await;
    peer_table(world.app.store.client()).await;
    let mails = Arc::new(AtomicUsize::new(0));
    let router = Router::new()
        .route("/v2/email/account", get(account))
        .route("/v2/email/outbound-emails", post(send))
        .route("/", post(put_events))
        .with_state(mails.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Aws { world, url, mails }
}

impl Aws {
    /// How many mails were taken so far.
    pub fn mails(&self) -> usize {
        self.mails.load(Ordering::Relaxed)
    }

    /// What the template and Lambda put into a function's environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let roots = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/certs/amazon-roots.pem");
        let known = [
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
            ("SSL_CERT_FILE", roots),
            ("PEER_TABLE", PEER_TABLE),
            ("LAZO_TABLE", support::TABLE),
            ("LAZO_BUS", "lazo"),
            ("LAZO_LOG", "info"),
            ("LAZO_LINKS_URL", support::LINKS_URL),
            ("LAZO_LINK_KEYS", support::LINK_KEYS),
            ("LAZO_MAIL_FROM", "hola@casalumbre.example"),
        ];
        let known = known.map(|(name, value)| (name, value.to_owned()));
        let here = [
            ("AWS_ENDPOINT_URL", self.url.clone()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.world.dynamodb.clone()),
        ];
        known.into_iter().chain(here).collect()
    }
}

async fn account() -> Json<Value> {
    let quota = json!({ "Max24HourSend": 1e6, "MaxSendRate": 1000.0, "SentLast24Hours": 0.0 });
    Json(json!({ "SendQuota": quota, "SendingEnabled": true, "ProductionAccessEnabled": true }))
}

async fn send(State(mails): State<Arc<AtomicUsize>>) -> Json<Value> {
    let number = mails.fetch_add(1, Ordering::Relaxed);
    Json(json!({ "MessageId": format!("ses-{number}") }))
}

async fn put_events(body: String) -> String {
    let request: Value = serde_json::from_str(&body).unwrap();
    let count = request["Entries"].as_array().map_or(0, Vec::len);
    let entries: Vec<_> = (0..count).map(|n| json!({ "EventId": format!("event-{n}") })).collect();
    json!({ "FailedEntryCount": 0, "Entries": entries }).to_string()
}

async fn peer_table(client: &aws_sdk_dynamodb::Client) {
    let key = |name: &str, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap()
    };
    let text = |name: &str| {
        let kind = ScalarAttributeType::S;
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
    };
    let all = Projection::builder().projection_type(ProjectionType::All).build();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .key_schema(key("due_shard", KeyType::Hash))
        .key_schema(key("due", KeyType::Range))
        .projection(all)
        .build()
        .unwrap();
    let create =
        client.create_table().table_name(PEER_TABLE).billing_mode(BillingMode::PayPerRequest);
    create
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .set_attribute_definitions(Some(["pk", "sk", "due_shard", "due"].map(text).into()))
        .global_secondary_indexes(due)
        .send()
        .await
        .unwrap();
}
