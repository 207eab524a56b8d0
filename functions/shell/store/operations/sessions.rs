//! Who is signed in at the console, and who is about to: by hashes of what their browsers
//! hold, so that whoever reads the table can use none of it.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use lazo_domain::digest::sha256_hex;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use super::table::TTL_ATTRIBUTE;
use super::{Item, Sk, Store, StoreError, keys, read, to_item};

/// How much of a hash stands in a key: all of it.
const HASH_BYTES: usize = 32;

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The name under which their work is known.
    pub name: String,
    /// How they are addressed.
    pub called: String,
    /// Their role.
    pub role: String,
    /// When they signed in.
    pub began_at: Instant,
    /// When they must sign in again.
    pub ends_at: Instant,
}

/// A sign-in that was begun.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// What the provider's token must repeat.
    pub nonce: String,
    /// What proves to the provider that it is the same who began (PKCE).
    pub verifier: String,
    /// Where to go then.
    pub to: String,
    /// When it is too late.
    pub ends_at: Instant,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SignIn(until {}, …)", self.ends_at)
    }
}

/// By what the table knows a secret of a browser.
fn hash(secret: &str) -> String {
    sha256_hex(secret, HASH_BYTES)
}

fn expiring(mut item: Item, at: Instant) -> Item {
    let seconds = at.millis().div_euclid(1000);
    item.insert(TTL_ATTRIBUTE.into(), AttributeValue::N(seconds.to_string()));
    item
}

impl Store {
    /// Begins a session, which its browser proves by a secret.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn begin_session(&self, secret: &str, session: &Session) -> Result<(), StoreError> {
        let mut item = to_item(session)?;
        item.extend(keys::session(&hash(secret)));
        self.put(expiring(item, session.ends_at)).await
    }

    /// The session of a secret, where it has not ended.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn session(&self, secret: &str, now: Instant) -> Result<Option<Session>, StoreError> {
        let found = self.get(keys::session(&hash(secret))).await?;
        let session: Option<Session> = found.map(read).transpose()?;
        Ok(session.filter(|session| now < session.ends_at))
    }

    /// Ends the session of a secret.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn end_session(&self, secret: &str) -> Result<(), StoreError> {
        self.revoke_session(&hash(secret)).await
    }

    /// Ends a session by its hash, as the list tells it.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn revoke_session(&self, hash: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(keys::session(hash)));
        let answer = delete.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(false, answer.consumed_capacity());
        Ok(())
    }

    /// All sessions that have not ended, each with its hash.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn sessions(&self, now: Instant) -> Result<Vec<(String, Session)>, StoreError> {
        let mut found = Vec::new();
        for item in self.items_of(keys::SESSIONS, Sk::Any).await? {
            let hash = keys::text(&item, "sk")?.to_owned();
            found.push((hash, read::<Session>(item)?));
        }
        found.retain(|(_, session)| now < session.ends_at);
        Ok(found)
    }

    /// Keeps a sign-in that was begun, by its state.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn begin_sign_in(&self, state: &str, sign_in: &SignIn) -> Result<(), StoreError> {
        let mut item = to_item(sign_in)?;
        item.extend(keys::sign_in(&hash(state)));
        self.put(expiring(item, sign_in.ends_at)).await
    }

    /// Takes a sign-in by its state: once, whoever comes with it first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn take_sign_in(
        &self,
        state: &str,
        now: Instant,
    ) -> Result<Option<SignIn>, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete
            .set_key(Some(keys::sign_in(&hash(state))))
            .return_values(ReturnValue::AllOld)
            .set_return_consumed_capacity(self.count_mode());
        let answer = delete.send().await.map_err(StoreError::service)?;
        self.count(false, answer.consumed_capacity());
        let found: Option<SignIn> = answer.attributes.map(read).transpose()?;
        Ok(found.filter(|sign_in| now < sign_in.ends_at))
    }
}
