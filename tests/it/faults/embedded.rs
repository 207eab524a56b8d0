//! The embedded DynamoDB, spoken to over HTTP, beside the fake SES and
//! EventBridge.

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use lazo::shell::store::table;
use lazo_fake_aws::{Aws, Service, TABLE, Wiring, operation};
use tokio::net::TcpListener;

/// An embedded DynamoDB of one test's own, by its address.
pub async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let store = Wiring::to(&real()).endpoint(&endpoint).store();
    table::create(store.client(), TABLE).await.unwrap();
    endpoint
}

/// Connections over sockets.
pub fn real() -> SharedHttpClient {
    Builder::new().build_http()
}

/// DynamoDB over sockets, everything else in the fake AWS.
#[derive(Clone, Debug)]
pub struct Beside {
    pub dynamodb: SharedHttpClient,
    pub rest: Aws,
}

#[derive(Debug)]
struct Connector {
    dynamodb: SharedHttpConnector,
    rest: Aws,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match operation(&request).0 {
            Service::DynamoDb => self.dynamodb.call(request),
            _ => self.rest.call(request),
        }
    }
}

impl HttpClient for Beside {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let dynamodb = self.dynamodb.http_connector(settings, components);
        SharedHttpConnector::new(Connector { dynamodb, rest: self.rest.clone() })
    }
}
