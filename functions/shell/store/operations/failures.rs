//! What could not be processed, kept with the reason until somebody mends it or
//! the policy's time for it is over.
//!
//! A failure is listed by the month in which it came first, and found by whom it
//! names: beside it stands an item for each name, under a hash of it.

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use lazo_domain::digest::sha256_hex;
use lazo_domain::event::People;
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};

use super::failures_about::{hashes_of, named_partition};
use super::same_failure::essence;
use super::table::TTL_ATTRIBUTE;
use super::{Item, Sk, Store, StoreError, keys, read, to_item};

/// How much of a text one item takes, in bytes.
const PART_BYTES: usize = 300 * 1024;

/// How much of a reason is kept.
const WHY_CHARS_MAX: usize = 2_000;

/// How many months back failures are listed.
pub(in crate::shell::store) const MONTHS_LISTED: i32 = 24;

/// What sort of thing could not be processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// An event that does not fit its schema.
    Event,
    /// An event of another system whose purchase did not come: listed after a while.
    Waiting,
    /// An event that counted without the optional fields of it that do not fit.
    PartlyTaken,
    /// A touch of which nobody knows whether it went out.
    UnknownSend,
    /// A mail to somebody in the shop of which nobody knows whether it went out.
    UnknownNotice,
    /// An event of the mail service that cannot be read.
    MailEvent,
    /// A reason for which the mail service takes no mail.
    MailRefused,
    /// A mail that cannot be written.
    MailUnwritten,
    /// A customer who cannot be worked on.
    Customer,
    /// A version of the rules that did not go live when it was to.
    SuspendedVersion,
}

impl FailureKind {
    /// Whether its text came from outside, and so may tell of a person.
    pub fn is_text_of_others(self) -> bool {
        matches!(
            self,
            FailureKind::Event
                | FailureKind::Waiting
                | FailureKind::PartlyTaken
                | FailureKind::MailEvent
        )
    }
}

/// Something that could not be processed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The hash of what the text says: the same fails once, however often it comes.
    pub id: String,
    /// What failed, as of the last time.
    pub kind: FailureKind,
    /// Why it failed the last time; at most 2,000 characters.
    pub why: String,
    /// When it failed for the first time.
    pub failed_at: Instant,
    /// How often it failed, and when for the last time.
    #[serde(default = "once")]
    pub times: u64,
    /// When it failed last; `None` where it never came again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Instant>,
    /// The length of the whole text that failed, in bytes.
    pub bytes: usize,
    parts: usize,
    /// The hashes of the names that it is found by; `None` where a former version
    /// kept it, which noted none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    names: Option<Vec<String>>,
}

impl Failure {
    /// Whether a former version kept it: whom it names was not noted.
    pub fn is_former(&self) -> bool {
        self.names.is_none()
    }
}

fn once() -> u64 {
    1
}

/// What is to be kept of something that could not be processed.
#[derive(Clone, Debug)]
pub struct Failing<'a> {
    /// What sort of thing failed.
    pub kind: FailureKind,
    /// The whole text that failed; where it is long, it is kept in parts.
    pub text: &'a str,
    /// Why it failed; its first 2,000 characters are kept.
    pub why: &'a str,
    /// Whom it names.
    pub people: &'a People,
    /// How often it failed, as far as whoever keeps it has counted.
    pub times: u64,
    /// When it may be let go.
    pub expires_at: Instant,
}

/// What was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The failure's id, under which it is listed.
    pub id: String,
    /// How often it failed by now.
    pub times: u64,
    /// Since when it is listed.
    pub failed_at: Instant,
}

/// What was known of a text when it failed.
enum Seen {
    New,
    Before { failed_at: Instant, is_same_text: bool },
}

/// The id of a failed text of our own.
pub(in crate::shell::store) fn id_of(text: &str) -> String {
    sha256_hex(text, 10)
}

fn id_of_kind(kind: FailureKind, text: &str) -> String {
    match kind.is_text_of_others() {
        true => id_of(&essence(text)),
        false => id_of(text),
    }
}

/// Where a part of a failed text is.
fn part_place(id: &str, number: usize) -> (String, String) {
    (format!("failure#{id}"), format!("part#{number:03}"))
}

pub(in crate::shell::store) fn part_key(id: &str, number: usize) -> Item {
    let (pk, sk) = part_place(id, number);
    keys::keyed(pk, sk)
}

/// Where the failures of a month are listed.
pub(in crate::shell::store) fn partition(at: Instant) -> String {
    let date = at.date_in(&jiff::tz::TimeZone::UTC);
    format!("failures#{:04}-{:02}", date.year(), date.month())
}

fn expiring(mut item: Item, at: Instant) -> Item {
    let seconds = at.millis().div_euclid(1000);
    item.insert(TTL_ATTRIBUTE.into(), AttributeValue::N(seconds.to_string()));
    item
}

/// Whether the time for an item is over, though DynamoDB has not let it go yet.
pub(in crate::shell::store) fn is_over(item: &Item, now: Instant) -> bool {
    let seconds = item.get(TTL_ATTRIBUTE).and_then(|at| at.as_n().ok()?.parse::<i64>().ok());
    seconds.is_some_and(|at| at <= now.millis().div_euclid(1000))
}

impl Store {
    /// Keeps something that could not be processed. What failed before is
    /// counted, with the reason of the last time.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn keep_failure(
        &self,
        failing: &Failing<'_>,
        now: Instant,
    ) -> Result<Kept, StoreError> {
        let id = id_of_kind(failing.kind, failing.text);
        let parts = split(failing.text);
        let seen = self.first_seen(&id, parts[0], failing.expires_at, now).await?;
        let failed_at = match seen {
            Seen::New => now,
            Seen::Before { failed_at, .. } => failed_at,
        };
        if !matches!(seen, Seen::New)
            && let Some(times) = self.count_failure(&id, failed_at, failing, now).await?
        {
            return Ok(Kept { id, times, failed_at });
        }
        // It is new, or a crash left it unlisted. The parts and the names first:
        // what is listed can be read and found.
        let first = usize::from(!matches!(seen, Seen::Before { is_same_text: false, .. }));
        for (number, part) in parts.iter().enumerate().skip(first) {
            let mut item = part_key(&id, number);
            item.insert("text".into(), AttributeValue::S((*part).to_owned()));
            item.insert("failed_at".into(), AttributeValue::N(failed_at.millis().to_string()));
            self.put(expiring(item, failing.expires_at)).await?;
        }
        let names = hashes_of(failing.people);
        for name in &names {
            let mut item = keys::keyed(named_partition(name), id.clone());
            item.insert("failed_at".into(), AttributeValue::N(failed_at.millis().to_string()));
            self.put(expiring(item, failing.expires_at)).await?;
        }
        let failure = Failure {
            id: id.clone(),
            kind: failing.kind,
            why: failing.why.chars().take(WHY_CHARS_MAX).collect(),
            failed_at,
            times: failing.times,
            last_at: None,
            bytes: failing.text.len(),
            parts: parts.len(),
            names: Some(names),
        };
        let mut item = to_item(&failure)?;
        item.extend(keys::keyed(partition(failed_at), id.clone()));
        let put = self.client.put_item().set_item(Some(expiring(item, failing.expires_at)));
        let times =
            match self.put_if(put.condition_expression("attribute_not_exists(times)")).await? {
                true => failing.times,
                // Somebody else was faster.
                false => {
                    let counted = self.count_failure(&id, failed_at, failing, now).await?;
                    counted.unwrap_or(failing.times)
                }
            };
        Ok(Kept { id, times, failed_at })
    }

    /// Keeps a text's first part, and when it failed for the first time: the
    /// same text is listed there, in whatever month it comes again.
    async fn first_seen(
        &self,
        id: &str,
        part: &str,
        expires_at: Instant,
        now: Instant,
    ) -> Result<Seen, StoreError> {
        let mut item = part_key(id, 0);
        item.insert("text".into(), AttributeValue::S(part.to_owned()));
        item.insert("failed_at".into(), AttributeValue::N(now.millis().to_string()));
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(expiring(item, expires_at)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        let error = match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                return Ok(Seen::New);
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(known)) => {
                let known = known.item();
                let at = known.and_then(|item| item.get("failed_at")?.as_n().ok()?.parse().ok());
                let text = known.and_then(|item| item.get("text")?.as_s().ok());
                Ok(Seen::Before {
                    failed_at: at.map_or(now, Instant::from_millis),
                    is_same_text: text.is_some_and(|text| text == part),
                })
            }
            _ => Err(StoreError::service(error)),
        }
    }

    /// Counts a failure that is listed already, as what it was the last time, and how
    /// often it came by now; `None` where it is not listed, or a former version listed
    /// it without a count.
    async fn count_failure(
        &self,
        id: &str,
        failed_at: Instant,
        failing: &Failing<'_>,
        now: Instant,
    ) -> Result<Option<u64>, StoreError> {
        let why: String = failing.why.chars().take(WHY_CHARS_MAX).collect();
        let kind = serde_dynamo::to_attribute_value(failing.kind);
        let kind: AttributeValue =
            kind.map_err(|error| StoreError::Unwritable(error.to_string()))?;
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::keyed(partition(failed_at), id)))
            .condition_expression("attribute_exists(times)")
            .update_expression(
                "SET times = times + :times, last_at = :now, why = :why, #kind = :kind",
            )
            .expression_attribute_names("#kind", "kind")
            .expression_attribute_values(":kind", kind)
            .expression_attribute_values(":times", AttributeValue::N(failing.times.to_string()))
            .expression_attribute_values(":now", AttributeValue::N(now.millis().to_string()))
            .expression_attribute_values(":why", AttributeValue::S(why))
            .return_values(ReturnValue::UpdatedNew)
            .set_return_consumed_capacity(self.count_mode())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                let times = answer.attributes().and_then(|new| new.get("times")?.as_n().ok());
                Ok(Some(times.and_then(|times| times.parse().ok()).unwrap_or(failing.times)))
            }
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(None),
            Err(error) => Err(StoreError::service(error)),
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
            let items = self.items_of(&partition(at), Sk::Any).await?;
            for item in items.into_iter().filter(|item| !is_over(item, now)) {
                failures.push(read(item)?);
            }
        }
        // What waits is listed once it waited too long.
        failures.retain(|one| one.kind != FailureKind::Waiting || one.failed_at <= now);
        failures.sort_by(|a, b| (a.failed_at, &a.id).cmp(&(b.failed_at, &b.id)));
        Ok(failures)
    }

    /// The text that could not be processed.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or a part is missing.
    pub async fn failed_text(&self, failure: &Failure) -> Result<String, StoreError> {
        let places = (0..failure.parts).map(|number| part_place(&failure.id, number));
        let parts = self.get_all(places).await?;
        if parts.len() < failure.parts {
            let key = part_place(&failure.id, 0).0;
            return Err(StoreError::Unreadable { key, why: "a part is missing".into() });
        }
        parts.iter().map(|part| keys::text(part, "text")).collect()
    }

    /// Forgets a failure that was mended.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn drop_failure(&self, failure: &Failure) -> Result<(), StoreError> {
        let mut found = vec![keys::keyed(partition(failure.failed_at), failure.id.clone())];
        found.extend((0..failure.parts).map(|number| part_key(&failure.id, number)));
        // Last: as long as anything is left of it, it is found.
        let named = failure.names.iter().flatten();
        found.extend(named.map(|name| keys::keyed(named_partition(name), failure.id.clone())));
        for key in found {
            let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
            let answer = delete.set_return_consumed_capacity(self.count_mode()).send().await;
            let answer = answer.map_err(StoreError::service)?;
            self.count(false, answer.consumed_capacity());
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
