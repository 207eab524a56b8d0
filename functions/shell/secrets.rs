//! The secrets that the shop's sources sign with: one secret in Secrets Manager, a JSON
//! object by the names of the sources.
//!
//! ```json
//! { "shopify": "shpss_1…", "stripe": ["whsec_new…", "whsec_old…"] }
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use lazo_domain::instant::Instant;
use lazo_domain::source::SECRETS_MAX;
use serde::Deserialize;

/// How often a function that works looks whether there are other secrets, in
/// milliseconds: two are live at a time, so that nothing waits for it.
const LOOK_EVERY_MILLIS: i64 = 5 * 60 * 1_000;

/// Why the secrets cannot be used. None of them is ever quoted.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// Secrets Manager does not give the secret out. Holds the SDK's error.
    #[error("Secrets Manager: {0}")]
    Service(String),
    /// The secret is not written as it should be.
    #[error(
        "the secrets of the sources are no JSON object such as \
         {{\"shopify\": \"…\", \"stripe\": [\"the new one\", \"the old one\"]}}"
    )]
    Form,
    /// A source has too many.
    #[error("source {0} has {1} secrets, at most {SECRETS_MAX} can be live at a time")]
    TooMany(String, usize),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// The live secrets of each source.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<String, Vec<String>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets of {:?}", self.0.keys())
    }
}

impl Secrets {
    /// Reads them; an empty one is none.
    ///
    /// # Errors
    /// [`SecretsError`] where the text is not written like that.
    pub fn parse(text: &str) -> Result<Secrets, SecretsError> {
        let read: BTreeMap<String, OneOrMore> =
            serde_json::from_str(text).map_err(|_| SecretsError::Form)?;
        let mut secrets = BTreeMap::new();
        for (source, written) in read {
            let mut all = match written {
                OneOrMore::One(secret) => vec![secret],
                OneOrMore::More(secrets) => secrets,
            };
            all.retain(|secret| !secret.is_empty());
            if all.len() > SECRETS_MAX {
                return Err(SecretsError::TooMany(source, all.len()));
            }
            if !all.is_empty() {
                secrets.insert(source, all);
            }
        }
        Ok(Secrets(secrets))
    }

    /// Those of a source; none where it is off.
    pub fn of(&self, source: &str) -> &[String] {
        self.0.get(source).map_or(&[], Vec::as_slice)
    }
}

/// The secrets as Secrets Manager has them, read again every few minutes.
#[derive(Debug)]
pub struct Vault {
    client: Client,
    secret_id: String,
    read: Mutex<Option<(Instant, Arc<Secrets>)>>,
}

impl Vault {
    /// The secret of this ARN or name, reached by the client.
    pub fn new(client: Client, secret_id: impl Into<String>) -> Vault {
        Vault { client, secret_id: secret_id.into(), read: Mutex::default() }
    }

    /// The secrets that are live. Where they cannot be read again, those of before stay.
    ///
    /// # Errors
    /// [`SecretsError`] where they were never read.
    pub async fn secrets(&self, now: Instant) -> Result<Arc<Secrets>, SecretsError> {
        let known = self.read.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, secrets)) = &known
            && now.millis().abs_diff(at.millis()) < LOOK_EVERY_MILLIS.unsigned_abs()
        {
            return Ok(secrets.clone());
        }
        let secrets = match (self.fetch().await, known) {
            (Ok(secrets), _) => Arc::new(secrets),
            (Err(error), Some((_, secrets))) => {
                tracing::error!(%error, "the secrets of the sources could not be read again");
                secrets
            }
            (Err(error), None) => return Err(error),
        };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        *read = Some((now, secrets.clone()));
        Ok(secrets)
    }

    async fn fetch(&self) -> Result<Secrets, SecretsError> {
        let request = self.client.get_secret_value().secret_id(&self.secret_id);
        let told = |error: String| SecretsError::Service(error);
        let answer =
            request.send().await.map_err(|error| told(DisplayErrorContext(error).to_string()))?;
        Secrets::parse(answer.secret_string().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_has_one_secret_or_two_in_a_rotation() {
        let text = r#"{"shopify":"one","stripe":["new","old"],"square":"","woocommerce":[]}"#;
        let secrets = Secrets::parse(text).unwrap();
        assert_eq!(secrets.of("shopify"), ["one"]);
        assert_eq!(secrets.of("stripe"), ["new", "old"]);
        for off in ["square", "woocommerce", "other"] {
            assert!(secrets.of(off).is_empty(), "{off}");
        }
        assert!(!format!("{secrets:?}").contains("old"));
    }

    #[test]
    fn what_is_written_wrongly_is_told_without_the_secrets() {
        for text in ["", "whsec_1", "[]", r#"{"stripe":5}"#, r#"{"stripe":{"a":"whsec_1"}}"#] {
            let told = Secrets::parse(text).unwrap_err().to_string();
            assert!(told.contains("no JSON object") && !told.contains("whsec_1"), "{told}");
        }
        let told = Secrets::parse(r#"{"stripe":["a","b","c"]}"#).unwrap_err().to_string();
        assert_eq!(told, "source stripe has 3 secrets, at most 2 can be live at a time");
    }
}
