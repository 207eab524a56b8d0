//! What events told: each is kept in its event's own item, until the customer is
//! forgotten. It is the shop's history, and what is too long for a customer's state is
//! read from there.

use std::collections::HashMap;

use lazo_domain::customer::{Customer, TriggerEvent};
use lazo_domain::event::Detail;
use lazo_domain::id::Id;
use lazo_domain::instant::Instant;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::{Item, Loaded, Sk, Store, StoreError, keys};

/// Stands in the state for a detail that is elsewhere.
const ELSEWHERE: &str = "";

const DETAIL: &str = "detail";
/// How many events of a customer are forgotten in one look at them.
const FORGOTTEN_AT_ONCE: usize = 500;
/// Holds a long detail, compressed.
const PACKED: &str = "packed";

/// How long a detail is that is compressed, in bytes: shorter ones hardly shrink.
const PACKED_FROM_BYTES: usize = 600;

/// More than an event can hold, in bytes.
const DETAIL_BYTES_MAX: usize = 1_000_000;

/// Fast, and half of the text.
const COMPRESSION: u8 = 6;

/// An event's item with a long detail compressed.
pub fn packed(mut item: Item) -> Item {
    let detail = item.get(DETAIL).and_then(|detail| detail.as_s().ok());
    let Some(long) = detail.filter(|detail| detail.len() >= PACKED_FROM_BYTES) else { return item };
    let bytes = compress_to_vec(long.as_bytes(), COMPRESSION);
    item.remove(DETAIL);
    item.insert(PACKED.into(), AttributeValue::B(Blob::new(bytes)));
    item
}

/// The same item as it was.
///
/// # Errors
/// [`StoreError::Unreadable`] where it is no text.
pub fn unpacked(mut item: Item) -> Result<Item, StoreError> {
    if let Some(AttributeValue::B(bytes)) = item.remove(PACKED) {
        let text = decompress_to_vec_with_limit(bytes.as_ref(), DETAIL_BYTES_MAX);
        let text = text.ok().and_then(|text| String::from_utf8(text).ok());
        let text = text.ok_or_else(|| StoreError::Unreadable {
            key: keys::place(&item),
            why: "its detail cannot be unpacked".into(),
        })?;
        item.insert(DETAIL.into(), AttributeValue::S(text));
    }
    Ok(item)
}

const MET: &str = "met";

/// Leaves out of a state what is kept elsewhere.
pub fn leave_out(customer: &Customer) -> Option<Customer> {
    customer.fired.iter().any(|fired| fired.apart.is_some()).then(|| {
        let mut customer = customer.clone();
        for fired in customer.fired.iter_mut().filter(|fired| fired.apart.is_some()) {
            fired.detail = Detail(ELSEWHERE.into());
        }
        customer
    })
}

/// Where a trigger's detail is, if it is not in the state.
fn place(id: &Id, fired: &TriggerEvent) -> Option<(String, String)> {
    let key = fired.apart.as_ref().filter(|_| &*fired.detail.0 == ELSEWHERE)?;
    Some((keys::customer(id), keys::event(fired.kind, key)))
}

impl Store {
    /// Puts back into customers' states what is kept elsewhere: by one more read,
    /// where there is any.
    pub(in crate::shell::store) async fn fill_in(
        &self,
        loaded: &mut [&mut Loaded],
    ) -> Result<(), StoreError> {
        let places: Vec<(String, String)> = loaded
            .iter()
            .flat_map(|one| one.customer.fired.iter().filter_map(|f| place(&one.customer.id, f)))
            .collect();
        if places.is_empty() {
            return Ok(());
        }
        let mut found: HashMap<(String, String), Detail> = HashMap::new();
        for item in self.get_all(places).await? {
            let place = (keys::text(&item, "pk")?.to_owned(), keys::text(&item, "sk")?.to_owned());
            if let Ok(detail) = keys::text(&unpacked(item)?, DETAIL) {
                found.insert(place, Detail(detail.into()));
            }
        }
        for one in loaded {
            let Customer { id, fired, .. } = &mut one.customer;
            for fired in fired {
                let Some(place) = place(id, fired) else { continue };
                // Forgotten meanwhile.
                fired.detail = found.remove(&place).unwrap_or_else(|| Detail("{}".into()));
            }
        }
        Ok(())
    }

    /// Forgets the details that are kept beside a customer's events, and the values
    /// that conditions met.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn forget_details(&self, id: &Id) -> Result<(), StoreError> {
        let tells = |item: &Item| [DETAIL, PACKED, MET].iter().any(|of| item.contains_key(*of));
        let events = self.items_under(id, Sk::Begins("event#")).await?;
        let touches = self.items_under(id, Sk::Begins("touch#")).await?;
        for item in events.into_iter().chain(touches).filter(tells) {
            self.strip(id, &item).await?;
        }
        Ok(())
    }

    /// Forgets what a customer's events told that happened before an instant, so many at
    /// most. Their keys stay, so that each still counts once.
    ///
    /// # Errors
    /// [`StoreError`] where DynamoDB does not answer.
    pub async fn forget_history(&self, id: &Id, before: Instant) -> Result<(), StoreError> {
        let tells = |item: &Item| [DETAIL, PACKED].iter().any(|of| item.contains_key(*of));
        let is_old = |item: &Item| keys::instant(item, "at").is_ok_and(|at| at < before);
        let events = self.items_under(id, Sk::Begins("event#")).await?;
        let old = events.into_iter().filter(|item| tells(item) && is_old(item));
        for item in old.take(FORGOTTEN_AT_ONCE) {
            self.strip(id, &item).await?;
        }
        Ok(())
    }

    /// Takes out of an item of the ledger what it tells besides ids.
    async fn strip(&self, id: &Id, item: &Item) -> Result<(), StoreError> {
        let key = keys::keyed(keys::customer(id), keys::text(item, "sk")?);
        let update = self.client.update_item().set_key(Some(key));
        let update = update.update_expression("REMOVE #detail, #packed, #met");
        let update = update.expression_attribute_names("#detail", DETAIL);
        let update = update.expression_attribute_names("#packed", PACKED);
        let update = update.expression_attribute_names("#met", MET);
        self.update_if(update.condition_expression("attribute_exists(pk)")).await?;
        Ok(())
    }
}
