//! Published versions of rules: each bundle by its content, in parts; who published
//! which when; and which one is live, in one item that a conditional write moves.

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::{Bundle, VersionNumber};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::{Deserialize, Serialize};

use super::{Commit, Item, Store, StoreError, format, keys, read, refused, to_item, transact_put};

/// What a bundle may hold: all its texts together, in bytes.
pub const BUNDLE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most that its texts take as JSON, which escapes some letters.
const TEXT_BYTES_MAX: usize = 8 * BUNDLE_BYTES_MAX;

/// How much of a bundle one item holds, in bytes: an item takes 400 KB.
const PART_BYTES_MAX: usize = 300_000;

/// Fast to read back, and a third of the text.
const COMPRESSION: u8 = 6;

/// How many versions a page of the list holds.
const PAGE: i32 = 100;

/// Which version is live: the one item that all workers look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveVersion {
    /// The version that is live.
    pub number: VersionNumber,
    /// The digest of its bundle.
    pub digest: String,
    /// Since when it is live.
    pub since: Instant,
    /// The number that was given last.
    pub last: VersionNumber,
    /// Those that go live later, by when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scheduled: Vec<ScheduledVersion>,
    /// Those that went live and that others were not told of yet, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<VersionNumber>,
    /// How often the item was changed: whoever changes it says what they saw.
    pub revision: u64,
}

/// A version that goes live later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledVersion {
    /// Its number.
    pub number: VersionNumber,
    /// The digest of its bundle.
    pub digest: String,
    /// When it goes live.
    pub at: Instant,
    /// The version that must be live then, as it was when this one was planned.
    pub base: VersionNumber,
}

/// A version, as its publication tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// 1, 2, 3 … in the order of publication.
    pub number: VersionNumber,
    /// The SHA-256 of its bundle.
    pub digest: String,
    /// When it was published.
    pub at: Instant,
    /// Who published it.
    pub by: String,
    /// Why, as they said.
    pub note: String,
    /// The version that it was planned against; `None` for the very first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<VersionNumber>,
    /// The earlier version whose content it has again, after a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restores: Option<VersionNumber>,
    /// How it stands.
    pub state: VersionState,
}

/// How a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum VersionState {
    /// It is live, or was until another one was published.
    Published {
        /// Since when.
        since: Instant,
    },
    /// It goes live later.
    Scheduled {
        /// When.
        at: Instant,
    },
    /// It was to go live, and another one had been published meanwhile.
    Suspended {
        /// When that was found.
        at: Instant,
    },
}

/// Which form of a bundle an item has a part of.
#[derive(Clone, Copy)]
enum Part {
    /// The rules as JSON, for those who work by them.
    Compiled,
    /// The templates, for everybody.
    Templates,
    /// The mappings of other systems' events.
    Sources,
    /// The rules as they are written, for those who compare and publish.
    Written,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Compiled => "compiled",
            Part::Templates => "templates",
            Part::Sources => "sources",
            Part::Written => "written",
        }
    }
}

/// Files by their paths.
type Files = Vec<(String, String)>;

impl Store {
    /// Which version is live; `None` before the first publication.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn live_version(&self) -> Result<Option<LiveVersion>, StoreError> {
        let Some(item) = self.get(keys::live_version()).await? else { return Ok(None) };
        format::check(&item)?;
        read(item).map(Some)
    }

    /// Makes another version live, or schedules one: `next` in the place of what was
    /// `seen`, with the versions that this changes. Whether nobody else came first.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or refuses for good.
    pub async fn move_live(
        &self,
        seen: Option<&LiveVersion>,
        next: &LiveVersion,
        changed: &[Version],
    ) -> Result<bool, StoreError> {
        let mut item = to_item(next)?;
        item.extend(keys::live_version());
        format::stamp(&mut item);
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => {
                let revision = AttributeValue::N(seen.revision.to_string());
                put.condition_expression("revision = :revision")
                    .expression_attribute_values(":revision", revision)
            }
        };
        let mut items = vec![transact_put(put)?];
        for version in changed {
            let mut item = to_item(version)?;
            item.extend(keys::version(version.number));
            format::stamp(&mut item);
            items.push(transact_put(Put::builder().table_name(&self.table).set_item(Some(item)))?);
        }
        let write = self.client.transact_write_items().set_transact_items(Some(items));
        match write.set_return_consumed_capacity(self.count_mode()).send().await {
            Ok(answer) => {
                self.count(false, answer.consumed_capacity());
                Ok(true)
            }
            Err(error) => {
                self.count(false, []);
                match refused(error)? {
                    Commit::Done(_) => Ok(true),
                    Commit::Conflict | Commit::AlreadyRecorded(_) => Ok(false),
                }
            }
        }
    }

    /// What is known of a version; `None` where there never was one of the number.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn version(&self, number: VersionNumber) -> Result<Option<Version>, StoreError> {
        self.get(keys::version(number)).await?.map(read).transpose()
    }

    /// The latest versions, the newest first; at most so many.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn versions(&self, limit: usize) -> Result<Vec<Version>, StoreError> {
        let mut found: Vec<Version> = Vec::new();
        let mut start = None;
        loop {
            let query = self.client.query().table_name(&self.table).consistent_read(true);
            let query = query
                .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
                .expression_attribute_values(":pk", AttributeValue::S(keys::RULES.into()))
                .expression_attribute_values(":sk", AttributeValue::S(keys::VERSION.into()))
                .scan_index_forward(false)
                .limit(PAGE)
                .set_exclusive_start_key(start);
            let answer = query.set_return_consumed_capacity(self.count_mode()).send().await;
            let answer = answer.map_err(StoreError::service)?;
            self.count(true, answer.consumed_capacity());
            for item in answer.items.unwrap_or_default() {
                found.push(read(item)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }

    /// Keeps a bundle, by its digest. One that is there is there whole: its end is
    /// written last.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] where a file is no YAML; otherwise where DynamoDB does
    /// not answer.
    pub async fn keep_bundle(&self, bundle: &Bundle) -> Result<(), StoreError> {
        let digest = bundle.digest();
        if self.get(keys::bundle(&digest, Part::Written.name(), 0)).await?.is_some() {
            return Ok(());
        }
        let compiled = bundle.compiled_rules();
        let compiled =
            compiled.ok_or_else(|| StoreError::Unwritable("a file is no YAML".to_owned()))?;
        self.keep_part(&digest, Part::Compiled, &compiled).await?;
        self.keep_part(&digest, Part::Templates, &bundle.templates).await?;
        if !bundle.sources.is_empty() {
            self.keep_part(&digest, Part::Sources, &bundle.sources).await?;
        }
        self.keep_part(&digest, Part::Written, &bundle.rules).await
    }

    async fn keep_part(&self, digest: &str, part: Part, files: &Files) -> Result<(), StoreError> {
        let text = serde_json::to_string(files);
        let text = text.map_err(|error| StoreError::Unwritable(error.to_string()))?;
        let packed = compress_to_vec(text.as_bytes(), COMPRESSION);
        let parts: Vec<&[u8]> = packed.chunks(PART_BYTES_MAX).collect();
        // The first one last, as it tells how many there are.
        for (n, bytes) in parts.iter().enumerate().rev() {
            let mut item = keys::bundle(digest, part.name(), n);
            item.insert("bytes".into(), AttributeValue::B((*bytes).into()));
            item.insert("parts".into(), AttributeValue::N(parts.len().to_string()));
            self.put(item).await?;
        }
        Ok(())
    }

    /// A bundle as it was written; `None` where there is none of the digest.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or a part is unreadable.
    pub async fn bundle(&self, digest: &str) -> Result<Option<Bundle>, StoreError> {
        let Some(rules) = self.part(digest, Part::Written).await? else { return Ok(None) };
        let templates = self.part(digest, Part::Templates).await?.unwrap_or_default();
        let sources = self.part(digest, Part::Sources).await?.unwrap_or_default();
        Ok(Some(Bundle { rules, templates, sources }))
    }

    /// What workers need of a bundle: its rules as JSON, its templates, and the mappings
    /// of other systems' events, `None` where it is from before there were any.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or a part is not there or unreadable.
    pub async fn compiled_bundle(
        &self,
        digest: &str,
    ) -> Result<(Files, Files, Option<Files>), StoreError> {
        let missing = || StoreError::Unreadable {
            key: format!("bundle#{digest}"),
            why: "is not there whole".into(),
        };
        let rules = self.part(digest, Part::Compiled).await?.ok_or_else(missing)?;
        let templates = self.part(digest, Part::Templates).await?.ok_or_else(missing)?;
        let sources = self.part(digest, Part::Sources).await?;
        Ok((rules, templates, sources))
    }

    async fn part(&self, digest: &str, part: Part) -> Result<Option<Files>, StoreError> {
        let unreadable = |why: String| StoreError::Unreadable {
            key: format!("bundle#{digest} {}", part.name()),
            why,
        };
        let (mut packed, mut count) = (Vec::new(), 1);
        let mut n = 0;
        while n < count {
            let Some(item) = self.get(keys::bundle(digest, part.name(), n)).await? else {
                return match n {
                    0 => Ok(None),
                    _ => Err(unreadable(format!("part {n} is not there"))),
                };
            };
            let (bytes, parts) = part_of(&item).ok_or_else(|| unreadable(format!("part {n}")))?;
            packed.extend_from_slice(bytes);
            (count, n) = (parts, n + 1);
        }
        let text = decompress_to_vec_with_limit(&packed, TEXT_BYTES_MAX);
        let text = text.map_err(|error| unreadable(error.to_string()))?;
        serde_json::from_slice(&text).map(Some).map_err(|error| unreadable(error.to_string()))
    }
}

/// The bytes of a part, and how many parts there are.
fn part_of(item: &Item) -> Option<(&[u8], usize)> {
    let bytes = item.get("bytes")?.as_b().ok()?.as_ref();
    Some((bytes, item.get("parts")?.as_n().ok()?.parse().ok()?))
}
