//! The shop's history: what each accepted event told, from the table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use lazo_domain::event::{Detail, EventKind};
use lazo_domain::instant::Instant;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{EventEntry, Item, Store, StoreError, details, keys, read};

/// How many items one read looks at.
const PAGE_ITEMS: i32 = 1_000;

/// What an event told, as it was accepted.
#[derive(Clone, Debug)]
pub struct KeptEvent {
    /// What sort of event it is.
    pub kind: EventKind,
    /// The key by which it counts once.
    pub key: String,
    /// When it happened.
    pub occurred_at: Instant,
    /// When it was taken in; of what was told as history, when it happened.
    pub at: Instant,
    /// What it told.
    pub detail: Detail,
}

/// Where a part of the table is read up to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanPlace {
    pk: String,
    sk: String,
}

/// Some of the events in a part of the table.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// In no order.
    pub events: Vec<KeptEvent>,
    /// Where the next page begins; `None` at the end of the part.
    pub next: Option<ScanPlace>,
}

impl Store {
    /// A page of what events told that happened at an instant or later, in one of so
    /// many parts of the table: each part is read by itself. A page may be empty. Costs
    /// half a read unit for each 4 KB that the table holds.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer or an item is unreadable.
    pub async fn history_page(
        &self,
        (part, of): (i32, i32),
        since: Option<Instant>,
        after: Option<&ScanPlace>,
    ) -> Result<HistoryPage, StoreError> {
        let scan = self.client.scan().table_name(&self.table).segment(part).total_segments(of);
        let scan = scan
            .limit(PAGE_ITEMS)
            .filter_expression("begins_with(sk, :event) AND #at >= :since")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":event", AttributeValue::S("event#".into()))
            .expression_attribute_values(
                ":since",
                AttributeValue::N(since.unwrap_or(Instant::MIN).millis().to_string()),
            )
            .set_exclusive_start_key(after.map(|after| keys::keyed(&*after.pk, &*after.sk)));
        let answer = scan.set_return_consumed_capacity(self.count_mode()).send().await;
        let answer = answer.map_err(StoreError::service)?;
        self.count(true, answer.consumed_capacity());
        let mut events = Vec::new();
        for item in answer.items.unwrap_or_default() {
            events.extend(kept(item)?);
        }
        let next = answer.last_evaluated_key.map(place).transpose()?;
        Ok(HistoryPage { events, next })
    }
}

fn place(key: HashMap<String, AttributeValue>) -> Result<ScanPlace, StoreError> {
    Ok(ScanPlace { pk: keys::text(&key, "pk")?.to_owned(), sk: keys::text(&key, "sk")?.to_owned() })
}

/// What an item keeps of an event; `None` where the customer is forgotten, or a former
/// version wrote it.
fn kept(item: Item) -> Result<Option<KeptEvent>, StoreError> {
    let entry: EventEntry = read(details::unpacked(item)?)?;
    Ok(KeptEvent::of(entry))
}

impl KeptEvent {
    /// What an entry keeps; `None` where the customer is forgotten, or a former version
    /// wrote it.
    pub fn of(entry: EventEntry) -> Option<KeptEvent> {
        let EventEntry { kind, key, at: occurred_at, received_at, detail, is_history, .. } = entry;
        let at = if is_history { occurred_at } else { received_at };
        Some(KeptEvent { kind, key, occurred_at, at, detail: detail? })
    }

    /// The event as the bus would bring it: one line of JSON.
    pub fn envelope(&self) -> String {
        let (kind, time) = (json!(self.kind.to_string()), json!(self.at.to_string()));
        format!("{{\"detail-type\":{kind},\"time\":{time},\"detail\":{}}}", self.detail.0)
    }
}
