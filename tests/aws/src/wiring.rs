//! The product's own parts on any HTTP connection: the fake AWS's, or one
//! with faults on it.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::service_clock_skew::ServiceClockSkewInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::{
    Credentials, IdentityCache, SharedCredentialsProvider, SharedHttpClient,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::{
    EndpointFuture, EndpointResolverParams, ResolveEndpoint, SharedEndpointResolver,
};
use aws_smithy_runtime_api::client::http::HttpClient;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::endpoint::Endpoint;

use super::TABLE;
use lazo::shell::app::{App, ses_config};
use lazo::shell::bus::Bus;
use lazo::shell::link::token::Keys;
use lazo::shell::mailer::{Mailer, Ses};
use lazo::shell::queue::Queue;
use lazo::shell::rules::Rules;
use lazo::shell::secrets::Vault;
use lazo::shell::store::Store;

/// Where nothing listens: the connection is never made.
const NOWHERE: &str = "http://fake-aws.invalid";

/// The queue's URL.
const QUEUE_URL: &str = "http://fake-aws.invalid/000000000000/ingest";

/// By which addresses are hashed, whatever is cleared meanwhile.
const ADDRESS_KEY: [u8; 32] = [7; 32];

/// Whether the SDK repeats requests to DynamoDB and EventBridge. SES's are
/// never repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Retries {
    /// Each fault reaches the product.
    #[default]
    Off,
    /// As in AWS, three times in all, with waits of a millisecond or so.
    On,
}

/// Spares requests the headers that name their client, their number and their
/// try, and answers the look at the server's clock: nobody reads them here, and
/// they take longer to write than most of the rest.
#[derive(Debug)]
struct Nameless;

impl Intercept for Nameless {
    fn name(&self) -> &'static str {
        "Nameless"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let (state, cause) = (bag.interceptor_state(), "nobody reads it");
        state.store_put(disable_interceptor::<UserAgentInterceptor>(cause));
        state.store_put(disable_interceptor::<InvocationIdInterceptor>(cause));
        state.store_put(disable_interceptor::<RequestInfoInterceptor>(cause));
        state.store_put(disable_interceptor::<ServiceClockSkewInterceptor>(cause));
        Ok(())
    }
}

/// Where all requests go, whatever they ask for.
#[derive(Debug)]
struct Fixed(Endpoint);

impl ResolveEndpoint for Fixed {
    fn resolve_endpoint<'a>(&'a self, _: &'a EndpointResolverParams) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(self.0.clone()))
    }
}

fn nowhere() -> SharedEndpointResolver {
    SharedEndpointResolver::new(Fixed(Endpoint::builder().url(NOWHERE).build()))
}

/// How an app's clients are connected.
#[derive(Clone, Debug)]
pub struct Wiring {
    http: SharedHttpClient,
    /// Of a DynamoDB that is elsewhere; it wants signatures.
    endpoint: Option<String>,
    retries: Retries,
    configuration_set: Option<String>,
}

impl Wiring {
    /// To a connection.
    pub fn to(http: &(impl HttpClient + Clone + 'static)) -> Wiring {
        Wiring {
            http: SharedHttpClient::new(http.clone()),
            endpoint: None,
            retries: Retries::Off,
            configuration_set: None,
        }
    }

    /// With a real DynamoDB at an address.
    pub fn endpoint(self, endpoint: impl Into<String>) -> Wiring {
        Wiring { endpoint: Some(endpoint.into()), ..self }
    }

    /// With the SDK's retries on or off; they are off at first.
    pub fn retries(self, retries: Retries) -> Wiring {
        Wiring { retries, ..self }
    }

    /// By which SES's events are told from others'.
    pub fn configuration_set(self, name: impl Into<String>) -> Wiring {
        Wiring { configuration_set: Some(name.into()), ..self }
    }

    /// What the SDK's clients are made of.
    pub fn sdk(&self, signs: bool) -> SdkConfig {
        let retries = match self.retries {
            Retries::Off => RetryConfig::disabled(),
            Retries::On => RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)),
        };
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .http_client(self.http.clone())
            .endpoint_url(self.endpoint.as_deref().unwrap_or(NOWHERE))
            .retry_config(retries)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if signs {
            let credentials = Credentials::new("local", "local", None, None, "local");
            sdk.set_credentials_provider(Some(SharedCredentialsProvider::new(credentials)));
        }
        sdk.build()
    }

    /// The product's store. Signatures are spared where nobody checks them.
    pub fn store(&self) -> Store {
        let sdk = self.sdk(self.endpoint.is_some());
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk).allow_no_auth();
        let mut config = config.interceptor(Nameless);
        if self.endpoint.is_none() {
            config.set_endpoint_resolver(Some(nowhere()));
            config = config.identity_cache(IdentityCache::no_cache());
        }
        let store = Store::new(aws_sdk_dynamodb::Client::from_conf(config.build()), TABLE);
        store.with_address_key(ADDRESS_KEY)
    }

    /// The product's bus; its requests are not signed.
    pub fn bus(&self) -> Bus {
        let sdk = self.sdk(false);
        let config = aws_sdk_eventbridge::config::Builder::from(&sdk).allow_no_auth();
        let mut config = config.interceptor(Nameless).identity_cache(IdentityCache::no_cache());
        config.set_endpoint_resolver(Some(nowhere()));
        Bus::new(aws_sdk_eventbridge::Client::from_conf(config.build()), TABLE)
    }

    /// The product's queue of events in; its requests are not signed.
    pub fn queue(&self) -> Queue {
        let sdk = self.sdk(false);
        let config = aws_sdk_sqs::config::Builder::from(&sdk).allow_no_auth();
        let mut config = config.interceptor(Nameless).identity_cache(IdentityCache::no_cache());
        config.set_endpoint_resolver(Some(nowhere()));
        Queue::new(aws_sdk_sqs::Client::from_conf(config.build()), QUEUE_URL)
    }

    /// The product's secrets of sources; its requests are not signed.
    pub fn vault(&self) -> Vault {
        let sdk = self.sdk(false);
        let config = aws_sdk_secretsmanager::config::Builder::from(&sdk).allow_no_auth();
        let mut config = config.interceptor(Nameless).identity_cache(IdentityCache::no_cache());
        config.set_endpoint_resolver(Some(nowhere()));
        Vault::new(aws_sdk_secretsmanager::Client::from_conf(config.build()), "webhooks")
    }

    /// The product's mailer, by the client that its functions use.
    pub fn mailer(&self) -> Mailer {
        let config = ses_config(&self.sdk(false)).allow_no_auth();
        let mut config = config.interceptor(Nameless).identity_cache(IdentityCache::no_cache());
        config.set_endpoint_resolver(Some(nowhere()));
        let client = aws_sdk_sesv2::Client::from_conf(config.build());
        Mailer::Ses(Ses::new(client, self.configuration_set.clone()))
    }

    /// A whole app; with links, where it gets an address and keys.
    pub fn app(&self, rules: Rules, links: Option<(String, Keys)>) -> App {
        let (url, keys) = links.unzip();
        let app = App::new(self.store(), self.bus(), self.mailer(), url, rules);
        match keys {
            Some(keys) => app.with_link_keys(keys),
            None => app,
        }
    }
}
