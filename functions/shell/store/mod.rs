//! DynamoDB: a state a customer, append-only ledger items beside it.
//!
//! The only module that knows the SDK's DynamoDB types.
//!
//! | room | keeps |
//! |---|---|
//! | `customer` | a customer's state, with what belongs to it |
//! | `ledger` | accepted events and touches, for ever |
//! | `work_list` | what waits for somebody in the shop |
//! | `monthly` | what is counted by month |
//! | `content` | published pieces, and whom they interest |
//! | `operations` | failures, limits, and what is in force |
//! | `commit`, `batch`, `query` | how it is written and read |
//! | `keys`, `table` | where each item is; the table's definition |

mod batch;
mod commit;
mod content;
mod customer;
pub mod keys;
mod ledger;
mod monthly;
mod operations;
mod query;
pub mod table;
mod work_list;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity};
use lazo_domain::customer::Customer;
use lazo_domain::event::impersonal;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;
use lazo_domain::search::TERMS_MAX;
use serde::Serialize;
use serde::de::DeserializeOwned;

use content::{contents, interests};
use customer::{addresses, alarms, details, format, item, search, sections};
use ledger::{answers, beside, ended, enrolments, entries, feedback, history};
use monthly::{dissolutions, experiences, monthly_statistics};
use operations::{
    audit, calendar_rules, deployed, drafts, drift_model, failures, purchases, send_rate,
    sending_state, sessions, versions,
};
use work_list::{calls, complaints, staff_index, staff_mail};

use addresses::{ADDRESS_ITEMS_MAX, Checks};
pub use alarms::{Behind, RingingPage};
pub use answers::Answer;
pub use audit::AuditEntry;
pub use beside::Beside;
pub use calendar_rules::{CalendarRules, Place, Tour};
pub use calls::{Call, CallStatus};
pub use commit::Commit;
use commit::{refused, transact_put};
pub use complaints::{
    ComplaintEntry, CountedComplaint, EscalationEntry, Moment, complaint_entries,
};
pub use contents::{FanOut, Progress};
pub use deployed::Deployed;
pub use dissolutions::CountedDissolution;
pub use drafts::{DRAFT_BYTES_MAX, Draft};
pub use drift_model::FittedModel;
pub use ended::{Ended, EndedTouch};
pub use enrolments::{Known, Sought};
pub use entries::{EventEntry, Ledger, LedgerEntry, Refused, TouchEntry, TouchState, mark};
pub use experiences::CountedExperience;
pub use failures::{Failing, Failure, FailureKind, Kept};
pub use feedback::{Feedback, Note};
pub use history::{HistoryPage, KeptEvent, ScanPlace};
use interests::INTEREST_ITEMS_MAX;
pub use monthly_statistics::{Counted, Month};
pub use purchases::{PurchaseOwner, Waiter};
use query::Sk;
pub use search::{Part, SEARCH_FORMAT, SearchPage};
use sections::Sections;
pub use send_rate::Reservation;
pub use sending_state::SendingState;
pub use sessions::{Session, SignIn};
pub use staff_index::{MonthDay, STAFF_INDEX_ITEMS_MAX};
pub use staff_mail::{Fence, NoticeEntry, NoticeState};
pub use versions::{BUNDLE_BYTES_MAX, LiveVersion, ScheduledVersion, Version, VersionState};

/// A stored item, attribute by attribute.
pub type Item = HashMap<String, AttributeValue>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB did not answer or refused; the same may work later.
    #[error("DynamoDB: {0}")]
    Service(String),
    /// What is stored is not what this version expects there.
    #[error("stored item {key} cannot be read: {why}")]
    Unreadable {
        /// Where the item is: its keys, or one of them.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version wrote the item, so this one must not touch it.
    #[error(
        "stored item {key} is of format {found}, and this version knows formats up to {known}: \
         a newer one wrote it, and it is left alone",
        known = format::FORMAT
    )]
    Newer {
        /// Where the item is: its partition key and its sort key.
        key: String,
        /// The format that the item has.
        found: u32,
    },
    /// The item cannot be made, or DynamoDB refuses it for good.
    #[error("item cannot be written: {0}")]
    Unwritable(String),
    /// It is this very item that the table does not take, now and later.
    #[error("DynamoDB does not take it as it is: {0}")]
    Rejected(String),
}

impl StoreError {
    fn service<E: std::error::Error + ProvideErrorMetadata>(error: E) -> StoreError {
        let is_final = error.code().is_some_and(is_final);
        let text = DisplayErrorContext(error).to_string();
        if is_final { StoreError::Rejected(text) } else { StoreError::Service(text) }
    }

    /// The error of a write: whether it is what was written, or the service.
    fn of_write<E: ProvideErrorMetadata + std::error::Error>(error: E) -> StoreError {
        match error.code() {
            Some(code) if is_final(code) => {
                StoreError::Unwritable(error.message().unwrap_or(code).to_owned())
            }
            _ => StoreError::service(error),
        }
    }

    /// The customer whose state cannot be read, where it is that.
    pub fn unreadable_customer(&self) -> Option<Id> {
        match self {
            StoreError::Unreadable { key, .. } => keys::customer_at(key),
            _ => None,
        }
    }

    /// Whether it is about this one item, and waiting would not mend it: others
    /// must not wait for it.
    pub fn is_of_the_item(&self) -> bool {
        match self {
            // Whoever knows the newer format works on it.
            StoreError::Service(_) | StoreError::Newer { .. } => false,
            StoreError::Unreadable { .. } | StoreError::Unwritable(_) | StoreError::Rejected(_) => {
                true
            }
        }
    }
}

/// Whether an error's code says that the same request is refused again.
fn is_final(code: &str) -> bool {
    ["ValidationException", "ValidationError", "ItemCollectionSizeLimitExceededException"]
        .contains(&code)
}

/// A customer as stored, with what a conditional write needs.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The customer's state; a new customer's where nothing is stored.
    pub customer: Customer,
    /// 0 where nothing is stored yet.
    version: u64,
    alarms: item::Alarms,
    /// What is stored beside the hot section.
    sections: Sections,
    /// What was looked up for the customer's `heard`.
    checks: Checks,
    /// Whether the index finds the customer by all that it is to be found by.
    is_searchable: bool,
}

impl Loaded {
    /// One of whom nothing is stored yet.
    fn new(id: &Id) -> Loaded {
        let (alarms, checks, sections) = Default::default();
        let customer = Customer::new(id.clone());
        Loaded { customer, version: 0, alarms, checks, sections, is_searchable: true }
    }

    /// Whether anything is stored of the customer.
    pub fn is_stored(&self) -> bool {
        self.version > 0
    }

    /// Whether the index of searches has the customer. One whom it has not is put
    /// there by the next write, even of what has not changed.
    pub fn is_searchable(&self) -> bool {
        self.is_searchable
    }

    /// Whether any alarm has rung by `now`.
    pub fn any_rings(&self, now: Instant) -> bool {
        self.alarms.any_rings(now)
    }

    /// Whether the due alarm has rung by `now`.
    pub fn rings(&self, now: Instant) -> bool {
        self.alarms.ring(now)
    }
}

/// What an item holds.
fn read<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    let key = keys::place(&item);
    serde_dynamo::from_item(item)
        .map_err(|error| StoreError::Unreadable { key, why: impersonal(&error.to_string()) })
}

/// An item that holds a value.
fn to_item(value: &impl Serialize) -> Result<Item, StoreError> {
    serde_dynamo::to_item(value).map_err(|error| StoreError::Unwritable(error.to_string()))
}

/// What an operation cost, where the store was told to count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// How many requests were made, as far as they are counted.
    pub round_trips: u64,
    /// The read capacity units that they took, as DynamoDB told.
    pub read_units: f64,
    /// The write capacity units, those of indexes included, as DynamoDB told.
    pub write_units: f64,
}

/// The table, by its client.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    cost: Option<std::sync::Arc<std::sync::Mutex<Cost>>>,
    address_key: std::sync::Arc<tokio::sync::OnceCell<addresses::AddressKey>>,
}

/// How many items one transaction takes.
pub const TRANSACTION_ITEMS_MAX: usize = 100;

/// How many of them may be entries of the ledger: the customer's state, of
/// whatever size, what it changes in agendas and says of addresses, and all by which
/// it is found have room beside them.
pub const LEDGER_ITEMS_MAX: usize = TRANSACTION_ITEMS_MAX
    - 1
    - sections::PARTS_MAX
    - STAFF_INDEX_ITEMS_MAX
    - ADDRESS_ITEMS_MAX
    - TERMS_MAX;

/// How many items a change of a profile writes besides: interests that come and go, and
/// all by which the customer was found before.
pub const PROFILE_ITEMS_MAX: usize = INTEREST_ITEMS_MAX + TERMS_MAX;

/// How often a state is read where others write it meanwhile.
const READS_MAX: u32 = 8;

/// How long after its fence an unconfirmed touch is looked at again.
pub const SETTLE_AFTER: Duration = Duration::from_secs(120);

/// How long the mail service has to tell what became of a touch of which the
/// answer was lost, counted from the fence.
pub const UNKNOWN_AFTER: Duration = Duration::from_secs(3600);

impl Store {
    /// A store over a table; it does not count what its operations cost.
    pub fn new(client: Client, table: impl Into<String>) -> Store {
        Store { client, table: table.into(), cost: None, address_key: Default::default() }
    }

    /// The same store, which counts what its operations cost.
    pub fn counting(self) -> Store {
        Store { cost: Some(Default::default()), ..self }
    }

    /// What was counted since the last call.
    pub fn take_cost(&self) -> Cost {
        let counter = self
            .cost
            .as_ref()
            .and_then(|cost| cost.lock().ok().map(|mut c| std::mem::take(&mut *c)));
        counter.unwrap_or_default()
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The client by which it asks DynamoDB.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn count_mode(&self) -> Option<ReturnConsumedCapacity> {
        self.cost.as_ref().map(|_| ReturnConsumedCapacity::Indexes)
    }

    fn count<'a>(&self, read: bool, used: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        let Some(counter) = &self.cost else { return };
        let Ok(mut cost) = counter.lock() else { return };
        cost.round_trips += 1;
        let units: f64 = used.into_iter().filter_map(|used| used.capacity_units()).sum();
        if read {
            cost.read_units += units;
        } else {
            cost.write_units += units;
        }
    }

    /// Reads one item, consistently.
    async fn get(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key));
        let get = get.consistent_read(true).set_return_consumed_capacity(self.count_mode());
        let answer = get.send().await.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        Ok(answer.item)
    }

    /// Whether there is an item under a customer's key.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn has(&self, id: &Id, sk: &str) -> Result<bool, StoreError> {
        Ok(self.get(keys::keyed(keys::customer(id), sk)).await?.is_some())
    }

    /// Writes one item, whatever was there.
    async fn put(&self, item: Item) -> Result<(), StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let answer = put.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(false, answer.consumed_capacity());
        Ok(())
    }

    /// Writes one item by a condition; where that does not hold, nothing. Whether
    /// it held.
    async fn put_if(&self, put: PutItemFluentBuilder) -> Result<bool, StoreError> {
        let put = put.table_name(&self.table).set_return_consumed_capacity(self.count_mode());
        self.held(put.send().await.map(|answer| answer.consumed_capacity))
    }

    /// The same of a change to one item.
    async fn update_if(&self, update: UpdateItemFluentBuilder) -> Result<bool, StoreError> {
        let update = update.table_name(&self.table);
        let update = update.set_return_consumed_capacity(self.count_mode());
        self.held(update.send().await.map(|answer| answer.consumed_capacity))
    }

    /// Whether a write's condition held, by what it cost or its error.
    fn held<E>(
        &self,
        answer: Result<Option<ConsumedCapacity>, SdkError<E>>,
    ) -> Result<bool, StoreError>
    where
        SdkError<E>: ProvideErrorMetadata + std::error::Error,
    {
        match answer {
            Ok(used) => {
                self.count(false, used.as_ref());
                Ok(true)
            }
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => {
                self.count(false, []);
                Ok(false)
            }
            Err(error) => Err(StoreError::service(error)),
        }
    }

    /// Reads a customer, consistently; one that is not stored is new.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or the item is unreadable.
    pub async fn load(&self, id: &Id) -> Result<Loaded, StoreError> {
        for _ in 0..READS_MAX {
            let found = Box::pin(self.items_under(id, Sk::Begins(keys::STATE))).await?;
            let is_state = |item: &&Item| keys::text(item, "sk").is_ok_and(|sk| sk == keys::STATE);
            let Some(state) = found.iter().find(is_state) else {
                return Ok(Loaded::new(id));
            };
            // Somebody may have written while it was read.
            if let Some(mut loaded) = item::decode(id, state, &found)? {
                Box::pin(self.fill_in(&mut [&mut loaded])).await?;
                return Ok(loaded);
            }
        }
        // Waiting mends that.
        Err(StoreError::Service(format!("{} changed each time it was read", keys::customer(id))))
    }
}
