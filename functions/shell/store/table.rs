//! The table's definition: the one that tests and the local program create,
//! and that the SAM template is held equal to.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, CreateGlobalSecondaryIndexAction,
    GlobalSecondaryIndex, GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription,
};
use lazo_domain::id::Id;
use sha2::{Digest, Sha256};

use super::StoreError;

/// A key of the table or of an index: attribute, and whether it is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPart {
    /// The attribute's name.
    pub attribute: &'static str,
    /// Whether it holds a number; otherwise it holds a text.
    pub is_number: bool,
}

/// An index that holds keys only.
#[derive(Clone, Copy, Debug)]
pub struct Index {
    /// The index's name in DynamoDB.
    pub name: &'static str,
    /// The partition key: items with the same value stand together.
    pub hash: KeyPart,
    /// The sort key: the order of items within a partition.
    pub range: KeyPart,
}

const fn text(attribute: &'static str) -> KeyPart {
    KeyPart { attribute, is_number: false }
}

const fn number(attribute: &'static str) -> KeyPart {
    KeyPart { attribute, is_number: true }
}

/// The table's partition key.
pub const HASH: KeyPart = text("pk");
/// The table's sort key.
pub const RANGE: KeyPart = text("sk");

/// The attribute by which DynamoDB lets items go.
pub const TTL_ATTRIBUTE: &str = "expires_at";

/// The table's indexes: those of the alarms, in the order of [`Alarm`], then those of
/// calls and of enrolments.
pub const INDEXES: [Index; 5] = [
    Index { name: "due", hash: text("due_shard"), range: number("due_at") },
    Index { name: "occasion", hash: text("occasion_shard"), range: number("occasion_at") },
    Index { name: "review", hash: text("review_shard"), range: number("review_at") },
    Index { name: "calls", hash: text("calls_of"), range: number("calls_by") },
    ENROLLED,
];

/// Entries of the ledger that tell of enrolments, by the trigger's instant.
pub const ENROLLED: Index =
    Index { name: "enrolled", hash: text("enrolled_shard"), range: number("enrolled_at") };

/// How many partitions an alarm is spread over: a hot index would throttle the
/// whole table. It may be raised on a live table, by a deployment, and never lowered:
/// an item stands in the shard of its last write, and all shards are read.
pub const SHARDS: u8 = 16;

/// How many partitions those who are interested in a topic are spread over. Where one
/// of them is found follows from it, so it stays.
pub const INTEREST_SHARDS: u8 = 8;

/// What a customer's item can ask to be woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A touch falls due.
    Due,
    /// A birthday, an anniversary or a period comes.
    Occasion,
    /// The stage may change by the mere passing of time.
    Review,
}

impl Alarm {
    /// The name of its index.
    pub fn index(self) -> &'static str {
        INDEXES[self as usize].name
    }

    /// The attribute that is the partition key of its index.
    pub fn shard_attribute(self) -> &'static str {
        INDEXES[self as usize].hash.attribute
    }

    /// The attribute that holds when it rings, in milliseconds since 1970.
    pub fn at_attribute(self) -> &'static str {
        INDEXES[self as usize].range.attribute
    }

    /// The partition key of one shard in its index, such as `due#3`.
    pub fn shard(self, shard: u8) -> String {
        format!("{}#{shard}", self.index())
    }
}

/// The shard of a customer's alarms.
pub fn shard_of(id: &Id) -> u8 {
    Sha256::digest(id.as_str().as_bytes())[0] % SHARDS
}

/// The shard of a customer among those who are interested, the same for ever.
pub fn interest_shard_of(id: &Id) -> u8 {
    Sha256::digest(id.as_str().as_bytes())[0] % INTEREST_SHARDS
}

/// Creates the table where it is not there.
///
/// # Errors
/// [`StoreError`] where DynamoDB refuses for another reason than that it exists.
pub async fn create(client: &Client, name: &str) -> Result<(), StoreError> {
    let mut attributes = Vec::new();
    let mut request =
        client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (part, kind) in [(HASH, KeyType::Hash), (RANGE, KeyType::Range)] {
        attributes.push(part);
        request = request.key_schema(key(part, kind)?);
    }
    for index in INDEXES {
        attributes.extend([index.hash, index.range]);
        let built = GlobalSecondaryIndex::builder()
            .index_name(index.name)
            .key_schema(key(index.hash, KeyType::Hash)?)
            .key_schema(key(index.range, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build();
        request = request.global_secondary_indexes(built.map_err(unwritable)?);
    }
    for part in attributes {
        request = request.attribute_definitions(defined(part)?);
    }
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => match error.as_service_error() {
            Some(CreateTableError::ResourceInUseException(_)) => Ok(()),
            _ => Err(StoreError::Service(DisplayErrorContext(error).to_string())),
        },
    }
}

/// The same for an embedded DynamoDB, which makes a table in several steps: one
/// that a killed process left half made, and could not use, is made anew.
///
/// # Errors
/// [`StoreError`] where DynamoDB refuses.
pub async fn create_whole(client: &Client, name: &str) -> Result<(), StoreError> {
    create(client, name).await?;
    // One of an earlier version has fewer indexes.
    add_indexes(client, name).await?;
    if is_whole(client, name).await {
        return Ok(());
    }
    let delete = client.delete_table().table_name(name).send().await;
    delete.map_err(|error| StoreError::Service(DisplayErrorContext(error).to_string()))?;
    create(client, name).await
}

/// Adds the indexes that a table has not, so that nothing in it is lost.
async fn add_indexes(client: &Client, name: &str) -> Result<(), StoreError> {
    let Ok(answer) = client.describe_table().table_name(name).send().await else { return Ok(()) };
    let table = answer.table.unwrap_or_else(|| TableDescription::builder().build());
    let has = |index: &Index| {
        let known = table.global_secondary_indexes();
        known.iter().any(|known| known.index_name() == Some(index.name))
    };
    for index in INDEXES.iter().filter(|index| !has(index)) {
        let create = CreateGlobalSecondaryIndexAction::builder()
            .index_name(index.name)
            .key_schema(key(index.hash, KeyType::Hash)?)
            .key_schema(key(index.range, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()
            .map_err(unwritable)?;
        let mut request = client.update_table().table_name(name);
        for part in [index.hash, index.range] {
            request = request.attribute_definitions(defined(part)?);
        }
        let update = GlobalSecondaryIndexUpdate::builder().create(create).build();
        let answer = request.global_secondary_index_updates(update).send().await;
        answer.map_err(|error| StoreError::Service(DisplayErrorContext(error).to_string()))?;
    }
    Ok(())
}

fn defined(part: KeyPart) -> Result<AttributeDefinition, StoreError> {
    let kind = match part.is_number {
        true => ScalarAttributeType::N,
        false => ScalarAttributeType::S,
    };
    let built =
        AttributeDefinition::builder().attribute_name(part.attribute).attribute_type(kind).build();
    built.map_err(unwritable)
}

/// Whether the table and every index can be read.
async fn is_whole(client: &Client, name: &str) -> bool {
    let query = |hash: KeyPart| {
        client
            .query()
            .table_name(name)
            .key_condition_expression("#hash = :hash")
            .expression_attribute_names("#hash", hash.attribute)
            .expression_attribute_values(":hash", AttributeValue::S("nobody".into()))
            .limit(1)
    };
    let mut whole = query(HASH).send().await.is_ok();
    for index in INDEXES {
        whole = whole && query(index.hash).index_name(index.name).send().await.is_ok();
    }
    whole
}

fn key(part: KeyPart, kind: KeyType) -> Result<KeySchemaElement, StoreError> {
    let built = KeySchemaElement::builder().attribute_name(part.attribute).key_type(kind).build();
    built.map_err(unwritable)
}

fn unwritable(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Unwritable(error.to_string())
}
