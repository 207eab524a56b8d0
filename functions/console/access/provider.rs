//! The shop's OpenID provider: where it is, what it says of itself, its keys, and the one
//! question that is asked of it.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lazo_domain::instant::Instant;
use serde::Deserialize;
use serde_json::Value;

use super::token::{BadToken, Expected, KeySet};

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(8);

/// For how long what the provider says of itself holds, in milliseconds.
const KNOWN_MILLIS: i64 = 3_600_000;

/// How the shop's provider is reached.
#[derive(Clone)]
pub struct Settings {
    /// The provider, as its tokens name it.
    pub issuer: String,
    /// Us, as the provider knows us.
    pub client: String,
    /// What proves that it is us.
    pub secret: String,
    /// The claim that names roles; `groups`, or a path such as `realm_access.roles`.
    pub claim: String,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Settings({}, …)", self.issuer)
    }
}

/// Why somebody could not be signed in by the provider. It names nobody.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The provider does not answer, or with what cannot be read.
    #[error("the OpenID provider: {0}")]
    Silent(String),
    /// It says that it is another one.
    #[error("the OpenID provider says that it is {0:?}")]
    OtherIssuer(String),
    /// It does not take the code.
    #[error("the OpenID provider does not take the code: {0}")]
    Refused(String),
    /// What it gave is no token for us.
    #[error(transparent)]
    Token(#[from] BadToken),
}

/// What the provider says of itself.
#[derive(Clone, Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Clone)]
struct Known {
    metadata: Metadata,
    keys: KeySet,
    at: Instant,
}

/// The provider, with what is known of it.
pub struct Provider {
    /// How it is reached.
    pub settings: Settings,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    known: RwLock<Option<Arc<Known>>>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.settings.fmt(f)
    }
}

/// Whether an address may be asked: HTTPS, or this machine itself, where tests run.
fn may_be_asked(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://127.0.0.1:")
}

impl Provider {
    /// A provider that was asked nothing yet.
    ///
    /// # Errors
    /// What keeps connections from being trusted: no root certificates are found.
    pub fn new(settings: Settings) -> Result<Provider, ProviderError> {
        if !may_be_asked(&settings.issuer) {
            return Err(ProviderError::Silent("its address is not https".to_owned()));
        }
        let builder = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| ProviderError::Silent(error.to_string()))?;
        let connector = builder.https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Provider { settings, client, known: RwLock::new(None) })
    }

    async fn ask(&self, request: Request<Body>) -> Result<(u16, Value), ProviderError> {
        let silent = |error: String| ProviderError::Silent(error);
        if !may_be_asked(&request.uri().to_string()) {
            return Err(silent("it names an address that is not https".to_owned()));
        }
        let asked = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        let answer = asked.map_err(|_| silent("it does not answer in time".to_owned()))?;
        let answer = answer.map_err(|error| silent(error.to_string()))?;
        let status = answer.status().as_u16();
        let body = to_bytes(Body::new(answer.into_body()), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| silent(error.to_string()))?;
        let value = serde_json::from_slice(&body);
        Ok((status, value.map_err(|_| silent(format!("it answers {status} without JSON")))?))
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, address: &str) -> Result<T, ProviderError> {
        let request = Request::builder().uri(address).header(ACCEPT, "application/json");
        let request = request.body(Body::empty());
        let request = request.map_err(|error| ProviderError::Silent(error.to_string()))?;
        let (status, value) = self.ask(request).await?;
        if status != 200 {
            return Err(ProviderError::Silent(format!("{address} answers {status}")));
        }
        serde_json::from_value(value).map_err(|error| ProviderError::Silent(error.to_string()))
    }

    /// What is known of it; asked again after an hour, or where `must` says so.
    async fn known(&self, now: Instant, must: bool) -> Result<Arc<Known>, ProviderError> {
        let known = self.known.read().ok().and_then(|known| known.clone());
        let is_new = |known: &Arc<Known>| {
            now.millis().abs_diff(known.at.millis()) < KNOWN_MILLIS.unsigned_abs()
        };
        if let Some(known) = known.filter(|known| !must && is_new(known)) {
            return Ok(known);
        }
        let issuer = self.settings.issuer.trim_end_matches('/');
        let metadata: Metadata =
            self.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        if metadata.issuer != self.settings.issuer {
            return Err(ProviderError::OtherIssuer(metadata.issuer));
        }
        let keys: KeySet = self.get(&metadata.jwks_uri).await?;
        let known = Arc::new(Known { metadata, keys, at: now });
        if let Ok(mut place) = self.known.write() {
            *place = Some(known.clone());
        }
        Ok(known)
    }

    /// Where a sign-in begins, with what is sent along.
    ///
    /// # Errors
    /// [`ProviderError`] where it does not say.
    pub async fn begin(
        &self,
        fields: &[(&str, &str)],
        now: Instant,
    ) -> Result<String, ProviderError> {
        let known = self.known(now, false).await?;
        let address = &known.metadata.authorization_endpoint;
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let joint = if address.contains('?') { '&' } else { '?' };
        Ok(format!("{address}{joint}{query}"))
    }

    /// The claims of whoever the code stands for.
    ///
    /// # Errors
    /// [`ProviderError`] where the code is not taken, or its token is not for us.
    pub async fn claims(
        &self,
        (code, verifier, back): (&str, &str, &str),
        nonce: &str,
        now: Instant,
    ) -> Result<Value, ProviderError> {
        let known = self.known(now, false).await?;
        let (status, answer) =
            self.ask(self.exchange(&known.metadata, code, verifier, back)?).await?;
        if status != 200 {
            let why = answer["error"].as_str().unwrap_or("no reason told");
            return Err(ProviderError::Refused(why.chars().take(60).collect()));
        }
        let token = answer["id_token"].as_str().unwrap_or_default();
        // A key that is new to us: the provider changed them since.
        let known = match known.keys.has(token) {
            true => known,
            false => self.known(now, true).await?,
        };
        let Settings { issuer, client, .. } = &self.settings;
        let expected = Expected { issuer, client, nonce };
        Ok(known.keys.verify(token, &expected, now)?)
    }

    fn exchange(
        &self,
        metadata: &Metadata,
        code: &str,
        verifier: &str,
        back: &str,
    ) -> Result<Request<Body>, ProviderError> {
        let Settings { client, secret, .. } = &self.settings;
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let by_post = !methods.is_empty() && methods.iter().all(|one| one != "client_secret_basic");
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back),
            ("client_id", client.as_str()),
            ("code_verifier", verifier),
        ]);
        if by_post {
            form.append_pair("client_secret", secret);
        }
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(&metadata.token_endpoint)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if !by_post && !secret.is_empty() {
            let encoded = |text: &str| -> String {
                form_urlencoded::byte_serialize(text.as_bytes()).collect()
            };
            let pair = STANDARD.encode(format!("{}:{}", encoded(client), encoded(secret)));
            request = request.header(AUTHORIZATION, format!("Basic {pair}"));
        }
        request
            .body(Body::from(form.finish()))
            .map_err(|error| ProviderError::Silent(error.to_string()))
    }
}
