//! What could not be processed, kept with the reason until somebody mends it.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Item, Store, StoreError, keys, read};

/// How much of a text one item takes, in bytes.
const PART_BYTES: usize = 300 * 1024;

/// How many months back failures are listed.
pub(super) const MONTHS_LISTED: i32 = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// An event that does not fit its schema.
    Event,
    /// An event that counted without the optional fields of it that do not fit.
    PartlyTaken,
    /// A touch of which nobody knows whether it went out.
    UnknownSend,
    /// A mail to somebody in the shop of which nobody knows whether it went out.
    UnknownNotice,
    /// An event of the mail service that cannot be read.
    MailEvent,
}

/// Something that could not be processed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The text's hash: the same text fails once, however often it comes.
    pub id: String,
    pub kind: FailureKind,
    pub why: String,
    pub failed_at: Instant,
    pub bytes: usize,
    parts: usize,
}

/// The id of a failed text.
pub(super) fn id_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(10).map(|b| format!("{b:02x}")).collect()
}

/// Where a part of a failed text is.
fn part_place(id: &str, number: usize) -> (String, String) {
    (format!("failure#{id}"), format!("part#{number:03}"))
}

pub(super) fn part_key(id: &str, number: usize) -> Item {
    let (pk, sk) = part_place(id, number);
    keys::keyed(pk, sk)
}

/// Where the failures of a month are listed.
pub(super) fn partition(at: Instant) -> String {
    let date = at.date_in(&jiff::tz::TimeZone::UTC);
    format!("failures#{:04}-{:02}", date.year(), date.month())
}

impl Store {
    /// Keeps a text that could not be processed.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_failure(
        &self,
        kind: FailureKind,
        text: &str,
        why: &str,
        now: Instant,
    ) -> Result<String, StoreError> {
        let id = id_of(text);
        let parts: Vec<&str> = split(text);
        // The parts first: what is listed can be read.
        for (number, part) in parts.iter().enumerate().skip(1) {
            let mut item = part_key(&id, number);
            item.insert("text".into(), AttributeValue::S((*part).to_owned()));
            self.put(item).await?;
        }
        let failed_at = self.first_failed_at(&id, parts[0], now).await?;
        let failure = Failure {
            id: id.clone(),
            kind,
            why: why.chars().take(2_000).collect(),
            failed_at,
            bytes: text.len(),
            parts: parts.len(),
        };
        let mut item: Item = serde_dynamo::to_item(&failure)
            .map_err(|error| StoreError::Unwritable(error.to_string()))?;
        item.extend(keys::keyed(partition(failed_at), id.clone()));
        self.put(item).await?;
        Ok(id)
    }

    /// Keeps a text's first part, and when it failed for the first time: the
    /// same text is listed there, in whatever month it comes again.
    async fn first_failed_at(
        &self,
        id: &str,
        part: &str,
        now: Instant,
    ) -> Result<Instant, StoreError> {
        let mut item = part_key(id, 0);
        item.insert("text".into(), AttributeValue::S(part.to_owned()));
        item.insert("failed_at".into(), AttributeValue::N(now.millis().to_string()));
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        let error = match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                return Ok(now);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(known)) => {
                let at = known.item().and_then(|item| item.get("failed_at")?.as_n().ok());
                let at = at.and_then(|millis| millis.parse().ok());
                Ok(at.map_or(now, Instant::from_millis))
            }
            _ => Err(StoreError::service(error)),
        }
    }

    /// What could not be processed in the last two years, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn failures(&self, now: Instant) -> Result<Vec<Failure>, StoreError> {
        self.failures_of(now, MONTHS_LISTED).await
    }

    /// The same for as many months, this one included.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn failures_of(
        &self,
        now: Instant,
        count_months: i32,
    ) -> Result<Vec<Failure>, StoreError> {
        let mut failures: Vec<Failure> = Vec::new();
        let today = now.date_in(&jiff::tz::TimeZone::UTC).first_of_month();
        for months in 0..count_months {
            let Ok(month) = today.checked_sub(jiff::Span::new().months(months)) else { break };
            let at = lazo_domain::calendar::midnight(month, &jiff::tz::TimeZone::UTC);
            for item in self.items_of(&partition(at), "").await? {
                failures.push(read(item)?);
            }
        }
        failures.sort_by(|a, b| (a.failed_at, &a.id).cmp(&(b.failed_at, &b.id)));
        Ok(failures)
    }

    /// The text that could not be processed.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or a part is missing.
    pub async fn failed_text(&self, failure: &Failure) -> Result<String, StoreError> {
        let texts = self.failed_texts(std::slice::from_ref(failure)).await?;
        Ok(texts.into_iter().next().unwrap_or_default())
    }

    /// The texts of several, one for each: ask for so many as memory takes.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or a part is missing.
    pub async fn failed_texts(&self, failures: &[Failure]) -> Result<Vec<String>, StoreError> {
        let places_of = |failure: &Failure| {
            let id = failure.id.clone();
            (0..failure.parts).map(move |number| part_place(&id, number))
        };
        let mut parts = self.get_all(failures.iter().flat_map(places_of)).await?.into_iter();
        let mut next_part = |of: &str| match parts.next() {
            Some(part) if keys::text(&part, "pk")? == of => {
                Ok(keys::text(&part, "text")?.to_owned())
            }
            _ => {
                Err(StoreError::Unreadable { key: of.to_owned(), why: "a part is missing".into() })
            }
        };
        let text_of = |failure: &Failure| {
            places_of(failure).map(|(partition, _)| next_part(&partition)).collect()
        };
        failures.iter().map(text_of).collect()
    }

    /// Forgets a failure that was mended.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drop_failure(&self, failure: &Failure) -> Result<(), StoreError> {
        let mut found = vec![keys::keyed(partition(failure.failed_at), failure.id.clone())];
        found.extend((0..failure.parts).map(|number| part_key(&failure.id, number)));
        for key in found {
            let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
            delete.send().await.map_err(StoreError::service)?;
        }
        Ok(())
    }
}

/// A text in parts that an item takes, cut between characters. An empty text
/// is one part.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > PART_BYTES {
        let mut end = PART_BYTES;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (part, tail) = rest.split_at(end);
        parts.push(part);
        rest = tail;
    }
    parts.push(rest);
    parts
}
